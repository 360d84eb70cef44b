"""A plan: the vault as it is, the vault as it should be, and what lies between."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum

from netcfg.core.approval import Approval
from netcfg.core.callers import CallerLog, Callers
from netcfg.core.desired import Desired, Reason, check_limits, fit
from netcfg.core.errors import NetcfgError
from netcfg.core.geography import Geography, Organization
from netcfg.core.guards import PRIVATE_DNS, SERVICE_ENDPOINT, Acceptance, Circumstances, Guard, evaluate
from netcfg.core.intent import Intent
from netcfg.core.letters import frame_differences, moved_since
from netcfg.core.linkage import NOT_ASKED, Linkage
from netcfg.core.private import NOTHING_PRIVATE, Landscape, NewPiece, OldPiece, OwnersApproval, kind_of
from netcfg.core.ranges import Resolution
from netcfg.core.resources import Subnet, SubnetId, Tags, Vault, VaultId
from netcfg.core.rules import Firewall, IpRule, Rule
from netcfg.core.standing import Standing
from netcfg.core.switchover import NOTHING_SEEN, Survey
from netcfg.core.target import Location
from netcfg.core.temporary import edited
from netcfg.core.way import Way, fit_way

KEY_VAULT_ENDPOINT = "Microsoft.KeyVault"


class Action(Enum):
    ADD = "add"
    REMOVE = "remove"
    SET = "set"


class Kind(Enum):
    """What a change touches, in the order in which changes are shown."""

    IP_RULE = "ip-rule"
    PUBLIC_ACCESS = "public-network-access"
    DEFAULT_ACTION = "default-action"
    VIRTUAL_NETWORK_RULE = "virtual-network-rule"
    SERVICE_ENDPOINT = "service-endpoint"
    PRIVATE_ENDPOINT = "private-endpoint"
    PRIVATE_DNS_ZONE = "private-dns-zone"
    PRIVATE_DNS_ZONE_GROUP = "private-dns-zone-group"
    VIRTUAL_NETWORK_LINK = "virtual-network-link"
    TAG = "tag"


@dataclass(frozen=True)
class Change:
    """One line of a plan. `was` is the value that a `set` replaces; `subnet` is where an endpoint is enabled.

    `piece` is the part of the private way in that comes or goes, and whose id is then the value; or an approval that is
    the vault's owner's to give.
    """

    action: Action
    kind: Kind
    value: str
    was: str | None = None
    reason: Reason | None = None
    subnet: SubnetId | None = None
    piece: NewPiece | OldPiece | OwnersApproval | None = None


@dataclass(frozen=True)
class Plan:
    """What would change in one vault, and why. One that `is_exact` was saved: it holds for the vault as it was then,
    letter by letter."""

    vault: Vault
    geographies: tuple[Geography, ...]
    desired: Desired
    guards: tuple[Guard, ...]
    is_exact: bool = False
    callers: Callers | None = field(default=None, compare=False)  # what a log has met there, where one was given

    @property
    def before(self) -> Firewall:
        return self.vault.firewall

    @property
    def after(self) -> Firewall:
        return self.desired.after

    def with_notes(self, notes: Iterable[str]) -> Plan:
        """The same, with something more to say."""
        return replace(self, desired=replace(self.desired, notes=(*self.desired.notes, *notes)))

    @property
    def tags(self) -> Tags:
        """All tags of the vault as they should be."""
        return edited(self.vault.tags, self.desired.tags)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every difference between before and after, by kind and then by address; empty when there is nothing to do."""
        before, after = self.before.rule_set, self.after.rule_set
        ip_rules = self._compare(Kind.IP_RULE, before.ip_rules, after.ip_rules)
        access = _set(Kind.PUBLIC_ACCESS, self.before.public_access, self.after.public_access)
        action = _set(Kind.DEFAULT_ACTION, before.default_action, after.default_action)
        subnets = self._compare(Kind.VIRTUAL_NETWORK_RULE, before.virtual_network_rules, after.virtual_network_rules)
        endpoints = [
            Change(Action.ADD, Kind.SERVICE_ENDPOINT, KEY_VAULT_ENDPOINT, subnet=subnet)
            for subnet in self.desired.endpoints
        ]
        return (*ip_rules, *access, *action, *subnets, *endpoints, *_pieces(self.desired.way), *self._tag_changes())

    @property
    def kept(self) -> tuple[tuple[Rule, Reason], ...]:
        """The rules that are there and stay."""
        after = set(self.after.rule_set.rules)
        return tuple(
            (rule, self.desired.reasons[rule]) for rule in _ordered(self.before.rule_set.rules) if rule in after
        )

    @property
    def is_empty(self) -> bool:
        return not self.changes

    @property
    def refusals(self) -> tuple[Guard, ...]:
        """The guards that nobody accepted."""
        return tuple(each for each in self.guards if not each.accepted)

    def is_finished_by(self, rest: Plan) -> bool:
        """Whether `rest`, drawn when a part of this plan was written, does nothing that this plan did not promise."""
        new = set(map(_line, rest.changes)) - set(map(_line, self.changes))
        others = rest.refusals or any(map(self._is_other, rest.guards))
        return not (new or others or frame_differences(self.before, rest.before))

    def as_far_as(self, later: Plan) -> Plan:
        """This plan without the private pieces that `later` finds there: whoever made them did what was promised."""
        mine, left = self.desired.way, later.desired.way
        if not set(left.additions) <= set(mine.additions) or not set(left.removals) <= set(mine.removals):
            return self
        fires = {each.id for each in later.guards}
        guards = tuple(each for each in self.guards if each.id != PRIVATE_DNS or each.id in fires)
        return replace(self, desired=replace(self.desired, way=left), guards=guards)

    def what_moved(self, later: Plan) -> tuple[str, ...]:
        """In words, why a plan of another look may not stand in for the one that was shown; nothing when it may.

        Rules that both keep may differ, whatever their standing, but for a plan that `is_exact`; changes, guards and
        every other value may not.
        """
        old, new = set(map(_line, self.changes)), set(map(_line, later.changes))
        fired, fires = {each.id for each in self.guards}, {each.id for each in later.guards}
        seen = moved_since(self.vault, later.vault) if self.is_exact else frame_differences(self.before, later.before)
        return (
            *seen,
            *self.new_harm(later),
            *(f"the guard {each} is gone" for each in sorted(fired - fires)),
            *(f"new: {each}" for each in sorted(new - old)),
            *(f"no longer needed: {each}" for each in sorted(old - new)),
        )

    def new_harm(self, later: Plan) -> tuple[str, ...]:
        """In words, the guards of a plan of another look that nobody saw when this one was shown."""
        fired, fires = {each.id for each in self.guards}, {each.id for each in later.guards}
        return (
            *(f"the guard {each} fires now" for each in sorted(fires - fired)),
            *(f"the guard {each.id} says now: {each.message}" for each in later.guards if self._is_other(each)),
        )

    def _is_other(self, guard: Guard) -> bool:
        """Whether a guard names others than when it was accepted: the ones that it names now were not accepted."""
        shown = next((each for each in self.guards if each.id == guard.id), guard)
        if guard.id == PRIVATE_DNS:
            return not guard.harms <= shown.harms
        return guard.id == SERVICE_ENDPOINT and shown.message != guard.message

    def _tag_changes(self) -> list[Change]:
        before = dict(self.vault.tags)
        edits = ((name, value) for name, value in sorted(self.desired.tags.items()) if before.get(name) != value)
        return [
            Change(
                _TAG_ACTIONS[value is None, name in before],
                Kind.TAG,
                name,
                was=before.get(name),
                reason=self.desired.tag_reasons.get(name) or _why(value),
            )
            for name, value in edits
        ]

    def _compare(self, kind: Kind, before: Iterable[Rule], after: Iterable[Rule]) -> list[Change]:
        old, new = set(before), set(after)
        changed = dict.fromkeys(old - new, Action.REMOVE) | dict.fromkeys(new - old, Action.ADD)
        return [Change(changed[rule], kind, str(rule), reason=self.desired.reasons[rule]) for rule in _ordered(changed)]


def _ordered(rules: Iterable[Rule]) -> list[Rule]:
    """Addresses in their own order, then what cannot be read, then subnets; repetitions once."""
    return sorted(set(rules), key=lambda rule: (not isinstance(rule, IpRule), rule.key))


def _set(kind: Kind, old: Enum, new: Enum) -> list[Change]:
    return [] if old is new else [Change(Action.SET, kind, new.value, was=old.value)]


def _pieces(way: Way) -> list[Change]:
    """What becomes of the private way in: what its owner does, what is made in that order, then what goes."""
    owners: list[Change] = []
    if way.owners and way.approval:
        approved, was = Approval.APPROVED.value, way.approval.value
        owners.append(Change(Action.SET, Kind.PRIVATE_ENDPOINT, approved, was=was, piece=way.owners))
    pieces = ((Action.ADD, way.additions), (Action.REMOVE, way.removals))
    return owners + [
        Change(action, Kind(kind_of(each).value), str(each.id), subnet=getattr(each, "subnet", None), piece=each)
        for action, found in pieces
        for each in found
    ]


_TAG_ACTIONS = {(True, True): Action.REMOVE, (False, True): Action.SET, (False, False): Action.ADD}


def _why(value: str | None) -> Reason:
    """Why the tag of a run of `netcfg exec` changes."""
    if value is None:
        return Reason(Standing.EXPIRED, "the run of netcfg exec is over")
    return Reason(Standing.DECLARED, "its address is declared now, so its rule stays when netcfg exec ends")


def _line(change: Change) -> str:
    return line(change.action.value, change.kind.value, change.value, change.subnet)


def line(action: object, kind: object, value: object, subnet: object = None) -> str:
    """A change in words, as it is told where it moved."""
    return f"{action} {kind} {value}{f' on {subnet}' if subnet else ''}"


def differences(sent: Firewall, found: Firewall) -> tuple[str, ...]:
    """In words, how a firewall differs from the one that was meant; empty when they are equal."""
    expected, seen = set(sent.rule_set.rules), set(found.rule_set.rules)
    return (
        *frame_differences(sent, found),
        *(f"{rule} is missing" for rule in _ordered(expected - seen)),
        *(f"{rule} is there" for rule in _ordered(seen - expected)),
    )


def look(
    vault: Vault,
    intent: Intent,
    resolution: Resolution,
    organizations: Iterable[Organization],
    subnets: Iterable[Subnet],
    today: date,
    *,
    survey: Survey = NOTHING_SEEN,
    gone: Collection[SubnetId] = (),
    landscape: Landscape = NOTHING_PRIVATE,
    is_selected: bool = False,
    linkage: Linkage = NOT_ASKED,
    is_declared: bool = False,
    now: datetime | None = None,
) -> Circumstances:
    """A vault beside what it should be, and all that decides about it. A contradiction in what is meant is an error.

    `survey` is what was seen of other vaults where an endpoint is to be enabled; `gone` are subnets that rules of
    vaults name and that are not there any more; `landscape` is everything private, where that was asked for. `now`
    decides which temporary rules are overdue.
    """
    desired = fit(vault, intent, resolution, subnets, today, gone, survey, now)
    desired = desired.with_way(fit_way(vault, intent, landscape))
    return Circumstances(
        vault,
        desired,
        intent,
        resolution,
        tuple(organizations),
        today,
        survey,
        landscape,
        frozenset(gone),
        is_selected,
        linkage,
        is_declared,
    )


def draw(seen: Circumstances, acceptances: Iterable[Acceptance] = ()) -> Plan:
    """The plan for one vault, with its guards. More rules than a vault holds are an error."""
    check_limits(seen.vault, seen.after)
    return Plan(seen.vault, seen.resolution.geographies, seen.desired, evaluate(seen, acceptances))


@dataclass(frozen=True)
class Undetermined:
    """A vault of which nothing can be said, and why. It is neither compliant nor empty.

    `where` is the line of the configuration that chose it. With `is_selection` it is a selection, as it was written:
    which vaults it means is what is not known.
    """

    vault: str
    error: NetcfgError
    where: Location | None = None
    is_selection: bool = False


@dataclass(frozen=True)
class PlanSet:
    """The plans of one run, and what they all rest on; `given` are the geographies that somebody said.

    `asks_which` is whether a guard has to be accepted by naming its vaults, even if only one was found. `lines` are
    those of the configuration that chose the vaults. `selected` says, in sentences, what was selected where nobody
    named the vaults, and what of it cannot be known. `moved` are the vaults for which a saved plan does not hold any
    more, each with the error that says why: nothing is written to them. `callers` is the log that the plans were held
    against, where one was given.
    """

    given: tuple[Geography, ...]
    organizations: tuple[Organization, ...]
    resolution: Resolution
    plans: tuple[Plan, ...]
    undetermined: tuple[Undetermined, ...] = ()
    asks_which: bool = False
    lines: Mapping[VaultId, Location] = field(default_factory=dict)
    selected: tuple[str, ...] = ()
    moved: Mapping[VaultId, NetcfgError] = field(default_factory=dict)
    callers: CallerLog | None = field(default=None, compare=False)

    @property
    def is_refused(self) -> bool:
        return any(plan.refusals for plan in self.plans)

    @property
    def pending(self) -> tuple[Plan, ...]:
        """What an apply would write: the plans that change something and that no guard refuses."""
        return tuple(
            plan for plan in self.plans if plan.changes and not plan.refusals and plan.vault.id not in self.moved
        )

    @property
    def changes(self) -> int:
        return sum(len(plan.changes) for plan in self.plans)

    @property
    def status(self) -> int:
        """The exit status: 1 nothing could be read, 7 something could not, 5 refused, 3 changes are pending, 0 none."""
        if self.undetermined:
            return 7 if self.plans else 1
        return 5 if self.is_refused else 3 if self.changes else 0

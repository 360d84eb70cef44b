"""Checks on a plan that stop an apply until somebody accepts them by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase

from netcfg.core.agents import anywhere
from netcfg.core.approval import PieceId
from netcfg.core.declared import BROAD
from netcfg.core.desired import Desired, covering, is_enforced
from netcfg.core.errors import BareAcceptance, UnacceptableGuard, UnknownGuard
from netcfg.core.geography import Organization
from netcfg.core.hidden import dangers, stranded
from netcfg.core.intent import Intent
from netcfg.core.linkage import NOT_ASKED, Linkage
from netcfg.core.private import NOTHING_PRIVATE, Landscape, network_of
from netcfg.core.ranges import Resolution, covers, is_to_come
from netcfg.core.resources import SubnetId, Vault
from netcfg.core.rules import DefaultAction, Firewall, IpRule, PublicAccess, VirtualNetworkRule
from netcfg.core.standing import Standing
from netcfg.core.switchover import NOTHING_SEEN, Survey, consequences
from netcfg.core.words import listed

MANY_RULES = 10
MANY_REMOVALS = 0.3
STALE_AFTER = timedelta(days=180)
UNACCEPTABLE = "perimeter"
PRIVATE_DNS = "private-dns"
SERVICE_ENDPOINT = "service-endpoint"
SHARED_GROUP = "shared-group"
REMOVALS = "removals"


@dataclass(frozen=True)
class Guard:
    """A guard that fires, with what it saw, and whether that was accepted.

    `harms` are those whom it is about, each by itself, where a message may name some of them only. One that `is_saved`
    is a saved plan's, which takes no acceptance any more.
    """

    id: str
    message: str
    accepted: bool = False
    harms: frozenset[str] = frozenset()
    is_saved: bool = False

    @property
    def can_be_accepted(self) -> bool:
        return self.id != UNACCEPTABLE

    def accepting(self, option: str) -> str:
        """What is to be typed, where `option` accepts it."""
        return f"plan … {option} --out FILE" if self.is_saved else option


@dataclass(frozen=True)
class Circumstances:
    """Everything that a guard, or a check, may look at.

    `gone` are subnets that rules of vaults name and that are not there any more; `is_selected` is whether a place or a
    tag is all that this vault was found by, `is_declared` whether the configuration says so, and `linkage` is then what
    variable groups use, if that was asked. `is_undoing` is whether the vault goes back to what it was: nothing that is
    published or declared is wanted then.
    """

    vault: Vault
    desired: Desired
    intent: Intent
    resolution: Resolution
    organizations: tuple[Organization, ...]
    today: date
    survey: Survey = NOTHING_SEEN
    landscape: Landscape = NOTHING_PRIVATE
    gone: frozenset[SubnetId] = frozenset()
    is_selected: bool = False
    linkage: Linkage = NOT_ASKED
    is_declared: bool = False
    is_undoing: bool = False

    @property
    def is_strange(self) -> bool:
        """Whether nobody named the vault, and it holds no published range: what is it to Azure DevOps?"""
        return self.is_selected and holds_none(self.before, self.resolution)

    @property
    def is_unused(self) -> bool:
        """Whether it holds no published range, and no variable group that the sign-in sees uses it. What somebody wrote
        down in a configuration is meant, whoever uses it."""
        return self.is_strange and not self.is_declared and self.linkage.is_unused(self.vault.name)

    @property
    def before(self) -> Firewall:
        return self.vault.firewall

    @property
    def after(self) -> Firewall:
        return self.desired.after

    @property
    def plans_rules(self) -> bool:
        """Whether a plan touches rules: not where a perimeter decides alone, nor where public access is to be off."""
        return not is_enforced(self.vault) and self.intent.public_access is not PublicAccess.DISABLED


@dataclass(frozen=True)
class Acceptance:
    """A guard accepted by name, for the vaults whose name matches `pattern`."""

    guard: str
    pattern: str = "*"

    def holds(self, guard: str, vault: Vault) -> bool:
        return self.is_of(guard, vault.name)

    def is_of(self, guard: str, vault: str) -> bool:
        """The same for a vault of which the name is all that is known."""
        return self.guard == guard and fnmatchcase(vault.lower(), self.pattern.lower())


def parse_acceptance(text: str, *, several: bool) -> Acceptance:
    """`GUARD`, or `GUARD=VAULT-PATTERN` where there are several vaults: a bare guard is then an error."""
    guard, equals, pattern = text.partition("=")
    if guard not in GUARDS:
        raise UnknownGuard(guard, GUARDS)
    if guard == UNACCEPTABLE:
        raise UnacceptableGuard(
            guard, "rules do nothing in a vault that a perimeter secures; change the perimeter instead"
        )
    if several and not pattern:
        raise BareAcceptance(guard)
    return Acceptance(guard, pattern if equals and pattern else "*")


def evaluate(seen: Circumstances, acceptances: Iterable[Acceptance] = ()) -> tuple[Guard, ...]:
    """The guards that fire, in order of name. One that is accepted stays in the list, so that the plan shows it."""
    accepted = list(acceptances)
    fired = ((id, message) for id, guard in GUARDS.items() if guard and (message := guard(seen)))
    return tuple(
        Guard(
            id,
            message,
            any(each.holds(id, seen.vault) for each in accepted),
            _harms(seen) if id == PRIVATE_DNS else frozenset(),
        )
        for id, message in sorted(fired)
    )


def _broad_range(seen: Circumstances) -> str | None:
    new = set(seen.after.rule_set.ip_rules) - set(seen.before.rule_set.ip_rules)
    broad = sorted(each for each in new if each.network and each.network.prefixlen < BROAD)
    unread = sorted(each.value for each in new if each.network is None)  # as a record says that it was
    said = [f"{listed(broad)} is broader than /{BROAD}: that is more than 65,536 addresses"] if broad else []
    said += [f"{listed(map(repr, unread))} cannot be read, so it may be everything"] if unread else []
    return "; ".join(said) or None


def _default_allow(seen: Circumstances) -> str | None:
    if seen.after.is_open and not seen.before.is_open and not is_enforced(seen.vault):
        return "the vault would be open to all networks: its default action would be Allow, and public access Enabled"
    return None


def _default_deny(seen: Circumstances) -> str | None:
    if seen.before.is_open and seen.after.rule_set.default_action is DefaultAction.DENY and not is_enforced(seen.vault):
        return "the default action turns from Allow to Deny: every caller whom no rule names will be cut off"
    return None


def _exclusive(seen: Circumstances) -> str | None:
    gone = _taken(seen, Standing.FOREIGN, Standing.ELSEWHERE)
    message = f"what nobody declared is to go, and somebody else may need it: {listed(gone)}"
    if pools := anywhere(seen.intent.pools):
        message += f"; where the agents of {', '.join(pools)} are is not known, and these rules may be theirs"
    return message if gone else None


def _geography_mismatch(seen: Circumstances) -> str | None:
    return "; ".join(text for _, text in contradictions(seen)) or None


def contradictions(seen: Circumstances) -> Iterator[tuple[str, str]]:
    """The organizations of which two answers disagree, or the answer and what was given, each with what was said."""
    given = set(seen.intent.geographies)
    for organization in seen.organizations:
        told = {each.geography for each in organization.evidence}
        if len(told) > 1:
            said = ", ".join(f"{each.field} {each.text!r}" for each in organization.evidence)
            yield organization.name, f"Azure DevOps contradicts itself about {organization.name}: {said}"
        elif given and not told <= given:
            wanted = ", ".join(sorted(each.name for each in given))
            yield organization.name, f"{organization.name} lives in {organization.geography}, and {wanted} was given"


def _hidden_rules(seen: Circumstances) -> str | None:
    # Once they count again, what nobody could see lets callers in.
    is_enabled = seen.after.public_access is PublicAccess.ENABLED
    if seen.before.hides_rules and (is_enabled or seen.after.rule_set != seen.before.rule_set):
        return "public access is Disabled and Azure showed no rules: some may be there, and would be replaced"
    return None


def _inferred_geography(seen: Circumstances) -> str | None:
    names = inferred(seen)
    return (
        f"only the sign-in page hints at where {', '.join(names)} lives; give --geography to be sure" if names else None
    )


def inferred(seen: Circumstances) -> list[str]:
    """The organizations whose geography rests on a hint alone, and nobody gave one."""
    return [each.name for each in seen.organizations if each.is_inferred and not seen.intent.geographies]


def _last_path(seen: Circumstances) -> str | None:
    losers = ["Azure DevOps"] if _admits_devops(seen, seen.before) and not _admits_devops(seen, seen.after) else []
    for subnet in seen.intent.subnets:
        way = seen.desired.way
        if _enters(seen.before, subnet, way.before) and not _enters(seen.after, subnet, way.after):
            losers.append(f"the agents' subnet {subnet.short}")
    # A pool that is seen today may be out of sight tomorrow, and the rules that it was given look like a stranger's.
    strange = _taken(seen, Standing.FOREIGN) if seen.before.public_access is PublicAccess.ENABLED else []
    unseen = anywhere(each for each in seen.intent.pools if not each.is_placed)
    if strange and unseen and not seen.after.is_open:
        losers.append(f"the agents of {', '.join(unseen)}, if they come by {listed(strange)}")
    if not seen.after.is_open:
        losers += stranded(seen.vault, seen.desired.way, seen.intent, seen.landscape)
    if seen.before.public_access is PublicAccess.ENABLED and seen.after.public_access is not PublicAccess.ENABLED:
        losers.append("everybody else who comes over the public network")
    return f"this closes the last known way in for {', '.join(losers)}" if losers else None


def _enters(firewall: Firewall, subnet: SubnetId, privately: Collection[PieceId]) -> bool:
    """Whether machines of `subnet` get in, by a rule or from one of the networks that come by a private endpoint."""
    return network_of(subnet) in privately or _admits(firewall, VirtualNetworkRule(subnet.text))


def _perimeter(seen: Circumstances) -> str | None:
    if is_enforced(seen.vault) and not seen.desired.way.is_asked:  # those who come privately are not its business
        return "a network security perimeter secures this vault, so rules do nothing: use the perimeter's access rules"
    return None


def _private_dns(seen: Circumstances) -> str | None:
    """Who would lose sight of this vault, or of another one."""
    return "; ".join(each.text for each in dangers(seen.vault, seen.desired.way, seen.landscape)) or None


def _harms(seen: Circumstances) -> frozenset[str]:
    return frozenset().union(*(each.harms for each in dangers(seen.vault, seen.desired.way, seen.landscape)))


def _public_access(seen: Circumstances) -> str | None:
    if seen.is_undoing:
        return _public_again(seen)
    if seen.before.public_access is PublicAccess.DISABLED and seen.intent.public_access is None:
        return (
            "public access is Disabled, so rules do nothing and Azure DevOps cannot get in: say "
            "--public-access enabled (for selected networks only) or --public-access disabled; accepted, "
            "rules are written that do nothing until it is enabled"
        )
    return None


def _public_again(seen: Circumstances) -> str | None:
    if seen.before.public_access is not PublicAccess.ENABLED and seen.after.public_access is PublicAccess.ENABLED:
        was = seen.before.public_access.value
        return f"public access turns from {was} to Enabled: the rules, or the default action, let callers in again"
    return None


def _removals(seen: Circumstances) -> str | None:
    return many_removals(len(_removed(seen)), len(seen.before.rule_set.rules), "rules")


def many_removals(removed: int, found: int, what: str) -> str | None:
    """What to say where so much goes at once that it may be a mistake."""
    if found >= MANY_RULES and removed > MANY_REMOVALS * found:
        return f"{removed} of {found} {what} go, more than {MANY_REMOVALS:.0%}"
    return None


def _service_endpoint(seen: Circumstances) -> str | None:
    """Who else would cut off the agents, as far as that can be known; it fires as well where it cannot."""
    subnets = seen.desired.endpoints
    said = consequences(seen.survey, subnets)
    names = ", ".join(each.short for each in subnets)
    switch = f"the service endpoint switches the source address of {names} from public to private"
    return f"{switch}: {'; '.join(said)}" if said else None


def stale_editions(seen: Circumstances) -> str | None:
    """How old the ranges are, where no publisher that the policy uses was confirmed for too long."""
    if seen.is_undoing:
        return None
    editions = seen.resolution.editions
    ages = (seen.today - (each.day if is_to_come(each.confirmed, seen.today) else each.confirmed) for each in editions)
    if any(age <= STALE_AFTER for age in ages):
        return None
    last = " and ".join(f"the {each.publisher.value} on {each.confirmed}" for each in editions)
    return f"the ranges are old: Microsoft was last seen to publish {last}; run 'netcfg ranges refresh'"


def _unlinked(seen: Circumstances) -> str | None:
    """A vault that nobody named may have nothing to do with Azure DevOps, and must not be opened to it."""
    if not seen.is_strange or seen.linkage.users(seen.vault.name):
        return None
    name, asked = seen.vault.name, " or ".join(seen.linkage.organizations)
    if seen.linkage.is_unused(name):
        known = f"no variable group of {asked} that this sign-in sees uses it"
    elif seen.linkage.closed:
        known = f"whether a variable group of {asked} uses it is not known ({_doubt(seen.linkage)})"
    else:
        known = "no variable group is known to use it, as none of an organization was asked"
    return (
        f"{name} was selected and not named, holds no published range, and {known}: it may have nothing to do with "
        "Azure DevOps"
    )


def _doubt(linkage: Linkage) -> str:
    """Why it is not known whether a variable group uses a vault."""
    _, what, error = linkage.closed[0]
    return f"{what}: {error}{f'; and {len(linkage.closed) - 1} more' if len(linkage.closed) > 1 else ''}"


def holds_none(firewall: Firewall, resolution: Resolution) -> bool:
    """Whether no rule of a vault is a published range that is wanted, or a part of one."""
    return not any(each.network and resolution.wanted_around(each.network) for each in firewall.rule_set.ip_rules)


def _removed(seen: Circumstances) -> list[IpRule | VirtualNetworkRule]:
    after = set(seen.after.rule_set.rules)
    gone = {rule for rule in seen.before.rule_set.rules if rule not in after}
    return sorted(gone, key=lambda rule: (isinstance(rule, VirtualNetworkRule), rule.key))


def _taken(seen: Circumstances, *standings: Standing) -> list[IpRule | VirtualNetworkRule]:
    """The rules that go because the vault is exclusive, of these standings. What a run had added is its own to take."""
    return (
        []
        if seen.is_undoing
        else [
            rule
            for rule in _removed(seen)
            if seen.desired.reasons[rule].standing in standings and not seen.intent.removes(rule)
        ]
    )


def _admits(firewall: Firewall, rule: VirtualNetworkRule) -> bool:
    listed = rule in firewall.rule_set.virtual_network_rules
    return firewall.is_open or (firewall.public_access is PublicAccess.ENABLED and listed)


def _admits_devops(seen: Circumstances, firewall: Firewall) -> bool:
    if firewall.is_open:
        return True
    there = covering(firewall.rule_set.rules)
    enabled = firewall.public_access is PublicAccess.ENABLED
    return enabled and any(covers(there, each.network) for each in seen.resolution.wanted)


# Every guard there will be, so that accepting one whose work has not come yet is no error; those have no function.
GUARDS: dict[str, Callable[[Circumstances], str | None] | None] = {
    "broad-range": _broad_range,
    "default-allow": _default_allow,
    "default-deny": _default_deny,
    "exclusive": _exclusive,
    "geography-mismatch": _geography_mismatch,
    "grown-edition": None,
    "hidden-rules": _hidden_rules,
    "inferred-geography": _inferred_geography,
    "last-path": _last_path,
    "perimeter": _perimeter,
    PRIVATE_DNS: _private_dns,
    "public-access": _public_access,
    REMOVALS: _removals,
    SERVICE_ENDPOINT: _service_endpoint,
    SHARED_GROUP: None,
    "shrunken-edition": None,
    "stale-editions": stale_editions,
    "unlinked": _unlinked,
}

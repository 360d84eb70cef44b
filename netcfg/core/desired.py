"""What a vault's firewall should be: what is kept, what goes and why, and what is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cached_property, lru_cache
from ipaddress import IPv4Network

from netcfg.core.agents import remarks
from netcfg.core.declared import BROAD, Declaration
from netcfg.core.errors import AmbiguousSubnet, BothWanted, TooManyRules
from netcfg.core.geography import Region
from netcfg.core.intent import Intent, is_named
from netcfg.core.itself import Itself
from netcfg.core.ranges import Policy, PublishedRange, Publisher, Resolution, RetiredRange, covers, is_to_come
from netcfg.core.resources import Subnet, SubnetId, Vault
from netcfg.core.rules import (
    IP_RULE_LIMIT,
    MANY,
    VIRTUAL_NETWORK_RULE_LIMIT,
    DefaultAction,
    Firewall,
    IpRule,
    Perimeter,
    PublicAccess,
    Rule,
    VirtualNetworkRule,
)
from netcfg.core.standing import Standing, judge
from netcfg.core.switchover import NOTHING_SEEN, Exit, Survey, useless
from netcfg.core.temporary import TemporaryRule, borrowed, holding, temporary_rules, unreadable
from netcfg.core.way import NO_WAY, Way

_ALIKE = 1 << 12  # firewalls of which each is another one, and still remembered


@dataclass(frozen=True)
class Reason:
    """Why a rule comes, goes or stays."""

    standing: Standing
    text: str = ""
    publishers: tuple[Publisher, ...] = ()
    region: Region | None = None


@dataclass(frozen=True)
class Desired:
    """The firewall that a vault should have, why each rule of before and after has its place, and what must be said.

    `dead` are the rules that are there and admit nobody, for their subnet is gone. `asked` are all rules that whoever
    is meant to get in over the public network needs, covered by others or not; `agents` are the agents' subnets,
    however they come, and whose they are. `tags` are those that change, each with its value or `None` where it goes;
    `tag_reasons` say why, where it is not for what is declared or over.
    """

    after: Firewall
    reasons: Mapping[Rule, Reason]
    endpoints: tuple[SubnetId, ...] = ()
    notes: tuple[str, ...] = ()
    way: Way = NO_WAY
    dead: frozenset[VirtualNetworkRule] = frozenset()
    asked: Mapping[Rule, Reason] = field(default_factory=dict)
    agents: Mapping[SubnetId, str] = field(default_factory=dict)
    tags: Mapping[str, str | None] = field(default_factory=dict)
    tag_reasons: Mapping[str, Reason] = field(default_factory=dict)

    @property
    def overdue(self) -> frozenset[Rule | str]:
        """The rules that leave because their time is over, and the tags of runs that are."""
        left = frozenset(self.after.rule_set.rules)
        gone = (Standing.EXPIRED, Standing.RETIRED)
        rules = (rule for rule, why in self.reasons.items() if why.standing in gone and rule not in left)
        return frozenset((*rules, *(name for name, value in self.tags.items() if value is None)))

    def with_way(self, way: Way) -> Desired:
        """The same, with what is to become of the private way in."""
        return self if way is self.way and not way.notes else replace(self, way=way, notes=(*self.notes, *way.notes))


def fit(
    vault: Vault,
    intent: Intent,
    resolution: Resolution,
    subnets: Iterable[Subnet],
    today: date,
    gone: Collection[SubnetId] = (),
    survey: Survey = NOTHING_SEEN,
    now: datetime | None = None,
) -> Desired:
    """The firewall that fulfils `intent` for this vault and takes nothing that is not ours.

    `subnets` are the agents' subnets of the intent as Azure shows them, `gone` subnets of rules that are not there any
    more, `survey` what was seen of the exits of subnets that lack the endpoint. `now` decides what is overdue; where it
    is not told, the day has just begun. Where the same is meant, vaults whose firewalls say the same share one answer:
    most of a fleet is alike.
    """
    now = now or datetime.combine(today, time.min, UTC)
    meant = _meant(Itself(intent), Itself(resolution), tuple(subnets), today, frozenset(gone), Itself(survey), now)
    return meant.fitted(_Situation(vault))


class _Situation:
    """A vault as far as `fit` looks at it: not which one it is, but what its firewall says, and in which words."""

    __slots__ = ("_key", "temporary", "unreadable", "vault")

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.temporary = temporary_rules(vault.tags)
        self.unreadable = unreadable(vault.tags)
        self._key = (vault.firewall.spelling, vault.perimeter, self.temporary, self.unreadable)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Situation) and other._key == self._key

    def __hash__(self) -> int:
        return self.vault.firewall.fingerprint


@lru_cache(maxsize=64)
def _meant(
    intent: Itself[Intent],
    resolution: Itself[Resolution],
    subnets: tuple[Subnet, ...],
    today: date,
    gone: frozenset[SubnetId],
    survey: Itself[Survey],
    now: datetime,
) -> _Meant:
    return _Meant(intent.value, resolution.value, subnets, today, frozenset(map(str, gone)), survey.value, now)


class _Meant:
    """What is meant for some vaults, with all that follows from it whatever a vault holds."""

    def __init__(
        self,
        intent: Intent,
        resolution: Resolution,
        subnets: tuple[Subnet, ...],
        today: date,
        gone: frozenset[str],
        survey: Survey,
        now: datetime,
    ) -> None:
        self.intent, self.resolution, self.today, self.now = intent, resolution, today, now
        self.subnets, self.gone, self.survey = subnets, gone, survey
        self.fitted = lru_cache(maxsize=_ALIKE)(self._fit)
        self.found = lru_cache(maxsize=MANY)(self._found)

    @cached_property
    def asked(self) -> dict[Rule, Reason]:
        asked = _asked(self.intent, self.resolution, self.today)
        if both := next((rule for rule in asked if self.intent.removes(rule)), None):
            raise BothWanted(str(both), asked[both].standing.value)
        return asked

    @cached_property
    def agents(self) -> dict[SubnetId, str]:
        return {each: _agents(self.intent, each) for each in self.intent.subnets}

    @cached_property
    def endpoints(self) -> tuple[SubnetId, ...]:
        return tuple(each.id for each in self.subnets if not each.has_endpoint and each.id in self.intent.subnets)

    def _found(self, rule: Rule) -> Reason:
        return _found(rule, self.intent, self.resolution, self.today, self.gone)

    def _fit(self, situation: _Situation) -> Desired:
        vault, intent, resolution = situation.vault, self.intent, self.resolution
        before, asked = vault.firewall, self.asked
        _check_names(intent, before)
        reasons = {rule: lent(rule, self.found(rule), situation.temporary, self.now) for rule in before.rule_set.rules}
        dead = frozenset(rule for rule in before.rule_set.virtual_network_rules if str(rule) in self.gone)
        if is_enforced(vault) or intent.public_access is PublicAccess.DISABLED:
            public_access = before.public_access if is_enforced(vault) else PublicAccess.DISABLED
            after = replace(before, public_access=public_access)
            notes = _notes(vault, intent, resolution)
            return Desired(after, reasons, (), notes, dead=dead, asked=asked, agents=self.agents)

        leaving = {
            rule: why
            for rule in before.rule_set.rules
            if (why := _leaving(rule, reasons[rule], intent, resolution, self.today))
        }
        kept = [rule for rule in before.rule_set.rules if rule not in leaving]
        # What a run lets in for a while must not stand in for what is there to stay.
        lasting = [rule for rule in kept if reasons[rule].standing is not Standing.TEMPORARY]
        arriving = _arriving(lasting, asked)
        reasons |= leaving | arriving

        rules = [*kept, *arriving]
        after = Firewall(
            intent.public_access or before.public_access,
            replace(
                before.rule_set,
                default_action=before.rule_set.default_action if intent.keep_default_action else DefaultAction.DENY,
                ip_rules=tuple(sorted(rule for rule in rules if isinstance(rule, IpRule))),
                virtual_network_rules=tuple(sorted(rule for rule in rules if isinstance(rule, VirtualNetworkRule))),
            ),
        )
        unused = _unused(after, reasons, map(self.survey.exit_of, self.endpoints))
        notes = (*_notes(vault, intent, resolution), *unused, *_illegible(situation.unreadable))
        tags = self._tags(situation.temporary, kept)
        return Desired(after, reasons, self.endpoints, notes, dead=dead, asked=asked, agents=self.agents, tags=tags)

    def _tags(self, temporary: Sequence[TemporaryRule], kept: Sequence[Rule]) -> dict[str, str | None]:
        """The tags of runs that change: those go that are over, and a run whose address is declared now is told that
        the rule is not its own any more."""
        edits: dict[str, str | None] = {}
        for each in temporary:
            rule = IpRule(str(each.network))
            if each.is_overdue(self.now):
                edits[each.key] = None
            elif not each.is_kept and rule in self.asked and rule in kept:
                edits[each.key] = replace(each, is_kept=True).value
        return edits


def lent(rule: Rule, found: Reason, temporary: Sequence[TemporaryRule], now: datetime) -> Reason:
    """The standing of a rule that is there; what nobody means for good may be let in for a while."""
    network = rule.network if isinstance(rule, IpRule) else None
    runs = [each for each in temporary if each.network == network]
    if network not in borrowed(temporary) or found.standing in (Standing.PUBLISHED, Standing.DECLARED):
        return found
    if running := holding(runs, network, now):
        return Reason(Standing.TEMPORARY, f"let in by netcfg exec until {running.until:%Y-%m-%d %H:%M} UTC")
    last = max(each.until for each in runs)
    return Reason(Standing.EXPIRED, f"let in by netcfg exec, which was to end by {last:%Y-%m-%d %H:%M} UTC")


def _illegible(tags: Sequence[str]) -> Iterator[str]:
    if tags:
        yield f"tags that look like those of netcfg exec, cannot be read, and stay: {', '.join(map(repr, tags))}"


def is_enforced(vault: Vault) -> bool:
    """Whether a network security perimeter decides alone who gets in, so that rules do nothing."""
    secured = vault.firewall.public_access is PublicAccess.SECURED_BY_PERIMETER
    return secured or vault.perimeter is Perimeter.ENFORCED


def covering(rules: Iterable[Rule]) -> list[IPv4Network]:
    """The networks that count as an opening: a rule broader than /16 was not meant for Azure DevOps."""
    networks = (rule.network for rule in rules if isinstance(rule, IpRule))
    return [each for each in networks if each is not None and each.prefixlen >= BROAD]


def _found(rule: Rule, intent: Intent, resolution: Resolution, today: date, gone: Collection[str]) -> Reason:
    """The standing of a rule that is there, and what is known about it."""
    standing = judge(rule, intent, resolution, today)
    network = rule.network if isinstance(rule, IpRule) else None
    if standing in (Standing.PUBLISHED, Standing.ELSEWHERE) and network:
        around = resolution.wanted_around if standing is Standing.PUBLISHED else resolution.elsewhere_around
        if source := around(network):
            return Reason(standing, _inside(network, source), source.publishers, source.region)
    if standing in (Standing.DECLARED, Standing.EXPIRED) and network:
        return Reason(standing, str(declaration_of(network, intent, today)))
    if standing is Standing.RETIRED:
        retired = next(each for each in resolution.retired if each.network == network)
        return Reason(standing, _since(retired, today), (), retired.region)
    if isinstance(rule, VirtualNetworkRule) and str(rule) in gone:
        return Reason(standing, f"its subnet is gone; --remove {rule}")
    if isinstance(rule, VirtualNetworkRule) and standing is Standing.DECLARED:
        return Reason(standing, _agents(intent, next(each for each in intent.subnets if str(each) == str(rule))))
    return Reason(standing)


def _since(retired: RetiredRange, today: date) -> str:
    gone = f"no edition has it since {retired.since}"
    if not is_to_come(retired.confirmed, today):
        return gone
    return f"{gone}, as was seen on {retired.confirmed}, by a clock that was wrong: run 'netcfg ranges refresh'"


def _inside(network: IPv4Network, source: PublishedRange) -> str:
    return "" if network == source.network else f"inside {source.network}"


def declaration_of(network: IPv4Network, intent: Intent, today: date) -> Declaration:
    """The declaration of a network that counts: one that still holds before one that has expired."""
    declared = [each for each in intent.allow if each.network == network]
    return min(declared, key=lambda each: (each.is_expired(today), -(each.until or date.max).toordinal()))


def _leaving(rule: Rule, found: Reason, intent: Intent, resolution: Resolution, today: date) -> Reason | None:
    """Why a rule goes, or `None` when it stays."""
    network = rule.network if isinstance(rule, IpRule) else None
    if intent.removes(rule):
        why = intent.why_removed(rule)
        return replace(found, text=f"to be removed: {why}" if why else "asked for by --remove")
    if found.standing is Standing.EXPIRED:
        return found
    if found.standing is Standing.RETIRED:
        retired = next(each for each in resolution.retired if each.network == network)
        return found if retired.outlived(intent.grace, today) else None
    if found.standing in (Standing.FOREIGN, Standing.ELSEWHERE) and intent.exclusive:
        return replace(found, text="nobody declared it, and exclusive is set")
    return None


def _arriving(kept: list[Rule], asked: Mapping[Rule, Reason]) -> dict[Rule, Reason]:
    """The rules to add. Broad ranges first, so that a narrower one inside them is covered and not added too."""
    there = covering(kept)
    arriving: dict[Rule, Reason] = {}
    for rule in sorted((each for each in asked if each not in kept), key=_breadth):
        network = rule.network if isinstance(rule, IpRule) else None
        if network is None:
            arriving[rule] = asked[rule]
        elif not covers(there, network):
            arriving[rule] = _partly(asked[rule], sorted(each for each in there if each.overlaps(network)))
            there += covering([rule])
    return arriving


def _breadth(rule: Rule) -> tuple[int, str]:
    network = rule.network if isinstance(rule, IpRule) else None
    return (network.prefixlen if network else 0, str(rule))


def _asked(intent: Intent, resolution: Resolution, today: date) -> dict[Rule, Reason]:
    """Every rule that should be there, and why; what is published is not ours to give a reason for."""
    declared: dict[Rule, Reason] = {
        IpRule(str(each.network)): Reason(Standing.DECLARED, str(declaration_of(each.network, intent, today)))
        for each in intent.allow
        if not each.is_expired(today)
    }
    published: dict[Rule, Reason] = {
        IpRule(str(each.network)): Reason(Standing.PUBLISHED, "", each.publishers, each.region)
        for each in resolution.wanted
    }
    subnets: dict[Rule, Reason] = {
        VirtualNetworkRule(each.text): Reason(Standing.DECLARED, _agents(intent, each))
        for each in intent.subnets
        if not intent.is_private  # who comes by a private endpoint needs no rule
    }
    return declared | published | subnets


def _agents(intent: Intent, subnet: SubnetId) -> str:
    """Whose subnet it is: the pools that were discovered in it, else the agents' of whoever named it."""
    pools = ", ".join(intent.pools_of(subnet))
    return f"agents of {pools}" if pools else "agents' subnet"


def _partly(reason: Reason, part: list[IPv4Network]) -> Reason:
    if not part:
        return reason
    text = f"{', '.join(map(str, part))} {'covers' if len(part) == 1 else 'cover'} only a part of it"
    return replace(reason, text=f"{reason.text}; {text}".lstrip("; "))


def _check_names(intent: Intent, before: Firewall) -> None:
    """A name may stand for subnets of several subscriptions, and the rule of the wrong one must not go."""
    for removal in intent.remove:
        rules = sorted({rule for rule in before.rule_set.virtual_network_rules if is_named(rule, removal)})
        if len(rules) > 1:
            raise AmbiguousSubnet(str(removal), map(str, rules))


def check_limits(vault: Vault, after: Firewall) -> None:
    """More rules than a vault holds are an error; Azure would refuse all of them."""
    for kind, rules, limit in (
        ("IP rules", after.rule_set.ip_rules, IP_RULE_LIMIT),
        ("virtual network rules", after.rule_set.virtual_network_rules, VIRTUAL_NETWORK_RULE_LIMIT),
    ):
        if len(rules) > limit:
            raise TooManyRules(vault.name, kind, len(rules), limit)


def _notes(vault: Vault, intent: Intent, resolution: Resolution) -> tuple[str, ...]:
    """What a reviewer should know and no change shows."""
    before = vault.firewall
    names = ", ".join(each.name for each in resolution.geographies)
    unread = [rule.value for rule in before.rule_set.ip_rules if rule.network is None]
    absent = [str(each) for each in intent.remove if not any(is_named(rule, each) for rule in before.rule_set.rules)]
    notes: list[tuple[object, str]] = [
        (resolution.only_in_tag, _only_in_tag(resolution)),
        (
            resolution.ipv6,
            f"{_count(resolution.ipv6, 'IPv6 prefix', 'es')} published for {names} and not sent: vaults take IPv4 only",
        ),
        (
            resolution.outside,
            f"{_count(resolution.outside, 'range', 's')} published for regions of no geography, and never added",
        ),
        (unread, f"kept as found, though they cannot be read: {', '.join(map(repr, unread))}"),
        (absent, f"asked to be removed, but not there: {', '.join(absent)}"),
        (
            intent.keep_default_action and before.is_open,
            "the default action stays Allow: every network gets in, and rules do nothing",
        ),
        (
            intent.public_access is PublicAccess.DISABLED,
            "public access is to be Disabled: Azure DevOps cannot link this vault, and no rule is added or removed",
        ),
        (
            vault.perimeter is Perimeter.LEARNING and not is_enforced(vault),
            "a network security perimeter in Learning mode holds this vault: once it is Enforced, rules do nothing",
        ),
        (
            vault.perimeter is Perimeter.UNKNOWN,
            "whether a network security perimeter holds this vault could not be read; under one, rules may do nothing",
        ),
    ]
    return (*_named(intent), *(text for holds, text in notes if holds), *remarks(intent.pools))


def _named(intent: Intent) -> Iterator[str]:
    """Which subscription is meant: no name says it, and what this sign-in may not read may have the same names."""
    networks: dict[str, dict[str, str]] = {}
    for name, subnet in sorted(intent.found_subnets, key=lambda each: str(each[1])):
        networks.setdefault(subnet.network_id, {})[str(name)] = str(subnet)
    places = [
        f"{', '.join(named)} are in {network}" if len(named) > 1 else " is ".join(*named.items())
        for network, named in networks.items()
    ]
    if places:
        yield (
            f"found by name: {'; '.join(places)}; subscriptions that may not be read here, or are not indexed yet, may "
            "have others of that name"
        )


def _unused(after: Firewall, reasons: Mapping[Rule, Reason], exits: Iterable[Exit]) -> Iterator[str]:
    """A note for each rule that the agents stop using; others may leave by the same address, so it is not removed."""
    for each in exits:
        for rule in useless(after.rule_set.ip_rules, each):
            if reasons[rule].standing is Standing.FOREIGN:
                yield (
                    f"{rule} is a public address of {each.subnet.short}, which no longer uses it once the service "
                    f"endpoint is there; unless somebody else does: --remove {rule}"
                )


def _only_in_tag(resolution: Resolution) -> str:
    """How far the two publishers are apart for these geographies."""
    leaves = "leaves" if resolution.policy is Policy.TABLE else "would leave"
    names = ", ".join(each.name for each in resolution.geographies)
    number = len(resolution.only_in_tag)
    said = f"1 range for {names} is" if number == 1 else f"{number} ranges for {names} are"
    return f"{said} in the service tag alone; --ranges table {leaves} {'it' if number == 1 else 'them'} out"


def _count(number: int, noun: str, plural: str) -> str:
    return f"1 {noun} is" if number == 1 else f"{number} {noun}{plural} are"

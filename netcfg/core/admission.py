"""Who gets in to a vault, who should and does not, and whom a plan lets in or shuts out: the facts of a picture.

What counts is access, not rules: a rule may come and admit nobody, and somebody may lose the rule and still get in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from ipaddress import IPv4Network, collapse_addresses

from netcfg.core.approval import Approval
from netcfg.core.declared import BROAD, BROADEST, NOT_PUBLIC
from netcfg.core.desired import Desired, Reason, covering, is_enforced
from netcfg.core.geography import Region
from netcfg.core.private import NewEndpoint, network_of
from netcfg.core.resources import SubnetId, Vault, as_subnet
from netcfg.core.rules import Bypass, Firewall, IpRule, Perimeter, PublicAccess, Rule, VirtualNetworkRule
from netcfg.core.standing import Standing

_ANY = IPv4Network("0.0.0.0/0")


class Party(Enum):
    """Whose way in it is, in the order of being shown; the last is everybody whom nothing names."""

    AZURE_DEVOPS = "Azure DevOps"
    AGENTS = "agents' subnets"
    PRIVATE_ENDPOINT = "private endpoints"
    DECLARED = "declared rules"
    TEMPORARY = "temporary rules"  # of netcfg exec
    TRUSTED_SERVICES = "trusted Azure services"
    EXPIRED = "expired rules"
    RETIRED = "retired ranges"
    ELSEWHERE = "ranges of elsewhere"
    FOREIGN = "foreign rules"
    BROAD = "very broad rules"  # broader than anybody may ask for
    PERIMETER = "network security perimeter"
    EVERYBODY = "everybody else"


class State(Enum):
    """How one of them stands."""

    IN = "in"
    PARTLY = "partly"  # some of its addresses get in
    BROADLY = "broadly"  # gets in, by a rule so broad that it was not meant for it
    ANYWAY = "anyway"  # gets in as everybody does, whatever its rule says
    UNNAMED = "unnamed"  # gets in as everybody does, and has no rule
    MISSING = "missing"  # should get in, and does not
    ADDED = "added"
    REMOVED = "removed"
    IDLE = "idle"  # a rule names it, and does nothing
    WRITTEN = "written"  # such a rule comes
    DROPPED = "dropped"  # such a rule goes
    WAITING = "waiting"  # for the owner of the vault
    OUT = "out"  # and nobody wants it in
    UNKNOWN = "unknown"  # for somebody else decides


_STATES = tuple(State)
_PARTY_ORDER = {party: place for place, party in enumerate(Party)}


@dataclass(frozen=True)
class Entry:
    """One range, subnet or endpoint, how it stands, and what else is known of it."""

    name: str
    state: State
    text: str = ""


@dataclass(frozen=True)
class Caller:
    """A party, or what of it comes from one region, with everything that belongs to it: always something.

    It `is_doubtful` where nobody could read whether rules count at all.
    """

    party: Party
    entries: tuple[Entry, ...]
    region: Region | None = None
    is_doubtful: bool = False

    def names(self, state: State) -> tuple[str, ...]:
        return tuple(each.name for each in self.entries if each.state is state)

    @property
    def states(self) -> tuple[State, ...]:
        """Every state that there is among its entries, each once."""
        found = {each.state for each in self.entries}
        return tuple(each for each in _STATES if each in found)


class Gate(Enum):
    """Who decides about callers of the public network."""

    RULES = "the rules"
    OPEN = "nobody: all get in"
    CLOSED = "nobody: none gets in"
    PERIMETER = "a network security perimeter"


@dataclass(frozen=True)
class Moment:
    """A vault at one time: as it is, or as a plan leaves it.

    `dead` are the rules whose subnet is gone, `bare` those whose subnet has no service endpoint to make them count.
    """

    firewall: Firewall
    gate: Gate
    dead: frozenset[VirtualNetworkRule]
    bare: frozenset[VirtualNetworkRule] = frozenset()

    @cached_property
    def rules(self) -> frozenset[Rule]:
        return frozenset(self.firewall.rule_set.rules)

    @cached_property
    def meant(self) -> Coverage:
        """What is covered by rules that may be meant for Azure DevOps, whether they count now or not."""
        return Coverage(covering(self.rules))

    @cached_property
    def covered(self) -> Coverage:
        """What is covered by any rule."""
        networks = [rule.network for rule in self.rules if isinstance(rule, IpRule) and rule.network]
        return Coverage(networks) if any(each.prefixlen < BROAD for each in networks) else self.meant

    @cached_property
    def illegible(self) -> tuple[str, ...]:
        """The IP rules that cannot be read: whom they admit, nobody knows."""
        return tuple(str(rule) for rule in self.firewall.rule_set.ip_rules if rule.network is None)

    @cached_property
    def admits_everybody(self) -> bool:
        """Whether the whole internet gets in: by the default action, or because the rules leave nobody out."""
        if self.gate is not Gate.RULES or self.covered is self.meant:
            return self.gate is Gate.OPEN
        networks = [rule.network for rule in self.rules if isinstance(rule, IpRule) and rule.network]
        return bool(Coverage([*networks, *NOT_PUBLIC]).holds(_ANY))

    def admits_network(self, network: IPv4Network) -> bool | None:
        """Whether all of its addresses get in; `False` where only some do, `None` where none does."""
        if self.gate is Gate.OPEN:
            return True
        return self.covered.holds(network) if self.gate is Gate.RULES else None

    def admits(self, rule: Rule) -> bool | None:
        """The same for those whom a rule names, whether it is there or not."""
        if isinstance(rule, IpRule):
            return self.admits_network(rule.network) if rule.network else None
        if rule in self.dead:
            return None
        counts = self.gate is Gate.RULES and rule in self.rules and rule not in self.bare
        return True if self.gate is Gate.OPEN or counts else None


def callers_now(vault: Vault, desired: Desired) -> tuple[Caller, ...]:
    """Who gets in as the vault is, and who should and does not."""
    now = at_present(vault, desired)
    return _View(vault, desired, now, now, as_planned(vault, desired)).callers()


def callers_planned(vault: Vault, desired: Desired) -> tuple[Caller, ...]:
    """Who gets in once the plan is followed: who stays, whom it lets in, and whom it shuts out."""
    then = as_planned(vault, desired)
    return _View(vault, desired, at_present(vault, desired), then, then).callers()


def at_present(vault: Vault, desired: Desired) -> Moment:
    """The vault as it is."""
    bare = frozenset(VirtualNetworkRule(each.text) for each in desired.endpoints)
    return Moment(vault.firewall, _gate(vault.firewall, vault), desired.dead, bare)


def as_planned(vault: Vault, desired: Desired) -> Moment:
    """The vault as a plan leaves it."""
    return Moment(desired.after, _gate(desired.after, vault), desired.dead)


def _gate(firewall: Firewall, vault: Vault) -> Gate:
    if is_enforced(vault):
        return Gate.PERIMETER
    if firewall.public_access is not PublicAccess.ENABLED:
        return Gate.CLOSED
    return Gate.OPEN if firewall.is_open else Gate.RULES


_PARTIES: Mapping[Standing, Party] = {
    Standing.DECLARED: Party.DECLARED,
    Standing.TEMPORARY: Party.TEMPORARY,
    Standing.EXPIRED: Party.EXPIRED,
    Standing.RETIRED: Party.RETIRED,
    Standing.ELSEWHERE: Party.ELSEWHERE,
    Standing.FOREIGN: Party.FOREIGN,
}
_NOT_OURS = "who it admits is not read"


@dataclass(frozen=True)
class _View:
    """A vault from one moment to another, which are the same where nothing is planned; `goal` is what is meant."""

    vault: Vault
    desired: Desired
    before: Moment
    after: Moment
    goal: Moment

    @property
    def is_now(self) -> bool:
        return self.before is self.after

    def callers(self) -> tuple[Caller, ...]:
        found = [
            *self._regions(),
            Caller(Party.AGENTS, tuple(self._agents()), None, self._is_doubtful and not self.desired.way.is_asked),
            Caller(Party.PRIVATE_ENDPOINT, (*self._connections(), *self._coming())),
            *self._rules(),
            *self._frame(),
        ]
        return tuple(sorted((each for each in found if each.entries), key=_place))

    @property
    def _is_doubtful(self) -> bool:
        return self.vault.perimeter is Perimeter.UNKNOWN and not is_enforced(self.vault)

    def _caller(self, party: Party, entries: Iterable[Entry], region: Region | None = None) -> Caller:
        return Caller(party, tuple(entries), region, self._is_doubtful)

    def _regions(self) -> Iterator[Caller]:
        """Every published range that is wanted, by region."""
        regions: dict[Region | None, list[Entry]] = {}
        for rule, reason in self.desired.asked.items():
            if reason.standing is Standing.PUBLISHED and isinstance(rule, IpRule) and rule.network:
                regions.setdefault(reason.region, []).extend(self._range(rule.network))
        yield from (self._caller(Party.AZURE_DEVOPS, entries, region) for region, entries in regions.items())

    def _range(self, network: IPv4Network) -> Iterator[Entry]:
        """A range that Azure DevOps comes from: a rule so broad that nobody meant it for that is none for it."""
        was, will = (bool(each.meant.holds(network)) for each in (self.before, self.after))
        before, after = self.before.admits_network(network), self.after.admits_network(network)
        state = _state(before, after, was, will)
        if state is State.IN and self.after.gate is Gate.OPEN:
            state = State.ANYWAY if will else State.UNNAMED
        elif state is State.IN and not will:
            state = State.BROADLY
        elif state is None and self.is_now and self.goal.meant.holds(network):
            state = State.MISSING
        if state:
            yield Entry(str(network), state, _how(state, before, after, was, will))

    def _agents(self) -> Iterator[Entry]:
        way = self.desired.way
        found_before, found_after = way.before, way.before if self.is_now else way.after
        for subnet, whose in self.desired.agents.items():
            rule, network = VirtualNetworkRule(subnet.text), network_of(subnet)
            comes = network in found_before
            will_come = network in found_after and (self.is_now or not way.waits or comes)
            before = True if comes else self.before.admits(rule)
            after = True if will_come else self.after.admits(rule)
            state = _state(before, after, rule in self.before.rules, rule in self.after.rules)
            if state is State.IN and self.after.gate is Gate.OPEN and not will_come:
                state = State.ANYWAY if rule in self.after.rules else State.UNNAMED
            if state in (None, State.IDLE) and (lack := self._lack(subnet, rule)):
                yield Entry(subnet.short, *lack)
            elif state:
                yield Entry(subnet.short, state, self._way_of(subnet, rule, whose, will_come))

    def _lack(self, subnet: SubnetId, rule: VirtualNetworkRule) -> tuple[State, str] | None:
        """What an agents' subnet lacks that should get in and does not, as far as that is known."""
        if rule not in self.desired.asked:
            if not self.is_now and self.desired.way.waits and network_of(subnet) in self.desired.way.after:
                return State.WAITING, "its private endpoint has to be approved"
            return State.MISSING, "finds no private address"
        if not self.is_now or rule not in self.goal.rules or self.before.gate is Gate.PERIMETER:
            return None
        if rule in self.before.rules and rule not in self.before.bare:
            return None
        return State.MISSING, self._perhaps("no service endpoint" if rule in self.before.rules else "no rule")

    def _way_of(self, subnet: SubnetId, rule: VirtualNetworkRule, whose: str, privately: bool) -> str:
        """Whose subnet it is, and how it gets in where that is not by a rule that was there."""
        if privately:
            return f"{whose}, at a private address"
        if subnet in self.desired.endpoints and not self.is_now:
            return f"{whose}, with a new service endpoint"
        if rule not in self.desired.asked and self.after.admits(rule):
            return f"{whose}, by its rule, and finds no private address"
        return whose if self.after.admits(rule) else self._perhaps(whose)

    def _perhaps(self, text: str) -> str:
        """The text, and that nobody looked who comes by the private endpoints that are there."""
        is_there = any(each.approval is Approval.APPROVED for each in self.vault.connections)
        return f"{text}; may come by a private endpoint" if is_there and not self.desired.way.is_asked else text

    def _connections(self) -> Iterator[Entry]:
        """The private endpoints that the vault knows. One that waits for its owner leads nowhere yet, others never."""
        leaving = frozenset() if self.is_now else self.desired.way.leaving
        for each in sorted(self.vault.connections, key=lambda one: one.endpoint.key):
            states = {Approval.APPROVED: State.IN, Approval.PENDING: State.WAITING}
            state = states.get(each.approval, State.OUT)
            if each.endpoint.key in leaving:
                state = State.REMOVED if state is State.IN else State.DROPPED
            yield Entry(each.endpoint.name, state, each.approval.value)

    def _coming(self) -> Iterator[Entry]:
        made = (each for each in self.desired.way.additions if isinstance(each, NewEndpoint))
        state = State.MISSING if self.is_now else State.ADDED
        yield from (Entry(each.id.name, state, f"in {each.subnet.short}") for each in made)

    def _rules(self) -> Iterator[Caller]:
        """The rules that are not there for Azure DevOps or the agents, and the declared ranges that lack one."""
        found: dict[Party, list[Entry]] = {}
        wanted = (rule for rule, reason in self.desired.asked.items() if reason.standing is Standing.DECLARED)
        rules = {*self.before.rules, *self.after.rules, *(each for each in wanted if isinstance(each, IpRule))}
        for rule in sorted(rules, key=lambda each: (not isinstance(each, IpRule), each.key)):
            reason = self.desired.reasons.get(rule) or self.desired.asked[rule]
            party = _PARTIES.get(reason.standing)
            if party and not (isinstance(rule, VirtualNetworkRule) and as_subnet(rule.subnet) in self.desired.agents):
                if isinstance(rule, IpRule) and rule.network and rule.network.prefixlen < BROADEST:
                    party = Party.BROAD
                found.setdefault(party, []).extend(self._rule(rule, reason))
        yield from (self._caller(party, entries) for party, entries in found.items())

    def _rule(self, rule: Rule, reason: Reason) -> Iterator[Entry]:
        was, will = _has(self.before, rule, reason), _has(self.after, rule, reason)
        before, after = self.before.admits(rule), self.after.admits(rule)
        state = _state(before, after, was, will)
        if state is State.IN and self.after.gate is Gate.OPEN:
            state = State.ANYWAY if will else State.UNNAMED
        elif state is None and self.is_now and _has(self.goal, rule, reason):
            state = State.MISSING
        if state:
            is_read = isinstance(rule, VirtualNetworkRule) or rule.network is not None
            texts = (reason.text if is_read else "cannot be read", _how(state, before, after, was, will))
            yield Entry(_short(rule), state, "; ".join(filter(None, texts)))

    def _frame(self) -> Iterator[Caller]:
        """Who gets in, or does not, though no rule names anybody."""
        if self.after.firewall.rule_set.bypass is Bypass.AZURE_SERVICES and self.after.gate is not Gate.PERIMETER:
            entry = Entry("bypass AzureServices", State.IN, "Azure DevOps is none of them")
            yield self._caller(Party.TRUSTED_SERVICES, (entry,))
        is_closed = self.after.gate is Gate.CLOSED  # then a perimeter that learns lets in whom its own rules name
        perimeters = {
            Perimeter.ENFORCED: f"it decides; {_NOT_OURS}",
            Perimeter.LEARNING: f"{'it alone decides' if is_closed else 'rules count too'}; {_NOT_OURS}",
            Perimeter.UNKNOWN: "could not be read; under one, rules may do nothing",
        }
        perimeter = Perimeter.ENFORCED if is_enforced(self.vault) else self.vault.perimeter
        if perimeter in perimeters:
            yield self._caller(Party.PERIMETER, (Entry(perimeter.value, State.UNKNOWN, perimeters[perimeter]),))
        yield self._caller(Party.EVERYBODY, (self._everybody(),))

    def _everybody(self) -> Entry:
        was, will = self.before.admits_everybody, self.after.admits_everybody
        if will:
            is_open = self.after.gate is Gate.OPEN
            text = "default action Allow: rules do nothing" if is_open else "the rules together leave nobody out"
            return Entry("every network", State.IN if was else State.ADDED, text)
        if self.after.gate is Gate.PERIMETER:
            return Entry("every other network", State.UNKNOWN, f"the perimeter decides; {_NOT_OURS}")
        is_closed = self.after.gate is Gate.CLOSED
        text = "public access is Disabled: rules do nothing" if is_closed else "default action Deny"
        return Entry("every other network", State.REMOVED if was else State.OUT, text)


def _state(before: bool | None, after: bool | None, was: bool, will: bool) -> State | None:
    """How somebody stands who got in `before` and does `after`, and had and has a rule; `None` where neither holds."""
    if after:
        return State.IN if before else State.ADDED
    if before or (after is None and before is not None):
        return State.REMOVED
    if after is not None:
        return State.ADDED if before is None else State.PARTLY
    return {(True, True): State.IDLE, (False, True): State.WRITTEN, (True, False): State.DROPPED}.get((was, will))


def _has(moment: Moment, rule: Rule, reason: Reason) -> bool:
    """Whether the rule is there; what is declared may have others in its place."""
    network = rule.network if reason.standing is Standing.DECLARED and isinstance(rule, IpRule) else None
    return rule in moment.rules or (network is not None and bool(moment.meant.holds(network)))


def _how(state: State, before: bool | None, after: bool | None, was: bool, will: bool) -> str:
    """What a state leaves unsaid: that the rule changes and the access does not, or that it changes in part only."""
    if state is State.ADDED and before is False:
        return "a part of it got in before"
    if state is State.ADDED and after is False:
        return "a part of it"
    if state is State.REMOVED and after is False:
        return "a part of it still gets in"
    if state is State.REMOVED and before is False:
        return "only a part of it got in"
    if before and after and was is not will:
        return "by a new rule" if will else "by other rules than before"
    return ""


def _place(caller: Caller) -> tuple[int, str, str]:
    """By party; Azure DevOps by geography and region."""
    region = caller.region
    geography = region.geography.name if region and region.geography else ""
    return _PARTY_ORDER[caller.party], geography, region.name if region else ""


def _short(rule: Rule) -> str:
    subnet = as_subnet(rule.subnet) if isinstance(rule, VirtualNetworkRule) else None
    return subnet.short if subnet else str(rule)


class Coverage:
    """Addresses that are let in, looked up in no time: a fleet has many vaults, and each many ranges to look for."""

    def __init__(self, networks: Iterable[IPv4Network]) -> None:
        merged: list[tuple[int, int]] = []
        for each in collapse_addresses(networks):
            first, last = int(each.network_address), int(each.broadcast_address)
            if merged and merged[-1][1] + 1 == first:
                merged[-1] = (merged[-1][0], last)
            else:
                merged.append((first, last))
        self._firsts = [first for first, _ in merged]
        self._lasts = [last for _, last in merged]

    def holds(self, network: IPv4Network) -> bool | None:
        """Whether every address of `network` is among them; `False` where only some are, `None` where none is."""
        first, last = int(network.network_address), int(network.broadcast_address)
        at = bisect_right(self._firsts, last) - 1  # the last stretch that begins before it ends
        if at < 0 or self._lasts[at] < first:
            return None
        return self._firsts[at] <= first and last <= self._lasts[at]

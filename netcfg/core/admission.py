"""Who gets in to a vault, who should and does not, and whom a plan lets in or shuts out: the facts of a picture."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, collapse_addresses

from netcfg.core.approval import Approval
from netcfg.core.desired import Desired, Reason, covering, is_enforced
from netcfg.core.geography import Region
from netcfg.core.guards import Circumstances
from netcfg.core.plan import Plan
from netcfg.core.private import NewEndpoint, PieceKind, network_of
from netcfg.core.resources import SubnetId, Vault, as_subnet
from netcfg.core.rules import Bypass, Firewall, IpRule, Perimeter, PublicAccess, Rule, VirtualNetworkRule
from netcfg.core.standing import Standing


class Party(Enum):
    """Whose way in it is, in the order of being shown; the last is everybody whom nothing names."""

    AZURE_DEVOPS = "Azure DevOps"
    AGENTS = "agents' subnets"
    PRIVATE_ENDPOINT = "private endpoints"
    DECLARED = "declared rules"
    TRUSTED_SERVICES = "trusted Azure services"
    EXPIRED = "expired rules"
    RETIRED = "retired ranges"
    ELSEWHERE = "ranges of elsewhere"
    FOREIGN = "foreign rules"
    PERIMETER = "network security perimeter"
    EVERYBODY = "everybody else"


class State(Enum):
    """How one of them stands."""

    IN = "in"
    PARTLY = "partly"  # some of its addresses get in
    MISSING = "missing"  # should get in, and does not
    ADDED = "added"
    REMOVED = "removed"
    IDLE = "idle"  # a rule names it, and does nothing
    WAITING = "waiting"  # for the owner of the vault
    OUT = "out"  # and nobody wants it in


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
    """A party, or what of it comes from one region, with everything that belongs to it: always something."""

    party: Party
    entries: tuple[Entry, ...]
    region: Region | None = None

    def names(self, state: State) -> tuple[str, ...]:
        return tuple(each.name for each in self.entries if each.state is state)

    @property
    def states(self) -> tuple[State, ...]:
        """Every state that there is among its entries, each once."""
        found = {each.state for each in self.entries}
        return tuple(each for each in _STATES if each in found)


def callers_now(seen: Circumstances) -> tuple[Caller, ...]:
    """Who gets in as the vault is, and who should and does not."""
    before, vault = seen.before, seen.vault
    here = State.IN if _heeds_rules(before, vault) else State.IDLE
    rules = _reasoned(before.rule_set.rules, seen.desired)

    def others(rule: Rule) -> State:
        return State.IDLE if isinstance(rule, VirtualNetworkRule) and as_subnet(rule.subnet) in seen.gone else here

    return _in_order(
        (
            *_regions_now(seen, here),
            Caller(Party.AGENTS, tuple(_agents_now(seen, here))),
            Caller(Party.PRIVATE_ENDPOINT, (*_connections(vault, frozenset()), *_coming(seen.desired, State.MISSING))),
            Caller(Party.DECLARED, (*_declared(rules, lambda _: here), *_undeclared(seen))),
            *_frame(before, before, vault),
            *_others(rules, others, frozenset(seen.intent.subnets)),
        )
    )


def callers_planned(plan: Plan) -> tuple[Caller, ...]:
    """Who gets in by this plan: who stays, whom it lets in, and whom it shuts out."""
    before, after = set(plan.before.rule_set.rules), set(plan.after.rule_set.rules)
    here = State.IN if _heeds_rules(plan.after, plan.vault) else State.IDLE

    def state(rule: Rule) -> State:
        return State.REMOVED if rule not in after else here if rule in before else State.ADDED

    rules = _reasoned(before | after, plan.desired)
    leaving = frozenset(each.id.key for each in plan.desired.way.removals if each.kind is PieceKind.ENDPOINT)
    endpoints = (*_connections(plan.vault, leaving), *_coming(plan.desired, State.ADDED))
    return _in_order(
        (
            *_regions_planned(rules, state),
            Caller(Party.AGENTS, tuple(_agents_planned(rules, state, frozenset(plan.desired.endpoints)))),
            Caller(Party.PRIVATE_ENDPOINT, endpoints),
            Caller(Party.DECLARED, tuple(_declared(rules, state))),
            *_frame(plan.before, plan.after, plan.vault),
            *_others(rules, state, frozenset()),
        )
    )


Reasoned = list[tuple[Rule, Reason]]
Judge = Callable[[Rule], State]


def _reasoned(rules: Iterable[Rule], desired: Desired) -> Reasoned:
    """The rules, each once and in order, with what each is to us."""
    ordered = sorted(set(rules), key=lambda rule: (not isinstance(rule, IpRule), rule.key))
    return [(rule, desired.reasons[rule]) for rule in ordered]


def _in_order(callers: Iterable[Caller]) -> tuple[Caller, ...]:
    """By party, those without an entry left out; Azure DevOps by geography and region."""

    def place(caller: Caller) -> tuple[int, str, str]:
        region = caller.region
        geography = region.geography.name if region and region.geography else ""
        return _PARTY_ORDER[caller.party], geography, region.name if region else ""

    return tuple(sorted((each for each in callers if each.entries), key=place))


def _heeds_rules(firewall: Firewall, vault: Vault) -> bool:
    """Whether rules decide who gets in. Where everybody does, or nobody, they are stored and do nothing."""
    enabled = firewall.public_access is PublicAccess.ENABLED
    return enabled and not firewall.is_open and not is_enforced(vault)


def _wants_rules(seen: Circumstances) -> bool:
    return not is_enforced(seen.vault) and seen.intent.public_access is not PublicAccess.DISABLED


def _regions_now(seen: Circumstances, here: State) -> Iterator[Caller]:
    """Every published range that is wanted, by region, and whether the rules cover it."""
    there = Coverage(covering(seen.before.rule_set.rules))
    lacking = {None: State.MISSING, False: State.PARTLY, True: here}
    regions: dict[Region, list[Entry]] = {}
    for each in seen.resolution.wanted:
        state = lacking[there.holds(each.network)]
        if state is here or _wants_rules(seen):
            regions.setdefault(each.region, []).append(Entry(str(each.network), state))
    yield from (Caller(Party.AZURE_DEVOPS, tuple(entries), region) for region, entries in regions.items())


def _regions_planned(rules: Reasoned, state: Judge) -> Iterator[Caller]:
    regions: dict[Region | None, list[Entry]] = {}
    for rule, reason in rules:
        if reason.standing is Standing.PUBLISHED:
            regions.setdefault(reason.region, []).append(Entry(str(rule), state(rule), reason.text))
    yield from (Caller(Party.AZURE_DEVOPS, tuple(entries), region) for region, entries in regions.items())


def _agents_now(seen: Circumstances, here: State) -> Iterator[Entry]:
    for subnet in seen.intent.subnets:
        pools = ", ".join(seen.intent.pools_of(subnet))
        if seen.intent.is_private:
            finds = network_of(subnet) in seen.desired.way.before
            yield Entry(subnet.short, *((State.IN, pools) if finds else (State.MISSING, "finds no private address")))
        elif VirtualNetworkRule(subnet.text) not in seen.before.rule_set.virtual_network_rules:
            yield from [Entry(subnet.short, State.MISSING, "no rule")] if _wants_rules(seen) else []
        elif subnet in seen.desired.endpoints:
            yield Entry(subnet.short, State.MISSING, "no service endpoint")
        else:
            yield Entry(subnet.short, here, pools)


def _agents_planned(rules: Reasoned, state: Judge, endpoints: frozenset[SubnetId]) -> Iterator[Entry]:
    for rule, reason in rules:
        if isinstance(rule, VirtualNetworkRule) and reason.standing is Standing.DECLARED:
            is_new = as_subnet(rule.subnet) in endpoints
            text = f"{reason.text}, with a new service endpoint" if is_new else reason.text
            yield Entry(_short(rule), State.ADDED if is_new else state(rule), text)


def _connections(vault: Vault, leaving: frozenset[str]) -> Iterator[Entry]:
    """The private endpoints that the vault knows. One that waits for its owner leads nowhere yet, others never will."""
    for each in sorted(vault.connections, key=lambda one: one.endpoint.key):
        states = {Approval.APPROVED: State.IN, Approval.PENDING: State.WAITING}
        state = State.REMOVED if each.endpoint.key in leaving else states.get(each.approval, State.OUT)
        yield Entry(each.endpoint.name, state, each.approval.value)


def _coming(desired: Desired, state: State) -> Iterator[Entry]:
    made = (each for each in desired.way.additions if isinstance(each, NewEndpoint))
    yield from (Entry(each.id.name, state, f"in {each.subnet.short}") for each in made)


def _declared(rules: Reasoned, state: Judge) -> Iterator[Entry]:
    for rule, reason in rules:
        if isinstance(rule, IpRule) and reason.standing is Standing.DECLARED:
            yield Entry(str(rule), state(rule), reason.text)


def _undeclared(seen: Circumstances) -> Iterator[Entry]:
    """What was declared and is not there."""
    new = set(seen.after.rule_set.ip_rules) - set(seen.before.rule_set.ip_rules)
    return _declared(_reasoned(new, seen.desired), lambda _: State.MISSING)


def _frame(before: Firewall, after: Firewall, vault: Vault) -> Iterator[Caller]:
    """Who gets in, or does not, though no rule names anybody."""
    if after.rule_set.bypass is Bypass.AZURE_SERVICES and not is_enforced(vault):
        yield Caller(Party.TRUSTED_SERVICES, (Entry("bypass AzureServices", State.IN, "Azure DevOps is none of them"),))
    perimeters = {
        Perimeter.ENFORCED: "rules do nothing",
        Perimeter.LEARNING: "rules still decide",
        Perimeter.UNKNOWN: "could not be read",
    }
    perimeter = Perimeter.ENFORCED if is_enforced(vault) else vault.perimeter
    if perimeter in perimeters:
        yield Caller(Party.PERIMETER, (Entry(perimeter.value, State.OUT, perimeters[perimeter]),))
    yield Caller(Party.EVERYBODY, (_everybody(before, after, vault),))


def _everybody(before: Firewall, after: Firewall, vault: Vault) -> Entry:
    was, will = before.is_open and not is_enforced(vault), after.is_open and not is_enforced(vault)
    if will:
        return Entry("every network", State.IN if was else State.ADDED, "default action Allow: rules do nothing")
    if is_enforced(vault):
        return Entry("every other network", State.OUT, "the perimeter decides")
    enabled = after.public_access is PublicAccess.ENABLED
    text = "default action Deny" if enabled else "public access is Disabled: rules do nothing"
    return Entry("every other network", State.REMOVED if was else State.OUT, text)


_PARTIES: Mapping[Standing, Party] = {
    Standing.EXPIRED: Party.EXPIRED,
    Standing.RETIRED: Party.RETIRED,
    Standing.ELSEWHERE: Party.ELSEWHERE,
    Standing.FOREIGN: Party.FOREIGN,
}


def _others(rules: Reasoned, state: Judge, agents: frozenset[SubnetId]) -> Iterator[Caller]:
    """The rules that neither Azure DevOps nor anything declared explains."""
    found: dict[Party, list[Entry]] = {}
    for rule, reason in rules:
        party = _PARTIES.get(reason.standing)
        if party is None or (isinstance(rule, VirtualNetworkRule) and as_subnet(rule.subnet) in agents):
            continue
        is_read = isinstance(rule, VirtualNetworkRule) or rule.network is not None
        admits = state(rule) if is_read or state(rule) is State.REMOVED else State.IDLE
        text = reason.text if is_read else "cannot be read"
        found.setdefault(party, []).append(Entry(_short(rule), admits, text))
    yield from (Caller(party, tuple(entries)) for party, entries in found.items())


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

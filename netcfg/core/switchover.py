"""What a service endpoint does to others: from then on its subnet's machines reach every vault from private addresses.

Vaults that admit them by the public address under which they leave today stop doing so
(https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoints-overview, "Limitations").
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface, IPv4Network

from netcfg.core.resources import SubnetId, Vault, VaultId
from netcfg.core.rules import DefaultAction, IpRule, Perimeter, PublicAccess, Rule, VirtualNetworkRule
from netcfg.core.words import listed


@dataclass(frozen=True)
class Exit:
    """The public addresses under which machines of a subnet reach vaults while it has no service endpoint.

    `unknown` says, in words, why there may be others; without it the networks are all there are. `appliance` is where
    the subnet's route table sends them instead, and which the routes of a service endpoint would bypass.
    """

    subnet: SubnetId
    networks: tuple[IPv4Network, ...] = ()
    unknown: tuple[str, ...] = ()
    appliance: str | None = None


@dataclass(frozen=True)
class Hold:
    """How a network security perimeter holds a vault, and whom its access rules admit there.

    `networks` are the public addresses that they name; with `has_others` they may admit by something else too.
    """

    vault: VaultId
    perimeter: Perimeter
    networks: tuple[IPv4Network, ...] = ()
    has_others: bool = False


@dataclass(frozen=True)
class Survey:
    """What was seen before an endpoint is enabled: the exits of its subnets, and the vaults that could be affected.

    `unreadable` are the subscriptions whose vaults could not all be seen, by name or id; `illegible` the names of
    vaults that were seen and whose firewall this version does not understand. `holds` say of vaults that a perimeter
    may hold how one does; `chosen` are the vaults that the run is about.
    """

    exits: tuple[Exit, ...] = ()
    vaults: tuple[Vault, ...] = ()
    unreadable: tuple[str, ...] = ()
    illegible: tuple[str, ...] = ()
    holds: tuple[Hold, ...] = ()
    chosen: frozenset[VaultId] = frozenset()

    def exit_of(self, subnet: SubnetId) -> Exit:
        """The exit of a subnet; one that nobody looked at is unknown."""
        never = Exit(subnet, unknown=("nobody looked at it",))
        return next((each for each in self.exits if each.subnet == subnet), never)

    def among(self, chosen: frozenset[VaultId]) -> Survey:
        """The same, in a run that is about the vaults that are `chosen`."""
        return replace(self, chosen=chosen)

    def without(self, chosen: Container[object]) -> Survey:
        """The same, without the vaults whose id is among `chosen`: those get the rule for the subnet."""
        return replace(self, vaults=tuple(each for each in self.vaults if each.id not in chosen))

    def hold_on(self, vault: Vault) -> Hold:
        """How a perimeter holds a vault; what nobody looked at is as the vault itself says."""
        return next((each for each in self.holds if each.vault == vault.id), Hold(vault.id, vault.perimeter))


NOTHING_SEEN = Survey()


@dataclass(frozen=True)
class Stranded:
    """A vault that would cut off the machines of a subnet, and the rules by which it admits them today.

    `by_perimeter` are those of its perimeter; without `heeds_rules` a rule for the subnet would not help.
    """

    vault: Vault
    rules: tuple[IpRule, ...]
    by_perimeter: tuple[IPv4Network, ...] = ()
    heeds_rules: bool = True

    def __str__(self) -> str:
        rules = (*map(str, self.rules), *(f"{each} of its perimeter" for each in self.by_perimeter))
        return f"{self.vault.name} ({', '.join(rules)})"


def stranded(survey: Survey, subnet: SubnetId) -> tuple[Stranded, ...]:
    """The vaults that admit this subnet's machines by a public address, and by nothing that would go on working."""
    networks = survey.exit_of(subnet).networks
    found = []
    for vault in survey.vaults:
        hold = survey.hold_on(vault)
        heeds_rules = _heeds_rules(vault, hold)
        if not _lets_in(vault, subnet, hold):
            rules = _admitting(vault, networks) if heeds_rules else ()
            admitted = tuple(each for each in hold.networks if any(map(each.overlaps, networks)))
            found.append(Stranded(vault, rules, admitted, heeds_rules))
    cut_off = (each for each in found if each.rules or each.by_perimeter)
    return tuple(sorted(cut_off, key=lambda each: (each.vault.name, each.vault.id.text)))


def undecided(survey: Survey, subnet: SubnetId) -> tuple[str, ...]:
    """The names of the vaults of which a perimeter, or perhaps one, decides whether they cut off this subnet."""
    if not survey.exit_of(subnet).networks:
        return ()
    known = {each.vault.id for each in stranded(survey, subnet)}
    found = set()
    for vault in survey.vaults:
        hold = survey.hold_on(vault)
        is_unknown = hold.perimeter is Perimeter.UNKNOWN
        if vault.id not in known and (is_unknown or (hold.has_others and not _lets_in(vault, subnet, hold))):
            found.add(vault.name)
    return tuple(sorted(found))


def useless(rules: Iterable[Rule], subnet: Exit) -> tuple[IpRule, ...]:
    """The rules that admit nobody but who leaves by the exit of this subnet, and will not use it any more."""
    addresses = [each for each in rules if isinstance(each, IpRule) and each.network]
    return tuple(sorted({each for each in addresses if each.network and _is_within(each.network, subnet.networks)}))


def consequences(survey: Survey, subnets: Sequence[SubnetId]) -> tuple[str, ...]:
    """In words, what the switch does to others and what of that cannot be known; nothing when nobody is affected."""
    exits = [survey.exit_of(each) for each in subnets]
    cut_off = {subnet: found for subnet in subnets if (found := stranded(survey, subnet))}
    return (
        *(_cut_off(subnet, found) for subnet, found in cut_off.items()),
        *_remedies((each for found in cut_off.values() for each in found), survey.chosen),
        *(_unknown(each) for each in exits if each.unknown),
        # Who leaves by no public address at all is admitted by none, whatever those vaults hold.
        *(_unseen(survey) if any(each.networks or each.unknown for each in exits) else ()),
        *_undecided({name for each in subnets for name in undecided(survey, each)}),
        *_bypassed(exits),
    )


def _cut_off(subnet: SubnetId, found: Sequence[Stranded]) -> str:
    vaults = ", ".join(map(str, found))
    if len(found) == 1:
        return f"{vaults} admits {subnet.short} by public address only and would cut it off"
    return f"{vaults} admit {subnet.short} by public address only and would cut it off"


def _remedies(found: Iterable[Stranded], chosen: Container[VaultId]) -> Iterator[str]:
    """What to do about them: a rule for the subnet helps where rules are asked, and nowhere else."""
    helped: dict[bool, set[str]] = {True: set(), False: set()}
    elsewhere: set[str] = set()
    for each in found:
        helped[each.heeds_rules].add(each.vault.name)
        elsewhere |= {each.vault.name} if each.vault.id in chosen else set()
    if listed := sorted(helped[True] - elsewhere):
        yield f"name {' '.join(listed)} in this run too, and {_get(listed)} before the switch"
    if listed := sorted(helped[True] & elsewhere):
        give = "is in this run: give it" if len(listed) == 1 else "are in this run: give them"
        yield f"{', '.join(listed)} {give} the subnet too, and {_get(listed)} before the switch"
    if held := ", ".join(sorted(helped[False])):
        yield (
            f"a rule for the subnet does nothing in {held}, where a network security perimeter decides: give these "
            "agents a private endpoint there first"
        )


def _get(vaults: Sequence[str]) -> str:
    return "it gets its rule" if len(vaults) == 1 else "they get their rules"


def _unknown(subnet: Exit) -> str:
    reasons = ", and ".join(subnet.unknown)
    return f"which other vaults admit {subnet.subnet.short} by public address is not known, because {reasons}"


def _unseen(survey: Survey) -> list[str]:
    subscriptions, vaults = ", ".join(survey.unreadable), ", ".join(survey.illegible)
    return [
        *([f"there may be such vaults in {subscriptions}, where not all can be seen"] if subscriptions else []),
        *([f"whether {vaults} would cut them off is not known, as that firewall is not understood"] if vaults else []),
    ]


def _undecided(names: Iterable[str]) -> list[str]:
    found = sorted(names)
    doubt = f"whether {listed(found)} would cut them off is not known, as a network security perimeter may decide there"
    return [doubt] if found else []


def _bypassed(exits: Iterable[Exit]) -> Iterator[str]:
    behind: dict[str, list[str]] = {}
    for each in exits:
        if each.appliance:
            behind.setdefault(each.appliance, []).append(each.subnet.short)
    for appliance, subnets in behind.items():
        yield f"the endpoint's routes bypass the appliance at {appliance} for {', '.join(subnets)}"


def _heeds_rules(vault: Vault, hold: Hold) -> bool:
    """Whether the vault's own rules are asked, as far as that is known; a perimeter that learns only adds to them."""
    return vault.firewall.public_access is PublicAccess.ENABLED and hold.perimeter is not Perimeter.ENFORCED


def _lets_in(vault: Vault, subnet: SubnetId, hold: Hold) -> bool:
    """Whether the subnet gets in by what goes on working: everybody does, or it has a rule of its own."""
    rules = vault.firewall.rule_set
    is_listed = VirtualNetworkRule(subnet.text) in rules.virtual_network_rules
    return _heeds_rules(vault, hold) and (is_listed or rules.default_action is not DefaultAction.DENY)


def _admitting(vault: Vault, networks: Iterable[IPv4Network]) -> tuple[IpRule, ...]:
    exits = tuple(networks)
    rules = set(vault.firewall.rule_set.ip_rules)
    return tuple(sorted(each for each in rules if (network := _reach(each)) and any(map(network.overlaps, exits))))


def _reach(rule: IpRule) -> IPv4Network | None:
    """Whom a rule may admit. One with host bits has no network that we count on, but Azure may take it for one."""
    if rule.network:
        return rule.network
    try:
        return IPv4Interface(rule.value.strip()).network
    except ValueError:
        return None


def _is_within(network: IPv4Network, exits: Iterable[IPv4Network]) -> bool:
    return any(network.subnet_of(each) for each in exits)

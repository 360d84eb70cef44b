"""What a service endpoint does to others: from then on its subnet's machines reach every vault from private addresses.

Vaults that admit them by the public address under which they leave today stop doing so
(https://learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoints-overview, "Limitations").
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface, IPv4Network

from netcfg.core.resources import SubnetId, Vault
from netcfg.core.rules import DefaultAction, IpRule, Perimeter, PublicAccess, Rule, VirtualNetworkRule


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
class Survey:
    """What was seen before an endpoint is enabled: the exits of its subnets, and the vaults that could be affected.

    `unreadable` are the subscriptions whose vaults could not all be seen, by name or id; `illegible` the names of
    vaults that were seen and whose firewall this version does not understand.
    """

    exits: tuple[Exit, ...] = ()
    vaults: tuple[Vault, ...] = ()
    unreadable: tuple[str, ...] = ()
    illegible: tuple[str, ...] = ()

    def exit_of(self, subnet: SubnetId) -> Exit:
        """The exit of a subnet; one that nobody looked at is unknown."""
        never = Exit(subnet, unknown=("nobody looked at it",))
        return next((each for each in self.exits if each.subnet == subnet), never)

    def without(self, chosen: Container[object]) -> Survey:
        """The same, without the vaults whose id is among `chosen`: those get the rule for the subnet."""
        return replace(self, vaults=tuple(each for each in self.vaults if each.id not in chosen))


NOTHING_SEEN = Survey()


@dataclass(frozen=True)
class Stranded:
    """A vault that would cut off the machines of a subnet, and the rules by which it admits them today."""

    vault: Vault
    rules: tuple[IpRule, ...]


def stranded(survey: Survey, subnet: SubnetId) -> tuple[Stranded, ...]:
    """The vaults that admit this subnet's machines by a public address, and by nothing that would go on working."""
    networks = survey.exit_of(subnet).networks
    found = (Stranded(vault, _admitting(vault, networks)) for vault in survey.vaults if not _lets_in(vault, subnet))
    return tuple(sorted((each for each in found if each.rules), key=lambda each: (each.vault.name, each.vault.id.text)))


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
        *([_together({each.vault.name for found in cut_off.values() for each in found})] if cut_off else []),
        *(_unknown(each) for each in exits if each.unknown),
        # Who leaves by no public address at all is admitted by none, whatever those vaults hold.
        *(_unseen(survey) if any(each.networks or each.unknown for each in exits) else ()),
        *(_bypassed(each) for each in exits if each.appliance),
    )


def _cut_off(subnet: SubnetId, found: Sequence[Stranded]) -> str:
    vaults = ", ".join(f"{each.vault.name} ({', '.join(map(str, each.rules))})" for each in found)
    if len(found) == 1:
        return f"{vaults} admits {subnet.short} by public address only and would cut it off"
    return f"{vaults} admit {subnet.short} by public address only and would cut it off"


def _together(names: Iterable[str]) -> str:
    listed = sorted(names)
    get = "it gets its rule" if len(listed) == 1 else "they get their rules"
    return f"name {' '.join(listed)} in this run too, and {get} before the switch"


def _unknown(subnet: Exit) -> str:
    reasons = ", and ".join(subnet.unknown)
    return f"which other vaults admit {subnet.subnet.short} by public address is not known, because {reasons}"


def _unseen(survey: Survey) -> list[str]:
    subscriptions, vaults = ", ".join(survey.unreadable), ", ".join(survey.illegible)
    return [
        *([f"there may be such vaults in {subscriptions}, where not all can be seen"] if subscriptions else []),
        *([f"whether {vaults} would is not known, as that firewall is not understood"] if vaults else []),
    ]


def _bypassed(subnet: Exit) -> str:
    return f"the endpoint's routes bypass the appliance at {subnet.appliance}"


def _lets_in(vault: Vault, subnet: SubnetId) -> bool:
    """Whether the switch changes nothing: everybody gets in, or nobody by a rule, or this subnet by its own."""
    firewall = vault.firewall
    by_rules = firewall.public_access is PublicAccess.ENABLED and vault.perimeter is not Perimeter.ENFORCED
    denies = firewall.rule_set.default_action is DefaultAction.DENY
    return not by_rules or not denies or VirtualNetworkRule(subnet.text) in firewall.rule_set.virtual_network_rules


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

"""Route tables: which way the traffic of a subnet takes to vaults while it has no service endpoint.

Routes of one's own are asked before those that gateways bring and those of Azure, and the longest prefix wins
(https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses, ip_network

from netcfg.core.wire import Json, an_object, objects
from netcfg.core.words import listed

_EVERYWHERE = IPv4Network("0.0.0.0/0")
# No vault has an address in these, so a route to them says nothing.
_PRIVATE = [
    IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
]
_VAULTS = "azurekeyvault"
_TAGS = frozenset({_VAULTS, "azurecloud", "internet"})  # whatever region follows the name
_LONGEST_DEFAULT = 7  # ranges of the tags begin at /8, so a route of the tag wins against any that is shorter


@dataclass(frozen=True)
class Way:
    """Where a subnet's traffic to vaults goes. `is_public` if some of it goes to the internet as Azure sends it there.

    `diversions` say what else becomes of it, `appliance` through which address.
    """

    is_public: bool = True
    diversions: tuple[str, ...] = ()
    appliance: str | None = None
    hears_gateways: bool = True  # whether routes that a gateway learns by BGP are added


@dataclass(frozen=True)
class _Route:
    """A route that vaults may be behind. Without `network` its prefix is a service tag."""

    prefix: str
    network: IPv4Network | None
    hop: str
    appliance: str

    @property
    def is_public(self) -> bool:
        return self.hop.lower() == "internet"

    @property
    def is_for_all_vaults(self) -> bool:
        return self.prefix.lower() == _VAULTS

    @property
    def is_default(self) -> bool:
        return self.network is not None and self.network.prefixlen <= _LONGEST_DEFAULT

    @property
    def diversion(self) -> str | None:
        """Where it leads, unless that is the internet, or nowhere: from there nobody reaches a vault."""
        match self.hop.lower():
            case "internet" | "none":
                return None
            case "virtualappliance" | "virtualapplianceecmp":
                return f"the appliance at {self.appliance or 'an address that is not shown'}"
            case "virtualnetworkgateway":
                return "the virtual network gateway"
            case _:
                return self.hop or "a place that is not shown"


def follow(table: Json, name: str) -> Way:
    """The way that traffic to vaults takes by the properties of the route table `name`.

    Which addresses vaults have is not known here, so every route counts that leads to public addresses.
    """
    subject = f"route table {name}"
    found = (_parse(each, subject) for each in objects(table.get("routes"), subject))
    routes = [each for each in found if each]
    if any(each.is_for_all_vaults and each.is_public for each in routes):
        routes = [each for each in routes if not each.is_default]
    covered = list(collapse_addresses(each.network for each in routes if each.network)) == [_EVERYWHERE]
    diverted: dict[str, list[str]] = {}
    for each in routes:
        if each.diversion:
            diverted.setdefault(each.diversion, []).append(each.prefix)
    appliances = dict.fromkeys(each.appliance for each in routes if each.diversion and each.appliance)
    return Way(
        not covered or any(each.is_public for each in routes),
        tuple(f"its route table {name} sends {listed(prefixes, 3)} to {to}" for to, prefixes in diverted.items()),
        ", ".join(appliances) or None,
        hears_gateways=table.get("disableBgpRoutePropagation") is not True,
    )


def _parse(route: Json, subject: str) -> _Route | None:
    """A route, if vaults may be behind it."""
    properties = an_object(route.get("properties"), subject)
    prefix = str(properties.get("addressPrefix") or "")
    hop, appliance = str(properties.get("nextHopType") or ""), _appliances(properties, subject)
    try:
        network = ip_network(prefix, strict=False)
    except ValueError:
        is_meant = prefix.partition(".")[0].lower() in _TAGS
        return _Route(prefix, None, hop, appliance) if is_meant else None
    if not isinstance(network, IPv4Network) or _is_private(network):
        return None  # Key Vault has no IPv6 addresses
    return _Route(prefix, network, hop, appliance)


def _appliances(properties: Json, subject: str) -> str:
    """One address, or several that share the traffic."""
    hop = properties.get("nextHop")
    several = an_object(hop, subject).get("nextHopIpAddresses") if hop else None
    addresses: Iterable[object] = several if isinstance(several, list) else [properties.get("nextHopIpAddress")]
    return ", ".join(str(each) for each in addresses if each)


def _is_private(network: IPv4Network) -> bool:
    return any(network.subnet_of(each) for each in _PRIVATE)

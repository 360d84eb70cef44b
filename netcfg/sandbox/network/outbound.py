"""The way out of a subnet: by which public address what its machines send arrives at a vault.

Of several ways the first of these is taken: a route of the subnet's own, a NAT gateway, the machine's own public
address, a load balancer, and default outbound access (https://learn.microsoft.com/azure/nat-gateway/nat-overview).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Dropped
from netcfg.sandbox.ids import Document

_TAGS = {"azurekeyvault": 24, "azurecloud": 16, "internet": 0}  # service tags that vaults are in, and how closely


def leave(state: Document, subnet: Document, towards: str) -> str:
    """The public address from which a machine of `subnet` reaches `towards`; where no way leads out, it never does."""
    route = _route(state, subnet, IPv4Address(towards))
    if route is not None and route["nextHopType"].lower() != "internet":
        return _beyond(state, route)
    if nat := _first(_of_nat_gateway(state, subnet)):
        return nat
    mine = interface(state, subnet) or {}
    if own := _first(_public(state, [mine.get("publicIPAddress")])):
        return own
    if mine.get("loadBalancerBackendAddressPools"):
        return _first(_of_balancers(state, mine)) or _nowhere()
    if subnet["properties"].get("defaultOutboundAccess") is False:
        return _nowhere()
    return str(state["machine"]["address"])


def interface(state: Document, subnet: Document) -> Document | None:
    """The properties of the first IPv4 configuration that the world has in the subnet: this machine's."""
    for each in state["resources"]:
        if each["type"].lower() == "microsoft.network/networkinterfaces":
            for configuration in each["properties"].get("ipConfigurations", []):
                properties: Document = configuration["properties"]
                is_here = _id(properties.get("subnet")) == subnet["id"].lower()
                if is_here and properties.get("privateIPAddressVersion", "IPv4") == "IPv4":
                    return properties
    return None


def _nowhere() -> str:
    raise Dropped


def _route(state: Document, subnet: Document, towards: IPv4Address) -> Document | None:
    """The properties of the route that fits most closely."""
    table = _resource(state, subnet["properties"].get("routeTable")) or {"properties": {}}
    routes: list[Document] = [each["properties"] for each in table["properties"].get("routes", [])]
    closest = max(routes, key=lambda each: _fit(each, towards), default=None)
    return closest if closest and _fit(closest, towards) >= 0 else None


def _fit(route: Document, towards: IPv4Address) -> int:
    """How many bits of the address the route's prefix fixes; -1 where it leads elsewhere."""
    prefix = str(route.get("addressPrefix", ""))
    try:
        network = IPv4Network(prefix, strict=False)
    except ValueError:  # a service tag, or IPv6
        return _TAGS.get(prefix.partition(".")[0].lower(), -1)
    return network.prefixlen if towards in network else -1


def _beyond(state: Document, route: Document) -> str:
    """Where an appliance sends it on, as the world says; whatever else a route leads to is not the internet."""
    several = (route.get("nextHop") or {}).get("nextHopIpAddresses", [])
    hops = [route.get("nextHopIpAddress"), *several]
    known: Document = state.get("appliances", {})
    return _first(str(known[hop]) for hop in hops if hop in known) or _nowhere()


def _of_nat_gateway(state: Document, subnet: Document) -> Iterator[str]:
    """The addresses of the subnet's own gateway, or of one for its whole network; its prefixes after its addresses."""
    network = ids.network_key(subnet["id"])
    shown = state["virtualNetworks"].get(network, {}).get("properties", {})
    of_network = (each for each in state["resources"] if _id(each["properties"].get("sourceVirtualNetwork")) == network)
    gateway: Document = (
        _resource(state, subnet["properties"].get("natGateway"))
        or _resource(state, shown.get("defaultPublicNatGateway"))
        or next(of_network, {"properties": {}})
    )
    for name in ("publicIpAddresses", "publicIpPrefixes"):
        yield from _public(state, gateway["properties"].get(name, []))


def _of_balancers(state: Document, configuration: Document) -> Iterator[str]:
    """What the outbound rules of the machine's pools name, or, where nobody wrote any, every public front."""
    pools = {_id(each) for each in configuration["loadBalancerBackendAddressPools"]}
    for each in state["resources"]:
        properties = each["properties"]
        if pools.isdisjoint(_id(pool) for pool in properties.get("backendAddressPools", [])):
            continue
        rules = [rule["properties"] for rule in properties.get("outboundRules", [])]
        named = {
            _id(front)
            for rule in rules
            if _id(rule.get("backendAddressPool")) in pools
            for front in rule.get("frontendIPConfigurations", [])
        }
        for front in properties.get("frontendIPConfigurations", []):
            if not rules or _id(front) in named:
                shown = front["properties"]
                yield from _public(state, [shown.get("publicIPAddress"), shown.get("publicIPPrefix")])


def _public(state: Document, references: Iterable[Any]) -> Iterator[str]:
    """The IPv4 addresses of public addresses, and the first one of each prefix."""
    for each in references:
        properties = (_resource(state, each) or {"properties": {}})["properties"]
        if properties.get("publicIPAddressVersion", "IPv4") != "IPv4":
            continue
        if properties.get("ipAddress"):
            yield str(properties["ipAddress"])
        elif properties.get("ipPrefix"):
            yield str(IPv4Network(properties["ipPrefix"])[0])


def _resource(state: Document, reference: Any) -> Document | None:
    wanted = _id(reference)
    return next((each for each in state["resources"] if wanted and each["id"].lower() == wanted), None)


def _id(reference: Any) -> str:
    return str((reference or {}).get("id", "")).lower()


def _first(addresses: Iterable[str]) -> str | None:
    return next(iter(addresses), None)

"""Exits: by which public addresses the machines of a subnet leave, from what Resource Graph shows of its surroundings.

Of several ways out Azure takes the first of these: a route of one's own or of a gateway, a NAT gateway, a machine's own
public address, a load balancer, and where all are missing default outbound access
(https://learn.microsoft.com/azure/nat-gateway/nat-overview and
https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netcfg.azure import graph
from netcfg.azure.arm import ResourceManager
from netcfg.azure.exits import interfaces, routes
from netcfg.azure.exits.addresses import Found, Seen, address, last_part, reference, references, together
from netcfg.azure.exits.routes import Way
from netcfg.core.resources import SubnetId
from netcfg.core.switchover import Exit
from netcfg.core.wire import Json, an_object, objects

# What Azure calls the subnets of those who speak BGP.
_GATEWAYS = frozenset({"gatewaysubnet", "routeserversubnet"})


def look(arm: ResourceManager, subnets: Iterable[SubnetId]) -> Seen:
    """What decides the exits of these subnets, in three questions: networks, what is at them, and its addresses."""
    wanted = list(subnets)
    seen = _networks(arm, sorted({each.network_id for each in wanted}))
    found = [properties for each in wanted if (properties := _subnet(each, seen))]
    seen |= _ask(arm, {id for each in found for id in _beside(each)} | set(_nat_gateways(wanted, seen)))
    seen |= _ask(arm, {id for each in seen.values() for id in _behind_it(each)} - set(seen))
    return seen


def exit_of(subnet: SubnetId, seen: Seen) -> Exit:
    """By which public addresses machines of `subnet` leave today. What is not seen is never taken for nothing."""
    properties = _subnet(subnet, seen)
    if properties is None:
        return Exit(subnet, unknown=("its virtual network cannot be seen",))
    way = _way(properties, seen)
    doubts = [*way.diversions]
    if way.hears_gateways and _has_gateway(seen[subnet.network_id]):
        doubts.append("a gateway or route server may bring routes into its virtual network")
    found = _leave(subnet, properties, seen) if way.is_public else Found()
    return Exit(subnet, tuple(sorted(found.networks)), (*doubts, *found.unknown), way.appliance)


def _networks(arm: ResourceManager, ids: list[str]) -> dict[str, Json]:
    """The virtual networks of these ids, and the NAT gateways that serve one of them as a whole."""
    seen: dict[str, Json] = {}
    for start in range(0, len(ids), graph.PAGE):
        listed = graph.listed(ids[start : start + graph.PAGE])
        whole = (
            f"(type =~ 'microsoft.network/natgateways' and tostring(properties.sourceVirtualNetwork.id) in~ ({listed}))"
        )
        seen |= {id: an_object(each, id) for id, each in _rows(arm, f"id in~ ({listed}) or {whole}")}
    return seen


def _ask(arm: ResourceManager, wanted: set[str]) -> dict[str, Json]:
    """What Resource Graph shows of the resources of these ids; nothing is asked when there are none.

    One that it lists without properties is not seen: it is named where it is missed.
    """
    ids = sorted(wanted)
    seen: dict[str, Json] = {}
    for start in range(0, len(ids), graph.PAGE):
        found = _rows(arm, f"id in~ ({graph.listed(ids[start : start + graph.PAGE])})")
        seen |= {id: each for id, each in found if isinstance(each, dict)}
    return seen


def _rows(arm: ResourceManager, condition: str) -> Iterator[tuple[str, object]]:
    query = f"resources | where {condition} | project id, properties | order by id asc"
    for each in graph.rows(arm, query):
        yield str(each.get("id")).lower(), each.get("properties")


def _subnet(subnet: SubnetId, seen: Seen) -> Json | None:
    """The properties of a subnet, among those of its network."""
    subject = f"virtual network {subnet.network}"
    for each in objects(seen.get(subnet.network_id, {}).get("subnets"), subject):
        if str(each.get("name")).lower() == subnet.name:
            return an_object(each.get("properties"), subject)
    return None


def _beside(subnet: Json) -> Iterator[str]:
    """The ids of the route table, NAT gateway and interfaces of a subnet."""
    for name in ("routeTable", "natGateway"):
        if id := reference(subnet, name):
            yield id
    for configuration in interfaces.configurations(subnet):
        if id := interfaces.interface_of(configuration):
            yield id


def _behind_it(resource: Json) -> Iterator[str]:
    """The ids of the public addresses of a NAT gateway or interface, and of the interface's machine."""
    yield from _addresses(resource)
    yield from interfaces.needed(resource)


def _nat_gateways(subnets: Iterable[SubnetId], seen: Seen) -> Iterator[str]:
    for each in subnets:
        if id := _nat_of_network(each, seen):
            yield id


def _nat_of_network(subnet: SubnetId, seen: Seen) -> str | None:
    """The NAT gateway that serves a whole network: every subnet of it that has none of its own."""
    known = reference(seen.get(subnet.network_id, {}), "defaultPublicNatGateway")
    ours = (id for id, each in seen.items() if reference(each, "sourceVirtualNetwork") == subnet.network_id)
    return known or next(ours, None)


def _way(subnet: Json, seen: Seen) -> Way:
    id = reference(subnet, "routeTable")
    if id is None:
        return Way()
    name = last_part(id)
    return routes.follow(seen[id], name) if id in seen else Way(diversions=(f"its route table {name} cannot be seen",))


def _has_gateway(network: Json) -> bool:
    """Whether somebody may bring routes into the network: its own gateway or route server, or a peer's."""
    named = objects(network.get("subnets"), "a virtual network")
    peerings = objects(network.get("virtualNetworkPeerings"), "a virtual network")
    return any(str(each.get("name")).lower() in _GATEWAYS for each in named) or any(
        an_object(each.get("properties"), "a peering").get("useRemoteGateways") is True for each in peerings
    )


def _leave(subnet: SubnetId, properties: Json, seen: Seen) -> Found:
    nat = reference(properties, "natGateway") or _nat_of_network(subnet, seen)
    if nat is None:
        return interfaces.leave(subnet, properties, seen)
    if nat not in seen:
        return Found(unknown=(f"its NAT gateway {last_part(nat)} cannot be seen",))
    if not _addresses(seen[nat]):
        return Found(unknown=(f"its NAT gateway {last_part(nat)} has no public address yet",))
    return together(address(each, seen) for each in _addresses(seen[nat]))


def _addresses(nat: Json) -> list[str]:
    return [*references(nat, "publicIpAddresses"), *references(nat, "publicIpPrefixes")]

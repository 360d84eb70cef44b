"""Azure's answers about networks, private endpoints and private DNS, as values of the core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network

from netcfg.azure.private.pieces import is_ours
from netcfg.core.approval import PieceId
from netcfg.core.errors import AzureAnswer
from netcfg.core.private import Endpoint, Link, Network, Peer, Record, ZoneGroup
from netcfg.core.resources import parse_subnet
from netcfg.core.wire import Json, an_object, objects


def parse_network(found: Json, asked: PieceId, subject: str) -> Network:
    """The network in Azure's answer, under the id that was asked for, written as Azure writes it."""
    properties = an_object(found.get("properties"), subject)
    options = an_object(properties.get("dhcpOptions") or {}, subject)
    subnets = objects(properties.get("subnets"), subject)
    id = as_written(found, asked)
    return Network(
        id=id,
        location=str(found.get("location") or ""),
        prefixes=_prefixes(properties.get("addressSpace"), subject),
        dns_servers=tuple(map(str, options.get("dnsServers") or ())),
        peers=tuple(_peers(objects(properties.get("virtualNetworkPeerings"), subject), subject)),
        subnets=frozenset(parse_subnet(f"{id}/subnets/{each.get('name')}") for each in subnets),
        endpoints=frozenset(_endpoint_ids(subnets, subject)),
    )


def _peers(peerings: Iterable[Json], subject: str) -> Iterator[Peer]:
    """The networks to which traffic passes: one half of a peering alone, or one that forbids it, leads nowhere."""
    for each in peerings:
        properties = an_object(each.get("properties"), subject)
        remote = an_object(properties.get("remoteVirtualNetwork") or {}, subject).get("id")
        is_connected = str(properties.get("peeringState")).lower() == "connected"
        if remote and is_connected and properties.get("allowVirtualNetworkAccess") is not False:
            now = properties.get("remoteVirtualNetworkAddressSpace") or properties.get("remoteAddressSpace")
            yield Peer(parse_id(remote, subject), _prefixes(now, subject))


def _endpoint_ids(subnets: Iterable[Json], subject: str) -> Iterator[PieceId]:
    for subnet in subnets:
        properties = an_object(subnet.get("properties"), subject)
        for each in objects(properties.get("privateEndpoints"), subject):
            yield PieceId(str(each.get("id")))


def _prefixes(space: object, subject: str) -> tuple[IPv4Network, ...]:
    """The IPv4 prefixes of an address space; one that cannot be read reaches nothing that we know."""
    found = []
    for text in an_object(space or {}, subject).get("addressPrefixes") or ():
        try:
            found.append(IPv4Network(str(text)))
        except ValueError:
            continue  # IPv6, which private endpoints of vaults do not have
    return tuple(found)


def parse_endpoint(found: Json, asked: PieceId, groups: Sequence[Json], subject: str) -> Endpoint:
    """The endpoint in Azure's answer; one that leads to something else than a vault has that as its vault."""
    properties = an_object(found.get("properties"), subject)
    lists = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
    connections = [each for one in lists for each in objects(properties.get(one), subject)]
    target = an_object(connections[0].get("properties"), subject).get("privateLinkServiceId") if connections else ""
    subnet = an_object(properties.get("subnet"), subject).get("id")
    if not isinstance(subnet, str):
        raise AzureAnswer(subject, "no subnet")
    configs = objects(properties.get("customDnsConfigs"), subject)
    return Endpoint(
        id=as_written(found, asked),
        vault=PieceId(str(target)),
        subnet=parse_subnet(subnet),
        zone_group=_zone_group(groups, subject),
        addresses=_addresses([one for each in configs for one in each.get("ipAddresses") or ()], subject),
        is_ours=is_ours(found),
    )


def _zone_group(groups: Sequence[Json], subject: str) -> ZoneGroup | None:
    if not groups:
        return None
    properties = an_object(groups[0].get("properties"), subject)
    configs = objects(properties.get("privateDnsZoneConfigs"), subject)
    zones = (an_object(each.get("properties"), subject).get("privateDnsZoneId") for each in configs)
    return ZoneGroup(parse_id(groups[0].get("id"), subject), tuple(parse_id(each, subject) for each in zones if each))


def parse_link(found: Json, subject: str) -> Link:
    properties = an_object(found.get("properties"), subject)
    network = an_object(properties.get("virtualNetwork"), subject).get("id")
    redirects = str(properties.get("resolutionPolicy")).lower() == "nxdomainredirect"
    return Link(parse_id(found.get("id"), subject), parse_id(network, subject), redirects, is_ours(found))


def parse_id(found: object, subject: str) -> PieceId:
    """An id that will be asked for; whatever else stands in its place is no answer."""
    id = PieceId(str(found))
    if not id.is_resource:
        raise AzureAnswer(subject, f"{found!r} where the id of a resource was expected")
    return id


def parse_record(found: Json, subject: str) -> Record:
    properties = an_object(found.get("properties"), subject)
    addresses = [each.get("ipv4Address") for each in objects(properties.get("aRecords"), subject)]
    return Record(str(found.get("name")), _addresses(addresses, subject))


def _addresses(texts: Iterable[object], subject: str) -> tuple[IPv4Address, ...]:
    try:
        return tuple(IPv4Address(str(each)) for each in texts)
    except ValueError as error:
        raise AzureAnswer(subject, f"{error} where an address was expected") from error


def as_written(found: Json, asked: PieceId) -> PieceId:
    """The id as Azure writes it: what we make beside it then looks the same."""
    text = found.get("id")
    return PieceId(text) if isinstance(text, str) and text.lower() == asked.key else asked

"""Networks, private endpoints and zones: small worlds for tests, at random or by hand, and what pieces do to them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from hypothesis import strategies as st

from netcfg.core.approval import Approval, Connection, PieceId
from netcfg.core.private import (
    Endpoint,
    Landscape,
    Link,
    Network,
    NewEndpoint,
    NewLink,
    NewPiece,
    NewRecord,
    NewZone,
    OldPiece,
    Peer,
    PieceKind,
    Record,
    Zone,
    ZoneGroup,
)
from netcfg.core.resources import SubnetId, Vault, parse_subnet
from tests.strategies import VAULT_ID

ZONE = "privatelink.vaultcore.azure.net"
ROOT = "/subscriptions/0000/resourceGroups"
NAMES = ("hub", "spoke", "lonely")
VAULT = PieceId(VAULT_ID.text)
OTHERS = ("kv-one", "kv-two")


def network_id(name: str) -> PieceId:
    return PieceId(f"{ROOT}/rg/providers/Microsoft.Network/virtualNetworks/{name}")


def subnet_of(network: str, name: str = "endpoints") -> SubnetId:
    return parse_subnet(f"{network_id(network)}/subnets/{name}")


def zone_id(group: str = "rg") -> PieceId:
    return PieceId(f"{ROOT}/{group}/providers/Microsoft.Network/privateDnsZones/{ZONE}")


def endpoint_id(name: str) -> PieceId:
    return PieceId(f"{ROOT}/rg/providers/Microsoft.Network/privateEndpoints/{name}")


def network(name: str, *peers: str, dns: tuple[str, ...] = (), endpoints: frozenset[PieceId] = frozenset()) -> Network:
    """A network whose peerings show the addresses on their other side; it has the subnets `endpoints` and `agents`."""
    return Network(
        network_id(name),
        "westeurope",
        (prefix_of(name),),
        dns,
        tuple(Peer(network_id(each), (prefix_of(each),)) for each in peers),
        frozenset({subnet_of(name), subnet_of(name, "agents")}),
        endpoints,
    )


def prefix_of(name: str) -> IPv4Network:
    return IPv4Network(f"10.{60 + NAMES.index(name)}.0.0/16")


def address_in(name: str) -> IPv4Address:
    return prefix_of(name).network_address + 4


def endpoint(name: str, where: str, *zones: PieceId, is_ours: bool = False) -> Endpoint:
    id = endpoint_id(name)
    group = ZoneGroup(id.child("privateDnsZoneGroups", "somebodys"), zones) if zones else None
    addresses = () if zones else (address_in(where),)
    return Endpoint(id, VAULT, subnet_of(where), group, addresses, is_ours)


def link(zone: PieceId, where: str, name: str = "", *, redirects: bool = False, is_ours: bool = False) -> Link:
    return Link(zone.child("virtualNetworkLinks", name or f"to-{where}"), network_id(where), redirects, is_ours)


def connection(id: PieceId, approval: Approval) -> Connection:
    return Connection(VAULT.child("privateEndpointConnections", id.name), id, approval)


@st.composite
def landscapes(draw: st.DrawFn, *, shares_zones: bool = False) -> tuple[Landscape, tuple[Connection, ...]]:
    """A landscape in which Azure's own rules hold, and the connections of the vault.

    A network asks one zone of the name at most; a zone group's record is there while its endpoint is approved.
    Where two endpoints of the vault may share a zone, the last one has the record.
    """
    ids = [zone_id(group) for group in draw(st.lists(st.sampled_from(["rg", "rg-dns"]), unique=True))]
    zones = {id: Zone(id, records=draw(_others), is_ours=draw(st.booleans())) for id in ids}
    for name in NAMES:
        asked = draw(st.sampled_from([None, *ids]))
        if asked:
            new = link(asked, name, redirects=draw(st.booleans()), is_ours=draw(st.booleans()))
            zones[asked] = replace(zones[asked], links=(*zones[asked].links, new))
    endpoints: list[Endpoint] = []
    connections: list[Connection] = []
    free = list(ids)
    for name in draw(st.lists(st.sampled_from(["pe-kv-test-hub", "theirs"]), unique=True)):
        where = draw(st.sampled_from(NAMES))
        kept = draw(st.sampled_from([None, *free]))  # two of one vault in one zone overwrite each other's record
        found = endpoint(name, where, *([kept] if kept else []), is_ours=draw(st.booleans()))
        approval = draw(st.sampled_from([Approval.APPROVED, Approval.PENDING, Approval.REJECTED]))
        endpoints.append(found)
        connections.append(connection(found.id, approval))
        if kept:
            free = free if shares_zones else [each for each in free if each != kept]
            zones[kept] = _recorded(zones[kept], where) if approval is Approval.APPROVED else zones[kept]
    peers = {"hub": ("spoke",), "spoke": ("hub",), "lonely": ()}
    networks = tuple(
        network(name, *peers[name], dns=draw(st.sampled_from([(), (), ("10.0.0.4",)])), endpoints=_in(name, endpoints))
        for name in NAMES
    )
    hideable = frozenset(draw(st.lists(st.sampled_from(OTHERS))))
    seen = Landscape(ZONE, networks, tuple(endpoints), tuple(zones.values()), hideable, (), frozenset({"kv-test"}))
    return seen, tuple(connections)


_others = st.lists(st.sampled_from(OTHERS), unique=True).map(
    lambda names: tuple(Record(name, (address_in("hub") + 7,)) for name in names)
)


def _in(name: str, endpoints: list[Endpoint]) -> frozenset[PieceId]:
    return frozenset(each.id for each in endpoints if each.subnet == subnet_of(name))


def _recorded(zone: Zone, where: str, vault: str = "kv-test") -> Zone:
    kept = tuple(each for each in zone.records or () if each.name != vault)
    return replace(zone, records=(*kept, Record(vault, (address_in(where),))))


def follow(
    seen: Landscape, vault: Vault, piece: NewPiece | OldPiece, *, approves: bool = True
) -> tuple[Landscape, Vault]:
    """What Azure makes of a piece that is made or removed; a record is there only while its endpoint is approved."""
    match piece:
        case NewEndpoint():
            made = Endpoint(piece.id, PieceId(piece.vault.text), piece.subnet, None, (_address(piece.subnet),), True)
            state = Approval.APPROVED if approves else Approval.PENDING
            known = Connection(made.vault.child("privateEndpointConnections", "new"), piece.id, state)
            return (
                replace(seen, endpoints=(*seen.endpoints, made)),
                replace(vault, connections=(*vault.connections, known)),
            )
        case NewZone():
            return replace(seen, zones=(*seen.zones, Zone(piece.id, records=(), is_ours=True))), vault
        case NewRecord():
            return _with_record(seen, vault, piece), vault
        case NewLink():
            assert seen.zone_of(piece.network) is None, "Azure refuses that"
            made_link = Link(piece.id, piece.network, is_ours=True)
            return _zone_changed(
                seen, piece.id.parent, lambda zone: replace(zone, links=(*zone.links, made_link))
            ), vault
        case OldPiece():
            return _without(seen, vault, piece)


def _address(subnet: SubnetId) -> IPv4Address:
    return address_in(subnet.network)


def _with_record(seen: Landscape, vault: Vault, piece: NewRecord) -> Landscape:
    found = seen.endpoint(piece.id.parent)
    assert found is not None
    zones = tuple(dict.fromkeys((*(found.zone_group.zones if found.zone_group else ()), piece.zone)))
    grown = replace(found, zone_group=ZoneGroup(piece.id, zones), addresses=())
    others = tuple(each for each in seen.endpoints if each.id != found.id)
    approved = any(each.endpoint == found.id and each.approval is Approval.APPROVED for each in vault.connections)
    seen = replace(seen, endpoints=(*others, grown))
    where = found.subnet.network
    return _zone_changed(seen, piece.zone, lambda zone: _recorded(zone, where, piece.name) if approved else zone)


def recorded(seen: Landscape, found: Endpoint, zone: PieceId) -> Landscape:
    """The same, with the record of the endpoint's vault in the zone."""
    return _zone_changed(seen, zone, lambda each: _recorded(each, found.subnet.network, found.vault.name))


def _zone_changed(seen: Landscape, id: PieceId, change) -> Landscape:
    assert seen.zone(id) is not None
    return replace(seen, zones=tuple(change(each) if each.id == id else each for each in seen.zones))


def _without(seen: Landscape, vault: Vault, piece: OldPiece) -> tuple[Landscape, Vault]:
    match piece.kind:
        case PieceKind.LINK:
            links = lambda zone: tuple(each for each in zone.links if each.id != piece.id)  # noqa: E731
            return replace(seen, zones=tuple(replace(each, links=links(each)) for each in seen.zones)), vault
        case PieceKind.ZONE:
            zone = seen.zone(piece.id)
            assert zone is not None
            assert not zone.links, "Azure refuses that"
            return replace(seen, zones=tuple(each for each in seen.zones if each.id != piece.id)), vault
        case PieceKind.RECORD:
            found = seen.endpoint(piece.id.parent)
            if found is None or found.zone_group is None:
                return seen, vault  # its endpoint took it along
            others = tuple(each for each in seen.endpoints if each.id != found.id)
            left = replace(_without_records(seen, found, vault), endpoints=(*others, replace(found, zone_group=None)))
            return left, vault
        case PieceKind.ENDPOINT:
            found = seen.endpoint(piece.id)
            seen = _without_records(seen, found, vault) if found else seen
            known = tuple(each for each in vault.connections if each.endpoint != piece.id)
            kept = tuple(each for each in seen.endpoints if each.id != piece.id)
            return replace(seen, endpoints=kept), replace(vault, connections=known)


def _without_records(seen: Landscape, found: Endpoint, vault: Vault) -> Landscape:
    """The zones without the records that the endpoint's zone group kept."""
    zones = found.zone_group.zones if found.zone_group else ()

    def without(zone: Zone) -> Zone:
        return replace(zone, records=tuple(each for each in zone.records or () if each.name != vault.name))

    return replace(seen, zones=tuple(without(each) if each.id in zones else each for each in seen.zones))


def resolves(seen: Landscape, vault: Vault, where: PieceId) -> str:
    """What a machine of a network learns about the vault: `public`, `private`, or that it is `hidden`."""
    found = seen.network(where)
    assert found is not None
    zone = seen.zone_of(where)
    approved = any(each.approval is Approval.APPROVED for each in vault.connections)
    if zone is None or found.dns_servers or not approved:
        return "public"  # without an approved endpoint the public DNS sends nobody to the zone
    asked = zone.link_of(where)
    if zone.record_of(vault.name):
        return "private"
    return "public" if asked and asked.redirects else "hidden"

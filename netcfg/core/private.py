"""Private endpoints and the private DNS that leads to them: what is there, and the pieces that can be added or go.

A vault that has a private endpoint is known to the public DNS by a second name, in a `privatelink` zone. From a network
that is linked to a private zone of that name, the record there decides; without one the vault has no address at all
(https://learn.microsoft.com/azure/private-link/private-endpoint-dns).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address, IPv4Network

from netcfg.core.approval import PieceId
from netcfg.core.resources import SubnetId, VaultId
from netcfg.core.shell import join

ENDPOINT_LIMIT = 64  # for one vault
ZONE_LIMIT = 5  # for one zone group

TAG = ("managed-by", "netcfg")  # what we made carries it, so that it can be told from what others made

_ENDPOINT = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/privateEndpoints/[^/]+/?", re.IGNORECASE
)


def as_private_endpoint(text: str) -> PieceId | None:
    """The private endpoint whose resource id `text` is, else `None`."""
    id = PieceId(text)
    return id if id.is_resource and _ENDPOINT.fullmatch(text) else None


@dataclass(frozen=True)
class ZoneGroup:
    """The list of zones in which Azure keeps the records of an endpoint. An endpoint has one at most."""

    id: PieceId
    zones: tuple[PieceId, ...]


@dataclass(frozen=True)
class Endpoint:
    """A private endpoint for a vault. `addresses` are those that Azure shows; behind a zone group it shows none."""

    id: PieceId
    vault: PieceId
    subnet: SubnetId
    zone_group: ZoneGroup | None = None
    addresses: tuple[IPv4Address, ...] = ()
    is_ours: bool = False

    @property
    def name(self) -> str:
        return self.id.name

    def zone_named(self, name: str) -> PieceId | None:
        """The zone of that name in which its record is kept."""
        zones = self.zone_group.zones if self.zone_group else ()
        return next((each for each in zones if each.name.lower() == name), None)


@dataclass(frozen=True)
class Link:
    """A virtual network that asks a zone. With `redirects` the public DNS is asked where the zone has no record."""

    id: PieceId
    network: PieceId
    redirects: bool = False
    is_ours: bool = False


@dataclass(frozen=True)
class Record:
    """A name in a zone, which is a vault's, and the addresses that it has there."""

    name: str
    addresses: tuple[IPv4Address, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name.lower())
        object.__setattr__(self, "addresses", tuple(sorted(set(self.addresses))))


@dataclass(frozen=True)
class Zone:
    """A private DNS zone for vaults, with its links. `records` is `None` where nobody looked, or nobody may.

    `others` is how many record sets it has that are neither of addresses nor its own SOA, `None` where that is unknown.
    """

    id: PieceId
    links: tuple[Link, ...] = ()
    records: tuple[Record, ...] | None = None
    is_ours: bool = False
    others: int | None = 0

    def link_of(self, network: PieceId) -> Link | None:
        return next((each for each in self.links if each.network == network), None)

    def record_of(self, vault: str) -> Record | None:
        """The record of the vault of that name; nothing either where the records are not known."""
        return next((each for each in self.records or () if each.name == vault.lower()), None)

    def without(self, vault: str) -> Zone:
        """The same, without the record of the vault of that name."""
        others = None if self.records is None else tuple(each for each in self.records if each.name != vault.lower())
        return replace(self, records=others)


@dataclass(frozen=True)
class Peer:
    """A network on the other side of a peering that is connected, and the addresses that are reached through it."""

    network: PieceId
    prefixes: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True)
class Network:
    """A virtual network, as far as private endpoints are concerned.

    `dns_servers` are those that it asks instead of Azure's own. `endpoints` are all private endpoints that lie in it.
    """

    id: PieceId
    location: str
    prefixes: tuple[IPv4Network, ...] = ()
    dns_servers: tuple[str, ...] = ()
    peers: tuple[Peer, ...] = ()
    subnets: frozenset[SubnetId] = frozenset()
    endpoints: frozenset[PieceId] = frozenset()

    @property
    def name(self) -> str:
        return self.id.name

    def is_next_to(self, other: PieceId) -> bool:
        """Whether its machines reach the private addresses of `other`: it is the same one, or peered with it."""
        return other == self.id or any(each.network == other for each in self.peers)

    def reaches(self, address: IPv4Address) -> bool:
        """Whether `address` lies in the network itself or in one that is peered with it, as far as Azure shows."""
        prefixes = [*self.prefixes, *(each for peer in self.peers for each in peer.prefixes)]
        return any(address in each for each in prefixes)


@dataclass(frozen=True)
class Landscape:
    """Everything private that was seen around the vaults of a run.

    `zones` are all zones of the name `zone_name` that can be seen, with their links; `hideable` the names of all vaults
    with an approved private endpoint, which the public DNS sends to a zone of that name. `unreadable` are the
    subscriptions that could not be seen, by name or id: what is there is not known. `companions` are the names of the
    vaults of the run, which get their records together; `unread` the endpoints of theirs that could not be read.
    """

    zone_name: str
    networks: tuple[Network, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    zones: tuple[Zone, ...] = ()
    hideable: frozenset[str] = frozenset()
    unreadable: tuple[str, ...] = ()
    companions: frozenset[str] = frozenset()
    unread: frozenset[PieceId] = frozenset()

    def network(self, id: PieceId) -> Network | None:
        return next((each for each in self.networks if each.id == id), None)

    def zone(self, id: PieceId) -> Zone | None:
        return next((each for each in self.zones if each.id == id), None)

    def endpoint(self, id: PieceId) -> Endpoint | None:
        return next((each for each in self.endpoints if each.id == id), None)

    def zone_of(self, network: PieceId) -> Zone | None:
        """The zone that a network asks: Azure lets it ask one of a name only."""
        return next((each for each in self.zones if each.link_of(network)), None)


NOTHING_PRIVATE = Landscape("")


def network_of(subnet: SubnetId) -> PieceId:
    return PieceId(subnet.network_id)


def networks_of(subnets: Iterable[SubnetId]) -> tuple[PieceId, ...]:
    """The networks of `subnets`, each once, in the order of their ids."""
    found = {network.key: network for each in subnets for network in (network_of(each),)}
    return tuple(found[key] for key in sorted(found))


@dataclass(frozen=True)
class NewEndpoint:
    """A private endpoint to make for `vault`, in `subnet`, which lies in `location`."""

    id: PieceId
    vault: VaultId
    subnet: SubnetId
    location: str


@dataclass(frozen=True)
class NewZone:
    """A private DNS zone to make."""

    id: PieceId


@dataclass(frozen=True)
class NewRecord:
    """A zone group to make, to extend by `zone`, or to send again: Azure then keeps the record `name` there."""

    id: PieceId
    zone: PieceId
    name: str


@dataclass(frozen=True)
class NewLink:
    """A link to make, by which `network` asks the zone that the link lies in."""

    id: PieceId
    network: PieceId


NewPiece = NewEndpoint | NewZone | NewRecord | NewLink


@dataclass(frozen=True)
class OwnersApproval:
    """What is left to the vault's owner: to approve `connection`, by which the endpoint `id` leads to the vault."""

    id: PieceId
    connection: PieceId

    @property
    def command(self) -> str:
        return join(("az", "network", "private-endpoint-connection", "approve", "--id", str(self.connection)))


class PieceKind(Enum):
    """The kinds of pieces, in the order in which they are made: a link before the record would hide the vault."""

    ENDPOINT = "private-endpoint"
    ZONE = "private-dns-zone"
    RECORD = "private-dns-zone-group"
    LINK = "virtual-network-link"

    @property
    def noun(self) -> str:
        """What people call it."""
        nouns = {PieceKind.ENDPOINT: "private endpoint", PieceKind.ZONE: "zone", PieceKind.RECORD: "zone group"}
        return nouns.get(self, "link")


@dataclass(frozen=True)
class OldPiece:
    """A piece that goes."""

    kind: PieceKind
    id: PieceId


def kind_of(piece: NewPiece | OldPiece) -> PieceKind:
    if isinstance(piece, OldPiece):
        return piece.kind
    kinds: dict[type[NewPiece], PieceKind] = {
        NewEndpoint: PieceKind.ENDPOINT,
        NewZone: PieceKind.ZONE,
        NewRecord: PieceKind.RECORD,
        NewLink: PieceKind.LINK,
    }
    return kinds[type(piece)]

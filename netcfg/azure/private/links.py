"""What is private around vaults: the networks, their private endpoints, and the DNS zones that the networks ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import TypeVar

from netcfg.azure import graph, subscriptions
from netcfg.azure.arm import ResourceManager
from netcfg.azure.network import networks
from netcfg.azure.private.answers import as_written, parse_endpoint, parse_id, parse_link, parse_network, parse_record
from netcfg.azure.private.pieces import DNS_VERSION, ENDPOINT_VERSION, Pieces, is_ours
from netcfg.core.approval import Approval, PieceId
from netcfg.core.errors import NotInAzure, PermissionMissing
from netcfg.core.intent import Intent
from netcfg.core.private import (
    Endpoint,
    Landscape,
    Link,
    Network,
    NewPiece,
    OldPiece,
    Zone,
    as_private_endpoint,
    network_of,
)
from netcfg.core.resources import Vault
from netcfg.core.way import choose_zone, new_zone, served_networks, usable_endpoint
from netcfg.core.wire import Json, an_object, objects

READERS = 8
ZONE_TYPE = "microsoft.network/privatednszones"
LINK_TYPE = f"{ZONE_TYPE}/virtualnetworklinks"

_GRAPH = "Resource Graph"

Asked = TypeVar("Asked")
Found = TypeVar("Found")


class AzurePrivateLinks:
    """Private endpoints and private DNS as Azure shows them, in the cloud whose zone for vaults is `zone_name`."""

    def __init__(self, arm: ResourceManager, zone_name: str) -> None:
        self._arm = arm
        self._zone_name = zone_name
        self._pieces = Pieces(arm)
        self.forget()

    def forget(self) -> None:
        """Ask for everything again from now on.

        The index learns of a change too late for the looks of one step to differ, and its quota is small; but a person
        may take hours to agree to a plan.
        """
        self._zones = cache(self._ask_for_zones)
        self._hideable = cache(self._ask_for_hideable)
        self._unreadable = cache(self._ask_for_unreadable)

    def look(self, vaults: Sequence[Vault], intent: Intent) -> Landscape:
        """Everything that decides about the private way in to `vaults`.

        Resource Graph tells where zones and links are; what is decided by is then read from Resource Manager itself.
        """
        with ThreadPoolExecutor(READERS) as pool:
            zones = pool.submit(self._zones)
            hideable = pool.submit(self._hideable)
            blind = pool.submit(self._unreadable)
            named = [each for each in map(self._named_endpoint, intent.remove_endpoints) if each]
            homes = [network_of(each.subnet) for each in named]
            around = _knowing_each_other(_all(self._network, dict.fromkeys((*served_networks(intent), *homes))))
            ids = _endpoints_of(vaults, around, intent)
            endpoints = [*named, *filter(None, _all(self._endpoint, ids - {each.id for each in named}))]
            askers = self._askers(named, zones.result(), around) if intent.remove_endpoints else ()
            seen = Landscape(
                self._zone_name,
                networks=(*around, *askers),
                endpoints=tuple(sorted(endpoints, key=lambda each: each.id.key)),
                zones=zones.result(),
                hideable=hideable.result(),
                unreadable=blind.result(),
                companions=frozenset(each.name.lower() for each in vaults),
                unread=frozenset(ids - {each.id for each in endpoints}),
            )
        return self._with_records(seen, vaults, intent)

    def add(self, piece: NewPiece) -> bool:
        """Make the piece, and wait until Azure has; one that is there as it should be is left as it is.

        Whether it was certainly this call that made it.
        """
        return self._pieces.add(piece)

    def remove(self, piece: OldPiece) -> None:
        """Remove the piece, and wait until Azure has; nothing happens when it is gone."""
        self._pieces.remove(piece)

    def _with_records(self, seen: Landscape, vaults: Sequence[Vault], intent: Intent) -> Landscape:
        """The same with what the zones hold in which a record or a link may be missing, or of which some may go."""
        known = {each.id: each for each in seen.zones}
        wanted = {id: known.get(id) or Zone(id) for id in _zones_to_read(seen, vaults, intent)}
        read = _all(self._filled, wanted.values())
        filled = known | {each.id: each for each in read if each}
        return replace(seen, zones=tuple(sorted(filled.values(), key=lambda each: each.id.key)))

    # --- Resource Manager -----------------------------------------------------------------------------------------

    def _network(self, id: PieceId) -> Network:
        subject = f"virtual network {id}"
        found = self._arm.get(str(id), networks.VERSION, subject)
        return parse_network(found, id, subject)

    def _askers(
        self, leaving: Iterable[Endpoint], zones: Iterable[Zone], around: Collection[Network]
    ) -> tuple[Network, ...]:
        """The other networks whose machines may come by endpoints that are to go, as far as they may be read.

        They ask the zone, or are next to the endpoint's and may have DNS servers of their own.
        """

        def read(id: PieceId) -> Network | None:
            try:
                return self._network(id)
            except (NotInAzure, PermissionMissing):
                return None

        ending = list(leaving)
        kept = {zone for each in ending if (zone := each.zone_named(self._zone_name))}
        homes = {network_of(each.subnet) for each in ending}
        ids = {link.network for zone in zones if zone.id in kept for link in zone.links}
        ids |= {peer.network for each in around if each.id in homes for peer in each.peers}
        ids -= {each.id for each in around}
        return tuple(each for each in _all(read, sorted(ids, key=lambda id: id.key)) if each)

    def _named_endpoint(self, id: PieceId) -> Endpoint | None:
        """An endpoint that somebody named; what is gone is none, and what may not be read is an error."""
        try:
            return self._read_endpoint(id)
        except NotInAzure:
            return None

    def _endpoint(self, id: PieceId) -> Endpoint | None:
        """An endpoint that a vault names; others may have made it where we may not look."""
        try:
            return self._read_endpoint(id)
        except (NotInAzure, PermissionMissing):
            return None

    def _read_endpoint(self, id: PieceId) -> Endpoint:
        subject = f"private endpoint {id}"
        found = self._arm.get(str(id), ENDPOINT_VERSION, subject)
        groups = self._arm.items(f"{id}/privateDnsZoneGroups", ENDPOINT_VERSION, f"the zone groups of {id.name}")
        return parse_endpoint(found, id, list(groups), subject)

    def _filled(self, zone: Zone) -> Zone | None:
        """The zone with its links and records as they are now; `None` for one that is not there (any more)."""
        subject = f"zone {zone.id}"
        try:
            found = self._arm.get(str(zone.id), DNS_VERSION, subject)
            links = [
                parse_link(each, subject)
                for each in self._arm.items(f"{zone.id}/virtualNetworkLinks", DNS_VERSION, f"the links of {subject}")
            ]
            records = [
                parse_record(each, subject)
                for each in self._arm.items(f"{zone.id}/A", DNS_VERSION, f"the records of {subject}")
            ]
        except NotInAzure:
            return None
        except PermissionMissing:
            return replace(zone, records=None)
        others = _others(found, len(records), subject)
        return Zone(as_written(found, zone.id), tuple(links), tuple(records), is_ours(found), others)

    # --- Resource Graph -------------------------------------------------------------------------------------------

    def _ask_for_zones(self) -> tuple[Zone, ...]:
        """Every zone of the name that can be seen, with its links."""
        types = graph.listed((ZONE_TYPE, LINK_TYPE))
        where = f"type in~ ({types}) | where id contains '/privatednszones/{self._zone_name}'"
        query = f"resources | where {where} | project id, type, tags, properties | order by id asc"
        zones: dict[PieceId, Zone] = {}
        links: list[Link] = []
        for row in graph.rows(self._arm, query):
            if str(row.get("type")).lower() == LINK_TYPE:
                links.append(parse_link(row, _GRAPH))
            else:
                id = parse_id(row.get("id"), _GRAPH)
                zones[id] = Zone(id, is_ours=is_ours(row))
        for link in links:
            zone = zones.get(link.id.parent) or Zone(link.id.parent)
            zones[zone.id] = replace(zone, links=(*zone.links, link))
        return tuple(each for each in zones.values() if each.id.name.lower() == self._zone_name)

    def _ask_for_unreadable(self) -> tuple[str, ...]:
        """The subscriptions in which vaults, or zones, may be that are not seen."""
        vaults = subscriptions.without_all_vaults(self._arm)
        zones = subscriptions.without_all(self._arm, ZONE_TYPE, DNS_VERSION)
        return tuple(sorted({*vaults, *zones}))

    def _ask_for_hideable(self) -> frozenset[str]:
        """The names of the vaults with an approved private endpoint: the public DNS sends them to the zone."""
        vaults = "resources | where type =~ 'microsoft.keyvault/vaults'"
        columns = "id, connections = properties.privateEndpointConnections"
        return frozenset(
            PieceId(str(row.get("id"))).name.lower()
            for row in graph.rows(self._arm, f"{vaults} | project {columns} | order by id asc")
            if any(_approval(each) is Approval.APPROVED for each in objects(row.get("connections"), _GRAPH))
        )


def _others(zone: Json, addresses: int, subject: str) -> int | None:
    """How many record sets a zone has beside those of addresses and its own SOA; `None` where it does not say."""
    number = an_object(zone.get("properties"), subject).get("numberOfRecordSets")
    return number - 1 - addresses if isinstance(number, int) and number > addresses else None


def _all(read: Callable[[Asked], Found], asked: Iterable[Asked]) -> tuple[Found, ...]:
    """What `read` finds for each, some side by side."""
    wanted = list(asked)
    if not wanted:
        return ()
    with ThreadPoolExecutor(min(READERS, len(wanted))) as pool:
        return tuple(pool.map(read, wanted))


def _knowing_each_other(networks: Sequence[Network]) -> tuple[Network, ...]:
    """The same, where a peering that does not show the addresses on its other side has those of the network itself."""
    known = {each.id: each.prefixes for each in networks}
    return tuple(
        replace(
            network,
            peers=tuple(replace(each, prefixes=each.prefixes or known.get(each.network, ())) for each in network.peers),
        )
        for network in networks
    )


def _endpoints_of(vaults: Iterable[Vault], networks: Sequence[Network], intent: Intent) -> set[PieceId]:
    """The endpoints that have to be read.

    For a new way in, those of the vaults that lie in the endpoint's network, which lists them; before one is removed,
    all of its vault's, for another one may be left.
    """
    connected = {each.endpoint for vault in vaults for each in vault.connections}
    known = {each for each in connected if as_private_endpoint(str(each))}
    if intent.remove_endpoints:
        return known
    home = intent.private_endpoint and network_of(intent.private_endpoint)
    return known & {each for network in networks if network.id == home for each in network.endpoints}


def _zones_to_read(seen: Landscape, vaults: Sequence[Vault], intent: Intent) -> Collection[PieceId]:
    kept = [id for each in seen.endpoints if (id := each.zone_named(seen.zone_name))]
    if intent.private_endpoint is None:
        return dict.fromkeys((*kept, *(each.id for each in seen.zones if _is_asked(each, seen))))
    home = seen.network(network_of(intent.private_endpoint))
    if home is None:
        return ()
    chosen = []
    for vault in vaults:
        found = usable_endpoint(vault, intent.private_endpoint, seen)
        zone, _ = choose_zone(found, served_networks(intent), home.id, seen)
        chosen.append(zone.id if zone else new_zone(home, seen))  # the index may not know of it yet
    # With its first endpoint a vault is looked for in all zones that somebody asks.
    firsts = [each for each in vaults if not any(one.approval is Approval.APPROVED for one in each.connections)]
    others = [each.id for each in seen.zones if (each.links and firsts) or _is_asked(each, seen)]
    return dict.fromkeys((*chosen, *kept, *others))


def _is_asked(zone: Zone, seen: Landscape) -> bool:
    return any(zone.link_of(each.id) for each in seen.networks)


def _approval(connection: Json) -> Approval:
    properties = an_object(connection.get("properties"), _GRAPH)
    return Approval(an_object(properties.get("privateLinkServiceConnectionState") or {}, _GRAPH).get("status"))

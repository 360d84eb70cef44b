"""What goes with a private endpoint that goes: its record, and what we made for it and nobody needs any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from netcfg.core.errors import EndpointOfAnother
from netcfg.core.intent import Intent
from netcfg.core.private import Endpoint, Landscape, OldPiece, PieceKind, Zone
from netcfg.core.resources import Vault


def asked_to_go(vault: Vault, intent: Intent, seen: Landscape) -> list[Endpoint]:
    """The endpoints of this vault that are to go; one that leads to something else is none of ours to take.

    Those whose record is kept in a zone go last: without a record, any other one would hide the vault.
    """
    named = (seen.endpoint(each) for each in intent.remove_endpoints)
    found = [each for each in named if each and each.vault.key == vault.id.text.lower()]
    return sorted(found, key=lambda each: each.zone_named(seen.zone_name) is not None)


def check_owners(vault: Vault, intent: Intent, seen: Landscape) -> None:
    """An endpoint that leads to none of the run's vaults was named by mistake, so nothing of the run is meant."""
    known = seen.companions | {vault.name.lower()}
    for endpoint in _leaving(intent, seen):
        if endpoint.vault.name.lower() not in known:
            raise EndpointOfAnother(endpoint.name, str(endpoint.vault))


def not_ours(vault: Vault, intent: Intent, seen: Landscape) -> Iterable[str]:
    """A note for a vault of which nothing goes, about the endpoints of others that do."""
    if asked_to_go(vault, intent, seen):
        return
    for endpoint in _leaving(intent, seen):
        yield f"{endpoint.name} leads to {endpoint.vault.name}, so nothing is removed here"


def _leaving(intent: Intent, seen: Landscape) -> list[Endpoint]:
    """Every endpoint of the run that is to go, whichever vault it leads to."""
    return [found for each in intent.remove_endpoints if (found := seen.endpoint(each))]


def removals_of(vault: Vault, intent: Intent, seen: Landscape, *, keep_zones: bool) -> list[OldPiece]:
    """What goes with those endpoints, in an order in which no name leads nowhere for longer than it must."""
    found: list[OldPiece] = []
    for endpoint in asked_to_go(vault, intent, seen):
        zone = _own_zone(endpoint, seen)
        is_useless = zone is not None and not keep_zones and _goes(zone, endpoint, vault, intent, seen)
        links = (
            [OldPiece(PieceKind.LINK, each.id) for each in zone.links if each.is_ours] if zone and is_useless else []
        )
        found += links
        # Azure takes the zone group and its record along. Without its record an endpoint would hide the vault.
        found.append(OldPiece(PieceKind.ENDPOINT, endpoint.id))
        if endpoint.zone_group:
            found.append(OldPiece(PieceKind.RECORD, endpoint.zone_group.id))
        if zone and zone.is_ours and is_useless and {each.id for each in zone.links} <= {each.id for each in links}:
            found.append(OldPiece(PieceKind.ZONE, zone.id))
    return list(dict.fromkeys(found))


def _own_zone(endpoint: Endpoint, seen: Landscape) -> Zone | None:
    kept = endpoint.zone_named(seen.zone_name)
    return seen.zone(kept) if kept else None


def _goes(zone: Zone, endpoint: Endpoint, vault: Vault, intent: Intent, seen: Landscape) -> bool:
    return _is_last(endpoint, zone, intent, seen) and _is_useless(zone, vault, intent, seen)


def _is_last(endpoint: Endpoint, zone: Zone, intent: Intent, seen: Landscape) -> bool:
    """Whether the zone goes with this one of the run's vaults: the last of those whose records it keeps.

    Vaults are written in the order of their ids.
    """
    return endpoint.vault.key == max(each.vault.key for each in _of_zone(zone, intent, seen))


def _of_zone(zone: Zone, intent: Intent, seen: Landscape) -> list[Endpoint]:
    return [each for each in _leaving(intent, seen) if each.zone_named(seen.zone_name) == zone.id]


def _is_useless(zone: Zone, vault: Vault, intent: Intent, seen: Landscape) -> bool:
    """Whether nothing is in the zone but records that go in this run; what is not known is something."""
    leaving = {each.id for each in _leaving(intent, seen)}
    staying = [seen.endpoint(each.endpoint) for each in vault.connections if each.endpoint not in leaving]
    staying += [each for each in seen.endpoints if each.id not in leaving]
    if seen.unread - leaving or any(each is None or each.zone_named(seen.zone_name) == zone.id for each in staying):
        return False
    going = {each.vault.name.lower() for each in _of_zone(zone, intent, seen)}
    return zone.records is not None and zone.others == 0 and {each.name for each in zone.records} <= going


def staying(vault: Vault, intent: Intent, seen: Landscape, going: Collection[OldPiece]) -> Iterable[str]:
    """Zones that stay though the endpoint goes, and why."""
    gone = {each.id for each in going}
    for endpoint in asked_to_go(vault, intent, seen):
        kept = endpoint.zone_named(seen.zone_name)
        zone = seen.zone(kept) if kept else None
        if kept is None or kept in gone:
            continue
        if zone is None or zone.records is None or zone.others is None:
            yield f"the zone {kept} stays with its links: what else is in it could not be read"
        elif not _is_last(endpoint, zone, intent, seen) and _is_useless(zone, vault, intent, seen):
            yield f"the zone {kept} goes with the last of these vaults"
        elif not _is_useless(zone, vault, intent, seen):
            yield f"the zone {kept} stays with its links: it holds other records, or may be needed for them"
        elif not zone.is_ours:
            yield f"the zone {kept} stays: netcfg did not make it"
        else:
            yield f"the zone {kept} stays: somebody else's link to it is left"

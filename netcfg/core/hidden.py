"""Who would lose sight of a vault by a plan: private DNS that answers for more vaults than one was thinking of."""

from __future__ import annotations

from collections.abc import Iterable

from netcfg.core.approval import Approval, PieceId
from netcfg.core.intent import Intent
from netcfg.core.private import Landscape, NewEndpoint, NewRecord, Zone, network_of, networks_of
from netcfg.core.resources import Vault
from netcfg.core.way import Way


def dangers(vault: Vault, way: Way, seen: Landscape) -> tuple[str, ...]:
    """Who would lose sight of a vault by this plan: the sentences of the guard `private-dns`."""
    return tuple(
        filter(None, (*_of_links(vault, way, seen), _of_first(vault, way, seen), _of_removal(vault, way, seen)))
    )


def _of_links(vault: Vault, way: Way, seen: Landscape) -> Iterable[str]:
    """A network that is newly linked asks the zone about every vault that has a private endpoint."""
    linked = [network for link in way.links if (network := seen.network(link.network))]
    if not linked or way.zone is None:
        return
    zone = seen.zone(way.zone) or Zone(way.zone, records=())
    names, home = _list(each.name for each in linked), _home_of(way, seen)
    hidden = sorted(seen.hideable - seen.companions - {each.name for each in zone.records or ()})
    if hidden:
        yield (
            f"linking {names} to {zone.id.name} hides vaults that have private endpoints and no record there: "
            f"{_list(hidden)}; give each its record (the zone group of its endpoint), or make the link by hand with "
            "NxDomainRedirect"
        )
    if way.approval and zone.records is not None and not _is_recorded(vault, way, zone):
        yield f"{zone.id.name} has no record of {vault.name}, though the zone group of its endpoint names the zone"
    for network in linked:
        far = sorted(
            record.name
            for record in zone.records or ()
            if record.name != vault.name.lower() and not all(map(network.reaches, record.addresses))
        )
        if far:
            yield (
                f"{network.name} would be sent to private addresses that it is not known to reach, for {_list(far)}, "
                f"which {zone.id.name} has records of"
            )
        if home and not network.is_next_to(home):
            yield (
                f"{network.name} is not peered with {home.name}, so it would be sent to a private address of "
                f"{vault.name} that it may not reach"
            )


def _is_recorded(vault: Vault, way: Way, zone: Zone) -> bool:
    """Whether the zone has the vault's record before the link is made."""
    return bool(zone.record_of(vault.name)) or any(isinstance(each, NewRecord) for each in way.additions)


def _of_first(vault: Vault, way: Way, seen: Landscape) -> str:
    """With its first endpoint, a vault is looked for in every zone of that name; where it has no record, in vain."""
    is_new = any(isinstance(each, NewEndpoint) for each in way.additions)
    if not is_new or any(each.approval is Approval.APPROVED for each in vault.connections):
        return ""
    blind = sorted(
        link.network.name
        for zone in seen.zones
        if zone.id != way.zone and not zone.record_of(vault.name)
        for link in zone.links
        if not link.redirects
    )
    if not blind:
        return ""
    return (
        f"with its first private endpoint {vault.name} is hidden from networks that are linked to other zones of that "
        f"name, which have no record of it: {_list(blind)}; add the record there too"
    )


def _of_removal(vault: Vault, way: Way, seen: Landscape) -> str:
    """A vault that has another endpoint, if only until that goes too, is still looked for in the zone it leaves."""
    going = {each.id for each in way.removals}
    approved = {each.endpoint for each in vault.connections if each.approval is Approval.APPROVED}
    recorded = [each for each in seen.endpoints if each.id in approved & going and each.zone_named(seen.zone_name)]
    left = bool(approved - going) or len(recorded) > 1
    blind = sorted(
        link.network.name
        for zone in seen.zones
        for link in zone.links
        if link.id not in going and not link.redirects
        if any(zone.id == each.zone_named(seen.zone_name) for each in seen.endpoints if each.id in going)
    )
    if not left or not blind:
        return ""
    return (
        f"as long as {vault.name} has another private endpoint, it is hidden from {_list(blind)}: they stay linked to "
        "the zone that its record goes from"
    )


def _home_of(way: Way, seen: Landscape) -> PieceId | None:
    new = next((each for each in way.additions if isinstance(each, NewEndpoint)), None)
    found = seen.endpoint(way.endpoint) if way.endpoint else None
    subnet = new.subnet if new else found.subnet if found else None
    return network_of(subnet) if subnet else None


def stranded(way: Way, intent: Intent, seen: Landscape) -> list[str]:
    """Those who come by an endpoint that goes, and of whom nobody said in which subnets they are."""
    lost = way.before - way.after - set(networks_of(intent.subnets))
    names = [each.name for each in seen.networks if each.id in lost]
    return [f"the machines of {_list(names)}, which come by a private endpoint"] if names else []


def _list(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return ", ".join(found[:5]) + more

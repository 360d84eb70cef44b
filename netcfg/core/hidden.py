"""Who would lose sight of a vault by a plan: private DNS that answers for more vaults than one was thinking of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netcfg.core.approval import Approval, PieceId
from netcfg.core.intent import Intent
from netcfg.core.private import Endpoint, Landscape, Network, NewEndpoint, NewRecord, Zone, network_of
from netcfg.core.resources import Vault
from netcfg.core.sight import approval_of
from netcfg.core.way import Way
from netcfg.core.words import listed


@dataclass(frozen=True)
class Danger:
    """A sentence of the guard `private-dns`, and everything it is about, each by itself: who accepts it accepts those.

    A sentence names some of many; and it changes when a part of the plan is done, which harms nobody else.
    """

    text: str
    harms: frozenset[str]


def dangers(vault: Vault, way: Way, seen: Landscape) -> tuple[Danger, ...]:
    """Who would lose sight of a vault by this plan."""
    found = (*_of_links(vault, way, seen), *_of_first(vault, way, seen), *_of_removal(vault, way, seen))
    return (*found, *_of_the_unseen(vault, way, seen))


def _of_links(vault: Vault, way: Way, seen: Landscape) -> Iterable[Danger]:
    """A network that is newly linked asks the zone about every vault that has a private endpoint."""
    linked = [network for link in way.links if (network := seen.network(link.network))]
    if not linked or way.zone is None:
        return
    zone = seen.zone(way.zone) or Zone(way.zone, records=())
    names, home = listed(each.name for each in linked), _home_of(way, seen)
    hidden = sorted(seen.hideable - seen.companions - {each.name for each in zone.records or ()})
    if hidden:
        yield Danger(
            f"linking {names} to {zone.id.name} hides vaults that have private endpoints and no record there: "
            f"{listed(hidden)}; give each its record (the zone group of its endpoint), or make the link by hand with "
            "NxDomainRedirect",
            frozenset(f"{each} from {network.id.key}" for each in hidden for network in linked),
        )
    if way.approval is Approval.APPROVED and zone.records is not None and not _is_recorded(vault, way, zone):
        yield Danger(
            f"{zone.id.name} has no record of {vault.name}, though the zone group of its endpoint names the zone",
            frozenset({f"no record in {zone.id.key}"}),
        )
    for network in linked:
        is_near = home is not None and network.is_next_to(home)  # of this vault from afar more is said below
        far = sorted(
            record.name
            for record in zone.records or ()
            if (record.name != vault.name.lower() or is_near) and not all(map(network.reaches, record.addresses))
        )
        if far:
            yield Danger(
                f"{network.name} would be sent to private addresses that it is not known to reach, for {listed(far)}, "
                f"which {zone.id.name} has records of",
                frozenset(f"{each} out of reach of {network.id.key}" for each in far),
            )
        if home and not network.is_next_to(home):
            yield Danger(
                f"{network.name} is not peered with {home.name}, so it would be sent to a private address of "
                f"{vault.name} that it may not reach",
                frozenset({f"{vault.name} out of reach of {network.id.key}"}),
            )


def _is_recorded(vault: Vault, way: Way, zone: Zone) -> bool:
    """Whether the zone has the vault's record before the link is made."""
    return bool(zone.record_of(vault.name)) or any(isinstance(each, NewRecord) for each in way.additions)


def _of_first(vault: Vault, way: Way, seen: Landscape) -> Iterable[Danger]:
    """With its first endpoint, a vault is looked for in every zone of that name; where it has no record, in vain."""
    if not _is_first(vault, way):
        return
    blind = {
        link.network
        for zone in seen.zones
        if not (zone.id == way.zone and _comes_by_itself(way, seen)) and not zone.record_of(vault.name)
        for link in zone.links
        if not link.redirects
    }
    if blind:
        yield Danger(
            f"with its first private endpoint {vault.name} is hidden from networks that are linked to zones of that "
            f"name which have no record of it: {listed(sorted(each.name for each in blind))}; add the record there too",
            frozenset(f"{vault.name} from {each.key}" for each in blind),
        )


def _is_first(vault: Vault, way: Way) -> bool:
    """Whether the plan gives the vault the first endpoint that leads anywhere, at once or when its owner approves."""
    is_new = any(isinstance(each, NewEndpoint) for each in way.additions)
    return (is_new or way.waits) and not any(each.approval is Approval.APPROVED for each in vault.connections)


def _comes_by_itself(way: Way, seen: Landscape) -> bool:
    """Whether Azure writes the record into the plan's zone when the endpoint is approved: a zone group names it."""
    found = seen.endpoint(way.endpoint) if way.endpoint else None
    is_kept = found is not None and found.zone_named(seen.zone_name) == way.zone
    return is_kept or any(isinstance(each, NewRecord) and each.zone == way.zone for each in way.additions)


def _of_the_unseen(vault: Vault, way: Way, seen: Landscape) -> Iterable[Danger]:
    """What cannot be seen may be hidden, and may hide."""
    if not seen.unreadable or not (way.links or _is_first(vault, way)):
        return
    yield Danger(
        f"not everything in {listed(seen.unreadable)} could be seen: zones named {seen.zone_name} may be there, where "
        f"{vault.name} has no record, and vaults with private endpoints that a link hides; assign Reader there, or "
        "ask who owns them",
        frozenset(f"unseen: {each}" for each in seen.unreadable),
    )


def _of_removal(vault: Vault, way: Way, seen: Landscape) -> Iterable[Danger]:
    """A vault that has another endpoint, if only until that goes too, is still looked for in the zone it leaves."""
    going = {each.id for each in way.removals}
    approved = {each.endpoint for each in vault.connections if each.approval is Approval.APPROVED}
    recorded = [each for each in seen.endpoints if each.id in approved & going and each.zone_named(seen.zone_name)]
    left = bool(approved - going) or len(recorded) > 1
    blind = {
        link.network
        for zone in seen.zones
        for link in zone.links
        if link.id not in going and not link.redirects
        if any(zone.id == each.zone_named(seen.zone_name) for each in seen.endpoints if each.id in going)
    }
    if left and blind:
        yield Danger(
            f"as long as {vault.name} has another private endpoint, it is hidden from "
            f"{listed(sorted(each.name for each in blind))}: they stay linked to the zone that its record goes from",
            frozenset(f"{vault.name} from {each.key}" for each in blind),
        )


def _home_of(way: Way, seen: Landscape) -> PieceId | None:
    new = next((each for each in way.additions if isinstance(each, NewEndpoint)), None)
    found = seen.endpoint(way.endpoint) if way.endpoint else None
    subnet = new.subnet if new else found.subnet if found else None
    return network_of(subnet) if subnet else None


def stranded(vault: Vault, way: Way, intent: Intent, seen: Landscape) -> list[str]:
    """Those who come by an endpoint that goes, and of whom nobody said in which subnets they are.

    Whoever may come by it and cannot be seen is among them: only who is known to have another way has one.
    """
    saved = way.after | {each.id for each in seen.networks if each.subnets and each.subnets <= set(intent.subnets)}
    names = [_but(each, intent) for each in seen.networks if each.id in way.before - saved]
    lost = [f"the machines of {listed(names)}, which come by a private endpoint"] if names else []
    going = [each for each in (seen.endpoint(piece.id) for piece in way.removals) if each]
    used = [each for each in going if approval_of(vault, each.id) is Approval.APPROVED]
    if doubts := list(dict.fromkeys(doubt for each in used for doubt in _doubts(each, saved, seen))):
        lost.append(
            f"whoever else comes by {listed(each.name for each in used)}, which cannot be known ({'; '.join(doubts)})"
        )
    return lost


def _but(network: Network, intent: Intent) -> str:
    """A network, without its subnets that get in by rules: those of one say nothing of the machines in another."""
    named = sorted(each.name for each in network.subnets & set(intent.subnets))
    return f"{network.name} outside {', '.join(named)}" if named else network.name


def _doubts(endpoint: Endpoint, saved: Iterable[PieceId], seen: Landscape) -> Iterable[str]:
    """Why others may come by an endpoint than the networks that are seen to."""
    zones = [(each, seen.zone(each)) for each in _zones_of(endpoint, seen)]
    if unseen := [str(each) for each, zone in zones if zone is None or zone.records is None]:
        yield f"who asks the zone {listed(unseen)} could not be read"
    home = network_of(endpoint.subnet)
    network = seen.network(home)
    linked = [link.network for _, zone in zones if zone for link in zone.links]
    near = [home, *(each.network for each in network.peers)] if network else [home]
    users = sorted(set(near).union(linked) - set(saved), key=lambda id: id.key)
    if unread := [each.name for each in users if seen.network(each) is None]:
        yield f"{listed(unread)} could not be read"
    if own := [each.name for each in users if (found := seen.network(each)) and found.dns_servers]:
        yield f"{listed(own)} {'asks DNS servers of its' if len(own) == 1 else 'ask DNS servers of their'} own"
    if seen.unreadable:
        yield f"not everything in {listed(seen.unreadable)} could be seen"


def _zones_of(endpoint: Endpoint, seen: Landscape) -> list[PieceId]:
    """The zones whose records lead to an endpoint: by its zone group, or kept by hand."""
    kept = endpoint.zone_named(seen.zone_name)
    by_hand = [
        zone.id
        for zone in seen.zones
        for record in (zone.record_of(endpoint.vault.name),)
        if record and set(record.addresses) & set(endpoint.addresses)
    ]
    return list(dict.fromkeys([*([kept] if kept else []), *by_hand]))

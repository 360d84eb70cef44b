"""Who finds a vault at a private address: by a zone that the network asks, at an endpoint that it reaches."""

from __future__ import annotations

from netcfg.core.approval import Approval, Connection, PieceId
from netcfg.core.private import Endpoint, Landscape, Network, Zone, network_of
from netcfg.core.resources import Vault


def finds(network: Network, vault: Vault, seen: Landscape) -> bool:
    """Whether machines of `network` find the vault at a private address that they reach, as far as that is known."""
    zone = seen.zone_of(network.id)
    if zone is None or network.dns_servers:
        return False
    return any(
        approval_of(vault, each.id) is Approval.APPROVED
        and each.vault.key == vault.id.text.lower()
        and network.is_next_to(network_of(each.subnet))
        and _leads_to(zone, each, network, vault, seen)
        for each in seen.endpoints
    )


def _leads_to(zone: Zone, endpoint: Endpoint, network: Network, vault: Vault, seen: Landscape) -> bool:
    """Whether the zone sends machines of `network` to the endpoint. Where its records are not known, its zone group is
    believed; where they are, nothing but the record is: two endpoints may name one zone, and the last one has it."""
    is_named = endpoint.zone_named(seen.zone_name) == zone.id
    if zone.records is None:
        return is_named
    has_record = zone.record_of(vault.name) is not None
    return has_record and not misleads(zone, endpoint, network, vault) and (is_named or bool(endpoint.addresses))


def misleads(zone: Zone, endpoint: Endpoint | None, network: Network, vault: Vault) -> bool:
    """Whether the record that the zone has sends machines of `network` elsewhere than to the endpoint, or to where they
    are not seen to reach."""
    record = zone.record_of(vault.name)
    if record is None:
        return False
    theirs = set(endpoint.addresses) if endpoint else set()
    is_elsewhere = bool(theirs) and not set(record.addresses) <= theirs
    return is_elsewhere or not record.addresses or not all(map(network.reaches, record.addresses))


def connection_of(vault: Vault, endpoint: PieceId) -> Connection | None:
    return next((each for each in vault.connections if each.endpoint == endpoint), None)


def approval_of(vault: Vault, endpoint: PieceId) -> Approval | None:
    found = connection_of(vault, endpoint)
    return found.approval if found else None

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
        and (each.zone_named(seen.zone_name) == zone.id or _leads_to(zone, vault, each))
        for each in seen.endpoints
    )


def _leads_to(zone: Zone, vault: Vault, endpoint: Endpoint) -> bool:
    record = zone.record_of(vault.name)
    return bool(record and endpoint.addresses and set(record.addresses) <= set(endpoint.addresses))


def connection_of(vault: Vault, endpoint: PieceId) -> Connection | None:
    return next((each for each in vault.connections if each.endpoint == endpoint), None)


def approval_of(vault: Vault, endpoint: PieceId) -> Approval | None:
    found = connection_of(vault, endpoint)
    return found.approval if found else None

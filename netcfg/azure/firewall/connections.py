"""The private endpoints of a vault, as the vault itself knows them."""

from __future__ import annotations

from netcfg.core.approval import Approval, Connection, PieceId
from netcfg.core.wire import Json, an_object, objects


def parse_connections(properties: Json, subject: str) -> tuple[Connection, ...]:
    """The private endpoints as the vault knows them, in the order of their ids."""
    found = []
    for each in objects(properties.get("privateEndpointConnections"), subject):
        details = an_object(each.get("properties"), subject)
        endpoint = an_object(details.get("privateEndpoint") or {}, subject).get("id")
        state = an_object(details.get("privateLinkServiceConnectionState") or {}, subject).get("status")
        if not isinstance(endpoint, str):
            continue  # its endpoint is gone, and so nobody can come by it
        found.append(Connection(PieceId(str(each.get("id"))), PieceId(endpoint), Approval(state)))
    return tuple(sorted(found, key=lambda one: one.endpoint.key))

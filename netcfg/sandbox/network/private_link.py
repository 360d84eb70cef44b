"""The tie between a private endpoint and what it leads to: one connection, which both sides show.

States are Pending, Approved, Rejected and Disconnected; the owner of the vault decides, not the owner of the endpoint.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator

from netcfg.sandbox import ids
from netcfg.sandbox.call import Call
from netcfg.sandbox.ids import ENDPOINT, Document
from netcfg.sandbox.manager import inventory, operations
from netcfg.sandbox.manager.gate import not_found

ENDPOINT_TYPE = "Microsoft.Network/privateEndpoints"
CONNECTION_TYPE = "Microsoft.KeyVault/vaults/privateEndpointConnections"


def find_endpoint(call: Call) -> Document:
    """The private endpoint that the path names."""
    found: Document | None = call.state["privateEndpoints"].get(ENDPOINT.format(**call.names).lower())
    if found is None:
        raise not_found(ENDPOINT_TYPE, call.names["endpoint"], call.names["group"])
    return found


def link_of(endpoint: Document) -> Document:
    """The endpoint's one connection, in whichever of the two lists it stands."""
    properties = endpoint["properties"]
    both = properties["privateLinkServiceConnections"] + properties["manualPrivateLinkServiceConnections"]
    link: Document = both[0]["properties"]
    return link


def vault_of(state: Document, service_id: str) -> Document | None:
    """The vault of that id; whatever else has private endpoints is no vault."""
    if "/providers/microsoft.keyvault/vaults/" not in service_id.lower():
        return None
    vault: Document | None = state["vaults"].get(ids.name(service_id).lower())
    return vault if vault and vault["id"].lower() == service_id.lower() else None


def vault_name(state: Document, endpoint: Document) -> str:
    """The name of the vault that the endpoint leads to, or `""`."""
    vault = vault_of(state, link_of(endpoint)["privateLinkServiceId"])
    return vault["name"].lower() if vault else ""


def is_approved(endpoint: Document) -> bool:
    return bool(link_of(endpoint)["privateLinkServiceConnectionState"]["status"] == "Approved")


def address(state: Document, endpoint: Document) -> str:
    """The private address of the endpoint's network interface, which the endpoint itself does not show."""
    interface = endpoint["properties"]["networkInterfaces"][0]["id"].lower()
    found = next(each for each in state["resources"] if each["id"].lower() == interface)
    return str(found["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"])


def groups_of(state: Document, endpoint_id: str) -> list[Document]:
    """The endpoint's zone groups: one, or none."""
    return [each for key, each in sorted(state["zoneGroups"].items()) if ids.within(key, endpoint_id)]


def connections_of(vault: Document) -> list[Document]:
    """The vault's side; a vault without any shows no such property."""
    held: list[Document] = vault["properties"].get("privateEndpointConnections", [])
    return held


def of_endpoint(vault: Document, endpoint_id: str) -> Iterator[Document]:
    """The vault's connections to that endpoint."""
    for each in connections_of(vault):
        if each["properties"]["privateEndpoint"]["id"].lower() == endpoint_id.lower():
            yield each


def tie(state: Document, vault: Document, endpoint: Document, name: str) -> None:
    """Let the vault show the endpoint's connection, under a name that says nothing about either."""
    before = copy.deepcopy(vault)
    connection = {
        "id": f"{vault['id']}/privateEndpointConnections/{name}",
        "etag": str(uuid.uuid5(uuid.NAMESPACE_URL, name)).replace("-", ""),
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpoint": {"id": endpoint["id"]},
            "privateLinkServiceConnectionState": dict(link_of(endpoint)["privateLinkServiceConnectionState"]),
        },
    }
    vault["properties"]["privateEndpointConnections"] = [*connections_of(vault), connection]
    inventory.outdate(state, vault["id"], before)


def untie(state: Document, vault: Document, connection: Document) -> None:
    """The vault forgets the connection."""
    before = copy.deepcopy(vault)
    left = [each for each in connections_of(vault) if each["id"] != connection["id"]]
    vault["properties"]["privateEndpointConnections"] = left
    if not left:
        del vault["properties"]["privateEndpointConnections"]
    inventory.outdate(state, vault["id"], before)


def decide(state: Document, vault: Document, connection: Document, decision: Document) -> None:
    """Both sides show the decision, and both have a new ETag."""
    before = copy.deepcopy(vault)
    connection["properties"]["privateLinkServiceConnectionState"] = dict(decision)
    connection["etag"] = uuid.uuid4().hex
    endpoint = state["privateEndpoints"].get(connection["properties"]["privateEndpoint"]["id"].lower())
    if endpoint is not None:
        link_of(endpoint)["privateLinkServiceConnectionState"] = dict(decision)
        endpoint["etag"] = operations.new_etag()
    inventory.outdate(state, vault["id"], before)


def settle(endpoint: Document) -> None:
    """The operation on the endpoint has ended."""
    endpoint["properties"]["provisioningState"] = "Succeeded"
    endpoint["etag"] = operations.new_etag()


def state_of(status: str, description: str) -> Document:
    """`privateLinkServiceConnectionState`."""
    return {"status": status, "description": description, "actionsRequired": "None"}

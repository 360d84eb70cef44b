"""The vault's side of private endpoints: `vaults/privateEndpointConnections`, which its owner approves or rejects."""

from __future__ import annotations

from netcfg.sandbox import clock
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import SUBSCRIPTION, VAULT, Document
from netcfg.sandbox.keyvault.vaults import find
from netcfg.sandbox.manager import linked, operations
from netcfg.sandbox.manager.gate import not_found
from netcfg.sandbox.network import private_link, zone_groups

_ACTION = "Microsoft.KeyVault/vaults/privateEndpointConnections/"
_PATH = VAULT + "/privateEndpointConnections"
_DECISIONS = ("Approved", "Rejected")
_RESULTS = SUBSCRIPTION + "/providers/Microsoft.KeyVault/locations/{location}/operationResults/{operation}"
_RESOURCES = "Microsoft.KeyVault/vaults/privateLinkResources"


def get(call: Call) -> Answer:
    vault = find(call)
    return Answer(_shown(vault, _find(call, vault)))


def list_all(call: Call) -> Answer:
    vault = find(call)
    return Answer({"value": [_shown(vault, each) for each in private_link.connections_of(vault)]})


def put(call: Call) -> Answer:
    """Approve or reject. A connection is made by its endpoint: here there is none to be made."""
    vault = find(call)
    connection = _find(call, vault)
    linked.check(call, _ACTION + "write", connection["id"], linked.APPROVE, vault["id"])
    sent = call.properties.get("privateLinkServiceConnectionState") or {}
    decision = next((each for each in _DECISIONS if each.lower() == str(sent.get("status")).lower()), None)
    held = connection["properties"]["privateLinkServiceConnectionState"]["status"]
    if decision is None or held == "Disconnected":
        message = f"The status of a connection that is {held} cannot be changed to '{sent.get('status')}'."
        raise Refusal(400, "BadRequest", message)
    state = private_link.state_of(decision, str(sent.get("description") or ""))
    private_link.decide(call.state, vault, connection, state)
    _write_records(call.state, connection)
    return Answer(_shown(vault, connection))


def delete(call: Call) -> Answer:
    """The vault forgets the connection when it is done; its endpoint stays, and is disconnected for ever."""
    vault = find(call)
    connection = _find(call, vault)
    connection["properties"]["provisioningState"] = "Deleting"
    name = operations.begin(call.state, "connection", connection["id"], clock.tick(call.state))
    path = _RESULTS.format(**{**call.names, "location": vault["location"], "operation": name})
    return Answer(status=202, headers={"location": call.url(path)} | operations.whole_retry_after(call.state))


def end_connection(state: Document, connection_id: str) -> None:
    """Gone, unless the endpoint or the vault went first."""
    vault = private_link.vault_of(state, connection_id.partition("/privateEndpointConnections/")[0])
    held = private_link.connections_of(vault) if vault else []
    connection = next((each for each in held if each["id"] == connection_id), None)
    if vault is not None and connection is not None:
        disconnect(state, vault, connection)


def disconnect(state: Document, vault: Document, connection: Document) -> None:
    """The endpoint shows that it leads nowhere now, and its records are gone."""
    private_link.decide(state, vault, connection, private_link.state_of("Disconnected", "Deleted by the owner"))
    _write_records(state, connection)
    private_link.untie(state, vault, connection)


def list_resources(call: Call) -> Answer:
    """What a private endpoint can lead to: the REST reference's example listPrivateLinkResources."""
    properties = {
        "groupId": "vault",
        "requiredMembers": ["default"],
        "requiredZoneNames": ["privatelink.vaultcore.azure.net"],
    }
    resource_id = f"{find(call)['id']}/privateLinkResources/vault"
    shown = {"name": "vault", "type": _RESOURCES, "id": resource_id, "properties": properties}
    return Answer({"value": [shown]})


def _write_records(state: Document, connection: Document) -> None:
    endpoint = state["privateEndpoints"].get(connection["properties"]["privateEndpoint"]["id"].lower())
    if endpoint is not None:
        zone_groups.write_records(state, endpoint)


def _find(call: Call, vault: Document) -> Document:
    wanted = f"{vault['id']}/privateEndpointConnections/{call.names['connection']}".lower()
    found = next((each for each in private_link.connections_of(vault) if each["id"].lower() == wanted), None)
    if found is None:
        name = f"{call.names['vault']}/{call.names['connection']}"
        raise not_found(private_link.CONNECTION_TYPE, name, call.names["group"])
    return found


def _shown(vault: Document, connection: Document) -> Document:
    """On its own it has a name and a place, which the vault's list of them leaves out."""
    name = connection["id"].rpartition("/")[2]
    return connection | {"name": name, "type": private_link.CONNECTION_TYPE, "location": vault["location"]}


_ONE = _PATH + "/{connection}"
OPERATIONS = (
    Operation("GET", _PATH, _ACTION + "read", list_all, VAULT),
    Operation("GET", _ONE, _ACTION + "read", get, _ONE),
    Operation("PUT", _ONE, _ACTION + "write", put, _ONE),
    Operation("DELETE", _ONE, _ACTION + "delete", delete, _ONE),
    Operation("GET", VAULT + "/privateLinkResources", _RESOURCES + "/read", list_resources, VAULT),
)

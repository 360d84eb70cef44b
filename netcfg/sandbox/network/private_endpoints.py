"""Private endpoints: `Microsoft.Network/privateEndpoints`, a network interface in a subnet that leads to one vault.

Shapes follow test_private_endpoint_and_pls (recorded 2021-05-14) and the REST reference's PrivateEndpointCreate. An
endpoint is a write to its virtual network too, so it waits for the network's other writes, as they wait for it.
"""

from __future__ import annotations

import uuid

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import ENDPOINT, GROUP, SUBSCRIPTION, Document
from netcfg.sandbox.manager import linked, provider
from netcfg.sandbox.network import interfaces, private_link, zone_groups

_ACTION = "Microsoft.Network/privateEndpoints/"
_AUTOMATIC = "privateLinkServiceConnections"
_MANUAL = "manualPrivateLinkServiceConnections"
_PER_VAULT = 64


def get(call: Call) -> Answer:
    endpoint = private_link.find_endpoint(call)
    return Answer(_shown(call.state, endpoint), headers={"etag": endpoint["etag"]})


def list_all(call: Call) -> Answer:
    scope = call.request.path.partition(provider.PROVIDER)[0]
    found = [each for key, each in sorted(call.state["privateEndpoints"].items()) if ids.within(key, scope)]
    return Answer({"value": [_shown(call.state, each) for each in found]})


def put(call: Call) -> Answer:
    """Create, or send again what is there: neither the subnet nor the vault of an endpoint can be changed."""
    endpoint_id = ENDPOINT.format(**call.names)
    if not (call.body or {}).get("location"):
        message = "The location property is required for this definition."
        raise Refusal(400, "LocationRequired", message, gateway=True)
    kind, sent = _sent(call)
    subnet_id = str((call.properties.get("subnet") or {}).get("id") or "")
    linked.check(call, _ACTION + "write", endpoint_id, linked.JOIN_SUBNET, subnet_id)
    before = call.state["privateEndpoints"].get(endpoint_id.lower())
    if before is not None:
        return _sent_again(call, before, subnet_id, sent)
    decision = _decision(call, endpoint_id, kind, sent)
    network, subnet = _place(call, endpoint_id, subnet_id)
    provider.check_idle(call, network)
    endpoint = document(endpoint_id, call.body["location"], str(uuid.uuid4()))
    endpoint |= {"tags": call.body["tags"]} if call.body.get("tags") else {}
    wanted = call.properties.get("customNetworkInterfaceName")
    endpoint["properties"] |= {kind: [_connection(endpoint_id, sent, decision)], "subnet": {"id": subnet["id"]}}
    echoed = ("ipConfigurations", "customNetworkInterfaceName")
    endpoint["properties"] |= {key: call.properties[key] for key in echoed if call.properties.get(key)}
    interfaces.attach(call.state, endpoint, subnet, _asked_address(call), wanted)
    call.state["privateEndpoints"][endpoint_id.lower()] = endpoint
    vault = private_link.vault_of(call.state, sent["properties"]["privateLinkServiceId"])
    if vault is not None:
        private_link.tie(call.state, vault, endpoint, uuid.uuid4().hex)
    provider.begin(call, "network", network)
    headers = provider.begin(call, "endpoint", endpoint)
    return provider.begun(call, _shown(call.state, endpoint), headers, is_new=True)


def delete(call: Call) -> Answer:
    """What is not there is gone: 204."""
    endpoint = call.state["privateEndpoints"].get(ENDPOINT.format(**call.names).lower())
    if endpoint is None:
        return Answer(status=204)
    network = call.state["virtualNetworks"].get(ids.network_key(endpoint["properties"]["subnet"]["id"]))
    provider.check_idle(call, endpoint)
    if network is not None:
        provider.check_idle(call, network)
        provider.begin(call, "network", network)
    endpoint["properties"]["provisioningState"] = "Deleting"
    return provider.accepted(provider.begin(call, "endpoint", endpoint))


def end_endpoint(state: Document, key: str) -> None:
    """Made, or gone: with its interface, its groups, their records, and the vault's connection."""
    endpoint = state["privateEndpoints"][key]
    if endpoint["properties"]["provisioningState"] != "Deleting":
        _describe(state, endpoint)
        private_link.settle(endpoint)
        zone_groups.write_records(state, endpoint)
        return
    for group in private_link.groups_of(state, key):
        zone_groups.remove(state, group)
    vault = private_link.vault_of(state, private_link.link_of(endpoint)["privateLinkServiceId"])
    if vault is not None:
        for connection in list(private_link.of_endpoint(vault, key)):
            private_link.untie(state, vault, connection)
    interfaces.detach(state, endpoint)
    del state["privateEndpoints"][key]


def _describe(state: Document, endpoint: Document) -> None:
    """What was approved by itself says so only when it is done (recorded of a private link service)."""
    link = private_link.link_of(endpoint)
    if link["privateLinkServiceConnectionState"] != private_link.state_of("Approved", ""):
        return
    vault = private_link.vault_of(state, link["privateLinkServiceId"])
    said = private_link.state_of("Approved", "Auto-approved" if vault else "Approved")
    link["privateLinkServiceConnectionState"] = said
    for connection in private_link.of_endpoint(vault, endpoint["id"]) if vault else ():
        connection["properties"]["privateLinkServiceConnectionState"] = dict(said)


def document(endpoint_id: str, location: str, guid: str) -> Document:
    """A new endpoint as the state keeps it, without its subnet, its interface and its connection."""
    return {
        "name": ids.name(endpoint_id),
        "id": endpoint_id,
        "etag": f'W/"{guid}"',
        "type": private_link.ENDPOINT_TYPE,
        "location": location,
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": guid,
            _AUTOMATIC: [],
            _MANUAL: [],
            "subnet": {},
            "networkInterfaces": [],
        },
    }


def connect(endpoint: Document, service_id: str, groups: list[str], decision: Document, is_manual: bool) -> None:
    """Give the endpoint its one connection."""
    properties = {"privateLinkServiceId": service_id, "groupIds": groups}
    connection = _connection(endpoint["id"], {"name": endpoint["name"], "properties": properties}, decision)
    endpoint["properties"][_MANUAL if is_manual else _AUTOMATIC] = [connection]


def _sent(call: Call) -> tuple[str, Document]:
    """The one connection that was sent, and the name of the list it came in."""
    lists = {kind: call.properties.get(kind) or [] for kind in (_AUTOMATIC, _MANUAL)}
    found = [(kind, each) for kind, sent in lists.items() for each in sent]
    if len(found) != 1 or not (found[0][1].get("properties") or {}).get("privateLinkServiceId"):
        message = f"A private endpoint has one connection to a private link service; {len(found)} were sent."
        raise Refusal(400, "InvalidRequestFormat", message, more={"details": []})
    return found[0]


def _decision(call: Call, endpoint_id: str, kind: str, sent: Document) -> Document:
    """The connection's first state: approved where the caller may approve it and says so, else pending.

    A vault of another tenant is pending either way; that it also needs that tenant's token, when it is not sent as
    manual, is chosen. The code for a wrong group is not known.
    """
    properties = sent["properties"]
    service_id = properties["privateLinkServiceId"]
    is_vault = "/providers/microsoft.keyvault/vaults/" in service_id.lower()
    if is_vault and kind == _AUTOMATIC:
        linked.check(call, _ACTION + "write", endpoint_id, linked.APPROVE, service_id)
    vault = private_link.vault_of(call.state, service_id)
    others = (each["id"].lower() for each in call.state["resources"])
    if vault is None and (is_vault or service_id.lower() not in others):
        raise provider.not_referenced(service_id, endpoint_id)
    if vault is not None and properties.get("groupIds") != ["vault"]:
        message = f"The group ids {properties.get('groupIds') or []} of {endpoint_id} are invalid; 'vault' is expected."
        raise Refusal(400, "InvalidPrivateLinkGroupId", message, more={"details": []})
    if vault is not None and len(private_link.connections_of(vault)) >= _PER_VAULT:
        message = f"The vault {vault['id']} has {_PER_VAULT} private endpoint connections, which is the maximum."
        raise Refusal(400, "PrivateEndpointConnectionLimitReached", message, more={"details": []})
    is_ours = linked.tenant_of(call.state, service_id) == call.tenant
    if kind == _MANUAL or not is_ours:
        return private_link.state_of("Pending", properties.get("requestMessage") or "Awaiting Approval")
    return private_link.state_of("Approved", "")


def _place(call: Call, endpoint_id: str, subnet_id: str) -> tuple[Document, Document]:
    """The network, which must be where the endpoint is to be, and the subnet."""
    network = call.state["virtualNetworks"].get(ids.network_key(subnet_id))
    subnets = network["properties"]["subnets"] if network else []
    subnet = next((each for each in subnets if each["id"].lower() == subnet_id.lower()), None)
    if network is None or subnet is None or network["location"].lower() != call.body["location"].lower():
        raise provider.not_referenced(subnet_id, endpoint_id)
    return network, subnet


def _asked_address(call: Call) -> str | None:
    for each in call.properties.get("ipConfigurations") or []:
        return str(each["properties"]["privateIPAddress"])
    return None


def _sent_again(call: Call, endpoint: Document, subnet_id: str, sent: Document) -> Answer:
    """The refusal's code is not known; that a state once reached is not left by a PUT is what the states are for."""
    provider.check_precondition(call, endpoint)
    provider.check_idle(call, endpoint)
    held = private_link.link_of(endpoint)["privateLinkServiceId"], endpoint["properties"]["subnet"]["id"]
    if [each.lower() for each in held] != [sent["properties"]["privateLinkServiceId"].lower(), subnet_id.lower()]:
        message = f"The subnet and the private link service of {endpoint['id']} cannot be changed."
        raise Refusal(400, "PrivateEndpointCannotBeUpdated", message, more={"details": []})
    endpoint.pop("tags", None)
    endpoint |= {"tags": call.body["tags"]} if call.body.get("tags") else {}
    headers = provider.begin(call, "endpoint", endpoint)
    return provider.begun(call, _shown(call.state, endpoint), headers, is_new=False)


def _connection(endpoint_id: str, sent: Document, decision: Document) -> Document:
    kept = {key: each for key, each in sent["properties"].items() if key in ("groupIds", "requestMessage") and each}
    name = sent.get("name") or ids.name(sent["properties"]["privateLinkServiceId"])
    return {
        "name": name,
        "id": f"{endpoint_id}/privateLinkServiceConnections/{name}",
        "properties": {
            "provisioningState": "Succeeded",
            "privateLinkServiceId": sent["properties"]["privateLinkServiceId"],
            **kept,
            "privateLinkServiceConnectionState": decision,
        },
        "type": "Microsoft.Network/privateEndpoints/privateLinkServiceConnections",
    }


def _shown(state: Document, endpoint: Document) -> Document:
    """Names are shown while the connection is approved and no zone group takes care of them."""
    properties = endpoint["properties"]
    is_named = private_link.is_approved(endpoint) and not private_link.groups_of(state, endpoint["id"])
    names = properties["customDnsConfigs"] if is_named else []
    lists = {kind: [{**each, "etag": endpoint["etag"]} for each in properties[kind]] for kind in (_AUTOMATIC, _MANUAL)}
    return {**endpoint, "properties": {**properties, **lists, "customDnsConfigs": names}}


_ALL = provider.PROVIDER + "/privateEndpoints"
OPERATIONS = (
    Operation("GET", ENDPOINT, _ACTION + "read", get, ENDPOINT),
    Operation("PUT", ENDPOINT, _ACTION + "write", put, ENDPOINT),
    Operation("DELETE", ENDPOINT, _ACTION + "delete", delete, ENDPOINT),
    Operation("GET", GROUP + _ALL, _ACTION + "read", list_all, GROUP),
    Operation("GET", SUBSCRIPTION + _ALL, _ACTION + "read", list_all, SUBSCRIPTION),
)

"""Virtual networks and their subnets: `Microsoft.Network/virtualNetworks`.

A PUT replaces a subnet: what is not sent is lost. One write per network at a time; the network and all its subnets
share one ETag, which moves when a write begins and again when it ends (recorded in test_subnets, 2020-05-19).
"""

from __future__ import annotations

import copy
import uuid

from netcfg.sandbox import clock, ids, operations
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.gate import not_found
from netcfg.sandbox.ids import GROUP, NETWORK, SUBNET, SUBSCRIPTION, Document

_ACTION = "Microsoft.Network/virtualNetworks/"
_PROVIDER = "/providers/Microsoft.Network"
_TYPE = "Microsoft.Network/virtualNetworks"
# Made by other resources, so a PUT can neither bring nor take them.
_READ_ONLY = (
    "provisioningState",
    "privateEndpoints",
    "ipConfigurations",
    "ipConfigurationProfiles",
    "resourceNavigationLinks",
    "serviceAssociationLinks",
    "purpose",
)
_DEFAULTS: Document = {
    "delegations": [],
    "privateEndpointNetworkPolicies": "Enabled",
    "privateLinkServiceNetworkPolicies": "Enabled",
}


def get_network(call: Call) -> Answer:
    network = _network(call)
    return Answer(_shown(network), headers={"etag": network["etag"]})


def list_networks(call: Call) -> Answer:
    scope = call.request.path.partition(_PROVIDER)[0]
    found = [each for key, each in sorted(call.state["virtualNetworks"].items()) if ids.within(key, scope)]
    return Answer({"value": [_shown(each) for each in found]})


def put_network(call: Call) -> Answer:
    """Create or replace; subnets that are not sent are gone."""
    sent = call.body or {}
    properties = sent.get("properties") or {}
    if not sent.get("location"):
        message = "The location property is required for this definition."
        raise Refusal(400, "LocationRequired", message, gateway=True)
    network_id = NETWORK.format(**call.names)
    before = call.state["virtualNetworks"].get(network_id.lower())
    if before is not None:
        _check_precondition(call, before)
        _check_idle(call, before)
    old = {each["name"].lower(): each for each in before["properties"]["subnets"]} if before else {}
    network = {
        "name": call.names["network"],
        "id": before["id"] if before else network_id,
        "etag": operations.new_etag(),
        "type": _TYPE,
        "location": sent["location"],
        **({"tags": sent["tags"]} if sent.get("tags") else {}),
        "properties": {
            **copy.deepcopy(properties),
            "provisioningState": "Updating",
            "resourceGuid": before["properties"]["resourceGuid"] if before else str(uuid.uuid4()),
            "subnets": [
                _subnet(f"{network_id}/subnets/{each['name']}", each, old.get(each["name"].lower()))
                for each in properties.get("subnets") or []
            ],
            "virtualNetworkPeerings": properties.get("virtualNetworkPeerings") or [],
        },
    }
    call.state["virtualNetworks"][network_id.lower()] = network
    headers = _begin(call, network)
    return _begun(call, _shown(network), headers, is_new=before is None)


def delete_network(call: Call) -> Answer:
    network = _network(call)
    _check_idle(call, network)
    network["properties"]["provisioningState"] = "Deleting"
    return Answer(status=202, headers=_begin(call, network))


def get_subnet(call: Call) -> Answer:
    network = _network(call)
    return Answer(_with_etag(_find_subnet(call, network), network), headers={"etag": network["etag"]})


def list_subnets(call: Call) -> Answer:
    network = _network(call)
    return Answer({"value": [_with_etag(each, network) for each in network["properties"]["subnets"]]})


def put_subnet(call: Call) -> Answer:
    """Create or replace; the answer's ETag is not the one that the subnet has when all is done."""
    network = _network(call)
    _check_precondition(call, network)
    _check_idle(call, network)
    name = call.names["subnet"]
    subnets = network["properties"]["subnets"]
    before = next((each for each in subnets if each["name"].lower() == name.lower()), None)
    subnet = _subnet(before["id"] if before else f"{network['id']}/subnets/{name}", call.body or {}, before)
    network["properties"]["subnets"] = [subnet if each is before else each for each in subnets]
    if before is None:
        network["properties"]["subnets"].append(subnet)
    headers = _begin(call, network)
    return _begun(call, _with_etag(subnet, network), headers, is_new=before is None)


def delete_subnet(call: Call) -> Answer:
    network = _network(call)
    _check_precondition(call, network)
    _check_idle(call, network)
    _find_subnet(call, network)["properties"]["provisioningState"] = "Deleting"
    headers = _begin(call, network)
    results = headers["azure-asyncoperation"].replace("/operations/", "/operationResults/")
    return Answer(status=202, headers=headers | {"location": results})


def operation_status(call: Call) -> Answer:
    return operations.status(call.state, call.names["operation"])


def operation_result(call: Call) -> Answer:
    """What `Location` points at: 202 while it lasts, then nothing to say."""
    status = operations.status(call.state, call.names["operation"])
    return Answer(status=204) if status.body["status"] == "Succeeded" else Answer(status=202, headers=status.headers)


def _network(call: Call) -> Document:
    found: Document | None = call.state["virtualNetworks"].get(NETWORK.format(**call.names).lower())
    if found is None:
        raise not_found(_TYPE, call.names["network"], call.names["group"])
    return found


def _find_subnet(call: Call, network: Document) -> Document:
    """A missing subnet is reported by the provider, not by Resource Manager, which does not know of subnets."""
    wanted = call.names["subnet"].lower()
    found = next((each for each in network["properties"]["subnets"] if each["name"].lower() == wanted), None)
    if found is None:
        raise Refusal(404, "NotFound", f"Resource {SUBNET.format(**call.names)} not found.", more={"details": []})
    found_subnet: Document = found
    return found_subnet


def _subnet(subnet_id: str, sent: Document, before: Document | None) -> Document:
    """What becomes of a sent subnet: what is read only stays as it was, and unknown properties are kept."""
    given = {key: value for key, value in (sent.get("properties") or {}).items() if key not in _READ_ONLY}
    if not any(given.get(key) for key in ("addressPrefix", "addressPrefixes", "ipamPoolPrefixAllocations")):
        message = f"Subnet {subnet_id.rpartition('/')[2]} has no address prefix."
        raise Refusal(400, "InvalidRequestFormat", message, more={"details": []})
    held = before["properties"] if before else {}
    properties = {
        "provisioningState": "Updating",
        **copy.deepcopy(_DEFAULTS | {key: value for key, value in given.items() if value is not None}),
        **{key: held[key] for key in _READ_ONLY if key in held and key != "provisioningState"},
    }
    if "serviceEndpoints" in properties:
        properties["serviceEndpoints"] = _endpoints(properties["serviceEndpoints"], held.get("serviceEndpoints", []))
    return {"name": subnet_id.rpartition("/")[2], "id": subnet_id, "properties": properties, "type": f"{_TYPE}/subnets"}


def _endpoints(sent: list[Document], held: list[Document]) -> list[Document]:
    """A new endpoint works only when the operation has ended; one that was there goes on working meanwhile."""
    states = {each["service"].lower(): each.get("provisioningState", "Succeeded") for each in held}
    kept = [{**each, "provisioningState": states.get(each["service"].lower(), "Updating")} for each in sent]
    return [{**each, "locations": each.get("locations") or ["*"]} for each in kept]


def _check_precondition(call: Call, network: Document) -> None:
    """`If-Match` speaks of the network's ETag, so a change of any of its subnets breaks it."""
    wanted = call.request.headers.get("if-match")
    if wanted and wanted not in ("*", network["etag"]):
        message = f"Precondition failed. The ETag {wanted} does not match the current one of {network['id']}."
        raise Refusal(412, "PreconditionFailed", message, more={"details": []})


def _check_idle(call: Call, network: Document) -> None:
    if operations.busy(call.state, network["id"].lower()):
        raise another_operation(network["id"], operations.retry_after(call.state))


def another_operation(network_id: str, headers: dict[str, str]) -> Refusal:
    """One write per network at a time; the code is documented, the sentence follows Microsoft.Network's other ones."""
    message = f"Another operation on this or dependent resource is in progress. Resource: {network_id}."
    return Refusal(429, "AnotherOperationInProgress", message, headers=headers, more={"details": []})


def _begin(call: Call, network: Document) -> dict[str, str]:
    """Let the network be changed: its state, its new ETag, and where to ask how far it is."""
    if network["properties"]["provisioningState"] != "Deleting":
        network["properties"]["provisioningState"] = "Updating"
    network["etag"] = operations.new_etag()
    name = operations.begin(call.state, "network", network["id"].lower(), clock.tick(call.state))
    path = f"{SUBSCRIPTION.format(**call.names)}{_PROVIDER}/locations/{network['location']}/operations/{name}"
    return {"azure-asyncoperation": call.url(path)} | operations.whole_retry_after(call.state)


def _begun(call: Call, shown: Document, headers: dict[str, str], is_new: bool) -> Answer:
    """The answer to a PUT."""
    return Answer(shown, 201, headers) if is_new else Answer(shown, 200, headers | operations.retry_after(call.state))


def _with_etag(subnet: Document, network: Document) -> Document:
    return {**subnet, "etag": network["etag"]}


def _shown(network: Document) -> Document:
    subnets = [_with_etag(each, network) for each in network["properties"]["subnets"]]
    return {**network, "properties": {**network["properties"], "subnets": subnets}}


_OPERATION = SUBSCRIPTION + _PROVIDER + "/locations/{location}"
_ALL = "/virtualNetworks"
OPERATIONS = (
    Operation("GET", NETWORK, _ACTION + "read", get_network, NETWORK),
    Operation("PUT", NETWORK, _ACTION + "write", put_network, NETWORK),
    Operation("DELETE", NETWORK, _ACTION + "delete", delete_network, NETWORK),
    Operation("GET", GROUP + _PROVIDER + _ALL, _ACTION + "read", list_networks, GROUP),
    Operation("GET", SUBSCRIPTION + _PROVIDER + _ALL, _ACTION + "read", list_networks, SUBSCRIPTION),
    Operation("GET", SUBNET, _ACTION + "subnets/read", get_subnet, SUBNET),
    Operation("PUT", SUBNET, _ACTION + "subnets/write", put_subnet, SUBNET),
    Operation("DELETE", SUBNET, _ACTION + "subnets/delete", delete_subnet, SUBNET),
    Operation("GET", NETWORK + "/subnets", _ACTION + "subnets/read", list_subnets, NETWORK),
    Operation(
        "GET",
        _OPERATION + "/operations/{operation}",
        "Microsoft.Network/locations/operations/read",
        operation_status,
        SUBSCRIPTION,
    ),
    Operation(
        "GET",
        _OPERATION + "/operationResults/{operation}",
        "Microsoft.Network/locations/operationResults/read",
        operation_result,
        SUBSCRIPTION,
    ),
)

"""Subnets: `Microsoft.Network/virtualNetworks/subnets`. A PUT replaces a subnet: what is not sent is lost.

They share the ETag of their network, and its one write at a time.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import NETWORK, SUBNET, Document
from netcfg.sandbox.manager import linked, provider
from netcfg.sandbox.manager.gate import not_found

_ACTION = "Microsoft.Network/virtualNetworks/subnets/"
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
# Sent in any case, shown in this one (recorded 2021-05-14).
_POLICIES = {each.lower(): each for each in ("Disabled", "Enabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled")}
# A PUT links these anew, also those that were there: so it needs the permission to join each of them.
_LINKED = ("networkSecurityGroup", "routeTable", "natGateway", "serviceEndpointPolicies")


def get(call: Call) -> Answer:
    network = find_network(call)
    return Answer(with_etag(_find(call, network), network), headers={"etag": network["etag"]})


def list_all(call: Call) -> Answer:
    network = find_network(call)
    return Answer({"value": [with_etag(each, network) for each in network["properties"]["subnets"]]})


def put(call: Call) -> Answer:
    """Create or replace; the answer's ETag is not the one that the subnet has when all is done."""
    network = find_network(call)
    name = call.names["subnet"]
    subnets = network["properties"]["subnets"]
    before = next((each for each in subnets if each["name"].lower() == name.lower()), None)
    subnet = made(before["id"] if before else f"{network['id']}/subnets/{name}", call.body or {}, before)
    check_links(call, _ACTION + "write", subnet, before, network["location"])
    provider.check_precondition(call, network)
    provider.check_idle(call, network)
    network["properties"]["subnets"] = [subnet if each is before else each for each in subnets]
    if before is None:
        network["properties"]["subnets"].append(subnet)
    headers = provider.begin(call, "network", network)
    return provider.begun(call, with_etag(subnet, network), headers, is_new=before is None)


def delete(call: Call) -> Answer:
    network = find_network(call)
    provider.check_precondition(call, network)
    provider.check_idle(call, network)
    subnet = _find(call, network)
    if users := subnet["properties"].get("ipConfigurations"):
        message = (
            f"Subnet {subnet['name']} is in use by {users[0]['id']} and cannot be deleted. In order to delete the "
            "subnet, delete all the resources within the subnet."
        )
        raise Refusal(400, "InUseSubnetCannotBeDeleted", message, more={"details": []})
    subnet["properties"]["provisioningState"] = "Deleting"
    return provider.accepted(provider.begin(call, "network", network))


def find_network(call: Call) -> Document:
    """The virtual network that the path names."""
    found: Document | None = call.state["virtualNetworks"].get(NETWORK.format(**call.names).lower())
    if found is None:
        raise not_found(_TYPE, call.names["network"], call.names["group"])
    return found


def with_etag(subnet: Document, network: Document) -> Document:
    """The subnet as it is shown: with the ETag of its network."""
    return {**subnet, "etag": network["etag"]}


def made(subnet_id: str, sent: Document, before: Document | None) -> Document:
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
    for key in ("privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies"):
        properties[key] = _POLICIES.get(str(properties[key]).lower(), properties[key])
    properties["delegations"] = [
        _delegation(each, held.get("delegations", []), subnet_id) for each in properties["delegations"]
    ]
    # In the order that was there before: a client may compare bytes.
    ordered = {key: properties[key] for key in (*held, *properties) if key in properties}
    return {"name": subnet_id.rpartition("/")[2], "id": subnet_id, "properties": ordered, "type": f"{_TYPE}/subnets"}


def check_links(call: Call, action: str, subnet: Document, before: Document | None, location: str) -> None:
    """Whether everything that the subnet names may be joined, is there, and is in the region of its network.

    What the subnet named before is taken to be there: in Azure nothing that is in use can be deleted.
    """
    held = set(_named(before["properties"])) if before else set()
    known = {each["id"].lower(): each for each in call.state["resources"]}
    for named in _named(subnet["properties"]):
        kind = named.split("/")[-2]
        linked.check(call, action, subnet["id"], f"Microsoft.Network/{kind}/join/action", named)
        found = known.get(named.lower())
        if named not in held and (found is None or found["location"].lower() != location.lower()):
            raise provider.not_referenced(named, subnet["id"])


def _named(properties: Document) -> Iterator[str]:
    for key in _LINKED:
        value = properties.get(key) or []
        for each in value if isinstance(value, list) else [value]:
            if str(each.get("id", "")).count("/") > 1:
                yield str(each["id"])


def _find(call: Call, network: Document) -> Document:
    """A missing subnet is reported by the provider, not by Resource Manager, which does not know of subnets."""
    wanted = call.names["subnet"].lower()
    found = next((each for each in network["properties"]["subnets"] if each["name"].lower() == wanted), None)
    if found is None:
        raise Refusal(404, "NotFound", f"Resource {SUBNET.format(**call.names)} not found.", more={"details": []})
    found_subnet: Document = found
    return found_subnet


def _endpoints(sent: list[Document], held: list[Document]) -> list[Document]:
    """A new endpoint works only when the operation has ended; one that was there goes on working meanwhile."""
    states = {each["service"].lower(): each.get("provisioningState", "Succeeded") for each in held}
    kept = [{**each, "provisioningState": states.get(each["service"].lower(), "Updating")} for each in sent]
    return [{**each, "locations": each.get("locations") or ["*"]} for each in kept]


def _delegation(sent: Document, held: list[Document], subnet_id: str) -> Document:
    """What the delegation lets its service do is Azure's to write: it stays as long as the service is the same."""
    name, given = sent.get("name", ""), sent.get("properties") or {}
    known = (each["properties"] for each in held if each["name"] == name)
    before: Document = next((each for each in known if each.get("serviceName") == given.get("serviceName")), {})
    return {
        **sent,
        "id": f"{subnet_id}/delegations/{name}",
        "properties": {**before, **given} if before else {"provisioningState": "Succeeded", **given, "actions": []},
        "type": f"{_TYPE}/subnets/delegations",
    }


OPERATIONS = (
    Operation("GET", SUBNET, _ACTION + "read", get, SUBNET),
    Operation("PUT", SUBNET, _ACTION + "write", put, SUBNET),
    Operation("DELETE", SUBNET, _ACTION + "delete", delete, SUBNET),
    Operation("GET", NETWORK + "/subnets", _ACTION + "read", list_all, NETWORK),
)

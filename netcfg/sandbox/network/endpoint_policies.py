"""Service endpoint policies: `Microsoft.Network/serviceEndpointPolicies`, which a subnet may name.

A policy and its definitions share one ETag, as a network and its subnets do (recorded 2021-05-14).
"""

from __future__ import annotations

import uuid

from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import GROUP, Document
from netcfg.sandbox.manager import operations, provider
from netcfg.sandbox.manager.gate import not_found

_POLICY = GROUP + "/providers/Microsoft.Network/serviceEndpointPolicies/{policy}"
_DEFINITION = _POLICY + "/serviceEndpointPolicyDefinitions/{definition}"
_TYPE = "Microsoft.Network/serviceEndpointPolicies"


def get(call: Call) -> Answer:
    policy = _find(call)
    return Answer(_shown(policy), headers={"etag": policy["etag"]} if "etag" in policy else {})


def put(call: Call) -> Answer:
    if not (call.body or {}).get("location"):
        message = "The location property is required for this definition."
        raise Refusal(400, "LocationRequired", message, gateway=True)
    before = _look(call)
    policy = before or {"name": call.names["policy"], "id": _POLICY.format(**call.names), "etag": "", "type": _TYPE}
    guid = before["properties"].get("resourceGuid") if before else None
    definitions = before["properties"].get("serviceEndpointPolicyDefinitions", []) if before else []
    policy |= {"location": call.body["location"]}
    policy |= {"tags": call.body["tags"]} if call.body.get("tags") else {}
    policy["properties"] = {
        "provisioningState": "Updating",
        "resourceGuid": guid or str(uuid.uuid4()),
        "serviceEndpointPolicyDefinitions": definitions,
    }
    if before is None:
        call.state["resources"].append(policy)
    headers = provider.begin(call, "policy", policy)
    return provider.begun(call, _shown(policy), headers, is_new=before is None)


def patch(call: Call) -> Answer:
    """Tags, and nothing else: done at once."""
    policy = _find(call)
    policy |= {"tags": call.body.get("tags") or {}, "etag": operations.new_etag()}
    return Answer(_shown(policy))


def delete(call: Call) -> Answer:
    policy = _find(call)
    policy["properties"]["provisioningState"] = "Deleting"
    return provider.accepted(provider.begin(call, "policy", policy))


def get_definition(call: Call) -> Answer:
    policy = _find(call)
    found = _definition(call, policy)
    if found is None:
        named = f"{policy['id']}/serviceEndpointPolicyDefinitions/{call.names['definition']}"
        raise Refusal(404, "NotFound", f"Resource {named} not found.", more={"details": []})
    return Answer({**found, "etag": policy["etag"]}, headers={"etag": policy["etag"]})


def put_definition(call: Call) -> Answer:
    policy = _find(call)
    before = _definition(call, policy)
    held = policy["properties"]["serviceEndpointPolicyDefinitions"]
    definition = {
        "name": call.names["definition"],
        "id": f"{policy['id']}/serviceEndpointPolicyDefinitions/{call.names['definition']}",
        "properties": {"provisioningState": "Updating", **call.properties},
        "type": f"{_TYPE}/serviceEndpointPolicyDefinitions",
    }
    policy["properties"]["serviceEndpointPolicyDefinitions"] = [
        definition if each is before else each for each in held
    ] + ([definition] if before is None else [])
    headers = provider.begin(call, "policy", policy)
    return provider.begun(call, {**definition, "etag": policy["etag"]}, headers, is_new=before is None)


def delete_definition(call: Call) -> Answer:
    policy = _find(call)
    found = _definition(call, policy)
    if found is None:
        return Answer(status=204)
    found["properties"]["provisioningState"] = "Deleting"
    return provider.accepted(provider.begin(call, "policy", policy))


def end_policy(state: Document, key: str) -> None:
    """What was being deleted is gone, the rest has succeeded."""
    policy = next((each for each in state["resources"] if each["id"].lower() == key), None)
    if policy is None:
        return
    if policy["properties"]["provisioningState"] == "Deleting":
        state["resources"].remove(policy)
        return
    held = policy["properties"]["serviceEndpointPolicyDefinitions"]
    kept = [each for each in held if each["properties"]["provisioningState"] != "Deleting"]
    for each in kept:
        each["properties"]["provisioningState"] = "Succeeded"
    policy["properties"] |= {"provisioningState": "Succeeded", "serviceEndpointPolicyDefinitions": kept}
    policy["etag"] = operations.new_etag()


def _look(call: Call) -> Document | None:
    wanted = _POLICY.format(**call.names).lower()
    return next((each for each in call.state["resources"] if each["id"].lower() == wanted), None)


def _find(call: Call) -> Document:
    found = _look(call)
    if found is None:
        raise not_found(_TYPE, call.names["policy"], call.names["group"])
    return found


def _definition(call: Call, policy: Document) -> Document | None:
    wanted = call.names["definition"].lower()
    held = policy["properties"]["serviceEndpointPolicyDefinitions"]
    return next((each for each in held if each["name"].lower() == wanted), None)


def _shown(policy: Document) -> Document:
    properties = policy["properties"]
    held = properties.get("serviceEndpointPolicyDefinitions", [])
    shown = [{**each, "etag": policy["etag"]} for each in held]
    return {**policy, "properties": {**properties, "serviceEndpointPolicyDefinitions": shown}}


_ACTION = "Microsoft.Network/serviceEndpointPolicies/"
_PART = _ACTION + "serviceEndpointPolicyDefinitions/"
OPERATIONS = (
    Operation("GET", _POLICY, _ACTION + "read", get, _POLICY),
    Operation("PUT", _POLICY, _ACTION + "write", put, _POLICY),
    Operation("PATCH", _POLICY, _ACTION + "write", patch, _POLICY),
    Operation("DELETE", _POLICY, _ACTION + "delete", delete, _POLICY),
    Operation("GET", _DEFINITION, _PART + "read", get_definition, _DEFINITION),
    Operation("PUT", _DEFINITION, _PART + "write", put_definition, _DEFINITION),
    Operation("DELETE", _DEFINITION, _PART + "delete", delete_definition, _DEFINITION),
)

"""Role assignments: `Microsoft.Authorization`, on a subscription, a resource group, a resource or what is in a vault.

Shapes are those of the REST reference, 2022-04-01; the refusals those of public logs.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from netcfg.sandbox import clock, ids
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import GROUP, SUBSCRIPTION, Document
from netcfg.sandbox.keyvault import propagation
from netcfg.sandbox.manager import inventory, roles
from netcfg.sandbox.manager.gate import not_found
from netcfg.sandbox.manager.roles import Role

_RESOURCE = GROUP + "/providers/{namespace}/{kind}/{name}"
_SCOPES = (SUBSCRIPTION, GROUP, _RESOURCE, _RESOURCE + "/{part}/{child}")
_PROVIDER = "/providers/Microsoft.Authorization"
_NAMESPACE = uuid.UUID("00000000-0000-4000-8000-000000000a02")
_PRINCIPAL = re.compile(r"(?:principalId eq|assignedTo\()\s*'([^']*)'\)?", re.IGNORECASE)
_ROLE_NAME = re.compile(r"\s*roleName eq '([^']*)'\s*", re.IGNORECASE)
_KIND = "ServicePrincipal"  # of every principal in a world


def laid(principal: Document, role: Role, scope: str) -> Document:
    """An assignment that a world begins with."""
    name = str(uuid.uuid5(_NAMESPACE, f"{principal['objectId']}|{role.id}|{scope}".lower()))
    made = {"at": "2025-01-15T09:00:00.0000000Z", "by": principal["objectId"]}
    return _document(name, scope, role, principal["objectId"], made)


def get(call: Call) -> Answer:
    return Answer(_shown(_find(call)))


def put(call: Call) -> Answer:
    """A name is a GUID that the caller made up, and is taken all over the tenant. Once made nothing of it changes."""
    scope, name = _scope(call), call.names["assignment"].lower()
    _check_name(name)
    _check_scope(call)
    role, principal = _role(call), _principal(call)
    wanted = _key(scope, role.id, principal)
    for key, each in call.state["roleAssignments"].items():
        is_equal = _key(each["scope"], ids.name(each["roleDefinitionId"]), each["principalId"]) == wanted
        if key == name and not is_equal:
            message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            raise Refusal(409, "RoleAssignmentUpdateNotPermitted", message)
        if key != name and is_equal:
            existing = f"The ID of the existing role assignment is {key.replace('-', '')}."
            raise Refusal(409, "RoleAssignmentExists", f"The role assignment already exists. {existing}")
    if name not in call.state["roleAssignments"]:
        made = {"at": clock.tick(call.state), "by": call.principal["objectId"]}
        sent = {key: call.properties[key] for key in ("principalType", "description") if call.properties.get(key)}
        kept = _document(name, scope, role, principal, made) | sent | {"arrives": propagation.arrives(call.state)}
        call.state["roleAssignments"][name] = kept
    return Answer(_shown(call.state["roleAssignments"][name]), 201)


def delete(call: Call) -> Answer:
    """What is not there is gone already."""
    _check_name(call.names["assignment"].lower())
    found = _lookup(call)
    if found is None:
        return Answer(status=204)
    del call.state["roleAssignments"][found["name"]]
    return Answer(_shown(found))


def list_all(call: Call) -> Answer:
    """Those of the scope, above it and beneath it; `atScope()` leaves out what is beneath."""
    scope, condition = _scope(call), call.request.query.get("$filter", "")
    principal = _PRINCIPAL.search(condition)
    rest = _PRINCIPAL.sub("", condition).replace("atScope()", "").replace("and", "").strip()
    if rest:
        raise Refusal(400, "UnsupportedQuery", f"The filter '{condition}' is not supported.")  # not word for word
    found = [
        each
        for _, each in sorted(call.state["roleAssignments"].items())
        if ids.within(scope, each["scope"]) or ("atScope()" not in condition and ids.within(each["scope"], scope))
    ]
    if principal:
        found = [each for each in found if each["principalId"].lower() == principal[1].lower()]
    return Answer({"value": [_shown(each) for each in found]})


def list_definitions(call: Call) -> Answer:
    """All roles that the sandbox knows, or the one of a name."""
    condition = call.request.query.get("$filter", "")
    wanted = _ROLE_NAME.fullmatch(condition)
    found = [each for each in roles.every(call.state) if wanted is None or each.name.lower() == wanted[1].lower()]
    return Answer({"value": [_definition(each, call.names.get("subscription", "")) for each in found]})


def get_definition(call: Call) -> Answer:
    role = roles.find(call.state, call.names["role"])
    if role is None:
        raise _no_role(call.names["role"], 404)
    return Answer(_definition(role, call.names.get("subscription", "")))


def _document(name: str, scope: str, role: Role, principal: str, made: Document) -> Document:
    return {
        "name": name,
        "scope": scope,
        "roleDefinitionId": roles.definition(role, ids.part(scope, "subscriptions")),
        "principalId": principal,
        "principalType": _KIND,
        "createdOn": made["at"],
        "createdBy": made["by"],
        "arrives": 0,
    }


def _shown(each: Document) -> Document:
    empty = dict.fromkeys(("condition", "conditionVersion", "delegatedManagedIdentityResourceId"))
    properties = {key: value for key, value in each.items() if key not in ("name", "arrives")}
    changed = {"updatedOn": each["createdOn"], "updatedBy": each["createdBy"], "description": each.get("description")}
    return {
        "id": f"{each['scope']}{_PROVIDER}/roleAssignments/{each['name']}",
        "name": each["name"],
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": properties | changed | empty,
    }


def _definition(role: Role, subscription: str) -> Document:
    permissions = {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": list(role.data_actions),
        "notDataActions": list(role.not_data_actions),
    }
    return {
        "id": roles.definition(role, subscription),
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": "CustomRole" if role.is_custom else "BuiltInRole",
            "assignableScopes": ["/"],
            "permissions": [permissions],
        },
    }


def _find(call: Call) -> Document:
    found = _lookup(call)
    if found is None:
        message = f"The role assignment '{call.names['assignment']}' is not found."
        raise Refusal(404, "RoleAssignmentNotFound", message)
    return found


def _lookup(call: Call) -> Document | None:
    found: Document | None = call.state["roleAssignments"].get(call.names["assignment"].lower())
    return found if found and found["scope"].lower() == _scope(call).lower() else None


def _scope(call: Call) -> str:
    """What stands before the provider of roles."""
    path = call.request.path
    return path[: path.lower().rindex(_PROVIDER.lower())]


def _key(scope: str, role: str, principal: str) -> tuple[str, str, str]:
    return scope.lower(), role.lower(), principal.lower()


def _check_name(name: str) -> None:
    try:
        uuid.UUID(name)
    except ValueError:
        message = f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
        raise Refusal(400, "InvalidRoleAssignmentId", message) from None


def _check_scope(call: Call) -> None:
    """The resource must be there; what is within it is not looked for."""
    if "name" not in call.names:
        return
    resource = _RESOURCE.format(**call.names).lower()
    if not any(each["id"].lower() == resource for each in inventory.everything(call.state)):
        raise not_found(f"{call.names['namespace']}/{call.names['kind']}", call.names["name"], call.names["group"])


def _role(call: Call) -> Role:
    sent = str(call.properties.get("roleDefinitionId") or "")
    role = roles.find(call.state, sent)
    if role is None:
        raise _no_role(ids.name(sent), 400)
    return role


def _principal(call: Call) -> str:
    """Who says of what type the principal is, is believed where the directory does not know it (yet)."""
    sent, kind = str(call.properties.get("principalId") or ""), call.properties.get("principalType")
    is_known = any(each["objectId"].lower() == sent.lower() for each in call.state["principals"].values())
    if not sent or (not is_known and not kind):
        message = (
            f"Principal {sent.replace('-', '')} does not exist in the directory {call.tenant}. Check that you have the "
            "correct principal ID. If you are creating this principal and then immediately assigning a role, this "
            "error might be related to a replication delay. In this case, set the role assignment principalType "
            "property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype"
        )
        raise Refusal(400, "PrincipalNotFound", message)
    if is_known and kind and kind != _KIND:
        message = (
            f"The PrincipalId '{sent.replace('-', '')}' has type '{_KIND}' , which is different from specified "
            f"PrinciaplType '{kind}'."
        )
        raise Refusal(400, "UnmatchedPrincipalType", message)
    return sent


def _no_role(role: str, status: int) -> Refusal:
    message = f"The specified role definition with ID '{role.replace('-', '')}' does not exist."
    return Refusal(status, "RoleDefinitionDoesNotExist", message)


def _on_each(method: str, path: str, kind: str, action: str, handle: Callable[[Call], Answer]) -> list[Operation]:
    right = f"Microsoft.Authorization/{kind}/{action}"
    return [Operation(method, f"{scope}{_PROVIDER}/{kind}{path}", right, handle, scope) for scope in _SCOPES]


_ASSIGNMENT, _ROLE = "/{assignment}", "/{role}"
_TENANT_ROLE = f"{_PROVIDER}/roleDefinitions"
OPERATIONS = (
    *_on_each("GET", "", "roleAssignments", "read", list_all),
    *_on_each("GET", _ASSIGNMENT, "roleAssignments", "read", get),
    *_on_each("PUT", _ASSIGNMENT, "roleAssignments", "write", put),
    *_on_each("DELETE", _ASSIGNMENT, "roleAssignments", "delete", delete),
    *_on_each("GET", "", "roleDefinitions", "read", list_definitions),
    *_on_each("GET", _ROLE, "roleDefinitions", "read", get_definition),
    Operation("GET", _TENANT_ROLE, "Microsoft.Authorization/roleDefinitions/read", list_definitions, "/"),
    Operation("GET", _TENANT_ROLE + _ROLE, "Microsoft.Authorization/roleDefinitions/read", get_definition, "/"),
)

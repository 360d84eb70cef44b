"""What Resource Manager checks by itself, before a resource's own provider is asked.

Its texts are those of Microsoft's recordings and of public reports.
"""

from __future__ import annotations

import fnmatch
import json
import re
from typing import Any

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Refusal
from netcfg.sandbox.call import Call, Operation, Request
from netcfg.sandbox.ids import Document
from netcfg.sandbox.manager import login, resource_tags, roles

_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")


def admit(operation: Operation, request: Request, state: Document) -> Call:
    """Let `request` in, or refuse it, by the checks in Azure's order."""
    holder = _holder(state, request)
    principal = holder.principal
    _check_api_version(request)
    names = request.names
    subscription = state["subscriptions"].get(names.get("subscription", "").lower())
    if "subscription" in names and subscription is None:
        message = f"The subscription '{names['subscription']}' could not be found."
        raise Refusal(404, "SubscriptionNotFound", message, gateway=True)
    if subscription is not None:
        _check_tenant(holder.tenant, subscription["tenantId"])
    scope = operation.scope.format(**names)
    action = operation.action.format(**names)
    may = allowed_within if operation.lists else allowed
    if not may(principal, action, scope):
        raise _unauthorized(principal, action, scope)
    if "group" in names and names["group"].lower() not in map(str.lower, subscription["resourceGroups"]):
        message = f"Resource group '{names['group']}' could not be found."
        raise Refusal(404, "ResourceGroupNotFound", message, gateway=True)
    if operation.writes:
        _check_locks(state, action, scope)
        _check_policies(state, action, request.method, scope)
    body = _body(request)
    if operation.writes and isinstance(body, dict) and body.get("tags") is not None:
        resource_tags.check(body["tags"])
    return Call(request, body, principal, state, holder.tenant)


def allowed(principal: Document, action: str, scope: str) -> bool:
    """Whether no denial of `principal` speaks against `action` on `scope`, and its roles for it where it needs one."""
    return not _is_denied(principal, action, scope) and roles.permits(principal, action, scope)


def allowed_data(principal: Document, action: str, scope: str) -> bool:
    """The same for what is done not with a resource but inside it."""
    return not _is_denied(principal, action, scope) and roles.permits_data(principal, action, scope)


def allowed_within(principal: Document, action: str, scope: str) -> bool:
    """Whether `action` is allowed on `scope` or on something beneath it: a list shows what may be seen of it, and a
    subscription is shown to whom one of its groups is."""
    return roles.permits_within(principal, action, scope) and all(
        any(ids.within(each, scope) for each in denial.get("except", []))
        for denial in principal["denials"]
        if _denies(denial, action, scope)
    )


def suspects(principal: Document, action: str) -> tuple[str, ...]:
    """Where `action` may be denied, as beginnings of ids in lower case that end with a slash: for who asks about
    thousands of resources, and of hardly any of them twice."""
    if principal.get("grantedOnly"):
        return ("/",)
    speaking = (each for each in principal["denials"] if fnmatch.fnmatchcase(action.lower(), each["action"].lower()))
    return tuple(f"{each['scope'].lower().rstrip('/')}/" for each in speaking)


def _is_denied(principal: Document, action: str, scope: str) -> bool:
    return any(_denies(each, action, scope) for each in principal["denials"])


def _denies(denial: Document, action: str, scope: str) -> bool:
    """A role on one group of a subscription that may not be read otherwise is written as a denial with `except`."""
    return (
        ids.within(scope, denial["scope"])
        and not any(ids.within(scope, each) for each in denial.get("except", []))
        and fnmatch.fnmatchcase(action.lower(), denial["action"].lower())
    )


def not_found(kind: str, name: str, group: str) -> Refusal:
    """Resource Manager's own words for a resource that it does not know."""
    message = (
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return Refusal(404, "ResourceNotFound", message, gateway=True)


def _holder(state: Document, request: Request) -> login.Holder:
    authorization = request.headers.get("authorization")
    authority = f"https://login.microsoftonline.com/{state['tenant']['id']}"
    challenge = {"www-authenticate": f'Bearer authorization_uri="{authority}", error="invalid_token"'}
    if not authorization:
        message = "Authentication failed. The 'Authorization' header is missing."
        raise Refusal(401, "AuthenticationFailed", message, gateway=True, headers=challenge)
    holder = login.holder_of(state, authorization)
    if holder is None:
        message = "The access token is invalid."
        raise Refusal(401, "InvalidAuthenticationToken", message, gateway=True, headers=challenge)
    return holder


def _check_tenant(token: str, subscription: str) -> None:
    """A token is of one tenant; the refusal's header says of which one it should have been."""
    if token == subscription:
        return
    authority = "https://login.microsoftonline.com"
    problem = (
        f"The access token is from the wrong issuer 'https://sts.windows.net/{token}/'. It must match the tenant "
        f"'https://sts.windows.net/{subscription}/' associated with this subscription. Please use the authority (URL) "
        f"'{authority}/{subscription}' to get the token."
    )
    challenge = f'Bearer authorization_uri="{authority}/{subscription}", error="invalid_token", '
    headers = {"www-authenticate": f'{challenge}error_description="{problem}"'}
    raise Refusal(401, "InvalidAuthenticationTokenTenant", problem, gateway=True, headers=headers)


def _check_api_version(request: Request) -> None:
    version = request.query.get("api-version")
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise Refusal(400, "MissingApiVersionParameter", message, gateway=True)
    if not _API_VERSION.fullmatch(version):
        message = f"The api-version '{version}' is invalid. The format is 'YYYY-MM-DD' or 'YYYY-MM-DD-preview'."
        raise Refusal(400, "InvalidApiVersionParameter", message, gateway=True)


def _unauthorized(principal: Document, action: str, scope: str) -> Refusal:
    message = (
        f"The client '{principal['appId']}' with object id '{principal['objectId']}' does not have authorization to "
        f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, "
        "please refresh your credentials."
    )
    return Refusal(403, "AuthorizationFailed", message, gateway=True)


def _check_locks(state: Document, action: str, scope: str) -> None:
    kind = "delete" if action.endswith("/delete") else "write"
    for lock in state["locks"]:
        if ids.within(scope, lock["scope"]) and (kind == "delete" or lock["level"] == "ReadOnly"):
            message = (
                f"The scope '{scope}' cannot perform {kind} operation because following scope(s) are locked: "
                f"'{lock['scope']}'. Please remove the lock and try again."
            )
            raise Refusal(409, "ScopeLocked", message, gateway=True)


def _check_policies(state: Document, action: str, method: str, scope: str) -> None:
    """A world's policies are about the type of a resource, and who has a role on it is a resource of another one."""
    found = next((each for each in state["policies"] if ids.within(scope, each["scope"])), None)
    if found is None or method not in ("PUT", "PATCH") or action.startswith("Microsoft.Authorization/"):
        return
    name = scope.rpartition("/")[2]
    assignment, definition = found["assignment"], found["definition"]
    listed = [{"policyAssignment": assignment, "policyDefinition": definition}]
    identifiers = json.dumps(listed, separators=(",", ":"))
    message = f"Resource '{name}' was disallowed by policy. Policy identifiers: '{identifiers}'."
    info = {
        **_described("policyDefinition", definition),
        "policyDefinitionEffect": "deny",
        **_described("policyAssignment", assignment),
        "policyAssignmentScope": assignment["id"].partition("/providers/Microsoft.Authorization")[0],
        "evaluationDetails": {"evaluatedExpressions": [_type_matched(scope)]},
    }
    more = {"target": name, "additionalInfo": [{"type": "PolicyViolation", "info": info}]}
    raise Refusal(403, "RequestDisallowedByPolicy", message, gateway=True, more=more)


def _described(kind: str, each: Document) -> Document:
    return {
        f"{kind}DisplayName": each["name"],
        f"{kind}Id": each["id"],
        f"{kind}Name": each["id"].rpartition("/")[2],
    }


def _type_matched(scope: str) -> Document:
    kind = "/".join(scope.partition("/providers/")[2].split("/")[:2])
    return {
        "result": "True",
        "expressionKind": "Field",
        "expression": "type",
        "path": "type",
        "expressionValue": kind,
        "targetValue": kind,
        "operator": "Equals",
    }


def _body(request: Request) -> Any:
    if not request.content:
        return None
    try:
        return json.loads(request.content)
    except ValueError:
        message = "The request content was invalid and could not be deserialized."
        raise Refusal(400, "InvalidRequestContent", message, gateway=True) from None

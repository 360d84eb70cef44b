"""Linked scopes: a write that names another resource needs a permission there too, and a token of that one's tenant.

https://learn.microsoft.com/azure/azure-resource-manager/management/authenticate-multi-tenant
"""

from __future__ import annotations

from netcfg.sandbox.answer import Refusal
from netcfg.sandbox.call import Call
from netcfg.sandbox.ids import Document
from netcfg.sandbox.manager import login
from netcfg.sandbox.manager.gate import allowed

JOIN_SUBNET = "Microsoft.Network/virtualNetworks/subnets/join/action"
JOIN_NETWORK = "Microsoft.Network/virtualNetworks/join/action"
JOIN_ZONE = "Microsoft.Network/privateDnsZones/join/action"
JOIN_SERVICE_ENDPOINT = "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"
APPROVE = "Microsoft.KeyVault/vaults/privateEndpointConnectionsApproval/action"


def check(call: Call, action: str, scope: str, linked_action: str, linked: str) -> None:
    """Whether the caller, who may do `action` on `scope`, may also do `linked_action` on the resource `linked`.

    In another tenant it is whoever the auxiliary token of that tenant belongs to. The codes are Azure's; the sentences
    follow public reports.
    """
    tenant = tenant_of(call.state, linked) or call.tenant
    principal = _in_tenant(call, tenant)
    if principal is None:
        message = (
            f"The client has permission to perform action '{linked_action}' on scope '{scope}', however the current "
            f"tenant '{call.tenant}' is not authorized to access linked subscription '{_subscription(linked)}'."
        )
        raise Refusal(403, "LinkedAuthorizationFailed", message, gateway=True)
    if not allowed(principal, linked_action, linked):
        message = (
            f"The client '{principal['appId']}' with object id '{principal['objectId']}' has permission to perform "
            f"action '{action}' on scope '{scope}'; however, it does not have permission to perform action(s) "
            f"'{linked_action}' on the linked scope(s) '{linked}' (respectively) or the linked scope(s) are invalid."
        )
        raise Refusal(403, "LinkedAuthorizationFailed", message, gateway=True)


def tenant_of(state: Document, resource_id: str) -> str | None:
    """The tenant in whose subscription a resource is, or None for a subscription that does not exist."""
    subscription = state["subscriptions"].get(_subscription(resource_id))
    return None if subscription is None else str(subscription["tenantId"])


def _in_tenant(call: Call, tenant: str) -> Document | None:
    """Who the caller is in `tenant`: by the request's own token, or by one of the auxiliary ones."""
    if tenant == call.tenant:
        return call.principal
    auxiliary = call.request.headers.get("x-ms-authorization-auxiliary", "")
    tokens = [each.strip() for each in auxiliary.replace(";", ",").split(",")]
    found = (login.holder_of(call.state, each) for each in tokens if each)
    return next((each.principal for each in found if each is not None and each.tenant == tenant), None)


def _subscription(resource_id: str) -> str:
    segments = resource_id.lower().split("/")
    return segments[2] if len(segments) > 2 and segments[1] == "subscriptions" else ""

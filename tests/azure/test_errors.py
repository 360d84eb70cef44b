"""Each refusal, as Azure words it, and the one sentence that it becomes."""

import pytest

from netcfg.azure.connection import connect
from netcfg.core import errors
from netcfg.core.resources import parse_vault
from tests.azure.scripted import Answer, refusal, scripted

SCOPE = "/subscriptions/1f7a/resourceGroups/rg-pay/providers/Microsoft.KeyVault/vaults/kv-pay"
VAULT = parse_vault(SCOPE)
NETWORK = "/subscriptions/1f7a/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet-a"
OPEN = Answer({"value": [], "id": SCOPE, "properties": {}})


def client(action: str) -> str:
    return (
        f"The client 'build' with object id '0b1e' does not have authorization to perform action '{action}' over scope "
        f"'{SCOPE}' or the scope is invalid. If access was recently granted, please refresh your credentials."
    )


def refused_read(answer: Answer) -> errors.NetcfgError:
    with scripted(answer) as script, connect("t", resource_manager=script.url) as azure:
        with pytest.raises(errors.NetcfgError) as raised:
            azure.vaults.read(VAULT)
        return raised.value


def refused_write(answer: Answer) -> errors.NetcfgError:
    with scripted(OPEN, OPEN, answer) as script, connect("t", resource_manager=script.url) as azure:
        vault = azure.vaults.read(VAULT)
        with pytest.raises(errors.NetcfgError) as raised:
            azure.vaults.write(vault, vault.firewall)
        assert [each.method for each in script.asked[2:]] == ["PATCH"]
        return raised.value


READS = [
    (
        refusal(403, "AuthorizationFailed", client("Microsoft.KeyVault/vaults/read")),
        errors.PermissionMissing,
        (
            f"build (object id 0b1e) may not do Microsoft.KeyVault/vaults/read on {SCOPE}; assign Reader there, "
            "and run it again when that has taken effect (up to ten minutes)"
        ),
    ),
    (
        refusal(403, "AuthorizationFailed", "In words of tomorrow."),
        errors.AzureRefused,
        (
            f"Azure said no to vault {SCOPE}: In words of tomorrow (AuthorizationFailed, HTTP 403); "
            "mend that, then run it again"
        ),
    ),
    (
        refusal(
            404,
            "ResourceNotFound",
            "The Resource 'Microsoft.KeyVault/vaults/kv-pay' under resource group 'rg-pay' was not found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        ),
        errors.NotInAzure,
        f"Azure knows no vault {SCOPE}; check the id; it may have been deleted, moved or renamed",
    ),
    (
        refusal(404, "ResourceGroupNotFound", "Resource group 'rg-pay' could not be found."),
        errors.NotInAzure,
        f"Azure knows no resource group 'rg-pay', where vault {SCOPE} should be; check the id",
    ),
    (
        refusal(404, "SubscriptionNotFound", "The subscription '1f7a' could not be found."),
        errors.SubscriptionNotInAzure,
        (
            f"Azure knows no subscription '1f7a', where vault {SCOPE} should be; "
            "check the id, and with 'az account list' that the sign-in is to the right tenant"
        ),
    ),
    (
        refusal(401, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than now."),
        errors.TokenRefused,
        (
            "Azure did not accept the token: The access token expiry UTC time is earlier than now "
            "(ExpiredAuthenticationToken, HTTP 401); sign in again with 'az login', to the tenant of the subscription"
        ),
    ),
    (
        refusal(409, "ReadOnlyDisabledSubscription", "The subscription is disabled.\r\nIt is read only."),
        errors.AzureRefused,
        (
            f"Azure said no to vault {SCOPE}: The subscription is disabled "
            "(ReadOnlyDisabledSubscription, HTTP 409); mend that, then run it again"
        ),
    ),
    (
        Answer("<html>who are you</html>", 403, type="text/html"),
        errors.AzureRefused,
        f"Azure said no to vault {SCOPE}: Forbidden (HTTP 403); mend that, then run it again",
    ),
    (
        Answer("<html>sign in to the wireless</html>", 200, type="text/html"),
        errors.AzureAnswer,
        (
            f"Azure's answer about vault {SCOPE} cannot be read: the answer broke off or was not JSON; "
            "run it again later, and look for a proxy that answers in Azure's place"
        ),
    ),
    (
        Answer(["not", "an", "object"]),
        errors.AzureAnswer,
        (
            f"Azure's answer about vault {SCOPE} cannot be read: list where an object was expected; "
            "run it again later, and look for a proxy that answers in Azure's place"
        ),
    ),
]


@pytest.mark.parametrize(("answer", "kind", "sentence"), READS)
def test_a_refused_read_is_one_sentence_that_says_what_to_do(answer, kind, sentence):
    error = refused_read(answer)
    assert (type(error), str(error)) == (kind, sentence)


WRITES = [
    (
        refusal(403, "AuthorizationFailed", client("Microsoft.KeyVault/vaults/write")),
        errors.PermissionMissing,
        (
            f"build (object id 0b1e) may not do Microsoft.KeyVault/vaults/write on {SCOPE}; assign a custom role with "
            "Microsoft.KeyVault/vaults/read and Microsoft.KeyVault/vaults/write (JSON in the README), or Key Vault "
            "Contributor there, and run it again when that has taken effect (up to ten minutes)"
        ),
    ),
    (
        refusal(
            403,
            "LinkedAuthorizationFailed",
            "The client 'build' with object id '0b1e' has permission to perform action "
            f"'Microsoft.KeyVault/vaults/write' on scope '{SCOPE}'; however, it does not have permission to perform "
            "action(s) 'Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action' on the linked "
            "scope(s) "
            f"'{NETWORK}/subnets/agents' (respectively) or the linked scope(s) are invalid.",
        ),
        errors.LinkedPermissionMissing,
        (
            "build (object id 0b1e) may change vault kv-pay, but may not do "
            f"Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action on {NETWORK}/subnets/agents, "
            "which the change names; assign Network Contributor there, "
            "and run it again when that has taken effect (up to ten minutes)"
        ),
    ),
    (
        refusal(
            403,
            "LinkedAuthorizationFailed",
            "The client has permission to perform action 'Microsoft.Network/virtualNetworks/subnets/"
            f"joinViaServiceEndpoint/action' on scope '{SCOPE}', however the current tenant '9d' is not authorized to "
            "access linked subscription '77'.",
        ),
        errors.OtherTenantNamed,
        (
            "vault kv-pay did not take the change, because it names something in subscription 77, which does not "
            "belong to tenant 9d; sign in as somebody who is known in both tenants"
        ),
    ),
    (
        refusal(
            409,
            "ScopeLocked",
            f"The scope '{SCOPE}' cannot perform write operation because following scope(s) are locked: "
            "'/subscriptions/1f7a/resourceGroups/rg-pay'. Please remove the lock and try again.",
        ),
        errors.ScopeLocked,
        (
            "vault kv-pay cannot be changed, because /subscriptions/1f7a/resourceGroups/rg-pay is locked; look at "
            "the lock "
            "with 'az lock list --subscription 1f7a --resource-group rg-pay', "
            "and have it removed by its owner while netcfg runs"
        ),
    ),
    (
        refusal(
            403,
            "RequestDisallowedByPolicy",
            'Resource \'kv-pay\' was disallowed by policy. Policy identifiers: \'[{"policyAssignment":{"name":'
            '"No public vaults","id":"/subscriptions/1f7a/providers/Microsoft.Authorization/policyAssignments/x"},'
            '"policyDefinition":{"id":"/providers/Microsoft.Authorization/policyDefinitions/55615ac9"}}]\'.',
        ),
        errors.PolicyForbids,
        (
            "Azure Policy does not let vault kv-pay be changed so: the assignment 'No public vaults' of '55615ac9'; "
            "ask its owner for an exemption, or plan what it permits"
        ),
    ),
    (
        refusal(403, "RequestDisallowedByPolicy", "Resource 'kv-pay' was disallowed by policy. Ask somebody."),
        errors.PolicyForbids,
        (
            "Azure Policy does not let vault kv-pay be changed so: Resource 'kv-pay' was disallowed by policy; "
            "ask its owner for an exemption, or plan what it permits"
        ),
    ),
    (
        refusal(
            400,
            "VirtualNetworkNotValid",
            "Operation on Virtual Network could not be performed. StatusCode: 400 (BadRequest). Error Code: "
            "SubnetsHaveNoServiceEndpointsConfigured. Error Message: Subnets agents, runners of virtual network "
            f"{NETWORK} do not have ServiceEndpoints for Microsoft.KeyVault resources configured. Add "
            "Microsoft.KeyVault to subnet's ServiceEndpoints collection before trying to ACL Microsoft.KeyVault "
            "resources to these subnets..",
        ),
        errors.EndpointsMissing,
        (
            "vault kv-pay did not take the change, because a rule names vnet-a/agents, vnet-a/runners without a "
            "service endpoint "
            "for vaults; enable Microsoft.KeyVault there, or drop the rule with "
            f"--remove {NETWORK}/subnets/agents --remove {NETWORK}/subnets/runners"
        ),
    ),
    (
        refusal(
            400,
            "BadRequest",
            "Invalid value found at properties.networkAcls.ipRules[0].value: 10.0.0.0/8 belongs to forbidden range "
            "10.0.0.0–10.255.255.255 (private IP addresses)",
        ),
        errors.ForbiddenRange,
        (
            "vault kv-pay takes no rule for 10.0.0.0/8: it belongs to 10.0.0.0–10.255.255.255 (private IP addresses), "
            "and only public IPv4 addresses can be let in; leave it out, or let its subnet in with --subnet"
        ),
    ),
    (
        refusal(400, "BadRequest", "Something about the request."),
        errors.AzureRefused,
        (
            "Azure said no to vault kv-pay: Something about the request (BadRequest, HTTP 400); "
            "mend that, then run it again"
        ),
    ),
    (
        refusal(
            409,
            "MissingSubscriptionRegistration",
            "The subscription is not registered to use namespace 'Microsoft.KeyVault'. See https://aka.ms/rps-not-found",
        ),
        errors.ProviderNotRegistered,
        (
            "the subscription of vault kv-pay does not use Microsoft.KeyVault yet; run "
            "'az provider register --namespace Microsoft.KeyVault' in it, then run this again"
        ),
    ),
]


@pytest.mark.parametrize(("answer", "kind", "sentence"), WRITES)
def test_a_refused_write_is_tried_once_and_is_one_sentence(answer, kind, sentence):
    error = refused_write(answer)
    assert (type(error), str(error)) == (kind, sentence)


CONFLICT = (
    "A conflict occurred that prevented the operation from completing. The operation failed because the Key Vault "
    "'kv-pay' changed from the point the operation began."
)
UNSETTLED = [
    (refusal(409, "ConflictError", CONFLICT), None, "A conflict occurred that prevented the operation from completing"),
    (refusal(412, "ConditionNotMet", "Not met."), None, "Not met"),
    (refusal(429, "TooManyRequests", "Slow.", {"Retry-After": "7"}), 7.0, "Slow"),
    (refusal(429, "TooManyRequests", "Slow."), None, "Slow"),
    (refusal(503, "ServiceUnavailable", "Busy.", {"Retry-After": "1"}), 1.0, "Busy"),
    (refusal(500, "InternalServerError", "Broken."), None, "Broken"),
    (Answer("<html>gateway</html>", 502, type="text/html"), None, "Bad Gateway"),
    (Answer({}, 202), None, "Accepted"),
    (Answer(status=0), None, "the connection broke"),
    (Answer({"id": SCOPE, "properties": {}}, cut=5), None, "the answer broke off or was not JSON"),
    (Answer("{", 200), None, "the answer broke off or was not JSON"),
    (Answer("<html>ok</html>", 200, type="text/html"), None, "the answer broke off or was not JSON"),
]


@pytest.mark.parametrize(("answer", "wait", "reason"), UNSETTLED)
def test_a_write_that_may_have_happened_is_tried_once_and_is_unsettled(answer, wait, reason):
    error = refused_write(answer)
    assert isinstance(error, errors.WriteUnsettled)
    assert error.wait == wait
    assert str(error).startswith(f"the write to kv-pay was not settled: {reason}")


@pytest.mark.parametrize("header", ["x-ms-request-id", "x-ms-correlation-request-id"])
def test_every_refusal_carries_the_id_that_microsoft_asks_for(header):
    assert refused_read(refusal(404, "ResourceNotFound", "Gone.", {header: "r-1"})).request_id == "r-1"
    assert refused_write(refusal(409, "ConflictError", "Again.", {header: "r-2"})).request_id == "r-2"


def test_resource_graph_says_only_in_the_details_what_it_did_not_like():
    said = refusal(400, "BadRequest", "Please see details.", details=[{"code": "ParserFailure", "message": "Line 1."}])
    error = refused_read(said)
    assert "Please see details; Line 1 (BadRequest, HTTP 400)" in str(error)

"""What messages mean that people paste, however they were wrapped; none of these texts is anybody's real one."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.messages.cause import Cause
from netcfg.core.messages.diagnosis import diagnose, refusal
from netcfg.core.messages.pasted import decode, read
from netcfg.core.messages.signs import CERTAIN, VAGUE

APP, OID, TENANT = (f"{digit * 8}-{digit * 4}-{digit * 4}-{digit * 4}-{digit * 12}" for digit in "123")
CALLER = f"Caller: appid={APP};oid={OID};iss=https://sts.windows.net/{TENANT}/"
END = "Vault: kv-payments;location=westeurope"
SUBSCRIPTION = "/subscriptions/44444444-4444-4444-4444-444444444444"
VAULT = f"{SUBSCRIPTION}/resourcegroups/rg-payments/providers/microsoft.keyvault/vaults/kv-payments"
NETWORK = f"{SUBSCRIPTION}/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-agents"
SUBNET = f"{NETWORK}/subnets/builds".lower()

SCREEN = (
    'The specified Azure service connection needs to have "Get, List" secret management permissions on the selected '
    'key vault. Click "Authorize" to enable Azure Pipelines to set these permissions or manage secret permissions in '
    "the Azure portal."
)
INTERNAL = "TF400898: An Internal Error Occurred. Activity Id: 55555555-5555-5555-5555-555555555555."


def body(message: str, inner: str = "", code: str = "Forbidden") -> str:
    """The error of a vault, as it comes over the wire."""
    error = {"code": code, "message": message} | ({"innererror": {"code": inner}} if inner else {})
    return json.dumps({"error": error})


def relayed(said: str) -> str:
    """What Azure DevOps answers with status 200 when a vault refused it."""
    url = "https://kv-payments.vault.azure.net/secrets?maxresults=1&api-version=2016-10-01"
    message = (
        f"Failed to query service connection API: '{url}'. Status Code: 'Forbidden', Response from server: '{said}'"
    )
    return json.dumps({"result": [], "statusCode": "forbidden", "errorMessage": message})


FIREWALL = body(
    "Client address is not authorized and caller is not a trusted service.\r\nClient address: 40.74.28.0 from unknown "
    f"subnet\r\n{END}",
    "ForbiddenByFirewall",
)
NEWER = body(
    f"Client address isn't authorized and caller isn't a trusted service.\r\nClient address: 40.74.28.0\r\n{END}"
)
BY_SUBNET = body(
    "Client address is not authorized and caller is not a trusted service.\r\nClient address: 10.20.1.4 from subnet "
    f"{NETWORK}/subnets/builds\r\n{CALLER}\r\n{END}",
    "ForbiddenByFirewall",
)
CLOSED = body(
    "Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\n"
    f"{CALLER}\r\n{END}",
    "ForbiddenByConnection",
)
PERIMETER = body(
    "Request was not allowed by NSP rules and the client address is not authorized and caller was ignored because "
    f"bypass is set to None\r\nClient address: 40.74.28.0\r\n{END}"
)
ROLE = body(
    "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role "
    f"definitions were changed recently, please observe propagation time.\r\n{CALLER}\r\nAction: "
    f"'Microsoft.KeyVault/vaults/secrets/readMetadata/action'\r\nResource: '{VAULT}'\r\nAssignment: (not found)\r\n"
    f"DenyAssignmentId: null\r\nDecisionReason: null \r\n{END}\r\n",
    "ForbiddenByRbac",
)
POLICY = body(
    f"The user, group or application 'appid={APP};oid={OID};iss=https://sts.windows.net/{TENANT}/' does not have "
    "secrets list permission on key vault 'kv-payments;location=westeurope'.",
    "ForbiddenByPolicy",
)
DENIED = body("Access denied", "AccessDenied")
ABSENT = body("A secret with (name/id) api-key was not found in this key vault.", code="SecretNotFound")
DISABLED = body("Operation get is not allowed on a disabled secret.", "SecretDisabled")
EXPIRED = body("Operation get is not allowed on an expired secret.", "SecretExpired")

TASK = (
    "The specified Azure service connection needs to have Get, List secret management permissions on the selected key "
    "vault. To set these permissions, download the ProvisionKeyVaultPermissions.ps1 script from build/release logs and "
    "execute it, or set them from the Azure portal."
)
BARE_SUBNETS = (
    'Code="VirtualNetworkNotValid" Message="Operation on Virtual Network could not be performed. StatusCode: 400 '
    "(BadRequest). Error Code: SubnetsHaveNoServiceEndpointsConfigured. Error Message: Subnets "
    "builds, agents of virtual "
    f"network {NETWORK} do not have ServiceEndpoints for Microsoft.KeyVault resources configured. Add "
    "Microsoft.KeyVault to subnet's ServiceEndpoints collection before trying to ACL Microsoft.KeyVault resources to "
    'these subnets.."'
)
DENIED_BY_MANAGER = (
    f"(AuthorizationFailed) The client '{APP}' with object id '{OID}' does not have authorization to perform action "
    f"'Microsoft.KeyVault/vaults/write' over scope '{VAULT}' or the scope is invalid. If access was recently granted, "
    "please refresh your credentials.\nCode: AuthorizationFailed"
)
LINKED = (
    f"LinkedAuthorizationFailed: The client '{APP}' with object id '{OID}' has permission to perform action "
    f"'Microsoft.KeyVault/vaults/write' on scope '{VAULT}'; however, it does not have permission to perform action(s) "
    f"'Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action' on the linked scope(s) '{SUBNET}'"
)

MESSAGES = {
    "the Library page": (SCREEN, Cause.HIDDEN),
    "Authorize on it": (INTERNAL, Cause.HIDDEN),
    "the task": (f'##[error]api-key: "Access denied. {TASK}"', Cause.HIDDEN),
    "the task, with the vault's words": (
        (
            f'##[error]\napi-key: "Public network access is disabled and request is not from a trusted '
            f"service nor via an "
            f"approved private link.\\r\\nCaller: "
            f'appid=***;oid={OID};iss=https://sts.windows.net/{TENANT}/\\r\\n{END}. {TASK}"'
        ),
        Cause.PUBLIC_ACCESS,
    ),
    "the proxy: firewall": (relayed(FIREWALL), Cause.FIREWALL),
    "the proxy: firewall, newer words": (relayed(NEWER), Cause.FIREWALL),
    "the proxy: closed": (relayed(CLOSED), Cause.PUBLIC_ACCESS),
    "the proxy: perimeter": (relayed(PERIMETER), Cause.PERIMETER),
    "the proxy: role": (relayed(ROLE), Cause.ROLE),
    "the proxy: policy": (relayed(POLICY), Cause.POLICY),
    "the proxy, cut off before the words": (relayed(FIREWALL)[:230], Cause.HIDDEN),
    "the proxy, cut off within the words": (relayed(FIREWALL)[:330], Cause.FIREWALL),
    "the proxy, escaped twice": (json.dumps(relayed(FIREWALL)), Cause.FIREWALL),
    "a vault: firewall": (FIREWALL, Cause.FIREWALL),
    "a vault: subnet": (BY_SUBNET, Cause.FIREWALL),
    "a vault: access denied": (DENIED, Cause.POLICY),
    "a vault: no such secret": (ABSENT, Cause.ABSENT),
    "a vault: disabled": (DISABLED, Cause.UNUSABLE),
    "a vault: expired": (EXPIRED, Cause.UNUSABLE),
    "a vault: no token": (
        body("AKV10000: Request is missing a Bearer or PoP token.", code="Unauthorized"),
        Cause.SIGN_IN,
    ),
    "a vault: other tenant": (
        body(
            f"AKV10032: Invalid issuer. Expected one of https://sts.windows.net/{TENANT}/, found "
            f"https://sts.windows.net/{APP}/.",
            code="Unauthorized",
        ),
        Cause.SIGN_IN,
    ),
    "a vault that is not there": (body("The vault was not found.", code="VaultNotFound"), Cause.NO_VAULT),
    "Terraform's azuredevops": (
        (
            "│ Error:  Expanding variable group resource data: Failed to get the Azure Key value. Error: ( "
            "code: forbidden, "
            f"messge: {json.loads(relayed(ROLE))['errorMessage']} )\n│\n│   with azuredevops_variable_group.kv,"
        ),
        Cause.ROLE,
    ),
    "Terraform's azuredevops, 401": (
        (
            "│ Error: Expanding variable group resource data: Failed to get the Azure Key vault secrets. "
            "Request returned "
            "status: 401 Unauthorized"
        ),
        Cause.PERMISSION,
    ),
    "Terraform's azurerm": (
        (
            'Error: checking for presence of existing Secret "api-key" (Key Vault '
            '"https://kv-payments.vault.azure.net/"): '
            "keyvault.BaseClient#GetSecret: Failure responding to request: StatusCode=403 -- Original "
            "Error: autorest/azure: "
            'Service returned an error. Status=403 Code="Forbidden" Message="Client address is not '
            "authorized and caller is "
            f'not a trusted service.\\r\\nClient address: 40.74.28.0\\r\\n{CALLER}\\r\\n{END}" '
            'InnerError={"code":"ForbiddenByFirewall"}'
        ),
        Cause.FIREWALL,
    ),
    "Azure CLI": (
        (
            "(Forbidden) Client address is not authorized and caller is not a trusted service.\nClient "
            "address: 40.74.28.0\n"
            f'{CALLER}\n{END}\n\nCode: Forbidden\nInner error: {{\n    "code": "ForbiddenByFirewall"\n}}'
        ),
        Cause.FIREWALL,
    ),
    "PowerShell": (
        (
            "Get-AzKeyVaultSecret: \nLine |\n   2 |  Get-AzKeyVaultSecret -VaultName kv-payments\n     |  "
            "~~~~~~~~~~~~~~~~\n"
            "     | Operation returned an invalid status code 'Forbidden'\n     | Code: Forbidden\n     | "
            "Message: Client "
            "address is not\n     | authorized and caller is not a trusted service."
        ),
        Cause.FIREWALL,
    ),
    "PowerShell, without words": (
        "Get-AzKeyVaultSecret: Operation returned an invalid status code 'Forbidden'",
        Cause.HIDDEN,
    ),
    "Resource Manager: conflict": (
        (
            "ConflictError: A conflict occurred that prevented the operation from completing. The operation "
            "failed because "
            "the Key Vault 'kv-payments' changed from the point the operation began."
        ),
        Cause.CONFLICT,
    ),
    "Resource Manager: no endpoint": (BARE_SUBNETS, Cause.ENDPOINT),
    "Resource Manager: no permission": (DENIED_BY_MANAGER, Cause.PERMISSION),
    "Resource Manager: no permission elsewhere": (LINKED, Cause.PERMISSION),
    "Resource Manager: lock": (
        (
            f"ScopeLocked: The scope '{VAULT}' cannot perform write operation because following scope(s) are locked: "
            f"'{VAULT}'. Please remove the lock and try again."
        ),
        Cause.PERMISSION,
    ),
    "Resource Manager: policy": (
        'Code="RequestDisallowedByPolicy" Message="Resource \'kv-payments\' was disallowed by policy."',
        Cause.PERMISSION,
    ),
    "Resource Manager: private range": (
        (
            "Invalid value found at properties.networkAcls.ipRules[0].value: 10.0.0.0/8 belongs to forbidden range "
            "10.0.0.0–10.255.255.255 (private IP addresses)"
        ),
        Cause.ARGUMENT,
    ),
    "Resource Manager: throttled": (
        '{"error":{"code":"SubscriptionRequestsThrottled","message":"Number of requests exceeded."}}',
        Cause.THROTTLED,
    ),
    "Resource Manager: other tenant": (
        (
            f"InvalidAuthenticationTokenTenant: The access token is from the wrong issuer "
            f"'https://sts.windows.net/{APP}/'. "
            f"It must match the tenant 'https://sts.windows.net/{TENANT}/' associated with this subscription."
        ),
        Cause.SIGN_IN,
    ),
    "Resource Manager: no vault": (
        (
            "(ResourceNotFound) The Resource 'Microsoft.KeyVault/vaults/kv-payments' under resource group "
            "'rg-payments' was "
            "not found."
        ),
        Cause.NO_VAULT,
    ),
    "Entra: no application": (f"AADSTS700016: Application with identifier '{APP}' was not found", Cause.CONNECTION),
    "Entra: wrong secret": ("AADSTS7000215: Invalid client secret provided.", Cause.CONNECTION),
    "Entra: expired secret": ("AADSTS7000222: The provided client secret keys are expired.", Cause.CONNECTION),
    "Entra: no federation": ("AADSTS70021: No matching federated identity record found", Cause.CONNECTION),
    "Entra: other subject": ("AADSTS700213: No matching federated identity record found", Cause.CONNECTION),
    "Entra: no tenant": ("AADSTS90002: Tenant 'contoso' not found.", Cause.CONNECTION),
    "Entra: anything else": ("AADSTS50076: Due to a configuration change you must use MFA.", Cause.SIGN_IN),
    "Azure DevOps: a stranger": ("TF401444: Please sign-in at least once as x\\y in a web browser", Cause.SIGN_IN),
    "Azure DevOps: not allowed": (
        "TF400813: The user 'x' is not authorized to access this resource.",
        Cause.PERMISSION,
    ),
    "Azure DevOps: no such group": (
        "Variable group payments was not found or is not authorized for use.",
        Cause.PERMISSION,
    ),
    "Azure DevOps: no such connection": (
        (
            "Step AzureKeyVault input ConnectedServiceName references service connection azure-prod which "
            "could not be found. "
            "The service connection does not exist, has been disabled or has not been authorized for use."
        ),
        Cause.CONNECTION,
    ),
    ".NET: no such name": ("No such host is known. (kv-payments.vault.azure.net:443)", Cause.NO_VAULT),
    "Node.js: no such name": ("Error: getaddrinfo ENOTFOUND kv-payments.vault.azure.net", Cause.NO_VAULT),
}
KNOWN = list(MESSAGES.values())


@pytest.mark.parametrize(("text", "cause"), KNOWN, ids=list(MESSAGES))
def test_every_message_is_recognised(text: str, cause: Cause):
    found = diagnose(text)
    assert found.cause is cause
    assert found.said
    assert found.source
    assert found.message
    assert found.message[-1] != "."


@pytest.mark.parametrize("text", ["", "hello", "everything went well", "404", "{}", "access policy", "\x00", "�"])
def test_what_is_nobody_s_error_is_unknown_and_says_who_can_tell(text: str):
    found = diagnose(text, "netcfg --cloud usgov")
    assert (found.cause, found.said) == (Cause.UNKNOWN, "")
    assert found.next == (
        "netcfg --cloud usgov verify VAULT --through-devops --organization ORG",
        "netcfg --cloud usgov verify VAULT --from-here",
    )


def test_the_proxy_tells_the_vault_and_where_azure_devops_came_from():
    for text in (relayed(FIREWALL), json.dumps(relayed(FIREWALL)), relayed(NEWER)):
        found = diagnose(text)
        assert (found.vault, found.address, found.is_relayed) == ("kv-payments", "40.74.28.0", True)
        assert found.message.startswith("the firewall of kv-payments refuses Azure DevOps, which it sees as 40.74.28.0")


def test_a_subnet_is_told_and_let_in():
    found = diagnose(BY_SUBNET)
    assert (found.vault, found.address, found.subnet) == ("kv-payments", "10.20.1.4", SUBNET)
    assert found.next == (f"netcfg apply kv-payments --organization ORG --subnet {SUBNET}",)


def test_a_missing_role_names_who_and_where():
    found = diagnose(relayed(ROLE))
    assert (found.vault, found.client, found.object_id, found.resource) == ("kv-payments", APP, OID, VAULT)
    assert found.next == (
        f"az role assignment create --role 'Key Vault Secrets User' --assignee-object-id {OID} --scope {VAULT}",
    )


def test_a_missing_access_policy_names_what_is_missing():
    found = diagnose(POLICY)
    assert (found.vault, found.object_id, found.permission) == ("kv-payments", OID, "list for secrets")
    assert "replaces the list that the identity has" in found.message
    theirs = f"'properties.accessPolicies[?objectId=='\"'\"'{OID}'\"'\"'].permissions'"
    assert found.next == (
        f"az keyvault show --name kv-payments --query {theirs}",
        f"az keyvault set-policy --name kv-payments --object-id {OID} --secret-permissions get list",
    )


def test_both_bare_subnets_are_let_in():
    found = diagnose(BARE_SUBNETS)
    subnets = f"--subnet {SUBNET} --subnet {SUBNET.replace('builds', 'agents')}"
    assert found.next == (f"netcfg apply VAULT --organization ORG {subnets}",)


def test_what_resource_manager_refuses_names_action_and_scope():
    found = diagnose(DENIED_BY_MANAGER)
    assert (found.permission, found.resource, found.object_id) == ("Microsoft.KeyVault/vaults/write", VAULT, OID)
    found = diagnose(LINKED)
    assert found.permission == "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"
    assert found.resource == SUBNET
    assert "Network Contributor" in found.message


def test_the_tenant_of_the_vault_is_the_one_to_sign_in_to():
    assert diagnose(MESSAGES["a vault: other tenant"][0]).next == (f"az login --tenant {TENANT}",)
    assert diagnose(MESSAGES["Resource Manager: other tenant"][0]).next == (f"az login --tenant {TENANT}",)


def test_the_certain_message_wins_over_the_screen_wherever_it_stands():
    for text in (f"{SCREEN}\n{INTERNAL}\n{relayed(FIREWALL)}", f"{relayed(FIREWALL)}\n{SCREEN}\n{INTERNAL}"):
        assert diagnose(text).cause is Cause.FIREWALL


def test_another_message_far_away_is_named_and_not_mixed_in():
    found = diagnose(f"{relayed(ROLE)}{'x' * 9000}{body('Client address: 1.1.1.1', 'ForbiddenByFirewall')}")
    assert (found.cause, found.also, found.address) == (Cause.ROLE, (Cause.FIREWALL,), "")
    assert diagnose(relayed(ROLE)).also == ()


# --- several messages in one text ---------------------------------------------------------------------------------


def of(vault: str, text: str, digit: str) -> str:
    """The same message of another vault, about another identity."""
    return (
        text.replace("kv-payments", vault).replace(OID, OID.replace("2", digit)).replace(APP, APP.replace("1", digit))
    )


ROLE_GIVEN = "az role assignment create --role 'Key Vault Secrets User' --assignee-object-id"


@pytest.mark.parametrize("between", ["\n", " ", " and then: "])
def test_of_two_refusals_a_command_mixes_nothing(between: str):
    first, second = of("kv-a", ROLE, "a"), of("kv-b", ROLE, "b")
    found = diagnose(between.join((first, second)))
    assert found.next == (f"{ROLE_GIVEN} {OID.replace('2', 'a')} --scope {VAULT.replace('kv-payments', 'kv-a')}",)
    assert found.also == (Cause.ROLE,)
    assert diagnose(between.join((second, second))).also == ()
    assert diagnose(between.join((second, first))).object_id == OID.replace("2", "b")


@pytest.mark.parametrize("shape", [relayed, lambda text: json.loads(text)["error"]["message"], json.dumps])
def test_no_clue_is_of_another_message_whatever_its_shape(shape):
    texts = {cause: shape(of(f"kv-{digit}", text, digit)) for cause, text, digit in (
        (Cause.ROLE, ROLE, "a"), (Cause.POLICY, POLICY, "b"), (Cause.FIREWALL, FIREWALL, "c"),
    )}  # fmt: skip
    for cause, text in texts.items():
        alone = diagnose(text)
        assert alone.cause is cause
        for other in texts.values():
            for both in (f"{text}\n{other}", f"{other}\n{text}"):
                found = diagnose(both)
                assert found.next in {diagnose(each).next for each in (text, other)}


def test_what_resource_manager_refused_is_no_scope_for_a_role_in_another_vault():
    text = f"{DENIED_BY_MANAGER.replace('kv-payments', 'kv-prod')}\n{of('kv-dev', ROLE, 'd')}"
    found = diagnose(text)
    assert found.next == (f"{ROLE_GIVEN} {OID.replace('2', 'd')} --scope {VAULT.replace('kv-payments', 'kv-dev')}",)
    odd = diagnose(ROLE.replace(f"'{VAULT}'", f"'{VAULT.replace('kv-payments', 'kv-prod')}'"))
    assert (odd.vault, odd.next) == ("kv-payments", (f"{ROLE_GIVEN} {OID} --scope VAULT-ID",))


@pytest.mark.parametrize(
    "text",
    [
        f"retry 1: caller said 'Client address: 191.66.66.66'\n{FIREWALL}",
        f"{FIREWALL}\nClient address: 191.66.66.66",
        f"{FIREWALL}\n{FIREWALL.replace('40.74.28.0', '191.66.66.66')}",
        FIREWALL.replace(END, f"Client address: 191.66.66.66 {END}"),
    ],
)
def test_of_two_client_addresses_none_is_told(text: str):
    found = diagnose(text)
    assert (found.cause, found.vault, found.address) == (Cause.FIREWALL, "kv-payments", "")
    assert "this text names more than one client address" in found.message
    assert found.next == (
        "netcfg verify kv-payments --through-devops --organization ORG",
        "netcfg verify kv-payments --from-here",
    )


def test_the_address_that_another_vault_refused_disputes_nothing():
    for text in (f"{of('kv-a', BY_SUBNET, 'a')}\n{FIREWALL}", f"{FIREWALL}\n{of('kv-a', BY_SUBNET, 'a')}"):
        found = diagnose(text)
        assert (found.vault, found.subnet) in {("kv-payments", ""), ("kv-a", SUBNET)}
        assert found.address == ("10.20.1.4" if found.subnet else "40.74.28.0")


@pytest.mark.parametrize(
    "text",
    [
        f"{FIREWALL} while GET https://kv-prod.vault.azure.net/secrets/x was next",
        f"{relayed(FIREWALL)}\nretrying with 'https://kv-prod.vault.azure.net/'",
        f"GET https://kv-prod.vault.azure.net/ {json.loads(FIREWALL)['error']['message']}",
        f"{json.loads(POLICY)['error']['message']} GET https://kv-prod.vault.azure.net/",
    ],
)
def test_the_vault_that_says_its_name_is_meant_whatever_else_is_named(text: str):
    assert diagnose(text).vault == "kv-payments"


def test_of_two_vaults_that_are_only_mentioned_none_is_meant():
    text = "(Forbidden) https://kv-a.vault.azure.net/ or https://kv-b.vault.azure.net/ ForbiddenByFirewall"
    assert diagnose(text).vault == ""


# --- what others say, too -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "npm ERR! 403 Forbidden - GET https://registry.npmjs.org/left-pad",
        "https://kv-prod.vault.azure.net/ read\nfatal: unable to access 'https://github.com/x/': error: 403 Forbidden",
        "Error from server (Forbidden): pods is forbidden",
        "https://kv-prod.vault.azure.net/ read\ndenied: client is not allowed access. 403 Forbidden",
        "toomanyrequests: You have reached your pull rate limit",
        "Error: getaddrinfo ENOTFOUND login.microsoftonline.com\nStarting: AzureKeyVault https://kv-prod.vault.azure.net/",
        "host='kv-prod.vault.azure.net', port=443 read\nError: getaddrinfo ENOTFOUND registry.npmjs.org",
        "Temporary failure in name resolution",
        "https://kv-prod.vault.azure.net/ read\nERROR: Public network access is disabled for this storage account st",
        "Cannot open server: Public network access is disabled. To connect to this server, use the Private Endpoint.",
        '{"Code":"AccessDenied","Message":"of a bucket"}',
        "Error: secret not found",
    ],
)
def test_what_others_than_vaults_refuse_is_unknown(text: str):
    assert diagnose(text).cause is Cause.UNKNOWN


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("GET https://kv-payments.vault.azure.net/secrets: 403 Forbidden", Cause.HIDDEN),
        ('(Key Vault "https://kv-payments.vault.azure.net/"): StatusCode=403 -- Original', Cause.HIDDEN),
        ("GET https://kv-payments.vault.azure.net/: Too Many Requests", Cause.THROTTLED),
        ("getaddrinfo EAI_AGAIN kv-payments.vault.azure.net", Cause.NAME),
        (
            "Failed to resolve 'kv-payments.vault.azure.net' ([Errno -3] Temporary failure in name resolution)",
            Cause.NAME,
        ),
        ("Failed to resolve 'kv-payments.vault.azure.net' ([Errno -2] Name or service not known)", Cause.NO_VAULT),
        (
            "host='kv-payments.vault.azure.net', port=443): (Caused by: [Errno -2] Name or service not known",
            Cause.NO_VAULT,
        ),
        ("dial tcp: lookup kv-payments.vault.azure.net on 127.0.0.53:53: no such host", Cause.NO_VAULT),
        ("dial tcp: lookup kv-payments.vault.azure.net on 127.0.0.53:53: server misbehaving", Cause.NAME),
        ("curl: (6) Could not resolve host: kv-payments.vault.azure.net", Cause.NO_VAULT),
        ("getaddrinfo ENOTFOUND kv-payments.vault.azure.net then https://kv-b.vault.azure.net/", Cause.NO_VAULT),
    ],
)
def test_what_is_said_of_a_vault_is_recognised_and_the_vault_with_it(text: str, cause: Cause):
    found = diagnose(text)
    assert (found.cause, found.vault) == (cause, "kv-payments")


def test_public_access_is_looked_at_before_it_is_turned_on():
    assert diagnose(relayed(CLOSED)).next == (
        "netcfg verify kv-payments --through-devops --organization ORG",
        "netcfg apply kv-payments --organization ORG --public-access enabled",
        "netcfg apply kv-payments --organization ORG --private-endpoint RESOURCE-GROUP/VNET/SUBNET",
    )
    assert "if it is meant to be public" in diagnose(CLOSED).message
    assert diagnose(f"Public network access is disabled\r\n{END}").cause is Cause.PUBLIC_ACCESS


@pytest.mark.parametrize(
    ("action", "role"),
    [
        ("secrets/getSecret/action", "'Key Vault Secrets User'"),
        ("secrets/setSecret/action", "'Key Vault Secrets Officer'"),
        ("keys/sign/action", "'Key Vault Crypto User'"),
        ("keys/create/action", "'Key Vault Crypto Officer'"),
        ("keys/read", "'Key Vault Reader'"),
        ("certificates/read", "'Key Vault Reader'"),
        ("certificates/import/action", "'Key Vault Certificates Officer'"),
        ("storageaccounts/read", "ROLE"),
    ],
)
def test_the_role_is_the_least_that_has_the_action(action: str, role: str):
    found = diagnose(ROLE.replace("secrets/readMetadata/action", action))
    assert found.next == (f"az role assignment create --role {role} --assignee-object-id {OID} --scope {VAULT}",)


def test_a_role_for_nobody_knows_what_is_not_guessed():
    assert diagnose("ForbiddenByRbac").next == (
        "az role assignment create --role ROLE --assignee-object-id OBJECT-ID --scope VAULT-ID",
    )


# --- addresses ----------------------------------------------------------------------------------------------------


def test_an_address_that_is_broken_over_two_lines_is_not_guessed():
    assert diagnose("ForbiddenByFirewall Client address: 40.74.28.1\n2 from unknown subnet").address == ""
    assert diagnose("ForbiddenByFirewall Client address: 40.74.28.1 from unknown subnet").address == "40.74.28.1"
    assert diagnose("ForbiddenByFirewall Client address: 999.74.28.1 from unknown subnet").address == ""


def test_an_address_at_the_very_end_may_be_cut_off():
    assert diagnose("ForbiddenByFirewall Client address: 40.74.28.1").is_cut
    assert not diagnose("ForbiddenByFirewall Client address: 40.74.28.1.").is_cut


def test_no_word_of_a_message_ends_a_command():
    evil = "The client 'x$(id)' does not have authorization to perform action 'a' over scope '/`id`;rm'"
    (command,) = diagnose(evil).next
    assert command == "az role assignment create --role ROLE --assignee 'x$(id)' --scope '/`id`;rm'"


def test_a_vault_s_refusal_is_told_apart_by_code_and_by_words():
    assert refusal("ForbiddenByRbac", "") is Cause.ROLE
    assert refusal("", "Client address isn’t authorized") is Cause.FIREWALL
    assert refusal("", "Forbidden") is None


def test_every_sign_is_found_by_the_text_it_is_written_for():
    assert len({each.pattern for each in (*CERTAIN, *VAGUE)}) == len(CERTAIN) + len(VAGUE)
    assert all(each.pattern == each.pattern.lower() and each.source for each in (*CERTAIN, *VAGUE))


# --- whatever it is wrapped in ------------------------------------------------------------------------------------

CERTAIN_ONES = [each for each in KNOWN if each[1] is not Cause.HIDDEN]


def in_lines(text: str, width: int, lead: str) -> str:
    return "\n".join(lead + text[at : at + width] for at in range(0, len(text), width))


@settings(deadline=timedelta(seconds=2), max_examples=40)
@given(
    known=st.sampled_from(KNOWN),
    width=st.integers(20, 160),
    lead=st.sampled_from(
        ["", "  ", "│ ", "     | ", "> ", "2026-11-20T10:00:00.1234567Z ", "[10:00:00] ", "##[error]"]
    ),
)
def test_breaking_a_message_over_lines_keeps_its_cause(known, width, lead):
    text, cause = known
    one_line = read(text).text.replace("\n", " ")  # a frame within a line is no frame
    assert diagnose(in_lines(one_line, width, lead)).cause is diagnose(one_line).cause
    assert diagnose(text).cause is cause


@settings(deadline=timedelta(seconds=2), max_examples=40)
@given(
    known=st.sampled_from(CERTAIN_ONES),
    before=st.text(st.characters(codec="utf-8"), max_size=200),
    after=st.text(st.characters(codec="utf-8"), max_size=200),
    times=st.integers(0, 2),
)
def test_noise_and_escaping_keep_the_cause(known, before, after, times):
    text, cause = known
    for _ in range(times):
        text = json.dumps(text)
    assert diagnose(f"{before}\n{text}\n{after}").cause is cause
    assert diagnose("\x1b[31m" + text.replace("e", "e\x1b[0m")).cause is cause
    assert diagnose(text.upper() if times == 0 else text).cause is cause


@settings(deadline=timedelta(seconds=2), max_examples=100)
@given(st.text(st.characters(), max_size=300) | st.binary(max_size=300).map(decode))
def test_no_text_at_all_is_too_much(text):
    found = diagnose(text)
    assert found.message
    assert all("\n" not in each for each in found.next)


@pytest.mark.parametrize(
    "unit", ["variable group ", "\\", " ", "client address ", "\n\\", "|", "/subscriptions/a/", "'"]
)
def test_a_few_hundred_kilobytes_are_read_in_no_time(unit: str):
    assert diagnose(unit * (300_000 // len(unit)) + FIREWALL).address == "40.74.28.0"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_any_encoding_is_read(encoding: str):
    text = f"│ {FIREWALL}" if encoding != "cp1252" else f"é {FIREWALL}"
    found = diagnose(decode(text.encode(encoding)))
    assert (found.cause, found.vault, found.address) == (Cause.FIREWALL, "kv-payments", "40.74.28.0")

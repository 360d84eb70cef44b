"""The table of signs: by what a cause is recognised in any text, and where that is known from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from netcfg.core.messages.cause import Cause

# The sources that several signs share.
_ERROR_CODES = "learn.microsoft.com/azure/key-vault/general/common-error-codes"
_ARTICLE = "learn.microsoft.com/azure/devops/pipelines/release/key-vault-access"
_ENTRA = "learn.microsoft.com/entra/identity-platform/reference-error-codes"
_FEDERATION = "learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity"
_MANAGER = "learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors"
_TASK = "microsoft/azure-pipelines-tasks, AzureKeyVaultV2"
_DOCS_8581 = "MicrosoftDocs/azure-devops-docs#8581"

_DOMAIN = r"\.(?:vault\.(?:azure\.net|azure\.cn|usgovcloudapi\.net)|privatelink\.vaultcore\.)"
HOST = rf"[a-z0-9-]{{3,24}}{_DOMAIN}"


class Beside(Enum):
    """What has to stand in the same message where others than vaults say the same words."""

    NOTHING = "nothing"  # nobody else says them
    NAME = "name"  # the vault, as its own messages name it
    VAULT = "vault"  # that, the host of a vault, or who asks vaults only
    AZURE = "azure"  # that, or Azure Resource Manager


@dataclass(frozen=True)
class Sign:
    """What gives a cause away. `pattern` is in lower case, and its blanks are there for readers only: a text is
    searched without any, for terminals break lines within words.

    `means` says it where it says more than its cause does, and `beside` is what it needs to count.
    """

    cause: Cause
    pattern: str
    source: str
    means: str = ""
    beside: Beside = Beside.NOTHING

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.pattern.replace(" ", ""))


def first(signs: Iterable[Sign], lowered: str) -> tuple[Sign, re.Match[str]] | None:
    """The first of `signs` that is in a text without blanks, in lower case, and where."""
    return next(((each, found) for each in signs if (found := each.regex.search(lowered))), None)


# What a vault says when it refuses, by the code within the error and by its words. A perimeter quotes the firewall's
# words, and nobody has seen its code, so its words go before all of the network's; a role or an access policy is only
# ever told to who got past the network.
REFUSALS = (
    Sign(Cause.ROLE, "forbiddenbyrbac", _ERROR_CODES),
    Sign(
        Cause.UNUSABLE,
        "(?<![a-z]) (?:secret|key|certificate)(?:disabled|expired|notyetvalid) (?![a-z])",
        "Azure/azure-sdk-for-net, AzureAppConfiguration's tests",
    ),
    Sign(Cause.UNUSABLE, "operation [a-z]{1,20}? is not allowed on an? (?:disabled|expired|not yet)", _ERROR_CODES),
    Sign(Cause.POLICY, "forbiddenbypolicy", "SparebankenVest/azure-key-vault-to-kubernetes#126"),
    Sign(
        Cause.POLICY,
        'inner error"? [:=] \\{ "? code"? [:=] "? accessdenied (?![a-z])',
        "turbot/steampipe-plugin-azure#127",
    ),
    Sign(Cause.PERIMETER, "not allowed by nsp rules", _ARTICLE),
    Sign(Cause.FIREWALL, "forbiddenbyfirewall", _DOCS_8581),
    Sign(Cause.PUBLIC_ACCESS, "forbiddenbyconnection", _ARTICLE),
    Sign(
        Cause.PUBLIC_ACCESS,
        "public network access is disabled and request (?:is not|isn't) from a trusted service",
        _ARTICLE,
    ),
    Sign(Cause.PUBLIC_ACCESS, "public network access is disabled", _ARTICLE, beside=Beside.NAME),
    Sign(Cause.FIREWALL, "client address [0-9a-f.:()]{0,48} (?:is not|isn't) authorized", _DOCS_8581),
    Sign(Cause.ROLE, "deniedwithnovalidrbac", "hashicorp/terraform-provider-azurerm#23927"),
    Sign(Cause.ROLE, "caller (?:is not|isn't) authorized to perform action", _ERROR_CODES),
    Sign(Cause.POLICY, "does(?: not|n't) have (?:secrets|keys|certificates) [a-z]{1,20}? permission", _ERROR_CODES),
)

_FEDERATED = "the federated credential of its application does not fit the service connection: {}"

# Whoever asks a vault signs in first. Nothing is known of the vault where that failed.
_SIGN_INS = (
    Sign(
        Cause.CONNECTION,
        "aadsts700016",
        _FEDERATION,
        "the application of the service connection does not exist in the tenant: it was deleted, or its id is wrong",
    ),
    Sign(
        Cause.CONNECTION,
        "aadsts7000215",
        _FEDERATION,
        "the client secret of the service connection is wrong, or it has expired",
    ),
    Sign(Cause.CONNECTION, "aadsts7000222", _ENTRA, "the client secret of the service connection has expired"),
    Sign(Cause.CONNECTION, "aadsts7000112", _FEDERATION, "the application of the service connection is disabled"),
    Sign(
        Cause.CONNECTION,
        "aadsts700024",
        _FEDERATION,
        "the token with which the job signed in was only valid for minutes, and a step asked for another one too late",
    ),
    Sign(
        Cause.CONNECTION,
        "aadsts70021(?![0-9])",
        _FEDERATION,
        _FEDERATED.format("there is none, or its issuer or subject is another, as after a renaming"),
    ),
    Sign(Cause.CONNECTION, "aadsts700211", _FEDERATION, _FEDERATED.format("none has this issuer")),
    Sign(Cause.CONNECTION, "aadsts700213", _FEDERATION, _FEDERATED.format("none has this subject")),
    Sign(Cause.CONNECTION, "aadsts70025(?![0-9])", _FEDERATION, _FEDERATED.format("it has none at all")),
    Sign(
        Cause.CONNECTION,
        "aadsts700(?:223|238)",
        _FEDERATION,
        "the tenant does not allow federated credentials for the service connection: its administrator has to",
    ),
    Sign(
        Cause.CONNECTION,
        "aadsts70052(?![0-9])",
        _FEDERATION,
        "the application of the service connection is one of several tenants, which federation does not take",
    ),
    Sign(Cause.CONNECTION, "aadsts90002(?![0-9])", _ENTRA, "the tenant of the service connection does not exist"),
    Sign(
        Cause.CONNECTION,
        "aadsts900382",
        _FEDERATION,
        "the service connection leads into another cloud, which federation does not take",
    ),
    Sign(
        Cause.CONNECTION,
        "service connection does not exist, has been disabled or has(?:n't| not) been authorized",
        "learn.microsoft.com/azure/devops/pipelines/process/resources (aka.ms/yamlauthz)",
        "the pipeline names a service connection that is not there, is disabled, or that it may not use",
    ),
    Sign(Cause.CONNECTION, "failed to obtain the json web token", _FEDERATION, "the service connection cannot sign in"),
    Sign(
        Cause.CONNECTION,
        "could not fetch access token for a(?:zure|ad)",
        "microsoft/azure-pipelines-tasks, azure-arm-rest",
        "the service connection cannot sign in",
    ),
    Sign(
        Cause.SIGN_IN,
        "akv10032|invalid issuer\\. ?expected one of",
        "Azure/azure-powershell, recordings of its tests",
        "the token is of another tenant than the vault",
    ),
    Sign(Cause.SIGN_IN, "akv10000", "Azure/azure-sdk-for-js, recordings of its tests", "the request had no token"),
    Sign(Cause.SIGN_IN, "akv100[0-9]{2}", _ERROR_CODES, "the vault did not accept the token"),
    Sign(
        Cause.SIGN_IN,
        "invalidauthenticationtokentenant|from the wrong issuer",
        _MANAGER,
        "the token is of another tenant than the subscription",
    ),
    Sign(
        Cause.SIGN_IN,
        "(?:expired|invalid)authenticationtoken (?![a-z])",
        _MANAGER,
        "Azure Resource Manager did not accept the token: it has expired, or is not meant for it",
    ),
    Sign(
        Cause.SIGN_IN,
        "tf401444",
        "quoted in public issues; its meaning is inferred",
        "the identity has never been in this Azure DevOps organization: it has to be added as a user, and people have "
        "to sign in once with a browser",
    ),
    Sign(
        Cause.SIGN_IN,
        "vs403463",
        "quoted in public issues",
        "a conditional access policy of the tenant does not let this sign-in into Azure DevOps",
    ),
    Sign(Cause.SIGN_IN, "aadsts[0-9]{4,7}", _ENTRA, "Microsoft Entra refused the sign-in"),
    Sign(Cause.SIGN_IN, "please run 'az login'|run connect-azaccount to log", "Azure/azure-cli", "nobody is signed in"),
    Sign(Cause.SIGN_IN, "defaultazurecredential failed to", "Azure/azure-sdk-for-python", "nobody is signed in"),
)

# What Azure Resource Manager, and the providers behind it, say to who changes a vault or a subnet.
_MANAGERS = (
    Sign(Cause.ENDPOINT, "subnetshavenoserviceendpointsconfigured", "hashicorp/terraform-provider-azurerm#11759"),
    Sign(Cause.ENDPOINT, "do(?:es)? not have serviceendpoints", "hashicorp/terraform-provider-azurerm#11759"),
    Sign(Cause.ARGUMENT, "belongs to forbidden range", "Azure/azure-powershell#11471"),
    Sign(Cause.ARGUMENT, "invalid value found at properties\\.networkacls", "Azure/azure-powershell#11471"),
    Sign(
        Cause.ENDPOINT,
        "virtualnetworknotvalid",
        "hashicorp/terraform-provider-azurerm#11759",
        "a subnet that the rules name is not there, or lacks the service endpoint Microsoft.KeyVault",
    ),
    Sign(Cause.PERMISSION, "linkedauthorizationfailed", _MANAGER),
    Sign(Cause.PERMISSION, "authorizationfailed", _MANAGER),
    Sign(Cause.PERMISSION, "does not have authorization to perform action", _MANAGER),
    Sign(
        Cause.PERMISSION,
        "scopelocked|following scope\\(s\\) are locked",
        _MANAGER,
        "a lock forbids the change; whoever may remove it has to, and can put it back afterwards",
    ),
    Sign(
        Cause.PERMISSION,
        "requestdisallowedbypolicy|was disallowed by policy",
        _MANAGER,
        "a policy of the subscription or the management group forbids the change",
    ),
    Sign(
        Cause.PERMISSION,
        "missingsubscriptionregistration",
        _MANAGER,
        "the subscription is not registered for the resource provider, which is done once by who may",
    ),
    Sign(
        Cause.CONFLICT,
        "already exists in deleted state",
        "learn.microsoft.com/azure/key-vault/general/key-vault-recovery",
        "a vault of that name was deleted and can still be recovered, so nobody can have the name",
    ),
    Sign(
        Cause.CONFLICT,
        "conflicterror|changed from the point the operation began",
        "scylladb/scylla-cluster-tests#13184",
    ),
    Sign(
        Cause.CONFLICT,
        "retryableerrorduetoanotheroperation|anotheroperationinprogress",
        "learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling",
        "the virtual network is being changed by somebody else at this moment",
    ),
    Sign(Cause.THROTTLED, "subscriptionrequeststhrottled", _MANAGER),
    Sign(
        Cause.THROTTLED,
        "vaultrequesttypelimitreached",
        "learn.microsoft.com/azure/key-vault/general/overview-throttling",
    ),
    Sign(Cause.THROTTLED, "too many requests", _MANAGER, beside=Beside.AZURE),
    Sign(
        Cause.THROTTLED,
        "tf400733",
        "learn.microsoft.com/azure/devops/integrate/concepts/rate-limits",
        "Azure DevOps has had too many requests of this sign-in",
    ),
    Sign(
        Cause.NO_VAULT,
        "the resource 'microsoft\\.keyvault/vaults/[^']{1,99}' under resource group '[^']{0,99}' was not found",
        _MANAGER,
        "the resource group has no such vault; it may be in another one, or have been deleted",
    ),
    Sign(
        Cause.ARGUMENT,
        "resourcegroupnotfound|subscriptionnotfound",
        _MANAGER,
        "the subscription or the resource group is not there, or not in the tenant that is signed in",
    ),
)

# What else Azure DevOps says.
_DEVOPS = (
    Sign(
        Cause.PERMISSION,
        "variable group .{0,200}? (?:was not|could not be|wasn't) found or is not authorized for use",
        "learn.microsoft.com/azure/devops/pipelines/process/resources (aka.ms/yamlauthz)",
        "the pipeline names a variable group that is not there, or that it may not use",
    ),
    Sign(
        Cause.PERMISSION,
        "failed to get the azure key (?:vault secrets|value)\\. (?:request returned status:|error:) ?401",
        "microsoft/terraform-provider-azuredevops#724",
        "the token for Azure DevOps lacks the scope Service Connections (read & query), or the sign-in lacks the role "
        "User on the service connection",
    ),
    Sign(
        Cause.PERMISSION,
        "tf400813",
        "quoted in public issues; its meaning is inferred",
        "the sign-in may not do this in Azure DevOps",
    ),
    Sign(
        Cause.PERMISSION,
        "vs800075|tf200016",
        "microsoft/azure-devops-cli-extension",
        "the project does not exist, or the sign-in may not see it",
    ),
)


def _unresolved(words: str) -> str:
    """The words of resolvers, where it is the name of a vault that they could not resolve; it is the only group."""
    name, others = "[a-z0-9-]{3,24}", "(?! [^a-z0-9]{0,4} [a-z0-9-]{1,63}\\.[a-z])"
    return (
        f"(?:{words}) [^a-z0-9]{{0,4}} ({name}) {_DOMAIN}"
        f"|(?:lookup|resolve'?|host='|connect to host|api: 'https://) ({name}) {_DOMAIN}"
        f".{{0,400}}? (?:{words}) {others}"
    )


# The name of a vault that is not there has no address.
_NAMES = (
    Sign(Cause.NO_VAULT, "(?<![a-z]) vaultnotfound", _ERROR_CODES),
    Sign(
        Cause.NAME,
        _unresolved(
            "temporary failure in name resolution|(?:getaddrinfo)? eai_again|server misbehaving"
            "|resource temporarily unavailable"
        ),
        "the resolvers of C libraries and of Go",
    ),
    Sign(
        Cause.NO_VAULT,
        _unresolved(
            "no such host (?:is known)?|getaddrinfo (?:enotfound|failed)?|name or service not known"
            "|nodename nor servname provided, or not known|could not resolve host|remote name could not be resolved"
            "|enotfound|failed to resolve|unknownhostexception"
        ),
        "the resolvers of .NET, Go, Java, Node.js, Python and curl",
    ),
    Sign(Cause.ABSENT, '(?:code"? [:=] "?|\\() secretnotfound|was not found in this key vault', _ERROR_CODES),
    Sign(
        Cause.ABSENT,
        "in a deleted but recoverable state",
        _ERROR_CODES,
        "the secret was deleted and can still be recovered, so nobody can have the name",
    ),
)

CERTAIN = (*REFUSALS, *_NAMES[:1], *_SIGN_INS, *_MANAGERS, *_DEVOPS, *_NAMES[1:])

# These say the same whatever the cause was: they count where nothing certain is in the text.
VAGUE = (
    Sign(
        Cause.HIDDEN,
        'needs to have "? get, list "? secret management permissions',
        f"{_DOCS_8581}; {_TASK}",
        "Azure DevOps shows this whenever a vault answers 403, whatever the reason was; most often it is the firewall",
    ),
    Sign(
        Cause.HIDDEN,
        "tf400898",
        _DOCS_8581,
        "Azure DevOps shows this for any error of its own; after Authorize on a variable group it is most often the "
        "firewall of the vault",
    ),
    Sign(
        Cause.HIDDEN,
        "failed to query service connection api",
        _DOCS_8581,
        "Azure DevOps asked a vault and was refused; the part in which the vault says why is missing",
    ),
    Sign(
        Cause.HIDDEN,
        "provisionkeyvaultpermissions\\.ps1",
        _TASK,
        "the task AzureKeyVault shows this whenever a vault answers 403, whatever the reason was; most often it is the "
        "firewall, which refuses the agent",
    ),
    Sign(
        Cause.HIDDEN,
        'status ?code[=:]* ?\'? forbidden|statuscode=403|403[ (:]*forbidden|code"? [:=] "? forbidden|code: forbidden',
        "the clients of Key Vault",
        "a vault answered 403, and the part in which it says why is missing; most often it is the firewall",
        Beside.VAULT,
    ),
)

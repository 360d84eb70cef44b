"""What Azure's refusals mean, and what to do about each: the SDK's exceptions become errors of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ssl import SSLCertVerificationError
from typing import Any

from azure.core.exceptions import (
    AzureError,
    DecodeError,
    DeserializationError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from requests.exceptions import ProxyError, SSLError

from netcfg.azure.refusal import Refusal, TooLong, hear, request_id, sentence
from netcfg.core.errors import (
    AskedToWait,
    AzureAnswer,
    AzureRefused,
    AzureThrottled,
    AzureUnreachable,
    EndpointsMissing,
    ForbiddenRange,
    GraphForbidden,
    LinkedPermissionMissing,
    NetcfgError,
    NoAzureCredential,
    NotInAzure,
    OtherTenantNamed,
    PermissionMissing,
    PolicyForbids,
    ProviderNotRegistered,
    ScopeLocked,
    SignInFailed,
    SubnetsGone,
    SubscriptionNotInAzure,
    TokenRefused,
    WrongTenant,
)
from netcfg.core.roles import role_for
from netcfg.web.adapter import TooSlow
from netcfg.web.http import causes, too_slow, untrusted, why_not_through

# What can leave the SDK on account of the world. It lets the last two escape from answers that are not what they claim.
SDK_ERRORS = (AzureError, TooLong, DeserializationError, json.JSONDecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class Unsettled:
    """A write that may have happened or not, and how many seconds Azure wants to be left alone, if it said so."""

    reason: str
    wait: float | None = None
    request_id: str | None = None
    may_have_happened: bool = True


@contextmanager
def translated(subject: str, url: str) -> Iterator[None]:
    """Everything that the SDK raises inside becomes an error about `subject`, asked for at `url`."""
    try:
        yield
    except SDK_ERRORS as error:
        raise translate(error, subject, url) from error


def translate(error: Exception, subject: str, url: str) -> NetcfgError:
    """The error of ours that says what `error` means and what to do about it."""
    if refusal := hear(error, subject):
        return _explain(refusal)
    if isinstance(error, TooLong):
        return AskedToWait(subject, error.seconds)
    if isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return AzureUnreachable(url, _why_unreachable(error))
    return AzureAnswer(subject, _why_unreachable(error), request_id=request_id(getattr(error, "response", None)))


def unsettled(error: Exception, subject: str) -> Unsettled | None:
    """Why nobody knows what became of a write, or should try again; `None` when Azure has decided against it."""
    if isinstance(error, TooLong):
        return Unsettled(str(error), error.seconds)
    refusal = hear(error, subject)
    if refusal is None:
        return Unsettled(_why_unreachable(error), request_id=request_id(getattr(error, "response", None)))
    if not refusal.is_unsettled:
        return None
    did_nothing = refusal.status in (409, 412, 429)
    return Unsettled(refusal.words, refusal.wait, refusal.request_id, may_have_happened=not did_nothing)


def translate_sign_in(error: Exception, credential: str) -> NetcfgError:
    """Why there is no token: nobody is signed in here, or Microsoft Entra refused somebody who tried."""
    text = str(error)
    # https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    if refused := re.search(r"AADSTS\d+: [^\r\n]*", text):
        return SignInFailed(credential, sentence(refused[0]))
    if found := re.search(r"CERTIFICATE_VERIFY_FAILED\] certificate verify failed: ([^(\r\n]+)", text):
        reason = f"the certificate of who signs people in is not accepted ({found[1].strip()})"
        return SignInFailed(credential, f"{reason}; is it a proxy's? then name its authority in REQUESTS_CA_BUNDLE")
    if attempts := re.findall(r"^\t(\w+): ", text, re.MULTILINE):
        return NoAzureCredential(each.removesuffix("Credential") for each in attempts)
    return SignInFailed(credential, _first_line(error))


def _explain(refusal: Refusal) -> NetcfgError:
    """The error for a code, else for a status; what has neither is passed on in Azure's words."""
    explain = _BY_CODE.get(refusal.code) or _BY_STATUS.get(refusal.status)
    return (explain and explain(refusal)) or _refused(refusal)


def _refused(refusal: Refusal) -> NetcfgError:
    passing = refusal.status >= 500
    return AzureRefused(refusal.subject, refusal.words, is_passing=passing, request_id=refusal.request_id)


def _authorization_failed(refusal: Refusal) -> NetcfgError | None:
    action = refusal.find(r"perform action\W+'([^']+)'")
    scope = refusal.find(r"over scope\W+'([^']+)'") or refusal.subject
    if not action:
        return None
    if action.lower().startswith("microsoft.resourcegraph/"):
        return GraphForbidden(_principal(refusal), action, request_id=refusal.request_id)
    return PermissionMissing(_principal(refusal), action, scope, role_for(action), request_id=refusal.request_id)


def _linked_authorization_failed(refusal: Refusal) -> NetcfgError | None:
    action = refusal.find(r"does not have permission to perform action\S*\s'([^']+)'")
    scope = refusal.find(r"linked scope\S*\s'([^']+)'")
    if not action or not scope:
        return _linked_tenant(refusal)
    return LinkedPermissionMissing(
        _principal(refusal), refusal.subject, action, scope, role_for(action), request_id=refusal.request_id
    )


def _linked_tenant(refusal: Refusal) -> NetcfgError | None:
    tenant = refusal.find(r"current tenant '([^']+)' is not authorized")
    subscription = refusal.find(r"access linked subscription '([^']+)'")
    if not tenant or not subscription:
        return None
    return OtherTenantNamed(refusal.subject, subscription, tenant, request_id=refusal.request_id)


def _scope_locked(refusal: Refusal) -> NetcfgError:
    lock = refusal.find(r"are locked: '([^']+)'") or refusal.subject
    match = re.search(r"/subscriptions/([^/]+)(?:/resourceGroups/([^/]+))?", lock, re.IGNORECASE)
    subscription, group = match.groups() if match else (None, None)
    command = "az lock list"
    command += f" --subscription {subscription}" if subscription else ""
    command += f" --resource-group {group}" if group else ""
    return ScopeLocked(refusal.subject, lock, command, request_id=refusal.request_id)


def _disallowed_by_policy(refusal: Refusal) -> NetcfgError:
    """The message ends with the policies as JSON; how many there are, and whether they have a name, varies."""
    found = refusal.find(r"Policy identifiers: '(\[.*\])'") or "[]"
    try:
        policies = [
            (_policy_name(each.get("policyAssignment")), _policy_name(each.get("policyDefinition")))
            for each in json.loads(found)
        ]
    except (json.JSONDecodeError, AttributeError):
        policies = []
    return PolicyForbids(refusal.subject, policies, sentence(refusal.message), request_id=refusal.request_id)


def _policy_name(policy: Any) -> str:
    name = policy.get("name") or str(policy.get("id", "")).rpartition("/")[2] if isinstance(policy, dict) else ""
    return str(name or "unnamed")


def _not_found(refusal: Refusal) -> NetcfgError:
    hint = "check the id; it may have been deleted, moved or renamed"
    return NotInAzure(refusal.subject, hint, request_id=refusal.request_id)


def _group_not_found(refusal: Refusal) -> NetcfgError:
    group = refusal.find(r"Resource group '([^']+)'") or ""
    what = f"resource group {group!r}, where {refusal.subject} should be"
    return NotInAzure(what, "check the id", request_id=refusal.request_id)


def _subscription_not_found(refusal: Refusal) -> NetcfgError:
    subscription = refusal.find(r"subscription '([^']+)'") or ""
    what = f"subscription {subscription!r}, where {refusal.subject} should be"
    hint = "check the id, and with 'az account list' that the sign-in is to the right tenant"
    return SubscriptionNotInAzure(what, hint, request_id=refusal.request_id)


def _network_not_valid(refusal: Refusal) -> NetcfgError | None:
    """Key Vault wraps the refusal of the network's own provider, whose code is then only in the text."""
    names = refusal.find(r"Subnets? (.+?) of virtual network \S+ do(?:es)? not have ServiceEndpoints")
    network = refusal.find(r"of virtual network (\S+) do(?:es)? not have ServiceEndpoints")
    if not names or not network:
        return _network_gone(refusal)
    subnets = [name if name.startswith("/") else f"{network}/subnets/{name}" for name in re.split(r",\s*", names)]
    return EndpointsMissing(refusal.subject, subnets, request_id=refusal.request_id)


def _network_gone(refusal: Refusal) -> NetcfgError | None:
    """The words vary (azure-cli#7739, #18112), so no more is read in them than the subnet or network, where it is."""
    if not refusal.find(r"(Virtual Network)\b.*\w*NotFound\b"):
        return None
    subnet = refusal.find(r"Resource '?(/subscriptions/[^\s']+/subnets/[^\s'.]+)'?")
    network = refusal.find(r"Resource 'Microsoft\.Network/virtualNetworks/([^/']+)")
    group = refusal.find(r"under resource group '([^']+)'")
    whole = f"/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{network}"
    missing = subnet or (whole if network and group else "")
    return SubnetsGone(refusal.subject, missing.lower(), request_id=refusal.request_id)


def _bad_request(refusal: Refusal) -> NetcfgError | None:
    """Microsoft's texts write the range with either dash; nothing is matched beyond the words before it."""
    value = refusal.find(r"value: (\S+) belongs to forbidden range")
    forbidden = refusal.find(r"belongs to forbidden range (.+)")
    if not value or not forbidden:
        return _network_not_valid(refusal)
    return ForbiddenRange(refusal.subject, value, forbidden.rstrip(". "), request_id=refusal.request_id)


def _not_registered(refusal: Refusal) -> NetcfgError | None:
    namespace = refusal.find(r"namespace '([^']+)'")
    return ProviderNotRegistered(refusal.subject, namespace, request_id=refusal.request_id) if namespace else None


def _throttled(refusal: Refusal) -> NetcfgError:
    return AzureThrottled(refusal.subject, refusal.wait, request_id=refusal.request_id)


def _wrong_tenant(refusal: Refusal) -> NetcfgError:
    """Where several tenants may manage a subscription, its own comes first."""
    home = refusal.find(r"wrong issuer '[^']*?//[^/']+/([^/',]+)")
    tenant = refusal.find(r"must match (?:the|one of the) tenants? '[^']*?//[^/']+/([^/',]+)")
    if not tenant:
        return _token_refused(refusal)
    return WrongTenant(refusal.subject, tenant, home, request_id=refusal.request_id)


def _token_refused(refusal: Refusal) -> NetcfgError:
    return TokenRefused(refusal.words, request_id=refusal.request_id)


_BY_CODE: dict[str, Callable[[Refusal], NetcfgError | None]] = {
    "AuthorizationFailed": _authorization_failed,
    "LinkedAuthorizationFailed": _linked_authorization_failed,
    "ScopeLocked": _scope_locked,
    "RequestDisallowedByPolicy": _disallowed_by_policy,
    "ResourceNotFound": _not_found,
    "ParentResourceNotFound": _not_found,
    "NotFound": _not_found,
    "ResourceGroupNotFound": _group_not_found,
    "SubscriptionNotFound": _subscription_not_found,
    "VirtualNetworkNotValid": _network_not_valid,
    "BadRequest": _bad_request,
    "MissingSubscriptionRegistration": _not_registered,
    "InvalidAuthenticationTokenTenant": _wrong_tenant,
}
_BY_STATUS: dict[int, Callable[[Refusal], NetcfgError | None]] = {401: _token_refused, 429: _throttled}


def _principal(refusal: Refusal) -> str:
    client, object_id = refusal.find(r"client '([^']+)'"), refusal.find(r"object id '([^']+)'")
    if not client:
        return "the one who is signed in"
    return f"{client} (object id {object_id})" if object_id and object_id != client else client


def _why_unreachable(error: Exception) -> str:
    """Why there was no answer, in a few words; the libraries take many, and addresses of objects among them."""
    if isinstance(error, (ServiceRequestTimeoutError, ServiceResponseTimeoutError)):
        return too_slow(error.inner_exception or error)
    if isinstance(error, (DecodeError, ValueError)):
        return "the answer broke off or was not JSON"
    cause, text = getattr(error, "inner_exception", None), str(error)
    if isinstance(cause, ProxyError):
        return why_not_through(cause)
    if isinstance(cause, SSLError) and (found := _certificate(cause)):
        return found
    if isinstance(cause, SSLError):
        return "its TLS certificate was not accepted (is it a proxy's? then name that in REQUESTS_CA_BUNDLE)"
    if cause and any(isinstance(each, TooSlow) for each in causes(cause)):
        return too_slow(cause)
    if re.search(r"resol|getaddrinfo|Name or service not known", text):
        return "its name could not be resolved"
    if re.search(r"refused", text, re.IGNORECASE):
        return "the connection was refused"
    return "the connection broke"


def _certificate(error: SSLError) -> str:
    """What is wrong with the certificate, if that is what is wrong."""
    found = (each for each in causes(error) if isinstance(each, SSLCertVerificationError))
    return next((untrusted(each) for each in found), "")


def _first_line(error: Exception) -> str:
    return sentence(str(error)) or type(error).__name__

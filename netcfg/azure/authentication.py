"""The tokens of requests: one for each tenant that a subscription turns out to belong to.

A token is of one tenant. Azure Resource Manager refuses one of another tenant than the subscription's, and says in its
challenge which one it should be; a write that names resources of other tenants carries their tokens beside its own
(https://learn.microsoft.com/azure/azure-resource-manager/management/authenticate-multi-tenant).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from netcfg.azure.credentials import Credential, tenant_of
from netcfg.azure.refusal import hear
from netcfg.core.errors import LedElsewhere, NetcfgError, WrongTenant

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo, TokenCredential

_PORTS = {"https": 443, "http": 80}

MOST_AUXILIARY = 3  # tokens of other tenants that Azure Resource Manager takes with one request

_SENT_FOR = "netcfg.tenant"  # in a request's context: another thread may learn of a tenant while it is under way

_SUBSCRIPTION = re.compile(r'/subscriptions/([^/?"\\]+)', re.IGNORECASE)
_AUTHORITY = re.compile(r'authorization_uri="?([^",\s]+)', re.IGNORECASE)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)  # `common` and its like are no tenant


class Authentication(ARMChallengeAuthenticationPolicy):
    """The SDK's own policy, with one token for each tenant, fetched once when several threads start together.

    `AzureCliCredential` caches nothing and starts `az` for every token. The SDK's policy keeps a single token, and
    drops it at any 401, perhaps while another thread is about to send it. Its policy for auxiliary tokens needs the
    tenants beforehand, and sends them with everything.
    """

    def __init__(self, credential: Credential, scope: str, home: str, tell: Callable[[str], None]) -> None:
        super().__init__(as_the_sdk_has_it(credential), scope)
        self._source = credential
        self._scope = scope
        self._home = home
        self._tell = tell
        self._lock = RLock()
        self._keepers: dict[str | None, _Keeper] = {}  # by tenant; `None` is the sign-in's own
        self._tenants: dict[str, str] = {}  # of subscriptions that are not of the sign-in's own tenant
        self._closed: dict[str, str] = {}  # tenants that there is no token of, and why

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Sign the request, for the tenant of its subscription as far as that is known."""
        sent = request.http_request
        if not is_home(sent.url, self._home):  # a `nextLink` or the address of an operation may lead anywhere
            raise LedElsewhere(self._home, _place(sent.url))
        self.authorize_request(request, self._scope)
        if sent.method in ("PUT", "PATCH"):
            others = self._others(str(sent.content or ""), self._tenant(sent.url))
            if others:
                sent.headers["x-ms-authorization-auxiliary"] = ", ".join(f"Bearer {each}" for each in others)

    def authorize_request(self, request: PipelineRequest[Any], *scopes: str, **options: Any) -> None:  # noqa: ARG002
        """Put the token into the request; with `claims`, a new one that Azure has asked for."""
        tenant = request.context[_SENT_FOR] = self._tenant(request.http_request.url)
        self._update_headers(request.http_request.headers, self._token_for(tenant, **options))

    def on_challenge(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> bool:
        """Whether to send the request once more: with a token of the tenant that Azure named, or of new claims."""
        subscription = _subscription(request.http_request.url)
        tenant = _named_tenant(response.http_response)
        if tenant is None:
            with self._lock:
                self._keepers.pop(request.context[_SENT_FOR], None)
            return super().on_challenge(request, response)
        if not subscription or request.context[_SENT_FOR] == tenant:
            return False
        self._enter(tenant, subscription)
        self.on_request(request)
        return True

    def _enter(self, tenant: str, subscription: str) -> None:
        """Remember the tenant of a subscription, if there are tokens of it."""
        with self._lock:
            if self._tenants.get(subscription) == tenant:
                return  # another thread was first
            if tenant not in self._closed and (why := self._why_not(tenant)):
                self._closed[tenant] = why
            if tenant in self._closed:
                home = tenant_of(self._token_for(None))
                raise WrongTenant(f"subscription {subscription}", tenant, home, self._closed[tenant])
            self._tenants[subscription] = tenant
        self._tell(f"Azure: tenant {tenant} for subscription {subscription}")

    def _why_not(self, tenant: str) -> str:
        """Why there is no token of `tenant`; empty when there is one."""
        try:
            given = tenant_of(self._token_for(tenant))
        except NetcfgError as error:
            return str(error)
        if given and _ID.fullmatch(tenant) and given.lower() != tenant.lower():
            del self._keepers[tenant]  # a managed identity has tokens of its own tenant, whatever it is asked for
            return f"the credential has tokens of {given} only"
        return ""

    def _token_for(self, tenant: str | None, **options: Any) -> str:
        with self._lock:
            keeper = self._keepers.setdefault(tenant, _Keeper(as_the_sdk_has_it(self._source), self._scope))
            return keeper.token(**options, **({"tenant_id": tenant} if tenant else {}))

    def _tenant(self, url: str) -> str | None:
        return self._tenants.get(_subscription(url))

    def _others(self, body: str, tenant: str | None) -> list[str]:
        """Tokens of the other tenants whose subscriptions a body names."""
        named = {self._tenants.get(each.lower()) for each in _SUBSCRIPTION.findall(body)} - {tenant}
        return [self._token_for(each) for each in sorted(named, key=str)[:MOST_AUXILIARY]]


class _Keeper(ARMChallengeAuthenticationPolicy):
    """The token of one tenant; when it is to be renewed, the SDK knows."""

    def token(self, **options: Any) -> str:
        """The token; with `claims`, a new one."""
        if self._token is None or self._need_new_token or "claims" in options:
            self._request_token(*self._scopes, **options)
        return cast("AccessTokenInfo", self._token).token


def as_the_sdk_has_it(credential: Credential) -> TokenCredential:
    """azure-core asks for `get_token_info` where it is there, though it names the older protocol only."""
    return cast("TokenCredential", credential)


def is_home(url: str, home: str) -> bool:
    """Whether `url` is at Azure Resource Manager: at the very place that is asked, or over TLS at a host below its own,
    as the regions have one each. A token goes nowhere else."""
    own = urlsplit(home)
    try:
        place, port = urlsplit(url), urlsplit(url).port or _PORTS.get(urlsplit(url).scheme)
    except ValueError:
        return False
    at_home = (place.scheme, place.hostname, port) == (own.scheme, own.hostname, own.port or _PORTS.get(own.scheme))
    below = place.scheme == "https" and port == _PORTS["https"] and str(place.hostname).endswith(f".{own.hostname}")
    return at_home or (below and own.scheme == "https")


def _place(url: str) -> str:
    """The host of an address; the rest of it may hold what nobody should read in a log."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "nowhere"
    except ValueError:
        return "nowhere"


def _subscription(url: str) -> str:
    """The subscription that a request is about, in lower case; empty when it is about none."""
    match = _SUBSCRIPTION.match(urlsplit(url).path)
    return match[1].lower() if match else ""


def _named_tenant(response: Any) -> str | None:
    """The tenant of the subscription, where Azure refuses a token because it is of another one.

    Only the tenant is taken from the challenge, never where to sign in.
    """
    response.read()
    refusal = hear(HttpResponseError(response=response), "")
    if refusal is None or refusal.code != "InvalidAuthenticationTokenTenant":
        return None
    match = _AUTHORITY.search(response.headers.get("WWW-Authenticate", ""))
    tenant = urlsplit(match[1]).path.strip("/").partition("/")[0] if match else ""
    return tenant.lower() if _ID.fullmatch(tenant) or _DOMAIN.fullmatch(tenant) else None

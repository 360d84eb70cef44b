"""Who asks: the credential of a run, chosen from the environment, and whom its token names."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions
from azure.core.exceptions import AzureError

from netcfg.azure.endpoints import PUBLIC, Cloud, parse_endpoint
from netcfg.azure.errors import translate_sign_in
from netcfg.core.errors import InsecureTokenService, NetcfgError, SignInFailed
from netcfg.web.deadline import UNLIMITED, Deadline
from netcfg.web.http import is_ambiguous
from netcfg.web.proxy import is_near_url

if TYPE_CHECKING:
    from azure.core.pipeline.transport import RequestsTransport

DEVOPS_SCOPE = "499b84ac-1321-427f-aa17-267ca6975798/.default"  # Azure DevOps, the same in every tenant

PROCESS_TIMEOUT = 60  # `az` on a cold agent needs more than the ten seconds that azure-identity grants it
FOREVER = 1 << 40
ANY_TENANT = ["*"]  # which one it is, Azure Resource Manager says: the one that a subscription belongs to

# AzureCLI@2 sets the three of the service connection; a pipeline has to map SYSTEM_ACCESSTOKEN itself.
_SERVICE_CONNECTION = (
    "SYSTEM_OIDCREQUESTURI",
    "SYSTEM_ACCESSTOKEN",
    "AZURESUBSCRIPTION_TENANT_ID",
    "AZURESUBSCRIPTION_CLIENT_ID",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
)


# Where a managed identity is asked for its token, along with a secret of the machine. Not always by https: the service
# is the machine itself, or on its own link. https://learn.microsoft.com/azure/app-service/overview-managed-identity
_TOKEN_SERVICES = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")


@dataclass(frozen=True)
class Identity:
    """Whom a token names. What the token does not say is `None`; `claims` is what it says in words."""

    credential: str
    tenant: str | None
    principal: str | None
    claims: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.credential}, tenant {self.tenant or 'unknown'}, principal {self.principal or 'unknown'}"


class Credential(Protocol):
    """Somebody who has tokens."""

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token for `scopes`, under the name by which azure-core asks for it."""

    def identity(self, scope: str) -> Identity:
        """Whom the tokens for `scope` name."""


class ConstantToken:
    """A token that is known beforehand, as the sandbox's is; `elsewhere` has those of other tenants."""

    def __init__(self, token: str, elsewhere: Callable[[str], str] | None = None) -> None:
        self._token = token
        self._elsewhere = elsewhere

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:  # noqa: ARG002
        tenant = (options or {}).get("tenant_id")
        return AccessTokenInfo(self._of(tenant) if tenant else self._token, FOREVER)

    def _of(self, tenant: str) -> str:
        if tenant.lower() == (tenant_of(self._token) or "").lower():
            return self._token
        if self._elsewhere is None:
            raise SignInFailed("constant token", "it is of one tenant")
        try:
            return self._elsewhere(tenant)
        except ValueError as error:  # nobody we know there
            raise SignInFailed("constant token", str(error)) from error

    def identity(self, scope: str) -> Identity:  # noqa: ARG002
        claims = _claims(self._token)
        return Identity("constant token", claims.get("tid"), claims.get("oid"), claims)


class EnvironmentCredential:
    """The credential that the environment offers; azure-identity is imported when the first token is asked for.

    One for the whole run: the tokens are kept by what lies underneath, or by the pipeline that asked. Who could not
    sign in at first is not asked again by every other request of the run; the whole chain may take many seconds.
    """

    def __init__(self, environment: Mapping[str, str], cloud: Cloud = PUBLIC, deadline: Deadline = UNLIMITED) -> None:
        self._environment = environment
        self._cloud = cloud
        self._deadline = deadline
        self._chosen: SupportsTokenInfo | None = None
        self._lock = Lock()
        self._tokens: dict[str, str] = {}
        self._failure: NetcfgError | None = None

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        if self._failure and not self._tokens:
            raise self._failure
        is_home = not (options or {}).get("tenant_id")
        try:
            token = self._deadline.bounded(
                lambda: self._choice().get_token_info(*scopes, options=options), "signing in to Azure"
            )
        except (AzureError, ValueError) as error:  # ValueError: the environment cannot be right
            failure = translate_sign_in(error, self._name)
            self._failure = failure if is_home else self._failure
            raise failure from error
        if is_home:
            self._tokens |= dict.fromkeys(scopes, token.token)
        return token

    def _choice(self) -> SupportsTokenInfo:
        with self._lock:
            self._chosen = self._chosen or _choose(self._environment, self._cloud, self._deadline)
            return self._chosen

    def identity(self, scope: str) -> Identity:
        """Whom the tokens for `scope` name, for a person who wonders why something is refused.

        The last one will do: to ask again may mean to start `az` again.
        """
        claims = _claims(self._tokens.get(scope) or self.get_token_info(scope).token)
        known = [claims[each] for each in ("upn", "unique_name", "appid", "oid") if claims.get(each)]
        return Identity(self._name, claims.get("tid"), known[0] if known else None, claims)

    @property
    def _name(self) -> str:
        # The chain keeps to itself which of its members answered; its own name is true as well, only less helpful.
        inner = getattr(self._chosen, "_successful_credential", None) or self._chosen
        return type(inner).__name__ if inner else "azure-identity"


def devops_token(credential: Credential) -> str:
    """A token for Azure DevOps, of the same principal."""
    return credential.get_token_info(DEVOPS_SCOPE).token


def bearer_of(token: str) -> str | None:
    """The object id of whom a token names, if it says so."""
    return _claims(token).get("oid")


def tenant_of(token: str) -> str | None:
    """The tenant that a token is of, if it says so."""
    return _claims(token).get("tid")


def _choose(environment: Mapping[str, str], cloud: Cloud, deadline: Deadline = UNLIMITED) -> SupportsTokenInfo:
    from azure.identity import AzurePipelinesCredential, DefaultAzureCredential

    _, access_token, tenant, client, connection = (environment.get(each, "") for each in _SERVICE_CONNECTION)
    if all(environment.get(each) for each in _SERVICE_CONNECTION):
        parse_endpoint(environment["SYSTEM_OIDCREQUESTURI"])  # the job's token goes there, whatever the address is
        return AzurePipelinesCredential(
            tenant_id=tenant,
            client_id=client,
            service_connection_id=connection,
            system_access_token=access_token,
            authority=cloud.authority,
            additionally_allowed_tenants=ANY_TENANT,
            transport=_transport(deadline),
        )
    for each in _TOKEN_SERVICES:
        _insist_on_a_safe_one(each, environment.get(each, ""))
    return DefaultAzureCredential(
        authority=cloud.authority,
        process_timeout=PROCESS_TIMEOUT,
        additionally_allowed_tenants=ANY_TENANT,
        transport=_transport(deadline),
    )


def _insist_on_a_safe_one(variable: str, url: str) -> None:
    if url and (is_ambiguous(url) or not (url.lower().startswith("https://") or is_near_url(url))):
        raise InsecureTokenService(variable)


def _transport(deadline: Deadline) -> RequestsTransport:
    """The way to whoever signs people in, shared by all members of the chain; the SDK's own waits five minutes."""
    from azure.core.pipeline.transport import RequestsTransport
    from requests import Session

    from netcfg.web.adapter import mounted
    from netcfg.web.http import timeouts

    connecting, answering = timeouts()
    return RequestsTransport(
        session=mounted(Session(), deadline),
        session_owner=False,
        connection_timeout=connecting,
        read_timeout=answering,
    )


def _claims(token: str) -> Mapping[str, str]:
    """What a token says of its bearer. It is read, not believed: only Azure can check it."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, Base64Error, ValueError, RecursionError):
        return {}  # a token need not be a JWT; then nothing is known of its bearer
    return {key: value for key, value in claims.items() if isinstance(value, str)} if isinstance(claims, dict) else {}

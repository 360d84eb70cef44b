"""The data plane of a vault as seen from this machine: one look at the names of its secrets, and never at a value."""

from __future__ import annotations

import json
import re
import ssl
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.exceptions import ProxyError, RequestException, SSLError
from requests.utils import get_environ_proxies, select_proxy

from netcfg.azure.credentials import Credential, tenant_of
from netcfg.azure.dataplane.challenge import NoToken, sign_in, trusted_tenant
from netcfg.azure.dataplane.door import Door
from netcfg.azure.dataplane.resolution import of_addresses, resolve
from netcfg.azure.endpoints import Cloud
from netcfg.core.errors import BadProxy, NetcfgError
from netcfg.core.verification import Answer, Bearer, Failure, Fault, Observation, Resolution
from netcfg.web.deadline import UNLIMITED, Deadline
from netcfg.web.http import ANSWER_TIMEOUT, NOT_TODAY, OTHER_HOST, causes, new_session, proxies, timeouts, why

# One name is enough, and a page of one is the smallest that can be had. 7.4 is the newest that every cloud has.
QUERY = "maxresults=1&api-version=7.4"
LONGEST = 262_144  # bytes of an answer that are read; a page of one name has a few hundred


class Secrets:
    """The vaults of a cloud, read over the network of this machine.

    `at` is the sandbox's address, which stands for every vault by a prefix of the path; its DNS `server` says what the
    names would be. Everything else is the same for both.
    """

    def __init__(
        self,
        credential: Credential,
        cloud: Cloud,
        timeout: float = ANSWER_TIMEOUT,
        *,
        deadline: Deadline = UNLIMITED,
        at: str | None = None,
        server: tuple[str, int] | None = None,
    ) -> None:
        self._credential = credential
        self._cloud = cloud
        self._timeout = timeout
        self._deadline = deadline
        self._at = at
        self._server = server

    def look(self, vault: str) -> Observation:
        """Resolve the name, connect, and ask for one page of names; what is seen on the way, and no error.

        The first request carries no token: a host that cannot show the vault's certificate gets none, and the
        vault's refusal of it names the tenant that it trusts.
        """
        start, url, proxy = self._start(vault)
        if not start.lookup.addresses and not proxy:
            return start
        # A connection that was kept would go on by the old way when the network changes; each look makes its own.
        with new_session("application/json", (), self._deadline) as http:
            way = _Way(http, url, proxy, self._timeout)
            return way.see(start, self._credential, self._cloud, is_direct=self._at is None)

    def knock(self, vault: str) -> Door:
        """What the vault of that name tells everybody: nobody signs in, and trouble on the way is no error."""
        try:
            start, url, proxy = self._start(vault)
            if not start.lookup.addresses and not proxy:
                return Door(host=start.host, is_nowhere=start.lookup.resolution is Resolution.ABSENT)
            with new_session("application/json", (), self._deadline) as http:
                challenge = _Way(http, url, proxy, self._timeout).challenge()
            token = self._credential.get_token_info(self._cloud.scope).token
            return Door(trusted_tenant(challenge, self._cloud), (tenant_of(token) or "").lower(), start.host)
        except (NoToken, RequestException, NetcfgError):
            return Door()

    def _start(self, vault: str) -> tuple[Observation, str, str | None]:
        """What is known of the vault before it is asked, where to ask it, and through which proxy."""
        name = vault.lower()
        host = f"{name}.{self._cloud.vault_suffix}"
        lookup = self._deadline.bounded(
            lambda: resolve(host, self._cloud.private_zone, self._server), f"looking up {host}"
        )
        url = f"{self._at}/{self._cloud.vault_suffix}/{name}/secrets" if self._at else f"https://{host}/secrets"
        proxy = None if self._at else select_proxy(url, get_environ_proxies(url, no_proxy=None))
        return Observation(vault, host, self._cloud.private_zone, lookup, None, proxy=_shown(proxy, host)), url, proxy


class _Way:
    """The way to the vault that all requests of one look take."""

    def __init__(self, http: requests.Session, url: str, proxy: str | None, timeout: float) -> None:
        self._http = http
        self._url = f"{url}?{QUERY}"
        self._proxies = {"https": proxy} if proxy else proxies(url)
        self._timeout = timeout

    def see(self, start: Observation, credential: Credential, cloud: Cloud, *, is_direct: bool) -> Observation:
        address = start.lookup.addresses[0] if start.lookup.addresses and not start.proxy else ""
        said: Answer | Failure
        bearer: Bearer | None = None
        try:
            said, challenge, peer = self._ask(None)
            if said.status == 401:
                token, bearer = sign_in(challenge, credential, cloud)
                said, _, peer = self._ask(token)
        except NoToken as reason:
            said = Failure(Fault.SIGN_IN, str(reason))
        except RequestException as error:
            said = _failure(error)
        else:
            address = peer if peer and is_direct and not start.proxy else address
        lookup = of_addresses((address, *start.lookup.addresses), start.lookup.alias) if address else start.lookup
        return Observation(
            start.vault, start.host, start.zone, lookup, said, address=address, proxy=start.proxy, bearer=bearer
        )

    def challenge(self) -> str:
        """How the vault wants people to sign in."""
        return self._ask(None)[1]

    def _ask(self, token: str | None) -> tuple[Answer, str, str]:
        """The answer, how it wants people to sign in, and the address at the other end."""
        response = self._http.get(
            self._url,
            auth=_Authorization(token),
            allow_redirects=False,
            timeout=timeouts(self._timeout),
            proxies=self._proxies,
            stream=True,
        )
        with closing(response):
            peer = _peer(response)
            content = _start(response)
        if token:
            content = content.replace(token.encode(), "…".encode())  # some proxies repeat what they were sent
        return _parse(response, content, token is not None), response.headers.get("WWW-Authenticate", ""), peer


class _Authorization(AuthBase):
    """The token or nothing; without any `auth` requests would send what a .netrc has for the host."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _parse(response: requests.Response, content: bytes, is_authenticated: bool) -> Answer:
    body = _object(content)
    error = body.get("error")
    said = error if isinstance(error, dict) else {}
    inner = said.get("innererror")
    return Answer(
        status=response.status_code,
        code=_text(said.get("code")),
        inner=_text(inner.get("code")) if isinstance(inner, dict) else "",
        message=_text(said.get("message")) or ("" if body else "no JSON"),
        has_names=_has_names(body),
        is_authenticated=is_authenticated,
        wait=_seconds(response.headers.get("Retry-After")),
        request_id=response.headers.get("x-ms-request-id"),
    )


def _has_names(body: dict[str, Any]) -> bool:
    """Whether it is a page of a vault's secrets, be it an empty one."""
    page = body.get("value")
    return isinstance(page, list) and all(
        isinstance(each, dict) and "/secrets/" in str(each.get("id")) for each in page
    )


def _object(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):  # a page of a proxy, or an answer that broke off
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _seconds(header: str | None) -> float | None:
    """Key Vault writes a Retry-After in seconds; a date would need a clock, and is left to our own pauses."""
    return float(header) if header and re.fullmatch(r"\d{1,6}(\.\d{1,6})?", header) else None


def _start(response: requests.Response) -> bytes:
    """The first part of the body; whoever sends more is no vault."""
    content = b""
    for chunk in response.iter_content(65_536):
        content += chunk
        if len(content) > LONGEST:
            return b""
    return content


def _peer(response: requests.Response) -> str:
    """The address at the other end, empty where the connection is gone already."""
    connection = getattr(response.raw, "connection", None)
    sock = getattr(connection, "sock", None)
    try:
        return str(sock.getpeername()[0]) if sock else ""
    except OSError:
        return ""


def _failure(error: RequestException) -> Failure:
    found = [*causes(error)]
    for each in found:
        if isinstance(each, ssl.SSLCertVerificationError):
            fault = (
                Fault.WRONG_HOST
                if each.verify_code in OTHER_HOST
                else Fault.OUTDATED
                if each.verify_code in NOT_TODAY
                else Fault.UNTRUSTED
            )
            return Failure(fault, each.verify_message)
    if isinstance(error, ProxyError):
        return Failure(Fault.PROXY, _reason(found))
    if isinstance(error, SSLError):
        reason = next(
            (each.reason for each in found if isinstance(each, ssl.SSLError) and each.reason), "no reason given"
        )
        return Failure(Fault.NO_TLS, reason.lower().replace("_", " "))
    return Failure(Fault.CONNECTION, why(error))


def _reason(found: list[BaseException]) -> str:
    """What the operating system or the proxy said; the libraries wrap it in their own objects."""
    told = (each for each in found if isinstance(each, OSError) and not isinstance(each, RequestException))
    return next(((each.strerror or str(each)).lower() for each in told), "no reason given")


def _shown(proxy: str | None, host: str) -> str:
    """The proxy without the password that its address may hold."""
    if not proxy:
        return ""
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        port = parts.port
    except ValueError as error:  # brackets that do not close, a port that is no number
        raise BadProxy(host) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadProxy(host)
    return f"{parts.hostname}:{port}" if port else parts.hostname

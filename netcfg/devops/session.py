"""The way to Azure DevOps: time-outs, retries, proxies, and a credential that reaches nobody else."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, ProxyError, RequestException, Timeout
from urllib3.util import Retry

from netcfg import __version__
from netcfg.core.errors import BadServiceUrl, DevOpsAnswer, DevOpsUnreachable
from netcfg.devops.answer import Answer, Question
from netcfg.devops.credential import Credential

DEVOPS = "https://dev.azure.com"
IDENTITY = "https://vssps.dev.azure.com"
TIMEOUT = 30.0
_CONNECT_TIMEOUT = 10.0  # a host that does not take the connection within that will not
_LONGEST_WAIT = 60  # seconds of a Retry-After that are honoured; urllib3 alone would sleep for six hours

# POST only asks here (HierarchyQuery, endpointproxy): a request that changes something must not take this way.
_RETRY = Retry(
    total=3,
    connect=2,
    read=1,
    other=0,  # a certificate does not get better
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=("GET", "POST"),
    backoff_factor=0.5,
    backoff_jitter=0.25,
    retry_after_max=_LONGEST_WAIT,
    raise_on_status=False,
)


class Session:
    """Asks Azure DevOps. `credential` is called once, and not before something needs it."""

    def __init__(
        self,
        credential: Callable[[], Credential],
        devops: str = DEVOPS,
        identity: str = IDENTITY,
        timeout: float = TIMEOUT,
    ) -> None:
        self.devops = check_url(devops)
        self.identity = check_url(identity)
        self._find_credential = credential
        self._timeout = (min(timeout, _CONNECT_TIMEOUT), timeout)
        self._http = _http()

    @cached_property
    def credential(self) -> Credential:
        return self._find_credential()

    def ask(self, question: Question, credential: Credential | None) -> Answer:
        """The answer, whatever it is, to a request that carries the credential, or comes from nobody."""
        try:
            response = self._http.request(
                "GET" if question.body is None else "POST",
                question.url,
                headers=question.headers,
                data=question.body,
                auth=_Authorization(credential),
                allow_redirects=False,
                timeout=self._timeout,
                proxies=_proxies(question.url),
            )
        except (ChunkedEncodingError, ContentDecodingError) as error:
            raise DevOpsAnswer(question.url, "an answer that broke off", question.subject) from error
        except RequestException as error:
            raise DevOpsUnreachable(question.url, _reason(error, self._timeout[1])) from error
        return Answer(question.url, response.status_code, response.headers, response.content)


def check_url(text: str) -> str:
    """The address of a service without a slash at its end; plain http only to this machine."""
    try:
        found = urlsplit(text)
        host, _ = found.hostname, found.port
    except ValueError as error:
        raise BadServiceUrl(text, str(error)) from error
    if found.username or found.password:
        raise BadServiceUrl(f"{found.scheme}://…@{host}", "no credential is ever part of an address")
    if not host or found.query or found.fragment:
        raise BadServiceUrl(text, f"an address like {DEVOPS} is expected")
    if found.scheme != "https" and not (found.scheme == "http" and _is_loopback(host)):
        raise BadServiceUrl(text, "a credential goes over https only, or over http to this machine itself")
    return found.geturl().rstrip("/")


class _Authorization(AuthBase):
    """Signs a request, or leaves it as it is: without any `auth` requests would send what a .netrc has for the host,
    also in place of a header that we set."""

    def __init__(self, credential: Credential | None) -> None:
        self._credential = credential

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._credential:
            request.headers["Authorization"] = self._credential.authorization
            # Without it the Entra token of a personal Microsoft account is answered by the sign-in page.
            request.headers["X-VSS-ForceMsaPassThrough"] = "true"
        return request


def _http() -> requests.Session:
    http = requests.Session()
    http.headers.update({"Accept": "application/json", "User-Agent": f"netcfg/{__version__}"})
    # A cookie of a signed-in answer would sign in the request that is meant to come from nobody.
    http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(max_retries=_RETRY))
    return http


def _proxies(url: str) -> dict[str, str] | None:
    """`None` leaves it to the environment, which would send what is meant for this machine to the proxy as well."""
    return {"http": "", "https": ""} if _is_loopback(urlsplit(url).hostname or "") else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(error: RequestException, seconds: float) -> str:
    """Why there was no answer, in words; what the libraries say quotes their own objects."""
    if isinstance(error, ProxyError):
        return "the proxy did not let the request through"
    for each in _causes(error):
        if isinstance(each, Timeout | TimeoutError):
            return f"nothing came within {seconds:g} seconds"
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({each.verify_message})"
        if isinstance(each, socket.gaierror):
            return "the name of the host is not known here"
        if isinstance(each, OSError) and each.strerror:
            return each.strerror.lower()
    return "the connection broke off"


def _causes(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__ or at.__context__

"""A session of `requests` that sends nothing to anybody who was not asked: no redirect, no cookie, no .netrc."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterable, Iterator
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.exceptions import ProxyError, RequestException, Timeout
from urllib3.util import Retry

from netcfg import __version__

FIRST_PAUSE = 1.0  # seconds before the second repetition, doubled each time; the first comes at once
CONNECT_TIMEOUT = 10.0  # a host that does not take the connection within that will not
LONGEST_WAIT = 60  # seconds of a Retry-After that are honoured; urllib3 alone would sleep for six hours


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None at all: also where it is not to follow a redirect, requests reads its whole body, however long, and
        trips over a target that is no address."""


class Nobody(AuthBase):
    """Leaves a request as it is; without any `auth` requests would send what a .netrc has for the host."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def new_session(accept: str, repeatable: Iterable[str]) -> requests.Session:
    """A session that tries requests with the `repeatable` methods again, a few times, and follows no redirect."""
    http = _Session()
    http.headers.update({"Accept": accept, "User-Agent": f"netcfg/{__version__}"})
    # A cookie of a signed-in answer would sign in a request that is meant to come from nobody.
    http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    retry = Retry(
        total=3,
        connect=2,
        read=1,
        other=0,  # a certificate does not get better
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=tuple(repeatable) or ("NONE",),  # urllib3 takes no method at all for all of them
        backoff_factor=FIRST_PAUSE / 2,
        backoff_jitter=FIRST_PAUSE / 4,
        retry_after_max=LONGEST_WAIT,
        raise_on_status=False,
    )
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(max_retries=retry))
    return http


def timeouts(seconds: float) -> tuple[float, float]:
    """For the connection and for the answer."""
    return min(seconds, CONNECT_TIMEOUT), seconds


def proxies(url: str) -> dict[str, str] | None:
    """`None` leaves it to the environment, which would send what is meant for this machine to the proxy as well."""
    return {"http": "", "https": ""} if is_loopback(urlsplit(url).hostname or "") else None


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, by a name or address that no network can answer for."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_safe(scheme: str, host: str) -> bool:
    """Whether a connection cannot be read on its way: by https, or by anything that does not leave this machine."""
    return scheme == "https" or (scheme == "http" and is_loopback(host))


def why(error: RequestException, seconds: float) -> str:
    """Why there was no answer, in words; what the libraries say quotes their own objects."""
    if isinstance(error, ProxyError):
        return "the proxy did not let the request through"
    for each in causes(error):
        if isinstance(each, Timeout | TimeoutError):
            return f"nothing came within {seconds:g} seconds"
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({each.verify_message})"
        if isinstance(each, socket.gaierror):
            return "the name of the host is not known here"
        if isinstance(each, OSError) and each.strerror:
            return each.strerror.lower()
    return "the connection broke off"


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and so on to the first."""
    at: BaseException | None = error
    while at is not None:
        yield at
        wrapped = next((each for each in at.args if isinstance(each, BaseException)), None)
        at = at.__cause__ or at.__context__ or wrapped  # urllib3 only wraps what happens behind a proxy

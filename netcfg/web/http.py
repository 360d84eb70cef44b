"""A session of `requests` that sends nothing to anybody who was not asked: no redirect, no cookie, no .netrc."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.auth import AuthBase
from requests.exceptions import ProxyError, RequestException, Timeout
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util import Retry

from netcfg import __version__
from netcfg.web.adapter import TooSlow, mounted
from netcfg.web.deadline import UNLIMITED, Deadline
from netcfg.web.proxy import is_loopback, is_near_url, proxy_for

TRIES = 3  # after the first
FIRST_PAUSE = 1.0  # seconds before the second repetition, doubled each time; the first comes at once
CONNECT_TIMEOUT = 10.0  # seconds; a host that does not take the connection within that will not
ANSWER_TIMEOUT = 60.0  # seconds for one answer, all of it
LONGEST_WAIT = 60  # seconds of a Retry-After that are honoured; urllib3 alone would sleep for six hours

# What OpenSSL calls a certificate that names another host or address, or that is too old or too young
# (https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error).
OTHER_HOST = frozenset({62, 64})
NOT_TODAY = frozenset({9, 10})

# What one reader of an address takes for the end of the host, and another one skips or takes for a part of it.
_AMBIGUOUS = re.compile(r"[\\\x00-\x1f\x7f-\x9f]|^\s|^[^/]*//[^/?#]*\s")


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None at all: also where it is not to follow a redirect, requests reads its whole body, however long, and
        trips over a target that is no address."""


class Nobody(AuthBase):
    """Leaves a request as it is; without any `auth` requests would send what a .netrc has for the host."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def new_session(accept: str, repeatable: Iterable[str], deadline: Deadline = UNLIMITED) -> requests.Session:
    """A session that tries requests with the `repeatable` methods again, a few times, and follows no redirect."""
    http = _Session()
    http.headers.update({"Accept": accept, "User-Agent": f"netcfg/{__version__}"})
    # A cookie of a signed-in answer would sign in a request that is meant to come from nobody.
    http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    retry = Retry(
        total=TRIES,
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
    mounted(http, deadline, max_retries=retry)
    return http


def timeouts(seconds: float = ANSWER_TIMEOUT) -> tuple[float, float]:
    """For the connection, and for the whole answer."""
    return min(seconds, CONNECT_TIMEOUT), seconds


def proxies(url: str) -> dict[str, str] | None:
    """`None` leaves it to the environment, which would send what is meant for this machine to the proxy as well."""
    return {"http": "", "https": ""} if is_near_url(url) else None


def is_safe(scheme: str, host: str) -> bool:
    """Whether a connection cannot be read on its way: by https, or by anything that does not leave this machine."""
    return scheme == "https" or (scheme == "http" and is_loopback(host))


def is_ambiguous(url: str) -> bool:
    """Whether who checks an address and who connects to it may read another host in it.

    `http://evil\\@127.0.0.1` is at this machine for `urllib.parse`, and at `evil` for urllib3.
    """
    return _AMBIGUOUS.search(url) is not None


def time_in(headers: Mapping[str, str]) -> datetime | None:
    """What time it was where an answer with these headers comes from, if it says so."""
    try:
        shown = parsedate_to_datetime(headers.get("Date", ""))
        return shown.astimezone(UTC) if shown.tzinfo else shown.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # no date, or one that is outside every calendar
        return None


def untrusted(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a certificate, and what would mend it."""
    found = error.verify_message
    if error.verify_code in NOT_TODAY:
        return f"its certificate is out of date, unless the clock of this machine is wrong ({found})"
    if error.verify_code in OTHER_HOST:
        return f"its certificate is another host's ({found})"
    return f"its certificate is not trusted ({found}); is it a proxy's? then name its authority in REQUESTS_CA_BUNDLE"


def why(error: RequestException) -> str:
    """Why there was no answer, in words; what the libraries say quotes their own objects."""
    if isinstance(error, ProxyError):
        return why_not_through(error)
    for each in causes(error):
        if isinstance(each, Timeout | TimeoutError):
            return too_slow(error)
        if isinstance(each, ssl.SSLCertVerificationError):
            return untrusted(each)
        if isinstance(each, socket.gaierror):
            return "the name of the host is not known here"
        if isinstance(each, OSError) and each.strerror:
            return each.strerror.lower()
    return "the connection broke off"


def too_slow(error: BaseException) -> str:
    """What was waited for in vain, and how long."""
    for each in causes(error):
        if isinstance(each, TooSlow):
            return f"there was no whole answer within {each.seconds:g} seconds"
        if isinstance(each, ConnectTimeoutError) and (found := re.search(r"connect timeout=([\d.]+)", str(each))):
            return f"there was no connection within {float(found[1]):g} seconds"
    return "there was no answer in time"


def why_not_through(error: ProxyError) -> str:
    """Which proxy is in the way, who says that it is to be used, and what it said."""
    url = error.request.url if error.request else None
    named = proxy_for(url) if url else None
    return f"{named or 'the proxy'} did not let the request through ({_proxys_reason(error)})"


def _proxys_reason(error: ProxyError) -> str:
    for each in causes(error):
        if isinstance(each, Timeout | TimeoutError):
            return too_slow(error)
        if isinstance(each, ssl.SSLCertVerificationError):
            return untrusted(each)
        if isinstance(each, socket.gaierror):
            return "its name is not known here"
        if isinstance(each, OSError) and not isinstance(each, RequestException | NewConnectionError):
            return (each.strerror or str(each)).lower()
    return "no reason given"


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was raised from, and so on to the first, each once: of two errors each may be the other's."""
    at: BaseException | None = error
    seen: set[int] = set()
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        wrapped = next((each for each in at.args if isinstance(each, BaseException)), None)
        at = at.__cause__ or at.__context__ or wrapped  # urllib3 only wraps what happens behind a proxy

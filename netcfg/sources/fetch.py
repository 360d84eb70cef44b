"""What is published, as bytes, from an address or a file: with limits on what it may be, and on who may answer."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, ProxyError, RequestException, Timeout
from urllib3.util import Retry

from netcfg import __version__
from netcfg.core.errors import (
    BadSource,
    SourceAnswer,
    SourceMoved,
    SourceTooLong,
    SourceUnreachable,
    SourceUnreadable,
)

TIMEOUT = 30.0
LONGEST = 50_000_000  # the weekly file has 4 MB
_CONNECT_TIMEOUT = 10.0
_LONGEST_WAIT = 60  # seconds of a Retry-After that are honoured
_MOST_REDIRECTS = 5
_CHUNK = 65_536
_RETRY = Retry(
    total=3,
    connect=2,
    read=1,
    other=0,  # a certificate does not get better
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=("GET",),
    backoff_factor=0.5,
    backoff_jitter=0.25,
    retry_after_max=_LONGEST_WAIT,
    raise_on_status=False,
)


@dataclass(frozen=True)
class Kind:
    """What is asked for, in words, and the content types that it may come as."""

    name: str
    types: frozenset[str]


WEB_PAGE = Kind("a web page", frozenset(("text/html",)))
MARKDOWN = Kind("Markdown", frozenset(("text/plain", "text/markdown", "text/x-markdown")))
TAG_FILE = Kind("a JSON file", frozenset(("application/json", "text/json", "application/octet-stream")))
ANYTHING = Kind("Markdown, HTML or JSON", WEB_PAGE.types | MARKDOWN.types | TAG_FILE.types)


@dataclass(frozen=True)
class Validators:
    """What a publisher gave to recognise this very answer by, next time."""

    etag: str | None = None
    modified: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True)
class Fetched:
    """Bytes, and where they were in the end: the address after all redirects, or the path of a file."""

    where: str
    content: bytes
    validators: Validators = Validators()


class Fetcher:
    """Asks publishers: over https, of nobody else than who was named, without a credential or a cookie."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = (min(timeout, _CONNECT_TIMEOUT), timeout)
        self._http = _http()

    def fetch(self, url: str, kind: Kind) -> Fetched:
        """What is published at `url` now."""
        found = self._follow(url, kind, {})
        if found is None:
            raise SourceAnswer(url, "304 Not Modified, though nothing was said to be known,", kind.name)
        return found

    def fetch_if_changed(self, url: str, kind: Kind, known: Validators) -> Fetched | None:
        """What is published at `url` now; `None` when it is still what `known` was given with."""
        return self._follow(url, kind, known.headers)

    def _follow(self, url: str, kind: Kind, headers: Mapping[str, str]) -> Fetched | None:
        at = url
        host = _origin(check_url(url))
        for _ in range(_MOST_REDIRECTS + 1):
            with self._ask(at, headers) as response:
                if not response.is_redirect:
                    return self._read(response, at, kind)
                at = _target(at, response.headers["Location"], kind)
            if _origin(urlsplit(at)) != host:
                raise SourceMoved(url, host, _origin(urlsplit(at)))
        raise SourceAnswer(url, f"more than {_MOST_REDIRECTS} redirects", kind.name)

    def _ask(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        try:
            return self._http.get(
                url,
                headers=headers,
                auth=_Nobody(),
                allow_redirects=False,
                stream=True,
                timeout=self._timeout,
                proxies=_proxies(url),
            )
        except RequestException as error:
            raise SourceUnreachable(url, _reason(error, self._timeout[1])) from error

    def _read(self, response: requests.Response, url: str, kind: Kind) -> Fetched | None:
        if response.status_code == requests.codes.not_modified:
            return None
        if response.status_code != requests.codes.ok:
            raise SourceAnswer(url, f"{response.status_code} {response.reason}".rstrip(), kind.name)
        found = response.headers.get("Content-Type", "")
        if found.partition(";")[0].strip().lower() not in kind.types:
            raise SourceAnswer(url, f"the content type {found!r}", kind.name)
        validators = Validators(response.headers.get("ETag"), response.headers.get("Last-Modified"))
        return Fetched(url, self._body(response, url, kind), validators)

    def _body(self, response: requests.Response, url: str, kind: Kind) -> bytes:
        """The whole body, counted as it comes and after it was decompressed: a small answer can unpack to anything."""
        body = bytearray()
        try:
            for chunk in response.iter_content(_CHUNK):
                body += chunk
                if len(body) > LONGEST:
                    raise SourceTooLong(url, LONGEST)
        except (ChunkedEncodingError, ContentDecodingError) as error:
            raise SourceAnswer(url, "an answer that broke off", kind.name) from error
        except RequestException as error:
            raise SourceUnreachable(url, _reason(error, self._timeout[1])) from error
        return bytes(body)


def read_file(path: Path) -> Fetched:
    """A file that somebody downloaded by other means; its name tells the edition's day as an address does."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        raise SourceUnreadable(str(path), getattr(error, "strerror", None) or str(error)) from error
    if len(content) > LONGEST:
        raise SourceTooLong(str(path), LONGEST)
    return Fetched(str(path), content)


def check_url(text: str) -> SplitResult:
    """An address that may be asked: https, or plain http to this machine itself."""
    try:
        found = urlsplit(text)
        host, _ = found.hostname, found.port
    except ValueError as error:
        raise BadSource(text, str(error)) from error
    if found.username or found.password:
        raise BadSource(f"{found.scheme}://…@{host}", "what is published needs no credential")
    if not host:
        raise BadSource(text, "an address like https://learn.microsoft.com/… is expected, or the path of a file")
    if found.scheme != "https" and not (found.scheme == "http" and _is_loopback(host)):
        raise BadSource(text, "it has to be https, or plain http to this machine itself")
    return found


def _origin(url: SplitResult) -> str:
    return f"{url.scheme}://{url.netloc}".lower()


def _target(url: str, location: str, kind: Kind) -> str:
    try:
        target = urljoin(url, location)
        urlsplit(target).port  # noqa: B018 - it raises when it is none
    except ValueError as error:
        raise SourceAnswer(url, f"a redirect to {location!r}", kind.name) from error
    return target


class _Nobody(AuthBase):
    """Leaves a request as it is; without any `auth` requests would send what a .netrc has for the host."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None at all: also where it is not to follow a redirect, requests reads its whole body, however long, and
        trips over a target that is no address."""


def _http() -> requests.Session:
    http = _Session()
    http.headers.update({"Accept": "*/*", "User-Agent": f"netcfg/{__version__}"})
    http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(max_retries=_RETRY))
    return http


# What follows the room of Azure DevOps has too: rooms do not import each other, and the core knows no socket.


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

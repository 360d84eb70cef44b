"""What is published, as bytes, from an address or a file: with limits on what it may be, and on who may answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, RequestException
from urllib3.exceptions import HTTPError

from netcfg.core.errors import (
    BadSource,
    SourceAnswer,
    SourceMoved,
    SourceTooLong,
    SourceUnreachable,
    SourceUnreadable,
)
from netcfg.web.adapter import prolong
from netcfg.web.deadline import UNLIMITED, Deadline
from netcfg.web.http import (
    ANSWER_TIMEOUT,
    Nobody,
    is_ambiguous,
    is_safe,
    new_session,
    proxies,
    time_in,
    timeouts,
    why,
)

LONGEST = 50_000_000  # the weekly file has 4 MB
_MOST_REDIRECTS = 5
_CHUNK = 65_536


@dataclass(frozen=True)
class Kind:
    """What is asked for, in words, and the content types that it may come as. `patience` is for how many seconds more
    than usual it may take, once it has begun to come."""

    name: str
    types: frozenset[str]
    patience: float = 0


WEB_PAGE = Kind("a web page", frozenset(("text/html",)))
MARKDOWN = Kind("Markdown", frozenset(("text/plain", "text/markdown", "text/x-markdown")))
# Of 4 MB, for which a line that carries 20 kB a second needs minutes.
TAG_FILE = Kind("a JSON file", frozenset(("application/json", "text/json", "application/octet-stream")), 240)
ANYTHING = Kind("Markdown, HTML or JSON", WEB_PAGE.types | MARKDOWN.types | TAG_FILE.types, TAG_FILE.patience)


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

    def __init__(self, timeout: float = ANSWER_TIMEOUT, deadline: Deadline = UNLIMITED) -> None:
        self._timeout = timeouts(timeout)
        self._days: list[date] = []  # to which any number of threads may add
        self._http = new_session("*/*", ("GET",), deadline)
        # Half of a compressed answer unpacks to half a page, and urllib3 says nothing.
        self._http.headers["Accept-Encoding"] = "identity"

    @property
    def day(self) -> date | None:
        """The earliest day that an answer showed, if one did: by it a clock that is ahead is told from a right one."""
        return min(self._days, default=None)

    def fetch(self, url: str, kind: Kind) -> Fetched:
        """What is published at `url` now."""
        found = self._follow(url, kind, {})
        if found is None:
            raise SourceAnswer(shown(url), "304 Not Modified, though nothing was said to be known,", kind.name)
        return found

    def fetch_if_changed(self, url: str, kind: Kind, known: Validators) -> Fetched | None:
        """What is published at `url` now; `None` when it is still what `known` was given with."""
        return self._follow(url, kind, known.headers)

    def _follow(self, url: str, kind: Kind, headers: Mapping[str, str]) -> Fetched | None:
        at = url
        host = _origin(check_url(url))
        for _ in range(_MOST_REDIRECTS + 1):
            with self._ask(at, headers) as response:
                if told := time_in(response.headers):
                    self._days.append(told.date())
                if not response.is_redirect:
                    return self._read(response, at, kind)
                at = _target(at, response.headers["Location"], kind)
            if _origin(urlsplit(at)) != host:
                raise SourceMoved(shown(url), host, _origin(urlsplit(at)))
        raise SourceAnswer(shown(url), f"more than {_MOST_REDIRECTS} redirects", kind.name)

    def _ask(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        try:
            return self._http.get(
                url,
                headers=headers,
                auth=Nobody(),
                allow_redirects=False,
                stream=True,
                timeout=self._timeout,
                proxies=proxies(url),
            )
        except RequestException as error:
            raise SourceUnreachable(shown(url), why(error)) from error
        except (HTTPError, UnicodeError) as error:  # a host that is no host, which requests lets through
            raise BadSource(shown(url), str(error)) from error

    def _read(self, response: requests.Response, url: str, kind: Kind) -> Fetched | None:
        if response.status_code == requests.codes.not_modified:
            return None
        if response.status_code != requests.codes.ok:
            raise SourceAnswer(shown(url), f"{response.status_code} {response.reason}".rstrip(), kind.name)
        found = response.headers.get("Content-Type", "")
        if found.partition(";")[0].strip().lower() not in kind.types:
            raise SourceAnswer(shown(url), f"the content type {found!r}", kind.name)
        validators = Validators(response.headers.get("ETag"), response.headers.get("Last-Modified"))
        return Fetched(url, self._body(response, url, kind), validators)

    def _body(self, response: requests.Response, url: str, kind: Kind) -> bytes:
        """The whole body, counted as it comes and after it was decompressed: a small answer can unpack to anything."""
        body = bytearray()
        prolong(response, kind.patience)
        try:
            for chunk in response.iter_content(_CHUNK):
                body += chunk
                if len(body) > LONGEST:
                    raise SourceTooLong(shown(url), LONGEST)
        except (ChunkedEncodingError, ContentDecodingError) as error:
            raise SourceAnswer(shown(url), "an answer that broke off", kind.name) from error
        except RequestException as error:
            raise SourceUnreachable(shown(url), why(error)) from error
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


def shown(url: str) -> str:
    """An address as it may be printed and kept: without what may be a password or a signature."""
    found = urlsplit(url)
    return found._replace(netloc=found.netloc.rpartition("@")[2], query="", fragment="").geturl()


def check_url(text: str) -> SplitResult:
    """An address that may be asked: https, or plain http to this machine itself."""
    try:
        found = urlsplit(text)
        host, _ = found.hostname, found.port
    except ValueError as error:
        raise BadSource(text, str(error)) from error
    if found.username or found.password:
        raise BadSource(f"{found.scheme}://…@{host}", "what is published needs no credential")
    if not host or is_ambiguous(text):
        raise BadSource(text, "an address like https://learn.microsoft.com/… is expected, or the path of a file")
    if not is_safe(found.scheme, host):
        raise BadSource(text, "it has to be https, or plain http to this machine itself")
    return found


def _origin(url: SplitResult) -> str:
    return f"{url.scheme}://{url.netloc}".lower()


def _target(url: str, location: str, kind: Kind) -> str:
    try:
        target = urljoin(url, location)
        urlsplit(target).port  # noqa: B018 - it raises when it is none
    except ValueError as error:
        raise SourceAnswer(shown(url), f"a redirect to {location!r}", kind.name) from error
    return target

"""What every request goes through: an end for each answer as a whole, an end for the run, and no proxy for ourselves.

A time-out of the libraries is one for each piece that is read, so an answer that comes in drops never ends.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Mapping
from functools import partial
from http.client import HTTPResponse
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from netcfg.web.deadline import UNLIMITED, Deadline
from netcfg.web.proxy import checked, is_near_url


class TooSlow(TimeoutError):
    """An answer that was not there as a whole within `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no whole answer within {seconds:g} seconds")
        self.seconds = seconds


class Adapter(HTTPAdapter):
    """The adapter of requests. The read time-out of a request is one for its whole answer, and nothing that only asks
    goes on after the `deadline`."""

    def __init__(self, deadline: Deadline = UNLIMITED, **options: Any) -> None:
        super().__init__(**options)
        self._deadline = deadline

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send the request, past every proxy if it is for this machine or its own link."""
        url = str(request.url)
        through = {} if is_near_url(url) else checked(url, proxies or {})
        ask = partial(
            super().send, request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=dict(through)
        )
        return self._deadline.bounded(ask, f"waiting for {urlsplit(url).hostname} to answer", requests.Response.close)

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        """The pool of connections to the host, whose answers have an end."""
        pool: Any = super().get_connection_with_tls_context(*arguments, **options)
        ours = _TIMED.get(pool.ConnectionCls)  # another's is left alone, as that of a recorder
        if ours:
            pool.ConnectionCls = partial(ours, deadline=self._deadline)
        return pool


def mounted(session: requests.Session, deadline: Deadline, **options: Any) -> requests.Session:
    """The session, all of whose requests go through our adapter."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, Adapter(deadline, **options))
    return session


def prolong(answer: requests.Response, seconds: float) -> None:
    """Give what is left of an answer so many seconds more than it was asked for with."""
    if isinstance(found := getattr(answer.raw, "_fp", None), _Answer):
        found.drops.prolong(seconds)


class _Timed(HTTPConnection):
    """A connection whose answers come as a whole, within the time-out that is set when they are waited for."""

    def __init__(self, *arguments: Any, deadline: Deadline, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline = deadline

    def connect(self) -> None:
        """Connect; what a proxy says to that is an answer as well."""
        self._await_answer()
        super().connect()

    def request(self, *arguments: Any, **options: Any) -> None:
        """Send a request."""
        if self.sock is not None:  # TLS within a proxy's TLS is no `socket`
            self.sock.settimeout(self.timeout)  # the last answer left as little as there was left of its time
        super().request(*arguments, **options)

    def getresponse(self) -> Any:
        """Wait for the answer."""
        self._await_answer()
        return super().getresponse()

    def _await_answer(self) -> None:
        self.response_class = partial(  # type: ignore[assignment] # which is only ever called
            _Answer, seconds=self.timeout, deadline=self._deadline
        )


class _TimedTls(_Timed, HTTPSConnection):
    """The same, by https."""


_TIMED: Mapping[type, type[_Timed]] = {HTTPConnection: _Timed, HTTPSConnection: _TimedTls}


class _Answer(HTTPResponse):
    def __init__(
        self, sock: socket.socket, *arguments: Any, seconds: float | None, deadline: Deadline, **options: Any
    ) -> None:
        super().__init__(sock, *arguments, **options)
        self.drops = _Drops(self.fp.detach(), sock, seconds, deadline)
        self.fp = io.BufferedReader(self.drops)


class _Drops(io.RawIOBase):
    """The pieces of one answer, as long as there is time for all of it."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, seconds: float | None, deadline: Deadline) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._seconds = seconds
        self._end = None if seconds is None else time.monotonic() + seconds
        self._deadline = deadline

    def prolong(self, seconds: float) -> None:
        if self._seconds is not None and self._end is not None:
            self._seconds += seconds
            self._end += seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = [each for each in (self._left(), self._deadline.left) if each is not None]
        least = min(left)
        if least <= 0:
            self._give_up()
        self._sock.settimeout(None if least == float("inf") else least)
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            self._give_up()

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _left(self) -> float | None:
        return None if self._end is None else self._end - time.monotonic()

    def _give_up(self) -> NoReturn:
        self._deadline.check("waiting for the rest of an answer")
        raise TooSlow(self._seconds or 0.0)

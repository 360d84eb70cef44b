"""The line between one run of netcfg and the sandbox: no socket, and everything that can go wrong on one.

It stands where `requests` has its connections, so all of the SDK and of netcfg is above it: the real retries, the real
reading of answers that break off.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from http.client import RemoteDisconnected
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as Broken
from requests.exceptions import ReadTimeout
from urllib3 import HTTPResponse
from urllib3.exceptions import NewConnectionError, ProtocolError

from netcfg.sandbox.answer import Dropped
from scripts.disorder import misfortune, place
from scripts.disorder.clock import SPEED, Clock
from scripts.disorder.misfortune import Place
from scripts.disorder.schedule import End, Fate, Schedule

if TYPE_CHECKING:
    from scripts.disorder.watch import Witness

LATE = 0.5  # seconds
FORCED = ("throttle", "throttle-bare", "error", "conflict")  # what the sandbox itself knows how to say
PAGE = b"<html><body>504 Gateway Time-out</body></html>"

# By these a run paces itself, and the sandbox counts them by the real clock: what a schedule does would depend on it.
_COUNTED = ("x-ms-ratelimit-", "x-ms-user-quota-")


class Killed(BaseException):
    """The process ends here, whatever it was about to do."""


class Run:
    """One process of netcfg, as it is seen from the line: how many requests it sent, and whether it lives."""

    def __init__(self, number: int, schedule: Schedule, clock: Clock, witness: Witness, folder: Path) -> None:
        self.number = number
        self.folder = folder
        self.schedule = schedule
        self.clock = clock
        self.witness = witness
        self.is_dead = False
        self.stop: Callable[[], None] = lambda: None
        self.died: Callable[[], None] = lambda: None
        self._counts: Counter[tuple[str, str]] = Counter()
        self._requests = 0
        self._lock = RLock()  # one request at a time: that is what makes a story of it

    @property
    def requests(self) -> int:
        return self._requests

    def insist(self) -> None:
        if self.is_dead:
            raise Killed

    def kill(self) -> None:
        self.is_dead = True
        self.died()
        raise Killed

    def send(self, request: PreparedRequest) -> tuple[int, Mapping[str, str], bytes, int]:
        """Status, headers and body of the answer, and how many bytes the body said it would have."""
        with self._lock:
            self.insist()
            self._requests += 1
            method, path = str(request.method), misfortune.steady(unquote(urlsplit(str(request.url)).path))
            self._counts[method, path] += 1
            here = Place(self.number, method, path, self._counts[method, path])
            end = self._end()
            if end is Fate.KILLED_BEFORE:
                self.witness.ended(end, here)
                self.kill()
            self._let_others_act(here)
            if end is Fate.STOPPED:
                self.witness.ended(end, here)
                self.stop()
            try:
                answer = self._misled(request, here)
            finally:
                self.clock.let_pass(SPEED)
                if end is Fate.KILLED_AFTER:
                    self.witness.ended(end, here)
                    self.kill()
            self.witness.answered(here, answer[0])
            return answer

    def _end(self) -> Fate | None:
        end: End | None = self.schedule.end
        if end is None or (end.step, end.request) != (self.number, self._requests) or "end" in self.schedule.without:
            return None
        return end.fate

    def _let_others_act(self, here: Place) -> None:
        if not place.is_vault(here.path) and not here.path.lower().endswith("/resources"):
            return
        count, dice = misfortune.acts(self.schedule, here)
        for number in range(count):
            name = misfortune.name(f"act {number}", here)
            if name not in self.schedule.without:
                self.witness.act(name, dice)

    def _misled(self, request: PreparedRequest, here: Place) -> tuple[int, Mapping[str, str], bytes, int]:
        """The answer, or what comes of it."""
        fault, dice = misfortune.fault(self.schedule, here)
        if not fault:
            return self._served(request, here)
        self.witness.met(fault, misfortune.name(fault, here))
        match fault:
            case "refused":
                raise Broken(NewConnectionError(None, "refused"), request=request)  # type: ignore[arg-type]
            case "drop-before":
                raise _dropped(request)
            case "page":
                return 200, {"content-type": "text/html"}, PAGE, len(PAGE)
            case "stale":
                with place.site().showing(self.witness.earlier(dice)):
                    return self._served(request, here)
            case _ if fault in FORCED:
                place.site().sandbox.force(fault)
                return self._served(request, here, misfortune.RESENDS[dice.randrange(len(misfortune.RESENDS))])
        status, headers, body, length = self._served(request, here, is_heard=fault in ("delay", "spent"))
        return self._spoilt(fault, request, (status, headers, body, length))

    def _spoilt(
        self, fault: str, request: PreparedRequest, answer: tuple[int, Mapping[str, str], bytes, int]
    ) -> tuple[int, Mapping[str, str], bytes, int]:
        """What was done is done, and the answer does not come as it was sent."""
        status, headers, body, length = answer
        match fault:
            case "drop-after":
                raise _dropped(request)
            case "time-out":
                self.clock.let_pass(30)
                raise ReadTimeout("read timed out", request=request)
            case "truncate":
                return status, headers, body[: len(body) // 2], length
            case "cut-json":
                half = body[: len(body) // 2]
                return status, headers, half, len(half)
            case "page-after":
                return 200, {"content-type": "text/html"}, PAGE, len(PAGE)
            case "delay":
                self.clock.let_pass(LATE)
                return answer
            case "spent":
                kind = "reads" if request.method == "GET" else "writes"
                return status, {**headers, f"x-ms-ratelimit-remaining-subscription-{kind}": "0"}, body, length
        raise AssertionError(f"nobody knows the fault {fault!r}")

    def _served(
        self, request: PreparedRequest, here: Place, retry_after: str = "", *, is_heard: bool = True
    ) -> tuple[int, Mapping[str, str], bytes, int]:
        """What the sandbox says. `is_heard` is whether the one who asked learns it."""
        target = str(request.url).partition("://")[2].partition("/")[2]
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else bytes(body)
        before = self.witness.vault() if place.is_vault(here.path) else None
        if here.method == "PUT" and place.is_subnet(here.path):
            self.witness.switches(self.number, here.path)
        try:
            status, headers, answer = place.site().sandbox.answer(
                str(request.method), f"/{target}", {str(k): _text(v) for k, v in request.headers.items()}, content
            )
        except Dropped:
            raise _dropped(request) from None
        if before is None:
            self.witness.sight(self.number).is_fresh = False
        else:
            self.witness.saw(self.number, here, before, status, _json(content), is_heard=is_heard)
        kept = {name: value for name, value in headers.items() if not name.startswith(_COUNTED)}
        kept["date"] = format_datetime(self.clock.now(), usegmt=True)
        if retry_after and "retry-after" in kept:
            kept["retry-after"] = retry_after
        return status, kept, answer, int(headers.get("content-length", len(answer)))


class Line(HTTPAdapter):
    """Takes the place of `requests`' connections."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:  # type: ignore[override]
        status, headers, body, length = self._run.send(request)
        raw = HTTPResponse(
            io.BytesIO(body),
            headers={**headers, "content-length": str(length)},
            status=status,
            preload_content=False,
            request_method=request.method,
        )
        found: Response = self.build_response(request, raw)  # type: ignore[no-untyped-call]
        return found


def _dropped(request: PreparedRequest) -> Broken:
    gone = RemoteDisconnected("Remote end closed connection without response")
    return Broken(ProtocolError("Connection aborted.", gone), request=request)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _json(content: bytes) -> dict[str, Any]:
    found = json.loads(content) if content else {}
    return dict(found) if isinstance(found, dict) else {}

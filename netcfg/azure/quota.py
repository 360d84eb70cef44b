"""Resource Graph's quota: so many queries in so many seconds, which its answers count down.

A query waits for the next window where none is left in this one. Everybody who is signed in as the same principal draws
on the same quota, so an answer may say that there is less left than was asked from here.
https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from threading import Event, Lock
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy

from netcfg.core.errors import AskedToWait, TooManySubscriptions
from netcfg.web.deadline import UNLIMITED, Deadline

PATH = "/providers/Microsoft.ResourceGraph/resources"

MOST = 15  # queries within a window, where no answer has said anything yet
WINDOW = 5.0  # seconds

# What is announced is whole seconds, and a window that has not quite ended takes nothing.
LEAST = 0.2
LONGEST = 300.0  # seconds that a query is held back; what is to wait for longer is refused here
WORTH_TELLING = 2.0  # seconds

_REMAINING = "x-ms-user-quota-remaining"
_RESETS = "x-ms-user-quota-resets-after"
_LIMIT = "x-ms-tenant-subscription-limit-hit"


class Quota(HTTPPolicy[Any, Any]):
    """Holds queries back that would be refused. Any number of threads may send through it.

    It stands behind the policy that repeats requests: each try is a query, and one that is refused waits here. `stop`
    ends the waits of whoever only asks, as the `deadline` knows; then a query goes out as it is. `tell` hears of waits
    that take a while.
    """

    def __init__(
        self,
        stop: Event | None = None,
        tell: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        deadline: Deadline = UNLIMITED,
    ) -> None:
        super().__init__()
        self._stop = stop or Event()
        self._tell = tell
        self._clock = clock
        self._deadline = deadline
        self._sleep = sleep or partial(deadline.pause, stop=self._stop)
        self._lock = Lock()
        self._left = 0
        self._sent = 0
        self._beside: dict[int, int] = {}  # of each query that is under way, how many others were when it was sent
        self._until = float("-inf")

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        if urlsplit(request.http_request.url).path.lower() != PATH.lower():
            return self.next.send(request)
        number = self._take()
        try:
            response = self.next.send(request)
        except BaseException:
            self._note(number, {}, 0)
            raise
        headers = response.http_response.headers
        self._note(number, headers, response.http_response.status_code)
        if str(headers.get(_LIMIT)).lower() == "true":
            raise TooManySubscriptions
        return response

    def _take(self) -> int:
        """Count a query, once there is one: its number."""
        told, begun = False, self._clock()
        while isinstance(found := self._next(begun), float):
            if found > LONGEST:
                raise AskedToWait("Resource Graph", found)
            if found > WORTH_TELLING and not told:
                told = True
                self._tell(f"waiting {found:.0f} seconds: Resource Graph takes no more queries")
            self._sleep(found)
        return found

    def _next(self, begun: float) -> int | float:
        """The number of a query that is counted, else the seconds until somebody should ask again who has done so since
        `begun`."""
        with self._lock:
            now = self._clock()
            if now >= self._until:
                self._left, self._until = MOST, now + WINDOW
            if self._left > 0 or now - begun >= self._deadline.patience(self._stop):
                self._left = max(0, self._left - 1)
                self._sent += 1
                self._beside[self._sent] = len(self._beside)
                return self._sent
            return self._until - now

    def _note(self, number: int, headers: Mapping[str, str], status: int) -> None:
        """Believe the answer to a query. Answers come in any order, and this one may have counted none of those that
        were sent later, nor of those that were under way when it was sent: it says how many are left only where it
        says fewer than we counted, or more even if none of these is counted."""
        remaining, after = _whole(headers.get(_REMAINING)), _seconds(headers.get(_RESETS))
        with self._lock:
            uncounted = self._sent - number + self._beside.pop(number)
            if status == 429 and after is not None:
                self._left = 0
            elif remaining is not None:
                self._left = max(min(self._left, remaining), remaining - uncounted)
            if after is not None:
                self._until = self._clock() + max(after, LEAST)


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _seconds(text: str | None) -> float | None:
    """`hh:mm:ss` as seconds; `None` for anything else."""
    parts = (text or "").split(":")
    numbers = [_whole(each.partition(".")[0]) for each in parts]
    if len(numbers) != 3 or None in numbers:
        return None
    hours, minutes, seconds = (each or 0 for each in numbers)
    return float(hours * 3600 + minutes * 60 + seconds)

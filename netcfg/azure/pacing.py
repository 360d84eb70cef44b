"""Pacing: no request goes to a subscription that takes none just now, so that Azure has nothing to refuse.

Azure Resource Manager counts the requests of each sign-in to each subscription in token buckets, one for each kind of
request. Every answer says how much its bucket still holds, and how fast a bucket refills is documented:
https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock, local
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy

from netcfg.azure.refusal import Refusal, TooLong, hear
from netcfg.core.errors import AskedToWait, TurnLost
from netcfg.web.deadline import UNLIMITED, Deadline

KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}  # all others are writes
REFILLS = {"reads": 25.0, "writes": 10.0, "deletes": 10.0}  # a second
LONGEST = 300.0  # seconds that a request is held back; what is to wait for longer is refused here
FIRST_PAUSE = 1.0  # seconds, doubled each time, after a refusal that does not say how long
LONGEST_PAUSE = 60.0
SPREAD = 0.5  # seconds over which those start again that were held back together
SHORTEST = 0.005  # seconds between two looks whether it goes on
UNKNOWN = 0.02  # the same, while the first answer is on its way
WORTH_TELLING = 2.0  # seconds

_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)

Place = tuple[str, str]  # a subscription, and the kind of request


@dataclass
class Bucket:
    """What is known of one bucket: what it `held` at a time, of which some is spoken for, and how long it is closed.

    `most` is the most that it ever held. Before the first answer nothing is known of it: one request asks, for somebody
    else may have emptied it, unless it `is_eager`, because whoever waits for many reads waits for the first one too.
    """

    refill: float
    held: float | None = None
    most: float = 0.0
    since: float = 0.0
    told: float = 0.0
    spoken_for: int = 0
    closed_until: float = 0.0
    closed: float = 0.0
    refusals: int = 0
    is_eager: bool = False
    is_heard: bool = False

    def wait(self, now: float) -> float:
        """Seconds until another request may go; 0 when it may."""
        open_in = max(0.0, self.closed_until - now)
        if self.held is None:
            is_asked = self.spoken_for > 0 and not self.is_heard and not self.is_eager
            return max(open_in, UNKNOWN) if is_asked else open_in
        lacking = 1 + self.spoken_for - self._now_held(self.held, now)
        return max(open_in, lacking / self.refill, 0.0)

    def answered(self, remaining: float | None, begun: float, now: float) -> None:
        """Take note of an answer to a request that was spoken for, and that began at `begun`."""
        self.spoken_for -= 1
        self.is_heard = True
        if self.held is not None:
            self.held, self.since = max(0.0, self._now_held(self.held, now) - 1), now
        if remaining is None:
            return
        # Answers overtake each other. An older one may say more than there is now, so the least counts, unless the
        # question was asked after everything that is known.
        if self.held is None or begun >= self.told or remaining < self.held:
            self.held, self.since = remaining, now
        self.most, self.told = max(self.most, remaining + 1), now

    def refused(self, wait: float | None, begun: float, now: float) -> None:
        """Take nothing for as long as Azure said, or a little longer each time when it did not."""
        if begun >= self.closed:  # the others that were under way say nothing new
            self.refusals += 1
            self.closed = now
        pause = min(FIRST_PAUSE * 2 ** (self.refusals - 1), LONGEST_PAUSE) if wait is None else wait
        self.closed_until = max(self.closed_until, now + pause)

    def _now_held(self, held: float, now: float) -> float:
        return min(held + (now - self.since) * self.refill, self.most)


class Pacing(HTTPPolicy[Any, Any]):
    """Holds requests back while Azure takes none; any number of threads may be held.

    `stop` ends the waits of whoever only asks, and the `deadline` knows who does; then a request goes out as it is.
    `tell` hears of waits that take a while. Others who wait for Azure do it by the same three.
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
        self.stop = stop or Event()
        self.tell = tell
        self.deadline = deadline
        self._clock = clock
        self._sleep = sleep or partial(deadline.pause, stop=self.stop)
        self._lock = Lock()
        self._buckets: dict[Place, Bucket] = {}
        self._mine = local()  # the place that this thread has a turn at

    @contextmanager
    def turn(self, subscription: str, kind: str = "writes") -> Iterator[None]:
        """A block in which one request of this thread is not held back any more: its waiting is done before it begins.

        Whoever looks before he writes would else look, wait, and write upon what he saw long ago.
        """
        place = (subscription.lower(), kind)
        self._hold(place)
        self._mine.place = place
        try:
            yield
        finally:
            if self._mine.place:  # nothing was sent
                self._mine.place = None
                with self._lock:
                    self._buckets[place].spoken_for -= 1

    def rest(self, seconds: float) -> None:
        """Wait so long, as Azure asked, while there is patience; too long is for whoever called us."""
        if seconds > LONGEST:
            raise TooLong(seconds)
        self._sleep(seconds)

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send the request once its subscription takes it, and listen to what the answer says about the next ones."""
        place = _place(request.http_request.method, request.http_request.url)
        if place is None:
            return self.next.send(request)
        if getattr(self._mine, "place", None) == place:
            self._mine.place = None
            self._insist_on_being_open(place)
        else:
            self._hold(place)
        begun = self._clock()
        answer: PipelineResponse[Any, Any] | None = None
        try:
            answer = self.next.send(request)
            return answer
        finally:
            self._learn(place, begun, answer)

    def _hold(self, place: Place) -> None:
        """Wait until there is room for one more request, and speak for it."""
        told, begun = False, self._clock()
        while True:
            with self._lock:
                bucket = self._buckets.setdefault(place, Bucket(REFILLS[place[1]], is_eager=place[1] == "reads"))
                wait = bucket.wait(self._clock())
                if not wait or self._clock() - begun >= self.deadline.patience(self.stop):
                    bucket.spoken_for += 1
                    return
                is_closed = bucket.closed_until > self._clock()
            if wait > LONGEST:
                raise AskedToWait(f"subscription {place[0]}", wait)
            if wait > WORTH_TELLING and not told:
                told = True
                self.tell(f"waiting {wait:.0f} seconds: subscription {place[0]} takes no more {place[1]}")
            spread = random.uniform(0, SPREAD) if is_closed else 0.0  # noqa: S311 - spreads starts, keeps no secret
            self._sleep(max(wait, SHORTEST) + spread)

    def _insist_on_being_open(self, place: Place) -> None:
        """Refuse a turn that was given before Azure said to come later: waiting now is writing upon an old look."""
        with self._lock:
            bucket = self._buckets[place]
            wait = bucket.closed_until - self._clock()
            if wait <= 0 or self.stop.is_set():
                return
            bucket.spoken_for -= 1
        raise TurnLost(f"subscription {place[0]}", wait)

    def _learn(self, place: Place, begun: float, answer: PipelineResponse[Any, Any] | None) -> None:
        now = self._clock()
        refusal = _refusal(answer)
        with self._lock:
            bucket = self._buckets[place]
            bucket.answered(_remaining(answer, place[1]), begun, now)
            if refusal:
                bucket.refused(refusal.wait, begun, now)
            elif answer is not None:
                bucket.refusals = 0


def _place(method: str, url: str) -> Place | None:
    """The bucket that a request is taken from; one that is about no subscription is none of ours."""
    match = _SUBSCRIPTION.match(urlsplit(url).path)
    return (match[1].lower(), KINDS.get(method.upper(), "writes")) if match else None


def _remaining(answer: PipelineResponse[Any, Any] | None, kind: str) -> float | None:
    """How many more requests the subscription takes, of this sign-in or of all together; the fewer of them counts."""
    if answer is None:
        return None
    names = (f"x-ms-ratelimit-remaining-subscription-{scope}{kind}" for scope in ("", "global-"))
    said = [answer.http_response.headers.get(each, "") for each in names]
    return min((float(each) for each in said if each.isascii() and each.isdigit()), default=None)


def _refusal(answer: PipelineResponse[Any, Any] | None) -> Refusal | None:
    """What Azure said, if it refuses because of the number of requests; a single resource may be busy likewise."""
    if answer is None or answer.http_response.status_code != 429:
        return None
    answer.http_response.read()
    refusal = hear(HttpResponseError(response=answer.http_response), "")
    return refusal if refusal and "Operation" not in refusal.code else None

"""Pacing: what answers announce is heeded before Azure has to refuse, and a refusal by everybody at once."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core.pipeline import Pipeline
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.azure import pacing
from netcfg.azure.arm import ResourceManager
from netcfg.azure.credentials import ConstantToken
from netcfg.azure.pacing import LONGEST, Bucket, Pacing
from netcfg.core.errors import AskedToWait, TurnLost
from tests.azure.scripted import Answer, refusal, scripted
from tests.pace import beside

ONE, TWO = "/subscriptions/one/a", "/subscriptions/two/a"


# --- a bucket -----------------------------------------------------------------------------------------------------


def refusals_of_a_server(size: int, refill: float, workers: int, requests: int, delays: list[float]) -> int:
    """How often a server with such a bucket refuses `workers` that go when our own says so."""
    bucket, held, since, refused = Bucket(refill), float(size), 0.0, 0
    queue: list[tuple[float, int, str, float, float]] = [(0.0, each, "ask", 0.0, 0.0) for each in range(workers)]
    left, turn = requests, 0
    while queue:
        now, worker, what, begun, said = heapq.heappop(queue)
        turn += 1
        delay = delays[turn % len(delays)]
        match what:
            case "ask" if left <= 0:
                pass
            case "ask" if wait := bucket.wait(now):
                heapq.heappush(queue, (now + max(wait, 0.001), worker, "ask", 0.0, 0.0))
            case "ask":
                bucket.spoken_for += 1
                left -= 1
                heapq.heappush(queue, (now + delay, worker, "arrive", now, 0.0))
            case "arrive":
                held, since = min(size, held + (now - since) * refill), now
                refused += held < 1
                held = max(0.0, held - 1)
                heapq.heappush(
                    queue, (now + delays[(turn * 7) % len(delays)], worker, "answer", begun, float(int(held)))
                )
            case _:
                bucket.answered(said, begun, now)
                heapq.heappush(queue, (now, worker, "ask", 0.0, 0.0))
    return refused


@settings(max_examples=80)
@given(
    st.integers(1, 60), st.sampled_from([2.0, 10.0, 25.0]), st.integers(1, 16), st.integers(1, 150),
    st.lists(st.floats(0.001, 0.5), min_size=1, max_size=30),
)  # fmt: skip
def test_a_bucket_that_held_anything_when_it_was_first_asked_never_has_to_refuse(
    size, refill, workers, requests, delays
):
    assert refusals_of_a_server(size, refill, workers, requests, delays) == 0


def test_before_the_first_answer_one_asks_and_a_bucket_that_says_nothing_holds_nobody():
    bucket = Bucket(10.0)
    assert bucket.wait(0.0) == 0
    bucket.spoken_for = 1
    assert bucket.wait(0.0) > 0
    bucket.answered(None, 0.0, 1.0)
    bucket.spoken_for = 40
    assert bucket.wait(1.0) == 0


def test_many_read_at_once_from_the_beginning():
    assert Bucket(25.0, spoken_for=40, is_eager=True).wait(0.0) == 0


def test_what_is_spoken_for_counts_before_it_is_answered():
    bucket = Bucket(10.0)
    bucket.spoken_for = 1
    bucket.answered(2, 0.0, 1.0)
    assert bucket.wait(1.0) == 0
    bucket.spoken_for = 2
    assert bucket.wait(1.0) == pytest.approx(0.1, abs=0.02)


def test_an_answer_that_was_overtaken_does_not_give_more():
    bucket = Bucket(10.0)
    bucket.spoken_for = 2
    bucket.answered(3, 0.0, 1.0)
    bucket.answered(4, 0.0, 1.0)
    assert bucket.held == 2


def test_the_last_of_a_bucket_that_somebody_else_filled_again_is_believed_when_it_was_asked_for_later():
    bucket = Bucket(10.0)
    bucket.spoken_for = 2
    bucket.answered(0, 0.0, 1.0)
    bucket.answered(150, 1.5, 2.0)
    assert bucket.wait(2.0) == 0
    assert bucket.held == 150


def test_refusals_that_say_nothing_double_the_pause_and_those_under_way_count_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pacing, "FIRST_PAUSE", 1.0)
    bucket = Bucket(10.0)
    bucket.refused(None, 0.0, 1.0)
    bucket.refused(None, 0.0, 1.0)
    assert bucket.closed_until == 2
    bucket.refused(None, 2.0, 3.0)
    assert bucket.closed_until == 5
    bucket.refused(7.0, 6.0, 7.0)
    assert bucket.closed_until == 14


# --- the policy ---------------------------------------------------------------------------------------------------


class Clock:
    """Time that passes when somebody sleeps. Who sleeps again and again waits for what will never come."""

    MOST = 1000

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert len(self.slept) < self.MOST, f"slept {self.MOST} times, and it still does not go on"
        self.slept.append(seconds)
        self.now += seconds


class Server(HttpTransport[Any, Any]):
    """Answers with what a test says."""

    def __init__(self, answer: Callable[[Any], tuple[int, dict[str, str], str]]) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []

    def send(self, request: Any, **_: Any) -> Any:
        self.asked.append((request.method, request.url.partition("//")[2].partition("/")[2]))
        status, headers, code = self.answer(request)
        return Spoken(status, headers, code, request)

    def open(self) -> None: ...
    def close(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


class Spoken:
    reason = ""

    def __init__(self, status: int, headers: dict[str, str], code: str, request: Any) -> None:
        self.status_code, self.headers, self.code, self.request = status, headers, code, request

    def read(self) -> bytes:
        return b""

    def text(self) -> str:
        return f'{{"error": {{"code": "{self.code}", "message": "m"}}}}'


def left(kind: str, number: int, scope: str = "") -> tuple[int, dict[str, str], str]:
    return 200, {f"x-ms-ratelimit-remaining-subscription-{scope}{kind}": str(number)}, ""


class Asking:
    """A pipeline of nothing but pacing."""

    def __init__(self, answer: Callable[[Any], tuple[int, dict[str, str], str]], stop: threading.Event | None = None):
        self.clock, self.server, self.told = Clock(), Server(answer), list[str]()
        self.pacing = Pacing(stop, self.told.append, self.clock, self.clock.sleep)
        self.pipeline = Pipeline(self.server, [self.pacing])

    def __call__(self, method: str, path: str) -> int:
        return int(self.pipeline.run(HttpRequest(method, f"https://azure{path}")).http_response.status_code)


def test_a_request_waits_for_the_bucket_of_its_own_subscription_and_kind_only():
    ask = Asking(lambda request: left("writes", 0) if request.method == "PATCH" else left("reads", 9))
    ask("PATCH", ONE)
    ask("GET", ONE)
    ask("PATCH", TWO)
    ask("POST", "/providers/Microsoft.ResourceGraph/resources")
    assert ask.clock.slept == []
    ask("PATCH", ONE.upper())
    assert sum(ask.clock.slept) == pytest.approx(0.1, abs=0.02)


def test_the_bucket_of_all_principals_together_counts_too():
    ask = Asking(lambda request: (200, {**left("reads", 100)[1], **left("reads", 0, "global-")[1]}, ""))
    ask("GET", ONE)
    ask("GET", ONE)
    assert sum(ask.clock.slept) == pytest.approx(0.04, abs=0.02)


def test_deletes_have_a_bucket_of_their_own():
    ask = Asking(lambda request: left("deletes", 0) if request.method == "DELETE" else left("writes", 0))
    ask("DELETE", ONE)
    ask("PUT", ONE)
    assert ask.clock.slept == []


def refused_once(headers: dict[str, str], code: str = "TooManyRequests") -> Asking:
    answers = [(429, headers, code)]
    return Asking(lambda request: answers.pop() if answers else (200, {}, ""))


def test_after_a_refusal_everybody_waits_as_long_as_azure_said():
    ask = refused_once({"Retry-After": "17"})
    assert ask("PATCH", ONE) == 429
    assert ask("PATCH", TWO) == 200
    assert ask.clock.slept == []
    assert ask("PATCH", ONE) == 200
    assert 17 <= sum(ask.clock.slept) < 18
    assert ask.told == ["waiting 17 seconds: subscription one takes no more writes"]


def test_a_network_that_is_busy_says_nothing_about_its_subscription():
    ask = refused_once({"Retry-After": "17"}, "AnotherOperationInProgress")
    ask("PUT", ONE)
    ask("PUT", ONE)
    assert ask.clock.slept == []


def test_what_would_have_to_wait_too_long_is_refused_here():
    ask = refused_once({"Retry-After": str(LONGEST + 1)})
    ask("PATCH", ONE)
    with pytest.raises(AskedToWait, match="leave subscription one alone for 5 minutes, which is too long"):
        ask("PATCH", ONE)
    assert len(ask.server.asked) == 1


def test_who_is_to_end_waits_no_more():
    stop = threading.Event()
    ask = Asking(lambda request: left("writes", 0), stop)
    ask("PATCH", ONE)
    stop.set()
    ask("PATCH", ONE)
    assert ask.clock.slept == []


def test_who_has_a_turn_waits_before_it_begins_and_never_within():
    ask = Asking(lambda request: left("writes", 0))
    ask("PATCH", ONE)
    with ask.pacing.turn("ONE"):
        waited = sum(ask.clock.slept)
        assert waited == pytest.approx(0.1, abs=0.02)
        ask("PATCH", ONE)
        assert sum(ask.clock.slept) == waited
    ask("PATCH", ONE)
    assert sum(ask.clock.slept) == pytest.approx(0.2, abs=0.02)


def test_a_turn_that_was_not_used_is_given_back():
    ask = Asking(lambda request: left("writes", 1))
    ask("PATCH", ONE)
    with ask.pacing.turn("one"):
        pass
    ask("PATCH", ONE)
    assert ask.clock.slept == []


def test_a_turn_ends_when_azure_refuses_somebody_else_meanwhile_and_nothing_is_sent():
    answers = [(429, {"Retry-After": "5"}, "TooManyRequests"), (200, {}, "")]
    ask = Asking(lambda request: answers.pop())
    ask("PATCH", ONE)
    with ask.pacing.turn("one"):
        assert beside(lambda: ask("PATCH", ONE)) == 429
        with pytest.raises(TurnLost, match=r"^subscription one takes nothing for 5 seconds, and nothing was sent$"):
            ask("PATCH", ONE)
    assert ask.clock.slept == []
    assert len(ask.server.asked) == 2


def test_a_turn_at_a_bucket_that_was_heard_of_keeps_nobody_waiting_who_finds_room_beside_it():
    answers = [left("writes", 1), (503, {}, ""), left("writes", 5)]
    ask = Asking(lambda request: answers.pop())
    ask("PATCH", ONE)
    ask("PATCH", ONE)
    with ask.pacing.turn("one"):
        assert beside(lambda: ask("PATCH", ONE)) == 200
    assert ask.clock.slept == []


def test_who_waits_beside_a_turn_that_takes_the_only_room_goes_on_when_it_ends(monkeypatch: pytest.MonkeyPatch):
    ask = Asking(lambda request: left("writes", 0))
    ask("PATCH", ONE)
    waits, ended = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        ask.clock.sleep(seconds)
        if len(ask.clock.slept) == 5:
            waits.set()
            assert ended.wait(10)

    with ThreadPoolExecutor(1) as pool:
        with ask.pacing.turn("one"):
            ask.clock.slept.clear()
            monkeypatch.setattr(ask.pacing, "_sleep", sleep)
            other = pool.submit(ask, "PATCH", ONE)
            assert waits.wait(10)
        ended.set()
        assert other.result(timeout=10) == 200
    assert 5 <= len(ask.clock.slept) < 10


def test_a_clock_that_somebody_sleeps_by_for_ever_says_so():
    ask = Asking(lambda request: left("writes", 0))
    with ask.pacing.turn("one"), pytest.raises(AssertionError, match="slept 1000 times, and it still does not go on"):
        beside(lambda: ask("PATCH", ONE))  # nothing is known of the bucket before the turn's own answer


def test_nobody_waits_with_the_lock_in_his_hand():
    """Many threads on one small bucket, by the real clock: none is refused, and another subscription is not held."""
    lock, held = threading.Lock(), [8.0, time.monotonic(), 0.0]

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        if "two" in request.url:
            return 200, {}, ""
        with lock:
            now = time.monotonic()
            held[0], held[1] = min(8.0, held[0] + (now - held[1]) * 10), now
            if held[0] < 1:
                held[2] += 1
                return 429, {"Retry-After": "1"}, "TooManyRequests"
            held[0] -= 1
            return left("writes", int(held[0]))

    server = Server(answer)
    pipeline = Pipeline(server, [Pacing()])

    def send(path: str) -> int:
        return int(pipeline.run(HttpRequest("PATCH", f"https://azure{path}")).http_response.status_code)

    with ThreadPoolExecutor(8) as pool:
        ones = [pool.submit(send, ONE) for _ in range(14)]
        time.sleep(0.1)
        assert send(TWO) == 200
        assert not all(each.done() for each in ones)
        assert {each.result() for each in ones} == {200}
    assert held[2] == 0


# --- within the pipeline to Azure ---------------------------------------------------------------------------------


def test_a_question_that_is_refused_is_asked_again_after_one_wait_and_not_two():
    slow = refusal(429, "TooManyRequests", "Slow down.", {"Retry-After": "0.2"})
    with scripted(slow, Answer({"it": "works"})) as script:
        arm = ResourceManager(script.url, "scope", ConstantToken("t-1"), 5.0)
        began = time.monotonic()
        assert arm.get(ONE, "v", "it") == {"it": "works"}
        assert 0.2 <= time.monotonic() - began < 0.39


def test_a_question_that_is_to_wait_too_long_is_an_error():
    slow = refusal(429, "TooManyRequests", "Slow down.", {"Retry-After": "4000"})
    with scripted(slow) as script:
        arm = ResourceManager(script.url, "scope", ConstantToken("t-1"), 5.0)
        with pytest.raises(AskedToWait) as raised:
            arm.get(ONE, "v", "it")
        assert len(script.asked) == 1
    assert str(raised.value) == (
        "Azure asks to leave it alone for 67 minutes, which is too long to wait here; "
        "run the same command again after that"
    )

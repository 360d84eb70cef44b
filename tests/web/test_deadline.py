"""How long a thread waits before it asks again: who finishes something waits, who only asks ends with the run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Event, Timer

import pytest

from netcfg.azure.arm import ResourceManager
from netcfg.azure.credentials import ConstantToken
from netcfg.azure.pacing import Pacing
from netcfg.core.errors import AzureThrottled
from netcfg.web import deadline as module
from netcfg.web.deadline import Deadline
from tests.azure.scripted import Answer, Script, refusal, scripted

BUSY = refusal(429, "TooManyRequests", "Slow down.", {"Retry-After": "30"})


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long somebody would have slept whom no event wakes."""
    found: list[float] = []
    monkeypatch.setattr("netcfg.web.deadline.time.sleep", found.append)
    return found


def is_set() -> Event:
    stop = Event()
    stop.set()
    return stop


@pytest.mark.parametrize(
    ("left", "stop", "finishes", "patience"),
    [
        (None, Event(), False, math.inf),
        (None, is_set(), False, 0.0),
        (None, is_set(), True, module.HURRY),  # a signal
        (60.0, Event(), False, 60.0),
        (60.0, Event(), True, math.inf),
        (60.0, is_set(), True, module.HURRY),  # a signal, before the time is over
        (-1.0, is_set(), False, 0.0),
        (-1.0, is_set(), True, math.inf),  # the time is over: what was begun takes what it needs
    ],
)
def test_for_how_long_at_a_time_somebody_waits(left: float | None, stop: Event, finishes: bool, patience: float):
    deadline = Deadline(left, 0.0, lambda: 0.0)
    with deadline.finishing() if finishes else nullcontext():
        assert deadline.patience(stop) == patience


def test_who_only_asks_goes_on_at_once(slept: list[float]):
    Deadline().pause(30.0, is_set())
    assert slept == [0.0]


def test_who_finishes_something_sleeps_after_a_signal_too(slept: list[float]):
    deadline = Deadline()
    with deadline.finishing():
        deadline.pause(30.0, is_set())
        deadline.pause(0.4, is_set())
    assert slept == pytest.approx([module.HURRY, 0.4], abs=0.1)


def test_who_finishes_something_sleeps_as_long_as_azure_says_after_the_end_of_the_time(slept: list[float]):
    deadline = Deadline(0.0)
    with deadline.finishing():
        deadline.pause(30.0, is_set())
    assert slept == pytest.approx([30.0], abs=0.1)


def test_a_signal_that_comes_while_somebody_sleeps_makes_it_short(slept: list[float]):
    deadline, stop = Deadline(), Event()
    Timer(0.02, stop.set).start()
    with deadline.finishing():
        deadline.pause(30.0, stop)
    assert slept == [module.HURRY]


@contextmanager
def asked_to_end(*answers: Answer) -> Iterator[tuple[ResourceManager, Script]]:
    deadline = Deadline()
    pacing = Pacing(is_set(), deadline=deadline)
    with scripted(*answers) as script:
        yield ResourceManager(script.url, "scope", ConstantToken("x"), 5, pacing=pacing, deadline=deadline), script


def test_a_look_after_a_write_that_azure_has_no_time_for_comes_later_also_after_a_signal(
    slept: list[float], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "HURRY", 0.02)  # which really pass, though nobody sleeps
    path = "/subscriptions/s/vault"
    with asked_to_end(BUSY, BUSY, Answer({"it": "works"})) as (arm, _), arm.deadline.finishing():
        assert arm.get(path, "1", "it") == {"it": "works"}
    assert len(slept) >= 2
    assert 0.0 < min(slept) <= max(slept) <= 0.02


def test_a_question_that_azure_has_no_time_for_is_not_waited_for_after_a_signal(slept: list[float]):
    with asked_to_end(BUSY) as (arm, _), pytest.raises(AzureThrottled):
        arm.get("/subscriptions/s/vault", "1", "it")
    assert set(slept) == {0.0}


def test_an_operation_that_was_begun_is_not_looked_at_without_a_pause_after_a_signal(slept: list[float]):
    """It once was, hundreds of times a second."""
    with asked_to_end(Answer(status=202)) as (arm, script):
        under_way = Answer(status=202, headers={"Location": f"{script.url}/operation", "Retry-After": "5"})
        script.answers[:] = [under_way, under_way, under_way, Answer({})]
        arm.put("/subscriptions/s/piece", "1", "the piece", {}, {})
    assert [each.method for each in script.asked] == ["PUT", "GET", "GET", "GET"]
    assert slept == pytest.approx([module.HURRY] * 2, abs=0.1)

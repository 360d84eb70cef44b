"""Servers that never come to an end: each answer has one, and so has the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import ClassVar

import pytest

from netcfg.azure.arm import ResourceManager
from netcfg.azure.credentials import ConstantToken, EnvironmentCredential
from netcfg.core.errors import AzureUnreachable, DevOpsUnreachable, NetcfgError, SourceUnreachable, TimeOver
from netcfg.devops.answer import Question
from netcfg.devops.credential import Credential
from netcfg.devops.session import Session
from netcfg.sources.fetch import ANYTHING, TAG_FILE, Fetcher
from netcfg.web.adapter import _Timed
from netcfg.web.deadline import UNLIMITED, Deadline
from netcfg.web.http import new_session, too_slow
from tests.web.slow import WAYS, silent, slow, steady

SOON = 0.2  # seconds
NEVER = 60.0


def ask_azure(url: str, timeout: float, deadline: Deadline) -> None:
    arm = ResourceManager(url, "scope", ConstantToken("x"), timeout, deadline=deadline)
    arm.get("/subscriptions/s", "1", "the thing")


def ask_devops(url: str, timeout: float, deadline: Deadline) -> None:
    session = Session(lambda: Credential.bearer("x", "y"), url, url, timeout, deadline)
    session.ask(Question("contoso", f"{url}/contoso", "the thing", "a scope"), None)


def ask_a_publisher(url: str, timeout: float, deadline: Deadline) -> None:
    Fetcher(timeout, deadline).fetch(f"{url}/page", replace(ANYTHING, patience=0))


DOORS = (
    (ask_azure, AzureUnreachable),
    (ask_devops, DevOpsUnreachable),
    (ask_a_publisher, SourceUnreachable),
)
Door = Callable[[str, float, Deadline], None]


@pytest.fixture(autouse=True)
def _no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """How often it is tried is not what this is about."""
    monkeypatch.setattr("netcfg.web.http.TRIES", 0)
    monkeypatch.setattr("azure.core.pipeline.policies.RetryPolicy.is_exhausted", lambda *_: True)
    monkeypatch.setattr("azure.core.pipeline.policies.RetryPolicy.increment", lambda *_, **__: False)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("ask", "error"), DOORS)
def test_an_answer_has_to_be_whole_in_time(ask: Door, error: type[NetcfgError], way):
    with slow(way) as url, pytest.raises(error, match=r"there was no whole answer within 0\.2 seconds"):
        ask(url, SOON, UNLIMITED)


def test_the_weekly_file_may_come_slowly_once_it_comes():
    with slow(steady) as url:
        assert Fetcher(SOON).fetch(f"{url}/ServiceTags.json", TAG_FILE).content == b"x" * 20
    with slow(silent) as url, pytest.raises(SourceUnreachable, match=r"within 0\.2 seconds"):
        Fetcher(SOON).fetch(f"{url}/ServiceTags.json", TAG_FILE)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("ask", "error"), DOORS)
def test_what_only_asks_ends_with_the_run(ask: Door, error: type[NetcfgError], way):
    with slow(way) as url, pytest.raises(TimeOver, match=r"the 0\.2 seconds of --timeout were over while waiting for "):
        ask(url, NEVER, Deadline(SOON))
    assert not issubclass(TimeOver, error)


def test_signing_in_ends_with_the_run(monkeypatch: pytest.MonkeyPatch):
    with slow(silent) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "x")
        credential = EnvironmentCredential({}, deadline=Deadline(SOON))
        with pytest.raises(TimeOver, match="while signing in to Azure"):
            credential.get_token_info("scope")


def test_a_name_that_nobody_resolves_ends_with_the_run(monkeypatch: pytest.MonkeyPatch):
    hangs = Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: hangs.wait())
    began = time.monotonic()
    with pytest.raises(TimeOver, match=r"waiting for dev\.invalid to answer"):
        ask_devops("https://dev.invalid", NEVER, Deadline(SOON))
    hangs.set()
    assert time.monotonic() - began < 5


def test_nothing_new_is_asked_when_the_time_is_over():
    with pytest.raises(TimeOver):
        ask_azure("http://127.0.0.1:9", NEVER, Deadline(0.0))


def test_what_is_being_finished_goes_on():
    deadline = Deadline(0.0)
    with deadline.finishing():
        assert deadline.bounded(lambda: 1, "x") == 1
        assert deadline.carried(lambda: deadline.left)() == float("inf")
    with pytest.raises(TimeOver):
        deadline.bounded(lambda: 1, "x")


def test_what_another_thread_raises_arrives():
    with pytest.raises(ZeroDivisionError):
        Deadline(NEVER).bounded(lambda: 1 // 0, "x")


def test_a_connection_serves_the_next_request_whatever_the_last_one_left():
    """The socket of a kept connection has what was left of the last answer's time."""
    from tests.devops.loopback import loopback, shows

    with loopback(shows({"value": 1})) as server, new_session("*/*", ()) as http:
        for _ in range(3):
            assert http.get(server.url, timeout=(1, 30)).json() == {"value": 1}


def test_a_connection_within_a_proxys_tls_has_its_time_back_as_well():
    """What urllib3 has there is no `socket`."""

    class Within:
        times: ClassVar[list[float]] = []

        def settimeout(self, seconds: float) -> None:
            self.times.append(seconds)

        def sendall(self, sent: bytes) -> None: ...

    connection = _Timed("far.invalid", timeout=7.0, deadline=UNLIMITED)
    connection.sock = Within()  # type: ignore[assignment]
    connection.request("GET", "/")
    assert Within.times[0] == 7.0


def test_an_error_without_a_time_says_no_time():
    assert too_slow(TimeoutError()) == "there was no answer in time"

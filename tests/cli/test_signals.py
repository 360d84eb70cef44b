"""Ctrl-C and SIGTERM while vaults are written: what has begun is finished, and a second Ctrl-C is heeded at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from netcfg.cli.signals import graceful
from netcfg.sandbox.server import serve
from netcfg.workflow.collaborators import Surroundings
from tests.cli.conftest import Program
from tests.cli.test_killed import environment
from tests.pace import beside
from tests.workflow import fakes
from tests.workflow.fakes import Azure, Subnets

FINISHING = "netcfg: interrupted: finishing what is being written, starting nothing new; once more to stop at once\n"
VAULTS = ("kv-orders", "kv-payments")
FINISHING_TERMINATED = FINISHING.replace("once more", "Ctrl-C")


@pytest.fixture
def subnets() -> Subnets:
    return Subnets(Azure({}))


@pytest.fixture
def around(subnets: Subnets) -> Surroundings:
    return replace(fakes.around(Azure({})), subnets=subnets, stop=threading.Event())


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGINT, FINISHING), (signal.SIGTERM, FINISHING_TERMINATED)], ids=["SIGINT", "SIGTERM"]
)
def test_the_first_wish_to_end_stops_nothing_that_has_begun(
    around: Surroundings, subnets: Subnets, capsys: pytest.CaptureFixture[str], number: int, said: str
):
    with graceful(around):
        assert not around.stop.is_set()
        send(number)
        assert around.stop.wait(10)
    assert subnets.stopped
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_an_interrupt_after_the_first_wish_is_heeded_at_once(around: Surroundings, first: int):
    reached = []
    try:
        with graceful(around):
            send(first)
            reached.append("went on")
            send(signal.SIGINT)
            reached.append("went on again")
    except KeyboardInterrupt:
        reached.append("ended")
    assert reached == ["went on", "ended"]


def test_termination_after_the_first_wish_changes_nothing(around: Surroundings, capsys: pytest.CaptureFixture[str]):
    """Azure Pipelines sends SIGINT, and SIGTERM 7.5 seconds later."""
    with graceful(around):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
            send(number)
        assert around.stop.wait(10)
    assert capsys.readouterr().err == FINISHING


def test_nobody_who_wishes_nothing_is_stopped(around: Surroundings, capsys: pytest.CaptureFixture[str]):
    with graceful(around):
        pass
    assert not around.stop.is_set()
    assert capsys.readouterr().err == ""


def handlers() -> list[object]:
    return [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]


def test_afterwards_the_handlers_are_the_earlier_ones(around: Surroundings):
    before = handlers()
    with graceful(around):
        assert handlers() != before
    assert handlers() == before
    with pytest.raises(ZeroDivisionError), graceful(around):
        1 / 0  # noqa: B018
    assert handlers() == before


def test_what_is_ignored_stays_ignored(around: Surroundings):
    """A shell that starts something in the background lets it ignore Ctrl-C, which is meant for somebody else."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with graceful(around):
            send(signal.SIGINT)
        assert not around.stop.is_set()
    finally:
        signal.signal(signal.SIGINT, before)


def test_beside_the_main_thread_it_heeds_nothing_and_fails_nowhere(around: Surroundings):
    seen: list[object] = []

    def look() -> None:
        with graceful(around):
            seen.extend(handlers())

    before = handlers()
    beside(look)
    assert seen == before


class Locked(Subnets):
    """Whoever stops them waits for a lock that another may hold, as the one of an `Event` is held for a moment."""

    lock = threading.Lock()
    in_vain = False

    def stop(self) -> None:
        if self.lock.acquire(timeout=2):
            super().stop()
            self.lock.release()
        else:
            self.in_vain = True


def test_a_signal_that_comes_while_its_thread_holds_the_lock_waits_for_nobody(around: Surroundings):
    subnets = Locked(Azure({}))
    with graceful(replace(around, subnets=subnets)):
        with subnets.lock:
            send(signal.SIGTERM)
        assert around.stop.wait(10)
    assert (subnets.stopped, subnets.in_vain) == (True, False)


# --- a whole run --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGINT, FINISHING), (signal.SIGTERM, FINISHING_TERMINATED)], ids=["SIGINT", "SIGTERM"]
)
def test_the_write_that_has_begun_is_finished_and_the_next_run_goes_on(tmp_path: Path, number: int, said: str):
    with serve(world="contoso") as sandbox:
        written: list[str] = []

        def interrupt(served: int, method: str, path: str) -> None:
            if method == "PATCH":
                written.append(path.rpartition("/")[2])
                process.send_signal(number)
                time.sleep(0.2)  # before it is handled: the signal comes in the middle of the write

        sandbox.before = interrupt
        words = ["apply", *VAULTS, "--geography", "EU", "--yes", "--parallel", "1", "--format", "json"]
        words += ["--accept", "stale-editions=*", "--accept", "default-deny=*"]
        command = [sys.executable, "-P", "-m", "netcfg", *words]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(sandbox), cwd=tmp_path
        ) as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert said in err
        ends = {each["name"]: each["outcome"] for each in json.loads(out)["vaults"]}
        assert written == ["kv-orders"]
        assert ends == {"kv-orders": "done", "kv-payments": "not-reached"}

        sandbox.before = None
        again = Program(sandbox, tmp_path)(*words)
        assert again.status == 0
        assert [each["outcome"] for each in again.document["vaults"]] == ["unchanged", "done"]

"""`--timeout`: the run ends by then, what is being written is finished, and what was not begun is said."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from tests.cli.conftest import Program, Ran
from tests.web.slow import silent, slow


@pytest.fixture
def hang(netcfg: Program):
    """From the request that `is_it` says on, the sandbox answers nothing more; it goes on when the test is over."""
    goes_on = Event()

    def begin(is_it: Callable[[str, str], bool]) -> None:
        has_begun = Event()

        def before(_: int, method: str, path: str) -> None:
            if is_it(method, path):
                has_begun.set()
            if has_begun.is_set():
                goes_on.wait(20)

        netcfg.sandbox.before = before

    yield begin
    goes_on.set()
    netcfg.sandbox.before = None


def timed(netcfg: Program, seconds: str, *words: str) -> tuple[float, Ran]:
    """How long it took beyond the time that it was given, and what came of it."""
    began = time.monotonic()
    ran = netcfg("--timeout", seconds, *words)
    return time.monotonic() - began - float(seconds), ran


@pytest.mark.parametrize("command", ["plan", "check", "apply"])
def test_a_vault_that_is_not_answered_for_is_undetermined_in_time(netcfg: Program, hang, command: str):
    hang(lambda _, path: "/vaults/kv-orders" in path)
    words = (command, "kv-orders", "--geography", "EU", *(["--yes"] if command == "apply" else []))
    late, ran = timed(netcfg, "1", *words, "--format", "json")
    assert late < 2
    assert ran.status == 1
    [unread] = ran.document["undetermined"]
    assert unread["reason"].startswith("the 1 seconds of --timeout were over")
    assert netcfg.writes == []


def test_what_nobody_begins_any_more_is_not_reached(netcfg: Program, hang):
    """The first vault is written, and the look before the second one never comes back."""
    written = Event()

    def is_it(method: str, path: str) -> bool:
        if method == "PATCH":
            written.set()
        return written.is_set() and method == "GET" and "/vaults/kv-payments" in path

    hang(is_it)
    vaults = ("kv-orders", "kv-payments")
    late, ran = timed(
        netcfg, "3", "apply", *vaults, "--geography", "EU", "--parallel", "1", "--yes", "--format", "json",
        "--accept", "default-deny=*", "--accept", "last-path=*",
    )  # fmt: skip
    outcomes = {each["name"]: (each["outcome"], each["error"] or "") for each in ran.document["vaults"]}
    assert late < 2
    assert outcomes["kv-orders"][0] == "done"
    assert outcomes["kv-payments"][0] == "not-reached"
    assert outcomes["kv-payments"][1].startswith("the 3 seconds of --timeout were over")
    assert ran.status == 7
    assert [path.split("?")[0].rpartition("/")[2] for _, path in netcfg.writes] == ["kv-orders"]


def test_a_write_under_way_is_finished_and_proved(netcfg: Program):
    """Azure takes longer for the write than the run has; what was sent is waited for, and read back."""
    begun = Event()

    def before(_: int, method: str, __: str) -> None:
        if method == "PATCH":
            begun.set()
            time.sleep(3.2)

    netcfg.sandbox.before = before
    late, ran = timed(netcfg, "3", "apply", "kv-orders", "--geography", "EU", "--yes", "--format", "json")
    assert begun.is_set()
    assert late > 0
    assert [(each["outcome"], each["verified"]) for each in ran.document["vaults"]] == [("done", True)]
    assert ran.status == 0


def test_a_wait_ends_with_the_time(netcfg: Program):
    """Between two waves nobody waits longer than the run may take."""
    late, ran = timed(
        netcfg, "3", "apply", "kv-orders", "kv-payments", "--geography", "EU", "--yes", "--format", "json",
        "--canary", "1", "--wait", "600", "--accept", "default-deny=*", "--accept", "last-path=*",
    )  # fmt: skip
    assert late < 2
    assert sorted(each["outcome"] for each in ran.document["vaults"]) == ["done", "not-reached"]
    assert ran.status == 7


def test_without_it_there_is_no_end(netcfg: Program):
    assert netcfg("plan", "kv-orders", "--geography", "EU").status == 3


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan"])
def test_no_time_at_all_is_a_usage_error(netcfg: Program, seconds: str):
    assert netcfg("--timeout", seconds, "plan", "kv-orders", "--geography", "EU").status == 2


def test_a_process_ends_in_time_whoever_hangs(tmp_path: Path):
    """Signing in, Azure and Azure DevOps are one server here, which never answers."""
    with slow(silent) as url:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        environment |= {"IDENTITY_ENDPOINT": f"{url}/msi/token", "IDENTITY_HEADER": "x"}
        words = ["-q", "--timeout", "2", "--data-dir", str(tmp_path), "--resource-manager", url, "--devops", url]
        began = time.monotonic()
        ran = subprocess.run(
            [sys.executable, "-P", "-m", "netcfg", *words, "--devops-identity", url, "geography", "contoso"],
            env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("netcfg: the 2 seconds of --timeout were over")
    assert time.monotonic() - began < 6

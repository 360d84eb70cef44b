"""The program as a process: closed streams, full disks, readers that go away, a person at a terminal, an interrupt."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from netcfg.cli.main import app
from netcfg.sandbox.store import show

COMMAND = (sys.executable, "-P", "-m", "netcfg", "--sandbox", "--data-dir")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm"}
PLAN = ("plan", "kv-orders", "--geography", "EU")
APPLY = ("apply", "kv-orders", "--geography", "EU", "--yes", "--format", "json")


def run(folder: Path, *words: str, redirect: str = "") -> subprocess.CompletedProcess[str]:
    """Through a shell, because only a shell can close a stream before the program starts."""
    line = " ".join((*COMMAND, str(folder), *words, redirect))
    return subprocess.run(line, shell=True, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)  # noqa: S602


def is_written(folder: Path) -> bool:
    state = json.loads((folder / "sandbox" / "state.json").read_text("utf-8"))
    return len(state["vaults"]["kv-orders"]["properties"]["networkAcls"]["ipRules"]) > 5


@pytest.mark.parametrize("redirect", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", "2>/dev/full", "2>&1 | head -1"])
def test_a_stream_that_is_closed_or_full_or_left_stops_no_change(tmp_path: Path, redirect: str):
    ran = run(tmp_path, *APPLY, redirect=redirect)
    assert is_written(tmp_path)
    assert "Traceback" not in ran.stdout + ran.stderr


def test_a_result_that_nobody_could_be_told_is_status_7(tmp_path: Path):
    ran = run(tmp_path, "-q", *APPLY, redirect=">/dev/full")
    assert is_written(tmp_path)
    assert ran.returncode == 7
    assert ran.stderr.startswith("netcfg: the result cannot be written to stdout")


def test_a_plan_that_cannot_be_written_is_an_error(tmp_path: Path):
    ran = run(tmp_path, "-q", *PLAN, redirect=">/dev/full")
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_no_encoding_stops_it(tmp_path: Path, encoding: str):
    line = " ".join((*COMMAND, str(tmp_path), *PLAN))
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": encoding}
    ran = subprocess.run(line, shell=True, env=environment, capture_output=True, timeout=60, check=False)  # noqa: S602
    assert ran.returncode == 3
    assert "40.74.28.0/23" in ran.stdout.decode(encoding)


def test_at_a_terminal_the_question_is_left_alone_until_it_is_answered(tmp_path: Path):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(COMMAND[0], [*COMMAND, str(tmp_path), "apply", "kv-orders", "--geography", "EU"], ENVIRONMENT)  # noqa: S606
    seen = b""

    def read(seconds: float, until: bytes = b"") -> bytes:
        nonlocal seen
        came, end = b"", time.monotonic() + seconds
        while time.monotonic() < end and not (until and until in came):
            if select.select([terminal], [], [], 0.05)[0]:
                try:
                    came += os.read(terminal, 65536)
                except OSError:
                    break
        seen += came
        return came

    read(30, until=b"Only 'yes' is taken:")
    assert read(0.6).strip() == b""  # a spinner would draw ten times a second
    os.write(terminal, b"yes\n")
    read(30, until=b"7 added; 4 rules kept")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"done: 7 added; 4 rules kept" in seen
    assert is_written(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_an_interrupt_while_reading_is_status_130_and_waits_for_nobody(number: int):
    from netcfg.sandbox.server import serve

    with serve(world="contoso", latency_ms=20_000) as sandbox:
        environment = {
            **ENVIRONMENT,
            "NETCFG_RESOURCE_MANAGER": sandbox.url,
            "NETCFG_DEVOPS": sandbox.devops_url,
            "NETCFG_DEVOPS_IDENTITY": sandbox.identity_url,
            "AZURE_DEVOPS_EXT_PAT": "make-believe-contoso-profile",
        }
        words = [sys.executable, "-P", "-m", "netcfg", "plan", "kv-orders", "--organization", "contoso"]
        process = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        assert "looking up contoso" in process.stderr.readline()
        time.sleep(0.3)
        begun = time.monotonic()
        process.send_signal(number)
        assert process.wait(10) == 130
        assert time.monotonic() - begun < 3
        assert process.stderr.read().endswith(
            "\ninterrupted; run the same command again, it goes on where this one stopped\n"
        )
        process.stderr.close()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"version": 99}'])
def test_a_spoilt_state_of_the_sandbox_is_a_sentence(tmp_path: Path, text: str):
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "state.json").write_text(text)
    start = ("--sandbox", "--data-dir", str(tmp_path))
    for words in (PLAN, ("sandbox", "show")):
        ran = CliRunner().invoke(app, [*start, "-q", *words])
        assert ran.exit_code == 1
        assert "netcfg sandbox reset" in ran.stderr
        assert ran.stderr.count("\n") == 1
    assert CliRunner().invoke(app, [*start, "sandbox", "reset"]).exit_code == 0
    assert show(tmp_path / "sandbox")["world"] == "contoso"

"""`netcfg exec`: the machine is let in while the command runs, and out after it, however that ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, NoReturn

import jsonschema
import pytest

from netcfg.cli import child
from netcfg.cli import exec as execution
from netcfg.cli.root import Root
from netcfg.core import visit
from netcfg.core.errors import CommandNotStarted, NotTakenOut
from netcfg.sandbox import store
from netcfg.sandbox.server import serve
from netcfg.workflow import admitting
from netcfg.workflow.admitting import Stay
from tests.cli.conftest import Program

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "data" / "schemas" / "cleaning.schema.json"
HERE = "191.10.60.9/32"
GRACE, ENDING = child.GRACE, execution.ENDING  # as they are where no test has shortened them


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here takes long between a look and a write, or to end; and where we end at once, the tests would end with
    us."""
    monkeypatch.setattr(admitting, "AGAIN", 0.1)
    monkeypatch.setattr(child, "GRACE", 1.5)
    monkeypatch.setattr(execution, "ENDING", 60.0)


@pytest.fixture
def netcfg(tmp_path: Path) -> Iterator[Program]:
    with serve(world="exec") as sandbox:
        yield Program(sandbox, tmp_path)


def tags(netcfg: Program, vault: str) -> list[str]:
    return [each for each in netcfg.vault(vault).get("tags") or {} if each.startswith("netcfg-exec-")]


def is_as_before(netcfg: Program, vault: str = "kv-job") -> bool:
    return HERE not in netcfg.rules(vault) and tags(netcfg, vault) == []


def shell(script: str) -> list[str]:
    return ["--", "sh", "-c", script]


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 2, 255])
def test_it_ends_as_the_command_does_and_the_address_is_out(netcfg: Program, status: int):
    ran = netcfg("exec", "kv-job", *shell(f"exit {status}"))
    assert (ran.status, ran.out, ran.err) == (status, "", "")
    assert is_as_before(netcfg)
    assert [method for method, _ in netcfg.writes] == ["PATCH", "PATCH"]


def test_the_command_finds_the_vault_open_and_has_our_streams_and_words(
    netcfg: Program, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    seen: list[list[str]] = []
    monkeypatch.setenv("GREETING", "hello")
    netcfg.sandbox.after = lambda number, method, path: seen.append(netcfg.rules("kv-job"))
    ran = netcfg(
        "exec", "kv-job", "--", "sh", "-c", 'echo "$GREETING $1"; echo oops >&2', "-", "two  words; $HOME --for"
    )
    assert ran.status == 0
    assert capfd.readouterr() == ("hello two  words; $HOME --for\n", "oops\n")
    assert [HERE] in [[each for each in rules if each == HERE] for rules in seen]


def test_netcfg_says_nothing_on_the_stdout_of_the_command(netcfg: Program, monkeypatch: pytest.MonkeyPatch):
    """In a pipeline other commands attach a summary there."""
    monkeypatch.setenv("TF_BUILD", "True")
    ran = netcfg("exec", "kv-job", *shell("exit 1"), quiet=False)
    assert (ran.status, ran.out) == (1, "")
    assert "taking 191.10.60.9/32 out of kv-job" in ran.err


def test_a_command_that_is_killed_ends_as_in_a_shell(netcfg: Program):
    assert netcfg("exec", "kv-job", *shell("kill -KILL $$")).status == 137
    assert is_as_before(netcfg)


def test_a_command_that_is_not_there_or_cannot_be_run_opens_nothing(netcfg: Program, tmp_path: Path):
    (tmp_path / "plain").write_text("x")
    ran = netcfg("exec", "kv-job", "--", "no-such-program")
    assert ran.status == 127
    assert ran.err == (
        "netcfg: 'no-such-program' was not run: there is no such program; give a program that is on the PATH, or its "
        "path\n"
    )
    assert netcfg("exec", "kv-job", "--", str(tmp_path / "plain")).status == 126
    assert netcfg.writes == []


def test_a_program_that_turns_out_not_to_be_one_is_126_and_the_address_is_taken_out(netcfg: Program, tmp_path: Path):
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF, but no")
    broken.chmod(0o755)
    ran = netcfg("exec", "kv-job", "--", str(broken))
    assert ran.status == 126
    assert len(netcfg.writes) == 2
    assert is_as_before(netcfg)


def test_what_takes_too_long_and_all_that_it_started_gets_a_chance_to_end_by_itself(netcfg: Program, tmp_path: Path):
    """What it started in the background is no child of ours."""
    told = tmp_path / "told"
    behind = f"trap 'sleep 0.4; echo ended > {told}; exit' TERM; while :; do sleep 0.1; done"
    assert netcfg("exec", "kv-job", "--for", "2", *shell(f'sh -c "{behind}" & exec sleep 30')).status == 124
    assert told.read_text() == "ended\n"
    assert is_as_before(netcfg)


def test_a_file_that_was_opened_for_the_command_is_open_to_it(netcfg: Program, tmp_path: Path):
    """As by a shell: `netcfg exec VAULT -- COMMAND 7> file`."""
    with (tmp_path / "file").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        assert netcfg("exec", "kv-job", *shell(f"echo hello > /dev/fd/{file.fileno()}")).status == 0
    assert (tmp_path / "file").read_text() == "hello\n"


# --- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vault", "said"),
    [
        ("kv-job-disabled", "public access to kv-job-disabled is Disabled"),
        ("kv-job-enforced", "kv-job-enforced is secured by a network security perimeter"),
        ("kv-job-tags", "kv-job-tags has 50 tags and takes 50"),
        ("kv-nowhere", "there is no vault named 'kv-nowhere'"),
    ],
)
def test_what_cannot_be_opened_is_refused_and_nothing_runs(
    netcfg: Program, capfd: pytest.CaptureFixture[str], vault: str, said: str
):
    ran = netcfg("exec", vault, *shell("echo ran"))
    assert ran.status == 125
    assert ran.err.startswith(f"netcfg: {said}")
    assert capfd.readouterr().out == ""
    assert netcfg.writes == []


@pytest.mark.parametrize(
    "words",
    [
        ["kv-job"],
        ["kv-job", "sh", "-c", "exit 0"],
        ["kv-job", "kv-job-open", "--", "true"],
        ["kv-job", "--for", "25h", "--", "true"],
        ["kv-job", "--for", "0", "--", "true"],
        ["kv-job", "--address", "191.10.60.0/24", "--", "true"],
        ["kv-job", "--address", "10.0.0.1", "--", "true"],
        ["kv-job", "--address-from", "https://one.example", "--", "true"],
        ["kv-job", "--address-from", "http://one.example", "--address-from", "http://two.example", "--", "true"],
        ["kv-job", "--all", "--", "true"],
        ["kv-job", "--no-such-option", "--", "true"],
        ["--", "true"],
    ],
)
def test_what_cannot_be_meant_never_ran(netcfg: Program, words: list[str]):
    """Status 2 might be the command's own."""
    assert netcfg("exec", *words).status == 125
    assert netcfg.sandbox.requests == []


@pytest.mark.parametrize(
    ("services", "said"),
    [
        ({"myaddress": "191.10.77.1"}, "127.0.0.1 said 191.10.60.9; 127.0.0.1 said 191.10.77.1"),
        ({"myaddress": "unavailable"}, "HTTP 503"),
        ({"myaddress": "drop"}, "127.0.0.1 said nothing ("),
        ({"whatismyip": "html"}, "more than the 64 bytes"),
        ({"whatismyip": "several"}, "which is no address"),
        ({"whatismyip": "redirect-elsewhere"}, "HTTP 30"),
        ({"whatismyip": "too-long"}, "more than the 64 bytes that an address may take"),
        ({"whatismyip": "10.1.2.3", "myaddress": "10.1.2.3"}, "10.1.2.3, which is not public"),
        ({"whatismyip": "2603:1030::1"}, "a vault lets in IPv4 alone"),
    ],
    ids=lambda each: " ".join(each.values()) if isinstance(each, dict) else "",
)
def test_an_address_that_is_not_certain_is_not_let_in(netcfg: Program, services: dict[str, str], said: str):
    with netcfg.sandbox.edit() as state:
        state["addressServices"] = services
    ran = netcfg("exec", "kv-job", *shell("exit 0"))
    assert ran.status == 125
    assert said in ran.err
    assert "--address" in ran.err
    assert netcfg.writes == []


def test_an_address_that_was_given_needs_no_service_and_has_to_be_the_one_that_the_vault_sees(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        state["addressServices"] = {"whatismyip": "unavailable", "myaddress": "unavailable"}
    assert netcfg("exec", "kv-job", "--address", "191.10.60.9", *shell("exit 4")).status == 4
    before = len(netcfg.writes)
    ran = netcfg("exec", "kv-job", "--address", "191.10.60.8", *shell("exit 4"))
    assert ran.status == 125
    assert "kv-job sees this machine come from 191.10.60.9 and not from 191.10.60.8" in ran.err
    assert len(netcfg.writes) == before


# --- who is there already -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vault", ["kv-job-known", "kv-job-open"])
def test_where_nothing_is_needed_nothing_is_written(netcfg: Program, vault: str):
    before = netcfg.vault(vault)
    ran = netcfg("exec", vault, *shell("exit 3"), quiet=False)
    assert ran.status == 3
    assert netcfg.vault(vault) == before
    assert "rule" in ran.err


def test_what_another_job_needs_stays_and_what_a_dead_one_left_goes(netcfg: Program):
    for vault in ("kv-job-running", "kv-job-overdue", "kv-job-unreadable"):
        assert netcfg("exec", vault, *shell("exit 3")).status == 3
    assert netcfg.rules("kv-job-running") == ["191.10.20.7/32", "191.10.61.5/32"]
    assert len(tags(netcfg, "kv-job-running")) == 1
    assert netcfg.rules("kv-job-overdue") == ["191.10.20.7/32"]
    assert tags(netcfg, "kv-job-overdue") == []
    assert len(tags(netcfg, "kv-job-unreadable")) == 1


# --- ended by somebody ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "script", "status"),
    [
        (signal.SIGTERM, "exec sleep 30", 143),
        (signal.SIGINT, "trap 'exit 9' INT; {send}; while :; do sleep 0.1; done", 9),
        (signal.SIGHUP, "exec sleep 30", 129),
    ],
    ids=["SIGTERM", "SIGINT", "SIGHUP"],
)
def test_a_signal_ends_the_command_and_its_status_is_ours(
    netcfg: Program, number: signal.Signals, script: str, status: int
):
    send = f"kill -{number.value} {os.getpid()}"
    script = script.replace("{send}", send) if "{send}" in script else f"{send}; {script}"
    begun = time.monotonic()
    assert netcfg("exec", "kv-job", *shell(script)).status == status
    assert time.monotonic() - begun < 5
    assert is_as_before(netcfg)


def test_within_seven_seconds_it_is_out_although_nothing_goes_well(tmp_path: Path):
    """Azure takes its time for everything, is busy, and meets another writer; the command does not listen, and
    whoever wants it to end says so twice."""
    with serve(world="exec", latency_ms=150) as sandbox:
        netcfg = Program(sandbox, tmp_path)
        hindrances = ["throttle", "conflict"]
        out: list[float] = []
        signalled = tmp_path / "signalled"

        def hinder(number: int, method: str, path: str) -> None:
            if method == "PATCH" and signalled.exists() and hindrances:
                sandbox.force(hindrances.pop())

        def look(number: int, method: str, path: str) -> None:
            if method == "PATCH" and signalled.exists() and is_as_before(netcfg):
                out.append(time.time())

        sandbox.before, sandbox.after = hinder, look
        me = os.getpid()
        script = f"trap '' INT TERM; date +%s.%N > {signalled}; kill -TERM {me}; sleep 0.2; kill -TERM {me}; sleep 30"
        assert netcfg("exec", "kv-job", *shell(script)).status == 137
        took = out[0] - float(signalled.read_text())
        assert time.time() - float(signalled.read_text()) < 7
    assert hindrances == []
    assert took < 7


def test_whoever_ends_it_before_the_command_runs_is_130_and_leaves_nothing(netcfg: Program, tmp_path: Path):
    ran_file = tmp_path / "ran"

    def interrupt(number: int, method: str, path: str) -> None:
        if method == "PATCH" and not netcfg.rules("kv-job").count(HERE):
            os.kill(os.getpid(), signal.SIGINT)

    netcfg.sandbox.before = interrupt
    assert netcfg("exec", "kv-job", *shell(f"touch {ran_file}")).status == 130
    assert not ran_file.exists()
    assert is_as_before(netcfg)


def test_what_cannot_be_taken_out_is_status_seven_whatever_the_command_did(
    netcfg: Program, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(admitting, "HURRYING", 0.1)

    def lock(number: int, method: str, path: str) -> None:
        if method == "PATCH" and HERE in netcfg.rules("kv-job"):
            netcfg.sandbox.force("error-503")

    netcfg.sandbox.before = lock
    ran = netcfg("exec", "kv-job", *shell(f"kill -TERM {os.getpid()}; exit 0"))
    assert ran.status == 7
    tag = tags(netcfg, "kv-job")[0]
    assert "191.10.60.9/32 may still be let in by kv-job: that it was taken out could not be proved" in ran.err
    assert f"the tag {tag} remembers it until 2026-07-01 13:01 UTC" in ran.err
    assert "exec --clean kv-job' takes it out" in ran.err


def test_an_exec_within_another_has_the_time_to_take_out_its_address():
    assert admitting.HURRYING + 1 < GRACE < ENDING


def test_a_mistake_of_ours_in_the_taking_out_is_told_with_what_is_left_open(
    netcfg: Program, monkeypatch: pytest.MonkeyPatch
):
    def mistaken(*words: Any, **more: Any) -> visit.State:
        raise KeyError("a mistake")

    monkeypatch.setattr(visit, "end", mistaken)
    ran = netcfg("exec", "kv-job", *shell("exit 0"))
    assert ran.status == 7
    assert "KeyError: 'a mistake'" in ran.err
    assert ran.err.splitlines()[-1].startswith(
        "netcfg: 191.10.60.9/32 may still be let in by kv-job: that it was taken out could not be proved (this run "
        f"came to its end before Azure had answered); the tag {tags(netcfg, 'kv-job')[0]} remembers it until"
    )


class Gone(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("is_open", [True, False])
def test_whoever_has_to_leave_at_once_does_although_nobody_takes_what_he_says(
    monkeypatch: pytest.MonkeyPatch, is_open: bool
):
    def leave(status: int) -> NoReturn:
        raise Gone(status)

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    opened = execution._Open()
    if is_open:
        opened.hear(NotTakenOut("kv", HERE, "netcfg-exec-0000000a", "noon", "netcfg exec --clean kv", "why"))
    with pytest.raises(Gone) as gone:
        execution._leave(opened, Root())
    assert gone.value.args == (7 if is_open else 130,)


def test_an_end_before_the_command_is_told_in_words_of_its_own(netcfg: Program):
    def interrupt(number: int, method: str, path: str) -> None:
        if "secrets" in path:
            os.kill(os.getpid(), signal.SIGTERM)

    netcfg.sandbox.before = interrupt
    ran = netcfg("exec", "kv-job", *shell("exit 0"))
    assert ran.status == 130
    assert ran.err == (
        "netcfg: somebody ended the run before the command was begun, and nothing that it let in is let in any more\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_shares_a_terminal_with_us_and_was_not_told_by_it_is_told_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: signal.Signals
):
    """`kill -INT` reaches us alone; a key would have reached the command too."""
    monkeypatch.setattr(child, "_has_terminal", lambda: True)
    wish, up = Event(), tmp_path / "up"
    command = child.Child(shell(f"trap 'exit 9' INT TERM; touch {up}; while :; do sleep 0.05; done")[1:], wish)
    command.number = number
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(command.run, 30)
        while not up.exists():
            time.sleep(0.01)
        told = time.monotonic()
        wish.set()
        assert running.result() == child.OVERTIME
    command.rest()
    assert command.status(0) == 9
    assert (time.monotonic() - told >= child.GRACE / 2) is (number is signal.SIGINT)


# --- other processes ------------------------------------------------------------------------------------------------


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "netcfg", "--sandbox", "-q", "--data-dir", str(folder), *words]


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(ROOT)}


def kept(folder: Path) -> dict[str, Any]:
    """The vault as the sandbox's folder has it."""
    with serve(state=folder / "sandbox") as sandbox:
        return dict(sandbox.state["vaults"]["kv-job"])


def test_a_job_that_was_killed_is_named_and_taken_out_by_another_machine_once_it_is_overdue(tmp_path: Path):
    store.reset(tmp_path / "sandbox", "exec")
    victim = tmp_path / "victim"
    script = f"echo $PPID > {victim}.tmp; mv {victim}.tmp {victim}; exec sleep 20"
    job = subprocess.Popen(
        command(tmp_path, "exec", "kv-job", *shell(script)), env=environment(), start_new_session=True
    )
    try:
        end = time.monotonic() + 20
        while not victim.exists() and time.monotonic() < end:
            time.sleep(0.02)
        assert int(victim.read_text()) == job.pid
        job.kill()
        assert job.wait(10) == -signal.SIGKILL
    finally:
        os.killpg(job.pid, signal.SIGKILL) if job.poll() is None else None
    with serve(state=tmp_path / "sandbox") as sandbox:
        netcfg = Program(sandbox, tmp_path)
        assert HERE in netcfg.rules("kv-job")
        assert netcfg("exec", "--clean", "kv-job").out == "1 vault looked at, nothing is overdue\n"
        sandbox.move_clock(datetime(2026, 7, 1, 13, 2, tzinfo=UTC))
        found = netcfg("check", "kv-job", "--geography", "EU", "--format", "json").document["findings"]
        told = next(each for each in found if each["rule"] == "overdue-temporary-rule")
        assert (told["subject"], told["severity"]) == (HERE, "error")
        assert (
            told["message"] == "191.10.60.9/32 was let in by netcfg exec until 2026-07-01 13:01 UTC, and is there still"
        )
        assert told["fix"].endswith(" exec --clean kv-job")
        ran = netcfg("exec", "--clean", "kv-job")
        assert ran.status == 0
        assert ran.out.startswith("kv-job: took out 191.10.60.9/32, let in until 2026-07-01 13:01 UTC (netcfg-exec-")
        assert is_as_before(netcfg)


def execute(netcfg: Program, vault: str, script: str) -> int:
    """The same beside the main thread, as another machine would run it."""
    root = Root(sandbox=True, data_dir=netcfg.folder, quiet=True, running=netcfg.sandbox)
    stay = Stay(vault, timedelta(hours=1), 300.0)
    return execution._execute(["sh", "-c", script], stay, [], root)


@pytest.mark.parametrize("round", range(2))
def test_two_jobs_at_once_do_not_harm_each_other(netcfg: Program, tmp_path: Path, round: int):
    """They begin together and end together, so that each may send what it read before the other's write."""
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    script = f"touch {jobs}/$$; for i in $(seq 200); do [ $(ls {jobs} | wc -l) = 2 ] && exit 3; sleep 0.05; done"
    looks: list[list[str]] = []
    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(execute, netcfg, "kv-job", script) for _ in range(2)]
        while len(list(jobs.iterdir())) < 2:
            time.sleep(0.01)
        looks.append([each for each in netcfg.rules("kv-job") if each == HERE])
        assert [each.result(60) for each in found] == [3, 3]
    assert looks == [[HERE]]
    assert is_as_before(netcfg)


# --- cleaning -------------------------------------------------------------------------------------------------------


def test_cleaning_takes_out_what_is_overdue_and_nothing_else(netcfg: Program):
    before = {name: netcfg.vault(name) for name in ("kv-job-running", "kv-job-unreadable", "kv-job-known")}
    ran = netcfg("exec", "--clean", "--all", "--format", "json")
    assert ran.status == 0
    jsonschema.validate(ran.document, json.loads(SCHEMA.read_text("utf-8")))
    done = {each["name"]: each["overdue"] for each in ran.document["vaults"] if each["outcome"] == "done"}
    assert [each["rule"] for each in done["kv-job-overdue"]] == [True]
    assert [each["rule"] for each in done["kv-job-kept"]] == [False]
    assert len(done) == 2
    assert netcfg.rules("kv-job-overdue") == ["191.10.20.7/32"]
    assert netcfg.rules("kv-job-kept") == ["191.10.20.7/32", "191.10.61.6/32"]
    assert {name: netcfg.vault(name) for name in before} == before
    again = netcfg("exec", "--clean", "--all")
    assert again.status == 0
    assert again.out.endswith(" vaults looked at, nothing is overdue\n")


def test_cleaning_says_what_it_could_not_do(netcfg: Program):
    def refuse(number: int, method: str, path: str) -> None:
        if method == "PATCH" and "overdue" in path:
            raise ConnectionError

    netcfg.sandbox.before = refuse
    ran = netcfg("exec", "--clean", "kv-job-kept", "kv-nowhere", "--format", "json")
    assert ran.status == 7
    assert [each["vault"] for each in ran.document["undetermined"]] == ["kv-nowhere"]
    assert netcfg("exec", "--clean", "kv-nowhere").status == 1


def test_check_finds_what_is_overdue_whoever_is_in_still_or_not(netcfg: Program):
    vaults = ("kv-job-overdue", "kv-job-kept", "kv-job-running", "kv-job-unreadable")
    found = netcfg("check", *vaults, "--geography", "EU", "--format", "json").document["findings"]
    told = [each for each in found if each["rule"] == "overdue-temporary-rule"]
    assert [(each["vault"].rpartition("/")[2], each["severity"], each["subject"]) for each in told] == [
        ("kv-job-overdue", "error", "191.10.61.4/32"),
        ("kv-job-kept", "note", "191.10.61.6/32"),
    ]
    assert told[1]["message"] == (
        "the tag netcfg-exec-decade01 of netcfg exec, which let 191.10.61.6/32 in until 2026-07-01 11:00 UTC, is there "
        "still; no rule goes with it any more"
    )
    assert "expired-rule" not in {each["rule"] for each in found}


def test_cleaning_runs_nothing(netcfg: Program):
    assert netcfg("exec", "--clean", "kv-job", "--", "true").status == 2
    assert netcfg("exec", "--clean", "kv-job", "--address", "191.10.60.9").status == 2
    assert netcfg("exec", "--clean", "--no-such-option").status == 2


# --- Windows, as far as it can be tried elsewhere -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "words", "why"),
    [
        (r"C:\cli\az.CMD", ["az", "keyvault", "list", "--query", "[?name=='a b']"], None),
        (r"C:\cli\az.cmd", ["az", "x&calc"], "would read the '&' among its words once more"),
        (r"C:\cli\run.BAT", ["run", "%PATH%"], "would read the '%' among its words once more"),
        (r"C:\cli\az.cmd", ["az", 'a"b'], "would read the '\"' among its words once more"),
        (r"C:\cli\az.cmd", ["az", "a\nb"], r"would read the '\\n' among its words once more"),
        (r"C:\a&b\az.cmd", ["az"], "would read the '&' among its words once more"),
        (r"C:\cli\kubectl.exe", ["kubectl", "x&calc", "%PATH%"], None),
        (
            "az.cmd",
            ["az", "list"],
            "one lies in the current folder, which Windows looks at before the PATH; give its path",
        ),
        ("./deploy.cmd", ["./deploy.cmd", "now"], None),
    ],
)
def test_on_windows_no_word_is_read_twice(found: str, words: list[str], why: str | None, monkeypatch):
    monkeypatch.setattr(child, "_IS_POSIX", False)
    monkeypatch.setattr("shutil.which", lambda _: found)
    if why is None:
        assert child.find(words) == found
        return
    with pytest.raises(CommandNotStarted, match=why) as refused:
        child.find(words)
    assert refused.value.exit_status == 125

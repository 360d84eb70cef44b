"""`--report FORMAT=FILE`: the result in files beside stdout, whole, whatever else goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from netcfg.cli.destination import Destination, parse_destinations
from netcfg.cli.output import FORMATS_OF_A_PLAN, FORMATS_OF_A_REPORT, render
from netcfg.core.errors import BadReport, OutputFailed, UnknownFormat
from netcfg.core.outcome import Ending
from netcfg.formats.page import Page
from tests.cli.conftest import Program
from tests.cli.test_streams import is_written, run
from tests.formats import builders, reports

PLAN = ("plan", "kv-orders", "--geography", "EU")
APPLY = ("apply", "kv-orders", "--geography", "EU", "--yes")


@pytest.mark.parametrize("format", FORMATS_OF_A_PLAN)
def test_a_plan_and_its_result_have_every_format_that_they_claim(format: str):
    planned = builders.opened()
    for document in (planned, builders.applied(planned, Ending.DONE)):
        assert "kv-payments" in "".join(render(document, format, Page(100)))


@pytest.mark.parametrize("format", FORMATS_OF_A_REPORT)
def test_a_report_has_every_format_that_it_claims(format: str):
    assert "kv-payments" in "".join(render(reports.drifted(), format, Page(100)))


def test_a_file_holds_what_stdout_would_say(netcfg: Program):
    files = {each: netcfg.folder / f"plan.{each}" for each in ("text", "json", "markdown")}
    words = [word for each, file in files.items() for word in ("--report", f"{each}={file}")]
    shown = netcfg(*PLAN, *words)
    assert shown.status == 3
    assert shown.out == netcfg(*PLAN).out
    for each, file in files.items():
        assert file.read_text("utf-8") == netcfg(*PLAN, "--format", each).out


def test_vaults_that_are_alike_are_told_once_and_each_is_in_the_document(netcfg: Program):
    names = ("kv-locked", "kv-policy", "kv-readonly", "kv-ready")
    shown = netcfg("plan", *names, "--geography", "EU")
    document = netcfg("plan", *names, "--geography", "EU", "--format", "json").document
    assert "\n3 vaults: + 7 ranges for Europe; 1 rule kept in each\n  kv-locked, kv-policy, kv-readonly\n" in shown.out
    assert "\n1 vault: nothing to change in kv-ready\n" in shown.out
    assert "--format json names every vault, and has every rule of each\n" in shown.out
    assert sorted(each["name"] for each in document["vaults"]) == sorted(names)
    assert {each["state"] for each in document["vaults"]} <= {"resource-graph", "resource-manager"}


def test_a_report_is_written_beside_a_document_on_stdout(netcfg: Program):
    file = netcfg.folder / "plan.md"
    shown = netcfg(*PLAN, "--format", "json", "--report", f"markdown={file}")
    assert shown.document["kind"] == "plan"
    assert file.read_text("utf-8").startswith("## netcfg plan: ")


def test_one_format_may_go_to_two_files(netcfg: Program):
    one, other = netcfg.folder / "one.json", netcfg.folder / "other.json"
    netcfg(*PLAN, "--report", f"json={one}", "--report", f"json={other}")
    assert one.read_bytes() == other.read_bytes()


def test_a_report_is_written_where_a_guard_refuses(netcfg: Program):
    file = netcfg.folder / "plan.json"
    assert netcfg("plan", "kv-payments", "--geography", "EU", "--report", f"json={file}").status == 5
    assert json.loads(file.read_text("utf-8"))["summary"]["refused"] is True


def test_a_report_is_written_where_nothing_can_be_read(netcfg: Program):
    file = netcfg.folder / "plan.json"
    assert netcfg("plan", "kv-nowhere", "--geography", "EU", "--report", f"json={file}").status == 1
    assert [each["vault"] for each in json.loads(file.read_text("utf-8"))["undetermined"]] == ["kv-nowhere"]


def test_the_report_of_an_apply_is_its_result(netcfg: Program):
    text, document = netcfg.folder / "result.txt", netcfg.folder / "result.json"
    assert netcfg(*APPLY, "--report", f"text={text}", "--report", f"json={document}").status == 0
    assert json.loads(document.read_text("utf-8"))["kind"] == "result"
    assert text.read_text("utf-8").startswith("kv-orders done: 7 added; 4 rules kept; verified\n+ ")


CANNOT = "cannot be written:"
LONG = "x" * 300
USAGE = {
    "json": f"'json' {CANNOT} FORMAT=FILE is expected, as in html=FILE",
    "plan.json": f"'plan.json' {CANNOT} FORMAT=FILE is expected, as in html=FILE",
    "json=": f"'json=' {CANNOT} FORMAT=FILE is expected, as in html=FILE",
    "json=-": f"'json=-' {CANNOT} a report is a file; --format json writes to stdout",
    "jsn=x": f"'jsn=x' {CANNOT} 'jsn' is no format of this command; one of text, json, markdown, html; "
    "did you mean 'json'?",
    "sarif=x": f"'sarif=x' {CANNOT} 'sarif' is no format of this command; one of text, json, markdown, html",
    "json=.": f"'json=.' {CANNOT} it is a folder; name a file in it",
    "json=/proc/none/x": f"'json=/proc/none/x' {CANNOT} the folder '/proc/none' is not there; make it first",
    "json=/proc/x": f"'json=/proc/x' {CANNOT} No such file or directory; name a file in a folder that you may write to",
    f"json={LONG}": f"'json={LONG}' {CANNOT} File name too long; name a file in a folder that you may write to",
}


@pytest.mark.parametrize("report", USAGE)
def test_a_report_that_cannot_be_written_is_a_usage_error_before_anything_is_read(netcfg: Program, report: str):
    for command in (PLAN, APPLY):
        ran = netcfg(*command, "--report", report)
        assert ran.status == 2
        assert ran.out == ""
        assert ran.err == f"netcfg: --report {USAGE[report]}\n"
    assert netcfg.sandbox.requests == []


def test_a_check_has_more_formats():
    with pytest.raises(UnknownFormat, match="one of text, json, markdown, html, sarif, junit, azure-pipelines, github"):
        parse_destinations(["xml=x"], FORMATS_OF_A_REPORT)


def test_one_file_for_two_reports_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("x")
    for other in ("x", "./x", str(tmp_path / "x"), "link"):
        with pytest.raises(BadReport, match="the file is named twice; give each report its own"):
            parse_destinations(["json=x", f"html={other}"], FORMATS_OF_A_PLAN)
    assert list(tmp_path.iterdir()) == [tmp_path / "link"]


def test_a_name_may_hold_an_equals_sign(tmp_path: Path):
    (found,) = parse_destinations([f"json={tmp_path}/a=b"], FORMATS_OF_A_PLAN)
    found.write("x")
    assert (tmp_path / "a=b").read_text() == "x"


def test_looking_whether_a_file_can_be_written_leaves_nothing_and_changes_nothing(tmp_path: Path):
    (tmp_path / "old").write_text("old")
    parse_destinations([f"json={tmp_path}/old", f"html={tmp_path}/new"], FORMATS_OF_A_PLAN)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"old": "old"}


def test_a_file_that_is_new_has_the_mode_of_one(tmp_path: Path):
    file = tmp_path / "report"
    before = os.umask(0o027)
    try:
        Destination("json", str(file)).write("köln\ud800\n")
    finally:
        os.umask(before)
    assert file.read_bytes() == "köln\\ud800\n".encode()
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path):
    file = tmp_path / "report"
    file.write_text("a longer text than what comes")
    file.chmod(0o600)
    Destination("json", str(file)).write("x")
    assert file.read_text() == "x"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_keeps_what_it_had_where_its_pieces_do_not_all_come(tmp_path: Path):
    def pieces() -> Iterator[str]:
        yield "half of it"
        raise ZeroDivisionError

    (tmp_path / "report").write_text("old")
    with pytest.raises(ZeroDivisionError):
        Destination("json", str(tmp_path / "report")).write(pieces())
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"report": "old"}


def test_a_document_in_pieces_is_the_same_in_a_file(tmp_path: Path):
    Destination("json", str(tmp_path / "report")).write(["[\n", "  1\n", "]\n"])
    assert (tmp_path / "report").read_bytes() == b"[\n  1\n]\n"


@pytest.mark.parametrize(
    "name", ["/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/2", "/proc/thread-self/fd/1", "link"]
)
def test_a_report_is_no_stream_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inner").symlink_to("/dev/stdout")
    (tmp_path / "link").symlink_to("inner")
    with pytest.raises(BadReport) as caught:
        parse_destinations([f"json={name}"], FORMATS_OF_A_PLAN)
    assert str(caught.value) == (
        f"--report 'json={name}' cannot be written: a report is a file, and --format json writes to stdout; name a file"
    )


def test_the_file_behind_stdout_stays_what_it_was(tmp_path: Path):
    log = tmp_path / "log.txt"
    for name, reason in (
        ("/dev/stdout", "a report is a file, and --format json writes to stdout; name a file"),
        (str(log), "stdout or stderr is written to that file; name another"),
    ):
        log.write_text("before\n")
        ran = run(tmp_path, *PLAN, "--report", f"json={name}", redirect=f">>{log}")
        assert ran.returncode == 2
        assert ran.stderr == f"netcfg: --report 'json={name}' cannot be written: {reason}\n"
        assert log.read_text() == "before\n"


def test_a_report_takes_the_place_of_no_file_that_is_open_as_a_stream(tmp_path: Path):
    with (tmp_path / "log").open("w") as log, pytest.raises(BadReport, match="it is a stream that is open to a file"):
        parse_destinations([f"json=/dev/fd/{log.fileno()}"], FORMATS_OF_A_PLAN)


def test_code_for_another_tool_is_no_stream_of_ours_either(netcfg: Program):
    ran = netcfg("export", "kv-ready", "--geography", "EU", "--as", "tfvars", "--out", "/dev/stdout")
    assert ran.status == 2
    assert ran.err == (
        "netcfg: --out '/dev/stdout' cannot be written: a file is expected; without --out it goes to stdout\n"
    )


def test_a_report_takes_the_place_of_no_configuration(netcfg: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    text = "geography: EU\nvaults: [{name: kv-ready}]\n"
    (tmp_path / "mine.yaml").write_text(text)
    (tmp_path / "hard").hardlink_to(tmp_path / "mine.yaml")
    for name in ("mine.yaml", str(tmp_path / "mine.yaml"), "hard", "netcfg.yaml"):
        ran = netcfg("plan", "--config", "mine.yaml", "--report", f"json={name}")
        assert ran.status == 2
        assert ran.err == (
            f"netcfg: --report 'json={name}' cannot be written: this run reads that file; name another\n"
        )
    export = netcfg("export", "--config", "mine.yaml", "--as", "tfvars", "--out", "mine.yaml")
    assert export.status == 2
    assert (tmp_path / "mine.yaml").read_text() == text
    assert not (tmp_path / "netcfg.yaml").exists()


def test_a_working_folder_that_was_deleted_is_a_sentence(
    netcfg: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "mine.yaml").write_text("geography: EU\nvaults: [{name: kv-ready}]\n")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert netcfg("check", "--config", str(tmp_path / "mine.yaml")).status == 0
    ran = netcfg(*PLAN, "--report", "json=plan.json")
    assert ran.status == 2
    assert ran.err == (
        "netcfg: --report 'json=plan.json' cannot be written: No such file or directory; name a file in a folder that "
        "you may write to\n"
    )


def test_what_a_link_leads_to_is_written_and_the_link_stays(tmp_path: Path):
    (tmp_path / "link").symlink_to("file")
    Destination("json", str(tmp_path / "link")).write("x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "x"


def test_nothing_takes_the_place_of_a_device(tmp_path: Path):
    null = Path("/dev/null")
    (found,) = parse_destinations(["json=/dev/null"], FORMATS_OF_A_PLAN)
    found.write("x")
    assert null.is_char_device()


def test_a_pipe_can_be_written(tmp_path: Path):
    reader, writer = os.pipe()
    (found,) = parse_destinations([f"json=/dev/fd/{writer}"], FORMATS_OF_A_PLAN)
    found.write("x")
    assert os.read(reader, 10) == b"x"
    os.close(reader)
    os.close(writer)


def test_a_folder_that_went_away_is_a_sentence(tmp_path: Path):
    with pytest.raises(OutputFailed, match=r"^the result cannot be written to '.*/gone/x': No such file or directory$"):
        Destination("json", str(tmp_path / "gone" / "x")).write("x")


def test_a_disk_that_is_full_leaves_the_old_file_whole(tmp_path: Path):
    file = tmp_path / "report"
    file.write_text("old")
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from netcfg.cli.destination import Destination; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "Destination('json', sys.argv[1]).write('x' * 5000)"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False)
    assert "OutputFailed" in ran.stderr
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_report_that_cannot_be_written_in_the_end_is_an_error_and_the_others_are_written(netcfg: Program):
    file = netcfg.folder / "plan.json"
    ran = netcfg(*PLAN, "--report", "text=/dev/full", "--report", f"json={file}")
    assert ran.status == 1
    assert ran.err == "netcfg: the result cannot be written to '/dev/full': No space left on device\n"
    assert ran.out == netcfg(*PLAN).out
    assert json.loads(file.read_text("utf-8"))["kind"] == "plan"


def test_every_report_that_cannot_be_written_is_named(netcfg: Program):
    ran = netcfg(*PLAN, "--report", "text=/dev/full", "--report", "json=/dev/full")
    assert ran.status == 1
    assert ran.err.count("'/dev/full'") == 2


def test_an_apply_whose_report_cannot_be_written_is_incomplete(netcfg: Program):
    ran = netcfg(*APPLY, "--report", "text=/dev/full")
    assert ran.status == 7
    assert ran.err == "netcfg: the result cannot be written to '/dev/full': No space left on device\n"
    assert "kv-orders done: 7 added" in ran.out


def test_an_apply_that_changed_nothing_and_cannot_be_told_is_an_error(netcfg: Program):
    ran = netcfg("apply", "kv-ready", "--geography", "EU", "--yes", "--report", "text=/dev/full")
    assert ran.status == 1
    assert netcfg.writes == []


def test_a_refused_apply_that_cannot_be_told_is_an_error(netcfg: Program):
    ran = netcfg("apply", "kv-payments", "--geography", "EU", "--yes", "--report", "text=/dev/full")
    assert ran.status == 1


@pytest.mark.parametrize("redirect", [">&-", ">/dev/full"])
def test_a_report_is_written_where_stdout_is_not(tmp_path: Path, redirect: str):
    file = tmp_path / "result.json"
    ran = run(tmp_path, "-q", *APPLY, "--format", "json", "--report", f"json={file}", redirect=redirect)
    assert is_written(tmp_path)
    assert json.loads(file.read_text("utf-8"))["vaults"][0]["outcome"] == "done"
    assert ran.returncode == (7 if "full" in redirect else 0)


def test_an_apply_of_which_nobody_can_be_told_anything_is_incomplete(tmp_path: Path):
    ran = run(tmp_path, *APPLY, "--format", "json", "--report", "json=/dev/full", redirect=">/dev/full 2>/dev/full")
    assert ran.returncode == 7
    assert is_written(tmp_path)


def test_a_report_is_written_where_nobody_reads_stdout(tmp_path: Path):
    file = tmp_path / "plan.json"
    run(tmp_path, "-q", *PLAN, "--report", f"json={file}", redirect="| true")
    assert json.loads(file.read_text("utf-8"))["kind"] == "plan"

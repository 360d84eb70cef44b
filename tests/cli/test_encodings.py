"""Whatever stdout, stderr and stdin can take: nothing crashes, and what a program reads stays readable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from netcfg.cli.main import app
from tests.cli.conftest import Program

REASON = "Zürich 🚀 \udcff"  # the last is what Python makes of a byte that is no UTF-8, in an argument
MEANT = ("kv-orders", "--geography", "EU", "--allow", f"191.10.99.0/28={REASON}")
POOR = ("ascii", "latin-1", "cp1252", "cp437", "utf-16")


def run(netcfg: Program, encoding: str, *words: str, answer: str | bytes = "") -> Result:
    """As `netcfg` does, with streams of that encoding."""
    before = ["--sandbox", "--data-dir", str(netcfg.folder)]
    return CliRunner(charset=encoding).invoke(app, [*before, *words], input=answer, obj={"running": netcfg.sandbox})


@pytest.mark.parametrize("encoding", POOR)
def test_no_encoding_crashes_a_command(netcfg: Program, encoding: str):
    commands = [
        ("plan", *MEANT),
        ("plan", *MEANT, "--format", "markdown"),
        ("check", *MEANT),
        ("check", *MEANT, "--format", "azure-pipelines"),
        ("check", *MEANT, "--format", "github"),
        ("explain", "--error", REASON),
        ("export", *MEANT, "--as", "terraform"),
        ("group", "list", "contoso"),
        ("sandbox", "show"),
        ("apply", *MEANT, "--yes"),
        ("history",),
    ]
    for words in commands:
        ended = run(netcfg, encoding, *words)
        assert isinstance(ended.exception, SystemExit | None), (words, ended.exception)
        assert ended.stdout_bytes.decode(encoding), words


@pytest.mark.parametrize("words", [("geography", REASON), ("plan", REASON), ("plan", "--config", f"{REASON}.yaml")])
@pytest.mark.parametrize("encoding", ["ascii", "cp437"])
def test_an_error_can_quote_what_the_terminal_cannot_show(netcfg: Program, encoding: str, words: tuple[str, ...]):
    ended = run(netcfg, encoding, *words)
    assert isinstance(ended.exception, SystemExit)
    assert "netcfg: " in ended.stderr_bytes.decode(encoding)


@pytest.mark.parametrize("encoding", POOR)
@pytest.mark.parametrize("command", ["plan", "check"])
def test_json_stays_json_and_loses_no_letter(netcfg: Program, encoding: str, command: str):
    ended = run(netcfg, encoding, command, *MEANT, "--format", "json")
    document = json.loads(ended.stdout_bytes.decode(encoding))
    if command == "plan":
        [added] = [each for each in document["vaults"][0]["changes"] if each["value"] == "191.10.99.0/28"]
        assert added["reason"].startswith("Zürich 🚀")


@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
def test_html_and_xml_say_that_they_are_utf8_and_are(netcfg: Program, encoding: str):
    page = run(netcfg, encoding, "plan", *MEANT, "--format", "html").stdout_bytes.decode("utf-8")
    assert "Z&#252;rich &#128640;" in page
    found = run(netcfg, encoding, "check", "kv-orders", "--geography", "EU", "--format", "junit").stdout_bytes
    assert ElementTree.fromstring(found).tag == "testsuites"  # noqa: S314 - we wrote it ourselves


@pytest.mark.parametrize("kind", ["text", "json", "markdown", "html"])
def test_a_report_is_utf8_whatever_the_terminal_is(netcfg: Program, tmp_path: Path, kind: str):
    file = tmp_path / "report"
    run(netcfg, "ascii", "plan", *MEANT, "--report", f"{kind}={file}")
    text = file.read_bytes().decode("utf-8")
    assert ("Z\\u00fcrich" if kind == "json" else "Zürich 🚀") in text


def test_an_answer_that_cannot_be_read_is_no_yes(netcfg: Program, at_terminal):
    at_terminal()
    ended = run(netcfg, "utf-8", "apply", "kv-orders", "--geography", "EU", answer=b"y\xff\n")
    assert (ended.exit_code, netcfg.writes) == (3, [])


def test_the_process_bears_an_ascii_locale(tmp_path: Path):
    """The streams that Python itself makes, and arguments that are no text."""
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment |= {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parents[2])}
    allowed = b"191.10.18.0/28=Z\xfcrich"
    words: list[str | bytes] = [sys.executable, "-P", "-m", "netcfg", "--sandbox", "--data-dir", str(tmp_path)]
    words += ["plan", "kv-orders", "--geography", "EU", "--allow", allowed]
    ran = subprocess.run(words, env=environment, capture_output=True, timeout=60, check=False)
    assert (ran.returncode, b"Traceback" in ran.stderr) == (3, False)
    assert ran.stdout.isascii()

"""Names and texts that somebody chose to be obeyed, in the commands that keep records, and in `exec`: mere text."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from netcfg.sandbox.server import serve
from netcfg.workflow import admitting
from tests.cli.conftest import Program, Ran
from tests.formats.test_harmless import commands

HOSTILE = (
    "##vso[task.setvariable variable=x]y\n::error::z\r##[error]w \x1b[31m\x07\x9b \u202eevil\u2066 a\u200bb\u00ad "
    "#\u034f#vso[x] <script>alert(1)</script> <img src=x onerror=alert(1)> `$(id)` @everyone [x](javascript:1) |"
)
SHAPELESS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
TAG = re.sub(r"[<>%&\\\\?/]", "", HOSTILE)  # what no name of a tag may hold
BAD_TAGS = {f"netcfg-exec-{TAG}": TAG, "netcfg-exec-0badf00d": HOSTILE[:256], TAG: HOSTILE[:256]}
RULES = [{"value": HOSTILE}, {"value": "191.10.60.0/24", HOSTILE: HOSTILE}, {"value": "x" * 5_000}]

ONES_OWN = ("text", "markdown", "html", "json")
OF_CHECK = (*ONES_OWN, "sarif", "junit", "azure-pipelines", "github")
EU = ("kv-job", "--geography", "EU")


@pytest.fixture
def netcfg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    monkeypatch.setattr(admitting, "AGAIN", 0.1)
    with serve(world="exec") as sandbox:
        with sandbox.edit() as state:
            vault = state["vaults"]["kv-job"]
            vault["tags"] = {**(vault.get("tags") or {}), **BAD_TAGS}
            vault["properties"]["networkAcls"]["ipRules"] += RULES
        yield Program(sandbox, tmp_path)


def is_harmless(text: str, format: str = "text") -> bool:
    """Neither a terminal nor a runner obeys any of it, but for the lines of the two formats that speak to runners."""
    own = r"^(?:##vso\[task\.(?:logissue|uploadsummary|complete) [^\]]*\]|::(?:error|warning|notice)[^\n]*?::)"
    said = re.sub(own, "", text, flags=re.MULTILINE) if format in ("azure-pipelines", "github") else text
    assert commands(said) == []
    assert SHAPELESS.search(said) is None, ascii(SHAPELESS.search(said))
    page = MarkdownIt().enable("table").render(said) if format == "markdown" else said
    if format in ("html", "markdown"):
        assert "<img src=x" not in page
        assert "<script>alert" not in page
    return True


def all_harmless(ran: Ran, format: str = "text") -> bool:
    if format == "json":
        json.loads(ran.out)
    return is_harmless(ran.out, format) and is_harmless(ran.err)


@pytest.mark.parametrize("format", ONES_OWN)
def test_a_plan_of_a_vault_with_such_tags_and_rules(netcfg: Program, format: str):
    ran = netcfg("plan", *EU, "--format", format, quiet=False)
    assert ran.status in (3, 5)
    assert all_harmless(ran, format)


@pytest.mark.parametrize("format", OF_CHECK)
def test_a_check_of_it(netcfg: Program, format: str):
    ran = netcfg("check", *EU, "--format", format, quiet=False)
    assert ran.status in (4, 7)
    assert all_harmless(ran, format)


@pytest.mark.parametrize("format", ONES_OWN)
def test_an_apply_its_record_and_its_rollback(netcfg: Program, format: str):
    applied = netcfg("apply", *EU, "--yes", "--accept", "default-deny", "--format", format, quiet=False)
    assert applied.status in (0, 5, 7), applied.err
    assert all_harmless(applied, format)
    (record,) = netcfg.folder.rglob("records/*")
    lines = record.read_text().splitlines()
    head = json.loads(lines[0])
    head["who"]["claims"] = {"oid": HOSTILE, "upn": HOSTILE}
    head["who"]["credential"] = HOSTILE
    head["options"] = [[HOSTILE, HOSTILE]]
    record.write_text("\n".join([json.dumps(head), *lines[1:]]) + "\n")
    shown = netcfg("history", "--format", format if format in ("text", "json") else "text")
    assert shown.status == 0, shown.err
    assert all_harmless(shown, format if format == "json" else "text")
    undone = netcfg("rollback", record.stem, "--yes", "--accept", "default-allow", "--format", format, quiet=False)
    assert all_harmless(undone, format)


def test_a_record_that_cannot_be_read_is_named_harmlessly(netcfg: Program):
    folder = netcfg.folder / "sandbox" / "records"
    folder.mkdir(parents=True)
    (folder / "20260701T120000Z-00000000.jsonl").write_text(json.dumps({"kind": HOSTILE, "event": HOSTILE}) + "\n")
    for words in (("history",), ("history", "--format", "json"), ("rollback", HOSTILE, "--yes"), ("plan", *EU)):
        assert all_harmless(netcfg(*words, quiet=False), "json" if "json" in words else "text")


def test_exec_beside_such_tags_and_rules(netcfg: Program):
    ran = netcfg("exec", "kv-job", "--", sys.executable, "-c", "", quiet=False)
    assert ran.status == 0, ran.err
    assert all_harmless(ran)
    kept = netcfg.vault("kv-job")
    assert BAD_TAGS.items() <= kept["tags"].items()  # and what is not ours is left as it was
    assert all(each in kept["properties"]["networkAcls"]["ipRules"] for each in RULES)


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_cleaning_of_it(netcfg: Program, format: str):
    ran = netcfg("exec", "--clean", "kv-job", "--format", format, quiet=False)
    assert ran.status == 0, ran.err
    assert all_harmless(ran, format)


def test_an_address_service_that_says_such_things(netcfg: Program):
    from tests.devops.loopback import Reply, loopback

    with loopback(Reply(body=HOSTILE[:60].encode())) as one:
        urls = (f"{one.url}/{'a'}", f"{one.url}/b")
        from_them = [word for each in urls for word in ("--address-from", each)]
        ran = netcfg("exec", "kv-job", *from_them, "--", "true", quiet=False)
    assert ran.status == 125
    assert all_harmless(ran)
    assert netcfg.writes == []


def test_a_saved_plan_by_such_a_name(netcfg: Program, tmp_path: Path):
    name = tmp_path / HOSTILE.replace("/", "")[:120]
    assert all_harmless(netcfg("plan", *EU, "--out", str(name), quiet=False))
    assert all_harmless(netcfg("apply", "--plan", str(name), quiet=False))

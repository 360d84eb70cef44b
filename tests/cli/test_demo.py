"""The demo tells the story that the README promises, and leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
from typer.testing import CliRunner

from netcfg.cli.main import app


def test_the_demo_runs_to_its_end_and_writes_nothing_of_its_own(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("NETCFG_DATA_DIR", str(tmp_path / "data"))
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 0
    assert "kv-payments done: 9 added, 1 changed; verified" in result.stdout
    assert "kv-orders does not work through Azure DevOps: firewall" in result.stdout
    assert "Azure DevOps gets in" in result.stdout
    assert "orders-secrets done: 1 added; it maps 2 secrets; verified" in result.stdout
    assert result.stdout.endswith("see README.md for a real vault.\n")
    assert not (tmp_path / "data").exists()


def test_the_sandbox_remembers_between_commands_until_it_is_reset(tmp_path: Path):
    def run(*words: str) -> int:
        return CliRunner().invoke(app, ["--sandbox", "-q", "--data-dir", str(tmp_path), *words]).exit_code

    assert run("plan", "kv-orders", "--geography", "EU") == 3
    assert run("apply", "kv-orders", "--geography", "EU", "--yes") == 0
    assert run("plan", "kv-orders", "--geography", "EU") == 0
    assert run("sandbox", "reset") == 0
    assert run("plan", "kv-orders", "--geography", "EU") == 3


def test_what_lies_in_the_sandbox_conforms_to_its_schema(tmp_path: Path):
    words = ["--sandbox", "-q", "--data-dir", str(tmp_path), "sandbox", "show", "--format", "json"]
    document = json.loads(CliRunner().invoke(app, words).stdout)
    schema = json.loads((Path(__file__).parents[2] / "data" / "schemas" / "sandbox.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert len(document["vaults"]) > 10

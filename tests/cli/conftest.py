"""The whole program, run as it would be typed, against a sandbox that the test can look into."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from netcfg.cli.main import app
from netcfg.sandbox.server import Sandbox, serve

PRODUCTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
NETWORKS = f"{PRODUCTION}/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks"
AGENTS = f"{NETWORKS}/vnet-agents/subnets/agents"
BUILDS = f"{NETWORKS}/vnet-agents/subnets/builds"
SCALE_SET = f"{NETWORKS}/vnet-agents/subnets/scale-set"


def vault_id(name: str, group: str = "rg-payments") -> str:
    return f"{PRODUCTION}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"


@dataclass(frozen=True)
class Ran:
    """What a run left: its status, stdout and stderr."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


@dataclass
class Program:
    """Runs `netcfg --sandbox …` against one sandbox."""

    sandbox: Sandbox
    folder: Path

    def __call__(self, *words: str, answer: str | None = None, quiet: bool = True) -> Ran:
        before = ["--sandbox", "--data-dir", str(self.folder), *(["--quiet"] if quiet else [])]
        result = CliRunner().invoke(app, [*before, *words], input=answer, obj={"running": self.sandbox})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    @property
    def writes(self) -> list[tuple[str, str]]:
        """What was asked of Azure that changes something: method and path, without the questions sent by POST."""
        reads = ("GET", "HEAD", "POST")
        return [(method, path) for method, path, _ in self.sandbox.requests if method not in reads]

    def vault(self, name: str) -> dict[str, Any]:
        """A vault as the sandbox keeps it."""
        return dict(self.sandbox.state["vaults"][name])

    def rules(self, name: str) -> list[str]:
        acls = self.vault(name)["properties"].get("networkAcls") or {}
        return [each["value"] for each in acls.get("ipRules", [])]


@pytest.fixture
def netcfg(tmp_path: Path) -> Iterator[Program]:
    with serve(world="contoso") as sandbox:
        yield Program(sandbox, tmp_path)


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Somebody sits in front of it."""
    return lambda: monkeypatch.setattr("netcfg.cli.terminal.insist_on_terminal", lambda: None)

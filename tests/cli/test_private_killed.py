"""A real process, killed while it makes a private way in: no network has lost the vault, and a second run arrives."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from netcfg.sandbox.server import Sandbox, serve
from tests.cli.conftest import Program
from tests.cli.test_killed import environment
from tests.cli.test_private import AGENTS_NETWORK, HUB, resolves

JOB = (
    "apply", "kv-payments", "--geography", "EU", "--private-endpoint", "rg-hub/vnet-hub/endpoints",
    "--subnet", "rg-network/vnet-agents/agents", "--public-access", "disabled", "--yes",
    "--accept", "private-dns", "--accept", "last-path", "--accept", "stale-editions",
)  # fmt: skip
WRITES = ["privateEndpoints/pe-kv-payments-vnet-hub", "privateDnsZoneGroups/default", "virtualNetworkLinks/vnet-agents"]


def is_off(sandbox: Sandbox) -> bool:
    return bool(sandbox.state["vaults"]["kv-payments"]["properties"].get("publicNetworkAccess") == "Disabled")


@pytest.mark.parametrize("write", [*WRITES, "vaults/kv-payments"])
def test_killed_at_any_write_a_second_run_arrives(tmp_path: Path, write: str):
    with serve(world="private") as sandbox:
        victim: list[subprocess.Popen[bytes]] = []

        def kill(served: int, method: str, path: str) -> None:
            if method in ("PUT", "PATCH") and path.endswith(write):
                victim[0].send_signal(signal.SIGKILL)
                victim[0].wait(10)
                raise ConnectionError

        sandbox.after = kill
        command = [sys.executable, "-P", "-m", "netcfg", "-q", *JOB]
        victim.append(subprocess.Popen(command, env=environment(sandbox), stdout=subprocess.DEVNULL, cwd=tmp_path))
        assert victim[0].wait(60) == -signal.SIGKILL
        sandbox.after = None
        netcfg = Program(sandbox, tmp_path)
        seen = resolves(netcfg, AGENTS_NETWORK, "kv-payments")[0]
        assert seen == "private" if is_off(sandbox) else seen != "hidden"

        assert netcfg(*JOB).status == 0
        assert is_off(sandbox)
        for network in (AGENTS_NETWORK, f"{HUB}/virtualNetworks/vnet-hub"):
            assert resolves(netcfg, network, "kv-payments")[0] == "private"
        assert len([each for each in sandbox.state["zoneGroups"] if "kv-payments" in each]) == 1

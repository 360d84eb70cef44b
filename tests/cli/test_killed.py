"""A real process, killed at each request of an apply: nobody has lost a way in, and running it again arrives."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from netcfg.sandbox.server import Sandbox, serve
from tests.cli.conftest import AGENTS, BUILDS, Program

JOB = (
    "apply", "kv-payments", "--geography", "EU", "--subnet", AGENTS, "--subnet", BUILDS, "--yes",
    "--accept", "default-deny", "--accept", "service-endpoint", "--accept", "stale-editions",
)  # fmt: skip
ROOT = Path(__file__).parents[2]


def environment(sandbox: Sandbox) -> dict[str, str]:
    """What `netcfg sandbox serve` says to paste: the process signs in as a managed identity of the sandbox."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "XDG_DATA_HOME") if name in os.environ},
        "PYTHONPATH": str(ROOT),
        "NETCFG_RESOURCE_MANAGER": sandbox.url,
        "IDENTITY_ENDPOINT": f"{sandbox.url}/msi/token",
        "IDENTITY_HEADER": "sandbox",
    }


def state(sandbox: Sandbox) -> tuple[str, set[str], set[str], bool]:
    """Default action, addresses and subnets of the vault, and whether every agents' subnet has its endpoint."""
    acls = sandbox.state["vaults"]["kv-payments"]["properties"].get("networkAcls") or {"defaultAction": "Allow"}
    networks = sandbox.state["virtualNetworks"].values()
    subnets = [
        each for network in networks for each in network["properties"]["subnets"] if each["id"] in (AGENTS, BUILDS)
    ]
    enabled = [
        any(e["service"] == "Microsoft.KeyVault" for e in s["properties"].get("serviceEndpoints", [])) for s in subnets
    ]
    addresses = {each["value"] for each in acls.get("ipRules", [])}
    admitted = {each["id"] for each in acls.get("virtualNetworkRules", [])}
    return acls["defaultAction"], addresses, admitted, all(enabled)


# Every write of the job, and two of what only reads: to Azure, one moment between two writes is as another.
# What the request is, and which of those that are so.
MOMENTS = {
    "the first read": ("POST .*/resources", 1),
    "the addresses": ("PATCH .*/vaults/kv-payments", 1),
    "the first subnet": ("PUT .*/subnets/agents", 1),
    "an operation": ("GET .*/operations/.*", 1),
    "the second subnet": ("PUT .*/subnets/builds", 1),
    "the default action": ("PATCH .*/vaults/kv-payments", 2),
}


@pytest.mark.parametrize("committed", [False, True], ids=["before it is handled", "before it is answered"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_write_a_second_run_arrives(tmp_path: Path, moment: str, committed: bool):
    with serve(world="contoso") as sandbox:
        victim: list[subprocess.Popen[bytes]] = []
        request, which = MOMENTS[moment]
        seen: list[int] = []

        def kill(served: int, method: str, path: str) -> None:
            if re.fullmatch(request, f"{method} {path}"):
                seen.append(served)
            if seen[which - 1 :] == [served]:
                victim[0].send_signal(signal.SIGKILL)
                victim[0].wait(10)
                raise ConnectionError

        if committed:
            sandbox.after = kill
        else:
            sandbox.before = kill
        command = [sys.executable, "-P", "-m", "netcfg", "-q", *JOB]
        victim.append(subprocess.Popen(command, env=environment(sandbox), stdout=subprocess.DEVNULL, cwd=tmp_path))
        assert victim[0].wait(60) == -signal.SIGKILL
        sandbox.before = sandbox.after = None
        action, _, admitted, enabled = state(sandbox)
        if action == "Deny":
            assert enabled
            assert admitted == {AGENTS.lower(), BUILDS.lower()}

        again = Program(sandbox, tmp_path)(*JOB)
        assert again.status == 0
        assert state(sandbox) == (
            "Deny",
            {
                "134.149.110.112/29", "134.149.110.74/31", "134.149.110.76/30", "172.199.233.128/26",
                "172.199.233.80/28", "20.166.41.0/24", "40.74.28.0/23",
            },
            {AGENTS.lower(), BUILDS.lower()},
            True,
        )  # fmt: skip

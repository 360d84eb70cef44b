"""`netcfg apply` for fleets, whole: quotas and networks are heeded, waves stop, an interrupted run is gone on with."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from netcfg.sandbox.server import serve
from tests.cli.conftest import Program
from tests.cli.test_apply import EUROPE, SCHEMAS
from tests.cli.test_killed import environment

TEAM = "00000000-0000-4000-8000-0000000000e1"
RULES = {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": ["40.74.28.0/23"]}
AGENTS = [f"vnet-{each}/agents" for each in "ab"]
FLEET = ("apply", "--geography", "EU", "--yes", "--accept", "stale-editions=*")
NAMED = (*FLEET, *[f"kv-app-{number:02}" for number in range(1, 11)])


def team(vaults: int, settings: dict[str, Any] | None = None, networks: int = 0) -> dict[str, Any]:
    """A subscription of equal vaults, which all lack the same ranges; with `networks`, each has a rule for one."""
    acls = [{**RULES, "virtualNetworkRules": [AGENTS[each]]} for each in range(networks)] or [RULES]
    app = {"count": vaults, "name": "kv-app-{number:02}", "group": "team/rg-app", "cycle": {"networkAcls": acls}}
    endpoint = {"service": "Microsoft.KeyVault", "locations": ["*"], "provisioningState": "Succeeded"}
    subnet = {"addressPrefix": "10.1.1.0/24", "serviceEndpoints": [endpoint]}
    principal = {"name": "netcfg", "appId": TEAM, "objectId": TEAM, "secret": "make-believe"}
    group = {"rg-app": "westeurope", "rg-network": "westeurope"}
    others = (
        "deletedVaults",
        "perimeters",
        "locks",
        "policies",
        "resources",
        "privateEndpoints",
        "privateDnsZones",
        "roleAssignments",
    )
    return {
        "extends": "contoso",
        **dict.fromkeys(others),
        "settings": {"writeSeconds": 0, **(settings or {})},
        "principals": [principal],
        "subscriptions": [{"name": "team", "id": TEAM, "resourceGroups": group}],
        "virtualNetworks": [
            {
                "name": each.partition("/")[0],
                "group": "team/rg-network",
                "resourceGuid": TEAM,
                "addressSpace": ["10.1.0.0/16"],
                "subnets": {"agents": subnet},
            }
            for each in AGENTS
        ],
        "vaults": [app],
    }


def served(world: dict[str, Any], tmp_path: Path, **options: Any) -> Iterator[Program]:
    with serve(world=world, **options) as sandbox:
        yield Program(sandbox, tmp_path)


@pytest.fixture
def ten(tmp_path: Path) -> Iterator[Program]:
    yield from served(team(10), tmp_path)


def statuses(netcfg: Program) -> Counter[int]:
    return Counter(status for _, _, status in netcfg.sandbox.requests)


def done(netcfg: Program, *names: str) -> list[str]:
    """The vaults that hold what was wanted."""
    vaults = names or tuple(sorted(each for each in netcfg.sandbox.state["vaults"] if each.startswith("kv-app-")))
    return [each for each in vaults if set(EUROPE) <= set(netcfg.rules(each))]


def patched(netcfg: Program) -> list[str]:
    return [path.rpartition("/")[2] for method, path in netcfg.writes if method == "PATCH"]


# --- quotas and networks ------------------------------------------------------------------------------------------


def test_a_bucket_that_is_too_small_is_waited_for_and_never_overdrawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netcfg.azure.pacing.REFILLS", {"reads": 100.0, "writes": 40.0, "deletes": 10.0})
    world = team(24, {"throttling": True, "buckets": {"writes": [8, 40], "reads": [60, 100]}})
    for netcfg in served(world, tmp_path):
        ran = netcfg(*FLEET, "--subscription", TEAM, "--accept", "unlinked=*")
        assert ran.status == 0
        assert len(done(netcfg)) == 24
        assert len(patched(netcfg)) == 24
        assert set(statuses(netcfg)) == {200}


@pytest.mark.parametrize("parallel", ["1", "16"])
def test_writes_that_share_a_network_never_meet(tmp_path: Path, parallel: str):
    for netcfg in served(team(12, {"writeSeconds": 0.02}, networks=2), tmp_path):
        ran = netcfg(*FLEET, "--subscription", TEAM, "--accept", "unlinked=*", "--parallel", parallel)
        assert ran.status == 0
        assert len(done(netcfg)) == 12
        assert set(statuses(netcfg)) == {200}


def test_a_whole_organization_ends_without_a_429_and_a_second_run_writes_nothing(tmp_path: Path):
    for netcfg in served("fleet-small", tmp_path):
        accepted = ("--accept", "unlinked=*", "--accept", "default-deny=*")
        first = netcfg(*FLEET, "--all", *accepted, "--format", "json").document
        endings = Counter(each["outcome"] for each in first["vaults"])
        assert endings == {"done": 41, "unchanged": 5, "refused": 4, "failed": 6}
        assert 429 not in statuses(netcfg)
        for each in first["vaults"]:
            if each["outcome"] == "done":
                assert set(EUROPE) <= set(netcfg.rules(each["name"]))
        assert "191.10.77.7/32" in netcfg.rules("kv-app-0020")  # what somebody else added in the middle
        before = len(netcfg.writes)
        again = netcfg(*FLEET, "--all", *accepted)
        assert again.status == 7
        assert {path.rpartition("/")[2] for _, path in netcfg.writes[before:]} == {
            "kv-locked-01", "kv-locked-02", "kv-policy-01", "kv-policy-02", "kv-readonly-01",
        }  # fmt: skip
        assert 429 not in statuses(netcfg)


# --- waves --------------------------------------------------------------------------------------------------------


def test_waves_are_announced_and_followed(ten: Program):
    ran = ten(*NAMED, "--waves", "1,50%,100%", "--wait", "0", "--format", "json")
    assert ran.status == 0
    waves = {
        number: [each["name"] for each in ran.document["vaults"] if each["wave"] == number] for number in (1, 2, 3)
    }
    assert [len(each) for each in waves.values()] == [1, 4, 5]
    written = patched(ten)
    assert written[:1] == waves[1]
    assert sorted(written[1:5]) == waves[2]
    assert sorted(written[5:]) == waves[3]
    lines = [each for each in ran.err.splitlines() if each.startswith("wave")]
    assert lines[0] == f"wave 1 of 3: 1 vault: {waves[1][0]}"
    assert [each.split(":")[:2] for each in lines] == [
        ["wave 1 of 3", " 1 vault"], ["wave 2 of 3", " 4 vaults"], ["wave 3 of 3", " 5 vaults"],
    ]  # fmt: skip


def test_the_result_of_waves_conforms_to_its_schema_and_says_why_a_vault_was_left(ten: Program):
    with ten.sandbox.edit() as state:
        scope = f"/subscriptions/{TEAM}/resourceGroups/rg-app"
        state.setdefault("locks", []).append({"name": "frozen", "scope": scope, "level": "ReadOnly"})
    ran = ten(*NAMED, "--canary", "2", "--format", "json")
    schema = json.loads((SCHEMAS / "result.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(ran.document)
    assert Counter(each["outcome"] for each in ran.document["vaults"]) == {"failed": 2, "not-reached": 8}
    left = next(each for each in ran.document["vaults"] if each["outcome"] == "not-reached")
    assert left["wave"] == 2
    assert left["error"].startswith("wave 1 failed at kv-app-")
    assert "nothing was begun after that" in left["error"]
    assert ran.status == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--waves", "1,10%"], "it ends with 10%; expected are growing numbers of vaults or percents"),
        (["--waves", "1,100%", "--canary", "1"], "--waves and --canary exclude each other"),
        (["--wait", "5"], "--wait says nothing without --waves or --canary"),
        (["--canary", "0"], "0 is not in the range x>=1"),
        (["--parallel", "65"], "65 is not in the range 1<=x<=64"),
        (["--wait", "-1", "--canary", "1"], "-1 is not in the range"),
    ],
)
def test_what_cannot_be_meant_is_status_2_and_nothing_is_asked(ten: Program, options: list[str], said: str):
    ran = ten(*NAMED, *options)
    assert ran.status == 2
    assert said in " ".join(ran.err.replace("│", " ").split())
    assert ten.sandbox.requests == []


# --- an interrupt -------------------------------------------------------------------------------------------------


def interrupted_at(
    netcfg: Program, write: int, number: int, tmp_path: Path, *words: str
) -> tuple[int, dict[str, Any], str]:
    """A real process that gets a signal while its write of that number is handled."""
    victim: list[subprocess.Popen[bytes]] = []
    seen = 0

    def interrupt(served: int, method: str, path: str) -> None:
        nonlocal seen
        seen += method == "PATCH"
        if seen == write and method == "PATCH":
            victim[0].send_signal(number)

    netcfg.sandbox.before = interrupt
    command = [sys.executable, "-P", "-m", "netcfg", *words]
    out, err = (tmp_path / each for each in ("out", "err"))
    with out.open("wb") as stdout, err.open("wb") as stderr:
        victim.append(subprocess.Popen(command, env=environment(netcfg.sandbox), stdout=stdout, stderr=stderr))
        status = victim[0].wait(60)
    netcfg.sandbox.before = None
    return status, json.loads(out.read_text("utf-8")), err.read_text("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(("write", "number"), [(2, signal.SIGTERM), (7, signal.SIGINT)])
def test_an_interrupted_run_ends_in_order_and_is_gone_on_with(tmp_path: Path, write: int, number: int):
    for netcfg in served(team(10, {"writeSeconds": 0.1}), tmp_path):
        words = (*NAMED, "--parallel", "2", "--format", "json")
        status, document, err = interrupted_at(netcfg, write, number, tmp_path, *words)
        assert status == 130
        assert "finishing what is being written, starting nothing new" in err
        assert document["summary"]["interrupted"] is True
        finished = [each["name"] for each in document["vaults"] if each["outcome"] == "done"]
        left = [each for each in document["vaults"] if each["outcome"] == "not-reached"]
        assert len(finished) + len(left) == 10
        assert write <= len(finished) <= write + 2
        assert done(netcfg) == finished
        assert all("run the same command again" in each["error"] for each in left)
        again = netcfg(*NAMED)
        assert again.status == 0
        assert len(done(netcfg)) == 10
        assert sorted(patched(netcfg)) == sorted(done(netcfg))  # each was written once


@pytest.mark.parametrize(("second", "is_whole"), [(signal.SIGTERM, True), (signal.SIGINT, False)])
def test_a_second_signal_of_a_pipeline_does_not_cut_the_report_and_a_second_interrupt_does(
    ten: Program, second: int, is_whole: bool
):
    fcntl = pytest.importorskip("fcntl", reason="Windows has no such signals")
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        pytest.skip("how long a pipe is can be said on Linux only")
    victim: list[subprocess.Popen[bytes]] = []

    def interrupt(served: int, method: str, path: str) -> None:
        if method == "PATCH" and ten.sandbox.before:
            ten.sandbox.before = None
            victim[0].send_signal(signal.SIGINT)

    ten.sandbox.before = interrupt
    words = (*NAMED, "--parallel", "1", "--format", "json")
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with os.fdopen(reader, "rb") as out:
        command = [sys.executable, "-P", "-m", "netcfg", *words]
        with subprocess.Popen(command, env=environment(ten.sandbox), stdout=writer, stderr=subprocess.PIPE) as process:
            victim.append(process)
            os.close(writer)
            assert select.select([out], [], [], 60)[0]  # the report has begun, and is longer than the pipe
            process.send_signal(second)
            time.sleep(0.3)
            told = out.read()
            assert process.wait(60) == 130
    assert told.startswith(b'{\n  "version": 1')
    assert told.endswith(b"}\n") is is_whole
    if is_whole:
        assert json.loads(told)["summary"]["interrupted"] is True

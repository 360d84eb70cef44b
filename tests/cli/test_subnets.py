"""Agents' subnets, whole: named, thirty of them at once, two runs at once, and in another tenant."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from netcfg.sandbox.server import Sandbox, serve
from tests.cli.conftest import AGENTS, BUILDS, PRODUCTION, Program
from tests.cli.test_killed import environment

ACCEPTED = ("--accept", "default-deny", "--accept", "service-endpoint")
EUROPE = ("--geography", "EU", *ACCEPTED, "--yes")
BUSY = f"{PRODUCTION}/resourceGroups/rg-busy/providers/Microsoft.Network/virtualNetworks/vnet-busy".lower()
ENABLED = ("s10", "s11")  # which have the endpoint from the beginning


@contextmanager
def program(world: str, folder: Path) -> Iterator[Program]:
    with serve(world=world) as sandbox:
        yield Program(sandbox, folder)


def among(numbers: range) -> list[str]:
    return [word for number in numbers for word in ("--subnet", f"rg-busy/vnet-busy/s{number:02}")]


def shown(sandbox: Sandbox) -> dict[str, Any]:
    """The subnets of the busy network, each with everything in it."""
    return {each["name"]: each for each in sandbox.state["virtualNetworks"][BUSY]["properties"]["subnets"]}


def asked_of(sandbox: Sandbox, name: str) -> list[str]:
    return [method for method, path, _ in sandbox.requests if path.lower() == f"{BUSY}/subnets/{name}"]


def test_thirty_busy_subnets_have_the_endpoint_and_are_otherwise_the_same_byte_for_byte(tmp_path: Path):
    with program("busy", tmp_path) as netcfg:
        before = shown(netcfg.sandbox)
        others = {key: value for key, value in netcfg.sandbox.state["virtualNetworks"].items() if key != BUSY}
        ran = netcfg("apply", "kv-busy-too", *among(range(30)), *EUROPE)
        assert ran.status == 0
        after = shown(netcfg.sandbox)
        assert list(after) == list(before)
        assert len(after) == 30
        for name, subnet in after.items():
            endpoints = subnet["properties"].pop("serviceEndpoints")
            kept = before[name]["properties"].pop("serviceEndpoints", [])
            if name not in ENABLED:
                assert endpoints.pop() == {
                    "service": "Microsoft.KeyVault",
                    "provisioningState": "Succeeded",
                    "locations": ["*"],
                }
            assert json.dumps(endpoints) == json.dumps(kept)
            assert json.dumps(subnet) == json.dumps(before[name])
        state = netcfg.sandbox.state["virtualNetworks"]
        assert json.dumps({key: value for key, value in state.items() if key != BUSY}) == json.dumps(others)


def test_each_subnet_is_read_once_and_written_once_and_the_vault_patched_once_for_each_step(tmp_path: Path):
    with program("busy", tmp_path) as netcfg:
        assert netcfg("apply", "kv-busy-too", *among(range(30)), *EUROPE).status == 0
        asked = {f"s{number:02}": asked_of(netcfg.sandbox, f"s{number:02}") for number in range(30)}
        assert asked == {name: [] if name in ENABLED else ["GET", "PUT"] for name in asked}
        network = [method for method, path, _ in netcfg.sandbox.requests if path.lower() == BUSY]
        assert network == ["GET", "GET"]  # for the plan, and to prove what was done
        assert [path.rpartition("/")[2] for method, path in netcfg.writes if method == "PATCH"] == ["kv-busy-too"] * 2
        assert [path for method, path, _ in netcfg.sandbox.requests if method == "PATCH"] == [
            f"{PRODUCTION}/resourceGroups/rg-busy/providers/Microsoft.KeyVault/vaults/kv-busy-too"
        ] * 2


def test_two_applies_at_once_on_one_network_both_succeed_and_nothing_is_lost(tmp_path: Path):
    """Two processes that do not know of each other: Azure lets one in at a time, and the other one comes again."""
    with program("busy", tmp_path) as netcfg:
        before = shown(netcfg.sandbox)
        together, first = threading.Barrier(2), [f"{BUSY}/subnets/s12", f"{BUSY}/subnets/s16"]

        def meet(number: int, method: str, path: str) -> None:
            if method == "PUT" and path.lower() in first:
                first.remove(path.lower())
                together.wait(60)

        netcfg.sandbox.before = meet
        runs = {"kv-busy": range(12, 18), "kv-busy-too": range(16, 22)}
        with ThreadPoolExecutor(2) as pool:
            ran = list(pool.map(lambda vault: apart(netcfg.sandbox, vault, among(runs[vault])), runs))
        assert [(each.returncode, each.stderr) for each in ran] == [(0, ""), (0, "")]
        assert [status for method, _, status in netcfg.sandbox.requests if method == "PUT" and status != 200]
        after = shown(netcfg.sandbox)
        for number in range(30):
            name = f"s{number:02}"
            kept = before[name]["properties"].pop("serviceEndpoints", [])
            added = after[name]["properties"].pop("serviceEndpoints", [])[len(kept) :]
            assert [each["service"] for each in added] == (["Microsoft.KeyVault"] if 12 <= number < 22 else [])
            assert json.dumps(after[name]) == json.dumps(before[name])
        for vault, numbers in runs.items():
            rules = netcfg.vault(vault)["properties"]["networkAcls"]["virtualNetworkRules"]
            assert [each["id"] for each in rules] == [f"{BUSY}/subnets/s{number}" for number in numbers]


def apart(sandbox: Sandbox, vault: str, named: list[str]) -> subprocess.CompletedProcess[str]:
    """An apply in a process of its own."""
    words = ["--quiet", "apply", vault, *named, *EUROPE, "--accept", "stale-editions"]
    command = [sys.executable, "-m", "netcfg", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment(sandbox))


def test_a_subnet_that_fails_holds_back_its_vault_and_not_the_others_of_its_network(tmp_path: Path):
    with program("busy", tmp_path) as netcfg:
        with netcfg.sandbox.edit() as state:
            scope = f"{BUSY}/subnets/s02"
            denial = {"scope": scope, "action": "Microsoft.Network/virtualNetworks/subnets/write"}
            state["principals"]["netcfg"]["denials"].append(denial)
        ran = netcfg("apply", "kv-busy-too", *among(range(5)), *EUROPE)
        assert ran.status == 7
        said = " ".join(ran.out.split())
        assert "the service endpoint on vnet-busy/s02 was not enabled, so nothing was tightened" in said
        found = {name: each["properties"].get("serviceEndpoints") for name, each in shown(netcfg.sandbox).items()}
        assert [name for name in ("s00", "s01", "s02", "s03", "s04") if found[name]] == ["s00", "s01", "s03", "s04"]
        assert netcfg.vault("kv-busy-too")["properties"]["networkAcls"]["defaultAction"] == "Allow"


def test_an_endpoint_that_a_policy_takes_away_again_is_not_called_enabled(netcfg: Program):
    def policy(number: int, method: str, path: str) -> None:
        if method == "GET" and "/operations/" in path:
            with netcfg.sandbox.edit() as state:
                network = state["virtualNetworks"][AGENTS.lower().partition("/subnets/")[0]]
                for each in network["properties"]["subnets"]:
                    each["properties"].pop("serviceEndpoints", None)

    netcfg.sandbox.before = policy
    ran = netcfg("apply", "kv-payments", "--organization", "contoso", "--subnet", AGENTS, *ACCEPTED, "--yes")
    assert ran.status == 7
    assert "Azure said that it was enabled, and does not show it" in " ".join(ran.out.split())
    assert netcfg.vault("kv-payments")["properties"]["networkAcls"]["defaultAction"] == "Allow"


@pytest.mark.parametrize(
    ("state", "own"), [("Failed", {}), ("Succeeded", {"provisioningState": "Failed"}), ("Canceled", {})]
)
def test_an_endpoint_whose_write_failed_is_planned_and_enabled_anew(netcfg: Program, state: str, own: dict[str, str]):
    leave_behind(netcfg, state, own)
    ran = netcfg("plan", "kv-payments", "--subnet", BUILDS, *EUROPE[:-1])
    assert "+ vnet-agents/builds service endpoint Microsoft.KeyVault" in " ".join(ran.out.split())
    assert netcfg("apply", "kv-payments", "--subnet", BUILDS, *EUROPE).status == 0
    assert [method for method, _ in netcfg.writes] == ["PATCH", "PUT", "PATCH"]
    assert netcfg("plan", "kv-payments", "--subnet", BUILDS, *EUROPE[:-1]).status == 0


def test_a_subnet_that_is_being_deleted_gets_no_rule(netcfg: Program):
    leave_behind(netcfg, "Deleting", {})
    ran = netcfg("apply", "kv-payments", "--subnet", BUILDS, *EUROPE)
    assert ran.status == 1
    assert "vnet-agents/subnets/builds is being deleted; leave it out" in " ".join(ran.err.split())
    assert netcfg.writes == []


def leave_behind(netcfg: Program, state: str, own: dict[str, str]) -> None:
    """What a write of the endpoint on `builds` leaves behind that ended in `state`."""
    with netcfg.sandbox.edit() as world:
        network = world["virtualNetworks"][BUILDS.lower().partition("/subnets/")[0]]
        (subnet,) = [each for each in network["properties"]["subnets"] if each["name"] == "builds"]
        endpoint = {"service": "Microsoft.KeyVault", "locations": ["*"], **own}
        subnet["properties"] |= {"serviceEndpoints": [endpoint], "provisioningState": state}


def test_what_was_opened_and_could_not_be_finished_is_not_called_unchanged(netcfg: Program):
    """Somebody takes the endpoint away between its proof and the last write."""
    patches: list[str] = []

    def take_away(number: int, method: str, path: str) -> None:
        if method == "PATCH":
            patches.append(path)
            if len(patches) == 2:
                leave_behind(netcfg, "Failed", {"service": "Microsoft.Web"})

    netcfg.sandbox.before = take_away
    ran = netcfg("apply", "kv-payments", "--subnet", BUILDS, *EUROPE)
    assert ran.status == 7
    assert (
        "kv-payments FAILED: something was written before that vault kv-payments did not take the change, because a "
        "rule names vnet-agents/builds without a service endpoint for vaults"
    ) in " ".join(ran.out.split())


def test_one_interrupt_ends_the_writing(tmp_path: Path):
    with program("busy", tmp_path) as netcfg:
        with netcfg.sandbox.edit() as state:
            state["settings"]["operationSeconds"] = 0.3
        third, puts = threading.Event(), []

        def count(number: int, method: str, path: str) -> None:
            if method == "PUT":
                puts.append(path)
                if len(puts) == 3:
                    third.set()

        netcfg.sandbox.before = count
        words = ["apply", "kv-busy-too", *among(range(30)), *EUROPE, "--accept", "stale-editions"]
        command = [sys.executable, "-P", "-m", "netcfg", *words]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(netcfg.sandbox)
        ) as process:
            assert third.wait(60)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert len(puts) == 3
        assert "interrupted: finishing what is being written, starting nothing new" in err
        assert netcfg.vault("kv-busy-too")["properties"]["networkAcls"]["defaultAction"] == "Allow"


# --- by name ------------------------------------------------------------------------------------------------------


def test_a_subnet_by_its_name_is_the_one_by_its_id(netcfg: Program):
    by_id = netcfg("plan", "kv-orders", "--geography", "EU", "--subnet", AGENTS, "--format", "json")
    by_name = netcfg("plan", "kv-orders", "--geography", "EU", "--subnet", "RG-Network/VNet-Agents/Agents",
                     "--format", "json")  # fmt: skip
    (vault,) = by_name.document["vaults"]
    assert vault["notes"].pop(0) == (
        f"found by name: rg-network/vnet-agents/agents is {AGENTS.lower()}; subscriptions that may not be read here, "
        "or are not indexed yet, may have others of that name"
    )
    assert [vault] == by_id.document["vaults"]


def test_a_plan_says_in_which_subscription_the_names_of_a_network_are(netcfg: Program):
    ran = netcfg("plan", "kv-orders", "--geography", "EU", "--format", "json",
                 "--subnet", "rg-network/vnet-agents/builds", "--subnet", "RG-network/vnet-agents/agents",
                 "--subnet", "rg-build/vnet-build/runners")  # fmt: skip
    (vault,) = ran.document["vaults"]
    agents, build = (
        f"{PRODUCTION}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{name}".lower()
        for group, name in (("rg-network", "vnet-agents"), ("rg-build", "vnet-build"))
    )
    assert vault["notes"][0] == (
        f"found by name: rg-build/vnet-build/runners is {build}/subnets/runners; rg-network/vnet-agents/agents, "
        f"rg-network/vnet-agents/builds are in {agents}; subscriptions that may not be read here, or are not indexed "
        "yet, may have others of that name"
    )


def test_a_name_of_nothing_says_what_there_is(netcfg: Program):
    ran = netcfg("plan", "kv-orders", "--geography", "EU", "--subnet", "rg-network/vnet-agents/agnets")
    assert ran.status == 1
    assert " ".join(ran.err.split()) == (
        "netcfg: 'rg-network/vnet-agents/agnets' names no subnet: that virtual network has 'agents'; 'builds'; "
        "'restricted'; 'scale-set', and no 'agnets'; did you mean 'agents'?"
    )


@pytest.mark.parametrize("text", ["rg/vnet", "rg/vnet/a/b", "rg//a", "rg/vnet/a b", "/rg/vnet/a"])
def test_what_is_no_name_is_status_2(netcfg: Program, text: str):
    ran = netcfg("plan", "kv-orders", "--geography", "EU", "--subnet", text)
    assert ran.status == 2
    assert "is not a subnet: give its name as resource-group/vnet/subnet" in " ".join(ran.err.split())
    assert netcfg.sandbox.requests == []


def test_a_rule_goes_by_the_name_of_its_subnet(netcfg: Program):
    ran = netcfg("apply", "kv-orders", "--geography", "EU", "--remove", "RG-network/vnet-agents/scale-set", "--yes")
    assert ran.status == 0
    assert netcfg.vault("kv-orders")["properties"]["networkAcls"]["virtualNetworkRules"] == []


def test_a_rule_of_a_subnet_that_is_gone_goes_by_name_too(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        network = state["virtualNetworks"][AGENTS.lower().partition("/subnets/")[0]]
        network["properties"]["subnets"] = []
    ran = netcfg("apply", "kv-orders", "--geography", "EU", "--remove", "rg-network/vnet-agents/scale-set", "--yes")
    assert ran.status == 0
    assert netcfg.vault("kv-orders")["properties"]["networkAcls"]["virtualNetworkRules"] == []


def test_a_name_that_no_rule_has_is_told(netcfg: Program):
    ran = netcfg("plan", "kv-orders", "--geography", "EU", "--remove", "rg-network/vnet-agents/other")
    assert "asked to be removed, but not there: rg-network/vnet-agents/other" in " ".join(ran.out.split())


# --- in another tenant --------------------------------------------------------------------------------------------

PARTNER = (
    "/subscriptions/00000000-0000-4000-8000-000000000004/resourceGroups/rg-partner/providers/Microsoft.Network/"
    "virtualNetworks/vnet-partner/subnets/runners"
)
STRANGER = PARTNER.replace("000004/", "000005/").replace("partner", "stranger")


def test_a_subnet_of_another_tenant_is_enabled_and_let_in(tmp_path: Path):
    with program("agents", tmp_path) as netcfg:
        ran = netcfg("apply", "kv-payments", "--subnet", PARTNER, *EUROPE)
        assert ran.status == 0, ran.out
        rules = netcfg.vault("kv-payments")["properties"]["networkAcls"]["virtualNetworkRules"]
        assert [each["id"] for each in rules] == [PARTNER.lower()]
        assert netcfg("plan", "kv-payments", "--subnet", PARTNER, *EUROPE[:-1]).status == 0
        subscription = PARTNER.partition("/resourceGroups")[0]
        refused = [path for _, path, status in netcfg.sandbox.requests if status == 401 and subscription in path]
        assert len(refused) == 2  # once for each run: what the challenge said is remembered


def test_who_asks_names_the_other_tenant(tmp_path: Path):
    with program("agents", tmp_path) as netcfg:
        ran = netcfg("--verbose", "plan", "kv-payments", "--subnet", PARTNER, *EUROPE[:-1])
        assert (
            "Azure: tenant 00000000-0000-4000-8000-000000000020 for subscription 00000000-0000-4000-8000-000000000004"
        ) in ran.err.splitlines()


def test_a_tenant_that_does_not_know_us_is_an_error_that_says_what_to_do(tmp_path: Path):
    with program("agents", tmp_path) as netcfg:
        ran = netcfg("plan", "kv-payments", "--subnet", STRANGER, *EUROPE[:-1])
        assert ran.status == 1
        assert " ".join(ran.err.split()) == (
            "netcfg: subscription 00000000-0000-4000-8000-000000000005 belongs to tenant "
            "00000000-0000-4000-8000-000000000030, and the sign-in is to tenant "
            "00000000-0000-4000-8000-000000000010 (the sign-in to Azure with constant token failed: the principal "
            "netcfg is no guest in a tenant '00000000-0000-4000-8000-000000000030' of this world; mend that "
            "credential, or take another with 'az login'); run 'az login --tenant "
            "00000000-0000-4000-8000-000000000030' as somebody who is known there too"
        )
        assert netcfg.writes == []

"""`netcfg apply`, whole: what it writes, what it asks, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import AGENTS, BUILDS, Program, vault_id

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"
EUROPE = [
    "134.149.110.112/29", "134.149.110.74/31", "134.149.110.76/30", "172.199.233.128/26", "172.199.233.80/28",
    "20.166.41.0/24", "40.74.28.0/23",
]  # fmt: skip
ACCEPTED = ("--accept", "default-deny", "--accept", "service-endpoint")
PAYMENTS = ("kv-payments", "--organization", "contoso", "--subnet", AGENTS, *ACCEPTED)


def test_an_open_vault_is_closed_to_all_but_azure_devops_and_the_agents(netcfg: Program):
    ran = netcfg("apply", *PAYMENTS, "--yes")
    assert ran.status == 0
    assert ran.out.endswith("1 vault: 1 done; 9 added, 1 changed\n")
    acls = netcfg.vault("kv-payments")["properties"]["networkAcls"]
    assert sorted(netcfg.rules("kv-payments")) == EUROPE
    assert acls["defaultAction"] == "Deny"
    assert acls["bypass"] == "AzureServices"
    assert [each["id"] for each in acls["virtualNetworkRules"]] == [AGENTS.lower()]


def test_it_writes_once_for_each_step(netcfg: Program):
    netcfg("apply", *PAYMENTS, "--yes")
    vault, subnet = vault_id("kv-payments").lower(), AGENTS.lower()
    assert [(method, path.lower()) for method, path in netcfg.writes] == [
        ("PATCH", vault), ("PUT", subnet), ("PATCH", vault),
    ]  # fmt: skip


def test_without_a_missing_endpoint_one_patch_is_all(netcfg: Program):
    ran = netcfg("apply", "kv-orders", "--organization", "contoso", "--yes")
    assert ran.status == 0
    assert [method for method, _ in netcfg.writes] == ["PATCH"]


def test_a_second_apply_and_a_plan_find_nothing_to_do(netcfg: Program):
    netcfg("apply", *PAYMENTS, "--yes")
    writes = len(netcfg.writes)
    again = netcfg("apply", *PAYMENTS, "--yes")
    assert again.status == 0
    assert len(netcfg.writes) == writes
    assert netcfg("plan", *PAYMENTS).status == 0


def test_the_result_conforms_to_its_schema(netcfg: Program):
    schema = json.loads((SCHEMAS / "result.schema.json").read_text("utf-8"))
    for vault in ("kv-payments", "kv-ready", "kv-locked", "kv-disabled", "kv-nothing"):
        ran = netcfg("apply", vault, "--geography", "EU", "--accept", "default-deny", "--yes", "--format", "json")
        jsonschema.Draft202012Validator(schema).validate(ran.document)


def test_a_disabled_vault_is_opened_to_selected_networks_in_one_write(netcfg: Program):
    ran = netcfg("apply", "kv-disabled", "--geography", "EU", "--public-access", "enabled", "--yes")
    assert ran.status == 0
    properties = netcfg.vault("kv-disabled")["properties"]
    assert properties["publicNetworkAccess"] == "Enabled"
    assert properties["networkAcls"]["defaultAction"] == "Deny"
    assert set(EUROPE) < set(netcfg.rules("kv-disabled"))
    assert len(netcfg.writes) == 1


def test_everything_else_on_the_subnet_comes_back_as_it_was(netcfg: Program):
    def subnet(name: str) -> dict:
        networks = netcfg.sandbox.state["virtualNetworks"].values()
        found = next(s for n in networks for s in n["properties"]["subnets"] if s["id"].lower() == name.lower())
        return {**found["properties"]}

    for each in (AGENTS, BUILDS):
        before = subnet(each)
        ran = netcfg("apply", "kv-ready", "--geography", "EU", "--subnet", each, *ACCEPTED, "--yes")
        assert ran.status == 0
        after = subnet(each)
        endpoints = after.pop("serviceEndpoints")
        old = before.pop("serviceEndpoints", [])
        assert endpoints[: len(old)] == old
        assert [each["service"] for each in endpoints[len(old) :]] == ["Microsoft.KeyVault"]
        assert after == before


def test_without_a_terminal_and_without_yes_it_is_status_2_and_nothing_is_asked(netcfg: Program):
    ran = netcfg("apply", *PAYMENTS)
    assert ran.status == 2
    assert "give --yes" in ran.err
    assert netcfg.sandbox.requests == []


@pytest.mark.parametrize("answer", ["no\n", "y\n", "\n", ""])
def test_only_yes_is_yes(netcfg: Program, at_terminal: Callable[[], None], answer: str):
    at_terminal()
    ran = netcfg("apply", *PAYMENTS, answer=answer)
    assert ran.status == 3
    assert netcfg.writes == []


def test_yes_is_yes(netcfg: Program, at_terminal: Callable[[], None]):
    at_terminal()
    ran = netcfg("apply", *PAYMENTS, answer="yes\n")
    assert ran.status == 0
    assert "Change this vault?" in ran.err


def test_nothing_to_change_asks_nothing(netcfg: Program, at_terminal: Callable[[], None]):
    at_terminal()
    assert netcfg("apply", "kv-ready", "--geography", "EU", answer="").status == 0


def add_rule(netcfg: Program, vault: str, value: str) -> None:
    with netcfg.sandbox.edit() as state:
        state["vaults"][vault]["properties"]["networkAcls"]["ipRules"].append({"value": value})


def test_a_foreign_rule_added_between_plan_and_apply_survives(netcfg: Program, at_terminal: Callable[[], None]):
    at_terminal()
    reads = []

    def colleague(number: int, method: str, path: str) -> None:
        if method == "GET" and path.endswith("/vaults/kv-orders"):
            reads.append(number)
            if len(reads) == 2:
                add_rule(netcfg, "kv-orders", "191.10.77.0/24")

    netcfg.sandbox.before = colleague
    assert netcfg("apply", "kv-orders", "--organization", "contoso", answer="yes\n").status == 0
    assert "191.10.77.0/24" in netcfg.rules("kv-orders")
    assert {"191.10.18.0/28", "191.10.20.7/32", "40.74.28.17/32", *EUROPE} < set(netcfg.rules("kv-orders"))


def test_a_vault_that_moved_is_status_6_and_stays_as_it_is(netcfg: Program):
    reads = []

    def colleague(number: int, method: str, path: str) -> None:
        if method == "GET" and path.endswith("/vaults/kv-orders"):
            reads.append(number)
            if len(reads) == 2:
                add_rule(netcfg, "kv-orders", "40.74.28.0/23")

    netcfg.sandbox.before = colleague
    ran = netcfg("apply", "kv-orders", "--organization", "contoso", "--yes")
    assert ran.status == 6
    assert "no longer needed: add ip-rule 40.74.28.0/23" in " ".join(ran.out.split())
    assert netcfg.writes == []


def test_what_comes_back_different_is_status_7(netcfg: Program):
    def colleague(number: int, method: str, path: str) -> None:
        if method == "PATCH":
            add_rule(netcfg, "kv-orders", "191.10.88.0/24")

    netcfg.sandbox.after = colleague
    ran = netcfg("apply", "kv-orders", "--organization", "contoso", "--yes")
    assert ran.status == 7
    assert "191.10.88.0/24 is there" in " ".join(ran.out.split())


FAILURES = [
    ("kv-locked", "is locked", "az lock list"),
    ("kv-policy", "Azure Policy", "Vaults are changed by the platform team only"),
    ("kv-readonly", "Microsoft.KeyVault/vaults/write", "Key Vault Contributor"),
]


@pytest.mark.parametrize(("vault", "what", "way_out"), FAILURES)
def test_what_azure_refuses_is_one_sentence_with_a_way_out(netcfg: Program, vault: str, what: str, way_out: str):
    ran = netcfg("apply", vault, "--geography", "EU", "--yes")
    said = " ".join(ran.out.split())
    assert what in said
    assert way_out in said
    assert ran.status == 1
    assert "Traceback" not in ran.out + ran.err


def test_a_failure_beside_a_success_is_status_7(netcfg: Program):
    ran = netcfg("apply", "kv-locked", "kv-orders", "--geography", "EU", "--yes")
    assert ran.status == 7
    assert set(EUROPE) < set(netcfg.rules("kv-orders"))


def test_a_lost_answer_is_looked_at_and_the_write_not_repeated(netcfg: Program):
    lost = []

    def drop(number: int, method: str, path: str) -> None:
        if method == "PATCH" and not lost:
            lost.append(number)
            raise ConnectionError

    netcfg.sandbox.after = drop
    ran = netcfg("apply", "kv-orders", "--organization", "contoso", "--yes")
    assert ran.status == 0
    assert [method for method, _ in netcfg.writes] == ["PATCH"]

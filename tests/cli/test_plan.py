"""`netcfg plan`, whole: what it prints, what it refuses, and that it writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import AGENTS, BUILDS, NETWORKS, Program, vault_id

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"

ORDERS = """\
contoso → Europe (collections-me) · ranges: union of table 2026-02-10 and service tag 2026-06-20

kv-orders in rg-payments
+ 20.166.41.0/24         Azure DevOps · Europe · northeurope  table + tag
+ 40.74.28.0/23          Azure DevOps · Europe · westeurope   table + tag
                         40.74.28.17/32 covers only a part of it
+ 134.149.110.74/31      Azure DevOps · Europe · northeurope  service tag
+ 134.149.110.76/30      Azure DevOps · Europe · northeurope  service tag
+ 134.149.110.112/29     Azure DevOps · Europe · northeurope  service tag
+ 172.199.233.80/28      Azure DevOps · Europe · westeurope   service tag
+ 172.199.233.128/26     Azure DevOps · Europe · westeurope   service tag
  40.74.28.17/32         Azure DevOps · Europe · westeurope   table + tag  inside 40.74.28.0/23
  191.10.18.0/28         foreign: somebody else's, kept
  191.10.20.7/32         foreign: somebody else's, kept
  vnet-agents/scale-set  foreign: somebody else's, kept, in rg-network

note: 5 ranges for Europe are in the service tag alone; --ranges table would leave them out
note: 4 IPv6 prefixes are published for Europe and not sent: vaults take IPv4 only
note: 8 ranges are published for regions of no geography, and never added

7 to add; 4 rules kept
"""


def test_a_plan_reads_like_a_diff(netcfg: Program):
    ran = netcfg("plan", "kv-orders", "--organization", "contoso")
    assert ran.out == ORDERS
    assert ran.err == ""
    assert ran.status == 3


def test_two_plans_print_the_same_bytes(netcfg: Program):
    words = ("plan", "kv-us", "kv-orders", "--geography", "EU", "--format", "json")
    assert netcfg(*words).out == netcfg(*words).out


@pytest.mark.parametrize("format", ["text", "json", "markdown"])
def test_a_plan_writes_nothing(netcfg: Program, format: str):
    netcfg("plan", "kv-payments", "--organization", "contoso", "--subnet", AGENTS, "--format", format)
    assert netcfg.writes == []


@pytest.mark.parametrize(
    ("vault", "status"),
    [("kv-ready", 0), ("kv-orders", 3), ("kv-payments", 5), ("kv-perimeter", 5), ("kv-full", 1), ("kv-nothing", 1)],
)
def test_the_json_document_conforms_to_its_schema(netcfg: Program, vault: str, status: int):
    ran = netcfg("plan", vault, "--organization", "contoso", "--format", "json")
    schema = json.loads((SCHEMAS / "plan.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(ran.document)
    assert ran.status == status


def test_a_vault_is_found_by_its_id_whatever_its_case(netcfg: Program):
    ran = netcfg("plan", vault_id("kv-ready").upper(), "--geography", "EU")
    assert ran.status == 0


def test_a_vault_named_twice_is_planned_once(netcfg: Program):
    ran = netcfg("plan", "kv-ready", vault_id("kv-ready"), "--geography", "EU", "--format", "json")
    assert ran.document["summary"]["vaults"] == 1


def test_several_vaults_are_shown_by_id_and_the_worst_status_wins(netcfg: Program):
    ran = netcfg("plan", "kv-ready", "kv-payments", "kv-orders", "--geography", "EU", "--format", "json")
    assert [each["name"] for each in ran.document["vaults"]] == ["kv-orders", "kv-payments", "kv-ready"]
    assert ran.status == 5


def test_one_vault_that_cannot_be_read_makes_the_run_incomplete(netcfg: Program):
    ran = netcfg("plan", "kv-ready", "kv-nothing", "--geography", "EU", "--format", "json")
    assert ran.status == 7
    assert [each["vault"] for each in ran.document["undetermined"]] == ["kv-nothing"]


def test_a_perimeter_that_cannot_be_read_is_said(netcfg: Program):
    ran = netcfg("plan", "kv-nsp-unreadable", "--geography", "EU")
    assert "whether a network security perimeter holds this vault could not be read" in ran.out
    assert ran.status == 3


def test_progress_is_on_stderr_only(netcfg: Program):
    ran = netcfg("plan", "kv-ready", "--geography", "EU", quiet=False)
    assert "reading" in ran.err
    assert "reading" not in ran.out


def test_given_and_looked_up_geography_are_compared(netcfg: Program):
    ran = netcfg("plan", "kv-ready", "--geography", "EU", "--organization", "fabrikam", "--format", "json")
    assert [each["id"] for each in ran.document["vaults"][0]["guards"]] == ["geography-mismatch"]
    assert ran.status == 5


def test_several_organizations_add_up(netcfg: Program):
    ran = netcfg("plan", "kv-ready", "--organization", "contoso", "--organization", "fabrikam", "--format", "json")
    assert ran.document["vaults"][0]["geographies"] == ["EU", "US"]
    assert ran.status == 3


USAGE = [
    ([], "neither an organization nor a geography was given"),
    (["--geography", "Mars"], "'Mars' is not a geography of Azure DevOps"),
    (["--geography", "EU", "--allow", "10.0.0.0/8=office"], "which are not public"),
    (["--geography", "EU", "--allow", "191.10.0.0/7=office"], "bits set beyond its prefix; write 190.0.0.0/7"),
    (["--geography", "EU", "--allow", "0.0.0.0/0=all"], "it is broader than /8"),
    (["--geography", "EU", "--allow", "2001:db8::/32=six"], "not an IPv4 address or range"),
    (["--geography", "EU", "--allow", "191.10.18.0/28"], "it has no reason"),
    (["--geography", "EU", "--allow", "191.10.18.0/28=x;until=soon"], "'soon' is not a day"),
    (["--geography", "EU", "--subnet", "agents"], "'agents' is not a subnet"),
    (["--geography", "EU", "--accept", "everything"], "'everything' is not a guard"),
    (["--geography", "EU", "--accept", "perimeter"], "cannot be accepted"),
    (["--geography", "EU", "--public-access", "enabled", "--keep-default-action"], "exclude each other"),
    (["--organization", "contoso/../fabrikam"], "organization"),
]


@pytest.mark.parametrize(("options", "said"), USAGE)
def test_what_cannot_be_meant_is_status_2_before_anything_is_asked(netcfg: Program, options: list[str], said: str):
    ran = netcfg("plan", "kv-ready", *options)
    assert ran.status == 2
    assert said in ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert netcfg.writes == []


@pytest.mark.parametrize("vault", ["../kv", "kv_with_underscores", "", "/subscriptions/x/nonsense", AGENTS])
def test_what_is_no_vault_is_status_2(netcfg: Program, vault: str):
    ran = netcfg("plan", vault, "--geography", "EU")
    assert ran.status == 2
    assert netcfg.sandbox.requests == []


def test_several_vaults_need_to_say_for_which_a_guard_is_accepted(netcfg: Program):
    words = ("plan", "kv-payments", "kv-orders", "--geography", "EU", "--accept")
    assert netcfg(*words, "default-deny").status == 2
    assert netcfg(*words, "default-deny=kv-pay*").status == 3
    assert netcfg(*words, "default-deny=kv-other").status == 5


def test_removing_what_is_published_is_a_contradiction(netcfg: Program):
    ran = netcfg("plan", "kv-ready", "--geography", "EU", "--remove", "40.74.28.0/23")
    assert ran.status == 2
    assert "would be added again" in ran.err


def test_a_subnet_that_is_not_there_is_an_error_of_the_run(netcfg: Program):
    ran = netcfg("plan", "kv-ready", "--geography", "EU", "--subnet", f"{NETWORKS}/vnet-agents/subnets/nothing")
    assert ran.status == 1
    assert "nothing" in ran.err


GUARDS = [
    ("default-deny", "kv-payments", []),
    ("public-access", "kv-disabled", []),
    ("hidden-rules", "kv-hidden", ["--public-access", "enabled"]),
    ("perimeter", "kv-perimeter", []),
    ("perimeter", "kv-enforced", []),
    ("broad-range", "kv-ready", ["--allow", "191.0.0.0/12=everything"]),
    ("exclusive", "kv-orders", ["--exclusive"]),
    ("last-path", "kv-ready", ["--public-access", "disabled"]),
    ("last-path", "kv-orders", ["--public-access", "disabled"]),
    ("service-endpoint", "kv-ready", ["--subnet", BUILDS]),
    ("removals", "kv-full", ["--exclusive"]),
    ("geography-mismatch", "kv-ready", ["--organization", "fabrikam"]),
]


@pytest.mark.parametrize(("guard", "vault", "options"), GUARDS)
def test_each_guard_refuses_with_5_and_nothing_is_written(netcfg: Program, guard: str, vault: str, options: list[str]):
    words = (vault, "--geography", "EU", *options, "--format", "json")
    others = [each for each, _, _ in GUARDS if each not in (guard, "perimeter")]
    accepted = [word for each in others for word in ("--accept", each)]
    for command in (("plan",), ("apply", "--yes")):
        ran = netcfg(*command, *words, *accepted)
        document = ran.document["plan"]["vaults"][0] if "plan" in ran.document else ran.document["vaults"][0]
        refusing = [each["id"] for each in document["guards"] if not each["accepted"]]
        assert refusing == [guard]
        assert ran.status == 5
    assert netcfg.writes == []


def test_the_hint_of_the_sign_in_page_has_to_be_accepted(netcfg: Program):
    words = ("plan", "kv-ready", "--organization", "northwind")
    assert netcfg(*words).status == 5
    assert netcfg(*words, "--accept", "inferred-geography").status == 3


def test_editions_that_nobody_confirmed_for_long_are_stale(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        state["today"] = "2027-06-01"
    words = ("plan", "kv-ready", "--geography", "EU")
    assert netcfg(*words).status == 5
    assert netcfg(*words, "--accept", "stale-editions").status == 0

"""Service endpoints without an outage, whole: who else would cut the agents off, and rules of subnets that are gone."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netcfg.sandbox.server import serve
from tests.cli.conftest import AGENTS, BUILDS, NETWORKS, Program, vault_id

FINANCE = "/subscriptions/00000000-0000-4000-8000-000000000003"
OLD = f"{NETWORKS}/vnet-gone/subnets/old".lower()
REMOVED = f"{NETWORKS}/vnet-agents/subnets/removed".lower()


@pytest.fixture
def netcfg(tmp_path: Path) -> Iterator[Program]:
    with serve(world="agents") as sandbox:
        yield Program(sandbox, tmp_path)


def planned(netcfg: Program, *vaults: str, subnet: str = AGENTS) -> dict[str, Any]:
    """What the guard says, by vault."""
    document = netcfg("plan", *vaults, "--geography", "EU", "--subnet", subnet, "--format", "json").document
    return {
        vault["name"]: guard["message"]
        for vault in document["vaults"]
        for guard in vault["guards"]
        if guard["id"] == "service-endpoint"
    }


def test_the_vault_that_would_be_cut_off_is_named_with_its_rule_and_the_way_out(netcfg: Program):
    assert planned(netcfg, "kv-ready") == {
        "kv-ready": "the service endpoint switches the source address of vnet-agents/agents from public to private: "
        "kv-nat (191.10.40.5/32) admits vnet-agents/agents by public address only and would cut it off; "
        "name kv-nat in this run too, and it gets its rule before the switch"
    }


def test_a_person_reads_who_it_is_and_what_to_do(netcfg: Program):
    ran = netcfg("plan", "kv-ready", "--geography", "EU", "--subnet", AGENTS)
    assert ran.status == 5
    assert (
        """\
REFUSED: nothing is written until each of these is accepted
! service-endpoint  the service endpoint switches the source address of vnet-agents/agents from
                    public to private: kv-nat (191.10.40.5/32) admits vnet-agents/agents by public
                    address only and would cut it off; name kv-nat in this run too, and it gets its
                    rule before the switch
                    accept with --accept service-endpoint
"""
        in ran.out
    )


def test_in_one_run_with_that_vault_nobody_is_cut_off_and_the_guard_is_silent(netcfg: Program):
    ran = netcfg("apply", "kv-ready", "kv-nat", "--geography", "EU", "--subnet", AGENTS, "--yes")
    assert ran.status == 0
    steps = [(method, path.rpartition("/")[2]) for method, path in netcfg.writes]
    assert sorted(steps[:2]) == [("PATCH", "kv-nat"), ("PATCH", "kv-ready")]
    assert steps[2] == ("PUT", "agents")
    for vault in ("kv-ready", "kv-nat"):
        rules = netcfg.vault(vault)["properties"]["networkAcls"]["virtualNetworkRules"]
        assert [each["id"] for each in rules] == [AGENTS.lower()]


def test_the_rule_that_the_agents_stop_using_is_named_and_stays(netcfg: Program):
    note = (
        "191.10.40.5/32 is a public address of vnet-agents/agents, which no longer uses it once the service endpoint "
        "is there; unless somebody else does: --remove 191.10.40.5/32"
    )
    chosen = ("kv-ready", "kv-nat", "--geography", "EU", "--subnet", AGENTS)
    vaults = {each["name"]: each for each in netcfg("plan", *chosen, "--format", "json").document["vaults"]}
    assert note in vaults["kv-nat"]["notes"]
    assert note not in vaults["kv-ready"]["notes"]
    netcfg("apply", *chosen, "--yes")
    assert "191.10.40.5/32" in netcfg.rules("kv-nat")


def test_a_vault_that_has_the_rule_already_is_not_in_the_way(netcfg: Program):
    assert "kv-nat-too" not in planned(netcfg, "kv-ready")["kv-ready"]


def test_accepted_it_goes_on(netcfg: Program):
    ran = netcfg("apply", "kv-ready", "--geography", "EU", "--subnet", AGENTS, "--accept", "service-endpoint", "--yes")
    assert ran.status == 0


@pytest.mark.parametrize(
    ("subnet", "said"),
    [
        (
            "filtered",
            (
                "which other vaults admit vnet-agents/filtered by public address is not known, because its route table "
                "rt-firewall sends 0.0.0.0/0 to the appliance at 10.60.0.4; "
                "the endpoint's routes bypass the appliance at 10.60.0.4 for vnet-agents/filtered"
            ),
        ),
        (
            "balanced",
            (
                "which other vaults admit vnet-agents/balanced by public address is not known, because a gateway or "
                "route server may bring routes into its virtual network, and its machines leave by a load balancer"
            ),
        ),
        (
            "wandering",
            (
                "which other vaults admit vnet-agents/wandering by public address is not known, because a gateway or "
                "route server may bring routes into its virtual network, and it holds no machine that shows how the "
                "next will leave"
            ),
        ),
        (
            "flexible",
            (
                "kv-nat (191.10.40.5/32), kv-nat-too (191.10.40.0/29) admit vnet-agents/flexible by public address "
                "only and would cut it off; name kv-nat kv-nat-too in this run too, and they get their rules before "
                "the switch; which other vaults admit vnet-agents/flexible by public address is not known, because a "
                "gateway or route server may bring routes into its virtual network"
            ),
        ),
    ],
)
def test_where_the_address_cannot_be_known_it_says_why(netcfg: Program, subnet: str, said: str):
    id = f"{NETWORKS}/vnet-agents/subnets/{subnet}"
    assert planned(netcfg, "kv-ready", subnet=id)["kv-ready"].partition("from public to private: ")[2] == said


def test_a_subnet_that_nobody_is_known_to_admit_by_address_needs_no_acceptance(netcfg: Program):
    assert planned(netcfg, "kv-ready", subnet=f"{NETWORKS}/vnet-agents/subnets/direct") == {}


def test_a_subscription_whose_vaults_cannot_be_listed_is_said(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        (me,) = [each for each in state["principals"].values() if each["name"] == "netcfg"]
        me["denials"] = [
            {**each, "action": "Microsoft.KeyVault/*"} if each["scope"] == FINANCE else each for each in me["denials"]
        ]
    both = planned(netcfg, "kv-ready", "kv-nat")
    assert set(both) == {"kv-ready", "kv-nat"}
    assert both["kv-nat"].endswith("there may be such vaults in finance, where not all can be seen")


def test_nothing_is_surveyed_when_no_endpoint_is_to_be_enabled(netcfg: Program):
    scale_set = f"{NETWORKS}/vnet-agents/subnets/scale-set"
    netcfg("plan", vault_id("kv-ready"), "--geography", "EU", "--subnet", scale_set)
    assert not [path for _, path, _ in netcfg.sandbox.requests if "ResourceGraph" in path or path == "/subscriptions"]


def test_the_survey_does_not_grow_with_the_vaults_of_the_run(netcfg: Program):
    def asked(*vaults: str) -> int:
        before = len(netcfg.sandbox.requests)
        netcfg("plan", *(vault_id(each) for each in vaults), "--geography", "EU", "--subnet", AGENTS)
        paths = [path for _, path, _ in netcfg.sandbox.requests[before:]]
        return len([path for path in paths if "/vaults/" not in path])

    assert asked("kv-ready") == asked("kv-ready", "kv-payments", "kv-disabled")


# --- vaults that a perimeter holds ---------------------------------------------------------------------------------

CLOSED = {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Program]:
    """A world with a perimeter, all of which can be read."""
    with serve(world="contoso") as sandbox:
        with sandbox.edit() as state:
            (me,) = [each for each in state["principals"].values() if each["name"] == "netcfg"]
            me["denials"] = [each for each in me["denials"] if not each["scope"].endswith("kv-nsp-unreadable")]
        yield Program(sandbox, tmp_path)


def hold(netcfg: Program, mode: str, access: str, **rule: Any) -> None:
    """Let a perimeter hold kv-orders, with one access rule and none of its own."""
    with netcfg.sandbox.edit() as state:
        (association,) = copy.deepcopy(state["perimeters"]["kv-enforced"])
        association["properties"]["resourceAssociation"]["accessMode"] = mode
        rules = [{"name": "agents", "properties": {"direction": "Inbound", "addressPrefixes": [], **rule}}]
        association["properties"]["profile"]["accessRules"] = rules
        state["perimeters"]["kv-orders"] = [association]
        state["vaults"]["kv-orders"]["properties"] |= {"publicNetworkAccess": access, "networkAcls": CLOSED}


def test_perimeters_that_admit_others_are_no_reason(guarded: Program):
    assert planned(guarded, "kv-ready") == {}


@pytest.mark.parametrize(
    ("mode", "access", "remedy"),
    [
        ("Learning", "Enabled", "name kv-orders in this run too, and it gets its rule before the switch"),
        *[
            (
                *each,
                (
                    "a rule for the subnet does nothing in kv-orders, where a network security perimeter decides: give "
                    "these agents a private endpoint there first"
                ),
            )
            for each in (("Enforced", "Enabled"), ("Enforced", "SecuredByPerimeter"), ("Learning", "Disabled"))
        ],
    ],
)
def test_a_vault_that_admits_the_agents_by_its_perimeter_is_named(
    guarded: Program, mode: str, access: str, remedy: str
):
    hold(guarded, mode, access, addressPrefixes=["191.10.40.5/32"])
    assert planned(guarded, "kv-ready")["kv-ready"].partition("from public to private: ")[2] == (
        "kv-orders (191.10.40.5/32 of its perimeter) admits vnet-agents/agents by public address only and would cut it "
        f"off; {remedy}"
    )


def test_a_rule_by_subscription_leaves_it_open(guarded: Program):
    hold(guarded, "Enforced", "Enabled", subscriptions=[{"id": "/subscriptions/00000000-0000-4000-8000-000000000001"}])
    assert planned(guarded, "kv-ready")["kv-ready"].endswith(
        "to private: whether kv-orders would cut them off is not known, as a network security perimeter may decide "
        "there"
    )


def test_a_vault_of_the_run_that_gets_no_rule_is_still_in_the_way(guarded: Program):
    """Its own plan is refused by `perimeter`, and nothing is written to it; the agents would lose it all the same."""
    hold(guarded, "Enforced", "Enabled", addressPrefixes=["191.10.40.5/32"])
    ran = guarded("apply", "kv-ready", "kv-orders", "--geography", "EU", "--subnet", AGENTS, "--yes")
    assert ran.status == 5
    assert guarded.writes == []
    assert "kv-orders" in planned(guarded, "kv-ready", "kv-orders")["kv-ready"]


def test_a_vault_of_the_run_whose_perimeter_only_learns_gets_its_rule(guarded: Program):
    hold(guarded, "Learning", "Enabled", addressPrefixes=["191.10.40.5/32"])
    assert planned(guarded, "kv-ready", "kv-orders") == {}


# --- rules of subnets that are gone -------------------------------------------------------------------------------

DEAD = vault_id("kv-dead", "rg-odd")


def test_a_dead_rule_is_shown_with_its_removal_and_stays(netcfg: Program):
    ran = netcfg("plan", DEAD, "--geography", "EU", "--format", "json")
    (vault,) = ran.document["vaults"]
    kept = {each["value"]: (each["standing"], each.get("reason")) for each in vault["kept"]}
    assert kept[OLD] == ("foreign", f"its subnet is gone; --remove {OLD}")
    assert kept[REMOVED] == ("foreign", f"its subnet is gone; --remove {REMOVED}")
    assert kept[f"{NETWORKS}/vnet-agents/subnets/scale-set".lower()] == ("foreign", None)


def test_a_person_reads_it_too(netcfg: Program):
    lines = " ".join(netcfg("plan", DEAD, "--geography", "EU").out.split())
    assert f"vnet-gone/old foreign: its subnet is gone, in rg-network; --remove {OLD}" in lines
    assert f"vnet-agents/removed foreign: its subnet is gone, in rg-network; --remove {REMOVED}" in lines
    assert "vnet-agents/scale-set foreign: somebody else's, kept, in rg-network" in lines


def test_a_write_that_azure_refuses_for_them_names_them_all(netcfg: Program):
    ran = netcfg("apply", DEAD, "--geography", "EU", "--yes")
    assert ran.status == 1
    said = " ".join(ran.out.split())
    assert (
        "vault kv-dead did not take the change, because rules name subnets that are gone; drop them with "
        f"--remove {REMOVED} --remove {OLD}" in said
    )


def test_with_both_removals_it_is_done(netcfg: Program):
    """Ids are the same whatever their case."""
    removals = ("--remove", OLD.upper().replace("/SUBSCRIPTIONS", "/subscriptions"), "--remove", REMOVED)
    ran = netcfg("apply", DEAD, "--geography", "EU", *removals, "--yes")
    assert ran.status == 0
    rules = netcfg.vault("kv-dead")["properties"]["networkAcls"]["virtualNetworkRules"]
    assert [each["id"] for each in rules] == [f"{NETWORKS}/vnet-agents/subnets/scale-set".lower()]


def test_they_go_before_the_agents_subnet_is_let_in(netcfg: Program):
    """Azure refuses the first of the three writes, which lets the subnet in, as long as they are in it."""
    wanted = ("--subnet", AGENTS, "--accept", "service-endpoint", "--remove", OLD, "--remove", REMOVED)
    ran = netcfg("apply", DEAD, "--geography", "EU", *wanted, "--yes")
    assert ran.status == 0, ran.out
    rules = netcfg.vault("kv-dead")["properties"]["networkAcls"]["virtualNetworkRules"]
    assert {each["id"] for each in rules} == {AGENTS.lower(), f"{NETWORKS}/vnet-agents/subnets/scale-set".lower()}


def test_exclusive_takes_them(netcfg: Program):
    accepted = ("--accept", "exclusive", "--accept", "last-path")
    ran = netcfg("apply", DEAD, "--geography", "EU", "--exclusive", *accepted, "--yes")
    assert ran.status == 0
    assert netcfg.vault("kv-dead")["properties"]["networkAcls"]["virtualNetworkRules"] == []


def test_a_rule_of_a_tenant_that_does_not_know_us_is_not_called_dead(netcfg: Program):
    stranger = next(id for id in netcfg.sandbox.state["virtualNetworks"] if id.endswith("vnet-stranger"))
    rule = f"{stranger}/subnets/runners"
    with netcfg.sandbox.edit() as state:
        state["vaults"]["kv-dead"]["properties"]["networkAcls"]["virtualNetworkRules"] = [{"id": rule}]
    (vault,) = netcfg("plan", DEAD, "--geography", "EU", "--format", "json").document["vaults"]
    assert {each["value"]: each.get("reason") for each in vault["kept"]}[rule] is None


def test_an_empty_subnet_is_not_taken_for_harmless(tmp_path: Path):
    with serve(world="contoso") as sandbox:
        said = planned(Program(sandbox, tmp_path), "kv-ready", subnet=BUILDS)["kv-ready"]
    assert said.endswith("because it holds no machine that shows how the next will leave")

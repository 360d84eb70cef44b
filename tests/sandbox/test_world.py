"""Worlds: the one that ships, and those that tests write."""

import json
from ipaddress import ip_network

import pytest

from netcfg.sandbox import world as worlds
from tests.sandbox.small import world


def test_contoso_has_a_vault_for_every_state():
    vaults = worlds.begin("contoso")["vaults"]
    shown = {
        name: (each["properties"]["publicNetworkAccess"], "networkAcls" in each["properties"])
        for name, each in vaults.items()
    }
    assert shown["kv-payments"] == ("Enabled", False)
    assert shown["kv-orders"] == ("Enabled", True)
    assert shown["kv-disabled"] == ("Disabled", True)
    assert shown["kv-hidden"] == ("Disabled", False)
    assert shown["kv-perimeter"] == ("SecuredByPerimeter", True)
    assert len(vaults["kv-full"]["properties"]["networkAcls"]["ipRules"]) == 995


def test_the_vault_that_is_ready_admits_europe_and_nobody_else():
    state = worlds.begin("contoso")
    publishers = state["publishers"]
    regions = publishers["serviceTags"][publishers["file"]]["AzureDevOps"]["regions"]
    table = publishers["tables"][publishers["table"]]["inbound"]
    published = {prefix for geography, _, prefix in table if geography == "Europe"}
    published |= {
        each for name in ("WestEurope", "NorthEurope") for each in regions[name]["prefixes"] if ":" not in each
    }
    rules = state["vaults"]["kv-ready"]["properties"]["networkAcls"]["ipRules"]
    assert {each["value"] for each in rules} == published


def test_every_subnet_that_a_vault_names_exists():
    state = worlds.begin("contoso")
    known = {
        each["id"].lower() for network in state["virtualNetworks"].values() for each in network["properties"]["subnets"]
    }
    acls = [each["properties"].get("networkAcls", {}) for each in state["vaults"].values()]
    named = {rule["id"] for acl in acls for rule in acl.get("virtualNetworkRules", [])}
    assert named
    assert named <= known


def test_tags_hold_networks_only():
    for edition in worlds.begin("contoso")["publishers"]["serviceTags"].values():
        for region in edition["AzureDevOps"]["regions"].values():
            assert [str(ip_network(each)) for each in region["prefixes"]] == region["prefixes"]


def test_short_names_become_ids():
    state = worlds.begin(world())
    bare = state["virtualNetworks"][next(iter(state["virtualNetworks"]))]["properties"]["subnets"][1]
    assert bare["properties"]["routeTable"]["id"].endswith(
        "/resourceGroups/rg/providers/Microsoft.Network/routeTables/rt"
    )
    rule = state["vaults"]["kv-agents"]["properties"]["networkAcls"]["virtualNetworkRules"][0]["id"]
    assert rule.endswith("/virtualnetworks/net/subnets/agents")


def test_a_world_is_a_name_a_path_or_a_document(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(world(name="mine")))
    assert worlds.begin(path)["world"] == "mine"
    assert worlds.begin(str(path))["world"] == "mine"
    assert worlds.begin(world(name="mine"))["world"] == "mine"


@pytest.mark.parametrize("name", ["nowhere", "nowhere.json"])
def test_an_unknown_world_is_answered_with_the_known_ones(name):
    with pytest.raises(ValueError, match=r"no world 'nowhere.*there are .*contoso"):
        worlds.begin(name)


def test_beginning_does_not_change_the_world_it_is_given():
    written = world()
    before = json.dumps(written)
    worlds.begin(written)["vaults"].clear()
    assert json.dumps(written) == before

"""Worlds: the one that ships, and those that tests write."""

import json
from ipaddress import ip_network

import pytest

from netcfg.sandbox.publishing import editions
from netcfg.sandbox.worlds import world as worlds
from netcfg.sandbox.worlds import written
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


# --- worlds that extend another -----------------------------------------------------------------------------------


def prefixes(name: str) -> set[str]:
    """The tag's IPv4 ranges in the world's weekly file."""
    publishers = worlds.begin(name)["publishers"]
    regions = editions.service_tags(publishers, publishers["file"])["AzureDevOps"]["regions"]
    return {each for region in regions.values() for each in region["prefixes"] if ":" not in each}


def rows(name: str) -> set[str]:
    publishers = worlds.begin(name)["publishers"]
    return {prefix for _, _, prefix in editions.table(publishers, publishers["table"])["inbound"]}


def addresses(name: str) -> int:
    return sum(ip_network(each).num_addresses for each in prefixes(name))


@pytest.mark.parametrize("name", ["moved", "shrunken", "grown", "broken"])
def test_two_months_later_contoso_is_what_it_was_but_for_the_publishers(name):
    first, later = worlds.begin("contoso"), worlds.begin(name)
    assert (later["world"], later["today"]) == (name, "2026-09-01")
    changed = {key for key in first if first[key] != later[key]}
    assert changed == {"world", "today", "publishers"}


def test_moved_has_new_ranges_in_the_page_and_in_the_tag_and_one_less():
    assert rows("moved") - rows("contoso") == {"191.10.130.0/24"}
    assert rows("contoso") - rows("moved") == set()
    assert prefixes("moved") - prefixes("contoso") == {"191.10.130.0/24", "191.10.132.0/26"}
    assert prefixes("contoso") - prefixes("moved") == {"172.199.233.80/28"}


def test_shrunken_and_grown_are_beyond_what_is_plausible():
    assert (addresses("contoso"), addresses("shrunken"), addresses("grown")) == (7396, 5540, 10340)


def test_a_world_extends_by_merging_objects_and_replacing_the_rest():
    base = {"kept": 1, "list": [1, 2], "object": {"kept": 1, "changed": 1, "gone": 1}, "gone": 1}
    changes = {"list": [3], "object": {"changed": 2, "gone": None, "new": {"none": None}}, "gone": None}
    assert written.merge(base, changes) == {"kept": 1, "list": [3], "object": {"kept": 1, "changed": 2, "new": {}}}
    assert base["object"] == {"kept": 1, "changed": 1, "gone": 1}


def test_a_world_extends_one_by_name_or_by_the_path_from_its_file(tmp_path):
    (tmp_path / "mine.json").write_text(json.dumps({"extends": "moved", "name": "mine"}))
    (tmp_path / "other.json").write_text(json.dumps({"extends": "mine.json", "today": "2026-10-01"}))
    state = worlds.begin(tmp_path / "other.json")
    assert (state["world"], state["today"], len(rows("moved"))) == ("mine", "2026-10-01", 20)
    assert worlds.begin({"extends": "contoso", "today": "2026-10-01"})["world"] == "contoso"


def test_a_world_that_extends_itself_has_no_beginning(tmp_path):
    (tmp_path / "one.json").write_text(json.dumps({"extends": "two.json"}))
    (tmp_path / "two.json").write_text(json.dumps({"extends": "one.json"}))
    with pytest.raises(ValueError, match=r"the world 'one\.json' extends itself"):
        worlds.begin(tmp_path / "one.json")


def test_a_world_that_extends_no_world_says_which_there_are():
    known = (
        "agents, broken, busy, clean, contoso, drifted, exec, fleet, fleet-small, grown, library, moved, "
        "on-agent, private, shrunken, slow"
    )
    with pytest.raises(ValueError, match=f"no world 'nowhere'; there are {known}, or"):
        worlds.begin({"extends": "nowhere"})


def test_a_world_adds_to_another_one(tmp_path):
    """Items of a list are added, or extend the one of their name and type; the rest of the other world stays."""
    base = {
        "vaults": [{"name": "a", "tags": {"x": "1"}, "list": [1]}, {"name": "b"}],
        "resources": [{"name": "a", "type": "one"}],
        "plain": [1],
        "word": "old",
    }
    added = {
        "vaults": [{"name": "c"}, {"name": "a", "tags": {"y": "2"}, "list": [2]}],
        "resources": [{"name": "a", "type": "two"}],
        "plain": [1, 2],
        "word": "new",
        "more": {"whole": True},
    }
    assert written.extend(base, added) == {
        "vaults": [{"name": "a", "tags": {"x": "1", "y": "2"}, "list": [1, 2]}, {"name": "b"}, {"name": "c"}],
        "resources": [{"name": "a", "type": "one"}, {"name": "a", "type": "two"}],
        "plain": [1, 1, 2],
        "word": "new",
        "more": {"whole": True},
    }
    assert base["vaults"][0] == {"name": "a", "tags": {"x": "1"}, "list": [1]}


@pytest.mark.parametrize("name", ["agents", "busy", "private"])
def test_a_world_that_adds_to_contoso_leaves_everything_of_contoso(name):
    first, more = worlds.begin("contoso"), worlds.begin(name)
    assert more["world"] == name
    assert first["vaults"].items() <= more["vaults"].items()
    assert first["organizations"].keys() == more["organizations"].keys()
    assert [each for each in first["resources"] if each not in more["resources"]] == []
    assert worlds.begin(name) == more


def subnets_of(state: dict, network: str) -> dict:
    (key,) = (each for each in state["virtualNetworks"] if each.endswith(f"/{network}"))
    return {each["name"]: each["properties"] for each in state["virtualNetworks"][key]["properties"]["subnets"]}


def test_busy_has_thirty_subnets_no_two_alike():
    subnets = subnets_of(worlds.begin("busy"), "vnet-busy")
    assert len(subnets) == 30
    assert len(subnets["s26"]["ipConfigurations"]) == 200
    mixes = {name: sorted((key, str(each)) for key, each in held.items()) for name, held in subnets.items()}
    assert len({str([pair for pair in mix if not pair[0].startswith("address")]) for mix in mixes.values()}) == 30
    seen = {key for held in subnets.values() for key in held}
    assert seen >= {
        "addressPrefix",
        "addressPrefixes",
        "networkSecurityGroup",
        "routeTable",
        "natGateway",
        "serviceEndpoints",
        "serviceEndpointPolicies",
        "ipAllocations",
        "delegations",
        "privateEndpointNetworkPolicies",
        "privateLinkServiceNetworkPolicies",
        "applicationGatewayIPConfigurations",
        "sharingScope",
        "defaultOutboundAccess",
        "ipamPoolPrefixAllocations",
        "serviceGateway",
        "futureProperty",
        "ipConfigurations",
        "resourceNavigationLinks",
        "serviceAssociationLinks",
        "purpose",
    }


@pytest.mark.parametrize("name", ["contoso", "agents", "busy", "private"])
def test_what_a_subnet_names_is_there(name):
    state = worlds.begin(name)
    known = {each["id"].lower() for each in state["resources"]}
    kinds = ("networkSecurityGroup", "routeTable", "natGateway")
    for network in state["virtualNetworks"].values():
        for subnet in network["properties"]["subnets"]:
            named = [subnet["properties"][kind]["id"].lower() for kind in kinds if kind in subnet["properties"]]
            named += [each["id"].lower() for each in subnet["properties"].get("serviceEndpointPolicies", [])]
            assert set(named) <= known, subnet["id"]


def test_agents_has_two_dead_rules_and_a_live_one():
    state = worlds.begin("agents")
    known = {each["id"].lower() for one in state["virtualNetworks"].values() for each in one["properties"]["subnets"]}
    rules = state["vaults"]["kv-dead"]["properties"]["networkAcls"]["virtualNetworkRules"]
    assert [each["id"] in known for each in rules] == [False, False, True]


def test_agents_has_a_network_in_a_tenant_where_the_principal_is_a_guest():
    state = worlds.begin("agents")
    tenants = {each["name"]: state["tenants"][each["tenantId"]]["name"] for each in state["subscriptions"].values()}
    assert tenants == {
        "production": "Contoso",
        "platform": "Contoso",
        "finance": "Contoso",
        "partner": "Northwind",
        "stranger": "Wingtip",
    }
    (partner,) = (each for each in state["virtualNetworks"] if each.endswith("/vnet-partner"))
    assert partner.startswith("/subscriptions/00000000-0000-4000-8000-000000000004/")

"""Managed DevOps Pools: whose they are, and where their machines are seen."""

import copy
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.azure.agents.managed_pools import claimed, whereabouts
from netcfg.azure.connection import connect
from netcfg.core.agents import CHANGING
from netcfg.core.errors import AzureAnswer, AzureRefused, GraphForbidden, MachinesUndescribed, PermissionMissing
from tests.azure.scripted import Answer, graphed, refusal, scripted

SHARED = "/subscriptions/00000000-0000-4000-8000-000000000002/resourceGroups/rg-shared/providers"
MANAGED = f"{SHARED}/Microsoft.Network/virtualNetworks/vnet-shared/subnets/managed"
ID = f"{SHARED}/Microsoft.DevOpsInfrastructure/pools/linux"
URL = "https://dev.azure.com/contoso"


def row(*organizations, network=None, **profile):
    shown = [{"url": each} if isinstance(each, str) else each for each in organizations]
    return {
        "id": ID,
        "name": "linux",
        "properties": {
            "provisioningState": "Succeeded",
            "organizationProfile": {"kind": "AzureDevOps", "organizations": shown, **profile},
            "fabricProfile": {"kind": "Vmss", "networkProfile": network},
        },
    }


def test_the_pools_of_the_sandbox_are_found_by_one_question_and_each_is_looked_at_as_it_is_now(sandbox, azure):
    found = azure.machines.managed_pools("contoso")
    assert {
        each.name: [*map(str, each.whereabouts.subnets), *map(str, each.whereabouts.addresses)] for each in found
    } == {
        "managed-own-network": [MANAGED.lower()],
        "managed-static": ["191.10.50.11", "191.10.50.12"],
    }
    first, *others = [path for _, path, _ in sandbox.requests]
    assert first == "/providers/Microsoft.ResourceGraph/resources"
    assert sorted(each.rpartition("/")[2] for each in others) == ["managed-own-network", "managed-static"]


def test_what_resource_manager_shows_counts_and_not_what_resource_graph_still_believes(sandbox, azure):
    with sandbox.edit() as state:
        static = pool_of(state, "managed-static")
        state["stale"][static["id"].lower()] = {"until": time.time() + 3600, "was": copy.deepcopy(static)}
        static["properties"]["fabricProfile"]["networkProfile"]["ipAddresses"] = ["191.10.50.21", "191.10.50.22"]
    found = {each.name: each for each in azure.machines.managed_pools("contoso")}
    assert [*map(str, found["managed-static"].whereabouts.addresses)] == ["191.10.50.21", "191.10.50.22"]


def test_a_pool_that_only_resource_graph_still_knows_is_gone():
    (found,) = one(row(URL), refusal(404, "ResourceNotFound", "not found"))
    assert (found.name, found.whereabouts, found.is_registered) == ("linux", None, False)


def test_a_pool_that_serves_another_organization_by_now_is_none_of_ours():
    assert one(row(URL), Answer(row("https://dev.azure.com/fabrikam"))) == ()


def test_a_pool_that_may_be_found_and_not_read_is_its_own_error():
    words = (
        "The client 'a' with object id 'b' does not have authorization to perform action "
        f"'Microsoft.DevOpsInfrastructure/pools/read' over scope '{ID}' or the scope is invalid."
    )
    (found,) = one(row(URL), refusal(403, "AuthorizationFailed", words))
    assert isinstance(found.whereabouts, PermissionMissing)
    assert "assign Reader there" in str(found.whereabouts)


@pytest.mark.parametrize(
    ("state", "expected"), [("Succeeded", True), ("Updating", True), ("Failed", False), (None, False)]
)
def test_a_pool_that_azure_did_not_make_whole_is_not_registered(state, expected):
    shown = row(URL)
    shown["properties"]["provisioningState"] = state
    (found,) = one(row(URL), Answer(shown))
    assert found.is_registered is expected


def one(shown, answer):
    """What is found where Resource Graph shows one pool, and Resource Manager gives `answer` about it."""
    with scripted(graphed(shown), answer) as script, connect("t", resource_manager=script.url) as azure:
        return azure.machines.managed_pools("contoso")


def pool_of(state, name):
    return next(each for each in state["resources"] if each["name"] == name)


@pytest.mark.parametrize("id", [f"{SHARED}/Microsoft.DevOpsInfrastructure/pools/..", "/x", None, f"{ID}/more"])
def test_an_id_that_no_pool_has_is_asked_of_nobody(id):
    with (
        scripted(graphed({**row(URL), "id": id})) as script,
        connect("t", resource_manager=script.url) as azure,
    ):
        (found,) = azure.machines.managed_pools("contoso")
    assert isinstance(found.whereabouts, MachinesUndescribed)
    assert len(script.asked) == 1


def test_a_pool_of_another_organization_is_none_of_ours(azure):
    assert azure.machines.managed_pools("fabrikam") == ()
    assert claimed(row("https://dev.azure.com/fabrikam"), "contoso") is None
    assert (
        claimed(
            {**row(), "properties": {"organizationProfile": {"kind": "GitHub", "organizations": [{"url": URL}]}}},
            "contoso",
        )
        is None
    )


def test_one_pool_may_serve_several_organizations():
    assert claimed(row("https://dev.azure.com/fabrikam", URL), "contoso") == "linux"


@pytest.mark.parametrize(
    ("organization", "profile", "expected"),
    [
        ({"url": URL}, {}, "linux"),
        ({"url": URL}, {"alias": "top"}, "top"),
        ({"url": URL, "alias": "own"}, {"alias": "top"}, "own"),
    ],
)
def test_azure_devops_knows_a_pool_by_its_alias(organization, profile, expected):
    assert claimed(row(organization, **profile), "contoso") == expected


def test_the_older_place_of_the_network_counts_and_the_newer_one_first():
    older = {"networkProfile": {"subnetId": MANAGED}, "fabricProfile": {"kind": "Vmss"}}
    assert [str(each) for each in whereabouts(older, ID).subnets] == [MANAGED.lower()]
    both = {**older, "fabricProfile": {"networkProfile": {"subnetId": f"{MANAGED}-2"}}}
    assert [str(each) for each in whereabouts(both, ID).subnets] == [f"{MANAGED}-2".lower()]


def static(count, *addresses):
    network = {"staticIpAddressCount": count, "ipAddresses": list(addresses)}
    return whereabouts({"fabricProfile": {"networkProfile": network}}, ID)


def test_static_addresses_are_all_there_is_when_they_are_as_many_as_they_should_be():
    found = static(2, "191.10.50.12", "191.10.50.11")
    assert ([*map(str, found.addresses)], found.unknown) == (["191.10.50.11", "191.10.50.12"], "")


@pytest.mark.parametrize(
    ("count", "addresses"),
    [(2, ["191.10.50.11"]), (1, ["191.10.50.11", "191.10.50.12"]), (2, []), (0, ["191.10.50.11"])],
)
def test_more_or_fewer_addresses_than_the_count_says_are_never_all_there_is(count, addresses):
    found = static(count, *addresses)
    assert [*map(str, found.addresses)] == addresses
    assert found.unknown == (
        f"it is to have {count} static addresses and has {len(addresses)}: Azure is changing it, so look later"
    )


def test_a_subnet_may_have_static_addresses_as_well():
    found = whereabouts(
        {"networkProfile": {"subnetId": MANAGED, "staticIPAddressCount": 1, "ipAddresses": ["191.10.50.11"]}}, ID
    )
    assert (len(found.subnets), len(found.addresses), found.unknown) == (1, 1, "")


@pytest.mark.parametrize(
    "properties", [{}, {"fabricProfile": None}, {"fabricProfile": {"networkProfile": {"staticIpAddressCount": 0}}}]
)
def test_a_pool_with_neither_has_changing_addresses(properties):
    assert whereabouts(properties, ID).unknown == CHANGING


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "subnetId": st.sampled_from([None, "", MANAGED]),
            "staticIpAddressCount": st.one_of(st.none(), st.integers(0, 3)),
            "ipAddresses": st.one_of(
                st.none(), st.lists(st.sampled_from(["191.10.50.11", "191.10.50.12"]), max_size=3)
            ),
        },
    ),
    st.booleans(),
)
def test_no_network_is_both_all_that_is_known_and_empty(network, is_older):
    found = whereabouts({"networkProfile": network} if is_older else {"fabricProfile": {"networkProfile": network}}, ID)
    assert found.subnets or found.addresses or found.unknown
    assert found.unknown or network.get("staticIpAddressCount") in (None, len(found.addresses))


@pytest.mark.parametrize(
    "network",
    [
        ["agents"],
        {"subnetId": "agents"},
        {"subnetId": {"id": MANAGED}},
        {"ipAddresses": "191.10.50.11"},
        {"ipAddresses": ["10.0.0.4"]},
        {"ipAddresses": ["191.10.50.0/24"]},
        {"ipAddresses": ["2603:1030::1"]},
        {"ipAddresses": [7]},
        {"staticIpAddressCount": "2"},
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_the_pool(network):
    with pytest.raises(AzureAnswer, match="pools/linux"):
        whereabouts({"fabricProfile": {"networkProfile": network}}, ID)


@pytest.mark.parametrize(
    "network", [["agents"], {"subnetId": "/x"}, {"ipAddresses": ["10.0.0.4"]}, {"ipAddresses": ["2603:1030::1"]}]
)
def test_a_pool_of_ours_that_cannot_be_read_is_its_own_error(network):
    (found,) = one(row(URL), Answer(row(URL, network=network)))
    assert isinstance(found.whereabouts, MachinesUndescribed)
    assert str(found.whereabouts).startswith(f"the network of {ID} cannot be made out: Azure shows ")
    assert "proxy" not in str(found.whereabouts)


@pytest.mark.parametrize("organizations", [None, {}, [7], [{}], [{"url": None}]])
def test_what_names_no_organization_that_can_be_read_is_nobodys_business(organizations):
    shown = row()
    shown["properties"]["organizationProfile"]["organizations"] = organizations
    assert claimed(shown, "contoso") is None


@pytest.mark.parametrize("odd", [{"properties": None}, {"properties": []}, {"properties": {"organizationProfile": 7}}])
def test_an_odd_pool_hides_none_of_ours(odd):
    rows = [{**row(), "id": f"{ID}-odd", **odd}, row(URL)]
    ours = Answer(row(URL, network={"subnetId": MANAGED}))
    with scripted(graphed(*rows), ours) as script, connect("t", resource_manager=script.url) as azure:
        (found,) = azure.machines.managed_pools("contoso")
    assert [*map(str, found.whereabouts.subnets)] == [MANAGED.lower()]


def test_the_pages_of_resource_graph_are_read_to_the_end():
    other = row("https://dev.azure.com/fabrikam") | {"id": f"{ID}-too"}
    first = graphed(other, total=2, token="next")
    with (
        scripted(first, graphed(other, row(URL), total=2), Answer(row(URL))) as script,
        connect("t", resource_manager=script.url) as azure,
    ):
        assert [each.name for each in azure.machines.managed_pools("contoso")] == ["linux"]
    assert script.asked[0].body["query"] == (
        "resources | where type =~ 'microsoft.devopsinfrastructure/pools' | project id, name, properties "
        "| order by id asc"
    )


def test_resource_graph_that_refuses_is_an_error_and_not_none():
    with (
        scripted(refusal(400, "BadRequest", "no subscription")) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(AzureRefused),
    ):
        azure.machines.managed_pools("contoso")


def test_resource_graph_that_may_not_be_asked_names_what_helps():
    """Nobody is given a role on everything for a question about what he may read anyway."""
    words = (
        "The client 'a' with object id 'b' does not have authorization to perform action "
        "'Microsoft.ResourceGraph/resources/read' over scope '/' or the scope is invalid."
    )
    with (
        scripted(refusal(403, "AuthorizationFailed", words)) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(GraphForbidden, match="assign Reader on the subscriptions that the vaults and the agents are in"),
    ):
        azure.machines.managed_pools("contoso")

import pytest

from netcfg.azure.connection import connect
from netcfg.core.errors import (
    AmbiguousSubnet,
    AzureAnswer,
    AzureUnreachable,
    NetcfgError,
    NoSuchSubnet,
    SubnetNotVisible,
)
from netcfg.core.resources import SubnetName, parse_subnet
from netcfg.sandbox.server import serve
from tests.azure.scripted import Answer, graphed, refusal, scripted

NAME = SubnetName("RG", "Net", "Agents")
DENIED = refusal(403, "AuthorizationFailed", "does not have authorization to perform action 'x/read'")
NOWHERE = refusal(404, "ResourceNotFound", "The Resource was not found.")
NO_SUBNET = refusal(404, "NotFound", "Resource /subscriptions/… not found.")
SUBSCRIPTIONS = Answer({"value": [{"subscriptionId": "s-1"}, {"subscriptionId": "s-2"}]})
ONE = Answer({"value": [{"subscriptionId": "s-1"}]})


def id_of(subscription, network="net", group="rg"):
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{network}"


def indexed(**networks):
    """What Resource Graph answers: networks by the name of their subscription, with the names of their subnets."""
    found = [
        {"id": id_of(each.replace("_", "-")), "subnets": [{"name": n} for n in names]}
        for each, names in networks.items()
    ]
    return graphed(*found)


def network(*names):
    return Answer({"id": "x", "properties": {"subnets": [{"name": name} for name in names]}})


def find(names, *answers):
    with scripted(*answers) as script, connect("t", resource_manager=script.url) as azure:
        try:
            return azure.subnets.find(names), script.asked
        except NetcfgError as error:
            return error, script.asked


def test_many_names_are_one_question():
    with serve(world="contoso") as sandbox, connect(sandbox.token, resource_manager=sandbox.url) as azure:
        names = [
            SubnetName("rg-network", "VNET-agents", "Builds"),
            SubnetName("RG-network", "vnet-build", "runners"),
            SubnetName("rg-network", "vnet-agents", "agents"),
        ]
        with sandbox.edit() as state:
            state["virtualNetworks"] = {
                key.replace("/rg-build/", "/rg-network/"): {
                    **each,
                    "id": each["id"].replace("/rg-build/", "/rg-network/"),
                }
                for key, each in state["virtualNetworks"].items()
            }
        assert [each.short for each in azure.subnets.find(names)] == [
            "vnet-agents/builds",
            "vnet-build/runners",
            "vnet-agents/agents",
        ]
        assert [path for _, path, _ in sandbox.requests] == ["/providers/Microsoft.ResourceGraph/resources"]


def test_the_question_names_networks_and_groups_and_has_a_second_page():
    _, asked = find([NAME, SubnetName("rg", "other", "a")], indexed(s_1=["AGENTS"]), ONE, network("a"))
    assert asked[0].body["query"] == (
        "resources | where type =~ 'microsoft.network/virtualnetworks' | where name in~ ('net', 'other') "
        "| where resourceGroup in~ ('rg') | project id, subnets = properties.subnets | order by id asc"
    )


def test_the_name_of_a_network_in_another_group_is_not_meant():
    other = graphed({"id": id_of("s-1", group="other"), "subnets": [{"name": "agents"}]})
    found, _ = find([NAME], other, ONE, NOWHERE)
    assert isinstance(found, SubnetNotVisible)


def test_a_subnet_that_resource_graph_does_not_know_yet_is_found_all_the_same():
    found, asked = find([NAME], indexed(s_1=["builds"]), ONE, network("Builds", "Agents"))
    assert found == (parse_subnet(id_of("s-1") + "/subnets/agents"),)
    assert asked[2].path == f"{id_of('s-1')}?api-version=2026-03-01"


def test_a_graph_that_refuses_does_not_matter():
    found, _ = find([NAME], refusal(400, "BadRequest", "No valid subscriptions."), ONE, network("agents"))
    assert found == (parse_subnet(id_of("s-1") + "/subnets/agents"),)


def test_two_networks_of_one_name_in_the_index_may_be_one_that_was_moved():
    found, _ = find([NAME], indexed(s_1=["agents"], s_2=["agents"]), SUBSCRIPTIONS, NOWHERE, network("agents"))
    assert isinstance(found, tuple)
    assert [each.name for each in found] == ["agents"]


def test_a_name_in_two_subscriptions_is_an_error_with_both_ids():
    error, _ = find([NAME], indexed(s_1=["agents"], s_2=["agents"]), SUBSCRIPTIONS, network("agents"))
    assert isinstance(error, AmbiguousSubnet)
    assert str(error) == (
        "'rg/net/agents' names several subnets; give the id of the one that is meant: "
        f"{id_of('s-1').lower()}/subnets/agents or {id_of('s-2').lower()}/subnets/agents"
    )


def test_a_name_in_two_subscriptions_of_which_one_has_the_subnet_is_no_question():
    found, asked = find([NAME], indexed(s_1=["builds"], s_2=["agents"]))
    assert found == (parse_subnet(id_of("s-2") + "/subnets/agents"),)
    assert len(asked) == 1


def test_a_subnet_that_a_network_does_not_have_is_told_with_those_it_has():
    error, _ = find([NAME], indexed(), ONE, network("agent", "Builds"))
    assert isinstance(error, NoSuchSubnet)
    assert str(error) == (
        "'rg/net/agents' names no subnet: that virtual network has 'agent'; 'builds', and no 'agents'; "
        "did you mean 'agent'?"
    )


def test_a_name_of_nothing_says_how_far_we_looked():
    error, _ = find([NAME], indexed(), SUBSCRIPTIONS, NOWHERE)
    assert str(error) == (
        "no subnet is named 'rg/net/agents' in the 2 subscriptions that this sign-in sees, and what is in others "
        "cannot be known; check the name (resource-group/vnet/subnet), give the resource id, or sign in as somebody "
        "who may read it"
    )


def test_a_subscription_that_cannot_be_read_is_counted():
    error, _ = find([NAME], indexed(), ONE, DENIED)
    assert "in the 1 subscription, of which 1 could not be read, that this sign-in sees" in str(error)


def test_a_subnet_may_be_readable_where_its_network_is_not():
    found, asked = find([NAME], indexed(), ONE, DENIED, Answer({"name": "Agents"}))
    assert found == (parse_subnet(id_of("s-1") + "/subnets/agents"),)
    assert asked[3].path == f"{id_of('s-1').lower()}/subnets/agents?api-version=2026-03-01"
    error, _ = find([NAME], indexed(), ONE, DENIED, NO_SUBNET)
    assert isinstance(error, SubnetNotVisible)


@pytest.mark.parametrize("row", [{}, {"id": 7}, {"id": "net"}, {"id": id_of("s").replace("virtualN", "n")}])
def test_a_row_that_is_no_network_is_an_error(row):
    error, _ = find([NAME], graphed({**row, "subnets": [{"name": "agents"}]}))
    assert isinstance(error, AzureAnswer)


def test_nobody_home():
    with connect("t", resource_manager="http://127.0.0.1:1") as azure, pytest.raises(AzureUnreachable):
        azure.subnets.find([NAME])


def test_no_names_no_questions():
    assert find([], indexed()) == ((), [])

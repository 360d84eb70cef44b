"""What is seen of others before an endpoint is enabled, and what is said to be unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from typing import Any

import pytest

from netcfg.azure.connection import Azure, connect
from netcfg.core.errors import AzureUnreachable
from netcfg.core.resources import SubnetId, parse_subnet
from netcfg.core.rules import Perimeter
from netcfg.core.switchover import Exit, Survey, stranded
from netcfg.sandbox.server import serve
from tests.azure.scripted import Answer, graphed, refusal, scripted

FINANCE = "/subscriptions/00000000-0000-4000-8000-000000000003"


@pytest.fixture
def sandbox() -> Iterator[Any]:
    with serve(world="agents") as running:
        yield running


@pytest.fixture
def survey(azure: Azure, subnet_id: Callable[[str, str], SubnetId]) -> Callable[..., Survey]:
    return lambda *names: azure.neighbourhood.survey([subnet_id("vnet-agents", each) for each in names])


def names(seen: Survey) -> dict[str, list[str]]:
    return {each.subnet.short: [one.vault.name for one in stranded(seen, each.subnet)] for each in seen.exits}


def test_the_address_of_a_nat_gateway_leads_to_the_vaults_that_admit_it(survey: Callable[..., Survey]):
    seen = survey("agents")
    assert seen.exits[0].networks == (IPv4Network("191.10.40.5/32"),)
    assert seen.exits[0].unknown == ()
    assert names(seen) == {"vnet-agents/agents": ["kv-nat"]}
    assert (seen.unreadable, seen.illegible) == ((), ())


def test_every_way_out_of_one_network_is_told_apart(survey: Callable[..., Survey]):
    seen = survey("filtered", "halved", "prefixed", "balanced", "direct", "flexible")
    told = {each.subnet.name: (list(map(str, each.networks)), each.unknown, each.appliance) for each in seen.exits}
    gateway = "a gateway or route server may bring routes into its virtual network"
    assert told == {
        "filtered": ([], ("its route table rt-firewall sends 0.0.0.0/0 to the appliance at 10.60.0.4",), "10.60.0.4"),
        "halved": (
            [],
            ("its route table rt-halves sends 0.0.0.0/1, 128.0.0.0/1 to the appliance at 10.60.0.4", gateway),
            "10.60.0.4",
        ),
        "prefixed": (["191.10.41.4/30"], (), None),
        "balanced": ([], (gateway, "its machines leave by a load balancer"), None),
        "direct": (["191.10.43.9/32"], (), None),
        "flexible": (["191.10.40.5/32"], (gateway,), None),
    }
    assert names(seen)["vnet-agents/prefixed"] == ["kv-prefix"]


def test_any_number_of_subnets_takes_the_same_few_requests(sandbox: Any, survey: Callable[..., Survey]):
    survey("agents", "filtered", "halved", "prefixed", "balanced", "direct", "flexible", "builds")
    asked = sorted((method, path.rpartition("/providers/")[2]) for method, path, _ in sandbox.requests)
    asked.remove(("GET", "Microsoft.KeyVault/vaults/kv-perimeter/networkSecurityPerimeterConfigurations"))
    assert asked == [
        ("GET", "/subscriptions"),
        ("GET", "Microsoft.KeyVault/deletedVaults"),
        ("GET", "Microsoft.KeyVault/deletedVaults"),
        ("POST", "Microsoft.ResourceGraph/resources"),
        ("POST", "Microsoft.ResourceGraph/resources"),
        ("POST", "Microsoft.ResourceGraph/resources"),
        ("POST", "Microsoft.ResourceGraph/resources"),
    ]


def test_a_subscription_whose_vaults_may_not_be_listed_is_named(sandbox: Any, survey: Callable[..., Survey]):
    """The owner of `finance` let us see that it exists, and no more."""
    with sandbox.edit() as state:
        (me,) = [each for each in state["principals"].values() if each["name"] == "netcfg"]
        me["denials"] = [
            {**each, "action": "Microsoft.KeyVault/*"} if each["scope"] == FINANCE else each for each in me["denials"]
        ]
    assert survey("agents").unreadable == ("finance",)


def test_a_subnet_of_another_tenant_has_an_unknown_exit(azure: Azure, subnet_id: Callable[[str, str], SubnetId]):
    (left,) = azure.neighbourhood.survey([subnet_id("vnet-partner", "builds")]).exits
    assert left.unknown == ("its virtual network cannot be seen",)


def test_a_nat_gateway_that_may_not_be_read_is_unknown(sandbox: Any, survey: Callable[..., Survey]):
    with sandbox.edit() as state:
        (me,) = [each for each in state["principals"].values() if each["name"] == "netcfg"]
        me["denials"].append({"scope": "/subscriptions", "action": "Microsoft.Network/natGateways/read"})
    assert survey("agents").exits[0].unknown == ("its NAT gateway nat-agents cannot be seen",)


def rows(*found: dict[str, Any]) -> Answer:
    return graphed(*found)


def scripted_survey(subnets: list[SubnetId], *answers: Answer) -> Survey:
    with scripted(*answers) as script, connect("t", resource_manager=script.url) as azure:
        return azure.neighbourhood.survey(subnets)


def test_where_resource_graph_refuses_nothing_is_known_and_that_is_no_error(subnet_id: Callable[[str, str], SubnetId]):
    agents = subnet_id("vnet-agents", "agents")
    seen = scripted_survey([agents], refusal(403, "AuthorizationFailed", "No."))
    (left,) = seen.exits
    assert left.networks == ()
    assert left.unknown[0].startswith("Resource Graph does not tell (")
    assert seen.unreadable == ("every subscription",)


def test_a_vault_that_this_version_does_not_understand_is_named():
    """A default action that nobody has heard of is neither open nor closed."""
    vault = "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/"
    listed = rows(
        {"id": f"{vault}kv-new", "acls": {"defaultAction": "Perhaps"}, "access": "Enabled"},
        {"id": f"{vault}kv-newer", "acls": None, "access": "Sometimes"},
        {"id": f"{vault}kv-odd", "acls": ["?"], "access": "Enabled"},
        {"id": f"{vault}kv-old", "acls": None, "access": None},
        {"id": "not an id", "acls": None, "access": None},
    )
    with scripted(listed) as script, connect("t", resource_manager=script.url) as azure:
        seen = azure.neighbourhood.survey([])
    assert [each.name for each in seen.vaults] == ["kv-old"]
    assert seen.illegible == ("kv-new", "kv-newer", "kv-odd", "not an id")


def test_an_answer_that_is_cut_short_is_told_as_unseen(subnet_id: Callable[[str, str], SubnetId]):
    """Fewer rows than are counted: what is missing might be the vault that matters, or the NAT gateway."""
    seen = scripted_survey([subnet_id("vnet-agents", "agents")], Answer({"data": [], "count": 3, "totalRecords": 3}))
    assert seen.unreadable == ("every subscription",)
    assert "0 rows where it counts 3" in seen.exits[0].unknown[0]


def test_a_row_without_properties_makes_its_exit_unknown(
    azure: Azure, survey: Callable[..., Survey], monkeypatch: pytest.MonkeyPatch
):
    ask = azure.arm.query

    def without(*asked: Any) -> dict[str, Any]:
        answer = ask(*asked)
        rows = [{**row, "properties": None} if row["id"].endswith("pip-direct") else row for row in answer["data"]]
        return {**answer, "data": rows}

    monkeypatch.setattr(azure.arm, "query", without)
    told = {each.subnet.name: each.unknown for each in survey("agents", "direct").exits}
    assert told == {"agents": (), "direct": ("the public address pip-direct cannot be seen",)}


def test_nothing_is_asked_about_perimeters_where_there_are_none(sandbox: Any, survey: Callable[..., Survey]):
    """But of a vault that says itself that one decides."""
    survey("agents")
    asked = [path.split("/")[-2] for _, path, _ in sandbox.requests if path.endswith("PerimeterConfigurations")]
    assert asked == ["kv-perimeter"]


def holds(*denied: str) -> dict[str, tuple[Perimeter, list[str]]]:
    """How perimeters hold the vaults of contoso, as far as they were asked, to who may not do `denied`."""
    with serve(world="contoso") as sandbox, connect(sandbox.token, resource_manager=sandbox.url) as azure:
        with sandbox.edit() as state:
            network = next(id for id in state["virtualNetworks"] if id.endswith("/vnet-agents"))
            denials = state["principals"]["netcfg"]["denials"]
            denials += [{"scope": "/", "action": each} for each in denied]
        seen = azure.neighbourhood.survey([parse_subnet(f"{network}/subnets/agents")])
    return {each.vault.name: (each.perimeter, list(map(str, each.networks))) for each in seen.holds}


def test_the_vaults_that_a_perimeter_holds_are_asked_whom_it_admits_and_no_others():
    assert holds() == {
        "kv-perimeter": (Perimeter.LEARNING, ["191.10.30.0/24"]),
        "kv-enforced": (Perimeter.ENFORCED, ["191.10.30.0/24"]),
        "kv-learning": (Perimeter.LEARNING, ["191.10.30.0/24"]),
    }


def test_a_perimeter_that_does_not_tell_its_vaults_may_hold_any_of_them():
    told = holds("Microsoft.Network/networkSecurityPerimeters/resourceAssociations/read")
    assert told["kv-enforced"] == (Perimeter.ENFORCED, ["191.10.30.0/24"])
    assert told["kv-nsp-unreadable"] == (Perimeter.UNKNOWN, [])
    assert told["kv-ready"] == (Perimeter.NONE, [])


def test_no_network_is_an_error(subnet_id: Callable[[str, str], SubnetId]):
    with connect("t", resource_manager="http://127.0.0.1:9") as azure, pytest.raises(AzureUnreachable):
        azure.neighbourhood.survey([subnet_id("vnet-agents", "agents")])


def test_a_subnet_that_was_not_asked_about_is_unknown(survey: Callable[..., Survey], subnet_id: Any):
    other = subnet_id("vnet-agents", "builds")
    assert survey("agents").exit_of(other) == Exit(other, unknown=("nobody looked at it",))

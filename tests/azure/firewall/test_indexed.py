"""Many vaults: as Resource Graph shows them, as Resource Manager lists them, and as it shows each; one and the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netcfg.azure import graph
from netcfg.azure.connection import Azure, connect
from netcfg.azure.firewall import indexed
from netcfg.azure.firewall.indexed import parse_row
from netcfg.core.errors import (
    AzureAnswer,
    AzureRefused,
    NotInAzure,
    PermissionMissing,
    UnknownValue,
    VaultNotVisible,
)
from netcfg.core.resources import Vault, VaultId, parse_vault
from netcfg.core.rules import IpRule, Perimeter
from netcfg.core.target import Selection
from netcfg.sandbox.server import Sandbox, serve
from tests.azure.scripted import Answer, refusal, scripted
from tests.sandbox.small import GROUP, SUBSCRIPTION, VAULT, world

HUB = "00000000-0000-4000-8000-000000000002"
TWO = [
    {"id": SUBSCRIPTION.rpartition("/")[2], "name": "one", "resourceGroups": {"rg": "westeurope"}},
    {"id": HUB, "name": "hub", "resourceGroups": {"rg-hub": "westeurope"}},
]
OPEN, CLOSED, AGENTS = (parse_vault(VAULT + name) for name in ("kv-open", "kv-closed", "kv-agents"))
ALL = (OPEN, CLOSED, AGENTS)


def association(group: str, mode: str = "Enforced") -> dict[str, Any]:
    return {
        "group": group,
        "perimeter": "nsp",
        "guid": "00000000-0000-4000-8000-000000000301",
        "accessMode": mode,
        "inbound": ["191.10.30.0/24"],
    }


def denied(*scopes_and_actions: tuple[str, str]) -> list[dict[str, Any]]:
    denials = [{"scope": scope, "action": action} for scope, action in scopes_and_actions]
    return [{"name": "me", "appId": "app", "objectId": "object", "secret": "make-believe", "denials": denials}]


def connected(sandbox: Sandbox) -> Any:
    return connect(sandbox.token, resource_manager=sandbox.url)


def asked(sandbox: Sandbox, part: str) -> list[str]:
    return [path for _, path, _ in sandbox.requests if part.lower() in path.lower()]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Sandbox, Azure]]:
    there = world(subscriptions=TWO, perimeters={"kv-closed": association("hub/rg-hub")})
    with serve(world=there) as sandbox, connected(sandbox) as azure:
        yield sandbox, azure


ADDRESSES = st.lists(st.sampled_from(["191.10.20.7/32", "20.37.158.0/23", "0.0.0.0/0", "not-an-address"]), max_size=4)
ACLS = st.none() | st.builds(
    lambda bypass, action, addresses, more: {
        "bypass": bypass,
        "defaultAction": action,
        "ipRules": [{"value": each} for each in addresses],
        "virtualNetworkRules": [],
        **more,
    },
    st.sampled_from(["AzureServices", "None", "azureservices"]),
    st.sampled_from(["Allow", "Deny", "deny"]),
    ADDRESSES,
    st.sampled_from([{}, {"futureList": ["x"]}]),
)
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe"
CONNECTIONS = st.sampled_from(["Approved", "Pending", "Rejected"]).map(
    lambda status: {
        "id": f"{VAULT}kv-open/privateEndpointConnections/x",
        "properties": {
            "privateEndpoint": {"id": ENDPOINT},
            "privateLinkServiceConnectionState": {"status": status},
            "provisioningState": "Succeeded",
        },
    }
)


@given(
    st.tuples(*[st.tuples(ACLS, st.sampled_from(["Enabled", "Disabled", "SecuredByPerimeter", "disabled"]))] * 3),
    st.lists(CONNECTIONS, max_size=1),
)
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_index_the_lists_and_the_vaults_say_the_same(
    running: tuple[Sandbox, Azure], vaults: Any, connections: list[Any]
):
    sandbox, azure = running
    with sandbox.edit() as state:
        for id, (acls, access) in zip(ALL, vaults, strict=True):
            properties = state["vaults"][id.name]["properties"]
            properties.pop("networkAcls", None)
            properties |= {"publicNetworkAccess": access} | ({"networkAcls": acls} if acls else {})
        state["vaults"]["kv-open"]["properties"]["privateEndpointConnections"] = connections
    read = {id: azure.vaults.read(id) for id in ALL}
    assert azure.vaults.show(ALL) == read
    assert azure.vaults.listed(ALL) == read
    assert azure.vaults.show([each.name for each in ALL]) == {id.name: each for id, each in read.items()}
    assert {each.id: each for each in azure.vaults.select(Selection()).vaults} == read
    assert read[CLOSED].perimeter is Perimeter.ENFORCED


def test_only_what_the_index_shows_is_marked_as_such(running: tuple[Sandbox, Azure]):
    _, azure = running
    assert [each.is_indexed for each in azure.vaults.show(ALL).values() if isinstance(each, Vault)] == [True] * 3
    assert [each.is_indexed for each in azure.vaults.listed(ALL).values() if isinstance(each, Vault)] == [False] * 3
    assert azure.vaults.read(OPEN).is_indexed is False
    assert {each.is_indexed for each in azure.vaults.select(Selection()).vaults} == {True}


def test_equal_firewalls_are_one_object_and_different_ones_are_not():
    acls = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "191.10.20.7/32"}]}
    one, same = (parse_row({"id": VAULT + name, "acls": dict(acls)})[1] for name in ("kv-a", "kv-b"))
    other = parse_row({"id": VAULT + "kv-c", "acls": {**acls, "ipRules": [{"value": "191.10.20.8/32"}]}})[1]
    assert isinstance(one, Vault)
    assert isinstance(same, Vault)
    assert isinstance(other, Vault)
    assert one.firewall is same.firewall
    assert other.firewall.rule_set.ip_rules == (IpRule("191.10.20.8/32"),)


def test_a_firewall_that_is_not_understood_is_an_error_about_its_own_vault():
    for name in ("kv-a", "kv-b"):
        _, found = parse_row({"id": VAULT + name, "acls": {"defaultAction": "Perhaps"}})
        assert isinstance(found, UnknownValue)
        assert name in str(found)


@pytest.mark.parametrize("id", [None, 5, "kv-a", "/subscriptions/s/resourceGroups/rg/providers/A.B/c/d"])
def test_a_row_of_no_vault_is_an_error(id: object):
    with pytest.raises(AzureAnswer, match="where the id of a vault was expected"):
        parse_row({"id": id})


# --- what the index does not show ----------------------------------------------------------------------------------


def test_a_vault_that_the_index_has_not_heard_of_is_read_itself(running: tuple[Sandbox, Azure], monkeypatch: Any):
    _, azure = running
    rows = graph.rows

    def late(*words: Any) -> Any:
        return (row for row in rows(*words) if not row["id"].endswith("kv-open"))

    monkeypatch.setattr(indexed.graph, "rows", late)
    shown = azure.vaults.show([*ALL, "KV-Open"])
    assert shown == {**{id: azure.vaults.read(id) for id in ALL}, "KV-Open": azure.vaults.read(OPEN)}
    assert {str(key): each.is_indexed for key, each in shown.items() if isinstance(each, Vault)} == {
        OPEN.text: False,
        CLOSED.text: True,
        AGENTS.text: True,
        "KV-Open": False,
    }


def test_a_vault_that_is_elsewhere_by_now_is_not_taken_for_the_one_that_was_asked_for(
    running: tuple[Sandbox, Azure],
):
    _, azure = running
    elsewhere = parse_vault((VAULT + "kv-open").replace("/rg/", "/rg-old/"))
    for look in (azure.vaults.show, azure.vaults.listed):
        assert isinstance(look([elsewhere])[elsewhere], NotInAzure)


def test_what_is_nowhere_is_said_by_name_and_the_others_are_read(running: tuple[Sandbox, Azure]):
    _, azure = running
    for look in (azure.vaults.show, azure.vaults.listed):
        found = look([OPEN, "kv-nowhere", "kv-closed"])
        assert isinstance(found["kv-nowhere"], VaultNotVisible)
        assert found[OPEN] == azure.vaults.read(OPEN)
        assert found["kv-closed"] == azure.vaults.read(CLOSED)


def test_a_subscription_whose_list_is_refused_is_read_vault_by_vault():
    me = denied(("one", "Microsoft.KeyVault/vaults/read"))
    with serve(world=world(principals=me)) as sandbox, connected(sandbox) as azure:
        for look in (azure.vaults.show, azure.vaults.listed):
            found = look([OPEN, CLOSED])
            assert [type(each) for each in found.values()] == [PermissionMissing] * 2
            assert OPEN.text in str(found[OPEN])
            assert CLOSED.text in str(found[CLOSED])


def test_a_thousand_vaults_are_one_query_and_more_are_another():
    me = [f"kv-{number:04}" for number in range(1001)]
    empty = {"count": 0, "data": [], "totalRecords": 0, "resultTruncated": "false"}
    with scripted(Answer(empty)) as script, connect("t", resource_manager=script.url) as azure:
        assert indexed.look(azure.arm, me) == {}
        assert [each.body["query"].count("'kv-") for each in script.asked] == [1000, 1]
        assert all("subscriptions" not in each.body for each in script.asked)


def test_ids_are_looked_for_in_their_own_subscriptions_only(running: tuple[Sandbox, Azure]):
    empty = {"count": 0, "data": [], "totalRecords": 0, "resultTruncated": "false"}
    ids = [VaultId("", f"s{number % 2}", "rg", f"kv-{number}") for number in range(4)]
    with scripted(Answer(empty)) as script, connect("t", resource_manager=script.url) as azure:
        assert indexed.look(azure.arm, ids) == {}
        assert [each.body["subscriptions"] for each in script.asked] == [["s0", "s1"]]


def test_who_sees_no_subscription_is_sent_to_resource_manager():
    no = refusal(400, "BadRequest", "No.", details=[{"code": "NoValidSubscriptionsInQueryRequest", "message": "No."}])
    with scripted(no) as script, connect("t", resource_manager=script.url) as azure:
        assert indexed.look(azure.arm, ALL) == {}


# --- perimeters ----------------------------------------------------------------------------------------------------


def perimeters_of(azure: Azure) -> dict[str, Perimeter | type]:
    """How each vault is held, by each of the ways to read many; they must agree."""
    selected = azure.vaults.select(Selection())
    ways: list[dict[str, Any]] = [
        {id.name: each for id, each in azure.vaults.show(ALL).items() if isinstance(id, VaultId)},
        {id.name: each for id, each in azure.vaults.listed(ALL).items() if isinstance(id, VaultId)},
        {each.id.name: each for each in selected.vaults} | {id.name: error for id, error in selected.illegible},
    ]
    found = [
        {name: each.perimeter if isinstance(each, Vault) else type(each) for name, each in way.items()} for way in ways
    ]
    assert found[0] == found[1] == found[2]
    return found[0]


@pytest.mark.parametrize(
    "group", ["one/rg", "hub/rg-hub"], ids=["in the vault's subscription", "in another subscription"]
)
@pytest.mark.parametrize(("mode", "perimeter"), [("Enforced", Perimeter.ENFORCED), ("Learning", Perimeter.LEARNING)])
def test_a_perimeter_is_found_from_its_own_end_and_only_its_members_are_asked(
    group: str, mode: str, perimeter: Perimeter
):
    there = world(subscriptions=TWO, perimeters={"kv-closed": association(group, mode)})
    with serve(world=there) as sandbox, connected(sandbox) as azure:
        assert perimeters_of(azure) == {
            "kv-open": Perimeter.NONE,
            "kv-closed": perimeter,
            "kv-agents": Perimeter.NONE,
        }
        configurations = asked(sandbox, "networkSecurityPerimeterConfigurations")
        assert {each.partition("/vaults/")[2].partition("/")[0] for each in configurations} == {"kv-closed"}


@pytest.mark.parametrize(
    "denial",
    [
        ("one", "Microsoft.Network/networkSecurityPerimeters/read"),
        ("one/rg", "Microsoft.Network/networkSecurityPerimeters/resourceAssociations/read"),
    ],
    ids=["the perimeters of the subscription may not be listed", "what a perimeter holds may not be read"],
)
def test_where_perimeters_may_not_be_read_every_vault_is_asked_itself(denial: tuple[str, str]):
    there = world(perimeters={"kv-closed": association("one/rg")}, principals=denied(denial))
    with serve(world=there) as sandbox, connected(sandbox) as azure:
        assert perimeters_of(azure) == {
            "kv-open": Perimeter.NONE,
            "kv-closed": Perimeter.ENFORCED,
            "kv-agents": Perimeter.NONE,
        }


def test_where_neither_end_may_be_read_it_is_unknown_as_for_a_single_vault():
    denials = (
        ("one", "Microsoft.Network/networkSecurityPerimeters/read"),
        ("one", "Microsoft.KeyVault/vaults/networkSecurityPerimeterConfigurations/read"),
    )
    there = world(perimeters={"kv-closed": association("one/rg")}, principals=denied(*denials))
    with serve(world=there) as sandbox, connected(sandbox) as azure:
        assert set(perimeters_of(azure).values()) == {Perimeter.UNKNOWN}
        assert azure.vaults.read(CLOSED).perimeter is Perimeter.UNKNOWN


def test_a_vault_whose_perimeter_is_not_told_today_is_an_error_beside_the_others(monkeypatch: Any):
    def broken(arm: Any, vault: VaultId) -> Perimeter:
        raise AzureRefused(f"the perimeter of {vault}", "a fault of its own", is_passing=True)

    monkeypatch.setattr("netcfg.azure.firewall.perimeters.read", broken)
    with serve(world=world(perimeters={"kv-closed": association("one/rg")})) as sandbox, connected(sandbox) as azure:
        assert perimeters_of(azure) == {
            "kv-open": Perimeter.NONE,
            "kv-closed": AzureRefused,
            "kv-agents": Perimeter.NONE,
        }


def test_a_lagging_index_shows_what_was_and_a_list_what_is():
    with serve(world=world(settings={"graphLagSeconds": 60})) as sandbox, connected(sandbox) as azure:
        was = azure.vaults.read(CLOSED)
        azure.vaults.write(was, was.firewall.with_rules(ip_rules=(IpRule("1.1.1.1"),)))
        now = azure.vaults.read(CLOSED)
        assert azure.vaults.show([CLOSED])[CLOSED] == was != now
        assert azure.vaults.listed([CLOSED])[CLOSED] == now

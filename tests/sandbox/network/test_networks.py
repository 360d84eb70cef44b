"""Virtual networks and subnets: replaced whole, one write at a time, by long-running operations."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.sandbox.network import subnets
from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.small import AGENTS, BARE, GROUP, NETWORK, VAULT, Client, rules, world


def with_endpoint(subnet: dict) -> dict:
    properties = subnet["properties"] | {"serviceEndpoints": [{"service": "Microsoft.KeyVault"}]}
    return subnet | {"properties": properties}


def test_a_put_of_what_was_read_changes_nothing_but_the_etag(client: Client):
    before = client.get(BARE).json()
    assert client.call("PUT", BARE, before).status_code == 200
    client.finish()
    after = client.get(BARE).json()
    assert after["etag"] != before["etag"]
    assert after | {"etag": ""} == before | {"etag": ""}


def test_what_is_not_sent_is_lost(client: Client):
    client.call("PUT", BARE, {"properties": {"addressPrefix": "10.20.2.0/24"}})
    client.finish()
    assert "routeTable" not in client.get(BARE).json()["properties"]


def test_unknown_properties_are_kept_and_read_only_ones_stay(owner: Client):
    client = owner
    network = (
        "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-network/providers/Microsoft.Network"
    )
    path = f"{network}/virtualNetworks/vnet-agents/subnets/agents"
    before = client.get(path).json()
    sent = with_endpoint(before)
    without = {key: value for key, value in sent["properties"].items() if key != "ipConfigurations"}
    client.call("PUT", path, sent | {"properties": without | {"privateEndpoints": [{"id": "invented"}]}})
    client.finish()
    after = client.get(path).json()["properties"]
    added = after.pop("serviceEndpoints")
    assert after == before["properties"]
    assert added == [{"service": "Microsoft.KeyVault", "locations": ["*"], "provisioningState": "Succeeded"}]


def test_an_endpoint_is_updating_first_and_a_vault_must_wait_for_it(client: Client):
    answer = client.call("PUT", BARE, with_endpoint(client.get(BARE).json()))
    assert answer.json()["properties"]["provisioningState"] == "Updating"
    assert answer.json()["properties"]["serviceEndpoints"][0]["provisioningState"] == "Updating"
    operation = answer.headers["azure-asyncoperation"]
    assert float(answer.headers["retry-after"]) > 0
    assert client.get(operation).json() == {"status": "InProgress"}
    assert client.error(client.patch("kv-open", rules(subnets=[BARE])))[1] == "VirtualNetworkNotValid"
    client.finish()
    assert client.get(operation).json() == {"status": "Succeeded"}
    assert client.patch("kv-open", rules(subnets=[BARE])).status_code == 200


def test_an_endpoint_that_was_there_goes_on_working_meanwhile(client: Client):
    client.call("PUT", AGENTS, client.get(AGENTS).json())
    assert client.patch("kv-open", rules(subnets=[AGENTS])).status_code == 200


def test_one_write_per_network_at_a_time(client: Client):
    subnet = client.get(BARE).json()
    assert client.call("PUT", BARE, subnet).status_code == 200
    refused = client.call("PUT", AGENTS, client.get(AGENTS).json())
    assert client.error(refused)[:2] == (429, "AnotherOperationInProgress")
    assert "retry-after" in refused.headers
    client.finish()
    assert client.call("PUT", AGENTS, client.get(AGENTS).json()).status_code == 200


def test_if_match_speaks_of_the_whole_network(client: Client):
    stale = client.get(AGENTS).json()["etag"]
    client.call("PUT", BARE, client.get(BARE).json())
    client.finish()
    agents = client.get(AGENTS)
    refused = client.call("PUT", AGENTS, agents.json(), **{"If-Match": stale})
    assert client.error(refused)[:2] == (412, "PreconditionFailed")
    assert agents.headers["etag"] == agents.json()["etag"] != stale
    assert client.call("PUT", AGENTS, agents.json(), **{"If-Match": agents.json()["etag"]}).status_code == 200


def test_the_etag_of_the_answer_is_not_the_last_word(client: Client):
    answered = client.call("PUT", BARE, client.get(BARE).json()).json()["etag"]
    client.finish()
    assert client.get(BARE).json()["etag"] != answered


def test_a_subnet_comes_and_goes(client: Client):
    path = f"{NETWORK}/subnets/new"
    assert client.call("PUT", path, {"properties": {"addressPrefix": "10.20.9.0/24"}}).status_code == 201
    client.finish()
    assert [each["name"] for each in client.get(f"{NETWORK}/subnets").json()["value"]] == ["agents", "bare", "new"]
    gone = client.call("DELETE", path)
    assert gone.status_code == 202
    assert client.get(gone.headers["location"]).status_code == 202
    client.finish()
    assert client.get(gone.headers["location"]).status_code == 204
    assert client.error(client.get(path))[:2] == (404, "NotFound")


def test_a_subnet_needs_an_address(client: Client):
    assert client.error(client.call("PUT", BARE, {"properties": {}}))[:2] == (400, "InvalidRequestFormat")


def test_a_network_comes_and_goes(client: Client):
    path = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/other"
    subnets = [{"name": "a", "properties": {"addressPrefix": "10.50.1.0/24"}}]
    body = {
        "location": "westeurope",
        "properties": {"addressSpace": {"addressPrefixes": ["10.50.0.0/16"]}, "subnets": subnets},
    }
    assert client.call("PUT", path, body).status_code == 201
    client.finish()
    listed = client.get(f"{GROUP}/providers/Microsoft.Network/virtualNetworks").json()["value"]
    assert [each["name"] for each in listed] == ["net", "other"]
    assert client.get(path).json()["properties"]["subnets"][0]["properties"]["provisioningState"] == "Succeeded"
    assert client.call("DELETE", path).status_code == 202
    client.finish()
    assert client.error(client.get(path))[:2] == (404, "ResourceNotFound")


def test_an_operation_outlives_its_server(tmp_path):
    with serve(world(), state=tmp_path) as sandbox:
        client = Client(sandbox)
        with client.session:
            operation = client.call("PUT", BARE, with_endpoint(client.get(BARE).json())).headers["azure-asyncoperation"]
    with serve(world(), state=tmp_path) as sandbox:
        client = Client(sandbox)
        path = operation.partition("/subscriptions")[2]
        with client.session:
            assert client.get("/subscriptions" + path).json() == {"status": "InProgress"}
            client.finish()
            assert client.get("/subscriptions" + path).json() == {"status": "Succeeded"}
            assert client.get(BARE).json()["properties"]["serviceEndpoints"][0]["provisioningState"] == "Succeeded"


def test_an_operation_that_nobody_began(client: Client):
    path = f"{GROUP.partition('/resourceGroups')[0]}/providers/Microsoft.Network/locations/westeurope/operations/none"
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", [NETWORK, BARE])
def test_a_lock_on_the_network_covers_its_subnets(sandbox: Sandbox, client: Client, path):
    with sandbox.edit() as state:
        state["locks"].append({"scope": NETWORK, "level": "ReadOnly"})
    assert client.error(client.call("PUT", path, client.get(path).json()))[:2] == (409, "ScopeLocked")


def test_a_vault_of_a_deleted_subnet_keeps_its_dead_rule(client: Client):
    client.call("DELETE", AGENTS)
    client.finish()
    assert client.get(AGENTS).status_code == 404
    assert client.acl("kv-agents")["virtualNetworkRules"] == [{"id": AGENTS.lower()}]
    dead = {"properties": {"networkAcls": client.acl("kv-agents")}}
    assert client.error(client.call("PATCH", VAULT + "kv-agents", dead))[1] == "VirtualNetworkNotValid"


# --- what a subnet names --------------------------------------------------------------------------------------------

NSG = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
LINKS = {
    "networkSecurityGroup": "networkSecurityGroups",
    "routeTable": "routeTables",
    "natGateway": "natGateways",
    "serviceEndpointPolicies": "serviceEndpointPolicies",
}


def named(kind: str, resource_id: str) -> dict:
    value = {"id": resource_id}
    return {"properties": {"addressPrefix": "10.20.2.0/24", kind: [value] if kind.endswith("ies") else value}}


def resource(kind: str, location: str = "westeurope") -> dict:
    made = {"name": "it", "location": location, "tags": {}, "properties": {}}
    return made | {"id": f"{GROUP}/providers/Microsoft.Network/{kind}/it", "type": f"Microsoft.Network/{kind}"}


@pytest.mark.parametrize(("key", "kind"), LINKS.items())
def test_what_a_subnet_names_must_be_joined_each_time(sandbox: Sandbox, client: Client, key, kind):
    """Also what it named before: a PUT links it anew."""
    with sandbox.edit() as state:
        state["resources"].append(resource(kind))
    body = named(key, resource(kind)["id"])
    assert client.call("PUT", BARE, body).status_code == 200
    client.finish()
    action = f"Microsoft.Network/{kind}/join/action"
    with sandbox.edit() as state:
        state["principals"]["me"]["denials"].append({"action": action, "scope": resource(kind)["id"]})
    status, code, message = client.error(client.call("PUT", BARE, client.get(BARE).json()))
    assert (status, code) == (403, "LinkedAuthorizationFailed")
    assert action in message
    assert client.call("PUT", BARE, {"properties": {"addressPrefix": "10.20.2.0/24"}}).status_code == 200


@pytest.mark.parametrize(("key", "kind"), LINKS.items())
def test_what_a_subnet_names_must_be_there_and_in_its_region(sandbox: Sandbox, client: Client, key, kind):
    body = named(key, resource(kind)["id"])
    assert client.error(client.call("PUT", BARE, body))[:2] == (400, "InvalidResourceReference")
    with sandbox.edit() as state:
        state["resources"].append(resource(kind, "northeurope"))
    assert client.error(client.call("PUT", BARE, body))[:2] == (400, "InvalidResourceReference")


def test_a_network_s_put_joins_what_its_subnets_name(client: Client):
    body = {
        "location": "westeurope",
        "properties": {"subnets": [{"name": "bare", **named("networkSecurityGroup", NSG)}]},
    }
    assert client.error(client.call("PUT", NETWORK, body))[:2] == (400, "InvalidResourceReference")


def test_a_delegation_keeps_what_only_azure_writes(sandbox: Sandbox, client: Client):
    """A client library strips what is read only before it sends."""
    stripped = [{"name": "pools", "properties": {"serviceName": "Microsoft.DevOpsInfrastructure/pools"}}]
    with sandbox.edit() as state:
        (network,) = state["virtualNetworks"].values()
        held = network["properties"]["subnets"][1]["properties"]
        properties = stripped[0]["properties"] | {"provisioningState": "Succeeded", "actions": ["join"]}
        held["delegations"] = [{"name": "pools", "properties": properties}]
    client.call("PUT", BARE, {"properties": {"addressPrefix": "10.20.2.0/24", "delegations": stripped}})
    client.finish()
    (after,) = client.get(BARE).json()["properties"]["delegations"]
    assert after["properties"] == properties
    assert after["id"] == f"{BARE}/delegations/pools"


def test_every_busy_subnet_comes_back_byte_for_byte():
    busy = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-busy/providers/Microsoft.Network"
    path = f"{busy}/virtualNetworks/vnet-busy"
    with serve("busy") as sandbox:
        client = Client(sandbox)
        with client.session:
            before = client.get(path).json()["properties"]["subnets"]
            for each in before:
                assert client.call("PUT", each["id"], each, **{"If-Match": "*"}).status_code == 200
                client.finish()
            after = client.get(path).json()["properties"]["subnets"]
    for each in (*before, *after):
        each.pop("etag")
    assert json.dumps(after) == json.dumps(before)


# --- peerings and DNS servers ---------------------------------------------------------------------------------------


def test_peerings_are_shown_in_the_network_and_on_their_own():
    hub = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-hub/providers/Microsoft.Network"
    path = f"{hub}/virtualNetworks/vnet-hub"
    with serve("private") as sandbox:
        client = Client(sandbox)
        with client.session:
            listed = client.get(f"{path}/virtualNetworkPeerings").json()["value"]
            states = {each["name"]: each["properties"]["peeringState"] for each in listed}
            assert states == {"to-agents": "Connected", "to-spoke": "Connected", "to-half": "Initiated"}
            assert client.get(path).json()["properties"]["virtualNetworkPeerings"] == listed
            one = client.get(f"{path}/virtualNetworkPeerings/TO-SPOKE").json()
            assert one["properties"]["remoteVirtualNetwork"]["id"] == f"{hub}/virtualNetworks/vnet-spoke"
            assert one["properties"]["useRemoteGateways"] is False
            missing = client.get(f"{path}/virtualNetworkPeerings/none")
            assert client.error(missing)[:2] == (404, "NotFound")
            own = client.get(f"{hub}/virtualNetworks/vnet-own-dns").json()["properties"]
            assert own["dhcpOptions"] == {"dnsServers": ["10.62.0.4", "10.62.0.5"]}


# --- laws -----------------------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)
SERVICES = st.sampled_from(["Microsoft.KeyVault", "Microsoft.Storage", "Microsoft.Sql"])
ENDPOINTS = st.lists(SERVICES, unique=True).map(lambda names: [{"service": each, "locations": ["*"]} for each in names])
PREFIXES = st.integers(0, 255).map(lambda number: f"10.20.{number}.0/24")
UNKNOWN = st.dictionaries(st.text("abcXYZ", min_size=3), VALUES.filter(lambda each: each is not None), max_size=4)


@given(PREFIXES, ENDPOINTS, UNKNOWN, st.lists(st.builds(dict, id=st.text(max_size=5)), max_size=3))
def test_a_subnet_that_is_sent_as_it_was_found_is_what_it_was(prefix, endpoints, unknown, configurations):
    """Unknown properties and the order of everything too."""
    sent = {"properties": {"addressPrefix": prefix, "serviceEndpoints": endpoints, **unknown}}
    first = subnets.made("/net/subnets/a", sent, None)
    first["properties"] |= {"ipConfigurations": configurations, "provisioningState": "Succeeded"}
    for each in first["properties"]["serviceEndpoints"]:
        each["provisioningState"] = "Succeeded"
    found = json.loads(json.dumps(first))
    again = subnets.made("/net/subnets/a", found, first)
    again["properties"]["provisioningState"] = "Succeeded"
    assert json.dumps(again) == json.dumps(first)
    assert json.dumps(found) == json.dumps(first)

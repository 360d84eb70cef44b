"""Virtual networks and subnets: replaced whole, one write at a time, by long-running operations."""

import pytest

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

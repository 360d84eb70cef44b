"""What somebody else does in the middle of a run."""

from typing import Any

import pytest

from netcfg.sandbox.server import serve
from netcfg.sandbox.worlds import world as worlds
from tests.sandbox.small import GRAPH, SUBSCRIPTION, VAULT, Client, rules, world

NAMES = "resources | where type =~ 'microsoft.keyvault/vaults' | project id, name, properties | order by name asc"


def indexed(client: Client) -> dict[str, Any]:
    answer = client.call("POST", f"{GRAPH}?api-version=2021-03-01", {"query": NAMES}).json()
    return {each["name"]: each["properties"].get("networkAcls") for each in answer["data"]}


def test_a_vault_is_deleted_after_the_second_write_and_only_then(tmp_path):
    deleting = world(meanwhile=[{"afterWrites": 2, "delete": "kv-closed"}])
    with serve(deleting, state=tmp_path) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-open", rules("10.0.0.0/8"))  # refused, so it does not count
            client.patch("kv-open", rules("191.10.21.0/24"))
            assert client.get(VAULT + "kv-closed").status_code == 200
            client.patch("kv-open", rules("191.10.22.0/24"))
            assert client.error(client.get(VAULT + "kv-closed"))[:2] == (404, "ResourceNotFound")
            assert client.error(client.patch("kv-closed", rules()))[:2] == (404, "ResourceNotFound")
            (left,) = client.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults").json()["value"]
            assert left["properties"]["vaultId"] == VAULT + "kv-closed"
    with serve(deleting, state=tmp_path) as sandbox:
        assert (sandbox.state["meanwhile"], sandbox.state["served"]) == ([], 2)


def test_a_rule_comes_and_another_goes_once():
    happening = [
        {"afterWrites": 1, "rule": {"vault": "kv-closed", "add": "191.10.77.7/32", "remove": "191.10.20.7/32"}},
        {"afterWrites": 2, "rule": {"vault": "kv-open", "add": "191.10.77.8/32"}},
    ]
    with serve(world(meanwhile=happening)) as sandbox:
        client = Client(sandbox)
        with client.session:
            before = client.get(VAULT + "kv-closed").json()["systemData"]
            client.patch("kv-agents", {})
            after = client.get(VAULT + "kv-closed").json()
            assert after["properties"]["networkAcls"]["ipRules"] == [{"value": "191.10.77.7/32"}]
            assert after["systemData"]["lastModifiedAt"] > before["lastModifiedAt"]
            assert client.acl("kv-open") is None
            client.patch("kv-agents", {})
            client.patch("kv-agents", {})
            assert client.acl("kv-open") == {
                "bypass": "AzureServices",
                "defaultAction": "Deny",
                "ipRules": [{"value": "191.10.77.8/32"}],
                "virtualNetworkRules": [],
            }


def test_who_meets_a_write_to_the_same_vault_comes_again_after_the_next_one():
    with serve(world(meanwhile=[{"afterWrites": 1, "rule": {"vault": "kv-open", "add": "191.10.77.7/32"}}])) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-open", rules("191.10.21.0/24"))
            assert client.acl("kv-open")["ipRules"] == [{"value": "191.10.21.0/24"}]
            client.patch("kv-closed", {})
            assert client.acl("kv-open")["ipRules"] == [{"value": "191.10.21.0/24"}, {"value": "191.10.77.7/32"}]


def test_resource_graph_shows_a_deleted_vault_for_a_while_and_a_new_one_not_yet():
    with serve(world(settings={"graphLagSeconds": 60})) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.call("DELETE", VAULT + "kv-closed")
            made = {
                "location": "westeurope",
                "properties": {"tenantId": "t", "sku": {"family": "A", "name": "standard"}},
            }
            assert client.call("PUT", VAULT + "kv-new", made).status_code == 200
            assert list(indexed(client)) == ["kv-agents", "kv-closed", "kv-open"]
            with sandbox.edit() as state:
                for each in state["stale"].values():
                    each["until"] = 0
            assert list(indexed(client)) == ["kv-agents", "kv-new", "kv-open"]


@pytest.mark.parametrize(
    ("each", "problem"),
    [
        ({"afterWrites": 1, "delete": "kv-none"}, "the vault 'kv-none'"),
        ({"afterWrites": 1, "burn": "kv-open"}, "nothing can happen meanwhile as .*burn"),
        ({"delete": "kv-open"}, "nothing can happen meanwhile"),
    ],
)
def test_what_cannot_happen_is_no_world(each, problem):
    with pytest.raises(ValueError, match=problem):
        worlds.begin(world(meanwhile=[each]))

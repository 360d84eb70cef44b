"""Custom roles, by their JSON: what is not in them cannot be done."""

import pytest

from netcfg.sandbox.manager import roles
from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.small import AGENTS, GRAPH, NETWORK, SUBSCRIPTION, VAULT, Client, rules, world

JOIN = "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"


def role(*actions: str, **more):
    return {"Name": "netcfg", "IsCustom": True, "AssignableScopes": [SUBSCRIPTION], "Actions": list(actions), **more}


def holder(sandbox: Sandbox, *actions: str, **more) -> Client:
    """The default principal, who may do no more than this from now on."""
    sandbox.grant("me", role(*actions, **more), SUBSCRIPTION)
    return Client(sandbox)


def test_what_is_not_in_the_role_is_refused_and_named(sandbox: Sandbox):
    client = holder(sandbox, "Microsoft.KeyVault/vaults/read")
    with client.session:
        assert client.get(VAULT + "kv-open").status_code == 200
        status, code, message = client.error(client.patch("kv-open", rules("191.10.21.0/24")))
    assert (status, code) == (403, "AuthorizationFailed")
    assert "does not have authorization to perform action 'Microsoft.KeyVault/vaults/write' over scope" in message
    assert sandbox.state["vaults"]["kv-open"]["properties"].get("networkAcls") is None


def test_rules_and_tags_need_no_more_than_to_write_the_vault(sandbox: Sandbox):
    client = holder(sandbox, "Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/write")
    with client.session:
        assert client.patch("kv-open", rules("191.10.21.0/24") | {"tags": {"a": "b"}}).status_code == 200
        assert client.error(client.call("DELETE", VAULT + "kv-open"))[:2] == (403, "AuthorizationFailed")


def test_a_subnet_that_is_new_in_the_rules_must_be_joined(sandbox: Sandbox):
    client = holder(sandbox, "Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/write")
    with client.session:
        status, code, message = client.error(client.patch("kv-open", rules(subnets=[AGENTS])))
        assert (status, code) == (403, "LinkedAuthorizationFailed")
        assert f"'{JOIN}' on the linked scope(s) '{AGENTS.lower()}'" in message
        assert client.patch("kv-agents", rules("191.10.21.0/24", subnets=[AGENTS])).status_code == 200
    client = holder(sandbox, "Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/write", JOIN)
    with client.session:
        assert client.patch("kv-open", rules(subnets=[AGENTS])).status_code == 200


def test_wildcards_and_what_is_taken_out_of_them(sandbox: Sandbox):
    client = holder(sandbox, "Microsoft.KeyVault/*", "*/read", NotActions=["Microsoft.KeyVault/vaults/delete"])
    with client.session:
        assert client.get(NETWORK).status_code == 200
        assert client.patch("kv-open", {}).status_code == 200
        assert client.error(client.call("DELETE", VAULT + "kv-open"))[:2] == (403, "AuthorizationFailed")


def test_resource_graph_shows_what_the_role_reads(sandbox: Sandbox):
    client = holder(sandbox, "Microsoft.KeyVault/vaults/read")
    query = {"query": "resources | project id, type"}
    with client.session:
        rows = client.call("POST", f"{GRAPH}?api-version=2021-03-01", query).json()["data"]
    assert {row["type"] for row in rows} == {"microsoft.keyvault/vaults"}
    assert len(rows) == 3


@pytest.mark.parametrize(("taken", "status"), [([], 200), (["Microsoft.KeyVault/vaults/secrets/*"], 403)])
def test_data_actions_are_of_the_data_plane(sandbox: Sandbox, taken, status):
    reads = "Microsoft.KeyVault/vaults/secrets/readMetadata/action"
    client = holder(sandbox, DataActions=[reads], NotDataActions=taken)
    subnet = {"x-sandbox-client-subnet": AGENTS}
    with client.session:
        assert client.get("/vault.azure.net/kv-agents/secrets", **subnet).status_code == status
        assert client.get(VAULT + "kv-agents").status_code == 403


def test_the_shape_of_the_rest_api_says_the_same():
    permissions = [{"actions": ["a/read"], "notActions": ["a/b/read"], "dataActions": [], "notDataActions": []}]
    shown = {"name": "guid", "properties": {"roleName": "netcfg", "type": "CustomRole", "permissions": permissions}}
    assert roles.defined(shown) == roles.defined(role("a/read", NotActions=["a/b/read"]))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (role(Action=["*"]), "the role 'netcfg' has the keys action; known are actions, notActions"),
        ({"Actions": ["*"]}, "the role '' has no name"),
        (role(), "the role 'netcfg' allows nothing"),
    ],
)
def test_a_definition_that_makes_no_sense(written, said):
    with pytest.raises(ValueError, match=said):
        roles.defined(written)


def test_a_world_gives_a_custom_role_by_its_name():
    written = world(
        principals=[{"name": "me", "appId": "app", "objectId": "object", "secret": "s", "grantedOnly": True}],
        roleDefinitions=[role("Microsoft.KeyVault/vaults/read", "Microsoft.Authorization/*/read")],
        roleAssignments=[{"principal": "me", "role": "netcfg", "scope": "one/rg"}],
    )
    with serve(written) as sandbox:
        client = Client(sandbox)
        with client.session:
            assert client.get(VAULT + "kv-open").status_code == 200
            assert client.patch("kv-open", {}).status_code == 403
            path = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Authorization/roleDefinitions"
            found = client.get(f"{path}?$filter=roleName eq 'netcfg'&api-version=2022-04-01").json()["value"]
            assert [each["properties"]["type"] for each in found] == ["CustomRole"]
            assert found[0]["properties"]["permissions"][0]["actions"][0] == "Microsoft.KeyVault/vaults/read"

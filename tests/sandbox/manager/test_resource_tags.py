"""Tags: how many a resource may have, what they may be called, and where they are shown."""

import pytest

from netcfg.sandbox.server import serve
from tests.sandbox.small import GRAPH, GROUP, SUBSCRIPTION, VAULT, Client, rules, world

TAGGED = world(vaults=[{"name": "kv-open", "group": "one/rg", "tags": {"team": "payments", "cost": "7"}}])
FIFTY = {f"name-{number}": "" for number in range(50)}


def tags(client: Client, vault: str = "kv-open"):
    return client.get(VAULT + vault).json()["tags"]


def test_tags_that_are_sent_replace_all_that_were_there():
    with serve(TAGGED) as sandbox:
        client = Client(sandbox)
        with client.session:
            answered = client.patch("kv-open", {"tags": {"other": "1"}})
            assert (answered.status_code, answered.json()["tags"]) == (200, {"other": "1"})
            assert tags(client) == {"other": "1"}
            client.patch("kv-open", {"tags": {}})
            assert tags(client) == {}


@pytest.mark.parametrize("body", [{}, {"tags": None}, {"properties": {}}, rules("191.10.21.0/24")])
def test_tags_that_are_not_sent_stay(body):
    with serve(TAGGED) as sandbox:
        client = Client(sandbox)
        with client.session:
            assert client.patch("kv-open", body).status_code == 200
            assert tags(client) == {"team": "payments", "cost": "7"}


def test_rules_and_tags_come_in_one_write(client: Client):
    body = rules("191.10.21.0/24") | {"tags": {"netcfg-exec-1": "191.10.21.0/32 until 2026-07-01T13:00:00Z"}}
    shown = client.patch("kv-open", body).json()
    assert shown["tags"] == {"netcfg-exec-1": "191.10.21.0/32 until 2026-07-01T13:00:00Z"}
    assert shown["properties"]["networkAcls"]["ipRules"] == [{"value": "191.10.21.0/24"}]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (FIFTY | {"one-more": ""}, "TagsLimitExceeded"),
        ({"a" * 513: ""}, "InvalidTagName"),
        ({" ": ""}, "InvalidTagName"),
        ({"a/b": ""}, "InvalidTagNameCharacters"),
        ({"100%": ""}, "InvalidTagNameCharacters"),
        ({"a\\b": ""}, "InvalidTagNameCharacters"),
        ({"a\nb": ""}, "InvalidTagNameCharacters"),
        ({"a": "b" * 257}, "InvalidTagValueLength"),
        ({"team": "1", "Team": "2"}, "DuplicateTagNames"),
        ({"team": 1}, "InvalidRequestContent"),
        (["team"], "InvalidRequestContent"),
    ],
)
def test_tags_that_no_resource_can_have_and_nothing_of_the_write_is_kept(client: Client, sent, code):
    status, found, _ = client.error(client.patch("kv-open", rules("191.10.21.0/24") | {"tags": sent}))
    assert (status, found) == (400, code)
    assert client.acl("kv-open") is None
    assert tags(client) == {}


@pytest.mark.parametrize("sent", [FIFTY, {"a" * 512: "b" * 256}, {"team (all)": ""}, {"a": None}])
def test_tags_that_just_pass(client: Client, sent):
    client.patch("kv-open", {"tags": sent})
    assert tags(client) == {name: value or "" for name, value in sent.items()}


def test_a_put_without_tags_takes_them_away():
    body = {"location": "westeurope", "properties": {"tenantId": "t", "sku": {"family": "A", "name": "standard"}}}
    with serve(TAGGED) as sandbox:
        client = Client(sandbox)
        with client.session:
            assert client.call("PUT", VAULT + "kv-open", body).status_code == 200
            assert tags(client) == {}


def test_tags_are_shown_wherever_the_vault_is():
    with serve(TAGGED) as sandbox:
        client = Client(sandbox)
        with client.session:
            client.patch("kv-open", {"tags": {"one": "1"}})
            for scope in (SUBSCRIPTION, GROUP):
                listed = client.get(f"{scope}/providers/Microsoft.KeyVault/vaults").json()["value"]
                assert [each["tags"] for each in listed] == [{"one": "1"}]
            query = {"query": "resources | where type =~ 'microsoft.keyvault/vaults' | project id, tags"}
            rows = client.call("POST", f"{GRAPH}?api-version=2021-03-01", query).json()["data"]
            assert [row["tags"] for row in rows] == [{"one": "1"}]
            client.call("DELETE", VAULT + "kv-open")
            deleted = client.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults").json()["value"]
            assert [each["properties"]["tags"] for each in deleted] == [{"one": "1"}]


def test_a_virtual_network_s_tags_are_held_to_the_same(client: Client):
    path = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
    body = client.get(path).json() | {"tags": {"a?": ""}}
    assert client.error(client.call("PUT", path, body))[:2] == (400, "InvalidTagNameCharacters")

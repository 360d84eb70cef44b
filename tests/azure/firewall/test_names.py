import pytest

from netcfg.azure.connection import connect
from netcfg.core.errors import AzureAnswer, AzureUnreachable, BadIdentifier, VaultNotVisible
from tests.azure.scripted import Answer, refusal, scripted

EMPTY = Answer({"totalRecords": 0, "count": 0, "data": [], "resultTruncated": "false"})


def id_of(name, group="rg"):
    return f"/subscriptions/s-1/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"


def found(*ids, token=None):
    return Answer({"data": [{"id": id} for id in ids], **({"$skipToken": token} if token else {})})


def find(names, *answers):
    with scripted(*answers) as script, connect("t", resource_manager=script.url) as azure:
        return azure.vaults.find(names), script.asked


def test_many_names_are_one_question(sandbox, azure, vault_id):
    names = ["kv-orders", "KV-Payments", "kv-us", "kv-ready", "kv-disabled", "kv-wide", "kv-learning"]
    assert azure.vaults.find(names) == {name: vault_id(name.lower()) for name in names}
    assert {path for _, path, _ in sandbox.requests} == {"/providers/Microsoft.ResourceGraph/resources"}


def test_a_name_that_resource_graph_does_not_know_yet_is_found_all_the_same():
    subscriptions = Answer({"value": [{"subscriptionId": "s-1"}]})
    known, asked = find(["a-1", "b-1"], found(id_of("a-1")), subscriptions, Answer({"value": [{"id": id_of("b-1")}]}))
    assert {name: each.name for name, each in known.items()} == {"a-1": "a-1", "b-1": "b-1"}
    assert len(asked) == 3


def test_a_name_of_nobody_says_how_far_we_looked(azure):
    error = azure.vaults.find(["kv-nowhere"])["kv-nowhere"]
    assert isinstance(error, VaultNotVisible)
    assert str(error) == (
        "no vault is named 'kv-nowhere' in the 2 subscriptions that this sign-in sees, and what is in others cannot be "
        "known; check the name, give the resource id, or sign in as somebody who may read it"
    )


def test_the_pages_of_resource_graph_are_read_to_the_end():
    known, asked = find(["a-1", "b-1"], found(id_of("a-1"), token="next"), found(id_of("b-1")))
    assert sorted(each.name for each in known.values()) == ["a-1", "b-1"]
    assert [each.body["options"].get("$skipToken") for each in asked] == [None, "next"]
    assert asked[0].body == {
        "query": "resources | where type =~ 'microsoft.keyvault/vaults' | where name in~ ('a-1', 'b-1') "
        "| project id | order by id asc",
        "options": {"$top": 1000, "resultFormat": "objectArray"},
    }


def test_more_than_a_thousand_names_are_more_than_one_question():
    names = [f"kv-{number:04}" for number in range(1001)]
    known, asked = find(names, found(*map(id_of, names[:1000])), found(id_of(names[1000])))
    assert [known[name].name for name in names] == names
    assert len(asked) == 2


def test_a_vault_in_two_places_was_moved_and_resource_manager_knows_where_to():
    moved = found(id_of("a-1", "old"), id_of("a-1", "new"))
    subscriptions = Answer({"value": [{"subscriptionId": "s-1"}]})
    known, asked = find(["a-1"], moved, subscriptions, Answer({"value": [{"id": id_of("a-1", "new")}]}))
    assert known["a-1"].resource_group == "new"
    assert asked[2].path == (
        "/subscriptions/s-1/resources?$filter=resourceType%20eq%20%27Microsoft.KeyVault%2Fvaults%27%20and%20"
        "name%20eq%20%27a-1%27&api-version=2021-04-01"
    )


def test_a_graph_that_refuses_is_asked_no_more_and_nothing_is_visible_then():
    no = refusal(400, "BadRequest", "No valid subscriptions.")
    known, _ = find(["a-1"], no, Answer({"value": []}))
    assert "in the 0 subscriptions that this sign-in sees" in str(known["a-1"])


def test_a_subscription_that_cannot_be_read_is_counted():
    denied = refusal(403, "AuthorizationFailed", "does not have authorization to perform action 'x/read'")
    known, _ = find(["a-1"], EMPTY, Answer({"value": [{"subscriptionId": "s-1"}]}), denied)
    assert "in the 1 subscription, of which 1 could not be read, that this sign-in sees" in str(known["a-1"])


@pytest.mark.parametrize(
    "row", [{}, {"id": 7}, {"id": "kv"}, {"id": "a-1"}, {"id": id_of("a-1").replace("vaults", "hsms")}]
)
def test_a_row_that_is_no_vault_is_an_error_for_every_name(row):
    known, _ = find(["a-1", "b-1"], Answer({"data": [row]}))
    assert all(isinstance(each, AzureAnswer) for each in known.values())


def test_without_a_network_every_name_says_so():
    with connect("t", resource_manager="http://127.0.0.1:1") as azure:
        assert {type(each) for each in azure.vaults.find(["a-1", "b-1"]).values()} == {AzureUnreachable}


@pytest.mark.parametrize("name", ["a'b", "x') | project tags //", "a b", "\\"])
def test_nothing_but_a_name_gets_into_a_query(name):
    known, asked = find([name], EMPTY)
    assert isinstance(known[name], BadIdentifier)
    assert asked == []


def test_no_names_no_questions():
    known, asked = find([], EMPTY)
    assert (known, asked) == ({}, [])

import urllib.request

import pytest

from netcfg.azure.connection import connect
from netcfg.azure.dataplane.door import Door, unasked
from netcfg.core.errors import AzureAnswer, AzureUnreachable, BadIdentifier, NotInAzure, VaultDeleted, VaultNotVisible
from netcfg.core.resources import parse_vault
from tests.azure.scripted import Answer, graphed, refusal, scripted

EMPTY = graphed()


def id_of(name, group="rg"):
    return f"/subscriptions/s-1/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"


def found(*ids, **more):
    return graphed(*({"id": id} for id in ids), **more)


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
    known, asked = find(["a-1", "b-1"], found(id_of("a-1"), total=2, token="next"), found(id_of("a-1"), id_of("b-1")))
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
    known, _ = find(["a-1", "b-1"], graphed(row))
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


SEEN = Answer({"value": [{"subscriptionId": "s-1"}]})
NONE = Answer({"value": []})
DELETED = {
    "vaultId": id_of("KV-Gone"),
    "location": "westeurope",
    "deletionDate": "2026-11-02T10:00:00Z",
    "scheduledPurgeDate": "2027-01-31T10:00:00Z",
}


def missing(names, *, knock=unasked, deleted=NONE, there=NONE):
    """What is said of names that Resource Graph does not know, and what was asked."""
    by = {"ResourceGraph": EMPTY, "/subscriptions?": SEEN, "/deletedVaults": deleted, "/resources?": there}
    with scripted(NONE, by=by) as script, connect("t", resource_manager=script.url, knock=knock) as azure:
        return azure.vaults.find(names), [each.path.partition("?")[0] for each in script.asked]


def test_a_deleted_vault_says_when_it_goes_and_how_to_get_it_back():
    known, _ = missing(["kv-gone"], deleted=Answer({"value": [{"properties": DELETED}]}))
    assert isinstance(known["kv-gone"], NotInAzure)
    assert str(known["kv-gone"]) == (
        f"the vault {id_of('KV-Gone')} was deleted on 2026-11-02 and will be purged on 2027-01-31; if it is still "
        "needed, get it back with 'az keyvault recover --name kv-gone --location westeurope --subscription s-1', else "
        "leave it out"
    )


@pytest.mark.parametrize(
    "deleted",
    [
        refusal(403, "AuthorizationFailed", "No."),
        refusal(429, "TooManyRequests", "No.", {"Retry-After": "0.01"}),
        Answer("<html>"),
        Answer({"value": [{}, {"properties": 7}, {"properties": {"vaultId": "/x"}}, {"properties": {"vaultId": 7}}]}),
        Answer({"value": [{"properties": {**DELETED, "vaultId": id_of("kv-other")}}]}),
    ],
)
def test_who_may_not_see_what_was_deleted_learns_less_and_nothing_wrong(deleted):
    known, _ = missing(["kv-gone"], deleted=deleted)
    assert isinstance(known["kv-gone"], VaultNotVisible)


def test_days_that_are_not_told_are_not_guessed():
    known, _ = missing(["kv-gone"], deleted=Answer({"value": [{"properties": {"vaultId": id_of("kv-gone")}}]}))
    assert "was deleted on a day that is not known and will be purged on a day that is not known" in str(
        known["kv-gone"]
    )


@pytest.mark.parametrize(
    ("door", "words"),
    [
        (
            Door("t-2", "t-1", "h"),
            "vault 'kv-x' belongs to tenant t-2, and the sign-in is to tenant t-1; run 'az login",
        ),
        (Door("t-1", "t-1", "h"), "there is a vault named 'kv-x' in this tenant, and it is not in the 1 subscription"),
        (Door("t-1", "", "h"), "there is a vault named 'kv-x' in this tenant"),
        (Door(host="kv-x.example", is_nowhere=True), "there is no vault named 'kv-x': no subscription that this sign-"),
        (Door(), "no vault is named 'kv-x' in the 1 subscription that this sign-in sees, and what is in others"),
    ],
)
def test_the_vault_itself_says_whose_it_is(door, words):
    known, _ = missing(["kv-x"], knock=lambda name: door)
    assert str(known["kv-x"]).startswith(words)


def test_no_vault_is_asked_that_was_found():
    asked = []
    known, paths = missing(
        ["kv-a", "kv-gone"],
        knock=lambda name: asked.append(name) or Door(),
        there=Answer({"value": [{"id": id_of("kv-a")}]}),
        deleted=Answer({"value": [{"properties": DELETED}]}),
    )
    assert known["kv-a"].name == "kv-a"
    assert asked == []
    assert paths.count("/subscriptions/s-1/providers/Microsoft.KeyVault/deletedVaults") == 1


def test_of_very_many_vaults_that_are_nowhere_only_some_are_asked():
    asked = []
    known, paths = missing(
        [f"kv-{number:03}" for number in range(100)], knock=lambda name: asked.append(name) or Door()
    )
    assert len(known) == 100
    assert len(asked) == 32
    assert len(paths) == 4


def test_a_name_that_resource_manager_shows_in_two_places_is_ambiguous():
    both = Answer({"value": [{"id": id_of("kv-a", "old")}, {"id": id_of("kv-a", "new")}]})
    known, _ = missing(["kv-a"], there=both)
    assert str(known["kv-a"]) == (
        f"'kv-a' stands for several vaults, {id_of('kv-a', 'new')} and {id_of('kv-a', 'old')}, and one of them may be "
        "on the way to the other; give the resource id of the one that is meant, or wait until it has been moved"
    )


def test_a_vault_that_was_deleted_a_moment_ago_says_so_instead_of_being_unknown(azure, sandbox, vault_id):
    vault = vault_id("kv-orders")
    call = urllib.request.Request(
        f"{sandbox.url}{vault}?api-version=2023-07-01",
        method="DELETE",
        headers={"Authorization": f"Bearer {sandbox.token}"},
    )
    urllib.request.urlopen(call).close()
    with pytest.raises(
        VaultDeleted, match=f"^the vault {vault} was deleted on .*'az keyvault recover --name kv-orders"
    ):
        azure.vaults.read(vault)


def test_an_id_of_nobody_is_not_called_deleted(azure, vault_id):
    vault = parse_vault(vault_id("kv-orders").text.replace("kv-orders", "kv-never"))
    with pytest.raises(NotInAzure, match=r"^Azure knows no vault"):
        azure.vaults.read(vault)

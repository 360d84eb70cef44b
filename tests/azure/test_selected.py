"""Selecting: the vaults of a place or with a tag, and every place that is named and not seen whole."""

from __future__ import annotations

import time
from typing import Any

import pytest

from netcfg.azure.connection import Azure, connect
from netcfg.core.errors import AmbiguousVault, AzureAnswer, AzureRefused, NetcfgError
from netcfg.core.target import Selected, Selection
from tests.azure.scripted import Answer, refusal, scripted

PRODUCTION = "00000000-0000-4000-8000-000000000001"
PLATFORM = "00000000-0000-4000-8000-000000000002"
FINANCE = "00000000-0000-4000-8000-000000000003"  # not for this sign-in
SUBSCRIPTIONS = Answer({"value": [{"subscriptionId": PRODUCTION, "displayName": "production"}]})


EMPTY = Answer({"value": []})


def found(*rows: dict[str, Any]) -> Answer:
    return Answer({"count": len(rows), "totalRecords": len(rows), "data": list(rows), "resultTruncated": "false"})


def names(found: Selected) -> list[str]:
    return [each.name for each in found.vaults]


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (Selection(subscriptions=(PLATFORM,)), ["kv-elsewhere"]),
        (Selection(subscriptions=(PLATFORM.upper(),)), ["kv-elsewhere"]),
        (Selection((PRODUCTION, PLATFORM), ("RG-US",)), ["kv-us"]),
        (
            Selection((PRODUCTION,), ("rg-payments",)),
            ["kv-disabled", "kv-hidden", "kv-orders", "kv-payments", "kv-ready"],
        ),
        (Selection(tags=(("team", "payments"),)), ["kv-payments", "kv-ready"]),
        (Selection(tags=(("TEAM", "payments"),)), ["kv-payments", "kv-ready"]),
        (Selection(tags=(("team", "Payments"),)), []),
        (
            Selection(
                tags=(("team", "payments"), ("env", "")),
            ),
            [],
        ),
        (Selection((PLATFORM,), tags=(("team", "payments"),)), []),
    ],
)
def test_what_is_selected_is_found(azure: Azure, selection: Selection, found: list[str]):
    seen = azure.vaults.select(selection)
    assert names(seen) == found
    assert seen.unseen == ()


def test_a_tag_value_may_hold_what_would_end_a_query(azure: Azure, sandbox: Any):
    with sandbox.edit() as state:
        state["vaults"]["kv-us"]["tags"] = {"note": 'it\'s "x" \\ | limit 1'}
    assert names(azure.vaults.select(Selection(tags=(("Note", 'it\'s "x" \\ | limit 1'),)))) == ["kv-us"]


@pytest.mark.parametrize("selection", [Selection(), Selection(tags=(("team", "payments"),))])
def test_one_query_is_asked_and_every_subscription_whether_it_shows_all(
    azure: Azure, sandbox: Any, selection: Selection
):
    seen = azure.vaults.select(selection)
    asked = [(method, path) for method, path, _ in sandbox.requests if "ecurityperimeter" not in path.lower()]
    assert asked.count(("GET", f"/subscriptions/{PRODUCTION}/providers/Microsoft.KeyVault/deletedVaults")) == 1
    assert asked.count(("GET", f"/subscriptions/{PLATFORM}/providers/Microsoft.KeyVault/deletedVaults")) == 1
    assert seen.said == ("2 subscriptions are visible to this sign-in; vaults in others cannot be known",)


def test_all_is_what_every_visible_subscription_has(azure: Azure, sandbox: Any):
    seen = azure.vaults.select(Selection())
    finance = {name for name, each in sandbox.state["vaults"].items() if FINANCE in each["id"]}
    assert sorted(names(seen)) == sorted({*sandbox.state["vaults"]} - finance - {"kv-secret"})  # which may not be read
    assert seen.unseen == ()


def test_a_subscription_that_shows_a_part_only_is_named_where_everything_is_meant(azure: Azure, sandbox: Any):
    group = f"/subscriptions/{PLATFORM}/resourceGroups/rg-shared"
    denied = {"scope": f"/subscriptions/{PLATFORM}", "action": "*", "except": [group]}
    with sandbox.edit() as state:
        state["principals"]["netcfg"]["denials"].append(denied)
    for selection in (Selection(), Selection(tags=(("team", "payments"),))):
        ((place, error),) = azure.vaults.select(selection).unseen
        assert place == f"/subscriptions/{PLATFORM}"
        assert str(error).startswith(f"this sign-in may see only some of the vaults of /subscriptions/{PLATFORM}, so")


def test_a_subscription_that_is_not_shown_is_named(azure: Azure):
    seen = azure.vaults.select(Selection(subscriptions=(PLATFORM, FINANCE)))
    assert names(seen) == ["kv-elsewhere"]
    ((place, error),) = seen.unseen
    assert place == f"/subscriptions/{FINANCE}"
    assert str(error).startswith(f"this sign-in does not see the subscription {FINANCE}, so which vaults are selected")


def test_a_group_that_is_nowhere_is_named(azure: Azure):
    seen = azure.vaults.select(Selection(resource_groups=("rg-us", "rg-su")))
    assert names(seen) == ["kv-us"]
    assert [str(error) for _, error in seen.unseen] == [
        "there is no resource group 'rg-su' in any of the subscriptions that were looked at, 2 in all; check its name"
    ]


def test_a_group_that_may_not_be_read_in_one_subscription_is_not_overlooked(azure: Azure, sandbox: Any):
    group = f"/subscriptions/{PLATFORM}/resourceGroups/rg-shared"
    denied = {"scope": group, "action": "Microsoft.KeyVault/vaults/read"}
    with sandbox.edit() as state:
        state["subscriptions"][PRODUCTION]["resourceGroups"]["rg-shared"] = "westeurope"
        state["principals"]["netcfg"]["denials"].append(denied)
    for subscriptions in ((PRODUCTION, PLATFORM), ()):
        seen = azure.vaults.select(Selection(subscriptions, ("rg-shared",)))
        assert names(seen) == []
        ((place, error),) = seen.unseen
        assert place == f"/subscriptions/{PLATFORM}/resourcegroups/rg-shared"
        assert "so which are selected there is not known; check its name, assign Reader there, or select" in str(error)


def test_a_role_on_a_part_does_not_pass_for_the_whole():
    row = f"/subscriptions/{PRODUCTION}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-a"
    answers = {
        "/subscriptions?": SUBSCRIPTIONS,
        "/deletedVaults?": refusal(403, "AuthorizationFailed", "You may not list these."),
        "ResourceGraph": found({"id": row, "tags": None}),
    }
    with scripted(EMPTY, by=answers) as script, connect("t", resource_manager=script.url) as azure:
        seen = azure.vaults.select(Selection(subscriptions=(PRODUCTION,)))
    assert names(seen) == ["kv-a"]
    ((place, error),) = seen.unseen
    assert place == f"/subscriptions/{PRODUCTION}"
    assert str(error).startswith(f"this sign-in may see only some of the vaults of /subscriptions/{PRODUCTION}, so")


@pytest.mark.parametrize("row", [{"id": "x", "tags": {}}, {"id": None, "tags": {}}, {"id": "/x", "tags": ["a"]}])
def test_a_row_that_is_no_vault_is_an_error(row: dict[str, Any]):
    answers = {"/subscriptions?": SUBSCRIPTIONS, "ResourceGraph": found(row)}
    with (
        scripted(EMPTY, by=answers) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(AzureAnswer),
    ):
        azure.vaults.select(Selection(tags=()))


REFUSED = refusal(400, "BadRequest", "There must be at least one subscription that is eligible to contain resources.")


def test_a_query_that_names_only_what_is_not_visible_finds_nothing(azure: Azure):
    seen = azure.vaults.select(Selection(subscriptions=(FINANCE,)))
    assert names(seen) == []
    assert [place for place, _ in seen.unseen] == [f"/subscriptions/{FINANCE}"]


def test_a_graph_that_refuses_for_another_reason_is_an_error():
    answers = {"/subscriptions?": SUBSCRIPTIONS, "ResourceGraph": REFUSED}
    with (
        scripted(EMPTY, by=answers) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(AzureRefused),
    ):
        azure.vaults.select(Selection(subscriptions=(PRODUCTION,)))


def test_who_sees_no_subscription_finds_nothing():
    answers = {"/subscriptions?": Answer({"value": []}), "ResourceGraph": REFUSED}
    with scripted(EMPTY, by=answers) as script, connect("t", resource_manager=script.url) as azure:
        seen = azure.vaults.select(Selection())
    assert (seen.vaults, seen.unseen) == ((), ())
    assert seen.said == ("0 subscriptions are visible to this sign-in; vaults in others cannot be known",)


def test_a_query_names_at_most_three_hundred_subscriptions():
    ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(301)]
    listed = Answer({"value": [{"subscriptionId": each} for each in ids]})
    answers = {"/subscriptions?": listed, "ResourceGraph": found()}
    with scripted(EMPTY, by=answers) as script, connect("t", resource_manager=script.url) as azure:
        assert azure.vaults.select(Selection(subscriptions=tuple(ids))).unseen == ()
    asked = [each.body["subscriptions"] for each in script.asked if each.body and "keyvault" in each.body["query"]]
    assert sorted(map(len, asked)) == [1, 300]
    assert sorted(each for some in asked for each in some) == ids


def show_old(state: Any, name: str, **was: Any) -> dict[str, Any]:
    """Let the index go on showing a vault in another group, where it no longer is."""
    state["settings"]["graphLagSeconds"] = 600
    now = state["vaults"][name]
    old = {**now, "id": now["id"].replace("/rg-us/", "/rg-old/"), **was}
    state["stale"][old["id"].lower()] = {"until": time.time() + 600, "was": old}
    return old


def test_of_a_vault_that_is_shown_in_two_places_the_one_counts_where_it_is(azure: Azure, sandbox: Any):
    with sandbox.edit() as state:
        show_old(state, "kv-us")
        others = sorted(each for each in state["vaults"] if PRODUCTION in state["vaults"][each]["id"])
    seen = azure.vaults.select(Selection((PRODUCTION,)))
    assert [*seen.unseen, *seen.illegible] == []
    (found,) = [each for each in seen.vaults if each.name == "kv-us"]
    assert (found.id.resource_group, found.is_indexed) == ("rg-us", False)
    assert {"kv-us", "kv-orders"} < set(names(seen)) <= set(others)


def test_the_tags_of_a_moved_vault_are_those_of_where_it_is(azure: Azure, sandbox: Any):
    with sandbox.edit() as state:
        show_old(state, "kv-us", tags={"was": "x"})
        state["vaults"]["kv-us"]["tags"] = {"is": "x"}
    assert names(azure.vaults.select(Selection(tags=(("was", "x"),)))) == []
    assert names(azure.vaults.select(Selection(tags=(("is", "x"),)))) == ["kv-us"]


def test_a_moved_vault_that_answers_nowhere_is_undetermined_and_takes_no_other_with_it(azure: Azure, sandbox: Any):
    with sandbox.edit() as state:
        show_old(state, "kv-us")
        gone = state["vaults"].pop("kv-us")
        state["stale"][gone["id"].lower()] = {"until": time.time() + 600, "was": gone}
    seen = azure.vaults.select(Selection((PRODUCTION,)))
    ((name, error),) = seen.illegible
    assert name == "kv-us"
    assert isinstance(error, AmbiguousVault)
    assert "/rg-old/" in str(error)
    assert "/rg-us/" in str(error)
    assert "kv-orders" in names(seen)


def tagged(tags: object, *asked: tuple[str, str]) -> Selected:
    row = {"id": f"/subscriptions/{PRODUCTION}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-a", "tags": tags}
    other = {"id": row["id"].replace("kv-a", "kv-b"), "tags": dict(asked)}  # type: ignore[attr-defined]
    answers = {"/subscriptions?": SUBSCRIPTIONS, "ResourceGraph": found(row, other)}
    with scripted(EMPTY, by=answers) as script, connect("t", resource_manager=script.url) as azure:
        return azure.vaults.select(Selection((PRODUCTION,), tags=tuple(asked)))


@pytest.mark.parametrize("tags", [{"team": ["x"]}, {"team": {"a": 1}}, {"team": None}, 5, ["a"], "a"])
def test_odd_tags_spoil_no_vault_but_their_own_and_only_where_tags_are_asked_for(tags: object):
    assert names(tagged(tags)) == ["kv-a", "kv-b"]
    seen = tagged(tags, ("team", "x"))
    assert names(seen) == ["kv-b"]
    unknown = [] if isinstance(tags, dict) else ["kv-a"]
    assert [id.name for id, error in seen.illegible if isinstance(error, AzureAnswer)] == unknown  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection((PLATFORM,)),
        Selection((PRODUCTION, PLATFORM), ("RG-US",)),
        Selection(resource_groups=("rg-payments", "rg-su")),
        Selection(tags=(("TEAM", "payments"),)),
        Selection((PLATFORM, FINANCE)),
    ],
)
def test_the_lists_find_what_the_index_finds(azure: Azure, sandbox: Any, selection: Selection):
    by_index = azure.vaults.select(selection)
    asked = len(sandbox.requests)
    by_lists = azure.vaults.select(selection, is_consistent=True)
    assert names(by_lists) == names(by_index)
    assert [each.firewall for each in by_lists.vaults] == [each.firewall for each in by_index.vaults]
    assert not any(each.is_indexed for each in by_lists.vaults)
    assert [(place, str(error)) for place, error in by_lists.unseen] == [
        (place, str(error)) for place, error in by_index.unseen
    ]
    assert not [path for _, path, _ in sandbox.requests[asked:] if "ResourceGraph" in path]


def test_a_vault_that_the_index_does_not_know_yet_is_in_the_lists(azure: Azure, sandbox: Any):
    with sandbox.edit() as state:
        state["settings"]["graphLagSeconds"] = 600
        new = state["vaults"]["kv-us"]
        state["stale"][new["id"].lower()] = {"until": time.time() + 600, "was": None}
    selection = Selection((PRODUCTION,), ("rg-us",))
    assert names(azure.vaults.select(selection)) == []
    assert names(azure.vaults.select(selection, is_consistent=True)) == ["kv-us"]


def test_a_list_that_is_refused_is_a_place_that_is_not_seen():
    answers = {
        "/subscriptions?": SUBSCRIPTIONS,
        "KeyVault/vaults?": refusal(409, "Conflict", "Not now."),
    }
    with scripted(EMPTY, by=answers) as script, connect("t", resource_manager=script.url) as azure:
        seen = azure.vaults.select(Selection((PRODUCTION,)), is_consistent=True)
    ((place, error),) = seen.unseen
    assert (seen.vaults, place) == ((), f"/subscriptions/{PRODUCTION}")
    assert isinstance(error, NetcfgError)
    assert "Not now" in str(error)

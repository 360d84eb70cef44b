"""Selecting: the vaults of a place or with a tag, and every place that is named and not seen whole."""

from __future__ import annotations

from typing import Any

import pytest

from netcfg.azure.connection import Azure, connect
from netcfg.core.errors import AzureAnswer, AzureRefused
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

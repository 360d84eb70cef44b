"""Whether a saved plan still holds: what was shown beside what is planned now, in words."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from netcfg.core.declared import parse_declaration
from netcfg.core.intent import Intent
from netcfg.core.ranges import Catalogue, Publisher
from netcfg.core.saved import expired_since, grounds_moved, newer_than, otherwise_shown, plan_moved, told
from netcfg.sources import bundled
from tests.strategies import EUROPE

ADDED = {"action": "add", "kind": "ip-rule", "value": "40.74.28.0/23", "standing": "published",
         "publishedBy": ["table"], "geography": "EU", "region": "westeurope", "reason": "inside"}  # fmt: skip
GUARD = {"id": "default-deny", "accepted": True, "message": "callers will be cut off"}
SHOWN: dict[str, Any] = {
    "name": "kv", "geographies": ["EU"], "before": {"publicNetworkAccess": "Enabled"}, "after": {"x": 1},
    "changes": [ADDED], "guards": [GUARD], "kept": [{"kind": "ip-rule", "value": "1.2.3.4/32", "standing": "foreign"}],
}  # fmt: skip
GROUNDS: dict[str, Any] = {
    "organizations": [{"name": "contoso", "geography": {"id": "EU", "name": "Europe", "evidence": "sign-in-host"}}],
    "ranges": {"policy": "union", "editions": []},
}


def test_what_was_shown_did_not_move_since_itself():
    assert plan_moved(SHOWN, SHOWN) == otherwise_shown(SHOWN, SHOWN) == ()
    assert grounds_moved(GROUNDS, GROUNDS) == ()


def test_why_something_is_done_may_be_said_otherwise():
    now = copy.deepcopy(SHOWN)
    now["changes"][0] |= {"publishedBy": ["table", "service-tag"], "reason": "other words"}
    assert plan_moved(SHOWN, now) == ()


@pytest.mark.parametrize("field", ["changes", "guards", "name", "geographies", "before", "after", "kept", "strange"])
def test_but_what_was_shown_comes_from_what_the_plan_was_made_with_word_by_word(field: str):
    assert otherwise_shown({**SHOWN, field: "x"}, SHOWN) == (
        f"what was shown of it is not what it comes to (in {field})",
    )
    assert otherwise_shown(SHOWN, {**SHOWN, field: "x"}) != ()


def test_a_range_that_was_declared_is_not_shown_as_published():
    then = copy.deepcopy(SHOWN)
    then["changes"][0] = {**ADDED, "standing": "declared"}
    assert plan_moved(SHOWN, then) == ()
    assert otherwise_shown(SHOWN, then) == ("what was shown of it is not what it comes to (in changes)",)


def test_notes_may_be_others():
    assert otherwise_shown({**SHOWN, "notes": ["a note"]}, {**SHOWN, "notes": []}) == ()


def test_every_change_and_guard_that_moved_is_told():
    now = copy.deepcopy(SHOWN)
    now["changes"] = [{"action": "set", "kind": "default-action", "value": "Deny", "was": "Allow"}]
    now["guards"] = [{**GUARD, "message": "others", "accepted": False}, {**GUARD, "id": "removals", "message": "many"}]
    assert plan_moved(SHOWN, now) == (
        "new: set default-action Deny",
        "no longer planned: add ip-rule 40.74.28.0/23",
        "the guard removals fires now: many",
        "the guard default-deny is not accepted",
        "the guard default-deny says now: others",
    )
    assert plan_moved(now, SHOWN)[-1] == "the guard default-deny says now: callers will be cut off"


@pytest.mark.parametrize("field", ["changes", "guards", "name", "geographies", "before", "after", "kept"])
@pytest.mark.parametrize("value", [None, 7, "x", {}, [None], [[]], [{}], [1, 1]])
def test_what_is_no_plan_is_never_the_same_as_one(field: str, value: Any):
    was = {**SHOWN, field: value}
    assert plan_moved(was, SHOWN) or otherwise_shown(was, SHOWN)
    gone = {name: each for name, each in SHOWN.items() if name != field}
    assert plan_moved(gone, SHOWN) or otherwise_shown(gone, SHOWN)


def test_no_vault_at_all_is_no_plan():
    assert plan_moved(None, SHOWN)


@pytest.mark.parametrize(
    "organizations",
    [
        None, [], [7], [{}], [{"name": "contoso"}], [{"name": "x", "geography": 1}],
        [{"name": "contoso", "geography": {"id": "EU", "name": "United States"}}],
        [{"name": "contoso", "geography": {"id": "EU", "name": "Europe", "strange": 1}}],
    ],
)  # fmt: skip
def test_an_organization_that_was_shown_elsewhere_is_told(organizations: Any):
    assert grounds_moved({**GROUNDS, "organizations": organizations}, GROUNDS)


def test_what_no_plan_has_is_told():
    assert grounds_moved({**GROUNDS, "strange": 1}, GROUNDS) == ("'strange' was shown, and no plan has it",)


def test_other_evidence_for_the_same_geography_is_fine():
    now = copy.deepcopy(GROUNDS)
    now["organizations"][0]["geography"]["evidence"] = "collections-me"
    assert grounds_moved(GROUNDS, now) == ()


def test_a_declaration_expires_on_the_day_after_its_last():
    intent = Intent(geographies=(EUROPE,), allow=(parse_declaration("191.10.18.0/28=office;until=2026-07-02"),))
    assert expired_since(intent, date(2026, 7, 1), date(2026, 7, 2)) == ()
    assert expired_since(intent, date(2026, 7, 2), date(2026, 7, 3)) == (
        "the declaration 191.10.18.0/28 (office until 2026-07-02) has expired",
    )
    assert expired_since(intent, date(2026, 7, 3), date(2026, 7, 4)) == ()


def test_the_newest_editions_that_a_plan_was_made_without_are_named():
    known = bundled.catalogue()
    table = known.of(Publisher.TABLE)[-1]
    later = replace(table, day=table.day + timedelta(days=1), confirmed=table.day + timedelta(days=1))
    assert newer_than(known, known) == ()
    assert newer_than(known, known.joined([later])) == (later,)
    assert told([later], known) == f"the table of {later.day}"
    assert newer_than(Catalogue(()), known) == known.editions
    both = "the table of 2026-02-10 and the service tag of 2026-06-20 (change 13)"
    assert told(known.editions, Catalogue(())) == both


def test_an_older_edition_that_a_plan_was_made_without_is_not_newer():
    known = bundled.catalogue()
    old = replace(known.of(Publisher.TABLE)[0], day=date(2019, 1, 1), confirmed=date(2019, 1, 1))
    assert newer_than(known, known.joined([old])) == ()


def test_an_edition_that_was_confirmed_since_is_newer_and_told_as_the_same():
    known = bundled.catalogue()
    confirmed = replace(known.of(Publisher.TABLE)[-1], confirmed=date(2026, 6, 30))
    assert newer_than(known, known.joined([confirmed])) == (confirmed,)
    assert told([confirmed], known) == "the table of 2026-02-10, published still on 2026-06-30"

"""Many vaults, read by the whole program: from the index, from lists, and each before it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netcfg.sandbox.server import serve
from tests.cli.conftest import Program
from tests.sandbox.small import Client, rules

GUARDS = ("default-deny", "unlinked", "stale-editions", "removals", "public-access", "broad-range")
ACCEPTED = [word for guard in GUARDS for word in ("--accept", f"{guard}=kv-*")]
MEANT = ["--all", "--geography", "EU"]
JSON = ["--format", "json"]


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Program]:
    with serve(world="fleet-small") as sandbox:
        yield Program(sandbox, tmp_path)


def asked(fleet: Program, part: str) -> int:
    return sum(part.lower() in path.lower() for _, path, _ in fleet.sandbox.requests)


def gets(fleet: Program) -> set[str]:
    """The vaults that were read by themselves."""
    paths = [path for method, path, _ in fleet.sandbox.requests if method == "GET"]
    return {path.rpartition("/")[2] for path in paths if path.rpartition("/")[0].endswith("/vaults")}


def by_id(document: Any, *left_out: str) -> dict[str, Any]:
    return {
        each["id"]: {key: value for key, value in each.items() if key not in left_out} for each in document["vaults"]
    }


def test_a_plan_by_the_index_and_one_by_lists_say_the_same_of_every_vault(fleet: Program):
    quick, slow = fleet("plan", *MEANT, *JSON), fleet("plan", *MEANT, "--consistent", *JSON)
    assert quick.status == slow.status
    assert len(by_id(quick.document)) > 50
    assert by_id(quick.document, "state") == by_id(slow.document, "state")
    assert {each["state"] for each in quick.document["vaults"]} == {"resource-graph"}
    assert {each["state"] for each in slow.document["vaults"]} == {"resource-manager"}


def test_a_check_of_a_fleet_asks_for_few_things_and_for_no_vault_by_itself(fleet: Program):
    checked = fleet("check", *MEANT, *JSON)
    assert checked.status == 7  # there are places that this sign-in does not see whole
    assert asked(fleet, "Microsoft.ResourceGraph") <= 4
    assert gets(fleet) == set()
    assert asked(fleet, "networkSecurityPerimeterConfigurations") == 3


def test_who_asks_for_consistency_gets_no_vault_from_the_index(fleet: Program):
    with fleet.sandbox.edit() as state:
        state["settings"]["graphLagSeconds"] = 600
    first = fleet("apply", "kv-right-001", "--geography", "BR", "--accept", "stale-editions", "--yes", *JSON)
    assert first.status == 0
    old, new = (
        {each["name"]: each for each in fleet("plan", *MEANT, *more, *JSON).document["vaults"]}
        for more in ([], ["--consistent"])
    )
    assert len(new["kv-right-001"]["before"]["networkAcls"]["ipRules"]) > len(
        old["kv-right-001"]["before"]["networkAcls"]["ipRules"]
    )
    single = fleet("plan", "kv-right-001", "--geography", "EU", *JSON).document["vaults"][0]
    assert single["before"] == new["kv-right-001"]["before"]


def test_an_index_that_lags_behind_an_apply_makes_the_next_one_write_nothing(fleet: Program):
    with fleet.sandbox.edit() as state:
        state["settings"]["graphLagSeconds"] = 600
        state["meanwhile"] = []
    words = ["apply", *MEANT, *ACCEPTED, "--yes", *JSON]
    first = fleet(*words)
    done = {each["name"] for each in first.document["vaults"] if each["outcome"] == "done"}
    assert len(done) > 30
    written = len(fleet.writes)
    again = fleet(*words)
    ends = {each["name"]: (each["outcome"], each["verified"]) for each in again.document["vaults"]}
    assert len([path for method, path in fleet.writes[written:] if path.rpartition("/")[2] in done]) == 0
    # What the index said would change was read again, so that is certain of these.
    assert {ends[name] for name in done} == {("unchanged", True)}


def test_a_vault_that_was_changed_a_second_ago_is_reported_with_its_source(fleet: Program):
    with fleet.sandbox.edit() as state:
        state["settings"]["graphLagSeconds"] = 600
    place = fleet.vault("kv-right-002")["id"]
    Client(fleet.sandbox).call("PATCH", place, rules("40.74.28.0/23"))
    ended = fleet("apply", *MEANT, *ACCEPTED, "--yes", *JSON).document
    (found,) = [each for each in ended["vaults"] if each["name"] == "kv-right-002"]
    assert (found["outcome"], found["state"], found["verified"]) == ("unchanged", "resource-graph", False)
    assert fleet.rules("kv-right-002") == ["40.74.28.0/23"]


def test_a_vault_that_the_index_still_shows_and_that_is_gone_is_named_and_stops_nobody(fleet: Program):
    with fleet.sandbox.edit() as state:
        state["settings"]["graphLagSeconds"] = 600
        state["meanwhile"] = []
    gone = fleet.vault("kv-app-0007")["id"]
    assert Client(fleet.sandbox).call("DELETE", gone).status_code in (200, 202)
    ended = fleet("apply", *MEANT, *ACCEPTED, "--yes", *JSON)
    assert ended.status == 7
    assert gone in {each["vault"] for each in ended.document["undetermined"]}
    assert sum(each["outcome"] == "done" for each in ended.document["vaults"]) > 30

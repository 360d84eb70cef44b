"""A short form of `scripts/chaos --runs`: whatever comes, nothing is lost and nothing is left open."""

from __future__ import annotations

import pytest

from scripts.disorder.misfortune import Place, acts, fault, steady
from scripts.disorder.play import play
from scripts.disorder.schedule import FAULTS, SUBSCRIPTION, VAULT_ID, Fate, Meant, Schedule, Step, Verb, draw
from scripts.disorder.shrink import shrink
from scripts.disorder.tally import Tally

SHARE = 10


@pytest.mark.parametrize("first", range(0, 500, SHARE))
def test_nothing_is_lost_and_nothing_is_left_open_whatever_comes(first: int):
    tally = Tally()
    for seed in range(first, first + SHARE):
        tally.add(play(seed))
    assert tally.wrong == {}, "scripts/chaos --seed N tells one of these step by step"
    assert tally.schedules == SHARE


def test_the_schedules_try_every_command_every_fault_and_every_end():
    drawn = [draw(seed) for seed in range(500)]
    assert {step.verb for each in drawn for step in each.steps} == set(Verb)
    assert {name for each in drawn for name in each.odds} == set(FAULTS)
    assert {each.end.fate for each in drawn if each.end} == set(Fate)


def test_a_seed_tells_the_same_story_twice():
    first, second = play(17), play(17)
    assert first.story == second.story
    assert first.story[0].startswith("the vault: ")


def test_a_misfortune_depends_on_the_request_and_not_on_when_it_comes():
    schedule = draw(3)
    places = [Place(0, "PATCH", VAULT_ID, number) for number in range(40)]
    told = {place: (fault(schedule, place)[0], acts(schedule, place)[0]) for place in places}
    assert {place: (fault(schedule, place)[0], acts(schedule, place)[0]) for place in reversed(places)} == told


def test_the_id_of_an_operation_decides_nothing():
    operations = f"{SUBSCRIPTION}/providers/Microsoft.Network/locations/westeurope/operations"
    first, second = (
        steady(f"{operations}/{each}")
        for each in ("6f2c1a54-0d0e-4e0b-9a51-3a0a6b1f2c77", "0B7E4D10-93A4-4C8E-8F5E-7D1C2B3A4F55")
    )
    assert first == second == f"{operations}/{{id}}"
    assert steady(VAULT_ID) == VAULT_ID


OFFICE = {
    "tags": {"team": "payments"},
    "properties": {
        "publicNetworkAccess": "Enabled",
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": "Deny",
            "ipRules": [{"value": "191.10.18.0/28"}],
            "virtualNetworkRules": [],
        },
    },
}


def test_what_nobody_could_see_is_counted_apart():
    tally = Tally()
    for seed in range(40):
        tally.add(play(Schedule(seed, OFFICE, Meant(), (Step(Verb.APPLY),), acting=1.0)))
    assert tally.in_window > 0
    assert tally.window["I2"] > 0  # a colleague's rule was overwritten
    assert tally.wrong == {}


def test_a_story_that_goes_wrong_is_told_in_its_shortest_form(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netcfg.core.plan.Plan.what_moved", lambda plan, current: ("nothing at all",))
    steps = (Step(Verb.PLAN), Step(Verb.EXEC), Step(Verb.APPLY))
    played = play(Schedule(1, OFFICE, Meant(), steps, odds={"delay": 0.5}, acting=0.3))
    shorter = shrink(played)
    assert {each for each, _ in played.wrongs} == {each for each, _ in shorter.wrongs} == {"I5"}
    assert shorter.schedule.without >= {"step 0", "step 1", "step 2"}
    assert shorter.names == []

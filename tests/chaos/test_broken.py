"""Each promise is broken once on purpose: netcfg is made to do wrong, and chaos has to name what was broken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from netcfg.azure.firewall.vaults import AzureVaults
from netcfg.core import visit
from netcfg.core.guards import GUARDS as GUARDS_OF_NETCFG
from netcfg.core.rules import DefaultAction, IpRule
from netcfg.workflow import apply, writing
from netcfg.workflow.writing import Goal
from scripts.disorder.play import play
from scripts.disorder.schedule import GUARDS, HERE, Meant, Schedule, Step, Verb

UNACCEPTED = frozenset(GUARDS) - {"default-allow", "public-access"}


def vault(
    *rules: str, action: str = "Deny", access: str = "Enabled", tags: dict[str, str] | None = None
) -> dict[str, Any]:
    acls = {
        "bypass": "AzureServices",
        "defaultAction": action,
        "ipRules": [{"value": each} for each in rules],
        "virtualNetworkRules": [],
    }
    found = {"team": "payments"} if tags is None else tags
    return {"tags": found, "properties": {"publicNetworkAccess": access, "networkAcls": acls}}


def broken(start: dict[str, Any], *steps: Step, meant: Meant | None = None, acting: float = 0.0) -> set[str]:
    """The invariants that chaos names, over some seeds."""
    schedules = (Schedule(seed, start, meant or Meant(), steps, acting=acting) for seed in range(12 if acting else 1))
    return {invariant for each in schedules for invariant, _ in play(each).wrongs}


def test_a_netcfg_that_is_as_it_should_be_breaks_nothing():
    start = vault("191.10.7.7", action="Allow")
    assert broken(start, Step(Verb.APPLY), Step(Verb.ROLLBACK), Step(Verb.EXEC), Step(Verb.CLEAN)) == set()


# --- I1 -----------------------------------------------------------------------------------------------------------


def test_a_write_that_lets_in_what_nobody_wants_is_caught(monkeypatch: pytest.MonkeyPatch):
    def too_much(plan: Any) -> Goal:
        rules = (*plan.after.rule_set.ip_rules, IpRule("191.10.99.0/24"))
        return Goal(plan.after.with_rules(ip_rules=rules), plan.tags)

    monkeypatch.setattr(apply, "_fulfilled", too_much)
    assert broken(vault("191.10.7.7"), Step(Verb.APPLY)) == {"I1"}


# --- I2 -----------------------------------------------------------------------------------------------------------


def test_a_write_that_forgets_a_foreign_rule_is_caught(monkeypatch: pytest.MonkeyPatch):
    def too_little(plan: Any) -> Goal:
        rules = tuple(each for each in plan.after.rule_set.ip_rules if str(each) != "191.10.7.7/32")
        return Goal(plan.after.with_rules(ip_rules=rules), plan.tags)

    monkeypatch.setattr(apply, "_fulfilled", too_little)
    assert broken(vault("191.10.7.7"), Step(Verb.APPLY)) == {"I2"}


def test_a_write_that_forgets_a_foreign_tag_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(apply, "_fulfilled", lambda plan: Goal(plan.after, ()))
    assert broken(vault("191.10.7.7"), Step(Verb.APPLY)) == {"I2"}


def test_a_write_upon_an_old_look_is_caught(monkeypatch: pytest.MonkeyPatch):
    looked: dict[AzureVaults, Any] = {}
    read = AzureVaults.read

    def once(self: AzureVaults, id: Any) -> Any:
        if self not in looked:
            looked[self] = read(self, id)
        return looked[self]

    monkeypatch.setattr(AzureVaults, "read", once)
    schedules = (
        Schedule(seed, vault("191.10.7.7"), Meant(), (Step(Verb.APPLY),), {"conflict": 0.5}) for seed in range(6)
    )
    assert "I2" in {invariant for each in schedules for invariant, _ in play(each).wrongs}


# --- I3 -----------------------------------------------------------------------------------------------------------


def test_a_rollback_that_opens_the_vault_unasked_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(GUARDS_OF_NETCFG, "default-allow", None)
    start = vault("191.10.7.7", action="Allow")
    assert broken(start, Step(Verb.APPLY), Step(Verb.ROLLBACK, UNACCEPTED)) == {"I3"}


def test_an_apply_that_opens_the_vault_is_caught(monkeypatch: pytest.MonkeyPatch):
    def opened(plan: Any) -> Goal:
        rules = replace(plan.after.rule_set, default_action=DefaultAction.ALLOW)
        return Goal(replace(plan.after, rule_set=rules), plan.tags)

    monkeypatch.setattr(apply, "_fulfilled", opened)
    assert "I3" in broken(vault("191.10.7.7"), Step(Verb.APPLY))


# --- I4 -----------------------------------------------------------------------------------------------------------


def test_a_run_that_is_done_without_looking_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writing, "_prove", lambda written, goal, around: written)
    assert broken(vault("191.10.7.7"), Step(Verb.APPLY)) == {"I4"}


def test_a_run_that_is_done_and_never_wrote_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writing, "_prove", lambda written, goal, around: written)
    monkeypatch.setattr(AzureVaults, "write", lambda self, vault, after, **options: None)
    assert broken(vault("191.10.7.7"), Step(Verb.APPLY)) == {"I4"}


# --- I5 -----------------------------------------------------------------------------------------------------------


def test_a_run_that_never_arrives_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netcfg.core.plan.Plan.what_moved", lambda plan, current: ("nothing at all",))
    assert broken(vault("191.10.7.7"), Step(Verb.APPLY)) == {"I5"}


def test_a_run_that_always_finds_something_to_do_is_caught(monkeypatch: pytest.MonkeyPatch):
    settle = writing.settle

    def twice(expected: Any, decide: Any, around: Any, **options: Any) -> Any:
        shown = settle(expected, decide, around, **options)
        writing._write(shown, Goal(shown.firewall, shown.tags), around, ignore_missing_endpoint=False)
        return around.vaults.read_back(shown)

    monkeypatch.setattr(writing, "settle", twice)
    monkeypatch.setattr("netcfg.core.plan.Plan.is_empty", property(lambda plan: False))
    assert broken(vault("191.10.7.7"), Step(Verb.PLAN)) == {"I5"}


# --- I6 -----------------------------------------------------------------------------------------------------------


def test_an_address_that_stays_when_its_time_is_over_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netcfg.workflow.admitting._take_out", lambda vault, rule, run: None)
    assert broken(vault("191.10.7.7"), Step(Verb.EXEC)) == {"I6"}


def test_a_visit_that_takes_the_rule_of_another_one_is_caught(monkeypatch: pytest.MonkeyPatch):
    def alone(shown: Any, rule: Any, now: Any, **options: Any) -> Any:
        left = tuple(each for each in shown.firewall.rule_set.ip_rules if each.network != rule.network)
        return visit.State(
            shown.firewall.with_rules(ip_rules=left), tuple(each for each in shown.tags if each[0] != rule.key)
        )

    monkeypatch.setattr(visit, "end", alone)
    held = {"netcfg-exec-0000cafe": f"{HERE}/32 until 2026-07-01T13:00:00Z"}
    assert broken(vault("191.10.7.7", f"{HERE}/32", tags=held), Step(Verb.EXEC)) == {"I6"}


# --- I7 -----------------------------------------------------------------------------------------------------------


def test_a_write_that_no_record_tells_of_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netcfg.saved.journal.FileJournal.doing", lambda journal, deed: None)
    assert broken(vault("191.10.7.7"), Step(Verb.APPLY)) == {"I7"}

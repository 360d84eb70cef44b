"""Each promise is broken once on purpose: netcfg is made to do wrong, and chaos has to name what was broken."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from netcfg.azure.firewall.vaults import AzureVaults
from netcfg.core import acls, undo, visit
from netcfg.core.errors import NotTakenOut
from netcfg.core.guards import GUARDS as GUARDS_OF_NETCFG
from netcfg.core.rules import DefaultAction, Firewall, IpRule, Rule
from netcfg.workflow import admitting, apply, writing
from netcfg.workflow.writing import Goal
from scripts.benchmarks.fleet import EUROPE
from scripts.disorder.play import play
from scripts.disorder.schedule import AGENTS, BARE, GUARDS, HERE, Meant, Schedule, Step, Verb

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


def test_a_rollback_that_brings_back_what_others_took_since_is_caught(monkeypatch: pytest.MonkeyPatch):
    built = undo._built

    def everything(walk: Any) -> Firewall:
        walk.base |= dict.fromkeys(undo._rules(walk.first), True)
        return built(walk)

    start = vault("191.10.7.7", *EUROPE)
    steps = Step(Verb.APPLY), Step(Verb.ROLLBACK)
    meant = Meant((("191.10.18.0/28", ""),))
    assert broken(start, *steps, meant=meant, acting=0.6) == set()
    monkeypatch.setattr(undo, "_built", everything)
    assert "I1" in broken(start, *steps, meant=meant, acting=0.6)


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


def test_a_write_a_minute_after_the_look_is_caught(monkeypatch: pytest.MonkeyPatch):
    write = writing._write

    def late(shown: Any, goal: Goal, around: Any, **options: Any) -> Any:
        around.stop.wait(60)
        return write(shown, goal, around, **options)

    monkeypatch.setattr(writing, "_write", late)
    assert broken(vault("191.10.7.7"), Step(Verb.APPLY)) == {"I2"}


def test_a_tag_that_says_of_a_rule_that_nobody_declared_that_it_is_kept_is_caught(monkeypatch: pytest.MonkeyPatch):
    def kept(plan: Any) -> Goal:
        return Goal(plan.after, tuple((name, f"{value} kept") for name, value in plan.tags))

    monkeypatch.setattr(apply, "_fulfilled", kept)
    running = {"netcfg-exec-0000cafe": "191.10.61.2/32 until 2026-07-01T13:00:00Z"}
    assert "I2" in broken(vault("191.10.61.2", tags=running), Step(Verb.APPLY))


def test_a_subnet_that_is_given_its_endpoint_before_the_vault_lets_it_in_is_caught(monkeypatch: pytest.MonkeyPatch):
    start, meant = vault("191.10.7.7"), Meant(subnets=(BARE,))
    assert broken(start, Step(Verb.APPLY), meant=meant) == set()
    monkeypatch.setattr(apply, "_open", lambda plan, drawing, around: plan.vault)
    assert broken(start, Step(Verb.APPLY), meant=meant) == {"I2"}


def test_a_rule_of_a_subnet_in_other_letters_is_caught(monkeypatch: pytest.MonkeyPatch):
    start = vault("191.10.7.7")
    start["properties"]["networkAcls"]["virtualNetworkRules"] = [{"id": AGENTS.lower()}]
    assert broken(start, Step(Verb.APPLY)) == set()
    letters = acls.letters

    def loud(rule: Rule) -> str:
        return letters(rule) if isinstance(rule, IpRule) else json.dumps({"id": rule.subnet.upper()})

    monkeypatch.setattr(acls, "letters", loud)
    assert broken(start, Step(Verb.APPLY)) == {"I2"}


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


def test_a_plan_that_finds_nothing_to_do_where_there_is_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netcfg.core.plan.PlanSet.status", property(lambda plans: 0))
    assert "I4" in broken(vault("191.10.7.7"), Step(Verb.PLAN))


def test_an_exec_that_does_not_know_without_cause_is_caught(monkeypatch: pytest.MonkeyPatch):
    def give_up(vault: Any, rule: Any, run: Any) -> None:
        raise NotTakenOut(vault.name, str(rule.network), rule.key, "13:01", "netcfg exec --clean", "nobody tried")

    monkeypatch.setattr(admitting, "_take_out", give_up)
    assert broken(vault("191.10.7.7"), Step(Verb.EXEC)) == {"I4"}


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


def test_a_visit_that_takes_a_rule_that_was_there_before_is_caught(monkeypatch: pytest.MonkeyPatch):
    start = vault("191.10.7.7", HERE, tags={})
    assert broken(start, Step(Verb.EXEC)) == set()
    monkeypatch.setattr(visit, "admitting", lambda vault, network: None)
    assert broken(start, Step(Verb.EXEC)) == {"I6"}


def test_a_tag_that_lasts_longer_than_was_asked_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(admitting, "MARGIN", timedelta(days=365))
    assert "I6" in broken(vault("191.10.7.7"), Step(Verb.EXEC))


# --- I7 -----------------------------------------------------------------------------------------------------------


def test_a_write_that_no_record_tells_of_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netcfg.saved.journal.FileJournal.doing", lambda journal, deed: None)
    assert broken(vault("191.10.7.7"), Step(Verb.APPLY)) == {"I7"}

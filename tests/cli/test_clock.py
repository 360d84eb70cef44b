"""A clock that is wrong: nothing is over too early, and whoever looks is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Program

DAYS = 86_400  # seconds
YESTERDAY, TOMORROW = "2026-06-30", "2026-07-02"  # in the sandbox's world


def until(day: str) -> tuple[str, ...]:
    return ("kv-orders", "--geography", "EU", "--allow", f"191.10.18.0/28=partner;until={day}")


def set_azures_clock(netcfg: Program, seconds: float) -> None:
    """Azure's clock goes so many seconds before this machine's."""
    with netcfg.sandbox.edit() as state:
        state["settings"]["clockSkewSeconds"] = seconds


def planned(netcfg: Program, day: str) -> dict[str, Any]:
    return dict(netcfg("plan", *until(day), "--format", "json").document)


def removed(plan: dict[str, Any]) -> list[str]:
    return [each["value"] for each in plan["vaults"][0]["changes"] if each["action"] == "remove"]


def notes(plan: dict[str, Any]) -> list[str]:
    return [each for each in plan["vaults"][0]["notes"] if "clock" in each]


def test_a_clock_that_is_ahead_expires_nothing_and_the_plan_says_what_it_would_have(netcfg: Program):
    assert removed(planned(netcfg, YESTERDAY)) == ["191.10.18.0/28"]
    set_azures_clock(netcfg, -3 * DAYS)
    plan = planned(netcfg, YESTERDAY)
    assert removed(plan) == []
    wrong = (
        "the clock of this machine is 3 days ahead of Azure's: "
        "it shows 2026-07-01 12:00 UTC, and Azure 2026-06-28 12:00"
    )
    assert notes(plan) == [f"{wrong}; by the later of the two 191.10.18.0/28 goes, and by the earlier not yet"]
    assert plan["selected"] == [f"{wrong}; what is over is judged by the earlier of the two"]


def test_a_clock_that_is_behind_keeps_a_rule_for_one_run_more_and_says_so(netcfg: Program):
    set_azures_clock(netcfg, 3 * DAYS)
    plan = planned(netcfg, TOMORROW)
    assert removed(plan) == []
    assert [each.partition("; ")[2] for each in notes(plan)] == [
        "by the later of the two 191.10.18.0/28 goes, and by the earlier not yet"
    ]


def test_an_apply_writes_by_the_same_clock_as_its_plan(netcfg: Program):
    set_azures_clock(netcfg, -3 * DAYS)
    assert netcfg("apply", *until(YESTERDAY), "--yes").status == 0
    assert "191.10.18.0/28" in netcfg.rules("kv-orders")
    set_azures_clock(netcfg, 0)
    assert netcfg("apply", *until(YESTERDAY), "--yes").status == 0
    assert "191.10.18.0/28" not in netcfg.rules("kv-orders")


@pytest.mark.parametrize("seconds", [0, 200, -200])
def test_a_few_minutes_are_not_worth_a_word(netcfg: Program, seconds: int):
    set_azures_clock(netcfg, seconds)
    assert "clock" not in netcfg("plan", *until(YESTERDAY)).out


def test_a_check_finds_no_expired_rule_by_a_clock_that_is_ahead(netcfg: Program):
    set_azures_clock(netcfg, -3 * DAYS)
    report = netcfg("check", *until(YESTERDAY), "--format", "json").document
    assert "expired-rule" not in {each["rule"] for each in report["findings"]}
    set_azures_clock(netcfg, 0)
    report = netcfg("check", *until(YESTERDAY), "--format", "json").document
    assert "expired-rule" in {each["rule"] for each in report["findings"]}


@pytest.mark.parametrize("days", [3, -3], ids=["behind", "ahead"])
def test_cleaning_takes_out_nobody_by_the_later_of_two_clocks_and_says_whom_it_would(netcfg: Program, days: int):
    """One of them says that the run is over since yesterday, or will be tomorrow."""
    until = "2026-07-02T05:00:00Z" if days > 0 else "2026-06-30T05:00:00Z"
    with netcfg.sandbox.edit() as state:
        found = state["vaults"]["kv-orders"]
        found["tags"] = {"netcfg-exec-0a0b0c0d": f"191.10.60.9/32 until {until}"}
        found["properties"]["networkAcls"].setdefault("ipRules", []).append({"value": "191.10.60.9/32"})
    set_azures_clock(netcfg, days * DAYS)
    ran = netcfg("exec", "--clean", "kv-orders")
    note, count = ran.out.splitlines()
    assert (ran.status, count) == (0, "1 vault looked at, nothing is overdue")
    assert note.startswith("kv-orders: the clock of this machine is 3 days ")
    assert note.endswith(
        "; by the later of the two 191.10.60.9/32, netcfg-exec-0a0b0c0d go, and by the earlier not yet"
    )
    assert ran.err.endswith("; what is over is judged by the earlier of the two\n")
    assert "191.10.60.9/32" in netcfg.rules("kv-orders")
    document = netcfg("exec", "--clean", "kv-orders", "--format", "json").document
    assert [document["vaults"][0]["notes"], len(document["remarks"])] == [[note.removeprefix("kv-orders: ")], 1]

"""Fleets, small enough to be looked at: many vaults that are alike, and some odd ones."""

from __future__ import annotations

from dataclasses import replace

from netcfg.core.errors import NetcfgError
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.rules import PublicAccess
from tests.formats import builders


def fleet(size: int = 40) -> PlanSet:
    """Mostly shut vaults; every fourth has all it needs, two are open, one is Disabled, and three cannot be read."""
    lost = [f"kv-lost-{number}" for number in range(4)]
    unread = tuple(builders.unread(each, f"you may not read {each}; ask for the role Reader on it") for each in lost)
    return builders.plan_set(*map(_plan, range(size)), undetermined=unread)


def indexed(planned: PlanSet) -> PlanSet:
    """The same, read from an index, with what was selected."""
    plans = tuple(replace(each, vault=replace(each.vault, is_indexed=True)) for each in planned.plans)
    return replace(planned, plans=plans, selected=("40 subscriptions are visible; others cannot be known",))


def _plan(number: int) -> Plan:
    name = f"kv-{number:03d}"
    if number in (5, 6):
        return builders.plan(builders.vault(f"kv-open-{number}", is_open=True))
    if number == 7:
        return builders.plan(builders.vault(name, public_access=PublicAccess.DISABLED))
    if number % 4 == 0:
        return builders.plan(builders.vault(name, [str(each.network) for each in builders.resolution().wanted]))
    return builders.plan(builders.vault(name, ["191.10.20.7"] if number % 3 else []))


def applied(planned: PlanSet, *, is_interrupted: bool = False) -> Result:
    """What became of the fleet: every way in which a vault can end, the same of several and of one."""
    return Result(planned, tuple(map(_ended, planned.plans)), is_interrupted)


def _ended(plan: Plan) -> Outcome:
    name = plan.vault.name
    if plan.refusals:
        return Outcome(plan, Ending.REFUSED)
    if plan.is_empty:
        return Outcome(plan, Ending.UNCHANGED, verified=True)
    if name.endswith("1"):
        return Outcome(plan, Ending.FAILED, error=NetcfgError(f"{name} is locked by 'no-changes'"))
    if name == "kv-002":
        return Outcome(plan, Ending.STALE, error=NetcfgError("kv-002 is not what the plan was drawn for"))
    if name.endswith("9"):
        return Outcome(plan, Ending.NOT_REACHED, error=NetcfgError("an earlier wave failed"))
    return Outcome(plan, Ending.DONE, verified=name != "kv-003")

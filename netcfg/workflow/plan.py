"""Plan: read everything side by side, then say what would change in each vault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from netcfg.core.errors import NetcfgError
from netcfg.core.forgotten import forgotten
from netcfg.core.guards import Acceptance
from netcfg.core.plan import Plan, PlanSet, Undetermined
from netcfg.core.target import Target
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawings
from netcfg.workflow.reading import FEW, Reading, read, read_again, undetermined


def plan(
    targets: Sequence[Target],
    acceptances: Iterable[Acceptance],
    around: Surroundings,
    lost: Iterable[Undetermined] = (),
    *,
    asks_which: bool = False,
    is_consistent: bool = False,
    is_to_be_written: bool = False,
    is_exact: bool = False,
    selected: Sequence[str] = (),
) -> tuple[PlanSet, Drawings]:
    """The plans for the chosen vaults, by id, and what they rest on; `lost` are those that could not be selected.

    What cannot be read and all vaults need is an error of the whole run; a vault that cannot be is undetermined.
    `asks_which` is whether acceptances have to name their vaults, `selected` says what was selected. Many vaults are
    read from an index that lags; with `is_to_be_written` those that would change are read again from Resource Manager
    itself before anybody sees a plan.

    A plan that is to be `is_exact` is compared, later, with each vault as it shows itself. No list of many does so: it
    does not tell of a perimeter that this sign-in may not see. So those that would change are read one by one.
    """
    found = read(targets, acceptances, around, is_consistent=is_consistent or is_exact)
    planned = _draw(found, lost, around, asks_which=asks_which)
    seen = set(found.drawings) if len(targets) <= FEW or not is_exact else set()
    while alone := [each.vault.id for each in planned.pending if each.vault.id not in seen]:
        seen.update(alone)
        found = read_again(found, alone, around, is_alone=True)
        planned = _draw(found, lost, around, asks_which=asks_which)
    while is_to_be_written and (lagging := [each.vault.id for each in planned.pending if each.vault.is_indexed]):
        found = read_again(found, lagging, around)
        planned = _draw(found, lost, around, asks_which=asks_which)
    return replace(planned, selected=(*selected, *around.moment().remarks)), found.drawings


def _draw(found: Reading, lost: Iterable[Undetermined], around: Surroundings, *, asks_which: bool) -> PlanSet:
    plans: list[Plan] = []
    missing = [*lost, *found.undetermined]
    for vault in found.vaults:
        try:
            plans.append(_remembering(found.drawings[vault.id].draw(vault, around), around))
        except NetcfgError as error:
            missing.append(undetermined(vault.id, error, found.lines.get(vault.id)))
    unknown = tuple(sorted(missing, key=lambda each: each.vault))
    return PlanSet(found.given, found.organizations, found.resolution, tuple(plans), unknown, asks_which, found.lines)


def _remembering(plan: Plan, around: Surroundings) -> Plan:
    """The same plan, with a note of what the last apply was asked for and this run is not."""
    note = forgotten(plan, around.records.last(plan.vault.id))
    return replace(plan, desired=replace(plan.desired, notes=(*plan.desired.notes, note))) if note else plan

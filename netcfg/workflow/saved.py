"""Saved plans: keep what a plan was drawn from, and draw it again before anything of it is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from netcfg.core.errors import NetcfgError, PlanMoved
from netcfg.core.guards import Acceptance
from netcfg.core.letters import exactly, moved_since
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.ranges import Catalogue, Resolution, resolve
from netcfg.core.resources import VaultId
from netcfg.core.saved import (
    Conditions,
    SavedPlan,
    SavedVault,
    Shown,
    expired_since,
    grounds_moved,
    otherwise_shown,
    plan_moved,
    unknown_to,
)
from netcfg.core.target import Target
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawing, Drawings
from netcfg.workflow.plan import plan

Describe = Callable[[PlanSet], Shown]  # the document that plans are shown as


def keep(
    planned: PlanSet,
    targets: Iterable[Target],
    acceptances: Iterable[Acceptance],
    conditions: Conditions,
    around: Surroundings,
    describe: Describe,
) -> SavedPlan:
    """Everything that it takes to draw these plans again."""
    meant = {each.name: each for each in targets}
    document = describe(planned)
    by_id = {each.vault.id: each for each in planned.plans}
    ordered = [by_id[id] for id in sorted(by_id, key=lambda id: str(id).lower())]
    return SavedPlan(
        conditions=conditions,
        made=around.now(),
        acceptances=tuple(acceptances),
        asks_which=planned.asks_which,
        catalogue=around.catalogue,
        vaults=tuple(_kept(each, meant[each.vault.id.name]) for each in ordered),
        document=document,
    )


def _kept(drawn: Plan, target: Target) -> SavedVault:
    return SavedVault(exactly(drawn.vault), target.intent, target.is_selected, target.where)


def plan_again(saved: SavedPlan, around: Surroundings, describe: Describe) -> tuple[PlanSet, Drawings]:
    """The plans as they are drawn now, for the vaults that were planned, and what they rest on.

    The ranges are those that the plan was made with, and whatever newer ones are known here. A plan that is not the one
    that was shown is among those that moved, with everything that did. What could not be read then is as little known
    now. Nothing is read from an index that lags.
    """
    knowing = replace(around, catalogue=around.catalogue.joined(saved.catalogue.editions))
    planned, drawings = plan(
        saved.targets,
        saved.acceptances,
        knowing,
        saved.lost,
        asks_which=saved.asks_which,
        is_consistent=True,
        selected=saved.document["selected"],
    )
    as_then = _with_ranges(planned, drawings, saved.catalogue, knowing)
    moved = _moved(saved, planned, as_then, describe, knowing)
    exact = tuple(replace(each, is_exact=True) for each in planned.plans)
    return replace(planned, plans=exact, moved=moved), drawings


def _moved(
    saved: SavedPlan, planned: PlanSet, as_then: PlanSet, describe: Describe, around: Surroundings
) -> Mapping[VaultId, PlanMoved]:
    recorded = saved.shown
    then, now = describe(as_then), describe(planned)
    grounds = grounds_moved(saved.document, then)
    shown_then, shown_now = _by_id(as_then.plans, then), _by_id(planned.plans, now)
    strange = unknown_to(saved.catalogue, around.catalogue)
    moved: dict[VaultId, PlanMoved] = {}
    for each in planned.plans:
        id = each.vault.id
        was, shown = recorded[id]
        said = [*grounds, *moved_since(was.vault, exactly(each.vault))]
        said += expired_since(was.intent, saved.made.date(), around.moment().today)
        differs, differed = plan_moved(shown, shown_now[id]), plan_moved(shown, shown_then[id])
        if strange and differs != differed:
            said.append(f"{' and '.join(strange)}, known here and not to the plan, would change it")
        if said := [*said, *differs] or [*otherwise_shown(shown, shown_now[id])]:
            moved[id] = PlanMoved(each.vault.name, said)
    return moved


def _by_id(plans: Sequence[Plan], document: Shown) -> dict[VaultId, Shown]:
    ordered = sorted(plans, key=lambda each: str(each.vault.id).lower())
    return {each.vault.id: shown for each, shown in zip(ordered, document["vaults"], strict=True)}


def _with_ranges(planned: PlanSet, drawings: Drawings, catalogue: Catalogue, around: Surroundings) -> PlanSet:
    """The same vaults, planned with the editions of this catalogue alone: what differs is what others would change."""
    shared = {id(each): each for each in drawings.values()}
    as_then = {key: replace(each, resolution=_resolved(each.resolution, catalogue)) for key, each in shared.items()}
    plans = tuple(_drawn(each, as_then[id(drawings[each.vault.id])], around) for each in planned.plans)
    return replace(planned, plans=plans, resolution=_resolved(planned.resolution, catalogue))


def _drawn(now: Plan, drawing: Drawing, around: Surroundings) -> Plan:
    """What is wrong with the vault itself was told already, so where there is no plan the newer ranges mend it."""
    try:
        return drawing.draw(now.vault, around)
    except NetcfgError:
        return now


def _resolved(resolution: Resolution, catalogue: Catalogue) -> Resolution:
    return resolve(catalogue, resolution.policy, resolution.geographies, canary=resolution.includes_canary)

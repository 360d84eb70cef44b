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
    Missing,
    SavedPlan,
    SavedVault,
    Shown,
    expired_since,
    grounds_moved,
    newer_than,
    otherwise_shown,
    plan_moved,
    told,
)
from netcfg.core.target import Target
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawing, Drawings
from netcfg.workflow.plan import plan
from netcfg.workflow.selection import Meant

Describe = Callable[[PlanSet], Shown]  # the document that plans are shown as


def keep(
    planned: PlanSet,
    chosen: Meant,
    acceptances: Iterable[Acceptance],
    conditions: Conditions,
    around: Surroundings,
    describe: Describe,
) -> SavedPlan:
    """Everything that it takes to draw these plans again. What is said of this machine's clock is not among it."""
    meant = {each.name: each for each in chosen.targets}
    document = describe(replace(planned, selected=tuple(chosen.said)))
    by_id = {each.vault.id: each for each in planned.plans}
    ordered = [by_id[id] for id in sorted(by_id, key=lambda id: str(id).lower())]
    return SavedPlan(
        conditions=conditions,
        made=around.now(),
        acceptances=tuple(acceptances),
        asks_which=planned.asks_which,
        catalogue=around.catalogue,
        vaults=tuple(_kept(each, meant[each.vault.id.name]) for each in ordered),
        missing=tuple(
            Missing(each.vault, str(each.error), each.is_selection, each.where) for each in planned.undetermined
        ),
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
    newer = newer_than(saved.catalogue, around.catalogue)
    knowing = replace(around, catalogue=saved.catalogue.joined(newer))
    planned, drawings = plan(
        saved.targets,
        saved.acceptances,
        knowing,
        saved.lost,
        asks_which=saved.asks_which,
        is_exact=True,
        selected=saved.document["selected"],
    )
    as_then = _with_ranges(planned, drawings, saved.catalogue, knowing) if newer else planned
    moved = _moved(saved, planned, as_then, told(newer, saved.catalogue), describe, knowing)
    return replace(planned, plans=tuple(map(_exact, planned.plans)), moved=moved), drawings


def _exact(drawn: Plan) -> Plan:
    return replace(drawn, is_exact=True, guards=tuple(replace(each, is_saved=True) for each in drawn.guards))


def _moved(
    saved: SavedPlan, planned: PlanSet, as_then: PlanSet, newer: str, describe: Describe, around: Surroundings
) -> Mapping[VaultId, PlanMoved]:
    recorded = saved.shown
    then, now = describe(as_then), describe(planned)
    grounds = grounds_moved(saved.document, then)
    shown_then, shown_now = _by_id(as_then.plans, then), _by_id(planned.plans, now)
    moved: dict[VaultId, PlanMoved] = {}
    for each in planned.plans:
        id = each.vault.id
        was, shown = recorded[id]
        said = [*grounds, *moved_since(was.vault, exactly(each.vault))]
        said += expired_since(was.intent, saved.made.date(), around.moment().today)
        differs, differed = plan_moved(shown, shown_now[id]), plan_moved(shown, shown_then[id])
        if newer and differs != differed:
            said.append(f"{newer}, known here and not to the plan, would change it")
        if said := [*said, *differs] or [*otherwise_shown(shown, shown_then[id])]:
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

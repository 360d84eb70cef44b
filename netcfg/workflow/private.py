"""The private way in: made piece by piece before a vault's own settings are touched, taken down after them.

The order keeps everybody's way in: the endpoint is approved before its name leads to it, the record is there before a
network asks for it, and public access is turned off last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from netcfg.core.approval import Approval
from netcfg.core.errors import (
    ApprovalPending,
    LinkHeld,
    NetcfgError,
    NotVerified,
    PieceBusy,
    PieceFailed,
    PieceLeft,
    PieceNotRemoved,
    PieceUndone,
    RecordMissing,
    VaultMoved,
    ZoneUnread,
)
from netcfg.core.outcome import Ending
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.private import Landscape, NewEndpoint, NewLink, NewPiece, OldPiece, PieceKind, kind_of
from netcfg.core.resources import VaultId
from netcfg.core.sight import connection_of
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.plan import Drawing, look_privately

APPROVAL_PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds in which an approval that nobody has to think about arrives


@dataclass(frozen=True)
class Paved:
    """How far the way in to one vault was made: what is left of its plan, or the error that stopped it.

    `touched` is whether anything may have been made, `made` the pieces that certainly were.
    """

    plan: Plan
    drawing: Drawing
    touched: bool = False
    made: tuple[NewPiece, ...] = ()
    error: NetcfgError | None = None

    @property
    def ending(self) -> Ending:
        return Ending.STALE if isinstance(self.error, VaultMoved) else Ending.FAILED

    def failed(self, error: NetcfgError, *, touched: bool = False) -> Paved:
        return replace(self, error=error, touched=self.touched or touched)


def pave(planned: PlanSet, pending: Sequence[Plan], drawing: Drawing, around: Surroundings) -> dict[VaultId, Paved]:
    """Make what the pending plans lack of a private way in; each ends with what is left to be written, or an error.

    All records come before the first link: a network that asks the zone finds no vault in it that has none.
    """
    wanted = [plan for plan in pending if plan.desired.way.endpoint]
    if not wanted:
        return {}
    ways = {plan.vault.id: each for plan in wanted for each in (_begin(plan, drawing, around),)}
    for id, way in ways.items():
        ways[id] = _make(way, around)
    if any(way.plan.desired.way.links for way in ways.values() if not way.error):
        _link(ways, planned, around)
    for id, way in ways.items():
        ways[id] = _prove(way, around)
    return ways


def dismantle(plan: Plan, drawing: Drawing, around: Surroundings) -> None:
    """Remove what the plan removes, after another look that promises nothing more; what is gone already is gone."""
    if not plan.desired.way.removals:
        return
    rest, _ = _look_again(plan, drawing, around)
    promised = set(plan.desired.way.removals)
    moved = [f"new: remove {each.id}" for each in rest.desired.way.removals if each not in promised]
    moved += [f"the guard {each.id} fires now" for each in rest.refusals]
    if moved:
        raise VaultMoved(plan.vault.name, moved)
    for piece in rest.desired.way.removals:
        what = f"{piece.kind.noun} {piece.id.name}"
        around.progress.step(f"removing the {what}")
        try:
            around.private.remove(piece)
        except NetcfgError as error:
            raise PieceNotRemoved(f"the {what}", error) from error
    rest, _ = _look_again(plan, drawing, around)
    if left := rest.desired.way.removals:
        raise NotVerified(plan.vault.name, (f"{each.kind.noun} {each.id.name} is still there" for each in left))


def _begin(plan: Plan, drawing: Drawing, around: Surroundings) -> Paved:
    """Another look: the plan that was shown must still hold, but for pieces that somebody has made since."""
    way = Paved(plan, drawing)
    try:
        current, seen = _look_again(plan, drawing, around)
    except NetcfgError as error:
        return way.failed(error)
    if moved := plan.as_far_as(current).what_moved(current):
        return way.failed(VaultMoved(plan.vault.name, moved))
    return replace(way, plan=current, drawing=seen)


def _make(way: Paved, around: Surroundings) -> Paved:
    """Everything but the links. An endpoint whose record cannot be made is worse than none, so it goes again."""
    if way.error:
        return way
    way = _make_all(way, around)
    is_made = any(isinstance(each, NewEndpoint) for each in way.made)
    if way.error and is_made and not isinstance(way.error, ApprovalPending) and _is_looked_for_in_vain(way):
        return _undo(way, way.error, around)
    return way


def _is_looked_for_in_vain(way: Paved) -> bool:
    """Whether networks ask the zone, which has no record, about a vault that they found in the public DNS before."""
    zone_id = way.plan.desired.way.zone
    zone = way.drawing.landscape.zone(zone_id) if zone_id else None
    asked = zone is not None and any(not each.redirects for each in zone.links)
    return asked and not any(each.approval is Approval.APPROVED for each in way.plan.vault.connections)


def _undo(way: Paved, error: NetcfgError, around: Surroundings) -> Paved:
    """Remove the endpoint that this run has made moments ago; nobody can be used to it yet."""
    (endpoint,) = (each for each in way.made if isinstance(each, NewEndpoint))
    around.progress.step(f"removing the private endpoint {endpoint.id.name} again")
    try:
        around.private.remove(OldPiece(PieceKind.ENDPOINT, endpoint.id))
    except NetcfgError as other:
        return way.failed(PieceLeft(endpoint.id.name, way.plan.vault.name, error, other))
    return way.failed(PieceUndone(endpoint.id.name, error))


def _make_all(way: Paved, around: Surroundings) -> Paved:
    pieces = [each for each in way.plan.desired.way.additions if not isinstance(each, NewLink)]
    endpoints = [each for each in pieces if isinstance(each, NewEndpoint)]
    way = _add_all(way, endpoints, around)
    way = way if way.error else _await_approval(way, around)
    return way if way.error else _add_all(way, [each for each in pieces if each not in endpoints], around)


def _add_all(way: Paved, pieces: Sequence[NewPiece], around: Surroundings) -> Paved:
    for piece in pieces:
        what = f"{kind_of(piece).noun} {piece.id.name}"
        around.progress.step(f"making the {what}")
        try:
            is_new = around.private.add(piece)
        except NetcfgError as error:
            return way.failed(PieceFailed(f"the {what}", error), touched=isinstance(error, PieceBusy))
        way = replace(way, touched=True, made=(*way.made, piece) if is_new else way.made)
    return way


def _await_approval(way: Paved, around: Surroundings) -> Paved:
    """Wait a little for the approval that comes by itself; for one that a person gives, somebody has to come back."""
    vault, endpoint, found = way.plan.vault, way.plan.desired.way.endpoint, None
    if endpoint is None:
        return way
    for pause in (0.0, *APPROVAL_PAUSES):
        if pause:
            around.progress.step(f"waiting for the approval of {endpoint.name}")
            around.sleep(pause)
        try:
            vault = around.vaults.read(vault.id)
        except NetcfgError as error:
            return way.failed(error)
        found = connection_of(vault, endpoint)
        if found and found.approval is Approval.APPROVED:
            return way
        if found and found.approval is not Approval.PENDING:
            break
    if found is None:
        return way.failed(PieceBusy(f"the private endpoint {endpoint.name}", f"{vault.name} does not show it yet"))
    return way.failed(ApprovalPending(vault.name, endpoint.name, found.approval.value, str(found.id)))


def _link(ways: dict[VaultId, Paved], planned: PlanSet, around: Surroundings) -> None:
    """Link the networks, for every vault whose record is there and that thereby hides no other vault of the run."""
    for id, way in ways.items():
        links = way.plan.desired.way.links
        if way.error or not links:
            continue
        try:
            _, seen = _look_again(way.plan, way.drawing, around)
        except NetcfgError as error:
            ways[id] = way.failed(error)
            continue
        held = _why_not_link(way, _with_an_endpoint(ways, planned), seen.landscape)
        ways[id] = way.failed(held) if held else _add_all(way, links, around)


def _why_not_link(way: Paved, companions: Collection[str], seen: Landscape) -> NetcfgError | None:
    zone_id = way.plan.desired.way.zone
    zone = seen.zone(zone_id) if zone_id else None
    if zone is None or zone.records is None:
        return ZoneUnread(str(zone_id))
    if zone.record_of(way.plan.vault.name) is None:
        return RecordMissing(way.plan.vault.name, str(zone.id))
    hidden = sorted((set(companions) | (seen.hideable & seen.companions)) - {each.name for each in zone.records})
    return LinkHeld(zone.id.name, hidden) if hidden else None


def _with_an_endpoint(ways: Mapping[VaultId, Paved], planned: PlanSet) -> set[str]:
    """The vaults of the run that a zone without their record would hide, as far as their plans and this run show."""
    approved = {
        plan.vault.name.lower()
        for plan in planned.plans
        if any(each.approval is Approval.APPROVED for each in plan.vault.connections)
    }
    made = {
        way.plan.vault.name.lower()
        for way in ways.values()
        if way.touched and any(isinstance(each, NewEndpoint) for each in way.plan.desired.way.additions)
    }
    return approved | made


def _prove(way: Paved, around: Surroundings) -> Paved:
    """What is left of the plan once Azure shows every piece. Nobody saw it in this form, so it may hold nothing new."""
    if way.error or not way.touched:
        return way
    try:
        rest, seen = _look_again(way.plan, way.drawing, around)
    except NetcfgError as error:
        return way.failed(error)
    if not way.plan.is_finished_by(rest):
        return way.failed(VaultMoved(rest.vault.name, way.plan.what_moved(rest)))
    if left := rest.desired.way.additions:
        missing = [f"{kind_of(each).noun} {each.id.name} is missing" for each in left]
        return way.failed(NotVerified(rest.vault.name, missing))
    return replace(way, plan=rest, drawing=seen)


def _look_again(plan: Plan, drawing: Drawing, around: Surroundings) -> tuple[Plan, Drawing]:
    """The plan of a fresh look at the vault and everything private around it, and what it rests on."""
    around.progress.step(f"looking at {plan.vault.name} again")
    vault = around.vaults.read(plan.vault.id)
    seen = look_privately([vault], drawing.agents.intent, around)
    fresh = replace(drawing, landscape=replace(seen, companions=drawing.landscape.companions))
    return fresh.draw(vault, around), fresh

"""The private way in: made piece by piece before a vault's own settings are touched, taken down after them.

The order keeps everybody's way in: the endpoint is approved before its name leads to it, the record is there before a
network asks for it, and public access is turned off last. An endpoint is never left without its record if that can be
helped: it may hide its vault from networks that nobody here sees.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from netcfg.core.approval import Approval
from netcfg.core.errors import (
    ApprovalPending,
    LinkHeld,
    NetcfgError,
    NotInAzure,
    NotVerified,
    PieceBusy,
    PieceFailed,
    PieceInUse,
    PieceLeft,
    PieceNotRemoved,
    PieceUndone,
    RecordInterrupted,
    RecordMissing,
    VaultMoved,
    ZoneKept,
    ZoneUnread,
)
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.private import (
    Landscape,
    NewEndpoint,
    NewLink,
    NewPiece,
    NewRecord,
    NewZone,
    OldPiece,
    PieceKind,
    kind_of,
)
from netcfg.core.record import Making, Removing
from netcfg.core.resources import VaultId
from netcfg.core.sight import connection_of
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawing, Drawings
from netcfg.workflow.reading import look_privately
from netcfg.workflow.recording import recorded

LAST_PAUSES = (1.0, 1.0)  # seconds in which an endpoint is there, or was never asked for
APPROVAL_PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds in which an approval that nobody has to think about arrives


@dataclass(frozen=True)
class Paved:
    """How far the way in to one vault was made: what is left of its plan, or the error that stopped it.

    `shown` is the plan that somebody agreed to, `touched` whether this run may have made anything, `made` the pieces
    that it made.
    """

    plan: Plan
    drawing: Drawing
    shown: Plan
    touched: bool = False
    made: tuple[NewPiece, ...] = ()
    error: NetcfgError | None = None

    def failed(self, error: NetcfgError, *, touched: bool = False) -> Paved:
        return replace(self, error=error, touched=self.touched or touched)


def pave(planned: PlanSet, pending: Sequence[Plan], drawings: Drawings, around: Surroundings) -> dict[VaultId, Paved]:
    """Make what the pending plans lack of a private way in; each ends with what is left to be written, or an error.

    All records come before the first link: a network that asks the zone finds no vault in it that has none. Somebody
    who wants us to end is obeyed between two vaults: an endpoint that was begun gets its record.
    """
    wanted = [plan for plan in pending if plan.desired.way.endpoint]
    if not wanted:
        return {}
    around.private.forget()
    ways = {plan.vault.id: each for plan in wanted for each in (_begin(plan, drawings[plan.vault.id], around),)}
    for id, way in ways.items():
        ways[id] = _make(way, around)
    if any(way.plan.desired.way.links for way in ways.values() if not way.error):
        _link(ways, planned, around)
    for id, way in ways.items():
        ways[id] = _prove(way, around)
    return ways


def dismantle(plan: Plan, drawing: Drawing, around: Surroundings) -> None:
    """Remove what the plan removes, after another look that promises nothing more; what is gone already is gone.

    The zone that several vaults of the run share goes with the last of them, and only when the others have left it.
    """
    promised = plan.desired.way.removals
    if not promised:
        return
    around.private.forget()
    own = _alone(plan, drawing)
    rest, kept = _look_until_free(plan, own, around)
    shared = (PieceKind.LINK, PieceKind.ZONE)
    moved = [
        f"new: remove {each.id}"
        for each in rest.desired.way.removals
        if each not in promised and each.kind not in shared
    ]
    moved += plan.new_harm(rest) if rest.desired.way.removals else ()
    if moved:
        raise VaultMoved(plan.vault.name, moved)
    for piece in rest.desired.way.removals:
        if piece not in promised:
            continue
        what = f"{piece.kind.noun} {piece.id.name}"
        around.progress.step(f"removing the {what}")
        try:
            _remove(piece, plan.vault.id, around)
        except NetcfgError as error:
            raise PieceNotRemoved(f"the {what}", error) from error
    rest, _ = _look_again(plan, own, around)
    if left := [each for each in rest.desired.way.removals if each in promised]:
        raise NotVerified(plan.vault.name, (f"{each.kind.noun} {each.id.name} is still there" for each in left))
    if kept:
        raise kept


def _look_until_free(plan: Plan, drawing: Drawing, around: Surroundings) -> tuple[Plan, ZoneKept | None]:
    """Another look, once the zone that goes with this vault is free of the others of the run, or why it stays.

    Their records go with their endpoints, and nobody says how long after them.
    """
    kept = None
    for pause in (0.0, *APPROVAL_PAUSES):
        if pause:
            around.progress.step(f"waiting for the records of other vaults to go, beside that of {plan.vault.name}")
            around.sleep(pause)
        rest, seen = _look_again(plan, drawing, around)
        kept = _kept(plan, seen.landscape, drawing.landscape.companions)
        if kept is None:
            break
    return rest, kept


def _kept(plan: Plan, seen: Landscape, companions: Collection[str]) -> ZoneKept | None:
    going = [zone for each in plan.desired.way.removals if (zone := seen.zone(each.id))]
    for zone in going:
        names = {each.name for each in zone.records or ()} - {plan.vault.name.lower()}
        if names & set(companions):
            return ZoneKept(str(zone.id), sorted(names & set(companions)))
    return None


def _alone(plan: Plan, drawing: Drawing) -> Drawing:
    """The same as if this vault's endpoints were all that goes: what others still have in a zone then keeps it."""
    intent = drawing.agents.intent
    going = tuple(each.id for each in plan.desired.way.removals if each.kind is PieceKind.ENDPOINT)
    return replace(drawing, agents=replace(drawing.agents, intent=replace(intent, remove_endpoints=going)))


def _begin(plan: Plan, drawing: Drawing, around: Surroundings) -> Paved:
    """Another look: the plan that was shown must still hold, but for pieces that somebody has made since."""
    way = Paved(plan, drawing, plan)
    if around.stop.is_set():
        return way.failed(around.ended())
    try:
        current, seen = _look_again(plan, drawing, around)
    except NetcfgError as error:
        return way.failed(error)
    if moved := plan.as_far_as(current).what_moved(current):
        return way.failed(VaultMoved(plan.vault.name, moved))
    return replace(way, plan=replace(current, is_exact=plan.is_exact), drawing=seen)


def _make(way: Paved, around: Surroundings) -> Paved:
    """Everything but the links. An endpoint whose record cannot be made is worse than none, so it goes again."""
    if way.error:
        return way
    if around.stop.is_set():
        return way.failed(around.ended())
    try:
        with around.finishing():
            return _make_all(way, around)
    except KeyboardInterrupt:
        _finish_record(way, around)
        raise


def _make_all(way: Paved, around: Surroundings) -> Paved:
    """The endpoint, then its zone and record, whether its owner has approved it yet or not.

    Azure then writes the record at the approval (the sandbox does; Azure/Enterprise-Scale#2157 saw it in Azure, which
    documents it nowhere), so that nobody is hidden until somebody comes back here.
    """
    pieces = [each for each in way.plan.desired.way.additions if not isinstance(each, NewLink)]
    endpoints = [each for each in pieces if isinstance(each, NewEndpoint)]
    way = _add_all(way, endpoints, around)
    if way.error:
        is_open = isinstance(way.error, PieceFailed) and way.error.is_busy
        return _left(way, way.error, "it may still come to be") if is_open and _is_first(way) else way
    waited = _await_approval(way, around)
    if isinstance(waited.error, ApprovalPending) and waited.error.is_final:
        return waited
    way = _add_all(way, [each for each in pieces if each not in endpoints], around)
    if way.error is None:
        return replace(way, error=waited.error)
    if isinstance(waited.error, ApprovalPending):
        return way.failed(waited.error.without_record(way.error))
    return _take_back(way, way.error, around)


def _finish_record(way: Paved, around: Surroundings) -> None:
    """The record, in one write, for somebody who wants to leave; without an endpoint there is nothing to be done.

    One that was asked for just now may take a moment to be there. A zone that is still to be made is asked by nobody.
    """
    additions = way.plan.desired.way.additions
    records = [each for each in additions if isinstance(each, NewRecord)]
    if not _is_first(way) or any(isinstance(each, NewZone) for each in additions):
        return
    for record in records:
        around.progress.step(f"stopping, once {way.plan.vault.name} has its record: without it, it may not be found")
        try:
            _add_to_what_comes(record, way.plan.vault.id, around)
        except NotInAzure:
            continue
        except (NetcfgError, KeyboardInterrupt) as error:
            why = str(error) or "interrupted again"
            raise KeyboardInterrupt(str(RecordInterrupted(record.id.parent.name, way.plan.vault.name, why))) from None


def _add_to_what_comes(record: NewRecord, vault: VaultId, around: Surroundings) -> None:
    for pause in LAST_PAUSES:
        try:
            _add(record, vault, around)
            return
        except NotInAzure:
            around.sleep(pause)
    _add(record, vault, around)


def _add(piece: NewPiece, vault: VaultId, around: Surroundings) -> bool:
    with recorded(Making(vault, kind_of(piece), piece.id), around):
        return around.private.add(piece)


def _remove(piece: OldPiece, vault: VaultId, around: Surroundings) -> None:
    with recorded(Removing(vault, piece.kind, piece.id), around):
        around.private.remove(piece)


def _is_first(way: Paved) -> bool:
    """Whether no other endpoint leads to the vault: then the public DNS begins to send people to the private zones."""
    endpoint = way.plan.desired.way.endpoint
    others = (each for each in way.plan.vault.connections if each.endpoint != endpoint)
    return not any(each.approval is Approval.APPROVED for each in others)


def _take_back(way: Paved, error: NetcfgError, around: Surroundings) -> Paved:
    """The end of a vault whose record, or link, cannot be made: without what this run made for it, if that can be.

    Nobody can be used to an endpoint yet that was made moments ago. What the zones of the networks hold is not asked
    about: some of them may be out of sight.
    """
    endpoints = [each for each in way.made if isinstance(each, NewEndpoint)]
    if not _is_first(way):
        return way.failed(error)
    if not endpoints:
        return _left(way, error, "it was there before this run")
    (endpoint,) = endpoints
    links = [OldPiece(PieceKind.LINK, each.id) for each in way.made if isinstance(each, NewLink)]
    zones = [OldPiece(PieceKind.ZONE, each.id) for each in way.made if isinstance(each, NewZone)]
    for piece in (*links, OldPiece(PieceKind.ENDPOINT, endpoint.id), *zones):
        around.progress.step(f"removing the {piece.kind.noun} {piece.id.name} again")
        try:
            _remove(piece, way.plan.vault.id, around)
        except PieceInUse:
            continue  # another vault has its record there by now
        except NetcfgError as other:
            if piece.kind is PieceKind.ENDPOINT:
                return _left(way, error, other)
    return way.failed(PieceUndone(endpoint.id.name, error))


def _left(way: Paved, error: NetcfgError, why: object) -> Paved:
    endpoint = way.plan.desired.way.endpoint
    return way.failed(PieceLeft(endpoint.name, way.plan.vault.name, error, why) if endpoint else error)


def _add_all(way: Paved, pieces: Sequence[NewPiece], around: Surroundings) -> Paved:
    for piece in pieces:
        what = f"{kind_of(piece).noun} {piece.id.name}"
        around.progress.step(f"making the {what}")
        try:
            is_new = _add(piece, way.plan.vault.id, around)
        except NetcfgError as error:
            return way.failed(PieceFailed(f"the {what}", error), touched=isinstance(error, PieceBusy))
        if is_new:
            way = replace(way, touched=True, made=(*way.made, piece))
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
    """Link the networks, for every vault whose record is there and that thereby hides no other vault of the run.

    A network that Azure lets link nothing may ask a zone that nobody here sees: then it finds the vault no more.
    """
    for id, way in ways.items():
        links = way.plan.desired.way.links
        if way.error or not links:
            continue
        if around.stop.is_set():
            ways[id] = way.failed(around.ended())
            continue
        held = _hold(way, _with_an_endpoint(ways, planned), around)
        way = way.failed(held) if held else _add_all(way, links, around)
        is_refused = isinstance(way.error, PieceFailed) and not way.error.is_passing
        is_new = any(isinstance(each, NewEndpoint) for each in way.made)
        ways[id] = _take_back(way, way.error, around) if way.error and is_refused and is_new else way


def _hold(way: Paved, companions: Collection[str], around: Surroundings) -> NetcfgError | None:
    """Why no network may be linked for this vault now, after looks that see everything anew.

    A vault that another run gives its endpoint just now has its record moments later, so it is waited for.
    """
    held: NetcfgError | None = None
    for pause in (0.0, *APPROVAL_PAUSES):
        if pause:
            around.progress.step(f"waiting for records beside that of {way.plan.vault.name}")
            around.sleep(pause)
        around.private.forget()
        try:
            rest, seen = _look_again(way.plan, way.drawing, around)
        except NetcfgError as error:
            return error
        if held := _why_not_link(way, companions, seen.landscape):
            return held
        if not (moved := way.shown.new_harm(rest)):
            return None
        held = VaultMoved(way.plan.vault.name, moved)
    return held


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
        if not isinstance(way.error, PieceUndone)
    }
    return approved | made


def _prove(way: Paved, around: Surroundings) -> Paved:
    """What is left of the plan once Azure shows every piece. Nobody saw it in this form, so it may hold nothing new."""
    if way.error or not way.plan.desired.way.additions:
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

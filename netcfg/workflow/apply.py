"""Apply: look again, write once for each vault and step, look whether it came back as sent.

A vault has no ETag, so a write that somebody else makes between our last look and our write cannot be seen. Everything
outside that window can be, and stops us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from netcfg.core.errors import (
    EndpointHeld,
    Interrupted,
    NetcfgError,
    NotVerified,
    PieceNotRemoved,
    VaultMoved,
    WaveFailed,
    ZoneKept,
)
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.private import PieceKind
from netcfg.core.resources import SubnetId, Vault, VaultId, as_subnet
from netcfg.core.rules import PublicAccess
from netcfg.core.shell import quote
from netcfg.core.waves import Waves
from netcfg.core.words import counted
from netcfg.workflow import endpoints, private, recording, waiting
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawing, Drawings
from netcfg.workflow.lanes import Aside, side_by_side
from netcfg.workflow.private import Paved
from netcfg.workflow.writing import Goal, Halt, Step, ending_of, take

Done = TypeVar("Done")


@dataclass
class _Run:
    """An apply under way: how vaults ended, and how Azure showed those that this run wrote.

    `opened` are those that got the first of their two writes. `touched` are those for which more than their own
    settings was changed. `groups` are the waves that were announced. With `failed` nothing new begins.
    """

    planned: PlanSet
    drawings: Drawings
    around: Surroundings
    waves: Waves | None = None
    groups: tuple[tuple[Plan, ...], ...] = ()
    ended: dict[VaultId, Outcome] = field(default_factory=dict)
    opened: dict[VaultId, Vault] = field(default_factory=dict)
    written: dict[VaultId, Vault] = field(default_factory=dict)
    touched: set[VaultId] = field(default_factory=set)
    failed: WaveFailed | None = None

    def is_over(self) -> bool:
        return self.failed is not None or self.around.stop.is_set()

    def left(self, plans: Iterable[Plan]) -> list[Plan]:
        return [plan for plan in plans if plan.vault.id not in self.ended]

    def has_touched(self, plan: Plan) -> bool:
        """Whether the run has changed something for a vault before its last step."""
        opened = self.opened.get(plan.vault.id)
        return plan.vault.id in self.touched or (opened is not None and opened.firewall != plan.before)


def apply(planned: PlanSet, drawings: Drawings, around: Surroundings, waves: Waves | None = None) -> Result:
    """Bring the planned vaults to what their plans promise; one vault's failure stops no other of its wave.

    Where an agents' subnet needs its service endpoint, all its vaults are opened to the subnet before the endpoint
    changes the agents' source address, and tightened only after: killed anywhere, nobody has lost a way in that the
    plan keeps. So an endpoint waits for every vault of the run; one that cannot be opened holds it. With `waves` both
    writes go in waves.

    What ends a run first is why the vaults are left that it did not begin: a wave that failed, or somebody who wanted
    it to end before the wave in which a vault failed was over.
    """
    run = _Run(planned, drawings, around, waves, ended=_settled(planned))
    pending = run.left(planned.plans)
    if pending:
        run.around = around = replace(around, journal=recording.begin(planned, pending, drawings, around))
    run.groups = divide(pending, waves)
    numbers = {plan.vault.id: number for number, group in enumerate(run.groups, 1) for plan in group}
    with _noted(run):
        failures = _switch([plan for plan in pending if plan.desired.endpoints], run)
        _in_waves(run.left(pending), run, partial(_finish_all, failures=failures))
    for plan in run.left(pending):
        # Why its endpoint is not there says more than that somebody wanted us to end meanwhile.
        own = [failures[each] for each in plan.desired.endpoints if each in failures]
        failed = next((each for each in own if ending_of(each) is Ending.FAILED), None)
        error = run.failed or failed or run.around.ended()
        ending = Ending.NOT_REACHED if run.failed else ending_of(error)
        run.ended[plan.vault.id] = Outcome(plan, ending, touched=run.has_touched(plan), error=error)
    outcomes = [run.ended[plan.vault.id] for plan in planned.plans]
    if waves:
        outcomes = [replace(each, wave=numbers.get(each.plan.vault.id)) for each in outcomes]
    is_interrupted = any(isinstance(each.error, Interrupted) for each in outcomes)
    return _filed(Result(planned, tuple(outcomes), is_interrupted), pending, around)


def _filed(result: Result, pending: Sequence[Plan], around: Surroundings) -> Result:
    """The result, once the record has it too, with what undoes it where anything was done."""
    around.journal.end(result)
    if not (name := around.journal.name):
        return result
    recorded = {plan.vault.id for plan in pending}
    outcomes = tuple(replace(each, record=name) if each.plan.vault.id in recorded else each for each in result.outcomes)
    if not any(each.touched or each.ending is Ending.DONE for each in outcomes):
        return replace(result, outcomes=outcomes)
    return replace(result, outcomes=outcomes, undo=f"{around.program} rollback {quote(name)}")


def decline(planned: PlanSet) -> Result:
    """The result when somebody was asked, and did not want it."""
    settled = _settled(planned)
    outcomes = (settled.get(plan.vault.id) or Outcome(plan, Ending.NOT_REACHED) for plan in planned.plans)
    return Result(planned, tuple(outcomes))


def in_waves(planned: PlanSet, waves: Waves) -> tuple[tuple[Plan, ...], ...]:
    """The vaults that an apply would write in each wave."""
    settled = _settled(planned)
    return divide([plan for plan in planned.plans if plan.vault.id not in settled], waves)


def divide(plans: Sequence[Plan], waves: Waves | None) -> tuple[tuple[Plan, ...], ...]:
    """The plans of each wave; without waves there is one."""
    if waves is None:
        return (tuple(plans),) if plans else ()
    known = {plan.vault.id: plan for plan in plans}
    last = {plan.vault.id for plan in plans if _takes_what_is_shared(plan)}
    return tuple(tuple(known[id] for id in wave) for wave in waves.divide(known, last, lambda id: id.name))


def _settled(planned: PlanSet) -> dict[VaultId, Outcome]:
    """How the vaults end that nothing is written to."""
    # What a refused or unreadable vault holds is not known to admit the agents from their new address.
    moved = planned.moved
    held = (each for each in planned.plans if each.refusals or each.vault.id in moved)
    closed = [each.vault.name for each in held if each.desired.endpoints]
    closed += [each.vault for each in planned.undetermined]
    outcomes = {plan.vault.id: _settle(plan, closed, moved.get(plan.vault.id)) for plan in planned.plans}
    return {id: outcome for id, outcome in outcomes.items() if outcome}


def _settle(plan: Plan, closed: Sequence[str], moved: NetcfgError | None) -> Outcome | None:
    if moved:
        return Outcome(plan, Ending.STALE, error=moved)
    if plan.refusals:
        return Outcome(plan, Ending.REFUSED)
    if plan.is_empty:
        return Outcome(plan, Ending.UNCHANGED, verified=not plan.vault.is_indexed)
    if plan.desired.endpoints and closed:
        return Outcome(plan, Ending.NOT_REACHED, error=EndpointHeld(plan.desired.endpoints[0].short, closed))
    return None


def _in_waves(
    plans: Sequence[Plan],
    run: _Run,
    do: Callable[[Sequence[Plan], _Run], None],
    *,
    what: str = "",
    goes_on: bool = False,
) -> None:
    """Do something to the vaults of one wave after the other, each after a look at those of the one before.

    `goes_on` is whether something follows the last of these waves.
    """
    wanted = {plan.vault.id for plan in plans}
    filtered = [
        (number, [each for each in group if each.vault.id in wanted]) for number, group in enumerate(run.groups, 1)
    ]
    groups = [(number, group) for number, group in filtered if group]
    for number, group in groups:
        if run.is_over():
            return
        do(group, run)
        _judge(group, number, what, run)
        if run.waves and not run.is_over() and (goes_on or number < groups[-1][0]):
            waiting.wait(run.waves.wait, f"wave {number} of {len(run.groups)}{what}", run.around)
            if not run.is_over():
                _look_at(group, run)
                _judge(group, number, what, run)


def _judge(group: Sequence[Plan], number: int, what: str, run: _Run) -> None:
    """Begin no other vault after a wave in which one failed; after an interrupt none is begun anyway."""
    if run.waves is None or run.is_over():
        return
    for plan in group:
        outcome = run.ended.get(plan.vault.id)
        if outcome and outcome.error and outcome.ending in (Ending.FAILED, Ending.STALE):
            run.failed = WaveFailed(f"wave {number}{what}", plan.vault.name, outcome.error)
            return


def _look_at(group: Sequence[Plan], run: _Run) -> None:
    """Fail the vaults of a wave that do not hold any more what they were given."""
    given = {
        plan.vault.id: opened for plan in group if _is_open_to_rules(plan) and (opened := run.opened.get(plan.vault.id))
    }
    shown = {**given, **run.written}
    plans = [plan for plan in group if plan.vault.id in shown]

    def look(plan: Plan, around: Surroundings) -> NetcfgError | None:
        return waiting.why_not_as_written(shown[plan.vault.id], around)

    for plan, error in _side_by_side("looking again at", plans, look, run.around, shares=False):
        if error:
            run.ended[plan.vault.id] = Outcome(plan, Ending.FAILED, touched=True, error=error)


def _side_by_side(
    what: str,
    plans: Sequence[Plan],
    do: Callable[[Plan, Surroundings], Done],
    around: Surroundings,
    *,
    shares: bool = True,
) -> Iterator[tuple[Plan, Done]]:
    """What became of each vault that was begun, as it comes.

    Vaults whose rules name subnets of one virtual network are written one after the other: Key Vault answers all but
    one of such writes with a conflict.
    """
    holds = _networks if shares else lambda _: frozenset[str]()

    def one(plan: Plan, aside: Aside) -> Done:
        try:
            return do(plan, replace(around, aside=aside))
        except BaseException as bug:
            bug.add_note(f"{what} {plan.vault.name}; nobody knows whether it was written")
            raise

    with around.progress.count(f"{what} {counted(len(plans), 'vault')}", len(plans)) as advance:
        for plan, done in side_by_side(_in_turns(plans), one, holds, around.parallel, around.stop):
            advance()
            yield plan, done


@contextmanager
def _noted(run: _Run) -> Iterator[None]:
    """Say beside the traceback of a bug, which leaves no result, what had been done by then."""
    try:
        yield
    except BaseException as bug:
        names = sorted(plan.vault.name for plan in run.planned.plans if _is_changed(plan, run))
        bug.add_note(f"{len(names):,} vaults were changed by then: {', '.join(names)}")
        bug.add_note("run the same command again: it looks at every vault anew, and goes on")
        raise


def _is_changed(plan: Plan, run: _Run) -> bool:
    outcome = run.ended.get(plan.vault.id)
    return run.has_touched(plan) or (outcome is not None and (outcome.touched or outcome.ending is Ending.DONE))


def _in_turns(plans: Sequence[Plan]) -> list[Plan]:
    """One of each subscription in turn: Azure counts the writes of each, and none is to wait for another's."""
    taken: dict[str, int] = {}
    turns: list[tuple[int, Plan]] = []
    for plan in plans:
        turn = taken[plan.vault.id.subscription] = taken.get(plan.vault.id.subscription, 0) + 1
        turns.append((turn, plan))
    return [plan for _, plan in sorted(turns, key=lambda each: each[0])]


def _networks(plan: Plan) -> frozenset[str]:
    """The virtual networks that a write to the vault touches."""
    rules = (*plan.before.rule_set.virtual_network_rules, *plan.after.rule_set.virtual_network_rules)
    return frozenset(subnet.network_id for each in rules if (subnet := as_subnet(each.subnet)))


# --- the agents' service endpoints --------------------------------------------------------------------------------


def _switch(switching: Sequence[Plan], run: _Run) -> Mapping[SubnetId, NetcfgError]:
    """Open the vaults to the agents' subnets, then give these their endpoints; why that did not happen where not."""
    if not switching:
        return {}
    try:
        run.drawings = {**run.drawings, **_look_again([plan.vault.id for plan in switching], run)}
    except NetcfgError as error:
        run.ended |= {plan.vault.id: Outcome(plan, Ending.FAILED, error=error) for plan in switching}
        if run.waves:
            run.failed = WaveFailed("the look before the opening", switching[0].vault.name, error)
        return {}
    _in_waves(switching, run, _open_all, what=" of the opening", goes_on=True)
    if run.waves and not run.is_over():
        _look_before_the_switch(switching, run)
    if run.is_over():
        return {}
    enabling = endpoints.enable(switching, run.opened, run.around)
    run.touched |= {
        plan.vault.id
        for plan in switching
        if plan.vault.id in run.opened and not enabling.changed.isdisjoint(plan.desired.endpoints)
    }
    return enabling.failures


def _look_before_the_switch(switching: Sequence[Plan], run: _Run) -> None:
    """Between the waves there was time to take a rule out again, or for others to rely on the agents' public addresses:
    every vault must still be open to the agents, and nobody be harmed whom the plans did not name."""
    opened = [plan for plan in switching if plan.vault.id in run.opened]
    _look_at(opened, run)
    what = "the look before the endpoints"
    try:
        fresh = _look_again([plan.vault.id for plan in opened], run)
        for plan in run.left(opened):
            if harm := plan.new_harm(fresh[plan.vault.id].draw(run.opened[plan.vault.id], run.around)):
                moved = VaultMoved(plan.vault.name, harm)
                run.ended[plan.vault.id] = Outcome(plan, Ending.STALE, touched=run.has_touched(plan), error=moved)
    except NetcfgError as error:
        run.failed = WaveFailed(what, opened[0].vault.name, error)
        return
    for plan in opened:
        outcome = run.ended.get(plan.vault.id)
        if outcome and outcome.error:
            run.failed = WaveFailed(what, plan.vault.name, outcome.error)
            return


def _look_again(vaults: Sequence[VaultId], run: _Run) -> Drawings:
    """What the plans of these vaults rest on after another look, which several vaults share."""
    shared = {id(run.drawings[vault]): run.drawings[vault] for vault in vaults}
    fresh = {key: each.look_again(run.around) for key, each in shared.items()}
    return {vault: fresh[id(run.drawings[vault])] for vault in vaults}


def _open_all(plans: Sequence[Plan], run: _Run) -> None:
    def opened(plan: Plan, around: Surroundings) -> Vault | Outcome:
        return _open(plan, run.drawings[plan.vault.id], around)

    for plan, opening in _side_by_side("opening", plans, opened, run.around):
        if isinstance(opening, Outcome):
            run.ended[plan.vault.id] = opening
        else:
            run.opened[plan.vault.id] = opening


def _open(plan: Plan, drawing: Drawing, around: Surroundings) -> Vault | Outcome:
    """The first step: let the agents' subnets in beside everybody who is there; or how that ended, if it did.

    Where public access is not Enabled there is nobody who could lose a way in, and rules that Azure does not show may
    be there: such a vault waits for the one write that does everything.
    """
    if not _is_open_to_rules(plan):
        return plan.vault
    try:
        return take(Step(plan, _added_to, drawing, ignore_missing_endpoint=True), around)
    except Halt as halt:
        return halt.outcome(plan)


def _is_open_to_rules(plan: Plan) -> bool:
    return plan.before.public_access is PublicAccess.ENABLED


def _added_to(plan: Plan) -> Goal:
    """The plan's new rules beside everybody who is there, and nothing else."""
    before, after = plan.before.rule_set, plan.after.rule_set
    # A rule whose subnet is gone admits nobody, and Azure refuses whatever is sent with it: if it goes, it goes first.
    going = plan.desired.dead.difference(after.virtual_network_rules)
    opened = plan.before.with_rules(
        ip_rules=(*before.ip_rules, *(each for each in after.ip_rules if each not in before.ip_rules)),
        virtual_network_rules=(
            *(each for each in before.virtual_network_rules if each not in going),
            *(each for each in after.virtual_network_rules if each not in before.virtual_network_rules),
        ),
    )
    return Goal(opened, plan.vault.tags)


# --- the last step ------------------------------------------------------------------------------------------------


def _fulfilled(plan: Plan) -> Goal:
    return Goal(plan.after, plan.tags)


def _finish_all(plans: Sequence[Plan], run: _Run, failures: Mapping[SubnetId, NetcfgError]) -> None:
    """Make the private ways in of these vaults, then what is left of their plans; those come last that take with them
    what other vaults need until they are done."""
    paved = private.pave(run.planned, plans, run.drawings, run.around)
    run.touched |= {id for id, way in paved.items() if way.touched}
    for plan in plans:
        way = paved.get(plan.vault.id)
        if way and way.error:
            ending = ending_of(way.error)
            run.ended[plan.vault.id] = Outcome(plan, ending, touched=way.touched, error=way.error)

    def finish(plan: Plan, around: Surroundings) -> tuple[Outcome, Vault | None]:
        return _finish(plan, paved.get(plan.vault.id), failures, run, around)

    for is_last in (False, True):
        group = [plan for plan in run.left(plans) if _takes_what_is_shared(plan) is is_last]
        for plan, (outcome, shown) in _side_by_side("writing", group, finish, run.around):
            run.ended[plan.vault.id] = outcome
            if shown:
                run.written[plan.vault.id] = shown


def _takes_what_is_shared(plan: Plan) -> bool:
    return any(each.kind in (PieceKind.ZONE, PieceKind.LINK) for each in plan.desired.way.removals)


def _finish(
    plan: Plan, way: Paved | None, failures: Mapping[SubnetId, NetcfgError], run: _Run, around: Surroundings
) -> tuple[Outcome, Vault | None]:
    """The last step: everything that the plan still wants, in one write; and the vault as Azure showed it then."""
    opened, touched = run.opened.get(plan.vault.id), run.has_touched(plan)
    for subnet in plan.desired.endpoints:
        if subnet in failures:
            return Outcome(plan, Ending.FAILED, touched=touched, error=failures[subnet]), None
    drawing = way.drawing if way else run.drawings[plan.vault.id]
    try:
        if way:
            shown = take(Step(way.plan, _fulfilled, drawing), around)
        elif opened is None:
            shown = take(Step(plan, _fulfilled, drawing), around)
        else:
            shown = _tighten(plan, opened, drawing, around)
    except Halt as halt:
        return halt.outcome(plan, touched=touched), None
    return _dismantled(plan, drawing, around, touched=touched or plan.before != plan.after), shown


def _tighten(plan: Plan, opened: Vault, drawing: Drawing, around: Surroundings) -> Vault:
    """What is left of the plan. It was not shown to anybody in this form, so it may hold nothing new."""
    enabled = replace(drawing, agents=drawing.agents.enabled())
    try:
        rest = enabled.draw(opened, around)
    except NetcfgError as error:
        raise Halt(error, touched=True) from error
    rest = replace(rest, is_exact=plan.is_exact)
    if not plan.is_finished_by(rest):
        raise Halt(VaultMoved(plan.vault.name, plan.what_moved(rest)), touched=True)
    return take(Step(rest, _fulfilled, enabled), around)


def _dismantled(plan: Plan, drawing: Drawing, around: Surroundings, *, touched: bool) -> Outcome:
    """The end of a plan that was written: private endpoints go only now, when everybody else's way in is there."""
    try:
        private.dismantle(plan, drawing, around)
    except NetcfgError as error:
        removed = isinstance(error, PieceNotRemoved | NotVerified | ZoneKept)
        return Halt(error, touched=touched or removed).outcome(plan)
    return Outcome(plan, Ending.DONE, verified=True)

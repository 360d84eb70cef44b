"""Apply: look again, write once for each vault and step, look whether it came back as sent.

A vault has no ETag, so a write that somebody else makes between our last look and our write cannot be seen. Everything
outside that window can be, and stops us.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from netcfg.core.desired import is_enforced
from netcfg.core.errors import (
    AskedToWait,
    EndpointHeld,
    EndpointNotEnabled,
    EndpointNotShown,
    NetcfgError,
    NetworkBusy,
    NotVerified,
    PieceNotRemoved,
    VaultMoved,
    WriteUnsettled,
    ZoneKept,
)
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet, differences
from netcfg.core.resources import SubnetId, Vault, VaultId
from netcfg.core.rules import Firewall, PublicAccess
from netcfg.workflow import private
from netcfg.workflow.agents import by_network
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.plan import Drawing, Drawings
from netcfg.workflow.private import Paved

ATTEMPTS = 5
FIRST_PAUSE = 1.0  # seconds; doubled each time, with jitter, so that two writers do not meet again and again
LONGEST_PAUSE = 300.0  # seconds that Azure may ask to wait; more is for whoever called us


class _Halt(Exception):
    """A step that could not be finished, and whether this run may have changed something for the vault."""

    def __init__(self, error: NetcfgError, *, touched: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.touched = touched

    def outcome(self, plan: Plan, *, touched: bool = False) -> Outcome:
        ending = Ending.STALE if isinstance(self.error, VaultMoved) else Ending.FAILED
        return Outcome(plan, ending, touched=self.touched or touched, error=self.error)


def apply(planned: PlanSet, drawings: Drawings, around: Surroundings) -> Result:
    """Bring the planned vaults to what their plans promise; one vault's failure stops no other.

    Where an agents' subnet needs its service endpoint, all its vaults are opened to the subnet before the endpoint
    changes the agents' source address, and tightened only after: killed anywhere, nobody has lost a way in that the
    plan keeps. So an endpoint waits for every vault of the run; one that cannot be opened holds it.
    """
    ended = {plan.vault.id: outcome for plan in planned.plans if (outcome := _settled(plan, planned))}
    pending = [plan for plan in planned.plans if plan.vault.id not in ended]
    switching = [plan for plan in pending if plan.desired.endpoints]
    opened: dict[VaultId, Vault] = {}
    try:
        drawings = {**drawings, **_look_again([plan.vault.id for plan in switching], drawings, around)}
        for plan in switching:
            try:
                opened[plan.vault.id] = _open(plan, drawings[plan.vault.id], around)
            except _Halt as halt:
                ended[plan.vault.id] = halt.outcome(plan)
    except NetcfgError as error:
        ended |= {plan.vault.id: Outcome(plan, Ending.FAILED, error=error) for plan in switching}
    failures = _enable(switching, opened, around)
    paved = private.pave(planned, [plan for plan in pending if plan.vault.id not in ended], drawings, around)
    for plan in pending:
        if way := paved.get(plan.vault.id):
            ended[plan.vault.id] = _finish_privately(plan, way, around)
        elif plan.vault.id not in ended:
            opening = opened.get(plan.vault.id)
            ended[plan.vault.id] = _finish(plan, opening, failures, drawings[plan.vault.id], around)
    return Result(planned, tuple(ended[plan.vault.id] for plan in planned.plans))


def decline(planned: PlanSet) -> Result:
    """The result when somebody was asked, and did not want it."""
    outcomes = (_settled(plan, planned) or Outcome(plan, Ending.NOT_REACHED) for plan in planned.plans)
    return Result(planned, tuple(outcomes))


def _settled(plan: Plan, planned: PlanSet) -> Outcome | None:
    """How a vault ends that nothing is written to, `None` for the others."""
    if plan.refusals:
        return Outcome(plan, Ending.REFUSED)
    if plan.is_empty:
        return Outcome(plan, Ending.UNCHANGED, verified=True)
    # What a refused or unreadable vault holds is not known to admit the agents from their new address.
    closed = [each.vault.name for each in planned.plans if each.refusals and each.desired.endpoints]
    closed += [each.vault for each in planned.undetermined]
    if plan.desired.endpoints and closed:
        return Outcome(plan, Ending.NOT_REACHED, error=EndpointHeld(plan.desired.endpoints[0].short, closed))
    return None


def _look_again(vaults: Sequence[VaultId], drawings: Drawings, around: Surroundings) -> Drawings:
    """What the plans of these vaults rest on after another look, which several vaults share."""
    shared = {id(drawings[vault]): drawings[vault] for vault in vaults}
    fresh = {key: each.look_again(around) for key, each in shared.items()}
    return {vault: fresh[id(drawings[vault])] for vault in vaults}


def _open(plan: Plan, drawing: Drawing, around: Surroundings) -> Vault:
    """The first step: let the agents' subnets in beside everybody who is there.

    Where public access is not Enabled there is nobody who could lose a way in, and rules that Azure does not show may
    be there: such a vault waits for the one write that does everything.
    """
    if plan.before.public_access is not PublicAccess.ENABLED:
        return plan.vault
    return _step(plan, _added_to, drawing, around, ignore_missing_endpoint=True)


def _added_to(plan: Plan) -> Firewall:
    """The plan's new rules beside everybody who is there, and nothing else."""
    before, after = plan.before.rule_set, plan.after.rule_set
    # A rule whose subnet is gone admits nobody, and Azure refuses whatever is sent with it: if it goes, it goes first.
    going = plan.desired.dead.difference(after.virtual_network_rules)
    return plan.before.with_rules(
        ip_rules=(*before.ip_rules, *(each for each in after.ip_rules if each not in before.ip_rules)),
        virtual_network_rules=(
            *(each for each in before.virtual_network_rules if each not in going),
            *(each for each in after.virtual_network_rules if each not in before.virtual_network_rules),
        ),
    )


def _fulfilled(plan: Plan) -> Firewall:
    return plan.after


def _finish(
    plan: Plan,
    opened: Vault | None,
    failures: Mapping[SubnetId, NetcfgError],
    drawing: Drawing,
    around: Surroundings,
) -> Outcome:
    """The last step: everything that the plan still wants, in one write, once the agents' endpoints are there."""
    enabled_some = any(subnet not in failures for subnet in plan.desired.endpoints)
    touched = opened is not None and (enabled_some or opened.firewall != plan.before)
    for subnet in plan.desired.endpoints:
        if subnet in failures:
            return Outcome(plan, Ending.FAILED, touched=touched, error=failures[subnet])
    try:
        if opened is None:
            _step(plan, _fulfilled, drawing, around)
        else:
            _tighten(plan, opened, drawing, around)
    except _Halt as halt:
        return halt.outcome(plan, touched=touched)
    return _dismantled(plan, drawing, around, touched=touched or plan.before != plan.after)


def _finish_privately(plan: Plan, way: Paved, around: Surroundings) -> Outcome:
    """The last step for a vault that has its private way in: what is left of its plan. Else nothing is written."""
    if way.error:
        return Outcome(plan, way.ending, touched=way.touched, error=way.error)
    try:
        _step(way.plan, _fulfilled, way.drawing, around)
    except _Halt as halt:
        return halt.outcome(plan, touched=way.touched)
    return _dismantled(plan, way.drawing, around, touched=way.touched or plan.before != plan.after)


def _dismantled(plan: Plan, drawing: Drawing, around: Surroundings, *, touched: bool) -> Outcome:
    """The end of a plan that was written: private endpoints go only now, when everybody else's way in is there."""
    try:
        private.dismantle(plan, drawing, around)
    except NetcfgError as error:
        removed = isinstance(error, PieceNotRemoved | NotVerified | ZoneKept)
        return _Halt(error, touched=touched or removed).outcome(plan)
    return Outcome(plan, Ending.DONE, verified=True)


def _tighten(plan: Plan, opened: Vault, drawing: Drawing, around: Surroundings) -> None:
    """What is left of the plan. It was not shown to anybody in this form, so it may hold nothing new."""
    enabled = replace(drawing, agents=drawing.agents.enabled())
    rest = _draw(enabled, opened, around, touched=True)
    if not plan.is_finished_by(rest):
        raise _Halt(VaultMoved(plan.vault.name, plan.what_moved(rest)), touched=True)
    _step(rest, _fulfilled, enabled, around)


def _step(
    expected: Plan,
    goal: Callable[[Plan], Firewall],
    drawing: Drawing,
    around: Surroundings,
    *,
    ignore_missing_endpoint: bool = False,
) -> Vault:
    """One write, and the vault as Azure shows it afterwards.

    `expected` is the plan whose promise must still hold right before the write. A write whose effect is not known is
    not repeated blindly: a rule that a colleague added since must not vanish unreviewed, so each attempt looks first.
    """
    id, name = expected.vault.id, expected.vault.name
    sent: Firewall | None = None
    doubts: list[WriteUnsettled] = []
    while True:
        may_have_written = any(each.may_have_happened for each in doubts)
        around.progress.step(f"reading {name} again")
        fresh = _read(id, around, touched=may_have_written)
        if sent is not None and fresh.firewall == sent and is_enforced(fresh) == is_enforced(expected.vault):
            return fresh
        current = _draw(drawing, fresh, around, touched=may_have_written)
        if moved := expected.what_moved(current):
            raise _Halt(VaultMoved(name, moved), touched=may_have_written)
        target = goal(current)
        if fresh.firewall == target:
            return fresh
        if len(doubts) == ATTEMPTS:
            raise _Halt(doubts[-1], touched=False)
        try:
            around.progress.step(f"writing {name}")
            around.vaults.write(fresh, target, ignore_missing_endpoint=ignore_missing_endpoint)
        except WriteUnsettled as doubt:
            _wait(doubt, len(doubts), name, around)
            doubts.append(doubt)
            sent = target
        except NetcfgError as error:
            raise _Halt(error, touched=may_have_written) from error
        else:
            if ignore_missing_endpoint:
                around.subnets.expect_writes()  # not earlier: it would keep us busy between the look and the write
            return _verify(id, name, target, around)


def _wait(doubt: WriteUnsettled, attempt: int, name: str, around: Surroundings) -> None:
    jitter = random.uniform(0.5, 1.5)  # noqa: S311 - spreads retries, keeps no secret
    seconds = FIRST_PAUSE * float(2**attempt) * jitter if doubt.wait is None else doubt.wait
    if seconds > LONGEST_PAUSE:
        error = AskedToWait(name, seconds, request_id=doubt.request_id)
        raise _Halt(error, touched=doubt.may_have_happened) from doubt
    around.progress.step(f"waiting {seconds:.0f} seconds, as {name} is busy")
    around.sleep(seconds)


def _verify(id: VaultId, name: str, sent: Firewall, around: Surroundings) -> Vault:
    around.progress.step(f"reading {name} back")
    back = _read(id, around, touched=True)
    if back.firewall != sent:
        raise _Halt(NotVerified(name, differences(sent, back.firewall)), touched=True)
    return back


def _read(id: VaultId, around: Surroundings, *, touched: bool) -> Vault:
    try:
        return around.vaults.read(id)
    except NetcfgError as error:
        raise _Halt(error, touched=touched) from error


def _draw(drawing: Drawing, vault: Vault, around: Surroundings, *, touched: bool) -> Plan:
    try:
        return drawing.draw(vault, around)
    except NetcfgError as error:
        raise _Halt(error, touched=touched) from error


def _enable(
    plans: Sequence[Plan], opened: Mapping[VaultId, Vault], around: Surroundings
) -> dict[SubnetId, NetcfgError]:
    """Enable the endpoint on each subnet that these plans need, and why that did not happen where it did not.

    A virtual network takes one write at a time; different networks are written side by side.
    """
    wanted = {subnet for plan in plans for subnet in plan.desired.endpoints}
    closed = {
        subnet: [plan.vault.name for plan in plans if subnet in plan.desired.endpoints and plan.vault.id not in opened]
        for subnet in wanted
    }
    failures: dict[SubnetId, NetcfgError] = {
        subnet: EndpointHeld(subnet.short, names) for subnet, names in closed.items() if names
    }
    free = wanted - set(failures)
    networks = by_network(free)
    if networks:
        with ThreadPoolExecutor(len(networks)) as pool:
            try:
                for failed in pool.map(lambda group: list(_enable_each(group, around)), networks):
                    failures |= dict(failed)
            except BaseException:  # Ctrl-C: leaving the block would wait until everything is written
                around.subnets.stop()
                around.progress.step("stopping, once the service endpoints that are being enabled just now are done")
                raise
    return failures


def _enable_each(subnets: Sequence[SubnetId], around: Surroundings) -> Iterable[tuple[SubnetId, NetcfgError]]:
    """The subnets of one virtual network that were not enabled, and why."""
    enabled: list[SubnetId] = []
    busy: NetworkBusy | None = None
    for subnet in subnets:
        if busy:  # the next one would wait just as long, for the same network
            yield subnet, EndpointNotEnabled(subnet.short, busy)
            continue
        around.progress.step(f"enabling the service endpoint on {subnet.short}")
        try:
            around.subnets.enable_endpoint(subnet)
            enabled.append(subnet)
        except NetcfgError as error:
            busy = error if isinstance(error, NetworkBusy) else None
            yield subnet, EndpointNotEnabled(subnet.short, error)
    if enabled:
        yield from _unproved(enabled, around)


def _unproved(subnets: Sequence[SubnetId], around: Surroundings) -> Iterable[tuple[SubnetId, NetcfgError]]:
    """Those without the endpoint, though Azure said that it was enabled: a policy may take it away again."""
    around.progress.step(f"reading {subnets[0].network} back")
    try:
        lacking = around.subnets.lacking(subnets)
    except NetcfgError as error:
        yield from ((each, EndpointNotEnabled(each.short, error)) for each in subnets)
        return
    yield from ((each, EndpointNotEnabled(each.short, EndpointNotShown())) for each in sorted(lacking, key=str))

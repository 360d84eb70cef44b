"""Apply: look again, write once for each vault and step, and look whether it came back as sent.

A vault has no ETag, so a write that somebody else makes between our last look and our write cannot be seen. Everything
outside that window can be, and stops us.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby

from netcfg.core.errors import EndpointNotEnabled, NetcfgError, NotVerified, VaultMoved, WriteUnsettled
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet, differences
from netcfg.core.resources import SubnetId, Vault, VaultId
from netcfg.core.rules import Firewall
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.plan import Drawing

ATTEMPTS = 5
FIRST_PAUSE = 1.0  # seconds; doubled each time, with jitter, so that two writers do not meet again and again


class _Halt(Exception):
    """A step that could not be finished, and whether this run has changed the vault or its subnets."""

    def __init__(self, error: NetcfgError, *, touched: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.touched = touched

    def outcome(self, plan: Plan, *, touched: bool = False) -> Outcome:
        ending = Ending.STALE if isinstance(self.error, VaultMoved) else Ending.FAILED
        return Outcome(plan, ending, touched=self.touched or touched, error=self.error)


def apply(planned: PlanSet, drawing: Drawing, around: Surroundings) -> Result:
    """Bring the planned vaults to what their plans promise; one vault's failure stops no other.

    Where an agents' subnet needs its service endpoint, all its vaults are opened to the subnet before the endpoint
    changes the agents' source address, and tightened only after: killed anywhere, nobody has lost a way in that the
    plan keeps.
    """
    ended = {plan.vault.id: outcome for plan in planned.plans if (outcome := _settled(plan))}
    pending = [plan for plan in planned.plans if plan.vault.id not in ended]
    if any(plan.desired.endpoints for plan in pending):
        around.subnets.expect_writes()
    opened: dict[VaultId, Vault] = {}
    for plan in pending:
        if plan.desired.endpoints:
            try:
                opened[plan.vault.id] = _step(plan, _open, drawing, around, ignore_missing_endpoint=True)
            except _Halt as halt:
                ended[plan.vault.id] = halt.outcome(plan)
    waited_for = {subnet for plan in pending if plan.vault.id in opened for subnet in plan.desired.endpoints}
    failures = _enable(sorted(waited_for, key=str), around)
    for plan in pending:
        if plan.vault.id not in ended:
            ended[plan.vault.id] = _finish(plan, opened.get(plan.vault.id), failures, drawing, around)
    return Result(planned, tuple(ended[plan.vault.id] for plan in planned.plans))


def _settled(plan: Plan) -> Outcome | None:
    """How a vault ends that nothing is written to, `None` for the others."""
    if plan.refusals:
        return Outcome(plan, Ending.REFUSED)
    return Outcome(plan, Ending.UNCHANGED, verified=True) if plan.is_empty else None


def _finish(
    plan: Plan, opened: Vault | None, failures: dict[SubnetId, NetcfgError], drawing: Drawing, around: Surroundings
) -> Outcome:
    """The last step: everything that the plan still wants, in one write, once the agents' endpoints are there."""
    enabled_some = any(subnet not in failures for subnet in plan.desired.endpoints)
    touched = opened is not None and (enabled_some or opened.firewall != plan.before)
    for subnet in plan.desired.endpoints:
        if subnet in failures:
            return Outcome(
                plan, Ending.FAILED, touched=touched, error=EndpointNotEnabled(subnet.text, str(failures[subnet]))
            )
    try:
        if opened is None:
            _step(plan, _fulfil, drawing, around)
        else:
            touched = True
            enabled = replace(drawing, subnets=tuple(replace(each, has_endpoint=True) for each in drawing.subnets))
            rest = _draw(enabled, opened, around, touched=True)
            if not rest.is_empty:
                _step(rest, _fulfil, enabled, around)
    except _Halt as halt:
        return halt.outcome(plan, touched=touched)
    return Outcome(plan, Ending.DONE, verified=True)


def _open(plan: Plan) -> Firewall:
    """The first step: the plan's new rules beside everything that is there, and nothing else."""
    before, after = plan.before.rule_set, plan.after.rule_set
    return plan.before.with_rules(
        ip_rules=(*before.ip_rules, *(each for each in after.ip_rules if each not in before.ip_rules)),
        virtual_network_rules=(
            *before.virtual_network_rules,
            *(each for each in after.virtual_network_rules if each not in before.virtual_network_rules),
        ),
    )


def _fulfil(plan: Plan) -> Firewall:
    return plan.after


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
    unsettled: WriteUnsettled | None = None
    for attempt in range(ATTEMPTS + 1):
        around.progress.step(f"reading {name} again")
        fresh = _read(id, around, touched=unsettled is not None)
        current = _draw(drawing, fresh, around, touched=unsettled is not None)
        target = goal(current)
        as_expected = expected.promises_the_same_as(current)
        if fresh.firewall == target and (as_expected or unsettled):
            return fresh
        if not as_expected:
            raise _Halt(VaultMoved(name, expected.what_moved(current)), touched=unsettled is not None)
        if unsettled and attempt == ATTEMPTS:
            raise _Halt(unsettled, touched=False)
        around.progress.step(f"writing {name}")
        try:
            around.vaults.write(fresh, target, ignore_missing_endpoint=ignore_missing_endpoint)
        except WriteUnsettled as error:
            unsettled = error
            around.sleep(_pause(attempt) if error.wait is None else error.wait)
            continue
        except NetcfgError as error:
            raise _Halt(error, touched=False) from error
        return _verify(id, name, target, around)
    raise AssertionError("the last attempt returns or raises")


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


def _pause(attempt: int) -> float:
    jitter = random.uniform(0.5, 1.5)  # noqa: S311 - spreads retries, keeps no secret
    return FIRST_PAUSE * float(2**attempt) * jitter


def _enable(subnets: Sequence[SubnetId], around: Surroundings) -> dict[SubnetId, NetcfgError]:
    """Enable the endpoint on each subnet, and what went wrong where.

    A virtual network takes one write at a time; different networks are written side by side.
    """
    networks = [list(group) for _, group in groupby(subnets, key=lambda each: each.network_id)]
    if not networks:
        return {}
    with ThreadPoolExecutor(len(networks)) as pool:
        failures = pool.map(lambda group: list(_enable_each(group, around)), networks)
    return {subnet: error for failed in failures for subnet, error in failed}


def _enable_each(subnets: Iterable[SubnetId], around: Surroundings) -> Iterable[tuple[SubnetId, NetcfgError]]:
    for subnet in subnets:
        around.progress.step(f"enabling the service endpoint on {subnet.short}")
        try:
            around.subnets.enable_endpoint(subnet)
        except NetcfgError as error:
            yield subnet, error

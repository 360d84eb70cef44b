"""Writing: one change of one vault, between a look that decides about it and a look that proves it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from netcfg.core.desired import is_enforced
from netcfg.core.errors import AskedToWait, Interrupted, NetcfgError, NotVerified, VaultMoved, WriteUnsettled
from netcfg.core.outcome import Ending, Outcome
from netcfg.core.plan import Plan, differences
from netcfg.core.resources import Vault
from netcfg.core.rules import Firewall
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawing

ATTEMPTS = 5
FIRST_PAUSE = 1.0  # seconds; doubled each time, with jitter, so that two writers do not meet again and again
LONGEST_PAUSE = 300.0  # seconds that Azure may ask to wait; more is for whoever called us


class Halt(Exception):
    """A step that could not be finished, and whether this run may have changed something for the vault."""

    def __init__(self, error: NetcfgError, *, touched: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.touched = touched

    def outcome(self, plan: Plan, *, touched: bool = False) -> Outcome:
        return Outcome(plan, ending_of(self.error), touched=self.touched or touched, error=self.error)


def ending_of(error: NetcfgError) -> Ending:
    """How a vault ends that `error` kept from being done."""
    match error:
        case VaultMoved():
            return Ending.STALE
        case Interrupted():
            return Ending.NOT_REACHED
        case _:
            return Ending.FAILED


@dataclass(frozen=True)
class Step:
    """A change of one vault: `goal` of a fresh plan is what the vault should hold.

    `expected` is the plan whose promise must still hold right before the write.
    """

    expected: Plan
    goal: Callable[[Plan], Firewall]
    drawing: Drawing
    ignore_missing_endpoint: bool = False


def take(step: Step, around: Surroundings) -> Vault:
    """Write once, and give the vault as Azure shows it afterwards; one that is as it should be is not written.

    A write whose effect is not known is not repeated blindly: a rule that a colleague added since must not vanish
    unreviewed, so each attempt looks first.
    """
    sent: Firewall | None = None
    doubts: list[WriteUnsettled] = []
    while True:
        touched = any(each.may_have_happened for each in doubts)
        try:
            with around.vaults.turn(step.expected.vault.id):
                around.progress.step(f"reading {step.expected.vault.name} again")
                fresh = around.vaults.read(step.expected.vault.id)
                if sent is not None and _shows(fresh, sent, step):
                    return fresh
                target = _decide(step, fresh, around)
                if fresh.firewall == target:
                    return fresh
                if len(doubts) == ATTEMPTS:
                    raise doubts[-1]
                if around.stop.is_set():
                    raise Interrupted
                doubt = _write(step, fresh, target, around)
        except WriteUnsettled as error:
            raise Halt(error, touched=False) from error
        except NetcfgError as error:
            raise Halt(error, touched=touched) from error
        if doubt is None:
            return _prove(fresh, target, around)
        _wait(doubt, len(doubts), step.expected.vault.name, around)
        if doubt.was_sent:
            doubts.append(doubt)
            sent = target


def _shows(fresh: Vault, sent: Firewall, step: Step) -> bool:
    return fresh.firewall == sent and is_enforced(fresh) == is_enforced(step.expected.vault)


def _decide(step: Step, fresh: Vault, around: Surroundings) -> Firewall:
    """What the vault should hold, if what was promised is still true."""
    current = step.drawing.draw(fresh, around)
    if moved := step.expected.what_moved(current):
        raise VaultMoved(step.expected.vault.name, moved)
    return step.goal(current)


def _write(step: Step, fresh: Vault, target: Firewall, around: Surroundings) -> WriteUnsettled | None:
    """`None` once it is written, else why nobody knows, or why it has to be tried again."""
    around.progress.step(f"writing {step.expected.vault.name}")
    try:
        around.vaults.write(fresh, target, ignore_missing_endpoint=step.ignore_missing_endpoint)
    except WriteUnsettled as doubt:
        return doubt
    if step.ignore_missing_endpoint:
        around.subnets.expect_writes()  # not earlier: it would keep us busy between the look and the write
    return None


def _wait(doubt: WriteUnsettled, attempt: int, name: str, around: Surroundings) -> None:
    """Wait before another attempt, without keeping from their turn those that share a network with this vault."""
    jitter = random.uniform(0.5, 1.5)  # noqa: S311 - spreads retries, keeps no secret
    seconds = FIRST_PAUSE * float(2**attempt) * jitter if doubt.wait is None else doubt.wait
    if seconds > LONGEST_PAUSE:
        error = AskedToWait(name, seconds, request_id=doubt.request_id)
        raise Halt(error, touched=doubt.may_have_happened) from doubt
    around.progress.step(f"waiting {seconds:.0f} seconds, as {name} is busy")
    with around.aside():
        around.stop.wait(seconds)


def _prove(written: Vault, sent: Firewall, around: Surroundings) -> Vault:
    around.progress.step(f"reading {written.name} back")
    try:
        back = around.vaults.read_back(written)
    except NetcfgError as error:
        raise Halt(error, touched=True) from error
    if back.firewall != sent:
        raise Halt(NotVerified(written.name, differences(sent, back.firewall)), touched=True)
    return back

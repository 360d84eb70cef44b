"""Writing: one change of one vault, between a look that decides about it and a look that proves it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from netcfg.core.desired import is_enforced
from netcfg.core.errors import (
    AskedToWait,
    Interrupted,
    NetcfgError,
    NotVerified,
    TimeOver,
    VaultMoved,
    WriteUnsettled,
)
from netcfg.core.outcome import Ending, Outcome
from netcfg.core.plan import Plan, differences
from netcfg.core.record import Writing
from netcfg.core.resources import Tags, Vault
from netcfg.core.rules import Firewall
from netcfg.core.temporary import differences_of_tags
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawing
from netcfg.workflow.recording import recorded

ATTEMPTS = 5
FIRST_PAUSE = 1.0  # seconds; doubled each time, with jitter, so that two writers do not meet again and again
LONGEST_PAUSE = 300.0  # seconds that Azure may ask to wait; more is for whoever called us


class Halt(Exception):
    """A step that could not be finished, and whether this run may have changed something for the vault; for certain,
    where it `was_written`. Where it `is_doubtful` a write was sent that nobody answered, and that no look has shown:
    it may have its effect later."""

    def __init__(
        self, error: NetcfgError, *, touched: bool, was_written: bool = False, is_doubtful: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.touched = touched
        self.was_written = was_written
        self.is_doubtful = is_doubtful

    def outcome(self, plan: Plan, *, touched: bool = False) -> Outcome:
        return Outcome(plan, ending_of(self.error), touched=self.touched or touched, error=self.error)


def ending_of(error: NetcfgError) -> Ending:
    """How a vault ends that `error` kept from being done."""
    match error:
        case VaultMoved():
            return Ending.STALE
        case Interrupted() | TimeOver():
            return Ending.NOT_REACHED
        case _:
            return Ending.FAILED


@dataclass(frozen=True)
class Goal:
    """What a vault is to hold of what is written in one request."""

    firewall: Firewall
    tags: Tags

    def is_met_by(self, vault: Vault) -> bool:
        return vault.firewall == self.firewall and not differences_of_tags(self.tags, vault.tags)


@dataclass(frozen=True)
class Step:
    """A change of one vault: `goal` of a fresh plan is what the vault should hold.

    `expected` is the plan whose promise must still hold right before the write.
    """

    expected: Plan
    goal: Callable[[Plan], Goal]
    drawing: Drawing
    ignore_missing_endpoint: bool = False

    def decide(self, fresh: Vault, around: Surroundings) -> Goal:
        """What the vault should hold, if what was promised is still true."""
        current = self.drawing.draw(fresh, around)
        if moved := self.expected.what_moved(current):
            raise VaultMoved(self.expected.vault.name, moved)
        return self.goal(current)


def take(step: Step, around: Surroundings) -> Vault:
    """Write what is left of a plan's step, and give the vault as Azure shows it afterwards."""
    return settle(
        step.expected.vault,
        lambda fresh: step.decide(fresh, around),
        around,
        ignore_missing_endpoint=step.ignore_missing_endpoint,
    )


def settle(
    expected: Vault,
    decide: Callable[[Vault], Goal],
    around: Surroundings,
    *,
    ignore_missing_endpoint: bool = False,
    doubts: list[WriteUnsettled] | None = None,
) -> Vault:
    """Write once what `decide` wants of the vault as it is now, and give the vault as Azure shows it afterwards; one
    that is as it should be is not written.

    A write whose effect is not known is not repeated blindly: a rule that a colleague added since must not vanish
    unreviewed, so each attempt looks first. What keeps it from being done is a `Halt`, what `decide` raises too.
    `doubts` is given to learn which writes were not answered, also where all is well in the end.
    """
    sent: Goal | None = None
    doubts = [] if doubts is None else doubts
    while True:
        touched = any(each.may_have_happened for each in doubts)
        try:
            # Whether a write happened that nobody answered has to be known, also when there is no time left.
            with around.finishing() if doubts else nullcontext(), around.vaults.turn(expected.id):
                around.progress.step(f"reading {expected.name} again")
                fresh = around.vaults.read(expected.id)
                if sent is not None and sent.is_met_by(fresh) and is_enforced(fresh) == is_enforced(expected):
                    return fresh
                goal = decide(fresh)
                if goal.is_met_by(fresh):
                    return fresh
                if len(doubts) == ATTEMPTS:
                    raise doubts[-1]
                if around.stop.is_set():
                    raise around.ended()
                doubt = _write(fresh, goal, around, ignore_missing_endpoint=ignore_missing_endpoint)
        except WriteUnsettled as error:
            raise Halt(error, touched=False, is_doubtful=touched) from error
        except NetcfgError as error:
            raise Halt(error, touched=touched, is_doubtful=touched) from error
        if doubt is None:
            return _prove(fresh, goal, around)
        touched |= doubt.may_have_happened
        _wait(doubt, len(doubts), expected.name, around, touched=touched)
        if doubt.was_sent:
            doubts.append(doubt)
            sent = goal


def _write(fresh: Vault, goal: Goal, around: Surroundings, *, ignore_missing_endpoint: bool) -> WriteUnsettled | None:
    """`None` once it is written, else why nobody knows, or why it has to be tried again."""
    around.progress.step(f"writing {fresh.name}")
    try:
        with recorded(Writing(fresh, goal.firewall, goal.tags), around):
            around.vaults.write(fresh, goal.firewall, ignore_missing_endpoint=ignore_missing_endpoint, tags=goal.tags)
    except WriteUnsettled as doubt:
        return doubt
    if ignore_missing_endpoint:
        around.subnets.expect_writes()  # not earlier: it would keep us busy between the look and the write
    return None


def _wait(doubt: WriteUnsettled, attempt: int, name: str, around: Surroundings, *, touched: bool) -> None:
    """Wait before another attempt, without keeping from their turn those that share a network with this vault."""
    jitter = random.uniform(0.5, 1.5)  # noqa: S311 - spreads retries, keeps no secret
    seconds = FIRST_PAUSE * float(2**attempt) * jitter if doubt.wait is None else doubt.wait
    if seconds > LONGEST_PAUSE:
        error = AskedToWait(name, seconds, request_id=doubt.request_id)
        raise Halt(error, touched=touched, is_doubtful=touched) from doubt
    around.progress.step(f"waiting {seconds:.0f} seconds, as {name} is busy")
    with around.aside():
        around.stop.wait(seconds)


def _prove(written: Vault, goal: Goal, around: Surroundings) -> Vault:
    around.progress.step(f"reading {written.name} back")
    try:
        back = around.vaults.read_back(written)
    except NetcfgError as error:
        raise Halt(error, touched=True, was_written=True) from error
    if not goal.is_met_by(back):
        found = (*differences(goal.firewall, back.firewall), *differences_of_tags(goal.tags, back.tags))
        raise Halt(NotVerified(written.name, found), touched=True, was_written=True)
    around.journal.verified(written.id)
    return back

"""What became of a plan: the result of an apply, vault by vault."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from netcfg.core.errors import NetcfgError
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.proof import NotAsked, Proof


class Ending(Enum):
    """How an apply ended for a vault."""

    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    STALE = "stale"
    FAILED = "failed"
    NOT_REACHED = "not-reached"


@dataclass(frozen=True)
class Outcome:
    """The ending of one vault.

    `verified` is whether Azure showed afterwards what was sent; `touched` whether one that is not done was changed, or
    may have been. `wave` is the number of the wave that the vault belongs to, from 1, where there are waves. `proof` is
    what came of Azure DevOps reading it afterwards, if it was asked, and `unasked` why it was not. `record` is what to
    give to `netcfg rollback`, where the run wrote one.
    """

    plan: Plan
    ending: Ending
    verified: bool = False
    touched: bool = False
    error: NetcfgError | None = None
    wave: int | None = None
    proof: Proof | None = None
    unasked: NotAsked | None = None
    record: str | None = None

    @property
    def is_unproved(self) -> bool:
        """Whether Azure DevOps was to be let in, and is not, or nobody knows. A permission that is missing is not the
        firewall's, which is all that an apply promises."""
        if self.unasked:
            return self.unasked.is_lost
        return self.proof is not None and not self.proof.is_let_in

    @property
    def status(self) -> int:
        status = status_of(self.ending, touched=self.touched)
        return 7 if status == 0 and self.is_unproved else status


def status_of(ending: Ending, *, touched: bool) -> int:
    """The exit status of one thing that ended so; `touched` is whether it was changed, or may have been."""
    match ending:
        case Ending.DONE | Ending.UNCHANGED:
            return 0
        case Ending.REFUSED:
            return 5
        case Ending.STALE:
            return 7 if touched else 6
        case Ending.FAILED | Ending.NOT_REACHED:
            return 7 if touched else 1


def worst_of(statuses: Collection[int]) -> int:
    """That of several: the worst wins, in the order 7, 6, 5, 0; a failure beside anything else is 7, nothing but
    failures is 1."""
    if set(statuses) == {1}:
        return 1
    return 7 if 1 in statuses else max(statuses, default=0)


@dataclass(frozen=True)
class Result:
    """What an apply did; with `is_interrupted` somebody ended it before everything was done. With `is_proved` Azure
    DevOps was asked to read the vaults afterwards. `undo` is the command that undoes it, where it was recorded."""

    planned: PlanSet
    outcomes: tuple[Outcome, ...]
    is_interrupted: bool = False
    is_proved: bool = False
    undo: str = ""

    @property
    def status(self) -> int:
        """130 where it was interrupted, else that of everything that could be read and everything that could not."""
        if self.is_interrupted:
            return 130
        return worst_of({outcome.status for outcome in self.outcomes} | {1 for _ in self.planned.undetermined})

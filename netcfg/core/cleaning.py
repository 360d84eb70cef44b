"""Cleaning: what runs of `netcfg exec` that were killed have left behind in vaults, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from netcfg.core.errors import NetcfgError
from netcfg.core.outcome import Ending, status_of, worst_of
from netcfg.core.plan import Undetermined
from netcfg.core.resources import Vault
from netcfg.core.visit import Leftover


@dataclass(frozen=True)
class Cleaned:
    """One vault: what was overdue and is gone, if its `ending` is done; the tags that nobody could read; and what else
    must be said.

    `touched` is whether one that is not done was changed, or may have been.
    """

    vault: Vault
    ending: Ending
    overdue: tuple[Leftover, ...] = ()
    illegible: tuple[str, ...] = ()
    error: NetcfgError | None = None
    touched: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cleaning:
    """All vaults by their ids, what could not be looked at, and what is to be said of the run."""

    vaults: tuple[Cleaned, ...]
    undetermined: tuple[Undetermined, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def removed(self) -> int:
        """How many runs were put in order."""
        return sum(len(each.overdue) for each in self.vaults if each.ending is Ending.DONE)

    @property
    def status(self) -> int:
        """0 if nothing is overdue any more; 7 where some of it may be, 1 where nothing could be done at all."""
        endings = [status_of(each.ending, touched=each.touched) for each in self.vaults]
        return worst_of([*endings, *(1 for _ in self.undetermined)])

"""When a run takes place: by the clock of this machine, and by Azure's, which its answers tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from netcfg.core.words import counted, listed

IN_UTC = "%Y-%m-%dT%H:%M:%SZ"  # how a moment is written
TOLERANCE = timedelta(minutes=5)  # what an answer may take, and what a clock may be wrong by without anybody caring


def in_utc(moment: datetime) -> str:
    """A moment to the millisecond, as everything writes it that is read again."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Moment:
    """The day and the time of this machine, and how far it is `ahead` of Azure; less than nothing where it is behind.

    What is over is judged by the earlier of the two clocks: a rule that stays a day too long does less harm than one
    that goes a day too soon, and the next run, with the clock put right, takes it.
    """

    machine_day: date
    machine: datetime
    ahead: timedelta | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether the clock of this machine is wrong, as far as can be known."""
        return self.ahead is not None and abs(self.ahead) > TOLERANCE

    @property
    def azures(self) -> datetime:
        """What time it is: Azure's where this machine's is known to be wrong."""
        return self.machine - self.ahead if self.ahead is not None and self.is_wrong else self.machine

    @property
    def now(self) -> datetime:
        """The time that decides what is over."""
        return min(self.machine, self.azures)

    @property
    def today(self) -> date:
        """The day that decides what is over."""
        return min(self.machine_day, self.azures.date()) if self.is_wrong else self.machine_day

    @property
    def later(self) -> Moment:
        """The same by the later clock, which does not decide."""
        if not self.is_wrong:
            return self
        return Moment(max(self.machine_day, self.azures.date()), max(self.machine, self.azures))

    @property
    def said(self) -> str:
        """How wrong the clock is, in words; empty where nobody knows of anything."""
        if self.ahead is None or not self.is_wrong:
            return ""
        where = "ahead of" if self.ahead > timedelta(0) else "behind"
        return (
            f"the clock of this machine is {_span(abs(self.ahead))} {where} Azure's: it shows "
            f"{self.machine:%Y-%m-%d %H:%M} UTC, and Azure {self.azures:%Y-%m-%d %H:%M}"
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said of a run whose clock is wrong."""
        return (f"{self.said}; what is over is judged by the earlier of the two",) if self.said else ()

    def notes_of(self, waiting: Sequence[str]) -> tuple[str, ...]:
        """What is to be said where `waiting` would be over by the later of the two clocks."""
        if not waiting:
            return ()
        goes = "goes" if len(waiting) == 1 else "go"
        return (f"{self.said}; by the later of the two {listed(waiting)} {goes}, and by the earlier not yet",)


def _span(length: timedelta) -> str:
    """How long, to the largest unit that fits twice, or once where nothing smaller is left."""
    seconds = round(length.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size or (seconds >= size and seconds % size == 0):
            return counted(round(seconds / size), unit)
    return counted(seconds, "second")

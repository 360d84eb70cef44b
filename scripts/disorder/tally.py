"""The tally of many schedules: what was tried, what was done by others, who was killed where, and what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scripts.disorder.play import DEAD, Played


@dataclass
class Tally:
    """Counts, and the seeds of the schedules that went wrong with what was wrong with them."""

    schedules: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    writes: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    window: Counter[str] = field(default_factory=Counter)
    in_window: int = 0  # schedules in which somebody wrote where nobody could see it
    wrong: dict[int, list[str]] = field(default_factory=dict)

    def add(self, played: Played) -> None:
        self.schedules += 1
        self.requests += played.requests
        self.writes += played.writes
        self.runs.update(verb for verb, _ in played.statuses)
        self.statuses.update("killed" if status == DEAD else str(status) for _, status in played.statuses)
        for mine, its in (
            (self.faults, played.faults),
            (self.acts, played.acts),
            (self.ends, played.ends),
            (self.window, played.window),
        ):
            mine.update(its)
        self.in_window += bool(played.window)
        if played.wrongs:
            self.wrong[played.schedule.seed] = [f"{invariant}: {sentence}" for invariant, sentence in played.wrongs]

    def join(self, other: Tally) -> None:
        self.schedules += other.schedules
        self.requests += other.requests
        self.writes += other.writes
        self.in_window += other.in_window
        for name in ("runs", "statuses", "faults", "acts", "ends", "window"):
            getattr(self, name).update(getattr(other, name))
        self.wrong |= other.wrong

    def lines(self) -> Iterator[str]:
        """The summary, as it is printed in the end."""
        yield f"{self.schedules:,} schedules, {self.requests:,} requests, {self.writes:,} writes of the vault"
        yield from _table("runs", self.runs)
        yield from _table("exit statuses", self.statuses)
        yield from _table("faults", self.faults)
        yield from _table("what somebody else did", self.acts)
        yield from _table("runs that ended before their time", self.ends)
        hidden = self.window["writes"]
        between = "somebody else came between the last look and the write"
        yield f"{between}: {hidden:,} times, in {self.in_window:,} schedules"
        harmed = ", ".join(f"{name} {self.window[name]:,}" for name in sorted(self.window) if name != "writes")
        yield f"  of these writes undid some of what he did, which nobody could see: {harmed or 'none'}"
        yield f"violations: {sum(map(len, self.wrong.values())):,}, in {len(self.wrong):,} schedules"
        for seed, sentences in sorted(self.wrong.items())[:20]:
            yield f"  seed {seed}: {'; '.join(sentences[:3])}"


def _table(title: str, counts: Counter[str]) -> Iterable[str]:
    yield f"{title}: {counts.total():,}"
    for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        yield f"  {count:>9,}  {name}"

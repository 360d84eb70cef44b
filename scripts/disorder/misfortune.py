"""Misfortune: what happens to one request, decided by the seed and by which request it is, not by when it comes.

So threads do not matter, and neither does what else happened: the third look at a vault in the second run of seed 7
meets the same fault every time.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from scripts.disorder.schedule import Schedule

WRITES = ("PUT", "PATCH", "DELETE")
SEVERITY = {"PATCH": 1.5}  # the one request that matters most meets more
RESENDS = ("0.05", "1", "7", "45", "400", "soon")  # what Retry-After says
ONLY_WRITES = frozenset({"conflict", "page-after"})

_ID = re.compile(r"/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """One request of a schedule: which run asks, what for, and how often that run has asked it before."""

    run: int
    method: str
    path: str
    count: int

    def __str__(self) -> str:
        return f"{self.run}/{self.method} {self.path}/{self.count}"


def steady(path: str) -> str:
    """The path without the id of an operation, which is another one whenever the same seed is played."""
    return _ID.sub("/{id}", path)


def die(schedule: Schedule, what: str, place: Place) -> random.Random:
    return random.Random(f"{schedule.seed} {what} {place}")  # noqa: S311 - a die, not a secret


def fault(schedule: Schedule, place: Place) -> tuple[str, random.Random]:
    """The fault that the request meets, empty for none, and the die that decides the rest about it."""
    dice = die(schedule, "fault", place)
    chosen = _fault(schedule.odds, place.method, place.path, dice)
    return ("" if chosen and name(chosen, place) in schedule.without else chosen), dice


def acts(schedule: Schedule, place: Place) -> tuple[int, random.Random]:
    """How many things somebody else does to the vault before the request comes in, and the die that says which."""
    if not schedule.acting:
        return 0, random.Random(0)  # noqa: S311 - never thrown
    dice = die(schedule, "act", place)
    # What comes between the last look and the write cannot be seen: it has its share, and leaves the rest to others.
    odds = schedule.acting * (0.25 if place.method == "PATCH" else 1)
    return (dice.choice((1, 1, 2)) if dice.random() < odds else 0), dice


def name(what: str, place: Place) -> str:
    """What a misfortune is called where it is left out."""
    return f"{what} at {place}"


def _fault(odds: Mapping[str, float], method: str, path: str, dice: random.Random) -> str:
    severity = SEVERITY.get(method, 1.0)
    for each, value in odds.items():
        if each in ONLY_WRITES and method not in WRITES:
            continue
        if each == "stale" and not path.lower().endswith("/microsoft.resourcegraph/resources"):
            continue
        if dice.random() < value * severity:
            return each
    return ""

"""Patience: look again until the answer can no longer get better by waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from netcfg.core.verification import Hope, Obstacle
from netcfg.workflow.collaborators import Progress

FIRST_PAUSE = 1.0  # seconds; doubled each time
LONGEST_PAUSE = 15.0
TRIES = 4  # looks that all found the network or the service out of order
UNSEEN = 60.0  # seconds in which a change is waited for that nobody sees to be on its way


@dataclass(frozen=True)
class Patience:
    """How many seconds a change is waited for, and how many where nobody sees whether there is one."""

    seconds: float = 900.0
    unseen: float = UNSEEN


class Found(Protocol):
    """What a look came to, as far as it tells whether another may come to something else."""

    @property
    def hope(self) -> Hope: ...

    @property
    def wait(self) -> float:
        """How many seconds somebody asked to be left alone."""

    @property
    def obstacle(self) -> Obstacle | None: ...


Seen = TypeVar("Seen", bound=Found)


@dataclass(frozen=True)
class Watch:
    """Whoever waits. `clock` counts seconds from anywhere, and once it `is_over` nobody waits any more.

    `what` begins what is said of a wait, where several are waited for.
    """

    progress: Progress
    sleep: Callable[[float], object]
    clock: Callable[[], float]
    is_over: Callable[[], bool] = lambda: False
    what: str = ""


def look_until(look: Callable[[], Seen], seconds: float, watch: Watch, unseen: float = UNSEEN) -> Seen:
    """What a look comes to, taken again for `seconds` where waiting can help; for `unseen` ones, if these are less,
    where nobody sees whether it can."""
    start = watch.clock()
    pause, troubles = FIRST_PAUSE, 0
    while True:
        found = look()
        troubles = troubles + 1 if found.hope is Hope.RETRY else 0
        left = start + (min(seconds, unseen) if found.hope is Hope.PERHAPS else seconds) - watch.clock()
        if found.hope is Hope.NONE or troubles >= TRIES or left <= 0 or found.wait > left:
            return found
        wait = min(max(pause, found.wait), left)
        named = found.obstacle.value.replace("-", " ") if found.obstacle else ""
        if watch.is_over():
            return found
        watch.progress.step(f"{watch.what}waiting {wait:.0f} of {left:.0f} seconds, as the obstacle may pass: {named}")
        watch.sleep(wait)
        if watch.is_over():
            return found
        pause = min(2 * pause, LONGEST_PAUSE)


def notes_of_wait(found: Found, seconds: float, unseen: float) -> tuple[str, ...]:
    """What is to be said of a wait that was ended early, because nobody saw what it was for."""
    if found.hope is not Hope.PERHAPS or unseen >= seconds:
        return ()
    most = f"so it was waited for {unseen:.0f} seconds at most; --wait SECONDS waits longer"
    return (f"nobody here sees whether a change is on its way, {most}",)

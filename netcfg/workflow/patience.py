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


def look_until(look: Callable[[], Seen], seconds: float, watch: Watch) -> Seen:
    """What a look comes to, taken again for `seconds` where waiting can help."""
    end = watch.clock() + seconds
    pause, troubles = FIRST_PAUSE, 0
    while True:
        found = look()
        troubles = troubles + 1 if found.hope is Hope.RETRY else 0
        left = end - watch.clock()
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

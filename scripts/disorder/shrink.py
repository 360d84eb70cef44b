"""Shrinking: the shortest story that goes wrong in the same way, found by leaving out one thing after the other."""

from __future__ import annotations

from dataclasses import replace

from scripts.disorder.play import Played, play
from scripts.disorder.schedule import Schedule

MOST = 400  # schedules that are played for it


def shrink(played: Played) -> Played:
    """The same with every step and every misfortune left out that it goes wrong without."""
    invariants = {each for each, _ in played.wrongs}
    best, tried = played, 0
    is_shorter = True
    while is_shorter and tried < MOST:
        is_shorter = False
        for name in [*(f"step {number}" for number in range(len(best.schedule.steps))), *best.names]:
            if name in best.schedule.without or tried >= MOST:
                continue
            tried += 1
            shorter = play(_without(best.schedule, name))
            if invariants & {each for each, _ in shorter.wrongs}:
                best, is_shorter = shorter, True
    return best


def _without(schedule: Schedule, name: str) -> Schedule:
    return replace(schedule, without=schedule.without | {name})

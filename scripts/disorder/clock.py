"""Time that passes only when somebody waits: a schedule of minutes takes milliseconds, and always the same ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from threading import Event, Lock
from typing import Protocol

from netcfg.web.deadline import Deadline

SPEED = 0.02  # seconds that a request takes


class Alive(Protocol):
    """A run that may have been killed."""

    def insist(self) -> None:
        """Raise if it was: a process that is dead waits for nothing."""


class Clock:
    """Seconds from the noon of a day on."""

    def __init__(self, today: date) -> None:
        self._noon = datetime.combine(today, time(12), UTC)
        self._passed = 0.0
        self._lock = Lock()

    def __call__(self) -> float:
        return self._passed

    def let_pass(self, seconds: float) -> None:
        with self._lock:
            self._passed += max(0.0, seconds)

    def now(self) -> datetime:
        return self._noon + timedelta(seconds=self._passed)

    def deadline(self, run: Alive) -> Deadline:
        """No end, and pauses that last on this clock alone."""

        def sleep(seconds: float) -> None:
            run.insist()
            self.let_pass(seconds)

        return Deadline(clock=self, sleep=sleep)

    @property
    def today(self) -> date:
        return self.now().date()


class Stop(Event):
    """What a signal sets; whoever waits for it lets time pass on the clock, and none in this world."""

    def __init__(self, clock: Clock, run: Alive) -> None:
        super().__init__()
        self._clock = clock
        self._run = run

    def wait(self, timeout: float | None = None) -> bool:
        self._run.insist()
        if not self.is_set():
            self._clock.let_pass(timeout or 0.0)
        return self.is_set()

"""When a run has to be over: what only asks is given up then, and what ends something that has begun goes on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Event, Thread, local
from typing import ParamSpec, TypeVar

from netcfg.core.errors import TimeOver

Asked = ParamSpec("Asked")
Done = TypeVar("Done")

HURRY = 1.0  # seconds that a thread which finishes something waits at a time once a signal came; a pipeline leaves 7.5


class Deadline:
    """So many `seconds` from now on, or from when it had `begun`; without them there is no end. Any number of threads
    may ask."""

    def __init__(
        self,
        seconds: float | None = None,
        begun: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.seconds = seconds
        self._clock, self._sleep = clock, sleep or (lambda seconds: time.sleep(seconds))
        self._end = math.inf if seconds is None else (clock() if begun is None else begun) + seconds
        self._mine = local()

    @property
    def left(self) -> float:
        """Seconds that this thread has left; without end where it only finishes something."""
        return math.inf if self.is_finishing else self._end - self._clock()

    @property
    def is_finishing(self) -> bool:
        """Whether this thread ends something that has begun."""
        return getattr(self._mine, "finishes", 0) > 0

    @property
    def is_over(self) -> bool:
        """Whether nothing new may begin, whatever this thread is finishing."""
        return self._clock() >= self._end

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """What this thread does inside ends something that has begun, and takes the time that it needs: half a write
        is worse than a late one."""
        self._mine.finishes = getattr(self._mine, "finishes", 0) + 1
        try:
            yield
        finally:
            self._mine.finishes -= 1

    def carried(self, do: Callable[Asked, Done]) -> Callable[Asked, Done]:
        """The same for another thread to do, which then finishes what this one is finishing."""
        if not self.is_finishing:
            return do

        def finishing(*arguments: Asked.args, **options: Asked.kwargs) -> Done:
            with self.finishing():
                return do(*arguments, **options)

        return finishing

    def check(self, waiting: str = "") -> None:
        """Go on only if there is time; `waiting` is what takes it, as in `waiting for an answer`."""
        if self.left <= 0:
            raise self.error(waiting)

    def error(self, waiting: str = "") -> TimeOver:
        """That it is over, in words."""
        return TimeOver(self.seconds or 0.0, waiting)

    def sleep(self, seconds: float) -> None:
        """Sleep so long, or as long as there is time."""
        self._sleep(max(0.0, min(seconds, self.left)))

    def patience(self, stop: Event) -> float:
        """For how many seconds at a time this thread may wait for something; `stop` is set once somebody wants us to
        end, and when the time is over.

        Who only asks waits no more then. Who finishes something does: asked again at once, Azure only says again to
        come later, and a write that is done would be told as one that nobody knows of.
        """
        if not stop.is_set():
            return max(0.0, self.left)
        if not self.is_finishing:
            return 0.0
        return math.inf if self.is_over else HURRY

    def pause(self, seconds: float, stop: Event) -> None:
        """Wait so long before something is asked again, or for as long as there is `patience`, which may end
        meanwhile."""
        begun = self._clock()
        if stop.wait(min(seconds, self.patience(stop))):
            self._sleep(max(0.0, min(seconds + begun - self._clock(), self.patience(stop))))

    def bounded(self, do: Callable[[], Done], waiting: str, drop: Callable[[Done], object] = lambda _: None) -> Done:
        """What `do` comes to, if that is in time.

        It is done by another thread where there is an end: a name that nobody resolves, and a program that never
        answers, listen to no time-out of ours. What comes too late is for `drop`, so `do` must only ask.
        """
        left = self.left
        if left == math.inf:
            return do()
        self.check()
        done: SimpleQueue[tuple[Done] | BaseException] = SimpleQueue()
        is_late = Event()

        def answer() -> None:
            # Whoever waits says when it is over: inside, libraries would take that for an answer of their own.
            try:
                with self.finishing():
                    found = do()
            except BaseException as error:  # noqa: BLE001 - it is raised where it was waited for
                done.put(error)
                return
            done.put((found,))
            if is_late.is_set():
                drop(found)

        Thread(target=answer, daemon=True).start()
        try:
            found = done.get(timeout=left)
        except Empty:
            is_late.set()
            raise self.error(waiting) from None
        if isinstance(found, BaseException):
            raise found
        return found[0]


UNLIMITED = Deadline()

"""Lanes: work on many vaults side by side, and never on two at once that share something which takes one at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from heapq import heappop, heappush
from queue import SimpleQueue
from threading import Condition, Event, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")

Aside = Callable[[], AbstractContextManager[None]]


def side_by_side(
    work: Sequence[Item],
    do: Callable[[Item, Aside], Done],
    holds: Callable[[Item], Collection[str]],
    most: int,
    stop: Event,
) -> Iterator[tuple[Item, Done]]:
    """What `do` made of each item, as it comes; `most` at a time, no two of which hold the same.

    Items that hold the same are begun in the order of `work`. In the block that `do` is given the item steps aside and
    holds nothing, so that it may wait there without keeping others waiting. Once `stop` is set nothing new begins, and
    what is under way comes to its end: items that were not begun are left out. What `do` raises is raised here, when
    the others that were under way are done.
    """
    lanes = _Lanes(work, holds, stop)
    finished: SimpleQueue[tuple[Item, Done] | BaseException | None] = SimpleQueue()

    def drive() -> None:
        try:
            while (number := lanes.take()) is not None:
                try:
                    finished.put((work[number], do(work[number], partial(lanes.aside, number))))
                finally:
                    lanes.give_back(number)
        except BaseException as error:  # noqa: BLE001 - raised again where the results are taken
            lanes.close()
            finished.put(error)
        finally:
            finished.put(None)

    # Not a pool: its threads keep the process from ending, and whoever interrupts twice does not want to wait.
    drivers = [Thread(target=drive, name="netcfg-lane", daemon=True) for _ in range(min(most, len(work)))]
    failure: BaseException | None = None
    left = len(drivers)
    try:
        for each in drivers:
            each.start()
        while left:
            match finished.get():
                case None:
                    left -= 1
                case BaseException() as error:
                    failure = failure or error
                case item, done:
                    yield item, done
    finally:
        lanes.close()  # whoever takes the results may have gone
    if failure:
        raise failure


class _Lanes(Generic[Item]):
    """What waits to be done, in one queue for each thing that is held, and what is held by what is being done."""

    def __init__(self, work: Sequence[Item], holds: Callable[[Item], Collection[str]], stop: Event) -> None:
        self._holds = [frozenset(holds(each)) for each in work]
        self._queues: dict[str, deque[int]] = {}
        for number, held in enumerate(self._holds):
            for each in held:
                self._queues.setdefault(each, deque()).append(number)
        self._held: set[str] = set()
        self._left = set(range(len(work)))  # not begun yet
        # A heap of what may begin, or might have once: who takes one looks again.
        self._first = [number for number in range(len(work)) if self._may_begin(number)]
        self._stop = stop
        self._changed = Condition()

    def take(self) -> int | None:
        """The first that can be begun now, once there is one; `None` when nothing will be begun any more."""
        with self._changed:
            while self._left and not self._stop.is_set():
                while self._first:
                    number = heappop(self._first)
                    if number in self._left and self._may_begin(number):
                        self._left.remove(number)
                        self._begin(number)
                        return number
                self._changed.wait()
            self._changed.notify_all()
            return None

    def give_back(self, number: int) -> None:
        with self._changed:
            self._held -= self._holds[number]
            for each in self._holds[number]:
                if self._queues[each]:
                    heappush(self._first, self._queues[each][0])
            self._changed.notify_all()

    @contextmanager
    def aside(self, number: int) -> Iterator[None]:
        """While the block lasts, what was begun holds nothing; after it, it is the first to have its turn again."""
        self.give_back(number)
        try:
            yield
        finally:
            with self._changed:
                for each in self._holds[number]:
                    self._queues[each].appendleft(number)
                # Only what is being done can be in the way, and it waits for nothing that is held: no circle.
                self._changed.wait_for(lambda: self._may_begin(number))
                self._begin(number)

    def close(self) -> None:
        """Nothing new begins."""
        with self._changed:
            self._left.clear()
            self._changed.notify_all()

    def _may_begin(self, number: int) -> bool:
        held = self._holds[number]
        return self._held.isdisjoint(held) and all(self._queues[each][0] == number for each in held)

    def _begin(self, number: int) -> None:
        self._held |= self._holds[number]
        for each in self._holds[number]:
            self._queues[each].popleft()

"""Ctrl-C and SIGTERM while vaults are being written: what has begun is finished, nothing new begins."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING

from netcfg.cli import terminal

if TYPE_CHECKING:
    from types import FrameType

    from netcfg.workflow.collaborators import Surroundings


@contextmanager
def graceful(around: Surroundings) -> Iterator[None]:
    """While the block lasts, somebody who wants us to end is obeyed once what is under way is done.

    Ctrl-C once more ends it at once. SIGTERM once more does not: Azure Pipelines sends SIGINT, and SIGTERM 7.5 seconds
    later, without having thought about it again.
    """
    # A signal comes in the middle of anything, also while this very thread holds the lock that the stopping needs; a
    # `SimpleQueue` is the one thing here that a handler may touch then.
    wishes: SimpleQueue[int | None] = SimpleQueue()
    was_asked = False

    def heed(number: int, frame: FrameType | None) -> None:
        nonlocal was_asked
        if was_asked and number == signal.SIGINT:
            signal.default_int_handler(number, frame)
        if not was_asked:
            was_asked = True
            wishes.put(number)

    listener = threading.Thread(target=_obey, args=(wishes, around), daemon=True)
    listener.start()
    try:
        with heeding((signal.SIGINT, signal.SIGTERM), heed):
            yield
    finally:
        wishes.put(None)
        listener.join()


@contextmanager
def heeding(numbers: Iterable[int], heed: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """While the block lasts, these signals are told to `heed`. What is ignored stays so: a shell lets what runs in the
    background ignore Ctrl-C, and nohup SIGHUP."""
    if threading.current_thread() is not threading.main_thread():  # no other is told of a signal
        yield
        return
    before = {number: signal.getsignal(number) for number in numbers}
    before = {number: earlier for number, earlier in before.items() if earlier not in (signal.SIG_IGN, None)}
    try:
        for number in before:
            signal.signal(number, heed)
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _obey(wishes: SimpleQueue[int | None], around: Surroundings) -> None:
    """Wait for the first wish to end, or for the end without one."""
    number = wishes.get()
    if number is None:
        return
    around.stop.set()
    around.subnets.stop()
    again = "once more" if number == signal.SIGINT else "Ctrl-C"
    terminal.remark(
        f"netcfg: interrupted: finishing what is being written, starting nothing new; {again} to stop at once"
    )

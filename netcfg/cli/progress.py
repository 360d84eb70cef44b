"""What is being done now, on stderr: a line that changes on a terminal, lines that stay in a log, nothing with `-q`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, TextIO

import typer

from netcfg.cli.terminal import takes
from netcfg.formats.harmless import line

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

    from netcfg.cli.root import Root
    from netcfg.workflow.collaborators import Progress

FEW = 10  # so many are told one by one, where each takes a line
INTERVAL = 10.0  # seconds between two lines that only say how far it is
SHARE = 0.1  # of the whole between the same two lines: a fleet that takes hours gets ten lines and no thousand

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PICTURES = 8.0  # a second
NARROW, WIDE = 8, 30  # columns of a bar
ROOM = 12  # columns for a step beside a bar


@contextmanager
def watching(root: Root) -> Iterator[Progress]:
    """Progress on stderr, in the form that fits."""
    stream = sys.stderr
    progress = Silence() if root.quiet else Bar(stream, color=root.color) if _redraws(stream) else Lines(stream)
    try:
        yield progress
    finally:
        progress.rest()


def _redraws(stream: TextIO) -> bool:
    """Whether somebody sits in front of it. Some CI systems give a terminal to what they run, and keep every frame."""
    is_log = any(os.environ.get(name) for name in ("CI", "TF_BUILD")) or os.environ.get("TERM") in ("dumb", "unknown")
    return stream.isatty() and not is_log and takes(stream, f"{FRAMES}━─…·")


class Silence:
    """Nobody watches."""

    def step(self, what: str) -> None:
        del what

    def tell(self, what: str) -> None:
        del what

    def count(self, what: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        del what, total
        return nullcontext(lambda: None)

    def rest(self) -> None:
        pass


@dataclass(eq=False)
class Count:
    """Something that is done many times, and how far it is."""

    what: str
    total: int
    begun: float
    done: int = 0

    def advance(self) -> None:
        self.done = min(self.done + 1, self.total)

    def left(self, now: float) -> float | None:
        """Seconds that the rest will take at the pace so far; `None` while nothing is known of the pace."""
        return (now - self.begun) / self.done * (self.total - self.done) if self.done else None


class Lines:
    """One line for each step, or now and then one where many are counted: what a pipeline's log can show."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._lead = "…" if takes(stream, "…") else "..."
        self._lock = Lock()
        self._counting = 0

    def step(self, what: str) -> None:
        with self._lock:
            if not self._counting:
                self._write(f"{self._lead} {line(what)}")

    def tell(self, what: str) -> None:
        with self._lock:
            self._write(line(what))

    def rest(self) -> None:
        pass

    @contextmanager
    def count(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        if total <= FEW:
            yield lambda: None
            return
        now = self._clock()
        count, told = Count(line(what), total, now), Count(line(what), total, now)
        with self._lock:
            self._counting += 1
            self._write(f"{self._lead} {count.what}")
        try:
            yield partial(self._advance, count, told)
        finally:
            far = "" if count.done == total else f"{count.done:,} of {total:,} "
            with self._lock:
                self._counting -= 1
                self._write(f"{self._lead} {count.what}: {far}done in {span(self._clock() - count.begun)}")

    def _advance(self, count: Count, told: Count) -> None:
        """One more is done; `told` is the same as it was when the last line was written."""
        with self._lock:
            count.advance()
            now = self._clock()
            if now - told.begun < INTERVAL or count.done - told.done < SHARE * count.total or count.done == count.total:
                return
            told.begun, told.done = now, count.done
            left = span(count.left(now) or 0.0)
            self._write(f"{self._lead} {count.what}: {count.done:,} of {count.total:,}, about {left} left")

    def _write(self, text: str) -> None:
        # Whoever read this has gone, or its disk is full: no reason to stop in the middle of a change.
        with suppress(OSError, ValueError):
            typer.echo(text, file=self._stream)


class Bar:
    """A line that changes, for somebody who sits in front of it.

    Rich draws it a few times a second, whatever happens; a step only leaves a note of itself. Rich's own progress bar
    is a table, which costs twice as much to lay out, more than one per cent of a processor.
    """

    def __init__(self, stream: TextIO, *, color: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console

        self._console = Console(file=stream, no_color=not color, force_terminal=True, force_interactive=True)
        self._clock = clock
        self._lock = Lock()
        self._live: Live | None = None
        # Drawing takes no lock of ours, for whoever shows or hides the line holds it and waits for Rich's: so what is
        # drawn is replaced as a whole.
        self._step = ""
        self._counts: tuple[Count, ...] = ()

    def step(self, what: str) -> None:
        self._step = line(what)
        self._appear()

    def tell(self, what: str) -> None:
        from rich.text import Text

        with suppress(OSError, ValueError):
            self._console.print(Text(line(what)))

    def rest(self) -> None:
        with self._lock, suppress(OSError, ValueError):
            live, self._live = self._live, None
            if live:
                live.stop()

    @contextmanager
    def count(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        if not total:
            yield lambda: None
            return
        count = Count(line(what), total, self._clock())
        with self._lock:
            self._counts, self._step = (*self._counts, count), ""
        self._appear()
        try:
            yield partial(self._advance, count)
        finally:
            with self._lock:
                self._counts = tuple(each for each in self._counts if each is not count)
                self._step = "" if self._counts else count.what

    def _advance(self, count: Count) -> None:
        with self._lock:
            count.advance()

    def _appear(self) -> None:
        if self._live:
            return
        from rich.live import Live

        with self._lock, suppress(OSError, ValueError):
            if self._live:
                return
            # The result may be written while the line is there, and is no part of the conversation.
            self._live = Live(
                get_renderable=self._picture,
                console=self._console,
                refresh_per_second=PICTURES,
                transient=True,
                redirect_stdout=False,
            )
            self._live.start(refresh=True)

    def _picture(self) -> Text:
        counts = self._counts
        return picture(counts[-1] if counts else None, self._step, self._clock(), self._console.width)


def picture(count: Count | None, step: str, now: float, width: int) -> Text:
    """One line of at most `width` columns: what is counted, with its bar, and the step. Names are cut first."""
    from rich.text import Text

    drawn = Text(no_wrap=True, end="").append(FRAMES[int(now * PICTURES) % len(FRAMES)], "green").append(" ")
    if count:
        columns = min(max(width // 6, NARROW), WIDE)
        full = columns * count.done // count.total
        left = count.left(now)
        ends = "" if left is None else f" · {timer(left)} left"
        numbers = f" {count.done:,}/{count.total:,} · {timer(now - count.begun)}{ends}"
        what = Text(count.what)
        what.truncate(max(width - columns - len(numbers) - 3, 0), overflow="ellipsis")
        drawn.append_text(what).append(" ").append("━" * full, "green").append("─" * (columns - full), "dim")
        drawn.append(numbers)
        # The beginning of a word says nothing, and would flicker.
        step = f" · {step}" if step and width - drawn.cell_len >= ROOM else ""
    drawn.append(step)
    drawn.truncate(width, overflow="ellipsis")
    return drawn


def span(seconds: float) -> str:
    """How long, as people say it: `12 seconds`, `4 minutes`, `2.5 hours`."""
    whole = round(seconds)
    if whole < 1:
        return "less than a second"
    if whole < 90:
        return f"{whole} second{'s' * (whole > 1)}"
    return f"{seconds / 60:.0f} minutes" if whole < 90 * 60 else f"{seconds / 3600:.1f} hours"


def timer(seconds: float) -> str:
    """How long, as a clock shows it: `0:12`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

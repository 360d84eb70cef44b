"""Progress: lines that a log can keep, a line that a terminal redraws, or nothing."""

from __future__ import annotations

import io
import os
import pty
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from netcfg.cli import terminal
from netcfg.cli.progress import Bar, Count, Lines, Silence, picture, span, timer, watching
from netcfg.cli.root import Root
from netcfg.workflow.collaborators import Progress
from tests.pace import PATIENCE


class Clock:
    """The time, which passes when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Log(io.StringIO):
    encoding = "utf-8"

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def lines(log: Log, clock: Clock) -> Lines:
    return Lines(log, clock)


# --- lines --------------------------------------------------------------------------------------------------------


def test_a_count_of_many_is_told_at_the_beginning_at_each_tenth_and_at_the_end(lines: Lines, log: Log, clock: Clock):
    with lines.count("reading 800 vaults", 800) as advance:
        for number in range(800):
            lines.step(f"reading kv-{number}")
            clock.now += 0.25
            advance()
    assert log.lines == [
        "… reading 800 vaults",
        "… reading 800 vaults: 80 of 800, about 3 minutes left",
        "… reading 800 vaults: 160 of 800, about 3 minutes left",
        "… reading 800 vaults: 240 of 800, about 2 minutes left",
        "… reading 800 vaults: 320 of 800, about 2 minutes left",
        "… reading 800 vaults: 400 of 800, about 2 minutes left",
        "… reading 800 vaults: 480 of 800, about 80 seconds left",
        "… reading 800 vaults: 560 of 800, about 60 seconds left",
        "… reading 800 vaults: 640 of 800, about 40 seconds left",
        "… reading 800 vaults: 720 of 800, about 20 seconds left",
        "… reading 800 vaults: done in 3 minutes",
    ]


def test_no_two_lines_of_a_quick_count_come_within_ten_seconds(lines: Lines, log: Log, clock: Clock):
    with lines.count("reading 2,000 vaults", 2000) as advance:
        for _ in range(2000):
            clock.now += 0.012
            advance()
    assert log.lines == [
        "… reading 2,000 vaults",
        "… reading 2,000 vaults: 834 of 2,000, about 14 seconds left",
        "… reading 2,000 vaults: 1,668 of 2,000, about 4 seconds left",
        "… reading 2,000 vaults: done in 24 seconds",
    ]


def test_a_few_are_told_one_by_one(lines: Lines, log: Log):
    with lines.count("reading 2 vaults", 2) as advance:
        for name in ("kv-orders", "kv-payments"):
            lines.step(f"reading {name}")
            advance()
    assert log.lines == ["… reading kv-orders", "… reading kv-payments"]


def test_a_few_within_many_are_not_told(lines: Lines, log: Log):
    with lines.count("writing 12 vaults", 12) as advance:
        with lines.count("writing 1 subnet", 1):
            lines.step("enabling the service endpoint on agents")
        for _ in range(12):
            advance()
    lines.step("reading kv-orders")
    assert log.lines == [
        "… writing 12 vaults",
        "… writing 12 vaults: done in less than a second",
        "… reading kv-orders",
    ]


def test_what_stays_is_told_within_a_count_too(lines: Lines, log: Log):
    with lines.count("writing 12 vaults", 12):
        lines.tell("wave 1 of 3")
    assert log.lines[1] == "wave 1 of 3"


def test_a_count_that_ends_early_says_how_far_it_came(lines: Lines, log: Log, clock: Clock):
    def interrupted() -> Iterator[None]:
        with lines.count("writing 12 vaults", 12) as advance:
            for _ in range(5):
                advance()
            clock.now += 7
            yield

    next(writing := interrupted())
    with pytest.raises(KeyboardInterrupt):
        writing.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert log.lines == ["… writing 12 vaults", "… writing 12 vaults: 5 of 12 done in 7 seconds"]


def test_a_stream_that_takes_no_more_ends_nothing(clock: Clock):
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    lines, reached = Lines(Full(), clock), 0
    with lines.count("reading 20 vaults", 20) as advance:
        for _ in range(20):
            advance()
            reached += 1
    assert reached == 20


# --- whoever watches, however ---------------------------------------------------------------------------------------


@pytest.fixture(params=[Lines, Bar, Silence])
def anybody(request: pytest.FixtureRequest, log: Log) -> Iterator[tuple[Progress, Log]]:
    progress = Silence() if request.param is Silence else request.param(log)
    yield progress, log
    progress.rest()


def test_a_count_of_nothing_prints_nothing(anybody: tuple[Progress, Log]):
    progress, log = anybody
    with progress.count("reading 0 vaults", 0) as advance:
        advance()
    assert log.getvalue() == ""


def test_more_than_the_total_breaks_nothing(anybody: tuple[Progress, Log]):
    progress, log = anybody
    with progress.count("reading 20 vaults", 20) as advance:
        for _ in range(60):
            advance()
    assert not re.search(r"(2[1-9]|[3-6]\d)(/| of )20", log.getvalue())


def test_threads_lose_no_count(anybody: tuple[Progress, Log]):
    progress, log = anybody
    with progress.count("reading 1,600 vaults", 1600) as advance:

        def work() -> None:
            for number in range(100):
                progress.step(f"reading kv-{number}")
                advance()

        threads = [threading.Thread(target=work, daemon=True) for _ in range(16)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(PATIENCE)
        progress.rest()  # draws once more, and takes it away
    if isinstance(progress, Bar):
        assert "1,600/1,600" in log.getvalue()
    if isinstance(progress, Lines):
        assert len(log.lines) == 2
        assert log.lines[1].startswith("… reading 1,600 vaults: done in ")


def test_nobody_is_told_anything_when_it_shall_be_quiet(capsys: pytest.CaptureFixture[str]):
    with watching(Root(quiet=True)) as progress, progress.count("reading 20 vaults", 20) as advance:
        progress.step("reading kv-orders")
        progress.tell("selected by --all: kv-orders")
        advance()
    assert capsys.readouterr() == ("", "")


# --- the line of a terminal -----------------------------------------------------------------------------------------


def drawn(done: int, total: int, *, step: str, seconds: float, width: int, what: str = "reading 800 vaults") -> str:
    return picture(Count(what, total, 0.0, done), step, seconds, width).plain


def test_the_line_at_80_columns():
    assert drawn(312, 800, step="reading kv-payments-westeurope", seconds=12.0, width=80) == (
        "⠦ reading 800 vaults ━━━━━──────── 312/800 · 0:12 · 0:19 left · reading kv-paym…"
    )


def test_the_line_at_200_columns():
    assert drawn(312, 800, step="reading kv-payments-westeurope-production", seconds=12.0, width=200) == (
        "⠦ reading 800 vaults ━━━━━━━━━━━─────────────────── 312/800 · 0:12 · 0:19 left"
        " · reading kv-payments-westeurope-production"
    )


def test_where_there_is_little_room_names_go_before_numbers():
    assert drawn(312, 800, step="reading kv-payments", seconds=12.0, width=46) == (
        "⠦ reading… ━━━───── 312/800 · 0:12 · 0:19 left"
    )


def test_before_the_first_is_done_nobody_knows_how_long_it_takes():
    assert drawn(0, 12, step="", seconds=3.0, width=80) == "⠼ reading 800 vaults ───────────── 0/12 · 0:03"


def test_a_step_without_a_count_is_a_spinner_and_the_step():
    assert picture(None, "looking up contoso", 12.0, 80).plain == "⠦ looking up contoso"


NAMES = st.text("kv-1 é·日本한🔑", max_size=60)  # some take two columns


@given(
    what=NAMES,
    step=NAMES,
    total=st.integers(1, 10**6),
    done=st.integers(0, 10**6),
    seconds=st.floats(0, 10**6),
    width=st.integers(1, 220),
)
def test_it_is_one_line_of_the_terminals_width_whatever_it_says(
    what: str, step: str, total: int, done: int, seconds: float, width: int
):
    line = drawn(min(done, total), total, step=step, seconds=seconds, width=width, what=what)
    assert "\n" not in line
    assert cell_len(line) <= width


class Terminal:
    """A terminal at which a process of ours sits; what it shows is worked out from what came, as far as we use it."""

    def __init__(self) -> None:
        ours, theirs = pty.openpty()
        self._ours = ours
        self._came = b""
        self.stream = os.fdopen(theirs, "w", encoding="utf-8", errors="backslashreplace", buffering=1)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                self._came += os.read(self._ours, 65536)
            except OSError:  # the other end is closed
                return

    @property
    def came(self) -> str:
        return self._came.decode("utf-8", "replace")

    def close(self) -> None:
        self.stream.close()
        self._reader.join(10)
        os.close(self._ours)

    @property
    def screen(self) -> list[str]:
        rows, row = [""], 0
        for part in re.findall(r"\x1b\[\??[\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", self.came):
            if part == "\n":
                row += 1
                rows += [""] * (row + 1 - len(rows))
            elif part == "\x1b[2K":
                rows[row] = ""
            elif part == "\x1b[1A":
                row -= 1
            elif part[0] not in "\x1b\r":
                rows[row] += part
        return [each for each in rows if each]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    return monkeypatch


@contextmanager
def sitting(environment: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """While the block lasts, stderr is a terminal; afterwards everything has come."""
    at = Terminal()
    environment.setattr(sys, "stderr", at.stream)
    try:
        yield at
    finally:
        at.close()


def tell_all(root: Root) -> None:
    """Everything that a run may do, in the order that asks most of a terminal."""
    with watching(root) as progress:
        progress.step("looking up contoso")
        progress.tell("selected by --all: 30 vaults")
        with progress.count("reading 30 vaults", 30) as advance:
            for number in range(30):
                progress.step(f"reading kv-{number}")
                advance()
            terminal.warn("something in between")
            with progress.count("waiting for the next wave", 3) as pass_by:
                pass_by()
        progress.rest()
        sys.stderr.write("Change 30 vaults? yes\n")
        with progress.count("writing 30 vaults", 30) as advance:
            advance()
            progress.rest()  # draws once more, and takes it away
            progress.tell("wave 1 of 3")


def test_what_stays_on_a_terminal_is_what_was_told(environment: pytest.MonkeyPatch):
    with sitting(environment) as at:
        tell_all(Root())
    assert "\x1b[32m" in at.came
    assert re.search(r"writing 30 vaults .* 1/30 · 0:00 · 0:\d\d left", re.sub(r"\x1b\[[\d;]*m", "", at.came))
    assert at.screen == [
        "selected by --all: 30 vaults",
        "netcfg: warning: something in between",
        "Change 30 vaults? yes",
        "wave 1 of 3",
    ]
    assert at.came.rfind("\x1b[?25h") > at.came.rfind("\x1b[?25l")  # the cursor is back


def test_without_colour_it_is_the_same_line(environment: pytest.MonkeyPatch):
    with sitting(environment) as at:
        tell_all(Root(color=False))
    assert " ───────────── " in re.sub(r"\x1b\[[\d;]*m", "", at.came)
    assert "\x1b[32m" not in at.came
    assert at.screen[-1] == "wave 1 of 3"


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TF_BUILD", "True"), ("TERM", "dumb")])
def test_a_terminal_that_keeps_everything_gets_lines(environment: pytest.MonkeyPatch, name: str, value: str):
    environment.setenv(name, value)
    with sitting(environment) as at, watching(Root()) as progress:
        progress.step("looking up contoso")
        with progress.count("reading 30 vaults", 30):
            progress.step("reading kv-orders")
    assert at.came == (
        "… looking up contoso\r\n… reading 30 vaults\r\n… reading 30 vaults: 0 of 30 done in less than a second\r\n"
    )


def test_the_result_is_never_drawn_into_the_conversation(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with sitting(environment) as at, watching(Root()) as progress:
        progress.step("reading kv-orders")
        sys.stdout.write('{"version": 1}\n')
    assert capsys.readouterr().out == '{"version": 1}\n'
    assert "version" not in at.came


def test_ten_thousand_steps_are_not_ten_thousand_pictures(environment: pytest.MonkeyPatch):
    with (
        sitting(environment) as at,
        watching(Root()) as progress,
        progress.count("reading 10,000 vaults", 10_000) as advance,
    ):
        for number in range(10_000):
            progress.step(f"reading kv-{number}")
            advance()
    assert at.came.count("reading 10,000 vaults") < 50


# --- how long -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tell", "seconds", "told"),
    [
        (span, 0.2, "less than a second"),
        (span, 1.2, "1 second"),
        (span, 89.4, "89 seconds"),
        (span, 90.0, "2 minutes"),
        (span, 5399.0, "90 minutes"),
        (span, 9000.0, "2.5 hours"),
        (timer, 0.2, "0:00"),
        (timer, 59.7, "1:00"),
        (timer, 754.0, "12:34"),
        (timer, 3723.0, "1:02:03"),
    ],
)
def test_how_long_as_people_say_it(tell: Callable[[float], str], seconds: float, told: str):
    assert tell(seconds) == told

"""The conversation on stderr: progress, questions; and the result on stdout."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, TextIO

import typer

from netcfg.core.errors import BadConfiguration, NetcfgError, NoTerminal, OutputFailed
from netcfg.formats.harmless import line

if TYPE_CHECKING:
    from netcfg.cli.root import Root
    from netcfg.core.verification import Verification
    from netcfg.formats.page import Page
    from netcfg.workflow.collaborators import Progress


WIDTH_OF_A_FILE = 100


class Silence:
    """Nobody watches."""

    def step(self, what: str) -> None:
        del what

    def tell(self, what: str) -> None:
        del what

    def rest(self) -> None:
        pass


class Lines:
    """One line for each step: what a pipeline's log can show."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lead = "…" if _takes(stream, "…") else "..."
        self._lock = Lock()

    def step(self, what: str) -> None:
        # Whoever read this has gone, or its disk is full: no reason to stop in the middle of a change.
        with self._lock, suppress(OSError, ValueError):
            typer.echo(f"{self._lead} {line(what)}", file=self._stream)

    def tell(self, what: str) -> None:
        with self._lock, suppress(OSError, ValueError):
            typer.echo(line(what), file=self._stream)

    def rest(self) -> None:
        pass


class Spinner:
    """A line that changes, for somebody who sits in front of it."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.markup import escape

        self._status = Console(file=stream).status("")
        self._escape = escape

    def step(self, what: str) -> None:
        with suppress(OSError, ValueError):
            self._status.update(self._escape(line(what)))
            self._status.start()

    def tell(self, what: str) -> None:
        with suppress(OSError, ValueError):
            self._status.console.print(self._escape(line(what)), highlight=False)

    def rest(self) -> None:
        with suppress(OSError, ValueError):
            self._status.stop()


@contextmanager
def watching(root: Root) -> Iterator[Progress]:
    """Progress on stderr, in the form that fits: a spinner on a terminal, lines elsewhere, nothing with `-q`."""
    is_terminal = sys.stderr.isatty() and root.color
    progress = Silence() if root.quiet else Spinner(sys.stderr) if is_terminal else Lines(sys.stderr)
    try:
        yield progress
    finally:
        progress.rest()


def show(text: str) -> None:
    """Write the result to stdout, whatever its encoding can take."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_stdout()
        raise
    except OSError as error:
        abandon_stdout()
        raise OutputFailed(error.strerror or str(error)) from error


def abandon_stdout() -> None:
    """Nobody takes what is written there, and Python would complain once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(error: NetcfgError, root: Root) -> None:
    """An error as one sentence on stderr, or one for each fault of a file; with the request's id under `-v`."""
    for each in error.faults if isinstance(error, BadConfiguration) else [str(error)]:
        _remark(f"netcfg: {line(each)}")
    say_request_ids([error], root)


def warn(what: str) -> None:
    """Something that netcfg went on after, and how."""
    _remark(f"netcfg: warning: {line(what)}")


def remark(what: str) -> None:
    """What somebody wanted to know with `-v`."""
    _remark(line(what))


def say_request_ids(errors: Iterable[NetcfgError | None], root: Root) -> None:
    """What Azure's support asks for, under `-v`."""
    for error in errors:
        if root.verbose and error and error.request_id:
            _remark(f"request id: {line(error.request_id)}")


def say_verification(found: Verification, root: Root) -> None:
    """As whom the vault was asked, and the id of the answer, under `-v`."""
    bearer, said = found.seen.bearer, found.seen.said
    if root.verbose and bearer:
        typer.echo(f"Key Vault: {line(bearer.told)}", err=True)
    if root.verbose and (id := getattr(said, "request_id", None)):
        typer.echo(f"request id: {line(id)}", err=True)


def page(root: Root) -> Page:
    """What stdout can show: its width, colour on a terminal only, ASCII where its encoding has nothing else."""
    from netcfg.formats.page import Page

    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH_OF_A_FILE
    return Page(columns, root.color and sys.stdout.isatty(), not _takes(sys.stdout, "·→…"))


def insist_on_terminal() -> None:
    """A question needs somebody to answer it; without a terminal that is a usage error."""
    if not sys.stdin.isatty():
        raise NoTerminal


def says_yes(question: str) -> bool:
    """Ask on stderr; only `yes` is yes."""
    typer.echo(f"\n{question} Only 'yes' is taken: ", err=True, nl=False)
    return sys.stdin.readline().strip().lower() == "yes"


def _remark(text: str) -> None:
    """A line on stderr. Where nobody takes it the exit status still tells, and a change that was made is not undone."""
    with suppress(OSError, ValueError):
        typer.echo(text, err=True)


def _takes(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True

"""The conversation on stderr: questions, errors, remarks; and the result on stdout."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

import typer

from netcfg.core.errors import BadConfiguration, NetcfgError, NoTerminal, OutputFailed
from netcfg.formats.harmless import line

if TYPE_CHECKING:
    from netcfg.cli.root import Root
    from netcfg.core.verification import Verification
    from netcfg.formats.page import Page


WIDTH_OF_A_FILE = 100


def show(text: str | Iterable[str], *, is_markup: bool = False) -> None:
    """Write the result to stdout, in one piece or as its pieces come, whatever its encoding can take.

    HTML and XML say themselves that they are UTF-8, so in any other encoding only what all have in common is written,
    and the rest by its number. JSON is written so everywhere.
    """
    encoding, escape = sys.stdout.encoding or "utf-8", "backslashreplace"
    if is_markup and not is_utf8(encoding):
        encoding, escape = "ascii", "xmlcharrefreplace"
    try:
        for each in [text] if isinstance(text, str) else text:
            sys.stdout.write(each.encode(encoding, escape).decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_stdout()
        raise
    except OSError as error:
        abandon_stdout()
        raise OutputFailed(error.strerror or str(error)) from error


def is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name == "utf-8"


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
        say_request_id(error.request_id if error else None, root)


def say_request_id(id: str | None, root: Root) -> None:
    if root.verbose and id:
        _remark(f"request id: {line(id)}")


def say_verification(found: Verification, root: Root) -> None:
    """As whom the vault was asked, and the id of the answer, under `-v`."""
    bearer, said = found.seen.bearer, found.seen.said
    if root.verbose and bearer:
        _remark(f"Key Vault: {line(bearer.told)}")
    say_request_id(getattr(said, "request_id", None), root)


def page(root: Root) -> Page:
    """What stdout can show: its width, colour on a terminal only, ASCII where its encoding has nothing else."""
    from netcfg.formats.page import Page

    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH_OF_A_FILE
    return Page(columns, root.color and sys.stdout.isatty(), not takes(sys.stdout, "·→…"))


class Unanswered(KeyboardInterrupt):
    """Whoever was asked something has ended the run instead, before anything was changed.

    `command` says as one line what was answered until then, if that is of any use.
    """

    def __init__(self, command: str = "") -> None:
        super().__init__("nothing was changed")
        self.command = command


def insist_on_terminal() -> None:
    """A question needs somebody to answer it; without a terminal that is a usage error."""
    if not sys.stdin.isatty():
        raise NoTerminal


def says_yes(question: str) -> bool:
    """Ask on stderr; only `yes` is yes. Whoever ends the input has not said it."""
    try:
        typer.echo(f"\n{question} Only 'yes' is taken: ", err=True, nl=False)
        typed = sys.stdin.readline()
    except UnicodeDecodeError:
        return False  # whatever it was, it was not that
    except KeyboardInterrupt:
        raise Unanswered from None
    if not typed:
        typer.echo(err=True)  # the end of the input ends no line
    return typed.strip().lower() == "yes"


def can_ask() -> bool:
    """Whether somebody sits in front of it who can be asked; some CI systems give a terminal to what they run."""
    is_ci = any(os.environ.get(name) for name in ("CI", "TF_BUILD", "GITHUB_ACTIONS"))
    return sys.stdin.isatty() and sys.stderr.isatty() and not is_ci


def ask(question: str) -> str:
    """What somebody types, asked for on stderr. Whoever ends the input instead, or interrupts, has ended the run."""
    try:
        typer.echo(f"{line(question)}: ", err=True, nl=False)
        typed = sys.stdin.readline()
    except UnicodeDecodeError:
        return "\N{REPLACEMENT CHARACTER}"  # which is no answer to anything
    except KeyboardInterrupt:
        typed = ""
    if not typed:
        raise Unanswered
    return typed.strip()


def _remark(text: str) -> None:
    """A line on stderr. Where nobody takes it the exit status still tells, and a change that was made is not undone."""
    with suppress(OSError, ValueError):
        # Not with `typer.echo`, which looks for the file behind `sys.stderr`: a bar of progress stands in between, and
        # gets out of the way of what is written to it.
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def takes(stream: TextIO, text: str) -> bool:
    """Whether the stream's encoding has all these characters."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True

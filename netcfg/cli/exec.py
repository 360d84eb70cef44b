"""`netcfg exec`: this machine is let in while a command runs, and what killed runs have left is removed."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from netcfg.cli.options import Asked, Config, Naming, Selecting, asks
from netcfg.cli.root import root_of

if TYPE_CHECKING:
    from datetime import timedelta
    from ipaddress import IPv4Address
    from threading import Event

    from netcfg.cli.child import Child
    from netcfg.cli.root import Root
    from netcfg.core.errors import NetcfgError
    from netcfg.workflow.admitting import Stay

REFUSED, INTERRUPTED = 125, 130
ENDING = 6.9  # seconds between the first signal and our end; a pipeline that is cancelled leaves 7.5
LONGEST = 24 * 3600  # seconds that a machine may be let in
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
COMMAND = "netcfg.command"  # where the words after -- are kept

# Whatever else ends a process would leave the address in. Windows has SIGBREAK, others have SIGHUP and SIGQUIT.
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK")


class Running(Naming):
    """A command that runs another one, whose words are all those after `--`, whatever they look like."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        from netcfg.core.errors import UsageError

        # What the parser raises, wherever this Typer keeps its classes.
        unreadable: Any = typer.BadParameter.__bases__[0]

        at = args.index("--") if "--" in args else len(args)
        ours, ctx.meta[COMMAND] = args[:at], args[at + 1 :]
        try:
            return super().parse_args(ctx, ours)
        except (unreadable, UsageError) as error:
            # Status 2 is for what COMMAND ends with, and it has not run.
            if "--clean" not in ours:
                setattr(error, "status" if isinstance(error, UsageError) else "exit_code", REFUSED)
            raise

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "-- COMMAND..."]


@asks
def execute(
    context: typer.Context,
    vault: Annotated[
        list[str] | None,
        typer.Argument(metavar="[VAULT]...", help="A vault's name or resource id; with --clean several."),
    ] = None,
    *,
    address: Annotated[
        str | None,
        typer.Option("--address", metavar="A", help="The public IPv4 address of this machine; no service is asked."),
    ] = None,
    address_from: Annotated[
        list[str] | None,
        typer.Option(
            "--address-from",
            metavar="URL",
            envvar="NETCFG_ADDRESS_FROM",
            help="A service that answers with the address of whoever asks; repeatable, two or more have to agree.",
        ),
    ] = None,
    wait: Annotated[
        int,
        typer.Option("--wait", metavar="SECONDS", min=0, max=86_400, help="How long the rule may take to have effect."),
    ] = 300,
    lasting: Annotated[
        str,
        typer.Option("--for", metavar="TIME", help="How long it may take at most, as in 90s, 15m or 2h; up to 24h."),
    ] = "1h",
    clean: Annotated[
        bool, typer.Option("--clean", help="Run nothing; take out what killed runs have left, once it is overdue.")
    ] = False,
    selecting: Selecting,
    config: Config = None,
    format: Annotated[
        Literal["text", "json"] | None,
        typer.Option("--format", help="How the result of --clean is written; text if nothing is said."),
    ] = None,
) -> None:
    """Let this machine's address into a vault while COMMAND runs, and end with its status."""
    from netcfg.cli import terminal
    from netcfg.core.errors import ConflictingOptions, NetcfgError, NoCommand

    root, words = root_of(context), context.meta.get(COMMAND, [])
    typed = [name for name, value in (("--address", address), ("--address-from", address_from)) if value]
    if clean:
        if words or typed:
            raise ConflictingOptions("--clean", "COMMAND" if words else typed[0], "nothing is run with it")
        raise typer.Exit(_clean(vault, selecting, config, format, root))
    try:
        if chosen := selecting.words() or (["--format"] if format else []):
            raise ConflictingOptions("COMMAND", chosen[0], "that is for --clean; a command is run for one vault")
        if not words:
            raise NoCommand(vault[0] if vault else "VAULT")
        status = _execute(words, _stay(vault or [], address, lasting, wait, config, root), address_from or [], root)
    except NetcfgError as error:
        terminal.say(error, root)
        status = _status(error)
    except KeyboardInterrupt:  # before anything was opened, or after it was closed
        terminal.remark("netcfg: interrupted")
        status = INTERRUPTED
    raise typer.Exit(status)


def _status(error: NetcfgError) -> int:
    """That of an error which kept COMMAND from running, or which is worse than whatever it did."""
    from netcfg.core.errors import CommandNotStarted, Interrupted, NotTakenOut

    match error:
        case NotTakenOut():
            return error.status
        case CommandNotStarted():
            return error.exit_status
        case Interrupted():
            return INTERRUPTED
        case _:
            return REFUSED


# --- what is asked for --------------------------------------------------------------------------------------------


def _stay(
    vaults: Sequence[str], address: str | None, lasting: str, wait: float, config: str | None, root: Root
) -> Stay:
    """What is meant; what cannot be is a usage error, before anything is read."""
    from netcfg.cli.chosen import one_vault
    from netcfg.core.errors import OneVault
    from netcfg.workflow.admitting import Stay

    if len(vaults) > 1:
        raise OneVault(vaults)
    vault = one_vault(vaults[0] if vaults else None, config, root)
    return Stay(vault, parse_time(lasting), wait, _address(address) if address else None)


def _address(text: str) -> IPv4Address:
    from netcfg.core.declared import parse_wanted
    from netcfg.core.errors import BadIdentifier

    network = parse_wanted(text)
    if network.num_addresses != 1:
        raise BadIdentifier(text, "one address, and exec lets in no more than this machine: give it without a prefix")
    return network.network_address


def parse_time(text: str) -> timedelta:
    """A time of up to a day, as `90s`, `15m` or `2h`; without a unit it is seconds."""
    from datetime import timedelta

    from netcfg.core.errors import BadDuration

    found = re.fullmatch(r"([0-9]{1,6})([smh]?)", text.strip(), re.ASCII)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST:
        raise BadDuration(text, "24 hours")
    return timedelta(seconds=seconds)


# --- running ------------------------------------------------------------------------------------------------------


def _execute(words: Sequence[str], stay: Stay, address_from: Sequence[str], root: Root) -> int:
    from netcfg.cli import connect, terminal
    from netcfg.cli.child import OVERTIME, Child, find
    from netcfg.workflow.admitting import admit

    find(words)
    with connect.entrance(root, address_from) as entrance:
        open_now = _Open()
        child = Child(words, entrance.around.stop)
        entrance = replace(entrance, leave=open_now.hear)
        with _telling(open_now):
            status = _supervised(lambda: admit(stay, child, entrance), child, entrance.around.stop, open_now, root)
        entrance.around.progress.rest()
    if child.was_ended and status == OVERTIME:
        terminal.remark(f"netcfg: {words[0]!r} took longer than --for or --timeout allow, and was ended")
    return status


class _Open:
    """What has to be said if we came to our end right now."""

    error: NetcfgError | None = None

    def hear(self, error: NetcfgError | None) -> None:
        self.error = error


@contextmanager
def _telling(opened: _Open) -> Iterator[None]:
    """Whatever the block ends in, a mistake of ours too: what is open still is told, and decides about the status."""
    from netcfg.core.errors import NotTakenOut

    try:
        yield
    except NotTakenOut:
        raise
    except BaseException as error:
        if opened.error is None:
            raise
        sys.excepthook(type(error), error, error.__traceback__)
        raise opened.error from error


class _Work:
    """Something that is done by another thread, so that this one hears of every signal at once."""

    def __init__(self, do: Callable[[], int], events: SimpleQueue[int | None]) -> None:
        self._do = do
        self._events = events
        self._status = 0
        self._error: BaseException | None = None
        # Not waited for where Azure does not answer and somebody wants us to end.
        Thread(target=self._drive, name="netcfg-exec", daemon=True).start()

    def _drive(self) -> None:
        try:
            self._status = self._do()
        except BaseException as error:  # noqa: BLE001 - raised again where the result is taken
            self._error = error
        finally:
            self._events.put(None)

    def result(self) -> int:
        if self._error:
            raise self._error
        return self._status


def _supervised(do: Callable[[], int], child: Child, stop: Event, opened: _Open, root: Root) -> int:
    """The status that it all comes to. The first signal ends the command and takes the address out, side by side; more
    of them change nothing, as the second that a cancelled pipeline sends."""
    events: SimpleQueue[int | None] = SimpleQueue()
    with _heeding(events):
        work = _Work(do, events)
        number = _first(events)
        if number is not None:
            end = time.monotonic() + ENDING
            child.number = number
            stop.set()
            if not _is_over(events, end):
                _leave(opened, root)
        child.rest()
    status = work.result()
    return child.status(status) if number is not None else status


def _first(events: SimpleQueue[int | None]) -> int | None:
    """The first signal, or `None` if the work is over before there is one."""
    while True:
        with suppress(Empty):
            return events.get(timeout=1.0)  # Windows looks for Ctrl-C only in between


def _is_over(events: SimpleQueue[int | None], end: float) -> bool:
    """Whether the work comes to its end before `end`."""
    while (left := end - time.monotonic()) > 0:
        with suppress(Empty):
            if events.get(timeout=left) is None:
                return True
    return False


def _leave(opened: _Open, root: Root) -> None:
    """End at once: whoever cancels a pipeline kills us soon, and then nobody would say what is open still."""
    from netcfg.cli import terminal

    error = opened.error
    try:
        if error:
            terminal.say(error, root)
    finally:
        os._exit(_status(error) if error else INTERRUPTED)  # threads that wait for an answer would hold us


@contextmanager
def _heeding(events: SimpleQueue[int | None]) -> Iterator[None]:
    """While the block lasts, what would end the process is only heard of."""
    from netcfg.cli.signals import heeding

    numbers = [getattr(signal, each) for each in _ENDING if hasattr(signal, each)]
    with heeding(numbers, lambda number, _: events.put(number)):
        yield


# --- cleaning -----------------------------------------------------------------------------------------------------


def _clean(vaults: list[str] | None, selecting: Selecting, config: str | None, format: str | None, root: Root) -> int:
    from netcfg.cli import connect, terminal
    from netcfg.cli.chosen import choose
    from netcfg.cli.signals import graceful
    from netcfg.formats import cleaning, json
    from netcfg.workflow.cleaning import clean

    # Whatever is meant for a vault needs a geography, and which one is of no consequence here: no range is looked at.
    chosen = choose(vaults, Asked(geography=["EU"]), config, root, selecting)
    with connect.surroundings(root) as around:
        meant = chosen.select(around)
        with graceful(around):
            found = clean(meant, around)
        around.progress.rest()
    for each in found.remarks:
        terminal.warn(each)
    terminal.say_request_ids((each.error for each in found.undetermined), root)
    terminal.say_request_ids((each.error for each in found.vaults), root)
    terminal.show(json.cleaning(found) if format == "json" else cleaning.text(found))
    return found.status

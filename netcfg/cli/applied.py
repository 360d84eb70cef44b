"""The end of a command that wrote: its result is told, and its status follows from both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netcfg.cli import terminal

if TYPE_CHECKING:
    from netcfg.cli.output import Output
    from netcfg.cli.root import Root
    from netcfg.core.outcome import Result


def deliver(result: Result, output: Output, root: Root, base: str = "", *, declined: bool = False) -> int:
    """Tell the result of an apply, and give the exit status; `declined` is whether somebody did not want it."""
    from netcfg.core.errors import OutputFailed
    from netcfg.core.outcome import Ending

    terminal.say_request_ids((each.error for each in result.planned.undetermined), root)
    terminal.say_request_ids((each.error for each in result.outcomes), root)
    try:
        output.deliver(result, base)
    except (OutputFailed, BrokenPipeError) as error:
        if not any(each.ending is Ending.DONE or each.touched for each in result.outcomes):
            raise
        # Vaults were changed, and somebody could not be told: that is not done.
        terminal.say(error if isinstance(error, OutputFailed) else OutputFailed("its reader has gone"), root)
        return 7
    return max(result.planned.status, 3) if declined else result.status

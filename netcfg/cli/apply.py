"""`netcfg apply`: change it, and prove that it changed."""

from __future__ import annotations

from typing import Annotated

import typer

from netcfg.cli.options import Accept, Asked, Config, Format, Reports, Vaults, asks, parse_acceptances
from netcfg.cli.root import root_of


@asks
def apply(
    context: typer.Context,
    vault: Vaults = None,
    *,
    asked: Asked,
    accept: Accept = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; accepts no guard.")] = False,
    config: Config = None,
    format: Format = None,
    report: Reports = None,
) -> None:
    """Change a vault's firewall to what the plan shows, and read it back."""
    from netcfg.cli import connect, terminal
    from netcfg.cli.chosen import choose
    from netcfg.cli.output import Output
    from netcfg.core.errors import OutputFailed
    from netcfg.core.outcome import Ending
    from netcfg.workflow.apply import apply, decline
    from netcfg.workflow.plan import plan
    from netcfg.workflow.selection import select

    root = root_of(context)
    output, chosen = Output(format, report, root, config=config), choose(vault, asked, config, root)
    acceptances = parse_acceptances(accept, several=chosen.asks_which)
    if not yes:
        terminal.insist_on_terminal()
    with connect.surroundings(root) as around:
        targets, missing = select(chosen.choices, around)
        planned, drawings = plan(targets, acceptances, around, missing, asks_which=chosen.asks_which)
        around.progress.rest()
        output.announce(planned)
        declined = planned.pending and not yes and not output.agrees(planned)
        result = decline(planned) if declined else apply(planned, drawings, around)
    terminal.say_request_ids((each.error for each in planned.undetermined), root)
    terminal.say_request_ids((each.error for each in result.outcomes), root)
    status = max(planned.status, 3) if declined else result.status
    try:
        output.deliver(result, chosen.base)
    except (OutputFailed, BrokenPipeError) as error:
        if not any(each.ending is Ending.DONE or each.touched for each in result.outcomes):
            raise
        # Vaults were changed, and somebody could not be told: that is not done.
        terminal.say(error if isinstance(error, OutputFailed) else OutputFailed("its reader has gone"), root)
        status = 7
    raise typer.Exit(status)

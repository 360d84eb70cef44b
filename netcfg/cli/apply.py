"""`netcfg apply`: change it, and prove that it changed."""

from __future__ import annotations

from typing import Annotated

import typer

from netcfg.cli.options import Asked, Format, Vaults, asks, parse_vaults
from netcfg.cli.root import root_of


@asks
def apply(
    context: typer.Context,
    vault: Vaults,
    asked: Asked,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; accepts no guard.")] = False,
    format: Format = "text",
) -> None:
    """Change a vault's firewall to what the plan shows, and read it back."""
    from netcfg.cli import connect, terminal
    from netcfg.core.errors import OutputFailed
    from netcfg.sources import bundled
    from netcfg.workflow.apply import apply, decline
    from netcfg.workflow.plan import plan

    root = root_of(context)
    chosen = parse_vaults(vault)
    intent, acceptances = asked.intent(bundled.atlas()), asked.acceptances(chosen)
    if not yes:
        terminal.insist_on_terminal()
    with connect.surroundings(root) as around:
        planned, drawing = plan(chosen, intent, acceptances, around)
        around.progress.rest()
        if format == "text":
            terminal.show(terminal.render_plan(planned, format, root))
        declined = planned.pending and not yes and not terminal.agrees(planned, root, format)
        result = decline(planned) if declined else apply(planned, drawing, around)
    terminal.say_request_ids((each.error for each in planned.undetermined), root)
    terminal.say_request_ids((each.error for each in result.outcomes), root)
    status = max(planned.status, 3) if declined else result.status
    try:
        terminal.show(terminal.render_result(result, format, root))
    except (OutputFailed, BrokenPipeError) as error:
        # Vaults were changed, and nobody could be told: that is not done.
        terminal.say(error if isinstance(error, OutputFailed) else OutputFailed("its reader has gone"), root)
        status = status or 7
    raise typer.Exit(status)

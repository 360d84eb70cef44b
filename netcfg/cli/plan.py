"""`netcfg plan`: what would change, and why."""

from __future__ import annotations

import typer

from netcfg.cli.options import Asked, Format, Vaults, asks, parse_vaults
from netcfg.cli.root import root_of


@asks
def plan(context: typer.Context, vault: Vaults, asked: Asked, format: Format = "text") -> None:
    """Show what would change in a vault's firewall, and why; change nothing."""
    from netcfg.cli import connect, terminal
    from netcfg.sources import bundled
    from netcfg.workflow.plan import plan

    root = root_of(context)
    chosen = parse_vaults(vault)
    intent, acceptances = asked.intent(bundled.atlas()), asked.acceptances(chosen)
    with connect.surroundings(root) as around:
        planned, _ = plan(chosen, intent, acceptances, around)
    terminal.say_request_ids((each.error for each in planned.undetermined), root)
    terminal.show(terminal.render_plan(planned, format, root))
    raise typer.Exit(planned.status)

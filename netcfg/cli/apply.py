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
    from netcfg.sources import bundled
    from netcfg.workflow.apply import apply
    from netcfg.workflow.plan import plan

    root = root_of(context)
    chosen = parse_vaults(vault)
    intent, acceptances = asked.intent(bundled.atlas()), asked.acceptances(chosen)
    if not yes:
        terminal.insist_on_terminal()
    with connect.surroundings(root) as around:
        planned, drawing = plan(chosen, intent, acceptances, around)
        if format == "text":
            terminal.show(terminal.render_plan(planned, format, root))
        if planned.pending and not yes and not terminal.agrees(planned, root, format):
            raise typer.Exit(max(planned.status, 3))
        result = apply(planned, drawing, around)
    terminal.show(terminal.render_result(result, format, root))
    raise typer.Exit(result.status)

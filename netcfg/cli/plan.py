"""`netcfg plan`: what would change, and why."""

from __future__ import annotations

import typer

from netcfg.cli.options import Accept, Asked, Config, Format, Reports, Vaults, asks, parse_acceptances
from netcfg.cli.root import root_of


@asks
def plan(
    context: typer.Context,
    vault: Vaults = None,
    *,
    asked: Asked,
    accept: Accept = None,
    config: Config = None,
    format: Format = None,
    report: Reports = None,
) -> None:
    """Show what would change in a vault's firewall, and why; change nothing."""
    from netcfg.cli import connect, terminal
    from netcfg.cli.chosen import choose
    from netcfg.cli.output import Output
    from netcfg.workflow.plan import plan
    from netcfg.workflow.selection import select

    root = root_of(context)
    output, chosen = Output(format, report, root, config=config), choose(vault, asked, config, root)
    acceptances = parse_acceptances(accept, several=chosen.asks_which)
    with connect.surroundings(root) as around:
        targets, missing = select(chosen.choices, around)
        planned, _ = plan(targets, acceptances, around, missing, asks_which=chosen.asks_which)
    terminal.say_request_ids((each.error for each in planned.undetermined), root)
    output.deliver(planned, chosen.base)
    raise typer.Exit(planned.status)

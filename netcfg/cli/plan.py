"""`netcfg plan`: what would change, and why."""

from __future__ import annotations

import typer

from netcfg.cli.options import Accept, Asked, Config, Format, Reports, Selecting, Vaults, asks, parse_acceptances
from netcfg.cli.root import root_of


@asks
def plan(
    context: typer.Context,
    vault: Vaults = None,
    *,
    selecting: Selecting,
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

    root = root_of(context)
    output, chosen = Output(format, report, root, config=config), choose(vault, asked, config, root, selecting)
    acceptances = parse_acceptances(accept, several=chosen.asks_which)
    with connect.surroundings(root) as around:
        planned, _ = chosen.plan(acceptances, around)
    terminal.say_request_ids((each.error for each in planned.undetermined), root)
    output.deliver(planned, chosen.base)
    raise typer.Exit(planned.status)

"""`netcfg plan`: what would change, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

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
    callers: Annotated[
        str | None,
        typer.Option(
            "--callers",
            metavar="FILE",
            help="The vaults' audit log, as Azure exports it: who of those who came would be cut off; '-' is stdin.",
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="Save the plan, with what was accepted, for 'apply --plan FILE'."),
    ] = None,
) -> None:
    """Show what would change in a vault's firewall, and why; change nothing."""
    from netcfg.audit.log import read
    from netcfg.cli import connect, terminal
    from netcfg.cli.chosen import choose, files_read
    from netcfg.cli.output import Output
    from netcfg.cli.saved import parse_out
    from netcfg.core.cutoff import with_callers

    root = root_of(context)
    output = Output(format, report, root, config=config, read=[callers])
    chosen = choose(vault, asked, config, root, selecting)
    acceptances = parse_acceptances(accept, several=chosen.asks_which)
    file = parse_out(out, report or (), files_read(config, callers))
    if file:
        # What is saved is compared letter by letter later, and so is read where it is written.
        chosen = replace(chosen, is_consistent=True)
    with connect.surroundings(root) as around:
        log = None if callers is None else read(callers, around.progress)
        meant = chosen.select(around)
        planned, _ = chosen.plan(acceptances, around, meant=meant, is_exact=file is not None)
        if file:
            file.save(planned, meant, acceptances, chosen, around, root)
    planned = with_callers(planned, log) if log else planned
    terminal.say_request_ids((each.error for each in planned.undetermined), root)
    output.deliver(planned, chosen.base)
    if file:
        terminal.remark(file.next(planned, root))
    raise typer.Exit(planned.status)

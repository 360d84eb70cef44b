"""`netcfg apply`: change it, and prove that it changed."""

from __future__ import annotations

from typing import Annotated

import typer

from netcfg.cli.options import (
    Accept,
    Asked,
    Config,
    Format,
    RecordTo,
    Reports,
    Selecting,
    Through,
    Vaults,
    asks,
    parse_acceptances,
)
from netcfg.cli.root import root_of


@asks
def apply(
    context: typer.Context,
    vault: Vaults = None,
    *,
    selecting: Selecting,
    asked: Asked,
    through: Through,
    accept: Accept = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; accepts no guard.")] = False,
    config: Config = None,
    format: Format = None,
    report: Reports = None,
    parallel: Annotated[
        int | None,
        typer.Option("--parallel", metavar="N", min=1, max=64, help="How many vaults are written side by side; 16."),
    ] = None,
    canary: Annotated[
        int | None,
        typer.Option("--canary", metavar="N", min=1, help="Write N vaults first, and the others after a wait."),
    ] = None,
    waves: Annotated[
        str | None,
        typer.Option(
            "--waves", metavar="SIZES", help="Write in waves, as in 1,10%,100%; stop at the first one that fails."
        ),
    ] = None,
    wait: Annotated[
        int | None,
        typer.Option("--wait", metavar="SECONDS", min=0, max=86400, help="How long to wait between waves; 60 seconds."),
    ] = None,
    verify_wait: Annotated[
        int,
        typer.Option(
            "--verify-wait",
            metavar="SECONDS",
            min=0,
            max=86_400,
            help="How long Azure DevOps is asked again while rules take effect, where a service connection is known.",
        ),
    ] = 300,
    record_to: RecordTo = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan", metavar="FILE", help="Apply what 'plan --out FILE' saved, if nothing moved; nothing is asked."
        ),
    ] = None,
) -> None:
    """Change a vault's firewall to what the plan shows, and read it back."""
    from netcfg.cli import connect, terminal
    from netcfg.cli.applied import deliver
    from netcfg.cli.chosen import Chosen, choose
    from netcfg.cli.output import Output
    from netcfg.cli.saved import Saved, open_saved, options_beside
    from netcfg.cli.signals import graceful
    from netcfg.core.waves import parse_rollout
    from netcfg.formats import verification
    from netcfg.formats import waves as shown_waves
    from netcfg.workflow.apply import apply, decline, in_waves
    from netcfg.workflow.proving import find_ways, prove_all

    root = root_of(context)
    output = Output(format, report, root, config=config, read=[plan])
    chosen: Chosen | Saved
    if plan is None:
        chosen = choose(vault, asked, config, root, selecting, through)
    else:
        chosen = open_saved(plan, options_beside(vault, selecting, asked, accept, config), through, root)
        if configuration := chosen.plan_of.conditions.configuration:
            output.spare(configuration.name)
        yes = True  # it was asked when it was reviewed
    acceptances, rollout = parse_acceptances(accept, several=chosen.asks_which), parse_rollout(waves, canary, wait)
    if not yes:
        terminal.insist_on_terminal()
    with connect.surroundings(root, parallel, record_to=record_to) as around:
        if isinstance(chosen, Saved):
            terminal.remark(chosen.told(around.now()))
            planned, drawings = chosen.plan(around)
        else:
            planned, drawings = chosen.plan(acceptances, around, is_to_be_written=True)
        ways = find_ways(chosen.proving, planned, drawings, around, is_typed=chosen.is_relay_typed)
        around.progress.rest()
        output.announce(planned)
        for each in verification.warnings(ways):
            terminal.warn(each)
        for each in shown_waves.lines(in_waves(planned, rollout)) if rollout else ():
            terminal.remark(each)
        declined = planned.pending and not yes and not output.agrees(planned)
        with graceful(around):
            result = decline(planned) if declined else apply(planned, drawings, around, rollout)
            if ways and not declined:
                result = prove_all(result, ways, verify_wait, around)
            around.progress.rest()
            status = deliver(result, output, root, chosen.base, declined=bool(declined))
    raise typer.Exit(status)

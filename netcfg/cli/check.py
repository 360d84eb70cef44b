"""`netcfg check`: whether vaults are as they should be; changes nothing."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from netcfg.cli.options import Asked, Config, Reports, Vaults, asks
from netcfg.cli.root import root_of

Format = Annotated[
    Literal["text", "json", "markdown", "html", "sarif", "junit", "azure-pipelines", "github"] | None,
    typer.Option("--format", help="How the report is written; text if nothing is said."),
]


@asks
def check(
    context: typer.Context,
    vault: Vaults = None,
    *,
    asked: Asked,
    fail_on: Annotated[
        Literal["error", "warning", "note", "never"],
        typer.Option("--fail-on", help="The least severity of a finding that makes the status 4."),
    ] = "error",
    config: Config = None,
    format: Format = None,
    report: Reports = None,
) -> None:
    """Say what is not as it should be in vaults' firewalls, and how to mend it; change nothing."""
    from netcfg.cli import connect, terminal
    from netcfg.cli.chosen import choose
    from netcfg.cli.output import Output
    from netcfg.core.findings import Severity
    from netcfg.workflow.check import check
    from netcfg.workflow.selection import select

    root = root_of(context)
    chosen, output = choose(vault, asked, config, root), Output(format, report, root)
    least = None if fail_on == "never" else Severity(fail_on)
    with connect.surroundings(root) as around:
        targets, missing = select(chosen.choices, around)
        found = check(targets, chosen.waivers, least, chosen.command, around, missing)
    terminal.say_request_ids((each.error for each in found.undetermined), root)
    output.deliver(found)
    raise typer.Exit(found.status)

"""`netcfg verify`: whether a vault can be read, by whom it matters to."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from netcfg.cli.root import root_of


def verify(
    context: typer.Context,
    vault: Annotated[str, typer.Argument(metavar="VAULT", help="A vault's name or resource id.")],
    from_here: Annotated[
        bool, typer.Option("--from-here", help="Read it from this machine, as the agent that runs here.")
    ] = False,
    wait: Annotated[
        int,
        typer.Option(
            "--wait", metavar="SECONDS", min=0, max=86_400, help="How long to look again while a change takes effect."
        ),
    ] = 900,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How the result is written.")] = "text",
) -> None:
    """Say whether a vault's secrets can be read, and what is in the way; only their names are asked for."""
    from netcfg.cli import connect, terminal
    from netcfg.core.errors import NoVantage
    from netcfg.core.resources import parse_vault
    from netcfg.formats import json, verification
    from netcfg.workflow.verify import verify

    root = root_of(context)
    chosen = parse_vault(vault)
    if not from_here:
        raise NoVantage(vault)
    with connect.vantage(root) as around:
        found = verify(chosen, wait, around)
    terminal.say_verification(found, root)
    terminal.show(json.verification(found) if format == "json" else verification.text(found, terminal.page(root)))
    raise typer.Exit(found.status)

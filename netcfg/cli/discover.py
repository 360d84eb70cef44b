"""`netcfg discover`: what an organization needs vaults for."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from netcfg.cli.root import root_of


def discover(
    context: typer.Context,
    organization: Annotated[str, typer.Argument(metavar="ORG", help="An Azure DevOps organization.")],
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How the result is written.")] = "text",
) -> None:
    """Say where an organization's agents run, and which vaults its variable groups use."""
    from netcfg.cli import connect, terminal
    from netcfg.formats import discovery, json
    from netcfg.workflow.discover import discover

    root = root_of(context)
    with connect.exploration(root, organization) as around:
        found = discover(around)
    terminal.say_request_ids((error for _, error in found.undetermined), root)
    terminal.show(json.discovery(found) if format == "json" else discovery.text(found, terminal.page(root)))
    raise typer.Exit(found.status)

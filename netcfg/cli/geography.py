"""`netcfg geography`: where an organization lives, and how that is known."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from netcfg.cli.root import root_of


def geography(
    context: typer.Context,
    organization: Annotated[str, typer.Argument(metavar="ORG", help="An Azure DevOps organization.")],
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How the result is written.")] = "text",
) -> None:
    """Say in which geography an organization lives, with the evidence."""
    from netcfg.cli import connect, terminal
    from netcfg.formats import json, text

    root = root_of(context)
    with connect.organizations(root) as known:
        found = (known.look_up(organization),)
    terminal.show(json.geography(found) if format == "json" else text.geography(found, terminal.page(root)))

"""`netcfg group link`: link a vault to a variable group, and map secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import typer

from netcfg.cli.group_writing import Every, Matches, Secrets, Yes
from netcfg.cli.options import Accept, Config, Through, asks, parse_acceptances
from netcfg.cli.root import root_of


@asks
def link(
    context: typer.Context,
    vault: Annotated[
        str | None, typer.Argument(metavar="[VAULT]", help="A vault's name or resource id; else the configured one.")
    ] = None,
    *,
    group: Annotated[
        str | None, typer.Option("--group", metavar="NAME", help="The variable group; made if it is not there.")
    ] = None,
    organization: Annotated[
        str | None,
        typer.Option("--organization", metavar="ORG", help="The Azure DevOps organization; else the configured."),
    ] = None,
    through: Through,
    secret: Secrets = None,
    match: Matches = None,
    every: Every = False,
    grant: Annotated[
        bool,
        typer.Option("--grant", help="Let the service connection get and list the secrets, if it may not yet."),
    ] = False,
    yes: Yes = False,
    accept: Accept = None,
    config: Config = None,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How the result is written.")] = "text",
) -> None:
    """Link a vault to a new or existing variable group and map secrets by name, after showing what would change."""
    from netcfg.cli.chosen import library_of, one_vault
    from netcfg.cli.group_writing import wish_of, write
    from netcfg.workflow.grouping import Link, plan_link

    root = root_of(context)
    wish, acceptances = wish_of(secret, match, every=every), parse_acceptances(accept, several=False)
    library = library_of(organization, through, config, root)
    relay = replace(library.relay, group=group or library.relay.group)
    meant = Link(one_vault(vault, config, root), relay, wish, grant, library.demanded)
    write(lambda around: plan_link(meant, acceptances, around), root, format, yes=yes)

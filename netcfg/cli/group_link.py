"""`netcfg group link`: link a vault to a variable group, and map secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from netcfg.cli.group_writing import Every, Format, Grants, Guards, Matches, Organization, Secrets, Yes
from netcfg.cli.options import Config, Through, asks, parse_acceptances
from netcfg.cli.root import root_of


@asks
def link(
    context: typer.Context,
    vault: Annotated[
        str | None, typer.Argument(metavar="[VAULT]", help="A vault's name or resource id; else the configured one.")
    ] = None,
    *,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="NAME", help="The variable group, by name or id; made if new."),
    ] = None,
    organization: Organization = None,
    through: Through,
    secret: Secrets = None,
    match: Matches = None,
    every: Every = False,
    grant: Grants = False,
    yes: Yes = False,
    accept: Guards = None,
    config: Config = None,
    format: Format = None,
) -> None:
    """Link a vault to a new or existing variable group and map secrets by name, after showing what would change."""
    from netcfg.cli import ci
    from netcfg.cli.chosen import library_of, one_vault
    from netcfg.cli.group_writing import wish_of, write
    from netcfg.core.linking.groups import parse_group_name
    from netcfg.workflow.grouping import Link, plan_link

    root = root_of(context)
    ci.listen(root, format)
    wish, acceptances = wish_of(secret, match, every=every), parse_acceptances(accept, several=False)
    library = library_of(organization, through, config, root)
    relay = replace(library.relay, group=parse_group_name(group or library.relay.group))
    meant = Link(one_vault(vault, config, root), relay, wish, grant, library.demanded)
    write(lambda around: plan_link(meant, acceptances, around), root, format, yes=yes)

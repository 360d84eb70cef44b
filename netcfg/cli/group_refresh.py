"""`netcfg group refresh`: bring variable groups in line with their vaults."""

from __future__ import annotations

from typing import Annotated

import typer

from netcfg.cli.group_writing import Every, Format, Matches, Organization, Secrets, Yes
from netcfg.cli.options import Accept, Config, parse_acceptances
from netcfg.cli.root import root_of


def refresh(
    context: typer.Context,
    vault: Annotated[
        str | None, typer.Argument(metavar="[VAULT]", help="Only groups linked to this vault, by name or resource id.")
    ] = None,
    *,
    group: Annotated[
        list[str] | None, typer.Option("--group", metavar="NAME", help="Only this group, by name or id; repeatable.")
    ] = None,
    organization: Organization = None,
    project: Annotated[
        str | None, typer.Option("--project", metavar="NAME", help="Only this project's groups, by name or id.")
    ] = None,
    secret: Secrets = None,
    match: Matches = None,
    every: Every = False,
    yes: Yes = False,
    accept: Accept = None,
    config: Config = None,
    format: Format = None,
) -> None:
    """Take out what a vault no longer has, and bring the rest up to date; new secrets come only if asked for."""
    from netcfg.cli import ci
    from netcfg.cli.chosen import library_of
    from netcfg.cli.group_writing import wish_of, write
    from netcfg.cli.options import Through
    from netcfg.core.linking.library import Demand
    from netcfg.core.resources import parse_vault
    from netcfg.workflow.grouping import Refresh, plan_refresh

    root = root_of(context)
    ci.listen(root, format)
    library = library_of(organization, Through(project), config, root)
    demanded, named = library.demanded, parse_vault(vault) if vault else ""
    meant = Refresh(
        library.relay,
        named,
        tuple(group or ()),
        wish_of(secret, match, every=every),
        Demand(demanded.secrets, demanded.project or library.relay.project, demanded.group),
    )
    acceptances = parse_acceptances(accept, several=meant.asks_which)
    write(lambda around: plan_refresh(meant, acceptances, around), root, format, yes=yes)

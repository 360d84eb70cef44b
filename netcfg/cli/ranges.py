"""`netcfg ranges`: what is published, by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from netcfg.cli.options import Canary, Geographies, Organizations, Ranges
from netcfg.cli.root import Root, root_of

if TYPE_CHECKING:
    from netcfg.core.geography import Geography

app = typer.Typer(help="The inbound ranges of Azure DevOps, as published.", no_args_is_help=True)


@app.callback()
def ranges() -> None:
    """The inbound ranges of Azure DevOps, as published."""


@app.command("list")
def list_(
    context: typer.Context,
    organization: Organizations = None,
    geography: Geographies = None,
    ranges: Ranges = "union",
    edition: Annotated[
        str | None, typer.Option("--edition", metavar="DATE-or-FILE", help="Look at one edition, not at the newest.")
    ] = None,
    include_canary_regions: Canary = False,
    format: Annotated[
        Literal["text", "json", "csv", "cidr"], typer.Option("--format", help="How the result is written.")
    ] = "text",
) -> None:
    """List the ranges for organizations or geographies; for all eight where none is named."""
    from netcfg.cli import connect, terminal
    from netcfg.core.errors import NoRanges
    from netcfg.core.ranges import Policy, resolve
    from netcfg.formats import cidr, csv, json, text
    from netcfg.sources import bundled

    root = root_of(context)
    atlas = bundled.atlas()
    catalogue = connect.catalogue(root) if edition is None else bundled.edition(edition)
    named = [atlas.find(each) for each in geography or ()] or _homes(organization or [], root)
    resolution = resolve(catalogue, Policy(ranges), named or atlas.geographies, canary=include_canary_regions)
    if not resolution.editions:
        raise NoRanges(ranges)
    match format:
        case "text":
            terminal.show(text.ranges(resolution, terminal.page(root)))
        case "json":
            terminal.show(json.ranges(resolution))
        case "csv":
            terminal.show(csv.ranges(resolution))
        case "cidr":
            terminal.show(cidr.ranges(resolution))


def _homes(organizations: list[str], root: Root) -> list[Geography]:
    """The geographies of organizations; nobody is asked when none is named."""
    from netcfg.cli import connect

    if not organizations:
        return []
    with connect.organizations(root) as known:
        return [known.look_up(each).geography for each in organizations]

"""`netcfg ranges`: what is published and by whom, what changed, and who publishes an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from netcfg.cli import refresh
from netcfg.cli.options import Canary, Geographies, Organizations, Ranges
from netcfg.cli.root import Root, root_of

if TYPE_CHECKING:
    from netcfg.core.geography import Geography

NAMES = "A day, PUBLISHER:DAY, or a file in netcfg's own format."

app = typer.Typer(help="The inbound ranges of Azure DevOps, as published.", no_args_is_help=True)


@app.callback()
def ranges() -> None:
    """The inbound ranges of Azure DevOps, as published."""


app.command("refresh", short_help="Fetch new editions of the published ranges.")(refresh.refresh)


@app.command("list", short_help="List the ranges for organizations or geographies.")
def list_(
    context: typer.Context,
    organization: Organizations = None,
    geography: Geographies = None,
    ranges: Ranges = None,
    edition: Annotated[
        str | None, typer.Option("--edition", metavar="DATE-or-FILE", help="Look at one edition, not at the newest.")
    ] = None,
    include_canary_regions: Canary = False,
    format: Annotated[
        Literal["text", "json", "csv", "cidr"], typer.Option("--format", help="How the result is written.")
    ] = "text",
) -> None:
    """List the ranges for organizations or geographies; for all eight where none is named."""
    from netcfg.cli import known, terminal
    from netcfg.core.errors import NoRanges
    from netcfg.core.ranges import Policy, resolve
    from netcfg.sources import bundled

    root = root_of(context)
    atlas = bundled.atlas()
    editions = known.catalogue(root)
    policy = Policy(ranges or "union")
    catalogue = editions if edition is None else bundled.edition(edition, editions)
    named = [atlas.find(each) for each in geography or ()] or _homes(organization or [], root)
    resolution = resolve(catalogue, policy, named or atlas.geographies, canary=include_canary_regions)
    if not resolution.editions:
        raise NoRanges(policy.value)
    match format:
        case "text":
            from netcfg.formats import text

            terminal.show(text.ranges(resolution, terminal.page(root)))
        case "json":
            from netcfg.formats import json

            terminal.show(json.ranges(resolution))
        case "csv":
            from netcfg.formats import csv

            terminal.show(csv.ranges(resolution))
        case "cidr":
            from netcfg.formats import cidr

            terminal.show(cidr.ranges(resolution))


@app.command(short_help="Show what changed between two editions.")
def diff(
    context: typer.Context,
    old: Annotated[str | None, typer.Argument(metavar="OLD", help=NAMES)] = None,
    new: Annotated[str | None, typer.Argument(metavar="NEW", help=NAMES)] = None,
    format: Annotated[
        Literal["text", "json", "markdown"], typer.Option("--format", help="How the result is written.")
    ] = "text",
) -> None:
    """Show what changed between two editions; without any, between the last two of each publisher."""
    from netcfg.cli import known, terminal
    from netcfg.core.comparison import compare, single
    from netcfg.formats import json, markdown, text
    from netcfg.sources import bundled

    root = root_of(context)
    editions = known.catalogue(root)
    chosen = (single(bundled.edition(each, editions), each) for each in (old, new) if each is not None)
    compared = compare(editions, *chosen)
    match format:
        case "text":
            terminal.show(text.comparisons(compared, terminal.page(root)))
        case "json":
            terminal.show(json.comparisons(compared))
        case "markdown":
            terminal.show(markdown.comparisons(compared))


@app.command(short_help="Say whose an address is.")
def who(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An IPv4 or IPv6 address, or a range.")],
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How the result is written.")] = "text",
) -> None:
    """Say whose an address is: which edition, geography and region publish it, or what else it may be."""
    from netcfg.cli import known, terminal
    from netcfg.core.attribution import attribute, parse_address
    from netcfg.formats import json, text
    from netcfg.sources import bundled

    root = root_of(context)
    found = attribute(parse_address(address), known.catalogue(root), bundled.outbound())
    match format:
        case "text":
            terminal.show(text.attribution(found, terminal.page(root)))
        case "json":
            terminal.show(json.attribution(found))


def _homes(organizations: list[str], root: Root) -> list[Geography]:
    """The geographies of organizations; nobody is asked when none is named."""
    from netcfg.cli import connect

    if not organizations:
        return []
    with connect.organizations(root) as devops:
        return [devops.look_up(each).geography for each in organizations]

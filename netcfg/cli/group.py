"""`netcfg group`: the variable groups that are linked to vaults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from netcfg.cli import group_link, group_refresh
from netcfg.cli.options import Config, Naming, Reports, Through
from netcfg.cli.root import root_of

if TYPE_CHECKING:
    from netcfg.core.resources import VaultId

app = typer.Typer(
    name="group", help="Variable groups that are linked to vaults.", no_args_is_help=True, rich_markup_mode=None
)

app.command("link", cls=Naming, short_help="Link a vault to a variable group and map secrets by name.")(group_link.link)
app.command("refresh", cls=Naming, short_help="Bring groups in line with their vaults.")(group_refresh.refresh)

Organization = Annotated[
    str | None,
    typer.Option("--organization", metavar="ORG", help="The Azure DevOps organization; else the configured."),
]
ProjectName = Annotated[
    str | None, typer.Option("--project", metavar="NAME", help="Only this project's groups, by name or id.")
]


@app.command("list", cls=Naming, short_help="Show every variable group that is linked to a vault.")
def list_groups(
    context: typer.Context,
    named: Annotated[str | None, typer.Argument(metavar="[ORG]", help="An Azure DevOps organization.")] = None,
    organization: Organization = None,
    project: ProjectName = None,
    vault: Annotated[
        list[str] | None, typer.Option("--vault", metavar="VAULT", help="Only groups linked to this vault; repeatable.")
    ] = None,
    config: Config = None,
    format: Annotated[
        Literal["text", "json", "csv"], typer.Option("--format", help="How the result is written.")
    ] = "text",
) -> None:
    """Show every variable group that is linked to a vault, with its service connection and how much it maps."""
    from netcfg.cli import connect, terminal
    from netcfg.cli.chosen import library_of
    from netcfg.core.errors import ConflictingOptions
    from netcfg.formats import groups, json
    from netcfg.workflow.groups import look

    root = root_of(context)
    if named and organization and named.casefold() != organization.casefold():
        raise ConflictingOptions("ORG", "--organization", "one organization's groups are shown")
    # All projects, whichever one the configuration is about.
    meant = library_of(named or organization, Through(), config, root).relay.organization
    vaults = _names(vault)
    with connect.surroundings(root) as around:
        found = look(meant, project or "", around)
    terminal.say_request_ids((each.error for each in found.closed), root)
    match format:
        case "json":
            terminal.show(json.groups(found, vaults))
        case "csv":
            terminal.show(groups.csv(found, vaults))
        case _:
            terminal.show(groups.text(found, vaults, terminal.page(root)))
    raise typer.Exit(found.status)


@app.command("check", cls=Naming, short_help="Say what does not fit between groups and vaults.")
def check_groups(
    context: typer.Context,
    vault: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VAULT]...",
            help="Only groups linked to these, by name or resource id; else to those that the configuration names.",
        ),
    ] = None,
    organization: Organization = None,
    project: ProjectName = None,
    group: Annotated[
        list[str] | None, typer.Option("--group", metavar="NAME", help="Only this group, by name or id; repeatable.")
    ] = None,
    fail_on: Annotated[
        Literal["error", "warning", "note", "never"],
        typer.Option("--fail-on", help="The least severity of a finding that makes the status 4."),
    ] = "error",
    config: Config = None,
    format: Annotated[
        Literal["text", "json", "markdown", "sarif", "junit", "azure-pipelines", "github"] | None,
        typer.Option("--format", help="How the report is written; text if nothing is said."),
    ] = None,
    report: Reports = None,
) -> None:
    """Say what does not fit between variable groups and their vaults, and how to mend it; change nothing.

    Azure DevOps itself is asked to list each vault by the group's service connection. Only names are read.
    """
    from netcfg.cli import connect, terminal
    from netcfg.cli.chosen import library_of
    from netcfg.cli.output import FORMATS_OF_GROUPS, Output
    from netcfg.core.checks import waivers
    from netcfg.core.findings import Severity
    from netcfg.core.linking.library import Demand
    from netcfg.workflow.groups import Wanted, check

    root = root_of(context)
    output = Output(format, report, root, FORMATS_OF_GROUPS, config)
    library = library_of(organization, Through(project), config, root)
    relay, demanded = library.relay, library.demanded
    demand = Demand(demanded.secrets, demanded.project, demanded.group)
    named = _names(vault)
    written = () if named or group or library.selects else _names(library.vaults)
    if library.selects and not (named or group):
        terminal.remark("the configuration selects vaults, so groups of every vault are checked")
    wanted = Wanted(
        relay.organization, relay.project, named, tuple(group or ()), demand, library.file, frozenset(written)
    )
    least = None if fail_on == "never" else Severity(fail_on)
    with connect.surroundings(root) as around:
        found = check(wanted, library.waivers, least, around)
    terminal.say_request_ids((each.error for each in found.undetermined), root)
    for id in found.requests:
        terminal.say_request_id(id, root)
    for each in waivers.unused(library.waivers, found, is_part=bool(vault or group or relay.project)):
        place = f" ({each.where})" if each.where else ""
        terminal.warn(f"the waiver of {each}{place} is about nothing that was found; delete it")
    output.deliver(found, library.base)
    raise typer.Exit(found.status)


def _names(vaults: Iterable[VaultId | str] | None) -> tuple[str, ...]:
    """The names of vaults, which is all that Azure DevOps knows of them."""
    from netcfg.core.resources import parse_vault

    found = (parse_vault(each) if isinstance(each, str) else each for each in vaults or ())
    return tuple(dict.fromkeys((each if isinstance(each, str) else each.name).lower() for each in found))

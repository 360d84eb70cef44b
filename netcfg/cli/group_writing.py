"""What `group link` and `group refresh` have in common: show the plan, ask, do it, tell what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from netcfg.cli.root import Root
    from netcfg.core.linking.grouping import GroupPlans, GroupResult, Wish
    from netcfg.workflow.collaborators import Surroundings

Organization = Annotated[
    str | None,
    typer.Option("--organization", metavar="ORG", help="The Azure DevOps organization; else the configured."),
]
Format = Annotated[
    Literal["text", "json", "markdown"] | None,
    typer.Option("--format", help="How the result is written; text if nothing is said."),
]
Secrets = Annotated[
    list[str] | None, typer.Option("--secret", metavar="NAME", help="Map the secret of this name; repeatable.")
]
Matches = Annotated[
    list[str] | None,
    typer.Option("--match", metavar="PATTERN", help="Map the secrets that match, as in 'app-*'; repeatable."),
]
Grants = Annotated[
    bool,
    typer.Option("--grant", help="Give the service connection Get and List on this vault, where they are missing."),
]
Guards = Annotated[
    list[str] | None, typer.Option("--accept", metavar="GUARD", help="Accept a guard by its name; repeatable.")
]
Every = Annotated[bool, typer.Option("--all", help="Map every secret that a job can use.")]
_FOR_PEOPLE = (None, "text")
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; accepts no guard.")]


def wish_of(secret: list[str] | None, match: list[str] | None, *, every: bool) -> Wish:
    """Which secrets are wanted; all of them and some of them is a contradiction."""
    from netcfg.core.errors import ConflictingOptions
    from netcfg.core.linking.grouping import Wish

    if every and (secret or match):
        raise ConflictingOptions("--all", "--secret" if secret else "--match", "all secrets are meant, or some of them")
    return Wish(tuple(secret or ()), tuple(match or ()), every)


def write(plan: Callable[[Surroundings], GroupPlans], root: Root, format: str | None, *, yes: bool) -> None:
    """Follow the plan once it was shown and agreed to, and end with the status of what became of it."""
    from netcfg.cli import connect, terminal
    from netcfg.cli.output import beside
    from netcfg.cli.signals import graceful
    from netcfg.core.errors import OutputFailed
    from netcfg.core.linking.grouping import decline
    from netcfg.core.outcome import Ending
    from netcfg.workflow.grouping import carry_out

    if not yes:
        terminal.insist_on_terminal()
    with connect.surroundings(root) as around:
        planned = plan(around)
        around.progress.rest()
        if format in _FOR_PEOPLE:
            terminal.show(_shown(planned, root))
        declined = planned.pending and not yes and not _agrees(planned, root, format)
        with graceful(around):
            result = decline(planned) if declined else carry_out(planned, around)
            around.progress.rest()
            terminal.say_request_ids((each.error for each in planned.undetermined), root)
            terminal.say_request_ids((each.error for each in result.outcomes), root)
            status = max(planned.status, 3) if declined else result.status
            try:
                terminal.show([_told(result, root, format), beside(result, root)])
            except (OutputFailed, BrokenPipeError) as error:
                if not any(each.ending is Ending.DONE or each.touched for each in result.outcomes):
                    raise
                # Groups were changed, and somebody could not be told: that is not done.
                terminal.say(error if isinstance(error, OutputFailed) else OutputFailed("its reader has gone"), root)
                status = 7
    raise typer.Exit(status)


def _shown(planned: GroupPlans, root: Root) -> str:
    from netcfg.cli import terminal
    from netcfg.formats import grouping

    return grouping.plan(planned, terminal.page(root))


def _told(result: GroupResult, root: Root, format: str | None) -> str:
    from netcfg.cli import terminal
    from netcfg.formats import grouping, json, markdown

    if format in _FOR_PEOPLE:
        return "\n" + grouping.result(result, terminal.page(root))
    return json.grouping(result) if format == "json" else markdown.grouping(result)


def _agrees(planned: GroupPlans, root: Root, format: str | None) -> bool:
    """Ask whether to do what was shown, which is shown on stderr where stdout is for a program."""
    from netcfg.cli import terminal

    if format not in _FOR_PEOPLE:
        typer.echo(_shown(planned, root), err=True)
    number = len(planned.pending)
    groups = "this variable group" if number == 1 else f"these {number:,} variable groups"
    return terminal.says_yes(f"Change {groups}?")

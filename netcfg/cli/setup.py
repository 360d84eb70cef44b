"""`netcfg setup`: all of it for one vault: its firewall, who may read it, the variable group, and the proof."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from netcfg.cli.group_writing import Every, Grants, Guards, Matches, Secrets
from netcfg.cli.options import Asked, Config, Reports, Through, asks, parse_acceptances
from netcfg.cli.root import root_of

if TYPE_CHECKING:
    from netcfg.cli.chosen import Chosen
    from netcfg.cli.interview import Job, Written
    from netcfg.cli.output import Output
    from netcfg.cli.root import Root
    from netcfg.core.linking.grouping import Wish
    from netcfg.core.setup import SetupResult
    from netcfg.workflow.setup import Wanted

QUESTION = "Do all of this?"


@asks
def setup(
    context: typer.Context,
    vault: Annotated[
        str | None, typer.Argument(metavar="[VAULT]", help="A vault's name or resource id; else the configured one.")
    ] = None,
    *,
    asked: Asked,
    through: Through,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="NAME", help="The variable group, by name or id; made if new."),
    ] = None,
    no_group: Annotated[bool, typer.Option("--no-group", help="Link no variable group.")] = False,
    secret: Secrets = None,
    match: Matches = None,
    every: Every = False,
    grant: Grants = False,
    accept: Guards = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing at all; accepts no guard.")] = False,
    verify_wait: Annotated[
        int,
        typer.Option(
            "--verify-wait",
            metavar="SECONDS",
            min=0,
            max=86_400,
            help="How long Azure DevOps is asked again while rules take effect.",
        ),
    ] = 300,
    config: Config = None,
    format: Annotated[
        Literal["text", "json", "markdown"] | None,
        typer.Option("--format", help="How the result is written; text if nothing is said."),
    ] = None,
    report: Reports = None,
) -> None:
    """Open a vault to Azure DevOps and link it to a variable group, step by step; ask for what was not said."""
    from netcfg.cli import connect, interview, terminal
    from netcfg.cli.chosen import read_configuration
    from netcfg.cli.group_writing import wish_of
    from netcfg.cli.interview import Interview, Job
    from netcfg.cli.output import FORMATS_OF_A_SETUP, Output
    from netcfg.cli.signals import graceful
    from netcfg.core.errors import ConflictingOptions, SetupIncomplete
    from netcfg.core.organization import DEVOPS, parse_name
    from netcfg.sources import bundled
    from netcfg.workflow.setup import apply, plan

    root = root_of(context)
    output = Output(format, report, root, FORMATS_OF_A_SETUP, config)
    acceptances = parse_acceptances(accept, several=False)
    asked.terms(bundled.atlas())
    wish = wish_of(secret, match, every=every)
    if group and no_group:
        raise ConflictingOptions("--group", "--no-group", "a variable group is linked, or none is")
    if no_group:
        _insist_on_group(wish)
    found = read_configuration(config, root)
    devops = root.devops or DEVOPS
    said = interview.written(found, vault or "").serving(parse_name(each, devops) for each in asked.organization or ())
    file = ("--config", config) if config else ()
    job = Job(vault or "", asked, through, group or "", no_group, wish, grant, tuple(accept or ()), file)
    is_asking = not yes and terminal.can_ask()
    lacking = interview.missing(job, said, devops) + ([] if yes or is_asking else ["--yes"])
    if lacking and not is_asking:
        raise SetupIncomplete(lacking)
    with connect.surroundings(root) as around:
        if is_asking:
            told = Interview(said, root, around).ask(job)
            if told != job:
                terminal.remark("")
                terminal.remark("the same without these questions, and with --yes at its end for a script:")
                terminal.remark(f"  {told.command(root)}")
                terminal.remark("")
            job = told
        chosen, wanted = _meant(job, said, config, root)
        planned, drawings = plan(
            partial(chosen.plan, acceptances, around, is_to_be_written=True), wanted, acceptances, around
        )
        around.progress.rest()
        output.announce(planned)
        declined = planned.has_changes and not planned.is_refused and not yes and not output.agrees(planned, QUESTION)
        if planned.is_refused or declined:
            if declined:
                terminal.remark("nothing was changed")
            output.deliver(planned, chosen.base)
            raise typer.Exit(planned.status)
        with graceful(around):
            result = apply(planned, drawings, verify_wait, around)
            around.progress.rest()
            group_error = result.group.error if result.group else None
            terminal.say_request_ids((result.vault.error, result.error, group_error), root)
            status = _deliver(result, output, chosen.base, root)
    raise typer.Exit(status)


def _meant(job: Job, said: Written, config: str | None, root: Root) -> tuple[Chosen, Wanted]:
    """What the answers, the options and the configuration come to; what cannot be meant is a usage error."""
    from netcfg.cli.chosen import choose
    from netcfg.cli.interview import group_of, organization_of, wish_of
    from netcfg.core.errors import ConflictingOptions
    from netcfg.core.organization import DEVOPS
    from netcfg.core.resources import parse_vault
    from netcfg.core.rules import PublicAccess
    from netcfg.workflow.setup import Wanted

    if not group_of(job, said):
        _insist_on_group(job.wish)
    vault = job.vault or said.vaults[0]
    chosen = choose([vault], job.asked, config, root, through=job.through)
    organization = organization_of(job, said, root.devops or DEVOPS)
    relay = replace(chosen.relay, organization=organization, group=group_of(job, said))
    if relay.group and any(each.intent().public_access is PublicAccess.DISABLED for each in chosen.choices):
        reason = "Azure DevOps fills a group from a vault that lets it in by the public network"
        raise ConflictingOptions("--public-access disabled", "--group", reason)
    return chosen, Wanted(parse_vault(vault), relay, wish_of(job, said), job.grants)


def _insist_on_group(wish: Wish) -> None:
    """Secrets that are wished for without a variable group would be left out without a word."""
    from netcfg.core.errors import OptionAlone

    if not wish.is_nothing:
        raise OptionAlone("--all" if wish.is_all else "--secret" if wish.names else "--match", "--group")


def _deliver(result: SetupResult, output: Output, base: str, root: Root) -> int:
    """The exit status, once everybody was told who asked to be."""
    from netcfg.cli import terminal
    from netcfg.core.errors import OutputFailed

    try:
        output.deliver(result, base)
    except (OutputFailed, BrokenPipeError) as error:
        if not result.has_changed_something:
            raise
        # Something was changed, and somebody could not be told: that is not done.
        terminal.say(error if isinstance(error, OutputFailed) else OutputFailed("its reader has gone"), root)
        return 7
    return result.status

"""`netcfg check`: whether vaults are as they should be; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import typer

from netcfg.cli.options import Asked, Config, Reports, Selecting, Vaults, asks
from netcfg.cli.root import root_of

Format = Annotated[
    Literal["text", "json", "markdown", "html", "sarif", "junit", "azure-pipelines", "github"] | None,
    typer.Option("--format", help="How the report is written; text if nothing is said."),
]


def _typed_beside(context: typer.Context, *expected: str) -> Iterator[str]:
    """What was typed beside the expected parameters, as it was."""
    for each in context.command.params:
        source = context.get_parameter_source(each.name or "")
        if each.name not in expected and source is not None and source.name == "COMMANDLINE":
            yield each.opts[0] if each.param_type_name == "option" else "VAULT"


@asks
def check(
    context: typer.Context,
    vault: Vaults = None,
    *,
    selecting: Selecting,
    asked: Asked,
    fail_on: Annotated[
        Literal["error", "warning", "note", "never"],
        typer.Option("--fail-on", help="The least severity of a finding that makes the status 4."),
    ] = "error",
    config: Config = None,
    format: Format = None,
    report: Reports = None,
    explain: Annotated[
        list[str] | None,
        typer.Option(
            "--explain", metavar="RULE", help="Only tell what a rule is about, or all; repeatable. Asks nobody."
        ),
    ] = None,
) -> None:
    """Say what is not as it should be in vaults' firewalls, and how to mend it; change nothing."""
    from netcfg.cli import connect, terminal
    from netcfg.cli.chosen import choose
    from netcfg.cli.output import FORMATS_OF_A_REPORT, Output
    from netcfg.core.checks import waivers
    from netcfg.core.findings import Severity
    from netcfg.sources import bundled
    from netcfg.workflow.check import check

    root = root_of(context)
    if explain:
        _explain(explain, format, context)
        return
    output = Output(format, report, root, FORMATS_OF_A_REPORT, config)
    chosen = choose(vault, asked, config, root, selecting)
    least = None if fail_on == "never" else Severity(fail_on)
    with connect.surroundings(root) as around:
        meant = chosen.select(around)
        found = check(
            meant.targets,
            chosen.waivers,
            least,
            chosen.applies(meant.targets),
            around,
            meant.lost,
            is_consistent=chosen.is_consistent,
            selected=meant.said,
            program=chosen.program,
            outbound=bundled.outbound(),
        )
    terminal.say_request_ids((each.error for each in found.undetermined), root)
    for each in waivers.unused(chosen.waivers, found, is_part=chosen.is_part):
        place = f" ({each.where})" if each.where else ""
        terminal.warn(f"the waiver of {each}{place} is about nothing that was found; delete it")
    output.deliver(found, chosen.base)
    raise typer.Exit(found.status)


def _explain(rules: list[str], format: str | None, context: typer.Context) -> None:
    """What rules are about, in words; `--format markdown` is the page of the documentation."""
    from netcfg.cli import terminal
    from netcfg.core.checks.register import explained
    from netcfg.core.errors import ConflictingOptions
    from netcfg.formats.report import explanation

    root = root_of(context)
    if other := next(_typed_beside(context, "explain", "format"), None):
        raise ConflictingOptions("--explain", other, "it tells what rules are about, and looks at no vault")
    if format not in (None, "text", "markdown"):
        raise ConflictingOptions("--explain", f"--format {format}", "rules are told as text or markdown only")
    checks = explained(rules)
    is_page = format == "markdown"
    terminal.show(explanation.markdown(checks) if is_page else explanation.text(checks, terminal.page(root)))

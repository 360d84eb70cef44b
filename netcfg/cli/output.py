"""Where a result goes: to stdout in one format, to files in others, and to the CI system that runs us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from netcfg.cli import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netcfg.cli.root import Root
    from netcfg.core.outcome import Result
    from netcfg.core.plan import PlanSet
    from netcfg.core.report import Report


class Output:
    """How the result of one command is written; what cannot be meant is a usage error, before anything is read."""

    def __init__(self, format: str | None, reports: Sequence[str] | None, root: Root) -> None:
        del reports
        self._format = format
        self._root = root

    @property
    def is_text(self) -> bool:
        """Whether stdout is for people."""
        return self._format in (None, "text")

    def deliver(self, document: PlanSet | Result | Report) -> None:
        """Write the result to stdout, and everywhere else that was asked for."""
        terminal.show(render(document, self._format or "text", self._root))

    def announce(self, planned: PlanSet) -> None:
        """Show the plan that an apply is about to follow, where stdout is for people."""
        if self.is_text:
            terminal.show(render(planned, "text", self._root))

    def agrees(self, planned: PlanSet) -> bool:
        """Ask whether to apply what was shown, which is shown on stderr where stdout is for a program."""
        if not self.is_text:
            typer.echo(render(planned, "text", self._root), err=True)
        number = len(planned.pending)
        vaults = "this vault" if number == 1 else f"these {number} vaults"
        return terminal.says_yes(f"Change {vaults}?")


def render(document: PlanSet | Result | Report, format: str, root: Root) -> str:
    """The document in a format that its kind has."""
    from netcfg.core.outcome import Result
    from netcfg.core.plan import PlanSet

    match document:
        case PlanSet():
            return _plan(document, format, root)
        case Result():
            return _result(document, format, root)
        case _:
            return _report(document, format, root)


def _plan(planned: PlanSet, format: str, root: Root) -> str:
    from netcfg.formats import json, markdown, text

    match format:
        case "json":
            return json.plan(planned)
        case "markdown":
            return markdown.plan(planned)
        case _:
            return text.plan(planned, terminal.page(root))


def _result(result: Result, format: str, root: Root) -> str:
    from netcfg.formats import json, markdown, text

    match format:
        case "json":
            return json.result(result)
        case "markdown":
            return markdown.result(result)
        case _:
            return "\n" + text.result(result, terminal.page(root), after_plan=True)


def _report(report: Report, format: str, root: Root) -> str:
    del format, root
    return (
        "\n".join(f"{each.severity.value} {each.rule} {each.subject}: {each.message}" for each in report.findings)
        + "\n"
    )

"""Where a result goes: to stdout in one format, to files in others, and to the CI system that runs us."""

from __future__ import annotations

import os
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING

import typer

from netcfg.cli import ci, terminal
from netcfg.cli.chosen import files_read
from netcfg.cli.destination import parse_destinations
from netcfg.core.errors import OutputFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netcfg.cli.root import Root
    from netcfg.core.linking.grouping import GroupResult
    from netcfg.core.linking.library import LibraryReport
    from netcfg.core.outcome import Result
    from netcfg.core.plan import PlanSet
    from netcfg.core.reading import Reading
    from netcfg.core.report import Report
    from netcfg.core.setup import SetupPlan, SetupResult
    from netcfg.formats.page import Page

    Document = PlanSet | Result | Report | LibraryReport | SetupPlan | SetupResult

# Each format's module has a function for every kind of document that has this format.
MODULES = {
    "text": "text",
    "json": "json",
    "markdown": "markdown",
    "html": "html.document",
    "sarif": "ci.sarif",
    "junit": "ci.junit",
    "azure-pipelines": "ci.azure_pipelines",
    "github": "ci.github",
}
MARKUP = ("html", "junit")
FORMATS_OF_A_PLAN = ("text", "json", "markdown", "html")  # and of its result
FORMATS_OF_A_SETUP = ("text", "json", "markdown")
FORMATS_OF_A_REPORT = tuple(MODULES)
FORMATS_OF_GROUPS = tuple(each for each in MODULES if each != "html")
NAMES_LINES = ("sarif", "azure-pipelines", "github")  # of the configuration, from the root of the repository


class Output:
    """How the result of one command is written; what cannot be meant is a usage error, before anything is read."""

    def __init__(
        self,
        format: str | None,
        reports: Sequence[str] | None,
        root: Root,
        formats: Sequence[str] = FORMATS_OF_A_PLAN,
        config: str | None = None,
        read: Iterable[str | None] = (),
    ) -> None:
        self._format = format or "text"
        self._root = root
        self._announced: PlanSet | SetupPlan | None = None
        ci.listen(root, format)
        self._reports, self._formats = reports or (), formats
        self._destinations = parse_destinations(self._reports, formats, files_read(config, *read))

    def spare(self, file: str) -> None:
        """Let no report take the place of a file of which nobody knew before that it is read."""
        parse_destinations(self._reports, self._formats, [file])

    @property
    def is_text(self) -> bool:
        """Whether stdout is for people."""
        return self._format == "text"

    def deliver(self, document: Document, base: str = "") -> None:
        """Write the result everywhere it was asked for; what cannot be written keeps nothing else from being.

        `base` is the folder that we run in, as the repository's root sees it. Stdout comes last: its reader may leave.
        """
        failures = [*self._report(document, base)]
        annotated = beside(document, self._root, base)
        try:
            terminal.show(chain(self._told(document, base), [annotated]), is_markup=self._format in MARKUP)
        except OutputFailed as error:
            failures.append(error)
        except BrokenPipeError:
            if not failures:
                raise
        for each in failures[:-1]:
            terminal.say(each, self._root)
        if failures:
            raise failures[-1]

    def announce(self, planned: PlanSet | SetupPlan) -> None:
        """Show the plan that an apply is about to follow, where stdout is for people."""
        if self.is_text:
            terminal.show(self._told(planned))
            self._announced = planned

    def agrees(self, planned: PlanSet | SetupPlan, question: str = "") -> bool:
        """Ask whether to apply what was shown, which is shown on stderr where stdout is for a program."""
        from netcfg.core.plan import PlanSet

        if not self.is_text:
            typer.echo("".join(render(planned, "text", terminal.page(self._root))), err=True)
        number = len(planned.pending) if isinstance(planned, PlanSet) else 1
        vaults = "this vault" if number == 1 else f"these {number:,} vaults"
        return terminal.says_yes(question or f"Change {vaults}?")

    def _report(self, document: Document, base: str) -> list[OutputFailed]:
        from netcfg.formats.page import Page

        failures = []
        for each in self._destinations:
            try:
                each.write(render(document, each.format, Page(terminal.WIDTH_OF_A_FILE), base))
            except OutputFailed as error:
                failures.append(error)
        return failures

    def _told(self, document: Document, base: str = "") -> Iterable[str]:
        """What stdout says; the result of an apply comes below its plan, and no plan is shown twice."""
        from netcfg.core.outcome import Result
        from netcfg.core.setup import SetupResult
        from netcfg.formats import text

        page = terminal.page(self._root)
        is_said = isinstance(document, SetupResult) and document.plan.is_done and self._announced is document.plan
        if is_said or self._announced is document:
            return ()
        if self.is_text and isinstance(document, SetupResult):
            return "\n", text.setup_result(document, page)
        if self.is_text and isinstance(document, Result):
            return "\n", text.result(document, page, after_plan=True)
        return render(document, self._format, page, base)


def beside(document: Document | GroupResult | Reading, root: Root, base: str = "") -> str:
    """What makes the CI system show it too, where it runs us and nobody said how it is to be written."""
    if not root.ci:
        return ""
    from netcfg.formats.ci.annotations import annotations_of
    from netcfg.formats.ci.summary import summary

    name = f"netcfg-{kind_of(document).replace('_', '-')}"
    attached = ci.attach(root.ci, name, lambda most: summary(document, most), os.environ)
    return ci.annotate(root.ci, annotations_of(document), base) + attached


def kind_of(document: Document | GroupResult | Reading) -> str:
    """What it is called where formats write it."""
    from netcfg.core.linking.grouping import GroupResult
    from netcfg.core.linking.library import LibraryReport
    from netcfg.core.outcome import Result
    from netcfg.core.plan import PlanSet
    from netcfg.core.reading import Reading
    from netcfg.core.setup import SetupPlan, SetupResult

    match document:
        case SetupPlan():
            return "setup"
        case SetupResult():
            return "setup_result"
        case PlanSet():
            return "plan"
        case Result():
            return "result"
        case LibraryReport():
            return "library"
        case GroupResult():
            return "groups"
        case Reading():
            return "verification"
        case _:
            return "report"


def render(document: Document, format: str, page: Page, base: str = "") -> Iterable[str]:
    """The document in a format that its kind has, in one piece or in many; `page` is for text."""
    write = getattr(import_module(f"netcfg.formats.{MODULES[format]}"), kind_of(document))
    if format == "text":
        written = write(document, page)
    else:
        written = write(document, base) if format in NAMES_LINES else write(document)
    return [written] if isinstance(written, str) else written

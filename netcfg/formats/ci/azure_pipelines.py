"""For Azure Pipelines: a report as logging commands, which its agent reads out of the log of a step.

How they are written: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

from __future__ import annotations

from collections.abc import Iterable

from netcfg.core.findings import Severity
from netcfg.core.linking.library import LibraryReport
from netcfg.core.report import Report
from netcfg.formats.ci.annotations import Annotation, annotations_of
from netcfg.formats.harmless import line
from netcfg.formats.report import groups
from netcfg.formats.report.findings import summary, verdict

# The percent sign comes first, or it would be escaped again in what the others have become.
_IN_A_MESSAGE = (("%", "%AZP25"), ("\r", "%0D"), ("\n", "%0A"))
_IN_A_VALUE = (*_IN_A_MESSAGE, ("]", "%5D"), (";", "%3B"))


def report(report: Report, base: str = "") -> str:
    """Errors and warnings as issues, notes as lines, and what it all comes to."""
    return _written(annotations_of(report), (summary(report), verdict(report)), base)


def library(report: LibraryReport, base: str = "") -> str:
    """The same for what was found in variable groups."""
    return _written(annotations_of(report), (groups.summary(report), groups.verdict(report)), base)


def _written(found: list[Annotation], end: Iterable[str], base: str) -> str:
    notes = [f"note: {each.rule}: {each.message}" for each in found if each.severity is Severity.NOTE]
    plain = (f"{line(each)}\n" for each in (*notes, *end))
    return annotate(found, base) + "".join(plain)


def annotate(found: Iterable[Annotation], base: str = "") -> str:
    """The commands for issues. The agent knows errors and warnings; for anything else it fails the step."""
    return "".join(_issue(each, base) for each in found if each.severity is not Severity.NOTE)


def command(name: str, message: str, **values: str) -> str:
    """A logging command, which ends with its line."""
    said = ";".join(f"{key}={_escaped(value, _IN_A_VALUE)}" for key, value in values.items())
    return f"##vso[{name}{' ' if said else ''}{said}]{_escaped(message, _IN_A_MESSAGE)}\n"


def _issue(each: Annotation, base: str) -> str:
    kind, rule, message = each.severity.value, line(each.rule), line(each.message)
    if not each.where:
        # Without a file the agent shows the message alone.
        return command("task.logissue", f"{rule}: {message}", type=kind, code=rule)
    place = {"sourcepath": line(each.file(base)), "linenumber": str(each.where.line), "columnnumber": "1"}
    return command("task.logissue", message, type=kind, **place, code=rule)


def _escaped(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    for plain, code in pairs:
        text = text.replace(plain, code)
    return text

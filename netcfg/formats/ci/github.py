"""For GitHub Actions: a report as workflow commands, which its runner reads out of the log of a step.

How they are written: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
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

_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}

# The percent sign comes first, or it would be escaped again in what the others have become.
_IN_A_MESSAGE = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_IN_A_VALUE = (*_IN_A_MESSAGE, (":", "%3A"), (",", "%2C"))


def report(report: Report, base: str = "") -> str:
    """Every finding as an annotation, and what it all comes to."""
    return f"{annotate(annotations_of(report), base)}{line(summary(report))}\n{line(verdict(report))}\n"


def library(report: LibraryReport, base: str = "") -> str:
    """The same for what was found in variable groups."""
    return f"{annotate(annotations_of(report), base)}{line(groups.summary(report))}\n{line(groups.verdict(report))}\n"


def annotate(found: Iterable[Annotation], base: str = "") -> str:
    """The commands for annotations, a line for each."""
    return "".join(_annotation(each, base) for each in found)


def _annotation(each: Annotation, base: str) -> str:
    place = {"file": line(each.file(base)), "line": str(each.where.line)} if each.where else {}
    values = {**place, "title": line(each.rule)}
    said = ",".join(f"{key}={_escaped(value, _IN_A_VALUE)}" for key, value in values.items())
    return f"::{_KINDS[each.severity]} {said}::{_escaped(line(each.message), _IN_A_MESSAGE)}\n"


def _escaped(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    for plain, code in pairs:
        text = text.replace(plain, code)
    return text

"""The summary that a CI system attaches to a run: the result in Markdown, of which it takes so many bytes only."""

from __future__ import annotations

import re
from typing import assert_never

from netcfg.core.linking.grouping import GroupResult
from netcfg.core.linking.library import LibraryReport
from netcfg.core.outcome import Result
from netcfg.core.plan import PlanSet
from netcfg.core.reading import Reading
from netcfg.core.report import Report
from netcfg.core.setup import SetupPlan, SetupResult
from netcfg.formats import markdown, phrases

# No name and no rule begins a line so: `harmless` sees to that, and in a diff each line begins with its mark.
_SECTION = re.compile(r"^(?=### )", re.MULTILINE)


def summary(
    document: PlanSet | Result | Report | LibraryReport | SetupPlan | SetupResult | GroupResult | Reading, limit: int
) -> str:
    """The document in no more than `limit` bytes, where its head alone is not longer."""
    match document:
        case PlanSet():
            return _cut(markdown.plan(document), limit)
        case Result():
            return _cut(markdown.result(document), limit)
        case SetupPlan():
            return _cut(markdown.setup(document), limit)
        case SetupResult():
            return _cut(markdown.setup_result(document), limit)
        case GroupResult():
            return _cut(markdown.grouping(document), limit)
        case Reading():
            return _cut(markdown.verification(document), limit)
        case Report():
            return markdown.report(document, limit)
        case LibraryReport():
            return markdown.library(document, limit)
        case _:
            assert_never(document)


def _cut(page: str, limit: int) -> str:
    """The page as far as there is room for whole sections, and for saying how many are left out."""
    if len(page.encode()) <= limit:
        return page
    head, *sections = _SECTION.split(page)
    room = limit - len(head.encode()) - len(_left_out(len(sections)))
    shown = []
    for each in sections:
        room -= len(each.encode())
        if room < 0:
            break
        shown.append(each)
    return "".join([head, *shown, _left_out(len(sections) - len(shown))])


def _left_out(number: int) -> str:
    return f"Left out, as this page takes no more: {phrases.count(number, 'section')}. The log has them all.\n"

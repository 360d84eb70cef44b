"""A report on variable groups: at a terminal, a block for each group, the worst first; and as a document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import Any

from netcfg.core.findings import Finding, Severity
from netcfg.core.linking.library import GroupInspection, LibraryReport
from netcfg.core.words import listed
from netcfg.formats import order, phrases
from netcfg.formats.groups import group as shown
from netcfg.formats.page import Page, Row
from netcfg.formats.report import findings
from netcfg.formats.report.document import finding
from netcfg.formats.report.findings import Told
from netcfg.formats.report.text import EXPLAIN, INDENT, MARKS, told_undetermined

MANY = 100  # rows of one group that are told, the worst
MOST = 20  # groups that are told in full, the worst
ALIKE = 3  # notes of one rule that are told one by one; more are one row


def text(report: LibraryReport, page: Page) -> str:
    """What was found, and what mends it. Groups in which nothing was found are counted, a few of them named."""
    worst_first = ordered(report)
    blocks = [
        [
            *page.paragraph(audience(report), others=INDENT),
            *(line for each in report.notes for line in page.paragraph(each, "quiet", others=INDENT)),
        ],
        *(_block(each, page) for each in worst_first[:MOST]),
        _more(worst_first[MOST:], page),
        _general(findings.general(report), page),
        page.paragraph(cleared(report), "quiet", others=INDENT),
        told_undetermined(report.undetermined, page),
        [
            *(page.paragraph(EXPLAIN, "quiet", others=INDENT) if report.findings else []),
            *page.paragraph(summary(report)),
            *page.paragraph(verdict(report), "title" if findings.is_compliant(report) else "refused"),
        ],
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if any(block)) + "\n"


def document(report: LibraryReport) -> dict[str, Any]:
    """What the document of kind `report` says of variable groups. No published range was looked at."""
    return {
        "organizations": [],
        "ranges": None,
        "selected": [],
        "notes": list(report.notes),
        "vaults": [],
        "organization": report.organization,
        "groups": [_group(each) for each in report.inspections],
        "findings": map(finding, findings.every(report)),
        "undetermined": [
            {"vault": each.vault, "reason": str(each.error)} for each in order.undetermined(report.undetermined)
        ],
        "summary": {
            "vaults": len(report.vaults),
            "groups": len(report.inspections),
            "findings": {severity.value: report.counts[severity] for severity in Severity},
            "waived": report.waived,
            "undetermined": len(report.undetermined),
            "failOn": report.fail_on.value if report.fail_on else "never",
            "fails": report.fails,
            "compliant": findings.is_compliant(report),
            "status": report.status,
        },
    }


def ordered(report: LibraryReport) -> list[GroupInspection]:
    """The groups of which anything is to be told: the worst first, then by project and name."""
    ranks = {each: rank for rank, each in enumerate((*Severity, None))}
    return sorted(
        (each for each in report.inspections if each.findings),
        key=lambda each: (ranks[each.worst], each.linked.order),
    )


def audience(report: LibraryReport) -> str:
    groups = phrases.count(len(report.inspections), "variable group")
    return f"{report.organization} · {groups} linked to {phrases.count(len(report.vaults), 'vault')}"


def place(inspection: GroupInspection) -> str:
    """Where the group is, and what it is linked to by what."""
    linked = inspection.linked
    return f"of {linked.group.project.name} · {linked.group.vault} by {linked.by}"


def cleared(report: LibraryReport) -> str:
    """The groups in which nothing was found and of which all is known; empty where there is none."""
    lost = {each.vault.lower() for each in report.undetermined}
    clean = [each.linked for each in report.inspections if not each.findings and each.linked.vault.name not in lost]
    if not clean:
        return ""
    names = listed(each.name for each in clean)
    return (
        f"{phrases.count(len(clean), 'variable group')}: nothing found in {names}"
        if len(clean) > 1
        else (f"{names}: nothing found")
    )


def summary(report: LibraryReport) -> str:
    """The whole report in numbers."""
    if not report.inspections:
        return "no variable group was looked at"
    return f"{phrases.count(len(report.inspections), 'variable group')}: {findings.tally(report.findings)}"


def verdict(report: LibraryReport) -> str:
    """The answer in one line."""
    return findings.verdict(report, "variable group")


def _group(inspection: GroupInspection) -> dict[str, Any]:
    worst = inspection.worst
    return shown(inspection.linked) | {"known": inspection.is_known, "worst": worst.value if worst else None}


def _block(inspection: GroupInspection, page: Page) -> list[str]:
    words = f"{place(inspection)} · {findings.tally(inspection.findings)}"
    return [*page.heading(inspection.linked.group.name, words), *page.listing(_rows(inspection))]


def _more(inspections: list[GroupInspection], page: Page) -> list[str]:
    """A line each for the groups beyond those that are told in full."""
    if not inspections:
        return []
    number = phrases.count(len(inspections), "more variable group")
    title = f"{number}: netcfg group check --group tells what was found, --format json all of it"
    return [*page.paragraph(title, "title"), *page.listing(map(_in_short, inspections))]


def _in_short(inspection: GroupInspection) -> Row:
    mark, style = MARKS[inspection.worst] if inspection.worst else (" ", "quiet")
    cells = (place(inspection), findings.tally(inspection.findings))
    return Row(mark, inspection.linked.group.name, cells, style)


def _general(found: tuple[Finding, ...], page: Page) -> list[str]:
    """What is about the whole run, with the line of the configuration that is at fault."""
    if not found:
        return []
    rows = [_row(each) for each in findings.told(findings.unwaived(found))]
    return [*page.heading("the run", f"· {findings.tally(found)}"), *page.listing(rows)]


def gathered(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of one group, each called by what it is about within that; many notes of one rule are one.

    A vault may hold hundreds of secrets that are not for pipelines.
    """
    told: list[Finding] = []
    bare = [replace(each, subject=_subject(each)) for each in found]
    for _, same in groupby(bare, key=lambda each: (each.rule, each.severity, each.waived)):
        members = list(same)
        first = members[0]
        if len(members) <= ALIKE or first.severity is not Severity.NOTE or first.waived:
            told += members
            continue
        names = listed(each.subject for each in members)
        message = f"{names}; the command is for the first of them"
        told.append(replace(first, subject=f"{len(members):,} secrets", message=message))
    return tuple(told)


def _subject(found: Finding) -> str:
    return found.subject.removeprefix(f"{found.group}: ")


def _rows(inspection: GroupInspection) -> list[Row]:
    found = gathered(inspection.findings)
    rows = [_row(each) for each in findings.told(findings.unwaived(found))]
    if len(rows) > MANY:
        more = phrases.count(len(rows) - MANY, "finding")
        rows = [*rows[:MANY], Row(" ", "more", (f"{more}: --format json tells them all",), "quiet")]
    return rows + [
        Row(" ", "waived", (each.rule, listed(each.subjects), each.excuse), "quiet") for each in findings.excused(found)
    ]


def _row(told: Told) -> Row:
    found = told.finding
    mark, style = MARKS[found.severity]
    about = f"{found.subject} ({found.where})" if found.where and not found.group else found.subject
    fix = f"fix{f' all {told.mends:,}' if told.mends > 1 else ''}: {told.fix}" if told.fix else ""
    return Row(mark, found.severity.value, (found.rule, about, found.message), style, fix)

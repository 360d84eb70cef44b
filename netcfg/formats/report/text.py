"""A report at a terminal: like a linter's, a block for each vault, the worst first; the last line is the answer."""

from __future__ import annotations

from collections.abc import Iterable

from netcfg.core.findings import Finding, Severity
from netcfg.core.plan import Undetermined
from netcfg.core.report import Inspection, Report
from netcfg.core.words import listed
from netcfg.formats import alike, phrases
from netcfg.formats.alike import Inspected
from netcfg.formats.page import Page, Row
from netcfg.formats.report import findings
from netcfg.formats.report.findings import Told

MARKS = {Severity.ERROR: ("x", "refused"), Severity.WARNING: ("!", "set"), Severity.NOTE: ("i", "")}
INDENT = "  "
EXPLAIN = "netcfg check --explain RULE tells why a rule matters, and how to live with what it finds"
MANY = 100  # findings of one vault that are told, the worst
MOST = 20  # vaults that are told in full, the worst; nobody reads more on a terminal


def text(report: Report, page: Page) -> str:
    """What was found, and what mends it. Vaults in which nothing was found are counted, a few of them named."""
    found = findings.vaults(report)
    groups = alike.inspections(found)
    blocks = [
        [
            *page.paragraph(f"{phrases.audience(report)} · {phrases.basis(report.resolution)}", others=INDENT),
            *(line for each in phrases.provenance(report) for line in page.paragraph(each, "quiet", others=INDENT)),
        ],
        *(_group(each, page) for each in groups[:MOST]),
        _more(groups[MOST:], page),
        _general(findings.general(report), page),
        page.paragraph(findings.cleared(report), "quiet", others=INDENT),
        told_undetermined(report.undetermined, page),
        _rules(report, page) if len(found) > findings.FEW else [],
        [
            *(page.paragraph(EXPLAIN, "quiet", others=INDENT) if report.findings else []),
            *page.paragraph(findings.summary(report)),
            *page.paragraph(findings.verdict(report), "title" if findings.is_compliant(report) else "refused"),
        ],
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if any(block)) + "\n"


def _vault(inspection: Inspection, page: Page) -> list[str]:
    found = inspection.findings
    words = f"in {inspection.vault.id.resource_group} · {findings.tally(found)}"
    return [*page.heading(inspection.vault.name, words), *page.listing(_rows(found))]


def _group(group: Inspected, page: Page) -> list[str]:
    """Vaults in which the same was found; what mends it is said of one, and a blank stands for its name."""
    if len(group.inspections) == 1:
        return _vault(group.first, page)
    return [
        *page.heading(
            f"{phrases.count(len(group.inspections), 'vault')}:", f"{findings.tally(group.findings)} in each"
        ),
        *page.paragraph(listed(group.names), "quiet", first=INDENT, others=INDENT),
        *(page.paragraph(group.legend, "quiet", first=INDENT, others=INDENT) if group.legend else []),
        *page.listing(_rows(group.findings)),
    ]


def _more(groups: list[Inspected], page: Page) -> list[str]:
    """A line each for the vaults beyond those that are told in full, or for those that are alike."""
    if not groups:
        return []
    number = phrases.count(sum(len(each.inspections) for each in groups), "more vault")
    title = f"{number}: netcfg check VAULT tells what was found, --format json all of it"
    return [*page.paragraph(title, "title"), *page.listing(map(_in_short, groups))]


def _in_short(group: Inspected) -> Row:
    first = group.first
    mark, style = MARKS[first.worst] if first.worst else (" ", "quiet")
    tally = findings.tally(group.findings)
    if len(group.inspections) == 1:
        return Row(mark, first.vault.name, (f"in {first.vault.id.resource_group}", tally), style)
    number = phrases.count(len(group.inspections), "vault")
    return Row(mark, number, (f"{tally} in each", listed(group.names)), style)


def _general(found: tuple[Finding, ...], page: Page) -> list[str]:
    """What is about the whole run, with the line of the configuration that is at fault."""
    if not found:
        return []
    return [*page.heading("the run", f"· {findings.tally(found)}"), *page.listing(_rows(found))]


def _rows(found: Iterable[Finding]) -> list[Row]:
    found = list(found)
    unwaived = findings.unwaived(found)
    rows = [_row(each) for each in findings.told(unwaived[:MANY])]
    if len(unwaived) > MANY:
        more = phrases.count(len(unwaived) - MANY, "finding")
        rows.append(Row(" ", "more", (f"{more}: --format json tells them all",), "quiet"))
    return rows + [
        Row(" ", "waived", (each.rule, listed(each.subjects), each.excuse), "quiet") for each in findings.excused(found)
    ]


def _row(told: Told) -> Row:
    found = told.finding
    mark, style = MARKS[found.severity]
    subject = found.subject if found.vault or not found.where else f"{found.subject} ({found.where})"
    fix = f"fix{f' all {told.mends:,}' if told.mends > 1 else ''}: {told.fix}" if told.fix else ""
    return Row(mark, found.severity.value, (found.rule, subject, found.message), style, fix)


def _rules(report: Report, page: Page) -> list[str]:
    rows = []
    for each in findings.rules(report):
        mark, style = MARKS[each.severity]
        rows.append(Row(mark, each.severity.value, (each.id, findings.spread(each)), style))
    return [*page.paragraph("all together", "title"), *page.listing(rows)]


def told_undetermined(vaults: Iterable[Undetermined], page: Page) -> list[str]:
    rows = []
    for each in alike.undetermined(vaults):
        several = [listed(each.names)] if each.number else []
        rows.append(Row("?", each.number or each.names[0], (each.reason, *several), "set"))
    title = "undetermined: whether these are compliant is not known"
    return [*page.paragraph(title, "title"), *page.listing(rows)] if rows else []

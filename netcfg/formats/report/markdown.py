"""A report for the comment on a pull request, or the summary of a pipeline's step, which takes so many bytes only.

Findings stand in lists: a cell of a table cannot hold every name, and no two parsers agree on how to quote a `|` there.
"""

from __future__ import annotations

from dataclasses import dataclass

from netcfg.core.findings import Finding
from netcfg.core.linking.library import GroupInspection, LibraryReport
from netcfg.core.plan import Undetermined
from netcfg.core.report import Inspection, Report
from netcfg.core.words import listed
from netcfg.formats import alike, phrases
from netcfg.formats.alike import Inspected
from netcfg.formats.harmless import code, prose
from netcfg.formats.report import findings, groups
from netcfg.formats.report.findings import Told

MANY = 10  # findings of one vault beyond this are folded

Block = list[str]


@dataclass(frozen=True)
class Section:
    """A part of the page that is there whole or not at all, and how many vaults it is about."""

    text: str
    vaults: int = 0


def markdown(report: Report, limit: int | None = None) -> str:
    """What was found, and what mends it. Where it would be longer than `limit` bytes, whole sections are left out.

    What decides comes first, so the vaults that are least bad go first.
    """
    found = findings.vaults(report)
    head = _section(
        [f"## netcfg check: {prose(findings.verdict(report))}"],
        [prose(f"{phrases.audience(report)} · {phrases.basis(report.resolution)}")],
        [f"- {prose(each)}" for each in phrases.provenance(report)],
        [prose(findings.summary(report))],
        [prose(findings.cleared(report))],
        _rules(report) if len(found) > findings.FEW else [],
    )
    sections = [
        _undetermined(report.undetermined),
        _section(*_general(findings.general(report))),
        *(_section(*_group(each), vaults=len(each.inspections)) for each in alike.inspections(found)),
    ]
    return _page(head.text, [each for each in sections if each.text], limit)


def library(report: LibraryReport, limit: int | None = None) -> str:
    """What was found in variable groups, and what mends it; the groups that are least bad go first where it is cut."""
    head = _section(
        [f"## netcfg group check: {prose(groups.verdict(report))}"],
        [prose(groups.audience(report))],
        [f"- {prose(each)}" for each in report.notes],
        [prose(groups.summary(report))],
        [prose(groups.cleared(report))],
    )
    sections = [
        _undetermined(report.undetermined),
        _section(*_general(findings.general(report))),
        *(_section(*_library_group(each), vaults=1) for each in groups.ordered(report)),
    ]
    return _page(head.text, [each for each in sections if each.text], limit, "group check", "variable group")


def _library_group(inspection: GroupInspection) -> list[Block]:
    words = f"{groups.place(inspection)}: {findings.tally(inspection.findings)}"
    found = groups.gathered(inspection.findings)
    return [[f"### {code(inspection.linked.group.name)}"], [prose(words)], *_findings(found)]


def _page(head: str, sections: list[Section], limit: int | None, command: str = "check", what: str = "vault") -> str:
    """The sections, as far as there is room for them and for saying how many vaults are left out."""

    def left_out(rest: list[Section]) -> str:
        return _left_out(rest, command, what)

    shown, size = [head], len(head.encode())
    for number, each in enumerate(sections):
        size += len(f"\n{each.text}".encode())
        rest = sections[number + 1 :]
        if limit is not None and size + (len(f"\n{left_out(rest)}") if rest else 0) > limit:
            return "\n".join([*shown, left_out(sections[number:])])
        shown.append(each.text)
    return "\n".join(shown)


def _left_out(sections: list[Section], command: str, noun: str) -> str:
    number = sum(each.vaults for each in sections)
    what = phrases.count(number, noun) if number else "what is found about the run"
    return f"Left out, as this page takes no more: {what}. `netcfg {command} --format json` tells everything.\n"


def _section(*blocks: Block, vaults: int = 0) -> Section:
    written = "\n\n".join("\n".join(block) for block in blocks if any(block))
    return Section(f"{written}\n" if written else "", vaults)


def _group(group: Inspected) -> list[Block]:
    """Vaults in which the same was found; what mends it is said of one, and a blank stands for its name."""
    if len(group.inspections) == 1:
        return _vault(group.first)
    title = f"### {phrases.count(len(group.inspections), 'vault')}: {prose(findings.tally(group.findings))} in each"
    legend = [[prose(group.legend)]] if group.legend else []
    return [[title], [code(listed(group.names))], *legend, *_findings(group.findings)]


def _vault(inspection: Inspection) -> list[Block]:
    words = f"in {inspection.vault.id.resource_group}: {findings.tally(inspection.findings)}"
    return [[f"### {code(inspection.vault.name)}"], [prose(words)], *_findings(inspection.findings)]


def _general(found: tuple[Finding, ...]) -> list[Block]:
    return [["### The run"], [prose(findings.tally(found))], *_findings(found)] if found else []


def _findings(found: tuple[Finding, ...]) -> list[Block]:
    """The worst in view; the others, and those that are waived, folded."""
    unwaived = findings.unwaived(found)
    # Each half says its own commands: one that mends what is in view must not be folded away.
    in_view, folded = (
        [line for each in findings.told(half) for line in _told(each)] for half in (unwaived[:MANY], unwaived[MANY:])
    )
    excused = findings.excused(found)
    waived = [f"- {code(each.rule)} {code(listed(each.subjects))}{prose(f': {each.excuse}')}" for each in excused]
    return [
        in_view,
        *_folded(f"{len(unwaived) - MANY:,} more", folded),
        *_folded(f"{sum(len(each.subjects) for each in excused):,} waived", waived),
    ]


def _told(told: Told) -> list[str]:
    found = told.finding
    where = f" ({code(str(found.where))})" if found.where and not found.vault else ""
    first = f"- **{found.severity.value}** {code(found.rule)} {code(found.subject)}{where}{prose(f': {found.message}')}"
    fix = f"fix all {told.mends:,}" if told.mends > 1 else "fix"
    return [first, f"  - {fix}: {code(told.fix)}"] if told.fix else [first]


def _folded(title: str, lines: list[str]) -> list[Block]:
    return [[f"<details><summary>{title}</summary>"], lines, ["</details>"]] if lines else []


def _rules(report: Report) -> Block:
    rules = findings.rules(report)
    return [f"- **{each.severity.value}** {code(each.id)}: {findings.spread(each)}" for each in rules]


def _undetermined(vaults: tuple[Undetermined, ...]) -> Section:
    lines = []
    for each in alike.undetermined(vaults):
        number = f"{each.number}, " if each.number else ""
        lines.append(f"- {number}{code(listed(each.names))}: {prose(each.reason)}")
    if not lines:
        return Section("")
    return _section(["### Undetermined"], ["Whether these are compliant is not known."], lines, vaults=len(vaults))

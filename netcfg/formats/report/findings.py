"""What the formats say of a report in the same words and the same order: how bad it is, and what comes first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from netcfg.core.findings import Finding, Severity, Waiver
from netcfg.core.report import Inspection, Judged, Report
from netcfg.core.words import listed
from netcfg.formats import order, phrases

_NUMBER = re.compile("([0-9]{1,9})")

FEW = 5  # vaults with findings; where there are more, a table of the rules says what is wrong with the fleet


@dataclass(frozen=True)
class Told:
    """A finding, and the command that mends it, which is said once where it mends several in a row.

    `mends` is how many that are.
    """

    finding: Finding
    fix: str = ""
    mends: int = 0


@dataclass(frozen=True)
class Excused:
    """What a rule found and one reason waives."""

    rule: str
    excuse: str
    subjects: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """How often a rule is broken, and in how many vaults; what it finds to be less bad is counted by itself."""

    id: str
    severity: Severity
    findings: int
    vaults: int


def is_compliant(report: Judged) -> bool:
    """Whether everything was read, and nothing is as bad as what fails, which is an error where nothing does."""
    return bool(report.inspections) and not report.undetermined and not _bad(report)


def verdict(report: Judged, what: str = "vault") -> str:
    """The answer in one line, with what it rests on and the exit status; `what` is looked at."""
    least, bad = report.fail_on or Severity.ERROR, _bad(report)
    reasons = [f"{phrases.count(bad, 'finding')} at or above {least.value}"] if bad else []
    reasons += [f"{lost} undetermined"] if (lost := phrases.lost(report.undetermined)) else []
    reasons += ["nothing fails (--fail-on never)"] if bad and report.fail_on is None else []
    reasons += [f"nothing at or above {least.value}"] if not bad and any(report.counts.values()) else []
    reasons += [] if report.inspections or lost else [f"no {what} was looked at"]
    answer = "compliant" if is_compliant(report) else "NOT compliant" if bad else "undetermined"
    answer = answer if report.inspections or bad or lost else "nothing to check"
    return f"{answer}{': ' if reasons else ''}{', '.join(reasons)} (status {report.status})"


def summary(report: Report) -> str:
    """The whole report in numbers. Nothing is found, and nothing is not found, where nothing was looked at."""
    if not report.inspections:
        lost = phrases.lost(report.undetermined)
        known = f"nothing is known of {lost}" if lost else "no vault was looked at"
        return f"{known}; {tally(report.findings)}" if report.findings else known
    vaults = phrases.count(len({*_lost(report), *(each.vault.name for each in report.inspections)}), "vault")
    return f"{vaults}: {tally(report.findings)}"


def tally(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 note; 3 waived`."""
    found = list(findings)
    counts = Counter(each.severity for each in found if each.waived is None)
    parts = [phrases.count(counts[each], each.value) for each in Severity if counts[each]]
    waived = sum(each.waived is not None for each in found)
    return (", ".join(parts) or "nothing found") + (f"; {waived:,} waived" if waived else "")


def vaults(report: Report) -> list[Inspection]:
    """The vaults of which anything is to be told: the worst first, then by id."""
    ranks = {each: rank for rank, each in enumerate((*Severity, None))}
    return sorted(
        (each for each in order.inspections(report.inspections) if each.findings), key=lambda each: ranks[each.worst]
    )


def every(report: Judged) -> list[Finding]:
    """All findings in the order of documents: the worst first, waived or not.

    Sorted a vault at a time, for what a whole fleet's findings are sorted by is larger than the findings are.
    """
    ranks = {each: rank for rank, each in enumerate(Severity)}
    grouped: dict[tuple[int, str], list[Finding]] = {}
    for each in (*report.general, *(one for inspection in report.inspections for one in inspection.findings)):
        vault = each.vault.text.lower() if each.vault else ""
        grouped.setdefault((ranks[each.severity], vault), []).append(each)
    return [each for key in sorted(grouped) for each in sorted(grouped[key], key=_order)]


def general(report: Judged) -> tuple[Finding, ...]:
    return tuple(sorted(report.general, key=_order))


def clean(report: Report) -> list[str]:
    """The names of vaults that were read whole and in which nothing was found, waived or not."""
    lost = _lost(report)
    every = order.inspections(report.inspections)
    return [each.vault.name for each in every if not each.findings and each.vault.name not in lost]


def cleared(report: Report) -> str:
    """The vaults in which nothing was found, the first of them by name; empty where there is none."""
    names = clean(report)
    if len(names) <= 1:
        return f"{names[0]}: nothing found" if names else ""
    return f"{phrases.count(len(names), 'vault')}: nothing found in {listed(names)}"


def unwaived(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that nobody waived, the worst first."""
    return sorted((each for each in findings if each.waived is None), key=_order)


def told(findings: Iterable[Finding]) -> Iterator[Told]:
    """The findings as they come; those in a row that one command mends say it once."""
    for fix, members in groupby(findings, key=lambda each: each.fix):
        *others, last = members
        yield from map(Told, others)
        yield Told(last, fix, len(others) + 1)


def waived(findings: Iterable[Finding]) -> Iterator[tuple[Finding, Waiver]]:
    """The findings that somebody lives with, and the waiver that says so."""
    for each in sorted(findings, key=_order):
        if each.waived is not None:
            yield each, each.waived


def excused(findings: Iterable[Finding]) -> list[Excused]:
    """The same, told once for each rule and reason: one waiver may hold for a thousand."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for each, waiver in waived(findings):
        grouped.setdefault((each.rule, excuse(waiver)), []).append(each.subject)
    return [Excused(rule, reason, tuple(subjects)) for (rule, reason), subjects in grouped.items()]


def excuse(waiver: Waiver) -> str:
    """Why a finding is waived, and for how long."""
    return waiver.reason + (f", until {waiver.until}" if waiver.until else "")


def rules(report: Judged) -> list[Rule]:
    """Every rule that something was found for and not waived, the worst first, then the most frequent."""
    ranks = {each: rank for rank, each in enumerate(Severity)}
    grouped: dict[tuple[str, Severity], list[Finding]] = {}
    for each in report.findings:
        if each.waived is None:
            grouped.setdefault((each.rule, each.severity), []).append(each)
    found = [
        Rule(id, severity, len(members), len({each.vault for each in members if each.vault}))
        for (id, severity), members in grouped.items()
    ]
    return sorted(found, key=lambda each: (ranks[each.severity], -each.findings, each.id))


def spread(rule: Rule) -> str:
    """How much there is of a rule: `4,000 findings in 1,000 vaults`."""
    found = phrases.count(rule.findings, "finding")
    return f"{found} in {phrases.count(rule.vaults, 'vault')}" if rule.vaults else found


def _order(finding: Finding) -> tuple[int, str, str, list[str | int], str, str, str, str]:
    """The worst first, then by vault, rule and subject, where 9 comes before 10; no two different ones are equal."""
    severity, vault, rule, subject, message = finding.order
    natural = [int(each) if index % 2 else each for index, each in enumerate(_NUMBER.split(subject))]
    where, waived = finding.where, finding.waived
    return severity, vault, rule, natural, message, finding.fix, repr(where), repr(waived)


def _bad(report: Judged) -> int:
    """How many findings are as bad as what fails, or are errors where nothing does."""
    least = report.fail_on or Severity.ERROR
    return sum(number for severity, number in report.counts.items() if severity.is_at_least(least))


def _lost(report: Report) -> set[str]:
    """The names of the vaults of which something could not be read."""
    return {phrases.vault_name(each.vault).lower() for each in report.undetermined if not each.is_selection}

"""What a CI system shows on the first page of a run and beside a line of code: findings, refusals, what went wrong.

It keeps ten of a kind for each step. So where there are more, the tenth says how many.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from netcfg.core.errors import BadConfiguration, NetcfgError
from netcfg.core.findings import Finding, Severity
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet, Undetermined
from netcfg.core.report import Report
from netcfg.core.target import Location
from netcfg.formats import order, phrases

MOST = 10


@dataclass(frozen=True)
class Annotation:
    """One sentence, how bad it is, and the line that it is about; `rule` is a finding's, a guard, or how it ended."""

    severity: Severity
    rule: str
    message: str
    where: Location | None = None

    def file(self, base: str) -> str:
        """The file as it is named from the root of the repository, where `base` is the folder that we run in."""
        return posixpath.normpath(posixpath.join(base, self.where.file)) if self.where else ""


def annotations_of(document: PlanSet | Result | Report) -> list[Annotation]:
    """The worst first, ten of a kind at most. What somebody waived is not among them, nor what is as it should be."""
    match document:
        case PlanSet():
            found = [*_unread(document.undetermined), *_refused(order.plans(document.plans), document)]
        case Result():
            planned = document.planned
            ended = (each for one in order.outcomes(document.outcomes) for each in _ended(one, planned))
            found = [*_unread(planned.undetermined), *ended]
        case Report():
            doubt = "whether it is compliant is not known"
            found = [*_unread(document.undetermined, doubt), *map(_found, _open(document.findings))]
        case _:
            assert_never(document)
    return few(found)


def failures(error: NetcfgError) -> list[Annotation]:
    """What ended a whole run: one sentence, or one for each fault of a configuration."""
    if not isinstance(error, BadConfiguration):
        return [Annotation(Severity.ERROR, "netcfg", str(error))]
    told = zip(error.faults, error.places, strict=True)
    return few(Annotation(Severity.ERROR, "netcfg", each, where) for each, where in told)


def few(found: Iterable[Annotation]) -> list[Annotation]:
    """The first of each kind; one for the rest, where there is any."""
    kinds: dict[Severity, list[Annotation]] = {each: [] for each in Severity}
    for each in found:
        kinds[each.severity].append(each)
    return [each for severity, same in kinds.items() for each in _cut(same, severity)]


def _cut(same: list[Annotation], severity: Severity) -> list[Annotation]:
    if len(same) <= MOST:
        return same
    shown = same[: MOST - 1]
    more = phrases.count(len(same) - len(shown), f"more {severity.value}")
    return [*shown, Annotation(severity, "netcfg", f"{more}: see the whole report")]


def _unread(vaults: Iterable[Undetermined], doubt: str = "nothing is known of it") -> Iterator[Annotation]:
    for each in order.undetermined(vaults):
        told = f"{phrases.vault_name(each.vault)}: {doubt}: {each.error}"
        yield Annotation(Severity.ERROR, "undetermined", told, each.where)


def _open(findings: Iterable[Finding]) -> Iterator[Finding]:
    return (each for each in findings if each.waived is None)


def _found(finding: Finding) -> Annotation:
    name = f"{finding.vault.name}: " if finding.vault else ""
    fix = f"; to mend it: {finding.fix}" if finding.fix else ""
    return Annotation(finding.severity, finding.rule, f"{name}{finding.message}{fix}", finding.where)


def _refused(plans: Iterable[Plan], planned: PlanSet) -> Iterator[Annotation]:
    several = phrases.are_several(planned)
    for plan in plans:
        where = planned.lines.get(plan.vault.id)
        for guard in plan.refusals:
            option = phrases.acceptance(guard, plan, several=several)
            how = f"accept with {option}" if option else "cannot be accepted"
            yield Annotation(Severity.ERROR, guard.id, f"{plan.vault.name}: refused: {guard.message}; {how}", where)


def _ended(outcome: Outcome, planned: PlanSet) -> Iterator[Annotation]:
    name, error = outcome.plan.vault.name, outcome.error
    where = planned.lines.get(outcome.plan.vault.id)
    match outcome.ending:
        case Ending.REFUSED:
            yield from _refused([outcome.plan], planned)
        case Ending.STALE | Ending.FAILED | Ending.NOT_REACHED if error:
            told = f"{name}: {phrases.ending(outcome)}: {error}"
            yield Annotation(Severity.ERROR, outcome.ending.value, told, where)
        case Ending.DONE if not outcome.verified:
            yield Annotation(Severity.ERROR, "not-verified", f"{name}: {phrases.ending(outcome)}", where)
        case _:
            pass  # done or nothing to do, or somebody answered no

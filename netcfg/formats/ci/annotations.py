"""What a CI system shows on the first page of a run and beside a line of code: findings, refusals, what went wrong.

It keeps ten of a kind for each step. So where there are more, the tenth says how many.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from netcfg.core.errors import BadConfiguration, NetcfgError
from netcfg.core.findings import Finding, Severity
from netcfg.core.guards import Guard
from netcfg.core.linking.grouping import GroupOutcome, GroupResult
from netcfg.core.linking.library import LibraryReport
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet, Undetermined
from netcfg.core.reading import Reading
from netcfg.core.report import Report
from netcfg.core.setup import SetupPlan, SetupResult
from netcfg.core.target import Location
from netcfg.core.words import listed
from netcfg.formats import alike, grouping, order, phrases

MOST = 10
CANNOT_READ = "devops-cannot-read"
NOT_READ_HERE = "cannot-read-from-here"


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


@dataclass(frozen=True)
class Said:
    """What is said of one vault, or of the run where there is no name; `option` is what accepts the guard for it.

    `beside` are all guards that refuse it: those whom others refuse are told apart, or a pattern would be said that
    accepts this guard for vaults that have little in common.
    """

    name: str
    annotation: Annotation
    guard: Guard | None = None
    option: str = ""
    beside: tuple[str, ...] = ()

    @property
    def alone(self) -> Annotation:
        how = f"; {_accepting(self.option)}" if self.guard else ""
        lead = f"{self.name}: " if self.name else ""
        return replace(self.annotation, message=f"{lead}{self.annotation.message}{how}")


def annotations_of(
    document: PlanSet | Result | Report | LibraryReport | SetupPlan | SetupResult | GroupResult | Reading,
) -> list[Annotation]:
    """The worst first, ten of a kind at most; one for all vaults of which the same is to be said, where there are many.

    What somebody waived is not among them, nor what is as it should be.
    """
    match document:
        case PlanSet():
            found = [*_refused(order.plans(document.plans), document), *_unread(document.undetermined)]
        case Result():
            planned = document.planned
            found = [*_ended(order.outcomes(document.outcomes), planned), *_unread(planned.undetermined)]
        case SetupPlan():
            group = document.group
            found = [*_refused(document.planned.plans, document.planned)]
            for each in group.refusals if group else ():
                said = f"refused: {each.message}; {_accepting(f'--accept {each.id}')}"
                found.append(Annotation(Severity.ERROR, each.id, said))
        case SetupResult():
            found = [*_ended(document.result.outcomes, document.result.planned)]
            found += [Annotation(Severity.ERROR, "setup", each) for each in document.unfinished]
        case GroupResult():
            asks_which = document.planned.asks_which
            found = [each for outcome in document.outcomes for each in _group_ended(outcome, asks_which=asks_which)]
            found += [
                Annotation(Severity.ERROR, "undetermined", f"{each.what}: nothing is planned for it: {each.error}")
                for each in document.planned.undetermined
            ]
        case Reading():
            found = [*_witnessed(document)]
        case Report() | LibraryReport():
            doubt = "whether it is compliant is not known"
            is_fleet = isinstance(document, Report) and len(document.inspections) > alike.FEW
            unwaived = [each for each in document.findings if each.waived is None]
            found = [*_unread(document.undetermined, doubt), *_found(unwaived, is_fleet)]
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
    said = [
        Said(
            phrases.vault_name(each.vault),
            Annotation(Severity.ERROR, "undetermined", f"{doubt}: {each.error}", each.where),
        )
        for each in order.undetermined(vaults)
    ]
    yield from _together(said, len(said) > alike.FEW)


def _found(found: Iterable[Finding], is_fleet: bool) -> Iterator[Annotation]:
    said = []
    for each in found:
        fix = f"; to mend it: {each.fix}" if each.fix else ""
        annotation = Annotation(each.severity, each.rule, f"{each.message}{fix}", each.where)
        said.append(Said(each.vault.name if each.vault else "", annotation))
    yield from _together(said, is_fleet)


def _refused(plans: Iterable[Plan], planned: PlanSet) -> Iterator[Annotation]:
    found = list(plans)
    several, refused = phrases.are_several(planned), alike.refused(found)
    said = []
    for plan in found:
        where, name = planned.lines.get(plan.vault.id), plan.vault.name
        beside = tuple(each.id for each in plan.refusals)
        for guard in plan.refusals:
            annotation = Annotation(Severity.ERROR, guard.id, f"refused: {guard.message}", where)
            said.append(Said(name, annotation, guard, phrases.acceptance(guard, plan, several=several), beside))
    yield from _together(said, len(planned.plans) > alike.FEW, refused)


def _ended(outcomes: Iterable[Outcome], planned: PlanSet) -> Iterator[Annotation]:
    """What went wrong comes before what was refused, and that before what was not begun."""
    found = list(outcomes)
    is_fleet = len(found) > alike.FEW
    said = []
    for each in found:
        if each.error or (each.ending is Ending.DONE and not each.verified):
            rule = "not-verified" if each.ending is Ending.DONE else each.ending.value
            error = f": {each.error}" if each.error else ""
            text = f"{_how(each, is_fleet)}{error}"
            annotation = Annotation(Severity.ERROR, rule, text, planned.lines.get(each.plan.vault.id))
            said.append(Said(each.plan.vault.name, annotation))
        if each.is_unproved or (each.proof and each.proof.obstacle):
            severity = Severity.ERROR if each.is_unproved else Severity.WARNING
            where = planned.lines.get(each.plan.vault.id)
            text = phrases.proof(each.proof) if each.proof else phrases.reading(each)
            said.append(Said(each.plan.vault.name, Annotation(severity, CANNOT_READ, text, where)))
    left = [each for each in said if each.annotation.rule == Ending.NOT_REACHED.value]
    yield from _together([each for each in said if each.annotation.rule != Ending.NOT_REACHED.value], is_fleet)
    yield from _refused([each.plan for each in found if each.ending is Ending.REFUSED], planned)
    yield from _together(left, is_fleet)


def _group_ended(outcome: GroupOutcome, *, asks_which: bool) -> Iterator[Annotation]:
    """What became of one variable group, where that is not what was planned."""
    group = outcome.plan
    name = f"variable group {group.name} of {group.project.name}"
    if outcome.error:
        how = phrases.how(outcome.ending, (), touched=outcome.touched)
        yield Annotation(Severity.ERROR, outcome.ending.value, f"{name}: {how}: {outcome.error}")
    for each in group.refusals if outcome.ending is Ending.REFUSED else ():
        option = grouping.acceptance(each, group.vault if asks_which else "") if each.can_be_accepted else ""
        yield Annotation(Severity.ERROR, each.id, f"{name}: refused: {each.message}; {_accepting(option)}")


def _witnessed(reading: Reading) -> Iterator[Annotation]:
    """What keeps a vault from being read, or from being known to be."""
    here, proof = reading.here, reading.proof
    if here and here.obstacle:
        said = "; next: ".join(filter(None, [here.message, here.fix]))
        yield Annotation(Severity.ERROR, NOT_READ_HERE, f"{here.seen.vault}: {said}")
    if proof and proof.obstacle:
        said = "; next: ".join(filter(None, [proof.message, proof.fix]))
        yield Annotation(Severity.ERROR, CANNOT_READ, f"{proof.vault}: {said}")


def _how(outcome: Outcome, is_fleet: bool) -> str:
    """How a vault ended; of one of many without how much was done to it, which is not alike."""
    return phrases.how(outcome.ending, (), touched=outcome.touched) if is_fleet else phrases.ending(outcome)


def _together(
    said: Iterable[Said], is_fleet: bool, refused: Mapping[str, Sequence[str]] | None = None
) -> Iterator[Annotation]:
    """One annotation for all vaults of which the same is said on the same line, where there are many vaults."""
    groups = alike.grouped(said, _anonymous) if is_fleet else [(_anonymous(each), [each]) for each in said]
    for (annotation, _), members in groups:
        names = list(dict.fromkeys(each.name for each in members))
        one = members[0]
        if len(names) == 1:
            yield from (each.alone for each in members)
            continue
        option = alike.acceptance(one.guard, names, (refused or {}).get(one.guard.id, names)) if one.guard else ""
        how = f"; {_accepting(option + alike.for_each(option, names))}" if one.guard else ""
        title = f"{phrases.count(len(names), 'vault')} ({listed(names)})"
        text = f"{title}: {annotation.message}{how}"
        legend = alike.legend(names, [annotation.message])
        yield replace(annotation, message=f"{text} ({legend})" if legend else text)


def _anonymous(said: Said) -> tuple[Annotation, tuple[str, ...]]:
    return replace(said.annotation, message=alike.anonymous(said.annotation.message, said.name)), said.beside


def _accepting(option: str) -> str:
    return f"accept with {option}" if option else "cannot be accepted"

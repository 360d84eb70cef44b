"""What is the same of many vaults, to be told once: `312 vaults: + 5 ranges for Europe`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from glob import escape
from typing import TypeVar

from netcfg.core import shell
from netcfg.core.findings import Finding, Severity
from netcfg.core.guards import Guard
from netcfg.core.outcome import Ending, Outcome
from netcfg.core.plan import Action, Change, Kind, Plan, Undetermined
from netcfg.core.report import Inspection
from netcfg.core.standing import Standing
from netcfg.formats import diff, order, phrases
from netcfg.formats.page import Row

FEW = 3  # vaults of a run that are told one by one, be they alike or not
MANY = 30  # changes of a group that are told one by one; more are counted by where they are
VAULT = "VAULT"  # stands for the name of each vault in what is said of all of them
_BLANK = re.compile(rf"(?<![^\W_]){VAULT}(?![^\W_])")

Told = TypeVar("Told")
Said = TypeVar("Said")


@dataclass(frozen=True)
class Alike:
    """Plans, by id, that say the same but for their vault's name and for the rules that stay.

    `rows` are the changes, and `notes` what is noted of these vaults and not of all of the run.
    """

    plans: tuple[Plan, ...]
    rows: tuple[Row, ...]
    guards: tuple[Guard, ...]
    notes: tuple[str, ...]

    @property
    def first(self) -> Plan:
        return self.plans[0]

    @property
    def names(self) -> list[str]:
        return [each.vault.name for each in self.plans]

    @property
    def refusals(self) -> tuple[Guard, ...]:
        return tuple(each for each in self.guards if not each.accepted)

    @property
    def legend(self) -> str:
        """What `VAULT` is, where it is said."""
        cells = (text for row in self.rows for text in (row.subject, *row.cells))
        return legend(self.names, (*cells, *(each.message for each in self.guards), *self.notes))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be told of these vaults but that they are as they should be."""
        return not (self.rows or self.guards or self.notes)


@dataclass(frozen=True)
class Ended:
    """Outcomes, by the vault's id, of which the same is to be said; `error` is why. `proof` is what Azure DevOps got to
    read, where that is not all well, and `commands` what mends it."""

    outcomes: tuple[Outcome, ...]
    ending: Ending
    touched: bool
    guards: tuple[Guard, ...]
    error: str
    proof: str = ""
    commands: tuple[str, ...] = ()
    verified: bool = False

    @property
    def names(self) -> list[str]:
        return [each.plan.vault.name for each in self.outcomes]

    @property
    def legend(self) -> str:
        """What `VAULT` is, where it is said."""
        texts = (*(each.message for each in self.guards), self.error, self.proof, *self.commands)
        return legend(self.names, texts)


@dataclass(frozen=True)
class Inspected:
    """Inspections, by the vault's id, with the same findings."""

    inspections: tuple[Inspection, ...]
    findings: tuple[Finding, ...]

    @property
    def first(self) -> Inspection:
        return self.inspections[0]

    @property
    def names(self) -> list[str]:
        return [each.vault.name for each in self.inspections]

    @property
    def legend(self) -> str:
        """What `VAULT` is, where it is said."""
        return legend(self.names, (text for each in self.findings for text in (each.subject, each.message, each.fix)))


@dataclass(frozen=True)
class Lost:
    """What is undetermined for one and the same reason: vaults, or selections."""

    names: tuple[str, ...]
    reason: str
    is_selection: bool = False

    @property
    def number(self) -> str:
        """How many these are, where it is not one."""
        noun = "selection" if self.is_selection else "vault"
        return phrases.count(len(self.names), noun) if len(self.names) > 1 else ""


def plans(found: Iterable[Plan], shared: Collection[str]) -> list[Alike]:
    """The plans in groups: those that are refused first, then the largest, then by id. `shared` notes are told once."""

    def own(group: Alike) -> Alike:
        """What is like nothing else is told as it is, by its name."""
        one, *others = group.plans
        notes = tuple(each for each in one.desired.notes if each not in shared)
        return group if others else replace(group, rows=tuple(diff.changes(one)), guards=one.guards, notes=notes)

    def said(plan: Plan) -> Alike:
        name = plan.vault.name
        rows = tuple(_row(each, name) for each in diff.changes(plan))
        notes = tuple(anonymous(each, name) for each in plan.desired.notes if each not in shared)
        return Alike((), rows, _guards(plan.guards, name), notes)

    groups = [replace(key, plans=tuple(members)) for key, members in grouped(order.plans(found), said)]
    return sorted(map(own, groups), key=lambda each: (not each.refusals, -len(each.plans)))


def outcomes(found: Iterable[Outcome]) -> list[Ended]:
    """The outcomes that somebody has to look at, in groups: how they ended, then the largest first."""

    def own(group: Ended) -> Ended:
        """What is like nothing else is told as it is, by its name."""
        one, *others = group.outcomes
        refusals = one.plan.refusals if one.ending is Ending.REFUSED else ()
        if others:
            return group
        return replace(
            group, guards=refusals, error=str(one.error or ""), proof=_proof(one), commands=phrases.commands(one.proof)
        )

    def said(outcome: Outcome) -> Ended:
        name = outcome.plan.vault.name
        refusals = _guards(outcome.plan.refusals, name) if outcome.ending is Ending.REFUSED else ()
        error = anonymous(str(outcome.error), name) if outcome.error else ""
        proof = anonymous(_proof(outcome), name)
        commands = tuple(anonymous(each, name) for each in phrases.commands(outcome.proof))
        return Ended((), outcome.ending, outcome.touched, refusals, error, proof, commands, outcome.verified)

    odd = [each for each in order.outcomes(found) if not is_well(each)]
    groups = [replace(key, outcomes=tuple(members)) for key, members in grouped(odd, said)]
    ranks = {each: rank for rank, each in enumerate(Ending)}
    return sorted(map(own, groups), key=lambda each: (ranks[each.ending], -len(each.outcomes)))


def _proof(outcome: Outcome) -> str:
    return "" if _is_proved(outcome) else phrases.reading(outcome)


def _is_proved(outcome: Outcome) -> bool:
    """Whether Azure DevOps reads the vault, or nobody wanted to know."""
    return not (outcome.is_unproved or (outcome.proof and outcome.proof.obstacle))


def is_well(outcome: Outcome) -> bool:
    """Whether a vault is as its plan promised, and Azure DevOps reads it, where it was asked."""
    is_done = outcome.ending is Ending.UNCHANGED or (outcome.ending is Ending.DONE and outcome.verified)
    return is_done and _is_proved(outcome)


def proven(found: Iterable[Outcome]) -> list[tuple[str, list[Outcome]]]:
    """The outcomes by what Azure DevOps got to read, in a few words, or by why it was not asked; those of which nobody
    wanted to know are left out."""
    asked = [each for each in order.outcomes(found) if each.proof or each.unasked]
    return sorted(grouped(asked, lambda each: phrases.proven(each.proof) if each.proof else phrases.reading(each)))


def inspections(found: Iterable[Inspection]) -> list[Inspected]:
    """The inspections in groups: the worst first, then the largest, then as they come."""

    def said(inspection: Inspection) -> tuple[Finding, ...]:
        name = inspection.vault.name
        return tuple(_finding(each, name) for each in inspection.findings)

    several = list(found)
    if len(several) <= FEW:
        return [Inspected((each,), each.findings) for each in several]

    ranks = {each: rank for rank, each in enumerate((*Severity, None))}
    groups = [
        Inspected(tuple(members), key if len(members) > 1 else members[0].findings)
        for key, members in grouped(several, said)
    ]
    return sorted(groups, key=lambda each: (ranks[each.first.worst], -len(each.inspections)))


def undetermined(found: Iterable[Undetermined]) -> list[Lost]:
    """What is not known, in groups of the same reason; where there are a few, each by itself."""
    ordered = order.undetermined(found)
    if len(ordered) <= FEW:
        return [Lost((phrases.vault_name(each.vault),), str(each.error), each.is_selection) for each in ordered]

    def said(each: Undetermined) -> tuple[str, bool]:
        return anonymous(str(each.error), phrases.vault_name(each.vault)), each.is_selection

    return [
        Lost(
            tuple(dict.fromkeys(phrases.vault_name(each.vault) for each in same)),
            reason if len(same) > 1 else str(same[0].error),
            is_selection,
        )
        for (reason, is_selection), same in grouped(ordered, said)
    ]


def sketch(plan: Plan) -> str:
    """A plan in a few words: `+ 5 ranges for Europe, ~ default action`."""
    counts = Counter(_kind(each) for each in plan.changes)
    parts = [
        f"{mark} {phrases.count(number, noun)}{rest}" if mark != diff.MARKS[Action.SET] else f"{mark} {noun}{rest}"
        for (mark, noun, rest), number in counts.items()
    ]
    return ", ".join(parts) or "nothing to change"


def kept(found: Sequence[Plan]) -> str:
    """How many rules stay in each of these vaults; nothing where none does."""
    numbers = {len(each.kept) for each in found}
    least, most = min(numbers), max(numbers)
    if least == most:
        return f"{phrases.count(most, 'rule')} kept{' in each' if len(found) > 1 else ''}" if most else ""
    return f"{f'{least:,}' if least else 'up'} to {phrases.count(most, 'rule')} kept in each"


def gathered(group: Alike) -> list[Row]:
    """The changes of a group: one by one, or where there are many, how many there are of whom and where."""
    if len(group.rows) <= MANY:
        return list(group.rows)
    alike: dict[tuple[str, str, tuple[str, ...]], list[Row]] = defaultdict(list)
    for change, row in zip(group.first.changes, group.rows, strict=True):
        mark, noun, _ = _kind(change)
        alike[mark, noun, row.cells[:2]].append(row)
    return [
        rows[0] if len(rows) == 1 else Row(mark, phrases.count(len(rows), noun), cells, rows[0].style)
        for (mark, noun, cells), rows in alike.items()
    ]


def acceptance(guard: Guard, group: Collection[str], refused: Iterable[str]) -> str:
    """The option that accepts a guard for a group; empty when nothing does.

    `refused` are all vaults of the run that this guard refuses: a pattern must not accept it for any that is told in
    another group, with other words.
    """
    if not guard.can_be_accepted:
        return ""
    name, *others = group
    prefix = _beginning([each.lower() for each in group])
    if others and any(each.lower().startswith(prefix) for each in set(refused).difference(group)):
        return guard.accepting(f"--accept {guard.id}={VAULT}")
    pattern = f"{escape(prefix)}*" if others else name
    return guard.accepting(f"--accept {shell.quote(f'{guard.id}={pattern}')}")


def for_each(option: str, group: Collection[str]) -> str:
    """What stands behind an option that has to be said for every vault of a group."""
    is_blank = len(group) > 1 and any(each.endswith(f"={VAULT}") for each in option.split())
    return f", for each of these {len(group):,}" if is_blank else ""


def legend(group: Collection[str], told: Iterable[str]) -> str:
    """What `VAULT` is in what is told of a group; nothing where it is not said."""
    is_said = len(group) > 1 and any(_BLANK.search(text) for text in told)
    return f"{VAULT}: the name of each of these {len(group):,} vaults" if is_said else ""


def _beginning(names: Collection[str]) -> str:
    """What all of them begin with."""
    first, last = min(names), max(names)
    size = next((index for index, pair in enumerate(zip(first, last, strict=False)) if len({*pair}) > 1), len(first))
    return first[:size]


def refused(found: Iterable[Plan]) -> dict[str, list[str]]:
    """The vaults that each guard refuses."""
    vaults: dict[str, list[str]] = defaultdict(list)
    for plan in found:
        for each in plan.refusals:
            vaults[each.id].append(plan.vault.name)
    return vaults


def anonymous(text: str, name: str) -> str:
    """The text with `VAULT` wherever a vault's name stands as a word of its own, or as a part between hyphens."""
    said, start = "", 0
    while name and (at := text.find(name, start)) >= 0:
        end = at + len(name)
        is_word = not (text[max(at - 1, 0) : at].isalnum() or text[end : end + 1].isalnum())
        said += text[start:at] + (VAULT if is_word else name)
        start = end
    return said + text[start:]


def grouped(found: Iterable[Told], said: Callable[[Told], Said]) -> list[tuple[Said, list[Told]]]:
    """Those of which the same is said, beside what that is, in the order in which they come."""
    groups: dict[Said, list[Told]] = defaultdict(list)
    for each in found:
        groups[said(each)].append(each)
    return list(groups.items())


def _row(row: Row, name: str) -> Row:
    if name not in row.subject and not any(name in each for each in row.cells):
        return row
    return replace(row, subject=anonymous(row.subject, name), cells=tuple(anonymous(each, name) for each in row.cells))


def _guards(found: Iterable[Guard], name: str) -> tuple[Guard, ...]:
    return tuple(replace(each, message=anonymous(each.message, name), harms=frozenset()) for each in found)


def _finding(found: Finding, name: str) -> Finding:
    return replace(
        found,
        vault=None,
        where=None,
        subject=anonymous(found.subject, name),
        message=anonymous(found.message, name),
        fix=anonymous(found.fix, name),
    )


def _kind(change: Change) -> tuple[str, str, str]:
    """The mark of a change, what it is about, and whom it is for."""
    mark, noun = diff.MARKS[change.action], change.kind.value.replace("-", " ")
    match change.kind:
        case Kind.IP_RULE if change.reason and change.reason.standing is Standing.PUBLISHED and change.reason.region:
            return mark, "range", f" for {change.reason.region.geography}"
        case Kind.IP_RULE if change.reason:
            return mark, f"{change.reason.standing.value} rule", ""
        case Kind.VIRTUAL_NETWORK_RULE:
            return mark, "subnet", ""
        case Kind.PUBLIC_ACCESS | Kind.DEFAULT_ACTION:
            return mark, "public access" if change.kind is Kind.PUBLIC_ACCESS else noun, f" to {change.value}"
        case _:
            return mark, noun, ""

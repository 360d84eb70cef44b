"""What was found in a vault, as a page shows it: a card for each rule, with all that it is about and what mends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

from netcfg.core.findings import Finding
from netcfg.formats.report import findings

MANY = 4  # commands that begin alike, from which on that is said once for all
SHOWN = 20  # findings of one card; where there are more, the others are folded away


@dataclass(frozen=True)
class Item:
    """One finding of a group: what it is about, and how its command ends, if not as all the others do."""

    subject: str
    fix: str
    tail: str = ""


@dataclass(frozen=True)
class Group:
    """Findings of which the same is said. `before` and `after` are what stands around the name of what it is about."""

    before: str
    after: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Card:
    """Findings of one rule and one severity; `waived` is why somebody lives with them.

    `fix` mends them all, or is what their commands begin with: each item has its own `tail` then. `folded` are those
    beyond the first few.
    """

    rule: str
    severity: str
    groups: tuple[Group, ...]
    folded: tuple[Group, ...] = ()
    fix: str = ""
    where: str = ""
    waived: str = ""

    @property
    def items(self) -> list[Item]:
        return [each for group in (*self.groups, *self.folded) for each in group.items]

    @property
    def has_tails(self) -> bool:
        return any(each.tail for each in self.items)

    @property
    def size(self) -> int:
        return len(self.items)

    @property
    def rest(self) -> int:
        """How many are folded away."""
        return sum(len(each.items) for each in self.folded)


def cards(found: Iterable[Finding], *, places: bool = False) -> tuple[Card, ...]:
    """The worst first, and what is waived last; with `places` each says which line of the configuration it is about."""
    grouped: dict[tuple[str, str, str, str], list[Finding]] = {}
    for each in sorted(found, key=lambda one: (one.waived is not None, one.order)):
        waived = findings.excuse(each.waived) or "no reason given" if each.waived else ""
        where = str(each.where) if places and each.where else ""
        grouped.setdefault((each.rule, each.severity.value, where, waived), []).append(each)
    return tuple(
        _card(Card(rule, severity, (), where=where, waived=waived), members)
        for (rule, severity, where, waived), members in grouped.items()
    )


def _card(card: Card, found: Sequence[Finding]) -> Card:
    start = "" if card.waived else _start([each.fix for each in found])
    said: dict[tuple[str, str], list[Item]] = {}
    for each in found:
        tail = "" if card.waived or each.fix == start else each.fix.removeprefix(f"{start} ") if start else each.fix
        name, around = _split(each)
        said.setdefault(around, []).append(Item(name, each.fix, tail))
    shown: list[Group] = []
    folded: list[Group] = []
    left = SHOWN if len(found) > SHOWN + 1 else len(found)  # to fold one away saves nothing
    for (before, after), items in said.items():
        for kept, some in ((shown, items[:left]), (folded, items[left:])):
            if some:
                kept.append(Group(before, after, tuple(some)))
        left = max(0, left - len(items))
    return replace(card, fix=start, groups=tuple(shown), folded=tuple(folded))


def _start(fixes: Sequence[str]) -> str:
    """What all of the commands begin with, in whole words; empty where that is not even a command of some program."""
    first, *others = (each.split(" ") for each in dict.fromkeys(fixes))
    if not others:
        return fixes[0]
    same = [word for word, *_ in takewhile(lambda each: len(set(each)) == 1, zip(first, *others, strict=False))]
    same = same[: min(len(each) for each in (first, *others)) - 1]  # each keeps an end of its own
    while same and same[-1].startswith("-"):  # an option stays with its value
        same.pop()
    return " ".join(same) if len(same) > 1 else ""


def common(found: Iterable[Card]) -> str:
    """What the commands of many cards begin with; empty where it is so few that each may as well say it itself."""
    fixes = sorted({each.fix for each in found if each.fix and not each.waived})
    shared = {start: sum(each.startswith(f"{start} ") for each in fixes) for start in map(_start, pairwise(fixes))}
    starts = sorted(start for start, number in shared.items() if start and number >= MANY)
    return max(starts, key=lambda start: shared[start] * len(start), default="")


def _split(finding: Finding) -> tuple[str, tuple[str, str]]:
    """What a finding is about, and what its message says before and after that; a message that has no name of it
    stands behind it."""
    name = finding.subject.rpartition("/")[2] if finding.subject.startswith("/") else finding.subject
    if finding.subject and finding.subject in finding.message:
        before, _, after = finding.message.partition(finding.subject)
        return finding.subject, (before, after)
    if name in finding.message:
        return "", (finding.message, "")
    return finding.subject, ("", f": {finding.message}")


@dataclass(frozen=True)
class Remedy:
    """The command that mends more than one card, to be said once above them; `mends` is how many findings that is."""

    fix: str
    mends: int
    all: int

    @property
    def text(self) -> str:
        number = f"all {self.all:,}" if self.mends == self.all else f"{self.mends:,} of {self.all:,}"
        return f"One command mends {number}"


def remedy(found: Iterable[Card]) -> Remedy | None:
    """What mends most, where it mends more than one card. Nobody mends what is waived."""
    unwaived = [each for each in found if not each.waived]
    counts = Counter(each.fix for each in unwaived if each.fix and not each.has_tails)
    if not counts or max(counts.values()) < 2:
        return None
    fix = max(counts, key=lambda each: counts[each])  # of equals the first, which mends the worst
    return Remedy(
        fix,
        sum(item.fix == fix for each in unwaived for item in each.items),
        sum(each.size for each in unwaived),
    )

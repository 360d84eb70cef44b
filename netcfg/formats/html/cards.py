"""What was found in a vault, as a page shows it: a card for what is broken and mended alike, with all it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from netcfg.core.findings import Finding
from netcfg.formats.report import findings


@dataclass(frozen=True)
class Card:
    """Findings of one rule and one severity that one command mends; `waived` is why somebody lives with them."""

    rule: str
    severity: str
    messages: tuple[str, ...]
    fix: str
    where: str = ""
    waived: str = ""


def cards(found: Iterable[Finding], *, places: bool = False) -> tuple[Card, ...]:
    """The worst first, and what is waived last; with `places` each says which line of the configuration it is about."""
    grouped: dict[tuple[str, str, str, str, str], list[str]] = {}
    for each in sorted(found, key=lambda one: (one.waived is not None, one.order)):
        waived = findings.excuse(each.waived) or "no reason given" if each.waived else ""
        where = str(each.where) if places and each.where else ""
        key = each.rule, each.severity.value, each.fix, where, waived
        grouped.setdefault(key, []).append(_message(each))
    return tuple(
        Card(rule, severity, tuple(messages), fix, where, waived)
        for (rule, severity, fix, where, waived), messages in grouped.items()
    )


def _message(finding: Finding) -> str:
    """The message stands alone; where it names what it is about in other words, that goes before it."""
    name = finding.subject.rpartition("/")[2] if finding.subject.startswith("/") else finding.subject
    return finding.message if name in finding.message else f"{finding.subject}: {finding.message}"


@dataclass(frozen=True)
class Remedy:
    """The command that mends more than one card, to be said once above them; `mends` is how many findings that is."""

    fix: str
    mends: int
    all: int

    @property
    def text(self) -> str:
        return f"One command mends {f'all {self.all}' if self.mends == self.all else f'{self.mends} of {self.all}'}"


def remedy(found: Iterable[Card]) -> Remedy | None:
    """What mends most, where it mends more than one card. Nobody mends what is waived."""
    unwaived = [each for each in found if not each.waived]
    counts = Counter(each.fix for each in unwaived if each.fix)
    if not counts or max(counts.values()) < 2:
        return None
    fix = max(counts, key=lambda each: counts[each])  # of equals the first, which mends the worst
    sizes = [(each.fix, len(each.messages)) for each in unwaived]
    return Remedy(fix, sum(size for one, size in sizes if one == fix), sum(size for _, size in sizes))

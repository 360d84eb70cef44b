"""All checks, and what they find in a vault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from netcfg.core.approval import Approval
from netcfg.core.checks import (
    agents,
    declared,
    groups,
    limits,
    openness,
    perimeter,
    private,
    published,
    redundant,
    removal,
    sources,
    strangers,
    temporary,
    waivers,
    whereabouts,
)
from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.errors import NetcfgError, PerimeterUnread, RecordUnread, RulesUnseen, UnknownCheck
from netcfg.core.findings import Finding, Waiver
from netcfg.core.guards import Circumstances
from netcfg.core.rules import Perimeter
from netcfg.core.target import Location

CHECKS: dict[str, Check] = {
    each.id: each
    for each in (
        *openness.CHECKS,
        *perimeter.CHECKS,
        *published.CHECKS,
        *declared.CHECKS,
        *temporary.CHECKS,
        *removal.CHECKS,
        *strangers.CHECKS,
        *redundant.CHECKS,
        *limits.CHECKS,
        *agents.CHECKS,
        *private.CHECKS,
        *whereabouts.CHECKS,
        *sources.CHECKS,
        *groups.CHECKS,
        *waivers.CHECKS,
    )
}

_FINDERS: tuple[Callable[[Case], Iterator[Found]], ...] = (
    openness.find,
    perimeter.find,
    published.find,
    declared.find,
    temporary.find,
    removal.find,
    strangers.find,
    redundant.find,
    limits.find,
    agents.find,
    private.find,
    whereabouts.find,
    sources.find,
)


# What is not about one vault, so that a waiver of it cannot name one.
GENERAL = frozenset(each.id for each in CHECKS.values() if each.is_general)

# What netcfg check looks for in vaults, and netcfg group check in variable groups.
OF_VAULTS = {id: each for id, each in CHECKS.items() if not each.is_of_groups}
OF_GROUPS = {id: each for id, each in CHECKS.items() if each.is_of_groups or each in waivers.CHECKS}

# What a waiver may name.
RULES = frozenset(CHECKS) - {waivers.EXPIRED_WAIVER.id}


def explained(texts: Iterable[str]) -> tuple[Check, ...]:
    """The checks that somebody asks to have explained; `all` is every one. Any other rule is a usage error."""
    found: list[Check] = []
    for text in texts:
        if text != "all" and text not in CHECKS:
            raise UnknownCheck(text, CHECKS)
        found += CHECKS.values() if text == "all" else [CHECKS[text]]
    return tuple(dict.fromkeys(found))


def inspect(case: Case, given: Iterable[Waiver], where: Location | None = None) -> tuple[Finding, ...]:
    """Everything that the checks find in one vault, the worst first, with the waivers that hold.

    What is about more than this vault names none.
    """
    waiving = list(given)
    found = _find(case) if case.likeness is None else _found_alike(_Alike(case))
    return tuple(_told(each, case, waiving, where) for each in found)


def inspect_group(case: groups.Case, given: Iterable[Waiver]) -> tuple[Finding, ...]:
    """Everything that is found in one variable group, the worst first, with the waivers that hold."""
    waiving = list(given)
    found = ((each, waivers.holding(each, waiving, case.today)) for each in groups.find(case))
    told = (replace(each, waived=waiver) if waiver else each for each, waiver in found)
    return tuple(sorted(told, key=lambda each: each.order))


def _find(case: Case) -> tuple[Found, ...]:
    return tuple(sorted((each for find in _FINDERS for each in find(case)), key=lambda each: each.order))


class _Alike:
    """A case as the checks look at it: not which vault it is, but what is like in all that are alike."""

    __slots__ = ("case",)

    def __init__(self, case: Case) -> None:
        self.case = case

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Alike) and other.case.likeness == self.case.likeness

    def __hash__(self) -> int:
        return id(self.case.seen.desired)  # of those that are alike it is one and the same


@lru_cache(maxsize=1 << 12)
def _found_alike(alike: _Alike) -> tuple[Found, ...]:
    """What was found in a vault like this one: in a fleet there are many, and few kinds of them."""
    return _find(alike.case)


def _told(found: Found, case: Case, waiving: list[Waiver], where: Location | None) -> Finding:
    seen, check = case.seen, found.check
    vault = None if check.is_general else seen.vault.id
    told = Finding(check.id, found.severity, vault, found.subject, found.message, found.fix.about(seen.vault), where)
    holding = waivers.holding(told, waiving, seen.today) if waiving else None
    return replace(told, waived=holding) if holding else told


def doubts(seen: Circumstances) -> Iterator[NetcfgError]:
    """Why it cannot be said of this vault that it is compliant, whatever else was found."""
    name, way = seen.vault.name, seen.desired.way
    if seen.vault.perimeter is Perimeter.UNKNOWN:
        yield PerimeterUnread(name)
    if seen.plans_rules and seen.before.hides_rules:
        yield RulesUnseen(name)
    if way.zone and way.approval is Approval.APPROVED:
        zone = seen.landscape.zone(way.zone)
        if zone is None or zone.records is None:
            yield RecordUnread(name, str(way.zone))

"""All checks, and what they find in a vault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from netcfg.core.checks import openness
from netcfg.core.checks.check import Case, Check
from netcfg.core.errors import NetcfgError
from netcfg.core.findings import Finding, Waiver
from netcfg.core.guards import Circumstances
from netcfg.core.target import Location

CHECKS: dict[str, Check] = {each.id: each for each in openness.CHECKS}


def inspect(case: Case, waivers: Iterable[Waiver], where: Location | None = None) -> tuple[Finding, ...]:
    """Everything that the checks find in one vault, the worst first, with the waivers that hold."""
    holding = [each for each in waivers if not each.is_expired(case.seen.today)]
    found = (
        Finding(
            check.id,
            each.severity or check.severity,
            case.seen.vault.id,
            each.subject,
            each.message,
            each.fix,
            where,
        )
        for check in CHECKS.values()
        for each in check.find(case)
    )
    waived = (replace(each, waived=next((one for one in holding if one.holds(each)), None)) for each in found)
    return tuple(sorted(waived, key=lambda each: each.order))


def expired(waivers: Iterable[Waiver], today: date) -> Iterator[Finding]:
    """A finding for each waiver that has come to its end."""
    raise NotImplementedError


def doubts(seen: Circumstances) -> Iterator[NetcfgError]:
    """Why it cannot be said of this vault that it is compliant, whatever else was found."""
    del seen
    yield from ()

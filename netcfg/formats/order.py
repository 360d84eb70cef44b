"""The order in which things are shown, whatever order they came in: two runs over the same world print the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # to sort ranges need not load what plans are made of
    from netcfg.core.geography import Organization
    from netcfg.core.outcome import Outcome
    from netcfg.core.plan import Plan, Undetermined
    from netcfg.core.ranges import PublishedRange
    from netcfg.core.report import Inspection


def plans(found: Iterable[Plan]) -> list[Plan]:
    return sorted(found, key=lambda each: str(each.vault.id).lower())


def outcomes(found: Iterable[Outcome]) -> list[Outcome]:
    return sorted(found, key=lambda each: str(each.plan.vault.id).lower())


def inspections(found: Iterable[Inspection]) -> list[Inspection]:
    return sorted(found, key=lambda each: str(each.vault.id).lower())


def undetermined(found: Iterable[Undetermined]) -> list[Undetermined]:
    return sorted(found, key=lambda each: (each.vault, str(each.error)))


def organizations(found: Iterable[Organization]) -> list[Organization]:
    return sorted(found, key=lambda each: each.name.lower())


def ranges(found: Iterable[PublishedRange]) -> list[PublishedRange]:
    """By geography, region and address."""

    def place(each: PublishedRange) -> tuple[str, str, PublishedRange]:
        return each.geography.id if each.geography else "", each.region.name, each

    return sorted(found, key=place)

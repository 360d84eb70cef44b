"""Waivers: which hold, which have come to their end, and which hold for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from netcfg.core.checks import groups
from netcfg.core.checks.check import Check
from netcfg.core.findings import Finding, Severity, Waiver
from netcfg.core.linking.library import LibraryReport
from netcfg.core.report import Report

EXPIRED_WAIVER = Check(
    "expired-waiver",
    Severity.ERROR,
    "A waiver has come to its end",
    "Somebody lived with a finding until a day that has passed. From then on the waiver waives nothing, and what it "
    "was about is found again; this finding says why that happens all of a sudden, and that somebody wanted to look "
    "again.",
    "Look whether the reason still holds. If it does, give the waiver a new day in `until`; if not, delete it and mend "
    "what it was about.",
    "It cannot be waived: a waiver that could make another one outlive its end would be one without an end.",
    example="",
    is_general=True,
)

CHECKS = (EXPIRED_WAIVER,)


def holding(finding: Finding, waivers: Iterable[Waiver], today: date) -> Waiver | None:
    """The first waiver that is about this finding and not at its end."""
    return next((each for each in waivers if each.holds(finding) and not each.is_expired(today)), None)


def expired(waivers: Iterable[Waiver], today: date, program: str = "netcfg") -> Iterator[Finding]:
    """A finding for each waiver that has come to its end."""
    for each in waivers:
        if each.is_expired(today):
            yield Finding(
                EXPIRED_WAIVER.id,
                EXPIRED_WAIVER.severity,
                None,
                str(each),
                f"the waiver of {each} ({each.reason}) ended on {each.until}; renew it or delete it",
                f"{program} check --explain {EXPIRED_WAIVER.id}",
                each.where,
            )


def unused(waivers: Iterable[Waiver], report: Report | LibraryReport, *, is_part: bool = False) -> Iterator[Waiver]:
    """The waivers that are about nothing that was found, and name a vault that was looked at whole, or none that is.

    With `is_part` somebody named vaults, and a waiver may be about one that this run left out; so may one for many
    vaults always. One for a rule that this check does not look for is no business of it, and of one that has come to
    its end that is said already.
    """
    ended = {(each.subject, each.where) for each in report.general if each.rule == EXPIRED_WAIVER.id}
    lost = {each.vault.rpartition("/")[2].lower() for each in report.undetermined}
    there = report.vaults
    whole = {each.name for each in there} - lost
    is_known = not is_part and not report.undetermined
    for each in waivers:
        is_nobodys = is_known and each.vault != "*" and not any(map(each.is_of, there))
        is_others = (each.rule in groups.RULES) is not isinstance(report, LibraryReport)
        is_told = is_others or (str(each), each.where) in ended
        if is_told or any(map(each.holds, report.findings)):
            continue
        if is_nobodys or each.vault.lower() in whole:
            yield each

"""Whether it is certain where the organizations live, on which the choice of ranges rests."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.findings import Severity
from netcfg.core.guards import contradictions, inferred

GEOGRAPHY_MISMATCH = Check(
    "geography-mismatch",
    Severity.ERROR,
    "What is said about an organization's geography does not fit together",
    "The ranges follow from the geography. If a wrong one was given, Azure DevOps is shut out and the organizations of "
    "another part of the world are let in; and where Azure DevOps contradicts itself, one of its answers is wrong.",
    "Read the region in Organization settings, Overview. If what was given is wrong, correct it in the configuration "
    "or on the command line. If an answer is wrong, say the right one with `--geography`.",
    "Where Azure DevOps contradicts itself, and the settings page has settled it: the reason then says who looked, and "
    "when.",
    example="contoso",
)

INFERRED_GEOGRAPHY = Check(
    "inferred-geography",
    Severity.ERROR,
    "An organization's geography is only guessed",
    "Neither the collection nor the overview of the organization could be read, so that only the host of the sign-in "
    "page hints at where it lives. That is where its users sign in, which need not be where its data lives, and the "
    "ranges follow from the latter.",
    "Give the geography with `--geography`, as Organization settings, Overview shows it; or give the check a token "
    "that may read the organization.",
    "There is no reason to: a geography that was given settles it.",
    example="contoso",
)

CHECKS = (GEOGRAPHY_MISMATCH, INFERRED_GEOGRAPHY)


def find(case: Case) -> Iterator[Found]:
    for organization, text in contradictions(case.seen):
        yield GEOGRAPHY_MISMATCH.found(organization, text, case.ask("geography", organization))
    places = {each.name: each.geography for each in case.seen.organizations}
    for name in inferred(case.seen):
        yield INFERRED_GEOGRAPHY.found(
            name,
            f"that {name} lives in {places[name]} is only hinted at by its sign-in page; give --geography to be sure",
            case.ask("geography", name),
        )

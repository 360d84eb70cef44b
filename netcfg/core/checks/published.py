"""What Azure DevOps needs and the vault does not let in, or not whole."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.declared import BROAD
from netcfg.core.desired import covering
from netcfg.core.findings import Severity
from netcfg.core.ranges import Policy, PublishedRange, Publisher, covers
from netcfg.core.rules import IpRule
from netcfg.core.words import listed

_LIVING = (
    "Where this vault is used from one geography only part of the year, say, or while a change is being approved, and "
    "then with an end date: whoever waives it accepts that pipelines fail now and then."
)

PUBLISHED_RANGE_MISSING = Check(
    "published-range-missing",
    Severity.ERROR,
    "A range that Azure DevOps comes from is not let in",
    "Azure DevOps reads the secrets of a linked variable group from any address of its geography's ranges. When one "
    "range is missing, linking the group works today and fails tomorrow, and pipelines stop over a "
    "client address that nobody knows. Under `union` a range that only the service tag has is a "
    "warning: the documentation does not ask for it yet. Everything else is an error. A rule broader than /16 does not "
    "count, because nobody meant it for Azure DevOps.",
    "`netcfg apply` adds every missing range at once, as it is published, and changes no other rule.",
    _LIVING,
    example="40.74.28.0/23",
)

PUBLISHED_RANGE_PARTLY_COVERED = Check(
    "published-range-partly-covered",
    Severity.ERROR,
    "Only a part of a range that Azure DevOps comes from is let in",
    "Somebody let in the one address that an error message named. Azure DevOps comes from all addresses of the range, "
    "so the next request may come from the one beside it: this is the failure that goes away by itself and comes back. "
    "The Azure CLI makes it worse: it adds no range that overlaps with a rule that is there, and reports success.",
    "`netcfg apply` adds the whole range as it is published. The narrower rule stays, and is redundant then.",
    _LIVING,
    example="40.74.28.0/23",
)

CHECKS = (PUBLISHED_RANGE_MISSING, PUBLISHED_RANGE_PARTLY_COVERED)


def find(case: Case) -> Iterator[Found]:
    """Each range that is wanted, for itself, by the rules that remain.

    A plan would add a wider one in its place, which may be waived, or a mere warning. A vault that was only selected,
    and that nobody reads from Azure DevOps, is not to be opened to it.
    """
    if not case.seen.plans_rules or case.seen.before.hides_rules or case.seen.is_unused:
        return
    there = covering(case.admitting)
    for each in case.seen.resolution.wanted:
        if not covers(there, each.network):
            yield _found(case, each, sorted(one for one in there if one.overlaps(each.network)))


def _found(case: Case, wanted: PublishedRange, parts: list[IPv4Network]) -> Found:
    comes = f"Azure DevOps comes from {wanted.network} ({_who(wanted)})"
    severity = _severity(wanted, case.seen.resolution.policy)
    if parts:
        message = f"{comes}, and rules let in a part of it only: {listed(parts)}"
        return PUBLISHED_RANGE_PARTLY_COVERED.found(wanted.network, message, case.apply, severity)
    return PUBLISHED_RANGE_MISSING.found(wanted.network, f"{comes}, {_why(case, wanted.network)}", case.apply, severity)


def _why(case: Case, network: IPv4Network) -> str:
    if case.is_shut:
        return "and public access is Disabled, so no rule lets it in"
    broad = sorted(
        each.network
        for each in case.admitting
        if isinstance(each, IpRule)
        and each.network
        and each.network.prefixlen < BROAD
        and each.network.overlaps(network)
    )
    but = f"; {listed(broad)} holds it, but nothing broader than /{BROAD} counts" if broad else ""
    return f"and no rule lets it in{but}"


def _severity(wanted: PublishedRange, policy: Policy) -> Severity:
    is_optional = policy is Policy.UNION and Publisher.TABLE not in wanted.publishers
    return Severity.WARNING if is_optional else Severity.ERROR


def _who(wanted: PublishedRange) -> str:
    names = {Publisher.TABLE: "the documentation", Publisher.SERVICE_TAG: "the service tag"}
    region, publishers = wanted.region, " and ".join(names[each] for each in wanted.publishers)
    return f"{region.geography}, {region.name}, published by {publishers}"

"""What Azure DevOps needs and the vault does not let in, or not whole."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.declared import BROAD
from netcfg.core.desired import Reason
from netcfg.core.findings import Severity
from netcfg.core.ranges import Policy, Publisher
from netcfg.core.rules import IpRule
from netcfg.core.standing import Standing
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
    """What a plan would add as published."""
    for rule in case.arriving:
        reason = case.seen.desired.reasons[rule]
        if isinstance(rule, IpRule) and rule.network and reason.standing is Standing.PUBLISHED:
            parts, broad = _overlapping(case, rule.network)
            severity = _severity(reason, case.seen.resolution.policy)
            if parts:
                yield PUBLISHED_RANGE_PARTLY_COVERED.found(
                    rule,
                    f"Azure DevOps comes from {rule} ({_who(reason)}), and rules let in a part of it only: "
                    f"{listed(parts)}",
                    case.apply,
                    severity,
                )
            else:
                but = f"; {listed(broad)} holds it, but nothing broader than /{BROAD} counts" if broad else ""
                yield PUBLISHED_RANGE_MISSING.found(
                    rule,
                    f"Azure DevOps comes from {rule} ({_who(reason)}), and no rule lets it in{but}",
                    case.apply,
                    severity,
                )


def _overlapping(case: Case, network: IPv4Network) -> tuple[list[IPv4Network], list[IPv4Network]]:
    """The rules that stay and let in a part of it; and those that let in all of it, and do not count."""
    there = (each.network for each in case.rules if isinstance(each, IpRule) and not case.leaves(each))
    found = sorted(each for each in there if each and each.overlaps(network))
    return [each for each in found if each.prefixlen >= BROAD], [each for each in found if each.prefixlen < BROAD]


def _severity(reason: Reason, policy: Policy) -> Severity:
    is_optional = policy is Policy.UNION and Publisher.TABLE not in reason.publishers
    return Severity.WARNING if is_optional else Severity.ERROR


def _who(reason: Reason) -> str:
    region = reason.region
    where = f"{region.geography}, {region.name}, " if region else ""
    names = {Publisher.TABLE: "the documentation", Publisher.SERVICE_TAG: "the service tag"}
    return f"{where}published by {' and '.join(names[each] for each in reason.publishers)}"

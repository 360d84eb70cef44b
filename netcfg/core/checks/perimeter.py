"""Whether a network security perimeter decides in place of the rules."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.desired import is_enforced
from netcfg.core.findings import Severity
from netcfg.core.rules import Perimeter, PublicAccess

SECURED_BY_PERIMETER = Check(
    "secured-by-perimeter",
    Severity.ERROR,
    "A network security perimeter decides who gets in",
    "In a vault that a perimeter secures, the vault's own rules are not asked: ranges of Azure DevOps may all be "
    "there, and linked variable groups fail all the same. It is a warning where the perimeter only learns, because "
    "the rules still count until somebody enforces it; and where public access is meant to be Disabled and agents come "
    "by a private endpoint, because those are none of its business.",
    "netcfg does not touch perimeters. Whoever owns this one adds an inbound access rule to its profile with the "
    "ranges that `netcfg ranges list --format cidr` prints (`az network perimeter profile access-rule create "
    "--address-prefixes …`), and keeps it as fresh as a vault's rules have to be; or takes the vault out of the "
    "perimeter.",
    "Where the perimeter's own access rules let Azure DevOps in and somebody keeps those up to date: then the rules of "
    "the vault do not matter, and the waiver says who does.",
    example="network security perimeter",
)

CHECKS = (SECURED_BY_PERIMETER,)


def find(case: Case) -> Iterator[Found]:
    vault, fix = case.seen.vault, case.explain(SECURED_BY_PERIMETER.id)
    if is_enforced(vault):
        private = case.seen.desired.way.is_asked and case.seen.intent.public_access is PublicAccess.DISABLED
        yield SECURED_BY_PERIMETER.found(
            "network security perimeter",
            "rules do nothing here: a network security perimeter decides who comes over the public network, Azure "
            "DevOps too",
            fix,
            Severity.WARNING if private else Severity.ERROR,
        )
    elif vault.perimeter is Perimeter.LEARNING:
        yield SECURED_BY_PERIMETER.found(
            "network security perimeter",
            "a network security perimeter in Learning mode holds this vault: the rules count until it is enforced, and "
            "do nothing from then on",
            fix,
            Severity.WARNING,
        )

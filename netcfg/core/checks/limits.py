"""How many rules a vault can take."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.findings import Severity
from netcfg.core.rules import IP_RULE_LIMIT, VIRTUAL_NETWORK_RULE_LIMIT

NEARLY = 0.9

RULE_LIMIT = Check(
    "rule-limit",
    Severity.ERROR,
    "More rules are wanted than a vault holds, or nearly so many",
    f"Azure refuses a rule set of more than {IP_RULE_LIMIT:,} IP rules or {VIRTUAL_NETWORK_RULE_LIMIT} virtual "
    "network rules as a whole, so not one of the ranges that are missing can be added. From nine tenths on it is a "
    "warning: the ranges of Azure DevOps tripled within one quarter before, and the run that finds no room is a "
    "scheduled one.",
    "Remove the rules that nobody explains, and the redundant ones; name the organizations that really use this vault "
    "and no others; or split the vault. Agents by the hundred get in by one subnet, or one private endpoint.",
    "At nine tenths, where the number has not moved for long. Above the limit it makes nothing work.",
    example="IP rules",
)

CHECKS = (RULE_LIMIT,)


def find(case: Case) -> Iterator[Found]:
    if not case.seen.plans_rules:
        return
    after = case.seen.after.rule_set
    for kind, number, limit in (
        ("IP rules", len(after.ip_rules), IP_RULE_LIMIT),
        ("virtual network rules", len(after.virtual_network_rules), VIRTUAL_NETWORK_RULE_LIMIT),
    ):
        fix = case.explain(RULE_LIMIT.id)
        if number > limit:
            message = f"{number:,} {kind} are wanted and a vault holds {limit:,}, so Azure would refuse them all"
            yield RULE_LIMIT.found(kind, message, fix)
        elif number >= NEARLY * limit:
            message = f"{number:,} {kind} are wanted, and a vault holds {limit:,}: the next ranges may find no room"
            yield RULE_LIMIT.found(kind, message, fix, Severity.WARNING)

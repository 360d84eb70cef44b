"""What somebody declared with a reason: whether it is there, and how long it holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.desired import covering, declaration_of
from netcfg.core.findings import Severity
from netcfg.core.ranges import covers
from netcfg.core.rules import IpRule, PublicAccess
from netcfg.core.standing import Standing

SOON = timedelta(days=30)

DECLARED_RANGE_MISSING = Check(
    "declared-range-missing",
    Severity.ERROR,
    "A range that was declared is not let in",
    "Somebody asked for this range, with a reason, and the vault does not have it: its people or machines are refused. "
    "Either the declaration is new and nobody has applied it yet, or somebody took the rule out of the vault by hand. "
    "Where public access is meant to be Disabled nobody comes by an address, and it is a warning: what is declared for "
    "many vaults may not be meant for that one.",
    "`netcfg apply` adds it. If it is not wanted any more, take the declaration away.",
    "There is no reason to: a declaration that must not be applied should not be there.",
    example="191.10.18.0/28",
)

EXPIRED_RULE = Check(
    "expired-rule",
    Severity.ERROR,
    "A rule has outlived the day until which it was declared",
    "The range was let in until a day that has passed, and is let in still. Whoever the visitor was, nobody expects "
    "him to be here any more; and the address may belong to somebody else by now.",
    "`netcfg apply` removes it. Where it is needed longer, say so with a new day in `until`, and who needs it.",
    "There is no reason to: a new day in `until` is the same promise, kept where everybody looks for it.",
    example="191.10.18.9/32",
)

EXPIRING_RULE = Check(
    "expiring-rule",
    Severity.WARNING,
    "A rule will be removed soon, because its declaration ends",
    "From the day after, `netcfg apply` removes the rule, and a scheduled run does so at night, with nobody there. "
    "Thirty days are enough to ask whoever declared it.",
    "Ask them. Then give the declaration a later `until`, or leave it as it is and let the rule go.",
    "Once it is certain that the rule is to go on its day: waive it until then.",
    example="191.10.18.9/32",
)

CHECKS = (DECLARED_RANGE_MISSING, EXPIRED_RULE, EXPIRING_RULE)


def find(case: Case) -> Iterator[Found]:
    yield from _missing(case)
    for rule in case.rules:
        yield from _expiring(case, rule) if isinstance(rule, IpRule) else ()


def _missing(case: Case) -> Iterator[Found]:
    """Each declaration for itself: by a rule broader than /16 it is let in if that is the very range."""
    if case.seen.intent.public_access is PublicAccess.DISABLED:
        yield from _closed(case)
    if not case.seen.plans_rules or case.seen.before.hides_rules:
        return
    intent, there = case.seen.intent, covering(case.admitting)
    why = "public access is Disabled, so no rule lets it in" if case.is_shut else "no rule lets it in"
    wanted = {each.network for each in intent.allow if not each.is_expired(case.seen.today)}
    for network in sorted(wanted):
        if IpRule(str(network)) not in case.admitting and not covers(there, network):
            said = declaration_of(network, intent, case.seen.today)
            yield DECLARED_RANGE_MISSING.found(network, f"{network} was declared ({said}) and {why}", case.apply)


def _closed(case: Case) -> Iterator[Found]:
    """What is declared for many vaults may be meant for this one or not: it is off the public network, and says so."""
    for network in sorted({each.network for each in case.seen.intent.allow if not each.is_expired(case.seen.today)}):
        said = declaration_of(network, case.seen.intent, case.seen.today)
        yield DECLARED_RANGE_MISSING.found(
            network,
            f"{network} was declared ({said}) and cannot come in here: public access is meant to be Disabled",
            case.explain(DECLARED_RANGE_MISSING.id),
            Severity.WARNING,
        )


def _expiring(case: Case, rule: IpRule) -> Iterator[Found]:
    seen = case.seen
    if rule.network is None or seen.desired.reasons[rule].standing is not Standing.DECLARED:
        return
    declared = declaration_of(rule.network, seen.intent, seen.today)
    if declared.until is None or declared.until - seen.today > SOON or case.leaves(rule):
        return
    days = (declared.until - seen.today).days
    when = "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"
    yield EXPIRING_RULE.found(
        rule,
        f"{rule} ({declared.reason}) is declared until {declared.until} only, which is {when}; then it is removed",
        case.explain(EXPIRING_RULE.id),
    )

"""Machines that were let in for a while by `netcfg exec`, and should be out again."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.checks.command import Blank, Command
from netcfg.core.findings import Severity
from netcfg.core.rules import IpRule, Rule
from netcfg.core.standing import Standing
from netcfg.core.temporary import TemporaryRule, temporary_rules

OVERDUE_TEMPORARY_RULE = Check(
    "overdue-temporary-rule",
    Severity.ERROR,
    "A machine that was let in for a while has not been taken out",
    "`netcfg exec` lets a machine in while a command runs, and writes a tag on the vault that says until when. The "
    "time is over and the tag is there still: the run was killed, or could not reach Azure at its end. The address "
    "is let in as long as nobody takes it out, and one of a cloud's pool belongs to another customer tomorrow. Where "
    "only the tag is left, and nobody gets in by it, it is a note.",
    "`netcfg exec --clean` takes out the address and the tag, and so does the next `netcfg apply`, on whatever "
    "machine. A run that needs more time says so with `--for`.",
    "There is no reason to: whoever still needs the address declares it, with a reason.",
    example="191.10.61.4/32",
)

CHECKS = (OVERDUE_TEMPORARY_RULE,)


def of_rule(case: Case, rule: Rule) -> Found | None:
    """A rule that a run has left behind."""
    if not isinstance(rule, IpRule) or case.seen.desired.reasons[rule].standing is not Standing.EXPIRED:
        return None
    runs = [each for each in _overdue(case) if each.network == rule.network]
    if not runs:
        return None
    last = max(each.until for each in runs)
    return OVERDUE_TEMPORARY_RULE.found(
        rule, f"{rule} was let in by netcfg exec until {last:%Y-%m-%d %H:%M} UTC, and is there still", _fix(case)
    )


def find(case: Case) -> Iterator[Found]:
    """The tags of runs by which nobody gets in: the rule is gone, was declared, or is another run's that goes on."""
    reasons = case.seen.desired.reasons
    for each in _overdue(case):
        rule = IpRule(str(each.network))
        if rule not in case.rules or reasons[rule].standing is not Standing.EXPIRED:
            yield OVERDUE_TEMPORARY_RULE.found(
                rule,
                f"the tag {each.key} of netcfg exec, which let {rule} in until {each.until:%Y-%m-%d %H:%M} UTC, is "
                "there still; no rule goes with it any more",
                _fix(case),
                Severity.NOTE,
            )


def _overdue(case: Case) -> list[TemporaryRule]:
    """The runs whose tags an apply would take away."""
    edits = case.seen.desired.tags
    return [each for each in temporary_rules(case.seen.vault.tags) if each.key in edits and edits[each.key] is None]


def _fix(case: Case) -> Command:
    return Command(case.program, ("exec", "--clean", Blank.NAME))

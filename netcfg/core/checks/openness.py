"""Whether the firewall is asked at all: the default action, public access, and perimeters."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.findings import Severity


def _default_action_allow(case: Case) -> Iterator[Found]:
    if case.seen.before.is_open:
        yield Found(
            "default action",
            f"every network gets in to {case.seen.vault.name}: its default action is Allow, so its rules do nothing",
            case.apply,
        )


DEFAULT_ACTION_ALLOW = Check(
    "default-action-allow",
    Severity.ERROR,
    "The firewall lets every network in",
    "A vault whose default action is Allow answers everybody on the internet who has a token. Its rules are kept and "
    "do nothing. `netcfg apply` turns it to Deny, with every rule that is wanted, in one write; the guard "
    "`default-deny` asks first, because callers whom no rule names are cut off.",
    "Waive it only while the callers are being found out, with an end date.",
    _default_action_allow,
)

CHECKS = (DEFAULT_ACTION_ALLOW,)

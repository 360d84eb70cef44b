"""What was asked to go, and is there still."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.findings import Severity
from netcfg.core.private import PieceKind
from netcfg.core.rules import Rule

REMOVAL_PENDING = Check(
    "removal-pending",
    Severity.ERROR,
    "What was asked to go is still there",
    "Somebody named a rule or a private endpoint under `remove`, because those who came by it are not to come any "
    "more, and they still can: nobody has applied it yet, or somebody brought it back.",
    "`netcfg apply` removes it. Should it come back again and again, some other code manages this vault too: look for "
    "it in the vault's activity log.",
    "While whoever uses it is moving, with the day on which they have to be gone.",
    example="191.10.19.9/32",
)

CHECKS = (REMOVAL_PENDING,)


def of_rule(case: Case, rule: Rule) -> Found | None:
    if not case.seen.intent.removes(rule):
        return None
    said = f" ({why})" if (why := case.seen.intent.why_removed(rule)) else ""
    return REMOVAL_PENDING.found(rule, f"{rule} was asked to be removed{said}, and is there still", case.apply)


def find(case: Case) -> Iterator[Found]:
    """The private endpoints; whatever else goes, goes with them."""
    for piece in case.seen.desired.way.removals:
        if piece.kind is PieceKind.ENDPOINT:
            yield REMOVAL_PENDING.found(
                piece.id,
                f"the private endpoint {piece.id.name} was asked to be removed, and is still there",
                case.apply_privately(),
            )

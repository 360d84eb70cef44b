"""What a link or a refresh would change in variable groups, and what became of that, as text and as a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from netcfg.core.errors import DevOpsUnsettled, GrantUnsettled
from netcfg.core.guards import Guard
from netcfg.core.linking.grouping import GroupChange, GroupOutcome, GroupPlan, GroupPlans, GroupResult, Part
from netcfg.core.outcome import Ending
from netcfg.core.plan import Action
from netcfg.core.words import counted, listed
from netcfg.formats import diff, phrases
from netcfg.formats.page import Page, Row

INDENT = "  "
FEW, MANY = 10, 40  # secrets that come: of more than many the first few are named
PARTS = {
    Part.ROLE: "role",
    Part.POLICY: "access policy",
    Part.GROUP: "variable group",
    Part.SECRET: "secret",
}
STYLES = {
    Ending.DONE: "add",
    Ending.UNCHANGED: "quiet",
    Ending.REFUSED: "refused",
    Ending.STALE: "refused",
    Ending.FAILED: "refused",
    Ending.NOT_REACHED: "quiet",
}


# --- text ---------------------------------------------------------------------------------------------------------


def plan(plans: GroupPlans, page: Page) -> str:
    """Each group with its changes; the last line is what all of it comes to."""
    blocks = [_group(each, plans, page) for each in plans.plans]
    return _join([*blocks, _undetermined(plans, page), page.paragraph(_summary(plans), "title")])


def result(found: GroupResult, page: Page) -> str:
    """What became of each group; whoever reads it has seen the plan."""
    again = page.paragraph(phrases.INTERRUPTED, "refused")
    blocks = [_outcome(each, page) for each in found.outcomes]
    return _join([*blocks, again if found.is_interrupted else [], page.paragraph(conclusion(found), "title")])


def _group(group: GroupPlan, plans: GroupPlans, page: Page) -> list[str]:
    where = f"of {group.project.name} · {group.vault} by {group.connection.name} · {tally(group, phrases.FUTURE)}"
    return [
        *page.heading(group.name, where),
        *page.listing(rows_of(group)),
        *_guards(group.guards, group.vault if plans.asks_which else "", page),
        *(line for note in group.notes for line in page.paragraph(f"note: {note}", "quiet", others=INDENT)),
    ]


def rows_of(group: GroupPlan) -> list[Row]:
    """What changes, and what is kept in one line. Of very many secrets that come the first few are named, and none of
    those that go is left out; the document names all."""
    changes, kept = group.changes, group.kept
    coming = [each for each in changes if each.part is Part.SECRET and each.action is Action.ADD]
    folded = coming[FEW:] if len(coming) > MANY else []
    left_out = frozenset(folded)
    rows = [row(each) for each in changes if each not in left_out]
    if folded:
        ends = f"{folded[0].value} to {folded[-1].value}; --format json names them all"
        rows.append(Row(diff.MARKS[Action.ADD], f"{counted(len(folded), 'more secret')}", (ends,), "add"))
    if kept:
        rows.append(Row("=", f"{counted(len(kept), 'secret')} kept", (listed(each.name for each in kept),), "quiet"))
    return rows


def row(change: GroupChange) -> Row:
    what = f"{PARTS[change.part]} {change.value}"
    moved = f"{change.reason} (was {change.was})" if change.action is Action.SET else change.reason
    is_new = change.part is Part.GROUP
    return Row(diff.MARKS[change.action], what, ("new" if is_new else moved,), change.action.value)


def _guards(guards: Iterable[Guard], vault: str, page: Page) -> list[str]:
    found = list(guards)
    refusing = [
        Row("!", each.id, (each.message, f"accept with {acceptance(each, vault)}"), "refused")
        for each in found
        if not each.accepted
    ]
    accepted = [Row(" ", each.id, (each.message, "accepted"), "quiet") for each in found if each.accepted]
    title = page.paragraph(phrases.refusal(found), "refused") if refusing else []
    return [*title, *page.listing([*refusing, *accepted])]


def acceptance(guard: Guard, vault: str = "") -> str:
    """The option that accepts it; `vault` is named where there may be several."""
    return f"--accept {guard.id}={vault}" if vault else f"--accept {guard.id}"


def _undetermined(plans: GroupPlans, page: Page) -> list[str]:
    rows = [Row("?", each.what, (str(each.error),), "set") for each in plans.undetermined]
    return [*page.paragraph("undetermined: nothing is planned for these", "title"), *page.listing(rows)] if rows else []


def tally(group: GroupPlan, words: dict[Action, str]) -> str:
    counts = Counter(each.action for each in group.changes if each.part is Part.SECRET)
    parts = [f"{counts[action]:,} {word}" for action, word in words.items() if counts[action]]
    made = [] if group.before or not parts else ["new"]
    return ", ".join([*made, *parts]) or ("nothing to change" if group.is_empty else "only its permission")


def _summary(plans: GroupPlans) -> str:
    counts = (
        (len(plans.pending), "to change"),
        (sum(bool(each.refusals) for each in plans.plans), "REFUSED"),
        (len(plans.undetermined), "undetermined"),
    )
    said = ", ".join(f"{number:,} {word}" for number, word in counts if number) or "nothing to change"
    return f"{counted(len(plans.plans) + len(plans.undetermined), 'variable group')}: {said}"


def _outcome(outcome: GroupOutcome, page: Page) -> list[str]:
    error = page.paragraph(str(outcome.error), first=INDENT, others=INDENT) if outcome.error else []
    return [*page.heading(outcome.plan.name, ending(outcome), STYLES[outcome.ending]), *error]


def ending(outcome: GroupOutcome) -> str:
    mapped = counted(len(outcome.plan.after), "secret")
    match outcome.ending:
        case Ending.DONE:
            return f"done: {tally(outcome.plan, phrases.PAST)}; it maps {mapped}; verified"
        case Ending.UNCHANGED:
            return f"unchanged: it maps {mapped}"
        case Ending.NOT_REACHED if outcome.touched:
            return "not reached: the permission was given, and the group was not written"
        case Ending.FAILED if isinstance(outcome.error, (DevOpsUnsettled, GrantUnsettled)) and outcome.touched:
            return "FAILED: whether something was written is not known"
        case _:
            return phrases.how(outcome.ending, outcome.plan.refusals, touched=outcome.touched)


def conclusion(found: GroupResult) -> str:
    """What all of it comes to, in one line."""
    counts = Counter(each.ending for each in found.outcomes)
    parts = [f"{counts[each]:,} {each.value.replace('-', ' ')}" for each in Ending if counts[each]]
    missing = len(found.planned.undetermined)
    parts += [f"{missing:,} undetermined"] if missing else []
    return f"{counted(len(found.outcomes) + missing, 'variable group')}: {', '.join(parts)}"


def _join(blocks: Iterable[list[str]]) -> str:
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"


# --- the document -------------------------------------------------------------------------------------------------


def document(found: GroupResult) -> dict[str, Any]:
    """What the document of kind `groups` says after a link or a refresh."""
    planned = found.planned
    counts = Counter(each.ending for each in found.outcomes)
    return {
        "organization": planned.organization,
        "groups": [document_of(each) for each in found.outcomes],
        "undetermined": [{"subject": each.what, "reason": str(each.error)} for each in planned.undetermined],
        "notes": [],
        "summary": {
            "groups": len(found.outcomes),
            "vaults": len({each.plan.vault.lower() for each in found.outcomes}),
            "secrets": sum(_mapped(each) for each in found.outcomes),
            "undetermined": len(planned.undetermined),
            "changes": sum(len(each.plan.changes) for each in found.outcomes),
            "refused": planned.is_refused,
            "outcomes": {each.value: counts[each] for each in Ending},
            **({"interrupted": True} if found.is_interrupted else {}),
        },
    }


def document_of(outcome: GroupOutcome) -> dict[str, Any]:
    group, now, connection = outcome.plan, outcome.group, outcome.plan.connection
    own = group.project.name.casefold()
    return {
        "id": now.id if now else None,
        "name": group.name,
        "project": group.project.name,
        "vault": group.vault,
        "connection": {"id": connection.id, "name": None if connection.name == connection.id else connection.name},
        "secrets": _mapped(outcome),
        "refreshed": (now.refreshed or None) if now else None,
        "sharedWith": sorted((each for each in now.projects if each.casefold() != own), key=str.casefold)
        if now
        else [],
        "changes": [_change_document(each) for each in group.changes],
        "kept": [each.name for each in group.kept],
        "guards": [{"id": each.id, "accepted": each.accepted, "message": each.message} for each in group.guards],
        "notes": list(group.notes),
        "outcome": outcome.ending.value,
        "verified": outcome.verified,
        "touched": outcome.touched,
        "error": str(outcome.error) if outcome.error else None,
    }


def _mapped(outcome: GroupOutcome) -> int:
    """How many secrets the group maps, as it was shown last."""
    return len(outcome.group.mappings) if outcome.group else 0


def _change_document(change: GroupChange) -> dict[str, Any]:
    found = {"action": change.action.value, "kind": change.part.value, "value": change.value}
    return (
        found
        | ({"was": change.was} if change.was is not None else {})
        | ({"reason": change.reason} if change.reason else {})
    )

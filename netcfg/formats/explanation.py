"""An explanation as text and as a document: what an error message means, or whether an address gets in."""

from __future__ import annotations

from typing import Any

from netcfg.core.attribution import Attribution
from netcfg.core.entrance import Entrance, Ground, Outlook, Verdict
from netcfg.core.messages.cause import Cause
from netcfg.core.messages.explanation import Explanation
from netcfg.core.resources import SubnetId
from netcfg.core.rules import IpRule
from netcfg.formats import attribution as attributed
from netcfg.formats import diff
from netcfg.formats.page import Page, Row

_STYLES = {Verdict.IN: "add", Verdict.PARTLY: "set", Verdict.OUT: "refused", Verdict.UNKNOWN: "set"}
_WORDS = {
    Verdict.IN: "gets in",
    Verdict.PARTLY: "partly gets in",
    Verdict.OUT: "does not get in",
    Verdict.UNKNOWN: "may get in or not, which cannot be told from here",
}
_STAYING = {Verdict.IN: "with the plan too", Verdict.OUT: "with the plan neither"}

_CAUSES = {
    Cause.FIREWALL: "refused by the firewall",
    Cause.PUBLIC_ACCESS: "public access is off",
    Cause.PERIMETER: "refused by a network security perimeter",
    Cause.ROLE: "a role is missing",
    Cause.POLICY: "a permission is missing in the access policies",
    Cause.HIDDEN: "the cause is hidden",
    Cause.NO_VAULT: "no such vault, or no address for it",
    Cause.NAME: "its name could not be resolved for now",
    Cause.ABSENT: "no such secret",
    Cause.UNUSABLE: "the secret cannot be used",
    Cause.CONNECTION: "the service connection does not work",
    Cause.SIGN_IN: "signing in failed",
    Cause.ENDPOINT: "a service endpoint is missing",
    Cause.CONFLICT: "somebody else is changing it",
    Cause.THROTTLED: "too many requests",
    Cause.PERMISSION: "not permitted",
    Cause.ARGUMENT: "a value that Azure does not take",
    Cause.UNKNOWN: "not recognised",
}


def error_text(found: Explanation, page: Page) -> str:
    """The cause, what proves it, and the next step."""
    seen = found.diagnosis
    title = f"{seen.vault} ·" if seen.vault else "error message ·"
    style = "refused" if found.is_recognised else "set"
    blocks = [
        [*page.heading(title, _CAUSES[seen.cause], style), *page.paragraph(seen.message)],
        page.listing(_evidence(found)),
        _next(found.next, page),
        _notes(found.notes, page),
    ]
    return _join(blocks)


def address_text(found: Entrance, page: Page) -> str:
    """In or out, by which rules, and what a plan would change."""
    title = f"{found.vault.name} · {name(found)}"
    rows = [_row(each, found) for each in found.grounds]
    blocks = [
        [*page.heading(title, _headline(found), _STYLES[found.now.verdict]), *_outlooks(found, page)],
        page.listing(rows),
        page.paragraph(attributed.explanation(found.whose)[0]) if found.whose else [],
        _next(found.next, page),
        _notes(found.notes, page),
    ]
    return _join(blocks)


def error_document(found: Explanation) -> dict[str, Any]:
    """What the document says that is about an error."""
    seen = found.diagnosis
    return {
        "about": "error",
        "recognised": found.is_recognised,
        "cause": seen.cause.value,
        "message": seen.message,
        "said": seen.said or None,
        "source": seen.source or None,
        "vault": seen.vault or None,
        "clientAddress": seen.address or None,
        "clientSubnet": seen.subnet or None,
        "client": seen.client or None,
        "objectId": seen.object_id or None,
        "permission": seen.permission or None,
        "resource": seen.resource or None,
        "whose": whose(found.whose),
        "also": [each.value for each in seen.also],
        "next": list(found.next),
        "notes": list(found.notes),
    }


def name(found: Entrance) -> str:
    """What was asked about, as people write it."""
    return found.asked.short if isinstance(found.asked, SubnetId) else attributed.address(found.asked)


def outlook(found: Outlook | None) -> dict[str, Any] | None:
    return {"verdict": found.verdict.value, "by": found.judge.value, "message": found.message} if found else None


def whose(found: Attribution | None) -> dict[str, Any] | None:
    """Who publishes an address, in short; `ranges who` has it all."""
    if found is None:
        return None
    return {
        "answer": found.answer.value,
        "publishedBy": [each.value for each in found.publishers],
        "explanation": attributed.explanation(found),
    }


def _evidence(found: Explanation) -> list[Row]:
    seen = found.diagnosis
    told = [
        ("said", seen.said),
        ("known from", seen.source),
        ("seen as", seen.address),
        ("subnet", seen.subnet),
        ("application", seen.client),
        ("object id", seen.object_id),
        ("lacks", seen.permission),
        ("on", seen.resource),
    ]
    rows = [Row(" ", label, (text,)) for label, text in told if text]
    if found.whose:
        rows += [Row(" ", "address", (attributed.explanation(found.whose)[0],))]
    return rows


def _headline(found: Entrance) -> str:
    now = _WORDS[found.now.verdict]
    if found.planned is None:
        return now
    if found.planned.verdict is found.now.verdict:
        return f"{now}, {_STAYING.get(found.now.verdict, 'with or without the plan')}"
    return f"{now}; with the plan it {_WORDS[found.planned.verdict]}"


def _outlooks(found: Entrance, page: Page) -> list[str]:
    now = page.paragraph(found.now.message)
    if found.planned is None or found.planned == found.now:
        return now
    return [*now, *page.paragraph(f"with the plan: {found.planned.message}", others="  ")]


def _row(ground: Ground, found: Entrance) -> Row:
    """A rule as a plan shows it."""
    subject, cells = diff.subject(ground.rule, ground.reason, found.vault.id)
    mark, style = (diff.MARKS[ground.action], ground.action.value) if ground.action else (" ", "")
    return Row(mark, subject, (*cells, *(() if ground.is_whole else ("names a part of it",))), style)


def rule(ground: Ground) -> dict[str, Any]:
    """What the document says of a rule beside its standing."""
    kind = "ip-rule" if isinstance(ground.rule, IpRule) else "virtual-network-rule"
    return {
        "kind": kind,
        "value": str(ground.rule),
        "change": ground.action.value if ground.action else None,
        "whole": ground.is_whole,
    }


def _next(steps: tuple[str, ...], page: Page) -> list[str]:
    """Commands in one piece each: one that is wrapped cannot be pasted."""
    if not steps:
        return []
    if len(steps) == 1:
        return [f"next: {page.show(steps[0])}"]
    return ["next:", *(f"  {page.show(each)}" for each in steps)]


def _notes(notes: tuple[str, ...], page: Page) -> list[str]:
    return [line for each in notes for line in page.paragraph(f"note: {each}", "quiet", others="  ")]


def _join(blocks: list[list[str]]) -> str:
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"

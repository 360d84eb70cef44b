"""What the rules of a check are about: a few paragraphs for each, on a terminal and on a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable

from netcfg.core.checks.check import Check
from netcfg.formats.page import Page

INDENT = "  "
WHAT = (
    "What `netcfg check` looks for in vaults, and `netcfg group check` in variable groups. "
    "`netcfg check --explain RULE` prints the same."
)


def text(checks: Iterable[Check], page: Page) -> str:
    """For somebody who has just seen a finding."""
    return "\n\n".join(_text(each, page) for each in checks) + "\n"


def markdown(checks: Iterable[Check]) -> str:
    """The page on which every rule is looked up."""
    found = list(checks)
    rows = [f"| [`{each.id}`](#{each.id}) | {each.severity.value} | {each.title} |" for each in found]
    head = ["# Findings", "", WHAT, ""]
    table = ["| rule | severity | what was found |", "|---|---|---|", *rows]
    return "\n".join([*head, *table, *(line for each in found for line in _section(each))]) + "\n"


def waiver(check: Check) -> list[str]:
    """A waiver in YAML, ready to be filled in; nothing where none holds."""
    if not check.example:
        return []
    lines = [
        (f"  - rule: {check.id}", ""),
        *([] if check.is_general else [("    vault: kv-payments", "left out: any vault")]),
        (f'    subject: "{check.example}"', "left out: whatever is found"),
        ("    reason: who lives with it, and why", ""),
        ("    until: 2027-03-31", "the last day; left out: for ever"),
    ]
    width = max(len(line) for line, said in lines if said)
    return ["waivers:", *(f"{line:{width}}  # {said}" if said else line for line, said in lines)]


def _text(check: Check, page: Page) -> str:
    paragraphs = [
        page.heading(check.id, f"· {check.severity.value}"),
        page.paragraph(check.title),
        page.paragraph(check.why),
        [page.paint("to mend it", "title"), *page.paragraph(check.mending)],
        [page.paint("to live with it", "title"), *page.paragraph(check.waiving)],
        [page.show(INDENT + each) for each in waiver(check)],
    ]
    return "\n\n".join("\n".join(each) for each in paragraphs if each)


def _section(check: Check) -> list[str]:
    ready = waiver(check)
    return [
        "",
        f"## {check.id}",
        "",
        f"**{check.title}** ({check.severity.value})",
        "",
        check.why,
        "",
        f"**To mend it.** {check.mending}",
        "",
        f"**To live with it.** {check.waiving}",
        *(["", "```yaml", *ready, "```"] if ready else []),
    ]

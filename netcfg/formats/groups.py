"""The variable groups that are linked to vaults, as text, as a document and for spreadsheets."""

from __future__ import annotations

import csv as spreadsheet
from io import StringIO
from itertools import groupby
from typing import Any

from netcfg.core.linking.library import PLAIN, Linked, Listing, Shelf
from netcfg.core.words import listed
from netcfg.formats import harmless, phrases
from netcfg.formats.page import Page, Row

INDENT = "  "
_BY_ID = "the service connections of {} are told by their ids"
HEADER = ("project", "group", "id", "vault", "connection", "secrets", "refreshed", "shared with")


def text(found: Listing, vaults: tuple[str, ...], page: Page) -> str:
    """A block for each project; `vaults` are those that were asked for, or none."""
    groups = found.named((), vaults)
    blocks = [
        [*page.paragraph(found.organization, "title"), *page.paragraph(_tally(found, groups))],
        *(
            [*page.paragraph(project, "title"), *page.listing(map(_row, members))]
            for project, members in groupby(groups, key=lambda each: each.group.project.name)
        ),
        [line for each in _said(found) for line in page.paragraph(each, "quiet", others=INDENT)],
        page.listing(
            Row("?", f"project {each.name}", (f"unknown, because {each.error}",), "set") for each in found.closed
        ),
        page.paragraph(f"next: netcfg group check --organization {found.organization}") if groups else [],
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"


def document(found: Listing, vaults: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the document of kind `groups` says."""
    groups = found.named((), vaults)
    return {
        "organization": found.organization,
        "groups": [group(each) for each in groups],
        "undetermined": [
            {"subject": f"variable groups of the project {each.name}", "reason": str(each.error)}
            for each in found.closed
        ],
        "notes": notes(found),
        "summary": {
            "projects": len(found.shelves),
            "groups": len(groups),
            "vaults": len({each.vault for each in groups}),
            "secrets": sum(len(each.group.mappings) for each in groups),
            "undetermined": len(found.closed),
            "status": found.status,
        },
    }


def csv(found: Listing, vaults: tuple[str, ...] = ()) -> str:
    """With a header, a line for each group; where the connection's name is not known its id stands."""
    written = StringIO()
    writer = spreadsheet.writer(written, lineterminator="\n")
    writer.writerow(HEADER)
    for each in found.named((), vaults):
        one = each.group
        cells = (one.project.name, one.name, str(one.id), one.vault, each.by, str(len(one.mappings)), one.refreshed)
        writer.writerow(map(harmless.cell, (*cells, ", ".join(each.others))))
    return written.getvalue()


def group(linked: Linked) -> dict[str, Any]:
    """One group, as every document of ours has it."""
    one = linked.group
    return {
        "id": one.id,
        "name": one.name,
        "project": one.project.name,
        "vault": one.vault,
        "connection": {"id": one.connection, "name": linked.connection.name if linked.connection else None},
        "secrets": len(one.mappings),
        "refreshed": one.refreshed or None,
        "sharedWith": list(linked.others),
    }


def notes(found: Listing) -> list[str]:
    """What is not told of the groups, and of which groups nothing is."""
    unread = [f"{_BY_ID.format(each.project.name)}, because {each.connections}" for each in found.unread]
    return [*unread, *_others(found)]


def _said(found: Listing) -> list[str]:
    """The same for people: projects of which it is not told for one reason are told together."""
    reasons: dict[str, list[Shelf]] = {}
    for each in found.unread:
        reasons.setdefault(str(each.connections).replace(repr(each.project.name), "PROJECT"), []).append(each)
    said = []
    for reason, same in reasons.items():
        why = reason if len(same) > 1 else str(same[0].connections)
        said.append(f"{_BY_ID.format(listed(each.project.name for each in same))}, because {why}")
    return [*said, *_others(found)]


def _others(found: Listing) -> list[str]:
    """The groups of which nothing is told."""
    said = []
    plain = sum(number for kind, number in found.others.items() if kind.casefold() == PLAIN.casefold())
    if plain:
        said.append(f"{phrases.count(plain, 'more variable group')} {_are(plain)} linked to no vault")
    for kind, number in found.others.items():
        if kind.casefold() != PLAIN.casefold():
            what = f"{phrases.count(number, 'more variable group')} {_are(number)}"
            said.append(f"{what} of the type {kind}, which netcfg does not know")
    return said


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _tally(found: Listing, groups: tuple[Linked, ...]) -> str:
    vaults = len({each.vault for each in groups})
    parts = [
        f"{phrases.count(len(groups), 'variable group')} linked to {phrases.count(vaults, 'vault')}",
        f"{phrases.count(len(found.shelves), 'project')} read",
        *([f"{phrases.count(len(found.closed), 'project')} unknown"] if found.closed else []),
    ]
    return " · ".join(parts)


def _row(linked: Linked) -> Row:
    one = linked.group
    refreshed = f"refreshed {one.refreshed[:10]}" if one.refreshed else "never refreshed"
    shared = [f"shared with {listed(linked.others)}"] if linked.others else []
    mapped = f"{phrases.count(len(one.mappings), 'secret') if one.mappings else 'no secrets'}, {refreshed}"
    cells = (one.vault, f"by {linked.by}", mapped, *shared)
    return Row(" ", one.name, cells)

"""A verification as text and as a document: what was seen from here, or by Azure DevOps, and what it proves.

No secret's name is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from netcfg.core.outcome import Outcome
from netcfg.core.proof import NotAsked, Proof
from netcfg.core.resources import VaultId
from netcfg.core.verification import Verification
from netcfg.core.words import listed
from netcfg.formats.page import Page, Row

HEADLINES = {0: ("works", "add"), 1: ("undetermined", "set"), 4: ("does not work", "refused")}


def text(found: Verification, page: Page) -> str:
    """The answer, what it rests on, and the next step."""
    return _written(found, _rows(found), page)


def proof_text(found: Proof, page: Page) -> str:
    """The answer of Azure DevOps, what it rests on, and the next step."""
    return _written(found, _proof_rows(found), page)


def headline(found: Verification | Proof) -> tuple[str, str]:
    """The vault, and how it stands with it."""
    words, _ = HEADLINES[found.status]
    cause = f": {found.obstacle.value.replace('-', ' ')}" if found.obstacle else ""
    if isinstance(found, Proof):
        return found.vault, f"{words} through Azure DevOps{cause}"
    return found.seen.vault, f"{words} from here{cause}"


def proof_document(found: Proof) -> dict[str, Any]:
    """What the document says where Azure DevOps was asked."""
    project = found.connection.project
    return {
        "vault": found.vault,
        "from": "azure-devops",
        "organization": project.organization,
        "project": project.name,
        "serviceConnection": found.connection.name,
        "obstacle": found.obstacle.value if found.obstacle else None,
        "open": found.open,
        "address": found.address or None,
        "publishedBy": list(found.publishers),
        "geography": found.geographies[0].id if found.geographies else None,
        "message": found.message,
        "fix": found.fix,
        "commands": _commands(found),
        "notes": list(found.notes),
    }


def reading(outcome: Outcome) -> dict[str, Any] | None:
    """What the document of an apply says of a vault beside its firewall, where Azure DevOps was to read it."""
    if outcome.unasked:
        return {"asked": False, "reason": outcome.unasked.reason, "undetermined": outcome.unasked.is_lost}
    return proof_document(outcome.proof) if outcome.proof else None


def warnings(ways: Mapping[VaultId, object]) -> list[str]:
    """Of which vaults it will not be proved what is about to be written to them, and why, each reason once."""
    lost: dict[str, list[str]] = {}
    for vault, way in ways.items():
        if isinstance(way, NotAsked) and way.is_lost:
            lost.setdefault(way.reason, []).append(vault.name)
    return [
        f"Azure DevOps will not be made to read {listed(sorted(names))}, so the status will be 7 at best: {reason}"
        for reason, names in sorted(lost.items())
    ]


def document(found: Verification) -> dict[str, Any]:
    """What the document of kind `verification` says. It tells no time, so that two runs print the same."""
    seen = found.seen
    return {
        "vault": seen.vault,
        "from": "here",
        "host": seen.host,
        "addresses": _sorted(seen.lookup.addresses),
        "resolution": seen.lookup.resolution.value,
        "connectedTo": seen.address or None,
        "proxy": seen.proxy or None,
        "tenant": seen.bearer.tenant if seen.bearer else None,
        "obstacle": found.obstacle.value if found.obstacle else None,
        "open": found.open,
        "clientAddress": found.client.address,
        "clientSubnet": found.client.subnet,
        "message": found.message,
        "fix": found.fix,
        "commands": _commands(found),
        "notes": list(found.notes),
    }


def _commands(found: Verification | Proof) -> list[str]:
    return list(found.remedy.commands) if found.remedy else []


def _written(found: Verification | Proof, rows: list[Row], page: Page) -> str:
    name, standing = headline(found)
    _, style = HEADLINES[found.status]
    blocks = [
        [*page.heading(name, standing, style), *page.paragraph(found.message)],
        page.listing(rows),
        page.steps(f"next: {found.remedy.words}", found.remedy.commands) if found.remedy else [],
        [line for each in found.notes for line in page.paragraph(f"note: {each}", "quiet", others="  ")],
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"


def _proof_rows(found: Proof) -> list[Row]:
    project = found.connection.project
    rows = [Row(" ", "read by", (f"{found.connection.name} of {project.name} in {project.organization}",))]
    rows += [Row(" ", "came from", (found.address,))] if found.address else []
    if found.whose:
        places = ", ".join(each.name for each in found.geographies)
        by = ", ".join(each.replace("-", " ") for each in found.publishers)
        rows.append(Row(" ", "published", (f"for {places}" if places else "", f"by {by}" if by else "by nobody")))
    return rows


def _rows(found: Verification) -> list[Row]:
    seen = found.seen
    resolution = seen.lookup.resolution.value
    rows = [Row(" ", "name", (seen.host,))]
    if seen.lookup.addresses:
        rows += [Row(" ", "resolves to", (f"{', '.join(_sorted(seen.lookup.addresses))} ({resolution})",))]
    else:
        rows += [Row(" ", "resolves", (f"not ({resolution})",))]
    rows += [Row(" ", "through", (f"the proxy {seen.proxy}",))] if seen.proxy else []
    rows += [Row(" ", "seen as", (str(found.client),))] if found.client.address else []
    return rows


def _sorted(addresses: tuple[str, ...]) -> list[str]:
    """In an order that does not change with the look-up."""
    parsed = [ip_address(each) for each in addresses]
    return [str(each) for each in sorted(parsed, key=lambda each: (each.version, int(each)))]

"""A verification as text and as a document: what was seen from here, and what it proves. No secret's name is in it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from netcfg.core.verification import Verification
from netcfg.formats.page import Page, Row

HEADLINES = {0: ("works", "add"), 1: ("undetermined", "set"), 4: ("does not work", "refused")}


def text(found: Verification, page: Page) -> str:
    """The answer, what it rests on, and the next step."""
    words, style = HEADLINES[found.status]
    cause = f": {found.obstacle.value.replace('-', ' ')}" if found.obstacle else ""
    blocks = [
        [*page.heading(found.seen.vault, f"{words} from here{cause}", style), *page.paragraph(found.message)],
        page.listing(_rows(found)),
        page.paragraph(f"next: {found.fix}") if found.fix else [],
        [line for each in found.notes for line in page.paragraph(f"note: {each}", "quiet", others="  ")],
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"


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
        "notes": list(found.notes),
    }


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

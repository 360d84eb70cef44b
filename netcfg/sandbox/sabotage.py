"""Publishers that misbehave on purpose: for each place one fault, from the world or from a test.

`state["publishers"]["faults"] = {"page-source": "garbage", "tag-file": "redirect-elsewhere"}`; nothing is drawn here,
a fault lasts until it is taken away. Odds of misbehaviour that any request may meet are in `faults`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Request
from netcfg.sandbox.ids import Document
from netcfg.sandbox.publishing import editions

_ANYWHERE = {
    "garbage": "bytes that are no text",
    "truncated": "the first part, as if that were all",
    "nested": "a hundred thousand brackets, quotes or elements inside each other",
    "wrong-type": "the right bytes as image/png",
    "too-long": "51 MB: what is published, and blanks after it",
    "redirect-elsewhere": "a redirect to the same path at https://example.org",
    "redirect-within": "a redirect on the same host, and the right answer there",
    "not-found": "404",
    "server-error": "500",
}
_PAGES = {"no-inbound-table": "everything but the inbound table"}
_LINKS = {
    "no-link": "a download page that links to no file",
    "link-elsewhere": "a download page that links to the file at https://example.org",
}
_RANGES = {
    "unknown-region": "one more range, in a region Atlantis",
    "private-range": "one more range in Northern Europe: 10.20.0.0/24",
    "broad-range": "one more range in Northern Europe: 191.8.0.0/13",
}
KNOWN = {
    "page-source": _ANYWHERE | _PAGES | _RANGES,
    "rendered-page": _ANYWHERE | _PAGES | _RANGES,
    "download-page": _ANYWHERE | _LINKS,
    "tag-file": _ANYWHERE | _RANGES,
    "tag-service": _ANYWHERE | _RANGES,
}
ELSEWHERE = "https://example.org"

_ADDED = {
    "unknown-region": ("Atlantis", "Atlantis", "191.10.200.0/24"),
    "private-range": ("North Europe", "NorthEurope", "10.20.0.0/24"),
    "broad-range": ("North Europe", "NorthEurope", "191.8.0.0/13"),
}
_TOO_LONG = 51_000_000
_DEEP = 100_000
_HERE = "redirected"  # in the query of an address that was redirected to


def check(publishers: Document) -> None:
    """A place or a fault that does not exist is a `ValueError` that lists those that do."""
    for place, fault in publishers.get("faults", {}).items():
        if place not in KNOWN:
            raise ValueError(f"no publisher's place {place!r}; there are {', '.join(KNOWN)}")
        if fault not in KNOWN[place]:
            raise ValueError(f"the place {place} has no fault {fault!r}; there are {', '.join(KNOWN[place])}")


def fault_of(state: Document, place: str) -> str:
    """The fault of that place, or `""` for one that behaves."""
    fault: str = state["publishers"].get("faults", {}).get(place, "")
    return fault


def spoil_table(fault: str, table: Document) -> Document:
    """The table as a place with this fault has it."""
    if fault == "no-inbound-table":
        return {**table, "inbound": []}
    if fault in _ADDED:
        region, _, prefix = _ADDED[fault]
        return editions.with_rows(table, [["Europe", region, prefix]])
    return table


def spoil_tags(fault: str, edition: Document) -> Document:
    """The service tags as a place with this fault has them."""
    if fault in _ADDED:
        _, region, prefix = _ADDED[fault]
        return editions.with_ranges(edition, {region: [prefix]})
    return edition


def serve(
    fault: str, request: Request, content: bytes, finish: Callable[[bytes], Answer], keep: int | None = None
) -> Answer:
    """What a place with this fault answers, where one without would `finish` the content.

    Spoilt content is finished too, so garbage has an ETag like anything else, and who keeps that is told 304 next
    time. `keep` bytes are left of what is truncated, else half of it.
    """
    if instead := _instead(fault, request):
        return instead
    answer = finish(_spoilt(fault, content, len(content) // 2 if keep is None else keep))
    if answer.status != 200:
        return answer
    if fault == "wrong-type":
        return replace(answer, headers={**answer.headers, "content-type": "image/png"})
    return replace(answer, padding=_TOO_LONG if fault == "too-long" else 0)


def _instead(fault: str, request: Request) -> Answer | None:
    match fault:
        case "redirect-elsewhere":
            return Answer(status=301, headers={"location": f"{ELSEWHERE}{request.path}"})
        case "redirect-within" if _HERE not in request.query:
            query = "".join(f"{name}={value}&" for name, value in request.query.items())
            return Answer(status=302, headers={"location": f"{request.path}?{query}{_HERE}=1"})
        case "not-found":
            return Answer("404 - File or directory not found.", 404, {"content-type": "text/html"})
        case "server-error":
            return Answer("500 - Internal server error.", 500, {"content-type": "text/html"})
        case _:
            return None


def _spoilt(fault: str, content: bytes, keep: int) -> bytes:
    match fault:
        case "garbage":
            return bytes(range(255, -1, -1)) * 16
        case "truncated":
            return content[:keep]
        case "nested":
            return _nested(content) * _DEEP
        case _:
            return content


def _nested(content: bytes) -> bytes:
    """What opens once more: a list, an element, or a block quote."""
    return {b"{": b'{"values": [', b"<": b"<div>"}.get(content[:1], b"> ")

"""The section of the documentation page that tells which addresses Azure DevOps comes from, in either of its forms."""

from __future__ import annotations

from dataclasses import dataclass

Table = tuple[tuple[str, ...], ...]  # rows of cells, the first of them the header

_HEADING = "inboundconnections"


@dataclass(frozen=True)
class Section:
    """The tables under the heading "Inbound connections", and the day that the page gives for itself.

    `dated` is the name of the field that told the day, and the text found there; `None` where the page tells none.
    `is_ended` is whether another heading follows, as on every page known: without one the page may be cut off.
    """

    tables: tuple[Table, ...]
    dated: tuple[str, str] | None
    is_ended: bool


def starts_with(heading: str) -> bool:
    """Whether this heading opens the section; any other one ends it."""
    return fold(heading) == _HEADING


def fold(text: str) -> str:
    """`IP V4 ranges` and `IPv4 Ranges` are one text."""
    return "".join(each for each in text.casefold() if each.isalnum())


def tidy(text: str) -> str:
    """A cell as people read it: one space for any number of blanks and line breaks, none around it."""
    return " ".join(text.split())

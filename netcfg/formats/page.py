"""The page that text is laid out on: columns, wrapping, colour, and what to do where only ASCII can be shown.

Every string goes through `Page.show`, so none reaches a reader as it came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

from netcfg.formats import harmless

GAP = "  "
WIDEST_SUBJECT = 40
WIDEST_CELL = 48  # what is longer is a sentence, and no column is made for it
NARROWEST = 24  # columns that text needs beside a subject; with less it goes below, a little indented

_STYLES = {"add": "32", "remove": "31", "set": "33", "refused": "1;31", "title": "1", "quiet": "2"}
_ASCII = str.maketrans({"→": "->", "·": "-", "…": "...", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"'})


@dataclass(frozen=True)
class Row:
    """A line of a listing: what it is about behind its mark, then what is said of it, the most important first.

    `command` stands below, in one piece however long it is: one that is wrapped cannot be pasted into a shell.
    """

    mark: str
    subject: str
    cells: tuple[str, ...]
    style: str = ""
    command: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", tuple(self.cells))


@dataclass(frozen=True)
class Page:
    """How wide it is, and what it can show; colour adds nothing that the words do not say."""

    width: int = 80
    colour: bool = False
    ascii_only: bool = False

    def show(self, text: str) -> str:
        """The text made harmless, in characters that this page has."""
        shown = harmless.line(text)
        return shown.translate(_ASCII).encode("ascii", "backslashreplace").decode() if self.ascii_only else shown

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour and style and text else text

    def paragraph(self, text: str, style: str = "", first: str = "", others: str = "") -> list[str]:
        """The text, wrapped between words; a word that is wider than the page stays whole."""
        room = max(self.width - max(len(first), len(others)), 1)
        line, *more = _wrap(self.show(text), room)
        return [first + self.paint(line, style), *(others + self.paint(each, style) for each in more)]

    def steps(self, words: str, commands: Iterable[str], lead: str = "") -> list[str]:
        """What to do next, and below it the commands, in one piece each: one that is wrapped cannot be pasted."""
        shown = [f"{lead}{GAP}{self.show(each)}" for each in commands]
        return [*self.paragraph(f"{words}:" if shown else words, first=lead, others=lead), *shown]

    def heading(self, title: str, words: str, style: str = "") -> list[str]:
        """A title that is never cut, and what is said of it beside it or, when it is long, below."""
        shown, said = self.show(title), self.show(words)
        room = self.width - columns_of(shown) - 1
        if columns_of(said) > room and room < NARROWEST:
            return [self.paint(shown, "title"), *self.paragraph(words, style, first=GAP, others=GAP)]
        first, *others = (self.paint(each, style) for each in _wrap(said, room))
        return [f"{self.paint(shown, 'title')} {first}".rstrip(), *(GAP + each for each in others)]

    def listing(self, rows: Iterable[Row]) -> list[str]:
        """The rows in aligned columns. What does not fit goes below its row; subjects are never cut."""
        shown = [self._shown(row) for row in rows]
        margin = len("+ ") + self._subject_width(shown) + len(GAP)
        if self.width - margin < NARROWEST:
            margin = len("+ ") + len(GAP)
        columns = _column_widths(shown, self.width - margin)
        return [line for row in shown for line in (*self._lay_out(row, margin, columns), *_below(row, margin))]

    def _shown(self, row: Row) -> Row:
        cells = tuple(self.show(each) for each in row.cells)
        return Row(row.mark, self.show(row.subject), cells, row.style, self.show(row.command))

    def _subject_width(self, rows: Iterable[Row]) -> int:
        """The widest subject that leaves room beside it; a wider one has its line to itself."""
        widest = max(min(self.width // 4, WIDEST_SUBJECT), 18)  # 255.255.255.255/32 has 18 characters
        return max((size for row in rows if (size := columns_of(row.subject)) <= widest), default=0)

    def _lay_out(self, row: Row, margin: int, columns: tuple[int, ...]) -> list[str]:
        lead = f"{row.mark} {row.subject}".rstrip()
        first, *others = [self._quieten(each, row) for each in _fill(row.cells, columns, self.width - margin)] or [""]
        padding = margin - columns_of(lead)
        if first and padding < len(GAP):
            return [self.paint(lead, row.style), *(" " * margin + each for each in [first, *others])]
        lines = [self.paint(lead, row.style) + " " * padding + first, *(" " * margin + each for each in others)]
        return [each.rstrip() for each in lines]

    def _quieten(self, text: str, row: Row) -> str:
        return self.paint(text, row.style if row.style == "quiet" else "")


def columns_of(text: str) -> int:
    """How many columns of a terminal the text takes: East Asian letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1 for each in text)


def _below(row: Row, margin: int) -> list[str]:
    return [" " * margin + row.command] if row.command else []


def _column_widths(rows: list[Row], room: int) -> tuple[int, ...]:
    """The widths of all columns but the last. A sentence, or a cell that pushes out its neighbour, does not count."""
    most = max((len(row.cells) for row in rows), default=0)
    widths = []
    for index in range(most - 1):
        beside = [row for row in rows if any(row.cells[index + 1 :]) and columns_of(row.cells[index]) <= WIDEST_CELL]
        widest = room - len(GAP) - max((columns_of(row.cells[index + 1]) for row in beside), default=0)
        widths.append(max((size for row in beside if (size := columns_of(row.cells[index])) <= widest), default=0))
    return tuple(widths)


def _fill(cells: tuple[str, ...], columns: tuple[int, ...], room: int) -> list[str]:
    """The lines right of a subject: as many cells side by side as fit, the others below, wrapped."""
    for count in range(len(cells), 0, -1):
        together = _pad(cells[:count], columns)
        if columns_of(together) <= room:
            return [together, *(each for cell in cells[count:] if cell for each in _wrap(cell, room))]
    return [each for cell in cells if cell for each in _wrap(cell, room)]


def _pad(cells: tuple[str, ...], columns: tuple[int, ...]) -> str:
    padded = (each + " " * (width - columns_of(each)) for each, width in zip(cells, (*columns, 0), strict=False))
    return GAP.join(padded).rstrip()


def _wrap(text: str, room: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and columns_of(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines

"""The values of a JSON text one by one: lines, a long array, or the records of an object, without all of it at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder

from netcfg.core.errors import AuditLogUnreadable

LONGEST = 1 << 27  # characters of one value; a result of Log Analytics is a single one, and has 100 MiB at most
_GAP = re.compile(r"[\s,]*")
_RECORDS = re.compile(r'\{\s*"records"\s*:\s*\[')
_NEAR = 64  # characters; whoever stops so close to the end may lack what comes after it


class _Cut(Exception):
    """The text ends within a value."""


class Values:
    """Iterated once. `is_cut` tells afterwards whether the text ends within a value, which is then left out."""

    def __init__(self, found: Iterator[str], file: str) -> None:
        self._found, self._file = found, file
        self._text, self._at, self._line = "", 0, 1
        self._decoder = JSONDecoder()
        self.is_cut = False

    def __iter__(self) -> Iterator[object]:
        try:
            while self._is_more():
                yield from self._next()
        except _Cut:
            self.is_cut = True

    def _next(self) -> Iterator[object]:
        while len(self._text) - self._at < _NEAR and self._fill():
            pass
        if self._text[self._at] == "[":
            self._at += 1
            yield from self._elements()
        elif found := _RECORDS.match(self._text, self._at):
            self._at = found.end()
            yield from self._elements()
            self._finish()
        else:
            yield self._value()

    def _elements(self) -> Iterator[object]:
        while self._is_more():
            if self._text[self._at] == "]":
                self._at += 1
                return
            yield self._value()
        raise _Cut

    def _finish(self) -> None:
        """Leave the object whose records were read; what else it has is read as an object of its own."""
        if not self._is_more():
            raise _Cut
        self._text, self._at = "{" + self._text[self._at :], 0
        self._value()

    def _is_more(self) -> bool:
        """Go to the next value; whether there is one."""
        while True:
            found = _GAP.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return True
            if not self._fill():
                return False

    def _value(self) -> object:
        while True:
            try:
                value, self._at = self._decoder.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                if not self._is_short(error):
                    raise self._damaged(error.pos, error.msg.lower()) from None
                self._extend()
            except (ValueError, RecursionError) as error:  # a number of thousands of digits, or a bottomless pit
                raise self._damaged(self._at, str(error).partition(":")[0].lower()) from None
            else:
                return value

    def _is_short(self, error: JSONDecodeError) -> bool:
        """Whether what is missing may be in what was not read yet."""
        return error.pos >= len(self._text) - _NEAR or error.msg.startswith("Unterminated string")

    def _extend(self) -> None:
        """Read twice as much: a long value is then tried a few times only."""
        wanted = 2 * (len(self._text) - self._at)
        if wanted > 2 * LONGEST:
            raise self._damaged(self._at, f"what begins there has more than {LONGEST:,} characters")
        if not self._fill():
            raise _Cut
        while len(self._text) < wanted and self._fill():
            pass

    def _fill(self) -> bool:
        piece = next(self._found, None)
        if piece is None:
            return False
        self._line += self._text.count("\n", 0, self._at)
        self._text, self._at = self._text[self._at :] + piece, 0
        return True

    def _damaged(self, at: int, reason: str) -> AuditLogUnreadable:
        line = self._line + self._text.count("\n", 0, at)
        return AuditLogUnreadable(self._file, f"line {line} is no JSON: {reason}", "export it anew, or mend that line")

"""Pasted text: an error message as people have it, freed of what a log, a terminal, JSON or a screen did to it."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from dataclasses import dataclass
from functools import cached_property

# As many as four times escaping makes of one, and no more: a run of any length would have to be read again and again.
_SLASHES = r"(?<!\\)\\{1,16}"

# Colours of a terminal, as they are and as logs and JSON spell them.
_COLOUR = re.compile(rf"(?:\x1b|\u241b|{_SLASHES}(?:u001b|x1b|033|e))\[[0-9;?]{{0,20}}[A-Za-z]", re.IGNORECASE)
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_ENTITY = re.compile(r"&(?:amp;){0,4}(quot|#34|#x22|apos|#39|#x27|lt|gt|amp|nbsp|#x0*[ad]|#1[03]);", re.IGNORECASE)
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&"} | dict.fromkeys(("quot", "#34", "#x22"), '"')
_ENTITIES |= dict.fromkeys(("apos", "#39", "#x27"), "'")
_BY_NUMBER = re.compile(rf"{_SLASHES}u([0-9a-f]{{4}})", re.IGNORECASE)
_LINE_END = re.compile(rf"{_SLASHES}r\\{{1,16}}n|{_SLASHES}[rnt]")
_ESCAPED = re.compile(rf"""{_SLASHES}(["'/])""")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

# What stands before the words of a line: the frames of Terraform and PowerShell, the times of a log, the marks of a
# runner. A message that goes on in the next line goes on behind it.
_LEAD = re.compile(
    r"^ ?(?:(?:"
    r"[\u2500-\u257f>]|\d{0,6} ?\|"
    r"|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)?\]?(?=\s)"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?(?=\s)"
    r"|\#\#\[\w{1,20}\]|\#\#vso\[[^\]\n]{0,2000}\]|::\w{1,20}[^:\n]{0,2000}::"
    r") ?)+",
    re.MULTILINE,
)
_BLANKS = re.compile(r"[^\S\n]+")


@dataclass(frozen=True)
class Pasted:
    """The words of a text, those of one line with one blank between them."""

    text: str

    @cached_property
    def tight(self) -> str:
        """All of it without blanks and line ends: a terminal breaks lines within words, and a log between them."""
        return "".join(self.text.split())

    @cached_property
    def lowered(self) -> str:
        """The same in lower case, letter by letter, so that a place here is the place there."""
        return self.tight.translate(_LOWER)

    def stretch(self, start: int, end: int) -> str:
        """What stands in `tight` from `start` to `end`, with its blanks and line ends."""
        seen, first = 0, len(self.text)
        for at, character in enumerate(self.text):
            if character.isspace():
                continue
            first = at if seen == start else first
            seen += 1
            if seen == end:
                return self.text[first : at + 1]
        return self.text[first:]

    def between(self, start: int, end: int) -> str:
        """The same as one line."""
        return " ".join(self.stretch(start, end).split())


def read(text: str) -> Pasted:
    """What is left of a text when all is gone that only shows it."""
    bare = _INVISIBLE.sub("", _COLOUR.sub("", text).translate(_QUOTES))
    plain = _ENTITY.sub(lambda found: _ENTITIES.get(found[1].lower(), " "), bare)
    plain = _BY_NUMBER.sub(lambda found: _shown(int(found[1], 16)), plain)
    plain = _ESCAPED.sub(r"\1", _LINE_END.sub("\n", plain)).replace("\r", "\n")
    return Pasted(_LEAD.sub("", _BLANKS.sub(" ", plain)))


def _shown(code: int) -> str:
    character = chr(code)
    return character.translate(_QUOTES) if character.isprintable() else " "


def decode(data: bytes) -> str:
    """The text of a file or a pipe that says nothing of its encoding; what cannot be read is a replacement sign.

    Windows PowerShell writes UTF-16 into files, some of it without the mark that says so.
    """
    for mark, encoding in ((BOM_UTF32_LE, "utf-32"), (BOM_UTF32_BE, "utf-32")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if data[1::2].count(0) * 3 > len(data):
        return data.decode("utf-16-le", "replace")
    if data[::2].count(0) * 3 > len(data):
        return data.decode("utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Who cut a text off did it anywhere; all else that is no UTF-8 is most likely Windows'.
        is_cut = error.start >= len(data) - 3
        return data.decode("utf-8-sig" if is_cut else "cp1252", "replace")

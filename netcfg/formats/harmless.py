"""Strings that somebody else chose, made harmless: they reach a terminal, a pipeline's log or a comment as mere text.

Every replacement can be seen. A token that an invisible character breaks looks whole to a reader, and a runner that
compares by culture may skip that character and obey after all.
"""

from __future__ import annotations

import re
from unicodedata import category

# Characters without a shape of their own: controls, formats such as the one that turns the direction of writing,
# surrogates, private and unassigned ones, and the separators of lines and paragraphs.
_SHAPELESS = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))

# Letters and marks that are drawn as nothing: Unicode's Default_Ignorable_Code_Point beyond the categories above.
_IGNORABLE = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x3164, 0x3164),
        (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)  # fmt: skip

# The agent of Azure Pipelines obeys `##vso[` and `##[` anywhere in a line; GitHub's runner obeys `##[` anywhere, and
# `::` where a line begins. Wrapping can put any word there.
_PIPELINES_COMMAND = re.compile(r"#(?=#)")
_GITHUB_COMMAND = re.compile(r"(?<!\S):(?=:)")

_MARKUP = re.compile(r"[\\`*_{}\[\]|~#!$]")
_MENTION = re.compile(r"(?<!\w)@(?=\S)")
_LEADING = re.compile(r"^(?:[-+=]|\d+(?=[.)]))")
_BACKTICKS = re.compile(r"`+")


def line(text: str) -> str:
    """The text as one line that no terminal and no runner obeys."""
    is_plain = text.isascii() and text.isprintable()  # nearly all are, and a fleet's report has a million characters
    shown = text if is_plain else "".join(_show(each) for each in text)
    return _GITHUB_COMMAND.sub(r":\\", _PIPELINES_COMMAND.sub(r"#\\", shown))


def _show(character: str) -> str:
    if category(character) in _SHAPELESS or character in _IGNORABLE:
        return character.encode("unicode_escape").decode()
    return character


def prose(text: str) -> str:
    """The text for a paragraph of Markdown: no markup, no HTML, and nobody is notified by an `@name` in it."""
    unmentioned = _MENTION.sub(r"@\\", line(text).strip())
    escaped = _LEADING.sub(_number, _MARKUP.sub(r"\\\g<0>", unmentioned).replace("&", "&amp;"))
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def _number(found: re.Match[str]) -> str:
    """The first character by its number: what begins a list or underlines a heading then no longer does."""
    return f"&#{ord(found[0][0])};{found[0][1:]}"


def code(text: str) -> str:
    """The text as a code span of Markdown, whatever backticks it holds."""
    shown = line(text)
    mark = "`" * (_longest(shown) + 1)
    space = " " if shown.startswith(("`", " ")) or shown.endswith(("`", " ")) or not shown else ""
    return f"{mark}{space}{shown}{space}{mark}"


def fence(lines: list[str], language: str) -> list[str]:
    """The lines as a block of Markdown that none of them can close."""
    mark = "`" * max([3, *(_longest(each) + 1 for each in lines)])
    return [f"{mark}{language}", *lines, mark]


def _longest(text: str) -> int:
    return max((len(each) for each in _BACKTICKS.findall(text)), default=0)


def cell(text: str) -> str:
    """The text for a spreadsheet, which takes what begins with one of these signs for a formula."""
    shown = line(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown

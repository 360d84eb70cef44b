"""The documentation page as its authors keep it: Markdown with front matter, block quotes, tabs and moniker fences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from netcfg.core.errors import BadEdition
from netcfg.sources.inbound import Section, Table, starts_with, tidy
from netcfg.sources.publication import quote

_FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<fields>.*?\n)---[ \t]*(?:\n|\Z)", re.DOTALL)
_DATE = re.compile(r"^ms\.date[ \t]*:[ \t]*(?P<text>[^#\n]*)", re.MULTILINE)
# A fence is no Markdown: right below a table it would be read as one more row of it.
# https://learn.microsoft.com/contribute/content/markdown-reference
_FENCE = re.compile(r"^(?P<quoted>[ \t>]*):::.*$", re.MULTILINE)
_HTML_HEADING = re.compile(r"<h[1-6][\s>]", re.IGNORECASE)
_CELL_BORDER = re.compile(r"(?<!\\)\|")


def read(text: str, where: str) -> Section:
    """The inbound section of the Markdown in `text`; a row that would be lost on the way is an error."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    front = _FRONT_MATTER.match(text)
    body = _FENCE.sub(r"\g<quoted>", text[front.end() :] if front else text)
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    date = _DATE.search(front["fields"]) if front else None
    dated = ("ms.date", date["text"].strip().strip("'\"")) if date else None
    return Section(tuple(_tables(tokens, body.split("\n"), where)), dated, _is_ended(tokens))


def _is_ended(tokens: Sequence[Token]) -> bool:
    headings = [starts_with(_text(tokens[at + 1])) for at, token in enumerate(tokens) if token.type == "heading_open"]
    return any(headings) and not headings[-1]


def _tables(tokens: Sequence[Token], lines: Sequence[str], where: str) -> Iterator[Table]:
    is_inbound = False
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            is_inbound = starts_with(_text(tokens[index + 1]))
        elif token.type == "html_block" and _HTML_HEADING.search(token.content):
            is_inbound = False
        elif is_inbound and token.type == "table_open":
            yield _table(tokens[index:], lines, where)
        elif is_inbound and token.type == "paragraph_open":
            _check_no_row(tokens[index + 1], where)


def _table(tokens: Sequence[Token], lines: Sequence[str], where: str) -> Table:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
            if len(rows) > 1 and token.map:
                _check_no_surplus(lines[token.map[0]], len(rows[0]), where)
        elif token.type == "inline":
            rows[-1].append(_text(token))
    return tuple(tuple(row) for row in rows)


def _text(inline: Token) -> str:
    """What a reader sees. Two pieces with markup between them are not one word: `20.1.2.0/2<br>4` is no /24."""
    seen = ("text", "code_inline")
    return tidy("".join(each.content if each.type in seen else " " for each in inline.children or ()))


def _check_no_surplus(line: str, columns: int, where: str) -> None:
    """Markdown drops the cells that a row has more than the header, and with them perhaps a range."""
    row = line.strip(" \t>").removeprefix("|").removesuffix("|")
    if len(_CELL_BORDER.split(row)) > columns:
        raise BadEdition(where, f"the row {quote(tidy(line))} has more cells than the {columns} of its header")


def _check_no_row(paragraph: Token, where: str) -> None:
    """A fence or a blank line in the midst of a table makes the rest of its rows mere text."""
    for line in paragraph.content.splitlines():
        if line.lstrip().startswith("|"):
            raise BadEdition(where, f"the row {quote(tidy(line))} is outside the inbound table")

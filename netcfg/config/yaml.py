"""YAML as a configuration needs it: every value with its line, and nothing that is read otherwise than it looks.

Only the syntax is another's. What a plain scalar means is YAML 1.2, where `NO` and `12:30` are text; tags, merge keys,
a key that is there twice and a second document are refused, because people do not see what becomes of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from netcfg.core.errors import BadConfiguration, BadYaml, DuplicateKey
from netcfg.core.target import Location

DEEPEST = 16
MOST_VALUES = 50_000  # aliases count as what they stand for, so that ten lines cannot become a billion values

_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_HALF = re.compile("[\ud800-\udfff]")
_BROKEN = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")


@dataclass(frozen=True)
class Node:
    """A value and the line it stands on: that of its key, if it has one.

    `value` is a mapping of nodes, a tuple of nodes, text, a number, true, false, or `None` where nothing is written.
    """

    value: Mapping[str, Node] | tuple[Node, ...] | str | int | float | bool | None
    line: int
    size: int = 1

    @property
    def plain(self) -> Any:
        """The value without the lines."""
        match self.value:
            case Mapping():
                return {key: each.plain for key, each in self.value.items()}
            case tuple():
                return [each.plain for each in self.value]
            case _:
                return self.value


def parse(text: str, file: str) -> Node:
    """The one document that `text` is; whatever is wrong with it is a `BadConfiguration` that names the line."""
    try:
        return _Builder(YAML(typ="safe", pure=True).parse(text), file).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(filter(None, (error.context, error.problem)))
        raise BadConfiguration([(Location(file, mark.line + 1 if mark else 1), "", BadYaml(reason))]) from error
    except (YAMLError, ValueError, OverflowError) as error:
        # A character that no YAML may hold, or an escape that stands for none; only the former says where.
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        reason = "it holds a character, or an escape that stands for one, that no YAML may hold"
        raise BadConfiguration([(Location(file, line), "", BadYaml(reason))]) from error


class _Builder:
    """Makes nodes of events, each as it comes, so that what is too deep or too much is never built."""

    def __init__(self, events: Iterator[Any], file: str) -> None:
        self._events = events
        self._file = file
        self._anchors: dict[str, Node] = {}
        self._size = 0

    def document(self) -> Node:
        self._expect(StreamStartEvent)
        start = next(self._events)
        if isinstance(start, StreamEndEvent):
            return Node(None, 1)
        if start.version or start.tags:
            raise self._fault(1, BadYaml("it begins with a directive; YAML 1.2 is what is read, leave it out"))
        root = self._node(next(self._events), 0)
        self._expect(DocumentEndEvent)
        after = next(self._events)
        if isinstance(after, DocumentStartEvent):
            raise self._fault(_line(after), BadYaml("a second document begins here; one is read, give each its file"))
        return root

    def _node(self, event: NodeEvent, depth: int) -> Node:
        line = _line(event)
        self._check_text(event, line)
        if depth > DEEPEST:
            raise self._fault(line, BadYaml(f"it is nested more than {DEEPEST} deep, and no configuration is"))
        if isinstance(event, AliasEvent):
            node = self._alias(event)
        elif tag := getattr(event, "tag", None):
            raise self._fault(line, BadYaml(f"the tag {tag} is not read; leave it out, the key says what it is"))
        else:
            node = self._fresh(event, line, depth)
            if event.anchor:
                self._anchors[event.anchor] = node
        return node

    def _fresh(self, event: NodeEvent, line: int, depth: int) -> Node:
        match event:
            case MappingStartEvent():
                return self._mapping(line, depth)
            case SequenceStartEvent():
                return self._sequence(line, depth)
            case ScalarEvent():
                self._count(1, line)
                return Node(_meaning(event.value) if event.implicit[0] else event.value, line)
            case _:
                raise self._fault(line, BadYaml("a value is expected here"))

    def _alias(self, event: AliasEvent) -> Node:
        line = _line(event)
        if event.anchor not in self._anchors:
            raise self._fault(line, BadYaml(f"*{event.anchor} stands for nothing: no &{event.anchor} ends before it"))
        node = self._anchors[event.anchor]
        self._count(node.size, line)
        return replace(node, line=line)

    def _mapping(self, line: int, depth: int) -> Node:
        found: dict[str, Node] = {}
        while not _ends(event := next(self._events)):
            at = _line(event)
            self._check_text(event, at)
            if not isinstance(event, ScalarEvent) or event.tag or event.anchor:
                raise self._fault(at, BadYaml("a key is expected here: a word, and a colon after it"))
            if event.value == "<<" and event.implicit[0]:
                raise self._fault(at, BadYaml("the merge key << is not read; write out what it stands for"))
            if event.value in found:
                raise self._fault(at, DuplicateKey(event.value, found[event.value].line))
            self._count(1, at)
            found[event.value] = replace(self._node(next(self._events), depth + 1), line=at)
        return Node(found, line, 1 + sum(each.size for each in found.values()))

    def _sequence(self, line: int, depth: int) -> Node:
        found: list[Node] = []
        while not _ends(event := next(self._events)):
            found.append(self._node(event, depth + 1))
        return Node(tuple(found), line, 1 + sum(each.size for each in found))

    def _check_text(self, event: object, line: int) -> None:
        if isinstance(event, ScalarEvent) and _HALF.search(event.value):
            raise self._fault(line, BadYaml("an escape here stands for half a character; write the character itself"))

    def _count(self, size: int, line: int) -> None:
        self._size += size
        if self._size > MOST_VALUES:
            raise self._fault(line, BadYaml(f"there are more than {MOST_VALUES:,} values up to here"))

    def _expect(self, kind: type) -> None:
        if not isinstance(next(self._events), kind):
            raise self._fault(1, BadYaml("it is not one document"))

    def _fault(self, line: int, error: BadYaml | DuplicateKey) -> BadConfiguration:
        return BadConfiguration([(Location(self._file, line), "", error)])


def _meaning(text: str) -> str | int | float | bool | None:
    """What a plain scalar stands for, by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema)."""
    if text in ("True", "TRUE", "False", "FALSE", "Null", "NULL") or text in _WORDS:
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _BROKEN.fullmatch(text) else text


def _ends(event: object) -> bool:
    return type(event).__name__ in ("MappingEndEvent", "SequenceEndEvent")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1

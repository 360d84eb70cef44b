"""Where in a configuration something stands, by line and by key, and what is wrong there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from netcfg.config.yaml import Node
from netcfg.core.errors import BadConfiguration, UsageError
from netcfg.core.target import Location

Value = TypeVar("Value")
Arguments = ParamSpec("Arguments")

ENOUGH = 1000


@dataclass(frozen=True)
class Place:
    """A value in the file, and the way to it: `vaults[0].allow[1].cidr`."""

    file: str
    node: Node
    key: str = ""

    @property
    def line(self) -> Location:
        return Location(self.file, self.node.line)

    def at(self, key: str) -> Place:
        """The value of a key; where the key is not written, this place itself."""
        found = self.node.value
        return self._below(found[key], f".{key}") if isinstance(found, Mapping) and key in found else self

    @property
    def lines(self) -> dict[str, Location]:
        """Where the keys of a mapping stand."""
        found = self.node.value
        return {key: self.at(key).line for key in found} if isinstance(found, Mapping) else {}

    def items(self) -> Iterator[Place]:
        """The places of a list's items; the one value that stands for such a list is its item."""
        found = self.node.value
        if not isinstance(found, tuple):
            yield self
            return
        for number, each in enumerate(found):
            yield self._below(each, f"[{number}]")

    def _below(self, node: Node, step: str) -> Place:
        return Place(self.file, node, f"{self.key}{step}".removeprefix("."))


@dataclass
class Faults:
    """Everything that was found wrong so far, so that a file is mended once and not key by key."""

    found: list[tuple[Place, UsageError]] = field(default_factory=list)

    def add(self, place: Place, error: UsageError) -> None:
        """Remember it. Who has found a thousand looks no further, for it takes time to say what each should be."""
        self.found.append((place, error))
        if len(self.found) == ENOUGH:
            raise self._all(is_all=False)

    def attempt(
        self,
        place: Place,
        parse: Callable[Arguments, Value],
        *arguments: Arguments.args,
        **options: Arguments.kwargs,
    ) -> Value | None:
        """What `parse` makes of what stands at `place`, or `None`: then it is wrong, and that is remembered."""
        try:
            return parse(*arguments, **options)
        except UsageError as error:
            self.add(place, error)
            return None

    def end(self) -> None:
        """Nothing is meant by a file that is wrong somewhere."""
        if self.found:
            raise self._all(is_all=True)

    def _all(self, *, is_all: bool) -> BadConfiguration:
        ordered = sorted(self.found, key=lambda each: each[0].node.line)
        return BadConfiguration([(place.line, place.key, error) for place, error in ordered], is_all=is_all)


def shown(value: Any) -> str:
    """A value as an error quotes it, however long it is."""
    match value:
        case dict():
            return "a mapping"
        case tuple() | list():
            return "a list"
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return repr(value) if len(value) <= 60 else f"{value[:60]!r}…"
        case _:
            return str(value)

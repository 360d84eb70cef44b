"""The state in memory. It notes what an edit takes into its hands, so that a write costs what it touches and not what
there is: in a world of two thousand vaults that is a thousand times less."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from typing import Any

from netcfg.sandbox.ids import Document


class Section(MutableMapping[str, Any]):
    """One part of the state, such as its vaults, by key.

    It is no dict on purpose: nothing can be taken out of it past `__getitem__`, which notes during an edit what each
    entry was, because whoever holds an entry may change it in place.
    """

    def __init__(self, entries: Document) -> None:
        self.entries = entries
        self._before: dict[str, str | None] | None = None
        self._order: list[str] | None = None

    def __getitem__(self, key: str) -> Any:
        if self._before is not None:
            self._note(key)
        return self.entries[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._note(key)
        self.entries[key] = value

    def __delitem__(self, key: str) -> None:
        self._note(key)
        if self._before is not None and self._order is None:
            self._order = list(self.entries)
        del self.entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, key: object) -> bool:
        return key in self.entries

    def __or__(self, other: Mapping[str, Any]) -> Document:
        return {**self, **other}

    def __ror__(self, other: Mapping[str, Any]) -> Document:
        return {**other, **self}

    def __ior__(self, other: Mapping[str, Any]) -> Section:
        self.update(other)
        return self

    def keys(self) -> KeysView[str]:
        return self.entries.keys()

    def values(self) -> ValuesView[Any]:
        return self.entries.values() if self._before is None else super().values()

    def items(self) -> ItemsView[str, Any]:
        return self.entries.items() if self._before is None else super().items()

    def begin(self) -> None:
        """From now on note what is touched."""
        self._before, self._order = {}, None

    def end(self) -> None:
        """What was done is kept."""
        self._before = self._order = None

    def changes(self) -> tuple[dict[str, str], list[str]]:
        """What was touched and is no longer as it was, as text by key; and the keys that are gone."""
        before = self._before or {}
        now = {key: json.dumps(self.entries[key]) for key in before if key in self.entries}
        put = {key: text for key, text in now.items() if text != before[key]}
        return put, [key for key, text in before.items() if text is not None and key not in self.entries]

    def restore(self) -> None:
        """As it was when the edit began, the order too."""
        for key, text in (self._before or {}).items():
            if text is None:
                self.entries.pop(key, None)
            else:
                self.entries[key] = json.loads(text)
        if self._order is not None:
            self.entries = {key: self.entries[key] for key in self._order if key in self.entries}
        self.end()

    def _note(self, key: str) -> None:
        if self._before is not None and key not in self._before:
            self._before[key] = json.dumps(self.entries[key]) if key in self.entries else None


class State(dict[str, Any]):
    """The whole state: sections, and what is none, lists and plain values.

    `remembered` is for what is worked out from it at some cost: every change forgets that.
    """

    def __init__(self, document: Document) -> None:
        super().__init__({name: Section(each) if isinstance(each, dict) else each for name, each in document.items()})
        self.remembered: dict[Any, Any] = {}
        self._texts = {name: json.dumps(each) for name, each in document.items() if not isinstance(each, dict)}
        self._held: Document = {}

    @property
    def text(self) -> str:
        """All of it as JSON."""
        return json.dumps(self, default=_entries)

    def begin(self) -> None:
        """Note from now on what is touched, until `keep` or `restore`."""
        self._held = dict(self)
        for section in _sections(self._held):
            section.begin()

    def changes(self) -> str:
        """What is different since `begin`, as one line of JSON that `follow` understands; empty if nothing is."""
        put: dict[str, str] = {}
        gone: dict[str, str] = {}
        whole: dict[str, str] = {}
        for name, value in self.items():
            is_held = self._held.get(name) is value
            if isinstance(value, Section) and is_held:
                texts, keys = value.changes()
                put |= {name: _object(texts)} if texts else {}
                gone |= {name: json.dumps(keys)} if keys else {}
            elif (text := json.dumps(value, default=_entries)) != self._texts.get(name):
                whole[name] = text
        without = [name for name in self._held if name not in self]
        if not (put or gone or whole or without):
            return ""
        parts = {"put": _object(put), "gone": _object(gone), "whole": _object(whole), "without": json.dumps(without)}
        return _object(parts)

    def keep(self, is_changed: bool) -> None:
        """The edit is done."""
        for section in _sections(self._held):
            section.end()
        if is_changed:
            self._settle()

    def restore(self) -> None:
        """The edit failed: everything is as it was."""
        for section in _sections(self._held):
            section.restore()
        plain = {name: json.loads(text) for name, text in self._texts.items() if name in self._held}
        held = self._held | plain
        self.clear()
        self.update(held)

    def follow(self, line: str) -> None:
        """Do what another process did, as `changes` said it there."""
        changes = json.loads(line)
        for name in changes["without"]:
            self.pop(name, None)
        self.update(changes["whole"])
        self._settle()
        for name, entries in changes["put"].items():
            self[name].entries.update(entries)
        for name, keys in changes["gone"].items():
            for key in keys:
                self[name].entries.pop(key, None)

    def _settle(self) -> None:
        """A dict that was put in the place of a section is one itself from now on."""
        for name, value in self.items():
            if isinstance(value, dict):
                self[name] = Section(value)
        self._texts = {name: json.dumps(value) for name, value in self.items() if not isinstance(value, Section)}
        self.remembered.clear()


def _sections(held: Document) -> list[Section]:
    return [each for each in held.values() if isinstance(each, Section)]


def _entries(section: Any) -> Document:
    if isinstance(section, Section):
        return section.entries
    raise TypeError(f"{type(section).__name__} is nothing that the state can keep")


def _object(texts: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{json.dumps(key)}: {text}" for key, text in texts.items()) + "}"

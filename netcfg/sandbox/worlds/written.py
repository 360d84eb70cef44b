"""Worlds as they are written: documents in files, one of which may extend another one."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from netcfg.sandbox.ids import Document

_NUMBER = re.compile(r"\{number(?::0(\d+))?\}")
World = str | Path | Mapping[str, Any]


def load(world: World) -> Document:
    """The world as it was written, by name, by the path of its file, or given as a document; whole, where it extends
    another one."""
    return _load(world, Path(), ())


def _load(world: World, beside: Path, within: tuple[str, ...]) -> Document:
    """`beside` is where the path of a file counts from, `within` the worlds that extend this one."""
    if isinstance(world, Mapping):
        written, folder, known_as = dict(expanded(copy.deepcopy(dict(world)))), beside, "given"
    else:
        path = _path(world, beside)
        text = path.read_text(encoding="utf-8")
        written, folder, known_as = dict(expanded(json.loads(text))), path.parent, str(path)
    if known_as in within:
        raise ValueError(f"the world {str(world)!r} extends itself")
    if "extends" not in written:
        return written
    base = _load(written.pop("extends"), folder, (*within, known_as))
    added = written.pop("add", {})
    whole: Document = extend(merge(base, written), added)
    return whole


def _path(world: str | Path, beside: Path) -> Path:
    named = str(world).endswith(".json")
    path = beside / world if named else _folder() / f"{world}.json"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in _folder().glob("*.json")))
        raise ValueError(f"no world {str(world)!r}; there are {known}, or give the path of a JSON file")
    return path


def merge(base: Document, changes: Mapping[str, Any]) -> Document:
    """`base` with `changes`: sections within sections, null takes away, and anything else, lists too, replaces.

    A JSON merge patch: https://www.rfc-editor.org/rfc/rfc7386
    """
    merged = dict(base)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            within = merged.get(key)
            merged[key] = merge(within if isinstance(within, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def extend(base: Any, added: Any) -> Any:
    """`base` with `added`: a list has more items, except where one has the name of one that is there, which is extended
    itself; an object has more keys; and of anything else there is only one, the new one."""
    if isinstance(base, dict) and isinstance(added, dict):
        return {**base, **{key: extend(base[key], each) if key in base else each for key, each in added.items()}}
    if not (isinstance(base, list) and isinstance(added, list)):
        return added
    known = {_key(each) for each in base} - {None}
    extending = {_key(each): each for each in added if _key(each) in known}
    more = [each for each in added if _key(each) not in extending]
    return [extend(each, extending[_key(each)]) if _key(each) in extending else each for each in base] + more


def expanded(value: Any) -> Any:
    """`value` with each counted item written out: `{"count": 50, "name": "kv-{number:03}"}` is fifty vaults, the first
    one with the number 1 or what `first` says. `cycle` has keys with several values, which take turns.

    What has a `count` and no `{number}` in it is counted by somebody else.
    """
    if isinstance(value, dict):
        return {key: expanded(each) for key, each in value.items()}
    if not isinstance(value, list):
        return value
    found: list[Any] = []
    for each in value:
        is_counted = isinstance(each, dict) and "count" in each and _NUMBER.search(json.dumps(each))
        found += _counted(each) if is_counted else [expanded(each)]
    return found


def _counted(item: Document) -> Iterator[Document]:
    plain = {key: each for key, each in item.items() if key not in ("count", "first", "cycle")}
    for turn in range(item["count"]):
        number = item.get("first", 1) + turn
        turning = {key: values[turn % len(values)] for key, values in item.get("cycle", {}).items()}
        yield _numbered(plain | turning, number)


def _numbered(value: Any, number: int) -> Any:
    """`{number}` and, with leading zeros, `{number:03}`; alone in a string the former is the number itself."""
    if isinstance(value, dict):
        return {key: _numbered(each, number) for key, each in value.items()}
    if isinstance(value, list):
        return [_numbered(each, number) for each in value]
    if value == "{number}":
        return number
    if not isinstance(value, str):
        return value
    return _NUMBER.sub(lambda match: f"{number:0{match.group(1) or 0}}", value)


def _key(item: Any) -> tuple[str, str] | None:
    """What makes two items of a list the same one: the name, and of resources the type."""
    if not isinstance(item, dict) or "name" not in item:
        return None
    return str(item["name"]), str(item.get("type", ""))


def _folder() -> Path:
    """`data/worlds` of the clone, or of the installed package, which has its own copy."""
    package = Path(__file__).parents[2]
    installed = package / "data" / "worlds"
    return installed if installed.is_dir() else package.parent / "data" / "worlds"

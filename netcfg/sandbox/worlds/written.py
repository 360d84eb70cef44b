"""Worlds as they are written: documents in files, one of which may extend another one."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netcfg.sandbox.ids import Document

World = str | Path | Mapping[str, Any]


def load(world: World) -> Document:
    """The world as it was written, by name, by the path of its file, or given as a document; whole, where it extends
    another one."""
    return _load(world, Path(), ())


def _load(world: World, beside: Path, within: tuple[str, ...]) -> Document:
    """`beside` is where the path of a file counts from, `within` the worlds that extend this one."""
    if isinstance(world, Mapping):
        written, folder, known_as = copy.deepcopy(dict(world)), beside, "given"
    else:
        path = _path(world, beside)
        written, folder, known_as = dict(json.loads(path.read_text(encoding="utf-8"))), path.parent, str(path)
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

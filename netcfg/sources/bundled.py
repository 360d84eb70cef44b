"""The facts that come with the program: the atlas of geographies, and every edition up to its release."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from netcfg.core.errors import BadEdition, NoEdition, UnknownEdition
from netcfg.core.geography import Atlas, parse_atlas
from netcfg.core.ranges import Catalogue, Edition, Publisher
from netcfg.sources.publication import compose


@cache
def data_folder() -> Path:
    """`data/` beside the package in a clone, inside it in an installed wheel."""
    package = Path(__file__).parent.parent
    inside = package / "data"
    return inside if inside.is_dir() else package.parent / "data"


@cache
def atlas() -> Atlas:
    return parse_atlas(json.loads((data_folder() / "geographies.json").read_text("utf-8")))


@cache
def catalogue() -> Catalogue:
    """Every bundled edition of both publishers; a publisher without one is an error."""
    editions = tuple(_read(path) for publisher in Publisher for path in _files(publisher))
    return Catalogue(editions)


def edition(text: str) -> Catalogue:
    """The editions of one day, or the one in a file of our own format, instead of everything that is known."""
    path = Path(text)
    if path.suffix == ".json":
        return Catalogue((_read(path),))
    known = catalogue().editions
    chosen = tuple(each for each in known if each.day.isoformat() == text)
    if not chosen:
        raise UnknownEdition(text, sorted({each.day.isoformat() for each in known}))
    return Catalogue(chosen)


def _files(publisher: Publisher) -> Iterable[Path]:
    folder = data_folder() / publisher.value
    files = sorted(folder.glob("*.json"))
    if not files:
        raise NoEdition(publisher.value, str(folder))
    return files


def _read(path: Path) -> Edition:
    """The edition in a file; whatever is wrong with the file, the error names it."""
    try:
        return parse_edition(json.loads(path.read_text("utf-8")), atlas(), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadEdition(str(path), str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadEdition(str(path), f"it is not in netcfg's own format ({error})") from error


def parse_edition(document: Mapping[str, Any], atlas: Atlas, where: str) -> Edition:
    """An edition in our own compact format: prefixes under the region's name as its publisher writes it.

    A range that is not public, or a region that no geography claims, makes the whole edition unusable.
    """
    blank = Edition(
        publisher=Publisher(document["publisher"]),
        day=date.fromisoformat(document["edition"]),
        source=document["source"],
        ranges=(),
        change_number=document.get("changeNumber"),
        confirmed=date.fromisoformat(document.get("confirmed", document["edition"])),
    )
    rows = ((name, prefix) for name, prefixes in document["regions"].items() for prefix in prefixes)
    return compose(blank, rows, atlas, where).edition

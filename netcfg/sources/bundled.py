"""The facts that come with the program: the atlas of geographies, and every edition up to its release."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from netcfg.core.errors import BadEdition, NoEdition, UnknownEdition
from netcfg.core.geography import Atlas, parse_atlas
from netcfg.core.outbound import OutboundEdition, Way
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


def edition(text: str, known: Catalogue | None = None) -> Catalogue:
    """What is `known` (else: bundled) of one day, or of `PUBLISHER:DAY`, or the edition in a file.

    The file is in our own format, or as its publisher has it; one that tells no day is of the day it was last changed.
    """
    path = Path(text)
    if path.suffix == ".json" or path.is_file():
        return Catalogue((_read(path) if _is_ours(path) else _read_published(path),))
    editions = (known or catalogue()).editions
    publisher, colon, day = text.rpartition(":")
    named = [each for each in editions if not colon or each.publisher.value == publisher]
    chosen = tuple(each for each in named if each.day.isoformat() == day)
    if not chosen:
        prefix = f"{publisher}:" if named and colon else ""
        raise UnknownEdition(text, sorted({f"{prefix}{each.day}" for each in named or editions}))
    return Catalogue(chosen)


@cache
def outbound() -> tuple[OutboundEdition, ...]:
    """Every bundled edition of the addresses at which Azure DevOps is reached, oldest first."""
    folder = data_folder() / "outbound"
    files = sorted(folder.glob("*.json"))
    if not files:
        raise NoEdition("outbound addresses", str(folder))
    return tuple(_read_outbound(path) for path in files)


def _read_outbound(path: Path) -> OutboundEdition:
    try:
        document = json.loads(path.read_text("utf-8"))
        ranges = ((way, ip_network(text)) for way in Way for found in document[way.value].values() for text in found)
        return OutboundEdition(date.fromisoformat(document["edition"]), document["source"], tuple(ranges))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadEdition(str(path), str(error)) from error


def _files(publisher: Publisher) -> Iterable[Path]:
    folder = data_folder() / publisher.value
    files = sorted(folder.glob("*.json"))
    if not files:
        raise NoEdition(publisher.value, str(folder))
    return files


def _is_ours(path: Path) -> bool:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return path.suffix == ".json"  # whatever is wrong with it, `_read` says it
    return isinstance(document, dict) and ("publisher" in document or "values" not in document)


def _read_published(path: Path) -> Edition:
    from netcfg.sources.fetch import read_file
    from netcfg.sources.published import parse

    changed = date.fromtimestamp(path.stat().st_mtime)  # noqa: DTZ012 - a day, for people
    return parse(read_file(path), atlas(), changed).edition


def read(path: Path, publisher: Publisher) -> Edition:
    """The edition of that publisher in a file that a refresh has kept; without its digest it is not believed."""
    edition = _read(path, needs_digest=True)
    if edition.publisher is not publisher:
        raise BadEdition(str(path), f"it is a {edition.publisher.value} among those of the {publisher.value}")
    return edition


def _read(path: Path, *, needs_digest: bool = False) -> Edition:
    """The edition in a file; whatever is wrong with the file, the error names it."""
    try:
        document = json.loads(path.read_text("utf-8"))
        if needs_digest and "sha256" not in document:
            raise BadEdition(str(path), "its digest is missing; delete it, and refresh")
        return parse_edition(document, atlas(), str(path))
    except OSError as error:
        raise BadEdition(str(path), (error.strerror or str(error)).lower()) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadEdition(str(path), f"it is not in netcfg's own format ({error})") from error


def parse_edition(document: Mapping[str, Any], atlas: Atlas, where: str) -> Edition:
    """An edition in our own compact format: prefixes under the region's name as its publisher writes it.

    A range that is not public, or a region that no geography claims, makes the whole edition unusable.
    """
    publisher, number = Publisher(document["publisher"]), document.get("changeNumber")
    if (type(number) is not int) if publisher is Publisher.SERVICE_TAG else (number is not None):
        raise BadEdition(where, f"a {publisher.value} has the change number {number!r}")
    blank = Edition(
        publisher=publisher,
        day=date.fromisoformat(document["edition"]),
        source=document["source"],
        ranges=(),
        change_number=number,
        confirmed=date.fromisoformat(document.get("confirmed", document["edition"])),
        seen=date.fromisoformat(document.get("seen", date.min.isoformat())),
    )
    rows = ((name, prefix) for name, prefixes in document["regions"].items() for prefix in prefixes)
    edition = compose(blank, rows, atlas, where).edition
    if document.get("sha256", edition.sha256) != edition.sha256:
        raise BadEdition(where, "its ranges are not those that its digest was made of; delete it, and refresh")
    return edition

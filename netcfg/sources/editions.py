"""Every edition that this machine knows: those that came with the program, and those that a refresh has kept."""

from __future__ import annotations

from pathlib import Path

from netcfg.core.ranges import Catalogue, Edition, Publisher
from netcfg.sources import bundled


def catalogue(folder: Path) -> Catalogue:
    """The bundled editions and those kept in `folder`, each once, with the last day on which it was confirmed.

    A file there that cannot be read is an error, never an edition less.
    """
    known: dict[tuple[Publisher, str], Edition] = {}
    for edition in (*bundled.catalogue().editions, *_kept(folder)):
        same = known.get((edition.publisher, edition.sha256))
        known[edition.publisher, edition.sha256] = max(same or edition, edition, key=lambda each: each.confirmed)
    return Catalogue(tuple(known.values()))


def _kept(folder: Path) -> list[Edition]:
    files = (path for publisher in Publisher for path in sorted((folder / publisher.value).glob("*.json")))
    return [edition for path in files for edition in bundled.edition(str(path)).editions]

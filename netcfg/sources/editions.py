"""Every edition that this machine knows: those that came with the program, and those that a refresh has kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from netcfg.core.errors import BadEdition
from netcfg.core.ranges import Catalogue, Edition, Publisher
from netcfg.sources import bundled


def catalogue(folder: Path) -> Catalogue:
    """The bundled editions and those kept in `folder`, each once, with the last day on which it was confirmed.

    A file or folder there that cannot be read is an error, never an edition less.
    """
    return bundled.catalogue().joined(_kept(folder))


def _kept(folder: Path) -> Iterator[Edition]:
    for publisher in Publisher:
        for path in _files(folder / publisher.value):
            yield bundled.read(path, publisher)


def _files(folder: Path) -> list[Path]:
    """The editions in a folder; `glob` would take one that cannot be read for an empty one."""
    try:
        return sorted(each for each in folder.iterdir() if each.suffix == ".json" and not each.name.startswith("."))
    except FileNotFoundError:
        if folder.is_symlink():
            raise BadEdition(str(folder), "it is a link to nothing") from None
        return []
    except OSError as error:
        raise BadEdition(str(folder), (error.strerror or str(error)).lower()) from error

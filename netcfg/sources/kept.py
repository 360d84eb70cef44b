"""The editions that refreshes have kept in the user's data folder, and what each place said to recognise them by.

Every file is replaced whole, under a name of its own while it is written: a run that is killed, and two at once, leave
the old file or the new one. `places.json` only saves requests; losing a line of it costs one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from netcfg.core.errors import BadEdition
from netcfg.core.ranges import Edition, Publisher
from netcfg.sources import bundled
from netcfg.sources.fetch import Validators, shown
from netcfg.sources.publication import Publication, render

_PLACES = "places.json"
_HEADER = re.compile(r"[!-~]([ -~]*[!-~])?")  # a validator goes back as a header


@dataclass(frozen=True)
class Kept:
    """The folder of kept editions: one folder for each publisher, one file for each edition. Who writes to it decides
    what is let into vaults, so `make_folder` makes one, and those above it, that is its owner's alone."""

    folder: Path
    make_folder: Callable[[Path], None]

    def known(self, place: str, publisher: Publisher) -> tuple[Validators, Edition] | None:
        """The edition that was last found at `place`, and what the place will recognise it by."""
        line = self._places().get(place)
        file = line.get("file") if isinstance(line, dict) else None
        if not isinstance(line, dict) or not isinstance(file, str):
            return None
        if not re.fullmatch(rf"{publisher.value}/[0-9-]+[0-9a-f]+\.json", file) or not (self.folder / file).is_file():
            return None
        validators = Validators(_header(line.get("etag")), _header(line.get("modified")))
        return (validators, bundled.read(self.folder / file, publisher)) if validators.headers else None

    def keep(self, publication: Publication, where: str, place: str = "", validators: Validators | None = None) -> None:
        """Write an edition that was found at `where`; what `place` said of it saves a request the next time."""
        edition = publication.edition
        name = f"{edition.publisher.value}/{edition.day}-{edition.sha256[:12]}.json"
        if place and validators:
            line = {"file": name, "etag": validators.etag, "modified": validators.modified}
            self._write(_PLACES, json.dumps(self._places() | {place: line}, indent=1, sort_keys=True))
        self._write(name, render(publication, url=shown(where), sha256=edition.sha256))

    def confirm(self, edition: Edition, place: str) -> None:
        """Note that the place still publishes the edition that it led to before."""
        name = self._places()[place]["file"]
        document = json.loads((self.folder / name).read_text("utf-8"))
        names = tuple((each, bundled.atlas().region(each, name)) for each in document["regions"])
        self._write(name, render(Publication(edition, names), url=document.get("url"), sha256=edition.sha256))

    def _places(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / _PLACES).read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        try:
            self.make_folder(path.parent)
            with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", delete=False) as draft:
                draft.write(text)
                draft.flush()
                os.fsync(draft.fileno())
            try:
                Path(draft.name).chmod(0o644)  # nothing in it is secret; whom the folder lets in may plan with it
                Path(draft.name).replace(path)
            except OSError:
                with suppress(OSError):
                    Path(draft.name).unlink()
                raise
        except OSError as error:
            raise BadEdition(str(path), f"it cannot be kept ({error.strerror})") from error


def _header(found: object) -> str | None:
    return found if isinstance(found, str) and _HEADER.fullmatch(found) else None

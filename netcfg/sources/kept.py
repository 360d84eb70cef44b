"""The editions that refreshes have kept in the user's data folder, and what each place said to recognise them by.

Every file is replaced whole, under a name of its own while it is written: a run that is killed, and two at once, leave
the old file or the new one. `places.json` only saves requests; losing a line of it costs one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from netcfg.core.errors import BadEdition
from netcfg.core.ranges import Edition
from netcfg.sources import bundled
from netcfg.sources.fetch import Fetched, Validators
from netcfg.sources.publication import Publication, render

_PLACES = "places.json"


@dataclass(frozen=True)
class Kept:
    """The folder of kept editions: one folder for each publisher, one file for each edition."""

    folder: Path

    def known(self, url: str) -> tuple[Validators, Edition] | None:
        """The edition that was last found at `url`, and what the place will recognise it by."""
        line = self._places().get(url)
        if not isinstance(line, dict) or not isinstance(line.get("file"), str):
            return None
        path = self.folder / line["file"]
        validators = Validators(line.get("etag"), line.get("modified"))
        if not validators.headers or not path.is_file():
            return None
        return validators, bundled.edition(str(path)).editions[0]

    def keep(self, publication: Publication, url: str, found: Fetched) -> None:
        """Write an edition, and remember `url` as the place that led to it; `found` is what that place answered."""
        edition = publication.edition
        name = f"{edition.publisher.value}/{edition.day}-{edition.sha256[:12]}.json"
        text = render(publication, url=found.where, sha256=edition.sha256)
        self._write(name, text)
        line = {"file": name, "etag": found.validators.etag, "modified": found.validators.modified}
        self._write(_PLACES, json.dumps(self._places() | {url: line}, indent=1, sort_keys=True))

    def confirm(self, edition: Edition, url: str) -> None:
        """Note that the place still publishes the edition that it led to before."""
        if name := self._places().get(url, {}).get("file"):
            document = json.loads((self.folder / name).read_text("utf-8"))
            self._write(name, _with_day(document, edition))

    def _places(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / _PLACES).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", delete=False) as draft:
                draft.write(text)
            Path(draft.name).replace(path)
        except OSError as error:
            raise BadEdition(str(path), f"it cannot be kept ({error.strerror})") from error


def _with_day(document: dict[str, Any], edition: Edition) -> str:
    """The document as it was, line for line, with the day on which it was confirmed."""
    names = tuple((name, bundled.atlas().region(name, edition.source)) for name in document["regions"])
    return render(Publication(edition, names), url=document.get("url"), sha256=edition.sha256)

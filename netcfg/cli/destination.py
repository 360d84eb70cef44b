"""A file that a result is written to, whole or not at all, as `--report FORMAT=FILE` names it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from netcfg.core.errors import BadReport, OutputFailed, UnknownFormat


@dataclass(frozen=True)
class Destination:
    """A format and a file; `name` is the file as it was typed."""

    format: str
    name: str

    @property
    def path(self) -> Path:
        """Where it lies: what a link leads to is written, and not the link; a pipe has a name only as a link."""
        given = Path(self.name)
        return given if _is_device(given) else Path(os.path.realpath(given))

    def write(self, text: str) -> None:
        """Write the text, so that nobody ever finds half of it: in a file beside, which then takes its place."""
        written = text.encode("utf-8", "backslashreplace")
        try:
            if _is_device(self.path):
                self.path.write_bytes(written)
                return
            with _beside(self.path) as new:
                new.write_bytes(written)
                new.replace(self.path)
        except OSError as error:
            raise OutputFailed(error.strerror or str(error), repr(self.name)) from error


def parse_destinations(texts: Iterable[str], formats: Sequence[str]) -> tuple[Destination, ...]:
    """Where results go beside stdout. A file that could not be written is a usage error, before anything is read."""
    found: list[Destination] = []
    for text in texts:
        each = _parse(text, formats)
        try:
            if each.path in [one.path for one in found] and not _is_device(each.path):
                raise BadReport(text, "the file is named twice; give each report its own")
            _try(each.path, text)
        except OSError as error:
            raise BadReport(text, f"{error.strerror}; name a file in a folder that you may write to") from error
        found.append(each)
    return tuple(found)


def parse_file(name: str, option: str, format: str) -> Destination:
    """Where the one result of a command goes, as `option` names it; the same usage errors."""
    try:
        (found,) = parse_destinations([f"{format}={name}"], (format,))
    except BadReport as error:
        raise BadReport(name, error.reason, option) from error
    return found


def _parse(text: str, formats: Sequence[str]) -> Destination:
    format, separator, name = text.partition("=")
    if not separator or not name:
        raise BadReport(text, f"FORMAT=FILE is expected, as in {formats[-1]}=FILE")
    if format not in formats:
        raise UnknownFormat(text, format, formats)
    if name == "-":
        raise BadReport(text, f"a report is a file; --format {format} writes to stdout")
    return Destination(format, name)


def _try(path: Path, text: str) -> None:
    """Nobody wants to learn after an apply that its report cannot be written. Permissions alone do not tell."""
    if path.is_dir():
        raise BadReport(text, "it is a folder; name a file in it")
    if not path.parent.is_dir():
        raise BadReport(text, f"the folder {str(path.parent)!r} is not there; make it first")
    if path.exists() and not os.access(path, os.W_OK):
        raise BadReport(text, "the file is there and may not be written; name another")
    if not _is_device(path):
        with _beside(path):
            pass


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A new file in the same folder, with the mode that any new file gets; it is gone afterwards, unless renamed."""
    new = path.with_name(f".netcfg-{secrets.token_hex(8)}")
    new.touch(exist_ok=False)
    try:
        yield new
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def _is_device(path: Path) -> bool:
    """A terminal, a pipe, /dev/null: nothing may take its place, so it is written as it is."""
    return path.exists() and not path.is_file()

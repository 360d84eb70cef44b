"""A file that a result is written to, whole or not at all, as `--report FORMAT=FILE` names it."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from netcfg.core.errors import BadReport, OutputFailed, UnknownFormat

# Where the streams of a process have names; /dev/stdout is a link to one of them.
_STREAMS = re.compile(r"/dev/fd|/proc/[0-9]+(/task/[0-9]+)?/fd")
_MOST_LINKS = 40
_PLANTED = "it is a link that somebody else has put there, and the folder is everybody's"


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

    def write(self, text: str | Iterable[str]) -> None:
        """Write the text, so that nobody ever finds half of it: in a file beside, which then takes its place."""
        try:
            if _is_planted(Path(self.name)):
                raise OutputFailed(_PLANTED, repr(self.name))
            if _is_device(self.path):
                _write(self.path, text)
                return
            with _beside(self.path) as new:
                _write(new, text)
                if self.path.exists():
                    new.chmod(self.path.stat().st_mode & 0o7777)
                new.replace(self.path)
        except OSError as error:
            raise OutputFailed(error.strerror or str(error), repr(self.name)) from error


def parse_destinations(
    texts: Iterable[str], formats: Sequence[str], read: Iterable[str] = ()
) -> tuple[Destination, ...]:
    """Where results go beside stdout. A file that could not be written is a usage error, before anything is read.

    So is one of those that are `read`: nothing of ours takes the place of what somebody wrote.
    """
    kept = list(read)
    found: list[Destination] = []
    for text in texts:
        each = _parse(text, formats)
        try:
            if _is_planted(Path(each.name)):
                raise BadReport(text, f"{_PLANTED}; name another file")
            _check_stream(each, text)
            if any(_is_same(each.path, Path(one)) for one in kept):
                raise BadReport(text, "this run reads that file; name another")
            if each.path in [one.path for one in found] and not _is_device(each.path):
                raise BadReport(text, "the file is named twice; give each report its own")
            _try(each.path, text)
        except OSError as error:
            raise BadReport(text, f"{error.strerror}; name a file in a folder that you may write to") from error
        found.append(each)
    return tuple(found)


def parse_file(name: str, option: str, format: str, read: Iterable[str] = ()) -> Destination:
    """Where the one result of a command goes, as `option` names it; the same usage errors."""
    if _stream(name) in (1, 2):
        raise BadReport(name, f"a file is expected; without {option} it goes to stdout", option)
    try:
        (found,) = parse_destinations([f"{format}={name}"], (format,), read)
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


def _write(path: Path, text: str | Iterable[str]) -> None:
    """The text in one piece, or as its pieces come."""
    with path.open("wb") as file:
        for each in [text] if isinstance(text, str) else text:
            file.write(each.encode("utf-8", "backslashreplace"))


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


def _check_stream(destination: Destination, text: str) -> None:
    """A report never goes where stdout or stderr goes, and takes the place of no file that is open as a stream.

    The name of a stream is a link: to write the file behind it would cut off what others write to the stream.
    """
    number = _stream(destination.name)
    if number in (1, 2):
        raise BadReport(text, f"a report is a file, and --format {destination.format} writes to stdout; name a file")
    if number is not None and destination.path.is_file():
        raise BadReport(text, "it is a stream that is open to a file; name the file")
    for stream in (1, 2):
        with suppress(OSError):
            there = destination.path.stat()
            if destination.path.is_file() and os.path.samestat(there, os.fstat(stream)):
                raise BadReport(text, "stdout or stderr is written to that file; name another")


def _stream(name: str) -> int | None:
    """The number of the stream that a name stands for, through however many links; `None` for a mere file."""
    path = Path(name)
    for _ in range(_MOST_LINKS):
        if path.name.isdecimal() and _STREAMS.fullmatch(os.path.realpath(path.parent)):
            return int(path.name)
        try:
            if not path.is_symlink():
                return None
            path = path.parent / path.readlink()
        except OSError:  # whoever is to write there is told why he cannot
            return None
    return None


def _is_planted(path: Path) -> bool:
    """Whether somebody else chose the file that would be written: in a folder like /tmp anybody may put a link to a
    file of ours. Linux does not follow one there either, but finds nothing wrong with a name that is resolved."""
    for _ in range(_MOST_LINKS):
        try:
            link, folder = path.lstat(), path.parent.stat()
        except OSError:
            return False  # whoever is to write there is told why he cannot
        if not stat.S_ISLNK(link.st_mode):
            return False
        is_everybody_s = folder.st_mode & stat.S_ISVTX and folder.st_mode & (stat.S_IWOTH | stat.S_IWGRP)
        if is_everybody_s and link.st_uid not in (os.geteuid(), folder.st_uid):
            return True
        path = path.parent / path.readlink()
    return False


def _is_same(one: Path, other: Path) -> bool:
    """Whether two names stand for one file, which need not be there."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return one == Path(os.path.realpath(other))


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

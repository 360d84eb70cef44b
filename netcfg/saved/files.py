"""Files that only their owner may read, whatever the umask says: who is let into a vault is nobody else's business."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

FILE = 0o600
FOLDER = 0o700

# Not the file behind a link that somebody has put there. Windows has neither the flag nor such links for everybody.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def make_folder(path: Path) -> None:
    """A folder of the owner's alone, and those above it that are missing. One that is there is left as it is."""
    if path.is_dir():
        return
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    path.chmod(FOLDER)  # a umask may have taken from its owner what he needs


def create(path: Path) -> int:
    """A new file, open for writing; what is there already is an error, a link that leads nowhere too.

    It belongs to its owner alone from the moment on that it exists: nobody can have opened it in between.
    """
    file = os.open(path, _NEW, FILE)
    if hasattr(os, "fchmod"):
        os.fchmod(file, FILE)
    return file


def write_private(path: Path, text: str) -> None:
    """Write the whole file or, if that fails, nothing; one that is there is replaced."""
    staged = path.with_name(f".netcfg-{secrets.token_hex(8)}")  # its own name may be as long as a name can be
    file = create(staged)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        staged.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            staged.unlink(missing_ok=True)
        raise


def append(file: int, text: str, *, is_urgent: bool = True) -> None:
    """Write all of the text to the end of an open file or, if that fails, nothing of it: half a line would spoil the
    next one. What `is_urgent` is on the disk once this returns."""
    end, rest = os.lseek(file, 0, os.SEEK_END), text.encode()
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
        if is_urgent:
            os.fsync(file)
    except OSError:
        with suppress(OSError):
            os.ftruncate(file, end)
        raise


def sync_folder(path: Path) -> None:
    """Let the name of a new file survive a power failure too, where the system can promise that."""
    with suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

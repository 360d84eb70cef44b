"""Files that only their owner may read, whatever the umask says: who is let into a vault is nobody else's business."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

FILE = 0o600
FOLDER = 0o700

# Not the file behind a link that somebody has put there. Windows has neither the flag nor such links for everybody.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def make_folder(path: Path) -> None:
    """A folder of the owner's alone, and those above it that are missing. One that is there is left as it is."""
    missing = list(takewhile(lambda each: not each.is_dir(), (path, *path.parents)))
    for each in reversed(missing):
        try:
            each.mkdir(mode=FOLDER)
        except FileExistsError:  # somebody made it meanwhile, unless it is a file
            if not each.is_dir():
                raise
        else:
            each.chmod(FOLDER)  # a umask may have taken from its owner what he needs


def doubt(found: os.stat_result) -> str:
    """Why what is in a file need not be ours; nothing where nobody else but root can have written it. Windows has no
    such owners: there the permissions of the folder decide."""
    if not hasattr(os, "geteuid"):
        return ""
    if found.st_uid not in (os.geteuid(), 0):
        return "it belongs to somebody else"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others may write it; take that from them (chmod go-w) if it says what you know"
    return ""


def doubt_of_folder(path: Path) -> str:
    """Why what lies in a folder need not stay there; nothing where nobody else but root can take it away."""
    found = path.stat()
    if not hasattr(os, "geteuid"):
        return ""
    if found.st_uid not in (os.geteuid(), 0):
        return "belongs to somebody else"
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        return "is one that everybody may write to"
    return ""


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

"""Several files that are written together, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from netcfg.core.errors import FilesThere, OutputFailed


def write_all(folder: Path, files: Mapping[str, str], *, overwrite: bool) -> None:
    """Write the texts to these paths of the folder. A file that says something else already is a usage error.

    What can fail, a full disk or a folder that may not be written to, fails before the first file has its name.
    """
    suffix = f".{secrets.token_hex(8)}"
    made: list[Path] = []
    staged: list[Path] = []
    try:
        there = [path for path, text in files.items() if _is_in_the_way(folder / path, text, overwrite)]
        if there:
            raise FilesThere(str(folder / each) for each in there)
        for path, text in files.items():
            made += _make_folders((folder / path).parent)
            new = folder / (path + suffix)
            staged.append(new)
            new.write_text(text, "utf-8", newline="\n")
        for path, new in zip(files, staged, strict=True):
            new.replace(folder / path)
    except OSError as error:
        _forget(staged, made)
        raise OutputFailed(error.strerror or str(error), repr(str(folder))) from error
    except KeyboardInterrupt:
        _forget(staged, made)
        raise


def _is_in_the_way(path: Path, text: str, overwrite: bool) -> bool:
    """Whether something is there, a link that leads nowhere too, that is not this very text. Folders always are."""
    if overwrite or not os.path.lexists(path):
        return path.is_dir()
    try:
        return path.read_bytes() != text.encode()
    except OSError:
        return True


def _make_folders(folder: Path) -> list[Path]:
    """The folders that were missing, outermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()][::-1]
    made: list[Path] = []
    try:
        for each in missing:
            each.mkdir()
            made.append(each)
    except OSError:
        _forget((), made)
        raise
    return missing


def _forget(files: Iterable[Path], folders: list[Path]) -> None:
    for each in files:
        with suppress(OSError):
            each.unlink(missing_ok=True)
    for each in reversed(folders):
        with suppress(OSError):
            each.rmdir()

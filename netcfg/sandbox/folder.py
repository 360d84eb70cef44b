"""Where the state is kept between runs: the whole of it in `state.json`, and what changed since, a line for each write,
in `changes.jsonl`.

A write appends a line, so it costs what it changes; and a process that is killed loses nothing that it had finished,
for a line without an end was never written. Now and then, and at the end, the lines are folded into the whole.
"""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

from filelock import FileLock

from netcfg.sandbox.ids import Document
from netcfg.sandbox.sections import State
from netcfg.sandbox.worlds import world as worlds

_STATE = "state.json"
_CHANGES = "changes.jsonl"
MANY = 4_000_000  # bytes of changes, then they are folded


class Folder:
    """The state in a folder, as far as this process has seen it."""

    def __init__(self, path: Path) -> None:
        self._whole = path / _STATE
        self._changes = path / _CHANGES
        self._stamp: tuple[int, ...] = ()
        self._inode = 0  # of the changes that were seen
        self._name = ""  # by which the changes say of which whole they are
        self._seen = 0  # bytes of them; 0 where there are none of this whole
        self._state = State({})
        path.mkdir(parents=True, exist_ok=True)
        self.lock = FileLock(path / "state.lock", poll_interval=0.002)

    def exists(self) -> bool:
        """Whether a state was ever kept here."""
        return self._whole.exists()

    def read(self) -> State:
        """The state as it is now; the same object as long as nobody replaced the whole."""
        if self._stamp != _stamp(self._whole) or self._inode != _inode(self._changes):
            with self.lock:  # between the two files another process may be folding one into the other
                self._read_whole()
        elif self._seen:
            self._follow()
        return self._state

    def write(self, text: str) -> None:
        """The whole state, from which new changes count. Call it with the lock."""
        self._name = uuid.uuid4().hex
        _replace(self._whole, f'{{"changes": "{self._name}", {text[1:]}')
        self._changes.unlink(missing_ok=True)
        self._stamp = ()

    def append(self, line: str) -> None:
        """One more change of the state that was read. Call it with the lock."""
        if not self._seen:
            self._seen = _replace(self._changes, self._first)
            self._inode = _inode(self._changes)
        with self._changes.open("r+b") as file:
            file.seek(self._seen)
            file.truncate()  # half a line, where somebody was killed
            written = file.write(line.encode() + b"\n")
        self._seen += written

    def fold(self, least: int = MANY) -> None:
        """Make one whole of it, if there are `least` bytes of changes. Call it with the lock, when it was read."""
        if self._seen >= least:
            self.write(self._state.text)
            self._stamp, self._inode, self._seen = _stamp(self._whole), 0, 0

    @property
    def _first(self) -> str:
        return json.dumps({"of": self._name}) + "\n"

    def _read_whole(self) -> None:
        document = parsed(self._whole.read_text(encoding="utf-8"))
        self._name = str(document.pop("changes", ""))
        self._state = State(document)
        self._stamp, self._inode, self._seen = _stamp(self._whole), _inode(self._changes), 0
        if not self._inode:
            return
        with self._changes.open("rb") as file:
            first = file.readline()
        if first == self._first.encode():  # else they are of an older whole: somebody was killed while folding
            self._seen = len(first)
            self._follow()

    def _follow(self) -> None:
        if self._changes.stat().st_size <= self._seen:
            return
        with self._changes.open("rb") as file:
            file.seek(self._seen)
            whole, _, _ = file.read().rpartition(b"\n")
        for line in whole.splitlines():
            self._state.follow(line.decode())
        self._seen += len(whole) + 1 if whole else 0


def parsed(text: str) -> Document:
    """The state in a file that this version wrote; anything else is an error."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ValueError(f"its state cannot be read ({error})") from error
    found = document.get("version") if isinstance(document, dict) else None
    if found != worlds.VERSION or not isinstance(document, dict):
        raise ValueError(f"its state has the version {found}, and {worlds.VERSION} is expected")
    return document


def _replace(path: Path, text: str) -> int:
    """Replaced, never rewritten: who reads meanwhile, or is killed meanwhile, has the old file or the new one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    written = draft.write_bytes(text.encode())
    draft.replace(path)
    return written


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0

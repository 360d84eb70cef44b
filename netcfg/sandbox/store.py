"""What the sandbox remembers: one JSON document, kept in a folder between runs or, without one, in memory."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from netcfg.sandbox.ids import Document
from netcfg.sandbox.worlds import world as worlds
from netcfg.sandbox.worlds.written import World

if TYPE_CHECKING:
    from filelock import BaseFileLock

_STATE = "state.json"


class Store:
    """The state of a sandbox, shared by the threads of this process and, through its folder, by other processes.

    A folder that holds a state already goes on from there, whatever `world` says: only `reset` forgets.
    """

    def __init__(self, world: World, folder: Path | None) -> None:
        self._mutex = threading.RLock()
        self._text = ""
        self._document: Document = {}
        self._folder = folder
        self._stamp: tuple[int, ...] = ()
        self._file_lock: BaseFileLock | None = None
        if folder is None:
            self._take(json.dumps(worlds.begin(world)))
            return
        folder.mkdir(parents=True, exist_ok=True)
        self._file_lock = _lock(folder)
        with self._file_lock:
            if not (folder / _STATE).exists():
                _write(folder, json.dumps(worlds.begin(world)))
        self._read()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Document]:
        """The state, held still."""
        with self._mutex:
            yield self._read()

    @contextlib.contextmanager
    def edit(self) -> Iterator[Document]:
        """The state, to be changed: all of the change is kept, or, when the block raises, nothing of it."""
        with self._mutex, self._file_lock or contextlib.nullcontext():
            document = self._read()
            try:
                yield document
            except BaseException:
                self._take(self._text)
                raise
            self._text = json.dumps(document)
            if self._folder is not None:
                _write(self._folder, self._text)
                self._stamp = _stamp(self._folder)

    def copy(self) -> Document:
        """A copy of the state, which later requests do not change."""
        with self._mutex:
            self._read()
            copied: Document = json.loads(self._text)
            return copied

    def _read(self) -> Document:
        if self._folder is not None and (stamp := _stamp(self._folder)) != self._stamp:
            self._take((self._folder / _STATE).read_text(encoding="utf-8"))
            self._stamp = stamp
        return self._document

    def _take(self, text: str) -> None:
        self._text = text
        self._document = _parsed(text)


def _parsed(text: str) -> Document:
    """The state in a file that this version wrote; anything else is an error."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ValueError(f"its state cannot be read ({error})") from error
    found = document.get("version") if isinstance(document, dict) else None
    if found != worlds.VERSION or not isinstance(document, dict):
        raise ValueError(f"its state has the version {found}, and {worlds.VERSION} is expected")
    return document


def show(folder: Path, world: World = "contoso") -> Document:
    """What there is in the sandbox of `folder`, or would be in a new one of `world`: names and ids, sorted."""
    path = folder / _STATE
    state = _parsed(path.read_text(encoding="utf-8")) if path.exists() else worlds.begin(world)
    return {
        "version": 1,
        "kind": "sandbox",
        "world": state["world"],
        "today": state["today"],
        "organizations": [{"name": each["name"]} for _, each in sorted(state["organizations"].items())],
        "vaults": [
            {"name": each["name"], "id": each["id"]}
            for each in sorted(state["vaults"].values(), key=lambda each: str(each["id"]))
        ],
        "virtualNetworks": [
            {"id": each["id"], "subnets": [subnet["id"] for subnet in each["properties"]["subnets"]]}
            for _, each in sorted(state["virtualNetworks"].items())
        ],
    }


def reset(folder: Path, world: World = "contoso") -> None:
    """Forget what happened in `folder` and begin `world` anew; a server that runs on it goes on with the new state."""
    state = json.dumps(worlds.begin(world))
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder):
        _write(folder, state)


def _lock(folder: Path) -> BaseFileLock:
    from filelock import FileLock  # 20 ms that a sandbox in memory does not need

    return FileLock(folder / "state.lock", poll_interval=0.002)


def _write(folder: Path, text: str) -> None:
    # Replaced, never rewritten: who reads meanwhile, or is killed meanwhile, has the old state or the new one.
    draft = folder / f"{_STATE}.{os.getpid()}"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / _STATE)


def _stamp(folder: Path) -> tuple[int, ...]:
    found = (folder / _STATE).stat()
    return (found.st_mtime_ns, found.st_size, found.st_ino)

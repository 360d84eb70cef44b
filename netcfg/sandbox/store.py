"""What the sandbox remembers: one JSON document, kept in a folder between runs or, without one, in memory."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from netcfg.sandbox.ids import Document
from netcfg.sandbox.sections import State
from netcfg.sandbox.worlds import world as worlds
from netcfg.sandbox.worlds.written import World

if TYPE_CHECKING:
    from netcfg.sandbox.folder import Folder


class Store:
    """The state of a sandbox, shared by the threads of this process and, through its folder, by other processes.

    A folder that holds a state already goes on from there, whatever `world` says: only `reset` forgets.
    """

    def __init__(self, world: World, folder: Path | None) -> None:
        self._mutex = threading.RLock()
        self._folder: Folder | None = None
        if folder is None:
            self._state = State(json.loads(json.dumps(worlds.begin(world))))
            return
        self._folder = _open(folder)
        with self._folder.lock:
            if not self._folder.exists():
                self._folder.write(json.dumps(worlds.begin(world)))
        self._read()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Document]:
        """The state, held still."""
        with self._mutex:
            yield self._read()

    @contextlib.contextmanager
    def edit(self) -> Iterator[Document]:
        """The state, to be changed: all of the change is kept, or, when the block raises, nothing of it."""
        with self._mutex, self._folder.lock if self._folder else contextlib.nullcontext():
            state = self._read()
            state.begin()
            try:
                yield state
                changes = state.changes()
                if changes and self._folder:
                    self._folder.append(changes)
            except BaseException:
                state.restore()
                raise
            state.keep(bool(changes))
            if self._folder:
                self._folder.fold()

    def copy(self) -> Document:
        """A copy of the state, which later requests do not change."""
        with self._mutex:
            copied: Document = json.loads(self._read().text)
            return copied

    def close(self) -> None:
        """Leave one file behind that people can look into."""
        if self._folder:
            with self._mutex, self._folder.lock:
                self._read()
                self._folder.fold(least=1)

    def _read(self) -> State:
        if self._folder:
            self._state = self._folder.read()
        return self._state


def show(folder: Path, world: World = "contoso") -> Document:
    """What there is in the sandbox of `folder`, or would be in a new one of `world`: names and ids, sorted."""
    state = Store(world, folder).copy() if (folder / "state.json").exists() else worlds.begin(world)
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
    kept = _open(folder)
    with kept.lock:
        kept.write(state)


def _open(folder: Path) -> Folder:
    from netcfg.sandbox.folder import Folder  # its lock takes 20 ms that a sandbox in memory does not need

    return Folder(folder)

"""The folder of records: where a run begins a new one, and where those of earlier runs are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from netcfg.core.errors import NoRecord, RecordUnreadable
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.record import History, Meant, Record, Recorded, Unread, is_of
from netcfg.core.resources import VaultId
from netcfg.saved import journal
from netcfg.saved.journal import SUFFIX, Facts, FileJournal
from netcfg.saved.reading import read, read_head

FAR = 500  # records that are looked at, newest first, for what was declared for a vault: then it is long ago


class FileRecords:
    """The records of one folder. `facts` are asked for when a record begins, for they may take a sign-in; `shown` is
    how a plan is written. With `is_elsewhere` a record is named by its path, for nobody would look for it there."""

    def __init__(
        self,
        folder: Path,
        facts: Callable[[], Facts],
        now: Callable[[], datetime],
        shown: Callable[[Plan], dict[str, Any]],
        *,
        is_elsewhere: bool = False,
    ) -> None:
        self._folder, self._facts, self._now, self._shown = folder, facts, now, shown
        self._is_elsewhere = is_elsewhere
        self._last: dict[VaultId, Recorded | Unread] = {}
        self._unread: Unread | None = None
        self._rest: Iterator[str] | None = None
        self.journal: FileJournal | None = None

    def begin(
        self, planned: PlanSet, plans: Sequence[Plan], meant: Mapping[VaultId, Meant], undoes: str
    ) -> FileJournal:
        begun = journal.begin(self._folder, self._facts(), self._now, planned, plans, meant, undoes, self._shown)
        begun.name = str(begun.path) if self._is_elsewhere else begun.name
        self.journal = begun
        return begun

    @property
    def trouble(self) -> str:
        """Why the record of this run does not tell all of it; nothing where it does, or there is none."""
        error = self.journal.trouble if self.journal else None
        if self.journal is None or error is None:
            return ""
        why = error.strerror or str(error)
        return f"the record {str(self.journal.path)!r} does not say how everything ended: {why}"

    def last(self, vault: VaultId) -> Recorded | Unread | None:
        """Reads no further back than it has to: the first lines of the newest records, each once in a run."""
        if self._rest is None:
            try:
                self._rest = iter(_newest(self._folder)[:FAR])
            except RecordUnreadable as error:
                self._rest, self._unread = iter(()), Unread(str(self._folder), str(error))
        while vault not in self._last and (name := next(self._rest, None)):
            self._look_at(self._folder / f"{name}{SUFFIX}")
        return self._last.get(vault, self._unread)

    def _look_at(self, path: Path) -> None:
        try:
            heads = read_head(path)
        except RecordUnreadable as error:
            # It may be about any vault that was not found by then.
            self._unread = self._unread or Unread(str(path), str(error))
            return
        for vault, recorded in heads.items():
            self._last.setdefault(vault, self._unread or recorded)


def history(folder: Path, vaults: Sequence[VaultId | str], limit: int) -> History:
    """The newest records, or the newest of those that are about any of `vaults`; what cannot be read is named."""
    names = _newest(folder)
    records: list[Record] = []
    unread: list[Unread] = []
    for index, name in enumerate(names):
        if len(records) == limit:
            return History(str(folder), tuple(records), tuple(unread), len(names) - index)
        path = folder / f"{name}{SUFFIX}"
        try:
            heads = read_head(path)
            if not vaults or any(is_of(id, each) for id in heads for each in vaults):
                records.append(read(path, is_whole=False))
        except RecordUnreadable as error:
            unread.append(Unread(str(path), str(error)))
    return History(str(folder), tuple(records), tuple(unread))


def find(folder: Path, asked: str) -> Record:
    """The record that is meant: by its id, by the beginning of one that no other has, or by its path."""
    names = _newest(folder)
    if asked in names:
        return read(folder / f"{asked}{SUFFIX}")
    if "/" in asked or "\\" in asked or asked.endswith(SUFFIX):
        return read(Path(asked))
    found = [each for each in names if asked and each.lower().startswith(asked.lower())]
    if len(found) != 1:
        raise NoRecord(asked, str(folder), found)
    return read(folder / f"{found[0]}{SUFFIX}")


def _newest(folder: Path) -> list[str]:
    """The names of all records, the newest first; none where no run has ever made the folder."""
    try:
        return journal.runs(folder)[::-1]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RecordUnreadable(str(folder), error.strerror or str(error)) from error

"""The folder of records: where a run begins a new one, and where those of earlier runs are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netcfg.core.errors import NoRecord, RecordUnreadable
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.record import UNKNOWN, Bearer, History, Meant, Record, Recorded, Unread, Where, is_of
from netcfg.core.resources import VaultId
from netcfg.saved import files, journal
from netcfg.saved.journal import NAME, STAMP, SUFFIX, Facts, FileJournal
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
    def doubt(self) -> str:
        """Why the record of this run may not stay as it is; nothing where nobody else can touch it."""
        try:
            why = files.doubt_of_folder(self._folder) if self.journal else ""
        except OSError:  # it is gone, which is told by whoever wants to write to it
            return ""
        return f"the folder of records {str(self._folder)!r} {why}: others may take records away" if why else ""

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
            head = read_head(path)
        except RecordUnreadable as error:
            # It may be about any vault that was not found by then.
            self._unread = self._unread or Unread(str(path), str(error))
            return
        # Nobody declared anything to a rollback, and what he had declared before still counts.
        if head is None or head.undoes or head.run != path.stem:
            return
        for each in head.entries:
            self._last.setdefault(each.vault, self._unread or Recorded(head.run, head.when, each.declared))

    def since(self, record: Record) -> list[Record | Unread]:
        """Looks beside that record, too, where it lies elsewhere."""
        folders = dict.fromkeys([Path(record.path).absolute().parent, self._folder])
        paths = {name: folder / f"{name}{SUFFIX}" for folder in folders for name in _newest(folder)}
        later = [paths[name] for name in sorted(paths) if NAME.fullmatch(name) and name > record.run]
        return [each for path in later if (each := _about(path, record))]


def _about(path: Path, record: Record) -> Record | Unread | None:
    """What is in a file, if it is, or may be, about any vault of `record`."""
    vaults: frozenset[VaultId] = frozenset()
    try:
        head = read_head(path)
        if head is None or head.run != path.stem or head.where != record.where:
            return None
        vaults = frozenset(each.vault for each in head.entries)
        return None if vaults.isdisjoint(each.vault for each in record.entries) else read(path)
    except RecordUnreadable as error:
        return Unread(str(path), str(error), vaults)


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
            head = read_head(path) or _unbegun(path)
            if head.run != name and head.run in names:
                continue  # a copy of one that is told by its own name
            if not vaults or any(is_of(entry.vault, each) for entry in head.entries for each in vaults):
                records.append(read(path, is_whole=False) if head.entries else head)
        except RecordUnreadable as error:
            unread.append(Unread(str(path), str(error)))
    return History(str(folder), tuple(records), tuple(unread))


def _unbegun(path: Path) -> Record:
    """A record of which not even the first line is whole: its run was killed before it changed anything."""
    try:
        when = datetime.strptime(path.stem.partition("-")[0], STAMP).replace(tzinfo=UTC)
    except ValueError as error:
        raise RecordUnreadable(str(path), "its first line is not whole") from error
    return Record(path.stem, str(path), UNKNOWN, when, Bearer(), Where(), UNKNOWN, ())


def find(folder: Path, asked: str) -> Record:
    """The record that is meant: by its id, by the beginning of one that no other has, or by its path."""
    names = _newest(folder)
    if asked in names:
        return read(folder / f"{asked}{SUFFIX}")
    if "/" in asked or "\\" in asked or asked.endswith(SUFFIX):
        return read(Path(asked), is_named=True)
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

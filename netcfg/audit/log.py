"""An audit log, whatever Azure wrote it as: lines of JSON, an array, records of an event hub, or a result of Log
Analytics as JSON or CSV."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from netcfg.audit.record import LONGEST, is_audit_event, request_of
from netcfg.audit.table import Table
from netcfg.audit.text import lines, pieces
from netcfg.audit.values import Values
from netcfg.core.callers import CallerLog, Request, gather
from netcfg.core.errors import AuditLogUnreadable, NotAnAuditLog
from netcfg.core.words import counted

# How many rows Log Analytics gives at most, to its portal and to programs: a result of exactly so many was cut.
LIMITS = (10_000, 30_000, 500_000)

Record = Mapping[str, Any]


class Progress(Protocol):
    """Somebody who watches."""

    def step(self, what: str) -> None:
        """Say what is being done now."""


def read(file: str, progress: Progress) -> CallerLog:
    """The callers that a file tells of; `-` is what somebody pipes in."""
    name = "stdin" if file == "-" else file
    progress.step(f"reading {name}")
    with _opened(file) as stream:
        return _Reading(name).log(pieces(stream, name))


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115
    except FileNotFoundError:
        raise AuditLogUnreadable(file, "it is not there", "check the name") from None
    except IsADirectoryError:
        raise AuditLogUnreadable(
            file, "it is a folder", "name a file; those of a folder can be piped into '-'"
        ) from None
    except (OSError, ValueError) as error:
        raise AuditLogUnreadable(
            file, getattr(error, "strerror", None) or str(error), "check who may read it"
        ) from error
    with stream:
        yield stream


class _Reading:
    """What one reading of a log finds out beside its callers."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._records = self._events = self._timeless = 0
        self._is_partial = False
        self._names: tuple[str, ...] = ()

    def log(self, found: Iterator[str]) -> CallerLog:
        start = ""
        for piece in found:
            start += piece
            if start.strip():
                break
        else:
            raise NotAnAuditLog(self._name, "it is empty")
        text = chain([start], found)
        source: Values | Table
        if start.lstrip()[0] in "{[":
            source = Values(text, self._name)
            records = self._unpacked(source)
        else:
            source = Table(lines(text, self._name), self._name)
            records = iter(source)
        vaults = gather(self._requests(records))
        if not self._events:
            raise NotAnAuditLog(self._name, self._why(source))
        return CallerLog(self._name, vaults, tuple(self._notes(source)))

    def _requests(self, records: Iterator[Record]) -> Iterator[Request]:
        for each in records:
            self._records += 1
            self._names = self._names or tuple(each)
            request = request_of(each)
            if request:
                self._events += 1
                self._timeless += request.time is None
                yield request

    def _unpacked(self, values: Values) -> Iterator[Record]:
        for value in values:
            if not isinstance(value, dict):
                raise NotAnAuditLog(self._name, "it is JSON, and not of records")
            tables = value.get("tables") or value.get("Tables")
            if isinstance(tables, list):
                self._is_partial = self._is_partial or bool(value.get("error"))
                for table in tables:
                    yield from self._rows(table)
            elif isinstance(value.get("records"), list):  # an object that does not begin with them
                yield from (each for each in value["records"] if isinstance(each, dict))
            else:
                yield value

    def _rows(self, table: object) -> Iterator[Record]:
        """The rows of a table of the query API: https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format"""
        columns, rows = (_part(table, each) for each in ("columns", "rows"))
        names = [str(_part(each, "name", "ColumnName")) for each in columns] if isinstance(columns, list) else []
        for row in rows if isinstance(rows, list) else []:
            if not isinstance(row, list) or len(row) != len(names):
                raise AuditLogUnreadable(
                    self._name, "a row of its table is not as long as its columns", "export it anew"
                )
            yield dict(zip(names, row, strict=True))

    def _why(self, source: Values | Table) -> str:
        if not self._records:
            return "the file ends within its first record" if source.is_cut else "it has no record"
        if not is_audit_event(self._names) and isinstance(source, Table):
            return f"of the columns OperationName and CallerIPAddress one is missing, and there is {_some(self._names)}"
        return (
            f"of {counted(self._records, 'record')} none is an AuditEvent of a vault, with an operation and an address"
        )

    def _notes(self, source: Values | Table) -> Iterator[str]:
        if source.is_cut:
            yield f"{self._name} ends within a record, which is left out: the log may go on after it"
        if self._is_partial:
            yield f"Log Analytics says that the result in {self._name} is not complete"
        if self._records in LIMITS:
            yield (
                f"{self._name} has exactly {self._records:,} records: so many Log Analytics gives at most, and there "
                "may be more"
            )
        if self._timeless:
            yield f"the time of {counted(self._timeless, 'record')} of {self._name} cannot be read as UTC"


def _part(table: object, *names: str) -> object:
    """A member of an object; the older API writes it with a capital."""
    if not isinstance(table, dict):
        return None
    return next((table[key] for name in names for key in (name, name.capitalize()) if key in table), None)


def _some(names: tuple[str, ...]) -> str:
    shown = (each if len(each) <= LONGEST else f"{each[:LONGEST]}…" for each in names[:5])
    return ", ".join(map(repr, shown)) + (" …" if len(names) > 5 else "")

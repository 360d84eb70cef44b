"""Reading records: lines of JSON become what a run did. What cannot be read is an error, never a record of nothing."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from netcfg.core.acls import parse_firewall
from netcfg.core.errors import NetcfgError, RecordUnreadable
from netcfg.core.outcome import Ending
from netcfg.core.ranges import Policy
from netcfg.core.record import Bearer, Did, Entry, Fate, Meant, Record, Where, Write
from netcfg.core.resources import Tags, VaultId, parse_subnet, parse_vault
from netcfg.saved import files
from netcfg.saved.document import load
from netcfg.saved.journal import NAME, VERSION

Line = Mapping[str, Any]

# What only the undoing of a run needs, and most of what a record of a fleet holds.
_LONG = ('{"event": "vault"', '{"event": "writing"')
MOST = 1 << 30  # bytes; no run writes so much
LONGEST_HEAD = 1 << 24  # bytes of a first line, which names every vault; that of 10,000 vaults has a fifth of it


def read(path: Path, *, is_whole: bool = True, is_named: bool = False) -> Record:
    """The record in a file; without `is_whole` everything but what vaults held, which takes most of the time. One that
    nobody has named by its path, `is_named`, was found in a folder, where others may have put theirs."""
    with _opened(path, is_named=is_named) as file:
        if os.fstat(file.fileno()).st_size > MOST:
            raise RecordUnreadable(str(path), f"it has more than {MOST:,} bytes")
        return _parse(path, file.read(MOST).decode(), is_whole)


def read_head(path: Path) -> Record | None:
    """What the first line of a record says, which is enough to know what it is about and what was declared; nothing
    where that line is not whole: whoever began it was killed before he changed anything."""
    with _opened(path) as file:
        line = file.readline(LONGEST_HEAD).decode()
    if len(line) == LONGEST_HEAD:
        raise RecordUnreadable(str(path), f"its first line has more than {LONGEST_HEAD:,} bytes")
    return _parse(path, line, False) if line.endswith("\n") else None


@contextmanager
def _opened(path: Path, *, is_named: bool = False) -> Iterator[BinaryIO]:
    """A file that ends, which a device or a pipe may never do, and that nobody else may have written unless it
    `is_named`."""
    try:
        with open(path, "rb", opener=_regular) as file:
            if not is_named and (why := files.doubt(os.fstat(file.fileno()))):
                raise RecordUnreadable(str(path), why)
            yield file
    except OSError as error:
        raise RecordUnreadable(str(path), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise RecordUnreadable(str(path), "it is not text") from error
    except ValueError as error:  # a path with a character that no path has
        raise RecordUnreadable(str(path), str(error)) from error


def _regular(path: str, flags: int) -> int:
    file = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # or it waits for whoever writes to a pipe
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise RecordUnreadable(path, "it is no regular file")
    return file


@dataclass
class _Found:
    """What the lines of one vault say, until all are read."""

    entry: Entry
    writes: list[Write] = field(default_factory=list)


def _parse(path: Path, text: str, is_whole: bool) -> Record:
    whole, _, torn = text.rpartition("\n")
    lines = whole.split("\n") if whole else []
    if not lines:
        raise RecordUnreadable(str(path), "its first line is not whole; the run ended before it changed anything")
    number = 1
    try:
        record = _head(path, load(lines[0]))
        found = {each.vault: _Found(each) for each in record.entries}
        for line in lines[1:]:
            number += 1
            if is_whole or not line.startswith(_LONG):
                record = _heed(record, load(line), found)
            elif line.startswith(_LONG[1]):
                record = _heed(record, _short(line), found)
        if is_whole:
            _insist_on_grounds(record, found.values())
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, NetcfgError) as error:
        if isinstance(error, RecordUnreadable):
            raise
        what = f"{type(error).__name__}: {error}" if not isinstance(error, NetcfgError) else str(error)
        raise RecordUnreadable(str(path), f"line {number} is not what netcfg writes ({what})") from error
    entries = tuple(replace(each.entry, writes=tuple(each.writes)) for each in found.values())
    return replace(record, entries=entries, is_torn=bool(torn))


def _insist_on_grounds(record: Record, found: Iterable[_Found]) -> None:
    """Of every vault that may have been written it is known what its plan was for, which judges the undoing."""
    if record.is_begun and (silent := [each.entry.name for each in found if each.entry.before is None]):
        raise RecordUnreadable(record.path, f"nowhere it says what {silent[0]} held")


def _short(line: str) -> Line:
    """What the beginning of a long line says: which vault it is about."""
    begin = line.index('"vault": ') + len('"vault": ')
    vault, _ = json.JSONDecoder().raw_decode(line, begin)
    return {"event": "writing", "vault": vault}


def _head(path: Path, line: Line) -> Record:
    if line.get("kind") != "record" or line["event"] != "run":
        raise RecordUnreadable(str(path), "it is not a record of netcfg")
    if line["version"] != VERSION:
        raise RecordUnreadable(
            str(path), f"it has version {line['version']}, and this netcfg knows {VERSION}; update it"
        )
    who, where, manager = line["who"], line["where"], line["where"]["resourceManager"]
    if not NAME.fullmatch(_text(line["run"])):
        raise ValueError(f"{line['run']!r} is not the name of a record")
    entries = tuple(_entry(each) for each in line["vaults"])
    if len({each.vault for each in entries}) < len(entries):
        raise ValueError("it names a vault twice")
    return Record(
        run=line["run"],
        path=str(path),
        command=_text(line["command"]),
        undoes=_text(line.get("undoes", "")),
        when=_moment(line["when"]),
        who=Bearer(_text(who["credential"]), tuple(sorted(_tags(who["claims"]))), _text(who.get("why", ""))),
        where=Where(_text(where["cloud"]), manager if manager is None else _text(manager), _flag(where["sandbox"])),
        version=_text(line["netcfg"]),
        editions=tuple(
            (_text(each["publisher"]), _text(each["edition"]), _text(each["sha256"]))
            for each in line["ranges"]["editions"]
        ),
        options=_pairs(line["options"]),
        acceptances=_texts(line["acceptances"]),
        entries=entries,
    )


def _entry(line: Line) -> Entry:
    changes = {_text(action): _number(number) for action, number in line["changes"].items()}
    return Entry(_vault(line["id"]), changes, _pairs(line["declared"]))


def _heed(record: Record, line: Line, found: Mapping[VaultId, _Found]) -> Record:
    """The record with one more line; what is about a vault is kept in `found`."""
    if record.status is not None:
        raise ValueError("something comes after its end")
    match line["event"]:
        case "vault":
            one = found[_vault(line["vault"])]
            if one.entry.before is not None:
                raise ValueError(f"twice it says what {one.entry.name} held")
            one.entry = replace(one.entry, before=parse_firewall(line["before"], one.entry.name), meant=_meant(line))
        case "begin":
            return replace(record, is_begun=True)
        case "writing":
            if not record.is_begun:
                raise ValueError("a write before the beginning")
            found[_vault(line["vault"])].writes.append(_write(line))
        case "did" if line["what"] == "writing":
            writes = found[_vault(line["vault"])].writes
            if writes[-1].fate is not Fate.OPEN:
                raise ValueError("the end of a write that was never begun")
            writes[-1] = replace(writes[-1], fate=Fate(line["fate"]))
        case "enabling" | "making" | "removing":
            return replace(record, deeds=(*record.deeds, _deed(line["event"], line)))
        case "did":
            return replace(record, deeds=tuple(_settled(record.deeds, _deed(line["what"], line))))
        case "verified":
            one = found[_vault(line["vault"])]
            one.entry = replace(one.entry, is_verified=True)
        case "outcome":
            if known := found.get(_vault(line["vault"])):  # what was unchanged or refused was not begun
                known.entry = replace(
                    known.entry,
                    ending=Ending(line["outcome"]).value,
                    is_verified=_flag(line["verified"]),
                    is_touched=_flag(line["touched"]),
                    error=_text(line.get("error", "")),
                )
        case "end":
            return replace(record, status=_number(line["status"]))
        case _:
            raise ValueError(f"an event {line['event']!r} is not known")
    return record


def _write(line: Line) -> Write:
    """A write; what it was about is left out where only that it was is asked."""
    vault = _text(line["vault"])
    if "found" not in line:
        nothing = parse_firewall({}, vault)
        return Write(nothing, nothing)
    found, sent = parse_firewall(line["found"], vault), parse_firewall(line["sent"], vault)
    return Write(found, sent, _tags(line["foundTags"]), _tags(line["sentTags"]))


def _deed(kind: str, line: Line) -> Did:
    what = line["subnet"] if kind == "enabling" else line["piece"]
    noun = "service-endpoint" if kind == "enabling" else line["kind"]
    fate = Fate(line["fate"]) if "fate" in line else Fate.OPEN
    vault = str(_vault(line["vault"])) if "vault" in line else None
    return Did(f"{kind} {_text(noun)}", _text(what), fate, _text(line.get("error", "")), vault)


def _settled(deeds: Iterable[Did], done: Did) -> Iterable[Did]:
    """The deeds, with what became of the last of them that `done` is about."""
    known = list(deeds)
    for index in reversed(range(len(known))):
        if (known[index].kind, known[index].what, known[index].fate) == (done.kind, done.what, Fate.OPEN):
            known[index] = done
            return known
    raise ValueError(f"the end of something that was never begun: {done.kind} {done.what}")


def _meant(line: Line) -> Meant:
    meant = line["meant"]
    return Meant(
        _texts(meant["geographies"]),
        Policy(meant["ranges"]),
        _flag(meant["canary"]),
        tuple(map(parse_subnet, _texts(meant["subnets"]))),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text is expected, and not {str(value)[:40]}")
    value.encode()  # half of a pair of surrogates is no character, and cannot be printed
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"a list is expected, and not {str(values)[:40]}")
    return tuple(map(_text, values))


def _pairs(values: Iterable[object]) -> tuple[tuple[str, str], ...]:
    pairs = (_texts(each) for each in values)
    return tuple((name, value) for name, value in pairs)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"a number is expected, and not {str(value)[:40]}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"true or false is expected, and not {str(value)[:40]}")
    return value


def _vault(text: object) -> VaultId:
    id = parse_vault(_text(text))
    if not isinstance(id, VaultId):
        raise TypeError(f"{text!r} is not the id of a vault")
    return id


def _tags(tags: Mapping[str, str]) -> Tags:
    return tuple((_text(name), _text(value)) for name, value in tags.items())


def _moment(text: object) -> datetime:
    moment = datetime.fromisoformat(_text(text).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment

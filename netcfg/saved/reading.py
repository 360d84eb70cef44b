"""Reading records: lines of JSON become what a run did. What cannot be read is an error, never a record of nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from netcfg.core.acls import parse_firewall
from netcfg.core.errors import NetcfgError, RecordUnreadable
from netcfg.core.ranges import Policy
from netcfg.core.record import Bearer, Did, Entry, Fate, Meant, Record, Recorded, Where, Write
from netcfg.core.resources import Tags, VaultId, parse_subnet, parse_vault
from netcfg.saved.journal import VERSION

Line = Mapping[str, Any]

# What only the undoing of a run needs, and most of what a record of a fleet holds.
_LONG = ('{"event": "vault"', '{"event": "writing"')
MOST = 1 << 30  # bytes; no run writes so much


def read(path: Path, *, is_whole: bool = True) -> Record:
    """The record in a file; without `is_whole` everything but what vaults held, which takes most of the time."""
    try:
        _insist_on_a_file(path)
        if path.stat().st_size > MOST:
            raise RecordUnreadable(str(path), f"it has more than {MOST:,} bytes")
        text = path.read_bytes().decode()
        return _parse(path, text, is_whole)
    except OSError as error:
        raise RecordUnreadable(str(path), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise RecordUnreadable(str(path), "it is not text") from error


def read_head(path: Path) -> Mapping[VaultId, Recorded]:
    """What the first line of a record says of each vault, which is enough to know what was declared."""
    try:
        _insist_on_a_file(path)
        with path.open("rb") as file:
            line = file.readline(MOST).decode()
    except OSError as error:
        raise RecordUnreadable(str(path), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise RecordUnreadable(str(path), "it is not text") from error
    if not line.endswith("\n"):
        return {}  # whoever began it was killed before he changed anything
    record = _parse(path, line, False)
    return {each.vault: Recorded(record.run, record.when, each.declared) for each in record.entries}


def _insist_on_a_file(path: Path) -> None:
    """A device or a pipe may never end; what is not there has an error of its own."""
    if path.exists() and not path.is_file():
        raise RecordUnreadable(str(path), "it is no regular file")


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
        record = _head(path, json.loads(lines[0]))
        found = {each.vault: _Found(each) for each in record.entries}
        for line in lines[1:]:
            number += 1
            if is_whole or not line.startswith(_LONG):
                record = _heed(record, json.loads(line), found)
            elif line.startswith(_LONG[1]):
                record = _heed(record, _short(line), found)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, NetcfgError) as error:
        if isinstance(error, RecordUnreadable):
            raise
        what = f"{type(error).__name__}: {error}" if not isinstance(error, NetcfgError) else str(error)
        raise RecordUnreadable(str(path), f"line {number} is not what netcfg writes ({what})") from error
    entries = tuple(replace(each.entry, writes=tuple(each.writes)) for each in found.values())
    return replace(record, entries=entries, is_torn=bool(torn))


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
    who, where = line["who"], line["where"]
    return Record(
        run=str(line["run"]),
        path=str(path),
        command=str(line["command"]),
        undoes=str(line.get("undoes", "")),
        when=_moment(line["when"]),
        who=Bearer(who["credential"], tuple(sorted(who["claims"].items())), who.get("why", "")),
        where=Where(where["cloud"], where["resourceManager"], where["sandbox"]),
        version=str(line["netcfg"]),
        editions=tuple((each["publisher"], each["edition"], each["sha256"]) for each in line["ranges"]["editions"]),
        options=tuple((name, value) for name, value in line["options"]),
        acceptances=tuple(line["acceptances"]),
        entries=tuple(_entry(each) for each in line["vaults"]),
    )


def _entry(line: Line) -> Entry:
    changes = {str(action): int(number) for action, number in line["changes"].items()}
    return Entry(_vault(line["id"]), changes, tuple((value, reason) for value, reason in line["declared"]))


def _heed(record: Record, line: Line, found: Mapping[VaultId, _Found]) -> Record:
    """The record with one more line; what is about a vault is kept in `found`."""
    match line["event"]:
        case "vault":
            one = found[_vault(line["vault"])]
            one.entry = replace(one.entry, before=parse_firewall(line["before"], one.entry.name), meant=_meant(line))
        case "begin":
            return replace(record, is_begun=True)
        case "writing":
            found[_vault(line["vault"])].writes.append(_write(line))
        case "did" if line["what"] == "writing":
            writes = found[_vault(line["vault"])].writes
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
                    ending=line["outcome"],
                    is_verified=line["verified"],
                    is_touched=line["touched"],
                    error=line.get("error", ""),
                )
        case "end":
            return replace(record, status=int(line["status"]))
        case _:
            raise ValueError(f"an event {line['event']!r} is not known")
    return record


def _write(line: Line) -> Write:
    """A write; what it was about is left out where only that it was is asked."""
    vault = str(line["vault"])
    if "found" not in line:
        nothing = parse_firewall({}, vault)
        return Write(nothing, nothing)
    found, sent = parse_firewall(line["found"], vault), parse_firewall(line["sent"], vault)
    return Write(found, sent, _tags(line["foundTags"]), _tags(line["sentTags"]))


def _deed(kind: str, line: Line) -> Did:
    what = line["subnet"] if kind == "enabling" else line["piece"]
    noun = "service-endpoint" if kind == "enabling" else line["kind"]
    fate = Fate(line["fate"]) if "fate" in line else Fate.OPEN
    return Did(f"{kind} {noun}", str(what), fate, line.get("error", ""), line.get("vault"))


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
        tuple(meant["geographies"]),
        Policy(meant["ranges"]),
        bool(meant["canary"]),
        tuple(parse_subnet(each) for each in meant["subnets"]),
    )


def _vault(text: str) -> VaultId:
    id = parse_vault(text)
    if not isinstance(id, VaultId):
        raise TypeError(f"{text!r} is not the id of a vault")
    return id


def _tags(tags: Mapping[str, str]) -> Tags:
    return tuple((str(name), str(value)) for name, value in tags.items())


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment

"""The journal of one run: lines of JSON, each there before or right after what it tells.

Whoever kills the run leaves lines that are whole, and half of one at most; so the file says how far it got. Nothing in
it is a credential, and only its owner may read it.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, assert_never

from netcfg.core.acls import write_firewall
from netcfg.core.errors import RecordNotWritten
from netcfg.core.moment import in_utc
from netcfg.core.outcome import Result
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.ranges import Edition
from netcfg.core.record import Bearer, Deed, EnablingEndpoint, Fate, Making, Meant, Removing, Where, Writing
from netcfg.core.resources import Tags, VaultId
from netcfg.core.standing import Standing
from netcfg.core.temporary import is_ours
from netcfg.saved import files

VERSION = 1
STAMP = "%Y%m%dT%H%M%SZ"
SUFFIX = ".jsonl"
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")
TRIES = 16  # of a name that another run took in the same second

Line = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """Who ran what, and where: what a record says before it says anything of vaults."""

    command: str
    version: str
    who: Bearer
    where: Where
    options: tuple[tuple[str, str], ...] = ()
    acceptances: tuple[str, ...] = ()


class FileJournal:
    """A file that is open for as long as the run is."""

    def __init__(self, path: Path, name: str, file: int, now: Callable[[], datetime]) -> None:
        self.path, self.name = path, name
        self.trouble: OSError | None = None  # what kept something from being told that is done
        self._file = file
        self._now = now
        self._lock = Lock()  # several vaults are written side by side

    def doing(self, deed: Deed) -> None:
        try:
            self._write({"event": _VERBS[type(deed)], **_told(deed)})
            os.fsync(self._file)  # without the lock: the disk takes those of several vaults in one go
        except OSError as error:
            raise RecordNotWritten(str(self.path), error.strerror or str(error)) from error

    def did(self, deed: Deed, fate: Fate, why: str = "") -> None:
        self._tell({"event": "did", "what": _VERBS[type(deed)], **_about(deed), "fate": fate.value, **_known(why)})

    def verified(self, vault: VaultId) -> None:
        self._tell({"event": "verified", "vault": str(vault)})

    def end(self, result: Result) -> None:
        for each in result.outcomes:
            self._tell(
                {
                    "event": "outcome",
                    "vault": str(each.plan.vault.id),
                    "outcome": each.ending.value,
                    "verified": each.verified,
                    "touched": each.touched,
                    **_known(str(each.error) if each.error else ""),
                }
            )
        endings = Counter(each.ending.value for each in result.outcomes)
        self._tell({"event": "end", "status": result.status, "outcomes": dict(sorted(endings.items()))})
        with suppress(OSError):
            os.fsync(self._file)
            os.close(self._file)

    def _write(self, line: Line) -> None:
        with self._lock:
            files.append(self._file, self._line(line), is_urgent=False)

    def _tell(self, line: Line) -> None:
        """Without waiting for the disk: what is lost in a power failure is what Azure can be asked."""
        try:
            self._write(line)
        except OSError as error:
            self.trouble = self.trouble or error

    def _line(self, line: Line) -> str:
        event, *rest = line.items()
        return _written({**dict([event]), "at": in_utc(self._now()), **dict(rest)})


def begin(
    folder: Path,
    facts: Facts,
    now: Callable[[], datetime],
    planned: PlanSet,
    plans: Iterable[Plan],
    meant: Mapping[VaultId, Meant],
    undoes: str,
    shown: Callable[[Plan], Line],
) -> FileJournal:
    """A new file of `folder`, which says everything that is known before the first write, and is on the disk.

    Its name is when it was begun and what it says. One that an earlier run on this machine has, or a later name, makes
    it take the next second: the order of the names is that of the runs, whatever the clock does.
    """
    chosen = list(plans)
    head = _head(facts, now(), planned, chosen, undoes)
    vaults = [_vault(plan, meant[plan.vault.id], shown) for plan in chosen]
    try:
        files.make_folder(folder)
        text = "".join(map(_written, [head, *vaults, {"event": "begin"}]))
        digest = sha256(text.encode()).hexdigest()[:8]
        path, file = _named(folder, now(), digest)
        try:
            files.append(file, _written({"event": "run", "run": path.stem, **_without_event(head)}) + _rest(text))
        except OSError:
            os.close(file)
            with suppress(OSError):
                path.unlink()  # it says nothing, and nothing was done
            raise
        files.sync_folder(folder)
    except OSError as error:
        raise RecordNotWritten(str(folder), error.strerror or str(error)) from error
    return FileJournal(path, path.stem, file, now)


def runs(folder: Path) -> list[str]:
    """The names of the records there, oldest first."""
    return sorted(each.stem for each in folder.iterdir() if each.suffix == SUFFIX)


def _named(folder: Path, now: datetime, digest: str) -> tuple[Path, int]:
    for attempt in range(TRIES):
        stamp = max(now.astimezone(UTC).strftime(STAMP), _next(runs(folder)))
        path = folder / f"{stamp}-{digest}{SUFFIX}"
        try:
            return path, files.create(path)
        except FileExistsError:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _next(names: list[str]) -> str:
    """The second after that of the newest record; nothing where there is none that has a time."""
    for each in reversed(names):
        with suppress(ValueError):
            last = datetime.strptime(each.partition("-")[0], STAMP).replace(tzinfo=UTC)
            return datetime.fromtimestamp(last.timestamp() + 1, UTC).strftime(STAMP)
    return ""


def _head(facts: Facts, now: datetime, planned: PlanSet, plans: list[Plan], undoes: str) -> Line:
    """The first line, which is all that has to be read of a record to know what it is about."""
    return {
        "event": "run",
        "version": VERSION,
        "kind": "record",
        "command": facts.command,
        **({"undoes": undoes} if undoes else {}),
        "netcfg": facts.version,
        "when": in_utc(now),
        "who": {
            "credential": facts.who.credential,
            "name": facts.who.name,
            "claims": dict(facts.who.claims),
            **({"why": facts.who.why} if facts.who.why else {}),
        },
        "where": {
            "cloud": facts.where.cloud,
            "resourceManager": facts.where.resource_manager,
            "sandbox": facts.where.is_sandbox,
        },
        "ranges": {
            "policy": planned.resolution.policy.value,
            "editions": [_edition(each) for each in planned.resolution.editions],
        },
        "options": [list(each) for each in facts.options],
        "acceptances": list(facts.acceptances),
        "vaults": [_named_vault(plan) for plan in plans],
    }


def _named_vault(plan: Plan) -> Line:
    counts = Counter(each.action.value for each in plan.changes)
    declared = {str(rule): why.text for rule, why in plan.desired.asked.items() if why.standing is Standing.DECLARED}
    return {
        "id": str(plan.vault.id),
        "changes": dict(sorted(counts.items())),
        "declared": [[value, reason] for value, reason in sorted(declared.items())],
    }


def _vault(plan: Plan, meant: Meant, shown: Callable[[Plan], Line]) -> Line:
    return {
        "event": "vault",
        "vault": str(plan.vault.id),
        "before": write_firewall(plan.before),
        "tags": _ours(plan.vault.tags),
        "meant": {
            "geographies": list(meant.geographies),
            "ranges": meant.policy.value,
            "canary": meant.canary,
            "subnets": [str(each) for each in meant.subnets],
        },
        "plan": shown(plan),
    }


def _edition(edition: Edition) -> Line:
    return {"publisher": edition.publisher.value, "edition": edition.day.isoformat(), "sha256": edition.sha256}


_VERBS: dict[type[Deed], str] = {
    Writing: "writing",
    EnablingEndpoint: "enabling",
    Making: "making",
    Removing: "removing",
}


def _told(deed: Deed) -> Line:
    if not isinstance(deed, Writing):
        return _about(deed)
    found = deed.found
    return {
        **_about(deed),
        "found": write_firewall(found.firewall),
        "sent": write_firewall(deed.after),
        "foundTags": _ours(found.tags),
        "sentTags": _ours(deed.tags),
    }


def _about(deed: Deed) -> Line:
    match deed:
        case Writing():
            return {"vault": str(deed.found.id)}
        case EnablingEndpoint():
            return {"subnet": str(deed.subnet)}
        case Making() | Removing():
            return {"vault": str(deed.vault), "kind": deed.kind.value, "piece": str(deed.piece)}
        case _:
            assert_never(deed)


def _ours(tags: Tags) -> dict[str, str]:
    """The tags that are ours. What others keep in theirs is not to be written down."""
    return {name: value for name, value in tags if is_ours(name)}


def _known(why: str) -> Line:
    return {"error": why} if why else {}


def _without_event(line: Line) -> Line:
    return {name: value for name, value in line.items() if name != "event"}


def _rest(text: str) -> str:
    """All lines but the first."""
    return text.partition("\n")[2]


def _written(line: Mapping[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=True) + "\n"

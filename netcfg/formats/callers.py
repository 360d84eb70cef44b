"""The callers of a log, as rows beside the plan that they are held against, and as a part of its document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from netcfg.core.callers import Aside, CallerLog, Callers, Fate, Judged, VaultLog, Way
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.resources import as_subnet
from netcfg.core.words import counted, listed
from netcfg.formats import order
from netcfg.formats.page import Row

MOST = 20  # callers of one fate that are told one by one, and vaults of a fleet; the document has all
MOST_OF_MANY = 5  # the same of one of many vaults
FEW = 3  # operations, and applications, of one caller


@dataclass(frozen=True)
class Group:
    """Callers of one fate: what it is called, how it is shown, and the first of them.

    `shared` is what holds for all of them, or for those of whom nothing else is said. One that `is_calm` needs nobody's
    eye.
    """

    title: str
    style: str
    rows: tuple[Row, ...]
    more: int = 0
    shared: str = ""
    is_calm: bool = False

    @property
    def rest(self) -> str:
        return f"and {self.more:,} more, all of them in --format json" if self.more else ""


@dataclass(frozen=True)
class Fleet:
    """The callers of many vaults: those vaults one of whose callers is cut off or cannot be told, the worst first, and
    rows for all others."""

    headline: str
    told: tuple[tuple[Plan, Callers], ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def headline(name: str, logs: Iterable[VaultLog | None]) -> str:
    """How much the log has of a vault, or of several, and of which time."""
    found = [each for each in logs if each is not None]
    if not found:
        return f"callers in {name}: no record of this vault"
    number = counted(sum(each.requests for each in found), "request")
    first = min((each.first for each in found if each.first), default=None)
    last = max((each.last for each in found if each.last), default=None)
    if first and last:
        number += f" between {_time(first)} and {_time(last)} UTC; who came at other times is not in it"
    return f"callers in {name}: {number}"


def groups(found: Callers, most: int = MOST) -> list[Group]:
    """Everybody, those who are cut off first; of each fate so `most`."""
    shown = (
        ("CUT OFF", "refused", "!", found.of(Fate.CUT_OFF)),
        ("not known", "set", "?", found.of(Fate.UNKNOWN)),
        ("let in", "", " ", found.of(Fate.IN)),
        ("came, and do not get in now either", "quiet", " ", found.of(Fate.OUT)),
        ("refused by the firewall at the time", "quiet", " ", found.refused),
    )
    return [_group(title, style, mark, judged, most) for title, style, mark, judged in shown if judged]


def sketch(found: Callers) -> str:
    """The same in a few words: `2 callers CUT OFF, 1 not known, 5 let in`."""
    if found.log is None:
        return "nothing is known of its callers"
    counts = (
        ("CUT OFF", found.of(Fate.CUT_OFF)),
        ("not known", found.of(Fate.UNKNOWN)),
        ("let in", found.of(Fate.IN)),
        ("not let in now either", found.of(Fate.OUT)),
        ("refused at the time", found.refused),
    )
    parts = [f"{len(judged):,} {word}" for word, judged in counts if judged]
    return f"callers: {', '.join(parts)}" if parts else "nothing is known of its callers"


def fleet(plans: PlanSet) -> Fleet | None:
    """The callers of many vaults, where a log was given."""
    told: list[tuple[Plan, Callers]] = []
    calm: list[str] = []
    unknown: list[str] = []
    found = [(plan, plan.callers) for plan in order.plans(plans.plans) if plan.callers]
    if not plans.callers or not found:
        return None
    for plan, callers in found:
        if callers.log is None or not callers.judged:
            unknown.append(plan.vault.name)
        elif callers.of(Fate.CUT_OFF) or callers.of(Fate.UNKNOWN):
            told.append((plan, callers))
        else:
            calm.append(plan.vault.name)
    told.sort(key=lambda each: not each[1].of(Fate.CUT_OFF))
    rows = [_in_short(plan, callers) for plan, callers in told[MOST : 2 * MOST]]
    if more := [plan.vault.name for plan, _ in told[2 * MOST :]]:
        said = f"{counted(len(more), 'more vault')} with such callers: {listed(more)}"
        rows.append(Row("!", "…", (f"{said}; --format json names all",), "refused"))
    if unknown:
        said = f"nothing is known of their callers: {listed(unknown)}"
        rows.append(Row("?", counted(len(unknown), "vault"), (said,), "set"))
    if calm:
        rows.append(Row(" ", counted(len(calm), "vault"), (f"nobody is cut off: {listed(calm)}",), "quiet"))
    title = headline(plans.callers.name, [callers.log for _, callers in found])
    return Fleet(title, tuple(told[:MOST]), tuple(rows), plans.callers.notes)


def _in_short(plan: Plan, callers: Callers) -> Row:
    lost = callers.of(Fate.CUT_OFF)
    mark, style = ("!", "refused") if lost else ("?", "set")
    return Row(mark, plan.vault.name, (sketch(callers), *([listed(map(_address, lost))] if lost else [])), style)


def document(found: Callers) -> dict[str, Any]:
    """What the JSON document has of them."""
    log = found.log
    return {
        "log": found.name,
        "isKnown": log is not None and bool(log.callers),
        "requests": log.requests if log else 0,
        "first": _stamp(log.first if log else None),
        "last": _stamp(log.last if log else None),
        "callers": [_caller(each) for each in found.judged],
        "leftOut": [{"why": each.value, "requests": log.aside[each]} for each in Aside if log and log.aside.get(each)],
        "notes": list(found.notes),
    }


def document_of_log(log: CallerLog) -> dict[str, Any]:
    """What it has of the log itself."""
    return {"log": log.name, "notes": list(log.notes)}


def _caller(judged: Judged) -> dict[str, Any]:
    caller = judged.caller
    origin = caller.origin
    return {
        "address": origin.address,
        "way": origin.way.value,
        **({"through": origin.through} if origin.through else {}),
        "fate": judged.fate.value,
        "message": judged.message,
        "rule": judged.rule or None,
        "refused": caller.is_refused,
        "requests": caller.requests,
        "lastSeen": _stamp(caller.last_seen),
        "operations": [{"name": name, "requests": number} for name, number in caller.operations],
        "applications": list(caller.applications),
    }


def _group(title: str, style: str, mark: str, judged: Sequence[Judged], most: int) -> Group:
    message, programs, shared = _shared(judged)
    rows = []
    for each in judged[:most]:
        names = [f"{name} ×{number:,}" if number > 1 else name for name, number in each.caller.operations]
        when = f"last {_time(each.caller.last_seen)}" if each.caller.last_seen else "time not read"
        # What is as long in every row comes first, and what is said of few of them last: so columns stay straight.
        own = [] if programs else [_programs(each)]
        said = [] if each.message == message else [each.message]
        rows.append(Row(mark, _address(each), (when, listed(names, FEW), *own, *said), style))
    number = counted(len(judged), "caller")
    return Group(f"{title}: {number}", style, tuple(rows), len(judged) - len(rows), shared, is_calm=mark == " ")


def _shared(judged: Sequence[Judged]) -> tuple[str, str, str]:
    """The reason that most have, and the applications that all have, to be said once; and both in words."""
    if len(judged) < 2:
        return "", "", ""
    ((message, number),) = Counter(each.message for each in judged).most_common(1)
    all_programs = set(map(_programs, judged))
    programs = all_programs.pop() if len(all_programs) == 1 else ""
    if number == len(judged):
        return message, programs, f"all: {'; '.join(filter(None, [message, programs]))}"
    if number * 2 <= len(judged):
        return "", programs, f"all: {programs}" if programs else ""
    said = f"where nothing else is said: {message}"
    return message, programs, f"all: {programs}; {said}" if programs else said


def _programs(judged: Judged) -> str:
    found = judged.caller.applications
    return f"application {listed(found, FEW)}" if found else ""


def _address(judged: Judged) -> str:
    origin = judged.caller.origin
    subnet = as_subnet(origin.through) if origin.way is Way.SUBNET else None
    return f"{origin.address} in {subnet.short}" if subnet else origin.address


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _stamp(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z" if at else None

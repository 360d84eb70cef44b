"""The callers of a log, as rows beside the plan that they are held against, and as a part of its document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from netcfg.core.callers import Aside, Callers, Fate, Judged, Way
from netcfg.core.plan import Plan
from netcfg.core.resources import as_subnet
from netcfg.core.words import counted, listed
from netcfg.formats.page import Row

MOST = 20  # callers of one fate that are told one by one; the document has all
FEW = 3  # operations, and applications, of one caller


@dataclass(frozen=True)
class Group:
    """Callers of one fate: what it is called, how it is shown, and the first of them."""

    title: str
    style: str
    rows: tuple[Row, ...]
    more: int = 0


def headline(found: Callers) -> str:
    """How much the log has of this vault, and of which time."""
    if found.log is None:
        return f"callers in {found.name}: no record of this vault"
    number = counted(found.log.requests, "request")
    first, last = found.log.first, found.log.last
    if first and last:
        number += f" between {_time(first)} and {_time(last)} UTC; who came at other times is not in it"
    return f"callers in {found.name}: {number}"


def groups(found: Callers) -> list[Group]:
    """Everybody, those who are cut off first."""
    shown = (
        ("CUT OFF", "refused", "!", found.of(Fate.CUT_OFF)),
        ("not known", "set", "?", found.of(Fate.UNKNOWN)),
        ("let in", "", " ", found.of(Fate.IN)),
        ("came, and do not get in now either", "quiet", " ", found.of(Fate.OUT)),
        ("refused by the firewall at the time", "quiet", " ", found.refused),
    )
    return [_group(title, style, mark, judged) for title, style, mark, judged in shown if judged]


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


def fleet(plans: Iterable[Plan]) -> list[Row]:
    """A row for each of many vaults one of whose callers is cut off or cannot be told, and one for all the others."""
    rows: list[Row] = []
    calm: list[str] = []
    unknown: list[str] = []
    for plan in plans:
        if plan.callers is None:
            continue
        if plan.callers.log is None or not plan.callers.judged:
            unknown.append(plan.vault.name)
        elif lost := plan.callers.of(Fate.CUT_OFF):
            rows.append(Row("!", plan.vault.name, (sketch(plan.callers), listed(map(_address, lost))), "refused"))
        elif plan.callers.of(Fate.UNKNOWN):
            rows.append(Row("?", plan.vault.name, (sketch(plan.callers),), "set"))
        else:
            calm.append(plan.vault.name)
    rows = sorted(rows, key=lambda each: each.mark)
    shown, more = rows[:MOST], rows[MOST:]
    if more:
        said = f"{counted(len(more), 'more vault')} with such callers: {listed(each.subject for each in more)}"
        shown.append(Row("!", "…", (f"{said}; --format json names all",), "refused"))
    if unknown:
        said = f"nothing is known of their callers: {listed(unknown)}"
        shown.append(Row("?", counted(len(unknown), "vault"), (said,), "set"))
    if calm:
        shown.append(Row(" ", counted(len(calm), "vault"), (f"nobody is cut off: {listed(calm)}",), "quiet"))
    return shown


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


def _group(title: str, style: str, mark: str, judged: Sequence[Judged]) -> Group:
    rows = tuple(_row(mark, style, each) for each in judged[:MOST])
    return Group(f"{title}: {counted(len(judged), 'caller')}", style, rows, len(judged) - len(rows))


def _row(mark: str, style: str, judged: Judged) -> Row:
    caller = judged.caller
    names = [f"{name} ×{number:,}" if number > 1 else name for name, number in caller.operations]
    when = f"last {_time(caller.last_seen)}" if caller.last_seen else "time not read"
    programs = f"application {listed(caller.applications, FEW)}" if caller.applications else ""
    return Row(mark, _address(judged), (listed(names, FEW), when, judged.message, programs), style)


def _address(judged: Judged) -> str:
    origin = judged.caller.origin
    subnet = as_subnet(origin.through) if origin.way is Way.SUBNET else None
    return f"{origin.address} in {subnet.short}" if subnet else origin.address


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _stamp(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z" if at else None

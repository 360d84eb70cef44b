"""What was applied, as text and as a document: a line for each run, or one run with everything that it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from netcfg.core.acls import write_firewall
from netcfg.core.moment import in_utc
from netcfg.core.outcome import Ending
from netcfg.core.record import Did, Entry, Fate, History, Record, Write
from netcfg.core.rules import Rule
from netcfg.core.words import counted, listed
from netcfg.formats.page import Page, Row

TIME = "%Y-%m-%d %H:%M:%S"
WORDS = (("add", "added"), ("remove", "removed"), ("set", "changed"))


def text(found: History, page: Page) -> str:
    """The runs, newest first; or all of one."""
    blocks = [
        *([_whole(each, page) for each in found.records] if found.is_one else [page.listing(map(_row, found.records))]),
        page.listing(Row("!", each.path, (each.why,), "refused") for each in found.unread),
        page.paragraph(_summary(found), "title") if not found.is_one else [],
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"


def document(found: History) -> dict[str, Any]:
    """What the document of kind `records` says. What cannot be read is in it too."""
    return {
        "folder": found.folder,
        "records": [_document(each, found.is_one) for each in found.records],
        "unreadable": [{"path": each.path, "reason": each.why} for each in found.unread],
        "summary": {"records": len(found.records), "unreadable": len(found.unread), "older": found.more},
    }


def _row(record: Record) -> Row:
    who = f"{record.command} of {record.undoes}" if record.undoes else record.command
    when = f"{record.when:{TIME}} UTC"
    return Row(_mark(record), record.run, (when, f"{who} by {record.who.name}", _vaults(record), _did(record)), "")


def _mark(record: Record) -> str:
    return " " if record.status == 0 else "!"


def _vaults(record: Record) -> str:
    names = listed((each.name for each in record.entries), 3)
    return f"{names}: {record.outcome}" if names else record.outcome


def _did(record: Record) -> str:
    """`8 added, 1 changed`, and `8 to be added` where that was planned and did not come to its end."""
    done, planned = Counter[str](), Counter[str]()
    for each in record.entries:
        (done if each.ending == Ending.DONE.value else planned).update(each.changes)
    return ", ".join(
        f"{counts[action]:,} {lead}{word}"
        for counts, lead in ((done, ""), (planned, "to be "))
        for action, word in WORDS
        if counts[action]
    )


def _summary(found: History) -> str:
    told = counted(len(found.records), "record") if found.records else f"no record in {found.folder!r}"
    parts = [told]
    if found.more:
        parts.append(f"{found.more:,} older not shown: --limit shows more")
    if found.unread:
        parts.append(f"{len(found.unread):,} cannot be read")
    return "; ".join(parts)


def _whole(record: Record, page: Page) -> list[str]:
    """Everything that a record says, but for what vaults held."""
    rows = [
        Row(" ", "what", (record.command + (f" of {record.undoes}" if record.undoes else ""),)),
        Row(" ", "when", (f"{record.when:{TIME}} UTC",)),
        Row(" ", "who", (_who(record),)),
        Row(" ", "where", (f"{record.where}, netcfg {record.version}",)),
        Row(" ", "ranges", (", ".join(f"{publisher} {day}" for publisher, day, _ in record.editions),)),
        *(
            [Row(" ", "options", (", ".join(f"{name} {value}" for name, value in record.options),))]
            if record.options
            else []
        ),
        *([Row(" ", "accepted", (", ".join(record.acceptances),))] if record.acceptances else []),
        Row(_mark(record), "outcome", (record.outcome + _ended(record),)),
        Row(" ", "file", (record.path,)),
    ]
    lines = [*page.paragraph(record.run, "title"), *page.listing(rows)]
    for entry in sorted(record.entries, key=lambda each: each.vault.text.lower()):
        lines += ["", *page.heading(entry.name, f"{entry.fate}{_proved(entry)}"), *page.listing(_entry_rows(entry))]
    if record.deeds:
        lines += [
            "",
            *page.paragraph("beside the vaults' own settings", "title"),
            *page.listing(map(_deed_row, record.deeds)),
        ]
    return lines


def _who(record: Record) -> str:
    claims = ", ".join(f"{name} {value}" for name, value in record.who.claims)
    return "; ".join(each for each in (record.who.credential, claims, record.who.why) if each)


def _ended(record: Record) -> str:
    if record.status is not None:
        return f" (exit status {record.status})"
    return "; its last line was not finished" if record.is_torn else ""


def _proved(entry: Entry) -> str:
    return ", verified" if entry.is_verified else ""


def _entry_rows(entry: Entry) -> Iterator[Row]:
    for number, write in enumerate(entry.writes, 1):
        yield Row(" ", f"write {number}", (_FATES[write.fate],))
        yield from _changes(write)
    if entry.error:
        yield Row("!", "error", (entry.error,))


_FATES = {
    Fate.DONE: "Azure took it",
    Fate.REFUSED: "Azure did not take it",
    Fate.UNSETTLED: "whether Azure took it is not known",
    Fate.OPEN: "was about to be sent when the run ended: whether Azure took it is not known",
}


def _changes(write: Write) -> Iterator[Row]:
    found, sent = write.found.rule_set, write.sent.rule_set
    old, new = set(found.rules), set(sent.rules)
    yield from (Row("+", str(each), (), "add") for each in _once(sent.rules) if each not in old)
    yield from (Row("-", str(each), (), "remove") for each in _once(found.rules) if each not in new)
    for name, before, after in (
        ("public access", write.found.public_access.value, write.sent.public_access.value),
        ("default action", found.default_action.value, sent.default_action.value),
        ("bypass", found.bypass.value, sent.bypass.value),
    ):
        if before != after:
            yield Row("~", name, (f"{before} → {after}",), "set")


def _once(rules: Iterable[Rule]) -> Iterable[Rule]:
    return dict.fromkeys(rules)


def _deed_row(deed: Did) -> Row:
    ended = deed.fate.value if deed.fate is not Fate.OPEN else "whether it was done is not known"
    return Row("!" if deed.fate is not Fate.DONE else " ", deed.kind, (deed.what, ended, deed.error))


def _document(record: Record, is_whole: bool) -> dict[str, Any]:
    return {
        "id": record.run,
        "path": record.path,
        "command": record.command,
        "undoes": record.undoes or None,
        "when": in_utc(record.when),
        "who": {
            "credential": record.who.credential,
            "name": record.who.name,
            "claims": dict(record.who.claims),
            "unknown": record.who.why or None,
        },
        "where": {
            "cloud": record.where.cloud,
            "resourceManager": record.where.resource_manager,
            "sandbox": record.where.is_sandbox,
        },
        "netcfg": record.version,
        "editions": [
            {"publisher": publisher, "edition": day, "sha256": digest} for publisher, day, digest in record.editions
        ],
        "options": dict(record.options),
        "acceptances": list(record.acceptances),
        "changes": {word: record.changes.get(action, 0) for action, word in WORDS},
        "outcome": record.outcome,
        "status": record.status,
        "vaults": [_entry(each, is_whole) for each in record.entries],
        **({"steps": [_deed(each) for each in record.deeds]} if is_whole else {}),
    }


def _entry(entry: Entry, is_whole: bool) -> dict[str, Any]:
    return {
        "id": str(entry.vault),
        "name": entry.name,
        "changes": {word: entry.changes.get(action, 0) for action, word in WORDS},
        "declared": [{"value": value, "reason": reason} for value, reason in entry.declared],
        "outcome": entry.fate,
        "verified": entry.is_verified,
        "error": entry.error or None,
        **({"before": write_firewall(entry.before) if entry.before else None} if is_whole else {}),
        **({"writes": [_write(each) for each in entry.writes]} if is_whole else {}),
    }


def _write(write: Write) -> dict[str, Any]:
    return {"fate": write.fate.value, "found": write_firewall(write.found), "sent": write_firewall(write.sent)}


def _deed(deed: Did) -> dict[str, Any]:
    return {"step": deed.kind, "id": deed.what, "fate": deed.fate.value, "error": deed.error or None}

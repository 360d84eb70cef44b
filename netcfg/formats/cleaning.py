"""What `netcfg exec --clean` took out, as text and as a document."""

from __future__ import annotations

from typing import Any

from netcfg.core.cleaning import Cleaned, Cleaning
from netcfg.core.outcome import Ending
from netcfg.core.visit import Leftover
from netcfg.core.words import counted
from netcfg.formats.harmless import line


def text(found: Cleaning) -> str:
    """A line for each thing that was overdue or that nobody could tell, and one that counts."""
    rows = [row for each in found.vaults for row in _rows(each)]
    rows += [f"{each.vault}: undetermined: {each.error}" for each in found.undetermined]
    looked = counted(len(found.vaults), "vault")
    done = f"{counted(found.removed, 'run')} of netcfg exec cleaned up" if found.removed else "nothing was cleaned up"
    is_clean = not any(each.overdue for each in found.vaults) and not found.undetermined
    rows.append(f"{looked} looked at, {'nothing is overdue' if is_clean else done}")
    return "".join(f"{line(each)}\n" for each in rows)


def _rows(found: Cleaned) -> list[str]:
    name, is_done = found.vault.name, found.ending is Ending.DONE
    rows = [f"{name}: {_said(each, is_done=is_done)}" for each in found.overdue]
    rows += [
        f"{name}: the tag {each!r} looks like one of netcfg exec and cannot be read; kept" for each in found.illegible
    ]
    rows += [f"{name}: {each}" for each in found.notes]
    return rows + ([f"{name}: {found.ending.value}: {found.error}"] if found.error else [])


def _said(left: Leftover, *, is_done: bool) -> str:
    rule = left.rule
    until = f"{rule.until:%Y-%m-%d %H:%M} UTC"
    if not is_done:
        return f"overdue: {rule.network}, let in until {until} ({rule.key})"
    if left.has_rule:
        return f"took out {rule.network}, let in until {until} ({rule.key})"
    return f"took away the tag {rule.key}, which let in {rule.network} until {until}; no rule went with it any more"


def document(found: Cleaning) -> dict[str, Any]:
    """What the document of kind `cleaning` says."""
    return {
        "vaults": [_vault(each) for each in found.vaults],
        "undetermined": [{"vault": each.vault, "reason": str(each.error)} for each in found.undetermined],
        "remarks": list(found.remarks),
        "summary": {"vaults": len(found.vaults), "removed": found.removed},
    }


def _vault(found: Cleaned) -> dict[str, Any]:
    return {
        "id": str(found.vault.id),
        "name": found.vault.name,
        "outcome": found.ending.value,
        "overdue": [_left(each) for each in found.overdue],
        "unreadable": list(found.illegible),
        "error": str(found.error) if found.error else None,
        "notes": list(found.notes),
    }


def _left(found: Leftover) -> dict[str, Any]:
    rule = found.rule
    return {
        "tag": rule.key,
        "address": str(rule.network),
        "until": f"{rule.until:%Y-%m-%dT%H:%M:%SZ}",
        "rule": found.has_rule,
    }

"""Where a command keeps the record of what it does, and what it says of itself there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netcfg import __version__
from netcfg.cli.root import Root
from netcfg.core.errors import NetcfgError
from netcfg.core.record import CLAIMS, Bearer, Where

if TYPE_CHECKING:
    from datetime import datetime

    from netcfg.azure.credentials import Identity
    from netcfg.core.plan import Plan
    from netcfg.saved.journal import Facts
    from netcfg.saved.records import FileRecords

SANDBOX_RECORDS = "sandbox/records"


def records_folder(root: Root, record_to: str | None = None) -> Path:
    """Where records are kept. Those of the sandbox are make-believe, and stay with it."""
    return Path(record_to).absolute() if record_to else root.folder / (SANDBOX_RECORDS if root.sandbox else "records")


def where(root: Root) -> Where:
    return Where(root.cloud, None if root.sandbox else root.resource_manager, root.sandbox)


def records(
    root: Root, identity: Callable[[], Identity], now: Callable[[], datetime], record_to: str | None
) -> FileRecords:
    """The records of earlier runs, and a place for that of this one."""
    from netcfg.saved.records import FileRecords

    folder = records_folder(root, record_to)
    return FileRecords(folder, lambda: _facts(root, identity), now, _shown, is_elsewhere=record_to is not None)


def _shown(plan: Plan) -> dict[str, Any]:
    from netcfg.formats.json import vault_of_plan

    return vault_of_plan(plan)


def _facts(root: Root, identity: Callable[[], Identity]) -> Facts:
    from netcfg.saved.journal import Facts

    said = [(name, value) for name, value in root.given.items() if value not in (None, False, (), [])]
    return Facts(
        command=root.verb,
        version=__version__,
        who=_bearer(identity),
        where=where(root),
        options=tuple((name, _text(value)) for name, value in sorted(said) if name != "accept"),
        acceptances=tuple(text for name, value in said if name == "accept" for text in _texts(value)),
    )


def _text(value: object) -> str:
    return ", ".join(_texts(value))


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]


def _bearer(identity: Callable[[], Identity]) -> Bearer:
    """Whom the token names; the token itself goes nowhere."""
    try:
        found = identity()
    except NetcfgError as error:
        return Bearer(why=str(error))
    claims = tuple((name, found.claims[name]) for name in CLAIMS if found.claims.get(name))
    return Bearer(found.credential, claims, "" if claims else "the access token says nothing of its bearer")

"""`netcfg history`: what was applied, when and by whom."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from netcfg.cli.options import RecordTo, Vaults
from netcfg.cli.root import root_of


def history(
    context: typer.Context,
    vault: Vaults = None,
    *,
    record: Annotated[
        str | None, typer.Option("--record", metavar="RECORD", help="Show one record whole: its id, or its file.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many records are shown; 20.")] = 20,
    record_to: RecordTo = None,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How the result is written.")] = "text",
) -> None:
    """Say what was applied to vaults from this machine, when, by whom, and how it ended."""
    from netcfg.cli import terminal
    from netcfg.cli.recording import records_folder
    from netcfg.core.errors import ConflictingOptions
    from netcfg.core.record import History
    from netcfg.core.resources import parse_vault
    from netcfg.formats import json, records
    from netcfg.saved.records import find
    from netcfg.saved.records import history as read_history

    root = root_of(context)
    folder = records_folder(root, record_to)
    asked = [parse_vault(each) for each in vault or ()]
    if record and asked:
        raise ConflictingOptions("--record", "VAULT", "a record is shown whole, with all of its vaults")
    one = [find(folder, record)] if record else []
    found = History(str(folder), tuple(one), is_one=True) if one else read_history(folder, asked, limit)
    for each in found.unread:
        terminal.warn(each.why)
    terminal.show(json.records(found) if format == "json" else records.text(found, terminal.page(root)))
    raise typer.Exit((7 if found.records else 1) if found.unread else 0)

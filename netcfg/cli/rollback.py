"""`netcfg rollback`: undo what a run changed, and nothing else."""

from __future__ import annotations

from typing import Annotated

import typer

from netcfg.cli.options import Accept, Format, RecordTo, Reports, parse_acceptances
from netcfg.cli.root import root_of


def rollback(
    context: typer.Context,
    record: Annotated[
        str,
        typer.Argument(metavar="RECORD", help="The id of a record, the beginning of one that no other has, or a file."),
    ],
    *,
    accept: Accept = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; accepts no guard.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be undone, and change nothing.")] = False,
    format: Format = None,
    report: Reports = None,
    parallel: Annotated[
        int | None,
        typer.Option("--parallel", metavar="N", min=1, max=64, help="How many vaults are written side by side; 16."),
    ] = None,
    record_to: RecordTo = None,
) -> None:
    """Undo what a run changed in its vaults; what anybody else changed since stays, and is named."""
    from netcfg.cli import connect, terminal
    from netcfg.cli.applied import deliver
    from netcfg.cli.output import Output
    from netcfg.cli.recording import records_folder, where
    from netcfg.cli.signals import graceful
    from netcfg.saved.records import find
    from netcfg.sources.bundled import atlas
    from netcfg.workflow.apply import apply, decline
    from netcfg.workflow.rollback import insist_on_place, lost, plan_rollback

    root = root_of(context)
    output = Output(format, report, root)
    found = find(records_folder(root, record_to), record)
    insist_on_place(found, where(root))
    acceptances = parse_acceptances(accept, several=len(found.entries) > 1)
    geographies = {each.id: each for each in atlas().geographies}
    if not (yes or dry_run):
        terminal.insist_on_terminal()
    with connect.surroundings(root, parallel, record_to=record_to) as around:
        planned, drawings = plan_rollback(found, geographies, acceptances, around)
        is_partial = bool(lost(found, around.records.since(found)))
        around.progress.rest()
        if dry_run:
            output.deliver(planned)
            raise typer.Exit(_status(planned.status, is_partial=is_partial))
        output.announce(planned)
        declined = bool(planned.pending) and not yes and not output.agrees(planned)
        with graceful(around):
            result = decline(planned) if declined else apply(planned, drawings, around)
            around.progress.rest()
            status = deliver(result, output, root, declined=declined)
    raise typer.Exit(_status(status, is_partial=is_partial))


def _status(status: int, *, is_partial: bool) -> int:
    """What cannot be undone is named, and is not done."""
    return 7 if is_partial and status == 0 else status

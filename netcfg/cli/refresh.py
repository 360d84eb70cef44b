"""`netcfg ranges refresh`: fetch what is published now, and keep it when it can be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from netcfg.cli.root import Root, root_of

if TYPE_CHECKING:
    from datetime import date

    from netcfg.sources.fetch import Fetched, Fetcher
    from netcfg.sources.places import Places
    from netcfg.workflow.collaborators import Place


def refresh(
    context: typer.Context,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="URL-or-FILE",
            help="Instead of the published places; /subscriptions/ID asks Azure's service tag API. Repeatable.",
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only tell what is new.")] = False,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", metavar="GUARD", help="Accept a guard by name; repeatable.")
    ] = None,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How the result is written.")] = "text",
) -> None:
    """Fetch new editions of the published ranges, check them, and keep them."""
    from netcfg.cli import connect, known, terminal
    from netcfg.cli.progress import watching
    from netcfg.core.guards import parse_acceptance
    from netcfg.formats import json, text
    from netcfg.sources.fetch import Fetcher
    from netcfg.workflow.refresh import refresh

    root = root_of(context)
    acceptances = [parse_acceptance(each, several=False) for each in accept or ()]
    with connect.publishers(root) as (places, today), watching(root) as progress:
        fetcher = Fetcher(deadline=root.deadline)
        asked = _places(source, fetcher, places, today, root)
        refreshed = refresh(
            asked, known.catalogue(root), acceptances, today, progress, check_only=check, shown=lambda: fetcher.day
        )
    terminal.say_request_ids((each.error for each in refreshed.failures), root)
    terminal.show(json.refreshed(refreshed) if format == "json" else text.refreshed(refreshed, terminal.page(root)))
    raise typer.Exit(refreshed.status)


def _places(sources: list[str] | None, fetcher: Fetcher, places: Places, today: date, root: Root) -> list[Place]:
    from functools import partial

    from netcfg.cli import connect, known, terminal
    from netcfg.saved.files import make_folder
    from netcfg.sources import bundled
    from netcfg.sources.fetch import shown
    from netcfg.sources.kept import Kept
    from netcfg.sources.published import fetch_from
    from netcfg.sources.refreshing import FetchedPlace, published_places

    kept, atlas = Kept(known.editions_folder(root), make_folder), bundled.atlas()
    if not sources:
        return list(published_places(fetcher, places, kept, atlas, today, terminal.warn))

    def read(source: str) -> Fetched:
        is_subscription = source.startswith("/subscriptions/")
        return connect.service_tags(root, source) if is_subscription else fetch_from(fetcher, source)

    # Only an address is asked whether something is published now; a file lies there, and Azure's service lags.
    return [
        FetchedPlace(shown(each), partial(read, each), kept, atlas, today, is_live="://" in each)
        for each in dict.fromkeys(sources)
    ]

"""Adds to `data/` what the publishers have now, one new file for each new edition; what is there is never changed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from netcfg.core.errors import BadEdition, NetcfgError
from netcfg.core.guards import Acceptance
from netcfg.core.ranges import Catalogue, Edition, Publisher
from netcfg.core.refresh import Judgement, News, judge
from netcfg.sources import bundled
from netcfg.sources.fetch import Fetched, Fetcher
from netcfg.sources.places import Places, standing_in
from netcfg.sources.publication import Publication, render
from netcfg.sources.published import fetch_from, fetch_page, fetch_tag_file, parse


def main(arguments: list[str] | None = None) -> int:
    """Print for each publisher what came of it; the failure of one does not stop the other."""
    parser = argparse.ArgumentParser(prog="refresh-data", description=__doc__)
    parser.add_argument("--from", dest="sources", action="append", metavar="URL-or-FILE", help="instead of both places")
    parser.add_argument("--into", type=Path, default=bundled.data_folder(), metavar="DIR", help="instead of data/")
    parser.add_argument("--publishers", metavar="URL", help="a sandbox that stands in for the publishers")
    parser.add_argument(
        "--accept", action="append", default=[], metavar="GUARD", help="shrunken-edition, grown-edition"
    )
    options = parser.parse_args(arguments)
    places = standing_in(options.publishers.rstrip("/")) if options.publishers else Places()
    today = datetime.now(UTC).date()
    accepted = [Acceptance(each) for each in options.accept]
    return max(_try(each, options.into, accepted, today) for each in _requests(options.sources, places))


def _requests(sources: list[str] | None, places: Places) -> Iterator[Callable[[], Fetched]]:
    fetcher = Fetcher()
    if sources:
        yield from (partial(fetch_from, fetcher, each) for each in sources)
    else:
        yield partial(fetch_page, fetcher, places, _complain)
        yield partial(fetch_tag_file, fetcher, places)


def _try(fetch: Callable[[], Fetched], folder: Path, accepted: list[Acceptance], today: date) -> int:
    try:
        publication = parse(fetch(), bundled.atlas(), today)
        print(f"{publication.edition.publisher.value}: {_keep(publication, folder, accepted, today)}")
    except NetcfgError as error:
        _complain(str(error))
        return error.status
    return 0


def _complain(message: str) -> None:
    print(f"refresh-data: {message}", file=sys.stderr)


def _keep(publication: Publication, folder: Path, accepted: list[Acceptance], today: date) -> str:
    """Write the publication where it is news to everything there; say what was done."""
    judgement = judge(publication.edition, _known(folder), accepted, today)
    newest = judgement.predecessor
    if newest and judgement.news is News.CONFIRMED:
        return f"{_called(newest)} is what is published; nothing changed"
    if newest and judgement.news is News.OLDER:
        return f"{_called(publication.edition)} is older than {_called(newest)}; nothing changed"
    if judgement.refusals:
        raise BadEdition(
            _called(publication.edition),
            "; ".join(f"{each.message} (--accept {each.id})" for each in judgement.refusals),
        )
    path = folder / publication.edition.publisher.value / f"{publication.edition.day}.json"
    if path.exists():
        raise BadEdition(_called(publication.edition), f"it is not what {path} says; look at both and decide by hand")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(render(publication), "utf-8")
    part.replace(path)
    added, removed = _difference(judgement)
    called = _called(publication.edition)
    return f"wrote {path}, {called}: {added} ranges added, {removed} removed; look at it with git diff"


def _known(folder: Path) -> Catalogue:
    files = (path for each in Publisher for path in sorted((folder / each.value).glob("*.json")))
    return Catalogue(tuple(each for path in files for each in bundled.edition(str(path)).editions))


def _called(edition: Edition) -> str:
    number = f", change number {edition.change_number}" if edition.change_number else ""
    return f"the edition of {edition.day}{number}"


def _difference(judgement: Judgement) -> tuple[int, int]:
    now = judgement.edition.ranges_and_regions
    before = judgement.predecessor.ranges_and_regions if judgement.predecessor else frozenset()
    return len(now - before), len(before - now)


if __name__ == "__main__":
    raise SystemExit(main())

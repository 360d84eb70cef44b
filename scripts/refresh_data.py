"""Adds to `data/` what the publishers have now, one new file for each new edition; what is there is never changed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from netcfg.core.errors import BadEdition, NetcfgError
from netcfg.core.ranges import Catalogue, Edition, Publisher
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
    options = parser.parse_args(arguments)
    places = standing_in(options.publishers.rstrip("/")) if options.publishers else Places()
    today = datetime.now(UTC).date()
    return max(_try(each, options.into, today) for each in _requests(options.sources, places))


def _requests(sources: list[str] | None, places: Places) -> Iterator[Callable[[], Fetched]]:
    fetcher = Fetcher()
    if sources:
        yield from (partial(fetch_from, fetcher, each) for each in sources)
    else:
        yield partial(fetch_page, fetcher, places, _complain)
        yield partial(fetch_tag_file, fetcher, places)


def _try(fetch: Callable[[], Fetched], folder: Path, today: date) -> int:
    try:
        publication = parse(fetch(), bundled.atlas(), today)
        print(f"{publication.edition.publisher.value}: {_keep(publication, folder)}")
    except NetcfgError as error:
        _complain(str(error))
        return error.status
    return 0


def _complain(message: str) -> None:
    print(f"refresh-data: {message}", file=sys.stderr)


def _keep(publication: Publication, folder: Path) -> str:
    """Write the publication where it is newer than everything there; say what was done."""
    found = publication.edition
    newest = _newest(found.publisher, folder)
    if newest and found.rank[0] == newest.rank[0] and _says_the_same(found, newest):
        return f"{_called(newest)} is what is published; nothing changed"
    if newest and _is_older(found, newest):
        return f"{_called(found)} is older than {_called(newest)}; nothing changed"
    path = folder / found.publisher.value / f"{found.day}.json"
    if path.exists():
        raise BadEdition(_called(found), f"it is not what {path} says; look at both and decide by hand")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(render(publication), "utf-8")
    part.replace(path)
    return f"wrote {path}, {_called(found)}: {_difference(found, newest)}; look at it with git diff"


def _newest(publisher: Publisher, folder: Path) -> Edition | None:
    files = sorted((folder / publisher.value).glob("*.json"))
    known = Catalogue(tuple(each for path in files for each in bundled.edition(str(path)).editions)).of(publisher)
    return known[-1] if known else None


def _says_the_same(found: Edition, newest: Edition) -> bool:
    """The file of service tags has a new day every week, whether the tag changed or not. The page has a new day when
    its authors looked at it, and that is an edition, unless it is only the day on which a page without one was seen.
    """
    is_same_day = found.day == newest.day or found.source == newest.source or found.publisher is Publisher.SERVICE_TAG
    return is_same_day and set(_said(found)) == set(_said(newest))


def _is_older(found: Edition, newest: Edition) -> bool:
    if found.publisher is Publisher.TABLE:
        return found.day < newest.day
    if found.change_number == newest.change_number:
        raise BadEdition(_called(found), f"it has other ranges than {_called(newest)}; look at both and decide by hand")
    return found.rank < newest.rank


def _said(edition: Edition) -> list[tuple[str, str]]:
    ranges = [(str(each.network), each.region.name) for each in edition.ranges]
    return ranges + [(str(network), region.name) for network, region in edition.ipv6]


def _called(edition: Edition) -> str:
    number = f", change number {edition.change_number}" if edition.change_number else ""
    return f"the edition of {edition.day}{number}"


def _difference(found: Edition, newest: Edition | None) -> str:
    now, before = set(_said(found)), set(_said(newest)) if newest else set()
    return f"{len(now - before)} ranges added, {len(before - now)} removed"


if __name__ == "__main__":
    raise SystemExit(main())

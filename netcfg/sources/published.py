"""What is published right now, at the published places or where somebody says: fetched, recognised and parsed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from netcfg.core.errors import NoTagFile, SourceAnswer, SourceUnreachable
from netcfg.core.geography import Atlas
from netcfg.sources import page, tag_file
from netcfg.sources.download_page import find_tag_file
from netcfg.sources.fetch import ANYTHING, MARKDOWN, TAG_FILE, WEB_PAGE, Fetched, Fetcher, read_file
from netcfg.sources.places import Places
from netcfg.sources.publication import Publication


def fetch_page(fetcher: Fetcher, places: Places, warn: Callable[[str], None]) -> Fetched:
    """The documentation page: its source, which tells the day for certain, else as it is rendered."""
    try:
        return fetcher.fetch(places.page_source, MARKDOWN)
    except (SourceUnreachable, SourceAnswer) as error:
        warn(f"{error}; using {places.rendered_page}")
        return fetcher.fetch(places.rendered_page, WEB_PAGE)


def fetch_tag_file(fetcher: Fetcher, places: Places) -> Fetched:
    """The newest weekly file that a download page links to."""
    *first, last = places.download_pages
    for each in first:
        try:
            return fetcher.fetch(_look_up(fetcher, each, places), TAG_FILE)
        except NoTagFile:
            continue
    return fetcher.fetch(_look_up(fetcher, last, places), TAG_FILE)


def _look_up(fetcher: Fetcher, url: str, places: Places) -> str:
    found = fetcher.fetch(url, WEB_PAGE)
    return find_tag_file(found.content, found.where, places.downloads)


def fetch_from(fetcher: Fetcher, text: str) -> Fetched:
    """What is at an address, or in a file."""
    return fetcher.fetch(text, ANYTHING) if "://" in text else read_file(Path(text))


def parse(found: Fetched, atlas: Atlas, seen: date) -> Publication:
    """The publication in `found`: JSON is a list of service tags, anything else the documentation page.

    `seen` is the day of an edition that does not tell its own.
    """
    is_json = found.content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    parse_content = tag_file.parse if is_json else page.parse
    return parse_content(found.content, atlas, found.where, seen)

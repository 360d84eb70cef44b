"""The places that a refresh asks: the documentation page, the weekly file, and whatever somebody names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from netcfg.core.errors import NoTagFile, SourceAnswer, SourceUnreachable
from netcfg.core.geography import Atlas
from netcfg.core.ranges import Edition, Publisher
from netcfg.sources.download_page import find_tag_file
from netcfg.sources.fetch import MARKDOWN, TAG_FILE, WEB_PAGE, Fetched, Fetcher, Kind
from netcfg.sources.kept import Kept
from netcfg.sources.places import Places
from netcfg.sources.publication import Publication
from netcfg.sources.published import parse


class FetchedPlace:
    """A place that is read whole each time: a file, an address that somebody named, or Azure's own service."""

    def __init__(
        self, name: str, read: Callable[[], Fetched], kept: Kept, atlas: Atlas, today: date, *, is_live: bool
    ) -> None:
        self.name = name
        self.is_live = is_live
        self._read = read
        self._kept = kept
        self._atlas = atlas
        self._today = today

    def fetch(self) -> Edition:
        self._found = self._read()
        self._publication = parse(self._found, self._atlas, self._today)
        return self._publication.edition

    def keep(self, edition: Edition) -> None:
        self._kept.keep(Publication(edition, self._publication.names), self._found.where)


class WatchedPlace:
    """A published place, asked whether it has changed since we last kept what it led to.

    `lead` follows what is found there to the edition itself: the page is one, the download page only links to one.
    """

    is_live = True

    def __init__(
        self,
        fetcher: Fetcher,
        url: str,
        kind: Kind,
        publisher: Publisher,
        lead: Callable[[Fetched], Fetched],
        places: Places,
        kept: Kept,
        atlas: Atlas,
        today: date,
    ) -> None:
        self.name = places.real(url)
        self._url = url
        self._fetcher = fetcher
        self._kind = kind
        self._publisher = publisher
        self._lead = lead
        self._kept = kept
        self._atlas = atlas
        self._today = today
        self._publication: Publication | None = None

    def fetch(self) -> Edition:
        if known := self._kept.known(self.name, self._publisher):
            validators, edition = known
            answer = self._fetcher.fetch_if_changed(self._url, self._kind, validators)
            if answer is None:
                return edition
        else:
            answer = self._fetcher.fetch(self._url, self._kind)
        self._found = self._lead(answer)
        self._validators = answer.validators
        self._publication = parse(self._found, self._atlas, self._today)
        return self._publication.edition

    def keep(self, edition: Edition) -> None:
        if self._publication is None:
            self._kept.confirm(edition, self.name)
        else:
            publication = Publication(edition, self._publication.names)
            self._kept.keep(publication, self._found.where, self.name, self._validators)


class EitherPlace:
    """A place, and another that is asked when the first does not answer. One that answers nonsense is not excused."""

    is_live = True

    def __init__(self, first: WatchedPlace, second: WatchedPlace, warn: Callable[[str], None]) -> None:
        self.name = first.name
        self._first = first
        self._second = second
        self._warn = warn
        self._answered = first

    def fetch(self) -> Edition:
        try:
            return self._first.fetch()
        except (SourceUnreachable, SourceAnswer, NoTagFile) as error:
            self._warn(f"{error}; using {self._second.name}")
            self._answered = self._second
            return self._second.fetch()

    def keep(self, edition: Edition) -> None:
        self._answered.keep(edition)


def published_places(
    fetcher: Fetcher, places: Places, kept: Kept, atlas: Atlas, today: date, warn: Callable[[str], None]
) -> tuple[EitherPlace, EitherPlace]:
    """The two places that a refresh asks when nobody names others, each with one that stands in for it."""

    def page(url: str, kind: Kind) -> WatchedPlace:
        return WatchedPlace(fetcher, url, kind, Publisher.TABLE, lambda found: found, places, kept, atlas, today)

    def download_page(url: str) -> WatchedPlace:
        return WatchedPlace(fetcher, url, WEB_PAGE, Publisher.SERVICE_TAG, tag_file, places, kept, atlas, today)

    def tag_file(found: Fetched) -> Fetched:
        return fetcher.fetch(find_tag_file(found.content, found.where, places.downloads), TAG_FILE)

    source, rendered = page(places.page_source, MARKDOWN), page(places.rendered_page, WEB_PAGE)
    details, confirmation = map(download_page, places.download_pages)
    return EitherPlace(source, rendered, warn), EitherPlace(details, confirmation, warn)

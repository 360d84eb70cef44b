"""What a refresh makes of an edition: whether it is new, whether it can be true, and what must be said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from ipaddress import collapse_addresses

from netcfg.core.errors import BadEdition, NetcfgError
from netcfg.core.guards import Acceptance, Guard
from netcfg.core.ranges import Catalogue, Edition, Publisher, is_to_come

SHRUNKEN = 0.9  # of the predecessor's addresses; less is suspicious
GROWN = 1.25  # the service tag's prefixes grew by 162 % in one step, its addresses by 13 %


class News(Enum):
    """What an edition is to somebody who knows others."""

    NEW = "new"
    CONFIRMED = "confirmed"
    OLDER = "older"


@dataclass(frozen=True)
class Judgement:
    """An edition that a publisher publishes, beside the newest of its that was known.

    Where that one is confirmed, `edition` is it, with the day of its confirmation.
    """

    edition: Edition
    predecessor: Edition | None
    news: News
    guards: tuple[Guard, ...] = ()
    is_live: bool = True

    @property
    def refusals(self) -> tuple[Guard, ...]:
        return tuple(each for each in self.guards if not each.accepted)

    @property
    def is_kept(self) -> bool:
        """Whether it goes into the catalogue: what is older, or refused, leaves the last good edition where it is."""
        return (self.news is News.NEW and not self.refusals) or (self.news is News.CONFIRMED and self.is_live)


@dataclass(frozen=True)
class Failure:
    """A place where nothing could be fetched, or nothing that can be believed."""

    place: str
    error: NetcfgError


@dataclass(frozen=True)
class Refreshed:
    """What came of a refresh, place by place. With `checked_only` nothing was kept."""

    judgements: tuple[Judgement, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    checked_only: bool

    @property
    def status(self) -> int:
        """1 when a place failed, 5 when a guard refused, 3 when a check found something new, else 0."""
        if self.failures:
            return 1
        if any(each.refusals for each in self.judgements):
            return 5
        return 3 if self.checked_only and any(each.news is News.NEW for each in self.judgements) else 0


def judge(
    found: Edition, catalogue: Catalogue, acceptances: Iterable[Acceptance], today: date, *, is_live: bool = True
) -> Judgement:
    """What `found` is beside the editions of its publisher that are known.

    One that says the same as the newest confirms it, whatever week's file it came in, if its place `is_live`: a file on
    a disk tells what was published, not that it still is. The page has a new day when its authors looked at it again,
    and that is an edition. One change number with two lists of ranges is an error, and so is a day to come.
    """
    if is_to_come(found.day, today):
        raise BadEdition(
            found.source, f"it is of {found.day}, and today is {today}; look at the clock, and at the edition"
        )
    known = catalogue.of(found.publisher)
    newest = known[-1] if known else None
    confirmed = max(found.day, today) if is_live else found.day
    new = replace(found, confirmed=confirmed, seen=today)
    if newest is None:
        return Judgement(new, None, News.NEW)
    if _says_the_same(found, newest):
        # What a clock that was wrong told is put right, else it would never be judged by a right one again.
        known_until, seen = (today if is_to_come(day, today) else day for day in (newest.confirmed, newest.seen))
        same = replace(newest, confirmed=max(known_until, confirmed), seen=seen)
        return Judgement(same, newest, News.CONFIRMED, is_live=is_live)
    if found.change_number is not None and found.change_number == newest.change_number:
        raise BadEdition(
            found.source,
            f"it has other ranges than {newest.source}, under the same change number {found.change_number}",
        )
    if not found.is_dated:
        raise BadEdition(
            found.source, f"it has other ranges than the edition of {newest.day}, and tells no day of its own"
        )
    # Not `rank`: of two tables of one day, the one that was found now is the one that was mended.
    if (found.change_number or 0, found.day) < (newest.change_number or 0, newest.day):
        return Judgement(found, newest, News.OLDER)
    accepted = {each.guard for each in acceptances}
    guards = tuple(Guard(id, message, id in accepted) for id, message in _implausible(found, newest))
    return Judgement(new, newest, News.NEW, guards)


def addresses(edition: Edition) -> int:
    """How many IPv4 addresses an edition publishes; prefixes say little, Microsoft splits them as it likes."""
    return sum(each.num_addresses for each in collapse_addresses(edition.networks))


def disagreements(catalogue: Catalogue) -> tuple[str, ...]:
    """Where the newest table has a range that the newest service tag does not hold: nobody expects that."""
    newest = {each.publisher: each for each in catalogue.newest()}
    if len(newest) < len(Publisher):
        return ()
    table, tag = newest[Publisher.TABLE], newest[Publisher.SERVICE_TAG]
    outside = sorted(each for each in table.networks if not any(each.subnet_of(one) for one in tag.networks))
    if not outside:
        return ()
    ranges = ", ".join(map(str, outside))
    return (f"editions disagree: {ranges} of the table of {table.day} is not in the service tag of {tag.day}",)


def _says_the_same(found: Edition, newest: Edition) -> bool:
    same_day = found.day == newest.day or not found.is_dated or found.publisher is Publisher.SERVICE_TAG
    same_number = found.change_number == newest.change_number
    return same_day and same_number and found.ranges_and_regions == newest.ranges_and_regions


def _implausible(found: Edition, newest: Edition) -> list[tuple[str, str]]:
    now, before = addresses(found), addresses(newest)
    counts = f"{now:,} addresses where the edition of {newest.day} has {before:,}"
    if now < SHRUNKEN * before:
        return [
            ("shrunken-edition", f"the {found.publisher.value} of {found.day} has {counts}: more than 10 % are gone")
        ]
    if now > GROWN * before:
        return [("grown-edition", f"the {found.publisher.value} of {found.day} has {counts}: more than 25 % are new")]
    return []

"""The inbound ranges of Azure DevOps: who publishes them, in which editions, and which of them a geography needs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network

from netcfg.core.around import Around, ends
from netcfg.core.geography import Geography, Region

ANOTHER_TIME_ZONE = timedelta(days=1)


def is_to_come(day: date, today: date) -> bool:
    """Whether `day` is still to come wherever on Earth: then a clock was wrong, and it tells nothing."""
    return day > today + ANOTHER_TIME_ZONE


class Publisher(Enum):
    """The inbound table of the documentation page, and the `AzureDevOps` service tag; neither is complete."""

    TABLE = "table"
    SERVICE_TAG = "service-tag"


class Policy(Enum):
    """Whose ranges are wanted."""

    TABLE = "table"
    SERVICE_TAG = "service-tag"
    UNION = "union"

    @property
    def publishers(self) -> tuple[Publisher, ...]:
        return tuple(Publisher) if self is Policy.UNION else (Publisher(self.value),)


@dataclass(frozen=True, order=True)
class Range:
    """One published IPv4 range and the region it serves."""

    network: IPv4Network
    region: Region = field(compare=False)


@dataclass(frozen=True)
class Edition:
    """One dated publication.

    `day` is the page's own; for the service tag the day in the file's name, else the day it was first seen.
    `ipv6` is kept to be counted: the firewall of a vault takes IPv4 only. `confirmed` is the last day on which the
    publisher was seen to publish exactly this, `seen` the first on which anybody here could know, if that is later than
    `day`. `is_dated` is whether the publisher told the day.
    """

    publisher: Publisher
    day: date
    source: str
    ranges: tuple[Range, ...]
    ipv6: tuple[tuple[IPv6Network, Region], ...] = ()
    change_number: int | None = None
    confirmed: date = date.min
    seen: date = date.min
    is_dated: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "ranges", tuple(sorted(self.ranges, key=lambda each: (each.network, each.region.name)))
        )
        object.__setattr__(self, "confirmed", max(self.confirmed, self.day))

    @cached_property
    def networks(self) -> frozenset[IPv4Network]:
        return frozenset(each.network for each in self.ranges)

    @cached_property
    def ranges_and_regions(self) -> frozenset[tuple[str, str]]:
        """Everything that is published, IPv6 too, by region."""
        pairs = {(str(each.network), each.region.name) for each in self.ranges}
        return frozenset(pairs | {(str(network), region.name) for network, region in self.ipv6})

    @cached_property
    def sha256(self) -> str:
        """The digest of what the edition says, whatever file it came in."""
        lines = [self.publisher.value, self.day.isoformat(), str(self.change_number or "")]
        lines += [f"{each.network} {each.region.name}" for each in self.ranges]
        lines += sorted(f"{network} {region.name}" for network, region in self.ipv6)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def rank(self) -> tuple[int, date, date]:
        """The newest service tag has the tag's highest change number, the newest table the last date.

        Of two tables of one day, which is a page that was mended silently, the one that was seen last.
        """
        return (self.change_number or 0, self.day, self.confirmed)


@dataclass(frozen=True, order=True)
class PublishedRange:
    """A range of the newest editions, with all who publish it. Equal ranges are one, neighbours are not joined."""

    network: IPv4Network
    region: Region = field(compare=False)
    publishers: tuple[Publisher, ...] = field(compare=False)

    @property
    def geography(self) -> Geography | None:
        return self.region.geography


@dataclass(frozen=True)
class RetiredRange:
    """A range that no newest edition contains any more.

    `since` is the first edition without it; `confirmed` is the last day its publisher was seen to go without it.
    """

    network: IPv4Network
    region: Region
    since: date
    confirmed: date

    def outlived(self, grace: timedelta, today: date) -> bool:
        """Whether it went without being published for as long as `grace`, for all that is known today."""
        return not is_to_come(self.confirmed, today) and self.confirmed - self.since >= grace


@dataclass(frozen=True)
class Catalogue:
    """Every edition that this machine knows, of both publishers."""

    editions: tuple[Edition, ...]

    def joined(self, others: Iterable[Edition]) -> Catalogue:
        """The same and these, each once, with the last day on which anybody confirmed it."""
        known: dict[tuple[Publisher, str], Edition] = {}
        for edition in (*self.editions, *others):
            same = known.get((edition.publisher, edition.sha256))
            known[edition.publisher, edition.sha256] = max(same or edition, edition, key=lambda each: each.confirmed)
        return Catalogue(tuple(known.values()))

    def of(self, publisher: Publisher) -> tuple[Edition, ...]:
        """The publisher's editions, oldest first."""
        return tuple(
            sorted((each for each in self.editions if each.publisher is publisher), key=lambda each: each.rank)
        )

    def newest(self, policy: Policy = Policy.UNION) -> tuple[Edition, ...]:
        """The newest edition of each publisher that the policy uses."""
        return tuple(self.of(publisher)[-1] for publisher in policy.publishers if self.of(publisher))

    @cached_property
    def retired(self) -> tuple[RetiredRange, ...]:
        """What an edition once published and no publisher's newest edition contains.

        Where both publishers had it, the later retirement counts.
        """
        published = {network for edition in self.newest() for network in edition.networks}
        latest: dict[IPv4Network, RetiredRange] = {}
        for each in (gone for publisher in Publisher for gone in _gone(self.of(publisher))):
            if each.network not in published:
                known = latest.get(each.network)
                latest[each.network] = max(known or each, each, key=lambda one: (one.since, -one.confirmed.toordinal()))
        return tuple(latest[network] for network in sorted(latest))


def _gone(editions: tuple[Edition, ...]) -> Iterator[RetiredRange]:
    """The ranges that one publisher has dropped, from its editions, oldest first."""
    for index, edition in enumerate(editions[:-1]):
        later = editions[index + 1 :]
        for each in edition.ranges:
            if all(each.network not in one.networks for one in later):
                since = max(later[0].day, later[0].seen)
                yield RetiredRange(each.network, each.region, since, later[-1].confirmed)


def publish(editions: Iterable[Edition], serves: Callable[[Region], bool] = bool) -> tuple[PublishedRange, ...]:
    """The ranges of these editions for regions that serve, one entry for each network, in order of address.

    A network that is published for several regions counts for each of them.
    """
    merged: dict[IPv4Network, PublishedRange] = {}
    for edition in editions:
        for each in (one for one in edition.ranges if serves(one.region)):
            known = merged.get(each.network)
            publishers = {*(known.publishers if known else ()), edition.publisher}
            ordered = tuple(one for one in Publisher if one in publishers)
            merged[each.network] = PublishedRange(each.network, known.region if known else each.region, ordered)
    return tuple(merged[network] for network in sorted(merged))


@dataclass(frozen=True)
class Resolution:
    """The newest editions, sorted into what some geographies need and what they do not."""

    policy: Policy
    geographies: tuple[Geography, ...]
    includes_canary: bool
    editions: tuple[Edition, ...]
    wanted: tuple[PublishedRange, ...]
    elsewhere: tuple[PublishedRange, ...]
    retired: tuple[RetiredRange, ...]
    only_in_tag: tuple[PublishedRange, ...] = ()  # what the newest service tag has for the geographies, and no table
    only_in_table: tuple[PublishedRange, ...] = ()  # the other way round

    @cached_property
    def ipv6(self) -> int:
        """How many IPv6 prefixes the policy's editions publish for these geographies; a vault takes none of them."""
        found = {
            net for edition in self.editions for net, region in edition.ipv6 if region.geography in self.geographies
        }
        return len(found)

    @cached_property
    def outside(self) -> int:
        """How many ranges the policy's editions publish for regions of none of the eight geographies."""
        return len({each.network for one in self.editions for each in one.ranges if each.region.geography is None})

    def wanted_around(self, network: IPv4Network) -> PublishedRange | None:
        """The range that is wanted and holds `network` whole, if there is one."""
        return self._wanted.first(network)

    def elsewhere_around(self, network: IPv4Network) -> PublishedRange | None:
        """The range that is published, not wanted, and holds `network` whole, if there is one."""
        return self._elsewhere.first(network)

    @cached_property
    def _wanted(self) -> Around[PublishedRange]:
        return Around((each.network, each) for each in self.wanted)

    @cached_property
    def _elsewhere(self) -> Around[PublishedRange]:
        return Around((each.network, each) for each in self.elsewhere)


def resolve(
    catalogue: Catalogue, policy: Policy, geographies: Iterable[Geography], *, canary: bool = False
) -> Resolution:
    """What the policy's newest editions publish for the geographies, and everything else that is published.

    A range that the left-out publisher alone gives is elsewhere, even when it serves one of these geographies.
    """
    chosen = tuple(sorted(set(geographies)))

    def serves(region: Region) -> bool:
        return region.geography in chosen and (canary or not region.is_canary)

    editions = catalogue.newest(policy)
    wanted = publish(editions, serves)
    taken = {each.network for each in wanted}
    elsewhere = tuple(each for each in publish(catalogue.newest()) if each.network not in taken)
    table = publish(catalogue.newest(Policy.TABLE), serves)
    tag = publish(catalogue.newest(Policy.SERVICE_TAG), serves)
    only_in_tag, only_in_table = _beyond(table, tag), _beyond(tag, table)
    return Resolution(
        policy, chosen, canary, editions, wanted, elsewhere, catalogue.retired, only_in_tag, only_in_table
    )


def _beyond(one: Iterable[PublishedRange], other: Iterable[PublishedRange]) -> tuple[PublishedRange, ...]:
    """What `other` has and `one` does not cover; nothing where there is no `one` to compare with."""
    networks = [each.network for each in one]
    return tuple(each for each in other if networks and not covers(networks, each.network))


def covers(networks: Iterable[IPv4Network], wanted: IPv4Network) -> bool:
    """Whether every address of `wanted` is in the union of `networks`."""
    first, last = ends(wanted)
    # A sweep over whole numbers: comparing networks costs ten times as much, and a fleet compares millions.
    stretches = sorted(each for each in map(ends, networks) if each[0] <= last and each[1] >= first)
    for begin, end in stretches:
        if begin > first:
            return False
        first = max(first, end + 1)
    return first > last

"""What changed between two editions: what was added, what is gone, and what serves another region now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, collapse_addresses

from netcfg.core.errors import AmbiguousEdition
from netcfg.core.geography import Geography, Region
from netcfg.core.ranges import Catalogue, Edition, Publisher, covers
from netcfg.core.served import Network, Served, by_address, in_order, served_by


@dataclass(frozen=True)
class Move:
    """A range that serves another region than before."""

    network: Network
    before: Region
    after: Region


@dataclass(frozen=True)
class Extent:
    """How much is published: IPv4 ranges, the addresses in them, each counted once, and IPv6 ranges."""

    ranges: int
    addresses: int
    ipv6: int


@dataclass(frozen=True)
class Growth:
    """How much was published before, and how much is now."""

    before: Extent
    after: Extent

    @property
    def ranges(self) -> float | None:
        """By how many per cent the IPv4 ranges grew; `None` where there were none."""
        return _percent(self.before.ranges, self.after.ranges)

    @property
    def addresses(self) -> float | None:
        """By how many per cent the IPv4 addresses grew; `None` where there were none."""
        return _percent(self.before.addresses, self.after.addresses)


@dataclass(frozen=True)
class Comparison:
    """Two editions, and what leads from the old one to the new one.

    They may be of different publishers: then it tells what only one of the two publishes.
    """

    old: Edition
    new: Edition

    @property
    def is_across(self) -> bool:
        return self.old.publisher is not self.new.publisher

    @property
    def goes_back(self) -> bool:
        """Whether the one that was named as the old one is the newer one."""
        return not self.is_across and self.old.rank > self.new.rank

    @property
    def is_empty(self) -> bool:
        return served_by(self.old) == served_by(self.new)

    @property
    def added(self) -> tuple[Served, ...]:
        return in_order(self._new_places - {Served(each.network, each.after) for each in self.moved})

    @property
    def removed(self) -> tuple[Served, ...]:
        return in_order(self._old_places - {Served(each.network, each.before) for each in self.moved})

    @cached_property
    def moved(self) -> tuple[Move, ...]:
        """The ranges that both have, for different regions, in order of address."""
        before, after = _by_network(self._old_places), _by_network(self._new_places)
        both = sorted(before.keys() & after.keys(), key=by_address)
        return tuple(
            Move(network, *pair) for network in both for pair in zip(before[network], after[network], strict=False)
        )

    @property
    def geographies(self) -> tuple[Geography | None, ...]:
        """Those of either edition; `None`, for the regions that belong to none, comes last."""
        found = {each.geography for each in self.regions}
        return (*sorted(each for each in found if each), *([None] if None in found else []))

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """Those of either edition, by geography and name; those of no geography come last."""
        found = {each.region for edition in (self.old, self.new) for each in served_by(edition)}
        return tuple(sorted(found, key=lambda each: (each.geography is None, str(each.geography), each.name)))

    def growth(self, counts: Callable[[Region], bool] = bool) -> Growth:
        """How much either edition publishes for the regions that count."""
        return Growth(_extent(self.old, counts), _extent(self.new, counts))

    def had_before(self, each: Served) -> bool:
        """Whether every address of an added range was in other ranges of the old edition."""
        return _covers(self.old, each.network)

    def has_still(self, each: Served) -> bool:
        """Whether every address of a removed range is in other ranges of the new edition."""
        return _covers(self.new, each.network)

    @cached_property
    def _old_places(self) -> frozenset[Served]:
        return served_by(self.old) - served_by(self.new)

    @cached_property
    def _new_places(self) -> frozenset[Served]:
        return served_by(self.new) - served_by(self.old)


def single(editions: Catalogue, text: str) -> Edition:
    """The edition that `text` names; both publishers may have one of that day, and then it says too little.

    Of two editions of one publisher and day, which is a page that was mended silently, it is the newer.
    """
    newest = editions.newest()
    if len(newest) > 1:
        raise AmbiguousEdition(text, [f"{each.publisher.value}:{each.day}" for each in newest])
    return newest[0]


def compare(known: Catalogue, old: Edition | None = None, new: Edition | None = None) -> tuple[Comparison, ...]:
    """Two editions; one and the newest of its publisher; or, with none, the last two of each publisher."""
    if old is None:
        recent = (known.of(publisher)[-2:] for publisher in Publisher)
        return tuple(Comparison(*pair) for pair in recent if len(pair) > 1)
    return (Comparison(old, new or known.of(old.publisher)[-1]),)


def _by_network(places: Iterable[Served]) -> dict[Network, list[Region]]:
    """The regions of each range, in order of name."""
    found: dict[Network, list[Region]] = {}
    for each in sorted(places, key=lambda one: one.region.name):
        found.setdefault(each.network, []).append(each.region)
    return found


def _extent(edition: Edition, counts: Callable[[Region], bool]) -> Extent:
    networks = {each.network for each in edition.ranges if counts(each.region)}
    addresses = sum(each.num_addresses for each in collapse_addresses(networks))
    return Extent(len(networks), addresses, len({network for network, region in edition.ipv6 if counts(region)}))


def _percent(before: int, after: int) -> float | None:
    return round((after - before) / before * 100, 1) if before else None


def _covers(edition: Edition, network: Network) -> bool:
    return isinstance(network, IPv4Network) and covers(edition.networks, network)

"""Whose address this is: who publishes it, for which region, since when and until when; or what else it may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_network

from netcfg.core.errors import NotAnAddress
from netcfg.core.outbound import OutboundEdition, Way
from netcfg.core.ranges import Catalogue, Edition, Publisher, covers
from netcfg.core.served import Network, Served, by_address, in_order, is_within, served_by


class Answer(Enum):
    """What an address is to Azure DevOps; the first that fits."""

    INBOUND = "inbound"  # Azure DevOps calls from it
    OUTBOUND = "outbound"  # Azure DevOps is reached at it, or was
    EXPRESSROUTE = "expressroute"
    RETIRED = "retired"  # was inbound once
    PARTLY = "partly"  # only a part of the range is any of these
    SPECIAL = "special"  # not public, so it can be nobody's
    UNKNOWN = "unknown"


class Special(Enum):
    """Why an address is not public."""

    PRIVATE = "private"
    SHARED = "shared"  # between a provider and its customers (carrier-grade NAT)
    PLATFORM = "platform"  # of Azure, the same in every virtual network
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    DOCUMENTATION = "documentation"
    MULTICAST = "multicast"
    RESERVED = "reserved"


# https://www.iana.org/assignments/iana-ipv4-special-registry and its sister for IPv6; the platform's address:
# https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
# The first that fits counts: of IPv6 only 2000::/3 is in public use, so everything else is reserved.
_SPECIAL: tuple[tuple[Network, Special], ...] = tuple(
    (ip_network(text), special)
    for special, texts in {
        Special.PRIVATE: ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
        Special.SHARED: ("100.64.0.0/10",),
        Special.PLATFORM: ("168.63.129.16/32",),
        Special.LOOPBACK: ("127.0.0.0/8", "::1/128"),
        Special.LINK_LOCAL: ("169.254.0.0/16", "fe80::/10"),
        Special.DOCUMENTATION: ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"),
        Special.MULTICAST: ("224.0.0.0/4", "ff00::/8"),
        Special.RESERVED: ("0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "::/3", "4000::/2", "8000::/1"),
    }.items()
    for text in texts
)


_WAYS = tuple(Way)


@dataclass(frozen=True)
class Span:
    """When something was published: the days of the known editions, oldest first, and whether each had it."""

    days: tuple[date, ...]
    held: tuple[bool, ...]

    @property
    def since(self) -> date:
        """The first edition that has it."""
        return self.days[self.held.index(True)]

    @property
    def is_oldest(self) -> bool:
        """Whether the oldest known edition has it already, so that nobody can tell since when."""
        return self.held[0]

    @property
    def newest(self) -> date:
        return self.days[-1]

    @property
    def until(self) -> date | None:
        """The edition that no longer has it, nor any after it; `None` where the newest has it."""
        return None if self.held[-1] else self.days[self.last + 1]

    @property
    def last(self) -> int:
        """Which edition was the last that has it."""
        return max(index for index, has in enumerate(self.held) if has)

    @property
    def has_gaps(self) -> bool:
        """Whether it was taken away and came back."""
        return not all(self.held[self.held.index(True) : self.last])


@dataclass(frozen=True)
class Publication:
    """Who publishes an address as inbound, or did, and the ranges of the last such edition that hold it."""

    publisher: Publisher
    ranges: tuple[Served, ...]
    span: Span


@dataclass(frozen=True)
class Passage:
    """A range that holds the address and at which Azure DevOps is reached, or was."""

    way: Way
    network: Network
    span: Span


@dataclass(frozen=True)
class Attribution:
    """Everything that is known of an address or a range.

    `passages` come in the order of the ways. `parts` are the published ranges inside a range that no published range
    holds as a whole.
    """

    asked: Network
    publications: tuple[Publication, ...]
    passages: tuple[Passage, ...]
    parts: tuple[Attribution, ...] = ()

    @property
    def publishers(self) -> tuple[Publisher, ...]:
        """Those whose newest edition has it."""
        return tuple(each.publisher for each in self.publications if each.span.until is None)

    @property
    def special(self) -> Special | None:
        """Why it is not public; `None` where a part of it is."""
        return next((special for network, special in _SPECIAL if is_within(self.asked, network)), None)

    @property
    def is_filled(self) -> bool:
        """Whether the inbound ones of its parts make up all of it."""
        inbound = [each.asked for each in self.parts if each.publishers and isinstance(each.asked, IPv4Network)]
        return isinstance(self.asked, IPv4Network) and covers(inbound, self.asked)

    @property
    def answer(self) -> Answer:
        if self.publishers:
            return Answer.INBOUND
        if self.passages:
            return Answer(self.passages[0].way.value)
        if self.publications:
            return Answer.RETIRED
        if self.parts:
            return Answer.PARTLY
        return Answer.SPECIAL if self.special else Answer.UNKNOWN


def parse_address(text: str) -> Network:
    """An address, or a range as publishers write it; `::ffff:40.74.28.9`, which some logs hold, is IPv4."""
    stripped = text.strip()
    _, _, prefix = stripped.partition("/")
    try:
        network = ip_network(stripped)
    except ValueError as error:
        if "host bits" in str(error):
            nearest = ip_network(stripped, strict=False)
            raise NotAnAddress(text, f"it has bits set outside its prefix, perhaps {nearest} is meant") from error
        raise NotAnAddress(text) from error
    if (prefix and not prefix.isdecimal()) or "%" in stripped:
        raise NotAnAddress(text)
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return ip_network((mapped, network.prefixlen - 96)) if mapped and network.prefixlen >= 96 else network


@dataclass(frozen=True)
class _Shelf:
    """One publisher's editions, oldest first, by their day, with what each publishes."""

    publisher: Publisher
    days: tuple[date, ...]
    contents: tuple[frozenset[Served], ...]


def attribute(asked: Network, known: Catalogue, outbound: Sequence[OutboundEdition]) -> Attribution:
    """Who publishes an address or a range, by every edition that is known; those of `outbound` come oldest first."""
    shelves = [_shelf(publisher, known.of(publisher)) for publisher in Publisher if known.of(publisher)]
    whole = _attribute(asked, shelves, outbound)
    if whole.publishers or whole.passages:
        return whole
    inside = {each for each in _newest(shelves, outbound) if each != asked and is_within(each, asked)}
    parts = tuple(_attribute(each, shelves, outbound) for each in sorted(inside, key=by_address))
    return replace(whole, parts=parts)


def _shelf(publisher: Publisher, editions: tuple[Edition, ...]) -> _Shelf:
    return _Shelf(publisher, tuple(each.day for each in editions), tuple(map(served_by, editions)))


def _attribute(asked: Network, shelves: Iterable[_Shelf], outbound: Sequence[OutboundEdition]) -> Attribution:
    publications = (_publication(asked, each) for each in shelves)
    return Attribution(asked, tuple(each for each in publications if each), tuple(_passages(asked, outbound)))


def _publication(asked: Network, shelf: _Shelf) -> Publication | None:
    holding = [frozenset(each for each in found if is_within(asked, each.network)) for found in shelf.contents]
    if not any(holding):
        return None
    span = Span(shelf.days, tuple(map(bool, holding)))
    return Publication(shelf.publisher, in_order(holding[span.last]), span)


def _passages(asked: Network, editions: Sequence[OutboundEdition]) -> Iterator[Passage]:
    """One for each range that holds the address, in the order of the ways."""
    found = {each for edition in editions for each in edition.ranges if is_within(asked, each[1])}
    days = tuple(each.day for each in editions)
    for way, network in sorted(found, key=lambda each: (_WAYS.index(each[0]), by_address(each[1]))):
        yield Passage(way, network, Span(days, tuple((way, network) in each.ranges for each in editions)))


def _newest(shelves: Iterable[_Shelf], outbound: Sequence[OutboundEdition]) -> Iterator[Network]:
    """What is published now, in either direction."""
    yield from (each.network for shelf in shelves for each in shelf.contents[-1])
    yield from (network for edition in outbound[-1:] for _, network in edition.ranges)

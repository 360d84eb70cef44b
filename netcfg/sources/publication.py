"""What a publisher says, checked, and in netcfg's own compact form: one file for each edition, as in `data/`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from netcfg.core.errors import BadEdition, UnknownRegion, UnmappedRegion
from netcfg.core.geography import Atlas, Region
from netcfg.core.ranges import Edition, Range

_WIDEST = 16
# `is_global` looks at the ends of a range only, so a public /16 that holds one of these would pass, and it knows
# multicast as global. https://www.iana.org/assignments/iana-ipv4-special-registry
_SPECIAL = tuple(
    IPv4Network(each) for each in ("192.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3")
)
_LONGEST_QUOTE = 80


@dataclass(frozen=True)
class Publication:
    """An edition, and the names that its publisher gives to the regions, in the publisher's order.

    The names are for whoever reviews a new edition: it says `Western Europe` where the page does.
    """

    edition: Edition
    names: tuple[tuple[str, Region], ...]


def compose(blank: Edition, rows: Iterable[tuple[str, str]], atlas: Atlas, where: str) -> Publication:
    """`blank` with the ranges of `rows`, each the name of a region and a prefix.

    The same range again is no news, under whatever spelling of its region; for two regions it is an error, because
    one of their geographies would go without it.
    """
    names: dict[Region, str] = {}
    regions: dict[IPv4Network | IPv6Network, Region] = {}
    for name, text in rows:
        region = find_region(name, atlas, where)
        names.setdefault(region, name)
        network = parse_prefix(text, where)
        known = regions.setdefault(network, region)
        if known != region:
            raise BadEdition(where, f"it has {network} both for {names[known]!r} and for {name!r}")
    ranges = tuple(Range(each, region) for each, region in regions.items() if isinstance(each, IPv4Network))
    if not ranges:
        raise BadEdition(where, "it has no IPv4 range")
    ipv6 = tuple(sorted(_ipv6(regions.items()), key=lambda pair: pair[0]))
    return Publication(
        replace(blank, ranges=ranges, ipv6=ipv6), tuple((name, region) for region, name in names.items())
    )


def _ipv6(
    regions: Iterable[tuple[IPv4Network | IPv6Network, Region]],
) -> Iterator[tuple[IPv6Network, Region]]:
    return ((each, region) for each, region in regions if isinstance(each, IPv6Network))


def find_region(name: str, atlas: Atlas, where: str) -> Region:
    """The region that a publisher calls `name`; one without a mapping makes the whole edition unusable."""
    try:
        return atlas.region(name, where)
    except UnknownRegion as error:
        raise UnmappedRegion(where, quote(name)) from error


def parse_prefix(text: str, where: str) -> IPv4Network | IPv6Network:
    """A public range; IPv4 no broader than /16 and written as publishers do, `20.37.158.0/23` or a bare address."""
    network = _read_prefix(text)
    if isinstance(network, str):
        raise BadEdition(where, f"{quote(text)} {network}")
    return network


@lru_cache(maxsize=4096)
def _read_prefix(text: str) -> IPv4Network | IPv6Network | str:
    """The range, or what is wrong with it. Each edition repeats most of the one before it, so this is remembered."""
    try:
        network = ip_network(text)
    except ValueError as error:
        return "has bits set outside its prefix" if "host bits" in str(error) else "is not a range"
    # `ip_network` also takes a mask for a prefix, and 0.0.0.255 for the /24 that it is the opposite of.
    if isinstance(network, IPv4Network) and text not in (str(network), str(network.network_address)):
        return "is not a range"
    if isinstance(network, IPv4Network) and network.prefixlen < _WIDEST:
        return f"is broader than /{_WIDEST}"
    is_special = isinstance(network, IPv4Network) and any(network.overlaps(each) for each in _SPECIAL)
    return network if network.is_global and not is_special else "is not public"


def quote(found: object) -> str:
    """Something that was found, as an error quotes it: without control characters, and not a megabyte of it."""
    text = repr(found)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def render(publication: Publication, **more: str | None) -> str:
    """The publication as a document of `data/`, one line for each region; the same edition gives the same bytes.

    `more` is said of it too, such as the address where it was found.
    """
    edition = publication.edition
    head = {
        "version": 1,
        "publisher": edition.publisher.value,
        "edition": edition.day.isoformat(),
        "confirmed": edition.confirmed.isoformat() if edition.confirmed > edition.day else None,
        "seen": edition.seen.isoformat() if edition.seen > edition.day else None,
        "changeNumber": edition.change_number,
        "source": edition.source,
        **more,
    }
    members = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items() if value is not None]
    return "\n".join(["{", *members, '  "regions": {', ",\n".join(_lines(publication)), "  }", "}", ""])


def _lines(publication: Publication) -> Iterator[str]:
    prefixes: dict[Region, list[str]] = {}
    for each in publication.edition.ranges:
        prefixes.setdefault(each.region, []).append(str(each.network))
    for network, region in publication.edition.ipv6:
        prefixes.setdefault(region, []).append(str(network))
    return (f"    {json.dumps(name)}: {json.dumps(prefixes[region])}" for name, region in publication.names)

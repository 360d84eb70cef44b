"""A published range of either family of addresses, and the region that it serves."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from netcfg.core.geography import Geography, Region
from netcfg.core.ranges import Edition

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Served:
    """As `Range`, for IPv6 too: no vault takes that, but editions publish it and callers come from it."""

    network: Network
    region: Region

    @property
    def geography(self) -> Geography | None:
        return self.region.geography


def served_by(edition: Edition) -> frozenset[Served]:
    """Everything that an edition publishes."""
    ipv4 = {Served(each.network, each.region) for each in edition.ranges}
    return frozenset(ipv4 | {Served(network, region) for network, region in edition.ipv6})


def by_address(network: Network) -> tuple[int, int, int]:
    """The key of an order in which IPv4 comes first; Python itself orders within one family only."""
    return network.version, int(network.network_address), network.prefixlen


def in_order(found: frozenset[Served]) -> tuple[Served, ...]:
    return tuple(sorted(found, key=lambda each: (*by_address(each.network), each.region.name)))


def is_within(inner: Network, outer: Network) -> bool:
    """Whether every address of `inner` is in `outer`; no address is in a range of the other family."""
    return inner.version == outer.version and inner.prefixlen >= outer.prefixlen and inner.network_address in outer

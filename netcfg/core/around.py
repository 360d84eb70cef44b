"""Networks around a network: which of many hold it whole, told in the same short time however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Around(Generic[Item]):
    """Networks, with what belongs to each. Of a network that comes twice the first counts."""

    def __init__(self, items: Iterable[tuple[IPv4Network, Item]]) -> None:
        # One table for each length of prefix that occurs, the shortest first: there are 33 at most.
        tables: dict[int, dict[int, Item]] = {}
        for network, item in items:
            length = network.prefixlen
            tables.setdefault(length, {}).setdefault(int(network.network_address) >> (32 - length), item)
        self._tables = sorted(tables.items(), key=lambda each: each[0])

    def first(self, network: IPv4Network) -> Item | None:
        """What belongs to the broadest network that holds all of `network`, `None` where none does."""
        length, address = network.prefixlen, int(network.network_address)
        for own, table in self._tables:
            if own > length:
                return None
            found = table.get(address >> (32 - own))
            if found is not None:
                return found
        return None


def ends(network: IPv4Network) -> tuple[int, int]:
    """The first and the last address of a network, as numbers."""
    first = int(network.network_address)
    return first, first + (1 << (32 - network.prefixlen)) - 1

"""The other direction: the addresses at which people and their machines reach Azure DevOps.

They stand on the same page as the inbound ranges and are often put into a vault's firewall, where they do nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cached_property
from ipaddress import IPv4Network

from netcfg.core.around import Around
from netcfg.core.served import Network


class Way(Enum):
    """How Azure DevOps is reached."""

    OUTBOUND = "outbound"
    EXPRESSROUTE = "expressroute"


@dataclass(frozen=True)
class OutboundEdition:
    """One dated publication of the addresses at which Azure DevOps is reached."""

    day: date
    source: str
    ranges: tuple[tuple[Way, Network], ...]

    def holds(self, network: IPv4Network) -> bool:
        """Whether all of `network` is in one of the ranges."""
        return self._around.first(network) is not None

    @cached_property
    def _around(self) -> Around[Way]:
        return Around((network, way) for way, network in self.ranges if isinstance(network, IPv4Network))

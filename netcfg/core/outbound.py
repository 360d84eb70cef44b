"""The other direction: the addresses at which people and their machines reach Azure DevOps.

They stand on the same page as the inbound ranges and are often put into a vault's firewall, where they do nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

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

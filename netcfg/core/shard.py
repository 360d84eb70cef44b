"""Shards: which part of a fleet is whose, told by a vault's name alone, so that nobody has to know the others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from netcfg.core.errors import BadShard

_SHARD = re.compile(r"([0-9]{1,6})/([0-9]{1,6})", re.ASCII)


def position(name: str) -> int:
    """Where a vault stands in an order that has nothing to do with how names are written, and never changes.

    A vault's name is unique in its cloud, whatever its case; what lies side by side by name is often alike, so a part
    of the fleet that is taken by name would be no sample of it.
    """
    return int.from_bytes(sha256(name.lower().encode()).digest()[:8], "big")


@dataclass(frozen=True)
class Shard:
    """One of `count` parts of a fleet, by its number from 1. Every vault is in exactly one of them."""

    number: int
    count: int

    def holds(self, name: str) -> bool:
        """Whether the vault of this name is in it, whatever other vaults there are."""
        return position(name) % self.count == self.number - 1

    def __str__(self) -> str:
        return f"shard {self.number} of {self.count}"


def parse_shard(text: str) -> Shard:
    """`3/8`, the third of eight parts; anything else is an error."""
    match = _SHARD.fullmatch(text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise BadShard(text)
    return Shard(int(match[1]), int(match[2]))

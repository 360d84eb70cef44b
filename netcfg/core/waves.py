"""Waves: a few vaults are changed first, then more, and all of them last."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from netcfg.core.errors import BadWaves, ConflictingOptions, OptionAlone
from netcfg.core.shard import position

Item = TypeVar("Item")

WAIT = 60  # seconds between two waves: about as long as a policy takes to put back what it does not like

_SIZE = re.compile(r"(\d{1,7})(%?)", re.ASCII)


@dataclass(frozen=True)
class Size:
    """How many vaults of a fleet: a number of them, or percents."""

    number: int
    is_percent: bool = False

    def of(self, total: int) -> int:
        """How many that is of `total`, rounded up: what is said to come first is never nobody."""
        return min(-(-total * self.number // 100) if self.is_percent else self.number, total)

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.is_percent else ''}"


ALL = Size(100, is_percent=True)


@dataclass(frozen=True)
class Waves:
    """How many vaults are done when each wave ends, and how many seconds lie between two waves."""

    sizes: tuple[Size, ...]
    wait: int = WAIT

    def divide(
        self, vaults: Collection[Item], last: Collection[Item] = (), name: Callable[[Item], str] = str
    ) -> tuple[tuple[Item, ...], ...]:
        """The vaults of each wave, which have a `name`. A wave that would be empty is none.

        Their order is that of the shards: it has nothing to do with what vaults are called or belong to, and is the
        same in every run. Those that have to come `last` do.
        """
        order = sorted(vaults, key=lambda each: (each in last, position(name(each)), str(each)))
        waves: list[tuple[Item, ...]] = []
        done = 0
        for size in self.sizes:
            end = max(done, size.of(len(order)))
            if end > done:
                waves.append(tuple(order[done:end]))
            done = end
        return tuple(waves)


def parse_waves(text: str, wait: int = WAIT, option: str = "--waves") -> Waves:
    """Waves as somebody typed them: `1,10%,100%`."""
    sizes: list[Size] = []
    for each in text.split(","):
        match = _SIZE.fullmatch(each.strip())
        if not match:
            raise BadWaves(option, text, f"{each.strip()!r} is neither a number nor a percentage")
        size = Size(int(match[1]), is_percent=bool(match[2]))
        if not size.number:
            raise BadWaves(option, text, f"{size} is no vault at all")
        if size.is_percent and size.number > ALL.number:
            raise BadWaves(option, text, f"{size} is more than there are")
        earlier = [one for one in sizes if one.is_percent is size.is_percent]
        if earlier and earlier[-1].number >= size.number:
            raise BadWaves(option, text, f"{size} comes after {earlier[-1]}, and is not more")
        if ALL in sizes:
            raise BadWaves(option, text, f"{size} comes after {ALL}")
        sizes.append(size)
    if sizes[-1] != ALL:
        raise BadWaves(option, text, f"it ends with {sizes[-1]}")
    return Waves(tuple(sizes), wait)


def canary(number: int, wait: int = WAIT) -> Waves:
    """So many first, and all others when they are well."""
    return Waves((Size(number), ALL), wait)


def parse_rollout(waves: str | None, number: int | None, wait: int | None) -> Waves | None:
    """What `--waves`, `--canary` and `--wait` mean together; `None` where all vaults come at once."""
    if waves is not None and number is not None:
        raise ConflictingOptions("--waves", "--canary", "a canary is the first of two waves")
    if waves is not None:
        return parse_waves(waves, WAIT if wait is None else wait)
    if number is not None:
        return canary(number, WAIT if wait is None else wait)
    if wait is not None:
        raise OptionAlone("--wait", "--waves or --canary")
    return None

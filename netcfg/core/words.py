"""Words that several sentences share."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 5


def listed(items: Iterable[object], most: int = MOST) -> str:
    """The first few of a list that may be long, each once: `a, b, c, d, e and 3 more`."""
    texts = list(dict.fromkeys(map(str, items)))
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def counted(number: int, what: str) -> str:
    """`1 vault`, `2,000 vaults`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"

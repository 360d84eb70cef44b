"""Waves in words: which vaults are written when, said before anybody agrees to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netcfg.core.plan import Plan

NAMED = 5  # vaults of a wave; the rest is counted


def lines(waves: Sequence[Sequence[Plan]]) -> Iterator[str]:
    """A line for each wave; and one about the step before them, where there is one."""
    opening = sum(bool(plan.desired.endpoints) for wave in waves for plan in wave)
    for number, wave in enumerate(waves, 1):
        names = [plan.vault.name for plan in wave]
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        vaults = "1 vault" if len(names) == 1 else f"{len(names):,} vaults"
        yield f"wave {number} of {len(waves)}: {vaults}: {', '.join(names[:NAMED])}{more}"
    if opening:
        vaults = "1 vault lets" if opening == 1 else f"{opening:,} vaults let"
        yield f"before that {vaults} the agents' subnets in beside everybody, in the same waves"

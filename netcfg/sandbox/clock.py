"""The sandbox's clock: the world has its own day, so that two runs are alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from netcfg.sandbox.ids import Document


def tick(state: Document) -> str:
    """The moment of a write: the world's day at nine, and a millisecond later with every write before it."""
    state["writes"] += 1
    morning = datetime.fromisoformat(state["today"]).replace(hour=9, tzinfo=UTC)
    now = morning + timedelta(milliseconds=state["writes"])
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

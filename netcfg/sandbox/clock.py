"""The sandbox's clock: the world has its own day, so that two runs are alike. It stands still until it is moved."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from netcfg.sandbox.ids import Document


def now(state: Document) -> datetime:
    """The moment that it is in the world: what the setting `clock` says, else the world's day at noon."""
    said = state["settings"]["clock"]
    moment = datetime.fromisoformat(said) if said else datetime.fromisoformat(state["today"]).replace(hour=12)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def move(state: Document, moment: datetime) -> None:
    """It is `moment` in the world from now on, and the day that this is in."""
    there = moment.astimezone(UTC)
    state["settings"]["clock"] = there.isoformat().replace("+00:00", "Z")
    state["today"] = there.date().isoformat()


def check(state: Document) -> None:
    """A clock that shows no moment, or one of another day than the world's, is a `ValueError`."""
    day = now(state).astimezone(UTC).date().isoformat()
    if day != state["today"]:
        raise ValueError(f"the world's clock is at {state['settings']['clock']}, and its day is {state['today']}")


def http_date(state: Document) -> str:
    """The `Date` of an answer. With `clockSkewSeconds` Azure's clock goes before that of whoever asks, or after it."""
    shown = now(state).astimezone(UTC) + timedelta(seconds=state["settings"]["clockSkewSeconds"])
    return format_datetime(shown, usegmt=True)


async def pause(seconds: float) -> None:
    """Let so much real time pass; without an event loop, nobody else is served by this thread meanwhile."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        time.sleep(seconds)
    else:
        await asyncio.sleep(seconds)


def tick(state: Document) -> str:
    """The moment of a write: the world's day at nine, and a millisecond later with every write before it."""
    state["writes"] += 1
    morning = datetime.fromisoformat(state["today"]).replace(hour=9, tzinfo=UTC)
    at = morning + timedelta(milliseconds=state["writes"])
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

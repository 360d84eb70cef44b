"""The day, read in one place, so that everything else can be told another."""

from __future__ import annotations

from datetime import UTC, date, datetime


def today_in_utc() -> date:
    return datetime.now(UTC).date()

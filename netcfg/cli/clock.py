"""The day and the time, read in one place, so that everything else can be told others."""

from __future__ import annotations

from datetime import UTC, date, datetime


def today_in_utc() -> date:
    return now_in_utc().date()


def now_in_utc() -> datetime:
    return datetime.now(UTC)

"""What the words for trouble on the way are made of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from netcfg.web.http import causes, time_in


def test_of_two_errors_that_are_each_others_cause_each_is_named_once():
    """So it once was after Ctrl-C, when a connection broke during the taking out: the search never ended."""
    first, second = OSError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert list(causes(first)) == [first, second]


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "x",
        "Mon, 01 Jan 2026 00:00:00 +99999999999999",
        "Mon, 99999999999999999999 Jan 2026 00:00:00 GMT",
        "Mon, 01 Jan 99999 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 -1400",
    ],
)
def test_an_odd_date_tells_no_time(odd: str):
    assert time_in({"Date": odd}) is None


@pytest.mark.parametrize("header", ["Wed, 01 Jul 2026 12:00:00 GMT", "Wed, 01 Jul 2026 12:00:00 -0000"])
def test_a_date_is_the_time_in_utc(header: str):
    assert time_in({"Date": header}) == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert time_in({}) is None

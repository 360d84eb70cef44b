"""Two clocks that disagree: the earlier one decides what is over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.moment import TOLERANCE, Moment

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = date(2026, 7, 1)


@given(st.timedeltas(min_value=timedelta(days=-4000), max_value=timedelta(days=4000)))
def test_nothing_is_over_that_is_not_over_by_both_clocks(ahead: timedelta):
    moment = Moment(DAY, NOON, ahead)
    for clock in (NOON, NOON - ahead):
        assert moment.now <= clock + TOLERANCE
        assert moment.today <= (clock + TOLERANCE).date()


@given(st.timedeltas(min_value=-TOLERANCE, max_value=TOLERANCE))
def test_a_little_is_nobodys_business(ahead: timedelta):
    moment = Moment(DAY, NOON, ahead)
    assert (moment.now, moment.today, moment.said, moment.remarks) == (NOON, DAY, "", ())


def test_without_azures_clock_this_machines_is_believed():
    moment = Moment(DAY, NOON)
    assert (moment.now, moment.azures, moment.today, moment.is_wrong) == (NOON, NOON, DAY, False)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(days=3), "3 days ahead of Azure's: it shows 2026-07-01 12:00 UTC, and Azure 2026-06-28 12:00"),
        (timedelta(hours=-5), "5 hours behind Azure's: it shows 2026-07-01 12:00 UTC, and Azure 2026-07-01 17:00"),
        (timedelta(minutes=6), "6 minutes ahead of Azure's: it shows 2026-07-01 12:00 UTC, and Azure 2026-07-01 11:54"),
    ],
)
def test_how_wrong_it_is_is_said(ahead: timedelta, said: str):
    assert Moment(DAY, NOON, ahead).said == f"the clock of this machine is {said}"


def test_the_end_of_something_that_begins_now_is_told_by_azures_clock():
    assert Moment(DAY, NOON, timedelta(hours=-5)).azures == NOON + timedelta(hours=5)

"""What a refresh makes of an edition: new, confirmed, older, or too strange to believe."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.errors import BadEdition
from netcfg.core.guards import Acceptance
from netcfg.core.ranges import Catalogue, Edition, Policy, Publisher
from netcfg.core.refresh import News, addresses, disagreements, judge
from netcfg.sources import bundled
from tests.strategies import catalogues

CATALOGUE = bundled.catalogue()
TABLE, TAG = CATALOGUE.newest()
TODAY = date(2026, 11, 20)


def later_tag(**changes: object) -> Edition:
    return replace(TAG, **{"day": date(2026, 9, 1), "change_number": 14, **changes})  # type: ignore[arg-type]


def test_what_is_still_published_is_confirmed_today_under_its_old_day():
    for known in (TABLE, TAG):
        judgement = judge(known, CATALOGUE, (), TODAY)
        assert judgement.news is News.CONFIRMED
        assert judgement.edition.day == known.day
        assert judgement.edition.confirmed == TODAY
        assert judgement.edition.sha256 == known.sha256


def test_a_new_weekly_file_with_the_same_tag_is_no_new_edition():
    assert judge(replace(TAG, day=TODAY), CATALOGUE, (), TODAY).edition.day == TAG.day


def test_a_page_that_was_looked_at_again_is_a_new_edition():
    judgement = judge(replace(TABLE, day=date(2026, 11, 1), source="another"), CATALOGUE, (), TODAY)
    assert judgement.news is News.NEW
    assert judgement.guards == ()


def test_an_older_change_number_never_replaces_a_higher_one_whatever_its_day():
    older = replace(CATALOGUE.of(Publisher.SERVICE_TAG)[-2], day=TODAY)
    judgement = judge(older, CATALOGUE, (), TODAY)
    assert judgement.news is News.OLDER
    assert not judgement.is_kept


def test_one_change_number_with_two_lists_is_an_error():
    with pytest.raises(BadEdition, match="under the same change number 13"):
        judge(replace(TAG, ranges=TAG.ranges[1:]), CATALOGUE, (), TODAY)


def test_a_page_mended_on_the_same_day_is_new_and_becomes_the_newest():
    mended = replace(TABLE, ranges=TABLE.ranges[:-1])
    judgement = judge(mended, CATALOGUE, (), TODAY)
    assert judgement.news is News.NEW
    (newest,) = Catalogue((*CATALOGUE.editions, judgement.edition)).newest(Policy.TABLE)
    assert newest.ranges == mended.ranges


def test_a_mended_page_is_believed_also_when_its_old_version_was_confirmed():
    confirmed = judge(TABLE, CATALOGUE, (), TODAY).edition
    known = Catalogue((*(each for each in CATALOGUE.editions if each != TABLE), confirmed))
    assert judge(replace(TABLE, ranges=TABLE.ranges[:-1]), known, (), TODAY).news is News.NEW
    with pytest.raises(BadEdition):
        judge(replace(TAG, ranges=TAG.ranges[1:], day=date(2026, 6, 19)), known, (), TODAY)


def test_a_day_to_come_is_an_error():
    with pytest.raises(BadEdition, match="look at the clock"):
        judge(replace(TABLE, day=date(2096, 2, 10)), CATALOGUE, (), TODAY)


def test_a_page_without_a_day_confirms_and_never_replaces():
    undated = replace(TABLE, day=TODAY, is_dated=False)
    assert judge(undated, CATALOGUE, (), TODAY).news is News.CONFIRMED
    with pytest.raises(BadEdition, match="tells no day of its own"):
        judge(replace(undated, ranges=TABLE.ranges[:-1]), CATALOGUE, (), TODAY)


def test_a_file_on_a_disk_confirms_nothing():
    judgement = judge(TAG, CATALOGUE, (), TODAY, is_live=False)
    assert judgement.news is News.CONFIRMED
    assert judgement.edition.confirmed == TAG.confirmed
    assert not judgement.is_kept


def test_the_grace_period_begins_when_somebody_here_could_know():
    mended = judge(replace(TABLE, ranges=TABLE.ranges[1:]), Catalogue((TABLE,)), (), TODAY).edition
    (retired,) = Catalogue((TABLE, mended)).retired
    assert retired.since == TODAY
    assert not retired.outlived(timedelta(days=1), TODAY)


def test_what_a_clock_that_is_ahead_confirms_tells_nothing_and_a_right_one_takes_its_place():
    mended = judge(replace(TABLE, ranges=TABLE.ranges[1:]), Catalogue((TABLE,)), (), TODAY).edition
    ahead = judge(mended, Catalogue((TABLE, mended)), (), date(2031, 1, 1)).edition
    (retired,) = Catalogue((TABLE, ahead)).retired
    assert retired.confirmed == date(2031, 1, 1)
    assert not retired.outlived(timedelta(days=30), TODAY)
    assert retired.outlived(timedelta(days=30), date(2030, 12, 31))
    later = TODAY + timedelta(days=2)
    right = judge(mended, Catalogue((TABLE, ahead)), (), later).edition
    assert (right.confirmed, right.seen) == (later, TODAY)


def test_an_edition_that_was_first_seen_on_a_day_to_come_was_seen_today():
    ahead = replace(TAG, seen=date(2031, 1, 1), confirmed=date(2031, 1, 1))
    right = judge(TAG, Catalogue((ahead,)), (), TODAY).edition
    assert (right.confirmed, right.seen) == (TODAY, TODAY)


def test_more_than_a_tenth_gone_is_refused_until_it_is_accepted():
    shrunken = later_tag(ranges=tuple(each for each in TAG.ranges if each.network.prefixlen > 23))
    judgement = judge(shrunken, CATALOGUE, (), TODAY)
    assert [each.id for each in judgement.refusals] == ["shrunken-edition"]
    assert not judgement.is_kept
    assert judge(shrunken, CATALOGUE, [Acceptance("shrunken-edition")], TODAY).is_kept


def test_more_than_a_quarter_new_is_refused_until_it_is_accepted():
    newest_but_one = Catalogue((replace(TAG, change_number=12, ranges=TAG.ranges[:30]),))
    judgement = judge(TAG, newest_but_one, (), TODAY)
    assert [each.id for each in judgement.refusals] == ["grown-edition"]


def test_the_steps_that_really_happened_are_plausible():
    """The prefixes grew by 162 % in June 2026, the addresses by 13 %."""
    for publisher in Publisher:
        known = CATALOGUE.of(publisher)
        for index, edition in enumerate(known[1:], start=1):
            judgement = judge(edition, Catalogue(known[:index]), (), edition.day)
            assert judgement.news is News.NEW
            assert judgement.guards == ()
    assert addresses(TAG) == 7396


def test_a_table_range_outside_the_tag_is_said_and_names_both_editions():
    assert disagreements(CATALOGUE) == ()
    europe = next(each for each in TABLE.ranges if str(each.network) == "40.74.28.0/23")
    without = later_tag(ranges=tuple(each for each in TAG.ranges if each.network != europe.network))
    (note,) = disagreements(Catalogue((*CATALOGUE.editions, without)))
    assert "40.74.28.0/23 of the table of 2026-02-10 is not in the service tag of 2026-09-01" in note


@given(catalogues(), st.sampled_from(Publisher), st.integers(0, 400))
def test_a_refresh_never_makes_an_edition_less_confirmed_or_less_new(
    catalogue: Catalogue, publisher: Publisher, days: int
):
    newest = catalogue.of(publisher)[-1]
    today = newest.day + timedelta(days=days)
    for found in catalogue.of(publisher):
        try:
            judgement = judge(found, catalogue, (), today)
        except BadEdition:
            continue
        if judgement.is_kept:
            after = Catalogue((*catalogue.editions, judgement.edition)).of(publisher)[-1]
            assert after.rank >= newest.rank
            assert after.confirmed >= newest.confirmed

"""Text fits its page, adds nothing by colour, and looks as it did when somebody last looked at it."""

import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.geography import Evidence, Organization, Witness
from netcfg.core.outcome import Ending
from netcfg.core.plan import Action, PlanSet
from netcfg.formats import text
from netcfg.formats.page import Page, columns_of
from tests.formats import builders, generated

ANSI = re.compile(r"\x1b\[[0-9;]*m")
PLANS = [
    builders.opened, builders.refused, builders.shared, builders.unchanged, builders.several, builders.removal,
    builders.perimeter, builders.closed, builders.inferred,
]  # fmt: skip


@pytest.mark.parametrize("made", PLANS)
def test_a_plan_at_80_columns(made, kept):
    assert text.plan(made(), Page(80)) == kept


@pytest.mark.parametrize("made", [builders.shared, builders.several])
def test_a_plan_at_200_columns(made, kept):
    assert text.plan(made(), Page(200)) == kept


def test_a_plan_in_colour(kept):
    assert text.plan(builders.several(), Page(100, colour=True)) == kept


def test_a_plan_where_only_ascii_can_be_shown(kept):
    assert text.plan(builders.shared(), Page(80, ascii_only=True)) == kept


def test_a_plan_of_many_regions_at_80_columns(kept):
    canada = builders.plan(builders.vault(), geographies=(builders.EUROPE, builders.CANADA))
    assert text.plan(builders.plan_set(canada, by=()), Page(80)) == kept


def test_a_result_that_was_done(kept):
    assert text.result(builders.applied(builders.opened(), Ending.DONE), Page(80)) == kept


def test_a_result_of_several_vaults(kept):
    endings = (Ending.REFUSED, Ending.UNCHANGED, Ending.FAILED)
    error = "kv-audit is locked by 'no-changes' of rg-audit; ask its owner to remove the lock, then run it again"
    assert text.result(builders.applied(builders.several(), *endings, error=error), Page(80)) == kept


def test_a_result_for_readers_who_have_seen_the_plan():
    done = builders.applied(builders.removal(), Ending.DONE)
    assert text.result(done, Page(80), after_plan=True) == (
        "kv-payments done: 4 added, 12 removed; verified\n\n1 vault: 1 done; 4 added, 12 removed\n"
    )


def test_a_write_that_was_not_verified_says_so():
    planned = builders.closed()
    failed = builders.applied(planned, Ending.FAILED, error="20.166.41.0/24 is missing", touched=True)
    assert text.result(failed, Page(80)) == (
        "kv-payments FAILED: something was written before that\n  20.166.41.0/24 is missing\n\n1 vault: 1 failed\n"
    )


def test_a_plan_that_read_nothing():
    lost = builders.unread("kv-legacy", "you may not read this vault")
    assert text.plan(builders.plan_set(undetermined=(lost,)), Page(80)) == (
        "contoso → Europe (collections-me)\n"
        "ranges: union of table 2026-02-10 and service tag 2026-06-20\n"
        "\n"
        "undetermined: nothing is known of these\n"
        "? kv-legacy  you may not read this vault\n"
        "\n"
        "nothing is known of 1 vault\n"
    )


def test_a_geography_with_its_evidence():
    evidence = (
        Evidence(Witness.COLLECTION, "preferredGeography", "EU", builders.EUROPE),
        Evidence(Witness.SIGN_IN, "host", "spsprodweu5", builders.EUROPE),
    )
    assert text.geography([Organization("contoso", evidence)], Page(80)) == (
        "contoso → Europe (EU)\n"
        "  collections-me  preferredGeography 'EU'  Europe\n"
        "  sign-in-host    host 'spsprodweu5'       Europe\n"
    )


def test_a_geography_that_is_only_hinted_at():
    hint = builders.organization("contoso", Witness.SIGN_IN, "spsprodweu5")
    assert text.geography([hint], Page(80)) == (
        "contoso → Europe (EU)\n"
        "  sign-in-host  host 'spsprodweu5'  Europe\n"
        "note: inferred: only the sign-in page hints at it; give --geography to be sure\n"
    )


def test_the_ranges_of_two_geographies():
    assert text.ranges(builders.resolution(builders.CANADA, builders.EUROPE), Page(80)) == (
        "ranges: union of table 2026-02-10 and service tag 2026-06-20\n"
        "\n"
        "Canada (CA)\n"
        "  52.228.82.0/24  canadacentral          table + tag\n"
        "  20.200.34.0/26  canadaeast (inferred)  service tag\n"
        "\n"
        "Europe (EU)\n"
        "  20.166.41.0/24      northeurope  table + tag\n"
        "  134.149.110.74/31   northeurope  service tag\n"
        "  40.74.28.0/23       westeurope   table + tag\n"
        "  172.199.233.128/26  westeurope   service tag\n"
        "\n"
        "6 ranges, 1,154 addresses; left out: 1 IPv6 range and 1 range for regions of no\n"
        "geography\n"
    )


def test_one_edition_is_no_union():
    one = replace(builders.resolution(), editions=builders.CATALOGUE.editions[:1])
    assert text.ranges(one, Page(80)).startswith("ranges: table 2026-02-10\n")


@given(generated.plan_sets(), st.integers(1, 240))
@settings(max_examples=60)
def test_no_line_is_longer_than_the_page_but_for_one_word(plans: PlanSet, width: int):
    for line in text.plan(plans, Page(width)).splitlines():
        assert columns_of(line) <= width or len(line[2:].split()) <= 1 or is_subject(line, plans)


def is_subject(line: str, plans: PlanSet) -> bool:
    """Whether the line holds only what is never cut: a title, a rule or a name with spaces, and beside it one word."""
    shown = Page().show
    values = [str(rule) for each in plans.plans for rule in (*each.before.rule_set.rules, *each.after.rule_set.rules)]
    subjects = [
        "default action",
        "public access",
        *values,
        *(each.vault.rpartition("/")[2] for each in plans.undetermined),
    ]
    told = [shown(each).rstrip() for each in subjects]  # blanks at the end of a line are not written
    return any(line[2:].startswith(each) and len(line[2:].removeprefix(each).split()) <= 1 for each in told)


@given(generated.plan_sets(), st.integers(20, 200))
@settings(max_examples=40)
def test_a_plan_has_one_marked_line_for_each_change(plans: PlanSet, width: int):
    lines = text.plan(plans, Page(width)).splitlines()
    counts = Counter(change.action for each in plans.plans for change in each.changes)
    for mark, action in (("+ ", Action.ADD), ("- ", Action.REMOVE), ("~ ", Action.SET)):
        assert sum(line.startswith(mark) for line in lines) == counts[action]


@given(generated.results(), st.integers(20, 200))
@settings(max_examples=40)
def test_colour_adds_nothing_but_colour(result, width: int):
    for render in (text.result, lambda given, page: text.plan(given.planned, page)):
        plain, coloured = render(result, Page(width)), render(result, Page(width, colour=True))
        assert "\x1b" not in plain
        assert ANSI.sub("", coloured) == plain


@given(generated.results())
@settings(max_examples=40)
def test_where_only_ascii_can_be_shown_nothing_else_is(result):
    page = Page(80, ascii_only=True)
    assert (text.result(result, page) + text.plan(result.planned, page)).isascii()


def test_wide_letters_take_two_columns():
    assert columns_of("東京") == 4
    assert columns_of("e\u0301") == 1

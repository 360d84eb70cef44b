"""Editions that are another one with changes."""

import pytest

from netcfg.sandbox.publishing import editions

FIRST = {"inbound": [["Europe", "North Europe", "a"], ["Brazil", "Brazil South", "b"]], "others": ["52.108.0.0/14"]}
EAST = {"regionId": 3, "changeNumber": 2, "prefixes": ["20.1.2.0/24", "2603::/64"]}
WEST = {"regionId": 4, "changeNumber": 5, "prefixes": ["20.1.3.0/24"]}
TAGS = {"changeNumber": 411, "AzureDevOps": {"changeNumber": 13, "regions": {"East": EAST, "West": WEST}}}


def table(**changes: object) -> dict:
    return editions.table({"tables": {"first": FIRST, "second": {"after": "first", **changes}}}, "second")


def tags(**changes: object) -> dict:
    second = {"after": "first", "changeNumber": 421, "AzureDevOps": {"changeNumber": 14, **changes}}
    return editions.service_tags({"serviceTags": {"first": TAGS, "second": second}}, "second")


def test_a_row_is_added_where_its_geography_ends():
    added = table(added=[["Europe", "Western Europe", "c"], ["India", "South India", "d"]])
    assert added == {
        "inbound": [
            ["Europe", "North Europe", "a"],
            ["Europe", "Western Europe", "c"],
            ["Brazil", "Brazil South", "b"],
            ["India", "South India", "d"],
        ],
        "others": ["52.108.0.0/14"],
    }
    assert len(FIRST["inbound"]) == 2


def test_a_row_is_removed_and_other_keys_are_replaced():
    assert table(removed=["a"], others=[]) == {"inbound": [["Brazil", "Brazil South", "b"]], "others": []}


def test_a_tag_counts_its_changes_for_each_region():
    assert tags(added={"East": ["4.1.2.0/24"], "South": ["4.1.3.0/24"]}) == {
        "changeNumber": 421,
        "AzureDevOps": {
            "changeNumber": 14,
            "regions": {
                "East": {"regionId": 3, "changeNumber": 3, "prefixes": ["4.1.2.0/24", "20.1.2.0/24", "2603::/64"]},
                "West": WEST,
                "South": {"regionId": 0, "changeNumber": 1, "prefixes": ["4.1.3.0/24"]},
            },
        },
    }


def test_a_region_without_ranges_has_no_tag():
    assert tags(removed=["20.1.3.0/24"])["AzureDevOps"]["regions"] == {"East": EAST}


def test_an_edition_may_come_after_one_that_comes_after_another():
    publishers = {
        "tables": {
            "first": FIRST,
            "second": {"after": "first", "removed": ["a"]},
            "third": {"after": "second", "added": [["Brazil", "Brazil South", "c"]]},
        }
    }
    assert [row[2] for row in editions.table(publishers, "third")["inbound"]] == ["b", "c"]


@pytest.mark.parametrize(
    ("publishers", "message"),
    [
        ({"table": "2026-02-11", "tables": {"2026-02-10": FIRST}}, "no edition '2026-02-11'; there are 2026-02-10"),
        ({"file": "2026-02-11"}, "no edition '2026-02-11'; there are none"),
        ({"tables": {"x": {"after": "x"}}}, "the edition 'x' comes after itself"),
        ({"tables": {"x": FIRST, "y": {"after": "x", "add": []}}}, "an edition has 'add'; known are added, after"),
        (
            {"serviceTags": {"x": TAGS, "y": {"after": "x", "added": {}}}},
            "an edition has 'added'; known are AzureDevOps",
        ),
        (
            {"tables": {"x": FIRST, "y": {"after": "x", "removed": ["z"]}}},
            "an edition removes z, and the one before it has no such range",
        ),
    ],
)
def test_what_is_misspelt_is_an_error(publishers, message):
    with pytest.raises(ValueError, match=message):
        editions.check(publishers)

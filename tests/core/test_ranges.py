"""The bundled editions against what is known of them, and which of them is the newest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from ipaddress import IPv4Network

import pytest

from netcfg.core.ranges import Catalogue, Policy, Publisher, Range, resolve
from netcfg.sources import bundled

CATALOGUE = bundled.catalogue()

# Day, the tag's change number, IPv4 and IPv6 prefixes.
SERVICE_TAGS = [
    ("2021-01-06", 1, 18, 0), ("2021-02-02", 2, 19, 0), ("2022-09-14", 4, 21, 0), ("2022-12-07", 5, 23, 0),
    ("2023-01-18", 6, 24, 0), ("2024-10-23", 7, 24, 2), ("2025-10-10", 8, 24, 31), ("2026-03-11", 10, 30, 33),
    ("2026-03-25", 12, 32, 35), ("2026-06-20", 13, 84, 63),
]  # fmt: skip
TABLES = [("2021-06-09", 16), ("2023-03-27", 16), ("2024-01-02", 19), ("2026-02-10", 19)]


def test_every_edition_is_there_with_its_counts():
    tags = CATALOGUE.of(Publisher.SERVICE_TAG)
    assert [(str(e.day), e.change_number, len(e.ranges), len(e.ipv6)) for e in tags] == SERVICE_TAGS
    assert [(str(each.day), len(each.ranges)) for each in CATALOGUE.of(Publisher.TABLE)] == TABLES
    assert all(each.source for each in CATALOGUE.editions)


def test_every_range_of_every_table_is_inside_the_newest_service_tag():
    (tag,) = CATALOGUE.newest(Policy.SERVICE_TAG)
    for table in CATALOGUE.of(Publisher.TABLE):
        assert all(any(network.subnet_of(each) for each in tag.networks) for network in table.networks)


def test_the_newest_service_tag_is_the_one_with_the_highest_change_number_whatever_its_day():
    newest = CATALOGUE.of(Publisher.SERVICE_TAG)[-1]
    lagging = replace(newest, day=date(2026, 9, 1), change_number=12)
    (chosen,) = Catalogue((*CATALOGUE.editions, lagging)).newest(Policy.SERVICE_TAG)
    assert chosen.change_number == 13


@pytest.mark.parametrize(
    ("geography", "table", "union"),
    [("US", 9, 28), ("EU", 2, 7), ("UK", 1, 5), ("AU", 2, 7), ("BR", 1, 3), ("CA", 1, 6), ("IN", 2, 7), ("APAC", 1, 5)],
)
def test_what_each_geography_needs(geography: str, table: int, union: int):
    chosen = [bundled.atlas().find(geography)]
    assert len(resolve(CATALOGUE, Policy.TABLE, chosen).wanted) == table
    assert len(resolve(CATALOGUE, Policy.UNION, chosen).wanted) == union


def test_a_digest_is_of_the_content():
    first, second = CATALOGUE.editions[:2]
    assert first.sha256 == replace(first, source="elsewhere").sha256
    assert first.sha256 != second.sha256
    assert len(first.sha256) == 64


def test_an_edition_counts_as_confirmed_on_its_own_day_and_never_earlier():
    first = CATALOGUE.editions[0]
    assert first.confirmed == first.day
    assert replace(first, confirmed=date(2020, 1, 1)).confirmed == first.day


def test_a_range_of_two_regions_counts_for_each_of_their_geographies():
    atlas = bundled.atlas()
    network = IPv4Network("20.0.0.0/24")
    table, tag = CATALOGUE.newest()
    both = Catalogue(
        (
            replace(table, ranges=(Range(network, atlas.region("westeurope", "")),)),
            replace(
                tag,
                ranges=tuple(Range(network, atlas.region(each, "")) for each in ("eastus2euap", "uksouth", "westus")),
            ),
        )
    )
    for geography in ("EU", "UK", "US"):
        resolution = resolve(both, Policy.UNION, [atlas.find(geography)])
        assert [each.network for each in resolution.wanted] == [network]
        assert [each.geography.id for each in resolution.wanted if each.geography] == [geography]
        assert resolution.elsewhere == ()

"""What changed between two editions: the laws of any comparison, and the history that is known."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.comparison import Comparison, Extent, compare, single
from netcfg.core.errors import AmbiguousEdition, UnknownEdition
from netcfg.core.ranges import Catalogue, Edition, Publisher, Range
from netcfg.core.served import Served, served_by
from netcfg.sources import bundled

ATLAS = bundled.atlas()
REGIONS = [ATLAS.region(name, "") for name in ("westeurope", "northeurope", "eastasia", "swedencentral", "eastus2euap")]
IPV4 = [IPv4Network(f"20.0.{third}.0/{prefix}") for third in (0, 2, 4) for prefix in (23, 24, 26)]
IPV6 = [IPv6Network(f"2603:1000:{third}::/48") for third in range(3)]


def named(*names: str) -> tuple[Edition, ...]:
    return tuple(single(bundled.edition(each), each) for each in names)


def compared(*names: str) -> Comparison:
    (found,) = compare(bundled.catalogue(), *named(*names))
    return found


@st.composite
def editions(draw: st.DrawFn) -> Edition:
    """A range may serve several regions: no parser makes such an edition, and the laws hold for it all the same."""
    ipv4 = st.builds(Range, st.sampled_from(IPV4), st.sampled_from(REGIONS))
    ipv6 = st.tuples(st.sampled_from(IPV6), st.sampled_from(REGIONS))
    return Edition(
        draw(st.sampled_from(Publisher)),
        draw(st.dates(date(2021, 1, 1), date(2026, 12, 31))),
        "made up",
        tuple(draw(st.frozensets(ipv4, max_size=8))),
        tuple(draw(st.frozensets(ipv6, max_size=4))),
    )


@given(editions())
def test_an_edition_differs_in_nothing_from_itself(edition: Edition):
    found = Comparison(edition, edition)
    assert found.is_empty
    assert (found.added, found.removed, found.moved) == ((), (), ())
    assert found.growth().before == found.growth().after


@given(editions(), editions())
def test_what_changed_leads_from_the_old_edition_to_the_new(old: Edition, new: Edition):
    found = Comparison(old, new)
    gone = {*found.removed, *(Served(each.network, each.before) for each in found.moved)}
    come = {*found.added, *(Served(each.network, each.after) for each in found.moved)}
    assert gone <= served_by(old)
    assert come.isdisjoint(served_by(old))
    assert (served_by(old) - gone) | come == served_by(new)
    assert found.is_empty == (not gone | come)


@given(editions(), editions())
def test_the_way_back_is_the_mirror(old: Edition, new: Edition):
    there, back = Comparison(old, new), Comparison(new, old)
    assert (there.added, there.removed) == (back.removed, back.added)
    assert [(e.network, e.before, e.after) for e in there.moved] == [(e.network, e.after, e.before) for e in back.moved]
    assert (there.growth().before, there.growth().after) == (back.growth().after, back.growth().before)


@given(editions(), editions())
def test_a_network_is_moved_or_else_added_or_removed(old: Edition, new: Edition):
    found = Comparison(old, new)
    assert {e.network for e in found.added}.isdisjoint({e.network for e in found.removed})


@given(editions(), editions())
def test_the_regions_of_a_geography_are_parts_of_it(old: Edition, new: Edition):
    found = Comparison(old, new)
    assert {each.geography for each in found.regions} == set(found.geographies)
    for place in found.geographies:
        whole = found.growth(lambda region, place=place: region.geography == place).after.ranges
        parts = [
            found.growth(lambda region, each=each: region == each).after.ranges
            for each in found.regions
            if each.geography == place
        ]
        assert max(parts) <= whole <= sum(parts)


def test_hong_kong_became_singapore():
    found = compared("2021-06-09", "2023-03-27")
    assert [(str(e.network), e.region.name) for e in found.removed] == [("20.189.107.0/24", "eastasia")]
    assert [(str(e.network), e.region.name) for e in found.added] == [("20.195.68.0/24", "southeastasia")]
    assert found.moved == ()


def test_the_tag_from_change_8_to_10():
    found = compared("2025-10-10", "2026-03-11")
    assert {(str(e.network), e.region.name) for e in found.added if e.network.version == 4} == {
        ("4.188.8.0/27", "centralindia"),
        ("4.247.191.228/30", "centralindia"),
        ("48.223.55.140/30", "eastus2euap"),
        ("48.223.55.160/27", "eastus2euap"),
        ("20.200.34.0/26", "canadaeast"),
        ("172.186.108.192/26", "ukwest"),
    }
    assert found.removed == ()


def test_the_tag_grew_by_162_per_cent_in_ranges_and_by_13_in_addresses():
    growth = compared("2026-03-25", "2026-06-20").growth()
    assert growth.before == Extent(32, 6568, 35)
    assert growth.after == Extent(84, 7396, 63)
    assert (growth.ranges, growth.addresses) == (162.5, 12.6)


def test_a_geography_that_had_nothing_grew_by_no_number_of_per_cent():
    growth = compared("2025-10-10", "2026-03-11").growth(lambda region: region.name == "canadaeast")
    assert (growth.before.ranges, growth.after.ranges, growth.ranges, growth.addresses) == (0, 1, None, None)


def test_ipv6_alone_is_a_change_too():
    found = compared("2024-10-23", "2025-10-10")
    assert not found.is_empty
    assert {each.network.version for each in found.added} == {6}
    assert len(found.added) == 29


def test_the_table_against_the_tag_is_what_only_one_of_them_has():
    found = compared("2026-02-10", "2026-06-20")
    assert found.is_across
    assert not found.goes_back
    assert found.removed == ()
    assert len([each for each in found.added if each.network.version == 4]) == 65


def test_the_order_of_publication_is_the_way_forward():
    assert compared("2023-03-27", "2021-06-09").goes_back
    assert not compared("2021-06-09", "2023-03-27").goes_back


def test_a_range_that_is_another_regions_now_was_moved():
    table = bundled.catalogue().of(Publisher.TABLE)[-1]
    west, north = REGIONS[:2]
    network = IPv4Network("20.0.0.0/24")
    old = Edition(table.publisher, table.day, "", (Range(network, west),))
    new = Edition(table.publisher, table.day, "", (Range(network, north),))
    (move,) = Comparison(old, new).moved
    assert (move.network, move.before, move.after) == (network, west, north)
    assert Comparison(old, new).added == Comparison(old, new).removed == ()


def test_a_range_that_was_split_is_known_to_be_the_same_addresses():
    west = REGIONS[0]
    whole = Edition(Publisher.TABLE, date(2026, 1, 1), "", (Range(IPv4Network("20.0.0.0/23"), west),))
    halves = tuple(Range(each, west) for each in IPv4Network("20.0.0.0/23").subnets())
    found = Comparison(whole, Edition(Publisher.TABLE, date(2026, 2, 1), "", halves))
    assert all(map(found.had_before, found.added))
    assert all(map(found.has_still, found.removed))
    assert not any(map(compared("2026-03-25", "2026-06-20").had_before, compared("2026-03-25", "2026-06-20").added))


def test_without_names_the_last_two_editions_of_each_publisher_are_compared():
    days = [(str(each.old.day), str(each.new.day)) for each in compare(bundled.catalogue())]
    assert days == [("2024-01-02", "2026-02-10"), ("2026-03-25", "2026-06-20")]


def test_one_name_is_compared_with_the_newest_of_its_publisher():
    assert compared("2021-06-09").new.day == date(2026, 2, 10)
    assert compared("2021-01-06").new.day == date(2026, 6, 20)


def test_the_only_edition_of_a_publisher_has_nothing_to_be_compared_with():
    assert compare(Catalogue(named("2021-06-09"))) == ()


def test_a_day_of_both_publishers_has_to_say_whose():
    table, tag = named("2024-01-02", "2026-06-20")
    twin = Edition(tag.publisher, table.day, "", tag.ranges, tag.ipv6, 14)
    known = Catalogue((*bundled.catalogue().editions, twin))
    with pytest.raises(AmbiguousEdition, match=r"'2024-01-02' .* table:2024-01-02 or service-tag:2024-01-02$"):
        single(bundled.edition("2024-01-02", known), "2024-01-02")
    assert single(bundled.edition("service-tag:2024-01-02", known), "") is twin
    assert single(bundled.edition("table:2024-01-02", known), "") == table


def test_of_two_editions_of_one_publisher_and_day_the_newer_is_meant():
    (table,) = named("2026-02-10")
    mended = Edition(table.publisher, table.day, "", table.ranges[1:], confirmed=date(2026, 5, 1))
    known = Catalogue((mended, *bundled.catalogue().editions))
    assert single(bundled.edition("2026-02-10", known), "") is mended


@pytest.mark.parametrize(
    "text", ["1999-01-01", "", "table", ":2024-01-02", "moon:2024-01-02", "service-tag:2024-01-02"]
)
def test_what_names_no_edition_is_answered_with_those_that_are_known(text: str):
    with pytest.raises(UnknownEdition) as error:
        bundled.edition(text)
    assert repr(text) in str(error.value)
    assert "2024-10-23" in str(error.value)


def test_ranges_are_in_order_of_address_ipv4_first():
    found = compared("2026-03-25", "2026-06-20").added
    texts = [str(each.network) for each in found]
    assert texts[:2] == ["4.145.0.106/31", "4.145.0.192/27"]
    assert [ip_network(each).version for each in texts] == sorted(ip_network(each).version for each in texts)

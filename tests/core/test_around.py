"""Networks around a network: numbers and tables say the same as comparing every network would."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.around import Around, ends
from netcfg.core.ranges import covers


@st.composite
def near(draw: st.DrawFn) -> IPv4Network:
    """Networks that often meet: of a few bits at the front of one block, and as wide as anything."""
    length = draw(st.one_of(st.integers(0, 32), st.integers(26, 32)))
    address = int(IPv4Address("20.0.0.0")) + draw(st.integers(0, 255))
    return IPv4Network((address >> (32 - length) << (32 - length), length))


@given(st.lists(near()), near())
def test_the_first_around_a_network_is_the_broadest_that_holds_it(networks, wanted):
    holding = [each for each in sorted(networks) if wanted.subnet_of(each)]
    assert Around((each, each) for each in networks).first(wanted) == (holding[0] if holding else None)


@given(st.lists(near()), near())
def test_networks_cover_another_one_where_their_union_holds_it(networks, wanted):
    assert covers(networks, wanted) == any(wanted.subnet_of(each) for each in collapse_addresses(networks))


def test_of_a_network_that_comes_twice_the_first_counts():
    network = IPv4Network("40.74.28.0/23")
    assert Around([(network, "table"), (network, "tag")]).first(IPv4Network("40.74.29.7/32")) == "table"


def test_two_halves_cover_what_neither_holds():
    halves = [IPv4Network("40.74.28.0/24"), IPv4Network("40.74.29.0/24")]
    assert covers(halves, IPv4Network("40.74.28.0/23"))
    assert not covers([*halves[:1], IPv4Network("40.74.29.1/32")], IPv4Network("40.74.28.0/23"))
    assert ends(halves[0]) == (675945472, 675945727)

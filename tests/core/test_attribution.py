"""Whose an address is: exactly those whose ranges hold it, and otherwise what else it may be."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from ipaddress import IPv4Network, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.attribution import Answer, Attribution, Span, Special, attribute, parse_address
from netcfg.core.errors import NotAnAddress
from netcfg.core.outbound import Way
from netcfg.core.ranges import Catalogue, Publisher
from netcfg.core.served import Network, is_within, served_by
from netcfg.sources import bundled
from tests.strategies import catalogues

KNOWN, OUTBOUND = bundled.catalogue(), bundled.outbound()
PUBLISHED = sorted({str(each.network) for edition in KNOWN.editions for each in served_by(edition)})


def who(text: str, known: Catalogue = KNOWN) -> Attribution:
    return attribute(parse_address(text), known, OUTBOUND)


@st.composite
def addresses(draw: st.DrawFn) -> Network:
    """An address inside something that was published once, or just outside of it."""
    network = parse_address(draw(st.sampled_from(PUBLISHED)))
    offset = draw(st.integers(-2, network.num_addresses + 1))
    return parse_address(str(network.network_address + offset))


@given(addresses(), catalogues())
def test_exactly_those_publishers_are_named_whose_newest_ranges_hold_it(asked: Network, known: Catalogue):
    found = attribute(asked, known, OUTBOUND)
    holders = {
        edition.publisher
        for edition in known.newest()
        if any(is_within(asked, each.network) for each in served_by(edition))
    }
    assert set(found.publishers) == holders
    assert (found.answer is Answer.INBOUND) == bool(holders)


@given(addresses(), catalogues())
def test_every_range_that_is_named_holds_it(asked: Network, known: Catalogue):
    found = attribute(asked, known, OUTBOUND)
    for each in found.publications:
        assert each.ranges
        assert all(is_within(asked, one.network) for one in each.ranges)
        assert each.span.since in each.span.days
        assert each.span.until is None or each.span.until > each.span.since
    assert all(is_within(asked, each.network) for each in found.passages)


@given(addresses())
def test_an_address_has_no_parts_and_one_answer(asked: Network):
    found = attribute(asked, KNOWN, OUTBOUND)
    assert found.parts == ()
    assert found.answer in set(Answer) - {Answer.PARTLY}


@given(st.sampled_from(PUBLISHED).map(parse_address), st.integers(1, 12))
def test_a_range_around_a_published_one_names_it_as_a_part_unless_somebody_has_all_of_it(network: Network, bits: int):
    around = network.supernet(prefixlen_diff=bits)
    found = attribute(around, KNOWN, OUTBOUND)
    now = any(each.network == network for edition in KNOWN.newest() for each in served_by(edition))
    assert not now or found.publishers or found.passages or network in [each.asked for each in found.parts]


@pytest.mark.parametrize(
    ("text", "publications"),
    [
        ("40.74.28.9", [("table", "40.74.28.0/23", "westeurope", "2021-06-09", None),
                        ("service-tag", "40.74.28.0/23", "westeurope", "2021-01-06", None)]),
        ("20.195.68.1", [("table", "20.195.68.0/24", "southeastasia", "2023-03-27", None),
                         ("service-tag", "20.195.68.0/24", "southeastasia", "2021-02-02", None)]),
        ("20.189.107.5", [("table", "20.189.107.0/24", "eastasia", "2021-06-09", "2023-03-27"),
                          ("service-tag", "20.189.107.0/24", "eastasia", "2021-01-06", None)]),
        ("20.166.41.0/24", [("table", "20.166.41.0/24", "northeurope", "2024-01-02", None),
                            ("service-tag", "20.166.41.0/24", "northeurope", "2022-09-14", None)]),
        ("172.199.233.129", [("service-tag", "172.199.233.128/26", "westeurope", "2026-06-20", None)]),
        ("2603:1010:6:d::1", [("service-tag", "2603:1010:6:d::/120", "australiaeast", "2025-10-10", None)]),
    ],
)  # fmt: skip
def test_inbound_addresses(text: str, publications: list[tuple[str, str, str, str, str | None]]):
    found = who(text)
    assert found.answer is Answer.INBOUND
    assert [
        (
            each.publisher.value,
            str(each.ranges[0].network),
            each.ranges[0].region.name,
            str(each.span.since),
            str(each.span.until) if each.span.until else None,
        )
        for each in found.publications
    ] == publications


@pytest.mark.parametrize(
    ("text", "answer", "passages"),
    [
        ("13.107.6.9", Answer.OUTBOUND, [(Way.OUTBOUND, "13.107.6.0/24", "2021-06-09", "2026-02-10")]),
        ("2620:1ec:4::1", Answer.OUTBOUND, [(Way.OUTBOUND, "2620:1ec:4::/48", "2021-06-09", "2026-02-10")]),
        ("150.171.22.5", Answer.OUTBOUND, [(Way.OUTBOUND, "150.171.22.0/24", "2026-02-10", "None")]),
        ("150.171.22.17", Answer.OUTBOUND, [(Way.OUTBOUND, "150.171.22.0/24", "2026-02-10", "None"),
                                            (Way.EXPRESSROUTE, "150.171.22.17/32", "2026-02-10", "None")]),
    ],
)  # fmt: skip
def test_outbound_addresses(text: str, answer: Answer, passages: list[tuple[Way, str, str, str]]):
    found = who(text)
    assert found.answer is answer
    assert [(e.way, str(e.network), str(e.span.since), str(e.span.until)) for e in found.passages] == passages


def test_an_address_for_expressroute_alone():
    only = [replace(each, ranges=tuple(one for one in each.ranges if one[0] is Way.EXPRESSROUTE)) for each in OUTBOUND]
    assert attribute(parse_address("150.171.22.17"), KNOWN, only).answer is Answer.EXPRESSROUTE


def test_what_no_newest_edition_has_is_retired():
    tag = KNOWN.of(Publisher.SERVICE_TAG)[-1]
    hong_kong = IPv4Network("20.189.107.0/24")
    left = tuple(each for each in tag.ranges if each.network != hong_kong)
    later = replace(tag, ranges=left, day=tag.day + timedelta(days=7), change_number=14)
    found = who("20.189.107.5", Catalogue((*KNOWN.editions, later)))
    assert found.answer is Answer.RETIRED
    assert [str(each.span.until) for each in found.publications] == ["2023-03-27", "2026-06-27"]
    back = replace(tag, day=tag.day + timedelta(days=14), change_number=15)
    returned = who("20.189.107.5", Catalogue((*KNOWN.editions, later, back)))
    assert returned.answer is Answer.INBOUND
    assert [each.span.has_gaps for each in returned.publications] == [False, True]


def test_a_range_is_published_in_parts():
    found = who("40.74.28.0/22")
    assert found.answer is Answer.PARTLY
    assert [(str(each.asked), each.answer) for each in found.parts] == [("40.74.28.0/23", Answer.INBOUND)]
    assert not found.is_filled
    everything = who("0.0.0.0/0")
    assert {each.answer for each in everything.parts} == {Answer.INBOUND, Answer.OUTBOUND}
    assert len(everything.parts) == 84 + 6 + 18


def test_a_range_that_its_parts_make_up_is_filled():
    halves = IPv4Network("40.74.28.0/23").subnets()
    table, tag = KNOWN.newest()
    ranges = [replace(table.ranges[0], network=each) for each in halves]
    found = who("40.74.28.0/23", Catalogue((replace(table, ranges=tuple(ranges)), replace(tag, ranges=()))))
    assert found.answer is Answer.PARTLY
    assert found.is_filled


@pytest.mark.parametrize("text", ["191.10.1.1", "8.8.8.8", "2a00:1450::1", "191.10.0.0/16", "168.63.0.0/16"])
def test_everything_else_is_unknown(text: str):
    assert who(text).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("text", "special"),
    [
        ("10.1.2.3", Special.PRIVATE), ("172.16.0.0/12", Special.PRIVATE), ("fd00::1", Special.PRIVATE),
        ("100.64.1.1", Special.SHARED), ("168.63.129.16", Special.PLATFORM), ("127.0.0.1", Special.LOOPBACK),
        ("::1", Special.LOOPBACK), ("169.254.169.254", Special.LINK_LOCAL), ("fe80::1", Special.LINK_LOCAL),
        ("192.0.2.7", Special.DOCUMENTATION), ("2001:db8::1", Special.DOCUMENTATION), ("224.0.0.1", Special.MULTICAST),
        ("ff02::1", Special.MULTICAST), ("0.0.0.0", Special.RESERVED), ("255.255.255.255", Special.RESERVED),
        ("4000::1", Special.RESERVED), ("::", Special.RESERVED),
    ],
)  # fmt: skip
def test_what_is_not_public_says_why(text: str, special: Special):
    found = who(text)
    assert (found.answer, found.special) == (Answer.SPECIAL, special)


@given(st.integers(0, 2**32 - 1).map(lambda number: IPv4Network((number, 32))))
def test_a_public_address_is_never_called_special(asked: IPv4Network):
    special = attribute(asked, KNOWN, ()).special
    assert special in (None, Special.PLATFORM, Special.MULTICAST) or not asked.is_global


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (" 40.74.28.9\n", IPv4Network("40.74.28.9/32")),
        ("40.74.28.0/23", IPv4Network("40.74.28.0/23")),
        ("::ffff:40.74.28.9", IPv4Network("40.74.28.9/32")),
        ("::ffff:40.74.28.0/119", IPv4Network("40.74.28.0/23")),
        ("2620:1EC:4:0::1", IPv6Network("2620:1ec:4::1/128")),
    ],
)
def test_an_address_in_any_spelling(text: str, meant: Network):
    assert parse_address(text) == meant


@pytest.mark.parametrize(
    "text",
    ["", "hello", "40.74.28", "40.74.28.256", "40.74.28.9:443", "40.74.28.0/0.0.1.255", "40.74.28.0/255.255.254.0",
     "40.74.28.0-40.74.28.9", "fe80::1%eth0", "40.74.28.0/33", "040.74.28.9", "40.74.28.0/", "/", "1.2.3.4/-1"],
)  # fmt: skip
def test_what_is_no_address_is_quoted(text: str):
    with pytest.raises(NotAnAddress) as error:
        parse_address(text)
    assert str(error.value).startswith(f"{text!r} is not an IP address or range")


def test_bits_outside_the_prefix_are_an_error_with_the_range_that_may_be_meant():
    with pytest.raises(NotAnAddress, match=r"perhaps 40\.74\.28\.0/23 is meant"):
        parse_address("40.74.28.9/23")


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_a_clean_error(text: str):
    with suppress(NotAnAddress):
        parse_address(text)


def test_a_span():
    days = tuple(date(2021, month, 1) for month in range(1, 6))
    assert Span(days, (True,) * 5).until is None
    assert Span(days, (True,) * 5).is_oldest
    gone = Span(days, (False, True, False, True, False))
    assert (gone.since, gone.until, gone.newest, gone.has_gaps) == (days[1], days[4], days[4], True)
    assert not gone.is_oldest
    assert not Span(days, (False, True, True, False, False)).has_gaps

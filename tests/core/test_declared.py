"""What may be asked for: public IPv4, no broader than /8, with a reason."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.declared import parse_declaration, parse_wanted
from netcfg.core.errors import NetcfgError, UsageError
from netcfg.core.rules import parse_network


def test_a_declaration_is_a_range_a_reason_and_perhaps_a_last_day():
    declared = parse_declaration("191.10.18.0/28=head office; the old one;until=2027-01-31")
    assert declared.network == IPv4Network("191.10.18.0/28")
    assert declared.reason == "head office; the old one"
    assert declared.until == date(2027, 1, 31)


@pytest.mark.parametrize("text", ["191.10.18.7", "8.0.0.0/8", "191.10.18.0/31", " 191.10.18.7 "])
def test_public_ranges_may_be_asked_for(text: str):
    assert parse_wanted(text).is_global


REFUSED = [
    "0.0.0.0/0", "10.0.0.0/8", "10.1.2.3", "100.64.1.0/24", "127.0.0.1", "169.254.1.1", "172.16.0.0/12", "172.0.0.0/8",
    "192.168.0.0/16", "192.0.2.1", "198.51.100.0/24", "203.0.113.9", "224.0.0.1", "255.255.255.255", "168.63.129.16",
    "191.10.18.1/24", "1.2.3.4/33", "1.2.3", "1.2.3.4/255.255.255.0", "01.2.3.4", "::/0", "2001:db8::1", "", "x",
    "¹.2.3.4",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_nothing_else_may_and_the_error_quotes_it(text: str):
    with pytest.raises(UsageError, match="cannot be allowed"):
        parse_wanted(text)


@pytest.mark.parametrize(
    "end",
    ["; until=2020-1-31", ";UNTIL=2027-01-31", ";until 2027-01-31", ";expires=2027-01-31", ";ends 2027-01-31",
     ";until=2027-01-31;until=2027-02-01", ";until=20270131", ";until=2027-W05-7", ";until=", ";until"],
)  # fmt: skip
def test_a_misspelt_end_is_an_error_and_not_for_ever(end: str):
    with pytest.raises(UsageError):
        parse_declaration(f"191.10.18.0/28=office{end}")


@given(st.text())
def test_any_text_is_a_declaration_or_a_clean_error(text: str):
    try:
        declared = parse_declaration(text)
    except NetcfgError:
        return
    assert declared.network.prefixlen >= 8
    assert declared.reason


@given(st.text())
def test_what_is_found_is_a_network_or_none(text: str):
    network = parse_network(text)
    assert network is None or str(network).removesuffix("/32") == text.removesuffix("/32") or "/" in text

"""The name of a variable group: what cannot be one is told before anything is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.errors import BadGroupName, NoGroupName
from netcfg.core.linking.groups import parse_group_name


@pytest.mark.parametrize("name", ["orders", "Größe / 1", "two words", "鍵", "👩‍💻 secrets", "x" * 255])
def test_a_name_may_be_anything_that_people_write(name: str):
    assert parse_group_name(name) == name


@given(st.text(alphabet=" \t\n", max_size=4), st.text(alphabet=" \t\n", max_size=4))
def test_what_stands_around_a_name_is_no_part_of_it(before: str, after: str):
    assert parse_group_name(f"{before}orders{after}") == "orders"


@pytest.mark.parametrize("name", ["", " ", "\t\n"])
def test_a_blank_is_no_name(name: str):
    with pytest.raises(NoGroupName):
        parse_group_name(name)


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\x00b", "a\x7fb", "a\x85b", "a\u2028b"])
def test_a_control_character_is_in_no_name(name: str):
    with pytest.raises(BadGroupName, match="control character"):
        parse_group_name(name)


def test_a_name_that_is_too_long_is_quoted_in_part():
    with pytest.raises(BadGroupName) as raised:
        parse_group_name("x" * 256)
    assert str(raised.value).startswith(f"'{'x' * 60}…' is no name of a variable group: it has 256 characters")

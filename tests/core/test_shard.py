"""Shards: every vault is in exactly one, whatever other vaults there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.errors import BadShard
from netcfg.core.shard import Shard, parse_shard, position

names = st.from_regex(r"[a-z][a-z0-9-]{1,22}[a-z0-9]", fullmatch=True)
FLEET = [f"kv-team-{number:04}" for number in range(2000)]


def shards(count: int) -> list[Shard]:
    return [Shard(number, count) for number in range(1, count + 1)]


@given(names, st.integers(1, 40))
def test_a_vault_is_in_exactly_one_shard_however_its_name_is_written(name: str, count: int):
    assert [each.holds(name) for each in shards(count)].count(True) == 1
    assert [each.holds(name.upper()) for each in shards(count)] == [each.holds(name) for each in shards(count)]


@given(st.sets(names, max_size=30), st.integers(1, 9))
def test_shards_are_disjoint_and_complete(fleet: set[str], count: int):
    parts = [[name for name in fleet if each.holds(name)] for each in shards(count)]
    assert sorted(name for part in parts for name in part) == sorted(fleet)


def test_a_shard_is_the_same_on_every_machine_and_for_ever():
    assert f"{position('kv-payments'):x}" == "f80a64b1010a8009"  # printf kv-payments | sha256sum
    names = ("kv-payments", "kv-orders", "kv-us", "kv-ready")
    assert list(filter(Shard(1, 2).holds, names)) == ["kv-ready"]


@pytest.mark.parametrize("count", [2, 8, 20])
def test_a_fleet_is_split_evenly_even_if_its_names_differ_by_a_number(count: int):
    sizes = [sum(map(each.holds, FLEET)) for each in shards(count)]
    even = len(FLEET) / count
    # Four times the standard deviation of as many throws of a die.
    assert all(abs(size - even) < 4 * even**0.5 for size in sizes)


def test_a_shard_is_written_with_its_number_and_how_many_there_are():
    assert parse_shard("3/8") == Shard(3, 8)
    assert str(Shard(3, 8)) == "shard 3 of 8"


@pytest.mark.parametrize("text", ["0/8", "9/8", "x", "3", "3/", "/8", "-1/8", "1/0", "1.5/8", "٣/8", "3/8/9", " 3/8"])
def test_what_is_no_shard_says_what_is(text: str):
    with pytest.raises(BadShard, match="is not a shard; write I/N, as in 3/8"):
        parse_shard(text)

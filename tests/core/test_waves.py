"""Waves: every vault is in one of them, the first are few, and the same ones each time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.errors import BadWaves, ConflictingOptions, OptionAlone
from netcfg.core.waves import Size, Waves, canary, parse_rollout, parse_waves

NAMES = [f"kv-{number}" for number in range(200)]
names = st.sets(st.sampled_from(NAMES), max_size=60)
rollouts = st.sampled_from(["100%", "1,100%", "1,10%,100%", "10%,50%,100%", "5,20,100%", "50,10%,100%", "10%,3,100%"])


def sizes(waves: Waves, number: int) -> list[int]:
    return [len(each) for each in waves.divide(NAMES[:number])]


@given(names, rollouts, st.data())
def test_every_vault_is_in_exactly_one_wave_and_no_wave_is_empty(vaults, text, data):
    last = data.draw(st.sets(st.sampled_from(sorted(vaults)))) if vaults else set()
    waves = parse_waves(text).divide(vaults, last)
    assert sorted(name for wave in waves for name in wave) == sorted(vaults)
    assert all(waves)
    order = [name in last for wave in waves for name in wave]
    assert order == sorted(order)


@given(names, st.integers(1, 70))
def test_a_canary_is_never_more_than_was_said(vaults, number):
    waves = canary(number).divide(vaults)
    assert len(waves[0] if waves else ()) == min(number, len(vaults))
    assert len(waves) <= 2


@given(names, st.sampled_from(NAMES))
def test_a_vault_that_comes_or_goes_changes_the_order_of_no_others(vaults, other):
    one = [name for wave in canary(1).divide(vaults | {other}) for name in wave]
    two = [name for wave in canary(1).divide(vaults - {other}) for name in wave]
    assert [each for each in one if each != other] == two


@pytest.mark.parametrize(
    ("text", "number", "expected"),
    [
        ("1,10%,100%", 200, [1, 19, 180]),
        ("1,10%,100%", 5, [1, 4]),
        ("1,10%,100%", 11, [1, 1, 9]),
        ("10%,50%,100%", 15, [2, 6, 7]),
        ("50,10%,100%", 100, [50, 50]),
        ("5,100%", 3, [3]),
        ("100%", 3, [3]),
        ("1,100%", 0, []),
    ],
)
def test_sizes_add_up_and_are_rounded_up(text: str, number: int, expected: list[int]):
    assert sizes(parse_waves(text), number) == expected


def test_a_canary_is_not_the_first_by_name():
    assert canary(3).divide(NAMES)[0] == ("kv-89", "kv-93", "kv-118")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "'' is neither a number nor a percentage"),
        ("1,10%", "it ends with 10%"),
        ("1,2", "it ends with 2"),
        ("0,100%", "0 is no vault at all"),
        ("0%,100%", "0% is no vault at all"),
        ("10%,10%,100%", "10% comes after 10%, and is not more"),
        ("50%,10%,100%", "10% comes after 50%, and is not more"),
        ("5,3,100%", "3 comes after 5, and is not more"),
        ("150%", "150% is more than there are"),
        ("100%,5", "5 comes after 100%"),
        ("1,,100%", "'' is neither a number nor a percentage"),
        ("-1,100%", "'-1' is neither a number nor a percentage"),
        ("1.5%,100%", "'1.5%' is neither a number nor a percentage"),
        ("some,100%", "'some' is neither a number nor a percentage"),
        ("١,100%", "'١' is neither a number nor a percentage"),
    ],
)
def test_what_cannot_be_meant_is_said_with_what_was_expected(text: str, why: str):
    with pytest.raises(BadWaves) as caught:
        parse_waves(text)
    assert str(caught.value) == (
        f"--waves {text!r} cannot be meant: {why}; expected are growing numbers of vaults or percents, the last of "
        "them 100%, as in 1,10%,100%"
    )


def test_what_the_options_mean_together():
    assert parse_rollout(None, None, None) is None
    assert parse_rollout(None, 3, None) == Waves((Size(3), Size(100, is_percent=True)), 60)
    assert parse_rollout(" 1 , 100% ", None, 0) == Waves((Size(1), Size(100, is_percent=True)), 0)
    with pytest.raises(ConflictingOptions):
        parse_rollout("100%", 1, None)
    with pytest.raises(OptionAlone):
        parse_rollout(None, None, 5)


def test_two_of_one_name_are_both_in_a_wave():
    twins = [("one", "kv-1"), ("two", "kv-1"), ("one", "kv-2")]
    waves = canary(1).divide(twins, name=lambda each: each[1])
    assert sorted(each for wave in waves for each in wave) == sorted(twins)
    assert [len(wave) for wave in waves] == [1, 2]

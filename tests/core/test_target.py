"""What several entries say about one vault, and what is left of a file when somebody names vaults."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.declared import Declaration
from netcfg.core.errors import (
    BadConfiguration,
    BadTag,
    ConflictingOptions,
    ConflictingTerms,
    NoGeography,
    NotInConfiguration,
    TwoIds,
)
from netcfg.core.resources import VaultId, parse_vault
from netcfg.core.rules import IpRule, PublicAccess
from netcfg.core.target import Choice, Location, Selection, are_several, check, merge, narrow, parse_tags, within
from netcfg.core.terms import NO_TERMS, Terms
from tests.strategies import EUROPE

ID = parse_vault("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-a")
OTHER_ID = parse_vault("/subscriptions/s/resourceGroups/other/providers/Microsoft.KeyVault/vaults/kv-a")
TEAM = Selection(tags=(("team", "a"),))

terms = st.builds(
    Terms,
    organizations=st.lists(st.sampled_from(["contoso", "fabrikam"]), max_size=2).map(tuple),
    geographies=st.just((EUROPE,)),
    grace=st.none() | st.sampled_from([timedelta(1), timedelta(2)]),
    exclusive=st.none() | st.booleans(),
)


def choice(chosen: object, line: int = 1, said: Terms = NO_TERMS, top: Terms = NO_TERMS) -> Choice:
    return Choice(chosen, said, Location("netcfg.yaml", line), top)  # type: ignore[arg-type]


@given(terms, terms, terms)
def test_the_command_line_counts_before_an_entry_and_that_before_the_top(typed: Terms, entry: Terms, top: Terms):
    meant = Choice("kv-a", typed.over(entry), top=top).intent()
    said = [each.exclusive for each in (typed, entry, top) if each.exclusive is not None]
    assert meant.exclusive == (said[0] if said else False)
    assert {*meant.organizations} == {*typed.organizations, *entry.organizations, *top.organizations}


@given(terms, terms)
def test_two_entries_add_up_or_conflict_whichever_comes_first(one: Terms, other: Terms):
    differ = any(None not in (a, b) and a != b for a, b in ((one.grace, other.grace), (one.exclusive, other.exclusive)))
    for first, second in ((one, other), (other, one)):
        entries = [choice("kv-a", 3, first), choice("KV-A", 8, second)]
        if differ:
            with pytest.raises(ConflictingTerms):
                merge(entries)
            continue
        (merged,) = merge(entries)
        assert merged.terms.grace == (one.grace or other.grace)
        assert {*merged.terms.organizations} == {*one.organizations, *other.organizations}


@given(terms)
def test_saying_the_same_twice_is_saying_it_once(said: Terms):
    (merged,) = merge([choice("kv-a", 3, said), choice("kv-a", 8, said)])
    assert merged.intent() == choice("kv-a", 3, said).intent()
    assert merged.where == Location("netcfg.yaml", 3)


def test_a_conflict_names_both_lines_and_the_key_as_it_is_written():
    one, other = Terms(public_access=PublicAccess.ENABLED), Terms(public_access=PublicAccess.DISABLED)
    with pytest.raises(ConflictingTerms) as caught:
        merge([choice("kv-a", 3, one), choice(ID, 8, other)])
    assert str(caught.value) == (
        "kv-a is chosen by netcfg.yaml:3 and by netcfg.yaml:8, which say different things about public-access; "
        "say it once, or on the command line"
    )


def test_what_the_top_says_is_no_conflict_with_what_one_entry_says():
    top = Terms(exclusive=False, geographies=(EUROPE,))
    (merged,) = merge([choice("kv-a", 3, Terms(exclusive=True), top), choice("kv-a", 8, NO_TERMS, top)])
    assert merged.intent().exclusive


def test_a_name_and_an_id_are_one_vault_and_the_id_is_kept():
    assert [each.chosen for each in merge([choice("KV-a"), choice(ID)])] == [ID]
    with pytest.raises(TwoIds, match="is named with different ids"):
        merge([choice(ID), choice(OTHER_ID)])


def test_what_cannot_be_meant_names_the_line():
    with pytest.raises(BadConfiguration, match=r"^netcfg\.yaml:7: neither an organization nor a geography was given"):
        check([choice("kv-a", 7)], NO_TERMS)


def test_all_that_cannot_be_meant_is_told_by_line():
    good = choice("kv-a", 3, Terms(geographies=(EUROPE,)))
    with pytest.raises(BadConfiguration) as caught:
        check([choice("kv-c", 9), good, choice("kv-b", 5)], NO_TERMS)
    assert [str(each) for each in caught.value.places] == ["netcfg.yaml:5", "netcfg.yaml:9"]


SHUT = Terms(keep_default_action=True, public_access=PublicAccess.ENABLED)
LINES = {"geography": Location("netcfg.yaml", 1), "keep-default-action": Location("netcfg.yaml", 2)}


def test_what_the_top_contradicts_is_told_once_with_the_line_of_its_key():
    top = replace(SHUT, geographies=(EUROPE,))
    with pytest.raises(BadConfiguration) as caught:
        check([choice("kv-a", 5, top=top), choice("kv-b", 6, top=top)], NO_TERMS, "netcfg.yaml", LINES)
    assert [str(each) for each in caught.value.places] == ["netcfg.yaml:2"]
    named = Choice("kv-a", NO_TERMS, top=top)
    with pytest.raises(BadConfiguration, match=r"^netcfg\.yaml:2: --keep-default-action and --public-access enabled"):
        check([named], NO_TERMS, "netcfg.yaml", LINES)


def test_what_the_top_and_the_command_line_contradict_is_told_with_the_line_of_the_top():
    typed, top = Terms(public_access=PublicAccess.ENABLED), Terms(keep_default_action=True, geographies=(EUROPE,))
    with pytest.raises(BadConfiguration, match=r"^netcfg\.yaml:2: "):
        check([Choice("kv-a", typed, top=top)], typed, "netcfg.yaml", LINES)


def test_what_the_command_line_contradicts_by_itself_has_no_line():
    top = Terms(geographies=(EUROPE,))
    with pytest.raises(ConflictingOptions):
        check([choice("kv-a", 5, SHUT, top)], SHUT, "netcfg.yaml", LINES)


def test_a_vault_that_is_named_beside_a_file_that_says_nothing_for_it_names_the_file():
    with pytest.raises(BadConfiguration, match=r"^netcfg\.yaml:1: neither an organization nor a geography"):
        check([Choice("kv-a", NO_TERMS)], NO_TERMS, "netcfg.yaml")
    with pytest.raises(NoGeography):
        check([Choice("kv-a", NO_TERMS)], NO_TERMS)


def test_a_range_that_is_allowed_and_removed_names_the_line():
    network = IPv4Network("191.10.18.0/28")
    said = Terms(geographies=(EUROPE,), allow=(Declaration(network, "x"),), remove=(IpRule("191.10.18.0/28"),))
    with pytest.raises(BadConfiguration, match=r"^netcfg\.yaml:7: 191\.10\.18\.0/28 was asked to be removed, but"):
        check([choice("kv-a", 7, said)], NO_TERMS)


@pytest.mark.parametrize(
    ("chosen", "several"),
    [
        (["kv-a"], False),
        (["kv-a", "KV-A", ID], False),
        (["kv-a", "kv-b"], True),
        ([TEAM], True),
        ([Selection(only=("kv-a",)), "kv-a"], False),
        ([Selection(only=("kv-a", "kv-b"))], True),
    ],
)
def test_a_selection_may_be_several_and_one_that_is_to_find_one_vault_is_not(chosen: list[object], several: bool):
    assert are_several(map(choice, chosen)) is several


def test_naming_a_vault_leaves_its_entries_and_the_selections_that_may_find_it():
    elsewhere = Selection(subscriptions=("t",))
    entries = [choice("kv-a", 3), choice("kv-b", 4), choice(TEAM, 5), choice(elsewhere, 6)]
    left = narrow(entries, [ID], "netcfg.yaml")
    assert [each.chosen for each in left] == ["kv-a", ID, Selection(tags=(("team", "a"),), only=(ID,))]


def test_a_vault_of_which_the_file_says_nothing_is_an_error():
    with pytest.raises(NotInConfiguration, match=r"kv-c is in no entry of netcfg\.yaml"):
        narrow([choice("kv-a")], ["kv-c"], "netcfg.yaml")
    with pytest.raises(NotInConfiguration):
        narrow([choice("kv-b"), choice(Selection(resource_groups=("h",)))], [ID], "netcfg.yaml")


S, T = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


@pytest.mark.parametrize(
    ("selection", "text"),
    [
        (Selection(), "the vaults of all subscriptions"),
        (Selection((S,), ("g",)), f"the vaults of subscription {S}, resource group g"),
        (Selection(tags=(("env", ""), ("team", "a"))), "the vaults of tag env=, tag team=a"),
        (Selection(is_linked=True), "the vaults that variable groups use"),
        (Selection((S,), is_linked=True), f"the vaults of subscription {S} that variable groups use"),
    ],
)
def test_a_selection_says_what_it_means(selection: Selection, text: str):
    assert str(selection) == text


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (Selection(), TEAM, True),
        (Selection((S,)), Selection((T,)), False),
        (Selection((S,)), Selection((S.upper(), T)), True),
        (Selection((S,), ("g",)), Selection((S,), ("G", "h")), True),
        (Selection((S,), ("g",)), Selection((S,), ("h",)), False),
        (Selection((S,)), ID, False),
        (Selection(("S",)), ID, True),
        (Selection((S,)), "kv-a", True),
    ],
)
def test_what_cannot_be_among_a_selection_is_told_without_asking_anybody(one: Selection, other: object, meet: bool):
    assert one.may_meet(other) is meet  # type: ignore[arg-type]
    if isinstance(other, Selection):
        assert other.may_meet(one) is meet


def test_only_a_place_is_certain_before_anybody_was_asked():
    assert isinstance(ID, VaultId)
    assert Selection(("s",)).holds(ID)
    assert not Selection(("s",), tags=(("team", "a"),)).holds(ID)
    assert not Selection(is_linked=True).holds(ID)


def test_narrowing_keeps_what_may_be_in_both():
    entries = [choice("kv-a", 3), choice(ID, 4), choice(Selection((T,)), 5)]
    assert [each.where and each.where.line for each in within(entries, Selection((S,)))] == [3]


def test_tags_are_written_with_their_value_and_each_once():
    assert parse_tags(["team=a", "env=", "Note=x=y", "TEAM=a"]) == (("Note", "x=y"), ("env", ""), ("team", "a"))
    with pytest.raises(BadTag, match=r"^'team' is not a tag; write KEY=VALUE"):
        parse_tags(["team"])
    with pytest.raises(BadTag):
        parse_tags(["=a"])
    with pytest.raises(ConflictingOptions, match=r"^--tag team=a and --tag TEAM=b exclude each other"):
        parse_tags(["team=a", "TEAM=b"])


def test_a_vault_that_serves_one_organization_keeps_everything_else_that_is_meant():
    both = Terms(organizations=("Contoso", "fabrikam"), geographies=(EUROPE,), exclusive=True)
    served = Choice("kv-a", Terms(organizations=("tailspin",)), top=both).serving(["contoso"])
    assert served.intent().organizations == ("Contoso",)
    assert served.intent().geographies == (EUROPE,)
    assert served.intent().exclusive

"""Laws of undoing: what a run changed goes back to the letter, and what others changed since stays."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.record import Fate, Later, Write
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, PublicAccess, VirtualNetworkRule
from netcfg.core.undo import undo
from tests import strategies

SUBNET = VirtualNetworkRule(strategies.subnet_id("agents").text)
few = settings(max_examples=25)  # of firewalls, which are large
fewer = settings(max_examples=15)
fates = st.sampled_from([Fate.DONE, Fate.UNSETTLED, Fate.OPEN])


def firewall(*rules: str, action: DefaultAction = DefaultAction.DENY, access: PublicAccess = PublicAccess.ENABLED):
    return Firewall(access, NetworkRuleSet(default_action=action, ip_rules=tuple(map(IpRule, rules))))


def wrote(found: Firewall, sent: Firewall, fate: Fate = Fate.DONE) -> Write:
    return Write(found, sent, fate=fate)


@few
@given(strategies.firewalls, strategies.firewalls, fates)
def test_undoing_what_is_as_it_was_left_gives_what_was_there_to_the_letter(found: Firewall, sent: Firewall, fate: Fate):
    sent = replace(sent, rule_set=replace(sent.rule_set, unknown=found.rule_set.unknown))
    assert undo([wrote(found, sent, fate)], sent, ()).after.spelling == found.spelling


@few
@given(strategies.firewalls, strategies.firewalls)
def test_undoing_a_write_that_never_happened_changes_nothing(found: Firewall, sent: Firewall):
    undone = undo([wrote(found, sent, Fate.OPEN)], found, ())
    assert undone.after == found
    assert (undone.removed, undone.restored) == ((), ())


@few
@given(strategies.firewalls, strategies.firewalls, strategies.firewalls)
def test_undoing_twice_is_undoing_once(found: Firewall, sent: Firewall, now: Firewall):
    writes = [wrote(found, sent)]
    once = undo(writes, now, ()).after
    assert undo(writes, once, (), [Later("undoing", (wrote(now, once),))]).after == once
    if not once.hides_rules:  # else it takes a record to know that they are gone
        assert undo(writes, once, ()).after == once


@few
@given(strategies.firewalls, st.lists(strategies.firewalls, min_size=1, max_size=4))
def test_undoing_several_writes_goes_all_the_way_back(found: Firewall, states: list[Firewall]):
    """The two steps of an apply, or attempts that were repeated: each begins where the one before it left."""
    chain = [found, *states]
    writes = [wrote(one, other) for one, other in pairwise(chain)]
    assert undo(writes, chain[-1], ()).after == found


@few
@given(strategies.firewalls, strategies.firewalls, st.sets(strategies.ip_rules, max_size=4), st.data())
def test_exactly_what_others_did_since_is_kept(
    found: Firewall, sent: Firewall, added: set[IpRule], data: st.DataObject
):
    """A colleague adds rules, and takes some that the run had left alone: undoing gives what his work alone gives."""
    mine = {*found.rule_set.ip_rules, *sent.rule_set.ip_rules}
    foreign = tuple(sorted(added - mine))
    alone = sorted(set(found.rule_set.ip_rules) & set(sent.rule_set.ip_rules))
    taken = set(data.draw(st.lists(st.sampled_from(alone), max_size=3))) if alone else set()

    def worked(there: Firewall) -> Firewall:
        return there.with_rules(ip_rules=(*(each for each in there.rule_set.ip_rules if each not in taken), *foreign))

    undone = undo([wrote(found, sent)], worked(sent), ())
    assert undone.after == worked(found)
    for each in foreign:
        assert f"kept: {each} was added since" in undone.notes


@few
@given(strategies.firewalls, strategies.firewalls, strategies.firewalls)
def test_nothing_is_let_in_that_neither_was_there_before_nor_is_there_now(
    found: Firewall, sent: Firewall, now: Firewall
):
    after = undo([wrote(found, sent)], now, ()).after
    assert set(after.rule_set.rules) <= {*found.rule_set.rules, *now.rule_set.rules}
    assert after.rule_set.default_action in (found.rule_set.default_action, now.rule_set.default_action)
    assert after.public_access in (found.public_access, now.public_access)


def test_a_rule_that_azure_refused_to_take_is_not_ours_when_somebody_else_adds_it_later():
    before, sent = firewall("191.10.18.0/28"), firewall("191.10.18.0/28", "40.74.28.0/23")
    assert undo([wrote(before, sent, Fate.REFUSED)], sent, ()).after == sent


def test_a_rule_that_came_between_the_plan_and_the_write_is_not_the_runs():
    """What counts is what the last look before the write had found, and not what the plan had."""
    found, sent = firewall("191.10.7.7"), firewall("191.10.7.7", "40.74.28.0/23")
    assert undo([wrote(found, sent)], sent, ()).after == firewall("191.10.7.7")


def test_rules_that_were_taken_come_back_in_their_place_and_spelling():
    found = firewall("191.10.9.9", "191.10.8.0/24", "'10.91.4.0/24'")
    sent = firewall("191.10.8.0/24", "'10.91.4.0/24'", "40.74.28.0/23")
    now = firewall("40.74.28.0/23", "191.10.8.0/24", "'10.91.4.0/24'", "191.10.7.7/32")
    after = undo([wrote(found, sent)], now, ()).after
    assert [each.value for each in after.rule_set.ip_rules] == [
        "191.10.9.9", "191.10.8.0/24", "'10.91.4.0/24'", "191.10.7.7/32",
    ]  # fmt: skip


def test_what_somebody_changed_since_is_kept_and_named():
    found = firewall("191.10.8.0/24", action=DefaultAction.DENY)
    sent = firewall("191.10.8.0/24", "40.74.28.0/23", action=DefaultAction.DENY)
    now = firewall("40.74.28.0/23", "191.10.7.7", action=DefaultAction.ALLOW, access=PublicAccess.DISABLED)
    undone = undo([wrote(found, sent)], now, ())
    assert undone.after == firewall("191.10.7.7", action=DefaultAction.ALLOW, access=PublicAccess.DISABLED)
    assert undone.notes == (
        "kept: 191.10.7.7/32 was added since",
        "not brought back: 191.10.8.0/24 was taken out since, and not by this run",
        "kept: public access was changed since to Disabled",
        "kept: the default action was changed since to Allow",
    )


def test_a_default_action_that_is_back_already_is_nobodys_change():
    found, sent = firewall(action=DefaultAction.ALLOW), firewall("40.74.28.0/23")
    undone = undo([wrote(found, sent)], firewall("40.74.28.0/23", action=DefaultAction.ALLOW), ())
    assert undone.after == firewall(action=DefaultAction.ALLOW)
    assert undone.notes == ()


def test_the_tag_of_a_run_comes_back_with_its_rule_unless_somebody_has_written_it_since():
    """Else the rule of a killed `netcfg exec` would stay for ever, as nobody's."""
    tag, mine = ("netcfg-exec-12345678", "191.10.7.7/32 until 2026-06-01T00:00:00Z"), ("team", "payments")
    write = Write(firewall("191.10.7.7/32"), firewall(), (tag,), (), Fate.DONE)
    assert undo([write], firewall(), (mine,)).tags == dict([tag])
    later = (tag[0], "191.10.7.7/32 until 2026-12-01T00:00:00Z")
    assert undo([write], firewall(), (mine, later)).tags == {}


def test_a_subnet_goes_back_whatever_the_case_of_its_id():
    found = firewall()
    sent = found.with_rules(virtual_network_rules=(SUBNET,))
    now = found.with_rules(
        virtual_network_rules=(VirtualNetworkRule(SUBNET.subnet.upper()),), ip_rules=(IpRule("191.10.7.7"),)
    )
    assert undo([wrote(found, sent)], now, ()).after == firewall("191.10.7.7")


# --- what later runs did -------------------------------------------------------------------------------------------


@fewer
@given(strategies.firewalls, strategies.firewalls, fates)
def test_a_later_run_that_did_the_same_after_a_killed_one_is_not_undone(found: Firewall, sent: Firewall, fate: Fate):
    """The first never reached Azure; what is there is the second one's."""
    later = Later("later", (wrote(found, sent, fate),))
    assert undo([wrote(found, sent, Fate.OPEN)], sent, (), [later]).after == sent


@fewer
@given(strategies.firewalls, strategies.firewalls)
def test_a_run_that_was_undone_and_done_again_by_another_one_stays_done(found: Firewall, sent: Firewall):
    later = [Later("undoing", (wrote(sent, found),)), Later("again", (wrote(found, sent),))]
    assert undo([wrote(found, sent)], sent, (), later).after == sent


@fewer
@given(strategies.firewalls, strategies.firewalls, strategies.firewalls)
def test_of_two_runs_the_first_is_undone_without_the_second(found: Firewall, one: Firewall, two: Firewall):
    """What the second changed is as it left it; of the rest what the first had found is back."""
    after = undo([wrote(found, one)], two, (), [Later("second", (wrote(one, two),))]).after
    for rule in {*found.rule_set.rules, *one.rule_set.rules, *two.rule_set.rules}:
        source = two if (rule in one.rule_set.rules) != (rule in two.rule_set.rules) else found
        assert (rule in after.rule_set.rules) == (rule in source.rule_set.rules)
    assert after.public_access is (two if one.public_access is not two.public_access else found).public_access


def test_the_notes_say_which_later_run_added_and_took_what():
    found, sent = firewall("191.10.9.9"), firewall("191.10.9.9", "40.74.28.0/23")
    after = firewall("40.74.28.0/23", "191.10.7.7")
    undone = undo([wrote(found, sent)], after, (), [Later("20270101T000000Z-00000000", (wrote(sent, after),))])
    assert undone.after == firewall("191.10.7.7")
    assert undone.notes == (
        "kept: 191.10.7.7/32, added or asked for since by 20270101T000000Z-00000000",
        "not brought back: 191.10.9.9/32, taken out since by 20270101T000000Z-00000000",
    )


def test_a_rule_that_a_later_run_was_asked_for_too_is_kept_and_named():
    found, sent = firewall(), firewall("191.10.18.0/28", "40.74.28.0/23")
    after = firewall("191.10.18.0/28", "40.74.28.0/23", "191.10.7.7")
    later = Later("second", (wrote(sent, after),), frozenset({"191.10.18.0/28"}))
    undone = undo([wrote(found, sent)], after, (), [later])
    assert undone.after == firewall("191.10.18.0/28", "191.10.7.7")
    assert undone.notes == ("kept: 191.10.7.7/32, 191.10.18.0/28, added or asked for since by second",)


def test_what_may_be_the_runs_or_a_colleagues_is_kept_and_named():
    """Of two rules that were sent to nobody knows where there is one: somebody was there, before or after."""
    found, sent = firewall(), firewall("191.10.8.8", "191.10.7.7")
    undone = undo([wrote(found, sent, Fate.UNSETTLED)], firewall("191.10.7.7"), ())
    assert undone.after == firewall("191.10.7.7")
    assert undone.notes == ("kept: 191.10.7.7/32 is there, and whether that run added it is not known",)


def test_a_run_that_was_killed_is_undone_though_somebody_took_one_of_its_rules_since():
    sent = firewall("191.10.8.8", "191.10.7.7", "191.10.6.6")
    assert undo([wrote(firewall(), sent, Fate.OPEN)], firewall("191.10.8.8", "191.10.6.6"), ()).after == firewall()


# --- what is not shown, and what is gone ---------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [NetworkRuleSet(), NetworkRuleSet(default_action=DefaultAction.DENY)], ids=str)
def test_rules_that_a_disabled_vault_does_not_show_are_taken_to_be_there(shown: NetworkRuleSet):
    found = firewall("191.10.7.7", "191.10.8.8")
    sent = firewall("191.10.7.7", "40.74.28.0/23", access=PublicAccess.DISABLED)
    undone = undo([wrote(found, sent)], Firewall(PublicAccess.DISABLED, shown), ())
    assert undone.after == found
    assert (undone.restored, undone.hidden) == ((IpRule("191.10.8.8"),), (IpRule("191.10.7.7"),))
    assert undone.notes == (
        (
            "public access is Disabled, and Azure shows no rules: those that were there last, by the record, are taken "
            "to be there still"
        ),
    )


def test_a_rule_whose_subnet_is_gone_does_not_come_back():
    """Azure refuses whatever is sent with it."""
    found = firewall("191.10.7.7").with_rules(virtual_network_rules=(SUBNET,))
    undone = undo([wrote(found, firewall())], firewall(), (), gone={str(SUBNET)})
    assert undone.after == firewall("191.10.7.7")
    assert undone.notes == (f"not brought back: {SUBNET}, as its subnet is gone",)


# --- those whom netcfg exec lets in --------------------------------------------------------------------------------

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
TAG = "netcfg-exec-12345678"
HELD, OVERDUE = "191.10.7.7/32 until 2026-07-01T13:00:00Z", "191.10.7.7/32 until 2026-07-01T11:00:00Z"
LET_IN = firewall("191.10.7.7")


def visited(found: str | None, sent: str | None, before: Firewall = LET_IN, after: Firewall = LET_IN) -> Write:
    tags = [((TAG, value),) if value else () for value in (found, sent)]
    return Write(before, after, tags[0], tags[1], Fate.DONE)


def test_a_rule_that_was_to_stay_goes_when_netcfg_exec_has_ended():
    """It took its tag alone, since the rule was declared; with that undone nobody would ever take it out."""
    undone = undo([visited(HELD, f"{HELD} kept")], LET_IN, (), (), NOON)
    assert (undone.after, undone.over, undone.tags) == (firewall(), {IpRule("191.10.7.7")}, {})


def test_a_rule_that_was_to_stay_goes_with_netcfg_exec_where_that_still_runs():
    undone = undo([visited(HELD, f"{HELD} kept")], LET_IN, ((TAG, f"{HELD} kept"),), (), NOON)
    assert (undone.after, undone.tags) == (LET_IN, {TAG: HELD})
    assert undone.reasons[TAG].text == "that run had let its rule stay, which then goes when netcfg exec ends"


def test_a_rule_that_was_to_stay_goes_with_its_tag_where_the_time_is_over():
    undone = undo([visited(OVERDUE, f"{OVERDUE} kept")], LET_IN, ((TAG, f"{OVERDUE} kept"),), (), NOON)
    assert (undone.after, undone.tags) == (firewall(), {TAG: None})


def test_what_a_killed_netcfg_exec_had_left_behind_does_not_come_back():
    undone = undo([visited(OVERDUE, None, after=firewall())], firewall(), (), (), NOON)
    assert (undone.after, undone.tags) == (firewall(), {})
    assert undone.notes == (
        "not brought back: 191.10.7.7/32, which netcfg exec was to take out by 2026-07-01 11:00 UTC",
    )


def test_a_rule_that_is_to_come_back_stays_when_netcfg_exec_that_added_it_again_ends():
    now = ((TAG, HELD),)
    undone = undo([wrote(LET_IN, firewall())], LET_IN, now, (), NOON)
    assert (undone.after, undone.tags) == (LET_IN, {TAG: f"{HELD} kept"})
    assert undone.reasons[TAG].text == "its rule was there before that run took it, so it stays when netcfg exec ends"

"""A vault letter by letter: what moved is told, and the same is the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from netcfg.core.acls import parse_firewall, write_firewall
from netcfg.core.desired import Desired
from netcfg.core.letters import exactly, moved_since
from netcfg.core.plan import Plan
from netcfg.core.resources import Vault
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, Perimeter, PublicAccess
from tests.strategies import VAULT_ID, vaults

CLOSED = NetworkRuleSet(default_action=DefaultAction.DENY, ip_rules=(IpRule("191.10.18.7"), IpRule("191.10.20.0/24")))
VAULT = Vault(VAULT_ID, Firewall(PublicAccess.ENABLED, CLOSED), tags=(("team", "a"), ("netcfg-exec-1", "x")))


def with_rules(*values: str) -> Vault:
    rules = tuple(IpRule(each) for each in values)
    return replace(VAULT, firewall=VAULT.firewall.with_rules(ip_rules=rules))


@settings(max_examples=15)
@given(vaults)
def test_a_vault_did_not_move_since_itself_nor_since_it_was_written_down(vault: Vault):
    written = replace(vault, firewall=parse_firewall(write_firewall(vault.firewall), "kv"))
    assert moved_since(vault, vault) == ()
    assert moved_since(vault, written) == ()


@settings(max_examples=25)
@given(vaults, vaults)
def test_two_vaults_that_say_something_else_did_move(one: Vault, other: Vault):
    same = one.firewall == other.firewall and one.perimeter is other.perimeter
    assert bool(moved_since(one, other)) or same
    assert bool(moved_since(one, other)) == bool(moved_since(other, one))


def test_the_order_of_rules_means_nothing_and_their_spelling_does():
    assert moved_since(VAULT, with_rules("191.10.20.0/24", "191.10.18.7")) == ()
    assert moved_since(VAULT, with_rules("191.10.18.7/32", "191.10.20.0/24")) == (
        "the rule 191.10.18.7/32 is written otherwise",
    )


def test_a_repetition_is_a_letter_too():
    assert moved_since(VAULT, with_rules("191.10.18.7", "191.10.20.0/24", "191.10.20.0/24")) == (
        "the rule 191.10.20.0/24 is written otherwise",
    )


def test_everything_that_differs_is_told():
    rules = NetworkRuleSet(default_action=DefaultAction.ALLOW, ip_rules=(IpRule("191.10.20.0/24"), IpRule("9.9.9.9")))
    found = Vault(VAULT_ID, Firewall(PublicAccess.DISABLED, rules), Perimeter.LEARNING, tags=(("team", "b"),))
    assert moved_since(VAULT, found) == (
        "public access is Disabled instead of Enabled",
        "default action is Allow instead of Deny",
        "perimeter is Learning instead of none",
        "the rule 9.9.9.9/32 appeared",
        "the rule 191.10.18.7/32 is gone",
        "the tag netcfg-exec-1 is missing",
    )


def test_a_property_that_nobody_knows_is_a_letter():
    found = replace(VAULT, firewall=VAULT.firewall.with_rules(unknown='{"x": 1}'))
    assert moved_since(VAULT, found) == ("a property that this version does not know differs",)


def test_of_the_tags_those_of_others_are_left_out():
    assert exactly(VAULT).tags == (("netcfg-exec-1", "x"),)


def test_only_an_exact_plan_minds_a_kept_rule():
    later = with_rules("191.10.18.7", "191.10.20.0/24", "9.9.9.9")
    plan, after = (Plan(each, (), Desired(each.firewall, {}), ()) for each in (VAULT, later))
    assert plan.what_moved(after) == ()
    assert replace(plan, is_exact=True).what_moved(after) == ("the rule 9.9.9.9/32 appeared",)

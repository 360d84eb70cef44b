"""Temporary rules: what the tags of `netcfg exec` make of the rules beside them, in a plan of somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core import visit
from netcfg.core.declared import parse_declaration
from netcfg.core.intent import Intent
from netcfg.core.plan import Action, Kind, Plan, draw, look
from netcfg.core.ranges import Policy, resolve
from netcfg.core.resources import Tags, Vault
from netcfg.core.rules import DefaultAction, Firewall, IpRule, NetworkRuleSet, PublicAccess
from netcfg.core.standing import Standing
from netcfg.core.temporary import TemporaryRule, edited, temporary_rules, unreadable
from netcfg.sources import bundled
from tests.strategies import EUROPE, TODAY, VAULT_ID

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
RUNNING = ("netcfg-exec-0a1b2c3d", "191.10.40.5/32 until 2026-07-01T12:30:00Z")
OVERDUE = ("netcfg-exec-99999999", "191.10.40.5/32 until 2026-07-01T11:59:59Z")
THEIRS = ("team", "payments")
RANGES = resolve(bundled.catalogue(), Policy.TABLE, [EUROPE])
PUBLISHED = tuple(str(each.network) for each in RANGES.wanted)

moments = st.integers(1_600_000_000, 4_000_000_000).map(lambda each: datetime.fromtimestamp(each, UTC))
runs = st.builds(
    lambda number, address, until, is_kept: TemporaryRule(
        f"netcfg-exec-{number:08x}", IPv4Network(address), until, is_kept
    ),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    moments,
    st.booleans(),
)


def vault(*addresses: str, tags: Tags = ()) -> Vault:
    rules = NetworkRuleSet(
        default_action=DefaultAction.DENY, ip_rules=tuple(IpRule(each) for each in (*PUBLISHED, *addresses))
    )
    return Vault(VAULT_ID, Firewall(PublicAccess.ENABLED, rules), tags=tags)


def planned(of: Vault, now: datetime = NOW, **meant: object) -> Plan:
    intent = Intent(geographies=(EUROPE,), policy=Policy.TABLE, **meant)  # type: ignore[arg-type]
    return draw(look(of, intent, RANGES, (), (), TODAY, now=now))


def told(plan: Plan) -> list[tuple[str, str, str]]:
    return [(each.action.value, each.kind.value, each.value) for each in plan.changes]


@given(runs)
def test_a_tag_says_what_it_was_written_for(run):
    assert temporary_rules(((run.key, run.value),)) == (run,)


@given(st.text(max_size=60))
def test_a_text_that_is_none_of_ours_is_left_alone(value):
    tags = ((RUNNING[0], value),)
    read = temporary_rules(tags)
    assert [each.value for each in read] == ([value] if read else [])
    assert bool(read) != bool(unreadable(tags))


def test_a_running_job_keeps_its_rule_even_where_the_vault_is_exclusive():
    plan = planned(vault("191.10.40.5", tags=(THEIRS, RUNNING)), exclusive=True)
    assert told(plan) == []
    assert plan.desired.reasons[IpRule("191.10.40.5")].standing is Standing.TEMPORARY


def test_what_a_killed_job_left_goes_with_its_tag_and_nothing_else_does():
    plan = planned(vault("191.10.40.5", "191.10.40.6", tags=(THEIRS, OVERDUE)))
    assert told(plan) == [("remove", "ip-rule", "191.10.40.5/32"), ("remove", "tag", OVERDUE[0])]
    assert plan.tags == (THEIRS,)


def test_a_rule_stays_as_long_as_one_job_needs_it():
    plan = planned(vault("191.10.40.5", tags=(OVERDUE, RUNNING)))
    assert told(plan) == [("remove", "tag", OVERDUE[0])]


def test_a_job_is_not_over_at_the_very_second_that_it_named():
    assert told(planned(vault("191.10.40.5", tags=(RUNNING,)), datetime(2026, 7, 1, 12, 30, tzinfo=UTC))) == []


def test_an_address_that_is_declared_meanwhile_outlives_the_job():
    declared = (parse_declaration("191.10.40.5/32=head office"),)
    plan = planned(vault("191.10.40.5", tags=(RUNNING,)), allow=declared)
    assert told(plan) == [("set", "tag", RUNNING[0])]
    assert plan.tags == ((RUNNING[0], f"{RUNNING[1]} kept"),)
    again = planned(replace(plan.vault, tags=plan.tags), allow=declared)
    assert again.is_empty


def test_a_rule_that_was_declared_for_good_stays_when_the_job_is_overdue():
    plan = planned(vault("191.10.40.5", tags=((OVERDUE[0], f"{OVERDUE[1]} kept"),)))
    assert told(plan) == [("remove", "tag", OVERDUE[0])]
    assert plan.desired.reasons[IpRule("191.10.40.5")].standing is Standing.FOREIGN


@pytest.mark.parametrize("other", [RUNNING, OVERDUE], ids=["running", "overdue"])
def test_where_one_tag_says_that_an_address_was_declared_the_others_do_not_make_it_temporary(other):
    """A plan, and a run that comes to its end, mean the same rules by that."""
    declared = ("netcfg-exec-5eeded00", "191.10.40.5/32 until 2026-07-01T13:00:00Z kept")
    of = vault("191.10.40.5", tags=(declared, other))
    rule = IpRule("191.10.40.5")
    assert planned(of).desired.reasons[rule].standing is Standing.FOREIGN
    assert rule in planned(of).after.rule_set.ip_rules
    assert visit.admitting(of, rule.network) == rule
    assert rule in visit.tidied(of, NOW + timedelta(days=1)).firewall.rule_set.ip_rules


def test_a_declaration_does_not_rest_on_what_is_there_for_a_while():
    tags = tuple((f"netcfg-exec-0000000{n}", f"191.10.40.{n}/32 until 2026-07-01T12:30:00Z") for n in (4, 5))
    plan = planned(vault("191.10.40.4", "191.10.40.5", tags=tags), allow=(parse_declaration("191.10.40.4/31=two"),))
    assert told(plan) == [("add", "ip-rule", "191.10.40.4/31")]


def test_a_tag_that_cannot_be_read_stays_and_is_named():
    plan = planned(vault("191.10.40.5", tags=((RUNNING[0], "191.10.40.5 until tomorrow"),)))
    assert plan.is_empty
    assert any(
        "cannot be read, and stay: 'netcfg-exec-0a1b2c3d=191.10.40.5 until tomorrow'" in n for n in plan.desired.notes
    )


@given(st.lists(runs, max_size=4, unique_by=lambda each: each.key), st.integers(-3, 3))
def test_a_plan_that_was_followed_leaves_nothing_to_do(found, hours):
    of = vault(
        *{str(each.network) for each in found if each.network.is_global}, tags=tuple((r.key, r.value) for r in found)
    )
    now = (found[0].until if found else NOW) + timedelta(hours=hours)
    plan = planned(of, now)
    assert {each.action for each in plan.changes if each.kind is Kind.TAG} <= {Action.REMOVE}
    after = replace(of, firewall=plan.after, tags=plan.tags)
    assert planned(after, now).is_empty


def test_edits_keep_the_order_and_everything_that_they_do_not_name():
    tags = (("b", "1"), ("a", "2"), ("c", "3"))
    assert edited(tags, {"a": None, "c": "4", "new": "5"}) == (("b", "1"), ("c", "4"), ("new", "5"))


@pytest.mark.parametrize("name", ["netcfg-exec-", "netcfg-exec-1", "netcfg-exec-deadbeef0", "netcfg-exec-deadbeeg"])
def test_a_tag_whose_name_no_run_makes_up_takes_no_rule_out(name: str):
    tags = ((name, "191.10.40.7/32 until 2026-07-01T12:30:00Z"),)
    assert temporary_rules(tags) == ()
    assert unreadable(tags) == (f"{name}=191.10.40.7/32 until 2026-07-01T12:30:00Z",)


def test_the_case_of_a_tag_s_name_means_nothing():
    (found,) = temporary_rules((("Netcfg-Exec-DEADBEEF", "191.10.40.7/32 until 2026-07-01T12:30:00Z"),))
    assert found.key == "Netcfg-Exec-DEADBEEF"

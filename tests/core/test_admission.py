"""Who gets in, by the vault as it is and by a plan: first what holds for every vault, then each kind of caller."""

from dataclasses import replace
from datetime import date
from ipaddress import IPv4Network

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netcfg.core.admission import Coverage, Party, State, callers_now, callers_planned
from netcfg.core.approval import Approval, Connection, PieceId
from netcfg.core.errors import NetcfgError
from netcfg.core.plan import Action, Kind, draw, look
from netcfg.core.ranges import covers
from netcfg.core.resources import Subnet
from netcfg.core.rules import Perimeter, PublicAccess
from tests import strategies
from tests.formats import builders, generated, reports

LACKING = {State.MISSING, State.PARTLY}


def seen(vault, intent, resolution):
    try:
        return look(vault, intent, resolution, (), strategies.shown(intent), strategies.TODAY)
    except NetcfgError:  # asked for and removed at once
        assume(False)
        raise


def facts(callers) -> list[tuple[Party, str, State]]:
    return [(caller.party, each.name, each.state) for caller in callers for each in caller.entries]


@given(st.lists(strategies.networks, max_size=8), strategies.networks)
def test_coverage_is_what_the_plan_means_by_it(there: list[IPv4Network], wanted: IPv4Network):
    held = Coverage(there).holds(wanted)
    assert bool(held) == covers(there, wanted)
    assert (held is None) == (not any(each.overlaps(wanted) for each in there))


@given(strategies.vaults, strategies.intents(), generated.resolutions())
@settings(max_examples=60)
def test_every_range_that_is_wanted_is_told_once_where_rules_are(vault, intent, resolution):
    told = [
        name for party, name, _ in facts(callers_now(seen(vault, intent, resolution))) if party is Party.AZURE_DEVOPS
    ]
    wanted = [str(each.network) for each in resolution.wanted]
    assert len(set(told)) == len(told)
    assert set(told) <= set(wanted)
    if vault.perimeter is not Perimeter.ENFORCED and intent.public_access is PublicAccess.ENABLED:
        assume(vault.firewall.public_access is not PublicAccess.SECURED_BY_PERIMETER)
        assert set(told) == set(wanted)


@given(strategies.vaults, strategies.intents(), generated.resolutions())
@settings(max_examples=60)
def test_nobody_is_missing_once_the_plan_is_followed(vault, intent, resolution):
    looked = seen(vault, intent, resolution)
    followed = seen(replace(vault, firewall=looked.after), intent, resolution)
    assert not [each for each in facts(callers_now(followed)) if each[2] in LACKING]


@given(strategies.vaults, strategies.intents(), generated.resolutions())
@settings(max_examples=60)
def test_a_plan_lets_in_and_shuts_out_exactly_what_it_changes(vault, intent, resolution):
    looked = seen(vault, intent, resolution)
    try:
        plan = draw(looked)
    except NetcfgError:  # more rules than a vault holds
        assume(False)
        raise
    told = [each for each in facts(callers_planned(plan)) if each[0] is not Party.EVERYBODY]
    for action, state in ((Action.ADD, State.ADDED), (Action.REMOVE, State.REMOVED)):
        rules = (Kind.IP_RULE, Kind.VIRTUAL_NETWORK_RULE)
        changed = [each for each in plan.changes if each.action is action and each.kind in rules]
        assert len(changed) == sum(each[2] is state for each in told)


@given(strategies.vaults, strategies.intents(), generated.resolutions())
@settings(max_examples=40)
def test_parties_come_in_their_order_and_everybody_else_is_last(vault, intent, resolution):
    callers = callers_now(seen(vault, intent, resolution))
    order = [list(Party).index(each.party) for each in callers]
    assert order == sorted(order)
    assert callers[-1].party is Party.EVERYBODY


def test_a_range_may_be_there_in_part_or_not_at_all():
    of = builders.vault(ip_rules=["40.74.28.0/24", "20.166.41.0/24"])
    told = [each for each in facts(callers_now(reports.seen(of))) if each[0] is Party.AZURE_DEVOPS]
    assert told == [
        (Party.AZURE_DEVOPS, "20.166.41.0/24", State.IN),
        (Party.AZURE_DEVOPS, "134.149.110.74/31", State.MISSING),
        (Party.AZURE_DEVOPS, "40.74.28.0/23", State.PARTLY),
        (Party.AZURE_DEVOPS, "172.199.233.128/26", State.MISSING),
    ]


@pytest.mark.parametrize(
    ("rules", "has_endpoint", "state"),
    [((), True, State.MISSING), (("agents",), False, State.MISSING), (("agents",), True, State.IN)],
)
def test_agents_need_their_rule_and_their_service_endpoint(rules, has_endpoint: bool, state: State):
    agents = builders.subnet_id("agents")
    of = builders.vault(subnets=[builders.subnet_id(each).text for each in rules])
    intent = replace(reports.seen(of).intent, subnets=(agents,))
    looked = look(of, intent, builders.resolution(), (), [Subnet(agents, has_endpoint)], date(2026, 7, 1))
    assert (Party.AGENTS, "vnet-build/agents", state) in facts(callers_now(looked))


def test_a_private_endpoint_leads_in_once_it_is_approved():
    states = [
        (Approval.APPROVED, State.IN),
        (Approval.PENDING, State.WAITING),
        (Approval.REJECTED, State.OUT),
        (Approval.UNKNOWN, State.OUT),
    ]
    connections = tuple(
        Connection(PieceId(f"/c/{each.name}"), PieceId(f"/x/pe-{at}"), each) for at, (each, _) in enumerate(states)
    )
    of = replace(builders.vault(), connections=connections)
    told = [each for each in facts(callers_now(reports.seen(of))) if each[0] is Party.PRIVATE_ENDPOINT]
    assert told == [(Party.PRIVATE_ENDPOINT, f"pe-{at}", state) for at, (_, state) in enumerate(states)]


@pytest.mark.parametrize(
    ("of", "party", "state"),
    [
        ({}, Party.TRUSTED_SERVICES, State.IN),
        ({"public_access": PublicAccess.DISABLED}, Party.TRUSTED_SERVICES, State.IN),
        ({"is_open": True}, Party.EVERYBODY, State.IN),
        ({"is_open": True, "public_access": PublicAccess.DISABLED}, Party.EVERYBODY, State.OUT),
        ({"is_open": True, "perimeter": Perimeter.ENFORCED}, Party.EVERYBODY, State.OUT),
    ],
)
def test_who_gets_in_though_no_rule_names_them(of, party: Party, state: State):
    told = {(caller, each) for caller, _, each in facts(callers_now(reports.seen(builders.vault(**of))))}
    assert (party, state) in told


def test_a_perimeter_overrides_the_bypass():
    callers = callers_now(reports.seen(builders.vault(perimeter=Perimeter.ENFORCED)))
    assert [each.party for each in callers] == [Party.PERIMETER, Party.EVERYBODY]

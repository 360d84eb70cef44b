"""Who gets in, by the vault as it is and by a plan: first what holds for every vault, then each kind of caller."""

from dataclasses import replace
from datetime import date
from ipaddress import IPv4Network

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netcfg.core.admission import Coverage, Party, State, callers_now, callers_planned
from netcfg.core.approval import Approval, Connection, PieceId
from netcfg.core.declared import parse_declaration
from netcfg.core.errors import NetcfgError
from netcfg.core.plan import draw, look
from netcfg.core.ranges import covers
from netcfg.core.resources import Subnet
from netcfg.core.rules import Perimeter, PublicAccess, parse_network
from tests import strategies
from tests.formats import builders, generated, reports

LACKING = {State.MISSING, State.PARTLY}


def seen(vault, intent, resolution):
    try:
        return look(vault, intent, resolution, (), strategies.shown(intent), strategies.TODAY)
    except NetcfgError:  # asked for and removed at once
        assume(False)
        raise


def now(looked):
    return callers_now(looked.vault, looked.desired)


def planned(plan):
    return callers_planned(plan.vault, plan.desired)


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
    told = [name for party, name, _ in facts(now(seen(vault, intent, resolution))) if party is Party.AZURE_DEVOPS]
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
    assert not [each for each in facts(now(followed)) if each[2] in LACKING]


def drawn(vault, intent, resolution):
    try:
        return draw(seen(vault, intent, resolution))
    except NetcfgError:  # more rules than a vault holds
        assume(False)
        raise


def admits(firewall, vault, network: IPv4Network) -> bool:
    """Whether all of a network gets in, said anew and slowly."""
    if firewall.public_access is not PublicAccess.ENABLED or vault.perimeter is Perimeter.ENFORCED:
        return False
    networks = [each.network for each in firewall.rule_set.ip_rules if each.network]
    return firewall.is_open or covers(networks, network)


INSIDE = {State.IN, State.ANYWAY, State.UNNAMED, State.BROADLY}


@given(strategies.vaults, strategies.intents(), generated.resolutions())
@settings(max_examples=100)
def test_a_plan_tells_who_gets_in_before_and_after_whatever_becomes_of_the_rules(vault, intent, resolution):
    plan = drawn(vault, intent, resolution)
    for party, name, state in facts(planned(plan)):
        network = parse_network(name)
        if network is None or party in (Party.EVERYBODY, Party.AGENTS):
            continue
        before, after = admits(plan.before, vault, network), admits(plan.after, vault, network)
        told = (before, after), party, name, state
        if before and after:
            assert state in INSIDE, told
        elif after:
            assert state is State.ADDED, told
        elif before:
            assert state is State.REMOVED, told
        else:
            assert state not in INSIDE, told


@given(strategies.vaults, strategies.intents(), generated.resolutions())
@settings(max_examples=60)
def test_a_plan_leaves_out_nobody_who_loses_or_gains_the_way_in(vault, intent, resolution):
    plan = drawn(vault, intent, resolution)
    told = {name: state for _, name, state in facts(planned(plan))}
    for rule in {*plan.before.rule_set.ip_rules, *plan.after.rule_set.ip_rules}:
        if rule.network and admits(plan.before, vault, rule.network) is not admits(plan.after, vault, rule.network):
            is_part = any(rule.network.subnet_of(each.network) for each in resolution.wanted)
            assert is_part or told[str(rule)] in (State.ADDED, State.REMOVED)


@given(strategies.vaults, strategies.intents(), generated.resolutions())
@settings(max_examples=60)
def test_every_range_that_is_wanted_is_in_the_picture_of_a_plan_that_writes_rules(vault, intent, resolution):
    plan = drawn(vault, intent, resolution)
    if plan.after.public_access is PublicAccess.ENABLED and vault.perimeter is not Perimeter.ENFORCED:
        assume(intent.public_access is not PublicAccess.DISABLED)
        told = [name for party, name, _ in facts(planned(plan)) if party is Party.AZURE_DEVOPS]
        assert sorted(told) == sorted(str(each.network) for each in resolution.wanted)


@given(strategies.vaults, strategies.intents(), generated.resolutions())
@settings(max_examples=40)
def test_parties_come_in_their_order_and_everybody_else_is_last(vault, intent, resolution):
    callers = now(seen(vault, intent, resolution))
    order = [list(Party).index(each.party) for each in callers]
    assert order == sorted(order)
    assert callers[-1].party is Party.EVERYBODY


def test_a_range_may_be_there_in_part_or_not_at_all():
    of = builders.vault(ip_rules=["40.74.28.0/24", "20.166.41.0/24"])
    told = [each for each in facts(now(reports.seen(of))) if each[0] is Party.AZURE_DEVOPS]
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
    assert (Party.AGENTS, "vnet-build/agents", state) in facts(now(looked))


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
    told = [each for each in facts(now(reports.seen(of))) if each[0] is Party.PRIVATE_ENDPOINT]
    assert told == [(Party.PRIVATE_ENDPOINT, f"pe-{at}", state) for at, (_, state) in enumerate(states)]


@pytest.mark.parametrize(
    ("of", "party", "state"),
    [
        ({}, Party.TRUSTED_SERVICES, State.IN),
        ({"public_access": PublicAccess.DISABLED}, Party.TRUSTED_SERVICES, State.IN),
        ({"is_open": True}, Party.EVERYBODY, State.IN),
        ({"is_open": True, "public_access": PublicAccess.DISABLED}, Party.EVERYBODY, State.OUT),
        ({"is_open": True, "perimeter": Perimeter.ENFORCED}, Party.EVERYBODY, State.UNKNOWN),
        ({"ip_rules": ["0.0.0.0/0"]}, Party.EVERYBODY, State.IN),
        ({"ip_rules": ["0.0.0.0/0"]}, Party.BROAD, State.IN),
        ({"ip_rules": ["0.0.0.0/1", "128.0.0.0/1"]}, Party.EVERYBODY, State.IN),
        ({"ip_rules": ["0.0.0.0/1"]}, Party.EVERYBODY, State.OUT),
        ({"ip_rules": ["0.0.0.0/0"], "public_access": PublicAccess.DISABLED}, Party.EVERYBODY, State.OUT),
        ({"ip_rules": ["0.0.0.0/0"], "public_access": PublicAccess.DISABLED}, Party.BROAD, State.IDLE),
    ],
)
def test_who_gets_in_though_no_rule_names_them(of, party: Party, state: State):
    told = {(caller, each) for caller, _, each in facts(now(reports.seen(builders.vault(**of))))}
    assert (party, state) in told


def test_a_perimeter_overrides_the_bypass():
    callers = now(reports.seen(builders.vault(perimeter=Perimeter.ENFORCED)))
    assert [each.party for each in callers] == [Party.PERIMETER, Party.EVERYBODY]


# What the pictures once told and was not so


def of(callers, party: Party) -> dict[str, State]:
    return {name: state for each, name, state in facts(callers) if each is party}


RULES = ("191.1.1.1/32", "40.74.28.0/23")
CLOSED = PublicAccess.DISABLED


def test_where_public_access_stays_disabled_new_rules_let_nobody_in():
    agents = builders.subnet_id("agents")
    plan = builders.plan(builders.vault(ip_rules=RULES, public_access=CLOSED), "public-access", subnets=(agents,))
    callers = planned(plan)
    assert set(of(callers, Party.AZURE_DEVOPS).values()) == {State.IDLE, State.WRITTEN}
    assert of(callers, Party.AGENTS) == {"vnet-build/agents": State.WRITTEN}
    assert of(callers, Party.FOREIGN) == {"191.1.1.1/32": State.IDLE}


def test_public_access_that_is_turned_on_lets_in_whoever_has_a_rule_already():
    of_ = builders.vault(ip_rules=RULES, public_access=CLOSED)
    callers = planned(builders.plan(of_, public_access=PublicAccess.ENABLED))
    assert of(callers, Party.AZURE_DEVOPS)["40.74.28.0/23"] is State.ADDED
    assert of(callers, Party.FOREIGN) == {"191.1.1.1/32": State.ADDED}


@pytest.mark.parametrize("is_open", [False, True])
def test_public_access_that_is_turned_off_shuts_out_whoever_got_in(is_open: bool):
    callers = planned(builders.plan(builders.vault(ip_rules=RULES, is_open=is_open), public_access=CLOSED))
    assert of(callers, Party.AZURE_DEVOPS)["40.74.28.0/23"] is State.REMOVED
    assert of(callers, Party.FOREIGN) == {"191.1.1.1/32": State.REMOVED}
    assert of(callers, Party.EVERYBODY) == {"every other network": State.REMOVED if is_open else State.OUT}


def test_agents_who_lose_the_public_way_in_are_shown_to():
    agents = builders.subnet_id("agents")
    made = builders.plan(builders.vault(subnets=[agents.text]), subnets=(agents,), endpoints=True, public_access=CLOSED)
    assert of(planned(made), Party.AGENTS) == {"vnet-build/agents": State.REMOVED}


def test_azure_devops_that_got_in_as_everybody_did_stays_by_its_rules():
    callers = planned(builders.plan(builders.vault(is_open=True)))
    assert set(of(callers, Party.AZURE_DEVOPS).values()) == {State.IN}
    assert of(callers, Party.EVERYBODY) == {"every other network": State.REMOVED}


def test_where_everybody_gets_in_nobody_is_shut_out_for_want_of_a_rule():
    told = of(now(reports.seen(builders.vault(ip_rules=["40.74.28.0/23"], is_open=True))), Party.AZURE_DEVOPS)
    assert (told["40.74.28.0/23"], told["20.166.41.0/24"]) == (State.ANYWAY, State.UNNAMED)


def test_ranges_that_a_strangers_rule_covers_stay_in_the_picture_of_a_plan():
    callers = planned(builders.plan(builders.vault(ip_rules=("40.74.0.0/16",))))
    assert of(callers, Party.AZURE_DEVOPS)["40.74.28.0/23"] is State.IN


def test_a_range_inside_a_rule_that_is_too_broad_is_told_apart():
    told = of(now(reports.seen(builders.vault(ip_rules=["40.0.0.0/8"]))), Party.AZURE_DEVOPS)
    assert (told["40.74.28.0/23"], told["20.166.41.0/24"]) == (State.BROADLY, State.MISSING)


def test_whoever_loses_a_rule_and_has_another_one_stays():
    made = builders.plan(
        builders.vault(ip_rules=("191.10.19.0/24", "191.10.19.9/32")), allow=["191.10.19.9=visitors;until=2026-10-31"]
    )
    assert [str(each.value) for each in made.changes if each.action.value == "remove"] == ["191.10.19.9/32"]
    assert of(planned(made), Party.EXPIRED) == {"191.10.19.9/32": State.IN}


def test_the_rule_of_a_subnet_that_is_gone_is_without_effect_in_a_plan_too():
    gone = builders.subnet_id("legacy")
    made = builders.plan(builders.vault(subnets=[gone.text]), gone=(gone,))
    assert of(planned(made), Party.FOREIGN) == {"vnet-build/legacy": State.IDLE}


def test_agents_who_are_to_come_privately_and_have_a_rule_get_in_by_it():
    agents = builders.subnet_id("agents")
    of_ = builders.vault(subnets=[agents.text])
    looked = reports.seen(of_, subnets=(agents,))
    private = replace(looked.desired, asked={rule: why for rule, why in looked.desired.asked.items() if why.region})
    told = [each for caller in callers_now(of_, private) if caller.party is Party.AGENTS for each in caller.entries]
    assert [(each.state, each.text) for each in told] == [
        (State.IN, "agents' subnet, by its rule, and finds no private address")
    ]


def test_where_nobody_could_read_a_perimeter_all_who_come_by_the_public_network_are_doubtful():
    callers = now(reports.seen(builders.vault(ip_rules=RULES, perimeter=Perimeter.UNKNOWN)))
    assert all(each.is_doubtful for each in callers)
    assert not any(each.is_doubtful for each in now(reports.seen(builders.vault(ip_rules=RULES))))


@pytest.mark.parametrize(
    ("rule", "state"),
    [("191.10.18.0/24", State.IN), ("191.10.18.0/29", State.PARTLY), ("191.10.20.0/24", State.MISSING)],
)
def test_a_declared_range_may_have_the_rules_of_others(rule: str, state: State):
    declared = builders.plan(builders.vault(), allow=["191.10.18.0/28=office"])
    looked = look(
        builders.vault(ip_rules=[rule]),
        replace(reports.seen(builders.vault()).intent, allow=(parse_declaration("191.10.18.0/28=office"),)),
        builders.resolution(), (), (), builders.TODAY,
    )  # fmt: skip
    assert of(now(looked), Party.DECLARED) == {"191.10.18.0/28": state}
    assert of(planned(declared), Party.DECLARED) == {"191.10.18.0/28": State.ADDED}

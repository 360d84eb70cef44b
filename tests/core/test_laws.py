"""What holds for every vault, every intent and every edition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Network, collapse_addresses

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netcfg.core.errors import BothWanted, TooManyRules
from netcfg.core.intent import Intent
from netcfg.core.plan import Action, Change, Kind, Plan, draw, look
from netcfg.core.ranges import Catalogue, Policy, covers, resolve
from netcfg.core.resources import Vault
from netcfg.core.rules import DefaultAction, Firewall, IpRule, Perimeter, PublicAccess, Rule, VirtualNetworkRule
from netcfg.core.standing import Standing
from netcfg.sources import bundled
from tests.strategies import TODAY, catalogues, geographies, intents, networks, shown, vaults


def planned(vault: Vault, intent: Intent, catalogue: Catalogue, *, endpoints: bool = True) -> Plan:
    resolution = resolve(catalogue, intent.policy, intent.geographies, canary=intent.canary)
    try:
        return draw(look(vault, intent, resolution, (), shown(intent, endpoints=endpoints), TODAY))
    except (BothWanted, TooManyRules):
        assume(False)
        raise


def addresses(rules: Iterable[Rule]) -> list[IPv4Network]:
    """Exactly the addresses that rules admit, as the fewest networks."""
    return list(collapse_addresses(rule.network for rule in rules if isinstance(rule, IpRule) and rule.network))


def follow(firewall: Firewall, changes: Iterable[Change]) -> Firewall:
    """A firewall after changes, made from the words of the changes alone."""
    for change in changes:
        rules = firewall.rule_set
        match change.kind, change.action:
            case Kind.IP_RULE, Action.ADD:
                firewall = firewall.with_rules(ip_rules=(*rules.ip_rules, IpRule(change.value)))
            case Kind.IP_RULE, Action.REMOVE:
                kept = tuple(each for each in rules.ip_rules if each != IpRule(change.value))
                firewall = firewall.with_rules(ip_rules=kept)
            case Kind.VIRTUAL_NETWORK_RULE, Action.ADD:
                added = (*rules.virtual_network_rules, VirtualNetworkRule(change.value))
                firewall = firewall.with_rules(virtual_network_rules=added)
            case Kind.VIRTUAL_NETWORK_RULE, Action.REMOVE:
                left = tuple(e for e in rules.virtual_network_rules if e != VirtualNetworkRule(change.value))
                firewall = firewall.with_rules(virtual_network_rules=left)
            case Kind.DEFAULT_ACTION, Action.SET:
                firewall = firewall.with_rules(default_action=DefaultAction(change.value))
            case Kind.PUBLIC_ACCESS, Action.SET:
                firewall = replace(firewall, public_access=PublicAccess(change.value))
    return firewall


@settings(max_examples=100)
@given(vaults, intents(), catalogues())
def test_a_second_plan_is_empty(vault, intent, catalogue):
    first = planned(vault, intent, catalogue)
    second = planned(replace(vault, firewall=first.after), intent, catalogue)
    assert second.changes == ()


@given(vaults, intents(), catalogues(), st.booleans())
def test_following_the_changes_reaches_what_the_plan_says(vault, intent, catalogue, endpoints):
    plan = planned(vault, intent, catalogue, endpoints=endpoints)
    assert follow(plan.before, plan.changes) == plan.after


@settings(max_examples=100)
@given(vaults, intents(), catalogues())
def test_no_address_is_admitted_that_was_not_there_published_or_declared(vault, intent, catalogue):
    plan = planned(vault, intent, catalogue)
    resolution = resolve(catalogue, intent.policy, intent.geographies, canary=intent.canary)
    asked = [each.network for each in resolution.wanted]
    asked += [each.network for each in intent.allow if not each.is_expired(TODAY)]
    permitted = [*addresses(plan.before.rule_set.rules), *asked]
    assert all(covers(permitted, each) for each in addresses(plan.after.rule_set.rules))


@given(catalogues(), geographies, st.sampled_from(Policy), st.booleans())
def test_what_is_wanted_is_published_by_an_edition_for_that_geography(catalogue, chosen, policy, canary):
    resolution = resolve(catalogue, policy, chosen, canary=canary)
    published = {each.network for edition in catalogue.editions for each in edition.ranges}
    for each in resolution.wanted:
        assert each.network in published
        assert each.geography in chosen
        assert canary or not each.region.is_canary


@settings(max_examples=100)
@given(vaults, intents(), catalogues())
def test_everything_published_and_declared_is_covered_after_the_plan(vault, intent, catalogue):
    reachable = replace(vault.firewall, public_access=PublicAccess.ENABLED)
    intent = replace(intent, public_access=None)
    plan = planned(replace(vault, firewall=reachable, perimeter=Perimeter.NONE), intent, catalogue)
    resolution = resolve(catalogue, intent.policy, intent.geographies, canary=intent.canary)
    narrow = addresses_of_narrow(plan.after.rule_set.ip_rules)
    for each in resolution.wanted:
        assert covers(narrow, each.network)


def addresses_of_narrow(rules: Iterable[IpRule]) -> list[IPv4Network]:
    return [rule.network for rule in rules if rule.network and rule.network.prefixlen >= 16]


@given(vaults, intents(), catalogues())
def test_foreign_rules_survive_unless_somebody_names_them(vault, intent, catalogue):
    plan = planned(vault, intent, catalogue)
    assume(not intent.exclusive)
    for rule in plan.before.rule_set.rules:
        if plan.desired.reasons[rule].standing in (Standing.FOREIGN, Standing.ELSEWHERE) and rule not in intent.remove:
            assert rule in plan.after.rule_set.rules


@given(vaults, intents(), catalogues())
def test_a_rule_is_sent_back_as_it_was_found(vault, intent, catalogue):
    plan = planned(vault, intent, catalogue)
    found = {rule.value for rule in plan.before.rule_set.ip_rules}
    kept = {rule.value for rule in plan.after.rule_set.ip_rules if rule in plan.before.rule_set.ip_rules}
    assert kept <= found


@given(vaults, intents(), catalogues())
def test_a_plan_never_opens_the_default_action_or_public_access_unasked(vault, intent, catalogue):
    plan = planned(vault, intent, catalogue)
    before, after = plan.before, plan.after
    assert after.rule_set.bypass is before.rule_set.bypass
    if before.rule_set.default_action is DefaultAction.DENY:
        assert after.rule_set.default_action is DefaultAction.DENY
    if before.public_access is not PublicAccess.ENABLED and after.public_access is PublicAccess.ENABLED:
        assert intent.public_access is PublicAccess.ENABLED
        assert after.rule_set.default_action is DefaultAction.DENY


@given(vaults, intents(), catalogues())
def test_a_guard_is_printed_with_words_and_at_most_once(vault, intent, catalogue):
    guards = planned(vault, intent, catalogue, endpoints=False).guards
    assert len({each.id for each in guards}) == len(guards)
    assert all(each.message for each in guards)


@given(st.lists(networks, max_size=6), networks)
def test_coverage_is_exact(parts, wanted):
    """Against counting: the addresses of `wanted` that some part holds are as many as it has."""
    inside = collapse_addresses(part if part.subnet_of(wanted) else wanted for part in parts if part.overlaps(wanted))
    assert covers(parts, wanted) == (sum(each.num_addresses for each in inside) == wanted.num_addresses)


@given(vaults, intents())
def test_no_range_of_todays_editions_is_retired(vault, intent):
    plan = planned(vault, intent, bundled.catalogue())
    assert Standing.RETIRED not in {each.standing for each in plan.desired.reasons.values()}

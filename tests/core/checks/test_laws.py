"""What holds for every vault, every intent, every edition and every landscape: a check and a plan agree."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, collapse_addresses

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from netcfg.core.checks import redundant, register
from netcfg.core.checks.check import Case
from netcfg.core.declared import Declaration
from netcfg.core.errors import NetcfgError, TooManyRules
from netcfg.core.findings import Finding, Severity
from netcfg.core.guards import Circumstances
from netcfg.core.intent import Intent
from netcfg.core.plan import Action, Change, Kind, draw, look
from netcfg.core.private import NOTHING_PRIVATE, Landscape, OldPiece, OwnersApproval, PieceKind
from netcfg.core.ranges import Catalogue, Policy, Publisher, resolve
from netcfg.core.resources import Vault
from netcfg.core.rules import (
    Bypass,
    DefaultAction,
    Firewall,
    IpRule,
    NetworkRuleSet,
    PublicAccess,
    VirtualNetworkRule,
)
from netcfg.core.standing import Standing
from netcfg.sources import bundled
from tests.core.test_way import private_intents, removals
from tests.landscapes import follow, landscapes
from tests.strategies import EUROPE, TODAY, VAULT_ID, catalogues, intents, shown, subnets, vaults

# An error of these is nobody's to mend but its owner's, or needs a word that the plan has not been given.
NOT_MENDED_BY_APPLY = {
    "broad-range",
    "geography-mismatch",
    "inferred-geography",
    "private-endpoint-not-approved",
    "rule-limit",
    "secured-by-perimeter",
    "stale-editions",
    "unreadable-rule",
}


def seen_by(
    vault: Vault,
    intent: Intent,
    catalogue: Catalogue,
    *,
    endpoints: bool = True,
    gone=(),
    landscape: Landscape = NOTHING_PRIVATE,
) -> Circumstances:
    resolution = resolve(catalogue, intent.policy, intent.geographies, canary=intent.canary)
    try:
        lying = shown(intent, endpoints=endpoints)
        return look(vault, intent, resolution, (), lying, TODAY, gone=gone, landscape=landscape)
    except NetcfgError:
        assume(False)
        raise


def found_in(seen: Circumstances) -> tuple[Finding, ...]:
    return register.inspect(Case(seen, ("apply", "kv-test"), outbound=bundled.outbound()), ())


def changes_of(seen: Circumstances) -> tuple[Change, ...]:
    try:
        return draw(seen).changes
    except TooManyRules:
        assume(False)
        raise


def is_optional(change: Change, policy: Policy) -> bool:
    """A range that the service tag alone publishes, and nobody declared."""
    reason = change.reason
    is_added = change.kind is Kind.IP_RULE and change.action is Action.ADD
    is_published = reason is not None and reason.standing is Standing.PUBLISHED
    return is_added and is_published and reason.publishers == (Publisher.SERVICE_TAG,) and policy is Policy.UNION


@st.composite
def circumstances(draw: st.DrawFn) -> Circumstances:
    """Any vault that has some of what is meant for it, and some of what editions know, and subnets there or gone."""
    intent, catalogue, vault = draw(intents()), draw(catalogues()), draw(vaults)
    known = resolve(catalogue, intent.policy, intent.geographies, canary=intent.canary)
    interesting = [each.network for each in (*intent.allow, *known.wanted, *known.retired)]
    interesting += [next(each.subnets(new_prefix=32)) for each in interesting]
    interesting += [network for _, network in bundled.outbound()[-1].ranges if isinstance(network, IPv4Network)]
    more = draw(st.lists(st.sampled_from(interesting), max_size=8))
    gone = frozenset(draw(st.lists(subnets, max_size=2))) - set(intent.subnets)  # what is wanted must be there
    firewall = vault.firewall.with_rules(
        ip_rules=(*vault.firewall.rule_set.ip_rules, *(IpRule(str(each)) for each in more)),
        virtual_network_rules=(
            *vault.firewall.rule_set.virtual_network_rules,
            *(VirtualNetworkRule(each.text) for each in sorted(gone, key=str)),
        ),
    )
    vault = replace(vault, firewall=firewall)
    return seen_by(vault, intent, catalogue, endpoints=draw(st.booleans()), gone=gone)


@st.composite
def private_circumstances(draw: st.DrawFn) -> Circumstances:
    """Any landscape, where a private endpoint is to come or to go."""
    landscape, connections = draw(landscapes(shares_zones=True))
    vault = replace(draw(vaults), connections=connections)
    intent = draw(st.one_of(private_intents, removals))
    return seen_by(vault, intent, bundled.catalogue(), landscape=landscape)


def after_apply(seen: Circumstances) -> Circumstances:
    """The same after everything that an apply does; what is left to owners is left."""
    landscape, vault = seen.landscape, replace(seen.vault, firewall=seen.after)
    for piece in (*seen.desired.way.additions, *seen.desired.way.removals):
        landscape, vault = follow(landscape, vault, piece)
    known = seen.resolution
    lying = shown(seen.intent)
    return look(vault, seen.intent, known, (), lying, TODAY, gone=seen.gone, landscape=landscape)


everything = st.one_of(circumstances(), private_circumstances())


@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(everything)
def test_every_change_of_a_plan_is_a_finding_and_an_error_unless_it_is_optional(seen: Circumstances):
    found = found_in(seen)
    errors = {(each.rule, each.subject.lower()) for each in found if each.severity is Severity.ERROR}
    every = {(each.rule, each.subject.lower()) for each in found}
    for change in changes_of(seen):
        if seen.before.hides_rules and change.kind in (Kind.IP_RULE, Kind.VIRTUAL_NETWORK_RULE, Kind.DEFAULT_ACTION):
            assert ("public-access-disabled", "public access") in errors  # of what Azure does not show nothing is said
        elif change.kind is Kind.DEFAULT_ACTION and seen.before.public_access is PublicAccess.DISABLED:
            assert ("default-action-allow", "default action") in every
        elif not isinstance(change.piece, OldPiece) or change.piece.kind is PieceKind.ENDPOINT:  # others go along
            telling = every if is_optional(change, seen.intent.policy) else errors
            assert {(rule, subject_of(change)) for rule in RULES_OF[change.kind, change.action]} & telling


STRANGERS = {
    "removal-pending", "unreadable-rule", "expired-rule", "dead-subnet-rule", "broad-range", "retired-range",
    "outbound-range", "elsewhere-range", "foreign-rule",
}  # fmt: skip
MISSING = {"published-range-missing", "published-range-partly-covered", "declared-range-missing"}
RULES_OF = {
    (Kind.IP_RULE, Action.ADD): MISSING,
    (Kind.IP_RULE, Action.REMOVE): STRANGERS,
    (Kind.PUBLIC_ACCESS, Action.SET): {"public-access-disabled", "public-access-enabled"},
    (Kind.DEFAULT_ACTION, Action.SET): {"default-action-allow"},
    (Kind.VIRTUAL_NETWORK_RULE, Action.ADD): {"subnet-rule-missing"},
    (Kind.VIRTUAL_NETWORK_RULE, Action.REMOVE): STRANGERS,
    (Kind.SERVICE_ENDPOINT, Action.ADD): {"service-endpoint-missing"},
    (Kind.PRIVATE_ENDPOINT, Action.SET): {"private-endpoint-not-approved"},
    (Kind.PRIVATE_ENDPOINT, Action.ADD): {"private-endpoint-missing"},
    (Kind.PRIVATE_ENDPOINT, Action.REMOVE): {"removal-pending"},
    (Kind.PRIVATE_DNS_ZONE, Action.ADD): {"private-dns-missing"},
    (Kind.PRIVATE_DNS_ZONE_GROUP, Action.ADD): {"private-dns-missing"},
    (Kind.VIRTUAL_NETWORK_LINK, Action.ADD): {"private-dns-missing"},
}


def subject_of(change: Change) -> str:
    """What a finding about the change is about, in lower case."""
    subjects = {Kind.PUBLIC_ACCESS: "public access", Kind.DEFAULT_ACTION: "default action"}
    if isinstance(change.piece, OwnersApproval):
        return str(change.piece.id).lower()
    if change.kind is Kind.SERVICE_ENDPOINT:
        return str(change.subnet)
    return subjects.get(change.kind, change.value or "''").lower()


@settings(max_examples=35, suppress_health_check=[HealthCheck.filter_too_much])
@given(everything)
def test_without_an_error_a_plan_adds_nothing_but_what_the_service_tag_alone_has(seen: Circumstances):
    errors = [each for each in found_in(seen) if each.severity is Severity.ERROR]
    if not errors:
        assert [each for each in changes_of(seen) if not is_optional(each, seen.intent.policy)] == []


@settings(max_examples=35, suppress_health_check=[HealthCheck.filter_too_much])
@given(everything)
def test_after_an_apply_no_error_is_left_that_it_could_mend(seen: Circumstances):
    changes_of(seen)
    later = after_apply(seen)
    errors = [each for each in found_in(later) if each.severity is Severity.ERROR and "--explain" not in each.fix]
    left = {each.rule for each in errors} - NOT_MENDED_BY_APPLY
    undecided = seen.intent.public_access is None and seen.before.public_access is PublicAccess.DISABLED
    shut = {"public-access-disabled", "subnet-rule-missing", *MISSING}  # what rules are there do nothing
    assert left <= (shut if undecided else set())


@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(circumstances())
def test_every_range_of_the_documentation_that_the_rules_which_remain_do_not_cover_is_an_error(seen: Circumstances):
    """Whatever else is published or declared around it, and comes with the same apply."""
    assume(seen.plans_rules and not seen.before.hides_rules)
    remaining = set(seen.after.rule_set.rules)
    there = [rule.network for rule in seen.before.rule_set.ip_rules if rule in remaining and rule.network]
    found = {each.subject: each.severity for each in found_in(seen) if each.rule.startswith("published-range-")}
    for each in seen.resolution.wanted:
        counting = collapse_addresses(one for one in there if one.prefixlen >= 16 and one.overlaps(each.network))
        if not any(each.network.subnet_of(one) for one in counting):
            is_optional = each.publishers == (Publisher.SERVICE_TAG,) and seen.intent.policy is Policy.UNION
            assert found[str(each.network)] is (Severity.WARNING if is_optional else Severity.ERROR)


@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(circumstances())
def test_every_declaration_that_no_rule_covers_is_an_error(seen: Circumstances):
    assume(seen.plans_rules and not seen.before.hides_rules)
    remaining = set(seen.after.rule_set.rules)
    there = [rule.network for rule in seen.before.rule_set.ip_rules if rule in remaining and rule.network]
    found = {each.subject for each in found_in(seen) if each.rule == "declared-range-missing"}
    for each in (one for one in seen.intent.allow if not one.is_expired(seen.today)):
        counting = collapse_addresses(one for one in there if one.prefixlen >= 16)
        is_there = each.network in there or any(each.network.subnet_of(one) for one in counting)
        assert is_there or str(each.network) in found


@settings(max_examples=35, suppress_health_check=[HealthCheck.filter_too_much])
@given(everything)
def test_every_finding_has_a_sentence_a_subject_and_a_command(seen: Circumstances):
    for each in found_in(seen):
        assert each.rule in register.CHECKS
        assert each.message
        assert not each.message.endswith(".")
        assert each.subject
        assert each.fix.startswith(("netcfg ", "az "))


@settings(max_examples=35, suppress_health_check=[HealthCheck.filter_too_much])
@given(circumstances())
def test_a_rule_of_the_vault_has_at_most_one_finding_about_what_it_is(seen: Circumstances):
    subjects = [each.subject for each in found_in(seen) if each.rule in {*STRANGERS, "redundant-rule"}]
    assert len(subjects) == len(set(subjects))


def addresses(rules) -> list[IPv4Network]:
    return list(collapse_addresses(rule.network for rule in rules if isinstance(rule, IpRule) and rule.network))


nested = st.integers(24, 27).flatmap(
    lambda prefix: st.sampled_from(list(IPv4Network("191.10.18.0/24").subnets(new_prefix=prefix)))
)


@given(st.lists(nested, max_size=10), st.lists(nested, max_size=3))
def test_all_redundant_rules_can_go_at_once_and_no_address_is_lost(declared, foreign):
    allow = tuple(Declaration(each, "an office") for each in declared)
    rules = tuple(IpRule(str(each)) for each in (*declared, *foreign))
    vault = Vault(VAULT_ID, Firewall(PublicAccess.ENABLED, NetworkRuleSet(Bypass.NONE, DefaultAction.DENY, rules)))
    case = Case(seen_by(vault, Intent(geographies=(EUROPE,), allow=allow), bundled.catalogue()), ("apply", "kv-test"))
    going = {IpRule(each.subject) for each in redundant.find(case)}
    assert going <= set(rules)
    assert addresses(rules) == addresses(rule for rule in rules if rule not in going)
    kept = [each for each in set(declared) if IpRule(str(each)) not in going]
    assert not any(one != other and one.subnet_of(other) for one in kept for other in kept)  # and none is forgotten


@settings(max_examples=35, suppress_health_check=[HealthCheck.filter_too_much])
@given(circumstances(), st.booleans())
def test_whatever_is_there_no_address_is_lost_with_what_is_redundant(seen: Circumstances, is_applied: bool):
    case = Case(after_apply(seen) if is_applied else seen, ("apply", "kv-test"))
    going = {IpRule(each.subject) for each in redundant.find(case)}
    kept = [rule for rule in case.rules if not case.leaves(rule)]
    assert addresses(kept) == addresses(rule for rule in kept if rule not in going)


@settings(max_examples=35, suppress_health_check=[HealthCheck.filter_too_much])
@given(circumstances())
def test_without_all_redundant_rules_a_plan_wants_nothing_more(seen: Circumstances):
    """What is told to be removed, and not because of its declaration, does not come back."""
    found = [each for each in redundant.find(Case(seen, ("apply", "kv-test"))) if "--remove" in each.fix.words]
    going = {IpRule(each.subject) for each in found}
    left = tuple(rule for rule in seen.before.rule_set.ip_rules if rule not in going)
    vault = replace(seen.vault, firewall=seen.before.with_rules(ip_rules=left))
    later = look(vault, seen.intent, seen.resolution, (), shown(seen.intent), TODAY)
    assert not going & set(later.after.rule_set.ip_rules)

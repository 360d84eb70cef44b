"""All checks together: what is about more than one vault, waivers, and the words that each rule has."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from netcfg.core.checks import register, waivers
from netcfg.core.checks.check import Case, Check
from netcfg.core.errors import NetcfgError, UnknownCheck
from netcfg.core.findings import Finding, Severity, Waiver
from netcfg.core.geography import Evidence, Organization, Witness
from netcfg.core.plan import Undetermined
from netcfg.core.ranges import Catalogue, Edition, Publisher
from netcfg.core.report import Inspection, Report
from netcfg.core.target import Location
from tests.core.checks.cases import EVERYTHING, WORDS, findings, found, seen
from tests.formats.builders import (
    CANADA,
    CATALOGUE,
    EUROPE,
    TODAY,
    WESTEUROPE,
    organization,
    ranges,
    vault,
)

EVERY = list(register.CHECKS.values())
STRANGER = vault(ip_rules=(*EVERYTHING, "191.10.20.7"))


def inspected(*given: Waiver) -> tuple[Finding, ...]:
    return tuple(each for each in register.inspect(Case(seen(STRANGER), WORDS), given) if each.rule == "foreign-rule")


def test_organizations_of_which_nobody_is_sure_are_errors_of_each_vault_that_they_use():
    hinted = organization("contoso", Witness.SIGN_IN, "spsprodweu5")
    split = Organization(
        "fabrikam",
        (
            Evidence(Witness.COLLECTION, "preferredGeography", "EU", EUROPE),
            Evidence(Witness.COLLECTION, "preferredRegion", "CC", CANADA),
        ),
    )
    about = findings(vault(ip_rules=EVERYTHING), organizations=(hinted, split))
    assert [
        (each.severity.value, each.vault and each.vault.name, each.rule, each.subject, each.fix) for each in about
    ] == [
        ("error", "kv-payments", "geography-mismatch", "fabrikam", "netcfg geography fabrikam"),
        ("error", "kv-payments", "inferred-geography", "contoso", "netcfg geography contoso"),
        ("note", None, "editions-disagree", "Europe", "netcfg ranges list --geography EU"),
    ]


def test_only_what_is_about_no_vault_alone_is_general():
    assert {"editions-disagree", "expired-waiver", "stale-editions"} == register.GENERAL


def test_publishers_may_disagree_in_both_directions():
    ((severity, subject, message, _),) = found("editions-disagree", vault(ip_rules=EVERYTHING))
    assert (severity, subject) == ("note", "Europe")
    assert message == (
        "the publishers do not agree about Europe: 134.149.110.74/31, 172.199.233.128/26 in the service tag alone"
    )
    grown = Edition(
        Publisher.TABLE, date(2026, 11, 1), "a page", ranges(WESTEUROPE, "40.74.28.0/23", "191.10.130.0/24")
    )
    ((_, _, message, _),) = found(
        "editions-disagree", vault(ip_rules=EVERYTHING), catalogue=Catalogue((*CATALOGUE.editions, grown))
    )
    assert message == (
        "the publishers do not agree about Europe: 20.166.41.0/24, 134.149.110.74/31, 172.199.233.128/26 in the "
        "service tag alone, and 191.10.130.0/24 in the documentation alone"
    )


@pytest.mark.parametrize("check", EVERY, ids=[each.id for each in EVERY])
def test_every_rule_is_explained_in_whole_paragraphs(check: Check):
    assert not check.title.endswith(".")
    assert len(check.title) <= 80
    for paragraph in (check.why, check.mending, check.waiving):
        assert paragraph[-1] in ".:"
        assert "  " not in paragraph
    assert len(check.why) > 100
    assert bool(check.example) == (check.id != "expired-waiver")


def test_a_waiver_holds_until_its_last_day():
    until = Waiver("foreign-rule", "partner", "kv-*", "191.10.20.*", TODAY)
    assert [each.waived for each in inspected(until)] == [until]
    assert [each.waived for each in inspected(Waiver("foreign-rule", "partner", until=TODAY - timedelta(days=1)))] == [
        None
    ]
    assert [each.waived for each in inspected(Waiver("elsewhere-range", "partner"))] == [None]
    assert [each.waived for each in inspected(Waiver("foreign-rule", "partner", "kv-orders"))] == [None]


def test_an_expired_waiver_is_an_error_on_its_line_and_never_waived():
    place = Location("netcfg.yaml", 21)
    late = Waiver("foreign-rule", "partner", "kv-payments", until=date(2026, 6, 30), where=place)
    holding = Waiver("foreign-rule", "partner", until=date(2027, 6, 30))
    assert list(waivers.expired([holding, late, Waiver("foreign-rule", "for ever")], TODAY)) == [
        Finding(
            "expired-waiver",
            Severity.ERROR,
            None,
            "foreign-rule of kv-payments",
            "the waiver of foreign-rule of kv-payments (partner) ended on 2026-06-30; renew it or delete it",
            "netcfg check --explain expired-waiver",
            place,
        )
    ]
    assert "expired-waiver" not in register.RULES


@pytest.mark.parametrize("subject", ["191.10.20.7", "191.10.20.7/32", "191.10.20.*"])
def test_a_waiver_means_an_address_however_it_is_written(subject: str):
    waiver = Waiver("foreign-rule", "partner", subject=subject)
    assert [each.waived for each in inspected(waiver)] == [waiver]
    (found,) = inspected()
    assert waiver.holds(replace(found, subject="191.10.20.7"))
    assert not waiver.holds(replace(found, subject="191.10.20.70/32" if "*" not in subject else "191.10.2.7"))


def test_a_waiver_that_names_a_vault_and_is_about_nothing_is_told():
    report = Report((), (), seen(STRANGER).resolution, (Inspection(seen(STRANGER), inspected()),))
    used, other = Waiver("foreign-rule", "a", "KV-payments"), Waiver("rule-limit", "b", "kv-payments")
    away, everywhere = Waiver("rule-limit", "c", "kv-orders"), Waiver("rule-limit", "d")
    later = Waiver("devops-cannot-read", "e", "kv-payments")
    given = [used, other, away, everywhere, later]
    assert list(waivers.unused(given, report, is_part=True)) == [other]
    assert list(waivers.unused(given, report)) == [other, away]
    lost = (Undetermined("kv-orders", NetcfgError("not yours")),)
    assert list(waivers.unused(given, replace(report, undetermined=lost))) == [other]


def test_rules_are_explained_by_name_and_all_at_once():
    assert [each.id for each in register.explained(["foreign-rule", "rule-limit", "foreign-rule"])] == [
        "foreign-rule",
        "rule-limit",
    ]
    assert list(register.explained(["all"])) == EVERY
    with pytest.raises(UnknownCheck, match="did you mean 'foreign-rule'"):
        register.explained(["foreign-ruel"])


def test_the_contracts_rules_are_all_there():
    contract = {
        "default-action-allow", "public-access-disabled", "secured-by-perimeter", "published-range-missing",
        "published-range-partly-covered", "retired-range", "elsewhere-range", "outbound-range", "foreign-rule",
        "expired-rule", "expiring-rule", "overdue-temporary-rule", "broad-range", "unreadable-rule", "redundant-rule",
        "rule-limit", "subnet-rule-missing", "service-endpoint-missing", "dead-subnet-rule",
        "private-endpoint-not-approved", "private-dns-missing", "stale-editions", "editions-disagree",
        "expired-waiver", "secret-not-mapped", "mapped-secret-missing", "unsupported-mapping",
        "service-connection-denied", "devops-cannot-read",
    }  # fmt: skip
    assert contract <= set(register.CHECKS)
    assert set(register.CHECKS) - contract == {
        "agents-unplaced", "declared-range-missing", "foreign-private-endpoint", "geography-mismatch",
        "inferred-geography", "private-endpoint-missing", "public-access-enabled", "removal-pending",
    }  # fmt: skip

"""What Azure DevOps needs, what was declared, and the agents' subnets."""

from __future__ import annotations

from datetime import date

from netcfg.core.ranges import Catalogue, Edition, Policy, Publisher
from netcfg.core.rules import PublicAccess
from tests.core.checks.cases import APPLY, EVERYTHING, found, rules
from tests.formats.builders import CATALOGUE, WESTEUROPE, ranges, subnet_id, vault

BOTH = (
    "Azure DevOps comes from 20.166.41.0/24 (Europe, northeurope, published by the documentation and the service tag), "
    "and no rule lets it in"
)


def test_a_missing_range_says_who_comes_from_it_and_who_publishes_it():
    of = vault(ip_rules=EVERYTHING[1:])
    assert found("published-range-missing", of) == [
        (
            "error",
            "20.166.41.0/24",
            BOTH,
            APPLY,
        )
    ]


def test_a_range_of_the_service_tag_alone_is_a_warning_until_the_tag_is_the_policy():
    of = vault(ip_rules=EVERYTHING[:3])
    assert rules(of) == [("warning", "published-range-missing", "172.199.233.128/26")]
    assert rules(of, policy=Policy.SERVICE_TAG) == [("error", "published-range-missing", "172.199.233.128/26")]
    assert [each for each in rules(of, policy=Policy.TABLE) if each[1] == "published-range-missing"] == []


def test_a_wider_range_of_the_tag_alone_does_not_swallow_the_range_of_the_documentation_inside_it():
    wider = Edition(
        Publisher.SERVICE_TAG,
        date(2026, 11, 1),
        "a file",
        ranges(WESTEUROPE, "40.74.28.0/22", "134.149.110.74/31"),
        (),
        99,
    )
    of = vault(ip_rules=("20.166.41.0/24", "134.149.110.74/31", "172.199.233.128/26"))
    missing = [each for each in rules(of, catalogue=Catalogue((*CATALOGUE.editions, wider))) if "missing" in each[1]]
    assert missing == [
        ("error", "published-range-missing", "40.74.28.0/23"),
        ("warning", "published-range-missing", "40.74.28.0/22"),
    ]


def test_a_wide_declaration_swallows_no_range_and_no_declaration_inside_it():
    """A plan would add the wide one alone; whoever waives it has not waived the others."""
    wide = ["40.74.0.0/16=a provider", "40.74.200.0/28=an office", "20.166.41.0/24=somebody"]
    assert rules(vault(ip_rules=EVERYTHING[2:]), allow=wide) == [
        ("error", "declared-range-missing", "20.166.41.0/24"),
        ("error", "declared-range-missing", "40.74.0.0/16"),
        ("error", "declared-range-missing", "40.74.200.0/28"),
        ("error", "published-range-missing", "20.166.41.0/24"),
        ("error", "published-range-missing", "40.74.28.0/23"),
    ]


def test_a_range_that_a_rule_lets_in_which_is_to_go_is_missing():
    of = vault(ip_rules=(*EVERYTHING[:1], "40.74.0.0/16", *EVERYTHING[2:]))
    assert [each[:2] for each in rules(of, exclusive=True)] == [
        ("error", "foreign-rule"),
        ("error", "published-range-missing"),
    ]


def test_behind_public_access_that_is_off_a_rule_lets_nobody_in_until_that_is_meant():
    of = vault(public_access=PublicAccess.DISABLED, ip_rules=(*EVERYTHING, "191.10.18.0/28"))
    allow = ["191.10.18.0/28=head office"]
    shut = [each for each in found("published-range-missing", of, allow=allow) if each[1] == "20.166.41.0/24"]
    assert shut == [
        (
            "error",
            "20.166.41.0/24",
            BOTH.replace("no rule", "public access is Disabled, so no rule"),
            f"{APPLY} --public-access enabled",
        )
    ]
    assert [each[:2] for each in found("declared-range-missing", of, allow=allow)] == [("error", "191.10.18.0/28")]
    assert rules(of, public_access=PublicAccess.DISABLED) == []
    assert rules(of, allow=allow, public_access=PublicAccess.DISABLED) == [
        ("warning", "declared-range-missing", "191.10.18.0/28")
    ]


def test_a_scrap_of_a_range_is_not_the_range():
    of = vault(ip_rules=(*EVERYTHING[:1], "40.74.28.17", "40.74.29.0/24", *EVERYTHING[2:]))
    ((severity, subject, message, fix),) = found("published-range-partly-covered", of)
    assert (severity, subject, fix) == ("error", "40.74.28.0/23", APPLY)
    assert message.endswith("and rules let in a part of it only: 40.74.28.17/32, 40.74.29.0/24")


def test_a_rule_that_is_too_broad_to_count_is_named():
    of = vault(ip_rules=(*EVERYTHING[:1], "40.0.0.0/8", *EVERYTHING[2:]))
    ((_, subject, message, _),) = found("published-range-missing", of)
    assert subject == "40.74.28.0/23"
    assert message.endswith("and no rule lets it in; 40.0.0.0/8 holds it, but nothing broader than /16 counts")


def test_two_rules_that_cover_a_range_together_are_enough():
    of = vault(ip_rules=(*EVERYTHING[:1], "40.74.28.0/24", "40.74.29.0/24", *EVERYTHING[2:]))
    assert [each for each in rules(of) if each[1].startswith("published-")] == []


def test_nothing_is_missing_where_public_access_is_meant_to_be_off():
    of = vault(public_access=PublicAccess.DISABLED, ip_rules=("191.10.20.7",))
    assert rules(of, public_access=PublicAccess.DISABLED) == []


def test_what_was_declared_and_is_not_there_is_an_error():
    assert found("declared-range-missing", vault(ip_rules=EVERYTHING), allow=["191.10.18.0/28=head office"]) == [
        ("error", "191.10.18.0/28", "191.10.18.0/28 was declared (head office) and no rule lets it in", APPLY)
    ]


def test_a_declaration_that_ends_within_thirty_days_is_a_warning():
    of = vault(ip_rules=(*EVERYTHING, "191.10.18.0/28", "191.10.19.0/28", "191.10.20.0/28"))
    ends = [
        "191.10.18.0/28=a;until=2026-11-20",
        "191.10.19.0/28=b;until=2026-12-20",
        "191.10.20.0/28=c;until=2026-12-21",
    ]
    assert [each[1:3] for each in found("expiring-rule", of, allow=ends)] == [
        ("191.10.18.0/28", "191.10.18.0/28 (a) is declared until 2026-11-20 only, which is today; then it is removed"),
        (
            "191.10.19.0/28",
            "191.10.19.0/28 (b) is declared until 2026-12-20 only, which is in 30 days; then it is removed",
        ),
    ]


def test_a_longer_declaration_of_the_same_range_counts():
    of = vault(ip_rules=(*EVERYTHING, "191.10.18.0/28"))
    assert rules(of, allow=["191.10.18.0/28=a;until=2026-11-21", "191.10.18.0/28=b"]) == []


def test_agents_that_have_no_rule_and_no_endpoint_are_two_errors():
    agents = subnet_id("agents")
    of = vault(ip_rules=EVERYTHING)
    assert found("subnet-rule-missing", of, subnets=(agents,), endpoints=False) == [
        ("error", agents.text, "no rule lets in the subnet vnet-build/agents in rg-network (agents' subnet)", APPLY)
    ]
    assert [each[:2] for each in found("service-endpoint-missing", of, subnets=(agents,), endpoints=False)] == [
        ("error", agents.text)
    ]
    assert rules(vault(ip_rules=EVERYTHING, subnets=(agents.text,)), subnets=(agents,)) == []


def test_nine_tenths_of_the_limit_are_a_warning_and_more_than_all_an_error():
    def limit(number: int) -> list[tuple[str, str]]:
        many = [f"191.10.{each // 256}.{each % 256}" for each in range(number - 4)]
        return [each[:2] for each in found("rule-limit", vault(ip_rules=(*EVERYTHING, *many)))]

    assert limit(899) == []
    assert limit(900) == [("warning", "IP rules")]
    assert limit(1000) == [("warning", "IP rules")]
    assert limit(1001) == [("error", "IP rules")]

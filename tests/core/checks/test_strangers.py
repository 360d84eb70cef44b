"""Rules that nobody asked for: which finding each has, and how bad it is."""

from __future__ import annotations

import shlex
from datetime import date, timedelta

import pytest

from netcfg.core.intent import parse_removal
from netcfg.core.ranges import Catalogue, Edition, Publisher
from tests.core.checks.cases import APPLY, EVERYTHING, found, rules
from tests.formats.builders import CATALOGUE, WESTEUROPE, ranges, subnet_id, vault

GONE = subnet_id("legacy")
CLASSIC = "/subscriptions/x/resourceGroups/old/providers/Microsoft.ClassicNetwork/virtualNetworks/v/subnets/s"
LATER = Catalogue(
    (
        *CATALOGUE.editions,
        Edition(
            Publisher.SERVICE_TAG,
            date(2026, 11, 1),
            "ServiceTags_Public_20261101.json",
            ranges(WESTEUROPE, "40.74.28.0/23", "20.166.41.0/24", "134.149.110.74/31"),
            change_number=14,
            confirmed=date(2026, 11, 20),
        ),
    )
)


@pytest.mark.parametrize(
    ("value", "rule", "severity", "exclusively"),
    [
        ("'191.10.4.0/24'", "unreadable-rule", "error", "error"),
        ("191.10.4.1/24", "unreadable-rule", "error", "error"),
        ("0.0.0.0/2", "broad-range", "error", "error"),
        ("150.171.22.0/24", "outbound-range", "warning", "error"),
        ("52.228.82.7", "elsewhere-range", "warning", "error"),
        ("20.91.148.130", "elsewhere-range", "warning", "error"),
        ("191.10.20.7", "foreign-rule", "warning", "error"),
    ],
)
def test_a_stranger_has_its_most_telling_finding_alone(value: str, rule: str, severity: str, exclusively: str):
    of = vault(ip_rules=(*EVERYTHING, value))
    shown = f"{value}/32" if value.count(".") == 3 and "/" not in value else value
    assert rules(of) == [(severity, rule, shown)]
    assert rules(of, exclusive=True) == [(exclusively, rule, shown)]
    ((_, _, _, fix),) = found(rule, of)
    ((_, _, _, exclusive_fix),) = found(rule, of, exclusive=True)
    assert shlex.split(fix) == [*shlex.split(APPLY), "--remove", shown]
    assert exclusive_fix == APPLY


def test_what_is_asked_to_go_comes_before_all_else():
    of = vault(ip_rules=(*EVERYTHING, "0.0.0.0/2", "191.10.20.7"))
    asked = (parse_removal("0.0.0.0/2"), parse_removal("191.10.20.7"))
    assert rules(of, remove=asked) == [
        ("error", "removal-pending", "0.0.0.0/2"),
        ("error", "removal-pending", "191.10.20.7/32"),
    ]


def test_a_rule_that_outlived_its_declaration_is_an_error_even_if_broad():
    of = vault(ip_rules=(*EVERYTHING, "191.8.0.0/13"))
    assert rules(of, allow=["191.8.0.0/13=visitors;until=2026-11-19"]) == [("error", "expired-rule", "191.8.0.0/13")]


def test_a_broad_range_that_was_declared_is_a_note():
    of = vault(ip_rules=(*EVERYTHING, "191.8.0.0/13"))
    assert rules(of, allow=["191.8.0.0/13=a provider"]) == [("note", "broad-range", "191.8.0.0/13")]


def test_the_rule_of_a_subnet_that_is_gone_is_no_mere_stranger():
    of = vault(ip_rules=EVERYTHING, subnets=(GONE.text.upper(), subnet_id("other").text))
    assert rules(of, gone=(GONE,)) == [
        ("warning", "dead-subnet-rule", GONE.text),
        ("warning", "foreign-rule", subnet_id("other").text),
    ]


def test_what_mends_anything_else_takes_the_dead_rule_along_which_azure_would_refuse():
    of = vault(ip_rules=EVERYTHING[1:], subnets=(GONE.text,))
    along = f"{APPLY} --remove {GONE.text}"
    assert [each[3] for each in found("published-range-missing", of, gone=(GONE,))] == [along]
    assert [each[3] for each in found("dead-subnet-rule", of, gone=(GONE,))] == [along]
    assert [each[3] for each in found("dead-subnet-rule", of, gone=(GONE,), exclusive=True)] == [APPLY]


def test_what_remove_cannot_name_is_taken_out_with_the_azure_cli():
    ((severity, subject, _, fix),) = found("unreadable-rule", vault(ip_rules=EVERYTHING, subnets=(CLASSIC,)))
    assert (severity, subject) == ("error", CLASSIC.lower())
    assert fix == (
        f"az keyvault network-rule remove --subnet {CLASSIC.lower()} --name kv-payments --resource-group rg-payments "
        "--subscription 11111111-1111-1111-1111-111111111111"
    )
    ((_, subject, _, fix),) = found("unreadable-rule", vault(ip_rules=(*EVERYTHING, "")))
    assert subject == "''"
    assert fix.startswith("az keyvault network-rule remove --ip-address '' ")


def test_a_blank_rule_and_one_that_is_written_as_it_is_shown_are_two():
    of = vault(ip_rules=(*EVERYTHING, "", " ", "''"))
    assert [each[1] for each in found("unreadable-rule", of)] == ["\"''\"", "' '", "''"]


def test_what_cannot_be_read_goes_at_once_because_every_write_sends_all_of_it():
    of = vault(ip_rules=(*EVERYTHING, "191.10.4.1/24", "191.10.5.1/24", "191.10.20.7", ""))
    both = f"{APPLY} --remove 191.10.4.1/24 --remove 191.10.5.1/24"
    assert [(each[1], each[3]) for each in found("unreadable-rule", of)][1:] == [
        ("191.10.4.1/24", both),
        ("191.10.5.1/24", both),
    ]
    assert [each[3] for each in found("foreign-rule", of)] == [f"{APPLY} --remove 191.10.20.7/32"]


def test_a_retired_range_is_a_warning_within_the_grace_and_an_error_after_it():
    of = vault(ip_rules=EVERYTHING)
    assert rules(of, catalogue=LATER) == [("warning", "retired-range", "172.199.233.128/26")]
    late = {"catalogue": LATER, "grace": timedelta(days=19)}
    assert rules(of, **late) == [("error", "retired-range", "172.199.233.128/26")]
    assert [each[2:] for each in found("retired-range", of, **late)] == [
        ("Azure DevOps does not come from 172.199.233.128/26 any more: no edition has it since 2026-11-01", APPLY)
    ]


def test_why_a_published_range_is_not_wanted_is_told():
    of = vault(ip_rules=(*EVERYTHING, "52.228.82.0/24", "20.91.148.128/25"))
    assert [each[2].partition(" of Azure DevOps, but ")[2] for each in found("elsewhere-range", of)] == [
        "of swedencentral, which belongs to no geography of Azure DevOps",
        "for Canada, where nobody lives who uses this vault",
    ]


def test_a_rule_inside_another_is_redundant_and_goes_without_loss():
    of = vault(ip_rules=(*EVERYTHING, "40.74.28.17", "40.74.28.0/24"))
    assert found("redundant-rule", of) == [
        (
            "note",
            "40.74.28.0/24",
            "40.74.28.0/24 lets in nobody whom 40.74.28.0/23 does not let in already",
            f"{APPLY} --remove 40.74.28.0/24",
        ),
        (
            "note",
            "40.74.28.17/32",
            "40.74.28.17/32 lets in nobody whom 40.74.28.0/23, 40.74.28.0/24 does not let in already",
            f"{APPLY} --remove 40.74.28.17/32",
        ),
    ]


def test_of_rules_that_cover_a_range_only_together_none_is_redundant():
    of = vault(ip_rules=(EVERYTHING[0], "40.74.28.0/24", "40.74.29.0/24", *EVERYTHING[2:]))
    assert found("redundant-rule", of) == []


def test_a_declared_rule_inside_another_loses_its_declaration():
    of = vault(ip_rules=(*EVERYTHING, "191.10.18.0/28", "191.10.18.4"))
    both = ["191.10.18.0/28=head office", "191.10.18.4=one of us"]
    assert [(each[1], each[3]) for each in found("redundant-rule", of, allow=both)] == [
        ("191.10.18.4/32", "netcfg check --explain redundant-rule")
    ]


def test_what_ends_soon_makes_nothing_redundant():
    of = vault(ip_rules=(*EVERYTHING, "191.10.18.0/28", "191.10.18.4"))
    assert found("redundant-rule", of, allow=["191.10.18.0/28=guests;until=2027-01-01", "191.10.18.4=one of us"]) == []

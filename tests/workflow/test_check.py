"""Check: every vault that can be read, once; what is about the run, once; and what cannot be known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from netcfg.core.findings import Severity, Waiver
from netcfg.core.report import Report
from netcfg.core.rules import Perimeter
from netcfg.core.target import Location, Target
from netcfg.workflow.check import check
from tests.strategies import VAULT_ID
from tests.workflow.fakes import Azure, around
from tests.workflow.test_apply import WANTED, azure_with
from tests.workflow.test_plan import OTHER_ID, two

LATE = date(2027, 3, 1)


def checked(azure: Azure, *waivers: Waiver, today: date = LATE) -> Report:
    targets = [Target(id, WANTED, where=Location("netcfg.yaml", 7)) for id in azure.vaults]
    outside = around(azure, today)
    return check(targets, waivers, Severity.ERROR, lambda name: ("apply", name), outside, program="mine")


def test_what_is_about_the_ranges_is_found_once_for_all_vaults():
    report = checked(two())
    assert [(each.rule, each.vault, each.fix) for each in report.general if each.rule == "stale-editions"] == [
        ("stale-editions", None, "mine ranges refresh")
    ]
    assert {each.vault.id for each in report.inspections} == {VAULT_ID, OTHER_ID}
    assert all(each.vault for one in report.inspections for each in one.findings)


def test_a_finding_has_the_command_of_its_vault_and_the_line_that_chose_it():
    report = checked(two())
    found = [each for each in report.findings if each.rule == "published-range-missing" and each.vault == OTHER_ID]
    assert {each.fix for each in found} == {"mine apply kv-other"}
    assert {each.where for each in found} == {Location("netcfg.yaml", 7)}


def test_a_waiver_for_the_run_names_no_vault():
    waiver = Waiver("stale-editions", "no way out of here")
    waived = [each.waived for each in checked(two(), waiver).general if each.rule == "stale-editions"]
    assert waived == [waiver]
    other = replace(waiver, vault="kv-other")
    assert [each.waived for each in checked(two(), other).general if each.rule == "stale-editions"] == [None]


def test_a_vault_that_cannot_be_read_is_undetermined_beside_the_others():
    azure = two()
    azure.unreadable.add("kv-other")
    report = checked(azure)
    assert [each.vault for each in report.undetermined] == [str(OTHER_ID)]
    assert [each.vault.id for each in report.inspections] == [VAULT_ID]
    assert report.status == 7


def test_a_vault_in_doubt_is_undetermined_and_its_findings_are_shown():
    azure = azure_with()
    azure.vaults[VAULT_ID] = replace(azure.vaults[VAULT_ID], perimeter=Perimeter.UNKNOWN)
    report = checked(azure)
    assert [each.vault for each in report.undetermined] == [str(VAULT_ID)]
    assert report.inspections[0].findings
    assert report.status == 7


def test_an_expired_waiver_is_found_on_its_own_line():
    late = Waiver("foreign-rule", "partner", until=date(2026, 12, 31), where=Location("netcfg.yaml", 30))
    found = [each for each in checked(two(), late).general if each.rule == "expired-waiver"]
    assert [(each.where, each.fix) for each in found] == [(late.where, "mine check --explain expired-waiver")]

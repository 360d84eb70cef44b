"""A report at a terminal: what is worst comes first, and the last line is the answer."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings

from netcfg.core.errors import NetcfgError
from netcfg.core.findings import Severity, Waiver
from netcfg.core.plan import Undetermined
from netcfg.formats import text
from netcfg.formats.page import Page, columns_of
from netcfg.formats.report import findings
from tests.formats import builders, generated, reports

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def mixed():
    """Three vaults: one with warnings that one command mends, one clean, one open."""
    dusty = builders.vault("kv-dusty", ("191.10.20.7", "191.10.20.10"))
    twice = [reports.finding(dusty, subject=f"191.10.20.{each}/32", fix="netcfg apply kv-dusty") for each in (10, 7)]
    bad = builders.vault("kv-open", is_open=True, group="rg-web")
    message = "every network gets in to kv-open: its default action is Allow, so its rules do nothing"
    opened = reports.finding(
        bad, "default-action-allow", Severity.ERROR, "default action", message, "netcfg apply kv-open"
    )
    return reports.report(
        reports.inspection(dusty, *twice),
        reports.inspection(builders.vault("kv-fine")),
        reports.inspection(bad, opened),
    )


@pytest.mark.parametrize("made", [reports.clean, reports.drifted, mixed])
def test_a_report_at_80_columns(made, kept):
    assert text.report(made(), Page(80)) == kept


def test_a_report_at_200_columns(kept):
    assert text.report(reports.drifted(), Page(200)) == kept


def test_a_report_in_colour(kept):
    assert text.report(reports.drifted(), Page(100, colour=True)) == kept


def test_a_report_where_only_ascii_can_be_shown():
    assert text.report(reports.drifted(), Page(80, ascii_only=True)).isascii()


def test_a_clean_vault_is_one_line():
    assert text.report(reports.clean(), Page(200)) == (
        "contoso → Europe (collections-me) · ranges: union of table 2026-02-10 and service tag 2026-06-20\n"
        "\n"
        "kv-payments: nothing found\n"
        "\n"
        "1 vault: nothing found\n"
        "compliant (status 0)\n"
    )


def last_line(report) -> str:
    return text.report(report, Page(200)).splitlines()[-1]


def test_the_last_line_is_the_answer():
    of = builders.vault()
    warned = reports.inspection(of, reports.finding(of))
    broken = reports.inspection(of, reports.finding(of, severity=Severity.ERROR))
    lost = (builders.unread("kv-legacy", "you may not read this vault"),)
    unseen = Undetermined("the vaults of tag a=b/c", NetcfgError("nothing"), is_selection=True)
    waiver = Waiver("foreign-rule", "partner link", until=date(2027, 3, 1))
    lived_with = reports.inspection(of, reports.finding(of, severity=Severity.ERROR, waived=waiver))
    answers = {
        "compliant (status 0)": reports.report(lived_with),
        "compliant: nothing at or above error (status 0)": reports.report(warned),
        "NOT compliant: 1 finding at or above warning (status 4)": reports.report(warned, fail_on=Severity.WARNING),
        "NOT compliant: 1 finding at or above error (status 4)": reports.report(broken),
        "NOT compliant: 1 finding at or above error, nothing fails (--fail-on never) (status 0)": reports.report(
            broken, fail_on=None
        ),
        "undetermined: 1 vault undetermined (status 1)": reports.report(undetermined=lost),
        "undetermined: 1 vault undetermined, nothing at or above error (status 7)": reports.report(
            warned, undetermined=lost
        ),
        "NOT compliant: 1 finding at or above error, 1 vault undetermined (status 7)": reports.report(
            broken, undetermined=lost
        ),
        "nothing to check: no vault was looked at (status 0)": reports.report(),
        "undetermined: 1 vault and 1 selection undetermined (status 1)": reports.report(undetermined=(*lost, unseen)),
    }
    assert {last_line(each): each for each in answers.values()} == answers


def test_nothing_is_found_only_where_something_was_looked_at():
    lost = (builders.unread("kv-legacy", "you may not read this vault"),)
    assert "nothing is known of 1 vault\n" in text.report(reports.report(undetermined=lost), Page(200))
    assert "nothing found" not in text.report(reports.report(undetermined=lost), Page(200))


def test_a_selection_is_shown_as_it_was_written():
    unseen = Undetermined("the vaults of tag owner=platform/web", NetcfgError("nothing"), is_selection=True)
    shown = text.report(reports.report(undetermined=(unseen,)), Page(200))
    assert "? the vaults of tag owner=platform/web" in shown
    assert "undetermined: 1 selection undetermined (status 1)" in shown


def test_a_vault_that_was_read_in_part_is_not_called_clean():
    one = replace(reports.clean(), undetermined=(builders.unread("KV-Payments", "its perimeter may not be read"),))
    assert findings.clean(one) == []
    assert "nothing found" not in text.report(one, Page(200)).split("undetermined")[0]


def test_a_command_stays_in_one_piece_however_narrow_the_page_is():
    shown = text.report(reports.drifted(), Page(40))
    assert "fix: netcfg apply kv-payments --organization contoso --remove 191.10.20.7/32\n" in shown


def test_a_command_that_mends_several_is_said_once():
    shown = text.report(mixed(), Page(80))
    assert shown.count("netcfg apply kv-dusty") == 1
    assert "fix all 2: netcfg apply kv-dusty\n" in shown


def test_a_fleet_is_still_read_a_line_for_each_vault():
    fleet = reports.many(1000, 2)
    clean = [reports.inspection(builders.vault(f"kw-{each:03}")) for each in range(500)]
    shown = text.report(replace(fleet, inspections=(*fleet.inspections, *clean)), Page(80))
    lines = shown.splitlines()
    assert len(lines) < 1_200
    assert "980 more vaults: netcfg check VAULT tells what was found, --format json all of" in lines
    assert "! kv-00999  in rg-payments  2 warnings" in lines
    assert "500 vaults: nothing found in kw-000, kw-001, kw-002, kw-003, kw-004 and 495 more" in " ".join(shown.split())
    assert "! warning  foreign-rule  2,000 findings in 1,000 vaults" in lines
    assert lines[-2] == "1,500 vaults: 2,000 warnings"


def test_vaults_in_which_the_same_was_found_are_told_once():
    fleet = reports.many(40, 2, are_alike=True)
    odd = reports.inspection(
        builders.vault("kv-odd"), reports.finding(builders.vault("kv-odd"), message="kv-odd is odd")
    )
    shown = text.report(replace(fleet, inspections=(*fleet.inspections, odd)), Page(100))
    assert shown.count("191.10.0.1/32") == 1
    assert "\n40 vaults: 2 warnings in each\n  kv-00000, kv-00001, kv-00002, kv-00003, kv-00004 and 35 more\n" in shown
    assert "kv-odd in rg-payments · 1 warning\n" in shown
    assert "kv-odd is odd\n" in shown


def test_vaults_that_differ_by_their_names_alone_are_alike():
    made = []
    for name in ("kv-a", "kv-b", "kv-c", "kv-d"):
        of = builders.vault(name)
        fix = f"netcfg apply {name} --geography EU"
        made.append(reports.inspection(of, reports.finding(of, message=f"{name} is shut", fix=fix)))
    shown = text.report(reports.report(*made), Page(100))
    assert "\n4 vaults: 1 warning in each\n  kv-a, kv-b, kv-c, kv-d\n" in shown
    assert "VAULT is shut\n" in shown
    assert "fix: netcfg apply VAULT --geography EU\n" in shown


def test_a_report_of_what_an_index_shows_says_so():
    seen = reports.inspection(replace(builders.vault(), is_indexed=True))
    shown = text.report(replace(reports.report(seen), selected=("2 subscriptions are visible",)), Page(200))
    lag = "which lags by seconds or minutes; --consistent reads Resource Manager's"
    assert shown.splitlines()[1:3] == [
        "2 subscriptions are visible",
        f"the state of 1 vault is Resource Graph's, {lag}",
    ]


def test_a_vault_with_very_many_findings_counts_the_least_bad_and_groups_what_is_waived():
    of = builders.vault()
    waiver = Waiver("foreign-rule", "one for each shop")
    found = [reports.finding(of, subject=f"191.10.1.{each}/32") for each in range(120)]
    shops = [reports.finding(of, subject=f"191.10.2.{each}/32", waived=waiver) for each in range(200)]
    shown = text.report(reports.report(reports.inspection(of, *found, *shops)), Page(100))
    assert shown.startswith("kv-payments in rg-payments · 120 warnings; 200 waived\n", shown.index("kv-payments in"))
    assert "  more     20 findings: --format json tells them all\n" in shown
    assert "191.10.2.0/32, 191.10.2.1/32, 191.10.2.2/32, 191.10.2.3/32, 191.10.2.4/32 and 195 more" in shown
    assert shown.count("one for each shop") == 1


def test_addresses_come_in_their_own_order():
    shown = text.report(mixed(), Page(200))
    assert shown.index("191.10.20.7/32") < shown.index("191.10.20.10/32")


@given(generated.reports())
@settings(max_examples=20)
def test_nothing_but_commands_and_single_words_is_wider_than_the_page(report):
    for shown in text.report(report, Page(80)).splitlines():
        words = shown.split()
        assert columns_of(shown) <= 80 or "fix" in shown or len(words) <= 2 or max(map(columns_of, words)) > 24


@given(generated.reports())
@settings(max_examples=20)
def test_colour_says_nothing_that_the_words_do_not(report):
    assert ANSI.sub("", text.report(report, Page(80, colour=True))) == text.report(report, Page(80))


@given(generated.reports())
@settings(max_examples=20)
def test_nobody_is_told_that_a_report_is_compliant_which_is_not(report):
    is_compliant = findings.is_compliant(report)
    assert last_line(report).startswith("compliant") is is_compliant
    assert not (is_compliant and report.status)


def test_the_table_of_a_fleet_adds_up_to_the_summary():
    names = [f"kv-{each}" for each in range(6)]
    made = [
        reports.inspection(
            builders.vault(name),
            reports.finding(builders.vault(name), severity=Severity.ERROR if name == "kv-0" else Severity.WARNING),
        )
        for name in names
    ]
    lines = text.report(reports.report(*made), Page(100)).splitlines()
    table = lines[lines.index("all together") + 1 :][:3]
    assert table == [
        "x error    foreign-rule  1 finding in 1 vault", "! warning  foreign-rule  5 findings in 5 vaults", "",
    ]  # fmt: skip
    assert lines[-2] == "6 vaults: 1 error, 5 warnings"

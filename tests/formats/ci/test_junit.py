"""JUnit's XML as the task that publishes it reads it, whatever names are in it."""

from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings

from netcfg.core.checks.register import OF_VAULTS
from netcfg.core.findings import Severity
from netcfg.formats.ci import junit
from tests.formats import builders, generated, reports

NUMBERS = {"tests", "failures", "errors", "skipped"}
ENDINGS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def suite(document: str) -> Element:
    """The one suite of a document that is built as https://github.com/jenkinsci/xunit-plugin's schema of JUnit says,
    and of which the task drops nothing."""
    assert document.startswith('<?xml version="1.0" encoding="utf-8"?>\n')
    root = ElementTree.fromstring(document.encode())  # noqa: S314 (we wrote it)
    assert (root.tag, len(root)) == ("testsuites", 1)
    found = root[0]
    assert (found.tag, found.attrib) == ("testsuite", root.attrib)
    assert set(found.attrib) == NUMBERS | {"name", "time"}
    counts = dict.fromkeys(NUMBERS, 0) | {"tests": len(found)}
    for case in found:
        assert case.tag == "testcase"
        assert set(case.attrib) == {"name", "classname", "time"}
        assert case.attrib["name"].strip()
        assert case.attrib["classname"].strip()
        ending = [each.tag for each in case if each.tag in ENDINGS]
        assert len(ending) <= 1
        assert [each.tag for each in case if each.tag not in ENDINGS] in ([], ["system-out"])
        for each in ending:
            counts[ENDINGS[each]] += 1
    assert {name: int(found.attrib[name]) for name in NUMBERS} == counts
    return found


def outcome(document: str, name: str) -> Element:
    case = next(each for each in suite(document) if each.attrib["name"] == name)
    return next(iter(case), Element("passed"))


def one(*findings, fail_on=Severity.ERROR) -> str:
    return "".join(junit.report(reports.report(reports.inspection(builders.vault(), *findings), fail_on=fail_on)))


def test_a_report(kept):
    found = suite("".join(junit.report(reports.drifted())))
    told = [each for each in found if len(each)]
    assert "\n".join(ElementTree.tostring(each, "unicode").rstrip() for each in told) == kept


def test_a_green_run_shows_every_rule_that_was_looked_at():
    found = suite("".join(junit.report(reports.clean())))
    assert found.attrib["name"] == "netcfg check"
    names = [each.attrib["name"] for each in found if not len(each)]
    assert len(names) == len(found) == len(OF_VAULTS)
    assert set(names) == {
        f"{'the run' if each.is_general else 'kv-payments'}: {each.id}" for each in OF_VAULTS.values()
    }
    assert "kv-payments: default-action-allow" in names
    assert "the run: expired-waiver" in names


def test_what_fails_the_check_fails():
    of = builders.vault()
    document = one(
        reports.finding(of, "foreign-rule", Severity.ERROR, "191.10.20.7/32", "7 is nobody's", "mend 7"),
        reports.finding(of, "foreign-rule", Severity.ERROR, "191.10.20.9/32", "9 is nobody's", "", where=None),
    )
    failure = outcome(document, "kv-payments: foreign-rule")
    assert (failure.tag, failure.attrib) == ("failure", {"message": "7 is nobody's (and 1 more)", "type": "error"})
    assert failure.text == (
        "error 191.10.20.7/32: 7 is nobody's\n  fix: mend 7\n  at netcfg.yaml:7\nerror 191.10.20.9/32: 9 is nobody's"
    )


def test_what_does_not_fail_the_check_passes_and_is_told_all_the_same():
    of = builders.vault()
    passed = outcome(one(reports.finding(of)), "kv-payments: foreign-rule")
    assert passed.tag == "system-out"
    assert (passed.text or "").startswith("warning 191.10.20.7/32: 191.10.20.7/32 is nobody's")
    assert outcome(one(reports.finding(of), fail_on=Severity.WARNING), "kv-payments: foreign-rule").tag == "failure"
    assert outcome(one(reports.finding(of), fail_on=None), "kv-payments: foreign-rule").tag == "system-out"


def test_what_is_waived_is_skipped_with_the_reason():
    of = builders.vault()
    waived = next(each for each in reports.drifted().findings if each.waived)
    skipped = outcome(one(waived), "kv-payments: foreign-rule")
    assert (skipped.tag, skipped.attrib["message"]) == (
        "skipped",
        "191.10.19.7/32 is waived: partner link, until 2027-03-01",
    )
    both = one(waived, reports.finding(of, severity=Severity.ERROR))
    assert outcome(both, "kv-payments: foreign-rule").tag == "failure"


def test_a_vault_that_could_not_be_read_is_an_error_and_never_passes():
    lost = (builders.unread("kv-legacy", "you may not read this vault"), builders.unread("kv-legacy", "nor its rules"))
    found = suite("".join(junit.report(reports.report(undetermined=lost))))
    assert [(each.attrib["name"], each[0].tag, each[0].attrib["message"]) for each in found] == [
        ("kv-legacy: can be read", "error", "nor its rules (and 1 more)")
    ]


def test_in_a_vault_that_is_not_wholly_known_nothing_passes():
    of = builders.vault()
    waived = next(each for each in reports.drifted().findings if each.waived)
    found = (
        reports.finding(of, "default-action-allow", Severity.ERROR, "default action"),
        reports.finding(of, "redundant-rule", Severity.NOTE, "191.10.20.8/32"),
        waived,
    )
    doubt = builders.unread("KV-Payments", "whether a perimeter holds kv-payments could not be read")
    document = "".join(junit.report(reports.report(reports.inspection(of, *found), undetermined=(doubt,))))
    of_the_vault = [each for each in suite(document) if each.attrib["classname"] == "kv-payments"]
    assert {each[0].tag for each in of_the_vault} == {"failure", "skipped"}
    assert outcome(document, "kv-payments: default-action-allow").tag == "failure"
    reason = "not known: whether a perimeter holds kv-payments could not be read"
    quiet = outcome(document, "kv-payments: published-range-missing")
    assert (quiet.tag, quiet.attrib["message"]) == ("skipped", reason)
    assert outcome(document, "kv-payments: redundant-rule").attrib["message"] == reason
    note = next(each for each in of_the_vault if each.attrib["name"] == "kv-payments: redundant-rule")
    assert (note[1].tag, (note[1].text or "")[:20]) == ("system-out", "note 191.10.20.8/32:")
    lived_with = outcome(document, "kv-payments: foreign-rule")
    assert lived_with.text == f"{reason}\n191.10.19.7/32 is waived: partner link, until 2027-03-01"


def test_what_is_not_known_of_one_vault_says_nothing_of_another():
    document = "".join(junit.report(replace(reports.clean(), undetermined=(builders.unread("kv-legacy", "no"),))))
    assert outcome(document, "kv-payments: foreign-rule").tag == "passed"


def test_what_is_about_no_vault_is_a_test_in_general():
    failure = outcome("".join(junit.report(reports.drifted())), "the run: expired-waiver")
    assert failure.tag == "failure"


@pytest.mark.parametrize("name", generated.HOSTILE)
def test_a_report_is_well_formed_whatever_names_are_in_it(name: str):
    found = suite("".join(junit.report(reports.hostile(name))))
    # The vault of that name is among the unread ones too, so nothing in it passes; a slash makes it another name.
    skipped = set() if "/" in name else {"skipped"}
    assert {each.tag for case in found for each in case} == {"failure", "error", "system-out", *skipped}


@given(generated.reports())
@settings(max_examples=25)
def test_any_report_is_well_formed_and_fails_as_the_status_says(report):
    found = suite("".join(junit.report(report)))
    assert (found.attrib["failures"] != "0") is report.fails
    assert (found.attrib["errors"] != "0") is bool(report.undetermined)


def test_a_name_that_xml_cannot_hold_can_be_read():
    of = builders.vault()
    failure = outcome(
        one(reports.finding(of, severity=Severity.ERROR, message="a\x00b\x08\ufffe\ud800 <&\"'> ]]> ö")),
        "kv-payments: foreign-rule",
    )
    assert failure.attrib["message"] == "a\\x00b\\x08\\ufffe\\ud800 <&\"'> ]]> ö"


def test_no_two_tests_have_the_same_name():
    names = [each.attrib["name"] for each in suite("".join(junit.report(reports.drifted())))]
    assert len(set(names)) == len(names)


def test_a_fleet_stays_within_what_a_pipeline_publishes():
    document = "".join(junit.report(reports.many(400, 1)))
    assert len(document) < 1_600_000
    general = sum(each.is_general for each in OF_VAULTS.values())
    assert len(suite(document)) == general + 400 * (len(OF_VAULTS) - general)

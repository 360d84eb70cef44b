"""The document of a report is what its schema describes, and holds every finding in full."""

import json as parser
from dataclasses import replace

import pytest
from hypothesis import given, settings

from netcfg.core.findings import Severity
from netcfg.formats import json
from tests.formats import builders, generated, reports
from tests.formats.test_json import conform


@pytest.mark.parametrize("made", [reports.clean, reports.drifted])
def test_a_report(made, kept):
    document = "".join(json.report(made()))
    conform(document, "report")
    assert document == kept


def test_the_example_of_the_contract_conforms():
    whole = parser.loads("".join(json.report(reports.clean())))
    finding = {
        "rule": "published-range-missing",
        "severity": "error",
        "vault": "…",
        "subject": "40.74.28.0/23",
        "message": "…",
        "fix": "netcfg apply …",
        "location": None,
        "waived": None,
    }
    conform(parser.dumps(whole | {"findings": [finding], "undetermined": [{"vault": "…", "reason": "…"}]}), "report")


@given(generated.reports())
@settings(max_examples=30)
def test_any_report_conforms(report):
    found = conform("".join(json.report(report)), "report")
    assert len(found["findings"]) == len(report.findings)
    assert found["summary"]["status"] == report.status


@pytest.mark.parametrize("name", generated.HOSTILE)
def test_a_name_arrives_as_it_was(name: str):
    found = conform("".join(json.report(reports.hostile(name))), "report")
    told = found["findings"][0]
    assert (told["subject"], told["message"], told["fix"], told["location"]["file"]) == (name, name, name, name)
    assert found["undetermined"] == [{"vault": name, "reason": name}]


def test_a_waived_finding_is_there_with_its_reason_and_not_counted():
    found = conform("".join(json.report(reports.drifted())), "report")
    waived = [each["waived"] for each in found["findings"] if each["waived"]]
    assert waived == [{"reason": "partner link", "until": "2027-03-01"}]
    assert found["summary"] == {
        "vaults": 1,
        "findings": {"error": 2, "warning": 1, "note": 1},
        "waived": 1,
        "undetermined": 1,
        "failOn": "error",
        "fails": True,
        "compliant": False,
        "status": 7,
    }


def test_never_failing_makes_nothing_compliant():
    of = builders.vault()
    broken = reports.inspection(of, reports.finding(of, severity=Severity.ERROR))
    summary = parser.loads("".join(json.report(reports.report(broken, fail_on=None))))["summary"]
    assert (summary["failOn"], summary["fails"], summary["compliant"], summary["status"]) == ("never", False, False, 0)


@given(generated.reports())
@settings(max_examples=20)
def test_the_order_in_which_things_come_changes_nothing(report):
    turned = replace(
        report,
        inspections=tuple(replace(each, findings=each.findings[::-1]) for each in reversed(report.inspections)),
        general=report.general[::-1],
        undetermined=report.undetermined[::-1],
    )
    if len({each.name.lower() for each in report.organizations}) == len(report.organizations):
        turned = replace(turned, organizations=report.organizations[::-1])
    assert "".join(json.report(turned)) == "".join(json.report(report))

"""Issues in Azure Pipelines: the agent finds exactly those commands that we meant, whatever a name holds."""

from unicodedata import category

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netcfg.core.findings import Severity
from netcfg.core.outcome import Ending
from netcfg.core.target import Location
from netcfg.formats import harmless
from netcfg.formats.ci import azure_pipelines
from netcfg.formats.ci.annotations import Annotation, annotations_of
from tests.formats import builders, generated, reports
from tests.formats.ci import runners
from tests.formats.ci.runners import Command


def test_a_report_is_issues_with_the_line_that_chose_the_vault():
    assert azure_pipelines.report(reports.drifted()) == (
        "##vso[task.logissue type=error;code=undetermined]undetermined: kv-secret: whether it is compliant is not "
        "known: the sign-in may not read kv-secret; assign Reader on it\n"
        "##vso[task.logissue type=error;sourcepath=netcfg.yaml;linenumber=21;columnnumber=1;code=expired-waiver]the "
        "waiver of redundant-rule of kv-orders ended on 2026-06-30: remove it, or say how long it holds now; to mend "
        "it: netcfg check --explain expired-waiver\n"
        "##vso[task.logissue type=error;sourcepath=netcfg.yaml;linenumber=7;columnnumber=1;"
        "code=published-range-partly-covered]kv-payments: Azure DevOps comes from 40.74.28.0/23 (Europe, westeurope), "
        "and 40.74.28.17/32 lets in a part of it only; to mend it: netcfg apply kv-payments --organization contoso\n"
        "##vso[task.logissue type=warning;sourcepath=netcfg.yaml;linenumber=7;columnnumber=1;code=foreign-rule]"
        "kv-payments: 191.10.20.7/32 is nobody's that is known: neither published nor declared; to mend it: netcfg "
        "apply kv-payments --organization contoso --remove 191.10.20.7/32\n"
        "note: editions-disagree: kv-payments: 2 ranges for Europe are in the service tag alone; to mend it: netcfg x\n"
        "2 vaults: 2 errors, 1 warning, 1 note; 1 waived\n"
        "NOT compliant: 2 findings at or above error, 1 vault undetermined (status 7)\n"
    )


def test_nothing_found_is_no_command():
    assert azure_pipelines.report(reports.clean()) == "1 vault: nothing found\ncompliant (status 0)\n"


def test_the_file_is_named_from_the_root_of_the_repository():
    found = runners.azure_pipelines(azure_pipelines.report(reports.drifted(), "infra/vaults/"))
    assert [each.values.get("sourcepath") for each in found] == [None, *["infra/vaults/netcfg.yaml"] * 3]


@pytest.mark.parametrize(
    ("file", "base", "named"),
    [
        ("netcfg.yaml", "", "netcfg.yaml"),
        ("../shared/netcfg.yaml", "infra/", "shared/netcfg.yaml"),
        ("./a.yaml", "infra", "infra/a.yaml"),
        ("/etc/netcfg.yaml", "infra/", "/etc/netcfg.yaml"),
        ("a];b=%0A.yaml", "", "a];b=%0A.yaml"),
    ],
)
def test_a_file_is_named_as_it_lies(file: str, base: str, named: str):
    annotated = azure_pipelines.annotate([Annotation(Severity.ERROR, "x", "y", Location(file, 3))], base)
    values = {"type": "error", "sourcepath": named, "linenumber": "3", "columnnumber": "1", "code": "x"}
    assert runners.azure_pipelines(annotated) == [Command("task.logissue", values, "y")]


def test_a_note_is_no_issue():
    assert azure_pipelines.annotate([Annotation(Severity.NOTE, "x", "y")]) == ""


def issues(number: int, severity: Severity) -> list[Command]:
    of = builders.vault()
    found = (reports.finding(of, severity=severity, subject=f"191.10.20.{each}/32") for each in range(number))
    return runners.azure_pipelines(azure_pipelines.report(reports.report(reports.inspection(of, *found))))


@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.WARNING])
def test_ten_of_a_kind_are_all_shown(severity: Severity):
    assert len(issues(10, severity)) == 10
    assert {each.values["code"] for each in issues(10, severity)} == {"foreign-rule"}


@pytest.mark.parametrize(("number", "more"), [(11, "2 more errors"), (1_000, "991 more errors")])
def test_of_more_than_ten_the_last_one_counts_the_rest(number: int, more: str):
    *nine, last = issues(number, Severity.ERROR)
    assert {each.values["code"] for each in nine} == {"foreign-rule"}
    assert len(nine) == 9
    assert last == Command(
        "task.logissue", {"type": "error", "code": "netcfg"}, f"netcfg: {more}: see the whole report"
    )


def test_what_is_waived_is_counted_and_not_annotated():
    output = azure_pipelines.report(reports.drifted())
    assert "191.10.19.7/32" not in output
    assert "1 waived" in output


def test_a_plan_that_is_refused_names_the_guard_and_how_to_accept_it():
    found = runners.azure_pipelines(azure_pipelines.annotate(annotations_of(builders.refused())))
    assert [each.values for each in found] == [
        {"type": "error", "code": "default-deny"},
        {"type": "error", "code": "service-endpoint"},
    ]
    assert found[0].message == (
        "default-deny: kv-payments: refused: the default action turns from Allow to Deny: every caller whom no rule "
        "names will be cut off; accept with --accept default-deny"
    )


def test_a_plan_that_may_be_applied_has_nothing_to_annotate():
    assert annotations_of(builders.opened()) == []
    assert annotations_of(builders.unchanged()) == []


def test_a_vault_that_cannot_be_read_is_an_error_of_a_plan():
    rules = [(each.rule, each.message.split(":")[0]) for each in annotations_of(builders.several())]
    assert rules[-1] == ("undetermined", "kv-legacy")
    assert ("default-deny", "kv-orders") in rules


def test_what_failed_is_an_error_of_a_result():
    result = builders.applied(
        builders.several(), Ending.REFUSED, Ending.STALE, Ending.FAILED, error="Azure is busy; try again later"
    )
    assert [(each.rule, each.message) for each in annotations_of(result) if each.rule in ("stale", "failed")] == [
        ("failed", "kv-audit: FAILED: nothing was written: Azure is busy; try again later"),
        ("stale", "kv-payments: STALE: nothing was written: Azure is busy; try again later"),
    ]


def test_a_result_that_is_done_has_nothing_to_annotate():
    assert annotations_of(builders.applied(builders.opened(), Ending.DONE)) == []


@pytest.mark.parametrize("name", generated.HOSTILE)
def test_no_name_adds_a_command_or_spoils_one(name: str):
    check(name)


@given(generated.hostile)
@settings(max_examples=100)
def test_no_generated_name_does_either(name: str):
    check(name)


def check(name: str):
    output = azure_pipelines.report(reports.hostile(name))
    assert {each for each in output if category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")} <= {"\n"}
    found = runners.azure_pipelines(output)
    assert [each.name for each in found] == ["task.logissue"] * 4
    assert [each.values["type"] for each in found] == ["error", "error", "error", "warning"]
    assert [each.values["code"] for each in found] == ["undetermined", *["foreign-rule"] * 3]
    assert [each.values.get("linenumber") for each in found] == [None, "3", "3", "3"]
    shown = runners.seen(harmless.line(name))
    assert all(shown in each.message for each in found)
    for planned in (builders.hostile(name), builders.applied(builders.hostile(name), Ending.FAILED, error=name)):
        annotated = annotations_of(planned)
        assert annotated
        found = runners.azure_pipelines(azure_pipelines.annotate(annotated))
        assert [(each.name, each.values["code"]) for each in found] == [
            ("task.logissue", each.rule) for each in annotated
        ]


@given(st.text(), st.text())
@example("100%AZP25%3B];\n=", "100%AZP25%0A]; ##vso[x]\r")
def test_the_agent_reads_what_we_wrote(value: str, message: str):
    line = azure_pipelines.command("a.b", message, key=value).removesuffix("\n")
    read = runners.logging_command(line)
    assert read == Command("a.b", {"key": value}, message)

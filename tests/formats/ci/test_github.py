"""Annotations on GitHub: the runner finds exactly those commands that we meant, whatever a name holds."""

from unicodedata import category

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netcfg.core.findings import Severity
from netcfg.core.outcome import Ending
from netcfg.core.target import Location
from netcfg.formats import harmless
from netcfg.formats.ci import github
from netcfg.formats.ci.annotations import Annotation, annotations_of
from tests.formats import builders, generated, reports
from tests.formats.ci import runners
from tests.formats.ci.runners import Command


def test_a_report_is_annotations_of_three_kinds():
    assert github.report(reports.drifted(), "infra/") == (
        "::error title=undetermined::kv-secret: whether it is compliant is not known: the sign-in may not read "
        "kv-secret; assign Reader on it\n"
        "::error file=infra/netcfg.yaml,line=21,title=expired-waiver::the waiver of redundant-rule of kv-orders ended "
        "on 2026-06-30: remove it, or say how long it holds now; to mend it: netcfg check --explain expired-waiver\n"
        "::error file=infra/netcfg.yaml,line=7,title=published-range-partly-covered::kv-payments: Azure DevOps comes "
        "from 40.74.28.0/23 (Europe, westeurope), and 40.74.28.17/32 lets in a part of it only; to mend it: netcfg "
        "apply kv-payments --organization contoso\n"
        "::warning file=infra/netcfg.yaml,line=7,title=foreign-rule::kv-payments: 191.10.20.7/32 is nobody's that is "
        "known: neither published nor declared; to mend it: netcfg apply kv-payments --organization contoso --remove "
        "191.10.20.7/32\n"
        "::notice file=infra/netcfg.yaml,line=7,title=editions-disagree::kv-payments: 2 ranges for Europe are in the "
        "service tag alone; to mend it: netcfg x\n"
        "2 vaults: 2 errors, 1 warning, 1 note; 1 waived\n"
        "NOT compliant: 2 findings at or above error, 1 vault undetermined (status 7)\n"
    )


def test_nothing_found_is_no_command():
    assert github.report(reports.clean()) == "1 vault: nothing found\ncompliant (status 0)\n"


@pytest.mark.parametrize("kind", ["error", "warning", "notice"])
def test_of_more_than_ten_of_a_kind_the_last_one_counts_the_rest(kind: str):
    severity = {"error": Severity.ERROR, "warning": Severity.WARNING, "notice": Severity.NOTE}[kind]
    of = builders.vault()
    found = [reports.finding(of, severity=severity, subject=f"191.10.20.{each}/32") for each in range(12)]
    *nine, last = runners.github(github.report(reports.report(reports.inspection(of, *found))))
    assert [each.name for each in nine] == [kind] * 9
    assert last.name == kind
    assert last.message == f"3 more {severity.value}s: see the whole report"


def test_kinds_are_counted_apart():
    of = builders.vault()
    every = [reports.finding(of, severity=each, subject=str(number)) for each in Severity for number in range(10)]
    found = runners.github(github.report(reports.report(reports.inspection(of, *every))))
    assert [each.name for each in found] == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10


@pytest.mark.parametrize("name", generated.HOSTILE)
def test_no_name_adds_a_command_or_spoils_one(name: str):
    check(name)


@given(generated.hostile)
@settings(max_examples=100)
def test_no_generated_name_does_either(name: str):
    check(name)


def check(name: str):
    output = github.report(reports.hostile(name))
    assert {each for each in output if category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")} <= {"\n"}
    found = runners.github(output)
    assert [each.name for each in found] == ["error", "error", "error", "warning"]
    assert [each.values["title"] for each in found] == ["undetermined", *["foreign-rule"] * 3]
    assert [each.values.get("line") for each in found] == [None, "3", "3", "3"]
    shown = runners.seen(harmless.line(name)).strip()
    assert all(shown in each.message for each in found)
    for planned in (builders.hostile(name), builders.applied(builders.hostile(name), Ending.FAILED, error=name)):
        annotated = annotations_of(planned)
        found = runners.github(github.annotate(annotated))
        assert [(each.name, each.values["title"]) for each in found] == [("error", each.rule) for each in annotated]


# No control characters: they are shown by name before anything is escaped.
visible = st.text(st.characters(exclude_categories=["C", "Z", "M"]) | st.sampled_from(" %:,]=")).filter(
    lambda text: text == text.strip()
)


@given(visible, visible)
@example("100%25,%3A=a:b,c.yaml", "100%25%0A::error::x, y: z")
def test_the_runner_reads_what_we_wrote(file: str, message: str):
    where = Location(f"x{file}".replace("/", ""), 3)
    (read,) = runners.github(github.annotate([Annotation(Severity.ERROR, "rule", f"m{message}", where)]))
    values = {"file": harmless.line(where.file), "line": "3", "title": "rule"}
    assert read == Command("error", values, harmless.line(f"m{message}"))

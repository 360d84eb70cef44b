"""No name starts a command in a runner or speaks to a terminal, in any format."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from unicodedata import category

import pytest
from hypothesis import given, settings

from netcfg.core.geography import Region
from netcfg.core.outcome import Ending
from netcfg.core.plan import PlanSet
from netcfg.formats import cidr, csv, harmless, json, markdown, text
from netcfg.formats.ci import junit, sarif
from netcfg.formats.page import Page
from tests.formats import builders, generated, reports


def ranges(name: str):
    resolution = builders.resolution()
    return replace(resolution, wanted=(replace(resolution.wanted[0], region=Region(name, builders.EUROPE)),))


def result(name: str):
    return builders.applied(builders.hostile(name), Ending.FAILED, error=name)


FORMATS: dict[str, Callable[[str], str]] = {
    "text.plan": lambda name: text.plan(builders.hostile(name), Page(80)),
    "text.plan, narrow": lambda name: text.plan(builders.hostile(name), Page(1)),
    "text.result": lambda name: text.result(result(name), Page(80)),
    "text.geography": lambda name: text.geography(builders.hostile(name).organizations, Page(80)),
    "text.ranges": lambda name: text.ranges(ranges(name), Page(80)),
    "json.plan": lambda name: "".join(json.plan(builders.hostile(name))),
    "json.result": lambda name: "".join(json.result(result(name))),
    "json.geography": lambda name: json.geography(builders.hostile(name).organizations),
    "json.ranges": lambda name: json.ranges(ranges(name)),
    "markdown.plan": lambda name: markdown.plan(builders.hostile(name)),
    "markdown.result": lambda name: markdown.result(result(name)),
    "text.report": lambda name: text.report(reports.hostile(name), Page(80)),
    "text.report, narrow": lambda name: text.report(reports.hostile(name), Page(1)),
    "json.report": lambda name: "".join(json.report(reports.hostile(name))),
    "markdown.report": lambda name: markdown.report(reports.hostile(name)),
    "sarif.report": lambda name: sarif.report(reports.hostile(name), name),
    "junit.report": lambda name: "".join(junit.report(reports.hostile(name))),
    "csv.ranges": lambda name: csv.ranges(ranges(name)),
    "cidr.ranges": lambda name: cidr.ranges(ranges(name)),
}


def commands(output: str) -> list[str]:
    """The lines that a runner obeys: `##vso[` and `##[` anywhere, `::` where a line begins."""
    # A runner may compare by culture, and then skips what has no shape.
    lines = ["".join(each for each in line if category(each) not in ("Cf", "Mn")) for line in output.splitlines()]
    return [line for line in lines if "##vso" in line.lower() or "##[" in line or line.strip().startswith("::")]


@pytest.mark.parametrize("name", generated.HOSTILE)
@pytest.mark.parametrize("render", FORMATS.values(), ids=FORMATS)
def test_no_name_starts_a_command_or_speaks_to_a_terminal(render, name: str):
    output = render(name)
    assert commands(output) == []
    assert {each for each in output if category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")} <= {"\n"}
    assert output.encode()


@given(generated.hostile)
@settings(max_examples=40)
def test_no_generated_name_does_either(name: str):
    for render in FORMATS.values():
        assert commands(render(name)) == []


def test_the_test_would_see_a_command():
    assert commands("a ##vso[x]y\n  ::error::x\n#\u200b#[error]z\nok") == ["a ##vso[x]y", "  ::error::x", "##[error]z"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("kv-payments", "kv-payments"),
        ("Köln (東京)", "Köln (東京)"),
        ("##vso[x]", r"#\#vso[x]"),
        ("####", r"#\#\#\#"),
        ("# #1", "# #1"),
        ("::error::x", r":\:error::x"),
        ("a ::error::x", r"a :\:error::x"),
        ("2001:db8::1", "2001:db8::1"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u00adb", r"a\xadb"),
    ],
)
def test_what_is_broken_can_be_seen(name: str, shown: str):
    assert harmless.line(name) == shown


@given(generated.plan_sets())
@settings(max_examples=30)
def test_the_order_in_which_things_come_changes_nothing(plans: PlanSet):
    turned = replace(
        plans,
        organizations=tuple(reversed(plans.organizations))
        if len({o.name for o in plans.organizations}) > 1
        else plans.organizations,
        plans=tuple(reversed(plans.plans)),
        undetermined=tuple(reversed(plans.undetermined)),
    )
    for render in (lambda given: "".join(json.plan(given)), markdown.plan, lambda given: text.plan(given, Page(80))):
        assert render(turned) == render(plans)


@pytest.mark.parametrize("name", ["text", "json", "markdown", "csv", "cidr", "ci.sarif", "ci.junit"])
def test_no_format_waits_for_a_library(name: str):
    code = f"import sys, netcfg.formats.{name}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {each.split(".")[0] for each in loaded} & {"rich", "typer", "azure", "requests"} == set()

"""A report in Markdown, as a parser that is not ours reads it, whatever names are in it and however long it is."""

import re

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from netcfg.core.report import Report
from netcfg.formats import markdown
from tests.formats import builders, generated, reports
from tests.formats.report.test_text import mixed
from tests.formats.test_markdown import outline

PARSER = MarkdownIt("gfm-like", {"linkify": False})


@pytest.mark.parametrize("made", [reports.clean, reports.drifted, mixed])
def test_a_report(made, kept):
    assert markdown.report(made()) == kept


def test_findings_beyond_ten_are_folded_with_their_command(kept):
    assert markdown.report(reports.many(1, 12)) == kept


def test_the_first_line_is_the_answer():
    first = markdown.report(reports.drifted()).splitlines()[0]
    assert first == "## netcfg check: NOT compliant: 2 findings at or above error, 1 vault undetermined (status 7)"


@pytest.mark.parametrize("name", [each for each in generated.HOSTILE if each.strip()])
def test_no_name_changes_the_outline(name: str):
    assert outline(markdown.report(reports.hostile(name))) == outline(markdown.report(reports.hostile("kv name")))


@given(generated.reports())
@settings(max_examples=20)
def test_nothing_in_any_report_is_html_a_link_or_a_picture(report):
    found = [each for block in PARSER.parse(markdown.report(report)) for each in (block, *(block.children or []))]
    assert not {"link_open", "image", "html_inline"} & {each.type for each in found}
    folds = {each.content for each in found if each.type == "html_block"}
    fold = re.compile(r"<details><summary>\d+ (more|waived)</summary>\n|</details>\n")
    assert [each for each in folds if not fold.fullmatch(each)] == []


@pytest.fixture(scope="module")
def fleet() -> Report:
    return reports.many(1000, 10)


@pytest.mark.parametrize("limit", [1_000, 2_000, 65_536, 1_048_576])
def test_a_page_that_takes_only_so_much_tells_whole_vaults_and_how_many_are_left_out(fleet: Report, limit: int):
    shown = markdown.report(fleet, limit)
    told = shown.count("\n### `kv-")
    assert len(shown.encode()) <= limit
    assert shown.endswith(
        f"\nLeft out, as this page takes no more: {1000 - told:,} vaults. "
        "`netcfg check --format json` tells everything.\n"
    )
    assert shown.count("<details>") == shown.count("</details>") == 0
    assert shown.startswith("## netcfg check: compliant: nothing at or above error (status 0)\n")


def test_nothing_is_left_out_where_there_is_room():
    whole = markdown.report(reports.drifted())
    assert markdown.report(reports.drifted(), len(whole.encode())) == whole
    assert "Left out" in markdown.report(reports.drifted(), len(whole.encode()) - 1)


def test_the_worst_vaults_are_those_that_are_told():
    shown = markdown.report(mixed(), len(markdown.report(mixed()).encode()) - 1)
    assert "### `kv-open`" in shown
    assert "### `kv-dusty`" not in shown


def test_what_is_undetermined_is_told_before_any_vault():
    shown = markdown.report(reports.drifted())
    assert shown.index("kv-secret") < shown.index("### `kv-payments`")


def test_an_unread_vault_alone(kept):
    lost = (builders.unread("kv-legacy", "you may not read this vault"),)
    assert markdown.report(reports.report(undetermined=lost)) == kept

"""The words of the rules: on a terminal, and on the page of the documentation."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

from netcfg.config import configuration
from netcfg.core.checks.register import CHECKS, RULES
from netcfg.core.findings import Waiver
from netcfg.formats.page import Page
from netcfg.formats.report import explanation
from netcfg.sources import bundled

PAGE = Path(__file__).parents[3] / "docs" / "findings.md"


def test_the_page_is_what_the_program_says():
    """After a change of the words: netcfg check --explain all --format markdown > docs/findings.md"""
    assert PAGE.read_text("utf-8") == explanation.markdown(CHECKS.values())


def test_every_rule_has_its_heading_and_a_link_to_it():
    tokens = MarkdownIt("commonmark").enable("table").parse(PAGE.read_text("utf-8"))
    headings = [after.content for each, after in pairwise(tokens) if each.tag == "h2" and each.nesting == 1]
    assert headings == list(CHECKS)
    assert all(f"(#{each})" in PAGE.read_text("utf-8") for each in CHECKS)


def test_every_waiver_that_is_shown_is_one():
    for check in CHECKS.values():
        lines = explanation.waiver(check)
        if not lines:
            continue
        text = "\n".join(["organization: contoso", "vaults: [{name: kv-payments}]", *lines])
        (waiver,) = configuration.parse(text, "netcfg.yaml", bundled.atlas(), RULES).waivers
        assert isinstance(waiver, Waiver)
        assert (waiver.rule, waiver.subject) == (check.id, check.example)
        assert waiver.vault == ("*" if check.is_general else "kv-payments")


def test_the_words_are_wrapped_to_the_terminal():
    lines = explanation.text(CHECKS.values(), Page(72)).splitlines()
    assert max(len(each) for each in lines if not each.startswith("  ")) <= 72
    assert [each for each in lines if each.startswith("foreign-rule")] == ["foreign-rule · warning"]


def test_on_a_poor_terminal_the_words_are_ascii():
    assert explanation.text(CHECKS.values(), Page(72, ascii_only=True)).isascii()

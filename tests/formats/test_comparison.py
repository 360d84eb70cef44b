"""What changed between editions, as people and programs read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from ipaddress import IPv4Network

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from netcfg.core.comparison import Comparison, compare, single
from netcfg.core.geography import Region
from netcfg.core.ranges import Edition, Publisher, Range
from netcfg.formats import json, markdown, text
from netcfg.formats.page import Page
from netcfg.sources import bundled
from tests.formats import builders, generated
from tests.formats.test_harmless import commands
from tests.formats.test_json import conform, schema
from tests.strategies import catalogues

SPLIT = Comparison(
    Edition(
        Publisher.TABLE,
        date(2026, 2, 10),
        "",
        builders.ranges(builders.WESTEUROPE, "40.74.28.0/23")
        + builders.ranges(builders.NORTHEUROPE, "20.166.41.0/24")
        + builders.ranges(builders.SWEDEN, "20.91.148.128/25"),
    ),
    Edition(
        Publisher.TABLE,
        date(2026, 3, 1),
        "",
        builders.ranges(builders.WESTEUROPE, "40.74.28.0/24", "40.74.29.0/24", "20.166.41.0/24")
        + builders.ranges(builders.CANADAEAST, "20.91.148.128/25", "20.200.34.0/26"),
    ),
)


def compared(*names: str) -> tuple[Comparison, ...]:
    return compare(bundled.catalogue(), *(single(bundled.edition(each), each) for each in names))


def test_hong_kong_became_singapore():
    assert text.comparisons(compared("2021-06-09", "2023-03-27"), Page(80)) == (
        "table 2021-06-09 → table 2023-03-27\n"
        "\n"
        "Asia Pacific (APAC) 1 IPv4 range, 256 addresses\n"
        "- 20.189.107.0/24  eastasia (inferred)\n"
        "+ 20.195.68.0/24   southeastasia\n"
        "\n"
        "1 added, 1 removed, 0 moved to another region; 16 IPv4 ranges, 5,120 addresses\n"
    )


def test_ranges_that_were_split_and_moved():
    assert text.comparisons([SPLIT], Page(80)) == (
        "table 2026-02-10 → table 2026-03-01\n"
        "\n"
        "Canada (CA) 0 → 2 IPv4 ranges, 0 → 192 addresses\n"
        "~ 20.91.148.128/25  canadaeast (inferred)  was swedencentral of no geography\n"
        "+ 20.200.34.0/26    canadaeast (inferred)\n"
        "\n"
        "Europe (EU) 2 → 3 IPv4 ranges (+50.0 %), 768 addresses\n"
        "~ 20.166.41.0/24  westeurope  was northeurope\n"
        "- 40.74.28.0/23   westeurope  its addresses are still published, in other ranges\n"
        "+ 40.74.28.0/24   westeurope\n"
        "                  its addresses were published before, in other ranges\n"
        "+ 40.74.29.0/24   westeurope\n"
        "                  its addresses were published before, in other ranges\n"
        "\n"
        "no geography 1 → 0 IPv4 ranges (-100.0 %), 128 → 0 addresses (-100.0 %)\n"
        "\n"
        "3 added, 1 removed, 2 moved to another region; 3 → 5 IPv4 ranges (+66.7 %), 896\n"
        "→ 960 addresses (+7.1 %)\n"
    )


def test_the_table_against_the_tag_says_that_they_are_two():
    shown = text.comparisons(compared("2026-02-10", "2026-06-20"), Page(80))
    assert shown.startswith(
        "table 2026-02-10 → service tag 2026-06-20 (change 13)\n"
        "note: these are two publishers: + marks what only service tag 2026-06-20\n"
        "  (change 13) has, - what only table 2026-02-10 has\n"
        "\n"
        "Asia Pacific (APAC) 1 → 5 IPv4 ranges (+400.0 %), 256 → 550 addresses (+114.8\n"
        "  %), 0 → 4 IPv6 ranges\n"
    )


def test_the_way_back_and_nothing_at_all():
    assert "note: the second edition is the older one: this is the way back\n" in text.comparisons(
        compared("2023-03-27", "2021-06-09"), Page(80)
    )
    assert text.comparisons(compared("2024-01-02", "2026-02-10"), Page(80)) == (
        "table 2024-01-02 → table 2026-02-10\n\nnothing changed: 19 IPv4 ranges, 5,696 addresses\n"
    )


def test_the_last_editions_of_both_publishers(kept):
    assert text.comparisons(compared(), Page(100)) == kept


def test_markdown(kept):
    assert markdown.comparisons([SPLIT, *compared("2025-10-10", "2026-03-11")]) == kept


def test_markdown_is_read_as_a_table_and_a_diff():
    parsed = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown.comparisons([SPLIT]))
    assert [each.type for each in parsed].count("tr_open") == 4
    (block,) = [each for each in parsed if each.type == "fence"]
    assert block.info == "diff"
    assert {each[:2] for each in block.content.splitlines() if not each.startswith("#")} == {"+ ", "- ", "! "}


def test_a_document(kept):
    document = json.comparisons([SPLIT])
    conform(document, "ranges-diff")
    assert document == kept


@given(catalogues())
@settings(max_examples=15)
def test_any_comparison_conforms(known):
    assert len(conform(json.comparisons(compare(known)), "ranges-diff")["comparisons"]) == 2


@pytest.mark.parametrize("kind", ["ranges-diff", "address"])
def test_the_schemas_let_documents_grow_and_mean_the_same_by_the_same_word(kind: str):
    ours, others = schema(kind), schema("ranges")
    Draft202012Validator.check_schema(ours)
    assert "additionalProperties" not in str(ours)
    shared = ours["$defs"].keys() & others["$defs"].keys()
    assert {"region", "publisher", "inferred", "geographyId"} <= shared
    assert {name: ours["$defs"][name] for name in shared} == {name: others["$defs"][name] for name in shared}


@pytest.mark.parametrize("name", [each for each in generated.HOSTILE if each.isascii() or each.isprintable()])
def test_no_region_starts_a_command(name: str):
    odd = replace(SPLIT, new=replace(SPLIT.new, ranges=(Range(IPv4Network("40.74.28.0/23"), Region(name, None)),)))
    for shown in (text.comparisons([odd], Page(80)), markdown.comparisons([odd]), json.comparisons([odd])):
        assert commands(shown) == []
        assert shown.encode()

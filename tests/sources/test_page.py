import re
from datetime import date
from pathlib import Path

import pytest

from netcfg.core.errors import BadEdition, NetcfgError, NoInboundTable, SourceTooLong, UnmappedRegion
from netcfg.core.ranges import Edition
from netcfg.sources import bundled, page
from netcfg.sources.publication import Publication, render
from tests.sources.samples import ATLAS, PAGE, RANGES, RENDERED, SEEN, said, shared


def parse(text: str | bytes) -> Publication:
    content = text if isinstance(text, bytes) else text.encode()
    return page.parse(content, ATLAS, "page.md", SEEN)


def edition(text: str | bytes) -> Edition:
    return parse(text).edition


def inbound(*lines: str, heading: str = "### Inbound connections") -> str:
    return "\n".join([heading, "", *lines, "", "### Other IP addresses", ""])


def refused(text: str, error: type[NetcfgError] = BadEdition) -> str:
    with pytest.raises(error) as caught:
        parse(text)
    return str(caught.value)


HEAD = ("| Region | IP V4 ranges |", "|---|---|")
HEAD_3 = ("| Geography | Region | IP V4 ranges |", "|---|---|---|")


# --- the whole pages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", shared("pages", "*.md"))
def test_a_published_page_is_the_bundled_edition_to_the_byte(path: Path):
    found = parse(path.read_bytes())
    assert found.edition.day.isoformat() == path.stem.removeprefix("allow-list-")
    kept = bundled.data_folder() / "table" / f"{found.edition.day}.json"
    assert bundled.edition(str(kept)).editions == (found.edition,)
    assert render(found) == kept.read_text()


@pytest.mark.parametrize("text", [PAGE, RENDERED])
def test_both_forms_of_the_page_say_the_same(text):
    found = parse(text)
    assert said(found.edition) == RANGES
    assert [name for name, _ in found.names] == [
        "Australia East",
        "Australia South East",
        "Western Europe",
        "North Europe",
    ]
    assert found.edition.day == date(2026, 2, 10)
    assert found.edition.ipv6 == ()
    assert found.edition.change_number is None
    assert found.edition.source == (
        "Microsoft Learn, Allowed IP addresses and domain URLs (security/allow-list-ip-url), ms.date 02/10/2026"
    )


# --- layouts ------------------------------------------------------------------------------------------------------


def test_a_table_without_geographies():
    text = inbound(*HEAD, "| Western Europe | 40.74.28.0/23 |", "| Asia Pacific (Hong Kong) | 20.189.107.0/24 |")
    assert said(edition(text)) == [("20.189.107.0/24", "eastasia"), ("40.74.28.0/23", "westeurope")]


def test_a_page_with_the_line_ends_of_windows_and_a_byte_order_mark():
    assert said(edition(b"\xef\xbb\xbf" + PAGE.replace("\n", "\r\n").encode())) == RANGES
    assert edition(b"\xef\xbb\xbf" + PAGE.replace("\n", "\r\n").encode()).day == date(2026, 2, 10)


@pytest.mark.parametrize(
    "heading", ["# Inbound connections", "###### INBOUND  Connections ##", "_Inbound_ connections\n---"]
)
def test_the_heading_counts_by_its_text_and_not_by_its_level(heading):
    assert said(edition(PAGE.replace("### Inbound connections", heading))) == RANGES


@pytest.mark.parametrize("level", ["h1", "h6"])
def test_a_rendered_heading_counts_by_its_text_and_not_by_its_level(level):
    text = RENDERED.replace(
        '<h3 id="inbound-connections">Inbound connections</h3>',
        f'<{level}>Inbound <a href="#x">connections</a></{level}>',
    )
    assert said(edition(text)) == RANGES


def test_the_same_range_again_is_no_news():
    """As the page was in November 2023, MicrosoftDocs/azure-devops-docs#13822."""
    rows = ["| North Central US | 40.80.187.0/24 |", "| North US | 40.80.187.0/24 |", "| North US | 40.80.187.0/24 |"]
    found = parse(inbound(*HEAD, *rows))
    assert said(found.edition) == [("40.80.187.0/24", "northcentralus")]
    assert [name for name, _ in found.names] == ["North Central US"]


def test_moniker_fences_are_no_rows():
    text = PAGE.replace("> [!div", '::: moniker range="azure-devops"\n> [!div')
    text = text.replace("20.166.41.0/24 |\n", "20.166.41.0/24 |\n::: moniker-end\n")
    assert said(edition(text)) == RANGES
    fenced = ['::: moniker range="azure-devops"', *HEAD, "| North Europe | 20.166.41.0/24 |", "::: moniker-end"]
    assert said(edition(inbound(*fenced))) == [("20.166.41.0/24", "northeurope")]


def test_a_table_of_something_else_in_the_section_is_passed_over():
    text = inbound("| Port | Protocol |", "|---|---|", "| 443 | TCP |", "", *HEAD, "| North Europe | 20.166.41.0/24 |")
    assert said(edition(text)) == [("20.166.41.0/24", "northeurope")]


def test_cells_may_be_code_or_bold_and_columns_spelled_another_way():
    text = inbound("| **Region** | IPv4 Ranges |", "|:--|--:|", "| North  Europe | `20.166.41.0/24` |")
    assert said(edition(text)) == [("20.166.41.0/24", "northeurope")]


def test_html_may_leave_out_the_ends_of_rows_and_cells():
    text = re.sub("</t[rdh]>", "", RENDERED)
    assert said(edition(text)) == RANGES


def test_a_bare_address_may_be_a_range_whose_end_is_missing():
    message = refused(inbound(*HEAD, "| North Europe | 20.166.41.0 |"))
    assert message.endswith("'20.166.41.0' has no prefix; the end of it may be missing")


def test_a_page_that_ends_in_the_section_may_be_cut_off():
    for text in (PAGE[: PAGE.index("### Other")], RENDERED[: RENDERED.index("<h3>Other")]):
        assert "a part may be missing" in refused(text)


def test_an_empty_row_says_nothing():
    assert said(edition(inbound(*HEAD, "| | |", "| North Europe | 20.166.41.0/24 |"))) == [
        ("20.166.41.0/24", "northeurope")
    ]


# --- the day ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [PAGE.replace("ms.date", "ms.data"), RENDERED.replace("<meta", "<link")])
def test_a_page_without_a_day_has_the_day_it_was_seen(text):
    assert edition(text).day == SEEN
    assert edition(text).source.endswith("(security/allow-list-ip-url), as seen on that day")


@pytest.mark.parametrize("text", ["ms.date: '2/9/2026'", "ms.date:   2026-02-09  # checked"])
def test_the_day_in_other_spellings(text):
    assert edition(PAGE.replace("ms.date: 02/10/2026", text)).day == date(2026, 2, 9)


def test_the_day_of_a_rendered_page_that_only_says_when_it_was_built():
    found = edition(RENDERED.replace("ms.date", "ms.topic"))
    assert found.day == date(2026, 3, 1)
    assert found.source.endswith("updated_at 03/01/2026")


@pytest.mark.parametrize("text", ["soon", "13/45/2026", "2026-02-30", "", "02/10/20260"])
def test_a_day_that_is_none_is_quoted(text):
    assert refused(PAGE.replace("02/10/2026", text)) == (
        f"the edition page.md cannot be used: its ms.date is {text!r}, where a day like 02/10/2026 was expected"
    )


def test_a_day_in_the_text_is_not_the_pages_own():
    assert edition("\n" + PAGE).day == SEEN


# --- only the inbound table ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [PAGE, RENDERED])
def test_a_page_without_an_inbound_heading_says_so(text):
    message = refused(text.replace("Inbound connections<", "Addresses<").replace("# Inbound", "# Some"), NoInboundTable)
    assert message == (
        "page.md has no inbound table: one with the columns Region and IP V4 ranges was expected under a heading "
        "'Inbound connections'; look at the page, its layout may have changed"
    )


@pytest.mark.parametrize("text", [PAGE, RENDERED])
def test_columns_that_changed_are_quoted(text):
    message = refused(text.replace("IP V4 ranges", "Service tag"), NoInboundTable)
    assert "where there is 'Geography | Region | Service tag'; look at the page" in message


@pytest.mark.parametrize(
    "heading", ["# Anything", "#### [IP V4 ranges](#tab/IP-V4)", "Anything\n===", "<h4>Any</h4>\n"]
)
def test_any_heading_ends_the_section(heading):
    refused(inbound(heading, "", *HEAD, "| North Europe | 20.166.41.0/24 |"), NoInboundTable)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "52.108.0.0/14",
        "<html><body>Sign in</body></html>",
        '{"values": []}',
        inbound("```", *HEAD, "| North Europe | 20.166.41.0/24 |", "```"),
        inbound("<!--", *HEAD, "| North Europe | 20.166.41.0/24 |", "-->"),
        inbound("[!INCLUDE [inbound](includes/inbound.md)]"),
    ],
)
def test_what_is_no_inbound_table_is_not_taken_for_one(text):
    refused(text, NoInboundTable)


def test_two_inbound_tables_are_one_too_many():
    table = [*HEAD, "| North Europe | 20.166.41.0/24 |"]
    assert "it has 2 inbound tables" in refused(inbound(*table) + inbound(*table))


@pytest.mark.parametrize("breaks", [":::", "", "> :::"])
def test_a_row_that_a_break_cuts_off_is_not_lost(breaks):
    rows = ["| North Europe | 20.166.41.0/24 |", breaks, "| Western Europe | 40.74.28.0/23 |"]
    assert refused(inbound(*HEAD, *rows)) == (
        "the edition page.md cannot be used: the row '| Western Europe | 40.74.28.0/23 |' is outside the inbound table"
    )


def test_a_row_outside_the_block_quote_is_not_lost():
    text = PAGE.replace("\n\nThe **Azure", "\n| | West Europe | 20.1.2.0/24 |\n\nThe **Azure")
    assert "the row '| | West Europe | 20.1.2.0/24 |' is outside the inbound table" in refused(text)


def test_a_cell_too_many_is_not_lost():
    assert refused(inbound(*HEAD, "| North Europe | 20.166.41.0/24 | 20.1.2.0/24 |")) == (
        "the edition page.md cannot be used: the row '| North Europe | 20.166.41.0/24 | 20.1.2.0/24 |' "
        "has more cells than the 2 of its header"
    )


def test_a_cell_too_few_or_too_many_in_the_rendered_page():
    assert "the row ' | North Europe' has 2 cells where 3 were expected" in refused(
        RENDERED.replace("<td>20.166.41.0/24</td>", "")
    )
    assert "has 4 cells where 3" in refused(RENDERED.replace("<td>20.166", "<td>20.1.2.0/24</td><td>20.166"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</tbody></table>", "</tbody>", "a heading stands within the inbound table"),
        ("</tbody>", "<tr><td><table>", "another table stands within the inbound table"),
        ("<thead><tr>", "<thead>", "the inbound table has a cell outside its rows"),
    ],
)
def test_a_rendered_table_that_a_browser_would_have_to_mend_is_refused(old, new, message):
    assert refused(RENDERED.replace(old, new, 1)) == f"the edition page.md cannot be used: {message}"


def test_a_rendered_page_that_ends_too_early_is_refused():
    cut = RENDERED[: RENDERED.index("<td>&nbsp;")]
    assert refused(cut) == "the edition page.md cannot be used: the page ends within the inbound table"


def test_html_that_no_parser_reads_is_refused():
    assert "its HTML cannot be read" in refused("<!doctype html><![unknown [x]>")


# --- rows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("20.166.41.0/33", "'20.166.41.0/33' is not a range"),
        ("20.166.41.0/24, 20.1.2.0/24", "'20.166.41.0/24, 20.1.2.0/24' is not a range"),
        ("20.166.41.0/2<br>4", "'20.166.41.0/2 4' is not a range"),
        ("20.166.41.0/255.255.255.0", "'20.166.41.0/255.255.255.0' is not a range"),
        ("20.166.41.0/0.0.0.255", "'20.166.41.0/0.0.0.255' is not a range"),
        ("20.166.41.0/024", "'20.166.41.0/024' is not a range"),
        ("see below", "'see below' is not a range"),
        ("20.166.41.1/24", "'20.166.41.1/24' has bits set outside its prefix"),
        ("52.108.0.0/14", "'52.108.0.0/14' is broader than /16"),
        ("0.0.0.0/0", "'0.0.0.0/0' is broader than /16"),
        ("10.1.0.0/16", "'10.1.0.0/16' is not public"),
        ("100.64.0.0/24", "'100.64.0.0/24' is not public"),
        ("169.254.169.254", "'169.254.169.254' is not public"),
        ("192.0.0.0/16", "'192.0.0.0/16' is not public"),
        ("198.51.0.0/16", "'198.51.0.0/16' is not public"),
        ("224.0.1.0/24", "'224.0.1.0/24' is not public"),
        ("2603:1020:206:20::600/119", "'2603:1020:206:20::600/119' is not an IPv4 range"),
        ("", "the row 'North Europe | ' leaves a cell blank"),
    ],
)
def test_a_range_that_is_none_is_quoted(prefix, message):
    text = inbound(*HEAD, f"| North Europe | {prefix} |", "| Western Europe | 40.74.28.0/23 |")
    assert refused(text) == f"the edition page.md cannot be used: {message}"


def test_a_range_that_is_none_in_the_rendered_page_is_quoted():
    assert "'20.166.41.0/2 4' is not a range" in refused(RENDERED.replace("20.166.41.0/24", "20.166.41.0/2<br>4"))


def test_an_unknown_region_is_quoted():
    assert refused(PAGE.replace("North Europe", "Middle Earth"), UnmappedRegion) == (
        "the edition page.md cannot be used: it names the region 'Middle Earth', "
        "which belongs to no geography that this version knows; update netcfg, or report the name"
    )


def test_a_geography_that_contradicts_the_region_is_quoted():
    assert refused(PAGE.replace("| Europe |", "| Canada |")) == (
        "the edition page.md cannot be used: it has 'Western Europe' in Canada, and this version knows it in Europe"
    )
    assert "it has 'Sweden Central' in Europe, and this version knows it in none" in refused(
        PAGE.replace("North Europe", "Sweden Central")
    )


def test_an_unknown_geography_is_quoted():
    assert "'Middle East' is not a geography that this version knows" in refused(
        PAGE.replace("| Europe |", "| Middle East |")
    )


def test_a_geography_that_nothing_is_continued_from_is_blank():
    assert "the row ' | North Europe | 20.166.41.0/24' leaves a cell blank" in refused(
        inbound(*HEAD_3, "| | North Europe | 20.166.41.0/24 |")
    )


def test_one_range_for_two_regions_is_an_error():
    rows = ["| North Europe | 20.166.41.0/24 |", "| Western Europe | 20.166.41.0/24 |"]
    assert "it has 20.166.41.0/24 both for 'North Europe' and for 'Western Europe'" in refused(inbound(*HEAD, *rows))


def test_a_table_without_rows_is_no_edition():
    assert "it has no IPv4 range" in refused(inbound(*HEAD))


def test_a_quote_is_short_and_tame():
    message = refused(inbound(*HEAD, f"| North Europe | \x1b[31m{'9' * 1000} |"))
    assert message.startswith("the edition page.md cannot be used: '\\x1b[31m999")
    assert len(message) < 200


def test_what_is_no_text_is_no_page():
    with pytest.raises(BadEdition, match="it is not UTF-8 text"):
        parse(b"\xff\xfe\x00")


def test_a_page_of_megabytes_is_not_read():
    with pytest.raises(SourceTooLong, match="longer than 4,000,000 bytes"):
        parse(b"#" * 4_000_001)

import pytest

from netcfg.core.errors import BadEdition, NoTagFile
from netcfg.sources.download_page import find_tag_file

WHERE = "https://www.microsoft.com/en-us/download/details.aspx?id=56519"
DOWNLOADS = "https://download.microsoft.com"
FILE = f"{DOWNLOADS}/download/7/1/d/x/ServiceTags_Public_20260622.json"


def find(html: str) -> str:
    return find_tag_file(html.encode(), WHERE, DOWNLOADS)


def test_the_file_is_in_a_link():
    page = f'<html><body><a href="/legal">Terms</a> <A class=x\nHREF=" {FILE} ">Download</A></body></html>'
    assert find(page) == FILE


def test_the_newest_file_counts_and_the_same_link_twice_is_one():
    older = FILE.replace("20260622", "20260615")
    assert find(f'<a href="{older}">a</a><a href="{FILE}">b</a><a href="{FILE}">c</a>') == FILE


def test_an_address_is_unescaped_as_html_is():
    assert find(f'<a href="{FILE}?a=1&amp;b=2">a</a>') == f"{FILE}?a=1&b=2"


@pytest.mark.parametrize(
    "html",
    [
        "",
        f"<!-- <a href='{FILE}'> -->",
        f"<script>var x = \"<a href='{FILE}'>\"</script>",
        f"<p>{FILE}</p><a>x</a><a href=''>y</a><a href='https://[x'>z</a>",
        "<a href='https://download.example/ServiceTags_Public_20260622.json'>a</a>",
        "<a href='https://download.microsoft.com.example/ServiceTags_Public_20260622.json'>a</a>",
        "<a href='http://download.microsoft.com/ServiceTags_Public_20260622.json'>a</a>",
        f"<a href='{DOWNLOADS}/ServiceTags_AzureGovernment_20260622.json'>a</a>",
        f"<a href='{DOWNLOADS}/ServiceTags_Public_20260622.json.exe'>a</a>",
    ],
)
def test_nothing_else_is_taken_for_the_file(html):
    with pytest.raises(NoTagFile) as caught:
        find(html)
    assert str(caught.value) == (
        f"{WHERE} links to no ServiceTags_Public_YYYYMMDD.json at {DOWNLOADS}; "
        "download the file with a browser, and give it with --from"
    )


def test_html_that_no_parser_reads_is_refused():
    with pytest.raises(BadEdition, match="its HTML cannot be read"):
        find("<![unknown [x]>")

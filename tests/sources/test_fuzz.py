"""Mutated inputs: an edition or a clean error, and never a range that the inbound table or the tag did not hold."""

import html
import json
import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.errors import NetcfgError
from netcfg.core.ranges import Edition
from netcfg.sources import page, tag_file
from netcfg.sources.download_page import find_tag_file
from netcfg.sources.publication import Publication
from tests.sources import samples
from tests.sources.samples import ATLAS, PAGE, RENDERED, SEEN, SHARED, as_bytes

REAL_PAGES = [path.read_bytes() for path in sorted((SHARED / "pages").glob("*.md"))]
REAL_TAGS = [path.read_bytes() for path in sorted((SHARED / "service-tags").glob("*.json"))]
FEW = settings(max_examples=60)
MANY = settings(max_examples=250)

SNIPPETS = [
    *(
        "### Inbound connections\n",
        "## Other\n",
        "| Region | IP V4 ranges |\n|--|--|\n",
        "| North Europe | 52.109.0.0/16 |\n",
    ),
    *(
        "> ",
        "|",
        "\n\n",
        "\n",
        ":::",
        "```\n",
        "---\n",
        "<!--",
        "-->",
        "<h3>",
        "</h3>",
        "<h3>Inbound connections</h3>",
        "\\",
    ),
    *(
        "<table>",
        "</table>",
        "<tr>",
        "<td>",
        "</td>",
        "<td>52.109.0.0/16",
        "<br>",
        "<script>",
        "</script>",
        "<![x",
        "&#x30;",
    ),
    *(
        "52.109.0.0/16",
        "/8",
        "/23",
        "0",
        "20.1.2.0",
        "\x00",
        "\ufeff",
        "\u0663",
        "North Europe",
        '"',
        "}",
        "]",
        ",",
        "[" * 50,
    ),
]


@st.composite
def mutations(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """One of the originals after a few cuts, copies, swaps and insertions."""
    content = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 5))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 2)))
        end = min(end, start + draw(st.sampled_from([0, 1, 3, 40, 400, 100_000])))
        at = draw(st.integers(0, len(content)))
        piece = draw(
            st.one_of(st.just(b""), st.just(content[start:end]), st.binary(max_size=4))
            | st.sampled_from(SNIPPETS).map(str.encode)
        )
        content = draw(
            st.sampled_from(
                [content[:start] + piece + content[end:], content[:at] + piece + content[at:], content[:start]]
            )
        )
    return content


def attempt(parse: Callable[[], Publication]) -> Edition | None:
    try:
        return parse().edition
    except NetcfgError as error:
        message = str(error)
    assert len(message) < 2000
    return None


HEADING = re.compile(r"(?m)(?=^[ >\t]*#{1,6}[ \t\n])")
HTML_HEADING = re.compile(r"(?i)(?=<h[1-6][\s/>])")
HIDING = ("```", "~~~", "<!", "<?", "<script", "<style", "<pre", "<textarea")


def hides(text: str) -> bool:
    """Whether what follows may be in a comment, in code, in a tag, or in an attribute of one."""
    return any(each in text for each in HIDING) or text.rfind("<") > text.rfind(">") or text.count('"') % 2 == 1


def sections(text: str, heading: re.Pattern[str]) -> str:
    """A rough second opinion: everything from a heading that names the section to the next one.

    It may be more than the section, where something may hide the next heading, so it finds only what is too much.
    """
    found: list[str] = []
    is_open = False
    for piece in heading.split(text):
        names = "inboundconnections" in re.sub(r"\W|_", "", piece.casefold())
        if names or is_open:
            found.append(piece)
            is_open = hides(piece.casefold())
    return "\n".join(found)


def assert_held(edition: Edition, text: str) -> None:
    shown = set(re.findall(r"[\d.]+(?:/\d+)?", html.unescape(text).replace("\\", ""), re.ASCII))
    for network in edition.networks:
        assert {str(network), str(network).removesuffix("/32")} & shown


def parse_page(content: bytes) -> Edition | None:
    return attempt(lambda: page.parse(content, ATLAS, "page", SEEN))


@MANY
@given(mutations([PAGE.encode()]))
def test_a_mutated_page(content):
    if edition := parse_page(content):
        assert_held(edition, sections(content.decode(), HEADING))
        assert ip_network("52.108.0.0/14") not in edition.networks


@MANY
@given(mutations([RENDERED.encode()]))
def test_a_mutated_rendered_page(content):
    if edition := parse_page(content):
        assert_held(edition, sections(content.decode(), HTML_HEADING))


@pytest.mark.skipif(not REAL_PAGES, reason=f"{SHARED} is not on this machine")
@FEW
@given(mutations(REAL_PAGES))
def test_a_mutated_real_page(content):
    if edition := parse_page(content):
        assert_held(edition, sections(content.decode(), HEADING))


def parse_tags(content: bytes) -> Edition | None:
    return attempt(lambda: tag_file.parse(content, ATLAS, "tags.json", SEEN))


def assert_exactly_the_tag(edition: Edition, content: bytes) -> None:
    tags = [each for each in json.loads(content)["values"] if each["name"] == "AzureDevOps"]
    assert len(tags) == 1
    said = {ip_network(each) for each in tags[0]["properties"]["addressPrefixes"]}
    assert said == edition.networks | {network for network, _ in edition.ipv6}


@MANY
@given(mutations([as_bytes(samples.tag_file())]))
def test_a_mutated_tag_file(content):
    if edition := parse_tags(content):
        assert_exactly_the_tag(edition, content)


@pytest.mark.skipif(not REAL_TAGS, reason=f"{SHARED} is not on this machine")
@FEW
@given(mutations(REAL_TAGS))
def test_a_mutated_real_tag_file(content):
    if edition := parse_tags(content):
        assert_exactly_the_tag(edition, content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "20.1.2.0/24", "AzureDevOps", "13"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "region"]), inner, max_size=2),
    max_leaves=3,
)


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every place inside `value`, as its container and its key."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [spot for key in keys for spot in spots(value[key])]


@MANY
@given(st.data())
def test_a_tag_file_with_something_else_in_one_place(data):
    document = samples.tag_file()
    container, key = data.draw(st.sampled_from(spots(document)))
    if data.draw(st.booleans()):
        container[key] = data.draw(JSON)
    else:
        container.pop(key)
    content = as_bytes(document)
    if edition := parse_tags(content):
        assert_exactly_the_tag(edition, content)


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_are_nothing(content):
    assert parse_page(content) is None
    assert parse_tags(content) is None


DOWNLOADS = "https://download.microsoft.com"
LINK = f'<html><a href="{DOWNLOADS}/x/ServiceTags_Public_20260622.json">a</a><a href="https://[">b</a></html>'.encode()


@FEW
@given(mutations([LINK]))
def test_a_mutated_download_page(content):
    try:
        found = find_tag_file(content, "https://www.microsoft.com/en-us/download/details.aspx", DOWNLOADS)
    except NetcfgError:
        return
    assert found.startswith(f"{DOWNLOADS}/")

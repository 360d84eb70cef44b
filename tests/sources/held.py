"""What may come of any input, however it was mutated: an edition with what its inbound table or tag holds, or an error.

A second opinion, as unlike the parsers as it can be; for the tests under Hypothesis and for `scripts/fuzz`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from ipaddress import ip_network

from netcfg.core.errors import NetcfgError
from netcfg.core.ranges import Edition
from netcfg.sources import page, tag_file
from netcfg.sources.publication import Publication
from tests.sources.samples import ATLAS, SEEN

# What a mutation puts in between: pieces that mean something to the one parser or the other.
SNIPPETS = (
    "### Inbound connections\n", "## Other\n",
    "| Region | IP V4 ranges |\n|--|--|\n", "| North Europe | 52.109.0.0/16 |\n",
    "> ", "|", "\n\n", "\n", ":::", "```\n", "---\n", "<!--", "-->", "\\",
    "<h3>", "</h3>", "<h3>Inbound connections</h3>", "<table>", "</table>", "<tr>", "<td>", "</td>",
    "<td>52.109.0.0/16", "<br>", "<script>", "</script>", "<![x", "&#x30;",
    "52.109.0.0/16", "/8", "/23", "0", "20.1.2.0", "North Europe", "\x00", "\ufeff", "\u0663",
    '"', "}", "]", ",", "[" * 50,
)  # fmt: skip

HEADING = re.compile(r"(?m)(?=^[ >\t]*#{1,6}[ \t\n])")
HTML_HEADING = re.compile(r"(?i)(?=<h[1-6][\s/>])")
HIDING = ("```", "~~~", "<!", "<?", "<script", "<style", "<pre", "<textarea")
_HTML = re.compile(r"(?is)\s*<(!doctype )?html")


def check_page(content: bytes) -> Edition | None:
    """The page parses to what stands in its section, or to an error; what it parsed to."""
    if edition := parse_page(content):
        text = content.decode("utf-8-sig")
        assert_held(edition, sections(text, HTML_HEADING if _HTML.match(text) else HEADING))
    return edition


def check_tags(content: bytes) -> Edition | None:
    """The file parses to exactly its tag, or to an error; what it parsed to."""
    if edition := parse_tags(content):
        assert_exactly_the_tag(edition, content)
    return edition


def parse_page(content: bytes) -> Edition | None:
    return attempt(lambda: page.parse(content, ATLAS, "page", SEEN))


def parse_tags(content: bytes) -> Edition | None:
    return attempt(lambda: tag_file.parse(content, ATLAS, "tags.json", SEEN))


def attempt(parse: Callable[[], Publication]) -> Edition | None:
    try:
        return parse().edition
    except NetcfgError as error:
        message = str(error)
    assert len(message) < 2000
    return None


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


def assert_exactly_the_tag(edition: Edition, content: bytes) -> None:
    tags = [each for each in json.loads(content)["values"] if each["name"] == "AzureDevOps"]
    assert len(tags) == 1
    said = {ip_network(each) for each in tags[0]["properties"]["addressPrefixes"]}
    assert said == edition.networks | {network for network, _ in edition.ipv6}

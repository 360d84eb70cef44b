"""Mutated inputs: an edition or a clean error, and never a range that the inbound table or the tag did not hold."""

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.errors import NetcfgError
from netcfg.sources.download_page import find_tag_file
from tests.sources import samples
from tests.sources.held import SNIPPETS, check_page, check_tags
from tests.sources.samples import PAGE, RENDERED, SHARED, as_bytes

REAL_PAGES = [path.read_bytes() for path in sorted((SHARED / "pages").glob("*.md"))]
REAL_TAGS = [path.read_bytes() for path in sorted((SHARED / "service-tags").glob("*.json"))]
FEW = settings(max_examples=60)
MANY = settings(max_examples=250)


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


@MANY
@given(mutations([PAGE.encode()]))
def test_a_mutated_page(content):
    if edition := check_page(content):
        assert ip_network("52.108.0.0/14") not in edition.networks


@MANY
@given(mutations([RENDERED.encode()]))
def test_a_mutated_rendered_page(content):
    check_page(content)


@pytest.mark.skipif(not REAL_PAGES, reason=f"{SHARED} is not on this machine")
@FEW
@given(mutations(REAL_PAGES))
def test_a_mutated_real_page(content):
    check_page(content)


@MANY
@given(mutations([as_bytes(samples.tag_file())]))
def test_a_mutated_tag_file(content):
    check_tags(content)


@pytest.mark.skipif(not REAL_TAGS, reason=f"{SHARED} is not on this machine")
@FEW
@given(mutations(REAL_TAGS))
def test_a_mutated_real_tag_file(content):
    check_tags(content)


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
    check_tags(content)


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_are_nothing(content):
    assert check_page(content) is None
    assert check_tags(content) is None


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

"""Markdown that a parser which is not ours reads as it was meant, whatever names are in it."""

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from netcfg.core.outcome import Ending
from netcfg.formats import harmless, markdown
from tests.formats import builders, generated

PARSER = MarkdownIt("gfm-like", {"linkify": False})


@pytest.mark.parametrize("made", [builders.opened, builders.shared, builders.several, builders.perimeter])
def test_a_plan(made, kept):
    assert markdown.plan(made()) == kept


def test_many_kept_rules_are_folded(kept):
    rules = [f"191.10.{each}.0/24" for each in range(12)]
    assert markdown.plan(builders.plan_set(builders.plan(builders.vault(ip_rules=rules)))) == kept


def test_a_result(kept):
    endings = (Ending.REFUSED, Ending.DONE, Ending.FAILED)
    assert markdown.result(builders.applied(builders.several(), *endings, error="kv-audit is locked")) == kept


def outline(text: str) -> list[str]:
    """What the parser makes of it: the kinds of all blocks and of everything in their lines but plain text."""
    blocks = PARSER.parse(text)
    return [each for block in blocks for each in (block.type, *kinds(block))]


def kinds(block: Token) -> list[str]:
    return [each.type for each in block.children or [] if each.type not in ("text", "text_special")]


@pytest.mark.parametrize("name", generated.HOSTILE)
def test_no_name_changes_the_outline(name: str):
    assert outline(markdown.plan(builders.hostile(name))) == outline(markdown.plan(builders.hostile("kv name")))


@given(generated.hostile.filter(str.strip))
@settings(max_examples=100)
def test_no_name_changes_the_outline_of_a_result(name: str):
    def of(name: str) -> str:
        return markdown.result(builders.applied(builders.hostile(name), Ending.FAILED, error=name))

    assert outline(of(name)) == outline(of("kv name"))


@given(generated.results())
@settings(max_examples=30)
def test_nothing_in_any_plan_is_html_a_link_or_a_picture(result):
    for text in (markdown.plan(result.planned), markdown.result(result)):
        found = [each for block in PARSER.parse(text) for each in (block, *(block.children or []))]
        assert not {"link_open", "image", "html_inline"} & {each.type for each in found}
        assert {each.content.split("<summary>")[0] for each in found if each.type == "html_block"} <= {
            "<details>",
            "</details>\n",
        }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a*b*c", r"a\*b\*c"),
        ("<b> & co", "&lt;b&gt; &amp; co"),
        ("ask @bob", r"ask @\\bob"),
        ("bob@example.org", "bob@example.org"),
        ("1. first", "&#49;. first"),
        ("- first", "&#45; first"),
        ("--accept default-deny", "&#45;-accept default-deny"),
    ],
)
def test_prose(text: str, shown: str):
    assert harmless.prose(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("kv", "`kv`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("", "`  `"), (" a", "`  a `")]
)
def test_code(text: str, shown: str):
    assert harmless.code(text) == shown

"""What is read is what is written there, with its line; or the line that is wrong."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.config import yaml
from netcfg.config.yaml import Node
from netcfg.core.errors import BadConfiguration
from tests.pace import SOON

text = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Cn", "Co"], blacklist_characters="\ufeff\u2028\u2029\x85"),
    max_size=8,
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | text,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(text.filter(lambda key: key != "<<"), inner, max_size=3)
    ),
    max_leaves=12,
)


def fault(written: str) -> str:
    with pytest.raises(BadConfiguration) as caught:
        yaml.parse(written, "netcfg.yaml")
    (only,) = caught.value.faults
    return only


@given(values)
@settings(max_examples=150, deadline=None)
def test_json_is_read_as_what_it_says(value: Any):
    assert yaml.parse(json.dumps(value, ensure_ascii=False), "f").plain == value


@given(st.text(max_size=60) | st.text("{}[]:,&*!|>-?#%@'\" \n\tabc<\\x0", max_size=60))
@settings(max_examples=400, deadline=None)
def test_whatever_is_written_is_read_or_refused_with_its_line(written: str):
    try:
        yaml.parse(written, "netcfg.yaml")
    except BadConfiguration as error:
        told = error.faults
    else:
        told = ()
    assert all(each.startswith("netcfg.yaml:") for each in told)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("1.2.3.4", "1.2.3.4"),
        ("2027-01-31", "2027-01-31"),
        ("010", 10),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("1e3", 1000.0),
        ("'5'", "5"),
        ("true", True),
        ("True", True),
        ("tRue", "tRue"),
        ("~", None),
        ("", None),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(written: str, meant: Any):
    assert yaml.parse(f"key: {written}", "f").plain == {"key": meant}


def test_a_value_stands_on_the_line_of_its_key_and_an_item_on_its_own():
    root = yaml.parse("# first\nallow:\n\n  - cidr: x\n    reason:\n      y\n  - {cidr: z}\n", "f")
    assert isinstance(root.value, dict)
    allow = root.value["allow"]
    assert allow.line == 2
    assert isinstance(allow.value, tuple)
    assert [each.line for each in allow.value] == [4, 7]
    assert isinstance(allow.value[0].value, dict)
    assert allow.value[0].value["reason"] == Node("y", 5)


def test_an_alias_stands_for_what_has_the_anchor():
    assert yaml.parse("a: &x [1, 2]\nb: *x", "f").plain == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("a: 1\nb: 2\na: 3", "netcfg.yaml:3: the key 'a' is there twice, first on line 1"),
        ("a:\n\t- b", "netcfg.yaml:2: this is not the YAML"),
        (
            "a: 1\n---\nb: 2",
            "netcfg.yaml:2: this is not the YAML that a configuration is written in: a second document",
        ),
        (
            "a: !!python/object:os.system x",
            "netcfg.yaml:1: this is not the YAML that a configuration is written in: the tag",
        ),
        ("a: !x {}", "the tag !x is not read"),
        ("%YAML 1.1\n---\na: NO", "it begins with a directive"),
        ("%TAG ! tag:x,2000:\n---\na: b", "it begins with a directive"),
        (
            "a: 1\nb: &x [*x]",
            "netcfg.yaml:2: this is not the YAML that a configuration is written in: *x stands for nothing",
        ),
        ("<<: {a: b}", "the merge key << is not read"),
        ("? [a]\n: b", "a key is expected here"),
        ("a: [", "netcfg.yaml:1: this is not the YAML"),
        ("a: 1\nb: \x01", "netcfg.yaml:2: this is not the YAML"),
        ('a: "\\UFFFFFFFF"', "netcfg.yaml:1: this is not the YAML"),
        ('a: "\\ud800"', "half a character"),
        ("[" * 2000, "nested more than 16 deep"),
        ("a: @x", "netcfg.yaml:1: this is not the YAML"),
    ],
)
def test_what_people_would_not_see_through_is_refused(written: str, found: str):
    assert found in fault(written)


def test_an_end_of_the_document_may_be_marked():
    assert yaml.parse("---\na: 1\n...\n", "f").plain == {"a": 1}


def test_aliases_that_grow_without_end_are_refused_at_once():
    names = "abcdefghij"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in pairwise(names)]
    start = time.process_time()
    assert "netcfg.yaml:5:" in (found := fault("\n".join(lines)))
    assert "more than 50,000 values" in found
    assert time.process_time() - start < SOON

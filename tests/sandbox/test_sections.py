"""The state in memory: whatever an edit does, others can follow it, and a failed one leaves no trace."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.sandbox.sections import State

KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(st.none() | st.integers(0, 3) | st.text(max_size=2), lambda each: st.lists(each, max_size=2))
Edit = Callable[[Any], object]


def begun() -> dict[str, Any]:
    return {
        "writes": 0,
        "locks": [{"scope": "x"}],
        "vaults": {key: {"name": key, "rules": [key]} for key in "abc"},
        "writing": {},
    }


def _in_place(key: str, value: Any) -> Edit:
    """Somebody holds an entry and changes what is inside it."""

    def edit(state: Any) -> None:
        held = state["vaults"].get(key)
        if isinstance(held, dict):
            held["rules"].append(value)

    return edit


def _all_in_place(value: Any) -> Edit:
    def edit(state: Any) -> None:
        for each in state["vaults"].values():
            if isinstance(each, dict):
                each["name"] = value

    return edit


def _replace(value: Any) -> Edit:
    return lambda state: state.__setitem__(
        "vaults", {key: each for key, each in state["vaults"].items() if key > value}
    )


EDITS: st.SearchStrategy[Edit] = st.one_of(
    st.builds(_in_place, KEYS, VALUES),
    st.builds(_all_in_place, VALUES),
    st.builds(_replace, KEYS),
    st.builds(lambda key: lambda state: state["vaults"].pop(key, None), KEYS),
    st.builds(lambda key, each: lambda state: state["vaults"].__setitem__(key, each), KEYS, VALUES),
    st.builds(lambda key, each: lambda state: state["writing"].update({key: each}), KEYS, VALUES),
    st.builds(lambda key: lambda state: state["writing"].setdefault(key, [1]), KEYS),
    st.builds(lambda each: lambda state: state["locks"].append({"scope": each}), KEYS),
    st.builds(lambda each: lambda state: state.__setitem__("writes", each), st.integers(0, 9)),
    st.builds(lambda: lambda state: state["vaults"].clear()),
    st.builds(lambda key: lambda state: state.__setitem__("new", {key: [key]}), KEYS),
    st.builds(lambda: lambda state: state.pop("new", None)),
)


def plain(state: State) -> Any:
    return json.loads(state.text)


@given(st.lists(st.lists(EDITS, max_size=4), max_size=4))
def test_who_follows_an_edit_has_what_it_made(edits: list[list[Edit]]):
    document = begun()
    here, there = State(copy.deepcopy(document)), State(copy.deepcopy(document))
    for steps in edits:
        here.begin()
        for step in steps:
            step(here)
            step(document)
        line = here.changes()
        here.keep(bool(line))
        if line:
            there.follow(line)
        assert plain(here) == document
        assert plain(there) == document


@given(st.lists(EDITS, max_size=4), st.lists(EDITS, max_size=4))
def test_a_failed_edit_leaves_no_trace_not_even_in_the_order(kept: list[Edit], failed: list[Edit]):
    state = State(begun())
    state.begin()
    for step in kept:
        step(state)
    state.keep(bool(state.changes()))
    before = state.text
    state.begin()
    for step in failed:
        step(state)
    state.restore()
    assert state.text == before
    state.begin()
    assert state.changes() == ""


def test_only_what_was_changed_is_in_the_line():
    state = State(begun())
    state.begin()
    assert state["vaults"]["a"]["name"] == "a"
    state["vaults"]["b"]["name"] = "new"
    assert json.loads(state.changes()) == {
        "put": {"vaults": {"b": {"name": "new", "rules": ["b"]}}},
        "gone": {},
        "whole": {},
        "without": [],
    }


def test_what_was_remembered_is_forgotten_with_the_next_change():
    state = State(begun())
    state.remembered["answer"] = 42
    state.begin()
    state.keep(bool(state.changes()))
    assert state.remembered == {"answer": 42}
    state.begin()
    state["writes"] += 1
    state.keep(bool(state.changes()))
    assert state.remembered == {}


def test_what_is_no_json_cannot_be_kept():
    state = State(begun())
    state.begin()
    state["writes"] = {1, 2}
    with pytest.raises(TypeError, match="set is nothing that the state can keep"):
        state.changes()

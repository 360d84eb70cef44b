"""What is sent to change a linked group: everything that was found goes back, and only what is meant is another."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.errors import DevOpsAnswer, PlainValues, SharersUnknown
from netcfg.core.linking.groups import Mapping, Project, ServiceConnection, VariableGroup
from netcfg.devops.answer import Question
from netcfg.devops.linked_group import changed_group, new_group, parse_group

PROJECT = Project("contoso", "payments", "p1")
QUESTION = Question("contoso", "https://dev.azure.com/contoso", "the list", "a scope")
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
REFERENCES = [
    {"name": "secrets", "description": "d", "projectReference": {"id": "p1", "name": "payments"}},
    {"name": "theirs", "description": "", "projectReference": {"id": "p2", "name": "Shared Platform"}, "more": 1},
]
GROUP: dict[str, Any] = {
    "id": 7,
    "name": "secrets",
    "description": "d",
    "type": "AzureKeyVault",
    "providerData": {"serviceEndpointId": "c1", "vault": "kv-a", "lastRefreshedOn": "2026-06-01T08:00:00.1234567Z"},
    "variables": {
        "api-key": {"value": None, "isSecret": True, "enabled": True, "contentType": "text/plain", "unknown": [1]},
        "old": {"isSecret": True, "enabled": False, "expires": "2026-05-01T12:30:00.1234567Z"},
        "bare": None,
    },
    "modifiedOn": "2026-06-01T08:00:00.3333333Z",
    "isShared": True,
    "variableGroupProjectReferences": REFERENCES,
}

VALUES: list[Any] = [
    None,
    False,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "größe 🚀",
    [],
    {},
    [None, [1]],
    {"": {"a": [{}]}, "value": "b"},
]
more = st.dictionaries(st.sampled_from(["x-", "x-a", "x-größe"]), st.sampled_from(VALUES))
names = st.sampled_from(["a", "A", "api-key", "größe / 🚀", " ", "no_such", "x-", "value"])
moments = st.sampled_from(
    ["2026-07-01T00:00:00Z", "2027-01-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
variables = st.fixed_dictionaries(
    {},
    optional={
        "value": st.none(),
        "isSecret": st.just(True),
        "isReadOnly": st.booleans(),
        "enabled": st.booleans(),
        "contentType": st.sampled_from([None, "", "text/plain", "größe"]),
        "expires": moments | st.none(),
    },
).flatmap(lambda known: more.map(lambda unknown: known | unknown))


@st.composite
def groups(draw: st.DrawFn) -> dict[str, Any]:
    """A linked group with what nobody knows at every level."""
    link = {**GROUP["providerData"], **draw(more)}
    return {
        **GROUP,
        **draw(more),
        "providerData": link,
        "variables": draw(st.dictionaries(names, variables | st.none(), max_size=4)),
    }


def parsed(found: dict[str, Any]) -> VariableGroup:
    return parse_group(found, PROJECT, QUESTION)


def sent(group: VariableGroup, *mappings: Mapping) -> dict[str, Any]:
    return json.loads(changed_group(group, mappings, NOW))


@given(groups())
def test_what_was_found_goes_back_as_it_was_but_for_the_day_of_the_refresh(found):
    group = parsed(found)
    expected = {**found, "providerData": {**found["providerData"], "lastRefreshedOn": "2026-11-20T09:30:00Z"}}
    assert sent(group, *group.mappings) == expected


@given(groups(), st.integers(0, 3), st.booleans(), moments | st.none())
def test_a_change_of_one_mapping_touches_no_other_and_nothing_unknown(found, which, enabled, expires):
    group = parsed(found)
    changed = [
        replace(each, enabled=enabled, expires=expires and datetime.fromisoformat(expires)) if at == which else each
        for at, each in enumerate(group.mappings)
    ]
    for at, (name, before) in enumerate(found["variables"].items()):
        after = sent(group, *changed)["variables"][name]
        if at != which:
            assert after == before
        else:
            unknown = {key: each for key, each in (before or {}).items() if key.startswith("x-")}
            assert unknown.items() <= (after or {}).items()
            again = parsed({**found, "variables": {name: after}}).mappings[0]
            assert (again.enabled, again.expires) == (changed[at].enabled, changed[at].expires)


@given(groups())
def test_a_group_without_a_mapping_that_it_had_loses_that_one_only(found):
    group = parsed(found)
    names = list(found["variables"])
    assert list(sent(group, *group.mappings[1:])["variables"]) == names[1:]


def test_a_linked_group_is_read_with_its_mappings():
    group = parsed(GROUP)
    assert (group.id, group.name, group.type, group.vault, group.connection) == (
        7,
        "secrets",
        "AzureKeyVault",
        "kv-a",
        "c1",
    )
    assert [replace(each, found="") for each in group.mappings] == [
        Mapping("api-key", content_type="text/plain"),
        Mapping("old", enabled=False, expires=datetime(2026, 5, 1, 12, 30, 0, 123456, tzinfo=UTC)),
        Mapping("bare"),
    ]
    assert (group.modified, group.refreshed) == ("2026-06-01T08:00:00.3333333Z", "2026-06-01T08:00:00.1234567Z")
    assert group.is_shared
    assert group.projects == ("Shared Platform", "payments")
    assert json.loads(group.found) == {key: each for key, each in GROUP.items() if key != "variables"}


def test_of_another_group_nothing_is_kept_but_what_it_is_called():
    plain = {**GROUP, "type": "Vsts", "variables": {"password": {"value": "planted"}}, "providerData": None}
    assert parsed(plain) == VariableGroup(7, "secrets", PROJECT, "Vsts")
    assert "planted" not in repr(vars(parsed(plain)))


@pytest.mark.parametrize(
    "variable",
    [{"value": "planted"}, {"value": "", "isSecret": True}, {"value": ["planted"]}, "planted", ["planted"], 0, False],
)
def test_a_value_is_known_to_be_there_and_kept_nowhere(variable):
    """It would be emptied by a write, as no value is sent."""
    group = parsed({**GROUP, "variables": {"a": variable, "b": {"value": None}}})
    assert [(each.name, each.has_value, each.is_legible) for each in group.mappings] == [
        ("a", True, False),
        ("b", False, True),
    ]
    assert "planted" not in repr(vars(group)) + "".join(each.found for each in group.mappings)
    with pytest.raises(PlainValues, match=r"\(a\)"):
        sent(group, *group.mappings)


@pytest.mark.parametrize(
    "odd",
    [
        *({"expires": each} for each in ("never", "", 1798761600, True, "0001-01-01T00:00:00+14:00")),
        *({"enabled": each} for each in ("yes", 1, None)),
        *({"isSecret": each} for each in (False, "yes", None)),
        *({"contentType": each} for each in (5, ["text/plain"])),
    ],
)
def test_one_odd_mapping_is_kept_as_it_was_found_and_hides_nothing_else(odd):
    found = {**GROUP, "variables": {"odd": {"value": None, **odd}, "a": {"isSecret": True}}}
    group = parsed(found)
    assert [each.is_legible for each in group.mappings] == [False, True]
    assert not group.mappings[0].has_value
    assert sent(group, *group.mappings)["variables"] == found["variables"]


def test_the_order_of_what_is_told_of_a_mapping_is_no_difference():
    one, other = {"enabled": True, "isSecret": True, "x": 1}, {"x": 1, "isSecret": True, "enabled": True}
    assert parsed({**GROUP, "variables": {"a": one}}) == parsed({**GROUP, "variables": {"a": other}})


def test_a_new_mapping_has_the_documented_shape():
    group = parsed({**GROUP, "variables": {}})
    expires = datetime(2027, 1, 1, tzinfo=UTC)
    assert sent(group, Mapping("a"), Mapping("b", False, expires, "text/plain"))["variables"] == {
        "a": {"value": None, "isSecret": True, "enabled": True, "contentType": ""},
        "b": {
            "value": None,
            "isSecret": True,
            "enabled": False,
            "contentType": "text/plain",
            "expires": "2027-01-01T00:00:00Z",
        },
    }


def test_a_mapping_that_no_longer_expires_says_nothing_of_it():
    group = parsed(GROUP)
    old = replace(group.mappings[1], enabled=True, expires=None)
    assert sent(group, old)["variables"] == {
        "old": {"isSecret": True, "value": None, "enabled": True, "contentType": ""}
    }


def test_all_projects_that_have_the_group_keep_it():
    assert sent(parsed(GROUP))["variableGroupProjectReferences"] == REFERENCES


@pytest.mark.parametrize("references", [None, []])
def test_a_group_whose_projects_are_not_told_is_its_own_projects_unless_it_is_shared(references):
    """A list of groups tells none; where it is sent so, every other project would lose the group."""
    alone = {**GROUP, "isShared": False, "variableGroupProjectReferences": references}
    assert sent(parsed(alone))["variableGroupProjectReferences"] == [REFERENCES[0]]
    with pytest.raises(SharersUnknown):
        sent(parsed({**alone, "isShared": True}))


def test_a_new_group_is_in_its_project_only():
    connection = ServiceConnection("c1", "prod", PROJECT)
    assert json.loads(new_group(PROJECT, "größe/1", "kv-a", connection, [Mapping("a")], NOW)) == {
        "name": "größe/1",
        "description": "",
        "type": "AzureKeyVault",
        "providerData": {"serviceEndpointId": "c1", "vault": "kv-a", "lastRefreshedOn": "2026-11-20T09:30:00Z"},
        "variables": {"a": {"value": None, "isSecret": True, "enabled": True, "contentType": ""}},
        "variableGroupProjectReferences": [
            {"name": "größe/1", "description": "", "projectReference": {"id": "p1", "name": "payments"}}
        ],
    }


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2027-01-01T00:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2027-01-01T00:00:00.1234567Z", datetime(2027, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)),
        ("2027-01-01T01:00:00+01:00", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2027-01-01T00:00:00", datetime(2027, 1, 1, tzinfo=UTC)),
        (None, None),
    ],
)
def test_the_end_of_a_secret_is_read_however_it_is_written(written, moment):
    assert parsed({**GROUP, "variables": {"a": {"expires": written}}}).mappings[0].expires == moment


@pytest.mark.parametrize(
    "broken",
    [
        {"id": "7"},
        {"name": None},
        {"type": ""},
        {"providerData": None},
        {"providerData": {"vault": "kv-a"}},
        {"providerData": {"serviceEndpointId": "c1", "vault": ["kv-a"]}},
        {"variables": [{"planted": 1}]},
    ],
)
def test_what_is_no_linked_group_is_an_error_that_quotes_no_value(broken):
    with pytest.raises(DevOpsAnswer) as raised:
        parsed({**GROUP, **broken})
    assert "planted" not in str(raised.value)

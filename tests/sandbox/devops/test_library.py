"""Variable groups as projects see them: pages, shared ones, odd names and types, and everything in a mapping."""

import pytest

from tests.sandbox.devops.visitor import FULL, Visitor

LIST = "contoso/payments/_apis/distributedtask/variablegroups"


def every(reader: Visitor, query: str = "") -> list[list[int]]:
    """The ids of all groups of payments, page by page."""
    pages, token = [], ""
    while True:
        more = f"&continuationToken={token}" if token else ""
        answer = reader.get(f"{LIST}?api-version=7.1{query}{more}", FULL)
        pages.append([each["id"] for each in answer.json()["value"]])
        assert answer.json()["count"] == len(pages[-1])
        token = answer.headers.get("x-ms-continuationtoken")
        if token is None:
            return pages


def test_the_newest_groups_come_first_in_pages_as_small_as_the_world_wants(reader: Visitor):
    assert every(reader) == [
        [212, 211, 210, 209, 208],
        [207, 206, 205, 204, 203],
        [202, 201, 111, 110, 109],
        [108, 107, 106, 105, 104],
        [103, 101, 13, 12, 11],
    ]


def test_the_order_and_the_size_of_a_page_may_be_asked_for(reader: Visitor):
    assert every(reader, "&queryOrder=IdAscending&$top=20")[0][:4] == [11, 12, 13, 101]
    assert every(reader, "&groupName=team-*&$top=10") == [
        [212, 211, 210, 209, 208, 207, 206, 205, 204, 203],
        [202, 201],
    ]


def test_a_group_that_is_deleted_meanwhile_shifts_nothing(reader: Visitor):
    first = reader.get(f"{LIST}?groupName=team-*", FULL)
    for gone in (210, 207):  # one that was shown, and the one with which the next page would begin
        deleted = reader.change("DELETE", f"/{gone}?projectIds=00000000-0000-4000-8000-000000000701")
        assert deleted.status_code == 204
    token = first.headers["x-ms-continuationtoken"]
    second = reader.groups("payments", f"?groupName=team-*&continuationToken={token}")
    assert [each["id"] for each in second] == [206, 205, 204, 203, 202]


@pytest.mark.parametrize("query", ["$top=many", "continuationToken=xyz", "queryOrder=ByName"])
def test_what_cannot_be_understood_is_refused(reader: Visitor, query: str):
    refused = reader.get(f"{LIST}?{query}", FULL)
    assert (refused.status_code, refused.json()["typeKey"]) == (400, "ArgumentException")


def test_a_shared_group_shows_up_in_each_project_by_the_name_that_it_has_there(reader: Visitor):
    here = reader.group(104, "payments")
    there = reader.group(104, "Shared%20Platform")
    assert (here["name"], there["name"]) == ("from the platform", "platform-wide")
    assert (here["isShared"], there["isShared"]) == (True, True)
    assert [each["projectReference"]["name"] for each in here["variableGroupProjectReferences"]] == [
        "Shared Platform",
        "payments",
    ]
    assert reader.group(101)["isShared"] is False
    assert reader.group(102) is None, "a group of another project"


def test_two_projects_may_have_groups_of_one_name(reader: Visitor):
    (one,) = reader.groups("payments", "?groupName=both")
    (other,) = reader.groups("Shared%20Platform", "?groupName=both")
    assert (one["id"], other["id"]) == (101, 102)


def test_a_world_may_have_two_names_that_differ_in_case_only(reader: Visitor):
    assert [each["name"] for each in reader.groups("payments", "?groupName=case")] == ["Case", "case"]


def test_a_name_may_have_anything_in_it(reader: Visitor):
    name = "release 50 % / Größe #1 & 🚀"
    asked = {"groupName": name}
    (found,) = reader.get(LIST, FULL, params=asked).json()["value"]
    assert (found["id"], found["name"]) == (106, name)


def test_a_type_that_nobody_has_heard_of_is_told_as_it_is(reader: Visitor):
    group = reader.group(105)
    assert (group["type"], group["providerData"]) == ("HardwareModule", {"slot": 7})
    assert group["variables"] == {"one": {"value": None, "weight": 1}}


def test_mappings_are_told_with_all_that_is_in_them(reader: Visitor):
    usual = {"value": None, "isSecret": True, "enabled": True, "contentType": ""}
    assert reader.group(107)["variables"] == {
        "api-key": {
            **usual,
            "enabled": False,
            "expires": "2026-05-01T00:00:00Z",
            "isReadOnly": True,
            "rotation": {"days": 90},
        },
        "db-password": {**usual, "expires": "2027-01-01T00:00:00Z", "contentType": "text/plain"},
        "gone-secret": usual,
        "secret-key": usual,
    }


def test_a_group_says_who_changed_it_and_when(reader: Visitor):
    group = reader.group(11)
    assert group["modifiedOn"] == "2026-06-01T08:00:00.9433333Z"
    assert group["createdBy"] == group["modifiedBy"]
    assert group["modifiedBy"]["displayName"] == "Owner"
    assert group["providerData"] == {
        "serviceEndpointId": "00000000-0000-4000-8000-000000000801",
        "vault": "kv-payments",
        "lastRefreshedOn": "2026-06-01T08:00:00Z",
    }

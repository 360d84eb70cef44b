"""Groups made, replaced and deleted: what is left out is gone, and what is refused changes nothing."""

import copy

import pytest

from netcfg.sandbox.server import serve
from tests.sandbox.devops.visitor import FULL, ID, JSON, Visitor

PAYMENTS, PLATFORM = f"{ID}701", f"{ID}702"
MAPPED = {"value": None, "isSecret": True, "enabled": True, "contentType": ""}
LINK = {"serviceEndpointId": f"{ID}801", "vault": "kv-payments", "lastRefreshedOn": "2026-07-01T10:00:00Z"}


def place(project: str = PAYMENTS, name: str = "new") -> dict:
    return {"name": name, "description": "", "projectReference": {"id": project, "name": "whatever"}}


def body(**changes) -> dict:
    """What makes a linked group, with `changes`; None takes away."""
    whole = {
        "name": "new",
        "type": "AzureKeyVault",
        "providerData": LINK,
        "variables": {"api-key": MAPPED},
        "variableGroupProjectReferences": [place()],
    } | changes
    return {key: value for key, value in whole.items() if value is not None}


def test_a_group_is_made(visitor: Visitor):
    made = visitor.change("POST", body=body())
    assert made.status_code == 200
    group = made.json()
    assert group["id"] == 23, "one more than any project of the organization has"
    assert (group["type"], group["providerData"], group["variables"]) == ("AzureKeyVault", LINK, {"api-key": MAPPED})
    reference = {"name": "new", "description": "", "projectReference": {"id": PAYMENTS, "name": "payments"}}
    assert group["variableGroupProjectReferences"] == [reference]
    assert visitor.group(23) == group
    assert [each["id"] for each in visitor.groups("payments")] == [23, 13, 12, 11]


def test_a_put_replaces_all_variables_and_the_rest(visitor: Visitor):
    before = visitor.group(11)
    sent = body(
        name="renamed", variables={"db-password": MAPPED}, variableGroupProjectReferences=[place(name="renamed")]
    )
    after = visitor.change("PUT", "/11", sent).json()
    assert after == visitor.group(11)
    assert (after["name"], after["variables"], after["providerData"]) == ("renamed", {"db-password": MAPPED}, LINK)
    assert after["createdOn"] == before["createdOn"]


def test_what_the_sandbox_does_not_know_of_a_variable_is_kept(visitor: Visitor):
    odd = {**MAPPED, "expires": "2027-01-01T00:00:00Z", "enabled": False, "rotation": {"days": [1, 2]}}
    visitor.change("PUT", "/11", body(variables={"api-key": odd}))
    assert visitor.group(11)["variables"] == {"api-key": odd}


def test_names_of_variables_are_compared_without_their_case(visitor: Visitor):
    sent = {"Api-Key": MAPPED, "api-key": {**MAPPED, "enabled": False}}
    visitor.change("PUT", "/11", body(variables=sent))
    assert visitor.group(11)["variables"] == {"Api-Key": {**MAPPED, "enabled": False}}


def test_the_value_of_a_secret_is_not_told_again(visitor: Visitor):
    variables = {"plain": {"value": "1"}, "password": {"value": "make-believe", "isSecret": True}}
    visitor.change("PUT", "/13", body(type="Vsts", providerData=None, variables=variables))
    told = visitor.group(13)
    assert told["variables"] == {"plain": {"value": "1"}, "password": {"value": None, "isSecret": True}}
    assert "providerData" not in told
    assert "make-believe" not in str(visitor.sandbox.state["organizations"]["contoso"]["variableGroups"])


def test_the_time_of_every_write_is_another_one_and_has_fractions_of_a_second(visitor: Visitor):
    times = [visitor.change("PUT", "/11", body()).json()["modifiedOn"] for _ in range(3)]
    assert times == ["2026-07-01T09:00:00.0033333Z", "2026-07-01T09:00:00.0066667Z", "2026-07-01T09:00:00.01Z"]


def test_it_is_told_who_wrote(visitor: Visitor):
    assert visitor.change("PUT", "/11", body()).json()["modifiedBy"]["displayName"] == "Owner"
    bearer = {"Authorization": f"Bearer {visitor.sandbox.token}"}
    path = "contoso/_apis/distributedtask/variablegroups/11"
    by_tenant = visitor.get(path, method="PUT", json=body(), headers=bearer)
    assert by_tenant.json()["modifiedBy"]["displayName"] == "netcfg"
    assert by_tenant.json()["createdBy"]["displayName"] == "Owner"


@pytest.mark.parametrize(
    ("changes", "status", "kind", "message"),
    [
        ({"variables": {}}, 400, "ArgumentException", "Variable group must have at least one variable defined."),
        ({"variables": None}, 400, "ArgumentException", "Variable group must have at least one variable defined."),
        ({"variables": {"a": None}}, 400, "ArgumentException", "Variable name or value"),
        ({"name": " "}, 400, "ArgumentNullException", "Value cannot be null.\r\nParameter name: group.Name"),
        ({"variableGroupProjectReferences": []}, 400, "InvalidRequestException", "Atleast one variable group project"),
        (
            {"variableGroupProjectReferences": None},
            400,
            "InvalidRequestException",
            "Atleast one variable group project",
        ),
        (
            {"variableGroupProjectReferences": [{"projectReference": {"id": PAYMENTS}}]},
            400,
            "ArgumentException",
            "Project information name is not valid for variable group.",
        ),
        (
            {"variableGroupProjectReferences": [place(f"{ID}799")]},
            404,
            "ProjectDoesNotExistException",
            f"VS800075: The project with id 'vstfs:///Classification/TeamProject/{ID}799' does not exist",
        ),
        (
            {"variableGroupProjectReferences": [{"name": "new", "projectReference": "payments"}]},
            404,
            "ProjectDoesNotExistException",
            "VS800075: The project with id 'vstfs:///Classification/TeamProject/00000000-0000-0000-0000-000000000000'",
        ),
        (
            {"variableGroupProjectReferences": [place(), place(PLATFORM)]},
            500,
            "InvalidRequestException",
            "Sharing of variable group is not allowed.",
        ),
        (
            {"variableGroupProjectReferences": [place(name="Payments-Secrets")]},
            409,
            "VariableGroupExistsException",
            "Variable group 'Payments-Secrets' already exists.",
        ),
        (
            {"providerData": {**LINK, "serviceEndpointId": f"{ID}899"}},
            400,
            "InvalidRequestException",
            f"Service connection {ID}899 is not one of project payments",
        ),
        ({"providerData": {"vault": "kv-payments"}}, 400, "ArgumentException", "Provider data is not valid"),
        ({"providerData": None}, 400, "ArgumentException", "Provider data is not valid"),
    ],
)
def test_a_group_that_cannot_be_is_refused_and_nothing_is_changed(visitor: Visitor, changes, status, kind, message):
    before = copy.deepcopy(visitor.sandbox.state)
    refused = visitor.change("POST", body=body(**changes))
    assert (refused.status_code, refused.json()["typeKey"]) == (status, kind)
    assert refused.json()["message"].startswith(message)
    assert visitor.sandbox.state == before


@pytest.mark.parametrize("content", [b"", b"[1]", b"{"])
def test_a_body_that_is_no_object(visitor: Visitor, content: bytes):
    refused = visitor.get("contoso/_apis/distributedtask/variablegroups", FULL, "POST", data=content, headers=JSON)
    assert (refused.status_code, refused.json()["message"]) == (
        400,
        "Value cannot be null.\r\nParameter name: variableGroupParameters",
    )


def test_a_put_to_what_is_not_there(visitor: Visitor):
    missing = visitor.change("PUT", "/99", body())
    assert (missing.status_code, missing.json()["typeKey"]) == (404, "VariableGroupNotFoundException")


def test_a_put_adds_no_project(visitor: Visitor):
    sent = body(variableGroupProjectReferences=[place(), place(PLATFORM)])
    refused = visitor.change("PUT", "/11", sent)
    assert (refused.status_code, refused.json()["message"]) == (
        400,
        f"Variable group is not part of project {PLATFORM}.",
    )


def test_a_put_may_take_a_name_of_another_project_and_not_of_its_own(visitor: Visitor):
    taken = visitor.change("PUT", "/11", body(variableGroupProjectReferences=[place(name="orders-secrets")]))
    assert taken.status_code == 409
    free = visitor.change("PUT", "/11", body(variableGroupProjectReferences=[place(name="gone")]))
    assert (free.status_code, visitor.group(11)["name"]) == (200, "gone")


def test_a_shared_group_loses_the_projects_that_are_left_out(reader: Visitor):
    whole = [place(name="shared-secrets"), place(PLATFORM, "shared-secrets")]
    kept = reader.change("PUT", "/103", body(variableGroupProjectReferences=whole))
    assert kept.json()["isShared"] is True
    less = reader.change("PUT", "/103", body(variableGroupProjectReferences=whole[:1]))
    assert less.json()["isShared"] is False
    assert reader.group(103, "Shared%20Platform") is None


def test_a_group_whose_connection_is_gone_can_be_changed_while_it_stays_the_same(reader: Visitor):
    link = {**LINK, "serviceEndpointId": f"{ID}899"}
    sent = body(providerData=link, variables={"db-password": MAPPED})
    assert reader.change("PUT", "/111", sent).status_code == 200
    other = {**LINK, "serviceEndpointId": f"{ID}898"}
    assert reader.change("PUT", "/111", body(providerData=other)).status_code == 400


def test_a_connection_that_is_shared_with_the_project_will_do(visitor: Visitor):
    link = {**LINK, "serviceEndpointId": f"{ID}803"}
    assert visitor.change("POST", body=body(providerData=link)).status_code == 200


def test_a_group_is_deleted_project_by_project(reader: Visitor):
    assert reader.change("DELETE", f"/103?projectIds={PLATFORM}").status_code == 204
    assert reader.group(103)["isShared"] is False
    gone = reader.change("DELETE", f"/103?projectIds={PAYMENTS}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert reader.group(103) is None
    assert reader.change("DELETE", f"/103?projectIds={PAYMENTS}").status_code == 404


@pytest.mark.parametrize(
    ("query", "kind"),
    [("", "InvalidRequestException"), (f"?projectIds={PAYMENTS},{PLATFORM}", "ArgumentException")],
)
def test_a_delete_names_the_projects_that_have_the_group(visitor: Visitor, query, kind):
    refused = visitor.change("DELETE", f"/11{query}")
    assert (refused.status_code, refused.json()["typeKey"]) == (400, kind)
    assert visitor.group(11)["name"] == "payments-secrets"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_who_may_only_read_changes_nothing(visitor: Visitor, method):
    path = "" if method == "POST" else f"/11?projectIds={PAYMENTS}"
    refused = visitor.change(method, path, body(), token="make-believe-contoso-library")
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "TF400813: the token lacks the scope vso.variablegroups_manage.",
    )
    assert [each["id"] for each in visitor.groups("payments")] == [13, 12, 11]


def test_a_write_is_still_there_after_the_sandbox_was_closed(tmp_path):
    with serve("contoso", tmp_path) as sandbox:
        made = Visitor(sandbox).change("POST", body=body()).json()
    with serve("contoso", tmp_path) as again:
        assert Visitor(again).group(made["id"]) == made

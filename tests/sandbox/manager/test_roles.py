"""Roles that must be given: what they let their holder do, how they are given, and when they arrive."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from netcfg.sandbox.manager import login, roles
from netcfg.sandbox.server import Sandbox, serve
from netcfg.sandbox.worlds import world as worlds
from tests.sandbox.small import GROUP, SUBSCRIPTION, VAULT, Client, world

OPEN = VAULT + "kv-open"
ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions"
USER = f"{SUBSCRIPTION}{DEFINITIONS}/4633458b-17de-408a-b874-0445c86b69e6"
READER = f"{SUBSCRIPTION}{DEFINITIONS}/acdd72a7-3385-48ef-bd42-f606fba81ae7"
GUID, OTHER = "00000000-0000-4000-8000-000000000c01", "00000000-0000-4000-8000-000000000c02"


def given(**changes: Any) -> dict[str, Any]:
    """The small world, with somebody who has nothing but what is given."""
    written = world(**changes)
    robot = {"name": "robot", "appId": "robot-app", "objectId": "robot-object", "grantedOnly": True}
    return {**written, "principals": [*written["principals"], robot]}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(given()) as running:
        yield running


def robot(sandbox: Sandbox) -> str:
    state = sandbox.state
    return login.token(state, state["principals"]["robot"])


def grant(client: Client, role: str = USER, scope: str = OPEN, guid: str = GUID, **more: Any) -> requests.Response:
    properties = {"roleDefinitionId": role, "principalId": "robot-object", **more}
    return client.call("PUT", f"{scope}{ASSIGNMENTS}/{guid}?api-version=2022-04-01", {"properties": properties})


def ask(sandbox: Sandbox, secret: str = "", vault: str = "kv-open", method: str = "GET") -> tuple[int, str, str]:
    url = f"{sandbox.url}/vault.azure.net/{vault}/secrets{secret and '/'}{secret}?api-version=7.4"
    headers = {"Authorization": f"Bearer {robot(sandbox)}", "X-Sandbox-Client-Address": "191.10.20.7"}
    answer = requests.request(method, url, headers=headers, json={"value": "x"}, timeout=10)
    error = answer.json().get("error", {})
    return answer.status_code, error.get("innererror", {}).get("code", error.get("code", "")), error.get("message", "")


def test_who_was_given_nothing_may_do_nothing(sandbox: Sandbox):
    status, code, message = ask(sandbox)
    assert (status, code) == (403, "ForbiddenByRbac")
    assert "\r\nAction: 'Microsoft.KeyVault/vaults/secrets/readMetadata/action'\r\n" in message
    assert f"\r\nResource: '{OPEN.lower()}'\r\n" in message
    stranger = Client(sandbox, robot(sandbox))
    with stranger.session:
        assert stranger.error(stranger.get(OPEN))[:2] == (403, "AuthorizationFailed")
        assert stranger.error(grant(stranger))[:2] == (403, "AuthorizationFailed")
        assert stranger.get("/subscriptions").json()["value"] == []
        assert stranger.get("/tenants").status_code == 200


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("Key Vault Secrets User", {"list", "get"}),
        ("Key Vault Reader", {"list", "vault", "names"}),
        ("Key Vault Secrets Officer", {"list", "get", "set", "delete", "vault", "names"}),
        ("Key Vault Administrator", {"list", "get", "set", "delete", "vault", "names"}),
        ("Key Vault Certificate User", {"list", "get"}),
        ("Key Vault Contributor", {"vault", "names", "write"}),
        ("Key Vault Data Access Administrator", {"vault", "names", "grant"}),
        ("Reader", {"vault", "names"}),
        ("Contributor", {"vault", "names", "write"}),
        ("Owner", {"vault", "names", "write", "grant"}),
        ("User Access Administrator", {"vault", "names", "grant"}),
        ("Role Based Access Control Administrator", {"vault", "names", "grant"}),
    ],
)
def test_what_a_role_lets_its_holder_do(role, may):
    written = given(roleAssignments=[{"principal": "robot", "role": role, "scope": "one/rg"}])
    written["vaults"][0]["secrets"] = ["one"]
    with serve(written) as sandbox:
        holder = Client(sandbox, robot(sandbox))
        with holder.session:
            done = {
                "list": ask(sandbox)[0],
                "get": ask(sandbox, "one")[0],
                "set": ask(sandbox, "two", method="PUT")[0],
                "delete": ask(sandbox, "one", method="DELETE")[0],
                "vault": holder.get(OPEN).status_code,
                "names": holder.get(f"{OPEN}/secrets").status_code,
                "write": holder.patch("kv-open", {"tags": {}}).status_code,
                "grant": grant(holder, READER).status_code,
            }
    assert {each for each, status in done.items() if status < 300} == may
    assert set(done.values()) <= {200, 201, 403}


def test_a_reader_of_metadata_misses_the_right_to_get(sandbox: Sandbox, client: Client):
    grant(client, f"{SUBSCRIPTION}{DEFINITIONS}/21090545-7ca7-4776-b22c-e363652d74d2")
    assert ask(sandbox)[0] == 200
    status, code, message = ask(sandbox, "nonexistingrandomsecretname")
    assert (status, code) == (403, "ForbiddenByRbac")
    assert "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'" in message
    assert f"Resource: '{OPEN.lower()}/secrets/nonexistingrandomsecretname'" in message


@pytest.mark.parametrize(("scope", "open_", "closed"), [(OPEN, 200, 403), (GROUP, 200, 200), (SUBSCRIPTION, 200, 200)])
def test_a_role_counts_beneath_the_scope_on_which_it_was_given(sandbox: Sandbox, client: Client, scope, open_, closed):
    assert grant(client, scope=scope).status_code == 201
    assert (ask(sandbox)[0], ask(sandbox, vault="kv-closed")[0]) == (open_, closed)


def test_a_role_on_one_secret_shows_that_one_and_no_list(sandbox: Sandbox, client: Client):
    with sandbox.edit() as state:
        state["secrets"]["kv-open"] = {"a": {"name": "a"}, "b": {"name": "b"}}
    assert grant(client, scope=f"{OPEN}/secrets/a").status_code == 201
    assert [ask(sandbox, each)[0] for each in ("a", "b", "")] == [200, 403, 403]


def test_the_case_of_a_path_does_not_count(client: Client):
    grant(client)
    shouted = client.get(f"{OPEN}{ASSIGNMENTS}/{GUID}".upper())
    assert shouted.json()["id"] == f"{OPEN}{ASSIGNMENTS}/{GUID}"
    assert client.error(grant(client, scope=OPEN.upper(), guid=OTHER))[:2] == (409, "RoleAssignmentExists")


def test_a_role_is_given_shown_and_taken_away(sandbox: Sandbox, client: Client):
    made = grant(client)
    assert made.status_code == 201
    assert made.json() == {
        "id": f"{OPEN}{ASSIGNMENTS}/{GUID}",
        "name": GUID,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "scope": OPEN,
            "roleDefinitionId": USER,
            "principalId": "robot-object",
            "principalType": "ServicePrincipal",
            "createdOn": "2026-07-01T09:00:00.001Z",
            "createdBy": "object",
            "updatedOn": "2026-07-01T09:00:00.001Z",
            "updatedBy": "object",
            "description": None,
            "condition": None,
            "conditionVersion": None,
            "delegatedManagedIdentityResourceId": None,
        },
    }
    path = f"{OPEN}{ASSIGNMENTS}/{GUID}"
    assert client.get(path).json() == made.json()
    assert ask(sandbox)[0] == 200
    assert grant(client).json() == made.json()  # the same once more is no change
    assert client.call("DELETE", path).status_code == 200
    assert client.call("DELETE", path).status_code == 204
    assert client.error(client.get(path))[:2] == (404, "RoleAssignmentNotFound")
    assert ask(sandbox)[1] == "ForbiddenByRbac"


def test_an_equal_assignment_by_another_name_is_refused_and_names_the_first(client: Client):
    grant(client)
    again = client.error(grant(client, guid=OTHER))
    existing = "The ID of the existing role assignment is 00000000000040008000000000000c01."
    assert again == (409, "RoleAssignmentExists", f"The role assignment already exists. {existing}")
    assert grant(client, scope=GROUP, guid=OTHER).status_code == 201
    moved = client.error(grant(client, READER, guid=OTHER))
    assert moved[:2] == (409, "RoleAssignmentUpdateNotPermitted")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"guid": "mine"}, "InvalidRoleAssignmentId"),
        ({"role": f"{SUBSCRIPTION}{DEFINITIONS}/{GUID}"}, "RoleDefinitionDoesNotExist"),
        ({"principalId": "nobody"}, "PrincipalNotFound"),
        ({"principalId": ""}, "PrincipalNotFound"),
        ({"principalType": "User"}, "UnmatchedPrincipalType"),
    ],
)
def test_what_cannot_be_given(sandbox: Sandbox, client: Client, changes, code):
    assert client.error(grant(client, **changes))[:2] == (400, code)
    assert sandbox.state["roleAssignments"] == {}


def test_the_resource_must_be_there(client: Client):
    assert client.error(grant(client, scope=VAULT + "kv-none"))[:2] == (404, "ResourceNotFound")
    assert client.error(grant(client, scope=GROUP.replace("/rg", "/gone")))[:2] == (404, "ResourceGroupNotFound")


def test_a_principal_that_the_directory_does_not_know_yet_is_believed_with_its_type(client: Client):
    assert grant(client, principalId="brand-new", principalType="ServicePrincipal").status_code == 201


def test_assignments_are_listed_by_scope_and_principal(sandbox: Sandbox, client: Client):
    grant(client)
    grant(client, scope=SUBSCRIPTION, guid=OTHER)
    grant(client, READER, guid="00000000-0000-4000-8000-000000000c03", principalId="object")

    def listed(scope: str, condition: str = "") -> list[str]:
        asked = f"?$filter={condition}" if condition else ""
        found = client.get(f"{scope}{ASSIGNMENTS}{asked}").json()["value"]
        return [each["name"][-2:] for each in found]

    assert listed(OPEN) == listed(SUBSCRIPTION) == ["01", "02", "03"]
    assert listed(SUBSCRIPTION, "atScope()") == listed(VAULT + "kv-closed") == ["02"]
    assert listed(OPEN, "principalId eq 'robot-object'") == ["01", "02"]
    assert listed(GROUP, "atScope() and assignedTo('ROBOT-object')") == ["02"]
    assert listed(OPEN, "assignedTo('nobody')") == []
    refused = client.get(f"{OPEN}{ASSIGNMENTS}?$filter=roleName eq 'x'")
    assert client.error(refused)[:2] == (400, "UnsupportedQuery")


def test_definitions_are_found_by_name_and_by_id(client: Client):
    (found,) = client.get(f"{OPEN}{DEFINITIONS}?$filter=roleName eq 'Key Vault Secrets User'").json()["value"]
    assert found["id"] == USER
    assert found["properties"]["permissions"][0]["dataActions"] == [
        "Microsoft.KeyVault/vaults/secrets/getSecret/action",
        "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
    ]
    assert client.get(USER).json() == found
    assert client.get(f"{DEFINITIONS}/{found['name']}").json()["id"] == f"{DEFINITIONS}/{found['name']}"
    assert client.get(f"{SUBSCRIPTION}{DEFINITIONS}?$filter=roleName eq 'None'").json()["value"] == []
    assert client.error(client.get(f"{SUBSCRIPTION}{DEFINITIONS}/{GUID}"))[:2] == (404, "RoleDefinitionDoesNotExist")


def test_a_lock_on_the_vault_and_not_its_policy_stands_in_the_way_of_a_role():
    policy = {"name": "p", "id": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/p"}
    guards = {
        "locks": [{"scope": VAULT + "kv-closed", "level": "ReadOnly"}],
        "policies": [{"scope": OPEN, "assignment": policy, "definition": policy}],
    }
    with serve(given(**guards)) as sandbox:
        client = Client(sandbox)
        with client.session:
            assert client.error(client.patch("kv-open", {"tags": {}}))[:2] == (403, "RequestDisallowedByPolicy")
            assert grant(client).status_code == 201
            refused = grant(client, scope=VAULT + "kv-closed", guid=OTHER)
            assert client.error(refused)[:2] == (409, "ScopeLocked")


def test_roles_count_for_nothing_where_access_policies_do(sandbox: Sandbox, client: Client):
    grant(client, scope=SUBSCRIPTION)
    policy = {"tenantId": "00000000-0000-4000-8000-000000000010", "objectId": "robot-object"}
    client.patch("kv-open", {"properties": {"enableRbacAuthorization": False}})
    assert ask(sandbox)[:2] == (403, "AccessDenied")
    add = {"properties": {"accessPolicies": [{**policy, "permissions": {"secrets": ["get"]}}]}}
    client.call("PUT", f"{OPEN}/accessPolicies/add", add)
    assert [ask(sandbox)[1], ask(sandbox, "none")[1]] == ["AccessDenied", "SecretNotFound"]
    add["properties"]["accessPolicies"][0]["permissions"]["secrets"] = ["list"]
    client.call("PUT", f"{OPEN}/accessPolicies/add", add)
    assert [ask(sandbox)[0], ask(sandbox, "none")[1]] == [200, "SecretNotFound"]
    assert ask(sandbox, "none", method="PUT")[1] == "AccessDenied"
    with sandbox.edit() as state:
        state["vaults"]["kv-open"]["properties"]["accessPolicies"][0]["applicationId"] = "on-behalf-of"
    assert ask(sandbox)[1] == "AccessDenied"


def test_the_data_plane_hears_of_a_role_and_of_a_policy_later():
    with serve(given(settings={"roleSeconds": 60})) as sandbox:
        client = Client(sandbox)
        with client.session:
            grant(client)
            assert client.get(f"{OPEN}{ASSIGNMENTS}/{GUID}").status_code == 200
            client.patch("kv-closed", {"properties": {"enableRbacAuthorization": False, "accessPolicies": []}})
            assert (ask(sandbox)[1], ask(sandbox, vault="kv-closed")[1]) == ("ForbiddenByRbac", "ForbiddenByRbac")
            with sandbox.edit() as state:  # a minute later
                assert 0 < state["roleAssignments"][GUID]["arrives"] - time.time() <= 60
                state["roleAssignments"][GUID]["arrives"] -= 60
                state["unsettled"]["kv-closed"][0]["until"] -= 60
            assert (ask(sandbox)[0], ask(sandbox, vault="kv-closed")[1]) == (200, "AccessDenied")


def test_a_role_that_was_given_by_the_world_is_known_at_once():
    granted = [{"principal": "robot", "role": "Key Vault Secrets User", "scope": "one"}]
    with serve(given(settings={"roleSeconds": 60}, roleAssignments=granted)) as sandbox:
        assert ask(sandbox)[0] == 200


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"role": "Key Vault Guest"}, "no role 'Key Vault Guest'; there are"),
        ({"principal": "x"}, "a role is given to 'x'"),
    ],
)
def test_a_world_gives_roles_that_there_are_to_principals_that_there_are(changes, problem):
    granted = [{"principal": "robot", "role": "Reader", "scope": "one", **changes}]
    with pytest.raises(ValueError, match=problem):
        worlds.begin(given(roleAssignments=granted))


def test_what_is_denied_is_not_given_back_by_a_role():
    written = given(roleAssignments=[{"principal": "robot", "role": "Owner", "scope": "one"}])
    written["principals"][1]["denials"] = [{"scope": "one/rg", "action": "Microsoft.KeyVault/vaults/write"}]
    with serve(written) as sandbox:
        holder = Client(sandbox, robot(sandbox))
        with holder.session:
            assert holder.get(OPEN).status_code == 200
            assert holder.error(holder.patch("kv-open", {"tags": {}}))[:2] == (403, "AuthorizationFailed")


def test_what_resource_graph_and_lists_show_follows_the_roles():
    written = given(
        roleAssignments=[{"principal": "robot", "role": "Reader", "scope": "one/rg:Microsoft.KeyVault/vaults/kv-open"}]
    )
    with serve(written) as sandbox:
        holder = Client(sandbox, robot(sandbox))
        with holder.session:
            query = {"query": "resources | where type =~ 'microsoft.keyvault/vaults' | project id, name"}
            shown = holder.call("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01", query)
            assert [each["name"] for each in shown.json()["data"]] == ["kv-open"]
            listed = holder.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults").json()["value"]
            assert [each["name"] for each in listed] == ["kv-open"]
            assert [each["displayName"] for each in holder.get("/subscriptions").json()["value"]] == ["one"]


def test_no_two_roles_have_one_id_or_one_name():
    assert len({each.id for each in roles.ROLES}) == len({each.name for each in roles.ROLES}) == len(roles.ROLES)

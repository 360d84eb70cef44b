"""Azure DevOps: the three ways to a geography, tokens and their scopes, projects and pools."""

import pytest

from tests.sandbox.devops.visitor import FULL, ID, MANAGE, OVERVIEW, Visitor


@pytest.mark.parametrize(
    ("organization", "token", "place"),
    [
        ("contoso", "make-believe-contoso-full", {"preferredRegion": "WEU", "preferredGeography": "Europe"}),
        ("CONTOSO", "make-believe-contoso-profile", {"preferredRegion": "WEU", "preferredGeography": "Europe"}),
        ("adventure-works", "make-believe-adventure-works", {"preferredRegion": "CUS", "preferredGeography": "EU"}),
        ("wingtip", "make-believe-wingtip", {"preferredRegion": "XYZ"}),
    ],
)
def test_the_collection_says_where_it_lies(looker: Visitor, organization, token, place):
    answer = looker.collection(organization, token).json()
    assert {key: value for key, value in answer.items() if key.startswith("preferred")} == place


def test_a_token_of_the_tenant_opens_every_organization(looker: Visitor):
    bearer = {"Authorization": f"Bearer {looker.sandbox.token}"}
    assert looker.collection("contoso", headers=bearer).json()["name"] == "contoso"


def test_the_overview_says_it_by_name_in_both_transports(looker: Visitor):
    token = "make-believe-fabrikam"
    assert looker.collection("fabrikam", token).status_code == 404
    provider = looker.overview("fabrikam", token).json()["dataProviders"][OVERVIEW]
    assert (provider["geography"], provider["region"]) == ("United States", "Central US")
    page = looker.get("fabrikam/_settings/organizationOverview?__rt=fps&__ver=2", token).json()
    assert page["fps"]["dataProviders"]["data"][OVERVIEW] == provider
    html = looker.get("fabrikam/_settings/organizationOverview", token)
    assert html.headers["content-type"].startswith("text/html")


def test_providers_that_were_not_asked_for_are_not_answered(looker: Visitor):
    asked = {"contributionIds": ["ms.vss-web.other"]}
    answer = looker.get("contoso/_apis/Contribution/HierarchyQuery", "make-believe-contoso-full", "POST", json=asked)
    assert OVERVIEW not in answer.json()["dataProviders"]


@pytest.mark.parametrize(
    ("status", "kind"), [(403, "UnauthorizedRequestException"), (404, "CollectionDoesNotExistException")]
)
def test_a_way_may_be_refused(visitor: Visitor, status, kind):
    with visitor.sandbox.edit() as state:
        state["organizations"]["northwind"] |= {"collection": {"refuses": status}, "overview": {"refuses": status}}
    for refused in (
        visitor.collection("northwind", "make-believe-northwind"),
        visitor.overview("northwind", "make-believe-northwind"),
        visitor.get("northwind/_settings/organizationOverview?__rt=fps", "make-believe-northwind"),
    ):
        assert (refused.status_code, refused.json()["typeKey"]) == (status, kind)


def test_northwind_answers_neither_way_and_its_sign_in_host_hints(looker: Visitor):
    assert looker.collection("northwind", "make-believe-northwind").status_code == 404
    assert looker.overview("northwind", "make-believe-northwind").status_code == 404
    hint = looker.get("northwind/_apis/projects")
    assert hint.status_code == 302
    assert hint.headers["location"].startswith("https://spsproduks1.vssps.visualstudio.com/_signin?realm=dev.azure.com")


@pytest.mark.parametrize(("organization", "status"), [("contoso", 302), ("tailspin", 203)])
def test_a_bad_token_is_never_a_401(looker: Visitor, organization, status):
    refused = looker.collection(organization, "wrong")
    assert refused.status_code == status
    assert refused.headers["content-type"].startswith("text/html")
    anonymous = looker.collection(organization)
    assert anonymous.status_code == 302


def test_a_path_that_leads_nowhere_is_hidden_behind_the_sign_in(looker: Visitor):
    assert looker.get("contoso/_apis/unheard-of").status_code == 302
    assert looker.get("contoso/_apis/unheard-of", "make-believe-contoso-full").status_code == 404


def test_a_basic_header_that_is_no_base64(looker: Visitor):
    assert looker.collection("contoso", headers={"Authorization": "Basic ***"}).status_code == 302


def test_an_organization_that_does_not_exist(looker: Visitor):
    unknown = looker.collection("nobody", "wrong")
    assert unknown.status_code == 404
    assert unknown.headers["content-type"].startswith("text/html")


def test_a_token_without_the_scope(looker: Visitor):
    refused = looker.collection("contoso", "make-believe-contoso-nothing")
    assert refused.status_code == 403
    assert refused.json()["message"] == "TF400813: the token lacks the scope vso.profile."
    assert looker.overview("contoso", "make-believe-contoso-profile").status_code == 403


def test_groups_of_a_project_name_their_vaults(looker: Visitor):
    token = "make-believe-contoso-library"
    groups = looker.get("contoso/payments/_apis/distributedtask/variablegroups", token).json()
    assert groups["count"] == 3
    plain, _, linked = groups["value"]
    assert linked["type"] == "AzureKeyVault"
    assert linked["providerData"]["vault"] == "kv-payments"
    assert linked["variables"]["api-key"]["value"] is None
    assert (plain["type"], plain["variables"]["retries"]) == ("Vsts", {"value": "3"})
    path = "contoso/payments/_apis/distributedtask/variablegroups/11"
    assert looker.get(path, token).json() == linked
    assert looker.get(path.replace("11", "99"), token).text == "null"


@pytest.mark.parametrize(("query", "ids"), [("groupName=payments*", [13, 11]), ("groupIds=12,13", [13, 12])])
def test_groups_are_filtered(looker: Visitor, query, ids):
    path = f"contoso/payments/_apis/distributedtask/variablegroups?{query}"
    assert [each["id"] for each in looker.get(path, "make-believe-contoso-library").json()["value"]] == ids


def test_lists_go_on_behind_a_header(looker: Visitor):
    token = "make-believe-contoso-full"
    first = looker.get("contoso/_apis/projects?$top=1", token)
    more = first.headers["x-ms-continuationtoken"]
    second = looker.get(f"contoso/_apis/projects?$top=1&continuationToken={more}", token)
    names = [each["name"] for each in first.json()["value"] + second.json()["value"]]
    assert names == ["payments", "Shared Platform"]
    assert "x-ms-continuationtoken" not in second.headers


def test_a_project_by_name_and_by_id(looker: Visitor):
    token = "make-believe-contoso-full"
    project = looker.get("contoso/_apis/projects/Shared%20Platform", token).json()
    assert looker.get(f"contoso/_apis/projects/{project['id']}", token).json() == project
    unknown = looker.get("contoso/none/_apis/serviceendpoint/endpoints", token)
    assert (unknown.status_code, unknown.json()["typeKey"]) == (404, "ProjectDoesNotExistWithNameException")


def test_service_connections(looker: Visitor):
    path = "contoso/payments/_apis/serviceendpoint/endpoints"
    azure, other, *_ = looker.get(path, "make-believe-contoso-library").json()["value"]
    assert (azure["type"], azure["data"]["subscriptionName"]) == ("azurerm", "production")
    assert azure["authorization"]["scheme"] == "WorkloadIdentityFederation"
    assert (other["type"], other["data"]) == ("github", {})
    (named,) = looker.get(f"{path}?endpointNames=azure-prod", "make-believe-contoso-library").json()["value"]
    assert named == azure


def test_pools_of_every_kind(looker: Visitor):
    token = "make-believe-contoso-library"
    pools = looker.get("contoso/_apis/distributedtask/pools", token).json()["value"]
    assert [(each["name"], each["isHosted"]) for each in pools] == [
        ("Default", False),
        ("Azure Pipelines", True),
        ("scale-set-agents", False),
        ("managed-own-network", False),
        ("managed-static", False),
    ]
    (elastic,) = looker.get("contoso/_apis/distributedtask/elasticpools", token).json()["value"]
    assert elastic["azureId"].endswith("/virtualMachineScaleSets/vmss-agents")
    assert elastic["poolId"] == 10


LIBRARY = "make-believe-contoso-library"


def test_agents_say_their_computer_s_name_and_not_where_it_is(looker: Visitor):
    path = "contoso/_apis/distributedtask/pools/1/agents"
    plain = looker.get(path, LIBRARY).json()["value"]
    assert [(each["name"], each["status"]) for each in plain] == [
        ("build-room-1", "online"),
        ("build-room-2", "offline"),
    ]
    assert "systemCapabilities" not in plain[0]
    (first, _) = looker.get(f"{path}?includeCapabilities=true", LIBRARY).json()["value"]
    assert first["systemCapabilities"] == {
        "Agent.Name": "build-room-1",
        "Agent.Version": "4.255.0",
        "Agent.ComputerName": "build-room-1",
        "Agent.OS": "Linux",
        "COMPUTERNAME": "build-room-1",
        "PATH": "/usr/bin",
    }
    assert "10.20" not in str(first)


def test_agents_of_a_pool_that_is_not_there(looker: Visitor):
    missing = looker.get("contoso/_apis/distributedtask/pools/99/agents", LIBRARY)
    assert (missing.status_code, missing.json()["typeKey"]) == (404, "TaskAgentPoolNotFoundException")


def test_agents_need_the_scope_for_pools(looker: Visitor):
    refused = looker.get("contoso/_apis/distributedtask/pools/1/agents", "make-believe-contoso-profile")
    assert refused.status_code == 403
    assert "vso.agentpools" in refused.json()["message"]


GROUPS = "contoso/_apis/distributedtask/variablegroups"
WRITES = [
    ("POST", GROUPS, MANAGE),
    ("PUT", f"{GROUPS}/11", MANAGE),
    ("DELETE", f"{GROUPS}/11?projectIds=x", MANAGE),
    ("POST", f"contoso/payments/_apis/serviceendpoint/endpointproxy?endpointId={ID}801", MANAGE),
    ("POST", "contoso/_apis/Contribution/HierarchyQuery", FULL),
]


@pytest.mark.parametrize(("method", "path", "token"), WRITES)
def test_what_is_no_get_must_name_a_version(looker: Visitor, method, path, token):
    before = looker.sandbox.state
    refused = looker.get(path, token, method, json={}, headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()["typeKey"]) == (400, "VssVersionNotSpecifiedException")
    assert refused.json()["message"].startswith(f'No api-version was supplied for the "{method}" request. ')
    assert looker.sandbox.state == before


def test_a_get_need_not_name_a_version(looker: Visitor):
    assert looker.get("contoso/_apis/projects", FULL, headers={"Accept": "*/*"}).status_code == 200


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("99.0", "VssVersionOutOfRangeException"),
        ("7.3-preview.1", "VssVersionOutOfRangeException"),
        ("7.2", "VssInvalidPreviewVersionException"),
        ("newest", "VssInvalidApiResourceVersionException"),
        ("", "VssInvalidApiResourceVersionException"),
    ],
)
@pytest.mark.parametrize("where", ["?api-version=", "Accept"])
def test_a_version_that_is_too_new_or_none(looker: Visitor, where, version, kind):
    headers = {"Accept": f"application/json; api-version={version}"} if where == "Accept" else {}
    path = "contoso/_apis/projects" + ("" if headers else f"{where}{version}")
    refused = looker.get(path, FULL, headers=headers)
    assert (refused.status_code, refused.json()["typeKey"]) == (400, kind)


@pytest.mark.parametrize("version", ["1.0", "5.0-preview.1", "7.1", "7.1-preview", "7.2-preview.4", "v7.1"])
def test_versions_that_are_served(looker: Visitor, version):
    assert looker.get(f"contoso/_apis/projects?api-version={version}", FULL).status_code == 200


def test_what_was_never_released_is_shown_as_a_preview_only(looker: Visitor):
    refused = looker.collection("contoso", FULL, headers={"Accept": "application/json;api-version=7.1"})
    assert (refused.status_code, refused.json()["typeKey"]) == (400, "VssInvalidPreviewVersionException")


@pytest.mark.parametrize("type", ["text/plain", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize(("method", "path", "token"), WRITES)
def test_a_body_is_json_and_says_so(looker: Visitor, method, path, token, type):
    refused = looker.get(path, token, method, data=b"{}", headers={"Content-Type": type})
    assert (refused.status_code, refused.json()["typeKey"]) == (400, "VssRequestContentTypeNotSupportedException")
    assert f'a Content-Type of "{type}" for method type "{method}"' in refused.json()["message"]


def test_who_may_not_look_is_not_told_of_versions(looker: Visitor):
    refused = looker.get(GROUPS, "make-believe-contoso-library", "POST", json={}, headers={"Accept": "*/*"})
    assert refused.json()["typeKey"] == "UnauthorizedRequestException"

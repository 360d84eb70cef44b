"""Azure DevOps: the three ways to a geography, tokens and their scopes, projects and pools."""

import pytest

from tests.sandbox.devops.visitor import OVERVIEW, Visitor


@pytest.mark.parametrize(
    ("organization", "token", "place"),
    [
        ("contoso", "make-believe-contoso-full", {"preferredRegion": "WEU", "preferredGeography": "Europe"}),
        ("CONTOSO", "make-believe-contoso-profile", {"preferredRegion": "WEU", "preferredGeography": "Europe"}),
        ("adventure-works", "make-believe-adventure-works", {"preferredRegion": "CUS", "preferredGeography": "EU"}),
        ("wingtip", "make-believe-wingtip", {"preferredRegion": "XYZ"}),
    ],
)
def test_the_collection_says_where_it_lies(visitor: Visitor, organization, token, place):
    answer = visitor.collection(organization, token).json()
    assert {key: value for key, value in answer.items() if key.startswith("preferred")} == place


def test_a_token_of_the_tenant_opens_every_organization(visitor: Visitor):
    bearer = {"Authorization": f"Bearer {visitor.sandbox.token}"}
    assert visitor.collection("contoso", headers=bearer).json()["name"] == "contoso"


def test_the_overview_says_it_by_name_in_both_transports(visitor: Visitor):
    token = "make-believe-fabrikam"
    assert visitor.collection("fabrikam", token).status_code == 404
    provider = visitor.overview("fabrikam", token).json()["dataProviders"][OVERVIEW]
    assert (provider["geography"], provider["region"]) == ("United States", "Central US")
    page = visitor.get("fabrikam/_settings/organizationOverview?__rt=fps&__ver=2", token).json()
    assert page["fps"]["dataProviders"]["data"][OVERVIEW] == provider
    html = visitor.get("fabrikam/_settings/organizationOverview", token)
    assert html.headers["content-type"].startswith("text/html")


def test_providers_that_were_not_asked_for_are_not_answered(visitor: Visitor):
    asked = {"contributionIds": ["ms.vss-web.other"]}
    answer = visitor.get("contoso/_apis/Contribution/HierarchyQuery", "make-believe-contoso-full", "POST", json=asked)
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


def test_northwind_answers_neither_way_and_its_sign_in_host_hints(visitor: Visitor):
    assert visitor.collection("northwind", "make-believe-northwind").status_code == 404
    assert visitor.overview("northwind", "make-believe-northwind").status_code == 404
    hint = visitor.get("northwind/_apis/projects")
    assert hint.status_code == 302
    assert hint.headers["location"].startswith("https://spsproduks1.vssps.visualstudio.com/_signin?realm=dev.azure.com")


@pytest.mark.parametrize(("organization", "status"), [("contoso", 302), ("tailspin", 203)])
def test_a_bad_token_is_never_a_401(visitor: Visitor, organization, status):
    refused = visitor.collection(organization, "wrong")
    assert refused.status_code == status
    assert refused.headers["content-type"].startswith("text/html")
    anonymous = visitor.collection(organization)
    assert anonymous.status_code == 302


def test_a_path_that_leads_nowhere_is_hidden_behind_the_sign_in(visitor: Visitor):
    assert visitor.get("contoso/_apis/unheard-of").status_code == 302
    assert visitor.get("contoso/_apis/unheard-of", "make-believe-contoso-full").status_code == 404


def test_a_basic_header_that_is_no_base64(visitor: Visitor):
    assert visitor.collection("contoso", headers={"Authorization": "Basic ***"}).status_code == 302


def test_an_organization_that_does_not_exist(visitor: Visitor):
    unknown = visitor.collection("nobody", "wrong")
    assert unknown.status_code == 404
    assert unknown.headers["content-type"].startswith("text/html")


def test_a_token_without_the_scope(visitor: Visitor):
    refused = visitor.collection("contoso", "make-believe-contoso-nothing")
    assert refused.status_code == 403
    assert refused.json()["message"] == "TF400813: the token lacks the scope vso.profile."
    assert visitor.overview("contoso", "make-believe-contoso-profile").status_code == 403


def test_groups_of_a_project_name_their_vaults(visitor: Visitor):
    token = "make-believe-contoso-library"
    groups = visitor.get("contoso/payments/_apis/distributedtask/variablegroups", token).json()
    assert groups["count"] == 3
    plain, _, linked = groups["value"]
    assert linked["type"] == "AzureKeyVault"
    assert linked["providerData"]["vault"] == "kv-payments"
    assert linked["variables"]["api-key"]["value"] is None
    assert (plain["type"], plain["variables"]["retries"]) == ("Vsts", {"value": "3"})
    path = "contoso/payments/_apis/distributedtask/variablegroups/11"
    assert visitor.get(path, token).json() == linked
    assert visitor.get(path.replace("11", "99"), token).text == "null"


@pytest.mark.parametrize(("query", "ids"), [("groupName=payments*", [13, 11]), ("groupIds=12,13", [13, 12])])
def test_groups_are_filtered(visitor: Visitor, query, ids):
    path = f"contoso/payments/_apis/distributedtask/variablegroups?{query}"
    assert [each["id"] for each in visitor.get(path, "make-believe-contoso-library").json()["value"]] == ids


def test_lists_go_on_behind_a_header(visitor: Visitor):
    token = "make-believe-contoso-full"
    first = visitor.get("contoso/_apis/projects?$top=1", token)
    more = first.headers["x-ms-continuationtoken"]
    second = visitor.get(f"contoso/_apis/projects?$top=1&continuationToken={more}", token)
    names = [each["name"] for each in first.json()["value"] + second.json()["value"]]
    assert names == ["payments", "Shared Platform"]
    assert "x-ms-continuationtoken" not in second.headers


def test_a_project_by_name_and_by_id(visitor: Visitor):
    token = "make-believe-contoso-full"
    project = visitor.get("contoso/_apis/projects/Shared%20Platform", token).json()
    assert visitor.get(f"contoso/_apis/projects/{project['id']}", token).json() == project
    unknown = visitor.get("contoso/none/_apis/serviceendpoint/endpoints", token)
    assert (unknown.status_code, unknown.json()["typeKey"]) == (404, "ProjectDoesNotExistWithNameException")


def test_service_connections(visitor: Visitor):
    path = "contoso/payments/_apis/serviceendpoint/endpoints"
    azure, other, *_ = visitor.get(path, "make-believe-contoso-library").json()["value"]
    assert (azure["type"], azure["data"]["subscriptionName"]) == ("azurerm", "production")
    assert azure["authorization"]["scheme"] == "WorkloadIdentityFederation"
    assert (other["type"], other["data"]) == ("github", {})
    (named,) = visitor.get(f"{path}?endpointNames=azure-prod", "make-believe-contoso-library").json()["value"]
    assert named == azure


def test_pools_of_every_kind(visitor: Visitor):
    token = "make-believe-contoso-library"
    pools = visitor.get("contoso/_apis/distributedtask/pools", token).json()["value"]
    assert [(each["name"], each["isHosted"]) for each in pools] == [
        ("Default", False),
        ("Azure Pipelines", True),
        ("scale-set-agents", False),
        ("managed-own-network", False),
        ("managed-static", False),
    ]
    (elastic,) = visitor.get("contoso/_apis/distributedtask/elasticpools", token).json()["value"]
    assert elastic["azureId"].endswith("/virtualMachineScaleSets/vmss-agents")
    assert elastic["poolId"] == 10


LIBRARY = "make-believe-contoso-library"


def test_agents_say_their_computer_s_name_and_not_where_it_is(visitor: Visitor):
    path = "contoso/_apis/distributedtask/pools/1/agents"
    plain = visitor.get(path, LIBRARY).json()["value"]
    assert [(each["name"], each["status"]) for each in plain] == [
        ("build-room-1", "online"),
        ("build-room-2", "offline"),
    ]
    assert "systemCapabilities" not in plain[0]
    (first, _) = visitor.get(f"{path}?includeCapabilities=true", LIBRARY).json()["value"]
    assert first["systemCapabilities"] == {
        "Agent.Name": "build-room-1",
        "Agent.Version": "4.255.0",
        "Agent.ComputerName": "build-room-1",
        "Agent.OS": "Linux",
        "COMPUTERNAME": "build-room-1",
        "PATH": "/usr/bin",
    }
    assert "10.20" not in str(first)


def test_agents_of_a_pool_that_is_not_there(visitor: Visitor):
    missing = visitor.get("contoso/_apis/distributedtask/pools/99/agents", LIBRARY)
    assert (missing.status_code, missing.json()["typeKey"]) == (404, "TaskAgentPoolNotFoundException")


def test_agents_need_the_scope_for_pools(visitor: Visitor):
    refused = visitor.get("contoso/_apis/distributedtask/pools/1/agents", "make-believe-contoso-profile")
    assert refused.status_code == 403
    assert "vso.agentpools" in refused.json()["message"]

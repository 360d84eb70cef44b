"""Service connections: types and schemes, shared, disabled and unfinished ones, other clouds and tenants."""

import pytest

from tests.sandbox.devops.visitor import FULL, ID, MANAGE, Visitor

LIST = "contoso/payments/_apis/serviceendpoint/endpoints"


def test_a_connection_with_a_federation_says_whose_token_it_presents(visitor: Visitor):
    shown = visitor.connection("azure-prod")
    assert shown["authorization"] == {
        "scheme": "WorkloadIdentityFederation",
        "parameters": {
            "tenantid": f"{ID}010",
            "serviceprincipalid": f"{ID}0a3",
            "workloadIdentityFederationIssuer": f"https://vstoken.dev.azure.com/{ID}501",
            "workloadIdentityFederationSubject": "sc://contoso/payments/azure-prod",
        },
    }
    assert shown["data"] == {
        "environment": "AzureCloud",
        "scopeLevel": "Subscription",
        "subscriptionId": f"{ID}001",
        "subscriptionName": "production",
        "creationMode": "Automatic",
        "spnObjectId": f"{ID}0b3",
    }
    assert (shown["isReady"], shown["isShared"], "isDisabled" in shown) == (True, False, False)


def test_one_that_was_made_by_hand_does_not_say_which_object_it_is(visitor: Visitor):
    shown = visitor.connection("azure-reader")
    assert shown["authorization"]["scheme"] == "ServicePrincipal"
    assert shown["authorization"]["parameters"]["serviceprincipalkey"] is None
    assert shown["data"]["creationMode"] == "Manual"
    assert "spnObjectId" not in shown["data"]


def test_one_that_is_shared_shows_up_in_both_projects(visitor: Visitor):
    here, there = visitor.connection("azure-platform"), visitor.connection("azure-platform", "Shared%20Platform")
    assert here == there
    assert here["isShared"] is True
    names = [each["projectReference"]["name"] for each in here["serviceEndpointProjectReferences"]]
    assert names == ["Shared Platform", "payments"]
    assert here["authorization"]["parameters"]["workloadIdentityFederationSubject"].startswith("sc://contoso/Shared ")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("type=kubernetes", ["cluster"]),
        (
            "type=azurerm&authSchemes=ManagedServiceIdentity,ServicePrincipal",
            ["azure-reader", "azure-old", "azure-managed"],
        ),
        ("endpointNames=GitHub,azure-nobody", ["github", "azure-nobody"]),
        ("endpointNames=Azure%20prod%20%2F%20Europe%20%231", ["Azure prod / Europe #1"]),
        ("endpointNames=Azure prod", []),
        (f"endpointIds={ID}802,{ID}803", ["github", "azure-platform"]),
    ],
)
def test_connections_are_filtered(reader: Visitor, query, names):
    found = reader.get(f"{LIST}?{query}", MANAGE).json()
    assert ([each["name"] for each in found["value"]], found["count"]) == (names, len(names))


def test_one_that_cannot_be_used_says_why(reader: Visitor):
    assert reader.connection("azure-disabled")["isDisabled"] is True
    unfinished = reader.connection("azure-unfinished")
    assert (unfinished["isReady"], unfinished["operationStatus"]) == (
        False,
        {"state": "Failed", "statusMessage": "Insufficient privileges to complete the operation."},
    )
    assert "serviceprincipalid" not in unfinished["authorization"]["parameters"]


def test_other_clouds_and_tenants(reader: Visitor):
    government = reader.connection("azure-government")
    assert (government["url"], government["data"]["environment"]) == (
        "https://management.usgovcloudapi.net/",
        "AzureUSGovernment",
    )
    assert reader.connection("azure-partner")["authorization"]["parameters"]["tenantid"] == f"{ID}020"


def test_a_connection_by_its_id(reader: Visitor):
    shown = reader.get(f"{LIST}/{ID}805", FULL).json()
    assert shown == reader.connection("azure-reader")
    assert reader.get(f"{LIST}/{ID}899", FULL).text == "null"


def test_connections_need_their_scope_and_who_may_ask_by_them_may_see_them(visitor: Visitor):
    refused = visitor.get(LIST, "make-believe-contoso-profile")
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "TF400813: the token lacks the scope vso.serviceendpoint.",
    )
    assert visitor.get(LIST, MANAGE).status_code == 200

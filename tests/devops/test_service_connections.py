"""The service connections of a project, from the sandbox and from answers that it would never give."""

from collections.abc import Iterator

import pytest

from netcfg.core.errors import (
    AmbiguousConnection,
    ConnectionDisabled,
    ConnectionNotReady,
    DevOpsAnswer,
    NetcfgError,
    NoSuchConnection,
    WrongConnection,
)
from netcfg.core.linking.groups import Project, ServiceConnection
from netcfg.devops.credential import Credential
from netcfg.devops.projects import RestProjects
from netcfg.devops.service_connections import RestServiceConnections
from netcfg.devops.session import Session
from netcfg.sandbox.server import Sandbox, serve
from tests.devops.loopback import loopback, shows
from tests.devops.test_session import session_for

PROJECT = Project("contoso", "payments", "p/1")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with serve(world="contoso") as running:
        yield running


def session(sandbox: Sandbox) -> Session:
    credential = Credential.basic("the PAT", "make-believe-contoso-library")
    return Session(lambda: credential, sandbox.devops_url, sandbox.identity_url, timeout=5)


def test_a_connection_tells_its_identity(sandbox):
    payments = RestProjects(session(sandbox)).find("contoso", "payments")
    assert RestServiceConnections(session(sandbox)).find(payments, "Azure-Prod") == ServiceConnection(
        id="00000000-0000-4000-8000-000000000801",
        name="azure-prod",
        project=payments,
        scheme="WorkloadIdentityFederation",
        tenant="00000000-0000-4000-8000-000000000010",
        client="00000000-0000-4000-8000-0000000000a3",
        object_id="00000000-0000-4000-8000-0000000000b3",
        subscription="00000000-0000-4000-8000-000000000001",
        environment="AzureCloud",
    )


def test_a_connection_is_found_by_its_id_too(sandbox):
    payments = RestProjects(session(sandbox)).find("contoso", "payments")
    connections = RestServiceConnections(session(sandbox))
    assert connections.find(payments, "00000000-0000-4000-8000-000000000801").name == "azure-prod"


def test_a_connection_of_another_type_cannot_read_a_vault(sandbox):
    payments = RestProjects(session(sandbox)).find("contoso", "payments")
    with pytest.raises(WrongConnection) as raised:
        RestServiceConnections(session(sandbox)).find(payments, "github")
    assert str(raised.value) == (
        "'github' is a service connection of type 'github', and a vault is read by one of type 'azurerm'; name one to "
        "Azure Resource Manager"
    )


PROD = {"id": "c1", "name": "prod", "type": "azurerm"}


def found(*connections: object, wanted: str = "prod") -> ServiceConnection:
    with loopback(shows({"value": list(connections)})) as server:
        return RestServiceConnections(session_for(server.url)).find(PROJECT, wanted)


def test_those_that_failed_are_asked_for_as_well():
    """Without that Azure DevOps leaves them out, and one that needs mending would look like one that is not there."""
    with loopback(shows({"value": []})) as server:
        RestServiceConnections(session_for(server.url)).every(PROJECT)
    assert [each.path for each in server.asked] == [
        "/contoso/p%2F1/_apis/serviceendpoint/endpoints?includeFailed=true&api-version=7.1"
    ]


def test_a_connection_of_which_only_its_name_is_told_is_one():
    assert found(PROD) == ServiceConnection("c1", "prod", PROJECT)
    assert found({**PROD, "authorization": None, "data": None, "isReady": None}) == ServiceConnection(
        "c1", "prod", PROJECT
    )


def test_the_case_of_the_keys_does_not_count():
    told = found(
        {
            **PROD,
            "type": "AzureRM",
            "authorization": {"scheme": "ServicePrincipal", "parameters": {"tenantId": "t", "servicePrincipalId": "a"}},
            "data": {"SubscriptionId": "s", "spnobjectid": "o", "environment": "AzureUSGovernment"},
            "isShared": True,
        }
    )
    assert told == ServiceConnection(
        "c1", "prod", PROJECT, "AzureRM", "ServicePrincipal", "t", "a", "o", "s", "AzureUSGovernment", is_shared=True
    )
    assert told.is_azure


def error(*connections: object, wanted: str = "prod") -> NetcfgError:
    with pytest.raises(NetcfgError) as raised:
        found(*connections, wanted=wanted)
    return raised.value


def test_one_that_is_not_shown_is_an_error_that_names_those_to_azure():
    github = {"id": "c2", "name": "prods", "type": "github"}
    missing = error({**PROD, "name": "azure-prod"}, github, wanted="azure prod")
    assert type(missing) is NoSuchConnection
    assert str(missing) == (
        "the project 'payments' shows this sign-in no service connection 'azure prod'; did you mean 'azure-prod'?; "
        "those to Azure that it shows are 'azure-prod', and what a sign-in may not see is not shown: check the name, "
        "and that it has the scope 'Service Connections: Read'"
    )
    assert "; it shows none to Azure, and" in str(error(github))


def test_one_that_is_disabled_is_not_used():
    disabled = error({**PROD, "isDisabled": True, "isReady": False})
    assert type(disabled) is ConnectionDisabled
    assert str(disabled) == (
        "the service connection 'prod' of the project 'payments' is disabled, so Azure DevOps does not use it; "
        "enable it in Project settings, Service connections, or name another"
    )


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            {"state": "Failed", "statusMessage": "Insufficient privileges\r\nto complete."},
            " (Insufficient privileges to complete.)",
        ),
        ({"state": "InProgress"}, " (InProgress)"),
        ({"state": "Ready", "statusMessage": "made"}, ""),
        (None, ""),
        ("Failed", ""),
    ],
)
def test_one_that_is_not_ready_says_why(status, said):
    unready = error({**PROD, "isReady": False, "operationStatus": status})
    assert type(unready) is ConnectionNotReady
    assert str(unready) == (
        f"the service connection 'prod' of the project 'payments' is not ready{said}; mend it in Project settings, "
        "Service connections, with 'Verify', or name another"
    )


def test_a_name_spelt_exactly_so_goes_before_one_spelt_otherwise():
    upper = {**PROD, "id": "c2", "name": "PROD"}
    assert found(PROD, upper).id == "c1"
    assert found(PROD, upper, wanted="PROD").id == "c2"
    ambiguous = error(PROD, upper, wanted="Prod")
    assert type(ambiguous) is AmbiguousConnection
    assert "has several service connections 'Prod': c1; c2; give the id" in str(ambiguous)


@pytest.mark.parametrize(
    "broken",
    [
        {"id": None},
        {"name": ""},
        {"type": 1},
        {"isReady": "yes"},
        {"isShared": 1},
        {"authorization": "Token"},
        {"authorization": {"parameters": []}},
        {"data": []},
    ],
)
def test_what_is_no_connection_is_an_error_and_never_none(broken):
    assert type(error({**PROD, **broken})) is DevOpsAnswer


def test_what_stands_in_the_parameters_of_a_connection_is_in_no_message():
    parameters = {"authorization": {"scheme": "Token", "parameters": ["planted"]}}
    assert "planted" not in str(error({**PROD, **parameters}))

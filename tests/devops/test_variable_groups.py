"""The variable groups that are linked to a vault, from the sandbox and from answers that it would never give."""

from collections.abc import Iterator

import pytest

from netcfg.core.discovery import Library, LinkedGroup
from netcfg.core.errors import DevOpsAnswer, NoDevOpsPermission
from netcfg.devops.credential import Credential
from netcfg.devops.session import Session
from netcfg.devops.variable_groups import RestVariableGroups
from netcfg.sandbox.server import Sandbox, serve
from tests.devops.loopback import Reply, loopback, shows
from tests.devops.test_linked_group import NOW
from tests.devops.test_session import session_for

PROD, PLATFORM = "00000000-0000-4000-8000-000000000801", "00000000-0000-4000-8000-000000000803"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with serve(world="contoso") as running:
        yield running


def groups(sandbox: Sandbox, token: str) -> RestVariableGroups:
    credential = Credential.basic("the PAT", token)
    return RestVariableGroups(
        Session(lambda: credential, sandbox.devops_url, sandbox.identity_url, timeout=5), lambda: NOW
    )


def test_the_linked_groups_of_every_project_are_found_and_no_others(sandbox):
    assert groups(sandbox, "make-believe-contoso-library").linked("contoso").groups == (
        LinkedGroup("kv-elsewhere", "Shared Platform", "platform/secrets", PLATFORM),
        LinkedGroup("kv-no-longer-there", "Shared Platform", "gone", PLATFORM),
        LinkedGroup("kv-orders", "payments", "orders-secrets", PROD),
        LinkedGroup("kv-payments", "payments", "payments-secrets", PROD),
    )


def test_a_token_without_the_scope_is_an_error_and_no_group(sandbox):
    with pytest.raises(NoDevOpsPermission, match="it needs the scope 'Project and Team: Read'"):
        groups(sandbox, "make-believe-contoso-profile").linked("contoso")


def linked(*answers: object):
    with loopback(*(each if isinstance(each, Reply) else shows(each) for each in answers)) as server:
        return RestVariableGroups(session_for(server.url), lambda: NOW).linked("contoso"), server.asked


PROJECTS = {"value": [{"id": "p/1", "name": "payments"}]}
GROUP = {"name": "secrets", "type": "AzureKeyVault", "providerData": {"vault": "kv-a", "serviceEndpointId": "c"}}


def test_a_project_is_asked_for_by_its_id_and_nothing_in_it_leads_elsewhere():
    found, asked = linked(PROJECTS, {"value": [GROUP]})
    assert found == Library((LinkedGroup("kv-a", "payments", "secrets", "c"),))
    assert [each.path for each in asked] == [
        "/contoso/_apis/projects?api-version=7.1",
        "/contoso/p%2F1/_apis/distributedtask/variablegroups?api-version=7.1",
    ]


@pytest.mark.parametrize(
    "group",
    [
        {**GROUP, "providerData": None},
        {**GROUP, "providerData": {"serviceEndpointId": "c"}},
        {**GROUP, "providerData": {"vault": ["kv-a"], "serviceEndpointId": "c"}},
        {**GROUP, "type": None},
        {**GROUP, "name": 1},
    ],
)
def test_a_linked_group_that_names_no_vault_is_an_error(group):
    with pytest.raises(DevOpsAnswer):
        linked(PROJECTS, {"value": [group]})


def test_a_group_without_a_vault_needs_no_provider():
    assert linked(PROJECTS, {"value": [{"name": "settings", "type": "Vsts"}]})[0] == Library()


def test_a_group_that_is_listed_twice_is_one():
    assert len(linked(PROJECTS, {"value": [GROUP, GROUP]})[0].groups) == 1


@pytest.mark.parametrize("status", [403, 404, 400])
def test_one_project_that_cannot_be_read_is_named_and_hides_none_of_the_others(status):
    projects = shows({"value": [{"id": each, "name": each} for each in ("open", "shut")]})
    answers = {"/open/": [shows({"value": [GROUP]})], "/shut/": [Reply(status, b'{"message": "not yours"}')]}
    with loopback(projects, elsewhere=answers) as server:
        found = RestVariableGroups(session_for(server.url), lambda: NOW).linked("contoso")
    assert found.groups == (LinkedGroup("kv-a", "open", "secrets", "c"),)
    assert [each.name for each in found.closed] == ["shut"]
    assert "the list of variable groups of the project 'shut'" in str(found.closed[0].error)


def test_where_every_project_is_closed_nothing_is_known():
    with pytest.raises(NoDevOpsPermission, match="it needs the scope 'Variable Groups: Read'"):
        linked(PROJECTS, Reply(403, b"{}"))


@pytest.mark.parametrize("id", [".", "..", "", None, 7])
def test_a_project_whose_id_leads_elsewhere_is_asked_for_nothing(id):
    with pytest.raises(DevOpsAnswer, match="in the list of projects where"):
        linked({"value": [{"id": id, "name": "payments"}]})

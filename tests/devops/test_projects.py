"""The projects of an organization, from the sandbox and from answers that it would never give."""

from collections.abc import Iterator

import pytest

from netcfg.core.errors import BadOrganization, DevOpsAnswer, NoSuchProject
from netcfg.core.linking.groups import Project
from netcfg.devops.credential import Credential
from netcfg.devops.projects import RestProjects
from netcfg.devops.session import Session
from netcfg.sandbox.server import Sandbox, serve
from tests.devops.loopback import Reply, loopback, shows
from tests.devops.test_session import session_for


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with serve(world="contoso") as running:
        yield running


def projects(sandbox: Sandbox) -> RestProjects:
    credential = Credential.basic("the PAT", "make-believe-contoso-library")
    return RestProjects(Session(lambda: credential, sandbox.devops_url, sandbox.identity_url, timeout=5))


def test_every_project_is_listed_by_name(sandbox):
    assert [(each.organization, each.name) for each in projects(sandbox).every("contoso")] == [
        ("contoso", "Shared Platform"),
        ("contoso", "payments"),
    ]


def test_a_project_is_found_by_its_name_whatever_the_case_and_by_its_id(sandbox):
    found = projects(sandbox).find("contoso", "shared platform")
    assert found.name == "Shared Platform"
    assert projects(sandbox).find("contoso", found.id.upper()) == found


def test_an_organization_may_be_given_by_its_address(sandbox):
    assert projects(sandbox).find("https://dev.azure.com/contoso/x", "payments").organization == "contoso"
    with pytest.raises(BadOrganization):
        projects(sandbox).find("contoso/../fabrikam", "payments")


def test_a_project_that_is_not_shown_is_an_error_that_names_what_is(sandbox):
    with pytest.raises(NoSuchProject) as raised:
        projects(sandbox).find("contoso", "Payment")
    assert str(raised.value) == (
        "contoso shows this sign-in no project 'Payment'; did you mean 'payments'?; the projects that it shows to this "
        "sign-in are 'Shared Platform'; 'payments', and what a sign-in may not see is not shown: check the name, or "
        "ask to be made a user of that project"
    )


def listed(*names: str, **more: str) -> Reply:
    return shows({"value": [{"id": f"id-{number}", "name": name, **more} for number, name in enumerate(names)]})


def test_an_organization_that_shows_none_is_said_so():
    with loopback(listed()) as server, pytest.raises(NoSuchProject, match="no project 'payments'; it shows none, and"):
        RestProjects(session_for(server.url)).find("contoso", "payments")


def test_a_project_is_looked_for_on_every_page():
    first = Reply(body=listed("one").body, headers=(("x-ms-continuationtoken", "1"),))
    second = shows({"value": [{"id": "second", "name": "two"}]})
    with loopback(first, second) as server:
        assert RestProjects(session_for(server.url)).find("contoso", "TWO") == Project("contoso", "two", "second")


NAMES = ["Größe & Maß", "a/b", "50 %", "C#", "🚀 launch", "../fabrikam", "x?y=1", "it's"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_may_hold_anything_for_it_is_never_part_of_a_path(name):
    with loopback(listed(*NAMES)) as server:
        found = RestProjects(session_for(server.url)).find("contoso", f" {name} ")
    assert found.name == name
    assert [each.path for each in server.asked] == ["/contoso/_apis/projects?api-version=7.1"]


def test_a_name_goes_before_an_id_that_reads_the_same():
    with loopback(listed("one", "id-0")) as server:
        assert RestProjects(session_for(server.url)).find("contoso", "id-0").name == "id-0"


@pytest.mark.parametrize("project", [{"id": ".."}, {"id": ""}, {"id": 7}, {"name": None}, {"name": ""}])
def test_a_project_without_an_id_or_a_name_is_an_error(project):
    document = {"value": [{"id": "p", "name": "payments", **project}]}
    with loopback(shows(document)) as server, pytest.raises(DevOpsAnswer):
        RestProjects(session_for(server.url)).every("contoso")

"""The look-up against the sandbox, over a real connection."""

from collections.abc import Iterator

import pytest

from netcfg.core.errors import DevOpsAnswer, DevOpsUnreachable, NoDevOpsPermission, SignInRefused
from netcfg.core.geography import Organization
from netcfg.devops.credential import Credential, find_credential
from netcfg.devops.geography import RestOrganizations
from netcfg.devops.session import Session
from netcfg.sandbox.server import Sandbox, serve
from tests.devops.atlas import ATLAS


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with serve(world="contoso") as running:
        yield running


def look_up(sandbox: Sandbox, organization: str, credential: Credential) -> Organization:
    session = Session(lambda: credential, sandbox.devops_url, sandbox.identity_url, timeout=5)
    return RestOrganizations(session, ATLAS).look_up(organization)


def pat(token: str) -> Credential:
    return find_credential({"AZURE_DEVOPS_EXT_PAT": token}, None)


@pytest.mark.parametrize(
    ("organization", "geography"), [("contoso", "EU"), ("fabrikam", "US"), ("tailspin", "AU"), ("Contoso", "EU")]
)
def test_a_token_of_microsoft_entra_reads_every_organization(sandbox, organization, geography):
    entra = Credential.bearer("the Microsoft Entra token of ada", sandbox.token)
    found = look_up(sandbox, organization, entra)
    assert (found.name, found.geography.id, found.is_inferred) == (organization, geography, False)


def test_an_organization_may_be_given_by_its_address(sandbox):
    address = f"{sandbox.devops_url}/contoso/payments/_git/web"
    assert look_up(sandbox, address, pat("make-believe-contoso-profile")).geography.id == "EU"


def test_a_pat_needs_no_more_than_the_scope_of_the_profile(sandbox):
    asked = len(sandbox.requests)
    assert look_up(sandbox, "contoso", pat("make-believe-contoso-profile")).geography.id == "EU"
    assert sandbox.requests[asked:] == [("GET", "/vssps.dev.azure.com/contoso/_apis/Organization/Collections/Me", 200)]


def test_a_refused_permission_is_not_replaced_by_the_hint(sandbox):
    asked = len(sandbox.requests)
    with pytest.raises(NoDevOpsPermission):
        look_up(sandbox, "contoso", pat("make-believe-contoso-nothing"))
    assert [status for _, _, status in sandbox.requests[asked:]] == [403, 403, 403]


def test_a_token_of_another_organization_is_refused(sandbox):
    with pytest.raises(SignInRefused):
        look_up(sandbox, "contoso", pat("make-believe-fabrikam"))


@pytest.mark.parametrize("faults", ["throttle=0.3", "drop-before=0.2", "truncate=0.3", "throttle=1", "drop-after=1"])
def test_a_sandbox_that_misbehaves_gives_the_right_answer_or_a_clean_error(faults):
    outcomes: set[str] = set()
    with serve(world="contoso", seed=7, faults=faults) as sandbox:
        for _ in range(3):
            try:
                outcomes.add(look_up(sandbox, "contoso", pat("make-believe-contoso-profile")).geography.id)
            except (DevOpsAnswer, DevOpsUnreachable) as error:
                outcomes.add("a clean error" if "make-believe" not in str(error) else str(error))
    assert outcomes <= {"EU", "a clean error"}

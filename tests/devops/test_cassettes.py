"""Recorded answers, replayed without a network. `scripts/record-cassettes` records them anew."""

import base64
import re
from pathlib import Path

import pytest
import vcr
import yaml

from netcfg.core.errors import NoDevOpsPermission, OrganizationNotFound, SignInRefused, UnknownRegion
from netcfg.core.geography import Organization
from netcfg.devops.credential import Credential
from netcfg.devops.geography import RestOrganizations
from netcfg.devops.session import Session
from netcfg.sandbox.server import serve
from tests.devops.atlas import ATLAS
from tests.devops.record import BAD, CASSETTES, SCENES, make_believe, record_sandbox, record_tenant

REPLAY = vcr.VCR(record_mode="none", match_on=["method", "uri", "body"])
PLANTED = Credential.basic("the PAT in AZURE_DEVOPS_EXT_PAT", "planted")


def look_up(cassette: str, organization: str, find=lambda: PLANTED) -> Organization:
    """The organization as the cassette shows it; every exchange on it has to be asked for."""
    with REPLAY.use_cassette(str(CASSETTES / f"{cassette}.yaml")) as tape:
        try:
            return RestOrganizations(Session(find), ATLAS).look_up(organization)
        finally:
            assert tape.all_played


def evidence(found: Organization) -> list[tuple[str, str, str, str]]:
    return [(each.witness.value, each.field, each.text, each.geography.id) for each in found.evidence]


def test_the_collection_knows():
    assert evidence(look_up("works", "contoso")) == [
        ("collections-me", "preferredGeography", "Europe", "EU"),
        ("collections-me", "preferredRegion", "WEU", "EU"),
    ]


def test_the_overview_knows_what_the_collection_does_not():
    assert evidence(look_up("overview-only", "fabrikam")) == [
        ("organization-overview", "geography", "United States", "US"),
        ("organization-overview", "region", "Central US", "US"),
    ]


def test_the_sign_in_host_hints_when_neither_form_of_the_overview_knows():
    found = look_up("overview-silent", "fabrikam")
    assert evidence(found) == [("sign-in-host", "host", "spsprodcus3.vssps.visualstudio.com", "US")]
    assert found.is_inferred


def test_the_sign_in_host_hints_to_whom_nobody_gave_a_credential():
    found = look_up("hint", "northwind", lambda: make_believe(None))
    assert evidence(found) == [("sign-in-host", "host", "spsproduks1.vssps.visualstudio.com", "UK")]
    assert found.is_inferred


@pytest.mark.parametrize(("cassette", "organization"), [("bad-token", "contoso"), ("bad-token-page", "tailspin")])
def test_a_bad_token_is_said_so(cassette, organization):
    with pytest.raises(SignInRefused, match="it did not accept the PAT in AZURE_DEVOPS_EXT_PAT"):
        look_up(cassette, organization)


def test_an_unknown_organization_is_said_so():
    with pytest.raises(OrganizationNotFound) as caught:
        look_up("unknown", "no-such-organization")
    assert str(caught.value) == (
        "Azure DevOps knows no organization 'no-such-organization' at https://dev.azure.com; "
        "check the name, it is the first part of the path"
    )


def test_a_missing_scope_is_said_so():
    with pytest.raises(NoDevOpsPermission, match="it needs the scope 'User Profile: Read'"):
        look_up("no-permission", "contoso")


def test_two_fields_that_disagree_are_both_told():
    assert evidence(look_up("disagree", "adventure-works")) == [
        ("collections-me", "preferredGeography", "EU", "EU"),
        ("collections-me", "preferredRegion", "CUS", "US"),
    ]


def test_an_unknown_region_is_quoted():
    with pytest.raises(UnknownRegion, match="the collection of 'wingtip' \\(preferredRegion\\) names the region 'XYZ'"):
        look_up("unknown-region", "wingtip")


# --- what a cassette may hold -------------------------------------------------------------------------------------


def forbidden_in(text: str) -> list[str]:
    tokens = [scene.token for scene in SCENES if scene.token]
    secrets = tokens + [base64.b64encode(f":{each}".encode()).decode() for each in tokens]
    patterns = "127\\.0\\.0\\.1|localhost|@|[Cc]ookie|[Aa]uthorization|[0-9a-f]{8}-[0-9a-f]{4}-|planted|private-org"
    return re.findall("|".join([patterns, *map(re.escape, secrets)]), text)


@pytest.mark.parametrize("path", sorted(CASSETTES.iterdir()), ids=lambda path: path.stem)
def test_a_cassette_holds_no_token_no_name_and_no_address(path):
    assert forbidden_in(path.read_text()) == []


def requests(path: Path) -> list[tuple[str, str, str | None]]:
    exchanges = yaml.safe_load(path.read_text())["interactions"]
    return [(each["request"]["method"], each["request"]["uri"], each["request"]["body"]) for each in exchanges]


def test_recording_anew_asks_what_is_on_the_cassettes(tmp_path):
    outcomes = dict(each.split(": ", 1) for each in record_sandbox(tmp_path))
    assert list(outcomes) == [scene.cassette for scene in SCENES]
    recorded = {path.name: requests(path) for path in tmp_path.iterdir()}
    assert recorded == {path.name: requests(path) for path in CASSETTES.iterdir()}
    assert [each for path in tmp_path.iterdir() for each in forbidden_in(path.read_text())] == []


def test_an_organization_of_ones_own_leaves_no_trace_on_the_cassettes(tmp_path):
    """The sandbox stands in for Azure DevOps, and one of its organizations for somebody's own."""
    with serve(world="contoso") as sandbox:
        with sandbox.edit() as state:
            own = state["organizations"].pop("contoso")
            state["organizations"]["private-org"] = own | {"name": "private-org", "tokens": {"planted": ["full"]}}
        address = f"{sandbox.devops_url}/private-org/"
        outcomes = list(record_tenant(tmp_path, address, PLANTED, sandbox.devops_url, sandbox.identity_url))
    assert [each.partition(":")[0] for each in outcomes] == ["works", "hint", "bad-token", "unknown"]
    assert {path.name: requests(path) for path in tmp_path.iterdir()} == {
        path.name: requests(CASSETTES / path.name) for path in tmp_path.iterdir()
    }
    assert [each for path in tmp_path.iterdir() for each in forbidden_in(path.read_text())] == []
    assert BAD not in "".join(path.read_text() for path in tmp_path.iterdir())

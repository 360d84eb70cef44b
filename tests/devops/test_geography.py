import dataclasses
import json
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.errors import (
    DevOpsAnswer,
    GeographyUnknown,
    NetcfgError,
    NoDevOpsCredential,
    NoDevOpsPermission,
    OrganizationNotFound,
    SignInRefused,
    UnknownRegion,
)
from netcfg.core.geography import Evidence, Organization, Witness
from netcfg.devops.answer import Question
from netcfg.devops.credential import Credential
from netcfg.devops.geography import (
    RestOrganizations,
    parse_collection,
    parse_overview,
    parse_overview_page,
    parse_sign_in,
    questions,
    sign_in_question,
)
from netcfg.devops.session import Session
from netcfg.workflow.collaborators import Organizations
from tests.devops.atlas import ATLAS, EUROPE, UNITED_STATES
from tests.devops.loopback import Loopback, Reply, loopback, redirects, shows

CREDENTIAL = Credential.basic("the PAT in AZURE_DEVOPS_EXT_PAT", "planted")
QUESTION = Question("contoso", "https://dev.azure.com/contoso/_apis/thing", "the thing", "a scope")
PROVIDER = "ms.vss-admin-web.organization-admin-overview-data-provider"
NOTHING = Reply(404)
FORBIDDEN = Reply(403)
SIGN_IN = redirects("https://spsprodweu5.vssps.visualstudio.com/_signin?realm=dev.azure.com")


def signed_out() -> Credential:
    raise NoDevOpsCredential("nobody is signed in")


def look_up(server: Loopback, credential=lambda: CREDENTIAL) -> Organization:
    organizations: Organizations = RestOrganizations(Session(credential, devops=server.url, identity=server.url), ATLAS)
    return organizations.look_up("contoso")


def paths(server: Loopback) -> list[str]:
    return [f"{each.method} {urlsplit(each.path).path}" for each in server.asked]


COLLECTION = "GET /contoso/_apis/Organization/Collections/Me"
OVERVIEW = "POST /contoso/_apis/Contribution/HierarchyQuery"
PAGE = "GET /contoso/_settings/organizationOverview"
POOLS = "GET /contoso/_apis/distributedtask/pools"


def test_every_question_to_the_interface_names_its_version():
    asked = [question for question, _ in questions("contoso", "https://dev.azure.com", "https://vssps.dev.azure.com")]
    asked.append(sign_in_question("contoso", "https://dev.azure.com"))
    assert [each.headers.get("Accept") for each in asked if "/_apis/" in each.url] == [
        "application/json;api-version=7.1-preview",
        "application/json;api-version=5.0-preview.1",
        "application/json;api-version=7.1",
    ]


# --- who is asked, and in which order -----------------------------------------------------------------------------


def test_the_collection_is_asked_first_and_its_answer_is_enough():
    with loopback(shows({"name": "contoso", "preferredGeography": "EU", "preferredRegion": "WEU"})) as server:
        found = look_up(server)
    assert found == Organization(
        "contoso",
        (
            Evidence(Witness.COLLECTION, "preferredGeography", "EU", EUROPE),
            Evidence(Witness.COLLECTION, "preferredRegion", "WEU", EUROPE),
        ),
    )
    assert found.geography == EUROPE
    assert not found.is_inferred
    assert paths(server) == [COLLECTION]


@pytest.mark.parametrize("collection", [shows({"name": "contoso"}), NOTHING, FORBIDDEN])
def test_the_overview_is_asked_when_the_collection_has_no_answer(collection):
    with loopback(collection, shows({"dataProviders": {PROVIDER: {"geography": "Europe"}}})) as server:
        found = look_up(server)
    assert found.evidence == (Evidence(Witness.OVERVIEW, "geography", "Europe", EUROPE),)
    assert paths(server) == [COLLECTION, OVERVIEW]
    assert PROVIDER in json.loads(server.asked[1].body)["contributionIds"]


def test_the_page_is_asked_when_the_query_leaves_the_fields_out():
    page = {"fps": {"dataProviders": {"data": {PROVIDER: {"region": {"displayName": "West Europe"}}}}}}
    with loopback(shows({}), shows({"dataProviders": {}}), shows(page)) as server:
        found = look_up(server)
    assert found.evidence == (Evidence(Witness.OVERVIEW, "region", "West Europe", EUROPE),)
    assert paths(server) == [COLLECTION, OVERVIEW, PAGE]
    assert server.asked[2].path.endswith("?__rt=fps&__ver=2")


def test_the_hint_is_read_last_and_from_a_request_without_the_credential():
    with loopback(shows({}), NOTHING, NOTHING, SIGN_IN) as server:
        found = look_up(server)
    host = "spsprodweu5.vssps.visualstudio.com"
    assert found.evidence == (Evidence(Witness.SIGN_IN, "host", host, EUROPE),)
    assert found.is_inferred
    assert paths(server) == [COLLECTION, OVERVIEW, PAGE, POOLS]
    assert ["Authorization" in each.headers for each in server.asked] == [True, True, True, False]


def test_without_a_credential_the_hint_alone_is_read():
    with loopback(SIGN_IN) as server:
        found = look_up(server, signed_out)
    assert found.is_inferred
    assert paths(server) == [POOLS]


# --- what goes wrong ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [(), (shows({}),), (FORBIDDEN,), (NOTHING, NOTHING)])
@pytest.mark.parametrize("refusal", [SIGN_IN, Reply(203, b"<html>"), Reply(200, b"<html>"), Reply(401)])
def test_a_refused_credential_is_an_error_wherever_it_shows_and_never_a_hint(before, refusal):
    with loopback(*before, refusal) as server, pytest.raises(SignInRefused):
        look_up(server)
    assert len(server.asked) == len(before) + 1


def test_no_permission_is_not_no_answer():
    """With the hint instead, a scope that is missing would look like an organization that hides where it lives."""
    with loopback(FORBIDDEN, shows({}), shows({}), SIGN_IN) as server, pytest.raises(NoDevOpsPermission) as caught:
        look_up(server)
    assert str(caught.value) == (
        "the PAT in AZURE_DEVOPS_EXT_PAT may not read the collection of 'contoso'; it needs the scope 'User Profile: "
        "Read', or to be a user of that organization, or say --geography"
    )
    assert paths(server) == [COLLECTION, OVERVIEW, PAGE]


def test_an_organization_is_unknown_only_when_the_sign_in_does_not_know_it_either():
    """A token without the scope is answered 404 as well."""
    with loopback(NOTHING) as server, pytest.raises(OrganizationNotFound) as caught:
        look_up(server)
    assert str(caught.value) == (
        f"Azure DevOps knows no organization 'contoso' at {server.url}; "
        "check the name, it is the first part of the path"
    )
    assert len(server.asked) == 4


def test_the_error_names_everything_that_was_tried():
    elsewhere = redirects("https://login.microsoftonline.com/common")
    failed = shows({"dataProviders": {}, "dataProviderExceptions": {PROVIDER: {"exceptionType": "AadGraphException"}}})
    with loopback(shows({}), failed, NOTHING, elsewhere) as server, pytest.raises(GeographyUnknown) as caught:
        look_up(server)
    assert str(caught.value) == (
        "the geography of 'contoso' could not be found (the collection: names no geography; the organization's "
        "overview: failed with AadGraphException; the organization's overview page: not found; the sign-in host: "
        "names no region); read it in Organization settings, Overview, and give it with --geography"
    )


def test_the_error_says_that_there_was_no_credential():
    with loopback(shows({})) as server, pytest.raises(GeographyUnknown) as caught:
        look_up(server, signed_out)
    assert "(no credential: nobody is signed in; the sign-in host: names no region)" in str(caught.value)


@pytest.mark.parametrize("trouble", [Reply(500), Reply(200, b'{"name": '), Reply(400), Reply(200, b"[]")])
def test_an_answer_that_cannot_be_read_is_never_passed_over(trouble):
    trouble = Reply(trouble.status, trouble.body, (*trouble.headers, ("Retry-After", "0")))
    with loopback(trouble) as server, pytest.raises(DevOpsAnswer):
        look_up(server)
    assert set(paths(server)) == {COLLECTION}


@pytest.mark.parametrize("status", [429, 501])
def test_trouble_while_the_hint_is_read_is_not_an_organization_without_a_place(status):
    busy = Reply(status, headers=(("Retry-After", "0"),))
    with loopback(busy) as server, pytest.raises(DevOpsAnswer) as caught:
        look_up(server, signed_out)
    assert f"with status {status} where a redirection to the sign-in page was expected" in str(caught.value)


def test_an_error_on_the_way_to_the_credential_is_not_hidden_behind_the_hint():
    def broken() -> Credential:
        raise NetcfgError("the sign-in service did not answer")

    with loopback(SIGN_IN) as server, pytest.raises(NetcfgError, match="the sign-in service did not answer"):
        look_up(server, broken)
    assert server.asked == []


# --- how each answer is read --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["EU", "eu", "Europe", "WEU", "westeurope", "West Europe", "Western Europe", " NEU "])
def test_every_spelling_of_a_place_is_understood(text):
    (found,) = parse_collection({"preferredRegion": text}, QUESTION, ATLAS)
    assert (found.geography, found.text) == (EUROPE, text.strip())


def test_both_fields_are_kept_when_they_disagree():
    found = parse_collection({"preferredGeography": "EU", "preferredRegion": "CUS"}, QUESTION, ATLAS)
    assert [each.geography for each in found] == [EUROPE, UNITED_STATES]


@pytest.mark.parametrize("field", ["preferredGeography", "preferredRegion"])
def test_an_unknown_code_is_an_error_that_quotes_it_even_beside_a_known_one(field):
    with pytest.raises(UnknownRegion) as caught:
        parse_collection({"preferredGeography": "EU", "preferredRegion": "WEU", field: "XYZ"}, QUESTION, ATLAS)
    assert str(caught.value) == (
        f"the thing of 'contoso' ({field}) names the region 'XYZ', which belongs to no geography that this version "
        "knows; say which it is with --geography, and report the code"
    )


@pytest.mark.parametrize("value", [None, "", "  ", {"displayName": None}])
def test_an_empty_field_says_nothing(value):
    assert parse_overview({"dataProviders": {PROVIDER: {"geography": value}}}, QUESTION, ATLAS) == ()


@pytest.mark.parametrize("value", [1, True, [], ["EU"], {}, {"name": "Europe"}, {"displayName": {"displayName": "EU"}}])
def test_a_field_of_another_shape_is_an_error(value):
    with pytest.raises(DevOpsAnswer) as caught:
        parse_overview({"dataProviders": {PROVIDER: {"geography": value}}}, QUESTION, ATLAS)
    assert f"with geography = {json.dumps(value)} where the name of a place was expected" in str(caught.value)


@pytest.mark.parametrize(
    ("label", "geography"),
    [
        ("weu5", "EU"),
        ("neu1", "EU"),
        ("cca1", "CA"),
        ("eau1", "AU"),
        ("uks1", "UK"),
        ("sbr2", "BR"),
        ("sea2", "APAC"),
        ("cin1", "IN"),
        ("sin2", "IN"),
        ("cus3", "US"),
        ("eus21", "US"),
        ("eus27", "US"),
        ("weu12", "EU"),
    ],
)
def test_every_sign_in_host_that_was_seen_is_understood(label, geography):
    location = f"https://spsprod{label}.vssps.visualstudio.com/_signin?realm=dev.azure.com"
    (found,) = parse_sign_in(location, QUESTION, ATLAS)
    assert found.geography.id == geography


def test_the_longest_code_of_a_sign_in_host_counts():
    """`eus27` is the seventh host of `eus2`: made up here, because today both would lie in the United States."""
    codes = dataclasses.replace(ATLAS, spellings={"eus": UNITED_STATES, "eus2": EUROPE})
    (found,) = parse_sign_in("https://spsprodeus27.vssps.visualstudio.com/_signin", QUESTION, codes)
    assert found.geography == EUROPE


@pytest.mark.parametrize("label", ["xyz1", "xyz27", "weux1", "weu5x1", "weu", "7"])
def test_a_sign_in_host_of_an_unknown_region_is_an_error_that_quotes_it(label):
    with pytest.raises(UnknownRegion) as caught:
        parse_sign_in(f"https://spsprod{label}.vssps.visualstudio.com/_signin", QUESTION, ATLAS)
    assert f"names the region '{label}'" in str(caught.value)


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/_signin",
        "https://app.vssps.visualstudio.com/_signin",
        "https://spsprodweu5.vssps.visualstudio.com.example.com/_signin",
        "https://example.com/spsprodweu5.vssps.visualstudio.com",
        "https://login.microsoftonline.com/",
        "https://[spsprodweu5.vssps.visualstudio.com/",
    ],
)
def test_any_other_place_says_nothing(location):
    assert parse_sign_in(location, QUESTION, ATLAS) == ()


FIELDS = ["preferredGeography", "preferredRegion", "geography", "region", "displayName"]
PARTS = ["dataProviders", "fps", "data", PROVIDER]
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(["EU", "CUS", "XYZ"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(FIELDS + PARTS), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("parse", [parse_collection, parse_overview, parse_overview_page])
@given(document=json_values, provider=json_values)
def test_whatever_comes_is_evidence_or_a_clean_error(parse, document, provider):
    wrapped = {"dataProviders": {PROVIDER: provider}}
    page = {"fps": {"dataProviders": {"data": {PROVIDER: provider}}}}
    for each in (document, provider, wrapped, page):
        try:
            found = parse(each, QUESTION, ATLAS)
        except (DevOpsAnswer, UnknownRegion):
            continue
        assert all(ATLAS.find(each.text) == each.geography for each in found)


@given(
    st.one_of(st.text(), st.from_regex(r"https://spsprod[a-z0-9]{1,8}\.vssps\.visualstudio\.com/.*", fullmatch=True))
)
def test_whatever_location_comes_is_evidence_or_a_clean_error(location):
    try:
        found = parse_sign_in(location, QUESTION, ATLAS)
    except UnknownRegion:
        return
    assert all(each.witness is Witness.SIGN_IN and each.geography in ATLAS.geographies for each in found)

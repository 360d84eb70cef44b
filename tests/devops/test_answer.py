import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.errors import DevOpsAnswer, NetcfgError, NoDevOpsPermission, SignInRefused
from netcfg.devops.answer import Answer, Question, read_json
from netcfg.devops.credential import Credential

URL = "https://dev.azure.com/contoso/_apis/thing"
QUESTION = Question("contoso", URL, "the thing", "the scope 'Thing: Read'")
CREDENTIAL = Credential.basic("the PAT in AZURE_DEVOPS_EXT_PAT", "planted")
JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
SIGN_IN = "https://spsprodweu5.vssps.visualstudio.com/_signin?realm=dev.azure.com&reply_to=https%3A%2F%2Fsecret"


def error_for(status: int, body: bytes = b"", headers: dict[str, str] = JSON) -> NetcfgError:
    with pytest.raises(NetcfgError) as caught:
        read_json(Answer(URL, status, headers, body), QUESTION, CREDENTIAL)
    assert "planted" not in str(caught.value)
    return caught.value


def test_json_is_read():
    assert read_json(Answer(URL, 200, JSON, b'{"a": 1}'), QUESTION, CREDENTIAL) == {"a": 1}


def test_json_with_a_byte_order_mark_is_read():
    assert read_json(Answer(URL, 200, JSON, b"\xef\xbb\xbf[]"), QUESTION, CREDENTIAL) == []


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (302, HTML | {"Location": SIGN_IN}, b"<html></html>"),
        (303, {"Location": SIGN_IN}, b""),
        (302, {"Location": "https://dev.azure.com/_signin"}, b""),
        (302, {"Location": "https://login.microsoftonline.com/common/oauth2/authorize?x=1"}, b""),
        (203, HTML, b"<html><title>Azure DevOps Services | Sign In</title></html>"),
        (200, HTML, b"<html><title>Azure DevOps Services | Sign In</title></html>"),
        (200, {}, b"\r\n\r\n<!DOCTYPE html >"),
    ],
)
def test_a_token_that_is_not_accepted_shows_as_the_sign_in_page(status, headers, body):
    error = error_for(status, body, headers)
    assert isinstance(error, SignInRefused)
    assert str(error) == (
        "Azure DevOps answered the request for 'contoso' with its sign-in page, so it did not accept the PAT in "
        "AZURE_DEVOPS_EXT_PAT; it may be expired, revoked, too narrow, or made for another organization: make a new one"
    )


def test_a_401_is_the_same_with_its_own_words():
    error = error_for(401, b'{"message": "Access Denied: The Personal Access Token used has expired."}')
    assert isinstance(error, SignInRefused)
    assert "with 401 (Access Denied: The Personal Access Token used has expired.), so it did not accept" in str(error)


def test_a_redirection_to_anywhere_else_names_the_host_alone():
    error = error_for(301, b"", {"Location": "https://example.com/contoso?token=secret"})
    assert isinstance(error, DevOpsAnswer)
    assert "a redirection to example.com where" in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize("location", [{}, {"Location": ""}, {"Location": "https://[::1/"}, {"Location": "/"}])
def test_a_redirection_to_nowhere_is_an_answer_that_cannot_be_used(location):
    assert "a redirection to nowhere" in str(error_for(302, b"", location))


def test_no_permission_names_the_scope_and_the_reason():
    error = error_for(403, b'{"message": "TF400813: the token lacks the scope vso.thing."}')
    assert isinstance(error, NoDevOpsPermission)
    assert str(error) == (
        "the PAT in AZURE_DEVOPS_EXT_PAT may not read the thing of 'contoso' (TF400813: the token lacks the scope "
        "vso.thing.); it needs the scope 'Thing: Read'"
    )


def test_the_reason_of_a_page_is_its_title():
    error = error_for(403, b"<html><head><title>\n VS403463: The conditional access policy has failed.</title>", HTML)
    assert "(VS403463: The conditional access policy has failed.)" in str(error)


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (200, b'{"a": ', "broken JSON"),
        (200, b"\xff\xfe\xfa", "broken JSON"),
        (200, b"[" * 100_000, "broken JSON"),
        (200, b"", "nothing"),
        (204, b"", "nothing"),
        (404, b"{}", "status 404"),
        (400, b'{"message": "No api-version was supplied"}', "status 400 (No api-version was supplied)"),
        (503, b"<html><title>Our services aren't available</title>", "status 503 (Our services aren't available)"),
    ],
)
def test_anything_else_is_an_answer_that_cannot_be_used(status, body, found):
    error = error_for(status, body)
    assert isinstance(error, DevOpsAnswer)
    assert str(error) == f"Azure DevOps answered {URL} with {found} where the thing was expected; run it again later"


def test_an_error_knows_the_id_that_support_asks_for():
    assert error_for(403, b"{}", {"ActivityId": "0a0a"}).request_id == "0a0a"


@given(
    status=st.integers(200, 599),
    body=st.one_of(
        st.binary(), st.text().map(str.encode), st.builds(lambda text: json.dumps(text).encode(), st.text())
    ),
    headers=st.dictionaries(st.sampled_from(["Content-Type", "Location", "ActivityId"]), st.text()),
)
def test_whatever_comes_back_is_a_document_or_a_clean_error(status, body, headers):
    said = ""
    try:
        read_json(Answer(URL, status, headers, body), QUESTION, CREDENTIAL)
    except NetcfgError as error:
        said = str(error)
    assert "planted" not in said
    assert "\n" not in said

import pytest

from netcfg.core.errors import BadToken, NoDevOpsCredential
from netcfg.devops.credential import Credential, find_credential


def nobody() -> Credential:
    raise AssertionError("Microsoft Entra was asked for a token that nobody needs")


def test_a_personal_access_token_is_the_password_of_a_user_without_a_name():
    found = find_credential({"AZURE_DEVOPS_EXT_PAT": "planted", "SYSTEM_ACCESSTOKEN": "other"}, nobody)
    assert found == Credential("the PAT in AZURE_DEVOPS_EXT_PAT", "Basic OnBsYW50ZWQ=")


def test_the_token_of_a_job_comes_next():
    found = find_credential({"AZURE_DEVOPS_EXT_PAT": "", "SYSTEM_ACCESSTOKEN": "planted\n"}, nobody)
    assert found == Credential("SYSTEM_ACCESSTOKEN", "Bearer planted")


def test_microsoft_entra_is_asked_when_neither_is_set():
    token = Credential.bearer("the Microsoft Entra token of ada", "planted")
    assert find_credential({"AZURE_DEVOPS_EXT_PAT": " "}, lambda: token) is token


def test_without_anybody_to_ask_the_error_names_the_variables():
    with pytest.raises(NoDevOpsCredential) as caught:
        find_credential({}, None)
    assert str(caught.value) == (
        "no credential for Azure DevOps: neither AZURE_DEVOPS_EXT_PAT nor SYSTEM_ACCESSTOKEN is set; "
        "set AZURE_DEVOPS_EXT_PAT or SYSTEM_ACCESSTOKEN, or sign in with 'az login'"
    )


def test_a_token_is_in_no_repr():
    basic = Credential.basic("the PAT in AZURE_DEVOPS_EXT_PAT", "planted")
    bearer = Credential.bearer("SYSTEM_ACCESSTOKEN", "planted")
    assert repr(basic) == "Credential(name='the PAT in AZURE_DEVOPS_EXT_PAT')"
    assert repr(bearer) == "Credential(name='SYSTEM_ACCESSTOKEN')"


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "tökén", "nul\u0000"])
@pytest.mark.parametrize("variable", ["AZURE_DEVOPS_EXT_PAT", "SYSTEM_ACCESSTOKEN"])
def test_what_cannot_be_a_token_is_a_usage_error_that_does_not_quote_it(variable, token):
    with pytest.raises(BadToken) as caught:
        find_credential({variable: token}, None)
    assert variable in str(caught.value)
    assert token not in str(caught.value)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.errors import BadOrganization
from netcfg.core.organization import parse_name, parse_place

DEVOPS = "https://dev.azure.com"


@pytest.mark.parametrize(
    "text",
    [
        "contoso",
        " contoso\n",
        "https://dev.azure.com/contoso",
        "https://dev.azure.com/contoso/",
        "https://dev.azure.com/contoso/payments/_git/web?path=/a#b",
        "https://contoso@dev.azure.com/contoso/payments/_git/web",
        "dev.azure.com/contoso",
        "https://vssps.dev.azure.com/contoso/_apis",
        "https://contoso.visualstudio.com",
        "https://contoso.visualstudio.com/DefaultCollection/payments",
        "contoso.visualstudio.com",
        "HTTPS://DEV.AZURE.COM/contoso",
    ],
)
def test_a_name_and_every_address_that_people_copy_name_the_organization(text):
    assert parse_name(text, DEVOPS) == "contoso"


def test_an_address_beneath_another_service_is_understood():
    assert (
        parse_name("http://127.0.0.1:8443/dev.azure.com/contoso/", "http://127.0.0.1:8443/dev.azure.com") == "contoso"
    )


def test_the_case_of_a_name_is_kept():
    assert parse_name("Contoso-Retail", DEVOPS) == "Contoso-Retail"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "..",
        "contoso/../fabrikam",
        "contoso/_apis",
        "contoso?x=1",
        "contoso#x",
        "contoso%2f..",
        "con toso",
        "contoso\r\nHost: example.com",
        "_apis",
        "-contoso",
        "contoso-",
        "cöntoso",
        "contoso\u0000",
        "c" * 51,
        "https://dev.azure.com",
        "https://dev.azure.com/",
        "https://dev.azure.com/../contoso",
        "https://dev.azure.com/%2e%2e/contoso",
        "https://dev.azure.com.example.com/contoso",
        "https://example.com/contoso",
        "https://visualstudio.com/contoso",
        "https://contoso.vssps.visualstudio.com",
        "https://[dev.azure.com/contoso",
        "git@ssh.dev.azure.com:v3/contoso/payments/web",
    ],
)
def test_what_cannot_be_an_organization_is_a_usage_error(text):
    with pytest.raises(BadOrganization) as caught:
        parse_name(text, DEVOPS)
    assert caught.value.status == 2


def test_the_error_says_what_is_expected():
    with pytest.raises(BadOrganization) as caught:
        parse_name("contoso/../fabrikam", DEVOPS)
    assert str(caught.value) == (
        "'contoso/../fabrikam' is not an organization of Azure DevOps: up to 50 letters, digits and hyphens are "
        "expected, or its address as in https://dev.azure.com/NAME"
    )


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(BadOrganization) as caught:
        parse_name("https://someone:planted-password@example.com/contoso", DEVOPS)
    assert "planted" not in str(caught.value)


@given(
    st.one_of(st.text(), st.text().map(lambda text: f"https://dev.azure.com/{text}"), st.from_regex(r"https?://\S+"))
)
def test_whatever_is_given_becomes_a_plain_name_or_a_usage_error(text):
    try:
        name = parse_name(text, DEVOPS)
    except BadOrganization:
        return
    assert name.isascii()
    assert name.replace("-", "x").isalnum()
    assert len(name) <= 50


@pytest.mark.parametrize(
    ("text", "project"),
    [
        ("contoso", ""),
        ("https://dev.azure.com/contoso", ""),
        ("https://dev.azure.com/contoso/payments", "payments"),
        ("https://dev.azure.com/contoso/Shared%20Platform/_git/web", "Shared Platform"),
        ("https://dev.azure.com/contoso/_settings/users", ""),
        ("https://contoso.visualstudio.com/DefaultCollection/payments", "payments"),
        ("https://contoso.visualstudio.com/payments/_build", "payments"),
        ("https://contoso.visualstudio.com/_settings", ""),
    ],
)
def test_an_address_may_name_a_project_too(text: str, project: str):
    assert parse_place(text, DEVOPS) == ("contoso", project)

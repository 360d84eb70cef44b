import pytest

from netcfg.azure.endpoints import CLOUDS, parse_cloud, parse_endpoint
from netcfg.core.errors import InsecureEndpoint, UnknownCloud


def test_the_clouds_are_where_azure_says_they_are():
    assert [(each.name, each.resource_manager, each.scope, each.authority) for each in CLOUDS] == [
        (
            "public",
            "https://management.azure.com",
            "https://management.azure.com/.default",
            "login.microsoftonline.com",
        ),
        (
            "usgov",
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net/.default",
            "login.microsoftonline.us",
        ),
        (
            "china",
            "https://management.chinacloudapi.cn",
            "https://management.chinacloudapi.cn/.default",
            "login.chinacloudapi.cn",
        ),
    ]


def test_the_scopes_are_those_of_the_sdk():
    from azure.core import AzureClouds
    from azure.mgmt.core.tools import get_arm_endpoints

    clouds = (AzureClouds.AZURE_PUBLIC_CLOUD, AzureClouds.AZURE_US_GOVERNMENT, AzureClouds.AZURE_CHINA_CLOUD)
    assert [each.scope for each in CLOUDS] == [get_arm_endpoints(each)["credential_scopes"][0] for each in clouds]


def test_a_cloud_is_known_by_its_name_whatever_its_case():
    assert parse_cloud("USGov").name == "usgov"
    with pytest.raises(UnknownCloud, match="'moon' is not a cloud; one of public, usgov, china"):
        parse_cloud("moon")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/", "http://localhost", "http://[::1]:1", "https://arm.example/"]
)
def test_https_anywhere_and_http_on_this_machine_will_do(url):
    assert parse_endpoint(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://management.azure.com",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "http://10.0.0.1",
        "ftp://localhost",
        "management.azure.com",
        "https://",
        "http://[::1",
        "http://localhost:port",
        "",
    ],
)
def test_anything_else_is_refused_before_a_token_could_leave(url):
    with pytest.raises(InsecureEndpoint) as refused:
        parse_endpoint(url)
    assert refused.value.status == 2

"""Signing in, as the Azure CLI and azure-identity do it."""

import base64
import json

import pytest
import requests
from azure.identity import ManagedIdentityCredential

from netcfg.sandbox.server import Sandbox
from tests.sandbox.small import VAULT, Client

TENANT = "00000000-0000-4000-8000-000000000010"
FORM = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "make-believe", "scope": "x/.default"}


def token(sandbox: Sandbox, **changes: str) -> requests.Response:
    where = f"{sandbox.url}/login.microsoftonline.com/{TENANT}/v2.0/.well-known/openid-configuration"
    endpoint = requests.get(where, timeout=10).json()["token_endpoint"]
    return requests.post(endpoint, data=FORM | changes, timeout=10)


def test_client_credentials_buy_a_token_that_resource_manager_takes(sandbox: Sandbox):
    granted = token(sandbox).json()
    claims = json.loads(base64.urlsafe_b64decode(granted["access_token"].split(".")[1] + "=="))
    assert (claims["tid"], claims["oid"], claims["appid"], claims["aud"]) == (TENANT, "object", "app", "x")
    client = Client(sandbox, granted["access_token"])
    with client.session:
        assert client.get(VAULT + "kv-open").status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "number"),
    [
        ({"client_secret": "wrong"}, 401, "AADSTS7000215"),
        ({"client_id": "nobody"}, 400, "AADSTS700016"),
        ({"grant_type": "password"}, 400, "AADSTS70003"),
    ],
)
def test_bad_credentials_have_their_number(sandbox: Sandbox, changes, status, number):
    refused = token(sandbox, **changes)
    assert refused.status_code == status
    assert refused.json()["error_description"].startswith(number)


def test_a_managed_identity_as_azure_identity_asks_for_it(sandbox: Sandbox, monkeypatch):
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{sandbox.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "make-believe")
    with ManagedIdentityCredential() as credential:
        granted = credential.get_token("https://management.azure.com/.default")
    client = Client(sandbox, granted.token)
    with client.session:
        assert client.get(VAULT + "kv-open").status_code == 200


def test_a_managed_identity_needs_its_header(sandbox: Sandbox):
    assert requests.get(f"{sandbox.url}/msi/token", timeout=10).status_code == 400


def test_what_the_azure_cli_asks_of_a_cloud(sandbox: Sandbox):
    found = requests.get(f"{sandbox.url}/metadata/endpoints?api-version=2022-09-01", timeout=10).json()
    assert found["name"] == "Sandbox"
    assert found["suffixes"]["keyVaultDns"] == "vault.azure.net"
    assert found["authentication"]["loginEndpoint"] == f"{sandbox.url}/login.microsoftonline.com"
    assert found["resourceManager"] == sandbox.url

import base64
import json
import subprocess
import sys

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzurePipelinesCredential, CredentialUnavailableError, DefaultAzureCredential

from netcfg.azure.credentials import ConstantToken, EnvironmentCredential, Identity, devops_token
from netcfg.azure.endpoints import parse_cloud
from netcfg.azure.errors import translate_sign_in
from netcfg.core.errors import NoAzureCredential, SignInFailed

PIPELINE = {
    "SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/contoso/x/oidctoken",
    "SYSTEM_ACCESSTOKEN": "make-believe",
    "AZURESUBSCRIPTION_TENANT_ID": "00000000-0000-4000-8000-000000000010",
    "AZURESUBSCRIPTION_CLIENT_ID": "00000000-0000-4000-8000-0000000000a1",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "00000000-0000-4000-8000-000000000801",
}


def token(**claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{payload}.signature"


class Fixed(DefaultAzureCredential):
    """The chain, with an answer instead of a search."""

    answer: object = ""

    def get_token_info(self, *scopes, options=None):
        if isinstance(self.answer, Exception):
            raise self.answer
        return ConstantToken(f"{self.answer}").get_token_info(*scopes)


@pytest.fixture
def chain(monkeypatch):
    monkeypatch.setattr("azure.identity.DefaultAzureCredential", Fixed)
    return Fixed


def chosen(environment, cloud="public"):
    from netcfg.azure.credentials import _choose

    return _choose(environment, parse_cloud(cloud))


def test_a_pipeline_with_a_service_connection_uses_it():
    assert isinstance(chosen(PIPELINE), AzurePipelinesCredential)


@pytest.mark.parametrize("missing", sorted(PIPELINE))
def test_without_one_of_its_variables_the_usual_chain_is_used(missing):
    assert isinstance(chosen({**PIPELINE, missing: ""}), DefaultAzureCredential)
    assert isinstance(
        chosen({name: value for name, value in PIPELINE.items() if name != missing}), DefaultAzureCredential
    )


@pytest.mark.parametrize("environment", [PIPELINE, {}])
def test_every_credential_may_be_asked_for_another_tenant(environment, monkeypatch):
    """Azure Resource Manager says which one it must be; without this azure-identity refuses all but its own."""
    for name, value in {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"}.items():
        monkeypatch.setenv(name, value)
    found = chosen(environment)
    inner = getattr(found, "credentials", [found])[0]
    holder = next(vars(each) for each in _within(inner) if "_additionally_allowed_tenants" in vars(each))
    assert holder["_additionally_allowed_tenants"] == ["*"]


def _within(credential):
    """The credential, and those that it hides."""
    yield credential
    for each in vars(credential).values():
        if type(each).__module__.startswith("azure.identity"):
            yield from _within(each)


def test_a_token_of_another_tenant_does_not_change_whom_the_sign_in_names(chain, monkeypatch):
    credential = EnvironmentCredential({})
    monkeypatch.setattr(chain, "answer", token(tid="t-1", oid="o-1"))
    credential.get_token_info("scope")
    monkeypatch.setattr(chain, "answer", token(tid="t-2", oid="o-2"))
    credential.get_token_info("scope", options={"tenant_id": "t-2"})
    assert str(credential.identity("scope")) == "Fixed, tenant t-1, principal o-1"


def test_another_tenant_that_refuses_us_spoils_nothing(chain, monkeypatch):
    credential = EnvironmentCredential({})
    monkeypatch.setattr(chain, "answer", ClientAuthenticationError("AADSTS90002: Tenant not found. Check it."))
    with pytest.raises(SignInFailed, match="AADSTS90002: Tenant not found"):
        credential.get_token_info("scope", options={"tenant_id": "t-2"})
    monkeypatch.setattr(chain, "answer", "yes")
    assert credential.get_token_info("scope").token == "yes"


def test_the_azure_cli_gets_the_time_that_a_cold_agent_takes():
    limits = [getattr(each, "_process_timeout", None) for each in chosen({}).credentials]
    assert {each for each in limits if each} == {60}


def test_a_person_reads_who_asks(chain, monkeypatch):
    monkeypatch.setattr(chain, "answer", token(tid="t-1", oid="o-1", appid="a-1", upn="ann@contoso.example"))
    identity = EnvironmentCredential({}).identity("scope")
    claims = {"tid": "t-1", "oid": "o-1", "appid": "a-1", "upn": "ann@contoso.example"}
    assert identity == Identity("Fixed", "t-1", "ann@contoso.example", claims)
    assert str(identity) == "Fixed, tenant t-1, principal ann@contoso.example"


def test_a_service_principal_has_no_name_but_its_application(chain, monkeypatch):
    monkeypatch.setattr(chain, "answer", token(tid="t-1", oid="o-1", appid="a-1"))
    assert EnvironmentCredential({}).identity("scope") == Identity(
        "Fixed", "t-1", "a-1", {"tid": "t-1", "oid": "o-1", "appid": "a-1"}
    )


@pytest.mark.parametrize("text", ["opaque", "a.b.c", "a.e30.c", "a." + base64.urlsafe_b64encode(b"[]").decode() + ".c"])
def test_of_a_token_that_says_nothing_nothing_is_known(chain, monkeypatch, text):
    monkeypatch.setattr(chain, "answer", text)
    assert str(EnvironmentCredential({}).identity("scope")) == "Fixed, tenant unknown, principal unknown"


def test_the_same_principal_has_a_token_for_azure_devops(chain, monkeypatch):
    monkeypatch.setattr(chain, "answer", "devops")
    assert devops_token(EnvironmentCredential({})) == "devops"


def test_nobody_is_signed_in(chain, monkeypatch):
    text = (
        "DefaultAzureCredential failed to retrieve a token from the included credentials.\nAttempted credentials:\n"
        "\tEnvironmentCredential: EnvironmentCredential authentication unavailable. Variables are not configured.\n"
        "Visit https://aka.ms/azsdk/python/identity/environmentcredential/troubleshoot\n"
        "\tAzureCliCredential: Azure CLI not found on path\n"
        "To mitigate this issue, please refer to the troubleshooting guidelines here."
    )
    monkeypatch.setattr(chain, "answer", ClientAuthenticationError(text))
    with pytest.raises(NoAzureCredential) as raised:
        EnvironmentCredential({}).get_token_info("scope")
    assert str(raised.value) == (
        "nobody is signed in to Azure (tried Environment, AzureCli); run 'az login', or set "
        "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; "
        "a pipeline takes an AzureCLI@2 task that maps SYSTEM_ACCESSTOKEN"
    )


def test_who_could_not_sign_in_is_not_asked_by_every_request(chain, monkeypatch):
    monkeypatch.setattr(chain, "answer", ClientAuthenticationError("no"))
    credential = EnvironmentCredential({})
    with pytest.raises(SignInFailed):
        credential.get_token_info("scope")
    monkeypatch.setattr(chain, "answer", "yes")
    with pytest.raises(SignInFailed):
        credential.get_token_info("scope")


def test_a_later_failure_may_pass(chain, monkeypatch):
    credential = EnvironmentCredential({})
    monkeypatch.setattr(chain, "answer", "yes")
    credential.get_token_info("scope")
    monkeypatch.setattr(chain, "answer", ClientAuthenticationError("no"))
    with pytest.raises(SignInFailed):
        credential.get_token_info("scope")
    monkeypatch.setattr(chain, "answer", "again")
    assert credential.get_token_info("scope").token == "again"


ALONE = """
from netcfg.azure.connection import connect
from netcfg.azure.credentials import EnvironmentCredential
from netcfg.core.errors import NoAzureCredential
with connect(EnvironmentCredential({}), resource_manager="http://127.0.0.1:1") as azure:
    print(type(azure.vaults.find(["kv-a"])["kv-a"]).__name__)
"""


def test_the_sdk_does_not_talk_on_stderr():
    environment = {"PATH": "/nowhere", "HOME": "/nowhere", "AZURE_TOKEN_CREDENTIALS": "dev"}
    ran = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True, env=environment)
    assert (ran.stdout, ran.stderr) == ("NoAzureCredential\n", "")


def test_a_secret_that_is_wrong_is_told_in_the_words_of_entra():
    text = (
        "Authentication failed: AADSTS7000222: The provided client secret keys for app 'a-1' are expired. "
        "Visit the Azure portal. Trace ID: 1\r\nCorrelation ID: 2"
    )
    assert str(translate_sign_in(ClientAuthenticationError(text), "EnvironmentCredential")) == (
        "the sign-in to Azure with EnvironmentCredential failed: AADSTS7000222: The provided client secret keys for "
        "app 'a-1' are expired; mend that credential, or take another with 'az login'"
    )


def test_an_environment_that_cannot_be_right_is_no_traceback():
    """azure-identity raises ValueError from its constructor."""
    with pytest.raises(SignInFailed, match=r"^the sign-in to Azure with azure-identity failed: Invalid tenant ID"):
        EnvironmentCredential({**PIPELINE, "AZURESUBSCRIPTION_TENANT_ID": "no tenant/"}).get_token_info("scope")


def test_one_credential_that_is_unavailable_is_told_too():
    error = CredentialUnavailableError("Missing value for the SYSTEM_OIDCREQUESTURI environment variable. Read on.")
    assert "Missing value for the SYSTEM_OIDCREQUESTURI environment variable;" in str(translate_sign_in(error, "X"))

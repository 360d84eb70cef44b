"""The world `library`, and what contoso holds in its vaults for service connections to read."""

import pytest
import requests

from netcfg.sandbox.manager import login
from netcfg.sandbox.server import Sandbox, serve
from netcfg.sandbox.worlds import world as worlds

AZURE_DEVOPS = "40.74.28.9"


@pytest.fixture(scope="module")
def library():
    with serve("library") as running:
        yield running


def told(sandbox: Sandbox, who: str, vault: str, secret: str = "", address: str = AZURE_DEVOPS) -> str:
    state = sandbox.state
    token = login.token(state, state["principals"][who])
    url = f"{sandbox.url}/vault.azure.net/{vault}/secrets{secret and '/'}{secret}?api-version=2016-10-01"
    headers = {"Authorization": f"Bearer {token}", "X-Sandbox-Client-Address": address}
    answer = requests.get(url, headers=headers, timeout=10)
    error = answer.json().get("error", {})
    return str(error.get("innererror", {}).get("code", error.get("code", answer.status_code)))


@pytest.mark.parametrize(
    ("who", "vault", "listed", "got"),
    [
        ("azure-prod", "kv-ready", "200", "SecretNotFound"),
        ("azure-prod", "kv-orders", "ForbiddenByFirewall", "ForbiddenByFirewall"),
        ("azure-prod", "kv-hidden", "ForbiddenByConnection", "ForbiddenByConnection"),
        ("azure-prod", "kv-policies", "AccessDenied", "SecretNotFound"),
        ("azure-reader", "kv-ready", "200", "ForbiddenByRbac"),
        ("azure-reader", "kv-policies", "200", "AccessDenied"),
        ("azure-nobody", "kv-ready", "ForbiddenByRbac", "ForbiddenByRbac"),
        ("azure-nobody", "kv-policies", "AccessDenied", "AccessDenied"),
        ("netcfg", "kv-policies", "200", "SecretNotFound"),
    ],
)
def test_what_connections_are_told_from_azure_devops(library: Sandbox, who, vault, listed, got):
    assert (told(library, who, vault), told(library, who, vault, "nonexistingrandomsecretname")) == (listed, got)


def test_620_secrets_are_on_25_pages(library: Sandbox):
    headers = {"Authorization": f"Bearer {library.token}", "X-Sandbox-Client-Address": AZURE_DEVOPS}
    link, pages = f"{library.url}/vault.azure.net/kv-many/secrets?api-version=2016-10-01", []
    with requests.Session() as session:
        while link:
            page = session.get(link, headers=headers, timeout=10).json()
            pages.append([each["id"].rpartition("/")[2] for each in page["value"]])
            link = page["nextLink"]
    assert [len(each) for each in pages] == [*([25] * 24), 20]
    assert [name for each in pages for name in each] == [f"bulk-{number:04}" for number in range(1, 621)]


def test_a_connection_has_no_role_outside_its_group(library: Sandbox):
    assert told(library, "azure-prod", "kv-perimeter", address="191.10.30.9") == "ForbiddenByRbac"


def test_contoso_has_a_secret_in_every_state():
    state = worlds.begin("contoso")
    found = {key: sorted(each.keys() - {"name"}) for key, each in state["secrets"]["kv-orders"].items()}
    assert found == {
        "order-queue": [],
        "signing-key": [],
        "legacy-queue": ["enabled"],
        "partner-2025": ["exp"],
        "partner-2027": ["exp", "nbf"],
        "orders-tls": ["contentType", "managed"],
    }
    assert sorted(state["keys"]["kv-orders"]) == ["orders-at-rest", "orders-tls"]
    assert sorted(state["certificates"]["kv-orders"]) == ["orders-tls"]

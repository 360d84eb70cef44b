"""The data plane: who gets in, and what the others are told."""

import pytest
import requests

from netcfg.sandbox.keyvault import contents
from netcfg.sandbox.server import Sandbox
from tests import leaks
from tests.sandbox.small import AGENTS, VAULT, Client, rules

INSIDE, OUTSIDE = "191.10.20.7", "191.10.21.1"


def ask(sandbox: Sandbox, vault: str, address: str = OUTSIDE, secret: str = "", subnet: str = "") -> requests.Response:
    headers = {"Authorization": f"Bearer {sandbox.token}", "X-Sandbox-Client-Address": address}
    if subnet:
        headers["X-Sandbox-Client-Subnet"] = subnet
    url = f"{sandbox.url}/vault.azure.net/{vault}/secrets{secret and '/'}{secret}?api-version=7.4"
    return requests.get(url, headers=headers, timeout=10)


def inner(answer: requests.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["innererror"]["code"], error["message"]


def test_without_a_token_nobody_learns_about_the_firewall(sandbox: Sandbox):
    answer = requests.get(f"{sandbox.url}/vault.azure.net/kv-closed/secrets", timeout=10)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == (
        'Bearer authorization="https://login.microsoftonline.com/00000000-0000-4000-8000-000000000010", '
        'resource="https://vault.azure.net"'
    )


def test_a_list_is_of_names_and_only_one_secret_has_a_value_which_is_made_up(sandbox: Sandbox):
    with sandbox.edit() as state:
        state["secrets"]["kv-open"] = contents.held(["api-key"])
    listed = ask(sandbox, "kv-open").json()
    assert [each["id"] for each in listed["value"]] == ["https://kv-open.vault.azure.net/secrets/api-key"]
    assert "value" not in listed["value"][0]
    assert ask(sandbox, "kv-open", secret="API-key").json()["value"] == leaks.VALUE
    assert ask(sandbox, "kv-open", secret="none").json()["error"]["code"] == "SecretNotFound"


def test_the_firewall_names_the_address(sandbox: Sandbox):
    assert ask(sandbox, "kv-closed", INSIDE).status_code == 200
    assert inner(ask(sandbox, "kv-closed")) == (
        403,
        "ForbiddenByFirewall",
        (
            "Client address is not authorized and caller is not a trusted service.\r\n"
            f"Client address: {OUTSIDE} from unknown subnet\r\nVault: kv-closed;location=westeurope"
        ),
    )


def test_a_subnet_with_the_endpoint_comes_with_its_private_address(sandbox: Sandbox, client: Client):
    assert ask(sandbox, "kv-agents", "10.20.1.4", subnet=AGENTS).status_code == 200
    client.patch("kv-closed", rules("10.20.1.0/28".replace("10.", "191.")))
    assert inner(ask(sandbox, "kv-closed", "191.20.1.4", subnet=AGENTS))[1] == "ForbiddenByFirewall"


@pytest.mark.parametrize("address", [INSIDE, OUTSIDE])
def test_disabled_lets_nobody_in_whatever_the_rules_say(sandbox: Sandbox, client: Client, address):
    client.patch("kv-closed", {"properties": {"publicNetworkAccess": "Disabled"}})
    status, code, message = inner(ask(sandbox, "kv-closed", address))
    assert (status, code) == (403, "ForbiddenByConnection")
    assert message.startswith("Public network access is disabled and request is not from a trusted service nor via an")


@pytest.mark.parametrize("vault", ["kv-perimeter", "kv-enforced"])
def test_a_perimeter_asks_its_own_rules(contoso: Sandbox, vault):
    assert ask(contoso, vault, "191.10.30.9").status_code == 200
    refused = inner(ask(contoso, vault, INSIDE))
    assert refused[2] == (
        "Request was not allowed by NSP rules and the client address is not authorized and caller was ignored because "
        f"bypass is set to None Client address: {INSIDE}"
    )


def test_a_perimeter_that_learns_admits_beside_the_rules(contoso: Sandbox):
    assert ask(contoso, "kv-learning", INSIDE).status_code == 200
    assert ask(contoso, "kv-learning", "191.10.30.9").status_code == 200
    assert inner(ask(contoso, "kv-learning", OUTSIDE))[2].startswith("Request was not allowed by NSP rules and the")


def test_a_perimeter_that_learns_admits_alone_where_public_access_is_off(contoso: Sandbox):
    with contoso.edit() as state:
        state["vaults"]["kv-learning"]["properties"]["publicNetworkAccess"] = "Disabled"
    assert ask(contoso, "kv-learning", "191.10.30.9").status_code == 200
    assert inner(ask(contoso, "kv-learning", INSIDE))[2].startswith("Request was not allowed by NSP rules")


def test_secured_by_a_perimeter_without_one_nobody_gets_in(contoso: Sandbox):
    with contoso.edit() as state:
        state["perimeters"].clear()
    assert ask(contoso, "kv-perimeter", "191.10.30.9").status_code == 403


def test_who_is_let_in_may_still_have_no_permission(sandbox: Sandbox):
    with sandbox.edit() as state:
        state["principals"]["me"]["denials"].append({"scope": "/", "action": "Microsoft.KeyVault/vaults/secrets/*"})
    status, code, message = inner(ask(sandbox, "kv-open"))
    assert (status, code) == (403, "ForbiddenByRbac")
    assert "Caller: appid=app;oid=object;iss=https://sts.windows.net/00000000-0000-4000-8000-000000000010/" in message
    assert f"Resource: '{VAULT.lower()}kv-open'" in message


@pytest.mark.parametrize(("permissions", "status"), [(["List"], 200), (["all"], 200), (["get"], 403), ([], 403)])
def test_access_policies_decide_where_roles_do_not(sandbox: Sandbox, permissions, status):
    with sandbox.edit() as state:
        policy = {"objectId": "object", "permissions": {"secrets": permissions}}
        other = {"objectId": "other", "permissions": {"secrets": ["all"]}}
        state["vaults"]["kv-open"]["properties"] |= {
            "enableRbacAuthorization": False,
            "accessPolicies": [other, policy],
        }
    answer = ask(sandbox, "kv-open")
    assert answer.status_code == status
    if status == 403:
        assert inner(answer)[1] == "AccessDenied"
        assert inner(answer)[2] == (
            "The user, group or application 'appid=app;oid=object;iss=https://sts.windows.net/"
            "00000000-0000-4000-8000-000000000010/' does not have secrets list permission on key vault "
            "'kv-open;location=westeurope'. For help resolving this issue, please see "
            "https://go.microsoft.com/fwlink/?linkid=2125287"
        )


def test_a_token_of_another_tenant_is_challenged(sandbox: Sandbox):
    with sandbox.edit() as state:
        state["vaults"]["kv-open"]["properties"]["tenantId"] = "00000000-0000-4000-8000-000000000020"
    answer = ask(sandbox, "kv-open")
    assert answer.status_code == 401
    assert "login.microsoftonline.com/00000000-0000-4000-8000-000000000020" in answer.headers["www-authenticate"]


def test_names_come_page_by_page(sandbox: Sandbox):
    with sandbox.edit() as state:
        state["secrets"]["kv-open"] = contents.held(f"secret-{number:02}" for number in range(30))
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    url = f"{sandbox.url}/vault.azure.net/kv-open/secrets?api-version=7.4"
    pages = []
    while url:
        page = requests.get(url, headers=headers, timeout=10).json()
        pages.append(len(page["value"]))
        url = page["nextLink"]
    assert pages == [25, 5]
    one = requests.get(
        f"{sandbox.url}/vault.azure.net/kv-open/secrets?maxresults=1", headers=headers, timeout=10
    ).json()
    assert [each["id"] for each in one["value"]] == ["https://kv-open.vault.azure.net/secrets/secret-00"]
    assert one["nextLink"].endswith("/vault.azure.net/kv-open/secrets?$skiptoken=Pj4%2BMiExIA%3D%3D&maxresults=1")


@pytest.mark.parametrize("size", ["0", "26", "-1", "many"])
def test_a_page_has_one_to_twenty_five_names(sandbox: Sandbox, size):
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    url = f"{sandbox.url}/vault.azure.net/kv-open/secrets?maxresults={size}"
    assert requests.get(url, headers=headers, timeout=10).json()["error"]["code"] == "BadParameter"


def test_values_that_cannot_be_read_admit_nobody(contoso: Sandbox):
    assert ask(contoso, "kv-verbatim", "191.10.4.1").status_code == 403


def test_a_vault_that_does_not_exist(sandbox: Sandbox):
    assert ask(sandbox, "kv-none").status_code == 404

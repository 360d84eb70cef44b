"""More than one tenant: a token is of one, and a write that reaches into another needs a second token."""

import re
from collections.abc import Iterator

import pytest
import requests

from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.private import PARTNER, PARTNERS, private_world
from tests.sandbox.small import GRAPH, VAULT, Client, rules

HOME = "00000000-0000-4000-8000-000000000010"
THEIRS = f"{PARTNERS}/providers/Microsoft.Network/virtualNetworks/partners/subnets/main"
VAULTS = "resources | where type =~ 'microsoft.keyvault/vaults' | project name, tenantId | order by name asc"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(private_world()) as running:
        yield running


@pytest.fixture
def guest(sandbox: Sandbox) -> Iterator[Client]:
    """The same principal, with a token of the partner's tenant."""
    client = Client(sandbox, sandbox.token_for(PARTNER))
    with client.session:
        yield client


def test_a_token_of_the_wrong_tenant_is_told_the_right_one(client: Client):
    refused = client.get(THEIRS)
    assert client.error(refused)[:2] == (401, "InvalidAuthenticationTokenTenant")
    challenge = refused.headers["www-authenticate"]
    assert challenge.startswith(
        f'Bearer authorization_uri="https://login.microsoftonline.com/{PARTNER}", error="invalid_token", '
        'error_description="The access token is from the wrong issuer '
    )
    assert re.fullmatch(r'Bearer \w+="[^"]*"(, \w+="[^"]*")*', challenge)


def test_each_token_opens_its_own_tenant_only(client: Client, guest: Client):
    assert guest.get(THEIRS).status_code == 200
    assert guest.error(guest.get(VAULT + "kv-open"))[:2] == (401, "InvalidAuthenticationTokenTenant")
    assert client.get(VAULT + "kv-open").status_code == 200


def test_a_subscription_that_nobody_has_is_not_another_tenant_s(client: Client):
    unknown = "/subscriptions/00000000-0000-4000-8000-00000000ffff"
    assert client.error(client.get(unknown))[:2] == (404, "SubscriptionNotFound")


def test_subscriptions_and_queries_are_of_the_token_s_tenant(client: Client, guest: Client):
    assert [each["displayName"] for each in client.get("/subscriptions").json()["value"]] == ["one"]
    (theirs,) = guest.get("/subscriptions").json()["value"]
    assert (theirs["displayName"], theirs["tenantId"]) == ("two", PARTNER)
    assert guest.call("POST", GRAPH, {"query": VAULTS}).json()["data"] == [{"name": "kv-partner", "tenantId": PARTNER}]
    found = client.call("POST", GRAPH, {"query": VAULTS}).json()["data"]
    assert [each["name"] for each in found] == ["kv-agents", "kv-closed", "kv-open"]
    asked = {"query": VAULTS, "subscriptions": [PARTNERS.split("/")[2]]}
    assert client.call("POST", GRAPH, asked).status_code == 400


def test_the_tenants_are_those_that_know_the_caller(client: Client):
    listed = client.get("/tenants").json()["value"]
    assert [(each["tenantId"], each["tenantCategory"]) for each in listed] == [(HOME, "Home"), (PARTNER, "ProjectedBy")]


@pytest.mark.parametrize("tenant", [PARTNER, "partner.example"])
def test_a_tenant_issues_its_own_tokens_to_its_guests(sandbox: Sandbox, tenant):
    form = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "make-believe"}
    where = f"{sandbox.url}/login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
    client = Client(sandbox, requests.post(where, data=form, timeout=10).json()["access_token"])
    with client.session:
        assert client.get(THEIRS).status_code == 200


def test_a_tenant_that_does_not_know_somebody_issues_nothing(sandbox: Sandbox):
    with sandbox.edit() as state:
        state["tenants"][PARTNER]["guests"] = []
    with pytest.raises(ValueError, match="me is no guest in a tenant 'partner"):
        sandbox.token_for("partner.example")
    form = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "make-believe"}
    where = f"{sandbox.url}/login.microsoftonline.com/{PARTNER}/oauth2/v2.0/token"
    refused = requests.post(where, data=form, timeout=10)
    assert (refused.status_code, refused.json()["error_description"][:11]) == (400, "AADSTS90002")


# --- a vault's rule for a subnet of another tenant ------------------------------------------------------------------


def missing(subnet: str) -> dict:
    return {"id": subnet, "ignoreMissingVnetServiceEndpoint": True}


def test_a_subnet_of_another_tenant_needs_that_tenant_s_token_too(sandbox: Sandbox, client: Client):
    body = rules(subnets=[missing(THEIRS)])
    status, code, message = client.error(client.patch("kv-open", body))
    assert (status, code) == (403, "LinkedAuthorizationFailed")
    assert f"current tenant '{HOME}' is not authorized to access linked subscription" in message
    own = {"x-ms-authorization-auxiliary": f"Bearer {sandbox.token}"}
    assert client.call("PATCH", VAULT + "kv-open", body, **own).status_code == 403
    both = {"x-ms-authorization-auxiliary": f"Bearer {sandbox.token}, Bearer {sandbox.token_for(PARTNER)}"}
    assert client.call("PATCH", VAULT + "kv-open", body, **both).status_code == 200
    assert client.acl("kv-open")["virtualNetworkRules"] == [{"id": THEIRS.lower()}]


def test_a_rule_that_was_there_needs_no_second_token(sandbox: Sandbox, client: Client):
    with sandbox.edit() as state:
        held = state["vaults"]["kv-agents"]["properties"]["networkAcls"]
        held["virtualNetworkRules"].append({"id": THEIRS.lower()})
    kept = client.acl("kv-agents")["virtualNetworkRules"]
    assert client.patch("kv-agents", rules(subnets=[missing(each["id"]) for each in kept])).status_code == 200


def test_the_second_token_s_owner_must_be_allowed_to_join(sandbox: Sandbox, client: Client):
    with sandbox.edit() as state:
        denial = {"action": "*/joinViaServiceEndpoint/action", "scope": THEIRS}
        state["principals"]["me"]["denials"].append(denial)
    auxiliary = {"x-ms-authorization-auxiliary": f"Bearer {sandbox.token_for(PARTNER)}"}
    body = rules(subnets=[missing(THEIRS)])
    refused = client.call("PATCH", VAULT + "kv-open", body, **auxiliary)
    assert client.error(refused)[:2] == (403, "LinkedAuthorizationFailed")


def test_what_is_no_token_is_no_second_token(client: Client):
    auxiliary = {"x-ms-authorization-auxiliary": "Bearer not.a.token, nonsense"}
    body = rules(subnets=[missing(THEIRS)])
    assert client.call("PATCH", VAULT + "kv-open", body, **auxiliary).status_code == 403

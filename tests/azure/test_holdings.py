from datetime import UTC, datetime

import pytest

from netcfg.azure.connection import connect
from netcfg.core.errors import AzureAnswer, PermissionMissing
from netcfg.core.linking.secrets import Secret
from netcfg.core.resources import parse_vault
from tests.azure.scripted import Answer, refusal, scripted

ID = "/subscriptions/5b5fe6de-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-a"
VAULT = parse_vault(ID)


def entry(name, **properties):
    return {"id": f"{ID}/secrets/{name}", "name": name, "properties": {"attributes": {"enabled": True}, **properties}}


def test_all_pages_of_a_vaults_secrets_are_read_with_their_states():
    first = {"value": [entry("db"), entry("Api", contentType="text/plain")], "nextLink": ""}
    last = {"value": [entry("old", attributes={"enabled": False, "exp": 1777593600, "nbf": 1609459200})]}
    with scripted(Answer(first), Answer(last)) as script, connect("t", resource_manager=script.url) as azure:
        first["nextLink"] = f"{script.url}{ID}/secrets?$skiptoken=x"
        assert azure.holdings.secrets(VAULT) == (
            Secret("Api", content_type="text/plain"),
            Secret("db"),
            Secret(
                "old",
                enabled=False,
                expires=datetime(2026, 5, 1, tzinfo=UTC),
                starts=datetime(2021, 1, 1, tzinfo=UTC),
            ),
        )


def test_the_names_of_keys_are_in_lower_case():
    inside = f"{ID.upper()}/KEYS/"
    found = [{"id": f"{inside}Sign", "name": "Sign"}, {"id": f"{inside}tls", "name": "kv-a/tls", "properties": {}}]
    keys = {"value": found, "nextLink": None}
    with scripted(Answer(keys)) as script, connect("t", resource_manager=script.url) as azure:
        assert azure.holdings.keys(VAULT) == frozenset({"sign", "tls"})


@pytest.mark.parametrize(
    "body",
    [
        *({"value": [{**entry("a"), "name": None}]}, {"value": [entry("a", attributes={"exp": "soon"})]}),
        *({"value": None}, {}),
        *({"value": [entry("a", attributes={"nbf": 10**30})]}, {"value": [{**entry("x"), "properties": ["?"]}]}, []),
    ],
)
def test_what_is_no_list_of_secrets_is_an_error_and_never_none(body):
    with (
        scripted(Answer(body)) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(AzureAnswer),
    ):
        azure.holdings.secrets(VAULT)


@pytest.mark.parametrize("id", [None, 7, "", ID, f"{ID}-2/secrets/a", f"{ID.replace('/rg/', '/theirs/')}/secrets/a"])
def test_what_another_vault_holds_is_not_believed(id):
    body = {"value": [entry("b"), {**entry("a"), "id": id}]}
    with (
        scripted(Answer(body)) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(AzureAnswer, match="an entry without an id of that vault"),
    ):
        azure.holdings.secrets(VAULT)


def test_who_may_not_see_them_learns_which_role_lets_him():
    said = "The client 'c' with object id 'c' does not have authorization to perform action "
    said += f"'Microsoft.KeyVault/vaults/secrets/read' over scope '{ID}' or the scope is invalid."
    with (
        scripted(refusal(403, "AuthorizationFailed", said)) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(PermissionMissing, match="assign Reader there"),
    ):
        azure.holdings.secrets(VAULT)

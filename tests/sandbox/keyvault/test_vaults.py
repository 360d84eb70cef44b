"""Vaults: reading, listing, creating, changing, deleting."""

import base64

import pytest

from netcfg.sandbox.server import serve
from tests.sandbox.small import AGENTS, GROUP, SUBSCRIPTION, VAULT, Client, rules, world

TENANT = "00000000-0000-4000-8000-000000000010"
NEW = {"location": "westeurope", "properties": {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}}}


def test_a_vault_is_found_whatever_the_case_of_its_path(client: Client):
    shown = client.get((VAULT + "kv-open").upper()).json()
    assert shown["id"] == VAULT + "kv-open"
    assert shown["type"] == "Microsoft.KeyVault/vaults"
    assert shown["properties"]["publicNetworkAccess"] == "Enabled"
    assert shown["properties"]["vaultUri"] == "https://kv-open.vault.azure.net/"
    assert "etag" not in shown


@pytest.mark.parametrize(
    ("version", "access", "system"),
    [("2019-09-01", False, False), ("2020-04-01-preview", True, False), ("2023-07-01", True, True)],
)
def test_older_api_versions_show_less(client: Client, version, access, system):
    shown = client.get(f"{VAULT}kv-open?api-version={version}").json()
    assert ("publicNetworkAccess" in shown["properties"]) is access
    assert ("systemData" in shown) is system


def test_patch_leaves_alone_what_it_does_not_name(client: Client):
    before = client.get(VAULT + "kv-closed").json()
    after = client.patch("kv-closed", {"tags": {"team": "orders"}, "location": "eastus"}).json()
    assert after["tags"] == {"team": "orders"}
    assert after["location"] == "westeurope"
    assert after["properties"] == before["properties"]


def test_patch_changes_public_access_and_refuses_words_that_it_does_not_know(client: Client):
    changed = client.patch("kv-open", {"properties": {"publicNetworkAccess": "disabled", "vaultUri": "https://x/"}})
    assert changed.json()["properties"]["publicNetworkAccess"] == "Disabled"
    assert changed.json()["properties"]["vaultUri"] == "https://kv-open.vault.azure.net/"
    assert client.error(client.patch("kv-open", {"properties": {"publicNetworkAccess": "Maybe"}}))[:2] == (
        400,
        "BadRequest",
    )


def test_every_write_moves_the_time_of_the_last_one(client: Client):
    times = [client.patch("kv-open", {}).json()["systemData"]["lastModifiedAt"] for _ in range(3)]
    assert times == ["2026-07-01T09:00:00.001Z", "2026-07-01T09:00:00.002Z", "2026-07-01T09:00:00.003Z"]


def test_put_replaces_the_vault_and_its_rules(client: Client):
    kept = client.call("PUT", VAULT + "kv-closed", NEW).json()
    assert "networkAcls" not in kept["properties"]
    assert kept["properties"]["provisioningState"] == "Succeeded"
    assert kept["tags"] == {}


def test_a_new_vault_registers_its_name_first(client: Client):
    first = client.call("PUT", VAULT + "KV-New", NEW).json()["properties"]
    assert (first["vaultUri"], first["provisioningState"]) == ("https://KV-New.vault.azure.net", "RegisteringDns")
    client.finish()
    then = client.get(VAULT + "kv-new").json()["properties"]
    assert (then["vaultUri"], then["provisioningState"]) == ("https://kv-new.vault.azure.net/", "Succeeded")


@pytest.mark.parametrize(
    ("body", "version", "code"),
    [
        ({}, "2026-02-01", "LocationRequired"),
        ({"location": "westeurope"}, "2026-02-01", "BadRequest"),
        (NEW, "2023-07-01", "BadRequest"),
    ],
)
def test_put_says_what_it_misses(client: Client, body, version, code):
    refused = client.call("PUT", f"{VAULT}kv-new?api-version={version}", body)
    assert client.error(refused)[:2] == (400, code)


def test_a_name_is_taken_by_a_vault_in_another_group_and_by_a_deleted_one():
    groups = {"rg": "westeurope", "other": "westeurope"}
    subscription = world()["subscriptions"][0] | {"resourceGroups": groups}
    with serve(world(subscriptions=[subscription])) as sandbox, Client(sandbox).session as session:
        client = Client(sandbox)
        client.session = session
        other = (VAULT + "kv-open").replace("/rg/", "/other/")
        assert client.error(client.call("PUT", other, NEW))[:2] == (409, "VaultAlreadyExists")
        assert client.call("DELETE", VAULT + "kv-open").status_code == 200
        assert client.error(client.call("PUT", VAULT + "kv-open", NEW))[:2] == (409, "VaultAlreadyExists")


def test_deleting_keeps_the_vault_among_the_deleted_until_it_is_purged(client: Client):
    deleted = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-open"
    name = {"name": "kv-open", "type": "Microsoft.KeyVault/vaults"}
    check = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/checkNameAvailability"
    assert client.call("DELETE", VAULT + "kv-open").content == b""
    assert client.get(VAULT + "kv-open").status_code == 404
    assert client.get(deleted).json()["properties"]["scheduledPurgeDate"].startswith("2026-09-29T09:00:00")
    everything = client.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults").json()["value"]
    assert [each["name"] for each in everything] == ["kv-open"]
    assert client.call("POST", check, name).json()["nameAvailable"] is False
    purge = client.call("POST", deleted + "/purge")
    assert (purge.status_code, purge.content) == (202, b"")
    assert client.get(purge.headers["location"]).status_code == 202
    client.finish()
    assert client.get(purge.headers["location"]).json()["status"] == "Succeeded"
    assert client.call("POST", check, name).json() == {"nameAvailable": True}
    assert client.error(client.get(deleted))[:2] == (404, "DeletedVaultNotFound")


def test_pages_are_small_and_the_last_one_still_has_a_next_link():
    with serve(world(settings={"pageSize": 2})) as sandbox, Client(sandbox).session as session:
        client = Client(sandbox)
        client.session = session
        first = client.get(f"{GROUP}/providers/Microsoft.KeyVault/vaults").json()
        second = client.get(first["nextLink"]).json()
        third = client.get(second["nextLink"]).json()
        assert [each["name"] for each in first["value"] + second["value"]] == ["kv-agents", "kv-closed", "kv-open"]
        assert third == {"value": []}
        token = first["nextLink"].partition("$skiptoken=")[2]
        assert base64.b64decode(token).decode() == "rg|kv-closed"


def test_a_list_asks_for_as_many_as_it_is_told(client: Client):
    assert len(client.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults?$top=1").json()["value"]) == 1


def test_access_policies_unite(client: Client):
    def policy(*names: str) -> dict:
        one = {"tenantId": TENANT, "objectId": "somebody", "permissions": {"secrets": list(names)}}
        return {"properties": {"accessPolicies": [one]}}

    def names(change: str, *sent: str) -> list:
        answer = client.call("PUT", f"{VAULT}kv-open/accessPolicies/{change}", policy(*sent)).json()
        return [each["permissions"]["secrets"] for each in answer["properties"]["accessPolicies"]]

    assert names("add", "get") == [["get"]]
    assert names("add", "Get", "list") == [["get", "list"]]
    assert names("remove", "get") == [["list"]]
    assert names("remove", "list") == []
    assert names("replace", "set") == [["set"]]


def test_a_perimeter_is_read_under_its_one_api_version(owner: Client):
    group = f"{SUBSCRIPTION}/resourceGroups/rg-perimeter/providers/Microsoft.KeyVault/vaults"
    path = f"{group}/kv-enforced/networkSecurityPerimeterConfigurations"
    version = "?api-version=2026-04-01-preview"
    (found,) = owner.get(path + version).json()["value"]
    assert found["properties"]["resourceAssociation"]["accessMode"] == "Enforced"
    assert owner.get(f"{path}/{found['name']}{version}").json() == found
    assert owner.get(f"{path}/other{version}").status_code == 404
    assert owner.error(owner.get(path))[:2] == (400, "NoRegisteredProviderFound")
    refused = owner.get(path.replace("kv-enforced", "kv-nsp-unreadable") + version)
    assert owner.error(refused)[:2] == (403, "AuthorizationFailed")


@pytest.mark.parametrize("kind", ["managedHSMs", "deletedManagedHSMs"])
def test_there_are_no_hardware_modules(client: Client, kind):
    assert client.get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/{kind}").json() == {"value": []}


def test_rules_may_name_a_subnet_twice_and_come_back_so(client: Client):
    client.patch("kv-open", rules(subnets=[AGENTS, AGENTS]))
    assert len(client.acl("kv-open")["virtualNetworkRules"]) == 2

"""What a vault holds: secrets in all states, by the data plane and by Resource Manager's own lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netcfg.sandbox.keyvault import contents
from netcfg.sandbox.server import Sandbox, serve
from netcfg.sandbox.worlds import world as worlds
from tests import leaks
from tests.sandbox.small import VAULT, Client, world

HERE = "https://kv-open.vault.azure.net"
HELD: dict[str, Any] = {
    "secrets": [
        "plain",
        {"name": "off", "enabled": False},
        {"name": "past", "expires": "2026-05-01T00:00:00Z", "contentType": "text/plain", "tags": {"team": "a"}},
        {"name": "future", "notBefore": "2027-01-01T00:00:00Z"},
    ],
    "keys": ["own-key"],
    "certificates": ["tls", {"name": "Old-TLS", "expires": "2026-01-31T00:00:00Z"}],
}


@pytest.fixture
def full() -> Iterator[Sandbox]:
    """The small world, with everything in `kv-open`."""
    written = world()
    written["vaults"][0] |= HELD
    with serve(written) as running:
        yield running


@pytest.fixture
def vault(full: Sandbox) -> Iterator[DataPlane]:
    plane = DataPlane(full)
    with plane.session:
        yield plane


class DataPlane:
    """Somebody who calls a vault by path."""

    def __init__(self, sandbox: Sandbox, vault: str = "kv-open", token: str | None = None) -> None:
        self.url = f"{sandbox.url}/vault.azure.net/{vault}"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token or sandbox.token}"

    def call(self, method: str, path: str, body: Any = None, version: str = "7.4") -> requests.Response:
        asked = f"{self.url}{path}{'&' if '?' in path else '?'}api-version={version}"
        return self.session.request(method, asked, json=body, timeout=10)

    def names(self) -> list[str]:
        return [each["id"].rpartition("/")[2] for each in self.call("GET", "/secrets").json()["value"]]


def error(answer: requests.Response) -> tuple[int, str, str | None]:
    found = answer.json()["error"]
    return answer.status_code, found["code"], found.get("innererror", {}).get("code")


def test_a_list_tells_the_state_of_every_secret(vault: DataPlane):
    made = {"created": 1736931600, "updated": 1736931600}
    kept = {"recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90}
    assert vault.call("GET", "/secrets").json() == {
        "value": [
            {"id": f"{HERE}/secrets/future", "attributes": {"enabled": True, "nbf": 1798761600, **made, **kept}},
            {"id": f"{HERE}/secrets/off", "attributes": {"enabled": False, **made, **kept}},
            {
                "contentType": "application/x-pkcs12",
                "id": f"{HERE}/secrets/Old-TLS",
                "managed": True,
                "attributes": {"enabled": True, "exp": 1769817600, **made, **kept},
            },
            {
                "contentType": "text/plain",
                "id": f"{HERE}/secrets/past",
                "tags": {"team": "a"},
                "attributes": {"enabled": True, "exp": 1777593600, **made, **kept},
            },
            {"id": f"{HERE}/secrets/plain", "attributes": {"enabled": True, **made, **kept}},
            {
                "contentType": "application/x-pkcs12",
                "id": f"{HERE}/secrets/tls",
                "managed": True,
                "attributes": {"enabled": True, **made, **kept},
            },
        ],
        "nextLink": None,
    }


def test_the_oldest_version_of_the_api_does_not_know_for_how_many_days_a_secret_can_be_recovered(vault: DataPlane):
    (first, *_) = vault.call("GET", "/secrets", version="2016-10-01").json()["value"]
    assert sorted(first["attributes"]) == ["created", "enabled", "nbf", "recoveryLevel", "updated"]


def test_a_certificate_makes_a_key_and_a_secret_of_its_name(vault: DataPlane):
    keys = vault.call("GET", "/keys").json()["value"]
    assert [(each["kid"], each.get("managed", False)) for each in keys] == [
        (f"{HERE}/keys/Old-TLS", True),
        (f"{HERE}/keys/own-key", False),
        (f"{HERE}/keys/tls", True),
    ]
    certificates = vault.call("GET", "/certificates").json()["value"]
    assert [each["id"] for each in certificates] == [f"{HERE}/certificates/Old-TLS", f"{HERE}/certificates/tls"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("plain", (200, "", None)),
        ("PLAIN", (200, "", None)),
        ("past", (200, "", None)),
        ("future", (200, "", None)),
        ("off", (403, "Forbidden", "SecretDisabled")),
        ("none", (404, "SecretNotFound", None)),
        ("a_b", (400, "BadParameter", None)),
    ],
)
@pytest.mark.parametrize("end", ["", "/"])
def test_one_secret_is_shown_unless_it_is_disabled(vault: DataPlane, name, found, end):
    answer = vault.call("GET", f"/secrets/{name}{end}")
    assert (error(answer) if answer.status_code != 200 else (200, "", None)) == found


def test_a_secret_is_shown_by_its_version_too(vault: DataPlane):
    whole = vault.call("GET", "/secrets/plain").json()["id"]
    assert vault.call("GET", whole.removeprefix(HERE)).json()["id"] == whole
    assert error(vault.call("GET", "/secrets/plain/0123")) == (404, "SecretNotFound", None)


def test_a_secret_is_set_and_its_value_is_not_kept(vault: DataPlane, full: Sandbox):
    sent = {"value": "hunter2", "attributes": {"exp": 1900000000}, "contentType": "text/plain"}
    made = vault.call("PUT", "/secrets/New-one", sent).json()
    assert (made["value"], made["attributes"]["exp"], made["contentType"]) == ("hunter2", 1900000000, "text/plain")
    assert "hunter2" not in str(full.state)
    shown = vault.call("GET", "/secrets/new-ONE").json()
    assert (shown["value"], shown["id"]) == (leaks.VALUE, made["id"])
    again = vault.call("PUT", "/secrets/new-one", {"value": "2"}).json()
    assert again["id"].startswith(f"{HERE}/secrets/New-one/")
    assert again["id"] != made["id"]
    assert "exp" not in again["attributes"]
    assert vault.names().count("New-one") == 1


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("under_score", {"value": "x"}),
        ("a" * 128, {"value": "x"}),
        ("fine", {}),
        ("fine", {"value": 1}),
        ("fine", ["value"]),
        ("fine", {"value": "x", "attributes": {"enabled": "yes"}}),
        ("fine", {"value": "x", "attributes": {"exp": True}}),
        ("fine", {"value": "x", "attributes": ["exp"]}),
    ],
)
def test_what_cannot_be_set_changes_nothing(vault: DataPlane, full: Sandbox, name, body):
    before = full.state["secrets"]
    assert error(vault.call("PUT", f"/secrets/{name}", body)) == (400, "BadParameter", None)
    assert full.state["secrets"] == before


@pytest.mark.parametrize("end", ["", "/"])
def test_attributes_change_one_by_one(vault: DataPlane, end):
    changed = vault.call("PATCH", f"/secrets/past{end}", {"attributes": {"enabled": False}}).json()
    assert (changed["attributes"]["enabled"], changed["attributes"]["exp"]) == (False, 1777593600)
    assert changed["tags"] == {"team": "a"}
    assert error(vault.call("GET", "/secrets/past")) == (403, "Forbidden", "SecretDisabled")
    vault.call("PATCH", f"/secrets/past{end}", {"attributes": {"enabled": True, "exp": 1900000000}})
    assert vault.call("GET", "/secrets/past").json()["attributes"]["exp"] == 1900000000
    assert error(vault.call("PATCH", f"/secrets/past{end}", ["enabled"])) == (400, "BadParameter", None)
    assert error(vault.call("PATCH", f"/secrets/none{end}", {})) == (404, "SecretNotFound", None)


def test_a_deleted_secret_holds_its_name_until_it_is_recovered_or_purged(vault: DataPlane):
    gone = vault.call("DELETE", "/secrets/Plain").json()
    assert gone["recoveryId"] == f"{HERE}/deletedsecrets/plain"
    assert gone["scheduledPurgeDate"] - gone["deletedDate"] == 90 * 24 * 3600
    assert "plain" not in vault.names()
    taken = vault.call("PUT", "/secrets/plain", {"value": "x"})
    assert error(taken) == (409, "Conflict", "ObjectIsDeletedButRecoverable")
    assert vault.call("GET", "/deletedsecrets/plain").json() == gone
    vault.call("POST", "/deletedsecrets/plain/recover")
    assert "plain" in vault.names()
    vault.call("DELETE", "/secrets/plain")
    assert vault.call("DELETE", "/deletedsecrets/plain").status_code == 204
    assert error(vault.call("GET", "/deletedsecrets/plain")) == (404, "SecretNotFound", None)
    assert vault.call("PUT", "/secrets/plain", {"value": "x"}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_the_secret_of_a_certificate_is_the_certificates(vault: DataPlane, method):
    refused = vault.call(method, "/secrets/tls", {"value": "x"})
    assert error(refused) == (403, "Forbidden", "SecretManagedByKeyVault")


def test_what_changes_is_kept_in_a_folder_and_a_purged_vault_takes_its_secrets_along(tmp_path):
    written = world()
    written["vaults"][0] |= HELD
    with serve(written, state=tmp_path) as sandbox:
        plane, client = DataPlane(sandbox), Client(sandbox)
        with plane.session, client.session:
            plane.call("PUT", "/secrets/new", {"value": "x"})
            plane.call("DELETE", "/secrets/plain")
    with serve(written, state=tmp_path) as sandbox:
        plane, client = DataPlane(sandbox), Client(sandbox)
        with plane.session, client.session:
            assert plane.names() == ["future", "new", "off", "Old-TLS", "past", "tls"]
            client.call("DELETE", VAULT + "kv-open")
            place = VAULT.partition("/resourceGroups/")[0] + "/providers/Microsoft.KeyVault/locations/westeurope"
            client.call("POST", f"{place}/deletedVaults/kv-open/purge")
            client.finish()
            client.get(VAULT + "kv-open")  # whoever asks for anything ends what has come to its end
            state = sandbox.state
            assert not any("kv-open" in state[section] for section in contents.SECTIONS)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.from_regex(r"[a-z0-9-]{1,6}", fullmatch=True), max_size=60, unique=True),
    size=st.integers(1, 25),
)
def test_pages_hold_every_name_once_in_order(sandbox: Sandbox, names, size):
    with sandbox.edit() as state:
        state["secrets"]["kv-open"] = contents.held(names)
    found = []
    plane = DataPlane(sandbox)
    with plane.session:
        page = plane.call("GET", f"/secrets?maxresults={size}").json()
        found.append([each["id"].rpartition("/")[2] for each in page["value"]])
        while page["nextLink"]:
            page = plane.session.get(page["nextLink"], timeout=10).json()
            found.append([each["id"].rpartition("/")[2] for each in page["value"]])
    assert [name for each in found for name in each] == sorted(names)
    assert [len(each) for each in found[:-1]] == [size] * (len(found) - 1)


def test_a_skip_token_has_to_be_encoded_by_who_puts_it_into_an_address(sandbox: Sandbox):
    with sandbox.edit() as state:
        state["secrets"]["kv-open"] = contents.held(f"s{number:03}" for number in range(60))
    plane = DataPlane(sandbox)
    with plane.session:
        link = plane.call("GET", "/secrets").json()["nextLink"]
        (token,) = parse_qs(urlsplit(link).query)["$skiptoken"]
        assert token == "Pj4+MiEyNQ=="
        assert unquote(link) != link
        asked = plane.call("GET", f"/secrets?$skiptoken={token}")
        assert error(asked) == (400, "BadParameter", None)


@pytest.mark.parametrize("token", ["25", "Pj4%2BMiEtMQ%3D%3D", "%FF"])
def test_a_skip_token_that_is_none_is_refused(sandbox: Sandbox, token):
    plane = DataPlane(sandbox)
    with plane.session:
        assert error(plane.call("GET", f"/secrets?$skiptoken={token}")) == (400, "BadParameter", None)


def test_resource_manager_lists_names_whatever_the_firewall_says(full: Sandbox):
    client = Client(full)
    with client.session:
        client.patch("kv-open", {"properties": {"publicNetworkAccess": "Disabled"}})
        listed = client.get(f"{VAULT}kv-open/secrets").json()
        assert [each["name"] for each in listed["value"]] == ["future", "off", "Old-TLS", "past", "plain", "tls"]
        assert "nextLink" not in listed
        past = client.get(f"{VAULT}kv-open/secrets/PAST").json()
        assert past == listed["value"][3]
        assert past["id"] == f"{VAULT}kv-open/secrets/past"
        assert past["properties"]["attributes"]["exp"] == 1777593600
        assert past["properties"]["contentType"] == "text/plain"
        assert "value" not in str(past)
        keys = client.get(f"{VAULT}kv-open/keys").json()["value"]
        assert [each["name"] for each in keys] == ["Old-TLS", "own-key", "tls"]
        gone = client.get(f"{VAULT}kv-open/secrets/none")
        assert client.error(gone)[:2] == (404, "ResourceNotFound")
        assert client.error(client.get(f"{VAULT}kv-none/secrets"))[:2] == (404, "ResourceNotFound")


def test_resource_managers_lists_have_pages(sandbox: Sandbox, client: Client):
    with sandbox.edit() as state:
        state["secrets"]["kv-open"] = contents.held(f"s{number:03}" for number in range(60))
    for asked, sizes in (("", [25, 25, 10]), ("?$top=50", [25, 25, 10]), ("?$top=20", [20, 20, 20])):
        pages, link = [], f"{VAULT}kv-open/secrets{asked}"
        while link:
            page = client.get(link).json()
            pages.append(len(page["value"]))
            link = page.get("nextLink", "")
        assert pages == sizes
    assert client.error(client.get(f"{VAULT}kv-open/secrets?$skiptoken=nonsense"))[:2] == (400, "BadRequest")


def test_microsofts_own_library_reads_resource_managers_lists(full: Sandbox):
    from azure.mgmt.keyvault import KeyVaultManagementClient

    from tests.sandbox.test_sdk import SUBSCRIPTION, NoCredential, options

    with KeyVaultManagementClient(NoCredential(), SUBSCRIPTION, **options(full)) as client:
        listed = {each.name: each.properties.attributes.enabled for each in client.secrets.list("rg", "kv-open")}
        assert listed == {"future": True, "off": False, "Old-TLS": True, "past": True, "plain": True, "tls": True}
        assert client.secrets.get("rg", "kv-open", "past").properties.attributes.expires.year == 2026
        assert [each.name for each in client.keys.list("rg", "kv-open")] == ["Old-TLS", "own-key", "tls"]


def test_who_may_not_read_secrets_by_resource_manager_is_refused(sandbox: Sandbox, client: Client):
    with sandbox.edit() as state:
        denial = {"scope": "/", "action": "Microsoft.KeyVault/vaults/secrets/read"}
        state["principals"]["me"]["denials"].append(denial)
    refused = client.get(f"{VAULT}kv-open/secrets")
    assert client.error(refused)[:2] == (403, "AuthorizationFailed")
    assert client.get(f"{VAULT}kv-open/keys").status_code == 200


@pytest.mark.parametrize(
    ("secret", "problem"),
    [("a_b", "no name that a vault takes"), ({"name": "a", "enabeld": False}, "nothing that a secret has")],
)
def test_a_world_cannot_hold_what_no_vault_could(secret, problem):
    written = world()
    written["vaults"][0]["secrets"] = [secret]
    with pytest.raises(ValueError, match=problem):
        worlds.begin(written)

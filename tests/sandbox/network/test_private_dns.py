"""Private DNS zones, their links and records, and what a network resolves by them."""

from collections.abc import Iterator

import pytest

from netcfg.sandbox.network.private_dns import Resolution, resolve
from netcfg.sandbox.server import Sandbox, serve
from netcfg.sandbox.worlds import world as worlds
from tests.sandbox.private import OTHER, PARTNER, PARTNERS, ZONE, ZONE_NAME, link, make, private_world
from tests.sandbox.small import GRAPH, GROUP, NETWORK, SUBSCRIPTION, Client

GLOBAL = {"location": "global"}
LINK = f"{ZONE}/virtualNetworkLinks/one"
NAME = f"kv-open.{ZONE_NAME}"
SECOND = ZONE.replace("/rg/", "/north/")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(private_world()) as running:
        yield running


def test_a_zone_is_found_only_when_it_is_made(client: Client):
    begun = client.call("PUT", ZONE, GLOBAL)
    assert (begun.status_code, begun.json()) == (202, {})
    operation = begun.headers["azure-asyncoperation"]
    assert "/privateDnsOperationStatuses/" in operation
    assert client.get(operation).json() == {"status": "InProgress"}
    assert client.get(begun.headers["location"]).status_code == 202
    assert client.error(client.get(ZONE))[:2] == (404, "ResourceNotFound")
    client.finish()
    assert client.get(operation).json() == {"status": "Succeeded"}
    made = client.get(ZONE)
    assert made.json() == client.get(begun.headers["location"]).json()
    assert made.headers["etag"] == made.json()["etag"]
    assert (made.json()["name"], made.json()["location"]) == (ZONE_NAME, "global")
    assert made.json()["properties"]["numberOfRecordSets"] == 1


def test_a_zone_is_nowhere_but_global(client: Client):
    refused = client.call("PUT", ZONE, {"location": "westeurope"})
    assert client.error(refused)[:2] == (400, "LocationNotAvailableForResourceType")


def test_if_none_match_makes_a_zone_once(client: Client):
    only_new = {"If-None-Match": "*"}
    assert client.call("PUT", ZONE, GLOBAL, **only_new).status_code == 202
    assert client.error(client.call("PUT", ZONE, GLOBAL, **only_new))[:2] == (412, "PreconditionFailed")
    client.finish()
    assert client.error(client.call("PUT", ZONE, GLOBAL, **only_new))[:2] == (412, "PreconditionFailed")


def test_two_who_make_a_zone_at_once_meet_a_conflict(client: Client):
    client.call("PUT", ZONE, GLOBAL)
    assert client.error(client.call("PUT", ZONE, GLOBAL))[:2] == (409, "Conflict")


def test_if_match_changes_only_what_nobody_changed(client: Client):
    make(client, ZONE, GLOBAL)
    etag = client.get(ZONE).json()["etag"]
    tagged = GLOBAL | {"tags": {"by": "me"}}
    assert client.call("PUT", ZONE, tagged, **{"If-Match": etag}).status_code == 202
    client.finish()
    assert client.get(ZONE).json()["tags"] == {"by": "me"}
    assert client.error(client.call("PUT", ZONE, GLOBAL, **{"If-Match": etag}))[:2] == (412, "PreconditionFailed")


def test_zones_are_listed_page_by_page(client: Client):
    for number in range(7):
        make(client, ZONE.replace(ZONE_NAME, f"zone{number}.example"), GLOBAL)
    for scope in (GROUP, SUBSCRIPTION):
        first = client.get(f"{scope}/providers/Microsoft.Network/privateDnsZones").json()
        second = client.get(first["nextLink"]).json()
        assert [len(each["value"]) for each in (first, second)] == [5, 2]
        assert "nextLink" not in second


def test_a_zone_with_links_stays(client: Client):
    make(client, ZONE, GLOBAL)
    make(client, LINK, link())
    assert client.error(client.call("DELETE", ZONE))[:2] == (409, "CannotDeleteResource")
    client.call("DELETE", LINK)
    client.finish()
    gone = client.call("DELETE", ZONE)
    assert gone.status_code == 202
    client.finish()
    assert client.get(gone.headers["location"]).status_code == 204
    assert client.get(ZONE).status_code == 404
    assert client.call("DELETE", ZONE).status_code == 204


# --- links ----------------------------------------------------------------------------------------------------------


def test_a_link_is_in_progress_and_then_completed(client: Client):
    make(client, ZONE, GLOBAL)
    assert client.call("PUT", LINK, link(registrationEnabled=False)).status_code == 202
    shown = client.get(LINK).json()["properties"]
    assert (shown["provisioningState"], shown["virtualNetworkLinkState"]) == ("InProgress", "InProgress")
    client.finish()
    assert client.get(LINK).json()["properties"] == {
        "provisioningState": "Succeeded",
        "registrationEnabled": False,
        "resolutionPolicy": "Default",
        "virtualNetwork": {"id": NETWORK},
        "virtualNetworkLinkState": "Completed",
    }
    assert client.get(ZONE).json()["properties"]["numberOfVirtualNetworkLinks"] == 1
    assert [each["name"] for each in client.get(f"{ZONE}/virtualNetworkLinks").json()["value"]] == ["one"]


def test_a_link_needs_its_zone(client: Client):
    assert client.error(client.call("PUT", LINK, link()))[:2] == (404, "ParentResourceNotFound")


@pytest.mark.parametrize(
    "sent", [link(NETWORK + "x"), link("junk"), link() | {"location": "westeurope"}, link(resolutionPolicy="Maybe")]
)
def test_a_link_needs_a_network_and_a_policy_that_exist(client: Client, sent):
    make(client, ZONE, GLOBAL)
    assert client.error(client.call("PUT", LINK, sent))[:2] == (400, "BadRequest")


def test_a_network_knows_one_zone_of_a_name(client: Client):
    make(client, ZONE, GLOBAL)
    make(client, SECOND, GLOBAL)
    make(client, LINK, link())
    status, code, message = client.error(client.call("PUT", f"{SECOND}/virtualNetworkLinks/two", link()))
    assert (status, code) == (400, "BadRequest")
    assert "overlapping namespaces" in message
    make(client, f"{SECOND}/virtualNetworkLinks/two", link(OTHER))


def test_a_network_has_one_link_to_a_zone(client: Client):
    make(client, ZONE, GLOBAL)
    make(client, LINK, link())
    status, code, message = client.error(client.call("PUT", f"{ZONE}/virtualNetworkLinks/again", link()))
    assert (status, code) == (409, "Conflict")
    assert "'one'" in message
    make(client, LINK, link(resolutionPolicy="NxDomainRedirect"))
    assert client.get(LINK).json()["properties"]["resolutionPolicy"] == "NxDomainRedirect"


def test_the_network_of_a_link_cannot_be_changed(client: Client):
    make(client, ZONE, GLOBAL)
    make(client, LINK, link())
    assert client.error(client.call("PUT", LINK, link(OTHER)))[:2] == (400, "BadRequest")


def test_a_link_needs_the_permission_to_join_the_network(sandbox: Sandbox, client: Client):
    make(client, ZONE, GLOBAL)
    with sandbox.edit() as state:
        denial = {"action": "Microsoft.Network/virtualNetworks/join/action", "scope": NETWORK}
        state["principals"]["me"]["denials"].append(denial)
    status, code, message = client.error(client.call("PUT", LINK, link()))
    assert (status, code) == (403, "LinkedAuthorizationFailed")
    assert "Microsoft.Network/virtualNetworks/join/action" in message


def test_a_network_of_another_tenant_is_linked_with_that_tenant_s_token(sandbox: Sandbox, client: Client):
    make(client, ZONE, GLOBAL)
    theirs = f"{PARTNERS}/providers/Microsoft.Network/virtualNetworks/partners"
    assert client.error(client.call("PUT", LINK, link(theirs)))[:2] == (403, "LinkedAuthorizationFailed")
    auxiliary = {"x-ms-authorization-auxiliary": f"Bearer {sandbox.token_for(PARTNER)}"}
    assert client.call("PUT", LINK, link(theirs), **auxiliary).status_code == 202


def test_resource_graph_shows_zones_and_links_and_no_records(client: Client):
    make(client, ZONE, GLOBAL)
    make(client, LINK, link())
    query = "resources | where type startswith 'microsoft.network/privatednszones' | project type, id | order by id asc"
    assert client.call("POST", GRAPH, {"query": query}).json()["data"] == [
        {"type": "microsoft.network/privatednszones", "id": ZONE},
        {"type": "microsoft.network/privatednszones/virtualnetworklinks", "id": LINK},
    ]


# --- records --------------------------------------------------------------------------------------------------------


def written(sandbox: Sandbox, **addresses: str) -> None:
    """Records that somebody made by hand."""
    with sandbox.edit() as state:
        for name, each in addresses.items():
            record = {"ttl": 3600, "addresses": [each], "creator": "", "group": ""}
            state["recordSets"][ZONE.lower()][name.replace("_", "-")] = record


def test_records_are_listed_page_by_page_after_the_zone_s_own(sandbox: Sandbox, client: Client):
    make(client, ZONE, GLOBAL)
    written(sandbox, **{f"kv_{number}": f"10.20.2.{number}" for number in range(1, 7)})
    first = client.get(f"{ZONE}/ALL").json()
    second = client.get(first["nextLink"]).json()
    assert [each["name"] for each in first["value"]] == ["@", "kv-1", "kv-2", "kv-3", "kv-4"]
    assert [each["name"] for each in second["value"]] == ["kv-5", "kv-6"]
    only = client.get(f"{ZONE}/A?$top=20&api-version=2024-06-01").json()["value"]
    assert len(only) == 6
    assert (only[0]["type"], only[0]["properties"]) == (
        "Microsoft.Network/privateDnsZones/A",
        {
            "fqdn": f"kv-1.{ZONE_NAME}.",
            "ttl": 3600,
            "aRecords": [{"ipv4Address": "10.20.2.1"}],
            "isAutoRegistered": False,
        },
    )
    assert client.get(f"{ZONE}/A/KV-1").json() == only[0]
    assert client.get(f"{ZONE}/SOA/@").json()["properties"]["soaRecord"]["host"] == "azureprivatedns.net"
    assert client.get(ZONE).json()["properties"]["numberOfRecordSets"] == 7


@pytest.mark.parametrize("path", ["A/none", "AAAA/kv-1", "NONE", "NONE/kv-1"])
def test_a_record_that_is_not_there(client: Client, path):
    make(client, ZONE, GLOBAL)
    assert client.get(f"{ZONE}/{path}").status_code == 404


# --- what a network resolves ----------------------------------------------------------------------------------------


def test_a_network_without_a_zone_asks_the_public_dns(client: Client, sandbox: Sandbox):
    make(client, ZONE, GLOBAL)
    assert resolve(sandbox.state, NETWORK, NAME) == Resolution("public")


def test_a_linked_network_learns_the_private_address(client: Client, sandbox: Sandbox):
    make(client, ZONE, GLOBAL)
    make(client, LINK, link())
    written(sandbox, kv_open="10.20.2.4")
    assert resolve(sandbox.state, NETWORK.upper(), f"KV-Open.{ZONE_NAME}.") == Resolution(
        "private", ("10.20.2.4",), ZONE
    )
    assert resolve(sandbox.state, OTHER, NAME) == Resolution("public")


def test_a_linked_network_without_a_record_learns_that_there_is_no_such_name(client: Client, sandbox: Sandbox):
    make(client, ZONE, GLOBAL)
    make(client, LINK, link())
    assert resolve(sandbox.state, NETWORK, NAME) == Resolution("hidden", zone=ZONE)
    make(client, LINK, link(resolutionPolicy="NxDomainRedirect"))
    assert resolve(sandbox.state, NETWORK, NAME) == Resolution("public", zone=ZONE)


def test_a_link_does_nothing_before_it_is_completed(client: Client, sandbox: Sandbox):
    make(client, ZONE, GLOBAL)
    client.call("PUT", LINK, link())
    assert resolve(sandbox.state, NETWORK, NAME) == Resolution("public")
    client.finish()
    client.get(LINK)
    assert resolve(sandbox.state, NETWORK, NAME) == Resolution("hidden", zone=ZONE)


def test_a_network_with_its_own_dns_servers_never_asks_a_zone(client: Client, sandbox: Sandbox):
    own = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/own"
    make(client, ZONE, GLOBAL)
    make(client, LINK, link(own))
    written(sandbox, kv_open="10.20.2.4")
    assert resolve(sandbox.state, own, NAME) == Resolution("public")


def test_of_two_zones_the_longer_name_speaks(client: Client, sandbox: Sandbox):
    wide = ZONE.replace(ZONE_NAME, "azure.net")
    for zone in (ZONE, wide):
        make(client, zone, GLOBAL)
        make(client, f"{zone}/virtualNetworkLinks/one", link())
    assert resolve(sandbox.state, NETWORK, NAME).zone == ZONE
    assert resolve(sandbox.state, NETWORK, "kv-open.vault.azure.net").zone == wide


@pytest.mark.parametrize(
    ("network", "vault", "expected"),
    [
        ("vnet-hub", "kv-private-ready", Resolution("private", ("10.60.1.10",))),
        ("vnet-spoke", "kv-private-only", Resolution("private", ("10.60.1.11",))),
        ("vnet-spoke", "kv-private-bare", Resolution("hidden")),
        ("vnet-spoke", "kv-private-pending", Resolution("hidden")),
        ("vnet-agents", "kv-private-ready", Resolution("public")),
        ("vnet-own-dns", "kv-private-ready", Resolution("public")),
        ("vnet-elsewhere", "kv-private-ready", Resolution("hidden")),
        ("vnet-elsewhere", "kv-elsewhere", Resolution("private", ("10.40.9.4",))),
        ("vnet-shared", "kv-private-ready", Resolution("public")),
    ],
)
def test_the_world_private_has_a_network_for_every_case(network, vault, expected):
    state = worlds.begin("private")
    (key,) = (each for each in state["virtualNetworks"] if each.endswith(f"/{network}"))
    found = resolve(state, key, f"{vault}.{ZONE_NAME}")
    assert (found.kind, found.addresses) == (expected.kind, expected.addresses)

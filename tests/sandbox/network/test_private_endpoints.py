"""Private endpoints, and the two sides of their one connection."""

from collections.abc import Iterator

import pytest

from netcfg.sandbox import faults
from netcfg.sandbox.server import Sandbox, serve
from netcfg.sandbox.worlds import world as worlds
from tests.sandbox.private import (
    ENDPOINT,
    OTHER,
    PARTNER,
    PARTNERS,
    connections,
    endpoint,
    make,
    private_world,
    status,
)
from tests.sandbox.small import BARE, GRAPH, GROUP, NETWORK, SUBSCRIPTION, VAULT, Client

OPEN = VAULT + "kv-open"
APPROVE = "Microsoft.KeyVault/vaults/privateEndpointConnectionsApproval/action"
JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(private_world()) as running:
        yield running


def deny(sandbox: Sandbox, action: str, scope: str) -> None:
    with sandbox.edit() as state:
        state["principals"]["me"]["denials"].append({"action": action, "scope": scope})


def test_an_endpoint_is_made_approved_and_shown_by_everybody_whom_it_concerns(client: Client):
    begun = client.call("PUT", ENDPOINT, endpoint())
    assert (begun.status_code, begun.json()["properties"]["provisioningState"]) == (201, "Updating")
    assert begun.headers["retry-after"] == "1"
    assert client.get(begun.headers["azure-asyncoperation"]).json() == {"status": "InProgress"}
    client.finish()
    made = client.get(ENDPOINT).json()
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert made["properties"]["customDnsConfigs"] == [{"fqdn": "kv-open.vault.azure.net", "ipAddresses": ["10.20.2.4"]}]
    state = {"status": "Approved", "description": "Auto-approved", "actionsRequired": "None"}
    (one,) = made["properties"]["privateLinkServiceConnections"]
    assert one["properties"]["privateLinkServiceConnectionState"] == state
    (shown,) = client.get(OPEN).json()["properties"]["privateEndpointConnections"]
    assert shown["properties"] == {
        "provisioningState": "Succeeded",
        "privateEndpoint": {"id": ENDPOINT},
        "privateLinkServiceConnectionState": state,
    }
    assert shown.keys() == {"id", "etag", "properties"}
    interface = client.get(made["properties"]["networkInterfaces"][0]["id"]).json()["properties"]
    assert interface["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.20.2.4"
    subnet = client.get(BARE).json()["properties"]
    assert subnet["privateEndpoints"] == [{"id": ENDPOINT}]
    assert subnet["ipConfigurations"] == [{"id": interface["ipConfigurations"][0]["id"]}]


def test_resource_graph_shows_the_endpoint_and_the_vault_s_side_of_it(client: Client):
    make(client, ENDPOINT, endpoint())
    query = "resources | where type =~ 'microsoft.network/privateendpoints' | project id"
    assert client.call("POST", GRAPH, {"query": query}).json()["data"] == [{"id": ENDPOINT}]
    query = (
        "resources | where type =~ 'microsoft.keyvault/vaults'"
        " | mv-expand connection = properties.privateEndpointConnections"
        " | project id, endpoint = tostring(connection.properties.privateEndpoint.id)"
    )
    assert client.call("POST", GRAPH, {"query": query}).json()["data"] == [{"id": OPEN, "endpoint": ENDPOINT}]


def test_the_same_again_changes_nothing_but_the_etag(client: Client):
    make(client, ENDPOINT, endpoint())
    before = client.get(ENDPOINT).json()
    again = client.call("PUT", ENDPOINT, endpoint())
    assert again.status_code == 200
    client.finish()
    after = client.get(ENDPOINT).json()
    assert after["etag"] != before["etag"]
    old, new = before.pop("etag"), after.pop("etag")
    assert str(after).replace(new, old) == str(before)
    assert len(connections(client)) == 1


@pytest.mark.parametrize("changed", [endpoint("kv-closed"), endpoint(subnet=f"{OTHER}/subnets/main")])
def test_neither_the_vault_nor_the_subnet_of_an_endpoint_can_be_changed(client: Client, changed):
    make(client, ENDPOINT, endpoint())
    assert client.error(client.call("PUT", ENDPOINT, changed))[:2] == (400, "PrivateEndpointCannotBeUpdated")


def test_an_endpoint_goes_with_its_interface_and_with_the_vault_s_side(sandbox: Sandbox, client: Client):
    before = sandbox.state
    make(client, ENDPOINT, endpoint())
    gone = client.call("DELETE", ENDPOINT)
    assert (gone.status_code, client.get(gone.headers["location"]).status_code) == (202, 202)
    client.finish()
    assert client.get(gone.headers["location"]).status_code == 204
    assert client.error(client.get(ENDPOINT))[:2] == (404, "ResourceNotFound")
    assert client.call("DELETE", ENDPOINT).status_code == 204
    after = sandbox.state
    for key in ("resources", "vaults", "privateEndpoints"):
        assert after[key] == before[key]
    assert connections(client) == []
    assert client.get(BARE).json()["properties"].keys().isdisjoint({"privateEndpoints", "ipConfigurations"})


def test_endpoints_are_listed_by_group_and_by_subscription(client: Client):
    make(client, ENDPOINT, endpoint())
    for scope in (GROUP, SUBSCRIPTION):
        listed = client.get(f"{scope}/providers/Microsoft.Network/privateEndpoints").json()["value"]
        assert [each["id"] for each in listed] == [ENDPOINT]


# --- what it needs ------------------------------------------------------------------------------------------------


def test_an_endpoint_must_be_where_its_network_is(client: Client):
    far = endpoint() | {"location": "northeurope"}
    status, code, message = client.error(client.call("PUT", ENDPOINT, far))
    assert (status, code) == (400, "InvalidResourceReference")
    assert "in the same region" in message


@pytest.mark.parametrize("subnet", [f"{NETWORK}/subnets/none", f"{NETWORK}x/subnets/bare"])
def test_an_endpoint_needs_a_subnet_that_is_there(client: Client, subnet):
    refused = client.call("PUT", ENDPOINT, endpoint(subnet=subnet))
    assert client.error(refused)[:2] == (400, "InvalidResourceReference")


def test_an_endpoint_needs_a_vault_that_is_there(client: Client):
    refused = client.call("PUT", ENDPOINT, endpoint("kv-none"))
    assert client.error(refused)[:2] == (400, "InvalidResourceReference")


@pytest.mark.parametrize("groups", [[], ["default"], ["vault", "vault"], ["Vault"]])
def test_the_group_of_a_vault_is_vault(client: Client, groups):
    sent = endpoint()
    sent["properties"]["privateLinkServiceConnections"][0]["properties"]["groupIds"] = groups
    assert client.error(client.call("PUT", ENDPOINT, sent))[0] == 400


@pytest.mark.parametrize("key", ["location", "properties"])
def test_an_endpoint_needs_a_place_and_a_connection(client: Client, key):
    sent = {name: each for name, each in endpoint().items() if name != key}
    assert client.call("PUT", ENDPOINT, sent).status_code == 400


def test_who_may_not_approve_is_told_so_and_nothing_is_made(sandbox: Sandbox, client: Client):
    deny(sandbox, APPROVE, OPEN)
    status, code, message = client.error(client.call("PUT", ENDPOINT, endpoint()))
    assert (status, code) == (403, "LinkedAuthorizationFailed")
    assert APPROVE in message
    assert OPEN in message
    assert client.get(ENDPOINT).status_code == 404
    make(client, ENDPOINT, endpoint(manual=True))


def test_who_may_not_join_the_subnet_makes_no_endpoint(sandbox: Sandbox, client: Client):
    deny(sandbox, JOIN, BARE)
    status, code, message = client.error(client.call("PUT", ENDPOINT, endpoint()))
    assert (status, code) == (403, "LinkedAuthorizationFailed")
    assert JOIN in message


def test_a_full_subnet_takes_no_endpoint(client: Client):
    """A /29 has three addresses that are not Azure's own."""
    main = f"{OTHER}/subnets/main"
    for number, vault in enumerate(("kv-open", "kv-closed", "kv-agents")):
        make(client, f"{ENDPOINT}{number}", endpoint(vault, main))
    assert client.error(client.call("PUT", ENDPOINT, endpoint(subnet=main)))[:2] == (400, "SubnetIsFull")
    client.call("DELETE", f"{ENDPOINT}1")
    client.finish()
    make(client, ENDPOINT, endpoint(subnet=main))
    assert client.get(ENDPOINT).json()["properties"]["customDnsConfigs"][0]["ipAddresses"] == ["10.30.1.5"]


def asking(address: str) -> dict:
    member = {"groupId": "vault", "memberName": "default", "privateIPAddress": address}
    return endpoint(ipConfigurations=[{"name": "static", "properties": member}])


def test_an_address_can_be_asked_for(client: Client):
    make(client, ENDPOINT, asking("10.20.2.77"))
    assert client.get(ENDPOINT).json()["properties"]["customDnsConfigs"][0]["ipAddresses"] == ["10.20.2.77"]
    again = asking("10.20.2.77")
    assert client.error(client.call("PUT", ENDPOINT + "2", again))[:2] == (400, "PrivateIPAddressInUse")
    elsewhere = asking("10.99.0.4")
    assert client.error(client.call("PUT", ENDPOINT + "2", elsewhere))[:2] == (400, "PrivateIPAddressNotInSubnet")


def test_a_vault_has_64_private_endpoints_and_no_more(sandbox: Sandbox, client: Client):
    make(client, ENDPOINT, endpoint())
    with sandbox.edit() as state:
        held = state["vaults"]["kv-open"]["properties"]
        held["privateEndpointConnections"] *= 64
    refused = client.call("PUT", ENDPOINT + "2", endpoint())
    assert client.error(refused)[0] == 400
    assert "64" in client.error(refused)[2]


def test_an_endpoint_and_a_subnet_of_one_network_wait_for_each_other(client: Client):
    client.call("PUT", ENDPOINT, endpoint())
    subnet = client.call("PUT", BARE, client.get(BARE).json())
    assert client.error(subnet)[:2] == (429, "AnotherOperationInProgress")
    second = client.call("PUT", ENDPOINT + "2", endpoint("kv-closed"))
    assert client.error(second)[:2] == (429, "AnotherOperationInProgress")
    assert client.error(client.call("DELETE", ENDPOINT))[:2] == (429, "AnotherOperationInProgress")
    client.finish()
    assert client.call("PUT", BARE, client.get(BARE).json()).status_code == 200
    assert client.get(BARE).json()["properties"]["privateEndpoints"] == [{"id": ENDPOINT}]


def test_a_subnet_with_an_endpoint_cannot_be_deleted(client: Client):
    make(client, ENDPOINT, endpoint())
    assert client.error(client.call("DELETE", BARE))[:2] == (400, "InUseSubnetCannotBeDeleted")


# --- what the vault's owner decides ---------------------------------------------------------------------------------


def decide(client: Client, decision: str, vault: str = OPEN) -> int:
    (one,) = connections(client, vault)
    body = {"properties": {"privateLinkServiceConnectionState": {"status": decision, "description": "because"}}}
    return client.call("PUT", one["id"], body).status_code


def test_a_manual_connection_waits_for_the_owner(client: Client):
    make(client, ENDPOINT, endpoint(manual=True))
    assert status(client) == "Pending"
    assert client.get(ENDPOINT).json()["properties"]["customDnsConfigs"] == []
    (one,) = connections(client)
    assert one["properties"]["privateLinkServiceConnectionState"]["status"] == "Pending"
    assert decide(client, "Approved") == 200
    assert status(client) == "Approved"
    assert client.get(one["id"]).json()["properties"]["privateLinkServiceConnectionState"] == {
        "status": "Approved",
        "description": "because",
        "actionsRequired": "None",
    }


def test_what_was_rejected_stays_so_when_it_is_sent_again(client: Client):
    make(client, ENDPOINT, endpoint(manual=True))
    assert decide(client, "Rejected") == 200
    make(client, ENDPOINT, endpoint(manual=True))
    assert status(client) == "Rejected"
    assert len(connections(client)) == 1


def test_an_endpoint_whose_connection_is_deleted_leads_nowhere_for_ever(client: Client):
    make(client, ENDPOINT, endpoint())
    (one,) = connections(client)
    gone = client.call("DELETE", one["id"])
    assert (gone.status_code, client.get(gone.headers["location"]).status_code) == (202, 202)
    client.finish()
    assert client.get(gone.headers["location"]).status_code == 200
    assert connections(client) == []
    assert "privateEndpointConnections" not in client.get(OPEN).json()["properties"]
    assert status(client) == "Disconnected"
    make(client, ENDPOINT, endpoint())
    assert status(client) == "Disconnected"


def test_a_deleted_vault_disconnects_its_endpoints(client: Client):
    make(client, ENDPOINT, endpoint())
    client.call("DELETE", OPEN)
    assert status(client) == "Disconnected"


def test_only_approved_and_rejected_can_be_said(client: Client):
    make(client, ENDPOINT, endpoint())
    assert decide(client, "Pending") == 400
    assert client.get(f"{OPEN}/privateEndpointConnections/none").status_code == 404


def test_the_owner_s_word_needs_the_owner_s_permission(sandbox: Sandbox, client: Client):
    make(client, ENDPOINT, endpoint(manual=True))
    deny(sandbox, APPROVE, OPEN)
    assert decide(client, "Approved") == 403
    assert status(client) == "Pending"


def test_a_write_to_the_vault_keeps_its_connections(client: Client):
    make(client, ENDPOINT, endpoint())
    before = client.get(OPEN).json()
    assert client.patch("kv-open", {"properties": {"privateEndpointConnections": []}}).status_code == 200
    assert client.call("PUT", OPEN, before).status_code == 200
    held = client.get(OPEN).json()["properties"]["privateEndpointConnections"]
    assert held == before["properties"]["privateEndpointConnections"]


def test_what_a_vault_s_endpoints_are_for(client: Client):
    (one,) = client.get(f"{OPEN}/privateLinkResources").json()["value"]
    assert one["id"] == f"{OPEN}/privateLinkResources/vault"
    assert one["properties"] == {
        "groupId": "vault",
        "requiredMembers": ["default"],
        "requiredZoneNames": ["privatelink.vaultcore.azure.net"],
    }


# --- another tenant -------------------------------------------------------------------------------------------------

THEIRS = f"{PARTNERS}/providers/Microsoft.KeyVault/vaults/kv-partner"


def test_a_vault_of_another_tenant_is_pending_and_needs_no_permission_there(sandbox: Sandbox, client: Client):
    make(client, ENDPOINT, endpoint(THEIRS, manual=True))
    assert status(client) == "Pending"
    partner = Client(sandbox, sandbox.token_for(PARTNER))
    with partner.session:
        assert decide(partner, "Approved", THEIRS) == 200
    assert status(client) == "Approved"


def test_a_vault_of_another_tenant_is_not_approved_by_itself(sandbox: Sandbox, client: Client):
    refused = client.call("PUT", ENDPOINT, endpoint(THEIRS))
    assert client.error(refused)[:2] == (403, "LinkedAuthorizationFailed")
    auxiliary = {"x-ms-authorization-auxiliary": f"Bearer {sandbox.token_for(PARTNER)}"}
    assert client.call("PUT", ENDPOINT, endpoint(THEIRS), **auxiliary).status_code == 201
    client.finish()
    assert status(client) == "Pending"


# --- the world that ships -------------------------------------------------------------------------------------------


def test_the_world_private_has_an_endpoint_in_every_state():
    state = worlds.begin("private")
    found = {}
    for each in state["privateEndpoints"].values():
        properties = each["properties"]
        (one,) = properties["privateLinkServiceConnections"] + properties["manualPrivateLinkServiceConnections"]
        found[each["name"]] = one["properties"]["privateLinkServiceConnectionState"]["status"]
    assert found == {
        "pe-ready": "Approved",
        "pe-only": "Approved",
        "pe-bare": "Approved",
        "pe-pending": "Pending",
        "pe-rejected": "Rejected",
        "pe-cut": "Disconnected",
    }
    shown = {
        name: [
            one["properties"]["privateLinkServiceConnectionState"]["status"]
            for one in each["properties"].get("privateEndpointConnections", [])
        ]
        for name, each in state["vaults"].items()
    }
    assert {name: each for name, each in shown.items() if each} == {
        "kv-private-ready": ["Approved"],
        "kv-private-only": ["Approved"],
        "kv-private-bare": ["Approved"],
        "kv-private-pending": ["Pending"],
        "kv-private-rejected": ["Rejected"],
    }


def test_the_shape_is_that_of_the_rest_reference(client: Client):
    """PrivateEndpointCreate, 2024-05-01: what an endpoint has, whatever it leads to."""
    make(client, ENDPOINT, endpoint())
    assert client.get(ENDPOINT).json()["properties"].keys() == {
        "provisioningState",
        "resourceGuid",
        "privateLinkServiceConnections",
        "manualPrivateLinkServiceConnections",
        "subnet",
        "networkInterfaces",
        "customDnsConfigs",
    }


def test_a_subnet_waits_for_an_endpoint_that_goes(client: Client):
    make(client, ENDPOINT, endpoint())
    before = client.get(BARE).json()["etag"]
    client.call("DELETE", ENDPOINT)
    refused = client.call("PUT", BARE, client.get(BARE).json())
    assert client.error(refused)[:2] == (429, "AnotherOperationInProgress")
    client.finish()
    assert client.get(BARE).json()["etag"] != before


def test_a_lock_on_the_group_keeps_endpoints_and_zones_as_they_are(sandbox: Sandbox, client: Client):
    make(client, ENDPOINT, endpoint())
    with sandbox.edit() as state:
        state["locks"].append({"scope": GROUP, "level": "CanNotDelete"})
    assert client.error(client.call("DELETE", ENDPOINT))[:2] == (409, "ScopeLocked")
    with sandbox.edit() as state:
        state["locks"][0]["level"] = "ReadOnly"
    assert client.error(client.call("PUT", ENDPOINT, endpoint()))[:2] == (409, "ScopeLocked")


def test_a_conflict_on_purpose_is_the_endpoint_s_own():
    path = f"{ENDPOINT}/privateDnsZoneGroups/default"
    drawn = faults.instead(frozenset({"conflict"}), "PUT", path, {"retry-after": "1"})
    assert drawn is not None
    assert (drawn.status, drawn.body["error"]["code"]) == (429, "AnotherOperationInProgress")
    assert drawn.body["error"]["message"].endswith(f"Resource: {ENDPOINT}.")

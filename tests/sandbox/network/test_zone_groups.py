"""Zone groups: the records that private endpoints keep in zones."""

from collections.abc import Iterator

import pytest

from netcfg.sandbox.network.private_dns import resolve
from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.private import (
    ENDPOINT,
    RECORD_GROUP,
    ZONE,
    ZONE_NAME,
    connections,
    endpoint,
    group,
    link,
    make,
    private_world,
)
from tests.sandbox.small import NETWORK, VAULT, Client


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(private_world()) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """There is a zone."""
    client = Client(sandbox)
    with client.session:
        make(client, ZONE, {"location": "global"})
        yield client


def records(client: Client, zone: str = ZONE) -> dict[str, list[str]]:
    listed = client.get(f"{zone}/A").json()["value"]
    return {each["name"]: [one["ipv4Address"] for one in each["properties"]["aRecords"]] for each in listed}


def test_a_group_writes_the_record_and_takes_it_along(client: Client):
    make(client, ENDPOINT, endpoint())
    begun = client.call("PUT", RECORD_GROUP, group())
    assert (begun.status_code, begun.json()["properties"]["provisioningState"]) == (201, "Updating")
    assert records(client) == {}
    client.finish()
    made = client.get(RECORD_GROUP).json()
    assert made["etag"] == client.get(ENDPOINT).json()["etag"]
    (config,) = made["properties"]["privateDnsZoneConfigs"]
    assert config["properties"] == {
        "provisioningState": "Succeeded",
        "privateDnsZoneId": ZONE,
        "recordSets": [
            {
                "recordType": "A",
                "recordSetName": "kv-open",
                "fqdn": f"kv-open.{ZONE_NAME}",
                "ttl": 10,
                "ipAddresses": ["10.20.2.4"],
                "provisioningState": "Succeeded",
            }
        ],
    }
    assert records(client) == {"kv-open": ["10.20.2.4"]}
    assert client.get(ENDPOINT).json()["properties"]["customDnsConfigs"] == []
    assert client.get(f"{ENDPOINT}/privateDnsZoneGroups").json()["value"] == [made]
    gone = client.call("DELETE", RECORD_GROUP)
    assert gone.status_code == 202
    client.finish()
    assert client.get(RECORD_GROUP).status_code == 404
    assert records(client) == {}
    assert client.call("DELETE", RECORD_GROUP).status_code == 204


def test_the_record_says_whose_it_is(client: Client):
    make(client, ENDPOINT, endpoint())
    make(client, RECORD_GROUP, group())
    (record,) = client.get(f"{ZONE}/A").json()["value"]
    guid = client.get(ENDPOINT).json()["properties"]["resourceGuid"]
    assert record["properties"]["metadata"] == {"creator": f"created by private endpoint pe with resource guid {guid}"}


def test_an_endpoint_that_goes_takes_its_record_along(client: Client):
    make(client, ENDPOINT, endpoint())
    make(client, RECORD_GROUP, group())
    client.call("DELETE", ENDPOINT)
    client.finish()
    assert records(client) == {}


def test_a_pending_endpoint_has_no_record_until_it_is_approved(sandbox: Sandbox, client: Client):
    """And a network that is linked cannot find the vault meanwhile, though its public name works everywhere else."""
    make(client, ENDPOINT, endpoint(manual=True))
    make(client, RECORD_GROUP, group())
    make(client, f"{ZONE}/virtualNetworkLinks/one", link())
    assert records(client) == {}
    assert resolve(sandbox.state, NETWORK, f"kv-open.{ZONE_NAME}").kind == "hidden"
    (one,) = connections(client)
    approved = {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}
    client.call("PUT", one["id"], approved)
    assert records(client) == {"kv-open": ["10.20.2.4"]}
    rejected = {"properties": {"privateLinkServiceConnectionState": {"status": "Rejected"}}}
    client.call("PUT", one["id"], rejected)
    assert records(client) == {}


def test_a_disconnected_endpoint_has_no_record(client: Client):
    make(client, ENDPOINT, endpoint())
    make(client, RECORD_GROUP, group())
    (one,) = connections(client)
    client.call("DELETE", one["id"])
    client.finish()
    assert records(client) == {}


def test_of_two_endpoints_of_a_vault_the_last_one_is_in_the_zone(client: Client):
    second = ENDPOINT + "2"
    for path in (ENDPOINT, second):
        make(client, path, endpoint())
        make(client, f"{path}/privateDnsZoneGroups/default", group())
    assert records(client) == {"kv-open": ["10.20.2.5"]}
    client.call("DELETE", second)
    client.finish()
    assert records(client) == {}


def test_a_zone_of_another_name_gets_no_record(client: Client):
    other = ZONE.replace(ZONE_NAME, "example.org")
    make(client, other, {"location": "global"})
    make(client, ENDPOINT, endpoint())
    make(client, RECORD_GROUP, group([other]))
    assert records(client, other) == {}
    (config,) = client.get(RECORD_GROUP).json()["properties"]["privateDnsZoneConfigs"]
    assert config["properties"]["recordSets"] == []


def test_zones_that_are_not_sent_again_lose_their_records(client: Client):
    second = ZONE.replace("/rg/", "/north/")
    make(client, second, {"location": "global"})
    make(client, ENDPOINT, endpoint())
    make(client, RECORD_GROUP, group())
    make(client, RECORD_GROUP, group([second]))
    assert (records(client), records(client, second)) == ({}, {"kv-open": ["10.20.2.4"]})


def test_an_endpoint_has_one_group(client: Client):
    make(client, ENDPOINT, endpoint())
    make(client, RECORD_GROUP, group())
    refused = client.call("PUT", RECORD_GROUP + "2", group())
    assert client.error(refused)[0] == 400


@pytest.mark.parametrize("count", [0, 6])
def test_a_group_has_one_to_five_zones(client: Client, count):
    make(client, ENDPOINT, endpoint())
    assert client.error(client.call("PUT", RECORD_GROUP, group([ZONE] * count)))[:2] == (400, "InvalidRequestFormat")


def test_a_group_needs_its_endpoint_and_its_zone(client: Client):
    assert client.error(client.call("PUT", RECORD_GROUP, group()))[:2] == (404, "ResourceNotFound")
    make(client, ENDPOINT, endpoint())
    refused = client.call("PUT", RECORD_GROUP, group([ZONE + "x"]))
    assert client.error(refused)[:2] == (400, "InvalidResourceReference")


def test_a_group_needs_the_permission_to_join_the_zone(sandbox: Sandbox, client: Client):
    make(client, ENDPOINT, endpoint())
    with sandbox.edit() as state:
        denial = {"action": "Microsoft.Network/privateDnsZones/join/action", "scope": ZONE}
        state["principals"]["me"]["denials"].append(denial)
    status, code, message = client.error(client.call("PUT", RECORD_GROUP, group()))
    assert (status, code) == (403, "LinkedAuthorizationFailed")
    assert "Microsoft.Network/privateDnsZones/join/action" in message


def test_a_group_waits_for_its_endpoint(client: Client):
    client.call("PUT", ENDPOINT, endpoint())
    assert client.error(client.call("PUT", RECORD_GROUP, group()))[:2] == (429, "AnotherOperationInProgress")


def test_the_vault_s_public_rules_are_none_of_its_business(client: Client):
    before = client.acl("kv-closed")
    make(client, ENDPOINT, endpoint("kv-closed"))
    make(client, RECORD_GROUP, group())
    assert client.acl("kv-closed") == before
    assert client.get(VAULT + "kv-closed").json()["properties"]["publicNetworkAccess"] == "Enabled"

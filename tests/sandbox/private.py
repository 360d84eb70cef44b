"""A small world for private endpoints: two networks in one region, one in another, a zone, and a partner's tenant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.sandbox.small import GROUP, NETWORK, VAULT, Client, world

PARTNER = "00000000-0000-4000-8000-000000000020"
PARTNERS = "/subscriptions/00000000-0000-4000-8000-000000000002/resourceGroups/rg"
ZONE_NAME = "privatelink.vaultcore.azure.net"
ZONE = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/{ZONE_NAME}"
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe"
RECORD_GROUP = f"{ENDPOINT}/privateDnsZoneGroups/default"
OTHER = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/other"


def network(name: str, number: int, group: str = "one/rg", **more: Any) -> dict[str, Any]:
    guid = f"00000000-0000-4000-8000-0000000004{number:02d}"
    subnets = {"main": {"addressPrefix": f"10.{number}.1.0/29"}}
    return {
        "name": name,
        "group": group,
        "resourceGuid": guid,
        "addressSpace": [f"10.{number}.0.0/16"],
        "subnets": subnets,
    } | more


def private_world(**changes: Any) -> dict[str, Any]:
    base = world()
    home = base["subscriptions"][0]["id"]
    tenant = {"id": PARTNER, "name": "Partner", "domain": "partner.example", "guests": ["me"]}
    subscriptions = [
        {"id": home, "name": "one", "resourceGroups": {"rg": "westeurope", "north": "northeurope"}},
        {"id": PARTNERS.split("/")[2], "name": "two", "tenant": tenant, "resourceGroups": {"rg": "westeurope"}},
    ]
    networks = [
        *base["virtualNetworks"],
        network("other", 30),
        network("far", 40, "one/north"),
        network("own", 50, dnsServers=["10.50.0.4"]),
        network("partners", 60, "two/rg"),
    ]
    theirs = {"name": "kv-partner", "group": "two/rg"}
    return world(subscriptions=subscriptions, virtualNetworks=networks, vaults=[*base["vaults"], theirs], **changes)


def endpoint(vault: str = "kv-open", subnet: str = f"{NETWORK}/subnets/bare", manual: bool = False, **more: Any) -> Any:
    """The body of a PUT; `vault` is a name or an id."""
    service = vault if vault.startswith("/") else VAULT + vault
    connection = {"name": "one", "properties": {"privateLinkServiceId": service, "groupIds": ["vault"]}}
    kind = "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"
    return {"location": "westeurope", "properties": {"subnet": {"id": subnet}, kind: [connection], **more}}


def link(network_id: str = NETWORK, **more: Any) -> Any:
    return {"location": "global", "properties": {"virtualNetwork": {"id": network_id}, **more}}


def group(zones: Iterable[str] = (ZONE,)) -> Any:
    named = [
        {"name": f"zone{number}", "properties": {"privateDnsZoneId": each}}
        for number, each in enumerate(zones, start=1)
    ]
    return {"properties": {"privateDnsZoneConfigs": named}}


def make(client: Client, path: str, body: Any) -> None:
    """PUT, and wait until it is done."""
    answer = client.call("PUT", path, body)
    assert answer.status_code in (200, 201, 202), answer.text
    client.finish()
    client.get(path)  # operations end when somebody asks Resource Manager for something


def status(client: Client, path: str = ENDPOINT) -> str:
    """The endpoint's side of the connection."""
    properties = client.get(path).json()["properties"]
    (one,) = properties["privateLinkServiceConnections"] + properties["manualPrivateLinkServiceConnections"]
    return str(one["properties"]["privateLinkServiceConnectionState"]["status"])


def connections(client: Client, vault: str = VAULT + "kv-open") -> list[Any]:
    """The vault's side."""
    listed: list[Any] = client.get(f"{vault}/privateEndpointConnections").json()["value"]
    return listed

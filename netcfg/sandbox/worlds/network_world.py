"""What a world says of virtual networks and other resources, and the short names by which it says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from netcfg.sandbox import ids
from netcfg.sandbox.ids import Document

Groups = Mapping[str, tuple[str, str]]  # short names of resource groups, with their ids and where they lie


def groups_of(written: Document) -> dict[str, tuple[str, str]]:
    """`production/rg-payments` → the id of that resource group and where it lies."""
    return {
        f"{each['name']}/{group}": (ids.GROUP.format(subscription=each["id"], group=group), location)
        for each in written["subscriptions"]
        for group, location in each.get("resourceGroups", {}).items()
    }


def subnet_id(name: str, networks: Document) -> str:
    """A subnet by its whole id, or as `network/subnet` where the network's name is enough in this world."""
    if name.startswith("/"):
        return name.lower()
    network, subnet = name.split("/")
    found = next(key for key in networks if key.endswith(f"/{network.lower()}"))
    return f"{found}/subnets/{subnet.lower()}"


def network(each: Document, groups: Groups) -> Document:
    group, location = groups[each["group"]]
    network_id = f"{group}/providers/Microsoft.Network/virtualNetworks/{each['name']}"
    subnets = [
        {
            "name": name,
            "id": f"{network_id}/subnets/{name}",
            "properties": _subnet_properties(properties, groups),
            "type": "Microsoft.Network/virtualNetworks/subnets",
        }
        for name, properties in each["subnets"].items()
    ]
    return {
        "name": each["name"],
        "id": network_id,
        "etag": f'W/"{each["resourceGuid"]}"',
        "type": "Microsoft.Network/virtualNetworks",
        "location": each.get("location", location),
        "tags": each.get("tags", {}),
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": each["resourceGuid"],
            "addressSpace": {"addressPrefixes": each["addressSpace"]},
            "subnets": subnets,
            **({"dhcpOptions": {"dnsServers": each["dnsServers"]}} if "dnsServers" in each else {}),
            "virtualNetworkPeerings": [
                _peering(f"{network_id}/virtualNetworkPeerings/{name}", peering, groups)
                for name, peering in each.get("peerings", {}).items()
            ],
            "enableDdosProtection": False,
            **with_ids(each.get("properties", {}), groups),
        },
    }


def _peering(peering_id: str, written: Document, groups: Groups) -> Document:
    """One half of a peering, with whatever properties: each of the two networks has its own."""
    defaults: Document = {
        "provisioningState": "Succeeded",
        "peeringState": "Connected",
        "peeringSyncLevel": "FullyInSync",
        "allowVirtualNetworkAccess": True,
        "allowForwardedTraffic": False,
        "allowGatewayTransit": False,
        "useRemoteGateways": False,
    }
    return {
        "name": ids.name(peering_id),
        "id": peering_id,
        "properties": with_ids(defaults | written, groups),
        "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
    }


def _subnet_properties(written: Document, groups: Groups) -> Document:
    defaults: Document = {
        "provisioningState": "Succeeded",
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    }
    filled: Document = with_ids(defaults | written, groups)
    if "ipConfigurations" in filled:
        filled["ipConfigurations"] = list(_configurations(filled["ipConfigurations"]))
    return filled


def _configurations(written: Iterable[Document]) -> Iterable[Document]:
    """`{"count": 200, "scaleSet": …}` stands for one configuration of each of that many machines."""
    for each in written:
        machines = f"{each.get('scaleSet')}/virtualMachines"
        names = [f"{machines}/{number}/networkInterfaces/main" for number in range(each.get("count", 0))]
        yield from ({"id": f"{name}/ipConfigurations/main"} for name in names)
        if "id" in each:
            yield each


def resource(each: Document, groups: Groups) -> Document:
    """Any other resource of Resource Manager: shown as the world says it, never changed by the sandbox."""
    group, location = groups[each["group"]]
    shown = {
        "id": f"{group}/providers/{each['type']}/{each['name']}",
        "name": each["name"],
        "type": each["type"],
        "location": each.get("location", location),
        "tags": each.get("tags", {}),
        "properties": with_ids(each.get("properties", {}), groups),
    }
    return shown | {key: each[key] for key in ("sku", "zones", "identity") if key in each}


def with_ids(value: Any, groups: Groups) -> Any:
    """`production/rg-network:Microsoft.Network/natGateways/nat` → the whole id, wherever it stands."""
    if isinstance(value, dict):
        return {key: with_ids(each, groups) for key, each in value.items()}
    if isinstance(value, list):
        return [with_ids(each, groups) for each in value]
    if isinstance(value, str) and value.partition(":")[0] in groups:
        group, _, rest = value.partition(":")
        return f"{groups[group][0]}/providers/{rest}"
    return value

"""Network interfaces of private endpoints: where in a subnet they are, and what the subnet shows of them."""

from __future__ import annotations

import uuid
from ipaddress import IPv4Address, IPv4Network

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Refusal
from netcfg.sandbox.ids import Document
from netcfg.sandbox.network import private_link

_RESERVED = 4  # at the start of every subnet, and one at its end
_PROVIDER = "/providers/Microsoft.Network/networkInterfaces/"


def attach(state: Document, endpoint: Document, subnet: Document, asked: str | None, name: str | None) -> None:
    """Give the endpoint an interface with an address of `subnet`; the one that was `asked` for, if it is free."""
    guid = str(uuid.uuid5(uuid.NAMESPACE_URL, endpoint["properties"]["resourceGuid"]))
    group = endpoint["id"].partition("/providers/")[0]
    interface_id = group + _PROVIDER + (name or f"{endpoint['name']}.nic.{guid}")
    configuration = f"privateEndpointIpConfig.{guid}"
    vault = private_link.vault_name(state, endpoint)
    leads_to = {"groupId": "vault", "requiredMemberName": "default", "fqdns": [f"{vault}.vault.azure.net"]}
    interface: Document = {
        "id": interface_id,
        "name": ids.name(interface_id),
        "type": "Microsoft.Network/networkInterfaces",
        "location": endpoint["location"],
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "ipConfigurations": [
                {
                    "name": configuration,
                    "id": f"{interface_id}/ipConfigurations/{configuration}",
                    "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAddress": str(_address(state, subnet, asked)),
                        "privateIPAllocationMethod": "Static" if asked else "Dynamic",
                        "subnet": {"id": subnet["id"]},
                        "primary": True,
                        "privateIPAddressVersion": "IPv4",
                        **({"privateLinkConnectionProperties": leads_to} if vault else {}),
                    },
                }
            ],
            "privateEndpoint": {"id": endpoint["id"]},
            "nicType": "Standard",
        },
    }
    state["resources"].append(interface)
    address = interface["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
    names = [{"fqdn": f"{vault}.vault.azure.net", "ipAddresses": [address]}] if vault else []
    endpoint["properties"] |= {"networkInterfaces": [{"id": interface_id}], "customDnsConfigs": names}
    shown = {"privateEndpoints": endpoint["id"], "ipConfigurations": f"{interface_id}/ipConfigurations/{configuration}"}
    for key, value in shown.items():
        subnet["properties"].setdefault(key, []).append({"id": value})


def detach(state: Document, endpoint: Document) -> None:
    """The interface is gone, and the subnet shows neither."""
    interface = endpoint["properties"]["networkInterfaces"][0]["id"].lower()
    state["resources"] = [each for each in state["resources"] if each["id"].lower() != interface]
    network = state["virtualNetworks"].get(ids.network_key(endpoint["properties"]["subnet"]["id"]))
    gone = {"privateEndpoints": endpoint["id"].lower(), "ipConfigurations": f"{interface}/ipconfigurations"}
    for subnet in network["properties"]["subnets"] if network else []:
        for key, scope in gone.items():
            held = subnet["properties"].get(key, [])
            left = [each for each in held if not ids.within(each["id"], scope)]
            if len(left) < len(held):
                subnet["properties"][key] = left
            if held and not left:
                del subnet["properties"][key]


def _address(state: Document, subnet: Document, asked: str | None) -> IPv4Address:
    """The first free address. Configurations whose address nobody wrote down count towards a full subnet."""
    properties = subnet["properties"]
    written = properties.get("addressPrefix") or (properties.get("addressPrefixes") or ["0.0.0.0/32"])[0]
    prefix = IPv4Network(written)
    taken = set(_taken(state, subnet["id"]))
    free = [each for each in list(prefix)[_RESERVED:-1] if each not in taken]
    if len(properties.get("ipConfigurations", [])) >= prefix.num_addresses - _RESERVED - 1 or not free:
        message = (
            f"Subnet {subnet['name']} with address prefix {written} does not have enough capacity for 1 IP addresses."
        )
        raise Refusal(400, "SubnetIsFull", message, more={"details": []})
    if asked is None:
        return free[0]
    if IPv4Address(asked) not in free:
        code = "PrivateIPAddressInUse" if IPv4Address(asked) in prefix else "PrivateIPAddressNotInSubnet"
        message = f"The private address {asked} is not free in the address prefix {written} of subnet {subnet['id']}."
        raise Refusal(400, code, message, more={"details": []})
    return IPv4Address(asked)


def _taken(state: Document, subnet_id: str) -> list[IPv4Address]:
    interfaces = (each for each in state["resources"] if each["type"].lower() == "microsoft.network/networkinterfaces")
    configurations = (
        each["properties"] for one in interfaces for each in one["properties"].get("ipConfigurations", [])
    )
    return [
        IPv4Address(each["privateIPAddress"])
        for each in configurations
        if each.get("privateIPAddress") and each.get("subnet", {}).get("id", "").lower() == subnet_id.lower()
    ]

"""This machine: where in the world's networks a request comes from that says nothing else, and as whom it is seen."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Dropped
from netcfg.sandbox.call import Request
from netcfg.sandbox.ids import Document
from netcfg.sandbox.network import names, outbound, private_link


@dataclass(frozen=True)
class Caller:
    """Where a request comes from: an address, a subnet with the service endpoint, or a private endpoint."""

    address: str
    subnet: str = ""
    endpoint: str = ""


def caller(request: Request, state: Document, vault: Document) -> Caller:
    """As whom the vault sees the request; one that cannot leave, or finds no private endpoint in reach, never arrives.

    The sandbox's two own headers say it; else it comes from where the world says that this machine is.
    """
    headers = request.headers
    if "x-sandbox-client-address" in headers or "x-sandbox-client-subnet" in headers:
        address = headers.get("x-sandbox-client-address", request.peer)
        return Caller(address, headers.get("x-sandbox-client-subnet", "").lower())
    machine = state["machine"]
    subnet = _subnet(state, machine["subnet"])
    if subnet is None:
        return Caller(machine["address"])
    found = names.look_up(state, ids.network_key(machine["subnet"]), f"{vault['name'].lower()}.vault.azure.net")
    if found.zone:
        return Caller(_private(state, subnet), endpoint=_endpoint(state, vault, found.addresses))
    if _has_endpoint(subnet):
        return Caller(_private(state, subnet), machine["subnet"])
    return Caller(outbound.leave(state, subnet, names.FRONT))


def public(state: Document, towards: str) -> str:
    """By which address this machine is seen on the internet, at `towards`."""
    subnet = _subnet(state, state["machine"]["subnet"])
    return str(state["machine"]["address"]) if subnet is None else outbound.leave(state, subnet, towards)


def _endpoint(state: Document, vault: Document, addresses: tuple[str, ...]) -> str:
    """The approved private endpoint of the vault at one of these addresses, if this machine can reach it."""
    near = _networks(state, ids.network_key(state["machine"]["subnet"]))
    for key, each in state["privateEndpoints"].items():
        if (
            private_link.link_of(each)["privateLinkServiceId"].lower() == vault["id"].lower()
            and private_link.is_approved(each)
            and private_link.address(state, each) in addresses
            and ids.network_key(each["properties"]["subnet"]["id"]) in near
        ):
            return str(key)
    raise Dropped


def _networks(state: Document, network: str) -> set[str]:
    """The network and those that it is connected to; a peering does not go on to a third one."""
    found = {network}
    for each in (
        state["virtualNetworks"].get(network, {"properties": {}})["properties"].get("virtualNetworkPeerings", [])
    ):
        properties = each["properties"]
        if properties["peeringState"] == "Connected" and properties.get("allowVirtualNetworkAccess", True):
            found.add(properties["remoteVirtualNetwork"]["id"].lower())
    return found


def _subnet(state: Document, subnet_id: str) -> Document | None:
    network = state["virtualNetworks"].get(ids.network_key(subnet_id))
    subnets = network["properties"]["subnets"] if network else []
    return next((each for each in subnets if each["id"].lower() == subnet_id), None)


def _has_endpoint(subnet: Document) -> bool:
    endpoints = subnet["properties"].get("serviceEndpoints", [])
    return any(
        each["service"].lower() == "microsoft.keyvault" and each.get("provisioningState", "Succeeded") == "Succeeded"
        for each in endpoints
    )


def _private(state: Document, subnet: Document) -> str:
    """The machine's address in the subnet; if no interface is there, the first that Azure does not keep for itself."""
    mine = outbound.interface(state, subnet)
    if mine and "privateIPAddress" in mine:
        return str(mine["privateIPAddress"])
    properties = subnet["properties"]
    prefix = properties.get("addressPrefix") or properties["addressPrefixes"][0]
    return str(IPv4Network(prefix)[4])

"""The way out of a subnet: which public address a vault sees, and when nothing arrives at all."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from netcfg.azure.connection import connect
from netcfg.azure.exits import exits
from netcfg.core.resources import parse_subnet
from netcfg.sandbox.answer import Dropped
from netcfg.sandbox.ids import Document
from netcfg.sandbox.network import names, outbound
from netcfg.sandbox.server import serve
from netcfg.sandbox.worlds import world

VAULTS = "191.10.120.10"
INTERNET = "191.10.60.9"
GROUP = "one/rg:Microsoft.Network"
SUBNET = f"{GROUP}/virtualNetworks/net/subnets/agents"
NOWHERE = None


def ref(name: str) -> dict[str, str]:
    return {"id": f"{GROUP}/{name}"}


def thing(name: str, **properties: Any) -> Document:
    kind, _, last = name.partition("/")
    return {"type": f"Microsoft.Network/{kind}", "name": last, "group": "one/rg", "properties": properties}


def table(*routes: tuple[str, ...]) -> Document:
    keys = ("addressPrefix", "nextHopType", "nextHopIpAddress")
    return thing("routeTables/rt", routes=[{"properties": dict(zip(keys, each, strict=False))} for each in routes])


def interface(**configuration: Any) -> Document:
    shown = {"subnet": {"id": SUBNET}, **configuration}
    return thing("networkInterfaces/nic", ipConfigurations=[{"name": "main", "properties": shown}])


IP_A, IP_B = (
    thing(f"publicIPAddresses/{name}", ipAddress=address)
    for name, address in (("a", "191.10.40.5"), ("b", "191.10.43.9"))
)
IP_SIX = thing("publicIPAddresses/six", ipAddress="2620:1ec:4::1", publicIPAddressVersion="IPv6")
PREFIX = thing("publicIPPrefixes/p", ipPrefix="191.10.41.4/30")
NAT = thing("natGateways/nat", publicIpAddresses=[ref("publicIPAddresses/a")])
BY_ROUTE = {"routeTable": ref("routeTables/rt")}
BY_NAT = {"natGateway": ref("natGateways/nat")}
POOL, FRONT = "loadBalancers/lb/backendAddressPools/pool", "loadBalancers/lb/frontendIPConfigurations/front"
BALANCED = interface(loadBalancerBackendAddressPools=[ref(POOL)])
BALANCER = {
    "backendAddressPools": [ref(POOL)],
    "frontendIPConfigurations": [
        {**ref("loadBalancers/lb/frontendIPConfigurations/other"), "properties": {}},
        {**ref(FRONT), "properties": {"publicIPAddress": ref("publicIPAddresses/b")}},
    ],
}
OUT = {"properties": {"backendAddressPool": ref(POOL), "frontendIPConfigurations": [ref(FRONT)]}}


def leave(subnet: Document, *resources: Document, network: Document | None = None) -> str | None:
    """The address by which a machine of the subnet leaves; `None` if it does not."""
    state = world.begin(
        {
            "tenant": {"id": "t"},
            "principal": "me",
            "principals": [{"name": "me"}],
            "subscriptions": [{"id": "s-1", "name": "one", "resourceGroups": {"rg": "westeurope"}}],
            "virtualNetworks": [
                {
                    "name": "net",
                    "group": "one/rg",
                    "resourceGuid": "g",
                    "addressSpace": ["10.20.0.0/16"],
                    "subnets": {"agents": {"addressPrefix": "10.20.1.0/24", **subnet}},
                }
            ],
            "appliances": {"10.60.0.4": "191.10.42.9"},
            "resources": list(resources),
        }
    )
    (shown,) = state["virtualNetworks"].values()
    shown["properties"] |= network or {}
    try:
        return outbound.leave(state, shown["properties"]["subnets"][0], VAULTS)
    except Dropped:
        return NOWHERE


@pytest.mark.parametrize(
    ("subnet", "resources", "expected"),
    [
        ({}, [], INTERNET),
        ({"defaultOutboundAccess": False}, [], NOWHERE),
        (BY_NAT, [NAT, IP_A], "191.10.40.5"),
        (BY_NAT, [thing("natGateways/nat", publicIpPrefixes=[ref("publicIPPrefixes/p")]), PREFIX], "191.10.41.4"),
        (
            BY_NAT,
            [
                thing("natGateways/nat", publicIpAddresses=[ref("publicIPAddresses/six"), ref("publicIPAddresses/a")]),
                IP_A,
                IP_SIX,
            ],
            "191.10.40.5",
        ),
        (BY_NAT, [NAT, IP_A, interface(publicIPAddress=ref("publicIPAddresses/b")), IP_B], "191.10.40.5"),
        ({}, [interface(publicIPAddress=ref("publicIPAddresses/b")), IP_B], "191.10.43.9"),
        ({}, [interface(privateIPAddress="10.20.1.9")], INTERNET),
        ({"defaultOutboundAccess": False}, [interface(privateIPAddress="10.20.1.9")], NOWHERE),
        ({}, [BALANCED, thing("loadBalancers/lb", **BALANCER, outboundRules=[OUT]), IP_B], "191.10.43.9"),
        ({}, [BALANCED, thing("loadBalancers/lb", **BALANCER), IP_B], "191.10.43.9"),
        ({}, [BALANCED, thing("loadBalancers/lb", backendAddressPools=[ref(POOL)])], NOWHERE),
    ],
)
def test_each_way_out_has_its_address(subnet, resources, expected):
    assert leave(subnet, *resources) == expected


@pytest.mark.parametrize(
    "nat_and_network",
    [
        (
            thing(
                "natGateways/nat",
                publicIpAddresses=[ref("publicIPAddresses/a")],
                sourceVirtualNetwork=ref("virtualNetworks/net"),
            ),
            {},
        ),
        (
            NAT,
            {
                "defaultPublicNatGateway": {
                    "id": "/subscriptions/s-1/resourceGroups/rg/providers/microsoft.network/natgateways/nat"
                }
            },
        ),
    ],
)
def test_a_nat_gateway_of_the_whole_network_serves_the_subnet_without_one(nat_and_network):
    nat, network = nat_and_network
    assert leave({}, nat, IP_A, network=network) == "191.10.40.5"


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([("0.0.0.0/0", "VirtualAppliance", "10.60.0.4")], "191.10.42.9"),
        ([("128.0.0.0/1", "virtualappliance", "10.60.0.4"), ("0.0.0.0/1", "None")], "191.10.42.9"),
        ([("0.0.0.0/0", "VirtualAppliance", "10.60.0.5")], NOWHERE),  # which the world does not have
        ([("0.0.0.0/0", "VirtualNetworkGateway")], NOWHERE),
        ([("0.0.0.0/0", "None")], NOWHERE),
        ([("0.0.0.0/0", "VirtualAppliance", "10.60.0.4"), ("AzureKeyVault", "Internet")], "191.10.40.5"),
        ([("0.0.0.0/0", "Internet"), ("AzureCloud.westeurope", "VirtualAppliance", "10.60.0.4")], "191.10.42.9"),
        ([("191.10.120.0/28", "Internet"), ("AzureKeyVault", "VirtualAppliance", "10.60.0.4")], "191.10.40.5"),
        ([("10.0.0.0/8", "VirtualAppliance", "10.60.0.4"), ("::/0", "None"), ("Storage", "None")], "191.10.40.5"),
        ([("0.0.0.0/0", "Internet")], "191.10.40.5"),
        ([], "191.10.40.5"),
    ],
)
def test_the_closest_route_goes_before_the_nat_gateway(routes, expected):
    assert leave(BY_NAT | BY_ROUTE, table(*routes), NAT, IP_A) == expected


def test_one_of_several_appliances_that_share_the_traffic_takes_it():
    hops = {"nextHopIpAddresses": ["10.60.0.7", "10.60.0.4"]}
    shared = {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualApplianceEcmp", "nextHop": hops}
    assert leave(BY_ROUTE, thing("routeTables/rt", routes=[{"properties": shared}])) == "191.10.42.9"


@pytest.mark.parametrize(("world_name", "known"), [("agents", 3), ("busy", 7)])
def test_wherever_netcfg_knows_the_exit_the_vault_sees_one_of_its_addresses(world_name, known):
    """Two readings of one network, which share no code, agree."""
    agreed = 0
    with serve(world_name) as sandbox, connect(sandbox.token, resource_manager=sandbox.url) as azure:
        state = sandbox.state
        for network in state["virtualNetworks"].values():
            for each in network["properties"]["subnets"]:
                subnet = parse_subnet(each["id"])
                found = exits.exit_of(subnet, exits.look(azure.arm, [subnet]))
                if found.unknown:
                    continue
                try:
                    address = IPv4Address(outbound.leave(state, each, names.FRONT))
                    assert any(address in one for one in found.networks), each["id"]
                except Dropped:
                    assert found.networks == (), each["id"]
                agreed += 1
    assert agreed >= known

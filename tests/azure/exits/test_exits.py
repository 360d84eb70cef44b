"""By which addresses a subnet is left, for every way out that Azure has."""

from __future__ import annotations

from typing import Any

import pytest

from netcfg.azure.exits.exits import exit_of
from netcfg.core.resources import parse_subnet
from netcfg.core.switchover import Exit

GROUP = "/subscriptions/s-1/resourcegroups/rg/providers"
NETWORK = f"{GROUP}/microsoft.network/virtualnetworks/vnet"
SUBNET = parse_subnet(f"{NETWORK}/subnets/agents")
NAT = f"{GROUP}/microsoft.network/natgateways/nat"
TABLE = f"{GROUP}/microsoft.network/routetables/rt"
NIC = f"{GROUP}/microsoft.network/networkinterfaces/nic"
MACHINE = f"{GROUP}/microsoft.compute/virtualmachines/vm"
EMPTY = ("it holds no machine that shows how the next will leave",)


def ip(name: str) -> str:
    return f"{GROUP}/microsoft.network/publicipaddresses/{name}"


def ref(id: str) -> dict[str, str]:
    return {"id": id.replace("resourcegroups", "resourceGroups").replace("microsoft.network", "Microsoft.Network")}


def network(*others: str, peerings: Any = None, nat: str | None = None, **agents: Any) -> dict[str, Any]:
    subnets = [{"name": "Agents", "properties": agents}, *({"name": each, "properties": {}} for each in others)]
    more = {"defaultPublicNatGateway": ref(nat)} if nat else {}
    return {NETWORK: {"subnets": subnets, "virtualNetworkPeerings": peerings, **more}}


def table(*routes: tuple[str, ...], **more: Any) -> dict[str, Any]:
    listed = [
        {"properties": dict(zip(("addressPrefix", "nextHopType", "nextHopIpAddress"), each, strict=False))}
        for each in routes
    ]
    return {TABLE: {"routes": listed, **more}}


def nat(*ids: str, prefixes: tuple[str, ...] = ()) -> dict[str, Any]:
    return {NAT: {"publicIpAddresses": list(map(ref, ids)), "publicIpPrefixes": list(map(ref, prefixes))}}


def address(name: str, value: str | None, version: str = "IPv4") -> dict[str, Any]:
    return {ip(name): {"publicIPAddressVersion": version, **({"ipAddress": value} if value else {})}}


def interface(name: str = "nic", **configuration: Any) -> dict[str, Any]:
    configured = {"name": "main", "properties": {"subnet": ref(SUBNET.text.upper()), **configuration}}
    return {f"{GROUP}/microsoft.network/networkinterfaces/{name}": {"ipConfigurations": [configured]}}


def in_it(*ids: str) -> list[dict[str, str]]:
    return [ref(f"{each}/ipConfigurations/main") for each in ids or (NIC,)]


BEHIND_NAT = {**nat(ip("a")), **address("a", "191.10.40.5")}


def leave(seen: dict[str, Any]) -> Exit:
    return exit_of(SUBNET, seen)


def known(seen: dict[str, Any]) -> list[str]:
    found = leave(seen)
    assert found.unknown == ()
    return list(map(str, found.networks))


def test_a_network_that_is_not_seen_is_an_unknown_exit():
    assert leave({}).unknown == ("its virtual network cannot be seen",)
    assert leave({NETWORK: {"subnets": [{"name": "builds", "properties": {}}]}}).unknown == (
        "its virtual network cannot be seen",
    )


def test_behind_a_nat_gateway_all_its_addresses_and_prefixes_are_known():
    gateway = nat(ip("a"), ip("b"), prefixes=(ip("p"),))
    prefix = {ip("p"): {"publicIPAddressVersion": "IPv4", "ipPrefix": "191.10.41.0/28"}}
    seen = network(natGateway=ref(NAT)) | gateway | prefix | address("a", "191.10.40.5") | address("b", "191.10.40.4")
    assert known(seen) == ["191.10.40.4/32", "191.10.40.5/32", "191.10.41.0/28"]


def test_an_ipv6_address_of_a_nat_gateway_is_no_way_to_a_vault():
    seen = network(natGateway=ref(NAT)) | nat(ip("a"), ip("six")) | address("a", "191.10.40.5")
    assert known(seen | address("six", "2603:1020::5", "IPv6")) == ["191.10.40.5/32"]


@pytest.mark.parametrize(
    ("gateway", "doubt"),
    [
        ({}, "its NAT gateway nat cannot be seen"),
        (nat(), "its NAT gateway nat has no public address yet"),
        (nat(ip("a")), "the public address a cannot be seen"),
        (nat(ip("a")) | address("a", None), "a has no address yet"),
    ],
)
def test_what_is_missing_behind_a_nat_gateway_is_not_taken_for_nothing(gateway: dict[str, Any], doubt: str):
    assert leave(network(natGateway=ref(NAT)) | gateway).unknown == (doubt,)


def test_a_nat_gateway_of_the_whole_network_counts_where_the_subnet_has_none():
    assert known(network(nat=NAT) | BEHIND_NAT) == ["191.10.40.5/32"]
    serving = {**BEHIND_NAT[NAT], "sourceVirtualNetwork": ref(NETWORK)}
    assert known(network() | BEHIND_NAT | {NAT: serving}) == ["191.10.40.5/32"]


def test_a_nat_gateway_goes_before_the_addresses_of_machines():
    seen = network(natGateway=ref(NAT), ipConfigurations=in_it()) | interface(publicIPAddress=ref(ip("own")))
    assert known(seen | BEHIND_NAT | address("own", "191.10.40.9")) == ["191.10.40.5/32"]


def test_a_subnet_whose_machines_all_have_an_address_is_known():
    two = in_it(NIC, NIC + "2")
    seen = network(ipConfigurations=two, defaultOutboundAccess=True)
    seen |= interface(publicIPAddress=ref(ip("a"))) | interface("nic2", publicIPAddress=ref(ip("b")))
    assert known(seen | address("a", "191.10.40.5") | address("b", "191.10.40.6")) == [
        "191.10.40.5/32",
        "191.10.40.6/32",
    ]


def test_only_the_ipv4_configurations_in_this_subnet_count():
    seen = network(ipConfigurations=in_it()) | interface(publicIPAddress=ref(ip("a"))) | address("a", "191.10.40.5")
    six = {"subnet": ref(SUBNET.text), "privateIPAddressVersion": "IPv6"}
    elsewhere = {"subnet": ref(f"{NETWORK}/subnets/builds"), "publicIPAddress": ref(ip("b"))}
    seen[NIC]["ipConfigurations"] += [{"properties": six}, {"properties": elsewhere}]
    assert known(seen) == ["191.10.40.5/32"]


@pytest.mark.parametrize(
    "configurations",
    [
        None,
        [],
        [{"name": "main", "properties": {"publicIPAddress": ref(ip("a"))}}],
        [{"name": "main", "properties": {"subnet": ref(f"{NETWORK}/subnets/builds")}}],
        [{"name": "other", "properties": {"subnet": ref(SUBNET.text), "publicIPAddress": ref(ip("a"))}}],
    ],
)
def test_an_interface_that_does_not_show_how_it_is_in_the_subnet_is_not_without_an_address(configurations: Any):
    seen = network(ipConfigurations=in_it(), defaultOutboundAccess=False) | address("a", "191.10.40.5")
    found = leave(seen | {NIC: {"ipConfigurations": configurations}})
    assert (found.networks, found.unknown) == ((), ("the interface nic does not show how it is in it",))


def test_one_machine_without_an_address_of_its_own_leaves_by_default_outbound_access():
    seen = network(ipConfigurations=in_it(NIC, NIC + "2")) | interface(publicIPAddress=ref(ip("a"))) | interface("nic2")
    found = leave(seen | address("a", "191.10.40.5"))
    assert list(map(str, found.networks)) == ["191.10.40.5/32"]
    assert found.unknown == ("its machines leave by default outbound access, from addresses that Azure chooses",)


def test_in_a_private_subnet_there_is_no_default_outbound_access():
    assert known(network(ipConfigurations=in_it(), defaultOutboundAccess=False) | interface()) == []


def test_a_load_balancer_is_unknown_but_not_beside_an_address_of_the_machine():
    pools = [ref(f"{GROUP}/microsoft.network/loadbalancers/lb/backendaddresspools/all")]
    base = network(ipConfigurations=in_it(), defaultOutboundAccess=False) | address("a", "191.10.40.5")
    assert leave(base | interface(loadBalancerBackendAddressPools=pools)).unknown == (
        "its machines leave by a load balancer",
    )
    both = interface(loadBalancerBackendAddressPools=pools, publicIPAddress=ref(ip("a")))
    assert known(base | both) == ["191.10.40.5/32"]


def test_an_empty_subnet_is_unknown_because_nobody_knows_what_will_run_in_it():
    assert leave(network()).unknown == EMPTY
    assert leave(network(defaultOutboundAccess=False)).unknown == EMPTY


def test_an_interface_that_cannot_be_seen_is_unknown():
    assert leave(network(ipConfigurations=in_it())).unknown == ("the interface nic cannot be seen",)


def test_the_instances_of_a_scale_set_come_and_go_whatever_its_kind():
    uniform = f"{GROUP}/Microsoft.Compute/virtualMachineScaleSets/vmss/virtualMachines/0/networkInterfaces/main"
    assert leave(network(ipConfigurations=in_it(uniform))).unknown == (
        "the machines of the scale set vmss come and go",
    )
    own = interface(publicIPAddress=ref(ip("a")))
    own[NIC]["virtualMachine"] = ref(MACHINE)
    flexible = network(ipConfigurations=in_it()) | own | address("a", "191.10.40.5")
    assert leave(flexible).unknown == ("the machine vm cannot be seen",)
    assert known(flexible | {MACHINE: {}}) == ["191.10.40.5/32"]
    set_id = f"{GROUP}/Microsoft.Compute/virtualMachineScaleSets/vmss-flex"
    assert leave(flexible | {MACHINE: {"virtualMachineScaleSet": ref(set_id)}}).unknown == (
        "the machines of the scale set vmss-flex come and go",
    )


def test_a_delegated_subnet_shows_no_machines_and_is_unknown_without_nat():
    pools = [{"name": "pools", "properties": {"serviceName": "Microsoft.DevOpsInfrastructure/pools"}}]
    assert leave(network(delegations=pools)).unknown == (
        "it is delegated to Microsoft.DevOpsInfrastructure/pools, whose machines come and go",
    )
    assert known(network(delegations=pools, natGateway=ref(NAT)) | BEHIND_NAT) == ["191.10.40.5/32"]


def test_private_endpoints_and_balancers_are_no_machines():
    balancer = f"{GROUP}/Microsoft.Network/loadBalancers/lb/frontendIPConfigurations/front"
    private = interface()
    private[NIC]["privateEndpoint"] = ref(f"{GROUP}/microsoft.network/privateendpoints/pe")
    assert leave(network(ipConfigurations=[*in_it(), ref(balancer)]) | private).unknown == EMPTY


def test_what_this_version_does_not_know_is_unknown():
    bastion = f"{GROUP}/Microsoft.Network/bastionHosts/bastion"
    assert leave(network(ipConfigurations=in_it(bastion))).unknown == (
        "bastion (microsoft.network/bastionhosts) is in it, whose public address is not known",
    )
    assert leave(network(serviceGateway={"id": "x"})).unknown == (
        "a service gateway decides by which address it is left",
    )


ROUTED = network(routeTable=ref(TABLE), natGateway=ref(NAT)) | BEHIND_NAT
APPLIANCE = ("VirtualAppliance", "10.0.0.4")
SENT = "its route table rt sends 0.0.0.0/0 to the appliance at 10.0.0.4"


def test_a_default_route_to_an_appliance_goes_before_the_nat_gateway():
    found = leave(ROUTED | table(("0.0.0.0/0", *APPLIANCE)))
    assert found == Exit(SUBNET, (), (SENT,), "10.0.0.4")


@pytest.mark.parametrize("prefix", ["0.0.0.0/1", "128.0.0.0/2", "20.0.0.0/8", "AzureCloud", "AzureKeyVault.WestEurope"])
def test_a_route_that_vaults_may_be_behind_leaves_both_ways_open(prefix: str):
    found = leave(ROUTED | table((prefix, *APPLIANCE)))
    assert list(map(str, found.networks)) == ["191.10.40.5/32"]
    assert found.unknown == (f"its route table rt sends {prefix} to the appliance at 10.0.0.4",)
    assert found.appliance == "10.0.0.4"


def test_two_halves_are_a_default_route():
    found = leave(ROUTED | table(("0.0.0.0/1", *APPLIANCE), ("128.0.0.0/1", "VirtualAppliance", "10.0.0.5")))
    assert found.networks == ()
    assert found.appliance == "10.0.0.4, 10.0.0.5"
    assert found.unknown == (
        "its route table rt sends 0.0.0.0/1 to the appliance at 10.0.0.4",
        "its route table rt sends 128.0.0.0/1 to the appliance at 10.0.0.5",
    )


def test_many_routes_to_one_place_are_one_reason():
    routes = [(f"20.{number}.0.0/16", *APPLIANCE) for number in range(5)]
    assert leave(ROUTED | table(*routes)).unknown == (
        "its route table rt sends 20.0.0.0/16, 20.1.0.0/16, 20.2.0.0/16 and 2 more to the appliance at 10.0.0.4",
    )


@pytest.mark.parametrize(
    "route",
    [
        ("10.0.0.0/8", *APPLIANCE), ("192.168.7.0/24", "VirtualNetworkGateway"), ("100.64.0.0/10", *APPLIANCE),
        ("Storage.WestEurope", *APPLIANCE), ("2603:1020::/32", *APPLIANCE), ("::/0", *APPLIANCE),
        ("0.0.0.0/0", "Internet"), ("20.0.0.0/8", "Internet"), ("AzureCloud", "Internet"), ("20.1.0.0/16", "None"),
    ],
)  # fmt: skip
def test_a_route_that_no_vault_is_behind_or_that_leads_to_the_internet_changes_nothing(route: tuple[str, ...]):
    assert known(ROUTED | table(route)) == ["191.10.40.5/32"]


def test_a_default_route_to_nowhere_is_no_way_out():
    assert known(ROUTED | table(("0.0.0.0/0", "None"))) == []


def test_a_default_route_to_nowhere_beside_one_for_vaults_leaves_that_one():
    assert known(ROUTED | table(("0.0.0.0/0", "None"), ("AzureCloud", "Internet"))) == ["191.10.40.5/32"]


def test_a_route_for_all_vaults_to_the_internet_goes_before_the_default_to_an_appliance():
    routes = [("0.0.0.0/0", *APPLIANCE), ("AzureKeyVault", "Internet")]
    assert known(ROUTED | table(*routes)) == ["191.10.40.5/32"]
    halves = [("0.0.0.0/1", *APPLIANCE), ("128.0.0.0/1", *APPLIANCE), ("AzureKeyVault", "Internet")]
    assert known(ROUTED | table(*halves)) == ["191.10.40.5/32"]
    regional = [("0.0.0.0/0", *APPLIANCE), ("AzureKeyVault.WestEurope", "Internet")]
    assert leave(ROUTED | table(*regional)).unknown == (SENT,)


@pytest.mark.parametrize(
    ("hop", "where"),
    [
        (("VirtualNetworkGateway",), "the virtual network gateway"),
        (("VnetLocal",), "VnetLocal"),
        (("SomethingNew",), "SomethingNew"),
        (("VirtualAppliance",), "the appliance at an address that is not shown"),
    ],
)
def test_any_other_next_hop_is_unknown(hop: tuple[str, ...], where: str):
    assert leave(ROUTED | table(("0.0.0.0/0", *hop))).unknown == (f"its route table rt sends 0.0.0.0/0 to {where}",)


def test_several_appliances_that_share_the_traffic_are_all_named():
    route = {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualApplianceEcmp"}
    both = {"nextHop": {"nextHopIpAddresses": ["10.0.0.4", "10.0.0.5"]}}
    assert leave(ROUTED | {TABLE: {"routes": [{"properties": route | both}]}}).appliance == "10.0.0.4, 10.0.0.5"


def test_a_route_table_that_cannot_be_seen_is_unknown_and_the_nat_gateway_counts_all_the_same():
    found = leave(ROUTED)
    assert found.unknown == ("its route table rt cannot be seen",)
    assert list(map(str, found.networks)) == ["191.10.40.5/32"]


BY_GATEWAY = ("a gateway or route server may bring routes into its virtual network",)


@pytest.mark.parametrize(
    "surroundings",
    [
        {"others": ("GatewaySubnet",)},
        {"others": ("RouteServerSubnet",)},
        {"peerings": [{"properties": {"useRemoteGateways": False}}, {"properties": {"useRemoteGateways": True}}]},
    ],
)
def test_where_a_gateway_may_bring_a_default_route_the_exit_is_unknown(surroundings: dict[str, Any]):
    others, peerings = surroundings.get("others", ()), surroundings.get("peerings")
    plain = network(*others, peerings=peerings, natGateway=ref(NAT)) | BEHIND_NAT
    assert leave(plain).unknown == BY_GATEWAY
    routed = network(*others, peerings=peerings, natGateway=ref(NAT), routeTable=ref(TABLE)) | BEHIND_NAT
    assert leave(routed | table()).unknown == BY_GATEWAY
    assert known(routed | table(disableBgpRoutePropagation=True)) == ["191.10.40.5/32"]


def test_a_peering_that_uses_no_gateway_of_the_other_side_brings_nothing():
    peerings = [{"properties": {"useRemoteGateways": False, "allowForwardedTraffic": True}}]
    assert known(network(peerings=peerings, natGateway=ref(NAT)) | BEHIND_NAT) == ["191.10.40.5/32"]

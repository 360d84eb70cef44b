"""Private endpoints and private DNS: what Azure's answers mean, and how pieces are made and removed against it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from netcfg.azure.connection import Azure, connect
from netcfg.azure.endpoints import parse_cloud
from netcfg.azure.firewall.vaults import parse_connections
from netcfg.azure.private.answers import parse_endpoint, parse_link, parse_network, parse_record
from netcfg.azure.private.links import _others
from netcfg.azure.private.pieces import Pieces, is_empty, is_made, is_ours
from netcfg.core.approval import Approval, Connection, PieceId
from netcfg.core.errors import AzureAnswer, NameTaken, OtherZoneLinked, PieceInUse
from netcfg.core.geography import Geography
from netcfg.core.intent import Intent
from netcfg.core.private import NewEndpoint, NewLink, NewRecord, NewZone, OldPiece, PieceKind
from netcfg.core.resources import VaultId, parse_subnet, parse_vault
from netcfg.sandbox.server import Sandbox, serve

PRODUCTION = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups"
HUB = f"{PRODUCTION}/rg-hub/providers/Microsoft.Network"
ZONE = PieceId(f"{PRODUCTION}/rg-dns/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net")
OWN_ZONE = PieceId(f"{HUB}/privateDnsZones/privatelink.vaultcore.azure.net")
ENDPOINTS = parse_subnet(f"{HUB}/virtualNetworks/vnet-hub/subnets/endpoints")


def vault_id(name: str) -> VaultId:
    found = parse_vault(f"{PRODUCTION}/rg-payments/providers/Microsoft.KeyVault/vaults/{name}")
    assert isinstance(found, VaultId)
    return found


def new_endpoint(name: str = "pe-new", vault: str = "kv-payments") -> NewEndpoint:
    return NewEndpoint(PieceId(f"{HUB}/privateEndpoints/{name}"), vault_id(vault), ENDPOINTS, "westeurope")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(world="private") as running:
        yield running


@pytest.fixture
def azure(sandbox: Sandbox) -> Iterator[Azure]:
    with connect(sandbox.token, resource_manager=sandbox.url) as connected:
        yield connected


@pytest.fixture
def pieces(azure: Azure) -> Pieces:
    return Pieces(azure.arm, sleep=lambda seconds: None)


def puts(sandbox: Sandbox) -> list[str]:
    return [path.rpartition("/")[2] for method, path, _ in sandbox.requests if method == "PUT"]


def test_a_piece_that_is_there_is_not_made_again(sandbox: Sandbox, pieces: Pieces):
    assert pieces.add(new_endpoint())
    assert not pieces.add(new_endpoint())
    assert puts(sandbox) == ["pe-new"]


def test_an_endpoint_of_that_name_for_another_vault_is_not_touched(sandbox: Sandbox, pieces: Pieces):
    with pytest.raises(NameTaken, match=r"is there already and leads to .*kv-private-ready"):
        pieces.add(new_endpoint("pe-ready"))
    assert puts(sandbox) == []


def test_a_link_of_that_name_for_another_network_is_not_touched(sandbox: Sandbox, pieces: Pieces):
    other = PieceId(f"{HUB}/virtualNetworks/vnet-lonely")
    with pytest.raises(NameTaken, match="vnet-hub"):
        pieces.add(NewLink(ZONE.child("virtualNetworkLinks", "hub"), other))
    assert puts(sandbox) == []


@pytest.mark.parametrize("piece", [NewZone(OWN_ZONE), new_endpoint()], ids=["zone", "endpoint"])
def test_a_write_whose_answer_was_lost_is_looked_at_and_not_repeated(sandbox: Sandbox, pieces: Pieces, piece):
    lost = []

    def drop(number: int, method: str, path: str) -> None:
        if method == "PUT" and not lost:
            lost.append(number)
            raise ConnectionError

    sandbox.after = drop
    pieces = Pieces(pieces._arm, sleep=lambda seconds: __import__("time").sleep(0.1))
    assert pieces.add(piece)
    assert puts(sandbox)[0] == piece.id.name
    state = sandbox.state
    assert piece.id.key in state["privateDnsZones"] or piece.id.key in state["privateEndpoints"]


def test_a_zone_that_a_colleague_made_at_the_same_moment_is_taken(sandbox: Sandbox, pieces: Pieces):
    colleague = []

    def make(number: int, method: str, path: str) -> None:
        if method == "PUT" and not colleague:
            colleague.append(number)
            with sandbox.edit() as state:
                other = state["privateDnsZones"][ZONE.key]
                state["privateDnsZones"][OWN_ZONE.key] = {**other, "id": str(OWN_ZONE), "tags": {"team": "dns"}}
                state["recordSets"][OWN_ZONE.key] = {}

    sandbox.before = make
    assert not pieces.add(NewZone(OWN_ZONE))
    assert sandbox.state["privateDnsZones"][OWN_ZONE.key]["tags"] == {"team": "dns"}


def test_a_zone_group_grows_and_keeps_the_zones_that_are_there(sandbox: Sandbox, pieces: Pieces):
    group = PieceId(f"{HUB}/privateEndpoints/pe-only/privateDnsZoneGroups/somebody-s-own-name")
    pieces.add(NewZone(OWN_ZONE))
    pieces.add(NewRecord(group, OWN_ZONE, "kv-private-only"))
    configs = sandbox.state["zoneGroups"][group.key]["properties"]["privateDnsZoneConfigs"]
    assert [PieceId(each["properties"]["privateDnsZoneId"]) for each in configs] == [ZONE, OWN_ZONE]
    assert [each["name"] for each in configs] == ["zone-1", "privatelink-vaultcore-azure-net"]


def test_every_zone_of_a_group_has_a_name_of_its_own(sandbox: Sandbox, pieces: Pieces):
    group = PieceId(f"{HUB}/privateEndpoints/pe-only/privateDnsZoneGroups/somebody-s-own-name")
    with sandbox.edit() as state:
        (config,) = state["zoneGroups"][group.key]["properties"]["privateDnsZoneConfigs"]
        config["name"] = "Privatelink-vaultcore-azure-net"
    pieces.add(NewZone(OWN_ZONE))
    pieces.add(NewRecord(group, OWN_ZONE, "kv-private-only"))
    configs = sandbox.state["zoneGroups"][group.key]["properties"]["privateDnsZoneConfigs"]
    assert [each["name"] for each in configs] == [
        "Privatelink-vaultcore-azure-net",
        "privatelink-vaultcore-azure-net-2",
    ]


def test_a_group_whose_record_is_gone_is_sent_again(sandbox: Sandbox, pieces: Pieces):
    group = PieceId(f"{HUB}/privateEndpoints/pe-only/privateDnsZoneGroups/somebody-s-own-name")
    record = NewRecord(group, ZONE, "kv-private-only")
    assert not pieces.add(record)
    with sandbox.edit() as state:
        state["recordSets"][ZONE.key].pop("kv-private-only")
    assert pieces.add(record)
    assert "kv-private-only" in sandbox.state["recordSets"][ZONE.key]
    (config,) = sandbox.state["zoneGroups"][group.key]["properties"]["privateDnsZoneConfigs"]
    assert config["name"] == "zone-1"


def test_a_network_that_asks_a_zone_of_that_name_is_told_as_that(sandbox: Sandbox, pieces: Pieces):
    hub = PieceId(f"{HUB}/virtualNetworks/vnet-hub")
    pieces.add(NewZone(OWN_ZONE))
    with pytest.raises(OtherZoneLinked, match="vnet-hub is linked to another zone named privatelink"):
        pieces.add(NewLink(OWN_ZONE.child("virtualNetworkLinks", "vnet-hub"), hub))


@pytest.mark.parametrize(("number", "others"), [(1, 0), (3, 2), (0, None), (None, None)])
def test_record_sets_of_other_kinds_are_counted(number: int | None, others: int | None):
    assert _others({"properties": {"numberOfRecordSets": number}}, 0, "it") == others


@pytest.mark.parametrize("id", ["x", "", "/subscriptions/zz", f"{ZONE}/../..", f"{ZONE}\n"])
def test_an_id_out_of_an_answer_is_one_or_it_is_no_answer(id: str):
    properties = {"virtualNetwork": {"id": id}}
    with pytest.raises(AzureAnswer, match="where the id of a resource was expected"):
        parse_link({"id": str(ZONE.child("virtualNetworkLinks", "l")), "properties": properties}, "it")


@pytest.mark.parametrize("id", ["x", "", "/subscriptions/zz"])
def test_a_connection_of_an_endpoint_that_cannot_be_is_no_place_to_ask(sandbox: Sandbox, azure: Azure, id: str):
    vault = azure.vaults.read(vault_id("kv-private-ready"))
    odd = replace(vault, connections=(Connection(PieceId("/c"), PieceId(id), Approval.APPROVED),))
    intent = Intent(geographies=(Geography("EU", "Europe"),), remove_endpoints=(new_endpoint("pe-ready").id,))
    assert [each.name for each in azure.private.look([odd], intent).endpoints] == ["pe-ready"]


def test_a_zone_that_filled_meanwhile_stays(sandbox: Sandbox, pieces: Pieces):
    with pytest.raises(PieceInUse):
        pieces.remove(OldPiece(PieceKind.ZONE, ZONE))
    assert ZONE.key in sandbox.state["privateDnsZones"]


def test_what_is_gone_already_is_removed(sandbox: Sandbox, pieces: Pieces):
    pieces.remove(OldPiece(PieceKind.ENDPOINT, PieceId(f"{HUB}/privateEndpoints/nobody")))
    assert not any(method == "DELETE" for method, _, _ in sandbox.requests)


def test_the_landscape_has_every_zone_with_its_links_and_its_records(azure: Azure):
    vault = azure.vaults.read(vault_id("kv-private-ready"))
    intent = Intent(geographies=(Geography("EU", "Europe"),), private_endpoint=ENDPOINTS)
    seen = azure.private.look([vault], intent)
    zone = seen.zone(ZONE)
    assert [each.id.name for each in zone.links] == ["hub", "spoke"]
    assert [(each.name, [str(one) for one in each.addresses]) for each in zone.records] == [
        ("kv-private-only", ["10.60.1.11"]),
        ("kv-private-ready", ["10.60.1.10"]),
    ]
    assert [each.id.resource_group for each in seen.zones] == ["rg-dns", "rg-shared"]
    assert [each.name for each in seen.endpoints] == ["pe-ready"]
    assert {"kv-private-ready", "kv-private-only", "kv-private-bare"} <= seen.hideable
    assert "kv-private-pending" not in seen.hideable


def test_what_resource_graph_tells_is_asked_once_in_a_run(sandbox: Sandbox, azure: Azure):
    vault = azure.vaults.read(vault_id("kv-private-ready"))
    intent = Intent(geographies=(Geography("EU", "Europe"),), private_endpoint=ENDPOINTS)
    azure.private.look([vault], intent)
    asked = sum(method == "POST" for method, _, _ in sandbox.requests)
    azure.private.look([vault], intent)
    assert sum(method == "POST" for method, _, _ in sandbox.requests) == asked == 2
    azure.private.forget()
    azure.private.look([vault], intent)
    assert sum(method == "POST" for method, _, _ in sandbox.requests) == 2 * asked


def test_a_zone_that_the_index_does_not_know_yet_is_found(sandbox: Sandbox, azure: Azure, pieces: Pieces):
    """The name and the place of a zone of ours are known, and Resource Manager has it at once."""
    with serve(world="contoso") as fresh, connect(fresh.token, resource_manager=fresh.url) as connected:
        builds = parse_subnet(
            f"{PRODUCTION}/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-agents/subnets/builds"
        )
        zone = PieceId(
            f"{PRODUCTION}/rg-network/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
        )
        vault = connected.vaults.read(vault_id("kv-payments"))
        intent = Intent(geographies=(Geography("EU", "Europe"),), private_endpoint=builds)
        assert connected.private.look([vault], intent).zones == ()
        Pieces(connected.arm).add(NewZone(zone))
        assert [each.id for each in connected.private.look([vault], intent).zones] == [zone]


# From Microsoft's recording of a private endpoint (2021-04-27) and the reference's PrivateEndpointCreate.
VAULT = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
NETWORK = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks"
RECORDED: dict[str, Any] = {
    "name": "myPrivateEndpoint",
    "id": "/subscriptions/0000/resourceGroups/RgName/providers/Microsoft.Network/privateEndpoints/myPrivateEndpoint",
    "etag": 'W/"5e1793df"',
    "location": "eastus",
    "properties": {
        "provisioningState": "Succeeded",
        "privateLinkServiceConnections": [
            {
                "name": "myService",
                "properties": {
                    "privateLinkServiceId": VAULT,
                    "privateLinkServiceConnectionState": {
                        "status": "Approved",
                        "description": "",
                        "actionsRequired": "None",
                    },
                },
            }
        ],
        "manualPrivateLinkServiceConnections": [],
        "subnet": {"id": f"{NETWORK}/vnet/subnets/subnet2"},
        "networkInterfaces": [{"id": "/nic"}],
        "customDnsConfigs": [{"fqdn": "kv.vault.azure.net", "ipAddresses": ["192.168.0.4"]}],
    },
}
ENDPOINT = PieceId(
    "/subscriptions/0000/resourcegroups/rgname/providers/Microsoft.Network/privateEndpoints/myPrivateEndpoint"
)


def test_an_endpoint_is_read_with_its_vault_its_subnet_and_its_zones():
    group = {
        "id": f"{ENDPOINT}/privateDnsZoneGroups/g",
        "properties": {"privateDnsZoneConfigs": [{"name": "z", "properties": {"privateDnsZoneId": str(ZONE)}}]},
    }
    found = parse_endpoint(RECORDED, ENDPOINT, [group], "it")
    assert found.id.resource_group == "RgName"  # as Azure writes it
    assert found.vault == PieceId(VAULT)
    assert found.subnet.short == "vnet/subnet2"
    assert found.addresses == (IPv4Address("192.168.0.4"),)
    assert found.zone_named("privatelink.vaultcore.azure.net") == ZONE
    assert not found.is_ours


def test_an_endpoint_without_a_subnet_cannot_be_read():
    with pytest.raises(AzureAnswer):
        parse_endpoint({**RECORDED, "properties": {"subnet": {}}}, ENDPOINT, [], "it")


def test_a_network_is_read_with_what_it_reaches():
    peering = {
        "peeringState": "Connected",
        "allowVirtualNetworkAccess": True,
        "remoteVirtualNetwork": {"id": f"{NETWORK}/b"},
        "remoteAddressSpace": {"addressPrefixes": ["10.2.0.0/16"]},
        "remoteVirtualNetworkAddressSpace": {"addressPrefixes": ["10.2.0.0/15", "fd00::/64"]},
    }
    others = [{**peering, "peeringState": "Initiated"}, {**peering, "allowVirtualNetworkAccess": False}]
    id = PieceId(f"{NETWORK}/a")
    found = parse_network(
        {
            "id": str(id),
            "location": "westeurope",
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
                "dhcpOptions": {"dnsServers": []},
                "subnets": [{"name": "x", "properties": {"privateEndpoints": [{"id": str(ENDPOINT)}]}}],
                "virtualNetworkPeerings": [{"properties": each} for each in (peering, *others)],
            },
        },
        id,
        "it",
    )
    assert [(each.network.name, each.prefixes) for each in found.peers] == [("b", (IPv4Network("10.2.0.0/15"),))]
    assert found.reaches(IPv4Address("10.3.0.4"))
    assert not found.reaches(IPv4Address("10.4.0.4"))
    assert found.endpoints == {ENDPOINT}
    assert {each.short for each in found.subnets} == {"a/x"}


@pytest.mark.parametrize(
    ("written", "approval"),
    [("Approved", Approval.APPROVED), ("approved", Approval.APPROVED), ("Disconnected", Approval.DISCONNECTED),
     ("Timeout", Approval.UNKNOWN), (None, Approval.UNKNOWN)],
)  # fmt: skip
def test_a_state_that_nobody_knows_is_no_reason_not_to_plan(written: str | None, approval: Approval):
    properties = {"privateEndpoint": {"id": str(ENDPOINT)}, "privateLinkServiceConnectionState": {"status": written}}
    found = parse_connections({"privateEndpointConnections": [{"id": "/c", "properties": properties}]}, "it")
    assert [each.approval for each in found] == [approval]


def test_a_connection_whose_endpoint_is_gone_is_nobodys_way_in():
    assert parse_connections({"privateEndpointConnections": [{"id": "/c", "properties": {}}]}, "it") == ()
    assert parse_connections({}, "it") == ()


def test_a_link_and_a_record_are_read():
    properties = {"virtualNetwork": {"id": f"{NETWORK}/v"}, "resolutionPolicy": "NxDomainRedirect"}
    found = parse_link(
        {"id": f"{ZONE}/virtualNetworkLinks/l", "tags": {"Managed-By": "netcfg"}, "properties": properties}, "it"
    )
    assert (found.network, found.redirects, found.is_ours) == (PieceId(f"{NETWORK}/v"), True, True)
    record = parse_record({"name": "KV", "properties": {"aRecords": [{"ipv4Address": "10.0.0.4"}]}}, "it")
    assert (record.name, record.addresses) == ("kv", (IPv4Address("10.0.0.4"),))
    with pytest.raises(AzureAnswer):
        parse_record({"name": "kv", "properties": {"aRecords": [{"ipv4Address": "ten"}]}}, "it")


@pytest.mark.parametrize("tags", [None, {}, {"managed-by": "terraform"}, {"owner": "netcfg"}, "managed-by"])
def test_only_our_tag_makes_a_piece_ours(tags: object):
    assert not is_ours({"tags": tags})


def test_a_zone_that_does_not_say_what_it_holds_is_not_empty():
    assert is_empty({"properties": {"numberOfRecordSets": 1, "numberOfVirtualNetworkLinks": 0}}, "it")
    assert not is_empty({"properties": {}}, "it")
    assert not is_empty({"properties": {"numberOfRecordSets": 1, "numberOfVirtualNetworkLinks": 1}}, "it")


def test_a_piece_whose_making_failed_is_named_and_left():
    failed = {"properties": {"provisioningState": "Failed"}}
    with pytest.raises(NameTaken, match="in the state Failed"):
        is_made(NewZone(ZONE), failed, "it")


@pytest.mark.parametrize(
    ("cloud", "zone"),
    [
        ("public", "privatelink.vaultcore.azure.net"),
        ("usgov", "privatelink.vaultcore.usgovcloudapi.net"),
        ("china", "privatelink.vaultcore.azure.cn"),
    ],
)
def test_each_cloud_has_its_own_zone(sandbox: Sandbox, cloud: str, zone: str):
    vault, intent = (
        vault_id("kv-payments"),
        Intent(geographies=(Geography("EU", "Europe"),), private_endpoint=ENDPOINTS),
    )
    with connect(sandbox.token, cloud=parse_cloud(cloud), resource_manager=sandbox.url) as connected:
        assert connected.private.look([connected.vaults.read(vault)], intent).zone_name == zone


def test_a_recorded_endpoint_of_that_name_is_somebody_elses():
    with pytest.raises(NameTaken):
        is_made(new_endpoint(), json.loads(json.dumps(RECORDED)), "it")

"""`--private-endpoint`, whole: against the sandbox's world of hubs, spokes, shared zones and reluctant owners."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from netcfg.sandbox.network import private_dns, private_link, zone_groups
from netcfg.sandbox.server import serve
from netcfg.workflow import private
from tests.cli.conftest import NETWORKS, PRODUCTION, Program, vault_id

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"
ZONE = "privatelink.vaultcore.azure.net"
HUB = f"{PRODUCTION}/resourceGroups/rg-hub/providers/Microsoft.Network"
AGENTS_NETWORK = f"{NETWORKS}/vnet-agents"
SPOKE = f"{HUB}/virtualNetworks/vnet-spoke"
IN_HUB = ("--organization", "contoso", "--private-endpoint", "rg-hub/vnet-hub/endpoints")
FROM_AGENTS = (*IN_HUB, "--subnet", "rg-network/vnet-agents/agents")
FROM_SPOKE = (*IN_HUB, "--subnet", "rg-hub/vnet-spoke/agents")
ACCEPTED = ("--accept", "default-deny", "--accept", "private-dns", "--accept", "last-path")
PAYMENTS_ENDPOINT = f"{HUB}/privateEndpoints/pe-kv-payments-vnet-hub"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Program]:
    """The program in the world `private`."""
    with serve(world="private") as sandbox:
        yield Program(sandbox, tmp_path)


def said(text: str) -> str:
    return " ".join(text.split())


def resolves(netcfg: Program, network: str, vault: str) -> tuple[str, tuple[str, ...]]:
    found = private_dns.resolve(netcfg.sandbox.state, network, f"{vault}.{ZONE}")
    return found.kind, found.addresses


def connections(netcfg: Program, vault: str) -> list[tuple[str, str]]:
    """The names of its endpoints, each with what the owner said."""
    held = netcfg.vault(vault)["properties"].get("privateEndpointConnections", [])
    return [
        (
            each["properties"]["privateEndpoint"]["id"].rpartition("/")[2],
            each["properties"]["privateLinkServiceConnectionState"]["status"],
        )
        for each in held
    ]


def made(netcfg: Program) -> list[tuple[str, str]]:
    """What was written: the method, and the last two parts of the path."""
    return [(method, "/".join(path.split("/")[-2:])) for method, path in netcfg.writes]


def conforms(document: dict[str, Any], kind: str) -> None:
    jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))).validate(document)


def test_from_nothing_to_a_private_way_in(netcfg: Program):
    builds = ("--organization", "contoso", "--private-endpoint", "rg-network/vnet-agents/builds")
    ran = netcfg("apply", "kv-payments", *builds, *ACCEPTED, "--yes")
    assert ran.status == 0
    assert connections(netcfg, "kv-payments") == [("pe-kv-payments-vnet-agents", "Approved")]
    assert resolves(netcfg, AGENTS_NETWORK, "kv-payments")[0] == "private"
    assert made(netcfg) == [
        ("PUT", "privateEndpoints/pe-kv-payments-vnet-agents"),
        ("PUT", f"privateDnsZones/{ZONE}"),
        ("PUT", "privateDnsZoneGroups/default"),
        ("PUT", "virtualNetworkLinks/vnet-agents"),
        ("PATCH", "vaults/kv-payments"),
    ]
    again = netcfg("plan", "kv-payments", *builds)
    assert again.status == 0
    assert again.out.endswith("nothing to change; 7 rules kept\n")


def test_what_is_made_carries_our_tag_and_registers_no_machines(netcfg: Program):
    builds = ("--organization", "contoso", "--private-endpoint", "rg-network/vnet-agents/builds")
    netcfg("apply", "kv-payments", *builds, *ACCEPTED, "--yes")
    state = netcfg.sandbox.state
    (endpoint,) = state["privateEndpoints"].values()
    (zone,) = state["privateDnsZones"].values()
    (link,) = state["virtualNetworkLinks"].values()
    assert [each["tags"] for each in (endpoint, zone, link)] == [{"managed-by": "netcfg"}] * 3
    assert link["properties"]["registrationEnabled"] is False
    assert (zone["location"], endpoint["location"]) == ("global", "westeurope")


def test_no_rule_and_no_service_endpoint_for_agents_who_come_privately(hub: Program):
    assert hub("apply", "kv-payments", *FROM_AGENTS, *ACCEPTED, "--yes").status == 0
    assert hub.vault("kv-payments")["properties"]["networkAcls"]["virtualNetworkRules"] == []
    subnets = hub.sandbox.state["virtualNetworks"][AGENTS_NETWORK.lower()]["properties"]["subnets"]
    agents = next(each for each in subnets if each["name"] == "agents")
    assert not any(each["service"] == "Microsoft.KeyVault" for each in agents["properties"].get("serviceEndpoints", []))


def test_the_zone_that_the_hub_asks_is_reused_and_the_spoke_linked_to_it(hub: Program):
    assert hub("apply", "kv-payments", *FROM_AGENTS, *ACCEPTED, "--yes").status == 0
    assert made(hub) == [
        ("PUT", "privateEndpoints/pe-kv-payments-vnet-hub"),
        ("PUT", "privateDnsZoneGroups/default"),
        ("PUT", "virtualNetworkLinks/vnet-agents"),
        ("PATCH", "vaults/kv-payments"),
    ]
    assert resolves(hub, AGENTS_NETWORK, "kv-payments")[0] == "private"
    assert resolves(hub, SPOKE, "kv-payments")[0] == "private"
    assert hub("plan", "kv-payments", *FROM_AGENTS).status == 0


def test_the_plan_tells_each_piece_with_its_name_and_place(hub: Program):
    out = said(hub("plan", "kv-payments", *FROM_AGENTS).out)
    assert "+ pe-kv-payments-vnet-hub private endpoint in vnet-hub/endpoints, westeurope, in rg-hub" in out
    assert "approved at once where the sign-in may, else by the vault's owner" in out
    assert f"+ kv-payments record in {ZONE}, in rg-dns, by the zone group default of pe-kv-payments-vnet-hub" in out
    assert f"+ vnet-agents link of vnet-agents to {ZONE}, in rg-dns" in out
    assert "note: public access stays on, within the rules, because Azure DevOps reads variable groups over it" in out


def test_the_documents_conform_to_their_schemas_and_name_every_piece(hub: Program):
    planned = hub("plan", "kv-payments", *FROM_AGENTS, "--format", "json").document
    conforms(planned, "plan")
    pieces = [
        each for each in planned["vaults"][0]["changes"] if each["kind"].startswith(("private", "virtual-network-l"))
    ]
    zone = f"{PRODUCTION}/resourceGroups/rg-dns/providers/Microsoft.Network/privateDnsZones/{ZONE}"
    assert pieces == [
        {
            "action": "add",
            "kind": "private-endpoint",
            "value": PAYMENTS_ENDPOINT,
            "subnet": f"{HUB}/virtualNetworks/vnet-hub/subnets/endpoints".lower(),
            "location": "westeurope",
        },
        {
            "action": "add",
            "kind": "private-dns-zone-group",
            "value": f"{PAYMENTS_ENDPOINT}/privateDnsZoneGroups/default",
            "zone": zone,
        },
        {
            "action": "add",
            "kind": "virtual-network-link",
            "value": f"{zone}/virtualNetworkLinks/vnet-agents",
            "zone": zone,
            "network": AGENTS_NETWORK,
        },
    ]
    conforms(hub("apply", "kv-payments", *FROM_AGENTS, *ACCEPTED, "--yes", "--format", "json").document, "result")


def test_the_guard_names_the_vault_that_the_link_would_hide(hub: Program):
    ran = hub("plan", "kv-payments", *FROM_AGENTS, "--accept", "default-deny")
    assert ran.status == 5
    assert f"linking vnet-agents to {ZONE} hides vaults that have private endpoints and no record there: " in said(
        ran.out
    )
    assert "kv-private-bare; give each its record" in said(ran.out)
    assert hub.writes == []


def test_a_vault_whose_record_comes_in_the_same_run_is_not_hidden(hub: Program):
    ran = hub("plan", "kv-payments", "kv-private-bare", *FROM_AGENTS)
    assert "hides vaults" not in ran.out


@pytest.mark.parametrize("vault", ["kv-private-ready", "kv-private-only"])
def test_an_endpoint_and_a_zone_group_under_other_names_are_used(hub: Program, vault: str):
    ran = hub("apply", vault, *FROM_SPOKE, "--public-access", "disabled", *ACCEPTED, "--yes")
    assert ran.status == 0
    assert [method for method, _ in hub.writes if method == "PUT"] == []
    assert hub.vault(vault)["properties"]["publicNetworkAccess"] == "Disabled"


def test_an_endpoint_without_a_zone_group_gets_one(hub: Program):
    assert hub("apply", "kv-private-bare", *FROM_SPOKE, *ACCEPTED, "--yes").status == 0
    assert made(hub)[0] == ("PUT", "privateDnsZoneGroups/default")
    assert resolves(hub, SPOKE, "kv-private-bare") == ("private", ("10.60.1.12",))


def test_public_access_goes_off_last(hub: Program):
    ran = hub("apply", "kv-payments", *FROM_AGENTS, "--public-access", "disabled", *ACCEPTED, "--yes")
    assert ran.status == 0
    assert made(hub)[-1] == ("PATCH", "vaults/kv-payments")
    assert hub.vault("kv-payments")["properties"]["publicNetworkAccess"] == "Disabled"
    assert "variable groups that are linked to this vault do not work" in said(ran.out)
    assert hub("plan", "kv-payments", *FROM_AGENTS, "--public-access", "disabled").status == 0


def test_a_vault_whose_public_access_is_off_waits_for_somebody_to_say_what_is_meant(hub: Program):
    ran = hub("plan", "kv-private-only", *FROM_SPOKE)
    assert ran.status == 5
    assert "! public-access" in ran.out


def test_who_may_not_approve_asks_the_owner_and_the_vault_stays_as_it_is(hub: Program, monkeypatch):
    monkeypatch.setattr(private, "APPROVAL_PAUSES", (0.01,))
    before = hub.vault("kv-noapproval")["properties"]["networkAcls"]
    ran = hub("apply", "kv-noapproval", *IN_HUB, *ACCEPTED, "--yes")
    assert ran.status == 7
    assert "the connection of pe-kv-noapproval-vnet-hub to kv-noapproval is Pending" in said(ran.out)
    assert "az network private-endpoint-connection approve --id /subscriptions/" in said(ran.out)
    assert made(hub) == [
        ("PUT", "privateEndpoints/pe-kv-noapproval-vnet-hub"),  # refused as ours
        ("PUT", "privateEndpoints/pe-kv-noapproval-vnet-hub"),  # asked for
        ("PUT", "privateDnsZoneGroups/default"),  # Azure writes the record when the owner approves
    ]
    assert connections(hub, "kv-noapproval") == [("pe-kv-noapproval-vnet-hub", "Pending")]
    assert hub.vault("kv-noapproval")["properties"]["networkAcls"] == before
    (asked,) = hub.sandbox.state["privateEndpoints"][f"{HUB}/privateEndpoints/pe-kv-noapproval-vnet-hub".lower()][
        "properties"
    ]["manualPrivateLinkServiceConnections"]
    assert asked["properties"]["requestMessage"] == "netcfg: a private endpoint in vnet-hub/endpoints"


def approve(netcfg: Program, vault: str, *, writes_record: bool = True) -> None:
    """What the owner's command does."""
    with netcfg.sandbox.edit() as state:
        found = state["vaults"][vault]
        (held,) = found["properties"]["privateEndpointConnections"]
        private_link.decide(state, found, held, private_link.state_of("Approved", "fine"))
        if writes_record:
            endpoint = held["properties"]["privateEndpoint"]["id"].lower()
            zone_groups.write_records(state, state["privateEndpoints"][endpoint])


def test_nobody_loses_the_vault_by_the_owners_approval(hub: Program, monkeypatch):
    monkeypatch.setattr(private, "APPROVAL_PAUSES", (0.01,))
    hub("apply", "kv-noapproval", *IN_HUB, *ACCEPTED, "--yes")
    approve(hub, "kv-noapproval")
    for network in (f"{HUB}/virtualNetworks/vnet-hub", SPOKE):
        assert resolves(hub, network, "kv-noapproval")[0] == "private"


@pytest.mark.parametrize("writes_record", [True, False])
def test_after_the_owner_approved_the_same_command_goes_on(hub: Program, monkeypatch, writes_record: bool):
    monkeypatch.setattr(private, "APPROVAL_PAUSES", (0.01,))
    hub("apply", "kv-noapproval", *IN_HUB, *ACCEPTED, "--yes")
    approve(hub, "kv-noapproval", writes_record=writes_record)
    assert hub("apply", "kv-noapproval", *IN_HUB, *ACCEPTED, "--yes").status == 0
    assert resolves(hub, f"{HUB}/virtualNetworks/vnet-hub", "kv-noapproval")[0] == "private"
    assert hub("plan", "kv-noapproval", *IN_HUB).status == 0


@pytest.mark.parametrize(("vault", "state"), [("kv-private-pending", "Pending"), ("kv-private-rejected", "Rejected")])
def test_an_endpoint_that_leads_nowhere_is_told_and_nothing_is_written(hub: Program, monkeypatch, vault, state):
    monkeypatch.setattr(private, "APPROVAL_PAUSES", (0.01,))
    planned = hub("plan", vault, *IN_HUB)
    assert f"note: its connection is {state}: until the vault's owner approves it, nobody gets in" in said(planned.out)
    ran = hub("apply", vault, *IN_HUB, *ACCEPTED, "--yes")
    assert ran.status == 1
    assert f"is {state}, so no network was linked, and the vault's own settings are as they were" in said(ran.out)
    assert hub.writes == []


def test_a_plan_that_only_waits_for_the_owner_is_a_change_of_the_owners(hub: Program, monkeypatch):
    monkeypatch.setattr(private, "APPROVAL_PAUSES", (0.01,))
    assert hub("apply", "kv-private-pending", "--geography", "EU", "--yes").status == 0
    waiting = ("kv-private-pending", "--geography", "EU", *IN_HUB[2:], *ACCEPTED)
    planned = hub("plan", *waiting)
    assert planned.status == 3
    assert "~ pe-pending private endpoint, in rg-hub: Pending → Approved by the vault's owner: az network" in said(
        planned.out
    )
    document = hub("plan", *waiting, "--format", "json").document
    conforms(document, "plan")
    (change,) = document["vaults"][0]["changes"]
    assert change.pop("connection").startswith(f"{PRODUCTION}/resourceGroups/rg-guarded/")
    assert change == {
        "action": "set",
        "kind": "private-endpoint",
        "value": "Approved",
        "was": "Pending",
        "endpoint": f"{HUB}/privateEndpoints/pe-pending",
    }
    written = len(hub.writes)
    assert hub("apply", *waiting, "--yes").status == 1
    assert len(hub.writes) == written
    approve(hub, "kv-private-pending")
    assert hub("plan", *waiting).status == 0


def test_an_endpoint_that_was_disconnected_is_left_and_another_one_made(hub: Program):
    assert hub("apply", "kv-private-cut", *IN_HUB, *ACCEPTED, "--yes").status == 0
    assert connections(hub, "kv-private-cut") == [("pe-kv-private-cut-vnet-hub", "Approved")]
    assert f"{HUB}/privateEndpoints/pe-cut".lower() in hub.sandbox.state["privateEndpoints"]


NOTES = [
    ("rg-hub/vnet-own-dns/agents", "vnet-own-dns asks its own DNS servers (10.62.0.4, 10.62.0.5) and is not linked"),
    ("rg-hub/vnet-elsewhere/agents", "vnet-elsewhere is linked to another zone of that name"),
]


@pytest.mark.parametrize(("subnet", "note"), NOTES)
def test_a_network_that_resolves_otherwise_is_named_and_not_changed(hub: Program, subnet: str, note: str):
    ran = hub("apply", "kv-private-bare", *IN_HUB, "--subnet", subnet, *ACCEPTED, "--yes")
    assert ran.status == 0
    assert note in said(ran.out)
    assert not any("virtualNetworkLinks" in path for _, path in hub.writes)


@pytest.mark.parametrize("network", ["vnet-lonely", "vnet-half"])
def test_a_network_that_is_not_peered_is_guarded(hub: Program, network: str):
    ran = hub("plan", "kv-private-ready", *IN_HUB, "--subnet", f"rg-hub/{network}/agents")
    assert ran.status == 5
    assert f"{network} is not peered with vnet-hub" in said(ran.out)


def test_a_subnet_that_may_not_be_joined_is_one_sentence_and_nothing_else_is_written(hub: Program):
    where = ("--organization", "contoso", "--private-endpoint", "rg-network/vnet-agents/restricted")
    ran = hub("apply", "kv-payments", *where, *ACCEPTED, "--yes")
    assert ran.status == 1
    assert "the private endpoint pe-kv-payments-vnet-agents was not made" in said(ran.out)
    assert "Microsoft.Network/virtualNetworks/subnets/join/action" in said(ran.out)
    assert not any(method == "PATCH" for method, _ in hub.writes)


def test_a_subnet_that_is_not_there_is_an_error_of_the_whole_run(hub: Program):
    gone = f"{HUB}/virtualNetworks/vnet-hub/subnets/gone"
    ran = hub("plan", "kv-payments", "--geography", "EU", "--private-endpoint", gone)
    assert ran.status == 1
    assert "Azure knows no subnet" in said(ran.out + ran.err)


def test_two_vaults_share_one_zone_and_one_link(netcfg: Program):
    ran = netcfg(
        "apply", "kv-payments", "kv-orders", "--organization", "contoso",
        "--private-endpoint", "rg-network/vnet-agents/builds", "--accept", "default-deny=*", "--yes",
    )  # fmt: skip
    assert ran.status == 0
    assert len(netcfg.sandbox.state["privateDnsZones"]) == len(netcfg.sandbox.state["virtualNetworkLinks"]) == 1
    assert [each for each in made(netcfg) if each[1].startswith(("privateDnsZones", "virtualNetworkLinks"))] == [
        ("PUT", f"privateDnsZones/{ZONE}"),
        ("PUT", "virtualNetworkLinks/vnet-agents"),
    ]
    for vault in ("kv-payments", "kv-orders"):
        assert resolves(netcfg, AGENTS_NETWORK, vault)[0] == "private"


def test_removing_it_is_the_reverse_plan(netcfg: Program):
    builds = ("--organization", "contoso", "--private-endpoint", "rg-network/vnet-agents/builds")
    netcfg("apply", "kv-payments", *builds, "--public-access", "disabled", *ACCEPTED, "--yes")
    written = len(netcfg.writes)
    group = f"{PRODUCTION}/resourceGroups/rg-network/providers/Microsoft.Network"
    endpoint = f"{group}/privateEndpoints/pe-kv-payments-vnet-agents"
    back = ("--organization", "contoso", "--remove", endpoint, "--public-access", "enabled")
    refused = netcfg("plan", "kv-payments", *back, "--accept", "hidden-rules")
    assert refused.status == 5
    assert "this closes the last known way in for the machines of vnet-agents" in said(refused.out)
    ran = netcfg("apply", "kv-payments", *back, "--accept", "hidden-rules", "--accept", "last-path", "--yes")
    assert ran.status == 0
    assert made(netcfg)[written:] == [
        ("PATCH", "vaults/kv-payments"),
        ("DELETE", "virtualNetworkLinks/vnet-agents"),
        ("DELETE", "privateEndpoints/pe-kv-payments-vnet-agents"),
        ("DELETE", f"privateDnsZones/{ZONE}"),
    ]
    state = netcfg.sandbox.state
    assert state["privateEndpoints"] == state["privateDnsZones"] == state["virtualNetworkLinks"] == {}
    assert resolves(netcfg, AGENTS_NETWORK, "kv-payments")[0] == "public"
    conforms(netcfg("plan", "kv-payments", *back, "--format", "json").document, "plan")


def test_a_zone_and_links_of_others_stay_when_an_endpoint_goes(hub: Program):
    ready = f"{HUB}/privateEndpoints/pe-ready"
    links = list(hub.sandbox.state["virtualNetworkLinks"])
    ran = hub("apply", "kv-private-ready", "--organization", "contoso", "--remove", ready, *ACCEPTED, "--yes")
    assert ran.status == 0
    assert connections(hub, "kv-private-ready") == []
    assert list(hub.sandbox.state["virtualNetworkLinks"]) == links
    assert resolves(hub, SPOKE, "kv-private-only") == ("private", ("10.60.1.11",))


READY = f"{HUB}/privateEndpoints/pe-ready"


def test_an_endpoint_of_another_vault_is_an_error_before_anything_is_written(hub: Program):
    ran = hub("apply", "kv-orders", "--organization", "contoso", "--remove", READY, *ACCEPTED, "--yes")
    assert ran.status == 1
    assert "the private endpoint pe-ready leads to " in said(ran.out)
    assert "which is none of the vaults of this run" in said(ran.out)
    assert hub.writes == []


def test_an_endpoint_of_another_vault_of_the_run_is_a_note(hub: Program):
    ran = hub("plan", "kv-orders", "kv-private-ready", "--organization", "contoso", "--remove", READY)
    notes = {each["name"]: each["notes"] for each in hub("plan", "kv-orders", "kv-private-ready", "--organization",
             "contoso", "--remove", READY, "--format", "json").document["vaults"]}  # fmt: skip
    note = "pe-ready leads to kv-private-ready, so nothing is removed here"
    assert (note in notes["kv-orders"], note in notes["kv-private-ready"]) == (True, False)
    assert note in said(ran.out)


def deny(netcfg: Program, action: str, scope: str) -> None:
    with netcfg.sandbox.edit() as state:
        principal = next(each for each in state["principals"].values() if each["name"] == "netcfg")
        principal["denials"].append({"scope": scope, "action": action})


def test_the_only_way_in_does_not_go_because_nobody_can_be_seen_who_uses_it(hub: Program):
    deny(hub, "*", f"{PRODUCTION}/resourceGroups/rg-dns")
    only = f"{HUB}/privateEndpoints/pe-only"
    closed = ("--geography", "EU", "--remove", only, "--public-access", "disabled")
    ran = hub("apply", "kv-private-only", *closed, "--yes")
    assert ran.status == 5
    assert "the last known way in for whoever else comes by pe-only, which cannot be known (who asks the zone" in said(
        ran.out
    )
    assert resolves(hub, SPOKE, "kv-private-only")[0] == "private"


def test_a_zone_that_is_out_of_sight_does_not_cost_the_vault(hub: Program):
    """The hub and the spoke ask a zone that this sign-in does not see, so one out of another group is chosen."""
    deny(hub, "*", f"{PRODUCTION}/resourceGroups/rg-dns")
    ran = hub("apply", "kv-orders", *FROM_SPOKE, *ACCEPTED, "--yes")
    assert ran.status == 7
    assert "vnet-hub is linked to another zone named privatelink.vaultcore.azure.net, which this sign-in does not" in (
        said(ran.out)
    )
    assert connections(hub, "kv-orders") == []
    assert made(hub)[-1] == ("DELETE", "privateEndpoints/pe-kv-orders-vnet-hub")


def test_who_may_not_read_zone_groups_learns_it_before_the_endpoint_is_made(hub: Program):
    deny(hub, "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read", f"{PRODUCTION}/resourceGroups/rg-hub")
    ran = hub("apply", "kv-payments", *FROM_AGENTS, *ACCEPTED, "--yes")
    assert ran.status == 1
    assert "may not do Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read" in said(ran.out)
    assert hub.writes == []


def test_a_vault_that_loses_its_record_between_plan_and_apply_stops_the_apply(hub: Program):
    looks: list[str] = []
    shared = f"{PRODUCTION}/resourceGroups/rg-dns/providers/Microsoft.Network/privateDnsZones/{ZONE}".lower()

    def colleague(number: int, method: str, path: str) -> None:
        if method == "GET" and path.endswith("vaults/kv-payments"):
            looks.append(path)
            if len(looks) == 2:
                with hub.sandbox.edit() as state:
                    state["recordSets"][shared].pop("kv-private-ready")

    hub.sandbox.before = colleague
    ran = hub("apply", "kv-payments", *FROM_AGENTS, *ACCEPTED, "--yes")
    hub.sandbox.before = None
    assert ran.status == 6
    assert "kv-private-ready" in said(ran.out)
    assert hub.writes == []


def test_two_vaults_leave_one_zone_in_one_run(netcfg: Program):
    many = ("--accept", "default-deny=*", "--accept", "last-path=*", "--yes")
    builds = ("--organization", "contoso", "--private-endpoint", "rg-network/vnet-agents/builds")
    assert netcfg("apply", "kv-payments", "kv-orders", *builds, *many).status == 0
    written = len(netcfg.writes)
    group = f"{PRODUCTION}/resourceGroups/rg-network/providers/Microsoft.Network/privateEndpoints"
    back = [f"--remove={group}/pe-{vault}-vnet-agents" for vault in ("kv-payments", "kv-orders")]
    assert netcfg("apply", "kv-payments", "kv-orders", "--organization", "contoso", *back, *many).status == 0
    assert made(netcfg)[written:] == [
        ("DELETE", "privateEndpoints/pe-kv-orders-vnet-agents"),
        ("DELETE", "virtualNetworkLinks/vnet-agents"),
        ("DELETE", "privateEndpoints/pe-kv-payments-vnet-agents"),
        ("DELETE", f"privateDnsZones/{ZONE}"),
    ]


def test_a_move_within_one_zone_is_the_two_commands_of_the_error(hub: Program):
    builds = ("--private-endpoint", "rg-network/vnet-agents/builds")
    at_once = hub("plan", "kv-private-ready", "--organization", "contoso", *builds, "--remove", READY)
    assert at_once.status == 1
    assert f"'netcfg apply kv-private-ready --remove {READY}'" in said(at_once.out)
    first = hub("apply", "kv-private-ready", "--organization", "contoso", "--remove", READY, *ACCEPTED, "--yes")
    assert first.status == 0
    second = hub("apply", "kv-private-ready", "--organization", "contoso", *builds, *ACCEPTED, "--yes")
    assert second.status == 0
    assert resolves(hub, SPOKE, "kv-private-ready")[0] == "private"
    assert connections(hub, "kv-private-ready") == [("pe-kv-private-ready-vnet-agents", "Approved")]


def test_nothing_private_is_asked_without_the_option(hub: Program):
    hub("plan", "kv-private-ready", "--geography", "EU")
    assert not any("rivateDns" in path or "privateEndpoints" in path for _, path, _ in hub.sandbox.requests)


def test_a_throttled_and_busy_azure_is_waited_for(tmp_path: Path):
    with serve(world="private", seed=4, faults="throttle=0.1,conflict=0.1,drop-after=0.05") as sandbox:
        ran = Program(sandbox, tmp_path)("apply", "kv-payments", *FROM_AGENTS, *ACCEPTED, "--yes")
        assert ran.status == 0


def test_the_vault_can_be_named_by_its_id(hub: Program):
    ran = hub("plan", vault_id("kv-payments"), *FROM_AGENTS, *ACCEPTED)
    assert ran.status == 3


def test_an_endpoint_that_gets_no_record_is_taken_back_before_it_hides_the_vault(hub: Program):
    deny(hub, "Microsoft.Network/privateDnsZones/join/action", f"{PRODUCTION}/resourceGroups/rg-dns")
    ran = hub("apply", "kv-payments", *FROM_SPOKE, *ACCEPTED, "--yes")
    assert ran.status == 7
    assert "the private endpoint pe-kv-payments-vnet-hub was removed again" in said(ran.out)
    assert made(hub)[-1] == ("DELETE", "privateEndpoints/pe-kv-payments-vnet-hub")
    assert connections(hub, "kv-payments") == []


def test_an_endpoint_whose_answer_was_lost_is_taken_back_like_any_other(hub: Program):
    deny(hub, "Microsoft.Network/privateDnsZones/join/action", f"{PRODUCTION}/resourceGroups/rg-dns")
    lost: list[int] = []

    def drop(number: int, method: str, path: str) -> None:
        if method == "PUT" and path.endswith("pe-kv-payments-vnet-hub") and not lost:
            lost.append(number)
            raise ConnectionError

    hub.sandbox.after = drop
    ran = hub("apply", "kv-payments", *FROM_SPOKE, *ACCEPTED, "--yes")
    hub.sandbox.after = None
    assert lost
    assert ran.status == 7
    assert connections(hub, "kv-payments") == []


def test_a_rule_for_one_subnet_saves_no_machines_in_the_others_of_its_network(tmp_path: Path):
    with serve(world={"extends": "contoso", "machine": "vnet-agents/agents"}) as sandbox:
        netcfg = Program(sandbox, tmp_path)
        job = ("apply", "kv-payments", "--organization", "contoso")
        private = ("--private-endpoint", "rg-network/vnet-agents/builds", "--accept", "default-deny")
        assert netcfg(*job, *private, "--yes").status == 0
        endpoint = next(iter(sandbox.state["privateEndpoints"].values()))["id"]
        ran = netcfg(*job, "--remove", endpoint, "--subnet", "rg-network/vnet-agents/scale-set", "--yes")
        assert ran.status == 5
        assert "the machines of vnet-agents outside scale-set" in " ".join(ran.out.split())
        assert netcfg("verify", "kv-payments", "--from-here", "--wait", "0").status == 0

"""The private way in: the endpoint, its owner's word, and the name that leads to it."""

from __future__ import annotations

from dataclasses import replace

from netcfg.core.approval import Approval
from netcfg.core.checks import register
from netcfg.core.checks.check import Case
from netcfg.core.errors import RecordUnread
from netcfg.core.intent import Intent
from netcfg.core.plan import look
from netcfg.core.private import Landscape, Record, Zone
from netcfg.core.ranges import resolve
from netcfg.core.resources import Vault
from netcfg.core.rules import DefaultAction, Firewall, NetworkRuleSet, PublicAccess
from netcfg.sources import bundled
from tests.landscapes import ZONE, address_in, connection, endpoint, link, network, subnet_of, zone_id
from tests.strategies import EUROPE, TODAY, VAULT_ID

CLOSED = Vault(VAULT_ID, Firewall(PublicAccess.DISABLED, NetworkRuleSet(default_action=DefaultAction.DENY)))
HUB, SPOKE = network("hub", "spoke"), network("spoke", "hub")
DEAF = network("lonely", dns=("10.62.0.4",))
RECORDED = Zone(
    zone_id(), (link(zone_id(), "hub"), link(zone_id(), "spoke")), (Record("kv-test", (address_in("hub"),)),)
)
READY = endpoint("pe-ready", "hub", zone_id())
APPROVED = replace(CLOSED, connections=(connection(READY.id, Approval.APPROVED),))


def seen(vault: Vault, *, zones=(RECORDED,), endpoints=(READY,), networks=(HUB, SPOKE, DEAF), agents="spoke"):
    landscape = Landscape(ZONE, networks, endpoints, zones, frozenset(), (), frozenset({"kv-test"}))
    intent = Intent(
        geographies=(EUROPE,),
        private_endpoint=subnet_of("hub"),
        subnets=(subnet_of(agents, "agents"),),
        public_access=PublicAccess.DISABLED,
    )
    known = resolve(bundled.catalogue(), intent.policy, intent.geographies)
    return look(vault, intent, known, (), (), TODAY, landscape=landscape)


def found(vault: Vault, **beside) -> list[tuple[str, str, str]]:
    """Severity, rule and the last part of the subject."""
    case = Case(seen(vault, **beside), "netcfg apply kv-test")
    return [
        (each.severity.value, each.rule, each.subject.rpartition("/")[2])
        for each in register.inspect(case, ())
        if each.vault
    ]


def test_an_endpoint_that_is_approved_and_found_is_no_finding():
    assert found(APPROVED) == []
    assert list(register.doubts(seen(APPROVED))) == []


def test_without_the_endpoint_its_record_and_zone_are_missing_too():
    assert found(CLOSED, endpoints=(), zones=()) == [
        ("error", "private-dns-missing", ZONE),
        ("error", "private-dns-missing", "hub"),
        ("error", "private-dns-missing", "spoke"),
        ("error", "private-dns-missing", "default"),
        ("error", "private-endpoint-missing", "pe-kv-test-hub"),
    ]


def test_a_network_that_asks_its_own_servers_needs_somebody_to_look():
    assert found(APPROVED, agents="lonely") == [("warning", "private-dns-missing", "lonely")]


def test_an_endpoint_that_waits_is_an_error_where_the_agents_are_to_come_by_it():
    waits = replace(CLOSED, connections=(connection(READY.id, Approval.PENDING),))
    case = Case(seen(waits), "netcfg apply kv-test")
    (finding,) = [each for each in register.inspect(case, ()) if each.rule == "private-endpoint-not-approved"]
    assert finding.severity.value == "error"
    assert finding.fix == (
        "az network private-endpoint-connection approve --id /subscriptions/0000/resourceGroups/rg/providers/"
        "Microsoft.KeyVault/vaults/kv-test/privateEndpointConnections/pe-ready"
    )


def test_somebody_elses_endpoint_is_a_warning_while_it_waits_and_a_note_when_it_was_turned_away():
    others = [endpoint(name, "lonely") for name in ("pending", "rejected", "cut")]
    states = (Approval.PENDING, Approval.REJECTED, Approval.DISCONNECTED)
    known = [connection(each.id, state) for each, state in zip(others, states, strict=True)]
    assert found(replace(APPROVED, connections=(*APPROVED.connections, *known))) == [
        ("warning", "private-endpoint-not-approved", "pending"),
        ("note", "private-endpoint-not-approved", "cut"),
        ("note", "private-endpoint-not-approved", "rejected"),
    ]


def test_records_that_may_not_be_read_leave_the_vault_undetermined():
    blind = replace(RECORDED, records=None)
    assert found(APPROVED, zones=(blind,)) == []
    assert [type(each) for each in register.doubts(seen(APPROVED, zones=(blind,)))] == [RecordUnread]

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


def seen(vault: Vault, *, zones=(RECORDED,), endpoints=(READY,), networks=(HUB, SPOKE, DEAF), agents="spoke", **meant):
    landscape = Landscape(ZONE, networks, endpoints, zones, frozenset(), (), frozenset({"kv-test"}))
    intent = Intent(
        geographies=(EUROPE,),
        private_endpoint=subnet_of("hub"),
        subnets=(subnet_of(agents, "agents"),),
        **{"public_access": PublicAccess.DISABLED, **meant},
    )
    known = resolve(bundled.catalogue(), intent.policy, intent.geographies)
    return look(vault, intent, known, (), (), TODAY, landscape=landscape)


def found(vault: Vault, **beside) -> list[tuple[str, str, str]]:
    """Severity, rule and the last part of the subject."""
    case = Case(seen(vault, **beside), ("apply", "kv-test"))
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
    """With public access off there is no other way in, and what nobody can know is no promise kept."""
    assert found(APPROVED, agents="lonely") == [("error", "private-dns-missing", "lonely")]
    opened = [each for each in found(APPROVED, agents="lonely", public_access=PublicAccess.ENABLED) if "dns" in each[1]]
    assert opened == [("warning", "private-dns-missing", "lonely")]


def test_an_endpoint_that_waits_is_an_error_where_the_agents_are_to_come_by_it():
    waits = replace(CLOSED, connections=(connection(READY.id, Approval.PENDING),))
    case = Case(seen(waits), ("apply", "kv-test"))
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


def test_two_endpoints_that_share_a_zone_leave_one_network_without_a_way():
    """The record is that of the endpoint which was written last; no apply of this vault would win it back for good."""
    other = endpoint("pe-other", "lonely", zone_id())
    shared = replace(RECORDED, records=(Record("kv-test", (address_in("lonely"),)),))
    both = replace(APPROVED, connections=(*APPROVED.connections, connection(other.id, Approval.APPROVED)))
    beside = {"zones": (shared,), "endpoints": (READY, other)}
    assert found(both, **beside) == [
        ("error", "private-dns-missing", "hub"),
        ("error", "private-dns-missing", "spoke"),
        ("note", "foreign-private-endpoint", "pe-other"),
    ]
    case = Case(seen(both, **beside), ("apply", "kv-test"))
    assert case.seen.desired.way.additions == ()
    (message, _) = [each.message for each in register.inspect(case, ()) if each.rule == "private-dns-missing"]
    assert "sends it to 10.62.0.4, which it is not seen to reach" in message
    assert "two endpoints share one zone" in message


def test_an_endpoint_that_nobody_asked_for_is_a_note_and_a_warning_where_the_vault_is_exclusive():
    other = endpoint("pe-shop", "lonely")
    both = replace(APPROVED, connections=(*APPROVED.connections, connection(other.id, Approval.APPROVED)))
    assert found(both) == [("note", "foreign-private-endpoint", "pe-shop")]
    assert found(both, exclusive=True) == [("warning", "foreign-private-endpoint", "pe-shop")]
    assert fix_of("foreign-private-endpoint", both) == (
        "az network private-endpoint-connection delete --id /subscriptions/0000/resourceGroups/rg/providers/"
        "Microsoft.KeyVault/vaults/kv-test/privateEndpointConnections/pe-shop --yes"
    )
    assert fix_of("foreign-private-endpoint", both, endpoints=(READY, other)) == (
        f"netcfg apply kv-test --remove {other.id}"
    )
    beside = endpoint("pe-beside", "hub")  # a removal in the network that is asked for would contradict itself
    near = replace(APPROVED, connections=(*APPROVED.connections, connection(beside.id, Approval.APPROVED)))
    assert fix_of("foreign-private-endpoint", near, endpoints=(READY, beside)).startswith("az network ")


def test_one_that_was_asked_to_go_is_not_said_twice():
    other = endpoint("pe-shop", "lonely")
    both = replace(APPROVED, connections=(*APPROVED.connections, connection(other.id, Approval.APPROVED)))
    assert found(both, endpoints=(READY, other), remove_endpoints=(other.id,)) == [
        ("error", "removal-pending", "pe-shop")
    ]


def test_what_an_apply_leaves_until_the_approval_is_mended_by_the_approval_first():
    waits = replace(
        CLOSED,
        firewall=Firewall(PublicAccess.ENABLED, CLOSED.firewall.rule_set),
        connections=(connection(READY.id, Approval.PENDING),),
    )
    approve = fix_of("private-endpoint-not-approved", waits, public_access=None)
    assert approve.startswith("az network private-endpoint-connection approve --id ")
    assert fix_of("published-range-missing", waits, public_access=None) == f"{approve} && netcfg apply kv-test"


def test_the_private_way_in_opens_no_public_one():
    assert fix_of("private-endpoint-missing", CLOSED, endpoints=(), zones=(), public_access=None) == (
        "netcfg apply kv-test --public-access disabled"
    )


def fix_of(rule: str, vault: Vault, **beside) -> str:
    case = Case(seen(vault, **beside), ("apply", "kv-test"))
    return next(each.fix for each in register.inspect(case, ()) if each.rule == rule)

"""The private way in: laws for every landscape, then the cases by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netcfg.core.approval import Approval, PieceId
from netcfg.core.errors import (
    BothWanted,
    EndpointOfAnother,
    NetcfgError,
    NotInAzure,
    RecordElsewhere,
    RecordInTheWay,
    TooManyEndpoints,
    TooManyZones,
    ZoneUnread,
)
from netcfg.core.guards import GUARDS, Acceptance
from netcfg.core.intent import Intent
from netcfg.core.plan import Action, Kind, Plan, draw, look
from netcfg.core.private import (
    Landscape,
    NewEndpoint,
    NewLink,
    NewRecord,
    NewZone,
    OldPiece,
    PieceKind,
    Record,
    Zone,
    ZoneGroup,
)
from netcfg.core.ranges import resolve
from netcfg.core.resources import Vault, VaultId, parse_vault
from netcfg.core.rules import DefaultAction, Firewall, NetworkRuleSet, Perimeter, PublicAccess, VirtualNetworkRule
from netcfg.core.way import Way, fit_way
from netcfg.sources import bundled
from tests.landscapes import (
    NAMES,
    ZONE,
    address_in,
    connection,
    endpoint,
    endpoint_id,
    follow,
    landscapes,
    link,
    network,
    network_id,
    resolves,
    subnet_of,
    zone_id,
)
from tests.strategies import EUROPE, VAULT_ID

OPEN = Firewall(PublicAccess.ENABLED, NetworkRuleSet())
CLOSED = Firewall(PublicAccess.ENABLED, NetworkRuleSet(default_action=DefaultAction.DENY))
KV = Vault(VAULT_ID, CLOSED)
HUB = network("hub", "spoke")
SPOKE = network("spoke", "hub")
LONELY = network("lonely")
PRIVATELY = Intent(geographies=(EUROPE,), private_endpoint=subnet_of("hub"), subnets=(subnet_of("spoke", "agents"),))
ACCEPT_ALL = [Acceptance(guard) for guard in GUARDS if guard != "perimeter"]
SHARED = Zone(zone_id("rg-dns"), (link(zone_id("rg-dns"), "hub"),), records=())


def landscape(*zones: Zone, endpoints=(), networks=(HUB, SPOKE, LONELY), hideable=(), unreadable=()) -> Landscape:
    return Landscape(ZONE, networks, tuple(endpoints), zones, frozenset(hideable), unreadable, frozenset({"kv-test"}))


def planned(vault: Vault, seen: Landscape, intent: Intent = PRIVATELY) -> Plan:
    resolution = resolve(bundled.catalogue(), intent.policy, intent.geographies, canary=False)
    return draw(look(vault, intent, resolution, (), (), date(2026, 7, 1), landscape=seen), ACCEPT_ALL)


def possible(vault: Vault, seen: Landscape, intent: Intent) -> Way:
    try:
        return fit_way(vault, intent, seen)
    except NetcfgError:
        assume(False)
        raise


def guard(plan: Plan, name: str) -> str | None:
    return next((each.message for each in plan.guards if each.id == name), None)


subnets = st.sampled_from(NAMES).map(subnet_of)
private_intents = st.builds(
    lambda home, agents: Intent(geographies=(EUROPE,), private_endpoint=home, subnets=tuple(agents)),
    subnets,
    st.lists(subnets, max_size=3),
)
removals = st.lists(st.sampled_from(["pe-kv-test-hub", "theirs", "nobody"]), min_size=1, unique=True).map(
    lambda names: Intent(geographies=(EUROPE,), remove_endpoints=tuple(map(endpoint_id, names)))
)


def carried_out(vault: Vault, seen: Landscape, way: Way) -> list[tuple[Landscape, Vault]]:
    """The landscape before, between and after all pieces."""
    moments = [(seen, vault)]
    for piece in (*way.additions, *way.removals):
        moments.append(follow(*moments[-1], piece))
    return moments


@given(landscapes(), private_intents)
def test_a_second_plan_adds_nothing(world, intent):
    seen, connections = world
    vault = replace(KV, connections=connections)
    seen_after, vault_after = carried_out(vault, seen, possible(vault, seen, intent))[-1]
    assert possible(vault_after, seen_after, intent).additions == ()


@given(landscapes(), private_intents)
def test_no_link_comes_before_the_record_that_it_leads_to(world, intent):
    seen, connections = world
    vault = replace(KV, connections=connections)
    kinds = [type(each) for each in possible(vault, seen, intent).additions]
    assert kinds == sorted(kinds, key=[NewEndpoint, NewZone, NewRecord, NewLink].index)


@given(landscapes(), private_intents)
def test_whoever_finds_the_vault_still_does_at_every_moment_unless_the_guard_says_so(world, intent):
    """Where a zone is asked already, its record comes right after the endpoint; that gap is what remains."""
    seen, connections = world
    vault = replace(KV, connections=connections)
    way = possible(vault, seen, intent)
    assume(way.approval in (None, Approval.APPROVED))
    plan = planned(vault, seen, intent)
    moments = carried_out(vault, seen, way)
    for name in map(network_id, NAMES):
        asks = seen.zone_of(name)
        before = resolves(*moments[0], name)
        for moment in moments[1:]:
            if resolves(*moment, name) == "hidden" and before != "hidden":
                gap = asks is not None and asks.id == way.zone and resolves(*moments[-1], name) == "private"
                assert gap or guard(plan, "private-dns") is not None


@given(landscapes(shares_zones=True), st.one_of(private_intents, removals))
def test_whoever_is_said_to_come_privately_is_sent_to_an_address_that_it_reaches(world, intent):
    """Whatever a zone group names: the record may be that of another endpoint, which was written after it."""
    seen, connections = world
    vault = replace(KV, connections=connections)
    way = possible(vault, seen, intent)
    assume(way.approval in (None, Approval.APPROVED))
    later, _ = carried_out(vault, seen, way)[-1]
    for networks, moment in ((way.before, seen), (way.after, later)):
        for each in networks:
            network, zone = moment.network(each), moment.zone_of(each)
            assert network is not None
            assert zone is not None
            record = zone.record_of("kv-test")
            assert record is not None
            assert all(map(network.reaches, record.addresses))


@given(landscapes(shares_zones=True), private_intents)
def test_a_record_of_another_endpoint_makes_no_plan_that_never_ends(world, intent):
    seen, connections = world
    vault = replace(KV, connections=connections)
    seen_after, vault_after = carried_out(vault, seen, possible(vault, seen, intent))[-1]
    assert possible(vault_after, seen_after, intent).additions == ()


@given(landscapes(), private_intents)
def test_nothing_that_is_there_is_changed(world, intent):
    seen, connections = world
    way = possible(replace(KV, connections=connections), seen, intent)
    there = {each.id for each in (*seen.zones, *seen.endpoints)} | {one.id for each in seen.zones for one in each.links}
    assert not {each.id for each in way.additions} & there
    assert way.removals == ()


@given(landscapes(), removals)
def test_only_what_was_named_goes_and_with_it_only_what_is_ours_and_useless(world, intent):
    seen, connections = world
    vault = replace(KV, connections=connections)
    way = fit_way(vault, intent, seen)
    for piece in way.removals:
        match piece.kind:
            case PieceKind.ENDPOINT:
                assert piece.id in intent.remove_endpoints
            case PieceKind.RECORD:
                assert piece.id.parent in intent.remove_endpoints
            case PieceKind.LINK | PieceKind.ZONE:
                zone = seen.zone(piece.id.parent if piece.kind is PieceKind.LINK else piece.id)
                assert {each.name for each in zone.records} <= {"kv-test"}
                ours = [each for each in (zone, *zone.links) if each.id == piece.id]
                assert [each.is_ours for each in ours] == [True]


@given(landscapes(), removals)
def test_no_network_loses_sight_of_the_vault_by_a_removal_unless_the_guard_says_so(world, intent):
    seen, connections = world
    vault = replace(KV, connections=connections)
    moments = carried_out(vault, seen, fit_way(vault, intent, seen))
    for name in map(network_id, NAMES):
        before = resolves(*moments[0], name)
        if before != "hidden" and "hidden" in [resolves(*moment, name) for moment in moments]:
            assert guard(planned(vault, seen, intent), "private-dns") is not None


@given(landscapes(), removals)
def test_a_removal_can_be_carried_out_and_leaves_nothing_to_remove(world, intent):
    seen, connections = world
    vault = replace(KV, connections=connections)
    seen_after, vault_after = carried_out(vault, seen, fit_way(vault, intent, seen))[-1]
    assert fit_way(vault_after, intent, seen_after).removals == ()


@given(landscapes(), private_intents, st.sampled_from([OPEN, CLOSED]))
def test_who_comes_privately_gets_no_rule_and_no_service_endpoint(world, intent, firewall):
    seen, connections = world
    try:
        plan = planned(replace(KV, firewall=firewall, connections=connections), seen, intent)
    except NetcfgError:
        assume(False)
        raise
    assert Kind.VIRTUAL_NETWORK_RULE not in {each.kind for each in plan.changes}
    assert Kind.SERVICE_ENDPOINT not in {each.kind for each in plan.changes}


def test_from_nothing_to_an_endpoint_a_zone_a_record_and_links():
    way = fit_way(KV, PRIVATELY, landscape())
    group = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Network"
    assert [str(each.id) for each in way.additions] == [
        f"{group}/privateEndpoints/pe-kv-test-hub",
        f"{group}/privateDnsZones/privatelink.vaultcore.azure.net",
        f"{group}/privateEndpoints/pe-kv-test-hub/privateDnsZoneGroups/default",
        f"{group}/privateDnsZones/privatelink.vaultcore.azure.net/virtualNetworkLinks/hub",
        f"{group}/privateDnsZones/privatelink.vaultcore.azure.net/virtualNetworkLinks/spoke",
    ]
    assert way.additions[0] == NewEndpoint(endpoint_id("pe-kv-test-hub"), VAULT_ID, subnet_of("hub"), "westeurope")


def test_the_changes_say_what_comes_in_that_order():
    changes = [each for each in planned(KV, landscape()).changes if each.piece]
    assert [(each.action, each.kind.value) for each in changes] == [
        (Action.ADD, "private-endpoint"),
        (Action.ADD, "private-dns-zone"),
        (Action.ADD, "private-dns-zone-group"),
        (Action.ADD, "virtual-network-link"),
        (Action.ADD, "virtual-network-link"),
    ]


def test_an_endpoint_under_another_name_in_another_subnet_is_used():
    found = replace(endpoint("somebodys", "hub", SHARED.id), subnet=subnet_of("hub", "agents"))
    zone = replace(SHARED, records=(Record("kv-test", (address_in("hub"),)),))
    vault = replace(KV, connections=(connection(found.id, Approval.APPROVED),))
    way = fit_way(vault, PRIVATELY, landscape(zone, endpoints=[found]))
    assert way.endpoint == found.id
    assert [type(each) for each in way.additions] == [NewLink]
    assert "the private endpoint somebodys in hub/agents is used, which is there already" in way.notes


def test_an_approved_endpoint_is_preferred_to_one_that_waits():
    waiting, approved = endpoint("a-waiting", "hub"), endpoint("b-approved", "hub")
    states = ((waiting, Approval.PENDING), (approved, Approval.APPROVED))
    vault = replace(KV, connections=tuple(connection(each.id, state) for each, state in states))
    assert fit_way(vault, PRIVATELY, landscape(endpoints=[waiting, approved])).endpoint == approved.id


def test_an_endpoint_in_another_network_is_not_the_one_that_was_asked_for():
    found = endpoint("theirs", "lonely")
    vault = replace(KV, connections=(connection(found.id, Approval.APPROVED),))
    way = fit_way(vault, PRIVATELY, landscape(endpoints=[found]))
    assert way.endpoint == endpoint_id("pe-kv-test-hub")


def test_a_name_that_something_else_has_is_not_taken():
    hub = network("hub", "spoke", endpoints=frozenset({endpoint_id("pe-kv-test-hub")}))
    way = fit_way(KV, PRIVATELY, landscape(networks=(hub, SPOKE)))
    assert way.endpoint == endpoint_id("pe-kv-test-hub-881224")


def test_a_name_that_would_be_too_long_is_cut_and_marked():
    name = "n" * 64
    id = VaultId(VAULT_ID.text, "0000", "rg", "kv-test")
    long = replace(HUB, id=PieceId(network_id("hub").text[:-3] + name))
    long = replace(long, subnets=frozenset({replace_network(subnet_of("hub"), name)}))
    intent = Intent(geographies=(EUROPE,), private_endpoint=replace_network(subnet_of("hub"), name))
    vault = Vault(replace_name(id, "k" * 24), CLOSED)
    way = fit_way(vault, intent, landscape(networks=(long,)))
    assert len(way.endpoint.name) == 80
    assert way.endpoint.name.startswith("pe-" + "k" * 24 + "-nnn")


def replace_network(subnet, name):
    from netcfg.core.resources import parse_subnet

    return parse_subnet(subnet.text.replace("/hub/", f"/{name}/"))


def replace_name(id, name):
    found = parse_vault(id.text.replace("kv-test", name))
    assert isinstance(found, VaultId)
    return found


@pytest.mark.parametrize(
    ("zones", "chosen"),
    [
        ([zone_id("rg"), zone_id("elsewhere")], "rg"),
        ([zone_id("b"), zone_id("a")], "a"),
    ],
)
def test_the_nearest_zone_is_used(zones, chosen):
    way = fit_way(KV, PRIVATELY, landscape(*(Zone(each, records=()) for each in zones)))
    assert way.zone == zone_id(chosen)
    assert not any(isinstance(each, NewZone) for each in way.additions)


def test_the_zone_that_a_network_asks_comes_before_a_nearer_one():
    near = Zone(zone_id("rg"), records=())
    assert fit_way(KV, PRIVATELY, landscape(near, SHARED)).zone == SHARED.id


def test_where_several_zones_would_do_a_note_names_the_chosen_one():
    zones = (Zone(zone_id("b"), records=()), Zone(zone_id("a"), records=()))
    notes = fit_way(KV, PRIVATELY, landscape(*zones)).notes
    assert any(f"several zones are named {ZONE}: {zone_id('a')} is used" in each for each in notes)


def test_a_network_that_asks_another_zone_is_named_and_left():
    other = Zone(zone_id("other"), (link(zone_id("other"), "spoke"),), records=())
    way = fit_way(KV, PRIVATELY, landscape(SHARED, other))
    assert way.links == ()
    assert any("spoke is linked to another zone of that name" in each for each in way.notes)
    assert network_id("spoke") not in way.after


def test_a_network_with_its_own_dns_servers_is_named_and_left():
    own = network("spoke", "hub", dns=("10.0.0.4",))
    way = fit_way(KV, PRIVATELY, landscape(SHARED, networks=(HUB, own)))
    assert way.links == ()
    assert any("spoke asks its own DNS servers (10.0.0.4) and is not linked" in each for each in way.notes)


def test_a_link_whose_name_is_taken_gets_a_mark():
    taken = replace(SHARED, links=(*SHARED.links, link(SHARED.id, "lonely", "spoke")))
    links = fit_way(KV, PRIVATELY, landscape(taken)).links
    assert [each.id.name for each in links] == ["spoke-c15189"]


def test_the_guard_names_the_vaults_that_a_link_would_hide():
    zone = replace(SHARED, records=(Record("kv-known", (address_in("hub"),)),))
    message = guard(planned(KV, landscape(zone, hideable=["kv-known", "kv-test", "kv-lost"])), "private-dns")
    assert message.startswith(
        "linking spoke to privatelink.vaultcore.azure.net hides vaults that have private endpoints and no record "
        "there: kv-lost; "
    )


def test_the_guard_is_silent_where_every_vault_has_its_record():
    zone = replace(SHARED, records=(Record("kv-known", (address_in("hub"),)),))
    assert guard(planned(KV, landscape(zone, hideable=["kv-known"])), "private-dns") is None


def test_a_companion_gets_its_record_in_the_same_run_and_is_not_hidden():
    seen = replace(landscape(SHARED, hideable=["kv-two"]), companions=frozenset({"kv-test", "kv-two"}))
    assert guard(planned(KV, seen), "private-dns") is None


def test_the_guard_says_that_a_network_is_sent_to_addresses_that_it_does_not_reach():
    zone = replace(SHARED, records=(Record("kv-far", (address_in("lonely"),)),))
    message = guard(planned(KV, landscape(zone)), "private-dns")
    assert message.startswith("spoke would be sent to private addresses that it is not known to reach, for kv-far")


def test_the_guard_says_that_a_network_would_be_sent_to_another_endpoint_that_it_does_not_reach():
    """Both name the zone, and the record is that of the one which was written last."""
    mine, other = endpoint("mine", "hub", zone_id()), endpoint("other", "lonely", zone_id())
    zone = Zone(zone_id(), (link(zone_id(), "hub"),), (Record("kv-test", (address_in("lonely"),)),))
    connections = tuple(connection(each.id, Approval.APPROVED) for each in (mine, other))
    vault = replace(KV, connections=connections)
    plan = planned(vault, landscape(zone, endpoints=(mine, other)))
    assert [each.network for each in plan.desired.way.links] == [network_id("spoke")]
    assert plan.desired.way.after == frozenset()
    assert guard(plan, "private-dns") == (
        "spoke would be sent to private addresses that it is not known to reach, for kv-test, which "
        f"{ZONE} has records of"
    )
    assert (
        "spoke is sent to 10.62.0.4 by privatelink.vaultcore.azure.net, which is not known to lead here"
        in plan.desired.notes
    )


def test_the_guard_says_that_a_network_is_not_peered():
    intent = replace(PRIVATELY, subnets=(subnet_of("lonely", "agents"),))
    message = guard(planned(KV, landscape(SHARED), intent), "private-dns")
    assert message == (
        "lonely is not peered with hub, so it would be sent to a private address of kv-test that it may not reach"
    )


def test_the_first_endpoint_hides_the_vault_from_whoever_asks_another_zone():
    other = Zone(zone_id("other"), (link(zone_id("other"), "lonely"),), records=())
    assert (
        "kv-test is hidden from networks that are linked to zones of that name which have no record of it: lonely"
        in (guard(planned(KV, landscape(SHARED, other)), "private-dns"))
    )
    redirecting = replace(other, links=(link(zone_id("other"), "lonely", redirects=True),))
    assert guard(planned(KV, landscape(SHARED, redirecting)), "private-dns") is None


def test_subscriptions_that_could_not_be_seen_may_hold_zones_and_vaults():
    message = guard(planned(KV, landscape(SHARED, unreadable=("finance",))), "private-dns")
    assert message.startswith(
        "not everything in finance could be seen: zones named privatelink.vaultcore.azure.net may be there"
    )


def test_what_cannot_be_seen_is_of_no_interest_where_nothing_is_linked_and_no_endpoint_is_the_first():
    found = endpoint("theirs", "hub", SHARED.id)
    zone = replace(
        SHARED,
        links=(link(SHARED.id, "hub"), link(SHARED.id, "spoke")),
        records=(Record("kv-test", (address_in("hub"),)),),
    )
    vault = replace(KV, connections=(connection(found.id, Approval.APPROVED),))
    plan = planned(vault, landscape(zone, endpoints=[found], unreadable=("finance",)))
    assert guard(plan, "private-dns") is None


def waiting(approval: Approval, *zones: PieceId) -> tuple[Vault, Landscape]:
    """An endpoint in the hub that its vault's owner has not approved, and a zone that the hub and the spoke ask."""
    found = endpoint("theirs", "hub", *zones)
    zone = replace(SHARED, links=(link(SHARED.id, "hub"), link(SHARED.id, "spoke")))
    return replace(KV, connections=(connection(found.id, approval),)), landscape(zone, endpoints=[found])


@pytest.mark.parametrize("approval", [Approval.PENDING, Approval.REJECTED])
def test_an_approval_that_is_missing_is_a_change_of_the_owners(approval):
    vault, seen = waiting(approval, SHARED.id)
    (change,) = (each for each in planned(vault, seen).changes if each.piece)
    assert (change.action, change.kind, change.was, change.value) == (
        Action.SET, Kind.PRIVATE_ENDPOINT, approval.value, "Approved",
    )  # fmt: skip
    assert change.piece.command == f"az network private-endpoint-connection approve --id {vault.connections[0].id}"


def test_an_approval_that_comes_before_the_record_can_is_a_danger():
    """No zone group names the zone that the networks ask, and none may: it is full of others."""
    vault, seen = waiting(Approval.PENDING, SHARED.id)
    assert guard(planned(vault, seen), "private-dns") is None
    other = zone_id("other")
    vault, seen = waiting(Approval.PENDING, other)
    message = guard(planned(vault, replace(seen, zones=(*seen.zones, Zone(other, records=())))), "private-dns")
    assert "have no record of it: hub, spoke; " in message


def test_a_record_that_azure_did_not_write_at_the_approval_is_asked_for_again():
    vault, seen = waiting(Approval.APPROVED, SHARED.id)
    (record,) = fit_way(vault, PRIVATELY, seen).additions
    assert record == NewRecord(seen.endpoints[0].zone_group.id, SHARED.id, "kv-test")


def test_an_accepted_guard_covers_those_whom_it_was_about_and_nobody_else():
    shown = planned(KV, landscape(SHARED, hideable=["kv-a", "kv-b"]))
    fewer = planned(KV, landscape(SHARED, hideable=["kv-b"]))
    others = planned(KV, landscape(SHARED, hideable=["kv-b", "kv-c"]))
    assert shown.what_moved(fewer) == ()
    (moved,) = shown.what_moved(others)
    assert moved.startswith("the guard private-dns says now: linking spoke to ")


def test_whom_a_long_message_leaves_out_was_accepted_too():
    many = [f"kv-{number}" for number in range(20)]
    shown = planned(KV, landscape(SHARED, hideable=many))
    assert "and 15 more" in guard(shown, "private-dns")
    assert shown.what_moved(planned(KV, landscape(SHARED, hideable=many[3:]))) == ()


def test_a_record_that_leads_elsewhere_is_not_overwritten():
    zone = replace(SHARED, records=(Record("kv-test", (address_in("lonely"),)),))
    with pytest.raises(RecordElsewhere, match=r"which leads to 10\.62\.0\.4"):
        fit_way(KV, PRIVATELY, landscape(zone))


def test_a_record_that_somebody_keeps_by_hand_is_enough():
    found = endpoint("theirs", "hub")
    zone = replace(SHARED, records=(Record("kv-test", (address_in("hub"),)),))
    vault = replace(KV, connections=(connection(found.id, Approval.APPROVED),))
    way = fit_way(vault, PRIVATELY, landscape(zone, endpoints=[found]))
    assert [type(each) for each in way.additions] == [NewLink]


def test_a_zone_whose_records_nobody_may_read_gets_nothing():
    with pytest.raises(ZoneUnread):
        fit_way(KV, PRIVATELY, landscape(replace(SHARED, records=None)))


def test_a_vault_that_is_full_and_a_zone_group_that_is_full_are_errors():
    many = tuple(connection(endpoint_id(f"pe-{number}"), Approval.APPROVED) for number in range(64))
    with pytest.raises(TooManyEndpoints, match="64 private endpoints"):
        fit_way(replace(KV, connections=many), PRIVATELY, landscape(SHARED))
    full = endpoint("theirs", "hub")
    group = ZoneGroup(full.id.child("privateDnsZoneGroups", "x"), tuple(PieceId(f"/a/b/{n}.net") for n in range(5)))
    vault = replace(KV, connections=(connection(full.id, Approval.APPROVED),))
    with pytest.raises(TooManyZones, match="5 zones"):
        fit_way(vault, PRIVATELY, landscape(SHARED, endpoints=[replace(full, zone_group=group)]))


def test_a_zone_group_of_other_zones_grows():
    found = replace(endpoint("theirs", "hub", PieceId("/a/b/privatelink.blob.net")), addresses=())
    vault = replace(KV, connections=(connection(found.id, Approval.APPROVED),))
    records = [
        each
        for each in fit_way(vault, PRIVATELY, landscape(SHARED, endpoints=[found])).additions
        if isinstance(each, NewRecord)
    ]
    assert records == [NewRecord(found.zone_group.id, SHARED.id, "kv-test")]


def test_a_subnet_that_is_not_there_is_an_error():
    with pytest.raises(NotInAzure, match="subnets/gone"):
        fit_way(KV, replace(PRIVATELY, private_endpoint=subnet_of("hub", "gone")), landscape(SHARED))


def test_removing_the_endpoint_that_is_asked_for_is_a_contradiction():
    found = endpoint("theirs", "hub")
    vault = replace(KV, connections=(connection(found.id, Approval.APPROVED),))
    with pytest.raises(BothWanted):
        fit_way(vault, replace(PRIVATELY, remove_endpoints=(found.id,)), landscape(endpoints=[found]))


def removed(zone: Zone, *, others=(), agents=()) -> tuple[Vault, Landscape, Intent]:
    """A vault with an approved endpoint in the hub and its record in `zone`, which is to be taken down."""
    found = endpoint("pe", "hub", zone.id, is_ours=True)
    recorded = replace(zone, records=(Record("kv-test", (address_in("hub"),)), *(zone.records or ())))
    vault = replace(KV, connections=(connection(found.id, Approval.APPROVED), *others))
    intent = Intent(geographies=(EUROPE,), subnets=tuple(agents), remove_endpoints=(found.id,))
    return vault, landscape(recorded, endpoints=[found]), intent


def test_what_was_made_for_the_endpoint_goes_with_it():
    ours = Zone(zone_id(), (link(zone_id(), "hub", is_ours=True),), (), is_ours=True)
    vault, seen, intent = removed(ours)
    assert fit_way(vault, intent, seen).removals == (
        OldPiece(PieceKind.LINK, ours.links[0].id),
        OldPiece(PieceKind.ENDPOINT, endpoint_id("pe")),
        OldPiece(PieceKind.RECORD, endpoint_id("pe").child("privateDnsZoneGroups", "somebodys")),
        OldPiece(PieceKind.ZONE, ours.id),
    )


@pytest.mark.parametrize(
    ("zone", "why"),
    [
        (Zone(zone_id(), (link(zone_id(), "hub"),), (), is_ours=True), "somebody else's link to it is left"),
        (Zone(zone_id(), (link(zone_id(), "hub", is_ours=True),), ()), "netcfg did not make it"),
        (
            Zone(zone_id(), (link(zone_id(), "hub", is_ours=True),), (Record("kv-two"),), is_ours=True),
            "it holds other records, or may be needed for them",
        ),
    ],
)
def test_a_zone_that_others_need_stays_and_a_note_says_why(zone, why):
    vault, seen, intent = removed(zone)
    way = fit_way(vault, intent, seen)
    assert PieceKind.ZONE not in {each.kind for each in way.removals}
    assert any(why in each for each in way.notes)


def test_removing_the_last_endpoint_is_guarded_for_those_who_come_by_it():
    zone = Zone(zone_id(), (link(zone_id(), "hub"), link(zone_id(), "spoke")), ())
    vault, seen, intent = removed(zone)
    message = guard(planned(vault, seen, intent), "last-path")
    assert message == (
        "this closes the last known way in for the machines of hub, spoke, which come by a private endpoint"
    )


OWN_DNS = network("spoke", "hub", dns=("10.0.0.4",))
DOUBTS = [
    ({"networks": (HUB, OWN_DNS)}, "spoke asks DNS servers of its own"),
    ({"networks": (HUB,)}, "spoke could not be read"),
    ({"networks": (SPOKE,)}, "hub could not be read"),
    ({"zones": ()}, f"who asks the zone {zone_id()} could not be read"),
    ({"zones": (Zone(zone_id()),)}, f"who asks the zone {zone_id()} could not be read"),
    ({"unreadable": ("finance",)}, "not everything in finance could be seen"),
]


@pytest.mark.parametrize(("change", "doubt"), DOUBTS)
def test_whoever_may_come_by_an_endpoint_and_is_not_seen_loses_the_last_way_in(change, doubt):
    vault, seen, intent = removed(Zone(zone_id(), (link(zone_id(), "spoke"),), ()))
    message = guard(planned(vault, replace(seen, **change), intent), "last-path")
    assert f"whoever else comes by pe, which cannot be known ({doubt})" in message


@pytest.mark.parametrize(("change", "doubt"), DOUBTS)
def test_an_endpoint_that_was_never_approved_let_nobody_in(change, doubt):
    vault, seen, intent = removed(Zone(zone_id(), (link(zone_id(), "spoke"),), ()))
    vault = replace(vault, connections=(connection(endpoint_id("pe"), Approval.PENDING),))
    assert guard(planned(vault, replace(seen, **change), intent), "last-path") is None


def test_a_vault_that_stays_open_keeps_everybodys_way_in():
    vault, seen, intent = removed(Zone(zone_id(), (link(zone_id(), "spoke"),), ()))
    seen = replace(seen, unreadable=("finance",))
    plan = planned(replace(vault, firewall=OPEN), seen, replace(intent, keep_default_action=True))
    assert guard(plan, "last-path") is None


def test_a_zone_with_records_of_other_kinds_stays():
    ours = Zone(zone_id(), (link(zone_id(), "hub", is_ours=True),), (), is_ours=True)
    for others in (1, None):
        vault, seen, intent = removed(replace(ours, others=others))
        kinds = {each.kind for each in fit_way(vault, intent, seen).removals}
        assert kinds == {PieceKind.RECORD, PieceKind.ENDPOINT}


def test_a_zone_of_two_vaults_goes_with_the_last_one_and_once():
    ours = Zone(zone_id(), (link(zone_id(), "hub", is_ours=True),), (), is_ours=True)
    vault, seen, intent = removed(ours)
    second = vault_named("kv-two")
    other = replace(endpoint("pe-two", "hub", zone_id()), vault=PieceId(second.text))
    zone = replace(seen.zones[0], records=(*seen.zones[0].records, Record("kv-two", (address_in("hub"),))))
    seen = replace(seen, zones=(zone,), endpoints=(*seen.endpoints, other), companions=frozenset({"kv-test", "kv-two"}))
    alone = fit_way(vault, intent, seen)
    assert {each.kind for each in alone.removals} == {PieceKind.RECORD, PieceKind.ENDPOINT}
    both = replace(intent, remove_endpoints=(endpoint_id("pe"), other.id))
    first = fit_way(vault, both, seen)
    last = fit_way(Vault(second, CLOSED, connections=(connection(other.id, Approval.APPROVED),)), both, seen)
    assert {each.kind for each in first.removals} == {PieceKind.RECORD, PieceKind.ENDPOINT}
    assert f"the zone {zone_id()} goes with the last of these vaults" in first.notes
    assert [each.kind for each in last.removals] == [
        PieceKind.LINK, PieceKind.ENDPOINT, PieceKind.RECORD, PieceKind.ZONE,
    ]  # fmt: skip


def vault_named(name: str) -> VaultId:
    return replace_name(VAULT_ID, name)


def test_a_move_within_one_zone_takes_two_commands_which_the_error_names():
    vault, seen, intent = removed(Zone(zone_id(), (link(zone_id(), "hub"),), ()))
    moving = replace(intent, private_endpoint=subnet_of("lonely"))
    with pytest.raises(RecordInTheWay) as raised:
        fit_way(vault, moving, seen)
    assert f"'netcfg apply kv-test --remove {endpoint_id('pe')}'" in str(raised.value)
    assert f"'netcfg apply kv-test --private-endpoint {subnet_of('lonely')}'" in str(raised.value)


def test_agents_who_get_a_rule_instead_lose_nothing():
    zone = Zone(zone_id(), (link(zone_id(), "spoke"),), ())
    vault, seen, intent = removed(zone, agents=[subnet_of("spoke", "agents"), subnet_of("spoke", "endpoints")])
    assert guard(planned(vault, seen, intent), "last-path") is None


def test_a_rule_for_one_subnet_saves_nobody_in_the_others_of_its_network():
    zone = Zone(zone_id(), (link(zone_id(), "spoke"),), ())
    vault, seen, intent = removed(zone, agents=[subnet_of("spoke", "agents")])
    assert guard(planned(vault, seen, intent), "last-path") == (
        "this closes the last known way in for the machines of spoke outside agents, which come by a private endpoint"
    )


def test_agents_without_a_rule_lose_their_last_way_in():
    zone = Zone(zone_id(), (link(zone_id(), "spoke"),), ())
    vault, seen, intent = removed(zone, agents=[subnet_of("spoke", "agents"), subnet_of("spoke", "endpoints")])
    closing = replace(intent, public_access=PublicAccess.DISABLED)
    disabled = replace(vault, firewall=replace(CLOSED, public_access=PublicAccess.DISABLED))
    message = guard(planned(disabled, seen, closing), "last-path")
    assert message == (
        "this closes the last known way in for the agents' subnet spoke/agents, the agents' subnet spoke/endpoints"
    )


def test_a_vault_that_keeps_another_endpoint_is_hidden_where_its_record_was():
    zone = Zone(zone_id(), (link(zone_id(), "spoke"),), ())
    vault, seen, intent = removed(zone, others=[connection(endpoint_id("elsewhere"), Approval.APPROVED)])
    message = guard(planned(vault, seen, intent), "private-dns")
    assert message.startswith("as long as kv-test has another private endpoint, it is hidden from spoke: ")


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_zone_that_another_endpoint_of_the_vault_may_need_stays(is_seen):
    zone = Zone(zone_id(), (link(zone_id(), "hub", is_ours=True),), (), is_ours=True)
    other = endpoint("other", "spoke", zone.id)
    vault, seen, intent = removed(zone, others=[connection(other.id, Approval.APPROVED)])
    seen = replace(seen, endpoints=(*seen.endpoints, other)) if is_seen else seen
    kinds = {each.kind for each in fit_way(vault, intent, seen).removals}
    assert kinds == {PieceKind.RECORD, PieceKind.ENDPOINT}


def test_agents_who_come_by_another_endpoint_and_zone_already_lose_nothing():
    """One zone for each network is a common way to have several endpoints for one vault."""
    other_zone = Zone(
        zone_id("other"), (link(zone_id("other"), "lonely"),), (Record("kv-test", (address_in("lonely"),)),)
    )
    other = endpoint("theirs", "lonely", other_zone.id)
    vault = replace(KV, connections=(connection(other.id, Approval.APPROVED),))
    way = fit_way(
        vault, replace(PRIVATELY, subnets=(subnet_of("lonely"),)), landscape(SHARED, other_zone, endpoints=[other])
    )
    assert network_id("lonely") in way.before & way.after


def test_who_comes_by_a_record_that_two_endpoints_share_may_lose_it_with_either():
    both = endpoint("mine", "hub", zone_id()), endpoint("other", "hub", zone_id())
    zone = Zone(zone_id(), (link(zone_id(), "hub"),), (Record("kv-test", (address_in("hub"),)),))
    vault = replace(KV, connections=tuple(connection(each.id, Approval.APPROVED) for each in both))
    plan = planned(
        vault, landscape(zone, endpoints=both), Intent(geographies=(EUROPE,), remove_endpoints=(both[0].id,))
    )
    assert plan.desired.way.before == {network_id("hub")}
    assert plan.desired.way.after == frozenset()
    assert "the machines of hub" in (guard(plan, "last-path") or "")


def test_an_endpoint_of_another_vault_is_not_taken():
    theirs = replace(endpoint("pe", "hub"), vault=PieceId(VAULT_ID.text.replace("kv-test", "kv-other")))
    intent = Intent(geographies=(EUROPE,), remove_endpoints=(theirs.id,))
    with pytest.raises(
        EndpointOfAnother, match=r"leads to .*/vaults/kv-other, which is none of the vaults of this run"
    ):
        fit_way(KV, intent, landscape(endpoints=[theirs]))
    together = replace(landscape(endpoints=[theirs]), companions=frozenset({"kv-test", "kv-other"}))
    way = fit_way(KV, intent, together)
    assert way.removals == ()
    assert way.notes == ("pe leads to kv-other, so nothing is removed here",)


def test_an_endpoint_that_is_gone_is_only_noted():
    way = fit_way(KV, Intent(geographies=(EUROPE,), remove_endpoints=(endpoint_id("pe"),)), landscape())
    assert way.removals == ()
    assert way.notes == (f"asked to be removed, but not there: {endpoint_id('pe')}",)


def test_public_access_can_go_off_without_closing_the_agents_way():
    zone = replace(SHARED, links=(link(SHARED.id, "hub"), link(SHARED.id, "spoke")))
    closing = replace(PRIVATELY, public_access=PublicAccess.DISABLED)
    rule = VirtualNetworkRule(subnet_of("spoke", "agents").text)
    vault = replace(KV, firewall=CLOSED.with_rules(virtual_network_rules=(rule,)))
    plan = planned(vault, landscape(zone), closing)
    assert [each.kind.value for each in plan.changes] == [
        "public-network-access", "private-endpoint", "private-dns-zone-group",
    ]  # fmt: skip
    assert guard(plan, "last-path") == (
        "this closes the last known way in for everybody else who comes over the public network"
    )


def test_a_perimeter_does_not_matter_to_a_private_endpoint():
    plan = planned(replace(KV, perimeter=Perimeter.ENFORCED), landscape(SHARED))
    assert guard(plan, "perimeter") is None
    assert {each.kind.value for each in plan.changes} == {
        "private-endpoint", "private-dns-zone-group", "virtual-network-link",
    }  # fmt: skip


def test_without_a_private_endpoint_nothing_private_is_planned():
    plan = planned(KV, landscape(SHARED), Intent(geographies=(EUROPE,)))
    assert plan.desired.way == Way()

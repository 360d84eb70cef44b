"""The private way in against an Azure in memory: in what order it comes, where it stops, what is left when killed."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from netcfg.core.approval import Approval
from netcfg.core.errors import (
    ApprovalPending,
    AzureThrottled,
    LinkHeld,
    NetcfgError,
    OtherZoneLinked,
    PieceFailed,
    PieceLeft,
    PieceNotRemoved,
    PieceUndone,
    VaultMoved,
    ZoneKept,
)
from netcfg.core.guards import GUARDS, Acceptance
from netcfg.core.intent import Intent
from netcfg.core.outcome import Ending, Result
from netcfg.core.plan import Plan
from netcfg.core.private import Landscape, NewEndpoint, NewZone, Record, Zone
from netcfg.core.resources import Vault, VaultId, parse_vault
from netcfg.core.rules import DefaultAction, Firewall, NetworkRuleSet, PublicAccess
from netcfg.workflow.apply import apply
from netcfg.workflow.plan import plan
from tests.landscapes import (
    ZONE,
    address_in,
    connection,
    endpoint,
    endpoint_id,
    follow,
    link,
    network,
    network_id,
    resolves,
    subnet_of,
    zone_id,
)
from tests.strategies import EUROPE, VAULT_ID
from tests.workflow.fakes import Azure, Killed, Private, around, targets

OPEN = Firewall(PublicAccess.ENABLED, NetworkRuleSet())
CLOSED = Firewall(PublicAccess.ENABLED, NetworkRuleSet(default_action=DefaultAction.DENY))
ACCEPT_ALL = [Acceptance(guard) for guard in GUARDS if guard != "perimeter"]
HUB, SPOKE = network("hub", "spoke"), network("spoke", "hub")
AGENTS = subnet_of("spoke", "agents")
PRIVATELY = Intent(geographies=(EUROPE,), private_endpoint=subnet_of("hub"), subnets=(AGENTS,))
OFF = replace(PRIVATELY, public_access=PublicAccess.DISABLED)
PE = endpoint_id("pe-kv-test-hub")


def vault_named(name: str) -> VaultId:
    id = parse_vault(f"/subscriptions/0000/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}")
    assert isinstance(id, VaultId)
    return id


def azure_with(*zones: Zone, firewall: Firewall = OPEN, vaults: int = 1, approves: bool = True) -> Azure:
    ids = [VAULT_ID, *(vault_named(f"kv-{number}") for number in range(1, vaults))]
    azure = Azure({id: Vault(id, firewall) for id in ids})
    azure.private = Private(azure, Landscape(ZONE, (HUB, SPOKE), (), zones), approves)
    return azure


def run(azure: Azure, intent: Intent = OFF, acceptances: list[Acceptance] = ACCEPT_ALL) -> Result:
    """Plan undisturbed, then apply with the hooks that the test has set."""
    undisturbed = Azure(dict(azure.vaults), unreadable=azure.unreadable)
    undisturbed.private = Private(undisturbed, azure.private.seen)
    planned, drawings = plan(targets(azure.vaults, intent), acceptances, around(undisturbed))
    azure.calls.clear()
    return apply(planned, drawings, around(azure))


def plan_of(azure: Azure, intent: Intent = PRIVATELY) -> Plan:
    return plan(targets(azure.vaults, intent), ACCEPT_ALL, around(azure))[0].plans[0]


def writes(azure: Azure) -> list[str]:
    return [each for each in azure.calls if not each.startswith(("read", "look"))]


def test_the_vault_itself_is_written_last():
    azure = azure_with()
    assert run(azure).status == 0
    assert writes(azure) == [
        "add NewEndpoint pe-kv-test-hub",
        "add NewZone privatelink.vaultcore.azure.net",
        "add NewRecord default",
        "add NewLink hub",
        "add NewLink spoke",
        "write kv-test",
    ]
    assert azure.vaults[VAULT_ID].firewall.public_access is PublicAccess.DISABLED


def test_a_second_apply_writes_nothing():
    azure = azure_with()
    run(azure)
    assert run(azure).outcomes[0].ending is Ending.UNCHANGED
    assert writes(azure) == []


def test_every_record_of_the_run_comes_before_the_first_link():
    azure = azure_with(vaults=3)
    assert run(azure, PRIVATELY).status == 0
    kinds = [each.split()[1] for each in writes(azure) if each.startswith("add")]
    assert kinds.index("NewLink") > max(index for index, each in enumerate(kinds) if each == "NewRecord")
    assert [each.name for each in azure.private.seen.zones[0].records] == ["kv-1", "kv-2", "kv-test"]


def test_one_zone_and_one_link_do_for_several_vaults():
    azure = azure_with(vaults=3)
    run(azure, PRIVATELY)
    assert len(azure.private.seen.zones) == 1
    assert [each.network for each in azure.private.seen.zones[0].links] == [HUB.id, SPOKE.id]


def test_an_endpoint_that_waits_for_its_owner_withholds_everything_else():
    azure = azure_with(approves=False)
    result = run(azure)
    outcome = result.outcomes[0]
    assert writes(azure) == [
        "add NewEndpoint pe-kv-test-hub",
        "add NewZone privatelink.vaultcore.azure.net",
        "add NewRecord default",
    ]
    assert isinstance(outcome.error, ApprovalPending)
    assert "BEWARE" not in str(outcome.error)
    assert "az network private-endpoint-connection approve --id " in str(outcome.error)
    assert (outcome.ending, outcome.touched, result.status) == (Ending.FAILED, True, 7)
    assert azure.slept == [1.0, 2.0, 4.0, 8.0]
    assert azure.vaults[VAULT_ID].firewall == OPEN


def test_after_the_approval_the_same_command_goes_on():
    azure = azure_with(approves=False)
    run(azure)
    azure.private.approve()
    assert run(azure).status == 0
    assert "add NewEndpoint pe-kv-test-hub" not in azure.calls
    assert azure.vaults[VAULT_ID].firewall.public_access is PublicAccess.DISABLED


def test_a_plan_with_nothing_left_but_the_owners_approval_is_not_done():
    azure = azure_with(approves=False, firewall=CLOSED)
    run(azure, PRIVATELY)
    for each in plan_of(azure).desired.way.additions:
        azure.private.seen, azure.vaults[VAULT_ID] = follow(azure.private.seen, azure.vaults[VAULT_ID], each)
    azure.vaults[VAULT_ID] = replace(azure.vaults[VAULT_ID], firewall=plan_of(azure).after)
    assert [(each.kind.value, each.was, each.value) for each in plan_of(azure).changes] == [
        ("private-endpoint", "Pending", "Approved")
    ]
    result = run(azure, PRIVATELY)
    assert isinstance(result.outcomes[0].error, ApprovalPending)
    assert (writes(azure), result.status) == ([], 1)


def test_a_connection_that_the_vault_does_not_show_yet_is_not_taken_for_approved():
    azure = azure_with()

    def hide(number: int, what: str) -> None:
        if what == "read kv-test":
            azure.vaults[VAULT_ID] = replace(azure.vaults[VAULT_ID], connections=())

    azure.before = hide
    result = run(azure)
    assert "kv-test does not show it yet" in str(result.outcomes[0].error)
    assert writes(azure)[-1] == "add NewRecord default"  # it may come to be approved at any moment


def test_an_approval_that_arrives_a_little_later_is_waited_for():
    azure = azure_with(approves=False)

    def approve(number: int, what: str) -> None:
        if what == "read kv-test" and azure.slept:
            vault = azure.vaults[VAULT_ID]
            approved = tuple(replace(each, approval=Approval.APPROVED) for each in vault.connections)
            azure.vaults[VAULT_ID] = replace(vault, connections=approved)

    azure.before = approve
    assert run(azure).status == 0
    assert azure.slept == [1.0]


def test_a_piece_that_cannot_be_made_withholds_the_write_to_the_vault():
    azure = azure_with()

    def refuse(number: int, what: str) -> None:
        if what.startswith("add NewRecord"):
            raise NetcfgError("no permission")

    azure.before = refuse
    result = run(azure)
    assert isinstance(result.outcomes[0].error, PieceUndone)
    assert str(result.outcomes[0].error).startswith("the zone group default was not made, so the vault's own settings")
    assert "write kv-test" not in azure.calls
    assert result.status == 7


def shared(*, redirects: bool = False) -> Zone:
    """A zone that the hub asks already."""
    return Zone(zone_id("rg-dns"), (link(zone_id("rg-dns"), "hub", redirects=redirects),), ())


def refuse_record(number: int, what: str) -> None:
    if what.startswith("add NewRecord"):
        raise NetcfgError("no permission")


@pytest.mark.parametrize(
    "zones", [(shared(),), (), (shared(redirects=True),)], ids=["asked", "no zone", "a redirecting link"]
)
def test_an_endpoint_whose_record_fails_goes_again_whatever_is_known_of_those_who_ask(zones: tuple[Zone, ...]):
    azure = azure_with(*zones)
    azure.before = refuse_record
    result = run(azure)
    assert "remove private-endpoint pe-kv-test-hub" in writes(azure)
    assert "pe-kv-test-hub was removed again" in str(result.outcomes[0].error)
    assert resolves(azure.private.seen, azure.vaults[VAULT_ID], HUB.id) == "public"
    assert (azure.private.seen.endpoints, azure.private.seen.zones) == ((), zones)
    assert result.status == 7
    azure.before = lambda number, what: None
    assert run(azure).status == 0


def test_a_network_that_is_linked_meanwhile_does_not_keep_an_endpoint_without_its_record():
    """The look that the run began with knew of nobody who asks."""
    zone = Zone(zone_id("rg-dns"), (), ())
    azure = azure_with(zone)

    def colleague(number: int, what: str) -> None:
        if what.startswith("add NewEndpoint"):
            azure.private.seen = replace(azure.private.seen, zones=(shared(),))
        refuse_record(number, what)

    azure.before = colleague
    run(azure)
    assert resolves(azure.private.seen, azure.vaults[VAULT_ID], HUB.id) == "public"


def test_a_pending_endpoint_whose_record_fails_waits_with_a_warning():
    azure = azure_with(shared(), approves=False)
    azure.before = refuse_record
    error = run(azure).outcomes[0].error
    assert isinstance(error, ApprovalPending)
    assert "BEWARE: whoever approves it before that hides kv-test from the networks that ask the zone" in str(error)
    assert "no permission" in str(error)
    assert [each.name for each in azure.private.seen.endpoints] == ["pe-kv-test-hub"]


@pytest.mark.parametrize("approval", [Approval.APPROVED, Approval.PENDING])
def test_nobody_is_hidden_from_the_moment_of_the_approval(approval: Approval):
    azure = azure_with(shared(), approves=approval is Approval.APPROVED)
    run(azure)
    azure.private.approve()
    assert resolves(azure.private.seen, azure.vaults[VAULT_ID], HUB.id) == "private"


def test_an_endpoint_that_was_there_and_gets_no_record_is_told():
    azure = azure_with(shared())
    theirs = endpoint("theirs", "hub")
    azure.private.seen = replace(azure.private.seen, endpoints=(theirs,))
    known = connection(theirs.id, Approval.APPROVED)
    azure.vaults[VAULT_ID] = replace(azure.vaults[VAULT_ID], connections=(known,))
    azure.before = refuse_record
    error = run(azure).outcomes[0].error
    assert isinstance(error, PieceLeft)
    assert "the private endpoint theirs was not removed again (it was there before this run)" in str(error)


def refuse_link(number: int, what: str) -> None:
    if what == "add NewLink spoke":
        raise OtherZoneLinked("spoke", ZONE)


def test_a_network_that_asks_a_zone_out_of_sight_undoes_what_would_hide_the_vault_from_it():
    azure = azure_with()
    azure.before = refuse_link
    result = run(azure)
    assert isinstance(result.outcomes[0].error, PieceUndone)
    assert "spoke is linked to another zone named" in str(result.outcomes[0].error)
    assert writes(azure)[-3:] == [
        "remove virtual-network-link hub",
        "remove private-endpoint pe-kv-test-hub",
        "remove private-dns-zone privatelink.vaultcore.azure.net",
    ]
    assert (azure.private.seen.endpoints, azure.private.seen.zones) == ((), ())
    assert result.status == 7


def test_a_link_that_is_busy_is_tried_by_the_next_run():
    azure = azure_with()

    def refuse(number: int, what: str) -> None:
        if what == "add NewLink spoke":
            raise AzureThrottled("a link")

    azure.before = refuse
    run(azure)
    assert not any(each.startswith("remove") for each in azure.calls)
    azure.before = lambda number, what: None
    assert run(azure).status == 0


def test_a_vault_with_another_way_in_keeps_an_endpoint_whose_link_is_refused():
    azure = azure_with()
    known = connection(endpoint_id("elsewhere"), Approval.APPROVED)
    azure.vaults[VAULT_ID] = replace(azure.vaults[VAULT_ID], connections=(known,))
    azure.before = refuse_link
    error = run(azure).outcomes[0].error
    assert isinstance(error, PieceFailed)
    assert [each.name for each in azure.private.seen.endpoints] == ["pe-kv-test-hub"]


def test_a_vault_that_would_be_hidden_by_now_and_was_never_shown_stops_the_links():
    azure = azure_with()
    azure.private.seen = replace(azure.private.seen, hideable=frozenset({"kv-shown"}))

    def colleague(number: int, what: str) -> None:
        if what == "add NewRecord default":
            azure.private.seen = replace(azure.private.seen, hideable=frozenset({"kv-shown", "kv-new"}))

    azure.before = colleague
    result = run(azure)
    assert isinstance(result.outcomes[0].error, VaultMoved)
    assert "kv-new" in str(result.outcomes[0].error)
    assert not any(each.startswith("add NewLink") for each in azure.calls)


@pytest.mark.parametrize("moment", ["add NewEndpoint pe-kv-test-hub", "read kv-test", "add NewRecord default"])
def test_whoever_interrupts_between_endpoint_and_record_leaves_with_the_record(moment: str):
    azure = azure_with(shared())
    interrupted: list[int] = []

    def interrupt(number: int, what: str) -> None:
        if what == moment and azure.private.seen.endpoints and not interrupted:
            interrupted.append(number)
            raise KeyboardInterrupt

    azure.before = azure.after = interrupt
    with pytest.raises(KeyboardInterrupt):
        run(azure)
    assert resolves(azure.private.seen, azure.vaults[VAULT_ID], HUB.id) == "private"


def test_an_endpoint_that_comes_to_be_after_the_interruption_gets_its_record_too():
    azure = azure_with(shared())
    calls = iter(("interrupted", "not there yet"))

    def interrupt(number: int, what: str) -> None:
        if what.startswith("add NewEndpoint") and next(calls, None):
            raise KeyboardInterrupt
        if what.startswith("add NewRecord") and not next(calls, None) and not azure.private.seen.endpoints:
            (new,) = (each for each in planned if isinstance(each, NewEndpoint))
            azure.private.seen, azure.vaults[VAULT_ID] = follow(azure.private.seen, azure.vaults[VAULT_ID], new)

    planned = plan_of(azure).desired.way.additions
    azure.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        run(azure)
    assert resolves(azure.private.seen, azure.vaults[VAULT_ID], HUB.id) == "private"


def test_who_interrupts_before_there_is_an_endpoint_leaves_nothing():
    azure = azure_with(shared())

    def interrupt(number: int, what: str) -> None:
        if what.startswith("add NewEndpoint"):
            raise KeyboardInterrupt

    azure.before = interrupt
    with pytest.raises(KeyboardInterrupt) as raised:
        run(azure)
    assert str(raised.value) == ""
    assert azure.private.seen.endpoints == ()


def test_whoever_interrupts_and_leaves_no_record_is_told():
    azure = azure_with(shared())

    def interrupt(number: int, what: str) -> None:
        refuse_record(number, what)
        if what == "add NewEndpoint pe-kv-test-hub" and azure.private.seen.endpoints:
            raise KeyboardInterrupt

    azure.before = azure.after = interrupt
    with pytest.raises(KeyboardInterrupt, match=r"pe-kv-test-hub is there without its record \(no permission\)"):
        run(azure)


def test_who_lost_the_race_and_wrote_nothing_touched_nothing():
    """A colleague's run makes every piece moments before ours, and the vault's settings too."""
    azure = azure_with()

    def colleague(number: int, what: str) -> None:
        if what.startswith("add "):
            azure.before = lambda number, what: None
            run(azure)

    azure.before = colleague
    result = run(azure)
    assert isinstance(result.outcomes[0].error, VaultMoved)
    assert (result.outcomes[0].touched, result.status) == (False, 6)


def test_an_endpoint_that_can_neither_get_its_record_nor_go_is_told():
    azure = azure_with(shared())

    def refuse(number: int, what: str) -> None:
        if what.startswith(("add NewRecord", "remove")):
            raise NetcfgError("no permission")

    azure.before = refuse
    error = str(run(azure).outcomes[0].error)
    assert "without the vault's record do not find kv-test now" in error
    assert "was not removed again (no permission)" in error


def test_an_endpoint_that_somebody_else_made_is_not_removed():
    azure = azure_with(shared())
    theirs = endpoint("theirs", "hub")
    azure.private.seen = replace(azure.private.seen, endpoints=(theirs,))
    known = connection(theirs.id, Approval.APPROVED)
    azure.vaults[VAULT_ID] = replace(azure.vaults[VAULT_ID], connections=(known,))
    azure.before = refuse_record
    run(azure)
    assert azure.private.seen.endpoints == (theirs,)


def test_the_first_piece_that_is_refused_leaves_the_vault_untouched():
    azure = azure_with()

    def refuse(number: int, what: str) -> None:
        if what.startswith("add"):
            raise NetcfgError("no permission")

    azure.before = refuse
    result = run(azure)
    assert (result.outcomes[0].touched, result.status) == (False, 1)


def test_a_vault_that_failed_does_not_stop_the_others_but_holds_the_link_that_would_hide_it():
    azure = azure_with(vaults=2)
    hidden = connection(endpoint_id("elsewhere"), Approval.APPROVED)
    azure.vaults[VAULT_ID] = replace(azure.vaults[VAULT_ID], connections=(hidden,))

    def refuse(number: int, what: str) -> None:
        if what == "add NewEndpoint pe-kv-test-hub":
            raise NetcfgError("no permission")

    azure.before = refuse
    result = run(azure, PRIVATELY)
    other, failed = result.outcomes
    assert isinstance(failed.error, PieceFailed)
    assert isinstance(other.error, LinkHeld)
    assert "would hide kv-test" in str(other.error)
    assert not azure.private.seen.zones[0].links


def test_a_vault_that_failed_and_that_no_link_can_hide_stops_nobody():
    azure = azure_with(vaults=2)

    def refuse(number: int, what: str) -> None:
        if what == "add NewEndpoint pe-kv-test-hub":
            raise NetcfgError("no permission")

    azure.before = refuse
    other, failed = run(azure, PRIVATELY).outcomes
    assert (other.ending, failed.ending) == (Ending.DONE, Ending.FAILED)


def test_a_piece_that_a_colleague_makes_meanwhile_is_used():
    azure = azure_with()

    def colleague(number: int, what: str) -> None:
        if number == 1:
            seen, vault = azure.private.seen, azure.vaults[VAULT_ID]
            azure.private.seen, _ = follow(seen, vault, NewZone(zone_id()))

    azure.before = colleague
    assert run(azure).status == 0
    assert "add NewZone privatelink.vaultcore.azure.net" not in azure.calls


def test_another_zone_that_a_colleague_links_meanwhile_is_status_6():
    azure = azure_with()
    other = zone_id("other")

    def colleague(number: int, what: str) -> None:
        if number == 1:
            zone = Zone(other, (link(other, "spoke"),), ())
            azure.private.seen = replace(azure.private.seen, zones=(zone,))

    azure.before = colleague
    result = run(azure)
    assert isinstance(result.outcomes[0].error, VaultMoved)
    assert result.status == 6
    assert writes(azure) == []


def test_a_refused_vault_gets_no_private_endpoint():
    azure = azure_with()
    result = run(azure, OFF, [each for each in ACCEPT_ALL if each.guard != "last-path"])
    assert result.status == 5
    assert azure.calls == []


KILLS = range(40)


@pytest.mark.parametrize("number", KILLS)
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_killed_at_any_call_nobody_is_lost_and_the_next_run_arrives(number: int, done: bool):
    azure = azure_with()

    def kill(count: int, what: str) -> None:
        if count == number:
            raise Killed

    if done:
        azure.after = kill
    else:
        azure.before = kill
    with contextlib.suppress(Killed):
        run(azure)
    azure.before = azure.after = lambda count, what: None
    vault = azure.vaults[VAULT_ID]
    for each in (HUB, SPOKE):
        found = resolves(azure.private.seen, vault, each.id)
        assert found == "private" if vault.firewall.public_access is PublicAccess.DISABLED else found != "hidden"
    assert run(azure).status == 0
    vault = azure.vaults[VAULT_ID]
    assert vault.firewall.public_access is PublicAccess.DISABLED
    assert [resolves(azure.private.seen, vault, each.id) for each in (HUB, SPOKE)] == ["private", "private"]


def removal(azure: Azure) -> Intent:
    """Everything is there; the way back."""
    assert run(azure, PRIVATELY).status == 0
    return Intent(geographies=(EUROPE,), subnets=(), remove_endpoints=(PE,))


def test_removing_is_the_reverse_and_takes_what_was_made():
    azure = azure_with()
    assert run(azure, removal(azure)).status == 0
    assert writes(azure) == [
        "remove virtual-network-link hub",
        "remove virtual-network-link spoke",
        "remove private-endpoint pe-kv-test-hub",
        "remove private-dns-zone-group default",
        "remove private-dns-zone privatelink.vaultcore.azure.net",
    ]
    assert azure.private.seen.zones == azure.private.seen.endpoints == ()


def test_the_zone_of_two_vaults_goes_with_the_last_of_them_in_one_run():
    azure = azure_with(vaults=2)
    assert run(azure, PRIVATELY).status == 0
    both = Intent(geographies=(EUROPE,), remove_endpoints=(PE, endpoint_id("pe-kv-1-hub")))
    assert run(azure, both).status == 0
    assert writes(azure) == [
        "remove private-endpoint pe-kv-1-hub",
        "remove private-dns-zone-group default",
        "remove virtual-network-link hub",
        "remove virtual-network-link spoke",
        "remove private-endpoint pe-kv-test-hub",
        "remove private-dns-zone-group default",
        "remove private-dns-zone privatelink.vaultcore.azure.net",
    ]
    assert azure.private.seen.zones == azure.private.seen.endpoints == ()


def test_the_zone_stays_with_its_links_while_another_vault_of_the_run_has_its_record_there():
    azure = azure_with(vaults=2)
    assert run(azure, PRIVATELY).status == 0
    both = Intent(geographies=(EUROPE,), remove_endpoints=(PE, endpoint_id("pe-kv-1-hub")))

    def refuse(number: int, what: str) -> None:
        if what == "remove private-endpoint pe-kv-1-hub":
            raise NetcfgError("it is locked")

    azure.before = refuse
    first, last = run(azure, both).outcomes
    assert isinstance(first.error, PieceNotRemoved)
    assert isinstance(last.error, ZoneKept)
    assert last.touched
    (zone,) = azure.private.seen.zones
    assert ([each.name for each in zone.records], len(zone.links)) == (["kv-1"], 2)
    azure.before = lambda number, what: None
    assert run(azure, both).status == 0
    assert azure.private.seen.zones == azure.private.seen.endpoints == ()


def test_public_access_comes_back_before_the_endpoint_goes():
    azure = azure_with()
    assert run(azure).status == 0
    back = Intent(geographies=(EUROPE,), remove_endpoints=(PE,), public_access=PublicAccess.ENABLED)
    assert run(azure, back).status == 0
    assert writes(azure)[0] == "write kv-test"


@pytest.mark.parametrize("number", range(20))
def test_a_removal_that_was_killed_is_finished_by_the_next_run(number: int):
    azure = azure_with()
    intent = removal(azure)

    def kill(count: int, what: str) -> None:
        if count == number:
            raise Killed

    azure.after = kill
    with contextlib.suppress(Killed):
        run(azure, intent)
    azure.after = lambda count, what: None
    assert run(azure, intent).status == 0
    assert azure.private.seen.endpoints == ()
    assert resolves(azure.private.seen, azure.vaults[VAULT_ID], SPOKE.id) == "public"


def test_a_record_that_appears_meanwhile_keeps_the_zone():
    azure = azure_with()
    intent = removal(azure)

    def colleague(number: int, what: str) -> None:
        if what == "look" and not azure.private.seen.zones[0].record_of("kv-two"):
            zone = azure.private.seen.zones[0]
            recorded = replace(zone, records=(*zone.records, Record("kv-two", (address_in("hub"),))))
            azure.private.seen = replace(azure.private.seen, zones=(recorded,))

    azure.before = colleague
    assert run(azure, intent).status == 0
    zone = azure.private.seen.zones[0]
    assert [each.name for each in zone.records] == ["kv-two"]
    assert len(zone.links) == 2


def test_a_piece_that_cannot_be_removed_is_named():
    azure = azure_with()
    intent = removal(azure)

    def refuse(number: int, what: str) -> None:
        if what.startswith("remove private-endpoint"):
            raise NetcfgError("it is locked")

    azure.before = refuse
    result = run(azure, intent)
    assert isinstance(result.outcomes[0].error, PieceNotRemoved)
    assert "the private endpoint pe-kv-test-hub was not removed: it is locked" in str(result.outcomes[0].error)
    assert result.status == 7


def test_somebody_elses_endpoint_with_its_record_is_used_and_only_the_links_are_made():
    theirs = endpoint("theirs", "hub", zone_id("rg-dns"))
    zone = Zone(zone_id("rg-dns"), (), (Record("kv-test", (address_in("hub"),)),))
    azure = azure_with(zone, firewall=CLOSED)
    azure.private.seen = replace(azure.private.seen, endpoints=(theirs,))
    known = connection(theirs.id, Approval.APPROVED)
    azure.vaults[VAULT_ID] = replace(azure.vaults[VAULT_ID], connections=(known,))
    assert run(azure).status == 0
    assert writes(azure) == ["add NewLink hub", "add NewLink spoke", "write kv-test"]
    assert resolves(azure.private.seen, azure.vaults[VAULT_ID], network_id("spoke")) == "private"


def test_nothing_private_is_asked_where_nobody_wants_it():
    azure = azure_with()
    run(azure, Intent(geographies=(EUROPE,)))
    assert "look" not in azure.calls

"""Who is cut off: laws of every plan first, then each way of coming."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netcfg.core.approval import Approval, Connection, PieceId
from netcfg.core.callers import CallerLog, Callers, Fate, Origin, Request, Way, gather, parse_caller
from netcfg.core.cutoff import judge, with_callers
from netcfg.core.entrance import Seen, Verdict, of_network
from netcfg.core.errors import NetcfgError
from netcfg.core.intent import Intent
from netcfg.core.plan import Plan, draw, look
from netcfg.core.private import OldPiece, PieceKind
from netcfg.core.resources import Vault
from netcfg.core.rules import Bypass, Perimeter, PublicAccess
from tests import strategies
from tests.formats import builders, generated

ENDPOINT = (
    f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/privateEndpoints/pe-one"
)
CONNECTION = Connection(PieceId("connection"), PieceId(ENDPOINT), Approval.APPROVED)
AGENTS = builders.subnet_id("agents").text


def log_of(name: str, *origins: Origin, is_refused: bool = False) -> CallerLog:
    return CallerLog("log", gather(Request(name, "SecretGet", None, each, is_refused=is_refused) for each in origins))


def came(address: str, way: Way = Way.ADDRESS, through: str = "", *, is_told: bool = False) -> Origin:
    return Origin(parse_caller(address), way, through, is_told)


def judged(plan: Plan, *origins: Origin) -> Callers:
    return judge(log_of(plan.vault.name, *origins), plan.vault, plan.desired)


def fates(found: Callers) -> list[tuple[str, Fate, str]]:
    return [(each.caller.origin.address, each.fate, each.message) for each in found.judged]


def fate(plan: Plan, origin: Origin) -> tuple[Fate, str]:
    (found,) = judged(plan, origin).judged
    return found.fate, found.message


public = st.one_of(strategies.near_published, strategies.public).map(lambda network: str(network.network_address))


@given(strategies.vaults, strategies.intents(), generated.resolutions(), st.lists(public, min_size=1, max_size=6))
@settings(max_examples=50)
def test_a_public_caller_gets_in_exactly_where_explain_says_so(vault: Vault, intent: Intent, resolution, addresses):
    try:
        seen = look(vault, intent, resolution, (), strategies.shown(intent), strategies.TODAY)
    except NetcfgError:  # asked for and removed at once
        assume(False)
        raise
    origins = [came(each) for each in addresses]
    found = judge(log_of(vault.name, *origins), vault, seen.desired)
    for each in found.judged:
        network = each.caller.origin.network
        told = of_network(network, Seen(vault, seen.desired, has_plan=True))
        assert told.planned is not None
        assert (each.fate is Fate.IN) == (told.planned.verdict is Verdict.IN)
        assert (each.fate is Fate.UNKNOWN) == (told.planned.verdict is Verdict.UNKNOWN)
        if each.fate is Fate.CUT_OFF:
            assert told.now.verdict is not Verdict.OUT
        if each.rule:
            assert isinstance(network, IPv4Network)
            assert network.subnet_of(IPv4Network(each.rule))


@given(strategies.vaults, strategies.intents(), generated.resolutions(), st.lists(public, min_size=1, max_size=6))
@settings(max_examples=30)
def test_a_plan_that_changes_nothing_cuts_nobody_off(vault: Vault, intent: Intent, resolution, addresses):
    try:
        first = draw(look(vault, intent, resolution, (), strategies.shown(intent), strategies.TODAY))
        settled = replace(vault, firewall=first.after)
        second = draw(look(settled, intent, resolution, (), strategies.shown(intent), strategies.TODAY))
    except NetcfgError:
        assume(False)
        raise
    assert judged(second, *map(came, addresses)).of(Fate.CUT_OFF) == ()


def test_whom_default_deny_cuts_off_and_which_rule_lets_the_others_in():
    plan = builders.plan(builders.vault(is_open=True))
    found = judged(plan, came("191.10.19.7"), came("40.74.28.9"))
    assert fates(found) == [
        ("191.10.19.7", Fate.CUT_OFF, "no rule names it, and the default action is Deny"),
        ("40.74.28.9", Fate.IN, "40.74.28.0/23 admits it"),
    ]
    assert [each.rule for each in found.judged] == ["", "40.74.28.0/23"]


def test_a_rule_that_goes_cuts_off_whom_it_let_in():
    plan = builders.plan(builders.vault(ip_rules=["191.10.19.0/24"]), exclusive=True)
    assert fate(plan, came("191.10.19.7")) == (Fate.CUT_OFF, "no rule names it, and the default action is Deny")
    assert fate(plan, came("191.10.20.7")) == (
        Fate.OUT,
        "does not get in now either: no rule names it, and the default action is Deny",
    )


def test_ipv6_is_cut_off_since_no_rule_can_name_it():
    plan = builders.plan(builders.vault(is_open=True))
    assert fate(plan, came("2603:1030::1")) == (
        Fate.CUT_OFF,
        "it is IPv6, and a vault takes rules for IPv4 only: no rule can ever admit it",
    )


@pytest.mark.parametrize("address", ["10.1.0.4", "fd00::4", "100.64.0.1"])
def test_an_address_that_is_not_public_is_told_by_the_subnet_only(address: str):
    plan = builders.plan(builders.vault(is_open=True))
    assert fate(plan, came(address)) == (
        Fate.CUT_OFF,
        (
            "it is not a public address, so no IP rule admits it, and neither a subnet's rule nor a private endpoint "
            "leads in"
        ),
    )
    ruled = builders.plan(builders.vault(is_open=True, subnets=[AGENTS]))
    said = (
        "it is not a public address, so no IP rule admits it; the log does not say whether it comes from a subnet that "
        "has a rule"
    )
    assert fate(ruled, came(address)) == (Fate.UNKNOWN, said)
    both = replace(ruled.vault, connections=(CONNECTION,))
    assert fate(builders.plan(both), came(address)) == (Fate.UNKNOWN, f"{said} or by a private endpoint")


def test_who_comes_from_a_subnet_gets_in_by_its_rule():
    plan = builders.plan(builders.vault(is_open=True, subnets=[AGENTS]))
    agents = came("10.1.0.4", Way.SUBNET, AGENTS, is_told=True)
    assert fate(plan, agents) == (Fate.IN, "a virtual network rule admits it, and it has the service endpoint")
    builds = came("10.2.0.4", Way.SUBNET, builders.subnet_id("builds").text, is_told=True)
    assert fate(plan, builds) == (
        Fate.CUT_OFF,
        (
            "no rule names it; it has the service endpoint, so its machines come from their private addresses, which "
            "no IP rule admits"
        ),
    )


def test_a_log_that_says_how_somebody_came_and_not_from_where_leaves_that_open_alone():
    ruled = builders.plan(builders.vault(is_open=True, subnets=[AGENTS]))
    unnamed = came("10.1.0.4", Way.SUBNET, is_told=True)
    said = "comes from a subnet by its service endpoint"
    assert fate(ruled, unnamed) == (Fate.UNKNOWN, f"{said}, and the log does not say from which")
    assert fate(builders.plan(builders.vault(is_open=True)), unnamed) == (
        Fate.CUT_OFF,
        f"{said}, and no subnet has a rule",
    )
    assert fate(ruled, came("10.1.0.4", is_told=True)) == (
        Fate.UNKNOWN,
        "the log has a private address for it, and says that it came by a public one, which is not known",
    )


def test_no_rule_closes_a_private_endpoint():
    vault = builders.vault(is_open=True, public_access=PublicAccess.ENABLED)
    plan = builders.plan(replace(vault, connections=(CONNECTION,)))
    named = came("10.1.0.4", Way.PRIVATE_ENDPOINT, ENDPOINT.upper(), is_told=True)
    assert fate(plan, named) == (Fate.IN, "comes by the private endpoint pe-one, which no rule closes")
    unnamed = came("10.1.0.4", Way.PRIVATE_ENDPOINT, is_told=True)
    assert fate(plan, unnamed) == (Fate.IN, "comes by a private endpoint, which no rule closes")


def test_who_comes_by_a_private_endpoint_that_goes_is_cut_off():
    vault = replace(builders.vault(), connections=(CONNECTION,))
    plan = builders.plan(vault)
    going = replace(plan.desired.way, removals=(OldPiece(PieceKind.ENDPOINT, PieceId(ENDPOINT)),))
    without = replace(plan, desired=plan.desired.with_way(going))
    comes = came("10.1.0.4", Way.PRIVATE_ENDPOINT, ENDPOINT, is_told=True)
    assert fate(plan, comes) == (Fate.IN, "comes by the private endpoint pe-one, which no rule closes")
    assert fate(without, comes) == (Fate.CUT_OFF, "its private endpoint pe-one goes")
    unnamed = came("10.1.0.4", Way.PRIVATE_ENDPOINT, is_told=True)
    assert fate(without, unnamed) == (Fate.CUT_OFF, "its private endpoint goes")


def test_which_of_two_private_endpoints_somebody_uses_decides_where_one_of_them_goes():
    other = Connection(PieceId("other"), PieceId(ENDPOINT.replace("pe-one", "pe-two")), Approval.APPROVED)
    plan = builders.plan(replace(builders.vault(), connections=(CONNECTION, other)))
    going = replace(plan.desired.way, removals=(OldPiece(PieceKind.ENDPOINT, PieceId(ENDPOINT)),))
    one_goes = replace(plan, desired=plan.desired.with_way(going))
    unnamed = came("10.1.0.4", Way.PRIVATE_ENDPOINT, is_told=True)
    assert fate(one_goes, unnamed) == (
        Fate.UNKNOWN,
        "comes by a private endpoint, and the log does not say by which: pe-one goes, pe-two stays",
    )
    assert fate(one_goes, came("10.1.0.4", Way.PRIVATE_ENDPOINT, other.endpoint.text))[0] is Fate.IN
    assert fate(one_goes, came("10.1.0.4", Way.PRIVATE_ENDPOINT, ENDPOINT))[0] is Fate.CUT_OFF


@pytest.mark.parametrize(("through", "name"), [("", ""), (ENDPOINT, " pe-one")])
def test_who_came_by_a_private_endpoint_that_is_gone_comes_as_others_do(through: str, name: str):
    comes = came("10.1.0.4", Way.PRIVATE_ENDPOINT, through, is_told=True)
    still_open = builders.plan(builders.vault(is_open=True), keep_default_action=True)
    assert fate(still_open, comes) == (
        Fate.IN,
        "the default action is Allow: every network gets in, whatever the rules say",
    )
    closing = builders.plan(builders.vault(is_open=True))
    said = f"its private endpoint{name} is gone; from which public address it comes now is not known"
    assert fate(closing, comes) == (Fate.UNKNOWN, said)
    disabled = builders.plan(builders.vault(is_open=True), public_access=PublicAccess.DISABLED)
    assert fate(disabled, comes)[0] is Fate.CUT_OFF


def test_trusted_services_pass_by_bypass_and_no_other_way():
    vault = builders.vault(is_open=True)
    backup = came("40.1.1.1", Way.TRUSTED_SERVICE, "AzureBackup", is_told=True)
    assert fate(builders.plan(vault), backup) == (Fate.IN, "bypass lets trusted Azure services, AzureBackup, in")
    closed = replace(vault, firewall=vault.firewall.with_rules(bypass=Bypass.NONE))
    assert fate(builders.plan(closed), backup)[0] is Fate.CUT_OFF


def test_a_trusted_service_without_a_name_at_a_public_address_may_be_none():
    plan = builders.plan(builders.vault(is_open=True))
    assert fate(plan, came("191.10.19.7", Way.TRUSTED_SERVICE)) == (
        Fate.UNKNOWN,
        (
            "it came by a public address, and the log calls it a trusted Azure service without naming one: unless "
            "bypass lets it in, no rule names it, and the default action is Deny"
        ),
    )
    assert fate(plan, came("40.74.28.9", Way.TRUSTED_SERVICE)) == (Fate.IN, "40.74.28.0/23 admits it")


def test_bypass_is_not_certain_where_nobody_could_read_whether_a_perimeter_decides():
    plan = builders.plan(builders.vault(is_open=True, perimeter=Perimeter.UNKNOWN))
    backup = came("40.1.1.1", Way.TRUSTED_SERVICE, "AzureBackup", is_told=True)
    assert fate(plan, backup) == (
        Fate.UNKNOWN,
        (
            "whether a network security perimeter decides could not be read; if none does: in, for bypass lets trusted "
            "Azure services, AzureBackup, in"
        ),
    )


def test_how_long_somebody_is_let_in_is_told_where_that_ends():
    until = "191.10.45.4/32 until 2026-11-24T13:00:00Z"
    vault = replace(builders.vault(ip_rules=["191.10.45.4"]), tags=(("netcfg-exec-0123abcd", until),))
    plan = builders.plan(vault, allow=["191.10.18.0/28=head office;until=2027-01-31"])
    assert fate(plan, came("191.10.45.4")) == (
        Fate.IN,
        "191.10.45.4/32 admits it: let in by netcfg exec until 2026-11-24 13:00 UTC",
    )
    assert fate(plan, came("191.10.18.7")) == (Fate.IN, "191.10.18.0/28 admits it: head office until 2027-01-31")


def test_a_rule_that_cannot_be_read_may_let_anybody_in():
    plan = builders.plan(builders.vault(ip_rules=["'10.91.4.0/24'"], is_open=True))
    said = "no rule is known to name it, and \"'10.91.4.0/24'\" cannot be read"
    assert fate(plan, came("191.10.19.7")) == (Fate.UNKNOWN, said)
    assert fate(plan, came("2603:1030::1"))[0] is Fate.CUT_OFF


def test_who_never_got_anything_but_403_is_told_as_that():
    plan = builders.plan(builders.vault(is_open=True))
    forbidden = Request("kv-payments", "SecretGet", None, came("191.10.19.7"), is_forbidden=True)
    said = "no rule names it, and the default action is Deny"
    answered = f"{said}; answered 403 only, by the firewall or for lack of a permission"
    for requests, message in (([forbidden], answered), ([forbidden, replace(forbidden, is_forbidden=False)], said)):
        (found,) = judge(CallerLog("log", gather(requests)), plan.vault, plan.desired).judged
        assert (found.fate, found.message) == (Fate.CUT_OFF, message)


def test_a_caller_of_whom_the_log_says_more_in_one_record_than_in_another_is_one():
    plan = builders.plan(builders.vault(is_open=True))
    found = judged(plan, came("191.10.19.7", is_told=True), came("191.10.19.7"))
    (one,) = found.judged
    assert one.caller.requests == 2
    assert not one.caller.origin.is_told
    assert len(found.notes) == 1  # that it may be a trusted service
    both = judged(plan, *(came("10.1.0.4", Way.PRIVATE_ENDPOINT, each) for each in (ENDPOINT, ENDPOINT.upper() + "/")))
    assert len(both.judged) == 1


def test_where_a_perimeter_decides_nobody_can_tell():
    plan = builders.plan(builders.vault(is_open=True, perimeter=Perimeter.ENFORCED))
    assert fate(plan, came("191.10.19.7"))[0] is Fate.UNKNOWN
    learning = builders.plan(builders.vault(is_open=True, perimeter=Perimeter.LEARNING))
    assert fate(learning, came("191.10.19.7"))[0] is Fate.UNKNOWN


def test_who_was_refused_already_is_told_apart():
    plan = builders.plan(builders.vault(is_open=True))
    found = judge(log_of(plan.vault.name, came("9.9.9.9"), is_refused=True), plan.vault, plan.desired)
    assert found.of(Fate.CUT_OFF) == ()
    assert [each.caller.origin.address for each in found.refused] == ["9.9.9.9"]


def test_a_vault_without_a_record_is_one_of_whose_callers_nothing_is_known():
    plan = builders.plan(builders.vault(is_open=True))
    found = judge(log_of("kv-other", came("191.10.19.7")), plan.vault, plan.desired)
    assert found.log is None
    assert found.notes == ("no record of kv-payments in log: nothing is known of its callers",)


def test_that_some_may_be_trusted_services_is_said_where_the_log_does_not_tell():
    plan = builders.plan(builders.vault(is_open=True))
    note = (
        "the log does not say how some of them came: one that is a trusted Azure service passes by bypass, whatever "
        "the rules are"
    )
    assert judged(plan, came("191.10.19.7")).notes == (note,)
    assert judged(plan, came("191.10.19.7", is_told=True)).notes == ()


def test_callers_change_nothing_of_what_is_compared_between_plans():
    plan = builders.plan(builders.vault(is_open=True))
    plans = builders.plan_set(plan)
    (with_log,) = with_callers(plans, log_of(plan.vault.name, came("191.10.19.7"))).plans
    assert with_log.callers is not None
    assert with_log == plan
    assert plan.what_moved(with_log) == ()

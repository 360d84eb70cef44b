"""Apply against an Azure in memory: in what order it writes, when it stops, and what is left when it is killed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.errors import AskedToWait, EndpointHeld, NetcfgError, NotVerified, VaultMoved, WriteUnsettled
from netcfg.core.guards import GUARDS, Acceptance
from netcfg.core.intent import Intent
from netcfg.core.outcome import Ending, Result
from netcfg.core.resources import Vault, VaultId, parse_vault
from netcfg.core.rules import (
    Bypass,
    DefaultAction,
    Firewall,
    IpRule,
    NetworkRuleSet,
    Perimeter,
    PublicAccess,
    VirtualNetworkRule,
)
from netcfg.workflow.apply import apply, decline
from netcfg.workflow.plan import plan
from netcfg.workflow.writing import ATTEMPTS, LONGEST_PAUSE
from tests.strategies import EUROPE, VAULT_ID, rule_sets, subnet_id
from tests.workflow.fakes import Azure, Killed, around, targets

CLOSED = Firewall(PublicAccess.ENABLED, NetworkRuleSet(default_action=DefaultAction.DENY))
AGENTS = subnet_id("agents")
OTHER = subnet_id("builds")
FOREIGN = IpRule("191.10.20.7/32")
OPEN = Firewall(PublicAccess.ENABLED, NetworkRuleSet())
ACCEPT_ALL = [Acceptance(guard) for guard in GUARDS if guard != "perimeter"]
WANTED = Intent(geographies=(EUROPE,), subnets=(AGENTS,))


def azure_with(firewall: Firewall = OPEN, *, endpoint: bool = False, vaults: int = 1) -> Azure:
    ids = [VAULT_ID, *(vault_named(f"kv-{number}") for number in range(1, vaults))]
    return Azure({id: Vault(id, firewall) for id in ids}, {AGENTS: endpoint, OTHER: endpoint})


def vault_named(name: str) -> VaultId:
    id = parse_vault(f"/subscriptions/0000/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}")
    assert isinstance(id, VaultId)
    return id


def run(azure: Azure, intent: Intent = WANTED, acceptances: list[Acceptance] = ACCEPT_ALL) -> Result:
    """Plan undisturbed, then apply with the hooks that the test has set."""
    undisturbed = Azure(azure.vaults, azure.endpoints, unreadable=azure.unreadable)
    planned, drawings = plan(targets(azure.vaults, intent), acceptances, around(undisturbed))
    azure.calls.clear()
    return apply(planned, drawings, around(azure))


def test_without_a_missing_endpoint_there_is_one_write_between_two_looks():
    azure = azure_with(endpoint=True)
    result = run(azure)
    assert azure.calls == ["read kv-test", "write kv-test", "read kv-test"]
    assert result.status == 0
    assert result.outcomes[0].verified


def test_a_missing_endpoint_makes_three_steps_and_the_last_one_tightens():
    azure = azure_with()
    seen = []
    azure.after = lambda number, what: seen.append(
        (what, azure.vaults[VAULT_ID].firewall.rule_set.default_action.value)
    )
    assert run(azure).status == 0
    assert seen == [("write kv-test early", "Allow"), ("enable agents", "Allow"), ("write kv-test", "Deny")]


def test_vaults_that_share_a_subnet_are_all_opened_before_it_changes():
    azure = azure_with(vaults=3)
    assert run(azure).status == 0
    writes = [call for call in azure.calls if not call.startswith("read")]
    assert writes == [
        "write kv-1 early", "write kv-2 early", "write kv-test early", "enable agents",
        "write kv-1", "write kv-2", "write kv-test",
    ]  # fmt: skip


def test_a_second_apply_writes_nothing():
    azure = azure_with()
    run(azure)
    result = run(azure)
    assert azure.calls == []
    assert result.outcomes[0].ending is Ending.UNCHANGED


@pytest.mark.parametrize("guard", ["default-deny", "service-endpoint"])
def test_a_guard_that_is_not_accepted_refuses_and_nothing_is_written(guard):
    azure = azure_with()
    result = run(azure, acceptances=[each for each in ACCEPT_ALL if each.guard != guard])
    assert azure.calls == []
    assert result.status == 5


def test_a_refused_vault_does_not_stop_the_others():
    azure = azure_with(vaults=2, endpoint=True)
    result = run(azure, acceptances=[Acceptance("default-deny", "kv-1")])
    assert [outcome.ending for outcome in result.outcomes] == [Ending.DONE, Ending.REFUSED]
    assert result.status == 5


def test_a_foreign_rule_that_appears_before_the_write_survives():
    azure = azure_with(endpoint=True)

    def colleague(number: int, what: str) -> None:
        if what == "read kv-test" and number == 0:
            vault = azure.vaults[VAULT_ID]
            azure.vaults[VAULT_ID] = replace(vault, firewall=vault.firewall.with_rules(ip_rules=(FOREIGN,)))

    azure.before = colleague
    assert run(azure).status == 0
    assert FOREIGN in azure.vaults[VAULT_ID].firewall.rule_set.ip_rules


@pytest.mark.parametrize(
    "moved",
    [
        OPEN.with_rules(default_action=DefaultAction.DENY),
        replace(OPEN, public_access=PublicAccess.DISABLED),
        OPEN.with_rules(ip_rules=(IpRule("40.74.28.0/23"),)),
    ],
    ids=["default action", "public access", "a rule that was going to be added"],
)
def test_any_other_difference_is_stale_and_nothing_is_written(moved):
    azure = azure_with(endpoint=True)

    def colleague(number: int, what: str) -> None:
        azure.vaults[VAULT_ID] = replace(azure.vaults[VAULT_ID], firewall=moved)

    azure.before = colleague
    result = run(azure)
    assert azure.calls == ["read kv-test"]
    assert result.status == 6
    assert isinstance(result.outcomes[0].error, VaultMoved)


def test_what_comes_back_different_is_status_7():
    azure = azure_with(endpoint=True)

    def colleague(number: int, what: str) -> None:
        if number == 2:
            vault = azure.vaults[VAULT_ID]
            rules = (*vault.firewall.rule_set.ip_rules, FOREIGN)
            azure.vaults[VAULT_ID] = replace(vault, firewall=vault.firewall.with_rules(ip_rules=rules))

    azure.before = colleague
    result = run(azure)
    assert result.status == 7
    assert isinstance(result.outcomes[0].error, NotVerified)
    assert "191.10.20.7/32 is there" in str(result.outcomes[0].error)


@pytest.mark.parametrize("committed", [False, True], ids=["lost before it arrived", "lost on the way back"])
def test_a_write_that_is_not_settled_is_looked_at_and_not_repeated_blindly(committed):
    azure = azure_with(endpoint=True)
    lost = WriteUnsettled("kv-test", "the connection broke", wait=7)

    def lose(number: int, what: str) -> None:
        if what.startswith("write") and number == 1:
            raise lost

    if committed:
        azure.after = lose
    else:
        azure.before = lose
    assert run(azure).status == 0
    assert azure.slept == [7]
    assert [call for call in azure.calls if call.startswith("write")] == ["write kv-test"] * (1 if committed else 2)


def test_a_write_that_never_settles_is_given_up_after_some_attempts():
    azure = azure_with(endpoint=True)

    def conflict(number: int, what: str) -> None:
        if what.startswith("write"):
            raise WriteUnsettled("kv-test", "somebody else is writing")

    azure.before = conflict
    result = run(azure)
    assert azure.calls.count("write kv-test") == ATTEMPTS
    assert all(0.5 * 2**n <= pause <= 1.5 * 2**n for n, pause in enumerate(azure.slept))
    assert result.status == 1
    assert result.outcomes[0].ending is Ending.FAILED


def test_a_subnet_that_cannot_follow_leaves_the_vault_opened_and_not_tightened():
    azure = azure_with()

    def refuse(number: int, what: str) -> None:
        if what == "enable agents":
            raise NetcfgError("no")

    azure.before = refuse
    result = run(azure)
    assert result.status == 7
    rules = azure.vaults[VAULT_ID].firewall.rule_set
    assert rules.default_action is DefaultAction.ALLOW
    assert VirtualNetworkRule(AGENTS.text) in rules.virtual_network_rules


def test_a_failure_of_one_vault_stops_no_other_and_is_status_7():
    azure = azure_with(vaults=2, endpoint=True)

    def refuse(number: int, what: str) -> None:
        if what == "write kv-1":
            raise NetcfgError("locked")

    azure.before = refuse
    result = run(azure)
    assert [outcome.ending for outcome in result.outcomes] == [Ending.FAILED, Ending.DONE]
    assert result.status == 7


MOVES = {
    "public access goes off": lambda v: replace(v, firewall=replace(v.firewall, public_access=PublicAccess.DISABLED)),
    "the bypass changes": lambda v: replace(v, firewall=v.firewall.with_rules(bypass=Bypass.NONE)),
    "the vault is opened": lambda v: replace(v, firewall=v.firewall.with_rules(default_action=DefaultAction.ALLOW)),
    "a perimeter takes over": lambda v: replace(v, perimeter=Perimeter.ENFORCED),
    "an unknown property changes": lambda v: replace(v, firewall=v.firewall.with_rules(unknown='{"future":1}')),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize(("committed", "status"), [(True, 7), (False, 6)])
@pytest.mark.parametrize("endpoint", [True, False])
def test_what_moves_while_a_write_is_unsettled_is_never_called_done(
    move: str, committed: bool, status: int, endpoint: bool
):
    azure = azure_with(CLOSED, endpoint=endpoint)
    moved = []

    def lose(number: int, what: str) -> None:
        if what.startswith("write") and not moved:
            moved.append(what)
            azure.vaults[VAULT_ID] = MOVES[move](azure.vaults[VAULT_ID])
            raise WriteUnsettled("kv-test", "409 or a broken connection", may_have_happened=committed)

    if committed:
        azure.after = lose
    else:
        azure.before = lose
    result = run(azure)
    assert result.outcomes[0].ending is Ending.STALE
    assert result.status == status


@pytest.mark.parametrize("move", MOVES)
def test_what_moves_between_the_steps_is_never_called_done(move: str):
    azure = azure_with(CLOSED)

    def colleague(number: int, what: str) -> None:
        if what == "enable agents":
            azure.vaults[VAULT_ID] = MOVES[move](azure.vaults[VAULT_ID])

    azure.before = colleague
    assert run(azure).status == 7


@pytest.mark.parametrize(("how", "status"), [("it is locked", 7), ("it is refused", 7), ("it cannot be read", 1)])
def test_an_endpoint_waits_for_every_vault_of_the_run(how: str, status: int):
    azure = azure_with(CLOSED, vaults=2)
    accepted = ACCEPT_ALL

    def refuse(number: int, what: str) -> None:
        if what == "write kv-1 early":
            raise NetcfgError("locked")

    match how:
        case "it is locked":
            azure.before = refuse
        case "it is refused":
            accepted = [Acceptance("service-endpoint", "kv-test")]
        case "it cannot be read":
            azure.unreadable = {"kv-1"}
    result = run(azure, acceptances=accepted)
    assert result.status == status
    assert any(isinstance(each.error, EndpointHeld) for each in result.outcomes)
    assert not azure.endpoints[AGENTS]


def test_a_vault_that_may_hide_rules_is_written_once_and_only_when_the_endpoint_is_there():
    azure = azure_with(replace(OPEN, public_access=PublicAccess.DISABLED))
    result = run(azure, replace(WANTED, public_access=PublicAccess.ENABLED))
    assert result.status == 0
    assert [call for call in azure.calls if not call.startswith("read")] == ["enable agents", "write kv-test"]


def test_a_wait_that_is_too_long_is_for_whoever_called_us():
    azure = azure_with(endpoint=True)

    def throttle(number: int, what: str) -> None:
        if what.startswith("write"):
            raise WriteUnsettled("kv-test", "slow down", wait=LONGEST_PAUSE + 1, may_have_happened=False)

    azure.before = throttle
    result = run(azure)
    assert azure.slept == []
    assert isinstance(result.outcomes[0].error, AskedToWait)
    assert result.status == 1


def test_what_was_declined_is_not_reached():
    azure = azure_with(vaults=2, endpoint=True)
    planned, _ = plan(targets(azure.vaults, WANTED), [Acceptance("default-deny", "kv-1")], around(azure))
    assert [each.ending for each in decline(planned).outcomes] == [Ending.NOT_REACHED, Ending.REFUSED]


@given(rule_sets, st.booleans(), st.integers(0, 12), st.booleans())
def test_killed_anywhere_nobody_lost_a_way_in_and_a_second_run_arrives(rule_set, endpoint, moment, after):
    start = Firewall(PublicAccess.ENABLED, rule_set)
    intent = replace(WANTED, subnets=(AGENTS, OTHER))
    undisturbed = azure_with(start, endpoint=endpoint)
    run(undisturbed, intent)
    goal = undisturbed.vaults[VAULT_ID].firewall

    azure = azure_with(start, endpoint=endpoint)

    def kill(number: int, what: str) -> None:
        if number == moment:
            raise Killed

    if after:
        azure.after = kill
    else:
        azure.before = kill
    try:
        run(azure, intent)
    except Killed:
        halfway = azure.vaults[VAULT_ID].firewall
        for rule in start.rule_set.rules:
            assert rule in halfway.rule_set.rules or rule not in goal.rule_set.rules
        if start.is_open and not all(azure.endpoints.values()):
            assert halfway.is_open
    azure.before = azure.after = lambda number, what: None
    assert run(azure, intent).status == 0
    assert azure.vaults[VAULT_ID].firewall == goal
    assert all(azure.endpoints.values())

"""Proving through Azure DevOps: whom it is asked by, how long it looks again, and what an apply makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.discovery import Library, LinkedGroup
from netcfg.core.errors import (
    DevOpsAnswer,
    ManyConnections,
    NetcfgError,
    NoConnection,
    NoRelay,
    NoSuchProject,
    RelayOfNone,
)
from netcfg.core.intent import Intent
from netcfg.core.linking.groups import Project, ServiceConnection, VariableGroup
from netcfg.core.linking.relay import Relay, Relayed
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.proof import NotAsked, Proof
from netcfg.core.rules import DefaultAction, Firewall, NetworkRuleSet, PublicAccess
from netcfg.core.verification import Hope, Obstacle
from netcfg.workflow.apply import apply
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.plan import plan
from netcfg.workflow.proving import Found, find_connection, find_ways, prove, prove_all
from tests.core.test_proof import CLOSED, CONNECTION, EXPIRED, NOT_FOUND, NOWHERE, OK, PAYMENTS, ROLE, firewall
from tests.strategies import EUROPE, VAULT_ID
from tests.workflow.fakes import UNLINKED, Azure, around, targets
from tests.workflow.test_apply import ACCEPT_ALL, azure_with

SHUT = firewall()
GONE = Relayed(NOWHERE.status, NOWHERE.message.replace("kv-x", "kv-test"))
WANTED = Intent(geographies=(EUROPE,))
SALES = Project("contoso", "sales", "703")
OTHER = replace(CONNECTION, id="802", name="azure-test")
GITHUB = replace(CONNECTION, id="803", name="github", type="github")


@dataclass
class Relays:
    """Azure DevOps with these answers in turn, the last one again and again, and a clock that only waiting moves."""

    answers: Sequence[Relayed | NetcfgError] = (OK,)
    connections: tuple[ServiceConnection, ...] = (CONNECTION,)
    groups: tuple[VariableGroup, ...] = ()
    azure: Azure = field(default_factory=azure_with)
    stopping: int | None = None
    asked: list[str] = field(default_factory=list)
    now: float = 100.0
    slept: list[float] = field(default_factory=list)
    stop: Any = None
    lock: Any = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.stop = Clocked(self)

    def may_list(self, connection: ServiceConnection, vault: str) -> Relayed:
        with self.lock:
            said = self.answers[min(len(self.asked), len(self.answers) - 1)]
            self.asked.append(vault)
        if isinstance(said, NetcfgError):
            raise said
        return said

    def may_get(self, connection: ServiceConnection, vault: str) -> Relayed:
        said = self.answers[min(len(self.asked), len(self.answers)) - 1]
        assert isinstance(said, Relayed)
        return NOT_FOUND if said.is_ok else said

    def find(self, *what: Any) -> Any:
        """A project of an organization, or a connection of a project."""
        place, name = what
        if isinstance(place, str):
            if place.casefold() != "contoso":
                raise NoSuchProject(place, name, ["sales"])
            return next(each for each in (PAYMENTS, SALES) if name == each.name)
        found = next((each for each in self.connections if name in (each.name, each.id)), None)
        if found is None:
            raise NetcfgError(f"no connection {name}")
        return found

    def every(self, project: Project) -> Any:
        return self.connections

    def around(self) -> Surroundings:
        linking = replace(UNLINKED, projects=self, connections=self, proxy=self)
        groups = Groups(self.groups)
        return replace(around(self.azure), linking=linking, groups=groups, stop=self.stop, clock=lambda: self.now)

    def prove(self, seconds: float = 900, **more: Any) -> Proof:
        return prove(VAULT_ID, Found(CONNECTION), seconds, self.around(), **more)


class Clocked(Event):
    """Waiting moves the clock, and the `stopping`-th wait is where somebody has had enough."""

    def __init__(self, place: Relays) -> None:
        super().__init__()
        self._place = place

    def wait(self, timeout: float | None = None) -> bool:
        self._place.slept.append(timeout or 0.0)
        self._place.now += timeout or 0.0
        if len(self._place.slept) == self._place.stopping:
            self.set()
        return self.is_set()


@dataclass
class Groups:
    groups: tuple[VariableGroup, ...]

    def linked(self, organization: str) -> Library:
        return Library(
            tuple(LinkedGroup(each.vault, each.project.name, each.name, each.connection) for each in self.groups)
        )

    def every(self, project: Project) -> tuple[VariableGroup, ...]:
        return tuple(each for each in self.groups if each.project == project)


def linked(vault: str, connection: ServiceConnection, project: Project = PAYMENTS) -> VariableGroup:
    return VariableGroup(1, "secrets", project, vault=vault, connection=connection.id)


# --- by which connection ------------------------------------------------------------------------------------------


def test_the_connection_that_is_named_is_taken():
    found = find_connection(
        Relay("contoso", "payments", "azure-test"), Relays(connections=(CONNECTION, OTHER)).around()
    )
    assert (found.connection, found.note) == (OTHER, "")


def test_the_only_one_to_azure_is_taken_and_that_is_said():
    found = find_connection(Relay("contoso", "payments"), Relays(connections=(CONNECTION, GITHUB)).around())
    assert found.connection == CONNECTION
    assert found.note == "azure-prod is the only service connection to Azure of payments"


def test_of_several_the_one_is_taken_that_groups_link_the_vault_by():
    relays = Relays(connections=(CONNECTION, OTHER), groups=(linked("KV-X", OTHER), linked("kv-y", CONNECTION)))
    assert find_connection(Relay("contoso", "payments"), relays.around(), "kv-x").connection == OTHER


@pytest.mark.parametrize("groups", [(), (linked("kv-x", CONNECTION), linked("kv-x", OTHER))])
def test_several_that_could_be_meant_are_listed(groups: tuple[VariableGroup, ...]):
    relays = Relays(connections=(CONNECTION, OTHER), groups=groups)
    with pytest.raises(ManyConnections, match="azure-prod; azure-test"):
        find_connection(Relay("contoso", "payments"), relays.around(), "kv-x")


def test_a_project_without_any_is_an_error():
    with pytest.raises(NoConnection, match="'payments' of 'contoso' shows no service connection to Azure"):
        find_connection(Relay("contoso", "payments"), Relays(connections=(GITHUB,)).around())


def test_without_a_project_the_groups_of_the_vault_name_both():
    found = find_connection(Relay("contoso"), Relays(groups=(linked("kv-x", CONNECTION),)).around(), "kv-x")
    assert found.connection == CONNECTION
    assert found.note == "azure-prod of the project payments is what variable groups link kv-x by"


def test_groups_of_two_projects_do_not_agree():
    groups = (linked("kv-x", CONNECTION), linked("kv-x", CONNECTION, SALES))
    with pytest.raises(ManyConnections, match=r"payments.*sales"):
        find_connection(Relay("contoso"), Relays(groups=groups).around(), "kv-x")


@pytest.mark.parametrize(
    ("relay", "missing"),
    [
        (Relay(), "--organization, or"),
        (Relay("", "payments", "azure-prod"), "--organization, or"),
        (Relay("contoso"), "--project, --service-connection"),
    ],
)
def test_what_is_missing_is_a_usage_error_that_names_it(relay: Relay, missing: str):
    with pytest.raises(NoRelay) as error:
        find_connection(relay, Relays().around(), "kv-x")
    assert f"give {missing}" in str(error.value)
    assert error.value.status == 2


# --- one vault ----------------------------------------------------------------------------------------------------


def test_what_works_is_looked_at_once_and_azure_is_not_asked():
    relays = Relays()
    assert relays.prove().status == 0
    assert (len(relays.asked), relays.slept, relays.azure.calls) == (1, [], [])


def test_a_firewall_that_azure_s_rules_confirm_is_told_at_once():
    closed = azure_with(Firewall(PublicAccess.ENABLED, NetworkRuleSet(default_action=DefaultAction.DENY)))
    relays = Relays([SHUT, OK], azure=closed)
    assert relays.prove().obstacle is Obstacle.FIREWALL
    assert (len(relays.asked), relays.slept) == (1, [])


def test_a_rule_that_becomes_effective_is_waited_for_and_azure_is_asked_once():
    relays = Relays([SHUT, SHUT, SHUT, OK])
    assert relays.prove().status == 0
    assert relays.slept == [1, 2, 4]
    assert relays.azure.calls == ["read kv-test"]


def test_the_pauses_grow_to_fifteen_seconds_and_end_with_the_time_given():
    relays = Relays([SHUT])
    assert relays.prove(60).status == 4
    assert relays.slept == [1, 2, 4, 8, 15, 15, 15]


@pytest.mark.parametrize("said", [ROLE, GONE, EXPIRED, NetcfgError("the scope is missing")])
def test_what_waiting_cannot_mend_is_told_at_once(said: Relayed | NetcfgError):
    relays = Relays([said, OK])
    assert relays.prove().obstacle
    assert (len(relays.asked), relays.slept) == (1, [])


def test_what_azure_may_not_show_is_waited_for_a_minute_unless_somebody_wants_more():
    short, long = Relays([SHUT]), Relays([SHUT])
    for each in (short, long):
        each.azure.unreadable.add("kv-test")
    found = short.prove()
    assert (sum(short.slept), found.status) == (60, 4)
    assert found.notes[-1].startswith("nobody here sees whether a change is on its way")
    assert (long.prove(200, unseen=200).notes[1:], sum(long.slept)) == ((), 200)


def test_a_permission_that_was_granted_is_waited_for():
    relays = Relays([ROLE, ROLE, OK])
    assert relays.prove(was_granted=True).status == 0
    assert relays.slept == [1, 2]


def test_a_service_out_of_order_gets_a_few_tries():
    relays = Relays([DevOpsAnswer("https://dev.azure.com", "status 500", "an answer")])
    assert (relays.prove().status, len(relays.asked)) == (1, 4)


def test_that_azure_could_not_be_asked_is_a_note_and_no_end():
    relays = Relays([SHUT])
    relays.azure.unreadable.add("kv-test")
    found = relays.prove(0)
    assert found.notes == ("Azure Resource Manager could not explain it: not yours",)
    assert found.obstacle is Obstacle.FIREWALL


def test_somebody_who_has_had_enough_ends_the_wait():
    relays = Relays([SHUT], stopping=2)
    assert relays.prove().hope is Hope.CHANGE
    assert (len(relays.asked), len(relays.slept)) == (2, 2)


said = st.sampled_from([SHUT, OK, CLOSED, ROLE, Relayed("serviceUnavailable"), DevOpsAnswer("u", "500", "x")])


@settings(max_examples=30)
@given(st.lists(said, min_size=1, max_size=10), st.floats(0, 400))
def test_it_ends_in_time_and_azure_is_asked_once_at_most(answers: list[Relayed | NetcfgError], seconds: float):
    relays = Relays(answers)
    relays.prove(seconds)
    assert sum(relays.slept) <= seconds + 0.001
    assert relays.azure.calls in ([], ["read kv-test"])


# --- the vaults of an apply ---------------------------------------------------------------------------------------


MEANT = Relay("contoso", "payments", "azure-prod")


def applied(
    relays: Relays, seconds: float = 300, intent: Intent = WANTED, relay: Relay = MEANT, *, is_typed: bool = False
) -> Result:
    surroundings = relays.around()
    planned, drawings = plan(targets(relays.azure.vaults, intent), ACCEPT_ALL, surroundings, asks_which=False)
    ways = find_ways(relay, planned, drawings, surroundings, is_typed=is_typed)
    return prove_all(apply(planned, drawings, surroundings), ways, seconds, surroundings)


def test_an_apply_that_azure_devops_gets_in_by_is_done():
    result = applied(Relays())
    assert [each.proof.status for each in result.outcomes if each.proof] == [0]
    assert (result.status, result.is_proved) == (0, True)


def test_rules_that_become_effective_are_waited_for():
    relays = Relays([SHUT, SHUT, OK])
    assert applied(relays).status == 0
    assert relays.slept == [1, 2]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (SHUT, 7),
        (CLOSED, 7),
        (EXPIRED, 7),
        (GONE, 7),
        (NetcfgError("the scope is missing"), 7),
        (Relayed("teapot", "?"), 7),
        (ROLE, 0),
    ],
)
def test_applied_and_not_read_is_incomplete_but_for_a_permission(said: Relayed | NetcfgError, status: int):
    result = applied(Relays([said]), 0)
    assert [each.ending for each in result.outcomes] == [Ending.DONE]
    assert result.status == status


def test_an_address_that_the_plan_does_not_admit_is_not_waited_for():
    relays = Relays([firewall("191.10.60.9")])
    assert applied(relays).status == 7
    assert relays.slept == []


def test_what_was_there_already_is_proved_too():
    relays = Relays([OK])
    applied(relays)
    again = applied(relays)
    assert [each.ending for each in again.outcomes] == [Ending.UNCHANGED]
    assert relays.asked == ["kv-test", "kv-test"]


def test_a_vault_that_is_to_have_no_public_access_is_not_asked_about():
    closed = azure_with(Firewall(PublicAccess.DISABLED, NetworkRuleSet()))
    relays = Relays([CLOSED], azure=closed)
    result = applied(relays, intent=Intent(geographies=(EUROPE,), public_access=PublicAccess.DISABLED))
    (outcome,) = result.outcomes
    assert (result.status, relays.asked, outcome.proof) == (0, [], None)
    assert outcome.unasked == NotAsked("its public access stays disabled, so Azure DevOps does not get in")


@pytest.mark.parametrize(
    ("organization", "asked"), [("contoso", ["kv-test"]), ("Contoso", ["kv-test"]), ("fabrikam", [])]
)
def test_a_vault_of_another_organization_is_not_asked_about(organization: str, asked: list[str]):
    relays = Relays()
    result = applied(relays, intent=Intent(organizations=(organization,)))
    assert (result.status, relays.asked) == (0, asked)
    reason = "azure-prod is of contoso, which this vault does not serve"
    assert [each.unasked for each in result.outcomes] == ([None] if asked else [NotAsked(reason)])


# --- what the configuration names for other commands must not keep the firewall from being written ------------------


def test_the_organization_of_a_connection_is_the_one_that_the_vault_serves():
    relays = Relays()
    result = applied(relays, intent=Intent(organizations=("contoso",)), relay=Relay("", "payments", "azure-prod"))
    assert (result.status, relays.asked) == (0, ["kv-test"])


@pytest.mark.parametrize(
    ("intent", "reason"),
    [
        (
            Intent(organizations=("contoso", "fabrikam")),
            "it serves contoso, fabrikam, and it was not said whose azure-prod is; name the organization under devops:",
        ),
        (
            WANTED,
            (
                "it serves no organization that is named, and it was not said whose azure-prod is; name the "
                "organization under devops:"
            ),
        ),
    ],
)
def test_a_connection_that_could_not_be_meant_is_told_and_nothing_is_the_worse_for_it(intent: Intent, reason: str):
    relays = Relays()
    nobody_s = Relay("", "payments", "azure-prod")
    result = applied(relays, intent=intent, relay=nobody_s)
    assert [(each.ending, each.unasked) for each in result.outcomes] == [(Ending.DONE, NotAsked(reason))]
    assert (result.status, relays.asked) == (0, [])
    again = Relays()
    with pytest.raises(RelayOfNone, match="kv-test: it serves"):
        applied(again, intent=intent, relay=nobody_s, is_typed=True)
    assert [each for each in again.azure.calls if each.startswith("write")] == []


def test_a_connection_of_the_file_that_cannot_be_found_leaves_it_applied_and_not_proved():
    relays = Relays()
    gone = Relay("contoso", "payments", "azure-gone")
    result = applied(relays, relay=gone)
    assert [(each.ending, each.unasked) for each in result.outcomes] == [
        (Ending.DONE, NotAsked("no connection azure-gone", is_lost=True))
    ]
    assert (result.status, relays.asked) == (7, [])
    again = Relays()
    with pytest.raises(NetcfgError, match="no connection azure-gone"):
        applied(again, relay=gone, is_typed=True)
    assert [each for each in again.azure.calls if each.startswith("write")] == []


def test_of_several_connections_of_the_file_s_project_none_is_meant():
    relays = Relays(connections=(CONNECTION, OTHER))
    result = applied(relays, relay=Relay("contoso", "payments"))
    assert (result.status, relays.asked) == (0, [])
    assert "azure-prod; azure-test" in str(result.outcomes[0].unasked)


def test_each_vault_is_read_by_the_connection_of_its_own_organization():
    """Vaults of two organizations, one of which has no project of the name that the file says once for all."""
    relays = Relays(azure=azure_with(vaults=2))
    ours, theirs = relays.azure.vaults
    surroundings = relays.around()
    mine, other = (Intent(organizations=(each,)) for each in ("contoso", "fabrikam"))
    meant = [*targets([ours], mine), *targets([theirs], other)]
    planned, drawings = plan(meant, ACCEPT_ALL, surroundings, asks_which=True)
    ways = find_ways(Relay("", "payments", "azure-prod"), planned, drawings, surroundings, is_typed=False)
    assert ways[ours] == Found(CONNECTION)
    lost = ways[theirs]
    assert isinstance(lost, NotAsked)
    assert (lost.is_lost, "fabrikam shows this sign-in no project 'payments'" in lost.reason) == (False, True)


def test_a_vault_that_was_not_written_is_not_asked_about():
    relays = Relays()
    relays.azure.before = lambda number, what: _fail(what)
    result = applied(relays)
    assert ([each.ending for each in result.outcomes], relays.asked) == ([Ending.FAILED], [])


def _fail(what: str) -> None:
    if what.startswith("write"):
        raise NetcfgError("no")


def test_all_vaults_together_are_waited_for_no_longer_than_was_said():
    relays = Relays([SHUT], azure=azure_with(vaults=20))
    result = applied(relays, 60)
    assert relays.now <= 160.001 + 15
    assert {each.proof.obstacle for each in result.outcomes if each.proof} == {Obstacle.FIREWALL}
    assert sorted(set(relays.asked)) == sorted(each.name for each in relays.azure.vaults)


def test_an_interrupt_ends_the_proof_and_is_told():
    result = applied(Relays([SHUT], stopping=1))
    assert (result.is_interrupted, result.status) == (True, 130)
    assert [each.ending for each in result.outcomes] == [Ending.DONE]


def test_without_a_proof_nothing_is_another_status():
    done = applied(Relays())
    bare = replace(done, outcomes=tuple(Outcome(each.plan, each.ending, True) for each in done.outcomes))
    assert bare.status == 0

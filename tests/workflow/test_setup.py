"""Setup: each step waits for the one that it needs, and whatever happens no group is written that nobody can fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.core.errors import (
    DevOpsAnswer,
    DevOpsCannotRead,
    GrantMoved,
    GrantUnsettled,
    IdentityUnknown,
    NetcfgError,
    NoDevOpsPermission,
    NoSuchSecret,
)
from netcfg.core.intent import Intent
from netcfg.core.linking.grouping import Wish
from netcfg.core.linking.groups import Mapping, Project, ServiceConnection, VariableGroup
from netcfg.core.linking.relay import Relay, Relayed
from netcfg.core.linking.secrets import Secret
from netcfg.core.outcome import Ending
from netcfg.core.resources import Vault
from netcfg.core.rules import PublicAccess
from netcfg.core.setup import Permission, SetupPlan, SetupResult
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawings
from netcfg.workflow.plan import plan as plan_vaults
from netcfg.workflow.setup import Wanted, apply, plan
from tests.core.test_proof import EXPIRED, OID, OK, ROLE, firewall
from tests.strategies import EUROPE, VAULT_ID
from tests.workflow.fakes import UNLINKED, Azure, around, targets
from tests.workflow.test_apply import ACCEPT_ALL, azure_with
from tests.workflow.test_proving import Relays

SHUT = firewall()
INTENT = Intent(geographies=(EUROPE,))
KEY, URL = Secret("app-key"), Secret("app-url")
TROUBLE = DevOpsAnswer("https://dev.azure.com", "status 503", "an answer")
UNKNOWN_ROLE = replace(ROLE, message=ROLE.message.replace(f";oid={OID}", ""))


@dataclass
class Place(Relays):
    """The same Azure DevOps with variable groups, and a vault that holds secrets; `later` are those that Azure DevOps
    lists at last."""

    holds: tuple[Secret, ...] = (KEY, URL)
    later: tuple[Secret, ...] | Relayed | None = None
    there: dict[str, VariableGroup] = field(default_factory=dict)
    granted: list[str] = field(default_factory=list)
    refusal: NetcfgError | None = None

    def secrets(self, *whom: Any) -> Any:
        by_devops = len(whom) == 2
        return self.holds if self.later is None or not by_devops else self.later

    def keys(self, vault: Any) -> frozenset[str]:
        return frozenset()

    def allow(self, vault: Vault, object_id: str, tenant: str) -> bool:
        if self.refusal:
            raise self.refusal
        self.granted.append(object_id)
        return True

    def create(
        self, project: Project, name: str, vault: str, connection: ServiceConnection, mappings: Sequence[Mapping]
    ) -> VariableGroup:
        new = VariableGroup(7, name, project, vault=vault, connection=connection.id, mappings=tuple(mappings))
        self.there[name] = new
        return new

    def read(self, group: VariableGroup) -> VariableGroup:
        return self.there[group.name]

    def every(self, project: Project) -> Any:
        return self.connections

    def around(self) -> Surroundings:
        linking = replace(UNLINKED, projects=self, connections=self, proxy=self, holdings=self, grants=self)
        return replace(
            around(self.azure), linking=linking, groups=Library(self), stop=self.stop, clock=lambda: self.now
        )

    def plan(self, wish: Wish = Wish(is_all=True), intent: Intent = INTENT, **more: Any) -> tuple[SetupPlan, Drawings]:  # noqa: B008
        surroundings = self.around()
        draw = partial(plan_vaults, targets(self.azure.vaults, intent), ACCEPT_ALL, surroundings)
        relay = Relay("contoso", "payments", "azure-prod", more.pop("group", "app"))
        return plan(draw, Wanted(VAULT_ID, relay, wish, **more), ACCEPT_ALL, surroundings)

    def run(self, seconds: float = 60, **more: Any) -> SetupResult:
        planned, drawings = self.plan(**more)
        return apply(planned, drawings, seconds, self.around())

    @property
    def writes(self) -> list[str]:
        return [each for each in self.azure.calls if each.startswith("write")]


@dataclass
class Library:
    place: Place

    def every(self, project: Project) -> tuple[VariableGroup, ...]:
        return tuple(self.place.there.values())

    def __getattr__(self, name: str) -> Any:
        return getattr(self.place, name)


def test_a_vault_that_opens_is_linked():
    place = Place((SHUT, SHUT, OK))
    found = place.run()
    assert found.status == 0
    assert [each.name for each in place.there["app"].mappings] == ["app-key", "app-url"]
    assert place.writes == ["write kv-test"]
    assert place.slept == [1.0]
    assert found.plan.permission is Permission.UNSEEN


def test_a_second_setup_changes_nothing():
    place = Place((SHUT, OK))
    place.run()
    place.asked.clear()
    place.answers = (OK,)
    planned, drawings = place.plan()
    assert (planned.is_done, planned.has_changes) == (True, False)
    assert apply(planned, drawings, 0, place.around()).status == 0
    assert place.writes == ["write kv-test"]


@settings(max_examples=25)
@given(st.lists(st.sampled_from([SHUT, ROLE, OK, TROUBLE, EXPIRED]), min_size=2, max_size=9), st.booleans())
def test_no_group_is_written_before_azure_devops_reads_the_vault(answers: list[Any], grants: bool):
    place = Place(tuple(answers))
    try:
        found = place.run(grants=grants)
    except DevOpsCannotRead:
        assert place.writes == []
    else:
        assert (found.status == 0) == ("app" in place.there) == (found.proof is not None and not found.proof.obstacle)
        assert bool(place.granted) <= grants
        assert found.status in (0, 7)


def test_a_firewall_that_stays_shut_is_waited_for_and_no_longer():
    place = Place((SHUT,))
    found = place.run(seconds=60)
    assert found.status == 7
    assert sum(place.slept) == 60
    assert found.group is not None
    assert found.group.ending is Ending.NOT_REACHED
    assert place.there == {}


def test_somebody_who_has_had_enough_is_obeyed_and_told():
    place = Place((SHUT,), stopping=2)
    found = place.run(seconds=600)
    assert (found.status, found.is_interrupted) == (130, True)
    assert place.slept == [1.0, 2.0]
    assert place.there == {}


def test_a_permission_is_given_once_it_is_known_to_be_missing():
    place = Place((SHUT, ROLE, ROLE, ROLE, OK))
    found = place.run(grants=True)
    assert (found.status, found.granted, place.granted) == (0, True, [OID])
    assert "app" in place.there


def test_a_permission_that_is_not_missing_any_more_is_not_given():
    place = Place((SHUT, ROLE, OK))
    found = place.run(grants=True)
    assert (found.status, found.granted, place.granted) == (0, False, [])


def test_a_connection_that_is_somebody_elses_by_now_is_given_nothing():
    place = Place((SHUT, OK))
    place.run()
    place.answers = (ROLE,)
    planned, drawings = place.plan(grants=True)
    place.connections = (replace(place.connections[0], client="", object_id=OID[:-1] + "9"),)
    found = apply(planned, drawings, 0, place.around())
    assert (found.status, type(found.error), place.granted) == (6, GrantMoved, [])


def test_a_permission_that_is_there_is_not_given_again():
    place = Place((SHUT, OK))
    assert place.run(grants=True).status == 0
    assert place.granted == []


@pytest.mark.parametrize(
    ("refusal", "granted"),
    [(NetcfgError("you may not"), False), (GrantUnsettled("kv-x", "Azure does not show it yet"), True)],
)
def test_a_permission_that_could_not_be_given_is_status_7(refusal: NetcfgError, granted: bool):
    place = Place((SHUT, ROLE), refusal=refusal)
    found = place.run(grants=True)
    assert (found.status, found.granted, found.error) == (7, granted, refusal)
    assert place.there == {}


def test_where_nothing_else_was_to_do_a_permission_that_could_not_be_given_is_an_error():
    refusal = NetcfgError("you may not give roles here")
    place = Place((SHUT, ROLE), refusal=refusal)
    place.run(grants=True)  # opens the vault
    found = place.run(grants=True)
    assert (found.status, found.granted, found.has_changed_something) == (1, False, False)


def test_to_whom_a_permission_is_to_be_given_is_known_before_anything_is_written():
    place = Place((UNKNOWN_ROLE,))
    with pytest.raises(IdentityUnknown):
        place.run(grants=True)
    assert place.writes == []


@pytest.mark.parametrize(
    ("later", "said"),
    [
        ((URL,), "app-key is not there any more"),
        ((replace(KEY, enabled=False), URL), "app-key is disabled"),
        ((), "app-key is not there any more; app-url is not there any more"),
    ],
)
def test_secrets_that_went_since_the_plan_leave_the_group_unwritten(later: tuple[Secret, ...], said: str):
    place = Place((SHUT, OK), later=later)
    found = place.run()
    assert found.status == 7  # for the vault was opened
    assert found.group is not None
    assert found.group.ending is Ending.STALE
    assert said in str(found.group.error)
    assert place.there == {}


def test_a_secret_that_came_since_the_plan_is_not_mapped_unseen():
    place = Place((SHUT, OK), later=(KEY, URL, Secret("app-new")))
    assert place.run().status == 0
    assert [each.name for each in place.there["app"].mappings] == ["app-key", "app-url"]


def test_a_list_that_is_refused_halfway_leaves_the_group_unwritten():
    place = Place((SHUT, OK), later=Relayed("internalServerError", "page 3"))
    found = place.run()
    assert found.status == 7
    assert found.group is not None
    assert "read a part of kv-test, and then was told internalServerError: page 3" in str(found.group.error)
    assert place.there == {}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (EXPIRED, DevOpsCannotRead),
        (NoDevOpsPermission("contoso", "the PAT", "connections", "a scope", None), DevOpsCannotRead),
    ],
)
def test_a_connection_that_nothing_here_mends_ends_the_plan(answer: Any, error: type[NetcfgError]):
    place = Place((answer,))
    with pytest.raises(error):
        place.run()
    assert place.writes == []


def test_a_secret_that_is_not_there_ends_the_plan():
    place = Place((SHUT,))
    with pytest.raises(NoSuchSecret):
        place.run(wish=Wish(("nothing",)))
    assert place.writes == []


def test_a_vault_that_is_to_stay_closed_is_proved_by_nobody():
    place = Place((SHUT,), azure=closed())
    found = place.run(intent=replace(INTENT, public_access=PublicAccess.DISABLED), group="")
    assert (found.status, found.proof, place.slept) == (0, None, [])


def closed() -> Azure:
    azure = azure_with()
    vault = azure.vaults[VAULT_ID]
    azure.vaults[VAULT_ID] = replace(vault, firewall=replace(vault.firewall, public_access=PublicAccess.DISABLED))
    return azure

"""Linking and refreshing, with an Azure DevOps of a few lines: what is looked at, what is written, how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from netcfg.core.errors import (
    AmbiguousGroup,
    DevOpsCannotRead,
    DevOpsRefused,
    DevOpsUnreachable,
    DevOpsUnsettled,
    DigitsForName,
    GrantMoved,
    GrantUnsettled,
    GroupElsewhere,
    GroupMoved,
    GroupNotLinked,
    GroupNotVerified,
    GroupOfAnother,
    IdentityUnknown,
    Interrupted,
    NetcfgError,
    NoGroupName,
    NoRelay,
    NothingLinkedIn,
    NothingWished,
    NotInAzure,
    NotLinked,
    PlainValues,
    SecretsMoved,
    VariableGroupGone,
)
from netcfg.core.guards import Acceptance
from netcfg.core.linking.grouping import GroupOutcome, GroupResult, Wish
from netcfg.core.linking.groups import Mapping as SecretMapping
from netcfg.core.linking.groups import Project, ServiceConnection, VariableGroup
from netcfg.core.linking.library import Demand
from netcfg.core.linking.relay import Relay, Relayed
from netcfg.core.linking.secrets import Secret
from netcfg.core.outcome import Ending
from netcfg.core.resources import Vault, VaultId, parse_vault
from netcfg.core.rules import Firewall, NetworkRuleSet, PublicAccess
from netcfg.workflow import granting
from netcfg.workflow.collaborators import Linking, Surroundings
from netcfg.workflow.grouping import Link, Refresh, carry_out, plan_link, plan_refresh
from tests.core.test_proof import NOT_FOUND, OID, OK, ROLE
from tests.workflow.fakes import Azure, Stop, around

PAYMENTS = Project("contoso", "payments", "p1")
PROD = ServiceConnection("c1", "azure-prod", PAYMENTS, object_id=OID, tenant="t1")
ID = parse_vault("/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-a")
RELAY = Relay("contoso", "payments", "azure-prod", "shop")
ALL = Wish(is_all=True)
LOST = DevOpsUnsettled("it", "the connection broke")


def group(id: int = 7, name: str = "shop", *mapped: str, **more: Any) -> VariableGroup:
    made = VariableGroup(id, name, PAYMENTS, vault="kv-a", connection="c1", projects=("payments",), modified="1")
    return replace(made, mappings=tuple(map(SecretMapping, mapped)), **more)


@dataclass
class Office:
    """A project, a vault, and whoever is asked about them. `before` is called with the words of each call."""

    groups: dict[int, VariableGroup] = field(default_factory=dict)
    holds: tuple[str, ...] = ("api", "db")
    is_allowed: bool = True
    effective_after: int = 0
    connections: tuple[ServiceConnection, ...] = (PROD,)
    before: Callable[[str], None] = lambda what: None
    after: Callable[[str], None] = lambda what: None
    forgets: bool = False
    is_given: bool = False
    asked: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    @staticmethod
    def of(*groups: VariableGroup, **more: Any) -> Office:
        return Office({each.id: each for each in groups}, **more)

    def __post_init__(self) -> None:
        vault = Vault(ID, Firewall(PublicAccess.ENABLED, NetworkRuleSet()), is_role_based=True)
        self.azure = azure = Azure({ID: vault}, slept=self.slept)
        us = cast("Any", self)
        found = replace(around(azure), groups=us, linking=Linking(_Projects(), _Connections(self), us, us, us))
        self.around: Surroundings = replace(found, clock=lambda: sum(self.slept))

    @property
    def writes(self) -> list[str]:
        return [each for each in self.asked if each.startswith(("create", "update", "allow"))]

    def _note(self, what: str) -> None:
        self.asked.append(what)
        self.before(what)

    def every(self, project: Project) -> tuple[VariableGroup, ...]:
        self._note("every")
        return tuple(self.groups.values())

    def read(self, group: VariableGroup) -> VariableGroup:
        self._note(f"read {group.id}")
        if group.id not in self.groups:
            raise VariableGroupGone(group.name, group.id, "payments")
        return self.groups[group.id]

    def create(
        self, project: Project, name: str, vault: str, connection: ServiceConnection, mappings: Sequence[SecretMapping]
    ) -> VariableGroup:
        self._note(f"create {name}")
        made = replace(group(99, name), vault=vault, connection=connection.id, mappings=tuple(mappings))
        self.groups[99] = made
        self.after("create")
        return made

    def update(self, group: VariableGroup, mappings: Sequence[SecretMapping]) -> VariableGroup:
        self._note(f"update {group.id}")
        held = group.mappings if self.forgets else tuple(mappings)
        self.groups[group.id] = replace(group, mappings=held, modified=group.modified + "1")
        self.after("update")
        return self.groups[group.id]

    def may_list(self, connection: ServiceConnection, vault: str) -> Relayed:
        self._note("may list")
        return OK if self._may() else ROLE

    def may_get(self, connection: ServiceConnection, vault: str) -> Relayed:
        return NOT_FOUND if self._may() else ROLE

    def _may(self) -> bool:
        return self.is_allowed and sum(self.slept) >= self.effective_after

    def secrets(self, *where: Any) -> Any:
        """Of the proxy with a connection and a name, of Resource Manager with an id."""
        what = "list" if len(where) == 2 else "hold"
        self._note(f"{what} {where[-1] if what == 'list' else where[-1].name}")
        return tuple(map(Secret, self.holds)) if what == "hold" or self._may() else ROLE

    def keys(self, vault: VaultId) -> frozenset[str]:
        return frozenset({"signing"})

    def allow(self, vault: Vault, object_id: str, tenant: str) -> bool:
        self._note(f"allow {object_id} of {tenant} on {vault.name}")
        self.is_allowed = True
        self.after("allow")
        return not self.is_given


class _Projects:
    def every(self, organization: str) -> tuple[Project, ...]:
        return (PAYMENTS,)

    def find(self, organization: str, project: str) -> Project:
        return PAYMENTS


@dataclass
class _Connections:
    office: Office

    def every(self, project: Project) -> tuple[ServiceConnection, ...]:
        return self.office.connections

    def find(self, project: Project, connection: str) -> ServiceConnection:
        return next(each for each in self.office.connections if connection in (each.name, each.id))


def link(office: Office, *accepted: str, wish: Wish = ALL, **more: Any) -> GroupResult:
    meant = Link(more.pop("vault", "kv-a"), more.pop("relay", RELAY), wish, **more)
    return carry_out(plan_link(meant, [Acceptance(each) for each in accepted], office.around), office.around)


def refresh(office: Office, *accepted: str, **more: Any) -> GroupResult:
    meant = Refresh(more.pop("relay", Relay("contoso", "payments")), **more)
    return carry_out(plan_refresh(meant, [Acceptance(each) for each in accepted], office.around), office.around)


def only(result: GroupResult) -> GroupOutcome:
    (outcome,) = result.outcomes
    return outcome


def mapped(office: Office, id: int) -> list[str]:
    return [each.name for each in office.groups[id].mappings]


def raising(error: NetcfgError, at: str) -> Callable[[str], None]:
    """Whoever comes to this call, once."""
    left = [error]

    def meet(what: str) -> None:
        if what.startswith(at) and left:
            raise left.pop()

    return meet


# --- link ---------------------------------------------------------------------------------------------------------


def test_a_new_group_is_looked_for_again_written_once_and_read_back():
    office = Office()
    outcome = only(link(office))
    assert (outcome.ending, outcome.verified, outcome.status) == (Ending.DONE, True, 0)
    assert mapped(office, 99) == ["api", "db"]
    assert office.asked == ["every", "may list", "list kv-a", "list kv-a", "every", "create shop", "read 99"]


def test_a_group_that_is_there_grows_and_keeps_what_it_has():
    office = Office.of(group(7, "Shop", "old"))
    only(link(office, wish=Wish(("api",))))
    assert mapped(office, 7) == ["old", "api"]
    assert office.writes == ["update 7"]


def test_a_second_link_writes_nothing():
    office = Office()
    link(office)
    assert only(link(office)).ending is Ending.UNCHANGED
    assert office.writes == ["create shop"]


@pytest.mark.parametrize(
    ("groups", "kind"),
    [
        ([group(type="Vsts", vault="")], GroupNotLinked),
        ([group(vault="kv-b")], GroupOfAnother),
        ([group(connection="c2")], GroupOfAnother),
        ([group(7, "SHOP"), group(8, "Shop")], AmbiguousGroup),
    ],
)
def test_a_group_that_is_something_else_is_an_error_and_left_alone(groups: list[VariableGroup], kind: type[Exception]):
    office = Office.of(*groups)
    with pytest.raises(kind):
        link(office)
    assert office.writes == []


def test_a_name_that_is_spelt_so_comes_before_one_that_is_not():
    office = Office.of(group(7, "SHOP"), group(8))
    assert only(link(office)).plan.before == group(8)


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"relay": replace(RELAY, group="")}, NoGroupName),
        ({"relay": replace(RELAY, group=" \t")}, NoGroupName),
        ({"wish": Wish()}, NothingWished),
        ({"relay": replace(RELAY, project="")}, NoRelay),
    ],
)
def test_what_was_not_said_is_a_usage_error_and_nobody_is_asked(more: dict[str, Any], kind: type[Exception]):
    office = Office()
    office.around = replace(office.around, groups=cast("Any", _Silent()))
    with pytest.raises(kind):
        link(office, **more)


class _Silent:
    def linked(self, organization: str) -> Any:
        class Nothing:
            groups = ()

        return Nothing()


def test_the_configurations_patterns_are_wished_for_its_own_group_alone():
    demanded = Relay("contoso", "payments", "azure-prod", "shop", ("a*",))
    office = Office()
    link(office, wish=Wish(), demanded=demanded)
    assert mapped(office, 99) == ["api"]
    with pytest.raises(NothingWished):
        link(Office(), wish=Wish(), demanded=demanded, relay=replace(RELAY, group="other"))


def test_a_missing_permission_is_told_with_the_commands_that_give_it():
    office = Office(is_allowed=False)
    with pytest.raises(DevOpsCannotRead) as met:
        link(office)
    assert "az role assignment create --role 'Key Vault Secrets User'" in str(met.value)
    assert "run this again with --grant" in str(met.value)
    assert office.writes == []


def test_a_grant_comes_first_and_the_group_once_it_counts():
    office = Office(is_allowed=False, effective_after=40)
    outcome = only(link(office, grants=True))
    assert outcome.ending is Ending.DONE
    assert office.writes == [f"allow {OID} of t1 on kv-a", "create shop"]
    assert sum(office.slept) >= 40


def test_a_grant_that_never_counts_leaves_the_group_unwritten():
    office = Office(is_allowed=False, effective_after=10_000)
    outcome = only(link(office, grants=True))
    assert (outcome.ending, outcome.status) == (Ending.FAILED, 7)
    assert "the permission was given, and the group was not written" in str(outcome.error)
    assert "az role assignment" not in str(outcome.error)
    assert [each.split()[0] for each in office.writes] == ["allow"]
    assert sum(office.slept) <= 620


def test_a_secret_that_goes_while_a_grant_takes_effect_is_not_mapped():
    office = Office(is_allowed=False, effective_after=40)
    office.after = lambda what: setattr(office, "holds", ("api",)) if what == "allow" else None
    outcome = only(link(office, grants=True))
    assert (outcome.ending, outcome.status, outcome.touched) == (Ending.STALE, 7, True)
    assert "db is not there any more" in str(outcome.error)
    assert [each.split()[0] for each in office.writes] == ["allow"]


def test_a_grant_that_is_refused_has_changed_nothing():
    office = Office(is_allowed=False, before=raising(NetcfgError("no"), "allow"))
    assert only(link(office, grants=True)).status == 1


def test_a_grant_of_which_nobody_knows_counts_as_something_done():
    office = Office(is_allowed=False, before=raising(GrantUnsettled("kv-a", "it broke"), "allow"))
    assert only(link(office, grants=True)).status == 7


def test_who_ends_it_between_grant_and_group_is_told_and_the_next_run_goes_on():
    office = Office(is_allowed=False)
    office.after = lambda what: office.around.stop.set() if what == "allow" else None
    result = link(office, grants=True)
    assert (result.status, only(result).touched, type(only(result).error)) == (130, True, Interrupted)
    office.around.stop.clear()
    assert only(link(office, grants=True)).ending is Ending.DONE
    assert [each.split()[0] for each in office.writes] == ["allow", "create"]


def test_a_permission_that_is_all_that_is_missing_leaves_the_group_unwritten():
    before = group(7, "shop", "api", projects=("payments", "web"), is_shared=True)
    office = Office.of(before, is_allowed=False)
    outcome = only(link(office, grants=True, wish=Wish(("api",))))
    assert (outcome.ending, outcome.status, office.groups[7]) == (Ending.DONE, 0, before)
    assert [each.split()[0] for each in office.writes] == ["allow"]


def asked_between(office: Office, meanwhile: Callable[[], None]) -> GroupOutcome:
    """A link with a permission to give, and what somebody does before it is agreed to."""
    plans = plan_link(Link("kv-a", RELAY, ALL, grants=True), [], office.around)
    meanwhile()
    return only(carry_out(plans, office.around))


@pytest.mark.parametrize("change", [{"object_id": "o9"}, {"tenant": "t9"}])
def test_a_connection_that_is_somebody_elses_by_now_is_given_nothing(change: dict[str, Any]):
    office = Office(is_allowed=False)
    outcome = asked_between(office, lambda: setattr(office, "connections", (replace(PROD, **change),)))
    assert (outcome.ending, outcome.status, type(outcome.error)) == (Ending.STALE, 6, GrantMoved)
    assert office.writes == []


def test_a_vault_that_goes_by_policies_by_now_is_given_no_role():
    office = Office(is_allowed=False)
    vault = office.azure.vaults[ID]
    outcome = asked_between(office, lambda: office.azure.vaults.update({ID: replace(vault, is_role_based=False)}))
    assert (outcome.status, office.writes) == (6, [])
    assert "kv-a goes by access policies now" in str(outcome.error)


def test_a_permission_that_somebody_gave_meanwhile_is_not_given_again():
    office = Office(is_allowed=False)
    outcome = asked_between(office, lambda: setattr(office, "is_allowed", True))
    assert (outcome.ending, office.writes) == (Ending.DONE, ["create shop"])
    assert outcome.plan.grant is None


def test_a_permission_that_was_there_and_does_not_count_is_none_that_was_given(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(granting, "EFFECTIVE", 0.0)
    office = Office(is_allowed=False, effective_after=10_000, is_given=True)
    outcome = only(link(office, grants=True))
    assert (outcome.ending, outcome.status, outcome.touched) == (Ending.FAILED, 1, False)
    assert "the permission was given" not in str(outcome.error)
    assert "it is given already" in str(outcome.error)


def test_nothing_is_granted_to_an_identity_that_is_not_the_connections():
    office = Office(is_allowed=False, connections=(replace(PROD, object_id="o9"),))
    with pytest.raises(IdentityUnknown) as met:
        link(office, grants=True)
    assert OID in str(met.value)
    assert "o9" in str(met.value)
    assert office.writes == []


def test_an_id_names_the_group_that_has_it_and_no_new_one():
    office = Office.of(group(977, "2024", "old"), group(7, "977", "old"))
    only(link(office, relay=replace(RELAY, group="977"), wish=Wish(("api",))))
    assert office.writes == ["update 977"]
    by_name = Office.of(group(977, "2024", "old"))
    only(link(by_name, relay=replace(RELAY, group="2024"), wish=Wish(("api",))))
    assert by_name.writes == ["update 977"]


def test_no_new_group_is_called_by_digits_which_may_be_the_id_of_another_projects():
    office = Office()
    with pytest.raises(DigitsForName):
        link(office, relay=replace(RELAY, group="977"))
    assert office.writes == []


def test_a_vaults_id_has_to_be_that_of_the_vault():
    elsewhere = parse_vault("/subscriptions/s/resourceGroups/rg-no/providers/Microsoft.KeyVault/vaults/kv-a")
    office = Office.of(group(7, "shop", "api", "gone"))
    read = office.azure.read

    def find(id: VaultId) -> Vault:
        if id not in office.azure.vaults:
            raise NotInAzure("vault", "kv-a")
        return read(id)

    office.azure.read = find  # type: ignore[method-assign]
    for act in (lambda: link(office, vault=elsewhere), lambda: refresh(office, vault=elsewhere)):
        with pytest.raises(NotInAzure):
            act()
    assert office.writes == []
    assert only(link(office, vault=ID)).ending is Ending.DONE


def test_a_group_that_holds_plain_values_is_not_written():
    plain = SecretMapping("region", has_value=True, is_legible=False)
    office = Office.of(replace(group(7), mappings=(SecretMapping("gone"), SecretMapping("api"), plain)))
    with pytest.raises(PlainValues):
        link(office)
    result = refresh(office)
    assert (result.status, [type(each.error) for each in result.planned.undetermined]) == (1, [PlainValues])
    assert office.writes == []


# --- what others do meanwhile -------------------------------------------------------------------------------------


def meanwhile(office: Office, at: str, do: Callable[[], None], *, times: int = 1) -> None:
    """Somebody else does something right before the call, the so many-th time that it is made."""
    seen: list[str] = []

    def act(what: str) -> None:
        seen.extend([what] if what == at else [])
        if what == at and len(seen) == times:
            do()

    office.before = act


@pytest.mark.parametrize("change", [{"modified": "2"}, {"mappings": (SecretMapping("x"),)}, {"vault": "kv-b"}])
def test_a_group_that_moved_since_the_plan_is_not_written(change: dict[str, Any]):
    office = Office.of(group(7, "shop", "old"))
    meanwhile(office, "read 7", lambda: office.groups.update({7: replace(office.groups[7], **change)}))
    outcome = only(link(office))
    assert (outcome.ending, outcome.status, type(outcome.error)) == (Ending.STALE, 6, GroupMoved)
    assert office.writes == []


def test_a_group_that_somebody_made_since_the_plan_is_not_made_again():
    office = Office()
    meanwhile(office, "every", lambda: office.groups.update({8: group(8, "SHOP")}), times=2)
    assert only(link(office)).status == 6
    assert office.writes == []


def test_a_group_that_is_made_at_the_same_moment_is_stale():
    office = Office(before=raising(DevOpsRefused("it", 409, "it exists"), "create"))
    assert only(link(office)).status == 6


def test_a_write_that_is_refused_has_changed_nothing():
    office = Office(before=raising(DevOpsRefused("it", 400, "no"), "create"))
    outcome = only(link(office))
    assert (outcome.ending, outcome.status, office.groups) == (Ending.FAILED, 1, {})


def test_a_lost_answer_to_a_write_that_happened_is_found_out():
    office = Office(after=raising(LOST, "create"))
    assert only(link(office)).ending is Ending.DONE
    grown = Office.of(group(7, "shop", "old"), after=raising(LOST, "update"))
    assert only(link(grown)).ending is Ending.DONE


def test_a_lost_write_that_does_not_show_may_have_happened_all_the_same():
    office = Office.of(group(7, "shop", "old"), before=raising(LOST, "update"))
    outcome = only(link(office))
    assert (outcome.ending, outcome.status, outcome.touched) == (Ending.FAILED, 7, True)
    assert "not settled" in str(outcome.error)
    assert office.slept == [5.0]


def test_a_lost_write_that_shows_some_seconds_later_is_found_out():
    office = Office.of(group(7, "shop", "old"), before=raising(LOST, "update"))
    late = replace(office.groups[7], mappings=tuple(map(SecretMapping, ("old", "api", "db"))), modified="2")
    office.slept = _Landing(office.slept, lambda: office.groups.update({7: late}))
    office.around = replace(office.around, stop=Stop(office.slept))
    assert only(link(office)).ending is Ending.DONE


class _Landing(list[float]):
    """Something happens while somebody waits."""

    def __init__(self, slept: list[float], land: Callable[[], None]) -> None:
        super().__init__(slept)
        self._land = land

    def append(self, seconds: float) -> None:
        super().append(seconds)
        self._land()


def test_what_looks_at_a_write_goes_on_after_the_end_of_the_time_and_what_only_asks_does_not():
    office, depth, inside = Office(is_allowed=False), [0], list[tuple[str, bool]]()

    @contextmanager
    def finishing() -> Iterator[None]:
        depth[0] += 1
        try:
            yield
        finally:
            depth[0] -= 1

    def before(what: str) -> None:
        inside.append((what.split()[0], depth[0] > 0))
        if what.startswith("create"):
            office.groups[99] = group(99, "shop", "api", "db")
            raise LOST

    office.before = before
    office.around = replace(office.around, finishing=finishing)
    link(office, grants=True)
    begun = inside.index(("create", False))
    assert ("allow", True) in inside
    assert {each for what, each in inside[:begun] if what != "allow"} == {False}
    assert inside[begun + 1 :] == [("every", True), ("read", True)]


def test_a_write_that_azure_devops_did_not_take_has_changed_nothing():
    busy = DevOpsUnsettled("it", "status 429", may_have_happened=False)
    outcome = only(link(Office.of(group(7, "shop", "old"), before=raising(busy, "update"))))
    assert (outcome.ending, outcome.status, outcome.touched) == (Ending.FAILED, 1, False)


@pytest.mark.parametrize(
    "gone", [("read 7", VariableGroupGone("shop", 7, "payments")), ("update 7", DevOpsRefused("it", 404, "no"))]
)
def test_a_group_that_went_since_the_plan_is_stale(gone: tuple[str, NetcfgError]):
    at, error = gone
    office = Office.of(group(7, "shop", "old"))

    def go(what: str) -> None:
        if what == at:
            office.groups.clear()
            raise error

    office.before = go
    outcome = only(link(office))
    assert (outcome.ending, outcome.status, type(outcome.error)) == (Ending.STALE, 6, GroupMoved)
    assert "it is gone" in str(outcome.error)


def test_what_is_not_there_at_a_write_need_not_be_the_group():
    gone = DevOpsRefused("it", 404, "VS800075: the project does not exist")
    outcome = only(link(Office.of(group(7, "shop", "old"), before=raising(gone, "update 7"))))
    assert (outcome.ending, outcome.status, outcome.error) == (Ending.FAILED, 1, gone)


def test_a_group_that_turns_out_to_be_shared_is_not_written_unasked():
    office = Office.of(group(7, "shop", "old"))
    plans = plan_link(Link("kv-a", RELAY, ALL), [], office.around)
    office.groups[7] = replace(office.groups[7], is_shared=True, projects=("payments", "billing"))
    outcome = only(carry_out(plans, office.around))
    assert (outcome.ending, outcome.status, office.writes) == (Ending.STALE, 6, [])
    assert "shared with billing" in str(outcome.error)


def test_a_write_that_lost_a_project_is_not_verified():
    office = Office.of(replace(group(7, "shop", "old"), is_shared=True, projects=("payments", "billing")))
    office.after = lambda what: office.groups.update({7: replace(office.groups[7], projects=("payments",))})
    accepted = [Acceptance("shared-group")]
    plans = plan_link(Link("kv-a", RELAY, ALL), accepted, office.around)
    outcome = only(carry_out(plans, office.around))
    assert (outcome.status, outcome.touched) == (7, True)
    assert "instead of payments, billing" in str(outcome.error)


def planned_then(office: Office, *held: str) -> GroupOutcome:
    """A link of all, of which the vault holds something else once it is agreed to."""
    plans = plan_link(Link("kv-a", RELAY, ALL), [], office.around)
    office.holds = held
    return only(carry_out(plans, office.around))


def test_a_secret_that_went_while_somebody_was_asked_is_not_mapped():
    office = Office()
    outcome = planned_then(office, "api")
    assert (outcome.ending, outcome.status, type(outcome.error)) == (Ending.STALE, 6, SecretsMoved)
    assert office.writes == []


def test_a_secret_that_came_while_somebody_was_asked_is_not_mapped_unseen():
    office = Office()
    planned_then(office, "api", "db", "new")
    assert mapped(office, 99) == ["api", "db"]


def test_a_mapping_whose_secret_is_back_is_not_taken_out():
    office = Office.of(group(7, "shop", "api", "gone"))
    plans = plan_refresh(Refresh(Relay("contoso", "payments")), [], office.around)
    office.holds = ("api", "db", "gone")
    outcome = only(carry_out(plans, office.around))
    assert (outcome.status, office.writes) == (6, [])
    assert "gone is there again" in str(outcome.error)


def test_a_vault_that_closes_while_somebody_is_asked_leaves_its_groups_as_they_are():
    office = Office.of(group(7, "shop", "api", "gone"), group(8, "web", "api", "gone"))
    plans = plan_refresh(Refresh(Relay("contoso", "payments")), [], office.around)
    office.is_allowed = False
    office.asked.clear()
    result = carry_out(plans, office.around)
    # Trouble may pass, so it is not remembered for the next group.
    assert (result.status, office.writes, office.asked.count("list kv-a")) == (1, [], 2)


def test_a_lost_write_that_nobody_can_look_after_is_incomplete():
    office = Office.of(group(7, "shop", "old"))

    def break_down(what: str) -> None:
        if "update 7" in office.asked:
            raise LOST if what.startswith("update") else DevOpsUnreachable("u", "r")

    office.before = break_down
    assert only(link(office)).status == 7


def test_a_write_that_did_not_stick_is_not_called_done():
    office = Office.of(group(7, "shop", "old"), forgets=True)
    outcome = only(link(office))
    assert (outcome.ending, outcome.status, type(outcome.error)) == (Ending.FAILED, 7, GroupNotVerified)


# --- refresh ------------------------------------------------------------------------------------------------------


def test_a_refresh_takes_out_what_is_gone_and_adds_nothing():
    office = Office.of(group(7, "shop", "api", "gone"))
    outcome = only(refresh(office))
    assert mapped(office, 7) == ["api"]
    assert outcome.plan.notes == (
        "1 secret of the vault is not mapped here (db); --secret, --match or --all adds them",
    )
    assert only(refresh(office)).ending is Ending.UNCHANGED
    assert office.writes == ["update 7"]


def test_what_is_asked_for_is_added():
    office = Office.of(group(7, "shop", "api"))
    refresh(office, wish=Wish(patterns=("d*",)))
    assert mapped(office, 7) == ["api", "db"]


def test_a_vault_that_could_not_be_read_whole_empties_no_group():
    office = Office.of(group(7, "shop", "api", "gone"), is_allowed=False)
    result = refresh(office)
    assert (result.outcomes, result.status, office.writes) == ((), 1, [])
    assert result.planned.undetermined[0].what == "payments/shop"


def test_a_group_that_would_be_empty_keeps_no_other_from_being_refreshed():
    office = Office.of(group(7, "shop", "gone"), group(8, "web", "api", "gone"), group(9, "plain", type="Vsts"))
    result = refresh(office)
    assert [each.plan.name for each in result.outcomes] == ["web"]
    assert [each.what for each in result.planned.undetermined] == ["payments/shop"]
    assert (result.status, office.writes) == (7, ["update 8"])


def test_one_groups_failure_stops_no_other():
    office = Office.of(group(7, "shop", "api", "gone"), group(8, "web", "api", "gone"))
    office.before = raising(DevOpsRefused("it", 400, "no"), "update 7")
    result = refresh(office)
    assert [each.ending for each in result.outcomes] == [Ending.FAILED, Ending.DONE]
    assert result.status == 7


def test_a_vault_is_listed_once_for_all_its_groups():
    office = Office.of(group(7, "shop", "api"), group(8, "web", "db"))
    refresh(office)
    assert office.asked.count("list kv-a") == 1


def test_before_the_writes_a_vault_is_listed_once_more_for_all_its_groups():
    office = Office.of(group(7, "shop", "api", "gone"), group(8, "web", "db", "gone"))
    assert refresh(office).status == 0
    assert office.asked.count("list kv-a") == 2


def test_a_shared_group_waits_to_be_accepted():
    office = Office.of(group(7, "shop", "api", "gone", projects=("payments", "web"), is_shared=True))
    assert refresh(office).status == 5
    assert office.writes == []
    assert refresh(office, "shared-group").status == 0


@pytest.mark.parametrize(
    ("groups", "more", "kind"),
    [
        ([group()], {"relay": Relay("contoso")}, NoRelay),
        ([group(type="Vsts")], {}, NothingLinkedIn),
        ([group()], {"vault": "kv-b"}, NotLinked),
        ([group()], {"vault": "kv-b", "groups": ("shop",)}, GroupElsewhere),
        ([group(7), group(8)], {"groups": ("shop",)}, AmbiguousGroup),
    ],
)
def test_groups_that_are_not_there_are_errors(groups: list[VariableGroup], more: dict[str, Any], kind: type[Exception]):
    office = Office.of(*groups)
    with pytest.raises(kind):
        refresh(office, **more)
    assert office.writes == []


def test_an_id_names_one_of_two_groups_of_a_name():
    office = Office.of(group(7, "shop", "api", "gone"), group(8, "shop", "api", "gone"))
    refresh(office, groups=("8",))
    assert office.writes == ["update 8"]


def test_the_configurations_patterns_go_to_the_group_that_it_names_or_to_the_only_one():
    def after(demand: Demand, *groups: VariableGroup) -> dict[int, list[str]]:
        office = Office.of(*groups)
        refresh(office, demand=demand)
        return {id: mapped(office, id) for id in office.groups}

    one, two = group(7, "shop", "api"), group(8, "web", "api")
    assert after(Demand(("d*",), "payments"), one) == {7: ["api", "db"]}
    assert after(Demand(("d*",), "payments"), one, two) == {7: ["api"], 8: ["api"]}
    assert after(Demand(("d*",), "payments", "web"), one, two) == {7: ["api"], 8: ["api", "db"]}
    assert after(Demand(("d*",), "billing"), one) == {7: ["api"]}


def test_a_pattern_of_the_configuration_that_matches_nothing_is_told_and_stops_nothing():
    office = Office.of(group(7, "shop", "api", "gone"))
    outcome = only(refresh(office, demand=Demand(("web-*",), "payments")))
    assert outcome.ending is Ending.DONE
    assert "no secret of kv-a matches 'web-*', which the configuration wants mapped" in outcome.plan.notes


def test_an_acceptance_names_its_vault_where_there_may_be_several():
    assert Refresh(Relay("contoso", "payments")).asks_which
    assert Refresh(Relay("contoso", "payments"), groups=("a", "b")).asks_which
    assert not Refresh(Relay("contoso", "payments"), groups=("a",)).asks_which
    assert not Refresh(Relay("contoso", "payments", group="a")).asks_which
    assert not Refresh(Relay("contoso", "payments"), vault="kv-a").asks_which

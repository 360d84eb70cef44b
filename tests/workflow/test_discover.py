"""Discovery with an Azure DevOps and an Azure of a few lines: who is asked for what, and what an error ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from netcfg.core.agents import ListedPool, Listing, ManagedPool, Whereabouts
from netcfg.core.discovery import Library, LinkedGroup
from netcfg.core.errors import BadOrganization, ManagedPoolsUnknown, NetcfgError, ScaleSetUnreadable
from netcfg.workflow.discover import Exploration, FoundAgents, discover
from tests.strategies import subnet_id
from tests.workflow.fakes import Nobody

VMSS = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/VMSS"
GROUP = LinkedGroup("kv-a", "payments", "secrets", "c")


@dataclass
class World:
    """Lists `listed` and `linked`, or raises them."""

    listed: tuple[ListedPool, ...] | NetcfgError = ()
    linked_groups: tuple[LinkedGroup, ...] | NetcfgError = ()
    machines: Whereabouts | NetcfgError = field(default_factory=lambda: Whereabouts((subnet_id("agents"),)))
    managed: tuple[ManagedPool, ...] | NetcfgError = ()
    asked: list[str] = field(default_factory=list)

    def listing(self, organization: str) -> Listing:
        return Listing(organization, given(self.listed))

    def linked(self, organization: str) -> Library:
        return Library(given(self.linked_groups))

    def scale_sets(self, scale_sets: Sequence[str]) -> Mapping[str, Whereabouts | NetcfgError]:
        self.asked.append(f"scale sets {' '.join(scale_sets)}")
        return {each.lower(): self.machines for each in scale_sets}

    def managed_pools(self, organization: str) -> tuple[ManagedPool, ...]:
        self.asked.append("managed pools")
        return given(self.managed)

    def agents(self) -> FoundAgents:
        return FoundAgents(self, self)

    def discover(self):
        return discover(Exploration("contoso", self.agents(), self, Nobody()))


def given(value):
    if isinstance(value, NetcfgError):
        raise value
    return value


ELASTIC = ListedPool("linux", is_elastic=True, scale_set=VMSS)
PLAIN = ListedPool("Default")
HOSTED = ListedPool("Azure Pipelines", is_hosted=True)


@pytest.mark.parametrize(
    ("listed", "asked"),
    [
        ((), []),
        ((HOSTED,), []),
        ((ELASTIC, HOSTED), [f"scale sets {VMSS}"]),
        ((PLAIN, HOSTED), ["managed pools"]),
        ((ELASTIC, ListedPool("too", scale_set=VMSS.lower()), PLAIN), ["managed pools", f"scale sets {VMSS.lower()}"]),
    ],
)
def test_azure_is_asked_once_for_each_kind_that_there_is(listed, asked):
    world = World(listed)
    world.agents().pools("contoso")
    assert sorted(world.asked) == asked


def test_a_plan_needs_every_scale_set_that_is_there():
    """What is known of the other pools is no answer: the vault would be closed to the agents of this one."""
    refused = NetcfgError("not yours")
    with pytest.raises(
        ScaleSetUnreadable, match="the pool 'linux' are in a scale set that could not be read: not yours"
    ):
        World((HOSTED, ELASTIC), machines=refused).agents().pools("contoso")


def test_a_discovery_tells_the_others_and_names_the_one_that_it_could_not_read():
    found = World((HOSTED, ELASTIC), (GROUP,), NetcfgError("not yours")).discover()
    assert [each.name for each in found.known_pools] == ["linux", "Azure Pipelines"]
    assert [what for what, _ in found.undetermined] == ["agent pool linux"]
    assert (found.status, list(found.vaults)) == (7, ["kv-a"])


def test_managed_pools_that_cannot_be_looked_for_leave_only_those_unknown_that_may_be_one():
    found = World((PLAIN, ELASTIC, HOSTED), managed=NetcfgError("no subscription")).discover()
    assert {each.name: (each.is_placed, bool(each.error)) for each in found.known_pools} == {
        "linux": (True, False), "Default": (False, True), "Azure Pipelines": (False, False),
    }  # fmt: skip
    assert [what for what, _ in found.undetermined] == ["agent pool Default"]
    assert found.status == 7


def test_a_plan_needs_to_know_which_pools_are_managed():
    with pytest.raises(ManagedPoolsUnknown, match="any self-hosted pool may be one: no subscription; or leave out"):
        World((PLAIN, HOSTED), managed=NetcfgError("no subscription")).agents().pools("contoso")


def test_one_half_does_not_end_the_other():
    found = World(NetcfgError("no scope"), (GROUP,)).discover()
    assert (found.status, list(found.vaults)) == (7, ["kv-a"])
    found = World((HOSTED,), NetcfgError("no scope")).discover()
    assert (found.status, len(found.known_pools)) == (7, 1)


def test_one_error_of_both_halves_is_the_error_of_the_run():
    with pytest.raises(NetcfgError, match="not signed in"):
        World(NetcfgError("not signed in"), NetcfgError("not signed in")).discover()


def test_two_errors_are_both_told():
    found = World(NetcfgError("no scope"), NetcfgError("no other scope")).discover()
    assert [str(error) for _, error in found.undetermined] == ["no scope", "no other scope"]
    assert found.status == 1


def test_what_was_asked_wrongly_ends_the_run():
    with pytest.raises(BadOrganization):
        World((HOSTED,), BadOrganization("..")).discover()

"""The library: each group once, whoever shows it, and which one a word means."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.discovery import ClosedProject
from netcfg.core.errors import AmbiguousGroup, GroupElsewhere, GroupUnlinked, NetcfgError, NoSuchGroup
from netcfg.core.linking.groups import Project, ServiceConnection, VariableGroup
from netcfg.core.linking.library import Demand, Linked, Listing, Shelf
from netcfg.core.linking.secrets import Secret

PAYMENTS, PLATFORM = Project("contoso", "payments", "p1"), Project("contoso", "Shared Platform", "p2")
PROD = ServiceConnection("C1", "azure-prod", PAYMENTS)


def group(id: int, name: str, project: Project = PAYMENTS, **more: object) -> VariableGroup:
    made = VariableGroup(id, name, project, vault="kv-payments", connection="c1", projects=(project.name,))
    return replace(made, **more)  # type: ignore[arg-type] - fields of it


def listing(*groups: VariableGroup, connections: tuple[ServiceConnection, ...] | NetcfgError = (PROD,)) -> Listing:
    projects = sorted({each.project for each in groups})
    shelves = [Shelf(each, tuple(one for one in groups if one.project == each), connections) for each in projects]
    return Listing("contoso", tuple(shelves))


def test_a_shared_group_is_there_once_in_the_project_that_shows_its_connection():
    both = ("payments", "Shared Platform")
    shared = [group(3, "shared", each, is_shared=True, projects=both) for each in (PAYMENTS, PLATFORM)]
    shelves = (Shelf(PAYMENTS, (shared[0],)), Shelf(PLATFORM, (shared[1],), (PROD,)))
    (one,) = Listing("contoso", shelves).groups
    assert (one.group.project, one.by, one.others) == (PLATFORM, "azure-prod", ("payments",))


def test_a_connection_is_named_by_its_id_where_it_is_not_shown():
    (shown,) = listing(group(1, "one")).groups
    (hidden,) = listing(group(1, "one"), connections=()).groups
    (unread,) = listing(group(1, "one"), connections=NetcfgError("not yours")).groups
    assert (shown.by, hidden.by, unread.by) == ("azure-prod", "c1", "c1")
    assert (hidden.unread, str(unread.unread)) == (None, "not yours")
    assert (unread.used.id, unread.used.name, unread.used.project) == ("c1", "c1", PAYMENTS)


def test_groups_of_other_types_are_counted_each_once():
    both = [group(5, "future", each, type="HardwareModule") for each in (PAYMENTS, PLATFORM)]
    found = listing(group(1, "one"), group(2, "plain", type="Vsts"), *both)
    assert [each.group.id for each in found.groups] == [1]
    assert found.others == {"HardwareModule": 1, "Vsts": 1}


def test_an_id_is_certain_and_a_name_is_not():
    found = listing(group(7, "secrets"), group(8, "secrets", PLATFORM), group(9, "7"), group(10, "Other", vault="kv-x"))
    assert [each.group.id for each in found.named(["7"])] == [7]
    assert [each.group.id for each in found.named(["8", "OTHER", "8"])] == [10, 8]
    with pytest.raises(AmbiguousGroup) as told:
        found.named(["secrets"])
    assert str(told.value) == (
        "several variable groups are called 'secrets': 8 of the project 'Shared Platform'; 7 of the project "
        "'payments'; give the id of one instead of the name"
    )
    assert told.value.status == 2


def test_the_vault_tells_apart_what_the_name_does_not():
    found = listing(group(7, "secrets"), group(8, "secrets", PLATFORM, vault="KV-Orders"))
    assert [each.group.id for each in found.named(["secrets"], ["kv-orders"])] == [8]
    assert [each.group.id for each in found.named([], ["kv-orders"])] == [8]
    with pytest.raises(GroupElsewhere, match="'secrets' is linked to kv-payments, not to kv-orders"):
        found.named(["7"], ["kv-orders"])


def test_a_spelling_counts_before_another_case():
    found = listing(group(1, "case"), group(2, "Case"))
    assert [each.group.id for each in found.named(["Case"])] == [2]
    with pytest.raises(AmbiguousGroup):
        found.named(["CASE"])


def test_a_group_that_is_not_there_or_not_linked():
    found = listing(group(1, "payments-secrets"), group(2, "settings", type="Vsts"))
    with pytest.raises(NoSuchGroup, match="did you mean 'payments-secrets'"):
        found.named(["payment-secrets"])
    with pytest.raises(GroupUnlinked, match="of type 'Vsts' and is linked to no vault"):
        found.named(["settings"])
    part = Listing("contoso", found.shelves, (ClosedProject("billing", NetcfgError("not yours")),))
    with pytest.raises(NoSuchGroup, match="and some projects could not be read"):
        part.named(["elsewhere"])


@given(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=8, unique=True))
def test_the_word_of_a_group_means_that_group_and_no_other(names: list[str]):
    found = listing(*(group(number, name) for number, name in enumerate(names, start=1)))
    assert [found.named([each.word]) for each in found.groups] == [(each,) for each in found.groups]


@pytest.mark.parametrize(
    ("name", "word"),
    [("secrets", "secrets"), ("2024", "1"), (" 2024", "1"), ("SAME", "1"), ("secrets ", "1"), (" ", "1")],
)
def test_a_group_is_named_by_its_id_where_its_name_could_mean_another_or_be_misread(name: str, word: str):
    found = listing(group(1, name), group(2, "same", type="Vsts"))
    assert [each.word for each in found.groups] == [word]


def test_a_listing_is_whole_in_part_or_nothing():
    closed = (ClosedProject("billing", NetcfgError("not yours")),)
    assert listing(group(1, "one")).status == 0
    assert Listing("contoso", listing(group(1, "one")).shelves, closed).status == 7
    assert Listing("contoso", (), closed).status == 1


@pytest.mark.parametrize("project", ["payments", "PAYMENTS", "p1", "Other"])
def test_a_demand_is_about_the_groups_of_its_project_by_name_or_id_shared_ones_too(project: str):
    of = Linked(group(1, "one", projects=("payments", "Other")))
    assert Demand(("*",), project).concerns(of)
    assert Demand(("*",), project, "1").concerns(of)
    assert not Demand(("*",), project, "two").concerns(of)
    assert not Demand((), project).concerns(of)
    assert not Demand(("*",), "billing").concerns(of)


def test_a_pattern_is_one_of_a_shell_whatever_the_case():
    demand = Demand(("app-?", "Token"))
    assert [demand.pattern(Secret(each)) for each in ("APP-1", "app-12", "token", "x")] == ["app-?", "", "Token", ""]

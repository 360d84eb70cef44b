"""Every pool is of one kind, and nobody takes what is not known of it for nothing."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.agents import (
    HOSTED,
    NO_SCALE_SET,
    SELF_HOSTED,
    AgentPool,
    ListedPool,
    Listing,
    ManagedPool,
    PoolKind,
    Whereabouts,
    anywhere,
    assemble,
    names_organization,
    parse_scale_set,
    remarks,
)
from netcfg.core.errors import BadIdentifier, NetcfgError
from tests.strategies import subnet_id

GROUP = "/subscriptions/0000/resourceGroups/rg-build/providers"
VMSS = f"{GROUP}/Microsoft.Compute/virtualMachineScaleSets"
MANAGED = f"{GROUP}/Microsoft.DevOpsInfrastructure/pools"

places = st.one_of(
    st.builds(
        Whereabouts,
        subnets=st.lists(st.sampled_from(["agents", "builds"]).map(subnet_id), min_size=1, max_size=2).map(tuple),
        unknown=st.sampled_from(["", "new ones may be elsewhere"]),
    ),
    st.builds(
        Whereabouts,
        addresses=st.lists(st.integers(1, 9).map(lambda last: IPv4Address(f"191.10.50.{last}")), min_size=1).map(tuple),
        unknown=st.sampled_from(["", "one is missing"]),
    ),
    st.just(Whereabouts(unknown="it is gone")),
)
names = st.sampled_from(["Default", "Azure Pipelines", "linux", "windows", "mac", "build-room"])
listed = st.builds(
    ListedPool,
    name=names,
    is_hosted=st.booleans(),
    is_elastic=st.booleans(),
    scale_set=st.one_of(st.none(), st.sampled_from(["vmss-a", "VMSS-B"]).map(lambda name: f"{VMSS}/{name}")),
    agents=st.one_of(st.none(), st.integers(0, 5)),
)
listings = st.lists(listed, max_size=6, unique_by=lambda each: each.name).map(
    lambda pools: Listing("contoso", tuple(pools))
)
scale_sets = st.fixed_dictionaries(
    {f"{VMSS}/{name}".lower(): st.one_of(places, st.just(NetcfgError("not yours"))) for name in ("vmss-a", "vmss-b")}
)
managed = st.lists(
    st.builds(
        lambda name, where, state: ManagedPool(name, f"{MANAGED}/{name}", where, state),
        st.one_of(names.map(str.upper), st.just("unlisted")),
        st.one_of(places, st.none(), st.just(NetcfgError("not yours"))),
        st.sampled_from(["Succeeded", "Updating", "Failed", "Deleting"]),
    ),
    max_size=4,
    unique_by=lambda each: each.resource,
)


@given(listings, scale_sets, managed)
def test_every_pool_is_told_once_and_is_of_one_kind(listing, scale_sets, managed):
    found = assemble(listing, scale_sets, managed)
    known = {each.name.casefold() for each in listing.pools}
    strangers = [each.name for each in managed if each.name.casefold() not in known and each.whereabouts is not None]
    assert Counter(each.name for each in found) == Counter([*(each.name for each in listing.pools), *strangers])


@given(listings, scale_sets, managed)
def test_nothing_is_both_all_that_is_known_and_empty(listing, scale_sets, managed):
    for each in assemble(listing, scale_sets, managed):
        assert each.subnets or each.addresses or each.unknown or each.error


@given(listings, scale_sets, managed)
def test_a_pool_of_microsoft_or_of_an_unknown_owner_lets_in_nobody(listing, scale_sets, managed):
    for each in assemble(listing, scale_sets, managed):
        if each.kind in (PoolKind.HOSTED, PoolKind.SELF_HOSTED):
            assert (each.subnets, each.addresses, each.error) == ((), (), None)


@given(listings, scale_sets)
def test_where_managed_pools_cannot_be_looked_for_no_other_pool_suffers(listing, scale_sets):
    """And each that may be one says so."""
    unsearched = assemble(listing, scale_sets, NetcfgError("may not ask"))
    for one, other in zip(unsearched, assemble(listing, scale_sets, ()), strict=True):
        if other.kind is PoolKind.SELF_HOSTED:
            assert "may not ask" in str(one.error)
            assert (one.subnets, one.addresses, one.unknown) == ((), (), "")
        else:
            assert told(one) == told(other)


@given(listings, scale_sets, managed)
def test_nothing_is_believed_of_a_managed_pool_that_may_not_be_the_one(listing, scale_sets, managed):
    pools = {each.resource: each for each in managed}
    for each in assemble(listing, scale_sets, managed):
        if each.kind is PoolKind.MANAGED and each.is_placed:
            assert pools[each.resource].state in ("Succeeded", "Updating")


@given(listings, scale_sets, managed)
def test_every_pool_that_may_be_anywhere_is_named_and_none_of_microsofts(listing, scale_sets, managed):
    found = assemble(listing, scale_sets, managed)
    kinds = {each.name: each.kind for each in found}
    named = anywhere(found)
    assert all(kinds[name] is not PoolKind.HOSTED for name in named)
    assert set(named) == {each.name for each in found if each.unknown and each.kind is not PoolKind.HOSTED}


@given(listings, scale_sets, managed, st.randoms())
def test_the_order_of_the_answers_means_nothing(listing, scale_sets, managed, random):
    found = assemble(listing, scale_sets, managed)
    pools, others = list(listing.pools), list(managed)
    random.shuffle(pools)
    random.shuffle(others)
    again = assemble(Listing("contoso", tuple(pools)), scale_sets, others)
    assert list(map(told, again)) == list(map(told, found))


def told(pool: AgentPool) -> tuple[object, ...]:
    """A pool without the identity of its error."""
    return (*pool.order, pool.resource, pool.subnets, pool.addresses, pool.unknown, str(pool.error))


@given(listings, scale_sets, managed)
def test_every_pool_of_which_something_is_unknown_is_named_in_a_remark(listing, scale_sets, managed):
    found = assemble(listing, scale_sets, managed)
    said = " ".join(remarks(found))
    for each in found:
        assert not each.unknown or (each.name in said and each.unknown in said)


def one(pool: ListedPool, where: Whereabouts | None = None, *managed: ManagedPool) -> AgentPool:
    scale_sets = {each.lower(): where or Whereabouts() for each in Listing("contoso", (pool,)).scale_sets}
    (found,) = (each for each in assemble(Listing("contoso", (pool,)), scale_sets, managed) if each.name == pool.name)
    return found


def test_a_hosted_pool_says_why_no_rule_can_cover_it():
    found = one(ListedPool("Azure Pipelines", is_hosted=True))
    assert (found.kind, found.unknown) == (PoolKind.HOSTED, HOSTED)


def test_a_pool_that_nothing_is_known_of_is_its_owners():
    found = one(ListedPool("Default", agents=2))
    assert (found.kind, found.unknown, found.agents) == (PoolKind.SELF_HOSTED, SELF_HOSTED, 2)


def test_a_pool_of_a_scale_set_is_where_that_is_whatever_the_case_of_its_id():
    found = one(ListedPool("linux", scale_set=f"{VMSS}/VMSS-A"), Whereabouts((subnet_id("agents"),)))
    assert found.kind is PoolKind.SCALE_SET
    assert found.resource == f"{VMSS}/VMSS-A"
    assert found.subnets == (subnet_id("agents"),)
    assert found.unknown == ""


def test_a_pool_that_is_of_a_scale_set_by_its_options_alone_is_not_taken_for_self_hosted():
    found = one(ListedPool("linux", is_elastic=True))
    assert (found.kind, found.unknown) == (PoolKind.SCALE_SET, NO_SCALE_SET)


def test_a_scale_set_that_may_not_be_read_is_an_error_with_both_ways_out():
    listing = Listing("contoso", (ListedPool("linux", scale_set=f"{VMSS}/a"),))
    (found,) = assemble(listing, {f"{VMSS}/a".lower(): NetcfgError("assign Reader there")}, ())
    assert str(found.error) == (
        "the agents of the pool 'linux' are in a scale set that could not be read: assign Reader there; "
        "or leave out --agents discover, and name their subnets with --subnet"
    )


def test_a_managed_pool_is_known_by_name_whatever_its_case():
    there = ManagedPool("LINUX", f"{MANAGED}/linux", Whereabouts(addresses=(IPv4Address("191.10.50.11"),)))
    found = one(ListedPool("linux"), None, there)
    assert (found.kind, found.resource) == (PoolKind.MANAGED, f"{MANAGED}/linux")
    assert [str(each) for each in found.declarations] == ["agents of the pool linux"]
    assert [str(each.network) for each in found.declarations] == ["191.10.50.11/32"]


def test_a_managed_pool_that_the_organization_does_not_list_lets_in_nobody():
    """Anybody may write any organization's address into a pool of his own."""
    stranger = ManagedPool("stranger", f"{MANAGED}/stranger", Whereabouts((subnet_id("agents"),)))
    (found,) = assemble(Listing("contoso"), {}, (stranger,))
    assert (found.kind, found.subnets, found.addresses) == (PoolKind.MANAGED, (), ())
    assert found.unknown == (
        f"{MANAGED}/stranger says that it serves contoso, which lists no pool of that name; "
        "whoever asked may not see it there, or it is still being made"
    )


def test_two_managed_pools_of_one_name_are_not_chosen_between():
    two = [ManagedPool("linux", f"{MANAGED}/{each}", Whereabouts((subnet_id(each),))) for each in ("b", "a")]
    found = one(ListedPool("linux"), None, *two)
    assert (found.kind, found.subnets) == (PoolKind.MANAGED, ())
    assert found.unknown == f"{MANAGED}/a and {MANAGED}/b both say that they are it; look which one is"


def test_a_hosted_pool_for_which_a_scale_set_is_named_is_that_of_the_scale_set():
    """The two contradict each other, and machines that would be shut out are worse than a rule for one's own subnet."""
    found = one(ListedPool("odd", is_hosted=True, scale_set=f"{VMSS}/vmss-a"), Whereabouts((subnet_id("agents"),)))
    assert (found.kind, found.subnets) == (PoolKind.SCALE_SET, (subnet_id("agents"),))


STATIC = Whereabouts(addresses=(IPv4Address("191.10.50.11"),))


def test_a_managed_pool_that_azure_did_not_make_whole_is_not_believed():
    """Its name may be that of a pool that was there before, which is why it failed."""
    found = one(ListedPool("linux"), None, ManagedPool("linux", f"{MANAGED}/linux", STATIC, "Failed"))
    assert (found.kind, found.addresses, found.error) == (PoolKind.MANAGED, (), None)
    assert found.unknown == (
        f"{MANAGED}/linux says that it is it, and its state in Azure is Failed: what was not made whole may have its "
        "name by chance, so nothing in it is believed"
    )


@pytest.mark.parametrize(
    "other", [ManagedPool("linux", f"{MANAGED}/a", STATIC, "Failed"), ManagedPool("linux", f"{MANAGED}/a", None)]
)
def test_what_failed_or_is_gone_does_not_stand_in_the_way_of_what_has_its_name(other):
    found = one(ListedPool("linux"), None, other, ManagedPool("linux", f"{MANAGED}/b", Whereabouts((subnet_id("b"),))))
    assert (found.resource, found.subnets) == (f"{MANAGED}/b", (subnet_id("b"),))


def test_a_managed_pool_that_is_gone_is_told_where_the_organization_still_lists_it():
    gone = ManagedPool("linux", f"{MANAGED}/linux", None)
    assert one(ListedPool("linux"), None, gone).unknown == (
        f"{MANAGED}/linux was it, which is gone, and so are its machines"
    )
    assert assemble(Listing("contoso"), {}, (gone,)) == ()


def test_a_managed_pool_that_cannot_be_read_is_an_error_of_its_own_pool():
    unread = ManagedPool("linux", f"{MANAGED}/linux", NetcfgError("assign Reader there"))
    found = {
        each.name: each for each in assemble(Listing("contoso", (ListedPool("linux"), ListedPool("mac"))), {}, [unread])
    }
    assert str(found["linux"].error) == (
        "the agents of the pool 'linux' are in a Managed DevOps Pool that could not be read: assign Reader there; "
        "or leave out --agents discover, and name their subnets with --subnet or their addresses with --allow"
    )
    assert found["mac"].error is None


def pool(name: str, organization: str = "contoso", **more) -> AgentPool:
    return AgentPool(organization, name, more.pop("kind", PoolKind.SELF_HOSTED), **more)


def test_pools_with_one_reason_are_one_remark():
    assert remarks([pool("b", unknown="why"), pool("a", unknown="why"), pool("c", unknown="other")]) == [
        "agents of a, b: why", "agents of c: other",
    ]  # fmt: skip


def test_where_there_are_two_organizations_a_remark_says_whose_pool_it_is():
    pools = [pool("Default", unknown="why"), pool("Default", "fabrikam", unknown="why")]
    assert remarks(pools) == ["agents of Default of contoso, Default of fabrikam: why"]


def test_static_addresses_are_said_to_change():
    static = pool("static", addresses=(IPv4Address("191.10.50.11"), IPv4Address("191.10.50.12")))
    assert remarks([static]) == [
        "2 addresses are declared by the agent pool static; they change with its count of them"
    ]


def test_a_reviewer_sees_which_resource_was_taken_for_which_pool():
    pools = [
        pool("linux", kind=PoolKind.MANAGED, resource=f"{MANAGED}/linux", subnets=(subnet_id("agents"),)),
        pool("mac", kind=PoolKind.MANAGED, resource=f"{MANAGED}/alias", subnets=(subnet_id("agents"),)),
        pool("changing", kind=PoolKind.MANAGED, resource=f"{MANAGED}/changing"),
        pool("vmss", kind=PoolKind.SCALE_SET, resource=f"{VMSS}/a", subnets=(subnet_id("agents"),)),
    ]
    (said,) = remarks(pools)
    assert said == (
        "agent pools and Managed DevOps Pools have only their names in common: "
        f"linux is {MANAGED}/linux, mac is {MANAGED}/alias"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://dev.azure.com/contoso",
        "https://dev.azure.com/Contoso/",
        "HTTPS://DEV.AZURE.COM/contoso",
        "https://dev.azure.com/contoso%20",
        "https://contoso@dev.azure.com/contoso",
        "dev.azure.com/contoso",
        "https://contoso.visualstudio.com",
        "https://Contoso.VisualStudio.com/",
        "https://contoso.visualstudio.com/DefaultCollection",
    ],
)
def test_an_organization_is_known_by_both_of_its_addresses(url: str):
    assert names_organization(url, "contoso")


@pytest.mark.parametrize(
    "url",
    [
        "https://dev.azure.com/contoso-dev",
        "https://dev.azure.com/fabrikam/contoso",
        "https://dev.azure.com/",
        "https://github.com/contoso",
        "https://dev.azure.com.example.org/contoso",
        "https://contoso.vssps.visualstudio.com",
        "https://contoso.visualstudio.com.example.org",
        "https://contoso@example.org/contoso",
        "https://[::1/contoso",
        "",
    ],
)
def test_no_other_address_is_one_of_it(url: str):
    assert not names_organization(url, "contoso")


@pytest.mark.parametrize(
    "text",
    [
        f"{GROUP}/Microsoft.Compute/virtualMachines/vm",
        f"{VMSS}/a/virtualMachines/0",
        f"{VMSS}/../../../../../../tenants",
        f"{VMSS}/..",
        f"{VMSS}/.",
        f"{VMSS.replace('rg-build', '..')}/a",
        f"{VMSS}/a?api-version=2",
        f"https://example.org{VMSS}/a",
        f"{VMSS}/a' or 'b",
        "vmss",
        "",
    ],
)
def test_what_is_not_the_id_of_a_scale_set_is_asked_of_nobody(text: str):
    with pytest.raises(BadIdentifier):
        parse_scale_set(text)

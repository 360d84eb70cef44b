"""Scale sets: their subnets by their profile or by their machines, and what is not to be seen of them."""

import copy
import json
import time

import pytest

from netcfg.azure.agents.scale_sets import profile_subnets
from netcfg.azure.connection import connect
from netcfg.core.agents import NO_MACHINES, PRESENT_MACHINES, Whereabouts
from netcfg.core.errors import (
    AzureAnswer,
    AzureRefused,
    MachinesUndescribed,
    NetcfgError,
    PermissionMissing,
    SubscriptionNotInAzure,
    TokenRefused,
)
from netcfg.core.resources import parse_subnet
from tests.azure.scripted import Answer, graphed, refusal, scripted

GROUP = "/subscriptions/s-1/resourceGroups/rg-build/providers"
VMSS = f"{GROUP}/Microsoft.Compute/virtualMachineScaleSets/vmss"
VM = f"{GROUP}/Microsoft.Compute/virtualMachines/vm"
NIC = f"{GROUP}/Microsoft.Network/networkInterfaces/nic"
SUBNET = f"{GROUP}/Microsoft.Network/virtualNetworks/vnet/subnets/agents"
NOBODY = graphed()


def interface(*subnets):
    return {"ipConfigurations": [{"properties": {"subnet": {"id": each} if each else None}} for each in subnets]}


def properties(*subnets):
    profile = {"networkInterfaceConfigurations": [{"properties": interface(each)} for each in subnets]}
    return {"virtualMachineProfile": {"networkProfile": profile}}


def uniform(*subnets):
    return Answer({"id": VMSS, "properties": properties(*subnets)})


FLEXIBLE = Answer({"id": VMSS, "properties": {}})
NIC_IN_SUBNET = Answer({"id": NIC, "properties": interface(SUBNET)})


def rows(*found):
    return graphed(*map(dict, found))


def find(*answers, ids=(VMSS,)):
    with scripted(*answers) as script, connect("t", resource_manager=script.url) as azure:
        return azure.machines.scale_sets(list(ids)), script.asked


def test_the_scale_set_of_the_sandbox_is_asked_for_by_its_id_and_nothing_else_is(sandbox, azure, subnet_id):
    id = (
        "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/RG-build/providers/"
        "Microsoft.Compute/virtualMachineScaleSets/vmss-agents"
    )
    assert azure.machines.scale_sets([id]) == {id.lower(): Whereabouts((subnet_id("vnet-agents", "scale-set"),))}
    assert [path for _, path, _ in sandbox.requests] == [id]


def test_what_resource_manager_shows_counts_and_not_what_resource_graph_still_believes(sandbox, azure, subnet_id):
    with sandbox.edit() as state:
        scale_set = next(each for each in state["resources"] if each["name"] == "vmss-agents")
        state["stale"][scale_set["id"].lower()] = {"until": time.time() + 3600, "was": copy.deepcopy(scale_set)}
        scale_set.update(json.loads(json.dumps(scale_set).replace("subnets/scale-set", "subnets/closed")))
    found = azure.machines.scale_sets([scale_set["id"]])
    assert found == {scale_set["id"].lower(): Whereabouts((subnet_id("vnet-agents", "closed"),))}


def test_many_scale_sets_are_asked_for_side_by_side():
    ids = [f"{VMSS}-{number}" for number in range(40)]
    found, asked = find(uniform(SUBNET), ids=ids)
    assert found == {each.lower(): Whereabouts((parse_subnet(SUBNET),)) for each in ids}
    assert sorted(each.path for each in asked) == sorted(f"{each}?api-version=2024-07-01" for each in ids)


def test_all_interfaces_and_configurations_of_the_profile_count():
    profile = properties(SUBNET, f"{SUBNET}-2")
    profile["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"].append(
        {"properties": interface(f"{SUBNET}-3", None)}
    )
    assert [each.name for each in profile_subnets({"properties": profile}, VMSS)] == ["agents", "agents-2", "agents-3"]


MACHINE = {"id": VM, "owner": VMSS.upper(), "interfaces": [{"id": NIC}]}


def test_without_a_profile_the_machines_tell_and_are_not_all_there_is():
    found, asked = find(FLEXIBLE, rows(MACHINE), NIC_IN_SUBNET)
    assert found == {VMSS.lower(): Whereabouts((parse_subnet(SUBNET),), unknown=PRESENT_MACHINES)}
    assert [each.path.partition("?")[0] for each in asked] == [
        VMSS,
        "/providers/Microsoft.ResourceGraph/resources",
        NIC,
    ]
    assert asked[1].body["query"] == (
        "resources | where type =~ 'microsoft.compute/virtualmachines' and "
        f"tostring(properties.virtualMachineScaleSet.id) in~ ('{VMSS.lower()}') | project id, "
        "owner = tostring(properties.virtualMachineScaleSet.id), "
        "interfaces = properties.networkProfile.networkInterfaces | order by id asc"
    )


def test_without_a_profile_and_without_machines_nothing_is_known():
    found, asked = find(FLEXIBLE, NOBODY)
    assert found == {VMSS.lower(): Whereabouts(unknown=NO_MACHINES)}
    assert len(asked) == 2


def test_an_interface_that_may_not_be_read_is_the_error_of_its_scale_set():
    denied = refusal(
        403,
        "AuthorizationFailed",
        "The client 'a' with object id 'b' does not have authorization to perform action "
        f"'Microsoft.Network/networkInterfaces/read' over scope '{NIC}' or the scope is invalid.",
    )
    found, _ = find(FLEXIBLE, rows(MACHINE), denied)
    assert isinstance(found[VMSS.lower()], PermissionMissing)
    assert "assign Reader there" in str(found[VMSS.lower()])


def test_an_interface_that_is_gone_went_with_its_machine():
    found, _ = find(FLEXIBLE, rows(MACHINE), refusal(404, "ResourceNotFound", "not found"))
    assert found == {VMSS.lower(): Whereabouts(unknown=NO_MACHINES)}


def test_machines_that_cannot_be_looked_for_are_the_error_of_their_scale_set():
    other = f"{VMSS}-other"
    denied = refusal(403, "AuthorizationFailed", "The client 'a' with object id 'b' does not have authorization to "
                     "perform action 'Microsoft.ResourceGraph/resources/read' over scope '/'")  # fmt: skip
    with scripted(uniform(SUBNET), FLEXIBLE, denied) as script, connect("t", resource_manager=script.url) as azure:
        found = azure.machines.scale_sets([other]) | azure.machines.scale_sets([VMSS])
    assert found[other.lower()] == Whereabouts((parse_subnet(SUBNET),))
    assert str(found[VMSS.lower()]) == (
        "a (object id b) may not ask Resource Graph (Microsoft.ResourceGraph/resources/read); assign Reader on the "
        "subscriptions that the vaults and the agents are in, and run it again when that has taken effect (up to ten "
        "minutes)"
    )


@pytest.mark.parametrize("code", ["ResourceNotFound", "ResourceGroupNotFound"])
def test_a_scale_set_that_is_not_there_is_gone_and_no_error(code):
    found, _ = find(refusal(404, code, "not found"))
    assert found == {
        VMSS.lower(): Whereabouts(
            unknown="its scale set vmss in rg-build is gone, and so are its machines", is_gone=True
        )
    }


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal(404, "SubscriptionNotFound", "The subscription 's-1' could not be found."), SubscriptionNotInAzure),
        (refusal(401, "InvalidAuthenticationTokenTenant", "wrong issuer"), TokenRefused),
        (refusal(404, "", "a proxy says so"), AzureRefused),
        (refusal(400, "NoRegisteredProviderFound", "no"), AzureRefused),
        (Answer("<html>", type="text/html"), AzureAnswer),
        (Answer({"id": VMSS}), MachinesUndescribed),
    ],
)
def test_a_scale_set_that_may_be_there_is_an_error_and_never_gone(answer, expected):
    found, _ = find(answer)
    assert isinstance(found[VMSS.lower()], expected)


ODD = [
    [],
    None,
    {"virtualMachineProfile": 7},
    {"virtualMachineProfile": {"networkProfile": {"networkInterfaceConfigurations": {}}}},
    properties("agents"),
    properties({"id": SUBNET}),
    properties("/x"),
]


@pytest.mark.parametrize("odd", ODD)
def test_a_profile_that_cannot_be_read_is_the_error_of_that_scale_set(odd):
    found, _ = find(Answer({"id": VMSS, "properties": odd}))
    assert isinstance(found[VMSS.lower()], MachinesUndescribed)
    assert str(found[VMSS.lower()]).startswith(f"the network of {VMSS} cannot be made out: Azure shows ")


def test_advice_about_an_odd_profile_blames_no_proxy():
    found, _ = find(uniform("/x"))
    assert str(found[VMSS.lower()]) == (
        f"the network of {VMSS} cannot be made out: Azure shows '/x' where the id of a subnet was expected; "
        "look at its networking in the portal, and report it if that is how it should be"
    )


def test_one_that_may_not_be_read_hides_none_of_the_others(sandbox, azure, subnet_id):
    there = next(each["id"] for each in sandbox.state["resources"] if each["name"] == "vmss-agents")
    elsewhere = there.replace("-000000000001/", "-000000000003/")
    found = azure.machines.scale_sets([elsewhere, there])
    assert found[there.lower()] == Whereabouts((subnet_id("vnet-agents", "scale-set"),))
    assert isinstance(found[elsewhere.lower()], NetcfgError)


@pytest.mark.parametrize("interfaces", [{}, [{"id": None}], [{"id": "nic"}]])
def test_interfaces_that_cannot_be_read_are_the_error_of_their_scale_set(interfaces):
    found, _ = find(FLEXIBLE, rows({**MACHINE, "interfaces": interfaces}))
    assert isinstance(found[VMSS.lower()], MachinesUndescribed)


@pytest.mark.parametrize("odd", [None, [], {"ipConfigurations": 7}, interface("agents")])
def test_an_interface_that_cannot_be_read_is_the_error_of_its_scale_set(odd):
    found, _ = find(FLEXIBLE, rows(MACHINE), Answer({"id": NIC, "properties": odd}))
    assert isinstance(found[VMSS.lower()], MachinesUndescribed)

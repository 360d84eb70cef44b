"""Scale sets: their subnets by their profile or by their machines, and what is not to be seen of them."""

import pytest

from netcfg.azure.connection import connect
from netcfg.azure.scale_sets import profile_subnets
from netcfg.core.agents import NO_MACHINES, PRESENT_MACHINES, Whereabouts
from netcfg.core.errors import (
    AzureAnswer,
    AzureRefused,
    NetcfgError,
    PermissionMissing,
    SubscriptionNotInAzure,
    TokenRefused,
)
from netcfg.core.resources import parse_subnet
from tests.azure.scripted import Answer, refusal, scripted

GROUP = "/subscriptions/s-1/resourceGroups/rg-build/providers"
VMSS = f"{GROUP}/Microsoft.Compute/virtualMachineScaleSets/vmss"
VM = f"{GROUP}/Microsoft.Compute/virtualMachines/vm"
NIC = f"{GROUP}/Microsoft.Network/networkInterfaces/nic"
SUBNET = f"{GROUP}/Microsoft.Network/virtualNetworks/vnet/subnets/agents"
NOBODY = Answer({"data": []})


def interface(*subnets):
    return {"ipConfigurations": [{"properties": {"subnet": {"id": each} if each else None}} for each in subnets]}


def uniform(*subnets):
    profile = {"networkInterfaceConfigurations": [{"properties": interface(each)} for each in subnets]}
    return {"virtualMachineProfile": {"networkProfile": profile}}


def rows(*found):
    return Answer({"data": [dict(each) for each in found]})


def find(*answers, ids=(VMSS,)):
    with scripted(*answers) as script, connect("t", resource_manager=script.url) as azure:
        return azure.machines.scale_sets(list(ids)), script.asked


def test_the_scale_set_of_the_sandbox_is_found_in_one_question(sandbox, azure, subnet_id):
    id = (
        "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/RG-build/providers/"
        "Microsoft.Compute/virtualMachineScaleSets/vmss-agents"
    )
    assert azure.machines.scale_sets([id]) == {id.lower(): Whereabouts((subnet_id("vnet-agents", "scale-set"),))}
    assert [path for _, path, _ in sandbox.requests] == ["/providers/Microsoft.ResourceGraph/resources"]


def test_many_scale_sets_are_one_question():
    ids = [f"{VMSS}-{number}" for number in range(40)]
    found, asked = find(rows(*({"id": each, "properties": uniform(SUBNET)} for each in ids)), ids=ids)
    assert set(found.values()) == {Whereabouts((parse_subnet(SUBNET),))}
    assert len(asked) == 1
    query = asked[0].body["query"]
    assert query.startswith("resources | where type =~ 'microsoft.compute/virtualmachinescalesets' and id in~ (")
    assert query.endswith(f", '{VMSS}-38', '{VMSS}-39') | project id, properties | order by id asc")


def test_all_interfaces_and_configurations_of_the_profile_count():
    profile = uniform(SUBNET, f"{SUBNET}-2")
    profile["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"].append(
        {"properties": interface(f"{SUBNET}-3", None)}
    )
    assert [each.name for each in profile_subnets(profile, VMSS)] == ["agents", "agents-2", "agents-3"]


MACHINE = {"id": VM, "owner": VMSS.upper(), "interfaces": [{"id": NIC}]}


def test_without_a_profile_the_machines_tell_and_are_not_all_there_is():
    found, asked = find(
        rows({"id": VMSS, "properties": {}}), rows(MACHINE), rows({"id": NIC, "properties": interface(SUBNET)})
    )
    assert found == {VMSS.lower(): Whereabouts((parse_subnet(SUBNET),), unknown=PRESENT_MACHINES)}
    assert [each.body["query"].partition("'")[2].partition("'")[0] for each in asked] == [
        "microsoft.compute/virtualmachinescalesets",
        "microsoft.compute/virtualmachines",
        "microsoft.network/networkinterfaces",
    ]


def test_without_a_profile_and_without_machines_nothing_is_known():
    found, asked = find(rows({"id": VMSS, "properties": {}}), NOBODY)
    assert found == {VMSS.lower(): Whereabouts(unknown=NO_MACHINES)}
    assert len(asked) == 2


def test_an_interface_that_may_not_be_read_is_the_error_of_its_scale_set():
    denied = refusal(
        403,
        "AuthorizationFailed",
        "The client 'a' with object id 'b' does not have authorization to perform action "
        f"'Microsoft.Network/networkInterfaces/read' over scope '{NIC}' or the scope is invalid.",
    )
    found, _ = find(rows({"id": VMSS, "properties": {}}), rows(MACHINE), NOBODY, denied)
    assert isinstance(found[VMSS.lower()], PermissionMissing)
    assert "assign Reader there" in str(found[VMSS.lower()])


def test_an_interface_that_is_gone_went_with_its_machine():
    gone = refusal(404, "ResourceNotFound", "not found")
    found, _ = find(rows({"id": VMSS, "properties": {}}), rows(MACHINE), NOBODY, gone)
    assert found == {VMSS.lower(): Whereabouts(unknown=NO_MACHINES)}


def test_what_resource_graph_does_not_know_yet_is_asked_for_by_itself():
    found, asked = find(NOBODY, Answer({"id": VMSS, "properties": uniform(SUBNET)}))
    assert found == {VMSS.lower(): Whereabouts((parse_subnet(SUBNET),))}
    assert asked[1].path == f"{VMSS}?api-version=2024-07-01"


@pytest.mark.parametrize("code", ["ResourceNotFound", "ResourceGroupNotFound"])
def test_a_scale_set_that_is_not_there_is_gone_and_no_error(code):
    found, _ = find(NOBODY, refusal(404, code, "not found"))
    assert found == {
        VMSS.lower(): Whereabouts(unknown="its scale set vmss in rg-build is gone, and so are its machines")
    }


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal(404, "SubscriptionNotFound", "The subscription 's-1' could not be found."), SubscriptionNotInAzure),
        (refusal(401, "InvalidAuthenticationTokenTenant", "wrong issuer"), TokenRefused),
        (refusal(404, "", "a proxy says so"), AzureRefused),
        (refusal(400, "NoRegisteredProviderFound", "no"), AzureRefused),
        (Answer("<html>", type="text/html"), AzureAnswer),
        (Answer({"id": VMSS}), AzureAnswer),
    ],
)
def test_a_scale_set_that_may_be_there_is_an_error_and_never_gone(answer, expected):
    found, _ = find(NOBODY, answer)
    assert isinstance(found[VMSS.lower()], expected)


def test_one_that_is_not_shown_hides_none_of_the_others():
    other = f"{GROUP}/Microsoft.Compute/virtualMachineScaleSets/other"
    denied = refusal(403, "AuthorizationFailed", "no")
    found, _ = find(rows({"id": other, "properties": uniform(SUBNET)}), denied, ids=(VMSS, other))
    assert found[other.lower()] == Whereabouts((parse_subnet(SUBNET),))
    assert isinstance(found[VMSS.lower()], NetcfgError)


@pytest.mark.parametrize(
    "properties",
    [
        [],
        {"virtualMachineProfile": 7},
        {"virtualMachineProfile": {"networkProfile": {"networkInterfaceConfigurations": {}}}},
        uniform("agents"),
        uniform({"id": SUBNET}),
    ],
)
def test_a_profile_that_cannot_be_read_is_an_error(properties):
    with pytest.raises(AzureAnswer):
        find(rows({"id": VMSS, "properties": properties}))


@pytest.mark.parametrize("interfaces", [{}, [{"id": None}], [{"id": "nic"}]])
def test_interfaces_that_cannot_be_read_are_an_error(interfaces):
    with pytest.raises(AzureAnswer):
        find(rows({"id": VMSS, "properties": {}}), rows({**MACHINE, "interfaces": interfaces}))

"""Dead rules: what is certainly gone, what only cannot be seen, and what Azure says when one is in the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from netcfg.azure.connection import Azure, connect
from netcfg.core.errors import SubnetsGone
from netcfg.core.resources import SubnetId, Vault, VaultId, parse_subnet
from netcfg.core.rules import Firewall, NetworkRuleSet, PublicAccess, VirtualNetworkRule
from netcfg.sandbox.server import serve
from tests.azure.scripted import Answer, Script, graphed, refusal, scripted

PRODUCTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
NETWORKS = f"{PRODUCTION}/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks"
REMOVED = parse_subnet(f"{NETWORKS}/vnet-agents/subnets/removed")
OLD = parse_subnet(f"{NETWORKS}/vnet-gone/subnets/old")


@pytest.fixture
def sandbox() -> Iterator[Any]:
    with serve(world="agents") as running:
        yield running


def reads(sandbox: Any) -> list[str]:
    return [path for method, path, _ in sandbox.requests if method == "GET"]


def test_what_is_there_takes_one_question_for_all(sandbox: Any, azure: Azure, subnet_id: Callable[..., SubnetId]):
    there = [
        subnet_id("vnet-agents", "agents"),
        subnet_id("vnet-agents", "builds"),
        subnet_id("vnet-shared", "runners"),
    ]
    assert azure.subnets.missing(there) == frozenset()
    assert len(sandbox.requests) == 1


def test_a_subnet_and_a_whole_network_that_are_gone_are_confirmed_one_by_one(
    sandbox: Any, azure: Azure, subnet_id: Any
):
    group = parse_subnet(NETWORKS.replace("rg-network", "rg-gone") + "/vnet/subnets/old")
    asked = [subnet_id("vnet-agents", "agents"), REMOVED, OLD, group]
    assert azure.subnets.missing(asked) == {REMOVED, OLD, group}
    assert len(reads(sandbox)) == 3


def test_what_may_not_be_read_is_not_gone(sandbox: Any, azure: Azure, subnet_id: Callable[..., SubnetId]):
    network = subnet_id("vnet-build", "runners")
    with sandbox.edit() as state:
        (me,) = [each for each in state["principals"].values() if each["name"] == "netcfg"]
        me["denials"].append({"scope": network.network_id, "action": "*"})
    assert azure.subnets.missing([network, parse_subnet(f"{network.network_id}/subnets/nothing")]) == frozenset()


def test_a_subscription_that_is_not_found_may_be_another_tenants(azure: Azure, subnet_id: Callable[..., SubnetId]):
    elsewhere = parse_subnet(str(OLD).replace("000000000001", "0000000000aa"))
    assert azure.subnets.missing([elsewhere, subnet_id("vnet-stranger", "runners")]) == frozenset()


EMPTY = graphed()


def missing(*answers: Answer, subnets: tuple[SubnetId, ...] = (OLD,)) -> tuple[frozenset[SubnetId], Script]:
    with scripted(*answers) as script, connect("t", resource_manager=script.url) as azure:
        return azure.subnets.missing(subnets), script


@pytest.mark.parametrize("code", ["NotFound", "ResourceNotFound", "ResourceGroupNotFound", "ParentResourceNotFound"])
def test_resource_manager_has_several_words_for_gone(code: str):
    assert missing(EMPTY, refusal(404, code, "It was not found."))[0] == {OLD}


@pytest.mark.parametrize(
    "answer",
    [
        refusal(404, "SubscriptionNotFound", "The subscription 's-1' could not be found."),
        refusal(401, "InvalidAuthenticationToken", "No."),
        refusal(403, "AuthorizationFailed", "No."),
        refusal(400, "BadRequest", "No."),
        Answer("<html>a proxy's page</html>", 404, type="text/html"),
        Answer("<html>a proxy's page</html>", 200, type="text/html"),
        Answer({"id": "it is there, and the index did not know it yet"}),
    ],
)
def test_everything_else_leaves_it_open(answer: Answer):
    assert missing(EMPTY, answer)[0] == frozenset()


def test_a_resource_graph_that_does_not_answer_proves_nothing():
    refused = refusal(403, "AuthorizationFailed", "No.")
    assert missing(refused, Answer({"id": str(OLD)}))[0] == frozenset()
    assert missing(refused, refusal(404, "NotFound", "It was not found."))[0] == {OLD}


def test_ids_are_the_same_whatever_their_case():
    row = {"id": OLD.network_id.upper(), "subnets": [{"id": str(OLD).upper()}]}
    found, script = missing(graphed(row))
    assert found == frozenset()
    assert len(script.asked) == 1


# --- where Azure refuses a write because of one -------------------------------------------------------------------


def rewrite(azure: Azure, id: VaultId) -> str:
    vault = azure.vaults.read(id)
    with pytest.raises(SubnetsGone) as caught:
        azure.vaults.write(vault, vault.firewall)
    return str(caught.value)


def test_the_error_names_every_dead_rule_with_its_removal(azure: Azure, vault_id: Callable[[str], VaultId]):
    assert rewrite(azure, vault_id("kv-dead")) == (
        "vault kv-dead did not take the change, because rules name subnets that are gone; drop them with "
        f"--remove {OLD} --remove {REMOVED}"
    )


ID = VaultId("/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-1", "s-1", "rg", "kv-1")
WHERE = "/subscriptions/s-1/resourceGroups/RG-Net/providers/Microsoft.Network/virtualNetworks"


NO = refusal(403, "AuthorizationFailed", "No.")


def refused(
    message: str, *subnets: str, code: str = "VirtualNetworkNotValid", indexed: Answer = NO, looked: Answer = NO
) -> str:
    """A write to a vault with rules for these subnets, of which nobody else can say whether they are there."""
    rules = tuple(VirtualNetworkRule(each) for each in subnets)
    vault = Vault(ID, Firewall(PublicAccess.ENABLED, NetworkRuleSet(virtual_network_rules=rules)))
    text = f"Operation on Virtual Network could not be performed. StatusCode: 404 (NotFound). {message}."
    with (
        scripted(refusal(400, code, text), indexed, looked) as script,
        connect("t", resource_manager=script.url) as azure,
    ):
        with pytest.raises(SubnetsGone) as caught:
            azure.vaults.write(vault, vault.firewall)
        return str(caught.value)


def test_a_subnet_that_azure_names_is_found_among_the_rules():
    message = f"Error Code: NotFound. Error Message: Resource {WHERE}/vnet/subnets/Old not found."
    assert refused(message, f"{WHERE}/vnet/subnets/Old", f"{WHERE}/vnet/subnets/older") == (
        "vault kv-1 did not take the change, because a rule names a subnet that is gone; drop it with "
        f"--remove {WHERE.lower()}/vnet/subnets/old"
    )


def test_a_network_that_azure_names_stands_for_every_rule_in_it():
    message = (
        "Error Code: ResourceNotFound. Error Message: The Resource 'Microsoft.Network/virtualNetworks/VNet' under "
        "resource group 'rg-net' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    assert refused(message, f"{WHERE}/vnet/subnets/a", f"{WHERE}/vnet2/subnets/b", f"{WHERE}/vnet/subnets/c") == (
        "vault kv-1 did not take the change, because rules name subnets that are gone; drop them with "
        f"--remove {WHERE.lower()}/vnet/subnets/a --remove {WHERE.lower()}/vnet/subnets/c"
    )


def test_a_rule_that_is_there_is_never_named_for_removal(sandbox: Any, azure: Azure, vault_id: Any):
    """Azure's words name a network and its group, which another subscription may have too; there, both are alive."""
    live = str(OLD).replace("000000000001", "000000000002")
    with sandbox.edit() as state:
        shared = next(each for each in state["virtualNetworks"].values() if each["name"] == "vnet-agents")
        network = json.loads(json.dumps(shared).replace(shared["id"], live.partition("/subnets/")[0]))
        network["properties"]["subnets"] = [
            {**each, "name": "old", "id": live}
            for each in network["properties"]["subnets"]
            if each["name"] == "scale-set"
        ]
        network["name"], network["properties"]["virtualNetworkPeerings"] = "vnet-gone", []
        state["virtualNetworks"][network["id"]] = network
        state["subscriptions"]["00000000-0000-4000-8000-000000000002"]["resourceGroups"]["rg-network"] = "westeurope"
        acls = state["vaults"]["kv-dead"]["properties"]["networkAcls"]
        acls["virtualNetworkRules"] = [{"id": str(OLD)}, {"id": live}]
    said = rewrite(azure, vault_id("kv-dead"))
    assert said.endswith(f"because a rule names a subnet that is gone; drop it with --remove {OLD}")


def test_a_subnet_that_was_made_again_is_not_named_for_removal():
    message = f"Error Code: NotFound. Error Message: Resource {WHERE}/vnet/subnets/old not found."
    there = Answer({"id": f"{WHERE}/vnet/subnets/old"})
    assert "--remove and the id of the rule about" in refused(message, f"{WHERE}/vnet/subnets/old", looked=there)


def test_an_index_that_lags_behind_the_refusal_hides_no_dead_rule():
    old = f"{WHERE}/vnet/subnets/old"
    indexed = graphed({"id": f"{WHERE}/vnet", "subnets": [{"id": old}]})
    message = f"Error Code: NotFound. Error Message: Resource {old} not found."
    gone = refusal(404, "NotFound", "It was not found.")
    assert refused(message, old, indexed=indexed, looked=gone).endswith(f"--remove {old.lower()}")


def test_a_rule_that_cannot_be_matched_is_told_in_azures_words():
    message = f"Error Code: NotFound. Error Message: Resource {WHERE}/vnet/subnets/old not found."
    assert refused(message, f"{WHERE}/other/subnets/old") == (
        "vault kv-1 did not take the change, because a rule names a subnet that is gone; drop it with --remove "
        f"and the id of the rule about {WHERE.lower()}/vnet/subnets/old"
    )


@pytest.mark.parametrize("code", ["VirtualNetworkNotValid", "BadRequest"])
@pytest.mark.parametrize(
    "words",
    [
        "Error Code: ParentResourceNotFound. Error Message: Can not perform requested operation on nested resource",
        "Error Code: SomethingNotFound",
    ],
)
def test_other_words_for_the_same_are_understood(code: str, words: str):
    assert refused(words, f"{WHERE}/vnet/subnets/old", code=code) == (
        "vault kv-1 did not take the change, because a rule names a subnet that is gone; drop it with --remove "
        "and its id, which 'netcfg plan' shows"
    )

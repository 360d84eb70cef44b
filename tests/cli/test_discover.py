"""`netcfg discover` and `--agents discover`, whole: pools of every kind, what is unknown, and what is never guessed."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from netcfg.sandbox.server import serve
from tests.cli.conftest import NETWORKS, SCALE_SET, Program

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"
MANAGED = (
    "/subscriptions/00000000-0000-4000-8000-000000000002/resourceGroups/rg-shared/providers/Microsoft.Network/"
    "virtualNetworks/vnet-shared/subnets/managed"
)
EUROPE = [
    "134.149.110.112/29", "134.149.110.74/31", "134.149.110.76/30", "172.199.233.128/26", "172.199.233.80/28",
    "20.166.41.0/24", "40.74.28.0/23",
]  # fmt: skip
ACCEPTED = ("--accept", "default-deny", "--accept", "service-endpoint")
PAYMENTS = ("kv-payments", "--organization", "contoso", "--agents", "discover", *ACCEPTED)


@pytest.fixture
def agents(tmp_path: Path):
    """The program in a world with pools of every sort."""
    with serve(world="agents") as sandbox:
        yield Program(sandbox, tmp_path)


def conform(document: dict, kind: str) -> None:
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)


def pools(document: dict) -> dict[str, dict]:
    return {each["name"]: each for each in document["pools"]}


def graph_queries(netcfg: Program) -> int:
    return sum(path == "/providers/Microsoft.ResourceGraph/resources" for _, path, _ in netcfg.sandbox.requests)


def use(netcfg: Program, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    """Sign in to Azure DevOps with a PAT, which the sandbox's own token would otherwise stand for."""
    from netcfg.cli import connect
    from netcfg.devops.credential import Credential

    monkeypatch.setattr(connect, "_devops_credential", lambda places, root: Credential.basic("the PAT", token))


def test_a_discovery(netcfg: Program):
    ran = netcfg("discover", "contoso")
    assert ran.status == 0
    assert ran.out == (
        "contoso\n"
        "5 agent pools · 4 vaults in variable groups\n"
        "\n"
        "scale set pools\n"
        "  scale-set-agents  vnet-agents/scale-set, in rg-network of subscription\n"
        "                    00000000-0000-4000-8000-000000000001\n"
        "\n"
        "Managed DevOps Pools\n"
        "  managed-own-network  vnet-shared/managed, in rg-shared of subscription\n"
        "                       00000000-0000-4000-8000-000000000002\n"
        "  managed-static       191.10.50.11/32, 191.10.50.12/32\n"
        "\n"
        "self-hosted pools\n"
        "  only their owner knows where they run, so name their subnets with --subnet or their public\n"
        "  addresses with --allow; one that is a Managed DevOps Pool lies in a subscription that this sign-in\n"
        "  may not read\n"
        "? Default  2 agents\n"
        "\n"
        "Microsoft-hosted pools\n"
        "  their addresses may be any of a whole geography of Azure, which other customers use too, and\n"
        "  change every week, so no rule can cover them; use self-hosted agents in a subnet that the vault\n"
        "  lets in\n"
        "? Azure Pipelines\n"
        "\n"
        "vaults that variable groups use\n"
        "  kv-elsewhere        platform/secrets of Shared Platform, by the service connection\n"
        "                      00000000-0000-4000-8000-000000000803\n"
        "  kv-no-longer-there  gone of Shared Platform, by the service connection\n"
        "                      00000000-0000-4000-8000-000000000803\n"
        "  kv-orders           orders-secrets of payments, by the service connection\n"
        "                      00000000-0000-4000-8000-000000000801\n"
        "  kv-payments         payments-secrets of payments, by the service connection\n"
        "                      00000000-0000-4000-8000-000000000801\n"
        "\n"
        "next: netcfg plan VAULT --organization contoso --agents discover\n"
    )


def test_the_document_conforms_to_its_schema(agents: Program):
    for organization in ("contoso", "fabrikam"):
        ran = agents("discover", organization, "--format", "json")
        assert ran.status == 0
        conform(ran.document, "discovery")


def test_resource_graph_is_asked_once_for_each_kind_and_nothing_else_is_asked_of_azure(netcfg: Program):
    netcfg("discover", "contoso")
    asked = [path for _, path, _ in netcfg.sandbox.requests if not path.startswith("/dev.azure.com")]
    assert asked == ["/providers/Microsoft.ResourceGraph/resources"] * 2


def test_every_sort_of_pool_is_told(agents: Program):
    found = pools(agents("discover", "contoso", "--format", "json").document)
    assert {name: (each["kind"], len(each["subnets"]), len(each["addresses"])) for name, each in found.items()} == {
        "flexible-agents": ("scale-set", 1, 0),
        "gone-scale-set": ("scale-set", 0, 0),
        "scale-set-agents": ("scale-set", 1, 0),
        "managed-changing": ("managed-devops-pool", 0, 0),
        "managed-older": ("managed-devops-pool", 1, 0),
        "managed-own-network": ("managed-devops-pool", 1, 0),
        "managed-static": ("managed-devops-pool", 0, 2),
        "build-room": ("self-hosted", 0, 0),
        "Default": ("self-hosted", 0, 0),
        "Azure Pipelines": ("microsoft-hosted", 0, 0),
    }
    assert found["gone-scale-set"]["unknown"] == "its scale set vmss-gone in rg-build is gone, and so are its machines"
    assert found["flexible-agents"]["subnets"] == [f"{NETWORKS}/vnet-agents/subnets/flexible".lower()]
    complete = {"scale-set-agents", "managed-older", "managed-own-network", "managed-static"}
    assert {name for name, each in found.items() if each["unknown"] is None} == complete


def test_an_organization_may_be_given_by_its_address(netcfg: Program):
    assert netcfg("discover", "https://contoso.visualstudio.com").out.startswith("contoso\n")
    assert netcfg("discover", "con toso").status == 2


def test_one_that_nobody_has_is_status_1_and_says_so(netcfg: Program):
    ran = netcfg("discover", "nobody-has-this")
    assert ran.status == 1
    assert "check the name of the organization" in " ".join(ran.out.split())
    assert "next:" not in ran.out


def test_a_token_without_the_scope_of_the_groups_leaves_that_half_unknown(
    netcfg: Program, monkeypatch: pytest.MonkeyPatch
):
    with netcfg.sandbox.edit() as state:
        state["organizations"]["contoso"]["tokens"]["make-believe-pools"] = ["vso.agentpools"]
    use(netcfg, monkeypatch, "make-believe-pools")
    ran = netcfg("discover", "contoso", "--format", "json")
    conform(ran.document, "discovery")
    assert ran.status == 7
    assert ran.document["vaults"] is None
    assert len(ran.document["pools"]) == 5
    assert [each["subject"] for each in ran.document["undetermined"]] == ["variable groups"]
    assert "vaults unknown" in netcfg("discover", "contoso").out


def test_a_token_without_the_scope_of_the_pools_leaves_that_half_unknown(
    netcfg: Program, monkeypatch: pytest.MonkeyPatch
):
    with netcfg.sandbox.edit() as state:
        state["organizations"]["contoso"]["tokens"]["make-believe-groups"] = ["vso.project", "vso.variablegroups_read"]
    use(netcfg, monkeypatch, "make-believe-groups")
    ran = netcfg("discover", "contoso")
    assert ran.status == 7
    said = " ".join(ran.out.split())
    assert "? agent pools unknown, because the PAT may not read the agent pools of 'contoso'" in said
    assert "it needs the scope 'Agent Pools: Read'" in said
    assert ran.out.endswith("next: netcfg plan VAULT --organization contoso\n")


def test_a_token_without_either_scope_is_status_1(netcfg: Program, monkeypatch: pytest.MonkeyPatch):
    use(netcfg, monkeypatch, "make-believe-contoso-nothing")
    ran = netcfg("discover", "contoso", "--format", "json")
    assert ran.status == 1
    conform(ran.document, "discovery")
    assert (ran.document["pools"], ran.document["vaults"]) == (None, None)


def test_a_token_that_is_not_accepted_is_one_sentence(netcfg: Program, monkeypatch: pytest.MonkeyPatch):
    use(netcfg, monkeypatch, "make-believe-fabrikam")
    ran = netcfg("discover", "contoso")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.count("did not accept the PAT") == 1


def added(document: dict) -> dict[str, str]:
    """What is added by a plan for one vault, without what Azure DevOps publishes, and why."""
    changes = document["vaults"][0]["changes"]
    return {each["value"]: each["reason"] for each in changes if each.get("standing") == "declared"}


def test_the_plan_for_a_vault_with_three_agent_pools_of_the_three_kinds(netcfg: Program):
    ran = netcfg("plan", *PAYMENTS, "--format", "json")
    conform(ran.document, "plan")
    assert ran.status == 3
    assert added(ran.document) == {
        "191.10.50.11/32": "agents of the pool managed-static",
        "191.10.50.12/32": "agents of the pool managed-static",
        SCALE_SET.lower(): "agents of scale-set-agents",
        MANAGED.lower(): "agents of managed-own-network",
    }
    changes = ran.document["vaults"][0]["changes"]
    assert [each["subnet"] for each in changes if each["kind"] == "service-endpoint"] == [MANAGED.lower()]
    notes = ran.document["vaults"][0]["notes"]
    assert [each.partition(":")[0] for each in notes if each.startswith("agents of")] == [
        "agents of Default",
        "agents of Azure Pipelines",
    ]
    assert "2 addresses are declared by the agent pool managed-static; they change with its count of them" in notes


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_people_read_the_same(netcfg: Program, format: str):
    said = " ".join(netcfg("plan", *PAYMENTS, "--format", format).out.replace("\\", "").split())
    assert "191.10.50.11/32" in said
    assert "declared: agents of the pool managed-static" in said
    assert "declared: agents of scale-set-agents, in rg-network" in said
    assert "agents of Azure Pipelines: their addresses may be any of a whole geography of Azure" in said


def test_after_apply_a_second_plan_is_empty(netcfg: Program):
    ran = netcfg("apply", *PAYMENTS, "--yes")
    assert ran.status == 0
    acls = netcfg.vault("kv-payments")["properties"]["networkAcls"]
    assert sorted(netcfg.rules("kv-payments")) == sorted([*EUROPE, "191.10.50.11/32", "191.10.50.12/32"])
    assert sorted(each["id"] for each in acls["virtualNetworkRules"]) == sorted([SCALE_SET.lower(), MANAGED.lower()])
    assert netcfg("plan", *PAYMENTS).status == 0
    assert netcfg("apply", *PAYMENTS, "--yes").status == 0


def test_an_address_that_is_covered_already_is_not_added_twice(netcfg: Program):
    ran = netcfg("plan", *PAYMENTS, "--allow", "191.10.50.0/24=build rooms", "--format", "json")
    assert [each for each in added(ran.document) if each[0].isdigit()] == ["191.10.50.0/24"]


def test_pools_that_share_a_subnet_are_one_rule_that_names_both(agents: Program):
    ran = agents("plan", *PAYMENTS, "--format", "json")
    assert added(ran.document)[MANAGED.lower()] == "agents of managed-older, managed-own-network"


def test_the_agents_of_two_organizations_are_let_in(agents: Program):
    with agents.sandbox.edit() as state:
        state["organizations"]["fabrikam"]["pools"].append({"id": 21, "name": "managed-fabrikam", "size": 0})
    ran = agents("plan", *PAYMENTS, "--organization", "fabrikam", "--format", "json")
    assert {"191.10.50.11/32", "191.10.50.12/32", "191.10.50.31/32"} < added(ran.document).keys()
    assert (
        "1 address is declared by the agent pool managed-fabrikam of fabrikam; it changes with its count of them"
        in (ran.document["vaults"][0]["notes"])
    )


def test_a_managed_pool_that_the_organization_does_not_list_is_told_and_not_let_in(agents: Program):
    with agents.sandbox.edit() as state:
        state["organizations"]["fabrikam"]["pools"].append({"id": 21, "name": "another", "size": 0})
    ran = agents("plan", *PAYMENTS, "--organization", "fabrikam", "--format", "json")
    assert "191.10.50.31/32" not in added(ran.document)
    notes = ran.document["vaults"][0]["notes"]
    assert any("pools/managed-fabrikam says that it serves fabrikam, which lists no pool" in each for each in notes)


def test_a_scale_set_that_is_gone_is_a_note_and_no_error(agents: Program):
    ran = agents("plan", *PAYMENTS, "--format", "json")
    assert ran.status == 3
    assert (
        "agents of gone-scale-set: its scale set vmss-gone in rg-build is gone, and so are its machines"
        in ran.document["vaults"][0]["notes"]
    )


@pytest.fixture
def unreadable(netcfg: Program) -> Program:
    """A second scale set, in the subscription that may not be read."""
    scale_set = (
        "/subscriptions/00000000-0000-4000-8000-000000000003/resourceGroups/rg-finance/providers/"
        "Microsoft.Compute/virtualMachineScaleSets/vmss-finance"
    )
    with netcfg.sandbox.edit() as state:
        contoso = state["organizations"]["contoso"]
        contoso["pools"].append({"id": 20, "name": "finance-agents", "options": "elasticPool", "size": 1})
        contoso["elasticPools"].append({**contoso["elasticPools"][0], "poolId": 20, "azureId": scale_set})
    return netcfg


def test_a_scale_set_of_a_tenant_that_does_not_know_us_is_an_error_and_not_gone(agents: Program):
    scale_set = (
        "/subscriptions/00000000-0000-4000-8000-000000000005/resourceGroups/rg-stranger/providers/"
        "Microsoft.Compute/virtualMachineScaleSets/vmss-stranger"
    )
    with agents.sandbox.edit() as state:
        state["organizations"]["contoso"]["elasticPools"][0]["azureId"] = scale_set
    ran = agents("apply", *PAYMENTS, "--yes")
    assert (ran.status, ran.out, agents.writes) == (1, "", [])
    assert "are in a scale set that could not be read" in ran.err


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_scale_set_that_may_not_be_read_is_status_1_and_writes_nothing(unreadable: Program, command: str):
    ran = unreadable(command, *PAYMENTS, *(["--yes"] if command == "apply" else []))
    assert (ran.status, ran.out) == (1, "")
    assert "the agents of the pool 'finance-agents' are in a scale set that could not be read" in ran.err
    assert "Microsoft.Compute/virtualMachineScaleSets/read" in ran.err
    assert "assign Reader there" in ran.err
    assert "name their subnets with --subnet" in ran.err
    assert unreadable.writes == []


def test_a_discovery_names_the_scale_set_that_may_not_be_read_among_the_others(unreadable: Program):
    ran = unreadable("discover", "contoso", "--format", "json")
    assert ran.status == 7
    conform(ran.document, "discovery")
    assert [each["subject"] for each in ran.document["undetermined"]] == ["agent pool finance-agents"]
    assert len(pools(ran.document)["scale-set-agents"]["subnets"]) == 1
    assert "? finance-agents" in unreadable("discover", "contoso").out


def test_a_pat_without_the_scope_of_the_pools_is_status_1_and_writes_nothing(
    netcfg: Program, monkeypatch: pytest.MonkeyPatch
):
    use(netcfg, monkeypatch, "make-believe-contoso-profile")
    ran = netcfg("apply", *PAYMENTS, "--yes")
    assert (ran.status, ran.out, netcfg.writes) == (1, "", [])
    assert "it needs the scope 'Agent Pools: Read'" in ran.err


def test_without_an_organization_there_is_nobody_to_ask(netcfg: Program):
    ran = netcfg("plan", "kv-payments", "--geography", "EU", "--agents", "discover")
    assert ran.status == 2
    assert netcfg.sandbox.requests == []


def test_an_organization_that_nobody_has_is_the_error_that_it_always_is(netcfg: Program):
    ran = netcfg("plan", "kv-payments", "--organization", "nobody-has-this", "--agents", "discover")
    assert ran.status == 1
    assert "no organization 'nobody-has-this'" in ran.err

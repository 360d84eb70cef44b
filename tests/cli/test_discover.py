"""`netcfg discover` and `--agents discover`, whole: pools of every kind, what is unknown, and what is never guessed."""

from __future__ import annotations

import copy
import json
import time
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


def test_one_question_finds_the_managed_pools_and_every_resource_is_looked_at_once(netcfg: Program):
    netcfg("discover", "contoso")
    asked = [path for _, path, _ in netcfg.sandbox.requests if not path.startswith("/dev.azure.com")]
    assert sorted(each.rpartition("/providers/")[2] for each in asked) == [
        "Microsoft.Compute/virtualMachineScaleSets/vmss-agents",
        "Microsoft.DevOpsInfrastructure/pools/managed-own-network",
        "Microsoft.DevOpsInfrastructure/pools/managed-static",
        "Microsoft.ResourceGraph/resources",
    ]


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


@pytest.mark.parametrize("format", ["text", "json"])
def test_one_that_nobody_has_is_told_once_and_as_a_plan_tells_it(netcfg: Program, format: str):
    ran = netcfg("discover", "nobody-has-this", "--format", format)
    assert (ran.status, ran.out) == (1, "")
    planned = netcfg("plan", "kv-payments", "--organization", "nobody-has-this")
    assert ran.err == planned.err
    assert ran.err.startswith("netcfg: Azure DevOps knows no organization 'nobody-has-this' at ")


@pytest.mark.parametrize("command", [("discover", "contoso"), ("apply", *PAYMENTS, "--yes")])
def test_an_organization_that_shows_no_pool_is_one_whose_pools_are_unknown(netcfg: Program, command: tuple[str, ...]):
    with netcfg.sandbox.edit() as state:
        state["organizations"]["contoso"].update(pools=[], elasticPools=[])
    ran = netcfg(*command)
    assert (ran.status, netcfg.writes) == (7 if command[0] == "discover" else 1, [])
    assert "no agent pool of 'contoso', and every organization has some" in " ".join((ran.out + ran.err).split())


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
    assert "? agent pools unknown, because the PAT may not read the list of agent pools of 'contoso'" in said
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


def resource(state: dict, name: str) -> dict:
    return next(each for each in state["resources"] if each["name"] == name)


def deny(netcfg: Program, action: str, scope: str = "/") -> None:
    with netcfg.sandbox.edit() as state:
        state["principals"]["netcfg"]["denials"].append({"scope": scope, "action": action})


NIGHTLY = (
    "kv-orders", "--organization", "contoso", "--agents", "discover", "--exclusive", "--yes",
    "--accept", "exclusive", "--accept", "service-endpoint", "--accept", "removals",
)  # fmt: skip
STATIC = ["191.10.50.11/32", "191.10.50.12/32"]


def test_a_nightly_run_that_cannot_see_a_pool_any_more_does_not_lock_its_agents_out(agents: Program):
    assert agents("apply", *NIGHTLY, "--accept", "last-path").status == 0
    before = agents.vault("kv-orders")["properties"]["networkAcls"]
    assert set(STATIC) < set(agents.rules("kv-orders"))
    agents.sandbox.requests.clear()
    deny(agents, "Microsoft.DevOpsInfrastructure/*")
    ran = agents("apply", *NIGHTLY)
    assert (ran.status, agents.writes) == (5, [])
    assert agents.vault("kv-orders")["properties"]["networkAcls"] == before
    planned = agents("plan", *(each for each in NIGHTLY if each != "--yes"), "--format", "json").document
    guards = {each["id"]: each["message"] for each in planned["vaults"][0]["guards"]}
    going = f"191.10.50.11/32, 191.10.50.12/32, {MANAGED.lower()}"
    assert guards["exclusive"] == (
        f"what nobody declared is to go, and somebody else may need it: {going}; where the agents of flexible-agents, "
        "build-room, Default, managed-changing, managed-older, managed-own-network, managed-static "
        "are is not known, and these rules may be theirs"
    )
    assert guards["last-path"] == (
        "this closes the last known way in for the agents of build-room, Default, managed-changing, "
        f"managed-older, managed-own-network, managed-static, if they come by {going}"
    )


def test_where_every_pool_is_known_or_microsofts_exclusive_says_no_more_than_before(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        pools = state["organizations"]["contoso"]["pools"]
        pools[:] = [each for each in pools if each["name"] != "Default"]
    ran = netcfg("plan", "kv-orders", "--organization", "contoso", "--agents", "discover", "--exclusive")
    said = " ".join(ran.out.split())
    assert "what nobody declared is to go, and somebody else may need it" in said
    assert "is not known, and these rules may be theirs" not in said
    assert "last-path" not in said


def test_a_pool_whose_addresses_moved_is_let_in_where_it_is_now(agents: Program):
    """Resource Graph still shows where it was, which may be somebody else's address by now."""
    with agents.sandbox.edit() as state:
        for name, old, new in (
            ("managed-static", "191.10.50.1", "191.10.50.2"),
            ("vmss-agents", "subnets/scale-set", "subnets/closed"),
        ):
            found = resource(state, name)
            state["stale"][found["id"].lower()] = {"until": time.time() + 3600, "was": copy.deepcopy(found)}
            found.update(json.loads(json.dumps(found).replace(old, new)))
    values = added(agents("plan", *PAYMENTS, "--format", "json").document)
    assert {"191.10.50.21/32", "191.10.50.22/32", f"{NETWORKS}/vnet-agents/subnets/closed".lower()} < values.keys()
    assert not {*STATIC, SCALE_SET.lower()} & values.keys()


def test_a_reviewer_sees_which_resource_was_taken_for_a_pool(netcfg: Program):
    notes = netcfg("plan", *PAYMENTS, "--format", "json").document["vaults"][0]["notes"]
    pools = "/subscriptions/00000000-0000-4000-8000-000000000002/resourceGroups/rg-shared/providers/"
    pools += "Microsoft.DevOpsInfrastructure/pools"
    assert (
        "agent pools and Managed DevOps Pools have only their names in common: "
        f"managed-own-network is {pools}/managed-own-network, managed-static is {pools}/managed-static"
    ) in notes


def test_somebody_elses_pool_that_took_the_name_of_one_of_ours_failed_and_lets_in_nobody(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        stranger = copy.deepcopy(resource(state, "managed-static"))
        stranger.update(name="default", id=stranger["id"].replace("managed-static", "default"))
        stranger["properties"]["provisioningState"] = "Failed"
        stranger["properties"]["fabricProfile"]["networkProfile"]["ipAddresses"] = ["191.10.66.6", "191.10.66.7"]
        state["resources"].append(stranger)
    ran = netcfg("plan", *PAYMENTS, "--format", "json")
    assert "191.10.66.6/32" not in added(ran.document)
    notes = ran.document["vaults"][0]["notes"]
    assert any("pools/default says that it is it, and its state in Azure is Failed" in each for each in notes)


ODD = [
    ("managed-static", {"fabricProfile": {"networkProfile": {"ipAddresses": ["10.0.0.1"]}}}),
    ("managed-static", {"fabricProfile": {"networkProfile": {"ipAddresses": ["2001:db8::1"]}}}),
    ("managed-static", {"fabricProfile": {"networkProfile": {"subnetId": "/x"}}}),
    ("vmss-agents", {"virtualMachineProfile": {"networkProfile": {"networkInterfaceConfigurations": 7}}}),
]


@pytest.mark.parametrize(("name", "properties"), ODD)
def test_an_odd_resource_is_the_trouble_of_its_own_pool(netcfg: Program, name: str, properties: dict):
    with netcfg.sandbox.edit() as state:
        resource(state, name)["properties"].update(properties)
    ran = netcfg("discover", "contoso", "--format", "json")
    conform(ran.document, "discovery")
    assert ran.status == 7
    assert len([each for each in ran.document["pools"] if each["subnets"] or each["addresses"]]) == 2
    (trouble,) = ran.document["undetermined"]
    assert f"/{name} cannot be made out" in trouble["reason"]
    assert "proxy" not in trouble["reason"]
    refused = netcfg("apply", *PAYMENTS, "--yes")
    assert (refused.status, netcfg.writes) == (1, [])
    assert "look at its networking in the portal" in refused.err


@pytest.mark.parametrize(
    "odd", [{"properties": None}, {"properties": {"organizationProfile": {"kind": "AzureDevOps"}}}]
)
def test_an_odd_pool_of_nobody_stops_no_plan(agents: Program, odd: dict):
    with agents.sandbox.edit() as state:
        resource(state, "managed-fabrikam").update(odd)
    assert agents("plan", *PAYMENTS).status == 3
    assert agents("discover", "contoso").status == 0


def test_managed_pools_that_cannot_be_looked_for_hide_no_scale_set(netcfg: Program):
    deny(netcfg, "Microsoft.ResourceGraph/*")
    ran = netcfg("discover", "contoso", "--format", "json")
    conform(ran.document, "discovery")
    assert ran.status == 7
    assert pools(ran.document)["scale-set-agents"]["unknown"] is None
    (trouble,) = ran.document["undetermined"]
    assert trouble["subject"] == "agent pools Default, managed-own-network, managed-static"
    assert (
        "may not ask Resource Graph (Microsoft.ResourceGraph/resources/read); assign Reader on the subs"
        in (trouble["reason"])
    )
    assert " on /" not in trouble["reason"]
    said = " ".join(netcfg("discover", "contoso").out.split())
    assert said.count("Managed DevOps Pools could not be looked for") == 1
    assert "scale-set-agents vnet-agents/scale-set" in said
    assert netcfg("apply", *PAYMENTS, "--yes").status == 1
    assert netcfg.writes == []

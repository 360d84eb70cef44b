"""`netcfg verify --from-here`: from a refusal to a vault that works, and every other thing that is in the way."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from netcfg.cli.root import Root
from netcfg.sandbox.server import serve
from tests.cli.conftest import AGENTS, Program, vault_id
from tests.formats.test_json import conform


@contextmanager
def at(world: str, machine: str | None, folder: Path) -> Iterator[Program]:
    """The program on a machine in that subnet."""
    with serve({"extends": world, "machine": machine}) as sandbox:
        yield Program(sandbox, folder)


def verify(program: Program, vault: str, *more: str) -> dict[str, Any]:
    """The document, which conforms to its schema, with the status that the program ended with."""
    ran = program("verify", vault, "--from-here", "--wait", "0", "--format", "json", *more)
    assert ran.err == ""
    return {"status": ran.status, **conform(ran.out, "verification")}


def test_what_the_firewall_refuses_works_once_the_agents_subnet_is_let_in(tmp_path: Path):
    with at("contoso", "vnet-agents/agents", tmp_path) as netcfg:
        closed = netcfg("apply", "kv-payments", "--organization", "contoso", "--accept", "default-deny", "--yes")
        assert closed.status == 0
        before = verify(netcfg, "kv-payments")
        assert (before["status"], before["obstacle"], before["open"]) == (4, "firewall", False)
        assert before["clientAddress"] == "191.10.40.5"
        job = ("kv-payments", "--organization", "contoso", "--subnet", AGENTS)
        assert netcfg("apply", *job, "--accept", "service-endpoint", "--yes").status == 0
        after = verify(netcfg, "kv-payments")
        assert (after["status"], after["obstacle"], after["open"]) == (0, None, True)


def test_the_text_of_a_refusal(netcfg: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    netcfg.folder = Path("data")
    ran = netcfg("verify", "kv-ready", "--from-here")
    assert ran.out == (
        "kv-ready does not work from here: firewall\n"
        "the firewall of kv-ready refuses this machine, which it sees as 191.10.60.9\n"
        "\n"
        "  name         kv-ready.vault.azure.net\n"
        "  resolves to  191.10.120.10 (public)\n"
        "  seen as      191.10.60.9\n"
        "\n"
        "next: let its address in, or on an agent the subnet of this machine, whose id is ID:\n"
        "  netcfg --sandbox --data-dir data apply kv-ready --organization ORG --allow '191.10.60.9/32=REASON'\n"
        "  netcfg --sandbox --data-dir data apply kv-ready --organization ORG --subnet ID\n"
    )
    assert (ran.status, ran.err) == (4, "")


def test_the_text_of_what_works(netcfg: Program):
    ran = netcfg("verify", vault_id("kv-payments"), "--from-here")
    assert ran.out == (
        "kv-payments works from here\n"
        "nothing is in the way: kv-payments shows its secret names to this machine, at 191.10.120.10\n"
        "\n"
        "  name         kv-payments.vault.azure.net\n"
        "  resolves to  191.10.120.10 (public)\n"
    )
    assert (ran.status, ran.err) == (0, "")


@pytest.mark.parametrize("vault", ["kv-payments", "kv-ready", "kv-hidden", "kv-none"])
@pytest.mark.parametrize("format", ["text", "json"])
def test_no_secret_is_told_and_two_runs_print_the_same(netcfg: Program, vault: str, format: str):
    first, second = (netcfg("verify", vault, "--from-here", "--format", format) for _ in range(2))
    assert first.out == second.out
    assert not any(name in first.out for name in ("api-key", "db-password"))


@pytest.mark.parametrize(
    ("vault", "status", "obstacle", "is_open", "resolution"),
    [
        ("kv-payments", 0, None, True, "public"),
        ("KV-Payments", 0, None, True, "public"),
        ("kv-ready", 4, "firewall", False, "public"),
        ("kv-disabled", 4, "public-access", False, "public"),
        ("kv-hidden", 4, "public-access", False, "public"),
        ("kv-perimeter", 4, "perimeter", False, "public"),
        ("kv-enforced", 4, "perimeter", False, "public"),
        ("kv-learning", 4, "firewall", False, "public"),
        ("kv-none", 4, "no-vault", False, "absent"),
    ],
)
def test_each_state_of_a_vault_on_the_internet(netcfg: Program, vault, status, obstacle, is_open, resolution):
    found = verify(netcfg, vault)
    assert [found[each] for each in ("status", "obstacle", "open", "resolution")] == [
        status,
        obstacle,
        is_open,
        resolution,
    ]


@pytest.mark.parametrize(
    ("machine", "vault", "status", "obstacle", "resolution", "said"),
    [
        ("vnet-hub/endpoints", "kv-private-only", 0, None, "private", "by the private endpoint at 10.60.1.11"),
        ("vnet-spoke/agents", "kv-private-ready", 0, None, "private", "by the private endpoint at 10.60.1.10"),
        ("vnet-hub/endpoints", "kv-private-bare", 4, "dns", "hidden", "has no record for the vault"),
        ("vnet-elsewhere/agents", "kv-private-ready", 4, "dns", "hidden", "has no record for the vault"),
        ("vnet-lonely/agents", "kv-private-only", 4, "public-access", "public", "did not come by a private endpoint"),
        ("vnet-own-dns/agents", "kv-private-ready", 4, "firewall", "public", "refuses this machine"),
        ("vnet-hub/endpoints", "kv-private-pending", 4, "firewall", "public", "refuses this machine"),
    ],
)
def test_each_network_in_which_an_agent_may_be(tmp_path, machine, vault, status, obstacle, resolution, said):
    with at("private", machine, tmp_path) as netcfg:
        found = verify(netcfg, vault)
    assert [found[each] for each in ("status", "obstacle", "resolution")] == [status, obstacle, resolution]
    assert said in found["message"]


def test_a_private_endpoint_that_the_network_does_not_use_is_named(tmp_path: Path):
    with at("private", "vnet-lonely/agents", tmp_path) as netcfg:
        assert verify(netcfg, "kv-private-only")["fix"] == (
            "link this machine's network to the private DNS zone privatelink.vaultcore.azure.net, where the private "
            "endpoint pe-only is to be found"
        )


def test_an_endpoint_out_of_reach_is_not_determined(tmp_path: Path):
    with at("private", "vnet-spoke/agents", tmp_path) as netcfg:
        with netcfg.sandbox.edit() as state:
            spoke = next(each for key, each in state["virtualNetworks"].items() if key.endswith("/vnet-spoke"))
            spoke["properties"]["virtualNetworkPeerings"] = []
        found = verify(netcfg, "kv-private-ready")
    assert (found["status"], found["obstacle"], found["open"]) == (1, "network", None)
    assert found["message"].startswith("no connection to kv-private-ready.vault.azure.net came about at 10.60.1.10")
    assert found["fix"].startswith("look at the peering")


@pytest.mark.parametrize(
    ("subnet", "vault", "address"),
    [
        ("prefixed", "kv-prefix", None),
        ("filtered", "kv-appliance", None),
        ("halved", "kv-appliance", None),
        ("direct", "kv-prefix", "191.10.43.9"),
        ("balanced", "kv-prefix", "191.10.43.7"),
        ("wandering", "kv-prefix", "191.10.60.9"),
    ],
)
def test_the_machine_leaves_as_its_subnet_does(tmp_path: Path, subnet: str, vault: str, address: str | None):
    with at("agents", f"vnet-agents/{subnet}", tmp_path) as netcfg:
        found = verify(netcfg, vault)
    assert (found["status"], found["clientAddress"]) == (4 if address else 0, address)


def test_a_subnet_without_a_way_out_reaches_no_vault(tmp_path: Path):
    with at("agents", "vnet-agents/closed", tmp_path) as netcfg:
        found = verify(netcfg, "kv-prefix")
    assert (found["status"], found["obstacle"], found["open"]) == (1, "network", None)


def test_a_packet_that_is_no_query_leaves_the_names_resolvable(netcfg: Program):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.sendto(b"", netcfg.sandbox.dns)
    assert verify(netcfg, "kv-payments")["resolution"] == "public"


def test_another_tenant_s_vault_is_asked_with_its_own_token(tmp_path: Path):
    with at("private", None, tmp_path) as netcfg:
        found = verify(netcfg, "kv-partner")
    assert found["tenant"] == "00000000-0000-4000-8000-000000000020"
    assert (found["obstacle"], found["clientAddress"]) == ("firewall", "191.10.60.9")


def test_a_missing_role_is_told_with_the_command(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        denial = {"scope": "/", "action": "Microsoft.KeyVault/vaults/secrets/*"}
        state["principals"]["netcfg"]["denials"].append(denial)
    found = verify(netcfg, "kv-payments")
    assert (found["status"], found["obstacle"], found["open"]) == (4, "permission", True)
    assert found["fix"].endswith(
        "az role assignment create --role 'Key Vault Secrets User' "
        f"--assignee-object-id 00000000-0000-4000-8000-0000000000b1 --scope {vault_id('kv-payments')}"
    )


def test_a_missing_access_policy_is_told_with_the_command(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        state["vaults"]["kv-payments"]["properties"]["enableRbacAuthorization"] = False
    found = verify(netcfg, "kv-payments")
    assert (found["status"], found["obstacle"], found["open"]) == (4, "permission", None)
    assert found["fix"].endswith(
        "az keyvault set-policy --name kv-payments --object-id 00000000-0000-4000-8000-0000000000b1 "
        "--secret-permissions get list"
    )


def test_an_identity_that_may_see_no_vault_in_azure_reads_secrets_all_the_same(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        everything = ("Microsoft.KeyVault/vaults/read", "Microsoft.Resources/*", "Microsoft.ResourceGraph/*")
        state["principals"]["netcfg"]["denials"] += [{"scope": "/", "action": each} for each in everything]
    assert verify(netcfg, "kv-payments")["status"] == 0
    refused = verify(netcfg, "kv-ready")
    assert (refused["status"], refused["obstacle"]) == (4, "firewall")
    assert refused["notes"][0].startswith("Azure Resource Manager could not explain it: ")


def test_a_rule_that_becomes_effective_while_it_waits_is_seen(tmp_path: Path):
    """The vault has a rule for the subnet, whose endpoint is effective only when the vault is asked once more."""
    with at("contoso", "vnet-agents/builds", tmp_path) as netcfg:
        with netcfg.sandbox.edit() as state:
            acls = state["vaults"]["kv-ready"]["properties"]["networkAcls"]
            acls["virtualNetworkRules"] = [{"id": state["machine"]["subnet"]}]
        reads = 0

        def take_effect(number: int, method: str, path: str) -> None:
            nonlocal reads
            reads += path.endswith("/secrets")
            if reads == 4:  # two to a look: one without the token, one with it
                with netcfg.sandbox.edit() as state:
                    network = state["virtualNetworks"][state["machine"]["subnet"].partition("/subnets/")[0]]
                    builds = next(each for each in network["properties"]["subnets"] if each["name"] == "builds")
                    builds["properties"]["serviceEndpoints"] = [{"service": "Microsoft.KeyVault", "locations": ["*"]}]

        netcfg.sandbox.before = take_effect
        ran = netcfg("verify", "kv-ready", "--from-here", "--wait", "30", quiet=False)
    assert ran.status == 0
    assert ran.err == (
        "… reading secret names of kv-ready from here\n"
        "… asking Azure Resource Manager about kv-ready\n"
        "… waiting 1 of 30 seconds, as the obstacle may pass: firewall\n"
        "… reading secret names of kv-ready from here\n"
    )


def test_throttling_is_waited_out(tmp_path: Path):
    with serve("contoso", faults="throttle=0.4", seed=1) as sandbox:
        ran = Program(sandbox, tmp_path)("verify", "kv-payments", "--from-here", "--wait", "30")
        assert 429 in [status for _, _, status in sandbox.requests]
    assert ran.status == 0


def test_progress_says_what_is_done(netcfg: Program):
    ran = netcfg("verify", "kv-payments", "--from-here", quiet=False)
    assert ran.err == "… reading secret names of kv-payments from here\n"


def test_another_cloud_s_vaults_have_its_names(netcfg: Program):
    ran = netcfg("--cloud", "usgov", "verify", "kv-payments", "--from-here")
    assert (ran.status, ran.err) == (0, "")
    assert "kv-payments.vault.usgovcloudapi.net" in ran.out


def test_from_where_must_be_said(netcfg: Program):
    ran = netcfg("verify", "kv-payments")
    assert (ran.status, ran.out) == (2, "")
    assert "--from-here reads it from this machine" in ran.err
    assert netcfg.sandbox.requests == []


@pytest.mark.parametrize("vault", ["x", "kv_x", "kv-x.vault.azure.net", "https://kv-x", "kv-x/../y", "kv-ü"])
def test_what_is_no_vault_s_name_is_a_usage_error(netcfg: Program, vault: str):
    ran = netcfg("verify", vault, "--from-here")
    assert (ran.status, ran.out) == (2, "")
    assert netcfg.sandbox.requests == []


@pytest.mark.parametrize("wait", ["-1", "soon", "nan", "86401", "9" * 30, "9" * 400, "9" * 5000])
def test_a_wait_is_a_number_of_seconds_and_no_more_than_a_day(netcfg: Program, wait: str):
    ran = netcfg("verify", "kv-payments", "--from-here", "--wait", wait)
    assert (ran.status, ran.out, netcfg.sandbox.requests) == (2, "", [])


def test_a_wait_may_be_a_whole_day(netcfg: Program):
    assert netcfg("verify", "kv-payments", "--from-here", "--wait", "86400").status == 0


@pytest.mark.parametrize(
    ("vault", "command"), [("kv-ready", "apply kv-ready --organization ORG --allow"), ("kv-hidden", "apply kv-hidden")]
)
def test_the_next_step_goes_to_the_same_cloud_and_sandbox(netcfg: Program, vault: str, command: str):
    ran = netcfg("--cloud", "usgov", "verify", vault, "--from-here", "--format", "json")
    assert f" netcfg --sandbox --cloud usgov --data-dir {netcfg.folder} {command}" in ran.document["fix"]


@pytest.mark.parametrize(
    ("root", "command"),
    [
        (Root(), "netcfg"),
        (Root(cloud="china"), "netcfg --cloud china"),
        (
            Root(resource_manager="http://127.0.0.1:1/?a&b", data_dir=Path("a folder")),
            "netcfg --resource-manager 'http://127.0.0.1:1/?a&b' --data-dir 'a folder'",
        ),
        (
            Root(devops="https://d.example", devops_identity="https://i.example"),
            "netcfg --devops https://d.example --devops-identity https://i.example",
        ),
        (Root(sandbox=True, resource_manager="https://ignored.example", devops="https://d"), "netcfg --sandbox"),
        (Root(verbose=True, quiet=True, color=False, timeout=5), "netcfg"),
    ],
)
def test_what_a_command_to_paste_begins_with(root: Root, command: str):
    assert root.command == command


def test_to_explain_a_refusal_the_vault_is_read_once(tmp_path: Path):
    with at("private", "vnet-lonely/agents", tmp_path) as netcfg:
        place = str(netcfg.vault("kv-private-only")["id"])
        assert "pe-only" in verify(netcfg, "kv-private-only")["fix"]
        asked = [path.partition("?")[0] for method, path, _ in netcfg.sandbox.requests if method == "GET"]
    assert asked.count(place) == 1


def test_who_asks_is_told_under_v(netcfg: Program):
    ran = netcfg("--verbose", "verify", "kv-payments", "--from-here")
    assert ran.err.startswith("Key Vault: constant token, tenant 00000000-0000-4000-8000-000000000010, principal ")


def test_an_interrupted_wait_ends_with_130(netcfg: Program, monkeypatch: pytest.MonkeyPatch):
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    assert netcfg("verify", "kv-orders", "--from-here").status == 130

"""`netcfg verify --through-devops`, and the proof at the end of `apply`: the whole program, by the sandbox's proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netcfg.sandbox.server import serve
from tests.cli.conftest import Program, vault_id
from tests.formats.test_json import conform

PAYMENTS = ("--organization", "contoso", "--project", "payments")
PROD = (*PAYMENTS, "--service-connection", "azure-prod")


def verify(program: Program, vault: str, *more: str, wait: str = "0") -> dict[str, Any]:
    """The document, which conforms to its schema, with the status that the program ended with."""
    ran = program("verify", vault, "--through-devops", "--wait", wait, "--format", "json", *more)
    assert ran.err == ""
    return {"status": ran.status, **conform(ran.out, "verification")}


def test_what_the_firewall_refuses_works_once_it_is_applied(netcfg: Program):
    before = verify(netcfg, "kv-orders", *PROD)
    assert (before["status"], before["obstacle"], before["address"]) == (4, "firewall", "40.74.28.9")
    assert (before["publishedBy"], before["geography"]) == (["table", "service-tag"], "EU")
    ran = netcfg("apply", "kv-orders", *PROD, "--yes", "--format", "json")
    (vault,) = conform(ran.out, "result")["vaults"]
    assert (ran.status, vault["outcome"], vault["devops"]["obstacle"]) == (0, "done", None)
    after = verify(netcfg, "kv-orders", *PROD)
    assert (after["status"], after["obstacle"], after["open"]) == (0, None, True)


def test_the_text_of_a_refusal(netcfg: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    netcfg.folder = Path("data")
    ran = netcfg("verify", "kv-orders", "--through-devops", *PAYMENTS)
    assert ran.out == (
        "kv-orders does not work through Azure DevOps: firewall\n"
        "the firewall of kv-orders refuses Azure DevOps, which came from 40.74.28.9, published by the table\n"
        "and the service tag for Europe\n"
        "\n"
        "  read by    azure-prod of payments in contoso\n"
        "  came from  40.74.28.9\n"
        "  published  for Europe  by table, service tag\n"
        "\n"
        "next: let in what is published for contoso:\n"
        "  netcfg --sandbox --data-dir data apply kv-orders --organization contoso --project payments "
        "--service-connection azure-prod\n"
        "\n"
        "note: azure-prod is what variable groups of payments link kv-orders by\n"
    )
    assert (ran.status, ran.err) == (4, "")


@pytest.mark.parametrize(
    ("vault", "connection", "status", "obstacle", "said"),
    [
        ("kv-payments", "azure-prod", 0, None, "nothing is in the way"),
        (vault_id("kv-payments"), "azure-prod", 0, None, "nothing is in the way"),
        (
            "kv-payments",
            "azure-reader",
            4,
            "permission",
            "may not get secrets; it needs the role Key Vault Secrets User",
        ),
        ("kv-payments", "azure-nobody", 4, "permission", "may not list or get secrets"),
        ("kv-payments", "azure-old", 4, "service-connection", "AADSTS7000222"),
        ("kv-hidden", "azure-prod", 4, "public-access", "comes by no private endpoint"),
        ("kv-perimeter", "azure-prod", 4, "perimeter", "network security perimeter"),
        ("kv-none", "azure-prod", 4, "no-vault", "finds no vault kv-none"),
    ],
)
def test_each_thing_that_can_be_in_the_way(netcfg: Program, vault, connection, status, obstacle, said):
    found = verify(netcfg, vault, *PAYMENTS, "--service-connection", connection)
    assert (found["status"], found["obstacle"]) == (status, obstacle)
    assert said in found["message"]
    assert verify(netcfg, vault, *PAYMENTS, "--service-connection", connection) == found


def test_a_missing_role_is_told_with_the_command_that_gives_it(netcfg: Program):
    fix = verify(netcfg, "kv-payments", *PAYMENTS, "--service-connection", "azure-nobody")["fix"]
    assert (
        "az role assignment create --role 'Key Vault Secrets User' --assignee-object-id "
        "00000000-0000-4000-8000-0000000000b5 --assignee-principal-type ServicePrincipal --scope "
        f"{vault_id('kv-payments')}"
    ) in fix
    assert "group link kv-payments --group GROUP" in fix


def test_the_configuration_says_by_which_connection(netcfg: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    Path("netcfg.yaml").write_text(
        "organization: contoso\n"
        "devops: {project: payments, service-connection: azure-prod}\n"
        "vaults: [{name: kv-orders}]\n"
    )
    assert verify(netcfg, "kv-orders")["serviceConnection"] == "azure-prod"
    assert verify(netcfg, "kv-payments", "--service-connection", "azure-old")["obstacle"] == "service-connection"
    assert netcfg("apply", "--yes").status == 0
    assert verify(netcfg, "kv-orders")["status"] == 0


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((), 2, "give --organization, or under devops:"),
        (("--project", "payments"), 2, "give --organization"),
        (("--organization", "contoso", "--project", "nope"), 1, "nope"),
        ((*PAYMENTS, "--service-connection", "nope"), 1, "nope"),
        ((*PAYMENTS, "--service-connection", "github"), 1, "azurerm"),
    ],
)
def test_whoever_cannot_be_found_is_an_error_and_no_vault_is_asked(netcfg: Program, words, status, said):
    ran = netcfg("verify", "kv-orders", "--through-devops", *words)
    assert (ran.status, ran.out) == (status, "")
    assert said in ran.err
    assert not [path for _, path, _ in netcfg.sandbox.requests if "endpointproxy" in path]


def test_several_connections_that_may_be_meant_are_listed(netcfg: Program):
    ran = netcfg("verify", "kv-ready", "--through-devops", *PAYMENTS)
    assert ran.status == 2
    assert "(azure-nobody; azure-old; azure-platform; azure-prod; azure-reader)" in ran.err


def test_what_is_only_about_azure_devops_says_nothing_without_it(netcfg: Program):
    ran = netcfg("verify", "kv-orders", "--from-here", "--project", "payments")
    assert (ran.status, netcfg.sandbox.requests) == (2, [])
    assert "--project says nothing without --through-devops" in ran.err


def test_both_ways_are_told_and_the_worse_status_counts(netcfg: Program):
    ran = netcfg("verify", "kv-ready", "--from-here", "--through-devops", *PROD, "--wait", "0")
    assert ran.status == 4
    assert "kv-ready does not work from here: firewall\n" in ran.out
    assert "kv-ready " in ran.out.partition("through Azure DevOps")[0]
    found = conform(
        netcfg("verify", "kv-payments", "--from-here", "--through-devops", *PROD, "--format", "json").out,
        "verification",
    )
    assert (found["from"], found["obstacle"]) == ("here", None)
    assert (found["devops"]["from"], found["devops"]["obstacle"]) == ("azure-devops", None)


def test_an_azure_devops_that_is_out_of_order_is_not_known(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        state["organizations"]["contoso"]["proxy"] = {"answers": "no statusCode"}
    found = verify(netcfg, "kv-orders", *PROD)
    assert (found["status"], found["obstacle"], found["open"]) == (1, "azure-devops", None)
    ran = netcfg("apply", "kv-orders", *PROD, "--yes", "--verify-wait", "0")
    assert ran.status == 7
    assert "whether Azure DevOps gets in is NOT known" in ran.out
    assert "1 vault: 1 done, 1 NOT read by Azure DevOps; 7 added" in ran.out


def test_an_azure_devops_that_answers_500_is_not_known(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        state["organizations"]["contoso"]["proxy"] = {"status": 500}
    ran = netcfg("verify", "kv-orders", "--through-devops", *PROD, "--wait", "0")
    assert ran.status == 1
    assert ran.out.startswith("kv-orders undetermined through Azure DevOps: azure devops\n")
    assert "status 500" in ran.out


def test_rules_that_take_their_time_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netcfg.workflow.patience.FIRST_PAUSE", 0.1)
    with serve("slow") as sandbox:
        with sandbox.edit() as state:
            state["settings"]["ruleSeconds"] = 0.8
            closed = state["vaults"]["kv-orders"]["properties"]["networkAcls"]["ipRules"].copy()
        program = Program(sandbox, tmp_path)
        waited = program("apply", "kv-orders", *PROD, "--yes", "--verify-wait", "30", quiet=False)
        assert (waited.status, "Azure DevOps gets in" in waited.out) == (0, True)
        assert "waiting 0 of 30 seconds, as the obstacle may pass: firewall\n" in waited.err
        with sandbox.edit() as state:
            state["vaults"]["kv-orders"]["properties"]["networkAcls"]["ipRules"] = closed
        at_once = program("apply", "kv-orders", *PROD, "--yes", "--verify-wait", "0")
        assert at_once.status == 7
        assert "although Azure shows a rule for that address" in " ".join(at_once.out.split())


def test_a_permission_that_is_missing_is_a_warning_of_an_apply(netcfg: Program):
    words = (*PAYMENTS, "--service-connection", "azure-nobody", "--yes")
    for format in ("text", "markdown", "html"):
        ran = netcfg("apply", "kv-orders", *words, "--format", format)
        assert ran.status == 0
        assert "Azure DevOps lacks a permission" in " ".join(ran.out.split())


def test_an_unknown_connection_is_an_error_before_anything_is_written(netcfg: Program):
    ran = netcfg("apply", "kv-orders", *PAYMENTS, "--service-connection", "nope", "--yes")
    assert (ran.status, ran.out, netcfg.writes) == (1, "", [])


RELAY = "devops: {project: payments, service-connection: azure-prod}\n"


@pytest.mark.parametrize(
    ("file", "words", "outcome"),
    [
        ("organization: contoso\n", (), "Azure DevOps gets in"),
        ("organization: [contoso, fabrikam]\n", (), "Azure DevOps was not asked: it serves contoso, fabrikam, and it"),
        ("geography: EU\n", (), "Azure DevOps was not asked: it serves no organization that is named"),
        ("organization: contoso\n", ("kv-orders", "--organization", "fabrikam"), "Azure DevOps gets in"),
    ],
)
def test_no_relay_of_a_file_keeps_the_firewall_from_being_written(
    netcfg: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, words: tuple[str, ...], outcome: str
):
    """Each of these configurations worked before `apply` proved anything."""
    monkeypatch.chdir(tmp_path)
    Path("netcfg.yaml").write_text(f"{file}{RELAY}vaults: [{{name: kv-orders}}]\n")
    ran = netcfg("apply", *words, "--yes", "--verify-wait", "0")
    assert (ran.status, ran.err, len(netcfg.writes)) == (0, "", 1)
    assert outcome in " ".join(ran.out.split())


def test_a_connection_of_the_file_that_cannot_be_used_is_told_before_and_after_and_the_status_is_7(
    netcfg: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    gone = RELAY.replace("azure-prod", "azure-gone")
    Path("netcfg.yaml").write_text(f"organization: contoso\n{gone}vaults: [{{name: kv-orders}}]\n")
    ran = netcfg("apply", "--yes", "--format", "json")
    (vault,) = conform(ran.out, "result")["vaults"]
    assert (ran.status, vault["outcome"], vault["devops"]["asked"]) == (7, "done", False)
    assert vault["devops"]["undetermined"] is True
    assert "azure-gone" in vault["devops"]["reason"]
    assert ran.err.startswith(
        "netcfg: warning: Azure DevOps will not be made to read kv-orders, so the status will be 7"
    )
    text = netcfg("apply", "--yes")
    assert text.status == 7
    assert "whether Azure DevOps gets in is NOT known: " in " ".join(text.out.split())
    assert "1 NOT read by Azure DevOps" in text.out


def test_a_connection_that_was_typed_for_no_vault_of_its_organization_is_a_usage_error(netcfg: Program):
    words = ("--organization", "contoso", "--organization", "fabrikam", *PROD[2:])
    ran = netcfg("apply", "kv-orders", *words, "--yes")
    assert (ran.status, ran.out, netcfg.writes) == (2, "", [])
    assert "kv-orders: it serves contoso, fabrikam" in ran.err


def test_commands_of_an_apply_can_be_pasted(netcfg: Program):
    ran = netcfg("apply", "kv-orders", *PAYMENTS, "--service-connection", "azure-nobody", "--yes")
    (grant,) = [each for each in ran.out.splitlines() if "az role assignment" in each]
    assert grant == (
        "    az role assignment create --role 'Key Vault Secrets User' --assignee-object-id "
        "00000000-0000-4000-8000-0000000000b5 --assignee-principal-type ServicePrincipal --scope "
        f"{vault_id('kv-orders')}"
    )


def test_an_apply_that_knows_no_connection_asks_nobody(netcfg: Program):
    ran = netcfg("apply", "kv-orders", "--organization", "contoso", "--yes", "--format", "json")
    (vault,) = ran.document["vaults"]
    assert (ran.status, "devops" in vault) == (0, False)
    assert not [path for _, path, _ in netcfg.sandbox.requests if "endpointproxy" in path or "endpoints" in path]


def test_pipelines_are_shown_what_azure_devops_may_not_read(netcfg: Program, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    words = (*PAYMENTS, "--service-connection", "azure-old", "--yes", "--verify-wait", "0")
    ran = netcfg("apply", "kv-orders", *words)
    assert ran.status == 7
    assert "::error title=devops-cannot-read" in ran.out


def test_many_vaults_that_are_alike_are_told_once(netcfg: Program):
    words = (
        *PAYMENTS,
        "--service-connection",
        "azure-old",
        "--accept",
        "default-deny=*",
        "--yes",
        "--verify-wait",
        "0",
    )
    ran = netcfg("apply", "kv-orders", "kv-payments", "kv-ready", "kv-readonly", *words, "--format", "markdown")
    assert ran.status == 7
    assert "| whether Azure DevOps gets in is NOT known | 3 |\n" in ran.out
    assert ran.out.count("does not get as far as VAULT") == 1


def test_the_only_vault_of_the_configuration_is_the_one(netcfg: Program, monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    vaults = "{name: kv-ready}"
    Path("netcfg.yaml").write_text(f"organization: contoso\nvaults: [{vaults}]\n")
    ran = netcfg("verify", "--through-devops", *PAYMENTS, "--service-connection", "azure-prod")
    assert (ran.status, "kv-ready" in ran.out) == (0, True)
    Path("netcfg.yaml").write_text(f"organization: contoso\nvaults: [{vaults}, {{name: kv-orders}}]\n")
    several = netcfg("verify", "--through-devops")
    assert several.status == 2
    assert "one vault is meant here, and the configuration has 2 (kv-orders; kv-ready); name it" in several.err

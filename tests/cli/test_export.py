"""`netcfg export`, whole: what it prints, what it withholds, and that its script does what the plan promised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netcfg.sandbox.server import serve
from tests.cli.conftest import AGENTS, BUILDS, SCALE_SET, Program, vault_id
from tests.formats.export import languages

EUROPE = [
    "20.166.41.0/24", "40.74.28.0/23", "134.149.110.74/31", "134.149.110.76/30", "134.149.110.112/29",
    "172.199.233.80/28", "172.199.233.128/26",
]  # fmt: skip
READY = ("export", "kv-ready", "--geography", "EU")


def test_the_rules_that_the_plan_ends_with_are_printed(netcfg: Program):
    ran = netcfg("export", "kv-orders", "--organization", "contoso", "--as", "tfvars")
    vault = json.loads(ran.out)["netcfg"]["kv-orders"]
    assert sorted(vault["ip_rules"]) == sorted([*EUROPE, "40.74.28.17/32", "191.10.18.0/28", "191.10.20.7/32"])
    assert len(vault["virtual_network_subnet_ids"]) == 1
    assert (ran.status, ran.err) == (0, "")
    assert netcfg.writes == []


@pytest.mark.parametrize("language", ["terraform", "tfvars", "bicep", "arm", "az", "powershell"])
def test_two_exports_print_the_same_bytes(netcfg: Program, language: str):
    first, second = (
        netcfg("export", *vaults, "--geography", "EU", "--as", language)
        for vaults in (("kv-ready", "kv-orders"), ("kv-ready", "kv-orders"))
    )
    assert first == second
    assert first.status == 0
    assert f"export kv-ready kv-orders --geography EU --as {language}" in first.out


def test_the_configuration_says_what_is_exported_and_the_header_names_it(netcfg: Program, tmp_path: Path):
    file = tmp_path / "other.yaml"
    file.write_text("geography: EU\nallow: [{cidr: 191.10.99.0/24, reason: office}]\nvaults: [{name: kv-ready}]\n")
    ran = netcfg("export", "--config", str(file), "--as", "terraform")
    assert ran.status == 0
    assert languages.terraform(ran.out)["kv-ready"]["ip_rules"] == [*EUROPE, "191.10.99.0/24"]
    assert f"export --config {file} --as terraform\n" in ran.out


def test_what_a_guard_refuses_is_withheld_until_it_is_accepted(netcfg: Program):
    words = ("export", "kv-payments", "--organization", "contoso", "--as", "tfvars")
    refused = netcfg(*words)
    assert (refused.status, refused.out) == (5, "")
    assert "kv-payments is not exported, because a guard refuses its plan (default-deny: " in refused.err
    accepted = netcfg(*words, "--accept", "default-deny")
    assert accepted.status == 0
    assert json.loads(accepted.out)["netcfg"]["kv-payments"]["default_action"] == "Deny"
    assert "--accept default-deny --as tfvars" in accepted.out


@pytest.mark.parametrize("language", ["terraform", "tfvars", "bicep", "arm"])
@pytest.mark.parametrize(("other", "status"), [("kv-payments", 5), ("kv-nothing", 7)])
def test_a_map_that_would_lack_a_vault_is_not_printed(netcfg: Program, language: str, other: str, status: int):
    """`export … > file` would take away whatever goes over the map of vaults: one that is missing should go."""
    ran = netcfg("export", "kv-ready", other, "--geography", "EU", "--as", language)
    assert (ran.status, ran.out) == (status, "")
    assert ran.err.endswith(
        f"netcfg: nothing is exported, because {other} would be missing in the map; mend what is said above, or name "
        "on the command line the vaults that can be exported: kv-ready\n"
    )


@pytest.mark.parametrize("language", ["az", "powershell"])
@pytest.mark.parametrize(("other", "status"), [("kv-payments", 5), ("kv-nothing", 7)])
def test_a_script_goes_vault_by_vault_and_names_those_that_are_left_out(
    netcfg: Program, language: str, other: str, status: int
):
    ran = netcfg("export", "kv-ready", other, "--geography", "EU", "--as", language)
    assert ran.status == status
    found = {"az": languages.bash, "powershell": languages.powershell}[language](ran.out)
    assert [each[0].partition("?")[0] for each in found] == [vault_id("kv-ready")]
    assert f"# Not in it, though they were asked for: {other}\n" in ran.out
    assert other in ran.err


def test_of_what_cannot_be_read_nothing_is_said(netcfg: Program):
    ran = netcfg("export", "kv-nothing", "--geography", "EU", "--as", "az")
    assert (ran.status, ran.out) == (1, "")
    assert "kv-nothing" in ran.err


def test_rules_that_azure_hides_are_never_exported_as_none(netcfg: Program):
    """Applied, an empty list would take away rules that nobody has seen."""
    ran = netcfg("export", "kv-hidden", "--geography", "EU", "--public-access", "disabled", "--as", "terraform")
    assert (ran.status, ran.out) == (1, "")
    assert "Azure shows no rules of it" in ran.err


def test_a_vault_that_a_perimeter_secures_is_withheld(netcfg: Program):
    ran = netcfg("export", "kv-perimeter", "--geography", "EU", "--as", "terraform")
    assert (ran.status, ran.out) == (5, "")


def test_a_file_gets_the_code_and_stdout_nothing(netcfg: Program, tmp_path: Path):
    file = tmp_path / "netcfg.tf"
    ran = netcfg(*READY, "--as", "terraform", "--out", str(file))
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert languages.terraform(file.read_text())["kv-ready"]["ip_rules"] == EUROPE
    assert f"--as terraform --out {file}" in file.read_text()


def test_a_file_is_left_as_it_was_when_it_would_not_have_every_vault(netcfg: Program, tmp_path: Path):
    """Code that goes over a map takes a vault that is missing for one that should go."""
    file = tmp_path / "netcfg.auto.tfvars.json"
    file.write_text("as it was")
    ran = netcfg("export", "kv-ready", "kv-payments", "--geography", "EU", "--as", "tfvars", "--out", str(file))
    assert ran.status == 5
    assert file.read_text() == "as it was"
    assert "nothing is exported, because kv-payments would be missing in the map" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("kv-ready", "--geography", "EU"),
        ("kv-ready", "--geography", "EU", "--as", "pulumi"),
        ("kv-ready", "--as", "bicep"),
        ("--geography", "EU", "--as", "bicep"),
        ("kv-ready", "--geography", "EU", "--as", "bicep", "--out", "/nowhere/at/all.bicep"),
        ("kv-ready", "kv-orders", "--geography", "EU", "--as", "az", "--accept", "default-deny"),
    ],
)
def test_what_cannot_be_meant_is_status_2_before_anything_is_asked(netcfg: Program, words: tuple[str, ...]):
    ran = netcfg("export", *words)
    assert (ran.status, ran.out) == (2, "")
    assert netcfg.sandbox.requests == []


def test_a_file_that_cannot_be_written_is_named_as_it_was_typed(netcfg: Program, tmp_path: Path):
    ran = netcfg(*READY, "--as", "bicep", "-o", str(tmp_path))
    assert ran.err == f"netcfg: --out {str(tmp_path)!r} cannot be written: it is a folder; name a file in it\n"
    assert netcfg(*READY, "--as", "bicep", "--out", "").status == 2
    assert "@export()" in netcfg(*READY, "--as", "bicep", "--out", "-").out


def test_what_no_rule_says_is_said_on_stderr(netcfg: Program):
    words = ("kv-ready", "--geography", "EU", "--subnet", BUILDS, "--accept", "service-endpoint", "--as", "az")
    ran = netcfg("export", *words)
    assert ran.status == 0
    assert "the service endpoint Microsoft.KeyVault, and Azure wants it on vnet-agents/builds first" in ran.err


# --- the script for the Azure CLI, run ------------------------------------------------------------------------------

AZ = """#!{python}
import json, os, sys, urllib.request
words = dict(zip(sys.argv[2::2], sys.argv[3::2]))
assert sys.argv[1] == "rest", sys.argv
body = open(words["--body"][1:], "rb").read() if words.get("--body", "").startswith("@") else None
headers = {{"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"}}
asked = urllib.request.Request("{url}" + words["--url"], body, headers, method=words["--method"].upper())
with urllib.request.urlopen(asked) as answer:
    found = json.load(answer)["properties"]
if words["--output"] == "tsv":
    acls = found.get("networkAcls") or {{}}
    told = ["public access " + found.get("publicNetworkAccess", "Enabled")]
    told += ["default action " + acls.get("defaultAction", "Allow"), "bypass " + acls.get("bypass", "AzureServices")]
    told += ["ip rule " + each["value"] for each in acls.get("ipRules", [])]
    told += ["subnet " + each["id"] for each in acls.get("virtualNetworkRules", [])]
    told += ["property " + each for each in acls if each not in words["--query"]]
    print(*told, sep="\\n")
"""
QUERY = (
    "[[join(' ', ['public access', properties.publicNetworkAccess || 'Enabled']), "
    "join(' ', ['default action', properties.networkAcls.defaultAction || 'Allow']), "
    "join(' ', ['bypass', properties.networkAcls.bypass || 'AzureServices'])], "
    "properties.networkAcls.ipRules[].join(' ', ['ip rule', to_string(value)]), "
    "properties.networkAcls.virtualNetworkRules[].join(' ', ['subnet', to_string(id)]), "
    "keys(properties.networkAcls || {bypass: 'none'})"
    "[?!contains(['bypass', 'defaultAction', 'ipRules', 'virtualNetworkRules'], @)]"
    ".join(' ', ['property', @])][] | [?@]"
)


class Shell:
    """A shell in which `az` speaks to the sandbox, and knows no more than `az rest`."""

    def __init__(self, netcfg: Program, folder: Path) -> None:
        az = folder / "bin" / "az"
        az.parent.mkdir()
        az.write_text(AZ.format(python=sys.executable, url=netcfg.sandbox.url))
        az.chmod(0o755)
        self._mine = {"PATH": f"{az.parent}:{os.environ['PATH']}", "TOKEN": netcfg.sandbox.token}

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | self._mine
        return subprocess.run(["bash"], input=script, env=environment, capture_output=True, text=True, timeout=30)


@pytest.fixture
def shell(netcfg: Program, tmp_path: Path) -> Shell:
    return Shell(netcfg, tmp_path)


def test_after_the_script_a_plan_is_empty(netcfg: Program, shell: Shell):
    words = ("kv-payments", "kv-orders", "--organization", "contoso", "--subnet", SCALE_SET)
    script = netcfg("export", *words, "--accept", "default-deny=kv-*", "--as", "az").out
    ran = shell.run(script)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(netcfg.writes) == 2
    assert netcfg("plan", *words).status == 0
    again = shell.run(script)
    assert again.returncode == 0
    assert [each.rpartition("/")[2] for each in again.stdout.splitlines()] == [
        "kv-orders is as it should be", "kv-payments is as it should be",
    ]  # fmt: skip
    assert len(netcfg.writes) == 2


def test_where_an_endpoint_is_missing_azure_refuses_the_script_and_nothing_is_changed(netcfg: Program, shell: Shell):
    before = netcfg.vault("kv-ready")
    words = ("--geography", "EU", "--subnet", AGENTS, "--accept", "service-endpoint", "--as", "az")
    assert shell.run(netcfg("export", "kv-ready", *words).out).returncode not in (0, 6)
    assert netcfg.vault("kv-ready") == before


def _drop_a_rule(properties: dict[str, Any]) -> None:
    properties["networkAcls"]["ipRules"] = [
        each for each in properties["networkAcls"]["ipRules"] if not each["value"].startswith("191.10.20.7")
    ]


def _add_a_rule(properties: dict[str, Any]) -> None:
    properties["networkAcls"]["ipRules"].append({"value": "191.10.77.1"})


def _anticipate(properties: dict[str, Any]) -> None:
    properties["networkAcls"]["ipRules"].append({"value": "40.74.28.0/23"})


MOVES: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("a rule is new", _add_a_rule, "+ ip rule 191.10.77.1/32"),
    ("a rule is gone", _drop_a_rule, "- ip rule 191.10.20.7/32"),
    ("only a part is as it should be", _anticipate, "+ ip rule 40.74.28.0/23"),
    ("subnets are gone", lambda it: it["networkAcls"].update(virtualNetworkRules=[]), "- subnet /subscriptions/"),
    ("it was opened", lambda it: it["networkAcls"].update(defaultAction="Allow"), "+ default action allow"),
    ("nothing passes by any more", lambda it: it["networkAcls"].update(bypass="None"), "+ bypass none"),
    ("it was closed", lambda it: it.update(publicNetworkAccess="Disabled"), "+ public access disabled"),
]


@pytest.mark.parametrize(("move", "told"), [each[1:] for each in MOVES], ids=[each[0] for each in MOVES])
def test_the_script_leaves_alone_what_somebody_changed_since(
    netcfg: Program, shell: Shell, move: Callable[[dict[str, Any]], None], told: str
):
    """What was closed since must not be opened again, and what was opened not be taken for known."""
    script = netcfg("export", "kv-orders", "--organization", "contoso", "--as", "az").out
    with netcfg.sandbox.edit() as state:
        move(state["vaults"]["kv-orders"]["properties"])
    ran = shell.run(script)
    assert (ran.returncode, ran.stdout) == (6, "")
    assert "kv-orders is left as it is, for somebody has changed it since this was exported:\n" in ran.stderr
    assert f"\n  {told}" in ran.stderr
    assert netcfg.writes == []


def test_public_access_that_is_to_be_opened_stays_closed_where_the_default_action_was_closed_since(
    netcfg: Program, shell: Shell
):
    """Both values of a field may be known, and the pair is neither what was nor what should be."""
    words = ("kv-disabled", "--geography", "EU", "--public-access", "enabled", "--as", "az")
    accepted = ("--accept", "default-deny", "--accept", "public-access", "--accept", "hidden-rules")
    script = netcfg("export", *words, *accepted).out
    with netcfg.sandbox.edit() as state:
        properties = state["vaults"]["kv-disabled"]["properties"]
        properties["publicNetworkAccess"] = "Enabled"
    assert shell.run(script).returncode == 6
    assert netcfg.writes == []


def test_a_vault_that_is_left_alone_keeps_no_other_from_being_written(netcfg: Program, shell: Shell):
    words = ("kv-orders", "kv-payments", "--geography", "EU", "--accept", "default-deny=kv-*")
    script = netcfg("export", *words, "--as", "az").out
    with netcfg.sandbox.edit() as state:
        _add_a_rule(state["vaults"]["kv-orders"]["properties"])
    ran = shell.run(script)
    assert ran.returncode == 6
    assert [path.partition("?")[0] for _, path in netcfg.writes] == [vault_id("kv-payments")]


def test_where_a_rule_is_spelled_otherwise_nothing_has_changed(netcfg: Program, shell: Shell):
    script = netcfg("export", "kv-orders", "--organization", "contoso", "--as", "az").out
    with netcfg.sandbox.edit() as state:
        acls = state["vaults"]["kv-orders"]["properties"]["networkAcls"]
        acls["ipRules"] = [{"value": each["value"].removesuffix("/32")} for each in acls["ipRules"][::-1]]
        acls["virtualNetworkRules"] = [{"id": each["id"].upper()} for each in acls["virtualNetworkRules"]]
    ran = shell.run(script)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(netcfg.writes) == 1


def test_an_answer_without_a_word_is_not_what_was(netcfg: Program, shell: Shell):
    script = netcfg("export", "kv-orders", "--organization", "contoso", "--as", "az").out
    ran = shell.run(script.replace("az rest --method get", "true"))
    assert ran.returncode == 6
    assert netcfg.writes == []


def test_the_script_stops_where_the_vault_cannot_be_read(netcfg: Program, shell: Shell):
    script = netcfg("export", "kv-orders", "--organization", "contoso", "--as", "az").out
    ran = shell.run(script.replace("vaults/kv-orders", "vaults/kv-nothing"))
    assert ran.returncode not in (0, 6)
    assert netcfg.writes == []


def test_the_script_asks_for_everything_that_a_firewall_consists_of(netcfg: Program):
    # The words of `az rest`: https://learn.microsoft.com/cli/azure/reference-index#az-rest; the query is JMESPath.
    script = netcfg(*READY, "--as", "az").out
    function = script.partition("found() {\n")[2].partition("\n}\n")[0]
    told = subprocess.run(
        [
            "bash",
            "-c",
            f"az() {{ printf '%s\\n' \"$@\"; }}; tr() {{ cat; }}; sort() {{ cat; }}\nf() {{\n{function}\n}}; f U",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines() == ["rest", "--method", "get", "--url", "U", "--query", QUERY, "--output", "tsv"]


def test_what_is_withheld_of_a_fleet_is_said_once_for_vaults_that_are_alike(tmp_path: Path):
    with serve(world="fleet-small") as sandbox:
        ran = Program(sandbox, tmp_path)("export", "--all", "--geography", "EU", "--as", "tfvars")
    said = [each for each in ran.err.splitlines() if each.startswith("netcfg: ")]
    assert (ran.status, len(said)) == (7, 6)
    [opened] = [each for each in said if "default-deny" in each]
    assert opened.startswith("netcfg: 3 vaults (kv-open-001, kv-open-002, kv-open-003): VAULT is not exported, ")
    assert opened.endswith("accept what is meant: --accept default-deny=VAULT --accept unlinked=VAULT")
    [perimeter] = [each for each in said if "kv-perimeter-1" in each and "VAULT" in each]
    assert perimeter.endswith("and leave it out: that cannot be accepted")
    assert said[-1].endswith("or select none but the 47 that can be exported")

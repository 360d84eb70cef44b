"""`netcfg export`, whole: what it prints, what it withholds, and that its script does what the plan promised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import AGENTS, BUILDS, SCALE_SET, Program
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


def test_one_vault_that_is_withheld_keeps_no_other_from_being_exported(netcfg: Program):
    ran = netcfg("export", "kv-ready", "kv-payments", "--geography", "EU", "--as", "tfvars")
    assert list(json.loads(ran.out)["netcfg"]) == ["kv-ready"]
    assert ran.status == 5


@pytest.mark.parametrize(("vaults", "status"), [(["kv-nothing"], 1), (["kv-ready", "kv-nothing"], 7)])
def test_of_what_cannot_be_read_nothing_is_said(netcfg: Program, vaults: list[str], status: int):
    ran = netcfg("export", *vaults, "--geography", "EU", "--as", "bicep")
    assert ran.status == status
    assert "'kv-nothing'" not in ran.out
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
    assert "is left as it was" in ran.err


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
import json, sys, urllib.request
words = dict(zip(sys.argv[2::2], sys.argv[3::2]))
assert sys.argv[1] == "rest", sys.argv
body = words.get("--body", "").encode() or None
headers = {{"Authorization": "Bearer {token}", "Content-Type": "application/json"}}
asked = urllib.request.Request("{url}" + words["--url"], body, headers, method=words["--method"].upper())
with urllib.request.urlopen(asked) as answer:
    found = json.load(answer)["properties"]
if words["--output"] == "tsv":
    acls = found.get("networkAcls") or {{}}
    rules = (*acls.get("ipRules", []), *acls.get("virtualNetworkRules", []))
    frame = [found["publicNetworkAccess"], acls.get("defaultAction"), acls.get("bypass")]
    print(*filter(None, frame + [text for each in rules for text in each.values()]), sep="\\n")
"""
QUERY = (
    "[[properties.publicNetworkAccess], properties.networkAcls.[defaultAction, bypass], "
    "properties.networkAcls.ipRules[].value, properties.networkAcls.virtualNetworkRules[].id][] | [?@]"
)


class Shell:
    """A shell in which `az` speaks to the sandbox, and knows no more than `az rest`."""

    def __init__(self, netcfg: Program, folder: Path) -> None:
        az = folder / "bin" / "az"
        az.parent.mkdir()
        az.write_text(AZ.format(python=sys.executable, token=netcfg.sandbox.token, url=netcfg.sandbox.url))
        az.chmod(0o755)
        self._path = f"{az.parent}:{os.environ['PATH']}"

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PATH": self._path}
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
    assert shell.run(script).returncode == 0  # and again


def test_where_an_endpoint_is_missing_azure_refuses_the_script_and_nothing_is_changed(netcfg: Program, shell: Shell):
    before = netcfg.vault("kv-ready")
    words = ("--geography", "EU", "--subnet", AGENTS, "--accept", "service-endpoint", "--as", "az")
    assert shell.run(netcfg("export", "kv-ready", *words).out).returncode not in (0, 6)
    assert netcfg.vault("kv-ready") == before


def test_the_script_leaves_alone_what_somebody_changed_since(netcfg: Program, shell: Shell):
    script = netcfg("export", "kv-orders", "--organization", "contoso", "--as", "az").out
    with netcfg.sandbox.edit() as state:
        state["vaults"]["kv-orders"]["properties"]["networkAcls"]["ipRules"].append({"value": "191.10.77.1/32"})
    ran = shell.run(script)
    assert ran.returncode == 6
    assert ran.stderr.endswith("kv-orders is left as it is. It has got, since this was exported:\n191.10.77.1/32\n")
    assert netcfg.writes == []


def test_the_script_opens_nothing_that_was_closed_since(netcfg: Program, shell: Shell):
    script = netcfg("export", "kv-orders", "--organization", "contoso", "--as", "az").out
    with netcfg.sandbox.edit() as state:
        state["vaults"]["kv-orders"]["properties"]["publicNetworkAccess"] = "Disabled"
    assert shell.run(script).returncode == 6
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

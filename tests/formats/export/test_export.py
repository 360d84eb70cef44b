"""The rules as code: each language read by its parser, and by somebody with bad intentions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unicodedata import category

import hcl2
import jsonschema
import pytest
from hypothesis import given, settings

from netcfg.core.plan import Plan, PlanSet
from netcfg.core.rules import Bypass, DefaultAction, Firewall, IpRule, PublicAccess
from netcfg.formats.export import arm, az, bicep, powershell, rules, terraform, tfvars
from tests import strategies
from tests.formats import builders, generated
from tests.formats.export import languages

COMMAND = "netcfg export kv-payments --organization contoso"
EXPORTS: dict[str, Callable[[PlanSet, str], str]] = {
    "terraform": terraform.export,
    "tfvars": tfvars.export,
    "bicep": bicep.export,
    "arm": arm.export,
    "az": az.export,
    "powershell": powershell.export,
}
in_every_language = pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)

SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111"
NETWORK = f"{SUBSCRIPTION}/resourcegroups/rg-network/providers/microsoft.network/virtualnetworks/vnet-build"


def small() -> PlanSet:
    """A vault that keeps a rule of somebody else's, and gets three ranges and the agents' subnet."""
    of = builders.vault(ip_rules=["40.74.28.0/23", "20.166.41.0/24", "52.236.192.7"], is_open=True)
    agents = builders.subnet_id("agents")
    return builders.plan_set(builders.plan(of, "default-deny", subnets=(agents,), endpoints=True))


LISTS = {
    "public_network_access_enabled": True,
    "default_action": "Deny",
    "bypass": "AzureServices",
    "ip_rules": [
        "20.166.41.0/24",
        "40.74.28.0/23",
        "52.236.192.7/32",
        "134.149.110.74/31",
        "172.199.233.128/26",
    ],
    "virtual_network_subnet_ids": [f"{NETWORK}/subnets/agents"],
}
ACLS = {
    "bypass": "AzureServices",
    "defaultAction": "Deny",
    "ipRules": [
        {"value": "20.166.41.0/24"},
        {"value": "40.74.28.0/23"},
        {"value": "52.236.192.7/32"},
        {"value": "134.149.110.74/31"},
        {"value": "172.199.233.128/26"},
    ],
    "virtualNetworkRules": [{"id": f"{NETWORK}/subnets/agents"}],
}
URL = (
    f"{SUBSCRIPTION}/resourceGroups/rg-payments/providers/Microsoft.KeyVault/vaults/kv-payments?api-version=2023-07-01"
)
WAS = [
    "bypass azureservices", "default action allow", "ip rule 20.166.41.0/24", "ip rule 40.74.28.0/23",
    "ip rule 52.236.192.7/32", "public access enabled",
]  # fmt: skip
BECOMES = [
    "bypass azureservices", "default action deny", "ip rule 134.149.110.74/31", "ip rule 172.199.233.128/26",
    "ip rule 20.166.41.0/24", "ip rule 40.74.28.0/23", "ip rule 52.236.192.7/32", "public access enabled",
    f"subnet {NETWORK}/subnets/agents",
]  # fmt: skip


def test_terraform_gets_what_its_provider_calls_these_things():
    code = terraform.export(small(), COMMAND)
    assert languages.terraform(code) == {"kv-payments": LISTS}
    assert '"52.236.192.7/32",    # foreign: somebody else\'s, kept\n' in code


def test_the_block_that_the_comment_shows_reads_every_local():
    code = terraform.export(small(), COMMAND)
    lines = [line.removeprefix("#").removeprefix("   ") for line in code.split("\n\nlocals")[0].splitlines()]
    block = "\n".join(lines[lines.index('resource "azurerm_key_vault" "example" {') :]) + "\n"
    (resource,) = hcl2.loads(block)["resource"]
    vault = resource['"azurerm_key_vault"']['"example"']
    (acls,) = vault["network_acls"]
    found = {name: text for name, text in (vault | acls).items() if isinstance(text, str)}
    assert found == {name: f'${{local.netcfg["kv-payments"].{name}}}' for name in LISTS}


def test_tfvars_are_lists_and_tell_how_to_declare_the_variable():
    document = json.loads(tfvars.export(small(), COMMAND))
    assert document["netcfg"] == {"kv-payments": LISTS}
    assert set(document) == {"//", "netcfg"}
    declared = hcl2.loads("\n".join(document["//"][document["//"].index("Declare it with") + 1 :]) + "\n")
    assert '"netcfg"' in declared["variable"][0]


def test_bicep_has_the_properties_of_the_vault():
    code = bicep.export(small(), COMMAND)
    expected = {"publicNetworkAccess": "Enabled", "networkAcls": ACLS}
    assert languages.bicep(code) == {"kv-payments": expected}
    assert "        { value: '52.236.192.7/32' } // foreign: somebody else's, kept\n" in code


# https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json, as far as it says what may be where.
PARAMETERS = {
    "type": "object",
    "required": ["$schema", "contentVersion", "parameters"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string"},
        "contentVersion": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$"},
        "parameters": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"value": {}, "metadata": {"type": "object"}},
                "required": ["value"],
                "additionalProperties": False,
            },
        },
    },
}


def test_arm_parameters_are_parameters():
    document = json.loads(arm.export(small(), COMMAND))
    jsonschema.Draft202012Validator(PARAMETERS).validate(document)
    assert document["$schema"] == "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
    expected = {"publicNetworkAccess": "Enabled", "networkAcls": ACLS}
    assert document["parameters"]["netcfg"]["value"] == {"kv-payments": expected}


@pytest.mark.parametrize("language", ["az", "powershell"])
def test_a_script_writes_the_whole_rule_set_at_once_and_public_access_only_where_it_changes(language: str):
    read = {"az": languages.bash, "powershell": languages.powershell}[language]
    assert read(EXPORTS[language](small(), COMMAND)) == [(URL, WAS, BECOMES, {"properties": {"networkAcls": ACLS}})]
    disabled = builders.vault(ip_rules=["191.10.20.7"], public_access=PublicAccess.DISABLED)
    opened = builders.plan_set(builders.plan(disabled, public_access=PublicAccess.ENABLED))
    ((_, was, becomes, body),) = read(EXPORTS[language](opened, COMMAND))
    assert body["properties"]["publicNetworkAccess"] == "Enabled"
    assert body["properties"]["networkAcls"]["defaultAction"] == "Deny"
    assert "public access disabled" in was
    assert "public access enabled" in becomes


@pytest.mark.parametrize("language", ["az", "powershell"])
def test_a_script_says_when_it_writes_nothing_and_which_vaults_are_not_in_it(language: str):
    whole = EXPORTS[language](small(), COMMAND)
    absent = ("kv-\x1bhidden", "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-lost")
    partial = {"az": az.export, "powershell": powershell.export}[language](small(), COMMAND, absent)
    told = " ".join(each.removeprefix("#").strip() for each in whole.partition("\n\n")[0].splitlines())
    assert "exactly as they were when this was exported" in told
    assert "makes the status 6" in told
    assert "Not in it" not in whole
    assert "# Not in it, though they were asked for: kv-\\x1bhidden, kv-lost\n" in partial


def test_a_body_is_one_line_and_a_file_because_a_word_of_a_command_holds_128_kibibytes():
    """At both limits of a vault, with the longest ids that Azure gives."""
    subnets = [f"{NETWORK}{'x' * 50}/subnets/{'y' * 77}{each:03}" for each in range(200)]
    of = builders.vault(ip_rules=[f"52.{each // 250}.{each % 250}.7" for each in range(990)], subnets=subnets)
    ((_, _, becomes, body),) = languages.bash(code := az.export(builders.plan_set(builders.plan(of)), COMMAND))
    assert len(body["properties"]["networkAcls"]["virtualNetworkRules"]) == 200
    assert len(becomes) > 1_190
    assert '--body "@$body"' in code
    (line,) = (each for each in code.splitlines() if each.startswith('{"properties"'))
    assert len(line) < 120_000


@in_every_language
def test_the_header_names_the_editions_and_the_command_and_no_time(export: Any):
    code = export(small(), COMMAND)
    assert COMMAND in code
    assert "table 2026-02-10 and service tag 2026-06-20" in code
    assert "contoso" in code
    assert "2026-11" not in code


@in_every_language
def test_neither_order_nor_spelling_nor_repetition_of_rules_changes_what_is_written(export: Any):
    rules = ["20.166.41.0/24", "191.10.20.7", "40.74.28.0/23", "191.10.20.7/32"]
    one, other = (builders.plan(builders.vault(ip_rules=each)) for each in (rules, [*rules[::-1], "191.10.20.7"]))
    assert export(builders.plan_set(one), COMMAND) == export(builders.plan_set(other), COMMAND)


@in_every_language
def test_vaults_come_by_their_id(export: Any):
    first, second = (builders.plan(builders.vault(each)) for each in ("kv-a", "kv-b"))
    assert export(builders.plan_set(second, first), COMMAND) == export(builders.plan_set(first, second), COMMAND)


def test_what_azure_has_and_nobody_knows_yet_is_sent_back():
    plan = small().plans[0]
    rule_set = replace(plan.after.rule_set, unknown='{"futureList": [1, null, true, {"a-b": "c"}]}')
    after = replace(plan.after, rule_set=rule_set)
    plans = builders.plan_set(replace(plan, desired=replace(plan.desired, after=after)))
    future = {"futureList": [1, None, True, {"a-b": "c"}]}
    assert languages.arm(arm.export(plans, COMMAND))["kv-payments"]["networkAcls"] == future | ACLS
    told = languages.bicep(bicep.export(plans, COMMAND))["kv-payments"]["networkAcls"]["futureList"]
    assert told == ["1", None, True, {"a-b": "c"}]
    ((_, was, becomes, body),) = languages.bash(az.export(plans, COMMAND))
    assert body["properties"]["networkAcls"] == future | ACLS
    assert "property futurelist" not in was
    assert "property futurelist" in becomes


@given(strategies.firewalls, strategies.firewalls)
@settings(max_examples=60, deadline=None)
def test_two_firewalls_have_the_same_phrases_only_if_they_are_the_same(one: Firewall, other: Firewall):
    assert rules.phrases(one) == rules.phrases(one)
    if rules.phrases(one) == rules.phrases(other):
        assert replace(one.rule_set, unknown="") == replace(other.rule_set, unknown="")
        assert one.public_access is other.public_access


@pytest.mark.parametrize(
    "changes",
    [
        {"bypass": Bypass.NONE},
        {"default_action": DefaultAction.ALLOW},
        {"ip_rules": (IpRule("191.10.20.7"),)},
        {"ip_rules": (IpRule("191.10.20.7"), IpRule("191.10.20.8"), IpRule("Deny"))},
        {"virtual_network_rules": ()},
        {"unknown": '{"futureList": []}'},
    ],
)
def test_whatever_differs_is_another_phrase(changes: dict[str, Any]):
    of = builders.vault(ip_rules=["191.10.20.7", "191.10.20.8"], subnets=[str(builders.subnet_id("agents"))]).firewall
    assert rules.phrases(of) != rules.phrases(of.with_rules(**changes))
    assert rules.phrases(of) != rules.phrases(replace(of, public_access=PublicAccess.DISABLED))


def test_the_same_rule_in_other_words_is_the_same_phrase():
    subnet = builders.subnet_id("agents").text
    one = builders.vault(ip_rules=["191.10.20.7", "191.10.20.8/32"], subnets=[subnet]).firewall
    other = builders.vault(ip_rules=["191.10.20.8", "191.10.20.7/32"], subnets=[subnet.upper() + "/"]).firewall
    assert rules.phrases(one) == rules.phrases(other)


# --- laws ---------------------------------------------------------------------------------------------------------


def lists(plan: Plan) -> tuple[set[str], set[str], str, str]:
    rules = plan.after.rule_set
    texts = ({str(each) for each in rules.ip_rules}, {str(each) for each in rules.virtual_network_rules})
    return *texts, rules.default_action.value, rules.bypass.value


def of_terraform(found: dict[str, Any]) -> tuple[set[str], set[str], str, str]:
    return (
        set(found["ip_rules"]),
        set(found["virtual_network_subnet_ids"]),
        found["default_action"],
        found["bypass"],
    )


def of_azure(acls: dict[str, Any]) -> tuple[set[str], set[str], str, str]:
    subnets = {each["id"].rstrip("/").lower() for each in acls["virtualNetworkRules"]}
    return {each["value"] for each in acls["ipRules"]}, subnets, acls["defaultAction"], acls["bypass"]


def read_back(plans: PlanSet) -> list[dict[str, tuple[set[str], set[str], str, str]]]:
    """What each language says of the vaults, by name."""
    names = [each.vault.name for each in sorted(plans.plans, key=lambda plan: str(plan.vault.id).lower())]
    scripts = (languages.bash(az.export(plans, COMMAND)), languages.powershell(powershell.export(plans, COMMAND)))
    return [
        *(
            {name: of_terraform(each) for name, each in found.items()}
            for found in (
                languages.terraform(terraform.export(plans, COMMAND)),
                languages.tfvars(tfvars.export(plans, COMMAND)),
            )
        ),
        *(
            {name: of_azure(each["networkAcls"]) for name, each in found.items()}
            for found in (languages.bicep(bicep.export(plans, COMMAND)), languages.arm(arm.export(plans, COMMAND)))
        ),
        *(
            {name: of_azure(body["properties"]["networkAcls"]) for name, (*_, body) in zip(names, each, strict=True)}
            for each in scripts
        ),
    ]


@given(generated.plan_sets().filter(lambda plans: plans.plans))
@settings(max_examples=12, deadline=None)
def test_every_language_says_what_the_plan_ends_with(plans: PlanSet):
    expected = {each.vault.name: lists(each) for each in plans.plans}
    assert read_back(plans) == [expected] * 6


@pytest.mark.parametrize("name", generated.HOSTILE)
def test_no_name_spoils_a_language_or_gets_out_of_its_string(name: str):
    plans = replace(builders.hostile(name), undetermined=())
    found = lists(plans.plans[0])
    assert read_back(plans) == [{plans.plans[0].vault.name: found}] * 6


@given(generated.hostile)
@settings(max_examples=12, deadline=None)
def test_no_generated_name_does_either(name: str):
    plans = replace(builders.hostile(name), undetermined=())
    assert read_back(plans) == [{plans.plans[0].vault.name: lists(plans.plans[0])}] * 6


INJECTIONS = [
    "${file(\"/etc/passwd\")}", "%{ for x in y }", "$${a}", "$$${b}", "'; rm -rf /; '", "$(touch x)", "`touch x`",
    "'@\nRemove-Item x\n@'", "\u2018; Remove-Item x", "\u201d$(x)", "BODY\ntouch x", "\\", "\\'", "\\\"", "*/ x /*",
    "${'a'}", "\\u{41}", "$'\\x41'", "\U0001f600", "a\tb", "!important", "~root", "{{ x }}", "EOF",
]  # fmt: skip


@pytest.mark.parametrize("name", INJECTIONS)
def test_no_language_runs_a_name(name: str):
    plans = replace(builders.hostile(name), undetermined=())
    assert read_back(plans) == [{plans.plans[0].vault.name: lists(plans.plans[0])}] * 6
    ((_, was, becomes, _),) = languages.bash(az.export(plans, COMMAND))
    for known in (was, becomes):
        assert {f"ip rule {name.lower()}", f"subnet {name.rstrip('/').lower()}"} <= {each.lower() for each in known}


@in_every_language
@pytest.mark.parametrize("name", [*generated.HOSTILE, *INJECTIONS])
def test_no_runner_and_no_terminal_obeys_the_code(export: Any, name: str):
    code = export(replace(builders.hostile(name), undetermined=()), COMMAND)
    shapes = "".join(each for each in code if category(each) not in ("Cf", "Mn"))
    assert "##vso" not in shapes.lower()
    assert "##[" not in shapes
    assert not any(line.strip().startswith("::") for line in shapes.splitlines())
    assert {each for each in code if category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")} <= {"\n"}
    assert code.encode()


def test_powershell_runs_only_what_stands_above_the_vaults():
    # A here-string ends where a line begins with '@, and a quote of any shape would end a string in quotes.
    code = powershell.export(small(), COMMAND)
    calls = code.partition("\nSet-VaultFirewall")[2]
    assert [line for line in calls.splitlines() if line.startswith("'@")] == ["'@ -Becomes @'", "'@ -Body @'", "'@"]
    above = code.partition("\nSet-VaultFirewall")[0]
    for opening, closing in ("()", "[]", "{}"):
        assert above.count(opening) == above.count(closing)


def test_no_language_waits_for_a_library():
    names = ", ".join(EXPORTS)
    code = f"import sys\nfrom netcfg.formats.export import {names}\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {each.split(".")[0] for each in loaded} & {"rich", "typer", "azure", "requests", "jinja2", "ruamel"} == set()

"""`netcfg group link`, whole: against a sandbox whose Azure DevOps asks the sandbox's own vaults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests

from netcfg.sandbox.server import serve
from tests.cli.conftest import Program

SCHEMAS = Path(__file__).parents[2] / "data" / "schemas"
PAYMENTS = ("--organization", "contoso", "--project", "payments")
PROD = (*PAYMENTS, "--service-connection", "azure-prod")
NOBODY = (*PAYMENTS, "--service-connection", "azure-nobody")


def group(netcfg: Program, name: str) -> dict[str, Any]:
    """The variable group as the sandbox keeps it."""
    (contoso,) = [each for each in netcfg.sandbox.state["organizations"].values() if each["name"] == "contoso"]
    (found,) = [each for each in contoso["variableGroups"] if each["name"] == name]
    return dict(found)


def secret(netcfg: Program, method: str, vault: str, name: str, **body: Any) -> None:
    """What somebody does to a secret, as any tool does it: at the vault itself."""
    url = f"{netcfg.sandbox.url}/vault.azure.net/{vault}/secrets/{name}?api-version=7.4"
    headers = {"Authorization": f"Bearer {netcfg.sandbox.token}", "x-sandbox-client-address": "40.74.28.77"}
    answer = requests.request(method, url, json=body or None, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Program]:
    with serve(world="library") as sandbox:
        yield Program(sandbox, tmp_path)


def test_a_vault_is_linked_to_a_new_group_once(netcfg: Program):
    ran = netcfg("group", "link", "kv-ready", "--group", "shop", *PROD, "--all", "--yes")
    assert ran.status == 0
    assert ran.out == (
        "shop of payments · kv-ready by azure-prod · new, 2 to add\n"
        "+ variable group shop  new\n"
        "+ secret feed\n"
        "+ secret token\n"
        "note: left out, as it is disabled: token-2025\n"
        "\n"
        "1 variable group: 1 to change\n"
        "\n"
        "shop done: new, 2 added; it maps 2 secrets; verified\n"
        "\n"
        "1 variable group: 1 done\n"
    )
    made = group(netcfg, "shop")
    again = netcfg("group", "link", "kv-ready", "--group", "shop", *PROD, "--all", "--yes", "--format", "json")
    schema = json.loads((SCHEMAS / "groups.schema.json").read_text("utf-8"))
    jsonschema.validate(again.document, schema)
    (told,) = again.document["groups"]
    assert (again.status, told["outcome"], told["changes"], told["kept"]) == (0, "unchanged", [], ["feed", "token"])
    assert group(netcfg, "shop") == made


def test_as_markdown_only_the_document_is_on_stdout(netcfg: Program):
    words = (
        "group",
        "link",
        "kv-ready",
        "--group",
        "shop",
        *PROD,
        "--secret",
        "token",
        "--yes",
        "--format",
        "markdown",
    )
    assert netcfg(*words).out == (
        "## netcfg group: 1 variable group: 1 done\n\n### `shop`\n\n"
        "of payments, linked to kv-ready: done: new, 1 added; it maps 1 secret; verified\n\n"
        "```diff\n+ variable group shop  new\n+ secret token\n```\n"
    )


def test_a_closed_vault_says_firewall_and_once_it_is_open_the_same_command_works(netcfg: Program):
    words = ("group", "link", "kv-orders", "--group", "orders-secrets", *PROD, "--match", "*-key", "--yes")
    refused = netcfg(*words)
    assert refused.status == 1
    assert "the firewall of kv-orders refuses Azure DevOps, which came from 40.74.28.9" in refused.err
    assert "apply kv-orders --organization contoso" in refused.err
    assert netcfg("apply", "kv-orders", "--organization", "contoso", "--yes").status == 0
    ran = netcfg(*words)
    assert ran.status == 0
    assert "+ secret signing-key\n= 1 secret kept" in ran.out


def test_a_missing_permission_names_the_command_and_is_given_only_with_grant(netcfg: Program):
    words = ("group", "link", "kv-ready", "--group", "shop", *NOBODY, "--secret", "token", "--yes")
    refused = netcfg(*words)
    assert refused.status == 1
    assert "az role assignment create --role 'Key Vault Secrets User'" in refused.err
    assert netcfg.writes == []
    ran = netcfg(*words, "--grant", "--format", "json")
    jsonschema.validate(ran.document, json.loads((SCHEMAS / "groups.schema.json").read_text("utf-8")))
    (told,) = ran.document["groups"]
    assert ran.status == 0
    assert [(each["action"], each["kind"], each["value"]) for each in told["changes"]] == [
        ("add", "role-assignment", "Key Vault Secrets User"),
        ("add", "variable-group", "shop"),
        ("add", "secret", "token"),
    ]
    (granted,) = [path for method, path in netcfg.writes if "roleAssignments" in path]
    assert granted.lower().split("/providers/microsoft.authorization/")[0].endswith("/vaults/kv-ready")


def test_access_policies_get_what_they_lack_and_lose_nothing(library: Program):
    def policies() -> dict[str, dict[str, list[str]]]:
        held = library.vault("kv-policies")["properties"]["accessPolicies"]
        return {each["objectId"][-2:]: each["permissions"] for each in held}

    before = policies()
    ran = library("group", "link", "kv-policies", "--group", "shop", *PROD, "--all", "--grant", "--yes")
    assert ran.status == 0, ran.err
    assert "+ access policy secrets get, list" in ran.out
    assert policies() == {**before, "b3": {"keys": [], "secrets": ["Get", "list"], "certificates": []}}


def test_without_a_terminal_nothing_is_asked_and_nothing_done(netcfg: Program):
    ran = netcfg("group", "link", "kv-ready", "--group", "shop", *PROD, "--all")
    assert (ran.status, netcfg.writes) == (2, [])


@pytest.mark.parametrize(("answer", "status"), [("yes\n", 0), ("y\n", 3), ("", 3)])
def test_only_yes_is_yes(netcfg: Program, at_terminal: Callable[[], None], answer: str, status: int):
    at_terminal()
    ran = netcfg("group", "link", "kv-ready", "--group", "shop", *PROD, "--all", answer=answer)
    assert ran.status == status
    assert "Change this variable group?" in ran.err
    assert ("shop not reached" in ran.out) == bool(status)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("kv-ready", *PROD, "--all"), 2, "which variable group the vault is linked to was not said"),
        (("kv-ready", "--group", "x", *PROD), 2, "which secrets of 'kv-ready' are to be mapped was not said"),
        (("kv-ready", "--group", "x", *PROD, "--all", "--secret", "a"), 2, "all secrets are meant, or some of them"),
        (("--group", "x", *PROD, "--all"), 2, "one vault is meant here, and none was named"),
        (("kv-ready", "--group", "x", *PAYMENTS, "--all"), 2, "several service connections to Azure"),
        (("kv-ready", "--group", "x", *PROD, "--accept", "no"), 2, "no"),
        (("kv-ready", "--group", "x", *PROD, "--secret", "tokn"), 1, "did you mean 'token'?"),
        (("kv-ready", "--group", "x", *PROD, "--secret", "token-2025"), 1, "is disabled, so no job would get it"),
        (
            ("kv-ready", "--group", "x", *PROD, "--match", "web-*"),
            1,
            "no secret of the vault 'kv-ready' matches 'web-*'",
        ),
        (("kv-ready", "--group", "payments-settings", *PROD, "--all"), 1, "is of type 'Vsts'"),
        (("kv-ready", "--group", "Payments-Secrets", *PROD, "--all"), 1, "with the vault 'kv-payments'"),
    ],
)
def test_what_cannot_be_is_one_sentence(netcfg: Program, words: tuple[str, ...], status: int, said: str):
    ran = netcfg("group", "link", *words, "--yes")
    assert (ran.status, netcfg.writes) == (status, [])
    assert said in ran.err
    assert ran.out == ""


def test_names_that_are_hard_on_a_shell_or_reserved_are_told(library: Program):
    ran = library("group", "link", "kv-names", "--group", "päckchen / #1 📦", *PROD, "--all", "--yes")
    assert ran.status == 0, ran.err
    for said in (
        "left out, as it is disabled: disabled-and-expired",
        "left out, as it is reserved by Azure Pipelines (endpoint…): endpoint-url",
        "left out, as it is reserved by Azure Pipelines (path…): path",
        "left out, as it is kept by a certificate: shop-tls",
    ):
        assert said in ran.out
    assert sorted(group(library, "päckchen / #1 📦")["variables"]) == ["9lives", "App-Key", "a"]


def test_620_secrets_are_mapped_over_all_pages(library: Program):
    ran = library("group", "link", "kv-many", "--group", "many", *PROD, "--all", "--yes", "--format", "json")
    assert ran.status == 0, ran.err
    assert len(group(library, "many")["variables"]) == 620
    assert ran.document["summary"]["secrets"] == 620


def test_the_configuration_says_all_of_it(netcfg: Program, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(netcfg.folder)
    (netcfg.folder / "netcfg.yaml").write_text(
        "organization: contoso\n"
        "devops: {project: payments, service-connection: azure-prod, variable-group: shop, secrets: [tok*]}\n"
        "vaults:\n"
        "  - name: kv-ready\n"
    )
    ran = netcfg("group", "link", "--yes")
    assert ran.status == 0, ran.err
    assert sorted(group(netcfg, "shop")["variables"]) == ["token"]

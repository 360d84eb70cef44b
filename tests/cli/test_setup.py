"""`netcfg setup`: one vault from closed to a variable group that it fills, in one command, however often it is run."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from netcfg.sandbox.server import Sandbox, serve
from tests.cli.conftest import Program, vault_id
from tests.formats.test_json import conform

WHERE = ("--organization", "contoso", "--project", "payments")
JOB = ("setup", "kv-orders", *WHERE, "--service-connection", "azure-prod", "--group", "orders", "--all", "--yes")
EUROPE = {
    "191.10.20.7/32", "191.10.18.0/28", "40.74.28.17/32", "20.166.41.0/24", "40.74.28.0/23", "134.149.110.74/31",
    "134.149.110.76/30", "134.149.110.112/29", "172.199.233.80/28", "172.199.233.128/26",
}  # fmt: skip
NOBODY = "00000000-0000-4000-8000-0000000000b5"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits in front of it."""
    monkeypatch.setattr("netcfg.cli.terminal.can_ask", lambda: True)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Program]:
    with serve(world="library") as sandbox:
        yield Program(sandbox, tmp_path)


def groups(sandbox: Sandbox) -> dict[str, list[str]]:
    """The linked variable groups of the organization as the sandbox keeps them, each with what it maps."""
    found = sandbox.state["organizations"]["contoso"]["variableGroups"]
    return {each["name"]: sorted(each["variables"]) for each in found if each["type"] == "AzureKeyVault"}


def changes(netcfg: Program) -> list[str]:
    """Everything that was sent to change something, to Azure or to Azure DevOps."""
    sent = [f"{method} {path.partition('?')[0]}" for method, path, _ in netcfg.sandbox.requests if method != "GET"]
    asks = ("/serviceendpoint/endpointproxy", "/providers/Microsoft.ResourceGraph", "/token")
    return [each for each in sent if not any(one.lower() in each.lower() for one in asks)]


def roles(sandbox: Sandbox, identity: str) -> list[str]:
    return [id for id, each in sandbox.state["roleAssignments"].items() if each["principalId"] == identity]


# --- the whole job ------------------------------------------------------------------------------------------------


def test_one_command_takes_a_closed_vault_to_a_variable_group_that_it_fills(netcfg: Program):
    ran = netcfg(*JOB)
    assert ran.status == 0
    assert set(netcfg.rules("kv-orders")) == EUROPE
    assert groups(netcfg.sandbox)["orders"] == ["order-queue", "signing-key"]
    assert "now: the firewall of kv-orders refuses Azure DevOps, which came from 40.74.28.9" in ran.out
    assert ran.out.endswith("\nsetup is complete: Azure DevOps reads kv-orders for orders, which maps 2 secrets\n")

    sent = len(changes(netcfg))
    again = netcfg(*JOB)
    assert again.status == 0
    assert len(changes(netcfg)) == sent
    assert again.out.endswith("\nnothing to do: all of it is as it should be, and Azure DevOps reads the vault\n")


def test_the_steps_are_numbered_and_fit_a_terminal(netcfg: Program, monkeypatch: pytest.MonkeyPatch):
    ran = netcfg(*JOB)
    titles = [each.partition(":")[0] for each in ran.out.splitlines() if re.match(r"\d ", each)]
    assert titles == [
        "1 geography and ranges", "2 vault kv-orders", "3 agents", "4 permission", "5 variable group orders", "6 proof",
    ]  # fmt: skip
    assert max(map(len, ran.out.splitlines())) <= 100


def test_the_document_is_what_its_schema_describes(netcfg: Program):
    done = conform(netcfg(*JOB, "--format", "json").out, "result")
    assert done["complete"] is True
    assert done["permission"] == {"state": "held", "grant": False, "granted": False, "error": None}
    assert done["group"]["outcome"] == "done"
    assert done["group"]["changes"] == [
        {"action": "add", "kind": "variable-group", "value": "orders"},
        {"action": "add", "kind": "secret", "value": "order-queue"},
        {"action": "add", "kind": "secret", "value": "signing-key"},
    ]
    assert done["devops"]["open"] is True
    assert [each["outcome"] for each in done["vaults"]] == ["done"]
    again = conform(netcfg(*JOB, "--format", "json").out, "result")
    assert again["group"]["outcome"] == again["vaults"][0]["outcome"] == "unchanged"


def test_without_a_group_the_vault_is_opened_and_proved(netcfg: Program):
    ran = netcfg("setup", "kv-orders", *WHERE, "--service-connection", "azure-prod", "--yes", "--format", "json")
    assert ran.status == 0
    assert ran.document["group"] is None
    assert ran.document["complete"] is True
    assert "orders" not in groups(netcfg.sandbox)


def test_markdown_and_a_report_beside_it(netcfg: Program, tmp_path: Path):
    ran = netcfg(*JOB, "--format", "markdown", "--report", f"json={tmp_path / 'setup.json'}")
    assert ran.status == 0
    assert ran.out.startswith("## netcfg: setup is complete: Azure DevOps reads kv-orders for orders")
    conform((tmp_path / "setup.json").read_text("utf-8"), "result")


def test_the_configuration_may_say_all_of_it(netcfg: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "netcfg.yaml").write_text(
        "organization: contoso\n"
        "devops: {project: payments, service-connection: azure-prod, variable-group: orders, secrets: ['order-*']}\n"
        "vaults: [{name: kv-orders}]\n",
        "utf-8",
    )
    assert netcfg("setup", "--yes").status == 0
    assert groups(netcfg.sandbox)["orders"] == ["order-queue"]
    assert netcfg("setup", "--yes", "--no-group").status == 0


# --- what is not there --------------------------------------------------------------------------------------------


def test_in_a_pipeline_every_missing_option_is_named_at_once_and_nothing_is_asked(netcfg: Program):
    ran = netcfg("setup", "--group", "orders")
    assert ran.status == 2
    assert ran.err == (
        "netcfg: setup asks on a terminal alone for what it was not told, and this is none: give VAULT, "
        "--organization ORG, --project NAME, one of --secret NAME, --match PATTERN and --all, --yes; "
        "the configuration may say all but --yes\n"
    )
    assert netcfg.sandbox.requests == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--group", "a", "--no-group"), "--group and --no-group exclude each other"),
        (("--no-group", "--all"), "--all says nothing without --group"),
        (("--secret", "order-queue"), "--secret says nothing without --group"),
        (("--group", "a\nb", "--all"), "'a\\nb' is no name of a variable group: it holds a control character"),
        (("--organization", "fabrikam"), "several organizations are named (contoso, fabrikam), and one is meant here"),
        (("--accept", "nonsense"), "'nonsense' is not a guard"),
        (("--allow", "10.0.0.0/8=all"), "cannot be allowed"),
        (("--group", "a", "--all", "--public-access", "disabled"), "--public-access disabled and --group exclude"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(netcfg: Program, words: tuple[str, ...], said: str):
    ran = netcfg("setup", "kv-orders", *WHERE, "--service-connection", "azure-prod", "--yes", *words)
    assert ran.status == 2
    assert said in ran.err
    assert netcfg.sandbox.requests == []


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--service-connection", "azure-old"), 1, "the client secret of the service connection has expired"),
        (("--service-connection", "github"), 1, "of type 'github'"),
        (("--service-connection", "azure-prod", "--secret", "nothing"), 1, "has no secret 'nothing'"),
        (("--service-connection", "azure-prod", "--secret", "partner-2025"), 1, "is expired"),
    ],
)
def test_what_cannot_be_brought_to_its_end_is_not_begun(
    netcfg: Program, words: tuple[str, ...], status: int, said: str
):
    ran = netcfg("setup", "kv-orders", *WHERE, "--group", "orders", "--secret", "order-queue", *words, "--yes")
    assert ran.status == status
    assert said in ran.err
    assert changes(netcfg) == []


def test_which_of_several_connections_has_to_be_said(netcfg: Program):
    ran = netcfg("setup", "kv-ready", *WHERE, "--no-group", "--yes")
    assert ran.status == 2
    assert "the project payments has several service connections to Azure" in ran.err
    # Variable groups link kv-orders by one of them already.
    assert netcfg("setup", "kv-orders", *WHERE, "--no-group", "--yes").status == 0


# --- guards and answers -------------------------------------------------------------------------------------------


def test_refused_by_a_guard_of_the_vault_nothing_at_all_is_written(netcfg: Program):
    job = ("setup", "kv-payments", *WHERE, "--service-connection", "azure-prod", "--group", "pay", "--all", "--yes")
    ran = netcfg(*job)
    assert ran.status == 5
    assert "accept with --accept default-deny" in ran.out
    assert changes(netcfg) == []
    refused = conform(netcfg(*job, "--format", "json").out, "plan")
    assert refused["summary"]["refused"] is True
    assert netcfg(*job, "--accept", "default-deny").status == 0
    assert groups(netcfg.sandbox)["pay"] == ["api-key", "db-password"]


def test_refused_by_a_guard_of_the_group_the_vault_is_not_touched_either(library: Program):
    job = ("setup", "kv-payments", *WHERE, "--service-connection", "azure-prod", "--group", "shared-secrets", "--all")
    ran = library(*job, "--yes", "--accept", "default-deny")
    assert ran.status == 5
    assert "Shared Platform" in ran.out
    assert "accept with --accept shared-group" in ran.out
    assert changes(library) == []
    assert library(*job, "--yes", "--accept", "default-deny", "--accept", "shared-group").status == 0
    assert groups(library.sandbox)["shared-secrets"] == ["api-key", "db-password"]


def test_answered_no_is_status_3_and_a_plan(netcfg: Program, asked: None):
    job = [each for each in JOB if each != "--yes"]
    ran = netcfg(*job, "--agents", "none", "--format", "json", answer="no\n")
    assert ran.status == 3
    assert conform(ran.out, "plan")["devops"]["address"] == "40.74.28.9"
    assert "Do all of this? Only 'yes' is taken: " in ran.err
    assert changes(netcfg) == []


# --- the permission -----------------------------------------------------------------------------------------------


def test_a_permission_that_is_missing_leaves_the_group_and_says_the_command(netcfg: Program):
    job = ("setup", "kv-orders", *WHERE, "--service-connection", "azure-nobody", "--group", "orders", "--all", "--yes")
    ran = netcfg(*job, "--format", "json")
    assert ran.status == 7
    assert set(netcfg.rules("kv-orders")) == EUROPE
    assert "orders" not in groups(netcfg.sandbox)
    done = conform(ran.out, "result")
    assert done["group"]["outcome"] == "not-reached"
    assert done["permission"]["state"] == "missing"
    scope = vault_id("kv-orders")
    assert (
        f"az role assignment create --role 'Key Vault Secrets User' --assignee-object-id {NOBODY} "
        f"--assignee-principal-type ServicePrincipal --scope {scope}" in done["devops"]["fix"]
    )
    told = netcfg(*job)
    assert told.status == 7
    assert "4 permission: MISSING: --grant gives it; without, all is done but the variable group" in told.out


def test_it_is_given_with_grant_even_where_the_firewall_hid_that_it_is_missing(netcfg: Program):
    job = ("setup", "kv-orders", *WHERE, "--service-connection", "azure-nobody", "--group", "orders", "--all", "--yes")
    ran = netcfg(*job, "--grant")
    assert ran.status == 0
    assert "given then, if it is missing" in ran.out
    assert len(roles(netcfg.sandbox, NOBODY)) == 1
    assert groups(netcfg.sandbox)["orders"] == ["order-queue", "signing-key"]
    sent = len(changes(netcfg))
    assert netcfg(*job, "--grant").status == 0
    assert len(changes(netcfg)) == sent


# --- what happens meanwhile ---------------------------------------------------------------------------------------


def test_a_secret_that_goes_while_the_vault_is_opened_leaves_the_group_unwritten(netcfg: Program):
    def delete(served: int, method: str, path: str) -> None:
        if method == "PATCH":
            with netcfg.sandbox.edit() as state:
                del state["secrets"]["kv-orders"]["signing-key"]

    netcfg.sandbox.before = delete
    ran = netcfg(*JOB, "--format", "json")
    netcfg.sandbox.before = None
    assert ran.status == 7
    assert ran.document["group"]["outcome"] == "stale"
    assert "signing-key is not there any more" in ran.document["group"]["error"]
    assert "orders" not in groups(netcfg.sandbox)
    assert netcfg(*JOB).status == 0
    assert groups(netcfg.sandbox)["orders"] == ["order-queue"]


def test_a_vault_that_moved_keeps_the_group_unwritten(netcfg: Program):
    def change(served: int, method: str, path: str) -> None:
        # The secrets are listed when the vault was read for the plan, and before it is read again for the write.
        if path.partition("?")[0].endswith("/vaults/kv-orders/keys"):
            with netcfg.sandbox.edit() as state:
                state["vaults"]["kv-orders"]["properties"]["networkAcls"]["bypass"] = "None"

    netcfg.sandbox.before = change
    ran = netcfg(*JOB, "--format", "json")
    netcfg.sandbox.before = None
    assert ran.status == 6
    assert ran.document["vaults"][0]["outcome"] == "stale"
    assert ran.document["group"]["outcome"] == "not-reached"
    assert ran.document["devops"] is None
    assert changes(netcfg) == []


# --- questions ----------------------------------------------------------------------------------------------------


ANSWERS = (
    ("no vault!", "kv-orders"),  # a wrong answer, and the right one
    ("contoso/../x", "contoso"),
    ("7", "payments"),
    ("azure-prod",),
    ("",),  # no agents
    ("new",),
    ("orders-secrets", ""),  # is there already; kv-orders is suggested
    ("patterns",),
    ("zzz*", "order-*"),
)


def test_all_that_was_not_said_is_asked_for_and_the_same_is_said_as_one_line(netcfg: Program, asked: None):
    typed = "".join(f"{each}\n" for answers in ANSWERS for each in answers)
    ran = netcfg("setup", answer=f"{typed}yes\n")
    assert ran.status == 0
    assert groups(netcfg.sandbox)["kv-orders"] == ["order-queue"]
    for reason in (
        "'no vault!' is not a vault: give its name",
        "'contoso/../x' is not",
        "'7' is no answer; a number from 1 to 2, or one of the names is expected",
        "a variable group 'orders-secrets' is there already",
        "no secret of the vault 'kv-orders' matches 'zzz*'",
    ):
        assert reason in ran.err
    (line,) = (each for each in ran.err.splitlines() if each.startswith("  netcfg --sandbox"))
    words = "setup kv-orders --organization contoso --agents none --project payments --service-connection azure-prod"
    assert line.endswith(f"{words} --group kv-orders --match 'order-*'")
    assert "Vault, by its name" not in ran.out
    again = netcfg(*words.split(), "--group", "kv-orders", "--match", "order-*", "--yes")
    assert again.status == 0


def test_what_was_said_is_not_asked_for(netcfg: Program, asked: None):
    job = [each for each in JOB if each != "--yes"]
    ran = netcfg(*job, "--agents", "none", answer="yes\n")
    assert ran.status == 0
    assert ran.err.strip() == "Do all of this? Only 'yes' is taken:"


def test_a_geography_that_is_only_hinted_at_is_asked_for(netcfg: Program, asked: None):
    ran = netcfg("setup", "kv-us", "--organization", "northwind", answer="")
    assert "only the sign-in page hints at where northwind lives" in ran.err
    assert ran.status == 130


@pytest.mark.parametrize("answers", ["", "kv-orders\n", "kv-orders\ncontoso\npayments\nazure-prod\n\n"])
def test_the_end_of_the_input_is_status_130_and_nothing_is_done(netcfg: Program, asked: None, answers: str):
    ran = netcfg("setup", answer=answers)
    assert ran.status == 130
    assert changes(netcfg) == []
    assert "interrupted, and nothing was changed" in ran.err
    assert "goes on where this one stopped" not in ran.err
    so_far = ["setup kv-orders", "setup kv-orders --organization contoso --agents none --project payments"]
    assert [each in ran.err for each in so_far] == [bool(answers), "contoso" in answers]


def test_what_cannot_be_meant_is_told_before_the_first_question(netcfg: Program, asked: None):
    several = netcfg("setup", "--organization", "contoso", "--organization", "fabrikam", answer="kv-orders\n")
    assert several.status == 2
    assert several.err.startswith("netcfg: several organizations are named (contoso, fabrikam)")
    assert netcfg("setup", "--group", "g" * 256, answer="kv-orders\n").status == 2
    assert netcfg.sandbox.requests == []


def test_an_address_that_names_a_project_answers_both(netcfg: Program, asked: None):
    address = "https://dev.azure.com/contoso"
    ran = netcfg("setup", "kv-orders", answer=f"{address}/nope\n{address}/payments\n")
    assert "contoso shows this sign-in no project 'nope'" in ran.err
    assert "Project:" not in ran.err
    assert "  netcfg --sandbox" in ran.err
    assert "setup kv-orders --organization contoso --project payments\n" in ran.err
    other = netcfg("setup", "kv-orders", "--project", "web", answer=f"{address}/payments\n")
    assert "an address in the project 'web', which was named, is expected" in other.err


def test_a_vault_without_secrets_is_told_before_they_are_chosen(netcfg: Program, asked: None):
    job = ("setup", "kv-disabled", *WHERE, "--service-connection", "azure-prod", "--agents", "none")
    ran = netcfg(*job, answer="new\nempty\n")
    assert ran.status == 1
    assert "the vault 'kv-disabled' has no secret that can be mapped: it has none" in ran.err
    assert "Secrets to map" not in ran.err


def test_a_vault_that_is_to_stay_closed_is_asked_for_no_group(netcfg: Program, asked: None):
    job = ("setup", "kv-disabled", *WHERE, "--service-connection", "azure-prod", "--agents", "none")
    ran = netcfg(*job, "--public-access", "disabled", answer="")
    assert ran.status == 0
    assert "no variable group is linked: none is filled from a vault without public access" in ran.err
    assert "Variable group:" not in ran.err
    wished = netcfg(*job, "--public-access", "disabled", "--all", "--group", "g", answer="")
    assert wished.status == 2


def test_the_end_of_the_input_at_the_last_question_says_that_nothing_was_changed(netcfg: Program, asked: None):
    ran = netcfg(*(each for each in JOB if each != "--yes"), "--agents", "none", answer="")
    assert ran.status == 3
    assert ran.err.endswith("Do all of this? Only 'yes' is taken: \nnothing was changed\n")
    assert changes(netcfg) == []


def test_agents_none_counts_before_the_configuration(netcfg: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "netcfg.yaml").write_text(
        "organization: contoso\nagents: {discover: true}\nvaults: [{name: kv-ready}]\n"
    )
    found, none = (netcfg("plan", *words, "--format", "json") for words in ((), ("--agents", "none")))
    assert "managed-static" in found.out
    assert none.status == 0
    assert none.document["vaults"][0]["changes"] == []


def test_what_goes_wrong_is_annotated_in_a_pipeline(netcfg: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("TF_BUILD", "true")
    monkeypatch.setenv("AGENT_TEMPDIRECTORY", str(tmp_path))
    ran = netcfg("setup", "kv-payments", *WHERE, "--service-connection", "azure-prod", "--no-group", "--yes")
    assert ran.status == 5
    assert "##vso[task.logissue type=error;code=default-deny]default-deny: kv-payments: refused" in ran.out
    assert (tmp_path / "netcfg-setup.md").read_text("utf-8").startswith("## netcfg setup: kv-payments: 7 to add")


def test_at_a_terminal_an_interrupt_at_a_question_is_status_130(tmp_path: Path):
    command = (sys.executable, "-P", "-m", "netcfg", "--sandbox", "--data-dir", str(tmp_path), "setup")
    kept = {name: each for name, each in os.environ.items() if name not in ("CI", "TF_BUILD", "GITHUB_ACTIONS")}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command[0], command, {**kept, "PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm"})  # noqa: S606
    seen, end = b"", time.monotonic() + 30
    while b"resource id:" not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 65536)
    os.write(terminal, b"\x03")
    with suppress(OSError):  # which is how the other end says that it is gone
        while time.monotonic() < end:
            if select.select([terminal], [], [], 0.1)[0]:
                seen += os.read(terminal, 65536)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 130
    assert b"interrupted, and nothing was changed\r\n" in seen


# --- killed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "place", "is_done"),
    [
        ("PATCH", "/vaults/kv-orders", lambda sandbox: not roles(sandbox, NOBODY)),
        ("PUT", "/roleassignments/", lambda sandbox: len(roles(sandbox, NOBODY)) == 1),
        ("POST", "/variablegroups", lambda sandbox: "orders" in groups(sandbox)),
    ],
    ids=["after the firewall", "after the permission", "after the group"],
)
def test_killed_between_the_steps_a_second_run_arrives(
    tmp_path: Path, method: str, place: str, is_done: Callable[[Sandbox], Any]
):
    job = (
        "setup", "kv-orders", *WHERE, "--service-connection", "azure-nobody", "--group", "orders", "--all", "--grant",
        "--yes",
    )  # fmt: skip
    with serve(world="contoso") as sandbox:
        victim: list[subprocess.Popen[bytes]] = []

        def kill(served: int, sent: str, path: str) -> None:
            if sent == method and place in path.lower():
                victim[0].send_signal(signal.SIGKILL)
                victim[0].wait(10)
                raise ConnectionError

        sandbox.after = kill
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "XDG_DATA_HOME") if name in os.environ},
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "NETCFG_RESOURCE_MANAGER": sandbox.url,
            "NETCFG_DEVOPS": sandbox.devops_url,
            "NETCFG_DEVOPS_IDENTITY": sandbox.identity_url,
            "IDENTITY_ENDPOINT": f"{sandbox.url}/msi/token",
            "IDENTITY_HEADER": "sandbox",
            "AZURE_DEVOPS_EXT_PAT": "make-believe-contoso-full",
        }
        command = [sys.executable, "-P", "-m", "netcfg", "-q", *job]
        victim.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, cwd=tmp_path))
        assert victim[0].wait(60) == -signal.SIGKILL
        sandbox.after = None
        assert is_done(sandbox)

        netcfg = Program(sandbox, tmp_path)
        assert netcfg(*job).status == 0
        assert set(netcfg.rules("kv-orders")) == EUROPE
        assert len(roles(sandbox, NOBODY)) == 1
        assert groups(sandbox)["orders"] == ["order-queue", "signing-key"]

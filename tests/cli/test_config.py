"""`netcfg.yaml`, whole: every command that takes vaults takes them, and what is meant for each, from there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netcfg.cli.chosen import repository_base
from tests.cli.conftest import AGENTS, PRODUCTION, Program, Ran, vault_id

SUBSCRIPTION = PRODUCTION.rpartition("/")[2]
FINANCE = "00000000-0000-4000-8000-000000000003"

FLEET = """\
organization: contoso
allow:
  - {cidr: 191.10.18.0/28, reason: head office}
agents: {subnets: [rg-network/vnet-agents/agents]}
vaults:
  - name: kv-payments
  - name: kv-orders
    remove: [{value: 191.10.20.7/32, reason: partner has left}]
  - name: kv-ready
    exclusive: true
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the program runs."""
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def written(folder: Path, text: str, name: str = "netcfg.yaml") -> None:
    (folder / name).write_text(text, "utf-8")


def planned(ran: Ran) -> dict[str, set[tuple[str, str]]]:
    """What is added and removed, by vault."""
    return {
        vault["name"]: {(each["action"], each["value"]) for each in vault["changes"]}
        for vault in ran.document["vaults"]
    }


def reasons(ran: Ran) -> set[str]:
    return {each.get("reason", "") for vault in ran.document["vaults"] for each in vault["changes"]}


def test_every_vault_is_planned_by_its_own_entry_and_the_top(netcfg: Program, here: Path):
    written(here, FLEET)
    ran = netcfg("plan", "--format", "json")
    found = planned(ran)
    assert ran.err == ""
    assert sorted(found) == ["kv-orders", "kv-payments", "kv-ready"]
    assert ("add", "191.10.18.0/28") in found["kv-payments"] & found["kv-ready"]
    assert ("remove", "191.10.20.7/32") in found["kv-orders"]
    assert all(("add", AGENTS.lower()) in each for each in found.values())
    assert "to be removed: partner has left" in reasons(ran)


def test_the_command_line_counts_before_the_file_and_adds_to_its_lists(netcfg: Program, here: Path):
    written(here, "geography: EU\nexclusive: true\nallow: [{cidr: 191.10.18.0/28, reason: office}]\n")
    without = planned(netcfg("plan", "kv-orders", "--format", "json"))["kv-orders"]
    assert ("remove", "191.10.20.7/32") in without
    added = planned(netcfg("plan", "kv-orders", "--allow", "191.10.20.7=partner", "--format", "json"))["kv-orders"]
    assert ("remove", "191.10.20.7/32") not in added
    assert ("remove", "191.10.18.0/28") not in added | without


def test_vaults_that_share_a_subnet_are_all_opened_before_its_endpoint(netcfg: Program, here: Path):
    written(here, FLEET)
    ran = netcfg("apply", "--yes", "--accept", "default-deny=kv-payments")
    assert ran.status == 0, ran.out + ran.err
    writes = [path.rpartition("/")[2] for _, path in netcfg.writes]
    endpoint = writes.index("agents")
    assert {*writes[:endpoint]} == {"kv-orders", "kv-payments", "kv-ready"}
    assert writes.count("agents") == 1
    assert "191.10.20.7/32" not in netcfg.rules("kv-orders")
    assert all("191.10.18.0/28" in netcfg.rules(each) for each in ("kv-orders", "kv-payments", "kv-ready"))
    again = netcfg("plan")
    assert again.status == 0, again.out


def test_a_named_vault_is_planned_by_its_entry_and_no_other_is(netcfg: Program, here: Path):
    written(here, FLEET)
    assert list(planned(netcfg("plan", "KV-Orders", "--format", "json"))) == ["kv-orders"]
    assert list(planned(netcfg("plan", vault_id("kv-orders"), "--format", "json"))) == ["kv-orders"]


def test_a_vault_that_the_file_does_not_name_is_refused(netcfg: Program, here: Path):
    written(here, FLEET)
    ran = netcfg("apply", "kv-orders", "kv-us", "--yes")
    assert ran.status == 2
    assert ran.err == (
        "netcfg: kv-us is in no entry of netcfg.yaml, and none of its selections finds it, so what is meant for it is "
        "not known; add it there, or name another file with --config\n"
    )
    assert netcfg.writes == []


def test_what_one_entry_contradicts_keeps_no_other_vault_from_being_looked_at(netcfg: Program, here: Path):
    away = "remove: [{value: 40.74.28.0/23, reason: x}]"
    written(here, f"geography: EU\nvaults:\n  - name: kv-orders\n  - name: kv-ready\n    {away}\n")
    for command, others in (("plan", 7), ("check", 7), ("apply", 7)):
        ran = netcfg(command, *(["--yes"] if command == "apply" else []), "--format", "json")
        assert ran.status == others
        (lost,) = ran.document["undetermined"]
        assert lost["reason"] == (
            "netcfg.yaml:4: 40.74.28.0/23 was asked to be removed, but it is published and would be added again; "
            "leave out its removal, or what asks for it"
        )
    assert {path.rpartition("/")[2] for _, path in netcfg.writes} == {"kv-orders"}
    alone = netcfg("plan", "kv-ready")
    assert alone.status == 1
    typed = netcfg("plan", "kv-orders", "--remove", "40.74.28.0/23", "--config", "/dev/null")
    assert typed.status == 2


def test_what_the_top_contradicts_names_file_and_line(netcfg: Program, here: Path):
    written(here, "geography: EU\nkeep-default-action: true\npublic-access: enabled\n")
    ran = netcfg("plan", "kv-ready")
    assert ran.status == 2
    assert ran.err.startswith("netcfg: netcfg.yaml:2: --keep-default-action and --public-access enabled exclude each")
    none = netcfg("plan", "kv-ready", "--geography", "EU", "--public-access", "disabled")
    assert none.status != 2


def test_an_organization_on_the_command_line_is_added_and_the_plan_says_who_counts(netcfg: Program, here: Path):
    written(here, "organization: contoso\nvaults: [{name: kv-ready}]\n")
    ran = netcfg("plan", "--organization", "northwind")
    first = ran.out.splitlines()[0]
    assert first.startswith("contoso → ")
    assert " · northwind → " in first


def test_a_file_whose_name_is_nearly_right_is_named(netcfg: Program, here: Path):
    written(here, FLEET, "netcfg.yml")
    ran = netcfg("plan")
    assert ran.status == 2
    assert ran.err == (
        "netcfg: no vault was given, and no configuration names any; 'netcfg.yml' lies here and is not read: rename it "
        "netcfg.yaml, or name it with --config\n"
    )


def test_no_name_of_a_file_is_obeyed(netcfg: Program, here: Path):
    name = "##vso[task.complete]\x1b[31m.yaml"
    written(here, "geography: EU\nvaults: [{name: kv-ready}]\n", name)
    ran = netcfg("--verbose", "plan", "--config", name)
    assert "configuration: #\\#vso[task.complete]\\x1b[31m.yaml\n" in ran.err
    unknown = netcfg("plan", "--##vso[task.complete]")
    assert unknown.status == 2
    assert "##vso" not in unknown.err


def test_the_acceptance_that_is_advised_is_the_one_that_is_taken(netcfg: Program, here: Path):
    written(here, selecting("{tag: {team: platform}}"))
    for format in ("text", "markdown", "html"):
        words = " ".join(netcfg("plan", "--format", format).out.replace("</span> <span>", " ").split())
        assert "--accept unlinked=kv-elsewhere" in words
    assert netcfg("plan", "--accept", "unlinked=kv-elsewhere").status == 3


def test_a_vault_of_the_run_that_would_cut_off_the_agents_is_to_be_given_their_subnet(netcfg: Program, here: Path):
    with netcfg.sandbox.edit() as state:
        rules = state["vaults"]["kv-orders"]["properties"]["networkAcls"]["ipRules"]
        rules.append({"value": "191.10.40.5/32"})
    entry = "  - name: kv-ready\n    agents: {subnets: [rg-network/vnet-agents/agents]}\n"
    written(here, f"organization: contoso\nvaults:\n{entry}  - name: kv-orders\n")
    out = " ".join(netcfg("plan").out.split())
    assert "kv-orders is in this run: give it the subnet too, and it gets its rule before the switch" in out
    written(here, f"organization: contoso\nvaults:\n{entry}")
    assert "name kv-orders in this run too, and it gets its rule" in " ".join(netcfg("plan").out.split())


def test_a_waiver_of_a_vault_that_is_in_no_entry_is_told(netcfg: Program, here: Path):
    waiver = "waivers: [{rule: foreign-rule, vault: kv-oders, reason: x}]\n"
    written(here, "geography: EU\nvaults: [{name: kv-orders}, {name: kv-ready}]\n" + waiver)
    told = "netcfg: warning: the waiver of foreign-rule of kv-oders (netcfg.yaml:3) is about nothing that was found;"
    assert told in netcfg("check").err
    assert "waiver" not in netcfg("check", "kv-ready").err


def test_a_file_without_vaults_serves_those_that_are_named(netcfg: Program, here: Path):
    written(here, "geography: EU\n")
    assert netcfg("plan", "kv-ready").status == 0
    none = netcfg("plan")
    assert none.status == 2
    assert "no vault was given, and no configuration names any" in none.err


def test_a_vault_that_is_named_twice_adds_up(netcfg: Program, here: Path):
    twice = f"geography: EU\nvaults:\n  - name: kv-ready\n    grace: 5\n  - id: {vault_id('KV-READY')}\n    {{}}\n"
    entry = "allow: [{cidr: 191.10.18.0/28, reason: office}]"
    written(here, twice.replace("{}", entry))
    assert planned(netcfg("plan", "--format", "json")) == {"kv-ready": {("add", "191.10.18.0/28")}}
    written(here, twice.replace("{}", "grace: 6"))
    ran = netcfg("plan")
    assert ran.status == 2
    assert ran.err == (
        "netcfg: kv-ready is chosen by netcfg.yaml:3 and by netcfg.yaml:5, which say different things about grace; "
        "say it once, or on the command line\n"
    )
    assert netcfg("plan", "--grace", "7").status == 0


def test_every_fault_is_a_line_with_its_place(netcfg: Program, here: Path):
    written(here, "geography: Mars\nvaults:\n  - name: kv-a\n    allow: [{cidr: 10.0.0.1, reason: x}]\n")
    ran = netcfg("check")
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err == (
        "netcfg: netcfg.yaml:1: geography: 'Mars' is not a geography of Azure DevOps; one of US, EU, UK, AU, BR, CA, "
        "IN, APAC\n"
        "netcfg: netcfg.yaml:4: vaults[0].allow[0].cidr: '10.0.0.1' cannot be allowed: it holds addresses of "
        "10.0.0.0/8, which are not public; a vault sees public addresses only\n"
    )


@pytest.mark.parametrize("command", ["plan", "apply", "check", "export"])
def test_nothing_is_asked_of_anybody_where_the_file_is_wrong(netcfg: Program, here: Path, command: str):
    written(here, "organization: contoso\naccept: default-deny\nvaults: [{name: kv-ready}]\n")
    more = {"apply": ["--yes"], "export": ["--as", "tfvars"]}.get(command, [])
    ran = netcfg(command, *more)
    assert ran.status == 2
    assert "netcfg.yaml:2: accept: 'accept' is not a key: a configuration accepts no guard" in ran.err
    assert netcfg.sandbox.requests == []


def test_what_is_meant_by_no_entry_names_its_line(netcfg: Program, here: Path):
    written(here, "vaults:\n  - name: kv-a\n    geography: EU\n  - name: kv-b\n")
    ran = netcfg("plan")
    assert ran.status == 2
    assert ran.err.startswith("netcfg: netcfg.yaml:4: neither an organization nor a geography was given")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\xff\xfea\x00", "the configuration 'netcfg.yaml' cannot be read: line 1 is not UTF-8; save it as UTF-8"),
        (b"geography: EU\n# \xe4\n", "cannot be read: line 2 is not UTF-8"),
        (b"#" * (1 << 18) + b"\n", "cannot be read: it is longer than 262,144 bytes"),
        (b"", "netcfg.yaml:1: nothing is written in it"),
    ],
)
def test_a_file_that_cannot_be_read_is_not_absent(netcfg: Program, here: Path, content: bytes, found: str):
    (here / "netcfg.yaml").write_bytes(content)
    ran = netcfg("plan", "kv-ready", "--geography", "EU")
    assert ran.status == 2
    assert found in ran.err


def test_a_byte_order_mark_is_no_part_of_a_key(netcfg: Program, here: Path):
    written(here, "\ufeffgeography: EU\nvaults: [{name: kv-ready}]\n")
    assert netcfg("plan").status == 0


def test_a_folder_a_dangling_link_and_a_missing_file_are_named(netcfg: Program, here: Path):
    (here / "netcfg.yaml").mkdir()
    assert "cannot be read: it is a folder; name a file" in netcfg("plan", "kv-a").err
    (here / "netcfg.yaml").rmdir()
    (here / "netcfg.yaml").symlink_to("nowhere")
    assert "the configuration 'netcfg.yaml' cannot be read: it is not there" in netcfg("plan", "kv-a").err
    missing = netcfg("plan", "--config", "other.yaml")
    assert missing.status == 2
    assert (
        "the configuration 'other.yaml' cannot be read: it is not there; check the name, or write one with"
        in missing.err
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_not_absent(netcfg: Program, here: Path):
    written(here, FLEET)
    (here / "netcfg.yaml").chmod(0)
    assert "cannot be read: Permission denied" in netcfg("plan").err


def test_the_file_that_is_used_is_said_to_whoever_wants_to_know(netcfg: Program, here: Path):
    written(here, "geography: EU\nvaults: [{name: kv-ready}]\n")
    assert "configuration: netcfg.yaml\n" in netcfg("--verbose", "plan").err
    assert "configuration" not in netcfg("plan").err


def test_another_file_may_be_named(netcfg: Program, here: Path):
    written(here, FLEET)
    written(here, "geography: EU\nvaults: [{name: kv-ready}]\n", "other.yaml")
    assert list(planned(netcfg("plan", "--config", "other.yaml", "--format", "json"))) == ["kv-ready"]


def test_the_command_that_mends_a_finding_works_from_the_same_folder(netcfg: Program, here: Path):
    written(here, "geography: EU\nvaults: [{name: kv-orders}]\n", "other.yaml")
    fixes = {
        each["fix"]
        for each in netcfg("check", "--config", "other.yaml", "--format", "json").document["findings"]
        if each["rule"] == "published-range-missing"
    }
    assert len(fixes) == 1
    assert fixes.pop().endswith(" apply kv-orders --config other.yaml")


def selecting(select: str, more: str = "") -> str:
    return f"geography: EU\nvaults:\n  - select: {select}\n{more}"


def test_what_is_selected_is_planned_and_said(netcfg: Program, here: Path):
    written(here, selecting("{tag: {Team: payments}}"))
    ran = netcfg("plan", "--format", "json", quiet=False)
    assert sorted(planned(ran)) == ["kv-payments", "kv-ready"]
    assert (
        "netcfg.yaml:3 selects the vaults of tag Team=payments (2 in 1 subscription; one made in the last minutes "
        "may be missing): kv-payments, kv-ready\n" in ran.err
    )


def guards(ran: Ran) -> dict[str, list[str]]:
    return {vault["name"]: [each["id"] for each in vault["guards"]] for vault in ran.document["vaults"]}


def test_a_vault_that_was_only_selected_is_not_opened_to_azure_devops_unasked(netcfg: Program, here: Path):
    written(here, selecting("{tag: {team: platform}}"))
    ran = netcfg("plan", "--format", "json")
    assert ran.status == 5
    assert guards(ran) == {"kv-elsewhere": ["unlinked"]}
    refused = netcfg("apply", "--yes")
    assert refused.status == 5
    assert netcfg.writes == []
    bare = netcfg("apply", "--yes", "--accept", "unlinked")
    assert bare.status == 2
    assert netcfg("apply", "--yes", "--accept", "unlinked=kv-else*").status == 0
    assert "40.74.28.0/23" in netcfg.rules("kv-elsewhere")


def test_a_vault_that_holds_a_published_range_is_linked(netcfg: Program, here: Path):
    written(here, selecting("{tag: {team: orders}}"))
    assert guards(netcfg("plan", "--format", "json")) == {"kv-orders": []}


def test_a_vault_that_somebody_names_is_meant(netcfg: Program, here: Path):
    written(here, selecting("{tag: {team: platform}}"))
    named = netcfg("plan", "kv-elsewhere", "--format", "json")
    assert guards(named) == {"kv-elsewhere": []}
    written(here, selecting("{tag: {team: platform}}", "  - name: kv-elsewhere\n"))
    assert guards(netcfg("plan", "--format", "json")) == {"kv-elsewhere": []}


@pytest.mark.parametrize("command", ["plan", "check"])
def test_a_selection_that_finds_nothing_is_no_success(netcfg: Program, here: Path, command: str):
    written(here, selecting("{tag: {team: nobody}}"))
    ran = netcfg(command)
    assert ran.status == 1
    assert "netcfg.yaml:3 selects nothing: this sign-in sees none of the vaults of tag team=nobody" in ran.err


@pytest.mark.parametrize("command", ["plan", "check"])
def test_a_subscription_that_cannot_be_seen_makes_the_run_incomplete(netcfg: Program, here: Path, command: str):
    written(here, selecting(f"{{subscription: {FINANCE}}}", "  - name: kv-ready\n"))
    ran = netcfg(command, "--format", "json")
    assert ran.status == 7
    (lost,) = ran.document["undetermined"]
    assert lost["vault"] == f"the vaults of subscription {FINANCE}"
    assert lost["reason"].startswith(f"this sign-in does not see the subscription {FINANCE}")


def test_a_resource_group_is_selected(netcfg: Program, here: Path):
    written(here, selecting(f"{{subscription: {SUBSCRIPTION}, resource-group: RG-US}}").replace("EU", "US"))
    assert list(planned(netcfg("plan", "--format", "json"))) == ["kv-us"]


def test_waivers_are_of_check_only(netcfg: Program, here: Path):
    vaults = "geography: EU\nvaults: [{name: kv-orders}]\n"
    waiver = "waivers: [{rule: foreign-rule, subject: 191.10.20.7*, reason: partner link}]\n"
    written(here, vaults)
    plain, open_ = netcfg("plan").out, foreign(netcfg("check", "--format", "json"))
    written(here, vaults + waiver)
    waived = foreign(netcfg("check", "--format", "json"))
    assert netcfg("plan").out == plain
    assert open_["191.10.20.7/32"] is None
    assert waived["191.10.20.7/32"]["reason"] == "partner link"


def foreign(ran: Ran) -> dict[str, Any]:
    return {each["subject"]: each["waived"] for each in ran.document["findings"] if each["rule"] == "foreign-rule"}


@pytest.mark.parametrize(
    ("git", "folder", "base"),
    [("a", "a/b/c", "b/c/"), ("a", "a", ""), (None, "a/b", ""), ("a/b", "a/b/c", "c/")],
)
def test_the_way_from_the_repository_is_known(tmp_path: Path, git: str | None, folder: str, base: str):
    (tmp_path / folder).mkdir(parents=True)
    if git:
        (tmp_path / git / ".git").write_text("gitdir: elsewhere\n", "utf-8")
    assert repository_base(str(tmp_path / folder)) == base


def test_without_a_configuration_nothing_of_it_is_loaded(tmp_path: Path):
    code = (
        "import sys; from netcfg.cli.chosen import choose; from netcfg.cli.options import Asked; "
        "from netcfg.cli.root import Root; choose(['kv-a'], Asked(geography=['EU']), None, Root()); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert {"ruamel", "msgspec"} & {each.split(".")[0] for each in run.stdout.split()} == set()

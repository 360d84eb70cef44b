"""`plan --out` and `apply --plan`, whole: what was reviewed is what is applied, and whatever moved since is told."""

from __future__ import annotations

import copy
import json
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from netcfg.core.ranges import Edition, Publisher, Range
from netcfg.sandbox.server import serve
from netcfg.saved import plans
from netcfg.sources import bundled
from netcfg.sources.carried import carry
from tests.cli.conftest import AGENTS, Program, Ran, vault_id
from tests.cli.test_apply import EUROPE, add_rule

ORDERS = ("kv-orders", "--organization", "contoso")
PAYMENTS = ("kv-payments", "--organization", "contoso", "--subnet", AGENTS)
ACCEPTED = ("--accept", "default-deny", "--accept", "service-endpoint")
TEMPORARY = {"netcfg-exec-0a1b2c3d": "198.51.7.7/32 until 2026-07-01T23:00:00Z"}

Move = Callable[[dict[str, Any]], None]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans lie where netcfg runs."""
    monkeypatch.chdir(tmp_path)


def said(ran: Ran) -> str:
    return " ".join(f"{ran.out} {ran.err}".split())


def result_of(ran: Ran) -> dict[str, Any]:
    """What a result says, but for the name of its record, which is another each time."""
    document = ran.document
    for each in document["vaults"]:
        each["record"] = None
    return document


def test_a_plan_that_is_saved_and_applied_is_the_apply_itself(netcfg: Program, tmp_path: Path):
    assert netcfg("plan", *PAYMENTS, *ACCEPTED, "--out", "p.json").status == 3
    with serve(world="contoso") as other:
        direct = Program(other, tmp_path / "other")("apply", *PAYMENTS, *ACCEPTED, "--yes", "--format", "json")
    ran = netcfg("apply", "--plan", "p.json", "--format", "json")
    assert ran.status == direct.status == 0
    assert result_of(ran) == result_of(direct)
    assert [method for method, _ in netcfg.writes] == ["PATCH", "PUT", "PATCH"]
    assert sorted(netcfg.rules("kv-payments")) == EUROPE


def test_the_file_holds_the_very_plan_that_was_shown_and_is_its_owners_alone(netcfg: Program, tmp_path: Path):
    ran = netcfg("plan", *ORDERS, "--out", "p.json", "--format", "json")
    assert json.loads((tmp_path / "p.json").read_text())["plan"] == ran.document
    assert stat.S_IMODE((tmp_path / "p.json").stat().st_mode) == 0o600
    assert ran.err.rstrip().endswith("apply --plan p.json")


def test_nothing_is_asked_and_its_age_is_told(netcfg: Program):
    netcfg("plan", *ORDERS, "--out", "p.json")
    with netcfg.sandbox.edit() as state:
        state["today"] = "2026-07-04"
    ran = netcfg("apply", "--plan", "p.json")
    assert ran.status == 0
    assert "the plan 'p.json' for 1 vault was made 3 days ago (2026-07-01 12:00 UTC) by netcfg" in said(ran)
    assert set(EUROPE) < set(netcfg.rules("kv-orders"))


# --- what moved ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, str]]:
    """A plan that was made before anything moved."""
    folder = tmp_path_factory.mktemp("reviewed")
    with serve(world="contoso") as sandbox:
        netcfg = Program(sandbox, folder)
        with sandbox.edit() as state:
            state["vaults"]["kv-orders"]["properties"]["networkAcls"]["ipRules"].append({"value": "191.10.30.7"})
        file = str(folder / "p.json")
        netcfg("plan", *ORDERS, "--out", file)
        yield netcfg, file


@pytest.fixture
def later(reviewed: tuple[Program, str]) -> Iterator[Callable[[Move], Ran]]:
    """What applying it comes to, once something has moved."""
    netcfg, file = reviewed
    before = copy.deepcopy(netcfg.sandbox.state)
    asked = len(netcfg.writes)

    def apply(move: Move) -> Ran:
        with netcfg.sandbox.edit() as state:
            move(state)
        ran = netcfg("apply", "--plan", file)
        assert len(netcfg.writes) == asked
        return ran

    yield apply
    with netcfg.sandbox.edit() as state:
        state.clear()
        state.update(before)


def properties(state: dict[str, Any]) -> dict[str, Any]:
    return dict(state["vaults"]["kv-orders"])["properties"]


def rules(state: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = properties(state)["networkAcls"]["ipRules"]
    return found


MOVES: dict[str, tuple[Move, str]] = {
    "a foreign rule appears": (lambda s: rules(s).append({"value": "191.10.77.0/24"}), "191.10.77.0/24 appeared"),
    "a kept rule goes": (lambda s: rules(s).pop(), "the rule 191.10.30.7/32 is gone"),
    "a kept rule is written otherwise": (
        lambda s: rules(s)[-1].update(value="191.10.30.7/32"),
        "the rule 191.10.30.7/32 is written otherwise",
    ),
    "what is to be added is there": (
        lambda s: rules(s).append({"value": "40.74.28.0/23"}),
        "no longer planned: add ip-rule 40.74.28.0/23",
    ),
    "the default action": (
        lambda s: properties(s)["networkAcls"].update(defaultAction="Allow"),
        "default action is Allow instead of Deny",
    ),
    "a guard": (
        lambda s: properties(s)["networkAcls"].update(defaultAction="Allow"),
        "the guard default-deny fires now",
    ),
    "the bypass": (
        lambda s: properties(s)["networkAcls"].update(bypass="None"),
        "bypass is None instead of AzureServices",
    ),
    "public access": (
        lambda s: properties(s).update(publicNetworkAccess="Disabled"),
        "public access is Disabled instead of Enabled",
    ),
    "a run of exec": (
        lambda s: s["vaults"]["kv-orders"].update(tags=TEMPORARY),
        "the tag netcfg-exec-0a1b2c3d is there",
    ),
}


@pytest.mark.parametrize("what", MOVES)
def test_whatever_moved_is_status_6_and_told_and_nothing_is_written(later: Callable[[Move], Ran], what: str):
    move, told = MOVES[what]
    ran = later(move)
    assert ran.status == 6
    assert told in said(ran)


def test_the_tags_of_others_are_nobodys_business(netcfg: Program):
    netcfg("plan", *ORDERS, "--out", "p.json")
    with netcfg.sandbox.edit() as state:
        state["vaults"]["kv-orders"]["tags"] = {"team": "another"}
    assert netcfg("apply", "--plan", "p.json").status == 0


def test_a_kept_rule_that_comes_right_before_the_write_is_a_difference_too(netcfg: Program):
    netcfg("plan", *ORDERS, "--out", "p.json")
    reads = []

    def colleague(number: int, method: str, path: str) -> None:
        if method == "GET" and path.endswith("/vaults/kv-orders"):
            reads.append(number)
            if len(reads) == 2:
                add_rule(netcfg, "kv-orders", "191.10.77.0/24")

    netcfg.sandbox.before = colleague
    ran = netcfg("apply", "--plan", "p.json")
    assert ran.status == 6
    assert "the rule 191.10.77.0/24 appeared" in said(ran)
    assert netcfg.writes == []


def test_a_declaration_that_ended_meanwhile_is_a_difference(netcfg: Program):
    netcfg("plan", *ORDERS, "--allow", "191.10.50.0/28=partner;until=2026-07-02", "--out", "p.json")
    with netcfg.sandbox.edit() as state:
        state["today"] = "2026-07-03"
    ran = netcfg("apply", "--plan", "p.json")
    assert ran.status == 6
    assert "the declaration 191.10.50.0/28 (partner until 2026-07-02) has expired" in said(ran)
    assert "no longer planned: add ip-rule 191.10.50.0/28" in said(ran)
    assert netcfg.writes == []


def test_of_several_vaults_those_that_did_not_move_are_written(netcfg: Program):
    vaults = ("kv-orders", "kv-payments", "kv-ready")
    netcfg("plan", *vaults, "--geography", "EU", "--accept", "default-deny=kv-payments", "--out", "p.json")
    add_rule(netcfg, "kv-orders", "191.10.77.0/24")
    ran = netcfg("apply", "--plan", "p.json", "--format", "json")
    assert ran.status == 6
    ended = {each["name"]: each["outcome"] for each in ran.document["vaults"]}
    assert ended == {"kv-orders": "stale", "kv-payments": "done", "kv-ready": "unchanged"}
    assert "191.10.77.0/24" in netcfg.rules("kv-orders")
    assert [path.rpartition("/")[2] for _, path in netcfg.writes] == ["kv-payments"]


def test_a_vault_that_moved_holds_the_endpoint_of_the_agents_subnet(netcfg: Program):
    vaults = ("kv-payments", "kv-orders")
    accepted = [word for each in ("default-deny", "service-endpoint") for word in ("--accept", f"{each}=*")]
    netcfg("plan", *vaults, "--organization", "contoso", "--subnet", AGENTS, *accepted, "--out", "p.json")
    add_rule(netcfg, "kv-orders", "191.10.77.0/24")
    ran = netcfg("apply", "--plan", "p.json", "--format", "json")
    ended = {each["name"]: each["outcome"] for each in ran.document["vaults"]}
    assert ended == {"kv-orders": "stale", "kv-payments": "not-reached"}
    assert netcfg.writes == []


def test_a_plan_is_applied_once(netcfg: Program):
    netcfg("plan", *ORDERS, "--out", "p.json")
    assert netcfg("apply", "--plan", "p.json").status == 0
    ran = netcfg("apply", "--plan", "p.json")
    assert ran.status == 6
    assert "the rule 40.74.28.0/23 appeared" in said(ran)
    assert len(netcfg.writes) == 1


def test_what_was_not_read_then_is_not_known_now(netcfg: Program):
    assert netcfg("plan", "kv-orders", "kv-nowhere", "--geography", "EU", "--out", "p.json").status == 7
    ran = netcfg("apply", "--plan", "p.json")
    assert ran.status == 7
    assert "kv-nowhere the plan was saved without it (" in said(ran)
    assert set(EUROPE) < set(netcfg.rules("kv-orders"))


def test_a_vault_that_cannot_be_read_any_more_is_not_changed(netcfg: Program):
    netcfg("plan", *ORDERS, "--out", "p.json")
    with netcfg.sandbox.edit() as state:
        del state["vaults"]["kv-orders"]
    ran = netcfg("apply", "--plan", "p.json")
    assert ran.status == 1
    assert netcfg.writes == []


# --- editions -----------------------------------------------------------------------------------------------------


def later_edition(publisher: Publisher, *more: str) -> Edition:
    """The newest bundled edition with some more ranges for Western Europe."""
    newest = bundled.catalogue().of(publisher)[-1]
    region = bundled.atlas().region("westeurope", "here")
    ranges = (*newest.ranges, *(Range(IPv4Network(each), region) for each in more))
    number = newest.change_number and newest.change_number + 1
    day = newest.day + timedelta(days=1)
    return replace(newest, ranges=ranges, change_number=number, day=day, confirmed=day)


def know(folder: Path, edition: Edition) -> None:
    """Keep an edition as a refresh does."""
    kept = folder / "sandbox" / "editions" / edition.publisher.value
    kept.mkdir(parents=True, exist_ok=True)
    (kept / f"{edition.day}.json").write_text(json.dumps(carry(edition)))


def on_another_agent(netcfg: Program, folder: Path) -> Program:
    return Program(netcfg.sandbox, folder)


def test_newer_editions_that_change_the_plan_are_status_6_and_named(netcfg: Program, tmp_path: Path):
    netcfg("plan", *ORDERS, "--out", "p.json")
    agent = on_another_agent(netcfg, tmp_path / "agent")
    know(agent.folder, later_edition(Publisher.SERVICE_TAG, "20.1.2.0/24"))
    ran = agent("apply", "--plan", "p.json")
    assert ran.status == 6
    assert "the service tag of 2026-06-21 (change 14), known here and not to the plan, would change it" in said(ran)
    assert "new: add ip-rule 20.1.2.0/24" in said(ran)
    assert netcfg.writes == []


def test_newer_editions_that_change_nothing_are_fine(netcfg: Program, tmp_path: Path):
    netcfg("plan", *ORDERS, "--ranges", "table", "--out", "p.json")
    agent = on_another_agent(netcfg, tmp_path / "agent")
    know(agent.folder, later_edition(Publisher.SERVICE_TAG, "20.1.2.0/24"))
    assert agent("apply", "--plan", "p.json").status == 0


def test_older_editions_that_the_plan_was_made_without_are_fine(netcfg: Program, tmp_path: Path):
    netcfg("plan", *ORDERS, "--out", "p.json")
    agent = on_another_agent(netcfg, tmp_path / "agent")
    day = date(2019, 1, 1)  # and it published what is foreign to the plan, which would be retired and go
    older = replace(
        later_edition(Publisher.SERVICE_TAG, "191.10.18.0/28"), day=day, confirmed=day, seen=day, change_number=1
    )
    know(agent.folder, older)
    assert agent("apply", "--plan", "p.json").status == 0
    assert "191.10.18.0/28" in netcfg.rules("kv-orders")


def test_the_ranges_travel_with_the_plan_to_an_agent_that_does_not_know_them(netcfg: Program, tmp_path: Path):
    author = on_another_agent(netcfg, tmp_path / "author")
    know(author.folder, later_edition(Publisher.SERVICE_TAG, "20.1.2.0/24"))
    author("plan", *ORDERS, "--out", "p.json")
    shutil.rmtree(author.folder)
    ran = netcfg("apply", "--plan", "p.json")
    assert ran.status == 0
    assert "20.1.2.0/24" in netcfg.rules("kv-orders")


# --- the file, and what may stand beside it -----------------------------------------------------------------------

YAML = "organization: contoso\nvaults:\n  - name: kv-orders\n"


def test_a_configuration_that_moved_refuses_all_before_anything_is_read(netcfg: Program, tmp_path: Path):
    configuration = tmp_path / "netcfg.yaml"
    configuration.write_text(YAML)
    netcfg("plan", "--out", "p.json")
    asked = len(netcfg.sandbox.requests)
    moves: list[tuple[Callable[[], object], str]] = [
        (lambda: configuration.write_text(f"{YAML}    exclusive: true\n"), "'netcfg.yaml' changed since it was made"),
        (configuration.unlink, "the configuration 'netcfg.yaml' cannot be read: it is not there"),
        (configuration.mkdir, "the configuration 'netcfg.yaml' cannot be read: it is a folder"),
    ]
    for move, told in moves:
        move()
        ran = netcfg("apply", "--plan", "p.json")
        assert ran.status == 6
        assert told in said(ran)
    assert len(netcfg.sandbox.requests) == asked


def test_a_configuration_that_did_not_move_is_fine_and_one_that_came_is_not(netcfg: Program, tmp_path: Path):
    (tmp_path / "netcfg.yaml").write_text(YAML)
    netcfg("plan", "--out", "with.json")
    (tmp_path / "netcfg.yaml").rename(tmp_path / "away")
    netcfg("plan", *ORDERS, "--out", "without.json")
    (tmp_path / "away").rename(tmp_path / "netcfg.yaml")
    ran = netcfg("apply", "--plan", "without.json")
    assert ran.status == 6
    assert "it was made without a configuration, and netcfg.yaml lies in this folder" in said(ran)
    (tmp_path / "netcfg.yaml").write_bytes(YAML.replace("\n", "\r\n").encode())  # as Git may, on another machine
    assert netcfg("apply", "--plan", "with.json").status == 0


def test_another_azure_is_refused(reviewed: tuple[Program, str]):
    netcfg, file = reviewed
    ran = netcfg("--cloud", "usgov", "apply", "--plan", file)
    assert ran.status == 6
    assert "it was made against the sandbox of the cloud public" in said(ran)


BESIDE = [
    ("VAULT", ("kv-orders",)), ("--accept", ("--accept", "default-deny")), ("--organization", ("--organization", "x")),
    ("--all", ("--all",)), ("--config", ("--config", "netcfg.yaml")), ("--allow", ("--allow", "1.2.3.4=x")),
    ("--grace", ("--grace", "0")), ("--consistent", ("--consistent",)),
]  # fmt: skip


@pytest.mark.parametrize(("option", "words"), BESIDE)
def test_what_the_plan_says_already_is_status_2_beside_it(
    reviewed: tuple[Program, str], option: str, words: tuple[str, ...]
):
    netcfg, file = reviewed
    asked = len(netcfg.sandbox.requests)
    ran = netcfg("apply", "--plan", file, *words)
    assert ran.status == 2
    assert f"--plan and {option} exclude each other" in ran.err
    assert len(netcfg.sandbox.requests) == asked


def test_how_it_is_written_may_be_said_beside_it(netcfg: Program, tmp_path: Path):
    netcfg("plan", *ORDERS, "--out", "p.json")
    words = ("--yes", "--format", "json", "--report", "html=r.html", "--parallel", "2", "--canary", "1", "--wait", "0")
    ran = netcfg("apply", "--plan", "p.json", *words)
    assert ran.status == 0
    assert ran.document["vaults"][0]["wave"] == 1
    assert (tmp_path / "r.html").is_file()


@pytest.mark.parametrize(
    "out",
    ["-", "", "netcfg.yaml", "r.html", "log.json", ".", "nowhere/p.json", "/dev/null", "/dev/stdout", "a" * 5000],
)
def test_what_cannot_be_a_file_of_its_own_is_status_2(reviewed: tuple[Program, str], tmp_path: Path, out: str):
    netcfg, _ = reviewed
    asked = len(netcfg.sandbox.requests)
    (tmp_path / "netcfg.yaml").write_text(YAML)
    ran = netcfg("plan", "--report", "html=r.html", "--callers", "log.json", "--out", out)
    assert ran.status == 2
    assert "--out" in ran.err
    assert len(netcfg.sandbox.requests) == asked


def test_no_report_takes_the_place_of_the_plan_or_of_its_configuration(netcfg: Program, tmp_path: Path):
    (tmp_path / "other.yaml").write_text(YAML)
    netcfg("plan", "--config", "other.yaml", "--out", "p.json")
    asked = len(netcfg.sandbox.requests)
    for file in ("p.json", "other.yaml"):
        before = (tmp_path / file).read_bytes()
        ran = netcfg("apply", "--plan", "p.json", "--report", f"json={file}")
        assert ran.status == 2
        assert "this run reads that file" in ran.err
        assert (tmp_path / file).read_bytes() == before
    assert len(netcfg.sandbox.requests) == asked


def test_a_name_that_no_file_can_have_is_status_2(netcfg: Program):
    for words in (("plan", "--config", "a" * 5000), ("apply", "--plan", "a" * 5000)):
        ran = netcfg(*words)
        assert ran.status == 2
        assert "File name too long" in said(ran)


def test_a_name_may_be_as_long_as_a_name_can_be(netcfg: Program, tmp_path: Path):
    assert netcfg("plan", *ORDERS, "--out", "p" * 250).status == 3
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["p" * 250]


def test_a_plan_that_apply_would_not_read_is_not_saved(
    netcfg: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(plans, "LONGEST", 20_000)
    ran = netcfg("plan", *ORDERS, "--out", "p.json")
    assert ran.status == 1
    assert "and 'apply --plan' reads 20,000" in said(ran)
    assert not (tmp_path / "p.json").exists()


def test_what_the_planning_machines_clock_showed_is_not_said_again(netcfg: Program):
    with netcfg.sandbox.edit() as state:
        state["settings"]["clockSkewSeconds"] = -3 * 86_400
    assert "ahead of Azure" in said(netcfg("plan", *ORDERS, "--out", "p.json"))
    with netcfg.sandbox.edit() as state:
        state["settings"]["clockSkewSeconds"] = 0
    ran = netcfg("apply", "--plan", "p.json", "--format", "json")
    assert ran.status == 0
    assert ran.document["selected"] == []


def test_what_a_list_of_many_vaults_does_not_tell_of_a_perimeter_is_asked_before_it_is_saved(netcfg: Program):
    chosen = ("--all", "--organization", "contoso", "--accept", "unlinked=*")
    netcfg("plan", *chosen, "--out", "p.json")
    ran = netcfg("apply", "--plan", "p.json", "--format", "json")
    ended = {each["name"]: each["outcome"] for each in ran.document["vaults"]}
    assert len(ended) > 16
    assert ended["kv-nsp-unreadable"] == "done"
    assert "stale" not in ended.values()


def test_a_plan_that_cannot_be_written_is_status_1_and_not_told_to_be_saved(
    netcfg: Program, monkeypatch: pytest.MonkeyPatch
):
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("netcfg.cli.saved.write_private", full)
    ran = netcfg("plan", *ORDERS, "--out", "p.json")
    assert ran.status == 1
    assert ran.out == ""
    assert "'p.json': No space left on device" in ran.err
    assert "saved" not in ran.err


def test_a_refused_plan_is_saved_and_stays_refused_and_what_would_help_is_told(netcfg: Program):
    ran = netcfg("plan", *PAYMENTS, "--out", "p.json")
    assert ran.status == 5
    assert "apply it" not in ran.err
    assert "plan again with --accept and --out" in ran.err
    ran = netcfg("apply", "--plan", "p.json")
    assert ran.status == 5
    assert "accept with plan … --accept default-deny --out FILE" in said(ran)
    assert netcfg.writes == []


def test_an_empty_plan_is_saved_and_changes_nothing(netcfg: Program):
    assert netcfg("plan", "kv-ready", "--geography", "EU", "--out", "p.json").status == 0
    ran = netcfg("apply", "--plan", "p.json", "--format", "json")
    assert ran.status == 0
    assert [each["outcome"] for each in ran.document["vaults"]] == ["unchanged"]


def forged(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(file.read_text())
    change(document)
    document["digest"] = plans.digest(document)
    file.write_text(json.dumps(document))


def promise_less(document: dict[str, Any]) -> None:
    document["plan"]["vaults"][0]["changes"].pop()
    document["plan"]["summary"]["changes"] -= 1


def declare(document: dict[str, Any]) -> None:
    declared = {"cidr": "191.10.99.0/24", "reason": "forged", "until": None}
    document["vaults"][0]["meant"]["allow"].append(declared)


def move_home(document: dict[str, Any]) -> None:
    document["plan"]["organizations"][0]["geography"]["id"] = "US"


def say_otherwise(document: dict[str, Any]) -> None:
    document["plan"]["vaults"][0]["before"]["networkAcls"]["ipRules"].pop()


def swap(document: dict[str, Any]) -> None:
    document["vaults"][0]["id"] = vault_id("kv-ready")


def give_another_reason(document: dict[str, Any]) -> None:
    document["plan"]["vaults"][0]["changes"][0].update(standing="declared", reason="the office")


@pytest.mark.parametrize("change", [promise_less, declare, move_home, say_otherwise, swap, give_another_reason])
def test_a_forged_plan_does_nothing_but_what_its_readers_saw(
    reviewed: tuple[Program, str], tmp_path: Path, change: Callable[[dict[str, Any]], None]
):
    netcfg, file = reviewed
    shutil.copy(file, tmp_path / "p.json")
    forged(tmp_path / "p.json", change)
    ran = netcfg("apply", "--plan", "p.json")
    assert ran.status == 6
    assert netcfg.writes == []

"""In Azure Pipelines and GitHub Actions: annotations on their own, and a summary that is attached."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netcfg.cli import ci
from netcfg.core.outcome import Ending
from netcfg.formats.ci.summary import summary
from netcfg.sandbox.server import serve
from tests.cli.conftest import Program
from tests.cli.test_streams import ENVIRONMENT, run
from tests.formats import builders, reports
from tests.formats.ci import runners

REFUSED = ("plan", "kv-payments", "--geography", "EU")
GUARD = "default-deny"


@pytest.fixture
def pipelines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A step of Azure Pipelines, and its folder for what is to be uploaded."""
    folder = tmp_path / "agent temp"
    folder.mkdir()
    monkeypatch.setenv("TF_BUILD", "True")
    monkeypatch.setenv("AGENT_TEMPDIRECTORY", str(folder))
    return folder


@pytest.fixture
def actions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A step of GitHub Actions, and the file for its summary."""
    file = tmp_path / "summary.md"
    file.touch()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    return file


@pytest.mark.parametrize(
    ("environment", "system"),
    [
        ({"TF_BUILD": "True"}, ci.System.AZURE_PIPELINES),
        ({"GITHUB_ACTIONS": "true"}, ci.System.GITHUB),
        ({"TF_BUILD": "", "GITHUB_ACTIONS": "false", "CI": "true"}, None),
        ({}, None),
    ],
)
def test_who_runs_us_is_known_by_its_own_variable(environment: dict[str, str], system: ci.System | None):
    assert ci.running(environment) is system


def test_on_a_desk_nothing_is_added(netcfg: Program):
    out = netcfg(*REFUSED).out
    assert out.endswith("REFUSED by default-deny\n")
    assert runners.azure_pipelines(out) == runners.github(out) == []


def test_azure_pipelines_gets_issues_below_the_text_and_a_summary(netcfg: Program, pipelines: Path):
    ran = netcfg(*REFUSED)
    assert ran.status == 5
    issue, upload = runners.azure_pipelines(ran.out)
    assert issue.values == {"type": "error", "code": GUARD}
    assert upload.name == "task.uploadsummary"
    assert upload.message == str(pipelines / "netcfg-plan.md")
    assert Path(upload.message).read_text("utf-8").startswith("## netcfg plan: 7 to add, 1 to change; REFUSED by ")
    text = ran.out.split("##vso")[0]
    assert text.startswith("given: Europe")
    assert text.endswith("REFUSED by default-deny\n")


def test_two_commands_of_one_job_attach_two_files(netcfg: Program, pipelines: Path):
    for name in ("netcfg-plan.md", "netcfg-plan-2.md", "netcfg-plan-3.md"):
        assert runners.azure_pipelines(netcfg(*REFUSED).out)[-1].message == str(pipelines / name)


def test_a_summary_is_not_written_through_a_link_that_lies_there(netcfg: Program, pipelines: Path):
    (pipelines / "netcfg-plan.md").symlink_to(pipelines.parent / "elsewhere")
    assert runners.azure_pipelines(netcfg(*REFUSED).out)[-1].message == str(pipelines / "netcfg-plan-2.md")
    assert not (pipelines.parent / "elsewhere").exists()


def test_a_folder_that_is_not_there_fails_nothing(netcfg: Program, pipelines: Path):
    pipelines.rmdir()
    ran = netcfg(*REFUSED)
    assert ran.status == 5
    assert [each.name for each in runners.azure_pipelines(ran.out)] == ["task.logissue"]
    assert ran.err == (
        "netcfg: warning: no summary is attached: No such file or directory; the log has the whole result\n"
    )


def test_github_gets_annotations_below_the_text_and_its_summary_grows(netcfg: Program, actions: Path):
    actions.write_text("# of another command\n")
    ran = netcfg(*REFUSED)
    assert ran.status == 5
    (annotation,) = runners.github(ran.out)
    assert (annotation.name, annotation.values) == ("error", {"title": GUARD})
    assert ran.out.splitlines()[-1].startswith("::error title=default-deny::kv-payments: refused: ")
    assert actions.read_text("utf-8").startswith("# of another command\n\n## netcfg plan: 7 to add")


def test_without_a_file_for_the_summary_there_is_none(netcfg: Program, actions: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    ran = netcfg(*REFUSED)
    assert (ran.status, ran.err) == (5, "")
    assert len(runners.github(ran.out)) == 1


def test_a_summary_that_is_full_already_fails_nothing_and_stays(netcfg: Program, actions: Path):
    actions.write_bytes(b"x" * (1024 * 1024 - 100))
    ran = netcfg(*REFUSED)
    assert ran.status == 5
    assert ran.err == (
        "netcfg: warning: no summary is attached: 1,048,576 bytes is all that GitHub takes, and 1,048,476 are written "
        "already; the log has the whole result\n"
    )
    assert actions.stat().st_size == 1024 * 1024 - 100


def test_a_summary_takes_the_room_that_is_left(netcfg: Program, actions: Path):
    actions.write_bytes(b"x" * (1024 * 1024 - 500))
    ran = netcfg(*REFUSED)
    assert ran.err == ""
    assert actions.stat().st_size <= 1024 * 1024
    left_out = actions.read_text("utf-8").splitlines()[-1]
    assert left_out == "Left out, as this page takes no more: 1 section. The log has them all."


@pytest.mark.parametrize("format", ["text", "json", "markdown"])
@pytest.mark.parametrize("system", ["pipelines", "actions"])
def test_a_format_that_is_given_is_all_there_is(
    netcfg: Program, request: pytest.FixtureRequest, system: str, format: str
):
    before = netcfg(*REFUSED, "--format", format).out
    place: Path = request.getfixturevalue(system)
    assert netcfg(*REFUSED, "--format", format).out == before
    assert runners.azure_pipelines(before) == runners.github(before) == []
    assert list(place.iterdir()) == [] if place.is_dir() else place.read_text() == ""


def test_a_report_in_a_file_keeps_the_annotations(netcfg: Program, actions: Path):
    file = netcfg.folder / "plan.json"
    ran = netcfg(*REFUSED, "--report", f"json={file}")
    assert len(runners.github(ran.out)) == 1
    assert runners.github(file.read_text("utf-8")) == []


def test_an_apply_attaches_its_result(netcfg: Program, actions: Path):
    ran = netcfg("apply", "kv-orders", "--geography", "EU", "--yes")
    assert ran.status == 0
    assert runners.github(ran.out) == []
    assert actions.read_text("utf-8").startswith("## netcfg apply: 1 vault: 1 done; 7 added; 4 rules kept")


def test_an_apply_that_is_refused_is_annotated_once(netcfg: Program, pipelines: Path):
    ran = netcfg("apply", "kv-payments", "--geography", "EU", "--yes")
    assert ran.status == 5
    issue, upload = runners.azure_pipelines(ran.out)
    assert issue.values["code"] == GUARD
    assert upload.message.endswith("netcfg-result.md")


def test_a_vault_that_cannot_be_read_is_annotated(netcfg: Program, actions: Path):
    ran = netcfg("plan", "kv-nowhere", "--geography", "EU")
    assert ran.status == 1
    assert [each.values for each in runners.github(ran.out)] == [{"title": "undetermined"}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plan", "kv-orders"), "neither an organization nor a geography was given"),
        (("plan", "kv-orders", "--geography", "EU", "--report", "json"), "FORMAT=FILE is expected"),
        (("check", "kv-orders", "--organization", "no-such-organization"), "'no-such-organization'"),
    ],
)
def test_what_ends_the_whole_run_is_annotated_too(netcfg: Program, actions: Path, words: tuple[str, ...], said: str):
    ran = netcfg(*words)
    assert ran.status in (1, 2)
    (annotation,) = runners.github(ran.out)
    assert annotation.values == {"title": "netcfg"}
    assert said in annotation.message
    assert ran.err == f"netcfg: {annotation.message}\n"


def test_an_error_is_not_annotated_where_a_format_is_given(netcfg: Program, actions: Path):
    ran = netcfg("plan", "kv-orders", "--format", "json")
    assert (ran.status, ran.out) == (2, "")


PROD = ("--organization", "contoso", "--project", "payments", "--service-connection", "azure-prod")
LINK = ("group", "link", "kv-payments", *PROD, "--group", "shop", "--secret", "api-key", "--yes")


def test_a_vault_that_azure_devops_may_not_read_is_annotated_by_verify(netcfg: Program, actions: Path):
    words = ("verify", "kv-orders", "--through-devops", "--from-here", "--wait", "0", *PROD)
    ran = netcfg(*words)
    assert ran.status == 4
    assert [each.values["title"] for each in runners.github(ran.out)] == ["cannot-read-from-here", "devops-cannot-read"]
    assert actions.read_text("utf-8").startswith("## netcfg verify: kv-orders does not work from here: firewall\n")
    assert runners.github(netcfg(*words, "--format", "text").out) == []


def test_a_group_that_is_linked_has_a_summary_and_one_that_is_not_known_an_annotation(netcfg: Program, pipelines: Path):
    ran = netcfg(*LINK)
    (upload,) = runners.azure_pipelines(ran.out)
    assert (ran.status, upload.message) == (0, str(pipelines / "netcfg-groups.md"))
    assert Path(upload.message).read_text("utf-8").startswith("## netcfg group: 1 variable group: 1 done\n")
    ran = netcfg("group", "refresh", *PROD[:4], "--yes")
    issue, _ = runners.azure_pipelines(ran.out)
    assert (ran.status, issue.values["code"]) == (7, "undetermined")
    assert "orders-secrets" in issue.message
    assert runners.azure_pipelines(netcfg(*LINK, "--format", "text").out) == []


def test_what_ends_a_link_or_a_verification_is_annotated_too(netcfg: Program, actions: Path):
    for words in (("verify", "kv-orders"), ("group", "link", "kv-orders"), LINK[:-1]):
        (annotation,) = runners.github(netcfg(*words).out)
        assert annotation.values == {"title": "netcfg"}


def test_no_rule_of_a_vault_runs_a_command(netcfg: Program, pipelines: Path):
    with netcfg.sandbox.edit() as state:
        rules = state["vaults"]["kv-orders"]["properties"]["networkAcls"]["ipRules"]
        rules += [{"value": "##vso[task.complete result=Succeeded]x"}, {"value": "x\n##[error]y"}]
    for command in ("plan", "check"):
        ran = netcfg(command, "kv-orders", "--geography", "EU")
        assert "task.complete" in ran.out
        assert {each.name for each in runners.azure_pipelines(ran.out)} <= {"task.logissue", "task.uploadsummary"}


def test_no_rule_of_a_vault_runs_a_command_on_github(netcfg: Program, actions: Path):
    with netcfg.sandbox.edit() as state:
        rules = state["vaults"]["kv-orders"]["properties"]["networkAcls"]["ipRules"]
        rules += [{"value": "::stop-commands::x"}, {"value": "x\n::add-mask::y"}]
    for command in ("plan", "check"):
        ran = netcfg(command, "kv-orders", "--geography", "EU")
        assert "stop-commands" in ran.out
        assert {each.name for each in runners.github(ran.out)} <= {"error", "warning", "notice"}


def test_a_check_annotates_what_it_found_and_attaches_the_report(netcfg: Program, actions: Path):
    ran = netcfg("check", "kv-payments", "--geography", "EU")
    assert ran.status == 4
    found = runners.github(ran.out)
    assert ("error", "default-action-allow") in [(each.name, each.values["title"]) for each in found]
    assert actions.read_text("utf-8").startswith("## netcfg check: NOT compliant")


def test_an_annotation_names_the_line_of_the_configuration(
    netcfg: Program, actions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "infra").mkdir()
    monkeypatch.chdir(tmp_path / "repository" / "infra")
    Path("netcfg.yaml").write_text("geography: EU\nvaults:\n  - name: kv-payments\n")
    found = runners.github(netcfg("check").out)
    assert {(each.values["file"], each.values["line"]) for each in found} == {("infra/netcfg.yaml", "3")}
    document = json.loads(netcfg("check", "--format", "sarif").out)
    assert '"uri": "infra/netcfg.yaml"' in json.dumps(document)


def test_every_fault_of_a_configuration_is_annotated(
    netcfg: Program, actions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("netcfg.yaml").write_text("geography: XX\nexclusives: true\nvaults:\n  - name: kv-payments\n")
    ran = netcfg("check")
    assert ran.status == 2
    found = runners.github(ran.out)
    assert [f"netcfg: {each.message}" for each in found] == ran.err.splitlines()


def test_annotations_go_nowhere_else_where_nobody_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(ENVIRONMENT, "GITHUB_ACTIONS", "true")
    monkeypatch.setitem(ENVIRONMENT, "GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    ran = run(tmp_path, "-q", *REFUSED, redirect="| true")
    assert ran.stderr == ""
    assert (tmp_path / "summary.md").read_text("utf-8").startswith("## netcfg plan: ")
    full = run(tmp_path, "-q", *REFUSED, redirect=">/dev/full")
    assert (full.returncode, full.stderr.count("\n")) == (1, 1)


def test_a_summary_is_never_longer_than_it_may_be():
    planned = builders.several()
    result = builders.applied(planned, Ending.DONE, Ending.UNCHANGED, Ending.DONE)
    for document in (planned, result, reports.many(8, 4)):
        whole = summary(document, 100_000)
        sizes = []
        for limit in range(700, len(whole.encode()) + 1, 30):
            page = summary(document, limit)
            assert len(page.encode()) <= limit
            assert page.startswith("## netcfg ")
            sizes.append(len(page))
        assert len(set(sizes)) > 2
        assert summary(document, len(whole.encode())) == whole


def test_a_summary_that_is_cut_has_whole_sections_and_says_how_many_are_missing():
    whole, cut = summary(builders.several(), 100_000), summary(builders.several(), 1_000)
    *sections, last = cut.split("### ")
    body, _, left_out = last.partition("Left out")
    assert all(each in whole for each in [*sections, body])
    assert left_out.startswith(", as this page takes no more: ")


CONTRADICTORY = """\
geography: EU
vaults:
  - name: kv-payments
  - name: kv-ready
    remove: [{value: 40.74.28.0/23, reason: x}]
"""


def test_refusals_and_what_is_undetermined_stand_on_the_line_that_chose_the_vault(
    netcfg: Program, actions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "infra").mkdir()
    monkeypatch.chdir(tmp_path / "repository" / "infra")
    Path("netcfg.yaml").write_text(CONTRADICTORY, "utf-8")
    for command in (("plan",), ("apply", "--yes"), ("check",)):
        told = {each.values["title"]: each.values for each in runners.github(netcfg(*command).out)}
        assert (told["undetermined"]["file"], told["undetermined"]["line"]) == ("infra/netcfg.yaml", "4")
        if command != ("check",):
            assert (told[GUARD]["file"], told[GUARD]["line"]) == ("infra/netcfg.yaml", "3")


def test_the_faults_of_a_configuration_stand_on_their_lines(
    netcfg: Program, actions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "infra").mkdir()
    monkeypatch.chdir(tmp_path / "repository" / "infra")
    Path("netcfg.yaml").write_text("geography: Mars\ngrcae: 3\n", "utf-8")
    ran = netcfg("plan", "kv-a")
    assert ran.status == 2
    places = [(each.values["file"], each.values["line"]) for each in runners.github(ran.out)]
    assert places == [("infra/netcfg.yaml", "2")]
    Path("netcfg.yaml").write_text("geography: Mars\nvaults: [{name: a_b}]\n", "utf-8")
    places = [(each.values["file"], each.values["line"]) for each in runners.github(netcfg("plan").out)]
    assert places == [("infra/netcfg.yaml", "1"), ("infra/netcfg.yaml", "2")]


def test_a_fleet_has_an_annotation_for_vaults_that_are_alike(actions: Path, tmp_path: Path):
    with serve(world="fleet-small") as sandbox:
        found = runners.github(Program(sandbox, tmp_path)("plan", "--all", "--geography", "EU").out)
    assert len(found) <= 10
    assert all(each.name == "error" for each in found)
    [opened] = [each.message for each in found if each.values["title"] == "default-deny"]
    assert opened.startswith("3 vaults (kv-open-001, kv-open-002, kv-open-003): refused: ")
    assert opened.endswith("; accept with --accept 'default-deny=kv-open-00*'")
    assert found[-1].values["title"] == "undetermined"

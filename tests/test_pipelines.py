"""The pipelines that `netcfg init` writes: valid for those who run them, and their scripts branch on every status."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import check_jsonschema
import jsonschema
import pytest
import yaml

from netcfg import __version__
from netcfg.formats import starter
from netcfg.formats.ci import sarif
from tests.formats import reports

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "data" / "pipelines"
VENDOR = Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor"

AZURE = "azure-pipelines.yml"
CHECK = "github-check.yml"
REFRESH = "github-refresh.yml"
NAMES = [AZURE, CHECK, REFRESH]
in_every_pipeline = pytest.mark.parametrize("name", NAMES)


def text(name: str) -> str:
    return starter.pipeline((FOLDER / name).read_text("utf-8"))


def document(name: str) -> dict[str, Any]:
    # YAML 1.1 takes the key `on` for a boolean; those who run these files do not.
    found = yaml.safe_load(text(name))
    return dict(found if name == AZURE else {"on" if key is True else key: each for key, each in found.items()})


def steps(found: Any) -> Iterator[dict[str, Any]]:
    """Every step, wherever it is."""
    match found:
        case dict():
            for key, each in found.items():
                yield from each if key == "steps" else steps(each)
        case list():
            for each in found:
                yield from steps(each)


def scripts(name: str) -> list[tuple[str, str]]:
    """The scripts by the name of their step, as a shell gets them."""
    found = []
    for step in steps(document(name)):
        script = step.get("run") or step.get("script") or step.get("inputs", {}).get("inlineScript")
        if script:
            found.append((step.get("name") if name != AZURE else step["displayName"], script))
    return found


def is_valid(pipeline: str, schema: str) -> bool:
    """Azure Pipelines takes every scalar for a string, and so does the schema of its service."""
    rules = json.loads((VENDOR / schema).read_text("utf-8"))
    read = yaml.load(pipeline, yaml.BaseLoader) if schema == "azure-pipelines.json" else yaml.safe_load(pipeline)  # noqa: S506
    found = {"on" if key is True else key: each for key, each in read.items()}
    return bool(jsonschema.validators.validator_for(rules)(rules).is_valid(found))


SCHEMAS = {AZURE: "azure-pipelines.json", CHECK: "github-workflows.json", REFRESH: "github-workflows.json"}


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items())
def test_a_pipeline_is_valid_for_those_who_run_it(name: str, schema: str):
    assert is_valid(text(name), schema)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (AZURE, "timeoutInMinutes: 15", "timeout: 15"),
        (AZURE, "artifact: netcfg-report", "artefact: netcfg-report"),
        (AZURE, "scriptType: bash", "scriptType: fish"),
        (CHECK, "runs-on:", "runs_on:"),
        (REFRESH, "needs: plan", "needs: {job: plan}"),
    ],
)
def test_the_schemas_would_see_a_mistake(name: str, right: str, wrong: str):
    assert right in text(name)
    assert not is_valid(text(name).replace(right, wrong), SCHEMAS[name])


@in_every_pipeline
def test_this_very_version_is_installed(name: str):
    installs = [script for _, script in scripts(name) if "pipx" in script]
    assert set(installs) == {f"pipx install 'netcfg=={__version__}'"}
    assert "@VERSION@" not in text(name)


@in_every_pipeline
def test_nothing_is_secret_and_no_script_is_made_of_what_others_choose(name: str):
    assert "secrets." not in text(name)
    assert "AZURE_DEVOPS_EXT_PAT" not in text(name)
    for _, script in scripts(name):
        assert "${{" not in script
        assert "$(" not in script
        assert "NETCFG_ACCEPT" not in script


@in_every_pipeline
def test_every_job_ends_some_time(name: str):
    found = document(name)
    jobs = (
        list(found["jobs"].values()) if name != AZURE else [each for stage in found["stages"] for each in stage["jobs"]]
    )
    assert all(0 < each.get("timeout-minutes", each.get("timeoutInMinutes", 0)) <= 30 for each in jobs)


@pytest.mark.parametrize("name", [CHECK, REFRESH])
def test_a_workflow_has_no_more_rights_than_it_needs(name: str):
    found = document(name)
    assert found["permissions"] == {}
    assert found["concurrency"]["group"].startswith("netcfg-")
    granted = {"contents": "read", "id-token": "write"}
    for job, settings in found["jobs"].items():
        shown = {"security-events": "write", "actions": "read"}  # what the upload of SARIF takes
        assert settings["permissions"] == granted | (shown if job == "check" else {})
    checkouts = [step for step in steps(found) if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+(/[\w-]+)?@v\d+", step["uses"]) for step in steps(found) if "uses" in step)


def test_azure_pipelines_sign_in_by_service_connection_and_the_pipelines_own_token():
    found = [step for step in steps(document(AZURE)) if step.get("task") == "AzureCLI@2"]
    assert [step["displayName"] for step in found] == ["Check", "Plan", "Apply"]
    assert all(step["env"] == {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"} for step in found)
    connections = [step["inputs"]["azureSubscription"] for step in found]
    assert connections == [f"${{{{ variables.{each}Connection }}}}" for each in ("read", "read", "write")]


def test_what_is_applied_was_approved():
    found = document(REFRESH)
    assert found["jobs"]["apply"]["environment"] == "netcfg"
    assert found["jobs"]["apply"]["if"] == "needs.plan.outputs.status == '3'"
    assert found["jobs"]["plan"]["outputs"] == {"status": "${{ steps.plan.outputs.status }}"}
    apply = document(AZURE)["stages"][2]
    assert apply["jobs"][0]["environment"] == "netcfg"
    assert apply["condition"] == "and(succeeded(), eq(dependencies.Plan.outputs['plan.plan.status'], '3'))"
    plan = document(AZURE)["stages"][1]
    assert (plan["stage"], plan["jobs"][0]["job"]) == ("Plan", "plan")
    assert [step["name"] for step in steps(plan) if "name" in step] == ["plan"]


@in_every_pipeline
def test_whoever_sets_it_up_learns_what_keeps_others_from_writing(name: str):
    """An environment that is not there is made without checks, and a service connection is used without it."""
    top = text(name).partition("\nname:" if name != AZURE else "\ntrigger:")[0]
    told = " ".join(each.removeprefix("#").strip() for each in top.splitlines())
    if name == CHECK:
        assert "repo:OWNER/REPOSITORY:ref:refs/heads/main and repo:OWNER/REPOSITORY:pull_request" in told
        return
    assert "one that is not there" in told
    assert "or it sees another plan than the one that was approved" in told
    if name == AZURE:
        assert "Give `azure-netcfg-write` the checks Approvals and Branch control (the main branch only)" in told
    else:
        assert "repo:OWNER/REPOSITORY:environment:netcfg" in told
        assert "the main branch as its only deployment branch" in told


def test_a_job_that_is_run_again_finds_no_artifact_of_its_name():
    """Azure Pipelines takes an artifact's name once in a run; the plan is published once, when it is there to stay."""
    published = {
        each["artifact"]: each.get("condition", "succeeded()") for each in steps(document(AZURE)) if "publish" in each
    }
    assert published == {
        "netcfg-report-$(System.JobAttempt)": "succeededOrFailed()",
        "netcfg": "succeeded()",
        "netcfg-refused-$(System.JobAttempt)": "failed()",
        "netcfg-result-$(System.JobAttempt)": "succeededOrFailed()",
    }
    (scans,) = (each for each in steps(document(AZURE)) if each.get("task") == "PublishBuildArtifacts@1")
    assert scans["inputs"]["ArtifactName"] == "CodeAnalysisLogs"
    assert scans["condition"] == "succeededOrFailed()"


def test_an_upload_to_the_security_tab_that_fails_is_seen():
    found = {step.get("name"): step for step in steps(document(CHECK))}
    upload, filtering = found["Show the findings in the Security tab"], found["Leave out what is waived"]
    assert "continue-on-error" not in upload
    assert "continue-on-error" not in filtering
    # It happens when the check has failed, too, and only with what was filtered whole.
    assert filtering["if"] == "${{ !cancelled() && hashFiles('netcfg-report/netcfg.sarif') != '' }}"
    assert upload["if"] == "${{ !cancelled() && steps.open.outcome == 'success' }}"
    assert filtering["id"] == "open"
    assert upload["with"]["sarif_file"] == "netcfg-security/netcfg.sarif"


FILTER = "jq 'del(.runs[].results[] | select(.suppressions // [] | length > 0))' netcfg-report/netcfg.sarif"


def test_what_is_waived_is_left_out_of_the_upload():
    (script,) = (each for step, each in scripts(CHECK) if step == "Leave out what is waived")
    assert f"{FILTER} \\\n  > netcfg-security/netcfg.sarif\n" in script


# --- the scripts, run -----------------------------------------------------------------------------------------------

# A netcfg that ends as it is told to, tells what it was asked, and writes what a report and a plan are written to.
NETCFG = r"""#!/bin/bash
echo "$@" >>"$LOG"
for word; do
  case $last in
  --out) echo saved >"$word" ;;
  --plan) [ -f "$word" ] || exit 2 ;;
  esac
  last=$word
  case $word in
  *=*) [ "${word%%=*}" = accept ] || echo "${DOCUMENT:-document}" >"${word#*=}" ;;
  json) echo "${DOCUMENT:-document}" ;;
  esac
done
declare "status=STATUS_$1"
exit "${!status:-0}"
"""


class Runner:
    """Runs a step as the agent of Azure Pipelines and the runner of GitHub do: bash that ends at the first error."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = folder / "bin" / "netcfg"
        program.parent.mkdir()
        program.write_text(NETCFG)
        program.chmod(0o755)
        self.log = folder / "log"
        self.output = folder / "output"
        self.environment = {
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "LOG": str(self.log),
            "GITHUB_OUTPUT": str(self.output),
            "BUILD_ARTIFACTSTAGINGDIRECTORY": str(folder / "staging"),
            "PIPELINE_WORKSPACE": str(folder / "work space"),
        }

    def run(self, name: str, step: str, **environment: str) -> tuple[int, str]:
        """The status and the output of the step of that name."""
        (script,) = (script for each, script in scripts(name) if each == step)
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=30,
        )
        return ran.returncode, ran.stdout

    @property
    def asked(self) -> list[str]:
        return [each.split()[0] for each in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


STATUSES = [(0, 0), (3, 0), (1, 1), (2, 2), (5, 5), (6, 6), (7, 7), (130, 130)]


@pytest.mark.parametrize(("status", "ends"), STATUSES)
@pytest.mark.parametrize("name", [AZURE, REFRESH])
def test_a_plan_ends_green_only_if_nothing_or_something_is_to_be_done(
    runner: Runner, name: str, status: int, ends: int
):
    ended, out = runner.run(name, "Plan", STATUS_plan=str(status))
    assert ended == ends
    assert runner.asked == ["plan"]
    if name == AZURE:
        assert out == f"##vso[task.setvariable variable=status;isOutput=true]{status}\n"
    else:
        assert runner.output.read_text() == f"status={status}\n"


@pytest.mark.parametrize(("status", "ends"), [(0, 0), (4, 4), (1, 1), (2, 2), (7, 7)])
@pytest.mark.parametrize("name", [AZURE, CHECK])
def test_a_check_ends_as_netcfg_does_and_leaves_its_reports(runner: Runner, name: str, status: int, ends: int):
    assert runner.run(name, "Check", STATUS_check=str(status))[0] == ends
    reports = {
        each.name for each in runner.folder.rglob("*") if each.parent.name in ("sarif", "report", "netcfg-report")
    }
    assert reports == {"netcfg.sarif", "netcfg.html", "TEST-netcfg.xml"}


def approve(runner: Runner, name: str) -> None:
    """The plan that somebody approved, in the folder that the artifact comes to."""
    assert runner.run(name, "Plan", STATUS_plan="3")[0] == 0
    runner.log.unlink()


def apply(runner: Runner, name: str, **environment: str) -> int:
    """What the stage or job that applies ends with."""
    return runner.run(name, "Apply", **environment)[0]


@pytest.mark.parametrize("name", [AZURE, REFRESH])
def test_the_approved_plan_is_applied(runner: Runner, name: str):
    approve(runner, name)
    assert apply(runner, name) == 0
    assert runner.asked == ["apply"]
    assert "plan/plan.netcfg" in runner.log.read_text()
    assert {each.name for each in runner.folder.rglob("result/*")} == {"result.json", "result.html"}


def test_with_netcfg_itself_what_was_approved_is_applied_to_the_sandbox(runner: Runner):
    program = f'cd "{runner.folder}" && PYTHONPATH="{ROOT}" exec "{sys.executable}" -m netcfg --sandbox --quiet "$@"'
    (runner.folder / "bin" / "netcfg").write_text(f"#!/bin/bash\n{program}\n")
    (runner.folder / "netcfg.yaml").write_text("geography: EU\nvaults: [{name: kv-orders}]\n")
    data = {"NETCFG_DATA_DIR": str(runner.folder / "netcfg-run" / "data")}
    assert runner.run(REFRESH, "Plan", **data)[0] == 0
    assert runner.output.read_text() == "status=3\n"
    assert apply(runner, REFRESH, **data) == 0
    result = json.loads((runner.folder / "netcfg-run" / "result" / "result.json").read_text("utf-8"))
    assert [each["outcome"] for each in result["vaults"]] == ["done"]
    ended, out = runner.run(REFRESH, "Apply", **data)
    assert ended == 6
    assert "the saved plan does not hold any more: the rule 20.166.41.0/24 appeared" in " ".join(out.split())


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is on GitHub's runners, and not here")
def test_the_upload_has_what_counts_and_what_could_not_be_read_and_nothing_that_is_waived(runner: Runner):
    file = runner.folder / "netcfg-report" / "netcfg.sarif"
    file.parent.mkdir()
    file.write_text(sarif.report(reports.drifted()), "utf-8")
    assert runner.run(CHECK, "Leave out what is waived") == (0, "")
    uploaded = json.loads((runner.folder / "netcfg-security" / "netcfg.sarif").read_text("utf-8"))
    rules = [each["ruleId"] for each in uploaded["runs"][0]["results"]]
    assert rules == [
        "undetermined", "expired-waiver", "published-range-partly-covered", "foreign-rule", "editions-disagree",
    ]  # fmt: skip
    given = json.loads(file.read_text("utf-8"))
    assert [each["ruleId"] for each in given["runs"][0]["results"]] == [*rules, "foreign-rule"]
    assert uploaded["runs"][0]["tool"] == given["runs"][0]["tool"]
    file.write_text("no JSON")
    assert runner.run(CHECK, "Leave out what is waived")[0] != 0


@pytest.mark.parametrize("name", [AZURE, REFRESH])
@pytest.mark.parametrize("status", [1, 5, 6, 7])
def test_an_apply_that_fails_fails_the_pipeline(runner: Runner, name: str, status: int):
    approve(runner, name)
    assert apply(runner, name, STATUS_apply=str(status)) == status


@pytest.mark.parametrize("name", [AZURE, REFRESH])
def test_without_the_approved_plan_nothing_is_applied(runner: Runner, name: str):
    assert apply(runner, name) == 2
    assert not list(runner.folder.rglob("result/*"))


@pytest.mark.parametrize("name", [AZURE, CHECK])
def test_a_check_goes_on_where_microsoft_cannot_be_asked(name: str):
    needed = document(name)["jobs"] if name == CHECK else document(name)["stages"][0]
    (fetching,) = (step for step in steps(needed) if "ranges refresh" in step.get("run", step.get("script", "")))
    assert fetching.get("continue-on-error", fetching.get("continueOnError")) is True


@in_every_pipeline
def test_every_script_is_one(name: str):
    for step, script in scripts(name):
        checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, ""), step


@pytest.mark.parametrize("name", [AZURE, REFRESH])
def test_ranges_are_fetched_once_and_carried_to_where_they_are_applied(name: str):
    needed = document(name)["jobs"] if name == REFRESH else document(name)["stages"][1:]
    fetching = [step for step in steps(needed) if "ranges refresh" in step.get("run", step.get("script", ""))]
    assert len(fetching) == 1
    assert "continue-on-error" not in fetching[0]
    assert "continueOnError" not in fetching[0]
    if name == REFRESH:
        found = document(name)
        assert found["env"]["NETCFG_DATA_DIR"] == "${{ github.workspace }}/netcfg-run/data"
        moved = [step["with"]["path"] for step in steps(found) if "artifact@" in step.get("uses", "")]
        assert moved == ["netcfg-run", "netcfg-run", "netcfg-run/result"]
    else:
        variables = {each["name"]: each["value"] for each in document(name)["variables"]}
        assert variables["NETCFG_DATA_DIR"] == "$(Pipeline.Workspace)/netcfg/data"
        published = [
            step["publish"] for step in steps(document(name)) if step.get("artifact") == "netcfg" and "publish" in step
        ]
        assert published == ["$(Pipeline.Workspace)/netcfg"]
        assert [step["artifact"] for step in steps(document(name)) if "download" in step] == ["netcfg"]

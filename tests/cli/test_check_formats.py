"""One check of the world in which everything has drifted, in every format, as the readers of each read it."""

import json
from collections import Counter
from pathlib import Path

import pytest

from netcfg.sandbox.server import serve
from tests.cli.conftest import Program
from tests.formats.ci.test_junit import suite
from tests.formats.ci.test_sarif import run
from tests.formats.test_json import conform
from tests.formats.test_markdown import outline

FILES = {"json": "report.json", "sarif": "report.sarif", "junit": "TEST-netcfg.xml", "markdown": "report.md"}
# The world's own configuration, and a vault that nobody can find.
WRITTEN = (Path(__file__).parents[2] / "data" / "worlds" / "drifted.yaml").read_text("utf-8")
CONFIGURATION = WRITTEN.replace("\nvaults:\n", "\nvaults:\n  - name: kv-nowhere\n")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each format says; stdout is `text`."""
    folder = tmp_path_factory.mktemp("drifted")
    configuration = folder / "netcfg.yaml"
    configuration.write_text(CONFIGURATION, "utf-8")
    reports = [word for format, file in FILES.items() for word in ("--report", f"{format}={folder / file}")]
    with serve(world="drifted") as sandbox:
        ran = Program(sandbox, folder)("check", "--config", str(configuration), "--format", "text", *reports)
        assert ran.status == 7, ran.err
        return {"text": ran.out} | {format: (folder / file).read_text("utf-8") for format, file in FILES.items()}


def test_the_document_keeps_its_schema(checked: dict[str, str]):
    found = conform(checked["json"], "report")
    assert found["summary"]["status"] == 7
    assert found["summary"]["waived"] > 0
    assert {each["severity"] for each in found["findings"]} == {"error", "warning", "note"}


def test_every_format_tells_the_same_findings(checked: dict[str, str]):
    found = json.loads(checked["json"])["findings"]
    results = run(checked["sarif"])["results"]
    unread = {each["vault"]: "undetermined" for each in json.loads(checked["json"])["undetermined"]}
    assert Counter(each["ruleId"] for each in results) == Counter([*(each["rule"] for each in found), *unread.values()])
    assert sum(bool(each["suppressions"]) for each in results) == sum(each["waived"] is not None for each in found)
    for each in found:
        assert each["rule"] in checked["text"]
        assert f"`{each['rule']}`" in checked["markdown"]


def test_a_result_is_at_the_line_that_names_the_vault(checked: dict[str, str]):
    results = run(checked["sarif"])["results"]
    lines = CONFIGURATION.splitlines()
    for each in results:
        place = each["locations"][0]
        assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("netcfg.yaml")
        named = place.get("logicalLocations", [{"name": ""}])[0]["name"]
        assert named in lines[place["physicalLocation"]["region"]["startLine"] - 1]


def test_no_two_results_share_a_fingerprint_and_none_had_to_be_numbered(checked: dict[str, str]):
    marks = [each["partialFingerprints"]["primaryLocationLineHash"] for each in run(checked["sarif"])["results"]]
    assert len(set(marks)) == len(marks)
    assert [each for each in marks if not each.endswith(":1")] == []


def test_the_tests_that_fail_are_the_errors(checked: dict[str, str]):
    found = json.loads(checked["json"])
    failed = {each.attrib["name"] for each in suite(checked["junit"]) if each.find("failure") is not None}
    assert failed == {
        f"{each['vault'].rpartition('/')[2] if each['vault'] else 'the run'}: {each['rule']}"
        for each in found["findings"]
        if each["severity"] == "error" and not each["waived"]
    }
    lost = {each["vault"].rpartition("/")[2] for each in found["undetermined"]}
    assert {each.attrib["classname"] for each in suite(checked["junit"]) if each.find("error") is not None} == lost


def test_the_page_has_a_section_for_each_vault_with_findings(checked: dict[str, str]):
    vaults = {each["vault"] for each in json.loads(checked["json"])["findings"] if each["vault"]}
    headings = outline(checked["markdown"]).count("heading_open")
    assert headings == len(vaults) + len(["the answer", "undetermined", "the run"])

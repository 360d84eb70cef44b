"""`netcfg init`, whole: what it writes, that netcfg reads it, and that nothing of anybody's is overwritten."""

from __future__ import annotations

import os
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from netcfg.cli import files
from netcfg.core.errors import FilesThere
from netcfg.core.geography import Geography
from netcfg.core.resources import parse_subnet, parse_vault
from netcfg.core.start import Forge, Start, guess
from netcfg.formats import starter
from tests.cli.conftest import AGENTS, BUILDS, Program, vault_id

DATA = Path(__file__).parents[2] / "data"
TEMPLATE = (DATA / "pipelines" / "netcfg.yaml").read_text("utf-8")
CONFIGURATION = ["netcfg.yaml", ".netcfg.schema.json"]
AZURE = ["azure-pipelines.netcfg.yml"]
GITHUB = [".github/workflows/netcfg-check.yml", ".github/workflows/netcfg-refresh.yml"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the one that netcfg runs in."""
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def written(folder: Path) -> list[str]:
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())


def test_what_was_written_is_told_with_what_to_do_next(netcfg: Program, here: Path):
    ran = netcfg("init", "kv-ready", "--organization", "contoso", "--pipelines", "azure")
    program = f"netcfg --sandbox --data-dir {netcfg.folder}"
    assert ran.out.splitlines() == [
        "wrote netcfg.yaml",
        "wrote .netcfg.schema.json",
        "wrote azure-pipelines.netcfg.yml",
        "",
        "next:",
        f"  {program} plan",
        f"  {program} apply",
        f"  {program} check",
        "  read the top of each pipeline: it says what has to be there before its first run",
    ]
    assert (ran.status, ran.err) == (0, "")
    assert written(here) == sorted([*CONFIGURATION, *AZURE])
    assert netcfg.sandbox.requests == []


def test_the_next_commands_work(netcfg: Program, here: Path):
    assert netcfg("init", "kv-ready", "--organization", "contoso", "--pipelines", "none").status == 0
    assert netcfg("plan").status == 0
    assert netcfg("check").status == 0


def test_everything_that_is_said_gets_into_the_configuration(netcfg: Program, here: Path):
    words = ("--organization", "contoso", "--organization", "fabrikam", "--geography", "europe", "--geography", "us")
    subnets = ("--subnet", AGENTS, "--subnet", "rg-network/vnet-agents/builds")
    assert netcfg("init", "kv-ready", vault_id("kv-orders"), *words, *subnets).status == 0
    assert yaml.safe_load((here / "netcfg.yaml").read_text()) == {
        "organization": ["contoso", "fabrikam"],
        "geography": ["EU", "US"],
        "agents": {"subnets": [AGENTS.lower(), "rg-network/vnet-agents/builds"]},
        "vaults": [{"name": "kv-ready"}, {"id": vault_id("kv-orders")}],
    }
    assert netcfg("plan", "--accept", "service-endpoint=*").status == 3


def test_where_nothing_is_said_the_first_step_is_to_say_it(netcfg: Program, here: Path):
    ran = netcfg("init", "--pipelines", "none")
    assert "  edit netcfg.yaml: it has to say the organization or the geography and the vaults\n" in ran.out
    assert yaml.safe_load((here / "netcfg.yaml").read_text()) is None
    told = netcfg("plan", "kv-ready")
    assert (told.status, told.out) == (2, "")
    assert "neither an organization nor a geography" in told.err or "netcfg.yaml" in told.err


def test_what_is_commented_can_be_said_as_it_stands(netcfg: Program, here: Path):
    """Prose begins with a capital letter; everything else is a line of the configuration behind its mark."""
    text = starter.configuration(TEMPLATE, Start())
    (here / "netcfg.yaml").write_text(re.sub(r"^# (?=[a-z ])", "", text, flags=re.MULTILINE).partition("\n")[2])
    document = yaml.safe_load((here / "netcfg.yaml").read_text())
    assert set(document) == {
        "organization", "geography", "ranges", "include-canary-regions", "allow", "remove", "agents", "devops",
        "private-endpoint", "grace", "exclusive", "public-access", "keep-default-action", "vaults", "waivers",
    }  # fmt: skip
    ran = netcfg("plan", "kv-payments")
    assert ran.status != 2 or "netcfg.yaml:" not in ran.err, ran.err


def test_the_configuration_names_the_schema_that_lies_beside_it(netcfg: Program, here: Path):
    netcfg("init", "kv-ready", "--geography", "EU")
    first = (here / "netcfg.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=.netcfg.schema.json"
    schema = (here / ".netcfg.schema.json").read_text()
    assert schema == (DATA / "schemas" / "config.schema.json").read_text()
    document = yaml.safe_load((here / "netcfg.yaml").read_text())
    jsonschema.Draft202012Validator(yaml.safe_load(schema)).validate(document)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([], [*AZURE, *GITHUB]),
        ([".github/dependabot.yml"], GITHUB),
        (["azure-pipelines.yml"], AZURE),
        ([".azuredevops/pull_request_template.md"], AZURE),
        (["azure-pipelines-release.yml", ".github/CODEOWNERS"], [*AZURE, *GITHUB]),
    ],
)
def test_pipelines_are_written_for_what_the_folder_has(
    netcfg: Program, here: Path, there: list[str], expected: list[str]
):
    for each in there:
        (here / each).parent.mkdir(exist_ok=True)
        (here / each).write_text("theirs")
    assert netcfg("init").status == 0
    assert written(here) == sorted([*there, *CONFIGURATION, *expected])


@pytest.mark.parametrize(
    ("pipelines", "expected"), [("azure", AZURE), ("github", GITHUB), ("both", [*AZURE, *GITHUB]), ("none", [])]
)
def test_pipelines_are_written_as_somebody_says(netcfg: Program, here: Path, pipelines: str, expected: list[str]):
    assert netcfg("init", "--pipelines", pipelines).status == 0
    assert written(here) == sorted([*CONFIGURATION, *expected])


@pytest.mark.parametrize("theirs", ["netcfg.yaml", "azure-pipelines.netcfg.yml"])
def test_a_file_that_is_there_is_kept_and_nothing_is_written(netcfg: Program, here: Path, theirs: str):
    (here / theirs).write_text("theirs")
    ran = netcfg("init", "--pipelines", "azure")
    assert (ran.status, ran.out) == (2, "")
    assert f"{theirs} is there already, and nothing was written" in ran.err
    assert written(here) == [theirs]
    assert (here / theirs).read_text() == "theirs"


def test_force_overwrites(netcfg: Program, here: Path):
    (here / "netcfg.yaml").write_text("theirs")
    assert netcfg("init", "--pipelines", "none", "--force").status == 0
    assert (here / "netcfg.yaml").read_text() == starter.configuration(TEMPLATE, Start())


def test_a_folder_of_that_name_is_never_replaced(netcfg: Program, here: Path):
    (here / ".netcfg.schema.json").mkdir()
    assert netcfg("init", "--pipelines", "none", "--force").status == 2
    assert written(here) == []


def test_the_same_again_is_no_conflict(netcfg: Program, here: Path):
    assert netcfg("init").status == 0
    assert netcfg("init").status == 0


def test_another_folder_is_made_and_named_in_the_next_commands(netcfg: Program, here: Path):
    ran = netcfg("init", "kv-ready", "--geography", "EU", "--directory", "deep/in side")
    assert (here / "deep" / "in side" / "netcfg.yaml").is_file()
    assert "plan --config 'deep/in side/netcfg.yaml'" in ran.out
    assert netcfg("plan", "--config", "deep/in side/netcfg.yaml").status == 0


def test_what_is_said_twice_is_written_once(netcfg: Program, here: Path):
    words = ("--organization", "contoso", "--organization", "Contoso", "--geography", "EU", "--geography", "europe")
    vaults = ("kv-ready", "KV-Ready", "kv-orders", vault_id("kv-orders"))
    assert netcfg("init", *vaults, *words, "--subnet", AGENTS, "--subnet", AGENTS.upper()).status == 0
    assert yaml.safe_load((here / "netcfg.yaml").read_text()) == {
        "organization": "contoso",
        "geography": "EU",
        "agents": {"subnets": [AGENTS.lower()]},
        "vaults": [{"name": "kv-ready"}, {"id": vault_id("kv-orders")}],
    }


def test_two_ids_of_one_name_are_no_vault(netcfg: Program, here: Path):
    ran = netcfg("init", vault_id("kv-ready"), vault_id("kv-ready", "rg-other"))
    assert ran.status == 2
    assert "kv-ready is named with different ids" in ran.err
    assert written(here) == []


@pytest.mark.parametrize("pipelines", [[], ["--pipelines", "github"], ["--pipelines", "azure"]])
def test_in_a_part_of_a_repository_no_pipeline_is_written_that_would_not_run(
    netcfg: Program, here: Path, pipelines: list[str]
):
    """GitHub looks for workflows at the root alone, and a job begins there, where no netcfg.yaml is."""
    (here / ".git").mkdir()
    ran = netcfg("init", "kv-ready", "--geography", "EU", "--directory", "infra/key vaults", *pipelines)
    assert ran.status == 0
    assert written(here / "infra") == [f"key vaults/{each}" for each in sorted(CONFIGURATION)]
    assert ran.err == (
        f"netcfg: warning: no pipelines were written: they run at the root of the repository, {here}, where GitHub "
        "looks for its workflows too, and infra/key vaults is a folder of it; run 'netcfg init' there, and give the "
        "commands in the pipelines --config 'infra/key vaults/netcfg.yaml'\n"
    )
    assert "read the top of each pipeline" not in ran.out


def test_at_the_root_of_a_repository_and_without_wanting_pipelines_nothing_is_warned_of(netcfg: Program, here: Path):
    (here / ".git").mkdir()
    assert netcfg("init", "--pipelines", "none", "--directory", "infra").err == ""
    assert netcfg("init", "--pipelines", "github").err == ""
    assert written(here / ".github") == ["workflows/netcfg-check.yml", "workflows/netcfg-refresh.yml"]


@pytest.mark.parametrize(
    ("directory", "status", "told"),
    [
        ("", 2, "--directory '' cannot be written: it names no folder; leave the option out for this one"),
        ("theirs.txt", 2, "--directory 'theirs.txt' cannot be written: it is no folder"),
        ("theirs.txt/below", 1, "Not a directory"),
        ("x" * 300, 1, "File name too long"),
        ("new/" + "x" * 300, 1, "File name too long"),
    ],
)
def test_a_folder_that_cannot_be_written_to_is_a_sentence(
    netcfg: Program, here: Path, directory: str, status: int, told: str
):
    (here / "theirs.txt").write_text("theirs")
    ran = netcfg("init", "--directory", directory)
    assert (ran.status, ran.out) == (status, "")
    assert told in ran.err
    assert [each.name for each in here.iterdir()] == ["theirs.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("directory", ["locked", "locked/new", "locked/new/below"])
def test_a_folder_that_may_not_be_looked_into_is_a_sentence(netcfg: Program, here: Path, directory: str):
    (here / "locked").mkdir(mode=0)
    ran = netcfg("init", "--directory", directory)
    (here / "locked").chmod(0o700)
    assert ran.status in (1, 2)
    assert "Permission denied" in ran.err
    assert list((here / "locked").iterdir()) == []


def test_what_the_system_refuses_to_look_at_is_a_sentence(netcfg: Program, here: Path, monkeypatch: pytest.MonkeyPatch):
    """The same for root, whom no mode keeps out."""
    real = Path.is_dir

    def closed(self: Path) -> bool:
        if "locked" in self.parts and self.name != "locked":
            raise PermissionError(13, "Permission denied")
        return real(self)

    monkeypatch.setattr(Path, "is_dir", closed)
    for directory, status in (("locked", 1), ("locked/new", 1)):
        ran = netcfg("init", "--directory", directory)
        assert (ran.status, ran.out) == (status, "")
        assert "Permission denied" in ran.err
        assert list(here.iterdir()) == []


def test_a_working_folder_that_is_gone_is_a_sentence(netcfg: Program, here: Path):
    here.rmdir()
    ran = netcfg("init")
    assert (ran.status, ran.out) == (1, "")
    assert "No such file or directory" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("--geography", "Mars"),
        ("--organization", "contoso/../x"),
        ("--subnet", "agents"),
        ("kv_1",),
        ("--pipelines", "jenkins"),
    ],
)
def test_what_cannot_be_meant_is_status_2_and_nothing_is_written(netcfg: Program, here: Path, words: tuple[str, ...]):
    assert netcfg("init", *words).status == 2
    assert written(here) == []


def test_a_disk_that_is_full_leaves_nothing_behind(here: Path, monkeypatch: pytest.MonkeyPatch, netcfg: Program):
    real = Path.write_text

    def full(self: Path, text: str, *more: str, **others: str) -> int:
        if "schema" in self.name:
            raise OSError(28, "No space left on device")
        return real(self, text, *more, **others)

    monkeypatch.setattr(Path, "write_text", full)
    ran = netcfg("init", "--directory", "new")
    assert ran.status == 1
    assert "No space left on device" in ran.err
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("text", ["no", "NULL", "1e5", "12345", "a: b", "# x", "-", "köln", "it's", 'a"b', "@x", "a#b"])
def test_yaml_reads_a_text_back_as_it_was(text: str):
    assert yaml.safe_load(f"- {starter.scalar(text)}") == [text]


def test_an_organization_whose_name_yaml_takes_for_something_else():
    text = starter.configuration(TEMPLATE, Start(("on",), (Geography("EU", "Europe"),), (), (parse_vault("no1"),)))
    assert yaml.safe_load(text) == {"organization": "on", "geography": "EU", "vaults": [{"name": "no1"}]}


def test_subnets_are_named_by_their_ids():
    text = starter.configuration(TEMPLATE, Start(subnets=(parse_subnet(BUILDS),)))
    assert yaml.safe_load(text) == {"agents": {"subnets": [BUILDS.lower()]}}


def test_what_a_folder_tells_about_its_pipelines():
    assert guess(["README.md"]) == {Forge.AZURE, Forge.GITHUB}
    assert guess([".github"]) == {Forge.GITHUB}
    assert guess([".azure-pipelines"]) == {Forge.AZURE}


def test_files_are_written_whole_or_not_at_all(tmp_path: Path):
    (tmp_path / "b").write_text("theirs")
    with pytest.raises(FilesThere):
        files.write_all(tmp_path, {"a": "ours", "b": "ours"}, overwrite=False)
    assert written(tmp_path) == ["b"]

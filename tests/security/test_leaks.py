"""No token turns up anywhere: the net that the whole suite hangs in, tried by leaks on purpose, and the repository."""

import base64
import html
import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from netcfg.cli.main import app
from netcfg.formats.harmless import prose
from netcfg.sandbox.server import serve
from tests import leaks
from tests.cli.conftest import Program

ROOT = Path(__file__).parents[2]
PAT = leaks.ENVIRONMENT["AZURE_DEVOPS_EXT_PAT"]
SECRET = leaks.ENVIRONMENT["AZURE_CLIENT_SECRET"]

SHAPES = [
    PAT,
    f"https://x:{quote(PAT, safe='')}@dev.azure.com/contoso",
    base64.b64encode(f":{PAT}".encode()).decode(),
    base64.b64encode(f"somebody:{PAT}".encode()).decode(),
    base64.urlsafe_b64encode(f"ab:{PAT} and more".encode()).decode(),
    PAT.encode().hex(),
    PAT.encode().hex().upper(),
    re.sub("%..", lambda found: found[0].lower(), quote(PAT, safe="")),
    prose(SECRET),
    html.escape(SECRET),
    PAT.replace("/", "\\/"),
    f"{PAT[:20]}…",
    base64.encodebytes(f"somebody:{'x' * 60}{PAT}".encode()).decode(),
    leaks.VALUE,
]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_token_is_known_whatever_became_of_it(shape: str):
    assert leaks.shape_in(f'{{"authorization": "{shape}"}}')
    assert leaks.shape_in(shape.encode())
    assert leaks.shape_in(PAT[:12]) is None


def test_a_token_is_known_in_the_text_of_another_system():
    assert leaks.shape_in(f"x{PAT}".encode("utf-16"))


def test_what_is_searched_for_is_written_alike_by_every_format():
    assert all(each[: leaks.RUN].isalnum() for each in (*leaks.ENVIRONMENT.values(), leaks.VALUE))
    assert len({each[: leaks.RUN] for each in leaks.ENVIRONMENT.values()}) == len(leaks.ENVIRONMENT)


def test_the_token_of_a_sandbox_is_known_by_each_of_its_parts():
    with serve(world="contoso") as sandbox:
        head, claims, _ = sandbox.token.split(".")
        encoded = base64.b64encode(f"user:{sandbox.token}".encode()).decode()
    for part in (head, claims, encoded):
        assert leaks.shape_in(f"x {part} x"), part
    assert leaks.shape_in("nothing of the kind") is None


# What a test does, and what the suite says of it.
LEAKS = {
    "prints": ("print(os.environ['AZURE_DEVOPS_EXT_PAT'])", "Captured stdout call has a token"),
    "captures": ("print(os.environ['SYSTEM_ACCESSTOKEN']); capsys.readouterr()", "what was printed has a token"),
    "logs": (
        "logging.getLogger('azure').warning('%s', os.environ['AZURE_CLIENT_SECRET'])",
        "the log azure has a token",
    ),
    "keeps": ("(tmp_path / 'record.json').write_text(os.environ['AZURE_DEVOPS_EXT_PAT'])", "record.json has a token"),
    "keeps_in_a_shared_folder": ("(shared / 'x').write_text(os.environ['AZURE_DEVOPS_EXT_PAT'])", "x has a token"),
    "runs": ("subprocess.run(['env'], capture_output=True)", "what a process printed has a token"),
    "invokes": ("CliRunner().invoke(program)", "what a command printed has a token"),
}
SUITE = """
import logging, os, subprocess, pytest, typer
from typer.testing import CliRunner

program = typer.Typer()

@program.command()
def command():
    typer.echo(os.environ["AZURE_DEVOPS_EXT_PAT"], err=True)

@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("shared")
"""


def test_a_leak_on_purpose_is_an_error_of_the_test_that_made_it(tmp_path: Path):
    """Otherwise nobody would notice if the net had a hole."""
    tests = [f"def test_{name}(tmp_path, shared, capsys):\n    {code}" for name, (code, _) in LEAKS.items()]
    suite, folder = tmp_path / "test_all.py", tmp_path / "its-own"
    suite.write_text("\n\n".join([SUITE, *tests, "def test_harmless(tmp_path): pass"]))
    words = [sys.executable, "-m", "pytest", "--noconftest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    options = ["-c", str(ROOT / "pyproject.toml"), f"--rootdir={ROOT}", f"--basetemp={folder}"]
    with (tmp_path / "said").open("w+") as said:  # not by a pipe: what comes through one is looked at
        subprocess.run([*words, *options, str(suite)], cwd=ROOT, stdout=said, stderr=said, check=False, timeout=60)
        said.seek(0)
        report = said.read()
    shutil.rmtree(folder)
    (tmp_path / "said").unlink()
    for name, (_, sentence) in LEAKS.items():
        assert sentence in report, name
    assert f"{len(LEAKS) + 1} passed, {len(LEAKS)} errors" in report


def test_with_every_library_talking_no_token_is_in_the_log(netcfg: Program, caplog: pytest.LogCaptureFixture):
    """As somebody does who looks for a fault; the net hears each record, and this proves that there are some."""
    with caplog.at_level(logging.DEBUG):
        ran = netcfg("-v", "apply", "kv-payments", "--organization", "contoso", "--yes", "--accept", "default-deny")
    assert ran.status == 0, ran.err
    assert any(each.name.startswith("urllib3") for each in caplog.records)
    assert "Azure: constant token, tenant 00000000-0000-4000-8000-000000000010" in ran.err
    assert [each for each in caplog.records if leaks.shape_in(each.getMessage())] == []


@pytest.mark.parametrize(
    "words",
    [
        ("geography", "contoso"),
        ("plan", "kv-payments", "--organization", "contoso"),
        ("discover", "contoso"),
        ("group", "list", "--organization", "contoso"),
    ],
    ids=lambda words: words[0],
)
def test_a_credential_that_is_refused_is_named_and_not_told(words: tuple[str, ...], tmp_path: Path, monkeypatch):
    """The planted PAT, the job's token and a managed identity's secret go where they belong, and nowhere else."""
    with serve(world="contoso") as sandbox:
        for name, url in (
            ("NETCFG_RESOURCE_MANAGER", sandbox.url),
            ("NETCFG_DEVOPS", sandbox.devops_url),
            ("NETCFG_DEVOPS_IDENTITY", sandbox.identity_url),
            ("IDENTITY_ENDPOINT", f"{sandbox.url}/msi/token"),
            ("IDENTITY_HEADER", PAT),
        ):
            monkeypatch.setenv(name, url)
        result = CliRunner().invoke(app, ["-v", "--data-dir", str(tmp_path), *words])
        assert sandbox.requests
    said = result.stdout + result.stderr
    assert result.exit_code not in (0, 2), said
    assert "AZURE_DEVOPS_EXT_PAT" in said


# Where something that looks like a credential is meant, because somebody tells of one.
TELLING = {"tests/leaks.py"}


def test_nothing_in_the_repository_looks_like_anybody_s_credential():
    """Cassettes first of all: they are recorded with real ones."""
    parts = [
        ROOT / each
        for each in ("data", "docs", "netcfg", "scripts", "tests", "README.md", "CHANGELOG.md", "SECURITY.md")
    ]
    files = (file for part in parts for file in ([part] if part.is_file() else part.rglob("*")) if file.is_file())
    looked_at = {file.relative_to(ROOT).as_posix(): file.read_bytes() for file in files if file.suffix != ".pyc"}
    assert sum("/cassettes/" in name for name in looked_at) > 10
    found = {name: leaks.real_in(content) for name, content in looked_at.items() if name not in TELLING}
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize(
    "real",
    [
        f"eyJ{'a' * 20}.eyJ{'b' * 20}.{'c' * 20}",
        f"{'a1B2' * 19}AZDO{'x9Y8'}",
        "a2b3" * 13,
        f"abc8Q~{'x.Y_' * 8}",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        f"https://x.example/y?sv=1&sig={'a%2B' * 11}",
        f"Authorization: Basic {'QWxhZGRpbjpvcGVu' * 2}",
        f"Authorization:\n    - Bearer {'abcd' * 6}",
    ],
)
def test_what_a_credential_looks_like_is_known(real: str):
    assert leaks.real_in(f"x\n{real}\n".encode())

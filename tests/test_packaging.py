"""How netcfg reaches a machine: as a wheel that carries its facts, or as a clone that sets itself up."""

import configparser
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


# The wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    with zipfile.ZipFile(next(folder.glob("netcfg-*-py3-none-any.whl"))) as built:
        yield built


@pytest.fixture(scope="session")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked, which is all that installing one does; the libraries are this environment's."""
    folder = tmp_path_factory.mktemp("installed wheel")
    wheel.extractall(folder)
    return folder


def netcfg_from(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # The clone stands in .venv's site-packages as a .pth; PYTHONPATH goes before it.
    code = (
        "import sys, netcfg; from netcfg.cli.main import main;"
        f"assert netcfg.__file__.startswith({str(folder)!r}), netcfg.__file__; sys.exit(main())"
    )
    environment = os.environ | {"PYTHONPATH": str(folder), "NETCFG_DATA_DIR": str(folder / "home")}
    run = [sys.executable, "-P", "-c", code, *arguments]
    return subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_the_wheel_carries_every_fact_of_the_clone(wheel: zipfile.ZipFile):
    facts = {
        f"netcfg/data/{path.relative_to(ROOT / 'data').as_posix()}"
        for path in (ROOT / "data").rglob("*")
        if path.is_file()
    }
    assert facts
    assert facts <= set(wheel.namelist())


def test_the_wheel_carries_what_a_page_is_made_of(wheel: zipfile.ZipFile):
    made_of = {"page.jinja", "vault.jinja", "style.css", "script.js"}
    assert {f"netcfg/formats/html/{name}" for name in made_of} <= set(wheel.namelist())


def test_the_wheel_is_typed_and_licensed_and_brings_nothing_else(wheel: zipfile.ZipFile):
    assert "netcfg/py.typed" in wheel.namelist()
    assert "netcfg-0.1.0.dist-info/licenses/LICENSE" in wheel.namelist()
    assert {name.split("/")[0] for name in wheel.namelist()} == {"netcfg", "netcfg-0.1.0.dist-info"}


def test_the_wheel_makes_the_command(wheel: zipfile.ZipFile):
    scripts = configparser.ConfigParser()
    scripts.read_string(wheel.read("netcfg-0.1.0.dist-info/entry_points.txt").decode())
    assert dict(scripts["console_scripts"]) == {"netcfg": "netcfg.cli.main:main"}


def test_netcfg_from_the_wheel_tells_its_version(installed: Path):
    run = netcfg_from(installed, "--version")
    assert (run.returncode, run.stdout, run.stderr) == (0, "netcfg 0.1.0\n", "")


def test_netcfg_from_the_wheel_finds_its_facts(installed: Path):
    run = netcfg_from(installed, "ranges", "list", "--geography", "EU", "--format", "cidr")
    assert (run.returncode, run.stderr) == (0, "")
    assert "40.74.28.0/23" in run.stdout.split()


# The pins


def pins(name: str) -> dict[str, str]:
    return dict(
        re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", (ROOT / "requirements" / name).read_text("utf-8"), re.MULTILINE)
    )


def test_the_pins_are_what_pyproject_asks_for():
    asked = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["sandbox"],
        *PROJECT["dependency-groups"]["dev"],
    ]
    pinned = pins("test.txt")
    for requirement in map(Requirement, asked):
        assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, f"{requirement}: run scripts/lock"


def test_the_audit_s_pins_are_what_pyproject_asks_for():
    (requirement,) = map(Requirement, PROJECT["dependency-groups"]["audit"])
    assert pins("audit.txt")[requirement.name] in requirement.specifier, "run scripts/lock"


def test_the_tests_run_on_the_pins_that_people_get():
    assert pins("run.txt").items() <= pins("test.txt").items()


@pytest.mark.parametrize("name", ["run.txt", "test.txt", "audit.txt"])
def test_every_pin_has_a_hash_and_no_list_names_a_host(name: str):
    text = (ROOT / "requirements" / name).read_text("utf-8")
    assert all("--hash=sha256:" in pin for pin in re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:])
    assert "://" not in text


# The clone. Its set-up is tried with a uv of a few lines, whose Python says how it was called.

UV = r"""#!/bin/sh
echo "uv $1 $2" >>"$LOG"
[ ! -e "$BROKEN" ] || exit 1
case $1 in
venv) for folder; do :; done; mkdir -p "$folder/bin" "$folder/lib/python3.11/site-packages" ;;
pip) cat >"$PWD/python" <<'END'
#!/bin/sh
case "$*" in *compileall*) exit ;; esac
printf '<%s>' "$@"
exit "${STATUS:-0}"
END
    for list; do :; done
    sleep "${SLOW:-0}"
    chmod +x "$PWD/python"
    mv "$PWD/python" "${list%/requirements/*}/.venv/bin/python" ;;
esac
"""


class Clone:
    """A clone of the scripts, in a folder with a space in its name, beside a home that is empty."""

    def __init__(self, folder: Path):
        self.root = folder / "a clone"
        self.netcfg = self.root / "scripts" / "netcfg"
        self.log = folder / "log"
        self.broken = folder / "broken"
        self.path = folder / "bin"
        for part in ("scripts", "requirements"):
            shutil.copytree(ROOT / part, self.root / part)
        self.path.mkdir()
        (folder / "home").mkdir()
        (self.path / "uv").write_text(UV)
        (self.path / "uv").chmod(0o755)
        (self.path / "python3").symlink_to(sys.executable)
        self.environment = {
            "HOME": str(folder / "home"),
            "PATH": f"{self.path}:/usr/bin:/bin",
            "LOG": str(self.log),
            "BROKEN": str(self.broken),
        }

    def start(self, *arguments: str, command: Path | None = None, cwd: Path | None = None, **environment: str):
        return subprocess.Popen(
            [command or self.netcfg, *arguments],
            cwd=cwd or self.path,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **options) -> tuple[int, str, str]:
        with self.start(*arguments, **options) as process:
            out, err = process.communicate(timeout=60)
            return process.returncode, out, err

    def logged(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_the_first_run_sets_up_and_the_second_starts_at_once(clone: Clone):
    said = f"netcfg: setting up {clone.root}/.venv once\n"
    assert clone.run("plan", "kv-payments") == (0, "<-P><-m><netcfg><plan><kv-payments>", said)
    assert clone.run("plan", "kv-payments") == (0, "<-P><-m><netcfg><plan><kv-payments>", "")
    assert clone.logged() == ["uv venv --quiet", "uv pip install"]


def test_arguments_and_exit_status_pass_through(clone: Clone):
    assert clone.run("--allow", "191.10.18.0/28=head office", "", "*", STATUS="5")[:2] == (
        5,
        "<-P><-m><netcfg><--allow><191.10.18.0/28=head office><><*>",
    )


def test_it_works_through_links_and_from_its_own_folder(clone: Clone, tmp_path: Path):
    clone.run()
    (tmp_path / "link").symlink_to("a clone/scripts/netcfg")
    (clone.path / "netcfg").symlink_to("../link")
    assert clone.run(command=clone.path / "netcfg", cwd=tmp_path) == (0, "<-P><-m><netcfg>", "")
    assert clone.run("netcfg", command=Path("/bin/sh"), cwd=clone.netcfg.parent) == (0, "<-P><-m><netcfg>", "")


def test_a_set_up_that_was_cut_off_is_done_again(clone: Clone):
    with clone.start(SLOW="30") as process:
        while len(clone.logged()) < 2:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    assert (clone.root / ".venv").exists()
    assert clone.run()[:2] == (0, "<-P><-m><netcfg>")
    assert clone.logged() == ["uv venv --quiet", "uv pip install"] * 2


def test_a_set_up_that_failed_says_so_and_is_done_again(clone: Clone):
    clone.broken.touch()
    status, out, err = clone.run(PIP_INDEX_URL="file:///nowhere", PIP_NO_INDEX="1")
    assert (status, out) == (1, "")
    assert err.splitlines()[-1] == (
        f"netcfg: {clone.root}/.venv could not be set up, see above;"
        " that needs a package index, and is tried again by the next run"
    )
    clone.broken.unlink()
    assert clone.run()[:2] == (0, "<-P><-m><netcfg>")


def test_two_first_runs_at_once_set_up_once(clone: Clone):
    with clone.start(SLOW="1") as one, clone.start(SLOW="1") as other:
        assert [p.communicate(timeout=60)[0] for p in (one, other)] == ["<-P><-m><netcfg>"] * 2
    assert clone.logged() == ["uv venv --quiet", "uv pip install"]


def test_a_pin_that_moved_sets_up_anew(clone: Clone):
    clone.run()
    with (clone.root / "requirements" / "run.txt").open("a") as pins:
        pins.write("# moved\n")
    assert clone.run()[2] == f"netcfg: setting up {clone.root}/.venv once\n"
    assert clone.run()[2] == ""


def test_a_clone_that_moved_still_starts_at_once(clone: Clone, tmp_path: Path):
    clone.run()
    moved = clone.root.rename(tmp_path / "moved")
    assert clone.run(command=moved / "scripts" / "netcfg") == (0, "<-P><-m><netcfg>", "")
    site = moved / ".venv/lib/python3.11/site-packages"
    assert (site / (site / "netcfg.pth").read_text().strip()).resolve() == moved


def test_where_python_cannot_make_environments_one_sentence_names_the_package(clone: Clone, tmp_path: Path):
    # Debian's python3 without python3-venv: the module is there, and what it calls is not.
    (tmp_path / "ensurepip").mkdir()
    (tmp_path / "ensurepip" / "__init__.py").write_text("raise ModuleNotFoundError(name='ensurepip')")
    (clone.path / "uv").unlink()
    here = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    python = os.path.realpath(sys.executable)
    sentence = (
        f"netcfg: {python} cannot make virtual environments; on Debian and Ubuntu install {here}"
        f" (sudo apt-get install {here}), elsewhere install uv\n"
    )
    assert clone.run(PYTHONPATH=str(tmp_path), NETCFG_PYTHON="python3") == (1, "", sentence)


def test_where_no_python_will_do_one_sentence_says_so(clone: Clone):
    (clone.path / "python3").unlink()
    (clone.path / "python2").write_text("#!/bin/sh\nexit 1\n")
    (clone.path / "python2").chmod(0o755)
    assert clone.run(NETCFG_PYTHON="python2") == (
        1,
        "",
        "netcfg: NETCFG_PYTHON is 'python2', which is not a Python 3.11 or newer\n",
    )


# The browser that the tests of the HTML report run in


@pytest.fixture
def fetched(clone: Clone) -> Callable[..., tuple[int, str, list[str]]]:
    """Look for a browser as scripts/test does, with a Python of one line that says how it was called."""
    python = clone.root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$*" >>"$LOG"\necho "${SAID:-}"\nexit "${STATUS:-0}"\n')
    python.chmod(0o755)
    tools = clone.path / "tools"
    tools.mkdir()
    (tools / "id").symlink_to(shutil.which("id") or "id")

    def fetch(**environment: str) -> tuple[int, str, list[str]]:
        code = f"root='{clone.root}'; . '{clone.root}/scripts/setup.sh'; browser"
        run = subprocess.run(
            ["/bin/sh", "-euc", code, "test"],
            env=clone.environment | {"PATH": str(tools)} | environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert run.stdout == ""
        return run.returncode, run.stderr, clone.logged()

    return fetch


def test_a_browser_is_fetched_once_where_there_is_none(fetched: Callable[..., tuple[int, str, list[str]]]):
    calls = ["-m playwright install chromium"]
    assert fetched() == (0, "test: fetching Chromium once, for the tests of the HTML report\n", calls)
    assert fetched() == (0, "", calls)


def test_a_browser_that_cannot_be_fetched_stops_no_test(fetched: Callable[..., tuple[int, str, list[str]]]):
    status, said, _ = fetched(STATUS="1", SAID="Error: Download failed: server returned code 403 body ''")
    assert (status, said.splitlines()[1:]) == (0, ["test: Chromium could not be fetched, so those tests are skipped"])
    assert fetched()[1] == ""  # the answer will be the same tomorrow


def test_a_browser_that_was_out_of_reach_is_asked_for_again(fetched: Callable[..., tuple[int, str, list[str]]]):
    for _ in range(2):
        status, said, _ = fetched(STATUS="1", SAID="Error: getaddrinfo ENOTFOUND")
        assert (status, said.splitlines()[1:]) == (
            0,
            ["test: Chromium could not be fetched, so those tests are skipped; the next run tries again"],
        )
    assert fetched()[2] == ["-m playwright install chromium"] * 3


def test_nothing_is_fetched_where_the_system_has_a_browser(
    clone: Clone, fetched: Callable[..., tuple[int, str, list[str]]]
):
    (clone.path / "tools" / "google-chrome").symlink_to("/bin/true")
    assert fetched() == (0, "", [])

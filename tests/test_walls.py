"""Imports go one way: cli → workflow → core. Whoever moves a wall has to move it here, in view of a reviewer."""

import ast
import resource
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "netcfg"

# What each room may import of ours, besides itself. `netcfg` alone is the version, which a User-Agent tells.
ROOMS: dict[str, set[str]] = {
    "core": set(),
    "workflow": {"netcfg.core"},
    "config": {"netcfg.core"},
    "saved": {"netcfg.core"},  # what netcfg writes for itself to read again
    "audit": {"netcfg.core"},  # the logs of vaults, which Azure wrote and we only read
    "formats": {"netcfg.core", "netcfg"},
    "web": {"netcfg.core", "netcfg"},  # how we speak HTTP, for the rooms that do
    "sources": {"netcfg.core", "netcfg.web", "netcfg"},
    "azure": {"netcfg.core", "netcfg.web", "netcfg"},
    "devops": {"netcfg.core", "netcfg.web", "netcfg"},
    "sandbox": set(),  # an emulator that shares our types agrees with our mistakes
    "cli": {
        "netcfg.core",
        "netcfg.workflow",
        "netcfg.audit",
        "netcfg.config",
        "netcfg.saved",
        "netcfg.formats",
        "netcfg.sources",
        "netcfg.azure",
        "netcfg.devops",
        "netcfg.sandbox",
        "netcfg.web",
        "netcfg",
    },
}

# Libraries that one room keeps to itself.
KEPT_BY = {
    "azure": "azure",
    "msal": "azure",
    "starlette": "sandbox",
    "uvicorn": "sandbox",
    "trustme": "sandbox",
    "typer": "cli",
    "jinja2": "formats",
    "ruamel": "config",
    "msgspec": "config",
}

# The core has no input, no output, no clock and no environment. (`os` and `io` have no other use in it.)
TALKERS = {
    "asyncio", "http", "io", "logging", "multiprocessing", "os", "requests", "selectors", "shutil", "socket",
    "socketserver", "ssl", "subprocess", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
SPEECH = {"open", "print", "input", "breakpoint"}

# The day is an argument everywhere but here, so that a sandbox world can have its own. A stopwatch
# (`time.monotonic`) and a pause (`time.sleep`) tell no day and are free.
CLOCKS = {
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "time.time", "time.time_ns", "time.gmtime", "time.localtime", "time.ctime", "time.asctime", "time.strftime",
}  # fmt: skip
MAY_READ_THE_CLOCK = {"netcfg/cli/clock.py"}
# The sandbox's day is its world's too; but its waits outlive its process, and a client compares a token's end with
# its own clock.
ALSO_FREE_IN_THE_SANDBOX = {"time.time"}

# What starting the program must not wait for.
HEAVY = ("azure", "msal", "msgspec", "requests", "ruamel", "starlette", "uvicorn", "trustme", "cryptography", "jinja2")


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, wherever in the file: at the top, in a function, or for a type checker only."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module="netcfg", level=0):  # from netcfg import core, __version__
                yield from ("netcfg" if a.name.startswith("__") else f"netcfg.{a.name}" for a in node.names)
            case ast.ImportFrom(level=0):
                assert node.module is not None
                yield node.module
            case ast.ImportFrom():
                raise AssertionError(f"line {node.lineno}: a relative import hides who imports whom")


def uses(tree: ast.AST) -> set[str]:
    """Every dotted name that is read, spelled out: after `import datetime as dt`, `dt.date` is `datetime.date`."""
    meaning: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                meaning |= {
                    a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0] for a in node.names
                }
            case ast.ImportFrom():
                meaning |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}

    def spelled(node: ast.AST) -> str:
        match node:
            case ast.Name(id=name):
                return meaning.get(name, name)
            case ast.Attribute(value=value, attr=attr):
                return f"{spelled(value)}.{attr}"
            case _:
                return ""

    return {spelled(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)}


def room_of(module: str) -> str:
    """`netcfg.core` for `netcfg.core.rules`; other people's modules as their top name."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "netcfg" else parts[0]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), path)


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """Every module that a file imports; each is asked about by many tests."""
    return tuple(imports(tree_of(path)))


ALL = modules(PACKAGE)
in_every_module = pytest.mark.parametrize("path", ALL, ids=named)


def in_every_module_of(room: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", modules(PACKAGE / room), ids=named)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_exists_and_holds_something(room: str):
    assert [p for p in modules(PACKAGE / room) if p.name != "__init__.py"]


def test_there_are_no_other_rooms():
    assert {p.parent.relative_to(PACKAGE).parts[0] for p in ALL if p.parent != PACKAGE} == set(ROOMS)
    assert {p.name for p in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room: str):
    may = ROOMS[room] | {f"netcfg.{room}"}
    found = {(named(p), i) for p in modules(PACKAGE / room) for i in imports_of(p) if i.split(".")[0] == "netcfg"}
    assert {(path, i) for path, i in found if room_of(i) not in may} == set()


@pytest.mark.parametrize(("library", "room"), KEPT_BY.items())
def test_a_library_stays_in_its_room(library: str, room: str):
    elsewhere = [p for p in ALL if not p.is_relative_to(PACKAGE / room)]
    assert [named(p) for p in elsewhere if library in map(room_of, imports_of(p))] == []
    assert any(library in map(room_of, imports_of(p)) for p in modules(PACKAGE / room)) or library == "msal"


@in_every_module_of("core")
def test_the_core_needs_nothing_but_the_standard_library(path: Path):
    others = {room_of(i) for i in imports_of(path) if i != "urllib.parse"} - {"netcfg.core"}
    assert others <= sys.stdlib_module_names - TALKERS


@in_every_module_of("core")
def test_the_core_neither_reads_nor_writes(path: Path):
    called = {
        node.func.id
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called & SPEECH == set()


@in_every_module
def test_no_module_reads_the_clock(path: Path):
    if named(path) not in MAY_READ_THE_CLOCK:
        free = ALSO_FREE_IN_THE_SANDBOX if path.is_relative_to(PACKAGE / "sandbox") else set()
        assert uses(tree_of(path)) & CLOCKS <= free


@pytest.mark.parametrize("path", sorted(MAY_READ_THE_CLOCK))
def test_who_may_read_the_clock_does(path: str):
    assert uses(tree_of(ROOT / path)) & CLOCKS


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\ndef f(): return datetime.now(UTC)",
        "import datetime as dt\nclock = dt.datetime.now",
        "from datetime import date as day\nday.today()",
        "import time\ntime.time()",
        "from time import time\ntime()",
    ],
)
def test_a_look_at_the_clock_is_seen_however_it_is_written(source: str):
    assert uses(ast.parse(source)) & CLOCKS


def test_a_value_called_today_is_no_clock():
    assert (
        uses(ast.parse("from datetime import date\ndef f(run, today: date): return run.today, date(2026, 2, 10)"))
        & CLOCKS
        == set()
    )


def test_an_import_inside_a_function_or_for_types_only_is_seen():
    source = "if T:\n    import azure.core\ndef f():\n    from netcfg.devops import rest\n    from netcfg import cli"
    assert list(map(room_of, imports(ast.parse(source)))) == ["azure", "netcfg.devops", "netcfg.cli"]


def python(code: str, *arguments: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return run.stdout.splitlines()[-1]


EACH = """
import sys
from importlib import import_module
for name in sys.argv[1:]:
    before = set(sys.modules)
    import_module(name)
    for each in sorted({one.split(".")[0] for one in set(sys.modules) - before}):
        print(name, each)
"""


def test_importing_the_core_loads_nothing_that_talks():
    # All of them in one process: what no module has loaded in the end, none of them loads by itself.
    paths = [path.relative_to(ROOT).with_suffix("").parts for path in modules(PACKAGE / "core")]
    names = [".".join(parts).removesuffix(".__init__") for parts in paths]
    run = subprocess.run([sys.executable, "-c", EACH, *names], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = [line.split() for line in run.stdout.splitlines()]
    talkers = {"azure", "http", "requests", "rich", "socket", "subprocess", "typer"}
    assert ["netcfg.core", "netcfg"] in loaded
    assert [line for line in loaded if line[1] in talkers] == []


START = """
import sys
sys.argv = ["netcfg", *sys.argv[1:]]
from netcfg.cli.main import main
try:
    status = main()
except SystemExit as end:
    status = end.code
assert not status, status
print()
print(*sys.modules)
"""


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_wait_for_no_library_that_talks(option: str):
    loaded = {name.split(".")[0] for name in python(START, option).split()}
    assert "typer" in loaded
    assert loaded & set(HEAVY) == set()


def processor_time(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_take_little_longer_than_importing_typer(option: str):
    # Processor time and the best of several runs in turn: a busy machine stretches a wall clock, not these. Where the
    # first few say it already, more of them would say nothing else.
    typer = ours = float("inf")
    for turn in range(12):
        typer = min(typer, processor_time("-c", "import typer"))
        ours = min(ours, processor_time("-m", "netcfg", option))
        if turn >= 3 and ours <= 1.5 * typer:
            break
    assert ours <= 1.6 * typer, f"{ours * 1000:.0f} ms, and import typer {typer * 1000:.0f} ms"

"""What every test stands on: an environment that says nothing, and Hypothesis without a stopwatch.

And what every test is held to: nothing that it writes has a token in it (see `leaks`).
"""

import gc
import logging
import os
import pickle
import signal
import subprocess
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import starlette.routing
import typer.main
import typer.testing
from hypothesis import settings

from netcfg.sandbox.worlds import world as worlds
from tests import leaks

# Two busy cores make any deadline a coin toss. A law that says nothing else is tried fifty times; NETCFG_THOROUGH=1
# tries it a thousand times.
settings.register_profile("netcfg", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("thorough" if os.environ.get("NETCFG_THOROUGH") else "netcfg")

# Ten thousand tests are a million objects that live as long as the process, and to look for garbage among them took a
# fifth of its time. So nobody looks while they are collected, and later only among what was made since, and seldom.
gc.disable()

# Where everybody has a group of his own, a new file is often one that the group may write.
os.umask(0o022)

# A shell without job control starts what runs in its background with Ctrl-C ignored, and so would be all that we start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A developer's own sign-in, a CI system's variables and a terminal's wishes would all change what netcfg does.
SPEAKING = ("NETCFG_", "AZURE", "ARM_", "SYSTEM_", "BUILD_", "AGENT_", "TF_BUILD", "GITHUB_", "IDENTITY_", "MSI_")
SPEAKING_EXACTLY = ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "TERM")


@pytest.fixture(scope="session", autouse=True)
def _short_pauses() -> Iterator[None]:
    """What is repeated is repeated as often as ever, and nobody waits a second in between."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("netcfg.web.http.FIRST_PAUSE", 0.05)
        patch.setattr("netcfg.azure.arm.FIRST_PAUSE", 0.05)
        patch.setattr("netcfg.azure.pacing.FIRST_PAUSE", 0.05)
        patch.setattr("netcfg.azure.pacing.SPREAD", 0.01)
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_set_of_commands() -> Iterator[None]:
    """Typer builds all commands anew for each run of a test, which takes longer than most of the runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def _each_world_made_once() -> Iterator[None]:
    """To read a bundled world and to compile the routes anew for each sandbox takes as long as most of its tests do."""
    begin = worlds.begin
    kept: dict[str, bytes] = {}

    def begun(world: Any) -> Any:
        if not isinstance(world, str) or not world.isalnum():
            return begin(world)
        if world not in kept:
            kept[world] = pickle.dumps(begin(world))
        return pickle.loads(kept[world])  # noqa: S301 - our own

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("netcfg.sandbox.worlds.world.begin", begun)
        patch.setattr("starlette.routing.compile_path", cache(starlette.routing.compile_path))
        yield


@pytest.fixture(scope="session", autouse=True)
def _a_silent_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))  # no record of a test is the developer's
        for name in list(os.environ):
            if name.startswith(SPEAKING) or name in SPEAKING_EXACTLY:
                patch.delenv(name)
        for name, token in leaks.ENVIRONMENT.items():
            patch.setenv(name, token)
        yield


@pytest.fixture(scope="session", autouse=True)
def _everything_written_is_looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What programs print reaches only the test that ran them; the rest is looked at when a test, or all, ends."""
    invoke, communicate, readouterr = (
        typer.testing.CliRunner.invoke,
        subprocess.Popen.communicate,
        pytest.CaptureFixture.readouterr,
    )

    def invoked(*arguments: Any, **options: Any) -> Any:
        result = invoke(*arguments, **options)
        leaks.FOUND.look("what a command printed", result.stdout_bytes, result.stderr_bytes)
        return result

    def communicated(*arguments: Any, **options: Any) -> Any:
        said = communicate(*arguments, **options)
        leaks.FOUND.look("what a process printed", *said)
        return said

    def captured(*arguments: Any, **options: Any) -> Any:
        said = readouterr(*arguments, **options)
        leaks.FOUND.look("what was printed", *said)
        return said

    listener = leaks.Listener(leaks.FOUND)
    logging.getLogger().addHandler(listener)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing.CliRunner.invoke", invoked)
        patch.setattr("subprocess.Popen.communicate", communicated)
        patch.setattr("pytest.CaptureFixture.readouterr", captured)
        yield
    logging.getLogger().removeHandler(listener)
    left = (each for each in tmp_path_factory.getbasetemp().iterdir() if not each.is_symlink())
    shared = [each for each in left if each not in leaks.FOUND.seen]
    leaks.FOUND.look_beneath(shared)
    assert leaks.FOUND.taken() == []


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(1_000, 10, 300)
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that leaves a token behind has an error at its end, whatever it was about."""
    report = yield
    if report.when == "teardown":
        for name, content in report.sections:
            leaks.FOUND.look(name, content)
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        leaks.FOUND.look_beneath([folder] if isinstance(folder, Path) else [])
        if found := leaks.FOUND.taken():
            report.outcome, report.longrepr = "failed", "\n".join(found)
    return report

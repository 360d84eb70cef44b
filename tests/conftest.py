"""What every test stands on: an environment that says nothing, and Hypothesis without a stopwatch."""

import os
import signal
from collections.abc import Iterator
from functools import cache

import pytest
import typer.main
import typer.testing
from hypothesis import settings

settings.register_profile("netcfg", deadline=None)  # two busy cores make any deadline a coin toss
settings.load_profile("netcfg")

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
def _a_silent_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(SPEAKING) or name in SPEAKING_EXACTLY:
                patch.delenv(name)
        yield

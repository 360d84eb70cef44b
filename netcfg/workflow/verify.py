"""Verify: look at a vault from here until the answer can no longer get better by waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from netcfg.core.errors import NetcfgError
from netcfg.core.resources import VaultId
from netcfg.core.verdict import judge
from netcfg.core.verification import Hope, Known, Obstacle, Verification
from netcfg.workflow.collaborators import KnownVaults, Progress, Secrets

FIRST_PAUSE = 1.0  # seconds; doubled each time
LONGEST_PAUSE = 15.0
TRIES = 4  # looks that all found the network or the service out of order

# Where Azure Resource Manager may know better; whoever cannot sign in cannot ask it either.
_EXPLAINABLE = frozenset(Obstacle) - {Obstacle.SIGN_IN, Obstacle.TLS, Obstacle.ANSWER}


@dataclass(frozen=True)
class Vantage:
    """Everything outside that verifying from here works with. `clock` counts seconds from anywhere.

    `program` is what the commands of the next steps begin with: the program, told where to go as it was this time.
    """

    secrets: Secrets
    known: KnownVaults
    progress: Progress
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    program: str = "netcfg"


def verify(vault: VaultId | str, seconds: float, around: Vantage) -> Verification:
    """What reading the vault from here comes to, looked at again for `seconds` where waiting can help.

    Azure Resource Manager is asked at most once, and only what nothing is in the way of needs it not at all.
    """
    name = vault if isinstance(vault, str) else vault.name
    end = around.clock() + seconds
    pause, troubles = FIRST_PAUSE, 0
    asked: Known | NetcfgError | None = None
    while True:
        around.progress.step(f"reading secret names of {name} from here")
        seen = around.secrets.look(name)
        found = judge(seen, program=around.program)
        if found.obstacle in _EXPLAINABLE:
            asked = asked or _ask(vault, name, around)
            found = judge(seen, asked, around.program) if isinstance(asked, Known) else _unexplained(found, asked)
        troubles = troubles + 1 if found.hope is Hope.RETRY else 0
        left = end - around.clock()
        if found.hope is Hope.NONE or troubles >= TRIES or left <= 0 or found.wait > left:
            return found
        wait = min(max(pause, found.wait), left)
        around.progress.step(f"waiting {wait:.0f} of {left:.0f} seconds, as the obstacle may pass: {_named(found)}")
        around.sleep(wait)
        pause = min(2 * pause, LONGEST_PAUSE)


def _ask(vault: VaultId | str, name: str, around: Vantage) -> Known | NetcfgError:
    around.progress.step(f"asking Azure Resource Manager about {name}")
    try:
        return around.known.known(vault)
    except NetcfgError as error:
        return error


def _unexplained(found: Verification, error: NetcfgError) -> Verification:
    """The same, without what Azure Resource Manager might have explained."""
    return replace(found, notes=(*found.notes, f"Azure Resource Manager could not explain it: {error}"))


def _named(found: Verification) -> str:
    return found.obstacle.value.replace("-", " ") if found.obstacle else ""

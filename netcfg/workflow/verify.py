"""Verify: look at a vault from here until the answer can no longer get better by waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from netcfg.core.errors import NetcfgError
from netcfg.core.resources import VaultId
from netcfg.core.verdict import judge
from netcfg.core.verification import Known, Obstacle, Verification
from netcfg.workflow.collaborators import KnownVaults, Progress, Secrets
from netcfg.workflow.patience import UNSEEN, Watch, look_until, notes_of_wait

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


def verify(vault: VaultId | str, seconds: float, around: Vantage, unseen: float = UNSEEN) -> Verification:
    """What reading the vault from here comes to, looked at again for `seconds` where waiting can help; for `unseen`
    ones where nobody sees whether it can.

    Azure Resource Manager is asked at most once, and only what nothing is in the way of needs it not at all.
    """
    name = vault if isinstance(vault, str) else vault.name
    asked: list[Known | NetcfgError] = []

    def look() -> Verification:
        around.progress.step(f"reading secret names of {name} from here")
        seen = around.secrets.look(name)
        found = judge(seen, program=around.program)
        if found.obstacle not in _EXPLAINABLE:
            return found
        if not asked:
            asked.append(_ask(vault, name, around))
        known = asked[0]
        return judge(seen, known, around.program) if isinstance(known, Known) else _unexplained(found, known)

    found = look_until(look, seconds, Watch(around.progress, around.sleep, around.clock), unseen)
    return replace(found, notes=(*found.notes, *notes_of_wait(found, seconds, unseen)))


def _ask(vault: VaultId | str, name: str, around: Vantage) -> Known | NetcfgError:
    around.progress.step(f"asking Azure Resource Manager about {name}")
    try:
        return around.known.known(vault)
    except NetcfgError as error:
        return error


def _unexplained(found: Verification, error: NetcfgError) -> Verification:
    """The same, without what Azure Resource Manager might have explained."""
    return replace(found, notes=(*found.notes, f"Azure Resource Manager could not explain it: {error}"))

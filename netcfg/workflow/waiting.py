"""Waiting between two waves, and the look at what became of the first of them meanwhile."""

from __future__ import annotations

from netcfg.core.errors import NetcfgError, PutBack
from netcfg.core.plan import differences
from netcfg.core.resources import Vault
from netcfg.core.words import counted
from netcfg.workflow.collaborators import Surroundings

INTERVAL = 10  # seconds between two lines that say how long it still takes


def wait(seconds: int, after: str, around: Surroundings) -> None:
    """Let so many seconds pass, or fewer if somebody wants us to end."""
    left = seconds
    while left > 0 and not around.stop.is_set():
        around.progress.step(f"waiting for {counted(left, 'second')} after {after}")
        around.stop.wait(min(left, INTERVAL))
        left -= INTERVAL


def why_not_as_written(vault: Vault, around: Surroundings) -> NetcfgError | None:
    """Why a vault is not well that was written some time ago, when Azure showed it as `vault`; `None` if it is."""
    try:
        found = around.vaults.read_back(vault)
    except NetcfgError as error:
        return error
    if found.firewall == vault.firewall:
        return None
    return PutBack(vault.name, differences(vault.firewall, found.firewall))

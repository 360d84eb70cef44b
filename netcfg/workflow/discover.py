"""Discover: the agent pools of organizations and where their machines are, and the vaults that their groups use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from netcfg.core.agents import AgentPool, Listing, ManagedPool, Whereabouts, assemble
from netcfg.core.discovery import Discovery
from netcfg.core.errors import NetcfgError
from netcfg.workflow.collaborators import Progress, VariableGroups

Found = TypeVar("Found")


class Pools(Protocol):
    """The agent pools that Azure DevOps lists."""

    def listing(self, organization: str) -> Listing:
        """Every pool of the organization that may be seen."""


class Machines(Protocol):
    """The machines of agents, as Azure shows them."""

    def scale_sets(self, scale_sets: Sequence[str]) -> Mapping[str, Whereabouts | NetcfgError]:
        """Where the machines of each are, by its id in lower case; one that may not be read maps to the error."""

    def managed_pools(self, organization: str) -> tuple[ManagedPool, ...]:
        """The Managed DevOps Pools that say they serve the organization, each as it is now or with its error.

        Those that may not be read cannot be told from none.
        """


class FoundAgents:
    """Fulfils `Agents`: what Azure DevOps lists, joined with what Azure shows of the machines."""

    def __init__(self, listed: Pools, machines: Machines) -> None:
        self._listed = listed
        self._machines = machines

    def pools(self, organization: str) -> tuple[AgentPool, ...]:
        """Every pool, or the error of the first one whose machines are there and could not be read."""
        found = self.look(organization)
        if error := next((each.error for each in found if each.error), None):
            raise error
        return found

    def look(self, organization: str) -> tuple[AgentPool, ...]:
        """Every pool, those that could not be read with their error."""
        listing = self._listed.listing(organization)
        with ThreadPoolExecutor(2) as pool:
            scale_sets = pool.submit(self._machines.scale_sets, listing.scale_sets) if listing.scale_sets else None
            managed = _attempt(self._machines.managed_pools, listing.organization) if listing.may_be_managed else ()
            return assemble(listing, scale_sets.result() if scale_sets else {}, managed)


@dataclass(frozen=True)
class Exploration:
    """An organization, and everything that its discovery works with."""

    organization: str
    agents: FoundAgents
    groups: VariableGroups
    progress: Progress


def discover(around: Exploration) -> Discovery:
    """Both halves of what an organization needs vaults for. An error that ends both is the error of the run."""
    with ThreadPoolExecutor(2) as pool:
        around.progress.step(f"looking for the agents of {around.organization}")
        found = pool.submit(_attempt, around.agents.look, around.organization)
        around.progress.step(f"looking for the variable groups of {around.organization}")
        linked = _attempt(around.groups.linked, around.organization)
        pools = found.result()
    if isinstance(pools, NetcfgError) and isinstance(linked, NetcfgError) and str(pools) == str(linked):
        raise pools
    return Discovery(around.organization, pools, linked)


def _attempt(read: Callable[[str], Found], organization: str) -> Found | NetcfgError:
    """What was read or the error; what was asked wrongly is wrong for both halves."""
    try:
        return read(organization)
    except NetcfgError as error:
        if error.status == 2:
            raise
        return error

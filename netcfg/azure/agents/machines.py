"""The machines that agents run on, as Azure shows them to the one who is signed in."""

from __future__ import annotations

from collections.abc import Sequence

from netcfg.azure.agents import managed_pools, scale_sets
from netcfg.azure.arm import ResourceManager
from netcfg.core.agents import ManagedPool, Whereabouts
from netcfg.core.errors import NetcfgError


class AzureMachines:
    """Scale sets and Managed DevOps Pools. Nothing is asked for while there is nothing to look for."""

    def __init__(self, arm: ResourceManager) -> None:
        self._arm = arm

    def scale_sets(self, ids: Sequence[str]) -> dict[str, Whereabouts | NetcfgError]:
        """Where the machines of each are, by its id in lower case; one that may not be read maps to the error."""
        return scale_sets.find(self._arm, ids)

    def managed_pools(self, organization: str) -> tuple[ManagedPool, ...]:
        """The Managed DevOps Pools that serve the organization. Those that may not be read cannot be told from none."""
        return managed_pools.find(self._arm, organization)

"""What an organization needs vaults for: the agents that it runs, and the variable groups that are linked to vaults."""

from __future__ import annotations

from dataclasses import dataclass

from netcfg.core.agents import AgentPool
from netcfg.core.errors import NetcfgError


@dataclass(frozen=True, order=True)
class LinkedGroup:
    """A variable group whose values come from a vault, which it knows by name only.

    `connection` is the id of the service connection by which Azure DevOps reads it.
    """

    vault: str
    project: str
    name: str
    connection: str


@dataclass(frozen=True)
class ClosedProject:
    """A project whose variable groups could not be read."""

    name: str
    error: NetcfgError


@dataclass(frozen=True)
class Library:
    """The variable groups of an organization that are linked to vaults, but for those of projects that are closed.

    Projects that a sign-in may not see are left out of every list; one that `is_blind` sees none.
    """

    groups: tuple[LinkedGroup, ...] = ()
    closed: tuple[ClosedProject, ...] = ()
    is_blind: bool = False


@dataclass(frozen=True)
class Discovery:
    """What was found in an organization, in two halves. One that could not be read is the error that says why."""

    organization: str
    pools: tuple[AgentPool, ...] | NetcfgError
    library: Library | NetcfgError

    @property
    def known_pools(self) -> tuple[AgentPool, ...]:
        return () if isinstance(self.pools, NetcfgError) else self.pools

    @property
    def closed_projects(self) -> tuple[ClosedProject, ...]:
        return () if isinstance(self.library, NetcfgError) else self.library.closed

    @property
    def vaults(self) -> dict[str, tuple[LinkedGroup, ...]]:
        """The groups that use each vault, by its name, whose case does not count."""
        groups = () if isinstance(self.library, NetcfgError) else sorted(self.library.groups)
        spelled: dict[str, str] = {}
        found: dict[str, list[LinkedGroup]] = {}
        for each in groups:
            found.setdefault(spelled.setdefault(each.vault.lower(), each.vault), []).append(each)
        return {name: tuple(found[name]) for name in sorted(found, key=str.lower)}

    @property
    def undetermined(self) -> tuple[tuple[str, NetcfgError], ...]:
        """What could not be read, and why. One error of many pools is told once."""
        halves = (("agent pools", self.pools), ("variable groups", self.library))
        names: dict[NetcfgError, list[str]] = {}
        for each in self.known_pools:
            if each.error:
                names.setdefault(each.error, []).append(each.name)
        return (
            *((what, half) for what, half in halves if isinstance(half, NetcfgError)),
            *((f"agent pool{'s' * (len(some) > 1)} {', '.join(some)}", error) for error, some in names.items()),
            *((f"variable groups of the project {each.name}", each.error) for each in self.closed_projects),
        )

    @property
    def status(self) -> int:
        """0 where everything was read, 7 where a part was, 1 where nothing was."""
        if isinstance(self.pools, NetcfgError) and isinstance(self.library, NetcfgError):
            return 1
        return 7 if self.undetermined else 0

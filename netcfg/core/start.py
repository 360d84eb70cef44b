"""What `netcfg init` is told about a repository that begins to use netcfg."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from netcfg.core.geography import Geography
from netcfg.core.resources import SubnetId, SubnetName, VaultId
from netcfg.core.target import Choice, merge
from netcfg.core.terms import NO_TERMS


class Forge(Enum):
    """Whose pipelines run there, by the name that somebody types."""

    AZURE = "azure"
    GITHUB = "github"


@dataclass(frozen=True)
class Start:
    """What is known at the start, each once; the rest is written as a comment, for somebody to say.

    A vault that is named by its name and by its id is named by its id. Two ids of one name are a usage error, as they
    are in the configuration.
    """

    organizations: tuple[str, ...] = ()
    geographies: tuple[Geography, ...] = ()
    subnets: tuple[SubnetId | SubnetName, ...] = ()
    vaults: tuple[VaultId | str, ...] = ()

    def __post_init__(self) -> None:
        organizations: dict[str, str] = {}
        for each in self.organizations:
            organizations.setdefault(each.lower(), each)
        object.__setattr__(self, "organizations", tuple(organizations.values()))
        object.__setattr__(self, "geographies", tuple(dict.fromkeys(self.geographies)))
        object.__setattr__(self, "subnets", tuple(dict.fromkeys(self.subnets)))
        object.__setattr__(self, "vaults", tuple(one.chosen for one in merge(map(_choice, self.vaults))))

    @property
    def missing(self) -> tuple[str, ...]:
        """What has to be said before a plan can be made."""
        where = () if self.organizations or self.geographies else ("the organization or the geography",)
        return (*where, *(() if self.vaults else ("the vaults",)))


def _choice(vault: VaultId | str) -> Choice:
    return Choice(vault, NO_TERMS)


def guess(files: Collection[str]) -> frozenset[Forge]:
    """Whose pipelines a folder with files of these names has; both, where nothing tells."""
    azure = any(name.startswith(("azure-pipelines", ".azure-pipelines", ".azuredevops")) for name in files)
    found = {Forge.AZURE} if azure else set()
    found |= {Forge.GITHUB} if ".github" in files else set()
    return frozenset(found or Forge)

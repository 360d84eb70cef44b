"""Which vaults are meant, and what is meant for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netcfg.core.intent import Intent
from netcfg.core.resources import VaultId
from netcfg.core.terms import Terms


@dataclass(frozen=True, order=True)
class Location:
    """A line of a file that somebody wrote, counted from 1; `file` as it was named."""

    file: str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Selection:
    """Vaults that nobody names: all that have every one of these tags, in any of the subscriptions and groups.

    Where there are no subscriptions, or no groups, all that can be seen are meant.
    """

    subscriptions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        said = [f"subscription {', '.join(self.subscriptions)}" if self.subscriptions else ""]
        said += [f"resource group {', '.join(self.resource_groups)}" if self.resource_groups else ""]
        said += [f"tag {name}={value}" for name, value in self.tags]
        return f"the vaults of {', '.join(filter(None, said))}"


@dataclass(frozen=True)
class Choice:
    """What somebody chose, what is said about it, and on which line; nobody has asked Azure yet."""

    chosen: VaultId | str | Selection
    terms: Terms
    where: Location | None = None


def are_several(choices: Iterable[Choice]) -> bool:
    """Whether more than one vault is chosen, or may be. A vault's name and an id of that name are one vault."""
    chosen = [each.chosen for each in choices]
    names = {each.name if isinstance(each, VaultId) else str(each).lower() for each in chosen}
    return len(names) > 1 or any(isinstance(each, Selection) for each in chosen)


@dataclass(frozen=True)
class Target:
    """A vault, by its id or its name, and what is meant for it.

    `is_selected` is whether nobody named it, but a selection found it; `where` is the line that chose it.
    """

    vault: VaultId | str
    intent: Intent
    is_selected: bool = False
    where: Location | None = None

    @property
    def name(self) -> str:
        """The vault's name in lower case: unique in its cloud, so it stands for the id too."""
        return self.vault.name if isinstance(self.vault, VaultId) else self.vault.lower()

"""Linkage: which variable groups use which vaults, as far as the organizations could be asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from netcfg.core.discovery import Library, LinkedGroup
from netcfg.core.errors import NetcfgError, NoProjectShown


@dataclass(frozen=True)
class Linkage:
    """What each organization that was asked has linked, or the error that says why nobody knows."""

    libraries: tuple[tuple[str, Library | NetcfgError], ...] = ()

    @property
    def organizations(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.libraries)

    @cached_property
    def vaults(self) -> dict[str, tuple[tuple[str, LinkedGroup], ...]]:
        """The groups that use each vault, with their organization, by the vault's name in lower case."""
        found: dict[str, list[tuple[str, LinkedGroup]]] = {}
        for organization, library in self.libraries:
            for group in sorted(library.groups) if isinstance(library, Library) else ():
                found.setdefault(group.vault.lower(), []).append((organization, group))
        return {name: tuple(found[name]) for name in sorted(found)}

    @cached_property
    def closed(self) -> tuple[tuple[str, str, NetcfgError], ...]:
        """What could not be read: the organization, what it is called, and why."""
        found: list[tuple[str, str, NetcfgError]] = []
        for organization, library in self.libraries:
            if isinstance(library, NetcfgError):
                found.append((organization, f"the variable groups of {organization}", library))
            elif library.is_blind:
                found.append((organization, f"the variable groups of {organization}", NoProjectShown(organization)))
            else:
                found += [
                    (organization, f"the variable groups of the project {each.name} in {organization}", each.error)
                    for each in library.closed
                ]
        return tuple(found)

    def with_libraries(self, other: Linkage) -> Linkage:
        """The same, and what `other` organizations have."""
        return Linkage((*self.libraries, *other.libraries))

    def of(self, organizations: Iterable[str]) -> Linkage:
        """What is known of these organizations alone."""
        wanted = {each.casefold() for each in organizations}
        return Linkage(tuple(each for each in self.libraries if each[0].casefold() in wanted))

    def users(self, vault: str) -> tuple[str, ...]:
        """The organizations whose groups use the vault of that name."""
        return tuple(dict.fromkeys(organization for organization, _ in self.vaults.get(vault.lower(), ())))

    def groups_of(self, vault: str) -> tuple[str, ...]:
        """Its groups, as people find them."""
        there = self.vaults.get(vault.lower(), ())
        return tuple(f"the variable group {group.name!r} of {name}/{group.project}" for name, group in there)

    def is_unused(self, vault: str) -> bool:
        """Whether no group that the sign-in sees uses the vault: everybody was asked, and everybody answered. Projects
        that it does not see at all are not known, and may have one."""
        return bool(self.libraries) and not self.closed and not self.users(vault)


NOT_ASKED = Linkage()

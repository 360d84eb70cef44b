"""A command to paste that mends a finding, whichever vault it is found in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from netcfg.core import shell
from netcfg.core.resources import Vault


class Blank(Enum):
    """A word that says which vault is meant."""

    NAME = "name"
    GROUP = "resource-group"
    SUBSCRIPTION = "subscription"

    def of(self, vault: Vault) -> str:
        match self:
            case Blank.NAME:
                return vault.name
            case Blank.GROUP:
                return vault.id.resource_group
            case Blank.SUBSCRIPTION:
                return vault.id.subscription


Word = str | Blank


@dataclass(frozen=True)
class Command:
    """The words of a command, with blanks for those that say which vault it is about; `lead` is as it is shown."""

    lead: str
    words: tuple[Word, ...]

    def about(self, vault: Vault) -> str:
        """The command about that vault, as it can be pasted into a shell."""
        said = (shell.quote(each.of(vault)) if isinstance(each, Blank) else each for each in self._quoted)
        return " ".join((self.lead, *said))

    @cached_property
    def _quoted(self) -> tuple[Word, ...]:
        """Quoted once, for the many vaults that it may be about."""
        return tuple(each if isinstance(each, Blank) else shell.quote(each) for each in self.words)

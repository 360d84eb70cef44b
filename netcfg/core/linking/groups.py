"""Variable groups and what they hang on: projects, service connections, and the secrets that they map by name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from netcfg.core.errors import BadGroupName, NoGroupName
from netcfg.core.linking.secrets import Secret

AZURE = "azurerm"
LINKED = "AzureKeyVault"
LONGEST = 255  # characters of a group's name: no limit is documented, and nobody finds it once the vault is open
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"  # the role definition Key Vault Secrets User, in every tenant


def parse_group_name(text: str) -> str:
    """The name of a variable group as somebody typed it, for one that is there and for a new one alike.

    What cannot be a name is told here, before anything is asked: a group is the last of several steps.
    """
    name = text.strip()
    if not name:
        raise NoGroupName
    if any(ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0 or each in "\u2028\u2029" for each in name):
        raise BadGroupName(name, "it holds a control character")
    if len(name) > LONGEST:
        raise BadGroupName(name, f"it has {len(name):,} characters, and more than {LONGEST} are not taken")
    return name


@dataclass(frozen=True, order=True)
class Project:
    """A project of an organization."""

    organization: str
    name: str
    id: str


@dataclass(frozen=True)
class ServiceConnection:
    """A service connection of a project, with the identity by which Azure DevOps signs in to Azure.

    `client` is that identity's application id, `object_id` its object id in `tenant`; either may not be told. `trouble`
    is what Azure DevOps says is wrong with it.
    """

    id: str
    name: str
    project: Project
    type: str = AZURE
    scheme: str = ""
    tenant: str = ""
    client: str = ""
    object_id: str = ""
    subscription: str = ""
    environment: str = ""
    is_shared: bool = False
    is_ready: bool = True
    is_disabled: bool = False
    trouble: str = ""

    @property
    def is_azure(self) -> bool:
        return self.type.lower() == AZURE


@dataclass(frozen=True)
class Mapping:
    """A secret that a variable group maps, and what it knew of it at its last refresh.

    `found` is the JSON of it as it was read, which is sent back as it is; empty for one that was not there.
    `has_value` is whether a value stood in it, as in a plain variable: that is kept nowhere, so a write would empty it.
    `is_legible` is whether it is written as Azure DevOps writes them; of another only the name means anything.
    """

    name: str
    enabled: bool = True
    expires: datetime | None = None
    content_type: str = ""
    found: str = field(default="", repr=False)
    has_value: bool = False
    is_legible: bool = True

    @property
    def key(self) -> str:
        return self.name.lower()

    @staticmethod
    def of(secret: Secret) -> Mapping:
        return Mapping(secret.name, secret.enabled, secret.expires, secret.content_type)


@dataclass(frozen=True)
class VariableGroup:
    """A variable group as a project shows it. Of one that is not linked to a vault only its name and type are known.

    `connection` is the id of its service connection. `projects` are the names of all that share it. `modified` is when
    it was last changed, as Azure DevOps writes it, and `found` all of it but the mappings, as JSON.
    """

    id: int
    name: str
    project: Project
    type: str = LINKED
    vault: str = ""
    connection: str = ""
    mappings: tuple[Mapping, ...] = ()
    modified: str = ""
    refreshed: str = ""
    is_shared: bool = False
    projects: tuple[str, ...] = ()
    found: str = field(default="", repr=False, compare=False)

    @property
    def is_linked(self) -> bool:
        return self.type.lower() == LINKED.lower()

    @property
    def doubled(self) -> tuple[str, ...]:
        """The spellings of names that it has more than once, by case alone."""
        spellings = Counter(each.key for each in self.mappings)
        return tuple(sorted(each.name for each in self.mappings if spellings[each.key] > 1))

    @property
    def plain(self) -> tuple[str, ...]:
        """The names of variables in which a value stood: what is written would empty them."""
        return tuple(sorted(each.name for each in self.mappings if each.has_value))

    @property
    def is_writable(self) -> bool:
        """Whether it can be written as a whole: no value in it would be emptied, and each name means one variable."""
        return not self.doubled and not self.plain

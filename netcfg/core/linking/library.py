"""The library of an organization: the variable groups that are linked to vaults, and what a check of them came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from netcfg.core.discovery import ClosedProject
from netcfg.core.errors import AmbiguousGroup, GroupElsewhere, GroupUnlinked, NetcfgError, NoSuchGroup
from netcfg.core.findings import Finding, GroupName, Severity, VaultName
from netcfg.core.linking.groups import Project, ServiceConnection, VariableGroup
from netcfg.core.linking.relay import Relayed
from netcfg.core.linking.secrets import Secret
from netcfg.core.plan import Undetermined
from netcfg.core.report import Judged, worst

PLAIN = "Vsts"  # the type of a group whose values Azure DevOps keeps itself


@dataclass(frozen=True)
class Linked:
    """A variable group that is linked to a vault, in the project that shows it.

    `connection` is `None` where the project does not show it to this sign-in, and `unread` is then why no connection of
    it could be read, if that is the reason. `word` is what names the group on a command line and no other one.
    """

    group: VariableGroup
    connection: ServiceConnection | None = None
    unread: NetcfgError | None = None
    word: str = ""

    @property
    def name(self) -> GroupName:
        return GroupName(self.group.project.name, self.group.name, self.group.id)

    @property
    def vault(self) -> VaultName:
        return VaultName(self.group.vault)

    @property
    def by(self) -> str:
        """The name of its service connection, or the id where that is all that is known."""
        return self.connection.name if self.connection else self.group.connection

    @property
    def used(self) -> ServiceConnection:
        """Its service connection, as far as it takes to ask Azure DevOps to use it."""
        id = self.group.connection
        return self.connection or ServiceConnection(id, id, self.group.project)

    @property
    def others(self) -> tuple[str, ...]:
        """The other projects that use the group."""
        own = self.group.project.name.casefold()
        return tuple(sorted((each for each in self.group.projects if each.casefold() != own), key=str.casefold))

    @property
    def order(self) -> tuple[str, str, str, str, int]:
        project, name = self.group.project.name, self.group.name
        return project.casefold(), project, name.casefold(), name, self.group.id


@dataclass(frozen=True)
class Shelf:
    """What one project shows: all its groups, and its service connections, or why they could not be read."""

    project: Project
    groups: tuple[VariableGroup, ...]
    connections: tuple[ServiceConnection, ...] | NetcfgError = ()

    def linked(self) -> Iterable[Linked]:
        known = () if isinstance(self.connections, NetcfgError) else self.connections
        by_id = {each.id.casefold(): each for each in known}
        unread = self.connections if isinstance(self.connections, NetcfgError) else None
        names = Counter(each.name.casefold() for each in self.groups)
        for each in self.groups:
            if each.is_linked:
                # A name of digits could be read as the id of another group, and blanks at its ends are easily lost.
                is_alone = names[each.name.casefold()] == 1
                is_plain = is_alone and each.name == each.name.strip() and not each.name.isdecimal()
                word = each.name if is_plain else str(each.id)
                yield Linked(each, by_id.get(each.connection.casefold()), unread, word)


@dataclass(frozen=True)
class Listing:
    """The variable groups of an organization's projects, but for those of projects that are closed."""

    organization: str
    shelves: tuple[Shelf, ...]
    closed: tuple[ClosedProject, ...] = ()

    @cached_property
    def groups(self) -> tuple[Linked, ...]:
        """Those that are linked to a vault, each once: in a project that shows its connection, before any other."""
        every = sorted((each for shelf in self.shelves for each in shelf.linked()), key=lambda each: each.order)
        found: dict[int, Linked] = {}
        for each in sorted(every, key=lambda each: each.connection is None):
            found.setdefault(each.group.id, each)
        return tuple(sorted(found.values(), key=lambda each: each.order))

    @cached_property
    def others(self) -> Mapping[str, int]:
        """How many groups there are of each other type."""
        types = {each.id: each.type for shelf in self.shelves for each in shelf.groups if not each.is_linked}
        counts = Counter(types.values())
        return {each: counts[each] for each in sorted(counts)}

    @property
    def unread(self) -> tuple[Shelf, ...]:
        """The projects whose service connections have no name here, because nobody may read them."""
        return tuple(each for each in self.shelves if isinstance(each.connections, NetcfgError))

    def named(self, words: Iterable[str], vaults: Iterable[str] = ()) -> tuple[Linked, ...]:
        """The linked groups that people named or gave the id of, and that are linked to one of the vaults; where they
        said nothing, that leaves out none.

        An id is certain. A name that several groups have, or that means none, is an error.
        """
        wanted, places = list(words), {each.lower() for each in vaults}
        if wanted:
            found = {each.group.id: each for each in (self._named(word, places) for word in wanted)}
            return tuple(sorted(found.values(), key=lambda each: each.order))
        return tuple(each for each in self.groups if not places or each.vault.name in places)

    def _named(self, word: str, vaults: Collection[str]) -> Linked:
        every = {each.id: each for shelf in self.shelves for each in shelf.groups}
        same = [every[int(word)]] if word.isdecimal() and int(word) in every else []
        for key in (str, str.casefold):
            same = same or [each for each in every.values() if key(each.name) == key(word)]
        if len(same) > 1 and vaults:
            same = [each for each in same if each.is_linked and each.vault.lower() in vaults] or same
        if not same:
            raise NoSuchGroup(
                word, self.organization, [each.name for each in every.values()], is_part=bool(self.closed)
            )
        if len(same) > 1:
            raise AmbiguousGroup(word, sorted((each.project.name, each.id) for each in same))
        found = next((each for each in self.groups if each.group.id == same[0].id), None)
        if found is None:
            raise GroupUnlinked(same[0].name, same[0].project.name, same[0].type)
        if vaults and found.vault.name not in vaults:
            raise GroupElsewhere(found.group.name, found.group.vault, sorted(vaults))
        return found

    @property
    def status(self) -> int:
        """0 where every project was read, 7 where some were, 1 where none was."""
        if not self.closed:
            return 0
        return 7 if self.shelves else 1


@dataclass(frozen=True)
class Look:
    """What came back when Azure DevOps was to read a vault by a service connection.

    `secrets` are all of its secrets, or `None`. `to_list` and `to_get` are its refusals, and `error` is why it could
    not be asked, or did not answer.
    """

    secrets: tuple[Secret, ...] | None = None
    to_list: Relayed | None = None
    to_get: Relayed | None = None
    error: NetcfgError | None = None

    @property
    def requests(self) -> tuple[str, ...]:
        """The ids of the requests that were refused, each once."""
        refused = (each.request_id for each in (self.to_list, self.to_get) if each)
        return tuple(dict.fromkeys(filter(None, refused)))


@dataclass(frozen=True)
class Contents:
    """What a vault holds, as far as anybody could tell: `None`, and then why not. `keys` are in lower case."""

    secrets: tuple[Secret, ...] | None
    keys: frozenset[str] = frozenset()
    error: NetcfgError | None = None

    @cached_property
    def by_key(self) -> Mapping[str, Secret]:
        return {each.key: each for each in self.secrets or ()}


@dataclass(frozen=True)
class Demand:
    """The secrets that a configuration wants to be mapped: patterns as in a shell, for groups of one project.

    Where `group` is named, by that one; else by any group that is linked to the vault.
    """

    patterns: tuple[str, ...] = ()
    project: str = ""
    group: str = ""

    def concerns(self, linked: Linked) -> bool:
        """Whether it is about this group."""
        project, names = linked.group.project, [*linked.group.projects, linked.group.project.name]
        is_there = self.project.casefold() in {project.id.casefold(), *(each.casefold() for each in names)}
        is_it = self.group.casefold() in ("", linked.group.name.casefold(), str(linked.group.id))
        return bool(self.patterns) and is_there and is_it

    def pattern(self, secret: Secret) -> str:
        """The first pattern that the secret fits; empty where none does."""
        return next((each for each in self.patterns if fnmatchcase(secret.key, each.lower())), "")


NO_DEMAND = Demand()


@dataclass(frozen=True)
class GroupInspection:
    """A group, what was found, and whether it is known what its vault holds."""

    linked: Linked
    findings: tuple[Finding, ...] = ()
    is_known: bool = True

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding that nobody waived."""
        return worst(self.findings)


@dataclass(frozen=True)
class LibraryReport(Judged):
    """What a check of variable groups came to.

    `undetermined` are vaults of which nobody could tell what they hold, or how Azure DevOps reads them, and selections:
    projects whose groups could not be read. `notes` are sentences about how the rest is known, and `requests` the ids
    of what was answered with a refusal, which findings are about.
    """

    organization: str
    inspections: tuple[GroupInspection, ...]
    general: tuple[Finding, ...] = ()
    undetermined: tuple[Undetermined, ...] = ()
    fail_on: Severity | None = Severity.ERROR
    notes: tuple[str, ...] = field(default=())
    requests: tuple[str, ...] = field(default=(), compare=False)

    @property
    def vaults(self) -> tuple[VaultName, ...]:
        """Those that the groups are linked to."""
        return tuple(sorted({each.linked.vault for each in self.inspections}, key=str))

    @property
    def status(self) -> int:
        """The exit status: 1 of no group could be told what its vault holds, 7 of some it could not, 4 it fails."""
        if self.undetermined:
            return 7 if any(each.is_known for each in self.inspections) else 1
        return 4 if self.fails else 0

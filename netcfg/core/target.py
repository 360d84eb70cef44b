"""Which vaults are meant, and what is meant for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from netcfg.core.errors import (
    BadConfiguration,
    BadTag,
    BothWanted,
    ConflictingOptions,
    ConflictingTerms,
    NetcfgError,
    NoGeography,
    NoOrganization,
    NotInConfiguration,
    TwoIds,
    UsageError,
)
from netcfg.core.intent import Intent
from netcfg.core.resources import Vault, VaultId
from netcfg.core.rules import IpRule
from netcfg.core.terms import NO_TERMS, Terms
from netcfg.core.words import listed


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

    Where there are no subscriptions, or no groups, all that can be seen are meant; groups go with their subscriptions.
    With `is_linked` they are those of the vaults that variable groups use. Of all these, `only` are wanted, if there
    are any: somebody named vaults that have no entry of their own.
    """

    subscriptions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    only: tuple[VaultId | str, ...] = ()
    is_linked: bool = False

    @property
    def has_limits(self) -> bool:
        """Whether a place or a tag is named; else everything is meant that can be seen."""
        return bool(self.subscriptions or self.resource_groups or self.tags)

    def wants(self, vault: VaultId) -> bool:
        """Whether a vault that was found is one of those that are wanted."""
        named = (each.lower() if isinstance(each, str) else each for each in self.only)
        return not self.only or any(each in (vault, vault.name) for each in named)

    def may_hold(self, vault: VaultId | str) -> bool:
        """Whether it cannot be excluded, without asking Azure, that the vault is among them."""
        if isinstance(vault, str):
            return True
        places = ((vault.subscription, self.subscriptions), (vault.resource_group, self.resource_groups))
        return all(not allowed or one in (each.lower() for each in allowed) for one, allowed in places)

    def holds(self, vault: VaultId) -> bool:
        """Whether it is certain, without asking Azure, that the vault is among them: its place is all that counts."""
        return not self.tags and not self.is_linked and self.may_hold(vault)

    def may_meet(self, other: VaultId | str | Selection) -> bool:
        """Whether it cannot be excluded that a vault is among both."""
        if not isinstance(other, Selection):
            return self.may_hold(other)
        pairs = ((self.subscriptions, other.subscriptions), (self.resource_groups, other.resource_groups))
        return all(
            not mine or not theirs or {each.lower() for each in mine} & {each.lower() for each in theirs}
            for mine, theirs in pairs
        )

    def __str__(self) -> str:
        said = [_places("subscription", self.subscriptions), _places("resource group", self.resource_groups)]
        said += [f"tag {name}={value}" for name, value in self.tags]
        where = ", ".join(filter(None, said))
        if self.is_linked:
            return f"the vaults {f'of {where} ' if where else ''}that variable groups use"
        return f"the vaults of {where or 'all subscriptions'}"


def _places(what: str, names: tuple[str, ...]) -> str:
    return f"{what}{'s' if len(names) > 1 else ''} {listed(names)}" if names else ""


@dataclass(frozen=True)
class Selected:
    """What a selection found, and why that may not be all: for each place that could not be seen whole, the error.

    A place is the beginning of the ids of everything in it. Of vaults that were seen and not understood, or that are
    used and not seen, there is the error alone; `said` are sentences about what cannot be known. `users` are the
    organizations whose variable groups use each vault, by its name, where that was asked; `closed` are those of which
    groups could not be read, each with what that is called.
    """

    vaults: tuple[Vault, ...]
    unseen: tuple[tuple[str, NetcfgError], ...] = ()
    illegible: tuple[tuple[VaultId | str, NetcfgError], ...] = ()
    said: tuple[str, ...] = ()
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    closed: tuple[tuple[str, str, NetcfgError], ...] = ()


@dataclass(frozen=True)
class Choice:
    """What somebody chose, what is said about it, and on which line; nobody has asked Azure yet.

    `top` is said about all that the file chooses, and yields to `terms`.
    """

    chosen: VaultId | str | Selection
    terms: Terms
    where: Location | None = None
    top: Terms = NO_TERMS

    @property
    def name(self) -> str:
        """The name of a vault in lower case; what a selection is called is no vault's name."""
        return name_of(self.chosen) if not isinstance(self.chosen, Selection) else str(self.chosen)

    def intent(self) -> Intent:
        """All that is meant for it. What cannot be meant is a usage error, of which `check` tells the line."""
        return _intent(self.terms.over(self.top))

    def serving(self, organizations: Sequence[str]) -> Choice:
        """The same for a vault that serves these organizations, and none of the others that are meant."""
        mine = {each.casefold() for each in organizations}
        terms, top = (
            replace(said, organizations=tuple(each for each in said.organizations if each.casefold() in mine))
            for said in (self.terms, self.top)
        )
        return replace(self, terms=terms, top=top)


def _intent(terms: Terms) -> Intent:
    found = terms.intent()
    endless = [str(each.network) for each in found.allow if each.until is None]
    if both := next((each for each in endless if found.removes(IpRule(each))), None):
        raise BothWanted(both, "declared")
    return found


def _fault(terms: Terms) -> UsageError | None:
    try:
        _intent(terms)
    except UsageError as error:
        return error
    return None


# By which of its keys, at the top of a file, one that contradicts another is found.
_KEYS: dict[type[UsageError], str] = {
    BothWanted: "remove",
    ConflictingOptions: "keep-default-action",
    NoOrganization: "agents",
}


def check(choices: Iterable[Choice], typed: Terms, file: str = "", lines: Mapping[str, Location] | None = None) -> None:
    """Refuse what cannot be meant, all of it at once: each fault at the entry, or at the key of the top, that says it.

    `typed` is what the command line says about all of them, and its own contradictions have no line; `lines` are where
    the keys of the top of `file` stand.
    """
    faults: dict[tuple[Location, str], UsageError] = {}
    for each in choices:
        error = _fault(each.terms.over(each.top))
        if error is None:
            continue
        place = _place(each, error, typed, file, lines or {})
        if place is None:
            raise error
        faults.setdefault((place, str(error)), error)
    if faults:
        raise BadConfiguration([(place, "", error) for (place, _), error in sorted(faults.items(), key=_by_place)])


def _by_place(fault: tuple[tuple[Location, str], UsageError]) -> tuple[Location, str]:
    return fault[0]


def _place(
    choice: Choice, error: UsageError, typed: Terms, file: str, lines: Mapping[str, Location]
) -> Location | None:
    """Where a file says what is wrong; nowhere, if the command line does."""
    first = Location(file) if file else None
    if isinstance(error, NoGeography):
        return choice.where or first
    whole = choice.terms.over(choice.top)
    served = Terms(organizations=whole.organizations, geographies=whole.geographies)
    if _fault(typed.over(served)):
        return None
    if _fault(typed.over(choice.top).over(served)):
        return lines.get(_KEYS.get(type(error), ""), first)
    return choice.where or first


def name_of(vault: VaultId | str) -> str:
    """A vault's name in lower case: unique in its cloud, so it stands for the id too."""
    return vault.name if isinstance(vault, VaultId) else vault.lower()


def are_several(choices: Iterable[Choice]) -> bool:
    """Whether more than one vault is chosen, or may be. A vault's name and an id of that name are one vault."""
    names: set[str] = set()
    for each in choices:
        if isinstance(each.chosen, Selection):
            if not each.chosen.only:
                return True
            names |= {name_of(one) for one in each.chosen.only}
        else:
            names.add(each.name)
    return len(names) > 1


def merge(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """The choices with each vault once: lists add up, and single values that differ are an error that names the lines.

    A selection stays as it is; nobody knows yet what it finds.
    """
    merged: dict[object, Choice] = {}
    for number, each in enumerate(choices):
        key = number if isinstance(each.chosen, Selection) else each.name
        merged[key] = _joined(merged[key], each) if key in merged else each
    return tuple(merged.values())


def _joined(one: Choice, other: Choice) -> Choice:
    """Two choices of one vault."""
    if conflict := next(one.terms.conflicts(other.terms), None):
        key = {"discovers_agents": "agents.discover"}.get(conflict, conflict.replace("_", "-"))
        raise ConflictingTerms(one.name, key, [str(each.where or "the command line") for each in (one, other)])
    ids = [each.chosen for each in (one, other) if isinstance(each.chosen, VaultId)]
    if len(set(ids)) > 1:
        raise TwoIds(one.name, map(str, ids))
    return Choice(ids[0] if ids else one.chosen, one.terms.over(other.terms), one.where or other.where, one.top)


def narrow(choices: Iterable[Choice], vaults: Sequence[VaultId | str], file: str) -> tuple[Choice, ...]:
    """Of what a file chooses, that which is about `vaults`: their entries, and whatever selection may find them.

    One that has no entry, where there is no selection that could find it, is a usage error: what is meant for it is
    not known.
    """
    names = {name_of(each): each for each in vaults}
    found: list[Choice] = []
    for each in choices:
        if isinstance(each.chosen, Selection):
            if any(each.chosen.may_hold(vault) for vault in vaults):
                found.append(replace(each, chosen=replace(each.chosen, only=tuple(vaults))))
        elif each.name in names:
            found.append(each)
            vault = names[each.name]
            if isinstance(vault, VaultId):
                found.append(replace(each, chosen=vault))
    entered = {each.name for each in found if not isinstance(each.chosen, Selection)}
    selections = [each.chosen for each in found if isinstance(each.chosen, Selection)]
    for name, vault in names.items():
        if name not in entered and not any(each.may_hold(vault) for each in selections):
            raise NotInConfiguration(str(vault), file)
    return tuple(found)


def parse_tags(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The tags that `KEY=VALUE` mean; `KEY=` is an empty value. The case of names does not count, and a vault has one
    value for each."""
    found: dict[str, tuple[str, str]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise BadTag(text)
        if found.setdefault(name.lower(), (name, value))[1] != value:
            other = found[name.lower()]
            raise ConflictingOptions(f"--tag {'='.join(other)}", f"--tag {text}", "a vault has one value for a tag")
    return tuple(sorted(found.values()))


def within(choices: Iterable[Choice], selection: Selection) -> tuple[Choice, ...]:
    """Of what a file chooses, that which the selection may find too; whether it does only Azure knows."""
    return tuple(each for each in choices if selection.may_meet(each.chosen))


@dataclass(frozen=True)
class Target:
    """A vault, by its id or its name, and what is meant for it.

    `is_selected` is whether a place or a tag is all that it was found by: nobody named it, and no variable group is
    known to use it. `where` is the line of the configuration that chose it, if one did, and `shown` the vault as a
    selection saw it on the way.
    """

    vault: VaultId | str
    intent: Intent
    is_selected: bool = False
    where: Location | None = None
    shown: Vault | None = None

    @property
    def name(self) -> str:
        return name_of(self.vault)

    def means(self, vault: VaultId) -> bool:
        """Whether that is the one. Where somebody gave an id, a vault of the same name elsewhere is another."""
        return vault == self.vault if isinstance(self.vault, VaultId) else vault.name == self.name

"""Which vaults a command is about, and what is meant for each: the command line over the configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from netcfg.cli import terminal
from netcfg.cli.root import Root
from netcfg.core.linking.relay import NO_RELAY, Relay

if TYPE_CHECKING:
    from netcfg.cli.options import Asked, Selecting, Through
    from netcfg.config.configuration import Configuration
    from netcfg.core.findings import Waiver
    from netcfg.core.guards import Acceptance
    from netcfg.core.plan import PlanSet
    from netcfg.core.resources import VaultId
    from netcfg.core.saved import ReadFile
    from netcfg.core.shard import Shard
    from netcfg.core.target import Choice, Selection, Target
    from netcfg.core.terms import Terms
    from netcfg.workflow.collaborators import Surroundings
    from netcfg.workflow.drawing import Drawings
    from netcfg.workflow.selection import Meant

CONFIGURATION = "netcfg.yaml"  # what is read where nobody names a file
LOOKALIKES = ("netcfg.yml", ".netcfg.yaml", ".netcfg.yml", "netcfg.json")


@dataclass(frozen=True)
class Chosen:
    """What was chosen, the waivers that the configuration has, and how all of it would be typed again.

    `file` are the options that name the configuration. `within` narrows what it chooses, and `shard` what was chosen at
    all; `selecting` are the options that say so. `base` is the way from the repository's root to the folder in which
    the configuration is named. `is_part` is whether somebody named or selected vaults, so that the configuration may
    be about others too. With `is_consistent` no index that lags is asked. `relay` is how Azure DevOps uses the vaults,
    as far as that was said, and `is_relay_typed` whether the command line names the project or the connection; an apply
    is proved by `proving`, which is the file's even where it is another organization's, so that this can be told.
    `configuration` is the file that all this was read from, and the digest of what it said.
    """

    choices: tuple[Choice, ...]
    asked: Asked
    waivers: tuple[Waiver, ...] = ()
    file: tuple[str, ...] = ()
    program: str = "netcfg"
    base: str = ""
    within: Selection | None = None
    shard: Shard | None = None
    selecting: tuple[str, ...] = ()
    is_part: bool = False
    is_consistent: bool = False
    relay: Relay = NO_RELAY
    proving: Relay = NO_RELAY
    is_relay_typed: bool = False
    configuration: ReadFile | None = None

    @property
    def asks_which(self) -> bool:
        """Whether an acceptance has to name its vaults, because there are several, or may be."""
        from netcfg.core.target import are_several

        return are_several(self.choices)

    def select(self, around: Surroundings) -> Meant:
        """The vaults that all this comes to, once Azure was asked."""
        from netcfg.workflow.selection import select

        return select(self.choices, around, within=self.within, shard=self.shard, is_consistent=self.is_consistent)

    def plan(
        self,
        acceptances: Iterable[Acceptance],
        around: Surroundings,
        *,
        is_to_be_written: bool = False,
        is_exact: bool = False,
        meant: Meant | None = None,
    ) -> tuple[PlanSet, Drawings]:
        """The plans for the vaults that all this comes to, or for those that are `meant`, and what they rest on."""
        from netcfg.workflow.plan import plan

        meant = meant or self.select(around)
        return plan(
            meant.targets,
            acceptances,
            around,
            meant.lost,
            asks_which=self.asks_which,
            is_consistent=self.is_consistent,
            selected=meant.said,
            is_to_be_written=is_to_be_written,
            is_exact=is_exact,
        )

    def applies(self, targets: Iterable[Target]) -> Callable[[str], tuple[str, ...]]:
        """For each of these vaults, by its name, its apply as it would be typed after the program's name.

        A vault that variable groups use serves only their organizations, and naming it must not give it the others'.
        """
        from netcfg.core.target import Selection

        selections = [each for each in self.choices if isinstance(each.chosen, Selection)]
        every = {name.casefold() for each in selections for name in each.intent().organizations}
        entered = {each.name for each in self.choices} if self.within else set()
        fewer = {
            each.name: each.intent.organizations
            for each in targets
            if self.is_linked
            and each.name not in entered
            and {name.casefold() for name in each.intent.organizations} != every
        }
        in_file = {name.casefold() for each in self.choices for name in each.top.organizations}
        words = self.words

        def apply(vault: str) -> tuple[str, ...]:
            served = fewer.get(vault.lower())
            if served is None:
                return ("apply", vault, *words)
            if self.within or in_file - {name.casefold() for name in served}:
                return ("apply", *self.selecting, *words)
            return ("apply", vault, *replace(self.asked, organization=list(served)).words(), *self.file)

        return apply

    @property
    def is_linked(self) -> bool:
        """Whether variable groups say which organizations a vault serves."""
        from netcfg.core.target import Selection

        chosen = [self.within, *(each.chosen for each in self.choices)]
        return any(isinstance(each, Selection) and each.is_linked for each in chosen)

    @property
    def words(self) -> tuple[str, ...]:
        """All that was asked for, as it would be typed again, but for the vaults."""
        return (*self.asked.words(), *self.file)


def choose(
    vaults: Sequence[str] | None,
    asked: Asked,
    config: str | None,
    root: Root,
    selecting: Selecting | None = None,
    through: Through | None = None,
) -> Chosen:
    """What is meant; what cannot be is a usage error, before anything is read."""
    from netcfg.core.errors import ConflictingOptions, NoLinkingOrganization, NoVault
    from netcfg.core.organization import DEVOPS, parse_name
    from netcfg.core.resources import parse_vault
    from netcfg.core.saved import ReadFile
    from netcfg.core.target import Choice, check, merge
    from netcfg.sources import bundled

    typed = asked.terms(bundled.atlas())
    selection, shard = (selecting.selection(), selecting.part()) if selecting else (None, None)
    if vaults and selection and selecting:
        raise ConflictingOptions("VAULT", selecting.selecting[0], "vaults are named, or selected")
    named: list[VaultId | str | Selection] = [selection] if selection else [parse_vault(each) for each in vaults or ()]
    found = read_configuration(config, root)
    choices = merge(_entries(found, named, typed) if found else [Choice(each, typed) for each in named])
    if not choices:
        raise NoVault(next((each for each in LOOKALIKES if os.path.lexists(each)), ""))
    check(choices, typed, found.file if found else "", found.lines if found else {})
    if selection and selection.is_linked:
        organizations = [name for each in choices for name in each.intent().organizations]
        if not organizations:
            raise NoLinkingOrganization
        for name in organizations:
            parse_name(name, root.devops or DEVOPS)
    relay = _relay(asked.organization or (), through, found, root)
    return Chosen(
        choices,
        asked,
        waivers=found.waivers if found else (),
        file=("--config", config) if config and config != CONFIGURATION else (),
        program=root.command,
        base=repository_base() if found else "",
        within=selection if found and found.choices else None,
        shard=shard,
        selecting=tuple(selecting.words()) if selecting else (),
        is_part=bool(named or shard),
        is_consistent=bool(selecting and selecting.consistent),
        relay=relay,
        proving=relay if relay.is_named or found is None else _in_file(found),
        is_relay_typed=bool(through and through.words()),
        configuration=ReadFile(found.file, found.sha256) if found else None,
    )


@dataclass(frozen=True)
class Library:
    """The organization and the project whose variable groups are meant, and what the configuration says of them.

    `demanded` is what it wants to be mapped, of the project that it names; `file` are the options that name it. It is
    about the `vaults`, and with `selects` about others too, which are not known without asking Azure.
    """

    relay: Relay
    demanded: Relay = NO_RELAY
    waivers: tuple[Waiver, ...] = ()
    file: tuple[str, ...] = ()
    base: str = ""
    vaults: tuple[VaultId | str, ...] = ()
    selects: bool = False


def library_of(organization: str | None, through: Through, config: str | None, root: Root) -> Library:
    """What is meant, the command line before the configuration; no organization is a usage error."""
    from netcfg.core.errors import NoLibrary
    from netcfg.core.target import Selection

    found = read_configuration(config, root)
    relay = _of_one(_relay([organization] if organization else (), through, found, root), found)
    if not relay.organization:
        raise NoLibrary
    chosen = [each.chosen for each in found.choices] if found else []
    own = _in_file(found).organization if found else ""
    # Patterns for one organization's group would widen another's that happens to have the same name.
    is_its = own.casefold() == relay.organization.casefold()
    return Library(
        relay,
        found.relay if found and is_its else NO_RELAY,
        found.waivers if found else (),
        ("--config", config) if config and config != CONFIGURATION else (),
        repository_base() if found else "",
        tuple(each for each in chosen if not isinstance(each, Selection)),
        selects=any(isinstance(each, Selection) for each in chosen),
    )


def _of_one(relay: Relay, found: Configuration | None) -> Relay:
    """The same where one organization is meant, or none was named; of several that the file names none is a guess."""
    from netcfg.core.errors import SeveralOrganizations

    names = found.top.organizations if found else ()
    if not relay.organization and len(names) > 1:
        raise SeveralOrganizations(names)
    return relay


def one_vault(vault: str | None, config: str | None, root: Root) -> VaultId | str:
    """The vault that was named, else the only one that the configuration names."""
    from netcfg.core.errors import OneVault
    from netcfg.core.resources import parse_vault
    from netcfg.core.target import Selection

    if vault:
        return parse_vault(vault)
    found = read_configuration(config, root)
    choices = found.choices if found else ()
    named = [each.chosen for each in choices if not isinstance(each.chosen, Selection)]
    if len(choices) != 1 or not named:
        raise OneVault(each if isinstance(each, str) else each.name for each in named)
    return named[0]


def relay_of(organization: str | None, through: Through, config: str | None, root: Root) -> Relay:
    """How Azure DevOps uses vaults, where that is all that a command needs to know."""
    found = read_configuration(config, root)
    return _of_one(_relay([organization] if organization else (), through, found, root), found)


def _relay(organizations: Sequence[str], through: Through | None, found: Configuration | None, root: Root) -> Relay:
    """The command line, before the file's `devops`, before the organization that everything else is about. Of several
    organizations none is it, and the file's relay counts for its own organization only."""
    from netcfg.core.organization import DEVOPS, parse_name

    named = tuple(dict.fromkeys(parse_name(each, root.devops or DEVOPS) for each in organizations))
    typed = Relay(
        organization=named[0] if len(named) == 1 else "",
        project=(through.project if through else None) or "",
        connection=(through.service_connection if through else None) or "",
    )
    if found is None:
        return typed
    whole = _in_file(found)
    if whole.organization and named and whole.organization.casefold() not in {each.casefold() for each in named}:
        return typed
    return typed.over(found.relay if typed.is_named and len(named) > 1 else whole)


def _in_file(found: Configuration) -> Relay:
    """What the file says by itself."""
    top = found.top.organizations
    return found.relay.over(Relay(organization=top[0] if len(top) == 1 else ""))


def files_read(*names: str | None) -> list[str]:
    """The files that a run reads, the configuration among them: no result takes their place."""
    return [CONFIGURATION, *(each for each in names if each and each != "-")]


def repository_base(folder: str = ".") -> str:
    """The way from the root of the repository to `folder`, with `/` at its end; empty at the root, and outside of any.

    Whoever shows findings in a repository takes their files from its root.
    """
    try:
        here = Path(os.path.realpath(folder))
    except OSError:
        return ""  # we run in a folder that somebody has deleted
    root = next((each for each in (here, *here.parents) if os.path.lexists(each / ".git")), here)
    way = here.relative_to(root).as_posix()
    return "" if way == "." else f"{way}/"


def read_configuration(config: str | None, root: Root) -> Configuration | None:
    """The file that was named, or the one that lies here; none is neither."""
    if config is None and not os.path.lexists(CONFIGURATION):
        return None
    from netcfg.config import configuration, file
    from netcfg.core.checks.register import RULES
    from netcfg.core.organization import DEVOPS
    from netcfg.sources import bundled

    name = CONFIGURATION if config is None else config
    if root.verbose:
        terminal.remark(f"configuration: {name}")
    devops = root.devops or DEVOPS
    return configuration.parse(file.read(name), name, bundled.atlas(), RULES, devops)


def _entries(found: Configuration, named: Sequence[VaultId | str | Selection], typed: Terms) -> list[Choice]:
    """The file's entries that are meant, the command line counting before each of them."""
    from netcfg.core.target import Choice, Selection, narrow

    if not found.choices:
        return [Choice(each, typed, top=found.top) for each in named]
    vaults = [each for each in named if not isinstance(each, Selection)]
    meant = narrow(found.choices, vaults, found.file) if vaults else found.choices
    return [replace(each, terms=typed.over(each.terms)) for each in meant]

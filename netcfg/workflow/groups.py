"""Groups: list the variable groups that are linked to vaults, and check them against what these hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from netcfg.core.checks import groups, register, waivers
from netcfg.core.discovery import ClosedProject
from netcfg.core.errors import NetcfgError, NoProjectShown, NothingLinked, NotLinked
from netcfg.core.findings import Severity, Waiver
from netcfg.core.linking.groups import Project
from netcfg.core.linking.library import (
    NO_DEMAND,
    PLAIN,
    Contents,
    Demand,
    GroupInspection,
    LibraryReport,
    Linked,
    Listing,
    Look,
    Shelf,
)
from netcfg.core.linking.secrets import Secret, may_be_managed, tie
from netcfg.core.plan import Undetermined
from netcfg.core.resources import VaultId, parse_vault
from netcfg.core.words import counted, listed
from netcfg.workflow.collaborators import Surroundings

SIDE_BY_SIDE = 8

Asked = TypeVar("Asked")
Told = TypeVar("Told")
Access = tuple[str, str]  # the name of a vault, in lower case, and the id of a service connection


@dataclass(frozen=True)
class Wanted:
    """Which groups are to be checked: of which project, linked to which vaults, of which names or ids. What is empty
    leaves out none. `demand` is what the configuration wants, and `file` names that in commands. `written` are the
    vaults that it is about, of which some may be linked by no group; the groups of others are left out."""

    organization: str
    project: str = ""
    vaults: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    demand: Demand = NO_DEMAND
    file: tuple[str, ...] = ()
    written: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        return f"{self.project} in {self.organization}" if self.project else self.organization


def look(organization: str, project: str, around: Surroundings) -> Listing:
    """The variable groups of the organization's projects, or of one; a project that cannot be read is told as closed.

    One error that closes all of them is the error of the run, and so is that no project is shown.
    """
    around.progress.step(f"looking for the projects of {organization}")
    linking = around.linking
    projects = (linking.projects.find(organization, project),) if project else linking.projects.every(organization)
    if not projects:
        raise NoProjectShown(organization)
    what = f"reading the groups of {counted(len(projects), 'project')}"
    read = _side_by_side(partial(_shelf, around=around), projects, what, around)
    closed = tuple(ClosedProject(each.name, error) for each, error in read.items() if isinstance(error, NetcfgError))
    if len(closed) == len(projects) and len({str(each.error) for each in closed}) == 1:
        raise closed[0].error
    return Listing(organization, tuple(each for each in read.values() if isinstance(each, Shelf)), closed)


def check(wanted: Wanted, given: Sequence[Waiver], fail_on: Severity | None, around: Surroundings) -> LibraryReport:
    """The report on the groups that are wanted; `given` are the waivers. Nothing is changed, and no value is read."""
    listing = look(wanted.organization, wanted.project, around)
    chosen = listing.named(wanted.groups, wanted.vaults)
    if wanted.written:
        chosen = tuple(each for each in chosen if each.vault.name in wanted.written)
        if not chosen and not listing.closed:
            raise NotLinked(listed(sorted(wanted.written)), wanted.place)
    if not chosen and not wanted.vaults and not listing.closed:
        raise NothingLinked([wanted.place])
    looks = _looks(chosen, around)
    contents = _contents(chosen, looks, around)
    mapped: dict[str, set[str]] = {}
    for each in listing.groups:
        mapped.setdefault(each.vault.name, set()).update(one.key for one in each.group.mappings)
    speakers = _speakers(chosen, wanted.demand)
    ours = [each for each in given if each.rule in groups.RULES]
    inspections, doubts = [], dict[tuple[str, str], NetcfgError]()
    for each in chosen:
        vault = each.vault.name
        case = groups.Case(
            each,
            looks.get(_access(each)),
            contents[vault],
            around.today,
            frozenset(mapped[vault]),
            each.group.id in speakers,
            wanted.demand,
            wanted.file,
            around.program,
        )
        found = register.inspect_group(case, ours)
        unknown = list(groups.doubts(case))
        inspections.append(GroupInspection(each, found, not unknown))
        for doubt in unknown:
            doubts.setdefault((vault, str(doubt)), doubt)
    there = {each.vault.name for each in chosen}
    missing = [each for each in dict.fromkeys(map(str.lower, wanted.vaults)) if each not in there]
    return LibraryReport(
        wanted.organization,
        tuple(inspections),
        tuple(waivers.expired(ours, around.today, around.program)),
        (
            *(Undetermined(vault, error) for (vault, _), error in sorted(doubts.items())),
            *(Undetermined(each, NotLinked(each, wanted.place)) for each in missing),
            *(
                Undetermined(f"the variable groups of the project {each.name}", each.error, is_selection=True)
                for each in listing.closed
            ),
        ),
        fail_on,
        tuple(_notes(wanted, listing, chosen, looks, contents)),
        tuple(id for each in looks.values() for id in each.requests),
    )


def _speakers(chosen: Iterable[Linked], demand: Demand) -> frozenset[int]:
    """The id of one group of each vault, which tells what none of them maps: one that can be refreshed, of those that
    the configuration means, before any other."""
    found: dict[str, int] = {}
    for each in sorted(chosen, key=lambda each: (not demand.concerns(each), not each.group.is_writable, each.order)):
        found.setdefault(each.vault.name, each.group.id)
    return frozenset(found.values())


def _notes(
    wanted: Wanted,
    listing: Listing,
    chosen: Iterable[Linked],
    looks: Mapping[Access, Look],
    contents: Mapping[str, Contents],
) -> Iterable[str]:
    """How it is known what vaults hold where Azure DevOps does not tell, and what was not judged."""
    if wanted.written:
        here = {each.vault.name for each in chosen}
        others = len({each.vault.name for each in listing.groups} - here)
        unlinked = sorted(wanted.written - here)
        if others:
            yield f"groups of {counted(others, 'other vault')}, which the configuration does not name, were left out"
        if unlinked:
            yield f"no variable group that was read is linked to {listed(unlinked)}"
    if wanted.project:
        yield f"only the groups of the project {wanted.project} were looked at"
    told = {vault for (vault, _), each in looks.items() if each.secrets is not None}
    by_manager = sorted(vault for vault, each in contents.items() if each.secrets is not None and vault not in told)
    if by_manager:
        names = listed(by_manager)
        yield f"Azure DevOps could not list the secrets of {names}, so they are those that Azure Resource Manager lists"
    for kind, number in listing.others.items():
        if kind.casefold() != PLAIN.casefold() and not wanted.groups:
            what = "1 variable group is" if number == 1 else f"{number:,} variable groups are"
            yield f"{what} of the type {kind}, which netcfg does not know: not judged"
    concerned = {each.vault.name for each in chosen if wanted.demand.concerns(each)}
    known = [each.secrets for vault, each in contents.items() if vault in concerned]
    if known and None not in known:
        there = [one for each in known for one in each or ()]
        for pattern in wanted.demand.patterns:
            if not any(Demand((pattern,)).pattern(each) for each in there):
                yield f"no secret fits the pattern {pattern!r} of the configuration"


def _shelf(project: Project, around: Surroundings) -> Shelf:
    found = around.groups.every(project)
    if not any(each.is_linked for each in found):
        return Shelf(project, found)
    return Shelf(project, found, _attempt(around.linking.connections.every, project))


def _access(linked: Linked) -> Access:
    return linked.vault.name, linked.group.connection.casefold()


def _looks(chosen: Sequence[Linked], around: Surroundings) -> dict[Access, Look]:
    """Each vault asked once by each service connection, but for those that cannot be used."""
    usable = [each for each in chosen if each.connection is None or _is_usable(each)]
    asked = {_access(each): each for each in reversed(usable)}
    what = f"asking Azure DevOps to read {counted(len({vault for vault, _ in asked}), 'vault')}"
    found = _side_by_side(lambda access: _ask(asked[access], around), sorted(asked), what, around)
    return {access: Look(error=each) if isinstance(each, NetcfgError) else each for access, each in found.items()}


def _is_usable(linked: Linked) -> bool:
    return linked.used.is_azure and not linked.used.is_disabled


def _ask(linked: Linked, around: Surroundings) -> Look:
    """Whether Azure DevOps may list and get; a secret that is not there is answered to who may get one.

    Both are asked, whatever the first one comes to: Azure DevOps leaves from many addresses, and either may be refused.
    """
    proxy, connection, vault = around.linking.proxy, linked.used, linked.group.vault
    listed = proxy.secrets(connection, vault)
    got = proxy.may_get(connection, vault)
    refused = None if got.is_ok or got.is_not_found else got
    return Look(listed, to_get=refused) if isinstance(listed, tuple) else Look(to_list=listed, to_get=refused)


def _contents(chosen: Sequence[Linked], looks: Mapping[Access, Look], around: Surroundings) -> dict[str, Contents]:
    """What each vault holds: as Azure DevOps lists it by any connection, else as Azure Resource Manager does.

    Keys are asked for only where something is mapped that is no secret. Who may not see them learns no more than that.
    """
    vaults = sorted({each.vault.name for each in chosen})
    told: dict[str, tuple[Secret, ...]] = {}
    for (vault, _), each in sorted(looks.items()):
        if each.secrets is not None:
            told.setdefault(vault, each.secrets)
    wanting = [each for each in vaults if each not in told or _strays(each, chosen, told[each])]
    ids = _find(wanting, around)
    holdings = around.linking.holdings

    def read(vault: str) -> Contents:
        id = ids.get(vault)
        told_by_devops = told.get(vault)
        if isinstance(id, NetcfgError) or id is None:
            return Contents(told_by_devops, error=id)
        secrets = told_by_devops if told_by_devops is not None else _attempt(holdings.secrets, id)
        if isinstance(secrets, NetcfgError):
            return Contents(None, error=secrets)
        is_in_doubt = told_by_devops is None and any(map(may_be_managed, secrets))
        asks = is_in_doubt or _strays(vault, chosen, secrets)
        keys = _attempt(holdings.keys, id) if asks else frozenset[str]()
        known = None if isinstance(keys, NetcfgError) else keys
        return Contents(tie(secrets, known) if is_in_doubt else secrets, known or frozenset())

    what = f"looking into {counted(len(wanting), 'vault')} by Azure Resource Manager"
    read_by_manager = _side_by_side(read, wanting, what, around)
    found = {vault: Contents(secrets) for vault, secrets in told.items()}
    for vault, held in read_by_manager.items():
        found[vault] = Contents(None, error=held) if isinstance(held, NetcfgError) else held
    return found


def _strays(vault: str, chosen: Iterable[Linked], secrets: Iterable[Secret]) -> bool:
    """Whether a group maps something that is none of the vault's secrets."""
    known = {each.key for each in secrets}
    return any(one.key not in known for each in chosen if each.vault.name == vault for one in each.group.mappings)


def _find(vaults: Sequence[str], around: Surroundings) -> Mapping[str, VaultId | NetcfgError]:
    """The ids of vaults, by which Resource Manager knows them; why not, where it cannot be asked at all."""
    named = {each: _attempt(parse_vault, each) for each in vaults}
    found: dict[str, VaultId | NetcfgError] = {
        name: each for name, each in named.items() if isinstance(each, NetcfgError)
    }
    wanted = [each for each in vaults if each not in found]
    if wanted:
        told = _attempt(around.vaults.find, wanted)
        found.update(dict.fromkeys(wanted, told) if isinstance(told, NetcfgError) else told)
    return found


def _side_by_side(
    do: Callable[[Asked], Told], asked: Sequence[Asked], what: str, around: Surroundings
) -> dict[Asked, Told | NetcfgError]:
    """What came of each, in the order in which they were asked; what went wrong is what came of it."""
    if not asked:
        return {}
    with around.progress.count(what, len(asked)) as done, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:

        def one(each: Asked) -> Told | NetcfgError:
            try:
                return _attempt(do, each)
            finally:
                done()

        return dict(zip(asked, pool.map(one, asked), strict=True))


def _attempt(do: Callable[[Asked], Told], asked: Asked) -> Told | NetcfgError:
    """What was told, or the error; a name that cannot be meant is none that somebody typed, but a group's."""
    try:
        return do(asked)
    except NetcfgError as error:
        return error

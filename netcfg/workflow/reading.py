"""Reading: everything that the vaults and the intents of a run need, asked for side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar

from netcfg.core.desired import is_enforced
from netcfg.core.errors import NetcfgError, NotMeant
from netcfg.core.geography import Geography, Organization
from netcfg.core.guards import Acceptance, holds_none
from netcfg.core.intent import Intent
from netcfg.core.linkage import NOT_ASKED, Linkage
from netcfg.core.plan import Undetermined
from netcfg.core.private import NOTHING_PRIVATE, Landscape
from netcfg.core.ranges import Policy, Resolution, resolve
from netcfg.core.resources import SubnetId, Vault, VaultId, as_subnet
from netcfg.core.rules import PublicAccess
from netcfg.core.target import Location, Target, name_of
from netcfg.core.words import counted
from netcfg.workflow.agents import Agents
from netcfg.workflow.agents import find as find_agents
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.drawing import Drawing, Drawings
from netcfg.workflow.linked import linkage

READERS = 16
FEW = 16  # vaults that Resource Manager itself is asked for one by one; many are read from an index, which lags

Name = TypeVar("Name")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Grounds:
    """What is meant for each vault, by its name, and what is known of each intent before any vault is looked at; or why
    nothing is. `linkage` is what variable groups use, if a vault made somebody ask."""

    meant: Mapping[str, Target]
    bases: Mapping[Intent, Drawing]
    failures: Mapping[Intent, NetcfgError]
    linkage: Linkage = NOT_ASKED

    def basis(self, vault: VaultId) -> Drawing | None:
        return self.bases.get(self.meant[vault.name].intent)


@dataclass(frozen=True)
class Reading:
    """Everything that was read for a run: the vaults that could be read, and what each one's plan rests on.

    `lines` are those of the configuration that chose them. `named` are the subnets that rules of any vault name, and
    `gone` those of them that are not there any more; `landscapes` is everything private around the vaults of an intent.
    """

    vaults: tuple[Vault, ...]
    drawings: Drawings
    undetermined: tuple[Undetermined, ...]
    organizations: tuple[Organization, ...]
    resolution: Resolution
    given: tuple[Geography, ...]
    lines: Mapping[VaultId, Location]
    grounds: Grounds
    named: frozenset[SubnetId] = frozenset()
    gone: frozenset[SubnetId] = frozenset()
    landscapes: Mapping[Intent, Landscape] = field(default_factory=dict)


def read(
    targets: Sequence[Target], acceptances: Iterable[Acceptance], around: Surroundings, *, is_consistent: bool = False
) -> Reading:
    """Read everything that the vaults and the intents of a run need, side by side; the vaults come by id.

    A few vaults are read from Resource Manager itself, and many from Resource Graph, whose index lags, unless it is to
    be `is_consistent`.
    """
    meant = {each.name: each for each in targets}
    intents = list(dict.fromkeys(each.intent for each in targets))
    accepted = tuple(acceptances)
    with _readers() as pool:
        names = {name.casefold(): name for intent in intents for name in intent.organizations}
        look_up = _told(around, "looking up", around.organizations.look_up)
        organizations = {key: pool.submit(look_up, name) for key, name in names.items()}
        agents = pool.submit(find_agents, intents, around)
        vaults, missing = _read_vaults(meant, pool, around, is_consistent=is_consistent)
        named = _named(vaults)
        gone = pool.submit(_gone, named, around)
        bases: dict[Intent, Drawing] = {}
        failures: dict[Intent, NetcfgError] = {}
        for intent in intents:
            try:
                bases[intent] = _gather(intent, organizations, agents, accepted, around)
            except NetcfgError as error:
                failures[intent] = error
        if failures and not bases:
            raise next(iter(failures.values()))  # that says more than that nothing is known of each vault
        grounds = _linked(Grounds(meant, bases, failures), vaults, around)
        return _weigh(grounds, vaults, missing, named, gone.result(), around)


def read_again(found: Reading, wanted: Collection[VaultId], around: Surroundings, *, is_alone: bool = False) -> Reading:
    """The same, with the vaults that are `wanted` as Resource Manager itself shows them now.

    Nothing else is asked again: no subnet that was looked for, and nothing around vaults that did not change. Where
    many of one subscription are wanted its list tells them all: two requests for each would use up the reads that Azure
    grants there. With `is_alone` each is read by itself all the same.
    """
    meant = found.grounds.meant
    before = {each.id: each for each in found.vaults}
    crowds = Counter(each.subscription for each in wanted)
    crowded = [each for each in wanted if crowds[each.subscription] > FEW and not is_alone]
    with _readers() as pool:
        listed = pool.submit(around.vaults.listed, crowded) if crowded else None
        alone = [each for each in wanted if crowds[each.subscription] <= FEW or is_alone]
        fresh, missing = _collect({each: pool.submit(around.vaults.read, each) for each in alone}, meant, around)
        for id, answer in (listed.result() if listed else {}).items():
            if isinstance(answer, NetcfgError):
                missing.append(_unread(id, answer, meant))
            else:
                fresh.append(answer)
    now = {**{id: each for id, each in before.items() if id not in wanted}, **{each.id: each for each in fresh}}
    changed = {meant[id.name].intent for id in wanted if now.get(id) != before[id]}
    known = {intent: each for intent, each in found.landscapes.items() if intent not in changed}
    named = _named(fresh) - found.named
    gone = found.gone | _gone(named, around)
    grounds = _linked(found.grounds, fresh, around)
    return _weigh(grounds, now.values(), [*found.undetermined, *missing], found.named | named, gone, around, known)


def _linked(grounds: Grounds, vaults: Iterable[Vault], around: Surroundings) -> Grounds:
    """The same with what variable groups use, where a vault was only selected and holds no published range.

    Each organization is asked once for all, and nobody is where no such vault is.
    """
    asked = {each.casefold() for each in grounds.linkage.organizations}
    strange = [
        target.intent
        for each in vaults
        if (target := grounds.meant[each.id.name]).is_selected
        and (basis := grounds.bases.get(target.intent))
        and holds_none(each.firewall, basis.resolution)
    ]
    meant = (name for intent in dict.fromkeys(strange) for name in intent.organizations)
    organizations = [each for each in meant if each.casefold() not in asked]
    if not organizations:
        return grounds
    return replace(grounds, linkage=grounds.linkage.with_libraries(linkage(organizations, around)))


@contextmanager
def _readers() -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(READERS)
    try:
        yield pool
    finally:
        # Whoever interrupts a plan, or waits for the error of one answer, need not wait for all the others.
        pool.shutdown(wait=False, cancel_futures=True)


def _weigh(
    grounds: Grounds,
    vaults: Iterable[Vault],
    missing: Iterable[Undetermined],
    named: frozenset[SubnetId],
    gone: frozenset[SubnetId],
    around: Surroundings,
    known: Mapping[Intent, Landscape] = MappingProxyType({}),
) -> Reading:
    """What the plan of each vault rests on, once all of them are seen; `known` landscapes need no other look."""
    meant = grounds.meant
    of_intent: dict[Intent, list[Vault]] = {}
    for each in sorted(vaults, key=lambda each: each.id.text.lower()):
        of_intent.setdefault(meant[each.id.name].intent, []).append(each)
    bases: dict[Intent, Drawing] = {}
    failures = dict(grounds.failures)
    for intent, basis in grounds.bases.items():
        try:
            landscape = known.get(intent) or look_privately(of_intent.get(intent, []), basis.agents.intent, around)
            bases[intent] = replace(basis, landscape=landscape)
        except NetcfgError as error:
            failures[intent] = error
    if failures and not bases:
        raise next(iter(failures.values()))
    unread = [
        undetermined(each.id, error, meant[each.id.name].where)
        for intent, error in failures.items()
        for each in of_intent.get(intent, [])
    ]
    served = sorted(
        (each for intent in bases for each in of_intent.get(intent, [])), key=lambda each: each.id.text.lower()
    )
    run = frozenset(each.id for each in served)
    settled = {intent: replace(each, gone=gone, chosen=run) for intent, each in bases.items()}
    intents = list(dict.fromkeys(each.intent for each in meant.values()))
    policy, canary = (intents[0].policy, intents[0].canary) if intents else (Policy.UNION, False)
    return Reading(
        tuple(served),
        _share(served, meant, settled, grounds.linkage),
        (*missing, *unread),
        tuple(dict.fromkeys(each for basis in bases.values() for each in basis.organizations)),
        resolve(around.catalogue, policy, _geographies(bases.values()), canary=canary),
        tuple(sorted({each for intent in intents for each in intent.geographies})),
        {each.id: where for each in served if (where := meant[each.id.name].where)},
        grounds,
        named,
        gone,
        {intent: each.landscape for intent, each in bases.items()},
    )


def _share(
    vaults: Iterable[Vault], meant: Mapping[str, Target], bases: Mapping[Intent, Drawing], known: Linkage
) -> Drawings:
    """What the plan of each vault rests on, which is one and the same where the same is meant."""
    targets = {each.id: meant[each.id.name] for each in vaults}
    settled = {each: bases[meant[each.id.name].intent].agents.intent for each in vaults}
    heeding = {
        each.id: frozenset(intent.subnets)
        for each, intent in settled.items()
        if _heeds_rules(each, intent) and not intent.is_private  # whose agents get no rule, and come later
    }
    shared = {
        (intent, is_selected, is_declared): replace(
            bases[intent].without(_companions(bases[intent], heeding)),
            is_selected=is_selected,
            is_declared=is_declared,
            linkage=known.of(intent.organizations),
        )
        for intent, is_selected, is_declared in {_kind(each) for each in targets.values()}
    }
    return {id: shared[_kind(each)] for id, each in targets.items()}


def _kind(target: Target) -> tuple[Intent, bool, bool]:
    """What the plans of vaults share that are found in the same way and mean the same."""
    return target.intent, target.is_selected, target.where is not None


def _companions(basis: Drawing, heeding: Mapping[VaultId, frozenset[SubnetId]]) -> frozenset[VaultId]:
    """The vaults of the run that get a rule for each of the subnets that this plan gives an endpoint."""
    bare = frozenset(basis.agents.bare)
    return frozenset(id for id, subnets in heeding.items() if bare and bare <= subnets)


def _geographies(bases: Iterable[Drawing]) -> set[Geography]:
    return {each for basis in bases for each in basis.resolution.geographies}


def _gather(
    intent: Intent,
    organizations: Mapping[str, Future[Organization]],
    agents: Future[dict[Intent, Agents | NetcfgError]],
    acceptances: tuple[Acceptance, ...],
    around: Surroundings,
) -> Drawing:
    # That nobody has this organization says more than that it shows no agents.
    known = tuple(organizations[name.casefold()].result() for name in intent.organizations)
    found = agents.result()[intent]
    if isinstance(found, NetcfgError):
        raise found
    geographies = found.intent.geographies or [each.geography for each in known]
    resolution = resolve(around.catalogue, intent.policy, geographies, canary=intent.canary)
    return Drawing(found, resolution, known, acceptances)


def _heeds_rules(vault: Vault, intent: Intent) -> bool:
    """Whether a rule that this run gives the vault will admit anybody; else the agents may lose their way in there."""
    access = intent.public_access or vault.firewall.public_access
    return access is PublicAccess.ENABLED and not is_enforced(vault)


def look_privately(vaults: Sequence[Vault], intent: Intent, around: Surroundings) -> Landscape:
    """Everything private around vaults; nothing is asked where nobody wants a private endpoint, or one gone."""
    if not intent.touches_endpoints or not vaults:
        return NOTHING_PRIVATE
    around.progress.step("looking at private endpoints and the zones that lead to them")
    return around.private.look(vaults, intent)


def _named(vaults: Iterable[Vault]) -> frozenset[SubnetId]:
    """The subnets that rules of these vaults name."""
    rules = {rule.subnet for each in vaults for rule in each.firewall.rule_set.virtual_network_rules}
    return frozenset(subnet for rule in rules if (subnet := as_subnet(rule)))


def _gone(subnets: frozenset[SubnetId], around: Surroundings) -> frozenset[SubnetId]:
    """Those that are not there any more."""
    return around.subnets.missing(subnets) if subnets else frozenset()


def _read_vaults(
    meant: Mapping[str, Target], pool: ThreadPoolExecutor, around: Surroundings, *, is_consistent: bool
) -> tuple[list[Vault], list[Undetermined]]:
    """The chosen vaults, each once."""
    if len(meant) <= FEW:
        return _read_one_by_one(meant, pool, around)
    with around.progress.count(f"reading {counted(len(meant), 'vault')}", len(meant)) as advance:
        shown = {
            each.vault: each.shown
            for each in meant.values()
            if each.shown and each.means(each.shown.id) and not (is_consistent and each.shown.is_indexed)
        }
        rest = [each.vault for each in meant.values() if each.vault not in shown]
        look = around.vaults.listed if is_consistent else around.vaults.show
        found: list[Vault] = []
        missing: list[Undetermined] = []
        for asked, answer in {**shown, **(look(rest) if rest else {})}.items():
            advance()
            if isinstance(answer, NetcfgError):
                missing.append(_unread(asked, answer, meant))
            else:
                found.append(answer)
        return found, missing


def _read_one_by_one(
    meant: Mapping[str, Target], pool: ThreadPoolExecutor, around: Surroundings
) -> tuple[list[Vault], list[Undetermined]]:
    """Those given by id are read while the names of the others are looked up."""
    read = _told(around, "reading", around.vaults.read, lambda each: each.name)
    names = [each.vault for each in meant.values() if isinstance(each.vault, str)]
    reading = {each.vault: pool.submit(read, each.vault) for each in meant.values() if isinstance(each.vault, VaultId)}
    lost: list[Undetermined] = []
    for name, id in (around.vaults.find(names) if names else {}).items():
        if isinstance(id, NetcfgError):
            lost.append(_unread(name, id, meant))
        else:
            reading[id] = pool.submit(read, id)
    found, missing = _collect(reading, meant, around)
    return found, [*lost, *missing]


def id_of(vault: VaultId | str, around: Surroundings) -> VaultId:
    """The id of a vault that may be known by its name only; a name that stands for none is an error."""
    if not isinstance(vault, str):
        return vault
    found = around.vaults.find([vault])[vault]
    if isinstance(found, NetcfgError):
        raise found
    return found


def read_each(vaults: Sequence[VaultId], around: Surroundings) -> tuple[list[Vault], list[Undetermined]]:
    """The vaults as Resource Manager itself shows them, side by side."""
    with _readers() as pool:
        return _collect({each: pool.submit(around.vaults.read, each) for each in vaults}, {}, around)


def _collect(
    reading: Mapping[VaultId, Future[Vault]], meant: Mapping[str, Target], around: Surroundings
) -> tuple[list[Vault], list[Undetermined]]:
    found: list[Vault] = []
    missing: list[Undetermined] = []
    with around.progress.count(f"reading {counted(len(reading), 'vault')}", len(reading)) as advance:
        for id, future in reading.items():
            try:
                found.append(future.result())
            except NetcfgError as error:
                missing.append(_unread(id, error, meant))
            advance()
    return found, missing


def _unread(vault: VaultId | str, error: NetcfgError, meant: Mapping[str, Target]) -> Undetermined:
    target = meant.get(name_of(vault))
    return undetermined(vault, error, target.where if target else None)


def undetermined(vault: object, error: NetcfgError, where: Location | None = None) -> Undetermined:
    """What cannot be read is undetermined. What was asked wrongly is too, where the line of a file asks for it; what
    the command line asks is wrong for every vault, and ends the run."""
    if error.status != 2:
        return Undetermined(str(vault), error, where)
    if where is None:
        raise error
    return Undetermined(str(vault), NotMeant(where, error), where)


def _told(
    around: Surroundings, verb: str, read: Callable[[Name], Found], label: Callable[[Name], str] = str
) -> Callable[[Name], Found]:
    """The same reading, announced to whoever watches."""

    def told(name: Name) -> Found:
        around.progress.step(f"{verb} {label(name)}")
        return read(name)

    return told

"""Plan: read everything side by side, then say what would change in each vault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from netcfg.core.desired import is_enforced
from netcfg.core.errors import NetcfgError, NotMeant
from netcfg.core.geography import Geography, Organization
from netcfg.core.guards import Acceptance, Circumstances
from netcfg.core.intent import Intent
from netcfg.core.plan import Plan, PlanSet, Undetermined, draw, look
from netcfg.core.private import NOTHING_PRIVATE, Landscape
from netcfg.core.ranges import Policy, Resolution, resolve
from netcfg.core.resources import SubnetId, Vault, VaultId, as_subnet
from netcfg.core.rules import PublicAccess
from netcfg.core.target import Location, Target
from netcfg.workflow.agents import Agents
from netcfg.workflow.agents import find as find_agents
from netcfg.workflow.collaborators import Surroundings

READERS = 16

Name = TypeVar("Name")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Drawing:
    """What the plans of all vaults rest on for which the same is meant; with it one that was read again can be planned
    again.

    `chosen` are the vaults of the run, and `companions` those of them that get the rules for the agents' subnets,
    whatever else is meant for them. `is_selected` is whether nobody named these vaults.
    """

    agents: Agents
    resolution: Resolution
    organizations: tuple[Organization, ...]
    acceptances: tuple[Acceptance, ...]
    gone: frozenset[SubnetId] = frozenset()
    landscape: Landscape = NOTHING_PRIVATE
    chosen: frozenset[VaultId] = frozenset()
    companions: frozenset[VaultId] = frozenset()
    is_selected: bool = False

    def look_again(self, around: Surroundings) -> Drawing:
        """The same after another look at who else depends on the agents' addresses: a plan may be hours old."""
        return replace(self, agents=self.agents.surveyed(around)).without(self.companions)

    def without(self, companions: frozenset[VaultId]) -> Drawing:
        """The same, where nobody worries about `companions`: they get their rule before the switch."""
        survey = self.agents.survey.among(self.chosen).without(companions)
        return replace(self, agents=replace(self.agents, survey=survey), companions=companions)

    def look(self, vault: Vault, around: Surroundings) -> Circumstances:
        """The vault with everything that decides about it."""
        return look(
            vault,
            self.agents.intent,
            self.resolution,
            self.organizations,
            self.agents.subnets,
            around.today,
            survey=self.agents.survey,
            gone=self.gone,
            landscape=self.landscape,
            is_selected=self.is_selected,
        )

    def draw(self, vault: Vault, around: Surroundings) -> Plan:
        return draw(self.look(vault, around), self.acceptances)


Drawings = Mapping[VaultId, Drawing]


@dataclass(frozen=True)
class Reading:
    """Everything that was read for a run: the vaults that could be read, and what each one's plan rests on.

    `lines` are those of the configuration that chose them.
    """

    vaults: tuple[Vault, ...]
    drawings: Drawings
    undetermined: tuple[Undetermined, ...]
    organizations: tuple[Organization, ...]
    resolution: Resolution
    given: tuple[Geography, ...]
    lines: Mapping[VaultId, Location]


def plan(
    targets: Sequence[Target],
    acceptances: Iterable[Acceptance],
    around: Surroundings,
    lost: Iterable[Undetermined] = (),
    *,
    asks_which: bool = False,
) -> tuple[PlanSet, Drawings]:
    """The plans for the chosen vaults, by id, and what they rest on; `lost` are those that could not be selected.

    What cannot be read and all vaults need is an error of the whole run; a vault that cannot be is undetermined.
    `asks_which` is whether acceptances have to name their vaults.
    """
    found = read(targets, acceptances, around)
    plans: list[Plan] = []
    missing = [*lost, *found.undetermined]
    for vault in found.vaults:
        try:
            plans.append(found.drawings[vault.id].draw(vault, around))
        except NetcfgError as error:
            missing.append(undetermined(vault.id, error, found.lines.get(vault.id)))
    unknown = tuple(sorted(missing, key=lambda each: each.vault))
    planned = PlanSet(
        found.given, found.organizations, found.resolution, tuple(plans), unknown, asks_which, found.lines
    )
    return planned, found.drawings


def read(targets: Sequence[Target], acceptances: Iterable[Acceptance], around: Surroundings) -> Reading:
    """Read everything that the vaults and the intents of a run need, side by side; the vaults come by id."""
    meant = {each.name: each for each in targets}
    intents = list(dict.fromkeys(each.intent for each in targets))
    accepted = tuple(acceptances)
    pool = ThreadPoolExecutor(READERS)
    try:
        names = {name.casefold(): name for intent in intents for name in intent.organizations}
        look_up = _told(around, "looking up", around.organizations.look_up)
        organizations = {key: pool.submit(look_up, name) for key, name in names.items()}
        agents = {intent: pool.submit(find_agents, intent, around) for intent in intents}
        vaults, missing = _read_vaults(meant, pool, around)
        gone = pool.submit(_gone, vaults, around)
        bases: dict[Intent, Drawing] = {}
        failures: list[NetcfgError] = []
        of_intent: dict[Intent, list[Vault]] = {intent: [] for intent in intents}
        for vault in vaults:
            of_intent[meant[vault.id.name].intent].append(vault)
        for intent, own in of_intent.items():
            try:
                basis = _gather(intent, organizations, agents[intent], accepted, around)
                bases[intent] = replace(basis, landscape=look_privately(own, basis.agents.intent, around))
            except NetcfgError as error:
                failures.append(error)
                missing += [undetermined(each.id, error, meant[each.id.name].where) for each in own]
        if failures and not bases:
            raise failures[0]  # that says more than that nothing is known of each vault
        bases = {intent: replace(each, gone=gone.result()) for intent, each in bases.items()}
    finally:
        # Whoever interrupts a plan, or waits for the error of one answer, need not wait for all the others.
        pool.shutdown(wait=False, cancel_futures=True)
    served = sorted(
        (each for each in vaults if meant[each.id.name].intent in bases), key=lambda each: each.id.text.lower()
    )
    run = frozenset(each.id for each in served)
    drawings = _share(served, meant, {intent: replace(each, chosen=run) for intent, each in bases.items()})
    policy, canary = (intents[0].policy, intents[0].canary) if intents else (Policy.UNION, False)
    return Reading(
        tuple(served),
        drawings,
        tuple(missing),
        tuple(dict.fromkeys(each for basis in bases.values() for each in basis.organizations)),
        resolve(around.catalogue, policy, _geographies(bases.values()), canary=canary),
        tuple(sorted({each for intent in intents for each in intent.geographies})),
        {each.id: where for each in served if (where := meant[each.id.name].where)},
    )


def _share(vaults: Iterable[Vault], meant: Mapping[str, Target], bases: Mapping[Intent, Drawing]) -> Drawings:
    """What the plan of each vault rests on, which is one and the same where the same is meant."""
    targets = {each.id: meant[each.id.name] for each in vaults}
    settled = {each: bases[meant[each.id.name].intent].agents.intent for each in vaults}
    heeding = {
        each.id: frozenset(intent.subnets)
        for each, intent in settled.items()
        if _heeds_rules(each, intent) and not intent.is_private  # whose agents get no rule, and come later
    }
    shared = {
        (intent, is_selected): replace(
            bases[intent].without(_companions(bases[intent], heeding)), is_selected=is_selected
        )
        for intent, is_selected in {(each.intent, each.is_selected) for each in targets.values()}
    }
    return {id: shared[each.intent, each.is_selected] for id, each in targets.items()}


def _companions(basis: Drawing, heeding: Mapping[VaultId, frozenset[SubnetId]]) -> frozenset[VaultId]:
    """The vaults of the run that get a rule for each of the subnets that this plan gives an endpoint."""
    bare = frozenset(basis.agents.bare)
    return frozenset(id for id, subnets in heeding.items() if bare and bare <= subnets)


def _geographies(bases: Iterable[Drawing]) -> set[Geography]:
    return {each for basis in bases for each in basis.resolution.geographies}


def _gather(
    intent: Intent,
    organizations: Mapping[str, Future[Organization]],
    agents: Future[Agents],
    acceptances: tuple[Acceptance, ...],
    around: Surroundings,
) -> Drawing:
    # That nobody has this organization says more than that it shows no agents.
    known = tuple(organizations[name.casefold()].result() for name in intent.organizations)
    found = agents.result()
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


def _gone(vaults: Iterable[Vault], around: Surroundings) -> frozenset[SubnetId]:
    """The subnets that rules of these vaults name and that are not there any more."""
    rules = {rule.subnet for each in vaults for rule in each.firewall.rule_set.virtual_network_rules}
    named = {subnet for rule in rules if (subnet := as_subnet(rule))}
    return around.subnets.missing(named) if named else frozenset()


def _read_vaults(
    meant: Mapping[str, Target], pool: ThreadPoolExecutor, around: Surroundings
) -> tuple[list[Vault], list[Undetermined]]:
    """The chosen vaults, each once; those given by id are read while the names of the others are looked up."""
    read = _told(around, "reading", around.vaults.read, lambda each: each.name)
    names = [each.vault for each in meant.values() if isinstance(each.vault, str)]
    reading = {each.vault: pool.submit(read, each.vault) for each in meant.values() if isinstance(each.vault, VaultId)}
    missing: list[Undetermined] = []
    for name, id in (around.vaults.find(names) if names else {}).items():
        if isinstance(id, NetcfgError):
            missing.append(undetermined(name, id, meant[name.lower()].where))
        else:
            reading[id] = pool.submit(read, id)
    found: list[Vault] = []
    for id, future in reading.items():
        try:
            found.append(future.result())
        except NetcfgError as error:
            missing.append(undetermined(id, error, meant[id.name].where))
    return found, missing


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

"""Plan: read everything side by side, then say what would change in each vault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from netcfg.core.desired import is_enforced
from netcfg.core.errors import NetcfgError
from netcfg.core.geography import Organization
from netcfg.core.guards import Acceptance
from netcfg.core.intent import Intent
from netcfg.core.plan import Plan, PlanSet, Undetermined, draw
from netcfg.core.private import NOTHING_PRIVATE, Landscape
from netcfg.core.ranges import Resolution, resolve
from netcfg.core.resources import SubnetId, Vault, VaultId, as_subnet
from netcfg.core.rules import PublicAccess
from netcfg.workflow.agents import Agents
from netcfg.workflow.agents import find as find_agents
from netcfg.workflow.collaborators import Surroundings

READERS = 16

Name = TypeVar("Name")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Drawing:
    """What every plan of a run rests on; with it a vault that was read again can be planned again.

    `companions` are the vaults of the run that get the rules for the agents' subnets.
    """

    agents: Agents
    resolution: Resolution
    organizations: tuple[Organization, ...]
    acceptances: tuple[Acceptance, ...]
    gone: frozenset[SubnetId] = frozenset()
    landscape: Landscape = NOTHING_PRIVATE
    companions: frozenset[VaultId] = frozenset()

    def look_again(self, around: Surroundings) -> Drawing:
        """The same after another look at who else depends on the agents' addresses: a plan may be hours old."""
        agents = self.agents.surveyed(around)
        return replace(self, agents=replace(agents, survey=agents.survey.without(self.companions)))

    def draw(self, vault: Vault, around: Surroundings) -> Plan:
        return draw(
            vault,
            self.agents.intent,
            self.resolution,
            self.organizations,
            self.agents.subnets,
            self.acceptances,
            around.today,
            survey=self.agents.survey,
            gone=self.gone,
            landscape=self.landscape,
        )


def plan(
    chosen: Sequence[VaultId | str], intent: Intent, acceptances: Iterable[Acceptance], around: Surroundings
) -> tuple[PlanSet, Drawing]:
    """The plans for the chosen vaults, by id, and what they rest on.

    An organization or a subnet that cannot be read is an error of the whole run; a vault that cannot is undetermined.
    """
    pool = ThreadPoolExecutor(READERS)
    try:
        organizations = [
            pool.submit(_told(around, "looking up", around.organizations.look_up), name)
            for name in intent.organizations
        ]
        agents = pool.submit(find_agents, intent, around)
        found, missing = _read_vaults(chosen, pool, around)
        gone = pool.submit(_gone, found, around)
        for each in organizations:
            each.result()  # that nobody has this organization says more than that it shows no agents
        landscape = look_privately(found, agents.result().intent, around)
        drawing = replace(_gather(organizations, agents, found, gone, acceptances, around), landscape=landscape)
    finally:
        # Whoever interrupts a plan, or waits for the error of one answer, need not wait for all the others.
        pool.shutdown(wait=False, cancel_futures=True)
    plans: list[Plan] = []
    for vault in found:
        try:
            plans.append(drawing.draw(vault, around))
        except NetcfgError as error:
            missing.append(_undetermined(vault.id, error))
    ordered = tuple(sorted(plans, key=lambda each: each.vault.id.text.lower()))
    unknown = tuple(sorted(missing, key=lambda each: each.vault))
    return PlanSet(drawing.agents.intent, drawing.organizations, drawing.resolution, ordered, unknown), drawing


def _gather(
    organizations: Iterable[Future[Organization]],
    agents: Future[Agents],
    vaults: Sequence[Vault],
    gone: Future[frozenset[SubnetId]],
    acceptances: Iterable[Acceptance],
    around: Surroundings,
) -> Drawing:
    known = tuple(each.result() for each in organizations)
    found = agents.result()
    intent = found.intent
    geographies = intent.geographies or [each.geography for each in known]
    resolution = resolve(around.catalogue, intent.policy, geographies, canary=intent.canary)
    companions = frozenset(each.id for each in vaults if _heeds_rules(each, intent))
    return Drawing(
        replace(found, survey=found.survey.without(companions)),
        resolution,
        known,
        tuple(acceptances),
        gone.result(),
        companions=companions,
    )


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
    chosen: Sequence[VaultId | str], pool: ThreadPoolExecutor, around: Surroundings
) -> tuple[list[Vault], list[Undetermined]]:
    """The chosen vaults, each once; those given by id are read while the names of the others are looked up."""
    read = _told(around, "reading", around.vaults.read, lambda each: each.name)
    ids = list(dict.fromkeys(each for each in chosen if isinstance(each, VaultId)))
    names = list(dict.fromkeys(each for each in chosen if isinstance(each, str)))
    reading = {id: pool.submit(read, id) for id in ids}
    missing: list[Undetermined] = []
    for name, id in (around.vaults.find(names) if names else {}).items():
        if isinstance(id, NetcfgError):
            missing.append(_undetermined(name, id))
        elif id not in reading:
            reading[id] = pool.submit(read, id)
    found: list[Vault] = []
    for id, future in reading.items():
        try:
            found.append(future.result())
        except NetcfgError as error:
            missing.append(_undetermined(id, error))
    return found, missing


def _undetermined(vault: object, error: NetcfgError) -> Undetermined:
    """What cannot be read is undetermined; what was asked wrongly is wrong for every vault, and ends the run."""
    if error.status == 2:
        raise error
    return Undetermined(str(vault), error)


def _told(
    around: Surroundings, verb: str, read: Callable[[Name], Found], label: Callable[[Name], str] = str
) -> Callable[[Name], Found]:
    """The same reading, announced to whoever watches."""

    def told(name: Name) -> Found:
        around.progress.step(f"{verb} {label(name)}")
        return read(name)

    return told

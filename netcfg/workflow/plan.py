"""Plan: read everything side by side, then say what would change in each vault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from netcfg.core.errors import NetcfgError
from netcfg.core.geography import Organization
from netcfg.core.guards import Acceptance
from netcfg.core.intent import Intent
from netcfg.core.plan import Plan, PlanSet, Undetermined, draw
from netcfg.core.ranges import Resolution, resolve
from netcfg.core.resources import Subnet, Vault, VaultId
from netcfg.workflow.collaborators import Surroundings

READERS = 16

Name = TypeVar("Name")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Drawing:
    """What every plan of a run rests on; with it a vault that was read again can be planned again."""

    intent: Intent
    resolution: Resolution
    organizations: tuple[Organization, ...]
    subnets: tuple[Subnet, ...]
    acceptances: tuple[Acceptance, ...]

    def draw(self, vault: Vault, around: Surroundings, subnets: Iterable[Subnet] | None = None) -> Plan:
        known = self.subnets if subnets is None else tuple(subnets)
        return draw(vault, self.intent, self.resolution, self.organizations, known, self.acceptances, around.today)


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
        subnets = [
            pool.submit(_told(around, "reading", around.subnets.read, lambda each: each.short), subnet)
            for subnet in intent.subnets
        ]
        found, missing = _read_vaults(chosen, pool, around)
        drawing = _gather(intent, organizations, subnets, acceptances, around)
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
    return PlanSet(intent, drawing.organizations, drawing.resolution, ordered, unknown), drawing


def _gather(
    intent: Intent,
    organizations: Iterable[Future[Organization]],
    subnets: Iterable[Future[Subnet]],
    acceptances: Iterable[Acceptance],
    around: Surroundings,
) -> Drawing:
    known = tuple(each.result() for each in organizations)
    geographies = intent.geographies or [each.geography for each in known]
    resolution = resolve(around.catalogue, intent.policy, geographies, canary=intent.canary)
    return Drawing(intent, resolution, known, tuple(each.result() for each in subnets), tuple(acceptances))


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

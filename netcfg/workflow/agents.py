"""The agents of a run: the pools that are discovered, the subnets that were named, and what is there of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby

from netcfg.core.agents import AgentPool
from netcfg.core.intent import Intent
from netcfg.core.resources import Subnet, SubnetId
from netcfg.core.rules import PublicAccess
from netcfg.core.switchover import NOTHING_SEEN, Survey
from netcfg.workflow.collaborators import Surroundings

READERS = 8


@dataclass(frozen=True)
class Agents:
    """The intent, now that its names and pools are known, the subnets of it as Azure shows them, and who else depends
    on the addresses of those that have no service endpoint yet."""

    intent: Intent
    subnets: tuple[Subnet, ...] = ()
    survey: Survey = NOTHING_SEEN

    @property
    def bare(self) -> tuple[SubnetId, ...]:
        """The subnets that lack their endpoint."""
        return tuple(each.id for each in self.subnets if not each.has_endpoint)

    def surveyed(self, around: Surroundings) -> Agents:
        """The same after a look at who else depends on the addresses of the bare ones."""
        around.progress.step("looking for other vaults that admit these agents")
        return replace(self, survey=around.neighbourhood.survey(self.bare))

    def enabled(self) -> Agents:
        """The same once every subnet has its endpoint."""
        return replace(self, subnets=tuple(replace(each, has_endpoint=True) for each in self.subnets))


def find(intent: Intent, around: Surroundings) -> Agents:
    """Ask for everything about the agents that `intent` means; what cannot be read is an error of the whole run."""
    settled = _settle(intent, around)
    if settled.is_private:
        return Agents(settled)  # their subnets stay as they are; their networks are looked at with the endpoints
    agents = Agents(settled, _read(settled.subnets, around))
    switches = agents.bare and settled.public_access is not PublicAccess.DISABLED
    return agents.surveyed(around) if switches else agents


def by_network(subnets: Iterable[SubnetId]) -> list[list[SubnetId]]:
    """Subnets in groups of one virtual network, which is read in one request and takes one write at a time."""
    ordered = sorted(set(subnets), key=str)
    return [list(group) for _, group in groupby(ordered, key=lambda each: each.network_id)]


def _settle(intent: Intent, around: Surroundings) -> Intent:
    if not intent.named_subnets and not intent.discovers_agents and not intent.named_private_endpoint:
        return intent
    with ThreadPoolExecutor(READERS) as pool:
        private = pool.submit(_find_private, intent, around)
        named = pool.submit(_find_named, intent, around)
        pools = pool.map(lambda each: _discover(each, around), intent.organizations if intent.discovers_agents else ())
        settled = intent.with_agents(named.result(), (each for found in pools for each in found))
        subnet = private.result()
        return settled.with_private_endpoint(subnet) if subnet else settled


def _find_named(intent: Intent, around: Surroundings) -> Sequence[SubnetId]:
    if not intent.named_subnets:
        return ()
    around.progress.step(f"looking for {', '.join(map(str, intent.named_subnets))}")
    return around.subnets.find(intent.named_subnets)


def _find_private(intent: Intent, around: Surroundings) -> SubnetId | None:
    """The subnet of the private endpoint, where it was given by its name."""
    if intent.named_private_endpoint is None:
        return None
    around.progress.step(f"looking for {intent.named_private_endpoint}")
    return around.subnets.find([intent.named_private_endpoint])[0]


def _discover(organization: str, around: Surroundings) -> Sequence[AgentPool]:
    around.progress.step(f"looking for the agents of {organization}")
    return around.agents.pools(organization)


def _read(subnets: Sequence[SubnetId], around: Surroundings) -> tuple[Subnet, ...]:
    def read(group: Sequence[SubnetId]) -> tuple[Subnet, ...]:
        around.progress.step(f"reading {', '.join(each.short for each in group)}")
        return around.subnets.read(group)

    groups = by_network(subnets)
    if not groups:
        return ()
    with ThreadPoolExecutor(min(READERS, len(groups))) as pool:
        return tuple(each for found in pool.map(read, groups) for each in found)

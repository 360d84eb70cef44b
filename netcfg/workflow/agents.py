"""The agents of a run: the pools that are discovered, the subnets that were named, and what is there of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby
from threading import Lock
from typing import Any, TypeVar

from netcfg.core.agents import AgentPool
from netcfg.core.errors import NetcfgError
from netcfg.core.intent import Intent
from netcfg.core.resources import Subnet, SubnetId, SubnetName
from netcfg.core.rules import PublicAccess
from netcfg.core.switchover import NOTHING_SEEN, Survey
from netcfg.workflow.collaborators import Surroundings

READERS = 8

Item = TypeVar("Item")
Found = TypeVar("Found")
Group = tuple[SubnetId, ...]  # subnets of one virtual network
Networks = Mapping[Group, "tuple[Subnet, ...] | NetcfgError"]


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
        return replace(self, survey=_look(self.bare, around))

    def enabled(self) -> Agents:
        """The same once every subnet has its endpoint."""
        return replace(self, subnets=tuple(replace(each, has_endpoint=True) for each in self.subnets))


def find(intents: Sequence[Intent], around: Surroundings) -> dict[Intent, Agents | NetcfgError]:
    """Everything about the agents that each of `intents` means, or why that cannot be known.

    What several of them mean is asked for once: an organization's pools, a virtual network, and who else depends on the
    agents' addresses.
    """
    once = _Once()
    with ThreadPoolExecutor(READERS) as pool:
        settled = _each(intents, lambda each: _settle(each, once, around), pool)
        failures = {intent: each for intent, each in settled.items() if isinstance(each, NetcfgError)}
        meant = {intent: each for intent, each in settled.items() if isinstance(each, Intent)}
        public = [each for each in meant.values() if not each.is_private]
        groups = by_network(subnet for each in public for subnet in each.subnets)
        networks = _each(map(tuple, groups), lambda each: _read(each, around), pool)
        found = _each(meant, lambda each: Agents(meant[each], _subnets(meant[each], networks, around)), pool)
    return _surveyed({**found, **failures}, around)


def _surveyed(found: Mapping[Intent, Agents | NetcfgError], around: Surroundings) -> dict[Intent, Agents | NetcfgError]:
    """The same after one look at who else depends on the addresses of all the subnets that are to be switched."""
    switching = {intent: each for intent, each in found.items() if isinstance(each, Agents) and _switches(each)}
    bare = tuple(dict.fromkeys(subnet for each in switching.values() for subnet in each.bare))
    if not bare:
        return dict(found)
    try:
        survey = _look(bare, around)
    except NetcfgError as error:
        return {**found, **dict.fromkeys(switching, error)}
    surveyed = {
        intent: replace(agents, survey=replace(survey, exits=tuple(map(survey.exit_of, agents.bare))))
        for intent, agents in switching.items()
    }
    return {**found, **surveyed}


def _switches(agents: Agents) -> bool:
    return bool(agents.bare) and agents.intent.public_access is not PublicAccess.DISABLED


def _look(subnets: Sequence[SubnetId], around: Surroundings) -> Survey:
    around.progress.step("looking for other vaults that admit these agents")
    return around.neighbourhood.survey(subnets)


def by_network(subnets: Iterable[SubnetId]) -> list[list[SubnetId]]:
    """Subnets in groups of one virtual network, which is read in one request and takes one write at a time."""
    ordered = sorted(set(subnets), key=str)
    return [list(group) for _, group in groupby(ordered, key=lambda each: each.network_id)]


class _Once:
    """Answers by what was asked for: whoever asks for the same has the same answer, or the same error."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[object, Future[Any]] = {}

    def ask(self, key: object, ask: Callable[[], Found]) -> Found:
        mine: Future[Found] = Future()
        with self._lock:
            answer: Future[Found] = self._answers.setdefault(key, mine)
        if answer is mine:
            try:
                mine.set_result(ask())
            except BaseException as error:  # noqa: BLE001 - raised below, for all who asked
                mine.set_exception(error)
        return answer.result()


def _each(
    items: Iterable[Item], ask: Callable[[Item], Found], pool: ThreadPoolExecutor
) -> dict[Item, Found | NetcfgError]:
    """What `ask` says of each, asked side by side."""

    def asked(item: Item) -> Found | NetcfgError:
        try:
            return ask(item)
        except NetcfgError as error:
            return error

    wanted = list(items)
    return dict(zip(wanted, pool.map(asked, wanted), strict=True))


def _settle(intent: Intent, once: _Once, around: Surroundings) -> Intent:
    if not intent.named_subnets and not intent.discovers_agents and not intent.named_private_endpoint:
        return intent
    with ThreadPoolExecutor(READERS) as pool:
        private = pool.submit(_find_private, intent, once, around)
        named = pool.submit(_find, tuple(intent.named_subnets), once, around)
        organizations = intent.organizations if intent.discovers_agents else ()
        pools = pool.map(lambda each: _discover(each, once, around), organizations)
        settled = intent.with_agents(named.result(), (each for found in pools for each in found))
        subnet = private.result()
        return settled.with_private_endpoint(subnet) if subnet else settled


def _find_private(intent: Intent, once: _Once, around: Surroundings) -> SubnetId | None:
    """The subnet of the private endpoint, where it was given by its name."""
    if intent.named_private_endpoint is None:
        return None
    return _find((intent.named_private_endpoint,), once, around)[0]


def _find(names: tuple[SubnetName, ...], once: _Once, around: Surroundings) -> Sequence[SubnetId]:
    def ask() -> Sequence[SubnetId]:
        around.progress.step(f"looking for {', '.join(map(str, names))}")
        return around.subnets.find(names)

    return once.ask(names, ask) if names else ()


def _discover(organization: str, once: _Once, around: Surroundings) -> Sequence[AgentPool]:
    def ask() -> Sequence[AgentPool]:
        around.progress.step(f"looking for the agents of {organization}")
        return around.agents.pools(organization)

    return once.ask(organization.casefold(), ask)


def _subnets(intent: Intent, networks: Networks, around: Surroundings) -> tuple[Subnet, ...]:
    """The subnets of one intent, out of what was read of whole networks.

    A network that could not be read with everybody's subnets is read for these alone: the one that is not there may be
    somebody else's. The subnets of those who come privately stay as they are; their networks are looked at with the
    endpoints.
    """
    found: list[Subnet] = []
    for group in [] if intent.is_private else by_network(intent.subnets):
        whole = next(each for each in networks if set(group) <= set(each))
        read = networks[whole]
        if isinstance(read, NetcfgError):
            if tuple(group) == whole:
                raise read
            read = _read(group, around)
        found += [each for each in read if each.id in group]
    return tuple(found)


def _read(subnets: Sequence[SubnetId], around: Surroundings) -> tuple[Subnet, ...]:
    around.progress.step(f"reading {', '.join(each.short for each in subnets)}")
    return around.subnets.read(subnets)

"""Which of many vaults network security perimeters hold: asked of the perimeters, and then of the vaults in question.

No vault's row in Resource Graph tells of its perimeter, and asking every vault takes a request for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from threading import Lock

from netcfg.azure import graph, subscriptions
from netcfg.azure.arm import ResourceManager
from netcfg.azure.firewall import perimeters
from netcfg.core.errors import NetcfgError
from netcfg.core.resources import Vault
from netcfg.core.rules import Perimeter, PublicAccess

SIDE_BY_SIDE = 32


@dataclass(frozen=True)
class Members:
    """The ids, in lower case, of what perimeters hold. Without `are_all` there are perimeters that do not tell, and
    each of those might hold any vault."""

    ids: frozenset[str]
    are_all: bool = True

    def may_be(self, vault: Vault) -> bool:
        """Whether the vault may be one of them."""
        secured = vault.firewall.public_access is PublicAccess.SECURED_BY_PERIMETER
        return secured or not self.are_all or str(vault.id).lower() in self.ids


def read_members(arm: ResourceManager, ids: Iterable[str], pool: Executor) -> Members:
    """What the perimeters of these ids hold."""
    found = list(pool.map(lambda each: perimeters.read_members(arm, each), ids))
    return Members(frozenset(id for each in found for id in each or ()), None not in found)


@contextmanager
def readers() -> Iterator[ThreadPoolExecutor]:
    """Threads that nobody waits for who leaves in haste."""
    pool = ThreadPoolExecutor(SIDE_BY_SIDE)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class Holders:
    """The perimeters that can be seen. They are looked for from the start, while somebody looks for the vaults.

    Resource Graph shows those of every subscription, and leaves out without a word what may not be read. So Resource
    Manager is asked for the list of each subscription in which there are vaults, and where that is refused each of
    these vaults is asked itself. A perimeter of another subscription, which this sign-in may not read, stays unseen:
    it is found when the vault is read for a write.
    """

    def __init__(self, arm: ResourceManager, pool: Executor, *, is_consistent: bool = False) -> None:
        self._arm = arm
        self._pool = pool
        self._shown = None if is_consistent else pool.submit(self._show)
        self._listed: dict[str, Future[frozenset[str] | None]] = {}
        self._lock = Lock()
        self._all: Future[None] | None = None

    def look_into(self, places: Iterable[str]) -> None:
        """Begin to look for the perimeters of these subscriptions."""
        with self._lock:
            for each in {one.lower() for one in places} - set(self._listed):
                self._listed[each] = self._pool.submit(perimeters.list_ids, self._arm, each)

    def look_everywhere(self) -> None:
        """The same for all that can be seen, before anybody knows where the vaults are."""
        self._all = self._pool.submit(self._visible)

    def settle(self, vaults: Sequence[Vault]) -> list[Vault | NetcfgError]:
        """The same vaults with how a perimeter holds each, or why that is not known."""
        if self._all:
            self._all.result()
        self.look_into(each.id.subscription for each in vaults)
        shown = self._shown.result() if self._shown else frozenset()
        listed = {each: future.result() for each, future in self._listed.items()}
        seen = {id for found in (shown, *listed.values()) for id in found or ()}
        members = read_members(self._arm, sorted(seen), self._pool)
        asked = {
            each.id: self._pool.submit(self._read, each)
            for each in vaults
            if shown is None or listed[each.id.subscription] is None or members.may_be(each)
        }
        free = Perimeter.NONE
        return [asked[each.id].result() if each.id in asked else replace(each, perimeter=free) for each in vaults]

    def _visible(self) -> None:
        with suppress(NetcfgError):  # of what is not known here the vaults themselves tell
            self.look_into(each.id for each in subscriptions.visible(self._arm))

    def _show(self) -> frozenset[str] | None:
        """The ids of the perimeters in Resource Graph; `None` where it does not answer."""
        query = f"resources | where type =~ '{perimeters.TYPE}' | project id | order by id asc"
        try:
            return frozenset(str(each.get("id")).lower() for each in graph.rows(self._arm, query))
        except NetcfgError:
            return None

    def _read(self, vault: Vault) -> Vault | NetcfgError:
        try:
            return replace(vault, perimeter=perimeters.read(self._arm, vault.id))
        except NetcfgError as error:
            return error

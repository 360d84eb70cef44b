"""Who else depends on the public addresses of a subnet: its exits, and every vault that can be seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from netcfg.azure import graph, subscriptions
from netcfg.azure.arm import ResourceManager
from netcfg.azure.exits import exits
from netcfg.azure.exits.addresses import Seen
from netcfg.azure.firewall import perimeters
from netcfg.azure.firewall.holders import read_members
from netcfg.azure.subscriptions import ALL, NO_ANSWER, SIDE_BY_SIDE
from netcfg.core.acls import parse_firewall
from netcfg.core.errors import AzureAnswer, BadIdentifier, UnknownValue
from netcfg.core.resources import SubnetId, Vault, VaultId, parse_vault
from netcfg.core.switchover import Exit, Hold, Survey
from netcfg.core.wire import Json


@dataclass
class _Found:
    """What one query shows: vaults that are understood, the names of the others, and the ids of the perimeters."""

    vaults: list[Vault] = field(default_factory=list)
    illegible: list[str] = field(default_factory=list)
    perimeters: list[str] = field(default_factory=list)


class AzureNeighbourhood:
    """What Resource Graph shows to the one who is signed in."""

    def __init__(self, arm: ResourceManager) -> None:
        self._arm = arm

    def survey(self, subnets: Sequence[SubnetId]) -> Survey:
        """By which public addresses their machines leave today, and every vault that can be seen.

        A refusal is told in the survey; whoever is asked to accept the guard may know better than Azure says.
        """
        with ThreadPoolExecutor(2) as pool:
            left = pool.submit(self._exits, subnets)
            unreadable = pool.submit(subscriptions.without_all_vaults, self._arm)
            try:
                found = self._vaults()
            except NO_ANSWER:
                return Survey(left.result(), unreadable=(ALL,))
            holds = self._holds(found, left.result())
            return Survey(left.result(), tuple(found.vaults), unreadable.result(), tuple(found.illegible), holds)

    def _exits(self, subnets: Sequence[SubnetId]) -> tuple[Exit, ...]:
        try:
            seen = exits.look(self._arm, subnets)
        except NO_ANSWER as error:
            return tuple(_untold(each, error) for each in subnets)
        return tuple(_exit(each, seen) for each in subnets)

    def _vaults(self) -> _Found:
        """Every vault that can be seen, and every perimeter, of which no vault's row tells."""
        columns = "id, type, acls = properties.networkAcls, access = properties.publicNetworkAccess"
        wanted = f"resources | where type in~ ({graph.listed(('microsoft.keyvault/vaults', perimeters.TYPE))})"
        found = _Found()
        for row in graph.rows(self._arm, f"{wanted} | project {columns} | order by id asc"):
            if str(row.get("type")).lower() == perimeters.TYPE:
                found.perimeters.append(str(row.get("id")))
                continue
            try:
                found.vaults.append(_parse(row))
            except (AzureAnswer, BadIdentifier, UnknownValue):
                found.illegible.append(str(row.get("id")).rpartition("/")[2])
        return found

    def _holds(self, found: _Found, left: Iterable[Exit]) -> tuple[Hold, ...]:
        """How perimeters hold the vaults that they hold, which the perimeters tell; those that may not be asked might
        hold any.

        One that is enforced shuts even a vault that is open by its rules, and one that learns opens a vault whose
        public access is off, so no vault can be left out by what its own firewall says.
        """
        if not any(each.networks for each in left):
            return ()  # nobody's address is known, so it admits nobody that could be named
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            members = read_members(self._arm, found.perimeters, pool)
            asked = [each.id for each in found.vaults if members.may_be(each)]
            return tuple(pool.map(lambda each: perimeters.read_hold(self._arm, each), asked))


def _exit(subnet: SubnetId, seen: Seen) -> Exit:
    try:
        return exits.exit_of(subnet, seen)
    except AzureAnswer as error:
        return _untold(subnet, error)


def _untold(subnet: SubnetId, error: Exception) -> Exit:
    return Exit(subnet, unknown=(f"Resource Graph does not tell ({error})",))


def _parse(row: Json) -> Vault:
    id = parse_vault(str(row.get("id")))
    if not isinstance(id, VaultId):
        raise BadIdentifier(str(row.get("id")), "the id of a vault")
    properties: Json = {"networkAcls": row.get("acls"), "publicNetworkAccess": row.get("access")}
    return Vault(id, parse_firewall(properties, f"vault {id.name}"))

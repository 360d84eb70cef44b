"""Who else depends on the public addresses of a subnet: its exits, and every vault that can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from netcfg.azure import exits, graph, subscriptions
from netcfg.azure.acls import parse_firewall
from netcfg.azure.arm import Json, ResourceManager
from netcfg.core.errors import (
    AzureAnswer,
    AzureRefused,
    AzureThrottled,
    BadIdentifier,
    NotInAzure,
    PermissionMissing,
    UnknownValue,
)
from netcfg.core.resources import SubnetId, Vault, VaultId, parse_vault
from netcfg.core.switchover import Exit, Survey

_REFUSALS = (AzureRefused, AzureThrottled, NotInAzure, PermissionMissing)


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
                vaults, illegible = self._vaults()
            except _REFUSALS:
                return Survey(left.result(), unreadable=("every subscription",))
            return Survey(left.result(), vaults, unreadable.result(), illegible)

    def _exits(self, subnets: Sequence[SubnetId]) -> tuple[Exit, ...]:
        try:
            seen = exits.look(self._arm, subnets)
        except _REFUSALS as error:
            return tuple(Exit(each, unknown=(f"Resource Graph does not tell ({error})",)) for each in subnets)
        return tuple(exits.exit_of(each, seen) for each in subnets)

    def _vaults(self) -> tuple[tuple[Vault, ...], tuple[str, ...]]:
        """Every vault that can be seen, and the names of those whose firewall says what nobody knows here."""
        columns = "id, acls = properties.networkAcls, access = properties.publicNetworkAccess"
        vaults = "resources | where type =~ 'microsoft.keyvault/vaults'"
        found: list[Vault] = []
        illegible: list[str] = []
        for row in graph.rows(self._arm, f"{vaults} | project {columns} | order by id asc"):
            try:
                found.append(_parse(row))
            except (AzureAnswer, BadIdentifier, UnknownValue):
                illegible.append(str(row.get("id")).rpartition("/")[2])
        return tuple(found), tuple(illegible)


def _parse(row: Json) -> Vault:
    id = parse_vault(str(row.get("id")))
    if not isinstance(id, VaultId):
        raise BadIdentifier(str(row.get("id")), "the id of a vault")
    properties: Json = {"networkAcls": row.get("acls"), "publicNetworkAccess": row.get("access")}
    return Vault(id, parse_firewall(properties, f"vault {id.name}"))

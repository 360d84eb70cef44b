"""Vaults that were not found: deleted, of another tenant, out of sight, or nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from netcfg.azure import subscriptions
from netcfg.azure.arm import ResourceManager
from netcfg.azure.dataplane.door import Door
from netcfg.azure.subscriptions import Subscription
from netcfg.core import shell
from netcfg.core.errors import (
    BadIdentifier,
    NetcfgError,
    NotInAzure,
    VaultDeleted,
    VaultHidden,
    VaultNotVisible,
    VaultNowhere,
    WrongTenant,
)
from netcfg.core.resources import VaultId, parse_vault
from netcfg.core.wire import Json

MOST = 32  # vaults that are asked themselves, all at the same time: where no name resolves that takes its time


def explain(
    arm: ResourceManager,
    names: Sequence[str],
    visible: Sequence[Subscription],
    unread: int,
    knock: Callable[[str], Door],
) -> dict[str, NetcfgError]:
    """Why the vaults of these names were not found in the visible subscriptions, some of which could not be read."""
    looked = subscriptions.side_by_side(visible, lambda each: _deleted(arm, each.id), MOST)
    deleted = {name: error for found in looked for name, error in found.items()}
    why: dict[str, NetcfgError] = {name: deleted[name.lower()] for name in names if name.lower() in deleted}
    asked = [name for name in names if name not in why][:MOST]
    doors = dict(zip(asked, subscriptions.side_by_side(asked, knock, MOST), strict=True))
    for name in names:
        if name not in why:
            why[name] = _why(name, doors.get(name, Door()), len(visible), unread)
    return why


def explain_id(arm: ResourceManager, vault: VaultId, error: NotInAzure) -> NetcfgError:
    """Why there is nothing at the vault's id: that it was deleted, or else what Resource Manager said."""
    found = _deleted(arm, vault.subscription).get(vault.name)
    return found if found and found.vault == vault else error


def _why(name: str, door: Door, visible: int, unread: int) -> NetcfgError:
    if door.is_nowhere:
        return VaultNowhere(name, door.host)
    if not door.tenant:
        return VaultNotVisible(name, visible, unread)
    if door.home and door.home != door.tenant:
        return WrongTenant(f"vault {name!r}", door.tenant, door.home)
    return VaultHidden(name, visible)


def _deleted(arm: ResourceManager, subscription: str) -> Mapping[str, VaultDeleted]:
    """The vaults of a subscription that were deleted and not purged yet, by their names.

    They only explain what is an error already: whoever may not list them learns less, and nothing wrong.
    """
    path = f"/subscriptions/{subscription}/providers/{subscriptions.DELETED_VAULTS}"
    try:
        rows = arm.items(path, subscriptions.VAULTS_VERSION, f"the deleted vaults of subscription {subscription}")
        return dict(_parsed(rows))
    except NetcfgError:
        return {}


def _parsed(rows: Iterable[Json]) -> Iterator[tuple[str, VaultDeleted]]:
    """What is not understood explains nothing, and is left out."""
    for row in rows:
        told = row.get("properties")
        properties = told if isinstance(told, dict) else {}
        vault = _vault(properties.get("vaultId"))
        if vault:
            days = _day(properties.get("deletionDate")), _day(properties.get("scheduledPurgeDate"))
            where = ["--location", location] if isinstance(location := properties.get("location"), str) else []
            words = ["az", "keyvault", "recover", "--name", vault.name, *where, "--subscription", vault.subscription]
            yield vault.name, VaultDeleted(vault, *days, shell.join(words))


def _vault(id: object) -> VaultId | None:
    try:
        found = parse_vault(id) if isinstance(id, str) else None
    except BadIdentifier:
        return None
    return found if isinstance(found, VaultId) else None


def _day(time: object) -> str:
    found = re.match(r"\d{4}-\d\d-\d\d", time, re.ASCII) if isinstance(time, str) else None
    return found[0] if found else "a day that is not known"

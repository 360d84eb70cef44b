"""Vaults known by name only: where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from netcfg.azure import graph, subscriptions
from netcfg.azure.arm import ResourceManager
from netcfg.azure.dataplane.door import Door, unasked
from netcfg.azure.firewall import absent
from netcfg.azure.subscriptions import Subscription
from netcfg.core.errors import (
    AmbiguousVault,
    AzureAnswer,
    AzureRefused,
    BadIdentifier,
    NetcfgError,
    PermissionMissing,
)
from netcfg.core.resources import VaultId, parse_vault
from netcfg.core.wire import Json

RESOURCES_VERSION = "2021-04-01"
FEW = 3  # names that a subscription is asked for one by one; for more it lists its vaults


def find(
    arm: ResourceManager, names: Sequence[str], knock: Callable[[str], Door] = unasked
) -> dict[str, VaultId | NetcfgError]:
    """The ids of vaults by their names; a name that stands for none, or for several, maps to the error.

    Resource Graph answers for all of them at once, but learns of a new vault only seconds or minutes later, so a name
    that it does not know is looked for in every subscription before anybody is told that there is no such vault.
    `knock` asks the vault of a name itself whose it is.
    """
    try:
        known = _ask_graph(arm, names)
        searched = _search(arm, [name for name in names if name.lower() not in known], knock)
        return {name: known.get(name.lower()) or searched[name] for name in names}
    except NetcfgError as error:
        return dict.fromkeys(names, error)


def _ask_graph(arm: ResourceManager, names: Sequence[str]) -> dict[str, VaultId]:
    """The vaults that Resource Graph knows. One that it shows in two places may have been moved."""
    found: dict[str, set[VaultId]] = {}
    try:
        for start in range(0, len(names), graph.PAGE):
            for vault in _ask_page(arm, names[start : start + graph.PAGE]):
                found.setdefault(vault.name, set()).add(vault)
    except (AzureRefused, PermissionMissing):
        return {}  # it refuses those who see no subscription; the search says that better
    return {name: vaults.pop() for name, vaults in found.items() if len(vaults) == 1}


def _ask_page(arm: ResourceManager, names: Sequence[str]) -> Iterator[VaultId]:
    vaults = "resources | where type =~ 'microsoft.keyvault/vaults'"
    query = f"{vaults} | where name in~ ({graph.listed(map(_name, names))}) | project id | order by id asc"
    yield from as_vaults(graph.rows(arm, query), "Resource Graph")


def _search(
    arm: ResourceManager, names: Sequence[str], knock: Callable[[str], Door]
) -> dict[str, VaultId | NetcfgError]:
    """The vaults that Resource Manager itself lists, in every subscription that it shows."""
    if not names:
        return {}
    visible = subscriptions.visible(arm)
    looked = subscriptions.look(visible, lambda each: _look(arm, each, names))
    found: dict[str, dict[VaultId, None]] = {}
    for vaults in looked:
        for vault in vaults or ():
            found.setdefault(vault.name, {})[vault] = None
    missing = [name for name in names if name.lower() not in found]
    why = absent.explain(arm, missing, visible, looked.count(None), knock) if missing else {}
    return {name: _only(name, found.get(name.lower(), {})) or why[name] for name in names}


def _only(name: str, found: Iterable[VaultId]) -> VaultId | NetcfgError | None:
    vaults = sorted(found, key=str)
    return AmbiguousVault(name, map(str, vaults)) if len(vaults) > 1 else vaults[0] if vaults else None


def _look(arm: ResourceManager, subscription: Subscription, names: Sequence[str]) -> list[VaultId]:
    """The vaults of these names in one subscription."""
    path, subject = f"/subscriptions/{subscription.id}/resources", f"subscription {subscription.id}"
    kind = "resourceType eq 'Microsoft.KeyVault/vaults'"
    wanted = {name.lower() for name in names}
    queries = [f"{kind} and name eq '{_name(name)}'" for name in names] if len(names) <= FEW else [kind]
    listed = (arm.items(path, RESOURCES_VERSION, subject, {"$filter": each}) for each in queries)
    return [each for rows in listed for each in as_vaults(rows, subject) if each.name in wanted]


def as_vaults(rows: Iterable[Json], subject: str) -> Iterator[VaultId]:
    """The ids in an answer; vaults are all that was asked for."""
    for row in rows:
        text = row.get("id")
        try:
            vault = parse_vault(text) if isinstance(text, str) else None
        except BadIdentifier:
            vault = None
        if not isinstance(vault, VaultId):
            raise AzureAnswer(subject, f"{text!r} where the id of a vault was expected")
        yield vault


def _name(name: str) -> str:
    """`name`, if it is a vault's: letters, digits and hyphens, so nothing in it needs escaping."""
    if not isinstance(parse_vault(name), str):
        raise BadIdentifier(name, "the name of a vault")
    return name

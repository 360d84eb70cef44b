"""Vaults known by name only: where they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from netcfg.azure.arm import ResourceManager, objects
from netcfg.core.errors import (
    AzureAnswer,
    AzureRefused,
    BadIdentifier,
    NetcfgError,
    NotInAzure,
    PermissionMissing,
    VaultNotVisible,
)
from netcfg.core.resources import VaultId, parse_vault

GRAPH = "/providers/Microsoft.ResourceGraph/resources"
GRAPH_VERSION = "2021-03-01"
SUBSCRIPTIONS_VERSION = "2022-12-01"
RESOURCES_VERSION = "2021-04-01"

PAGE = 1000  # the most that Resource Graph puts on one page, and as many names as one query asks for
SIDE_BY_SIDE = 8


def find(arm: ResourceManager, names: Sequence[str]) -> dict[str, VaultId | NetcfgError]:
    """The ids of vaults by their names; a name that stands for none maps to the error.

    Resource Graph answers for all of them at once, but learns of a new vault only seconds or minutes later, so a name
    that it does not know is looked for in every subscription before anybody is told that there is no such vault.
    """
    try:
        known = _ask_graph(arm, names)
        searched = _search(arm, [name for name in names if name.lower() not in known])
        return {name: known.get(name.lower()) or searched[name] for name in names}
    except NetcfgError as error:
        return dict.fromkeys(names, error)


def _ask_graph(arm: ResourceManager, names: Sequence[str]) -> dict[str, VaultId]:
    """The vaults that Resource Graph knows. One that it shows in two places was moved."""
    found: dict[str, set[VaultId]] = {}
    try:
        for start in range(0, len(names), PAGE):
            for vault in _ask_page(arm, names[start : start + PAGE]):
                found.setdefault(vault.name, set()).add(vault)
    except (AzureRefused, PermissionMissing):
        return {}  # it refuses those who see no subscription; the search says that better
    return {name: vaults.pop() for name, vaults in found.items() if len(vaults) == 1}


def _ask_page(arm: ResourceManager, names: Sequence[str]) -> Iterator[VaultId]:
    # Without `project id` Resource Graph gives no token for the next page.
    listed = ", ".join(_literal(name) for name in names)
    vaults = "resources | where type =~ 'microsoft.keyvault/vaults'"
    query = f"{vaults} | where name in~ ({listed}) | project id | order by id asc"
    options: dict[str, object] = {"$top": PAGE, "resultFormat": "objectArray"}
    while True:
        answer = arm.query(GRAPH, GRAPH_VERSION, "Resource Graph", {"query": query, "options": options})
        yield from _vaults(answer.get("data"), "Resource Graph")
        token = answer.get("$skipToken")
        if not token:
            return
        options = {**options, "$skipToken": token}


def _search(arm: ResourceManager, names: Sequence[str]) -> dict[str, VaultId | NetcfgError]:
    """The vaults that Resource Manager itself lists, in every subscription that it shows."""
    if not names:
        return {}
    listed = arm.items("/subscriptions", SUBSCRIPTIONS_VERSION, "the subscriptions")
    subscriptions = [str(each.get("subscriptionId")) for each in listed]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        looked = list(pool.map(lambda subscription: _look(arm, subscription, names), subscriptions))
    found = {vault.name: vault for vaults in looked for vault in vaults or ()}
    unread = looked.count(None)
    return {name: found.get(name.lower()) or VaultNotVisible(name, len(subscriptions), unread) for name in names}


def _look(arm: ResourceManager, subscription: str, names: Sequence[str]) -> list[VaultId] | None:
    """The vaults of these names in one subscription, `None` where nobody lets us look."""
    path, subject = f"/subscriptions/{subscription}/resources", f"subscription {subscription}"
    found: list[VaultId] = []
    try:
        for name in names:
            query = f"resourceType eq 'Microsoft.KeyVault/vaults' and name eq {_literal(name)}"
            found += _vaults(list(arm.items(path, RESOURCES_VERSION, subject, {"$filter": query})), subject)
    except (AzureRefused, NotInAzure, PermissionMissing):
        return None
    return found


def _vaults(rows: object, subject: str) -> Iterator[VaultId]:
    """The ids in an answer; vaults are all that was asked for."""
    for row in objects(rows, subject):
        text = row.get("id")
        try:
            vault = parse_vault(text) if isinstance(text, str) else None
        except BadIdentifier:
            vault = None
        if not isinstance(vault, VaultId):
            raise AzureAnswer(subject, f"{text!r} where the id of a vault was expected")
        yield vault


def _literal(name: str) -> str:
    """`name` between apostrophes. A vault's name has letters, digits and hyphens, so nothing in it needs escaping."""
    if not isinstance(parse_vault(name), str):
        raise BadIdentifier(name, "the name of a vault")
    return f"'{name}'"

"""Vaults that nobody names: all of a subscription, of a resource group, with a tag, or all that can be seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from netcfg.azure import graph, subscriptions
from netcfg.azure.arm import Json, ResourceManager
from netcfg.azure.firewall.indexed import COLUMNS, parse_row
from netcfg.core.errors import (
    AzureAnswer,
    AzureRefused,
    GroupNotShown,
    NetcfgError,
    NotInAzure,
    PermissionMissing,
    ProviderNotRegistered,
    SubscriptionNotShown,
    VaultsNotListed,
)
from netcfg.core.resources import Vault, VaultId
from netcfg.core.target import Selected, Selection
from netcfg.core.words import counted

Unseen = list[tuple[str, NetcfgError]]
Row = tuple[VaultId, Vault | NetcfgError]

SIDE_BY_SIDE = 32  # looks into subscriptions, each of which has a quota of its own

_SUBJECT = "Resource Graph"


def select(arm: ResourceManager, selection: Selection) -> Selected:
    """The vaults that `selection` means, by one query, and every place that the sign-in does not see whole.

    Resource Graph leaves out without a word what may not be read, so Resource Manager is asked meanwhile, of each place
    that is named or else of every subscription that it shows, whether the sign-in sees the whole of it.
    """
    named = list(dict.fromkeys(each.lower() for each in selection.subscriptions))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(_ask, arm, selection, named)
        visible = [each.id.lower() for each in subscriptions.visible(arm)]
        unseen = _unseen(arm, selection, named, visible)
        try:
            found = asked.result()
        except (AzureRefused, PermissionMissing):
            # It refuses a query that names only subscriptions that it does not show.
            seen = [each for each in visible if not named or each in named]
            found = _ask(arm, selection, seen) if seen else []
    vaults = sorted((each for _, each in found if isinstance(each, Vault)), key=lambda each: each.id.text.lower())
    illegible = tuple((id, each) for id, each in found if isinstance(each, NetcfgError))
    shown = counted(len(visible), "subscription")
    said = f"{shown} {'is' if len(visible) == 1 else 'are'} visible to this sign-in; vaults in others cannot be known"
    return Selected(tuple(vaults), tuple(unseen), illegible, () if named else (said,))


def _unseen(arm: ResourceManager, selection: Selection, named: Sequence[str], visible: Collection[str]) -> Unseen:
    """The places that are meant and not seen whole, each with why."""
    wanted = named or sorted(visible)
    unseen: Unseen = [(_scope(each), SubscriptionNotShown(each)) for each in wanted if each not in visible]
    scopes = [_scope(each) for each in wanted if each in visible]
    if not selection.resource_groups:
        return unseen + [(each, error) for each, error in _look(arm, scopes, subscriptions.DELETED_VAULTS) if error]
    for group in selection.resource_groups:
        looked = _look(arm, [f"{each}/resourcegroups/{group.lower()}" for each in scopes], subscriptions.VAULTS)
        # Azure says the same of a group that may not be read and of one that is not there.
        blind = [(each, error) for each, error in looked if isinstance(error, VaultsNotListed)]
        unseen += blind
        if scopes and not blind and all(error is not None for _, error in looked):
            unseen.append((f"/resourcegroups/{group}", GroupNotShown(group, len(scopes))))
    return unseen


def _look(arm: ResourceManager, scopes: Sequence[str], kind: str) -> list[tuple[str, NetcfgError | None]]:
    """For each scope `None` where all its vaults are seen, else why not; many are asked side by side."""
    troubles = subscriptions.side_by_side(scopes, lambda each: _trouble(arm, each, kind), SIDE_BY_SIDE)
    return list(zip(scopes, troubles, strict=True))


def _trouble(arm: ResourceManager, scope: str, kind: str) -> NetcfgError | None:
    try:
        arm.get(f"{scope}/providers/{kind}", subscriptions.VAULTS_VERSION, f"the vaults of {scope}", {"$top": "1"})
    except ProviderNotRegistered:
        return None  # nobody can have made one there
    except NotInAzure as error:
        return error
    except NetcfgError as error:
        return VaultsNotListed(scope, error)
    return None


def _ask(arm: ResourceManager, selection: Selection, named: Sequence[str]) -> list[Row]:
    """What Resource Graph shows. Tags are compared here: their names whatever their case, their values exactly."""
    conditions = ["type =~ 'microsoft.keyvault/vaults'"]
    if selection.resource_groups:
        conditions.append(f"resourceGroup in~ ({graph.listed(selection.resource_groups)})")
    query = f"resources | where {' and '.join(conditions)} | project {COLUMNS} | order by id asc"
    return list(_parsed(arm, query, selection, named))


def _parsed(arm: ResourceManager, query: str, selection: Selection, named: Sequence[str]) -> Iterator[Row]:
    return (parse_row(each) for each in graph.rows(arm, query, named) if _has_tags(each, selection))


def _has_tags(row: Json, selection: Selection) -> bool:
    tags = row.get("tags") or {}
    if not isinstance(tags, dict):
        raise AzureAnswer(_SUBJECT, f"{type(tags).__name__} where tags were expected")
    there = {(str(name).lower(), value) for name, value in tags.items()}
    return all((name.lower(), value) in there for name, value in selection.tags)


def _scope(subscription: str) -> str:
    return f"/subscriptions/{subscription}"

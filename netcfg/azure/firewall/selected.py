"""Vaults that nobody names: all of a subscription, of a resource group, or with a tag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netcfg.azure import graph, subscriptions
from netcfg.azure.arm import Json, ResourceManager
from netcfg.azure.firewall.names import as_vaults
from netcfg.core.errors import (
    AzureAnswer,
    GroupNotShown,
    NetcfgError,
    NotInAzure,
    ProviderNotRegistered,
    SubscriptionNotShown,
    VaultsNotListed,
)
from netcfg.core.resources import VaultId
from netcfg.core.target import Selected, Selection

Unseen = list[tuple[str, NetcfgError]]

_SUBJECT = "Resource Graph"


def select(arm: ResourceManager, selection: Selection) -> Selected:
    """The vaults that `selection` means, by one query, and every place it names that the sign-in does not see whole.

    Resource Graph leaves out without a word what may not be read, so Resource Manager is asked for the list of each
    place that is named. Where only tags are, all that the sign-in can see is what is meant.
    """
    places, unseen = _places(arm, selection)
    if (selection.subscriptions or selection.resource_groups) and not places:
        return Selected((), tuple(unseen))
    found = _ask(arm, selection, sorted({each.partition("/resourcegroups/")[0] for each in places}))
    return Selected(tuple(sorted(found, key=lambda each: each.text.lower())), tuple(unseen))


def _places(arm: ResourceManager, selection: Selection) -> tuple[list[str], Unseen]:
    """The scopes that are named and seen, and for each of the others why it is not."""
    if not selection.subscriptions and not selection.resource_groups:
        return [], []
    visible = {each.id.lower() for each in subscriptions.visible(arm)}
    wanted = dict.fromkeys(each.lower() for each in selection.subscriptions) or dict.fromkeys(sorted(visible))
    unseen: Unseen = [(_scope(each), SubscriptionNotShown(each)) for each in wanted if each not in visible]
    scopes = [_scope(each) for each in wanted if each in visible]
    if not selection.resource_groups:
        return scopes, unseen + [(each, error) for each, error in _look(arm, scopes) if error]
    places: list[str] = []
    for group in selection.resource_groups:
        looked = _look(arm, [f"{each}/resourcegroups/{group.lower()}" for each in scopes])
        places += [each for each, error in looked if error is None]
        # Azure says the same of a group that may not be read and of one that is not there.
        blind = [(each, error) for each, error in looked if isinstance(error, VaultsNotListed)]
        unseen += blind
        if scopes and not blind and all(error is not None for _, error in looked):
            unseen.append((f"/resourcegroups/{group}", GroupNotShown(group, len(scopes))))
        places += [each for each, _ in blind]
    return places, unseen


def _look(arm: ResourceManager, scopes: Sequence[str]) -> list[tuple[str, NetcfgError | None]]:
    """For each scope `None` where all its vaults may be listed, else why not; some are asked side by side."""
    return list(zip(scopes, subscriptions.side_by_side(scopes, lambda each: _trouble(arm, each)), strict=True))


def _trouble(arm: ResourceManager, scope: str) -> NetcfgError | None:
    path = f"{scope}/providers/Microsoft.KeyVault/vaults"
    try:
        arm.get(path, subscriptions.VAULTS_VERSION, f"the vaults of {scope}", {"$top": "1"})
    except ProviderNotRegistered:
        return None  # nobody can have made one there
    except NotInAzure as error:
        return error
    except NetcfgError as error:
        return VaultsNotListed(scope, error)
    return None


def _ask(arm: ResourceManager, selection: Selection, scopes: Sequence[str]) -> Iterator[VaultId]:
    """What Resource Graph shows. Tags are compared here: their names whatever their case, their values exactly."""
    conditions = ["type =~ 'microsoft.keyvault/vaults'"]
    if scopes:
        conditions.append(f"subscriptionId in~ ({graph.listed(each.rpartition('/')[2] for each in scopes)})")
    if selection.resource_groups:
        conditions.append(f"resourceGroup in~ ({graph.listed(selection.resource_groups)})")
    query = f"resources | where {' and '.join(conditions)} | project id, tags | order by id asc"
    rows = (each for each in graph.rows(arm, query) if _has_tags(each, selection))
    return as_vaults(rows, _SUBJECT)


def _has_tags(row: Json, selection: Selection) -> bool:
    tags = row.get("tags") or {}
    if not isinstance(tags, dict):
        raise AzureAnswer(_SUBJECT, f"{type(tags).__name__} where tags were expected")
    there = {(str(name).lower(), value) for name, value in tags.items()}
    return all((name.lower(), value) in there for name, value in selection.tags)


def _scope(subscription: str) -> str:
    return f"/subscriptions/{subscription}"

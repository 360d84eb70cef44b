"""Vaults that nobody names: all of a subscription, of a resource group, with a tag, or all that can be seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from netcfg.azure import graph, subscriptions
from netcfg.azure.arm import ResourceManager
from netcfg.azure.firewall import listed
from netcfg.azure.firewall.indexed import COLUMNS, Reader, parse_row
from netcfg.core.errors import (
    AmbiguousVault,
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
from netcfg.core.wire import Json
from netcfg.core.words import counted

Unseen = list[tuple[str, NetcfgError]]
Answer = tuple[VaultId | str, Vault | NetcfgError]

SIDE_BY_SIDE = 32  # looks into subscriptions, each of which has a quota of its own


@dataclass(frozen=True, slots=True)
class _Row:
    """A vault as a list shows it, and whether it has the tags that are asked for, if that can be told."""

    id: VaultId
    vault: Vault | NetcfgError
    has_tags: bool | NetcfgError


def select(arm: ResourceManager, selection: Selection, reader: Reader, *, is_consistent: bool = False) -> Selected:
    """The vaults that `selection` means, and every place that the sign-in does not see whole.

    They are found by one query of Resource Graph, whose index lags, or by the lists of Resource Manager itself where it
    is to be `is_consistent`. Both leave out without a word what may not be read, so Resource Manager is asked too, of
    each place that is named or else of every subscription that it shows, whether the sign-in sees the whole of it.
    """
    named = list(dict.fromkeys(each.lower() for each in selection.subscriptions))
    with ThreadPoolExecutor(1) as pool:
        asked = None if is_consistent else pool.submit(_ask, arm, selection, named)
        visible = [each.id.lower() for each in subscriptions.visible(arm)]
        seen = [each for each in visible if not named or each in named]
        lists = pool.submit(_list, arm, selection, seen) if is_consistent else None
        unseen = _unseen(arm, selection, named, visible)
        try:
            rows = asked.result() if asked else []
        except (AzureRefused, PermissionMissing):
            # It refuses a query that names only subscriptions that it does not show.
            rows = _ask(arm, selection, seen) if seen else []
        if lists:
            rows, unlisted = lists.result()
            places = {place for place, _ in unseen}
            unseen += [(place, error) for place, error in unlisted if place not in places]
    found = list(_found(rows, reader))
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


def _ask(arm: ResourceManager, selection: Selection, named: Sequence[str]) -> list[_Row]:
    """What Resource Graph shows."""
    conditions = ["type =~ 'microsoft.keyvault/vaults'"]
    if selection.resource_groups:
        conditions.append(f"resourceGroup in~ ({graph.listed(selection.resource_groups)})")
    query = f"resources | where {' and '.join(conditions)} | project {COLUMNS} | order by id asc"
    return [_Row(*parse_row(each), _has_tags(each, selection)) for each in graph.rows(arm, query, named)]


def _list(arm: ResourceManager, selection: Selection, visible: Sequence[str]) -> tuple[list[_Row], Unseen]:
    """What Resource Manager lists; and the places that it does not, each with why."""
    groups = [f"/resourcegroups/{each.lower()}" for each in selection.resource_groups] or [""]
    scopes = [f"{_scope(each)}{group}" for each in visible for group in groups]
    answers = subscriptions.side_by_side(scopes, lambda each: _listed_in(arm, each, selection), SIDE_BY_SIDE)
    looked = list(zip(scopes, answers, strict=True))
    rows = [row for _, each in looked if isinstance(each, list) for row in each]
    return rows, [(scope, each) for scope, each in looked if isinstance(each, NetcfgError)]


def _listed_in(arm: ResourceManager, scope: str, selection: Selection) -> list[_Row] | NetcfgError:
    try:
        return [_Row(*listed.parse_listed(each), _has_tags(each, selection)) for each in listed.rows(arm, scope)]
    except ProviderNotRegistered:
        return []
    except NotInAzure as error:
        return [] if selection.resource_groups else VaultsNotListed(scope, error)
    except NetcfgError as error:
        return VaultsNotListed(scope, error)


def _has_tags(row: Json, selection: Selection) -> bool | NetcfgError:
    """Names are compared whatever their case, values exactly. Tags that nobody asks about may be anything."""
    if not selection.tags:
        return True
    tags = row.get("tags") or {}
    if not isinstance(tags, dict):
        return AzureAnswer(f"the tags of {row.get('id')}", f"{type(tags).__name__} where an object was expected")
    there = [(str(name).lower(), value) for name, value in tags.items()]
    return all((name.lower(), value) in there for name, value in selection.tags)


def _found(rows: Iterable[_Row], reader: Reader) -> Iterator[Answer]:
    """The vaults that have the tags, each once. Of one that is shown in two places, because it was moved, Resource
    Manager says which of them is right; its tags are those that are shown there."""
    by_name: dict[str, list[_Row]] = {}
    for each in rows:
        by_name.setdefault(each.id.name, []).append(each)
    moved = [those for those in by_name.values() if len(those) > 1 and any(each.has_tags for each in those)]
    settled = dict(zip((those[0].id.name for those in moved), _settled(moved, reader), strict=True))
    for name, those in by_name.items():
        answer = settled.get(name, those[0])
        if isinstance(answer, NetcfgError):
            yield name, answer
        elif isinstance(answer.has_tags, NetcfgError):
            yield answer.id, answer.has_tags
        elif answer.has_tags:
            yield answer.id, answer.vault


def _settled(moved: Sequence[Sequence[_Row]], reader: Reader) -> list[_Row | NetcfgError]:
    return subscriptions.side_by_side(moved, lambda those: _where_it_is(those, reader), SIDE_BY_SIDE)


def _where_it_is(places: Sequence[_Row], reader: Reader) -> _Row | NetcfgError:
    there: list[_Row] = []
    for each in places:
        try:
            there.append(replace(each, vault=reader.read(each.id)))
        except NetcfgError:
            continue
    if len(there) != 1:
        return AmbiguousVault(places[0].id.name, sorted(str(each.id) for each in places))
    return there[0]


def _scope(subscription: str) -> str:
    return f"/subscriptions/{subscription}"

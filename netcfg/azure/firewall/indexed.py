"""Vaults as Resource Graph shows them: many by one query, from an index that lags by seconds or minutes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

from netcfg.azure import graph
from netcfg.azure.arm import ResourceManager
from netcfg.azure.firewall.connections import parse_connections
from netcfg.azure.firewall.holders import Holders, readers
from netcfg.azure.firewall.tags import parse_tags
from netcfg.core.acls import parse_firewall
from netcfg.core.errors import AzureAnswer, AzureRefused, BadIdentifier, NetcfgError, PermissionMissing, UnknownValue
from netcfg.core.resources import Vault, VaultId, parse_vault
from netcfg.core.rules import Firewall, Perimeter
from netcfg.core.wire import Json

# What a vault's plan rests on, of everything that its row has.
COLUMNS = (
    "id, tags, acls = properties.networkAcls, access = properties.publicNetworkAccess, "
    "connections = properties.privateEndpointConnections"
)

_SUBJECT = "Resource Graph"

Value = TypeVar("Value")
Answers = dict[VaultId | str, Vault | NetcfgError]


class Reader(Protocol):
    """Resource Manager itself, asked for one vault."""

    def find(self, names: Sequence[str]) -> Mapping[str, VaultId | NetcfgError]: ...

    def read(self, vault: VaultId) -> Vault: ...


def show(arm: ResourceManager, vaults: Sequence[VaultId | str], reader: Reader) -> Answers:
    """All of the vaults: those that the index does not show are looked for by `reader`, as it may not have them yet."""
    with readers() as pool:
        holders = Holders(arm, pool)
        holders.look_into({each.subscription for each in vaults if isinstance(each, VaultId)})
        seen = look(arm, vaults)
        late = pool.submit(read_all, [each for each in vaults if each not in seen], reader)
        return {**settled(seen, holders), **late.result()}


def settled(seen: Answers, holders: Holders) -> Answers:
    """The same vaults with how perimeters hold them."""
    found = {key: each for key, each in seen.items() if isinstance(each, Vault)}
    return {**seen, **dict(zip(found, holders.settle(list(found.values())), strict=True))}


def read_all(vaults: Sequence[VaultId | str], reader: Reader) -> Answers:
    """Vaults that no list shows, each asked of Resource Manager by itself."""
    names = [each for each in vaults if isinstance(each, str)]
    places: dict[VaultId | str, VaultId | NetcfgError] = {each: each for each in vaults if isinstance(each, VaultId)}
    places.update(reader.find(names).items() if names else ())

    def read(place: VaultId | NetcfgError) -> Vault | NetcfgError:
        try:
            return place if isinstance(place, NetcfgError) else reader.read(place)
        except NetcfgError as error:
            return error

    with readers() as pool:
        return dict(zip(places, pool.map(read, places.values()), strict=True))


def look(arm: ResourceManager, vaults: Sequence[VaultId | str]) -> Answers:
    """Those of the vaults, by id or name, that Resource Graph shows where they are said to be; one that it shows in two
    places was moved, and is left out."""
    found: dict[str, list[tuple[VaultId, Vault | NetcfgError]]] = {}
    try:
        for row in _rows(arm, vaults):
            id, vault = parse_row(row)
            found.setdefault(id.name, []).append((id, vault))
    except (AzureRefused, PermissionMissing):
        return {}  # it refuses those who see no subscription; Resource Manager says that better
    shown: Answers = {}
    for each in vaults:
        places = found.get(each.name if isinstance(each, VaultId) else each.lower(), [])
        if len(places) == 1 and (isinstance(each, str) or places[0][0] == each):
            shown[each] = places[0][1]
    return shown


def _rows(arm: ResourceManager, vaults: Sequence[VaultId | str]) -> Iterator[Json]:
    """The rows of vaults, a thousand by one query; it looks only where they are said to be, if that is known of all."""
    ids = sorted(
        (each for each in vaults if isinstance(each, VaultId)), key=lambda each: (each.subscription, each.name)
    )
    names = sorted({each.lower() for each in vaults if isinstance(each, str)})
    for those in _parts(ids):
        yield from _ask(arm, [each.name for each in those], {each.subscription for each in those})
    for some in _parts(names):
        yield from _ask(arm, some)


def _parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    return (values[start : start + graph.PAGE] for start in range(0, len(values), graph.PAGE))


def _ask(arm: ResourceManager, names: Iterable[str], subscriptions: Iterable[str] = ()) -> Iterator[Json]:
    where = f"type =~ 'microsoft.keyvault/vaults' | where name in~ ({graph.listed(names)})"
    return graph.rows(arm, f"resources | where {where} | project {COLUMNS} | order by id asc", subscriptions)


def parse_row(row: Json) -> tuple[VaultId, Vault | NetcfgError]:
    """The vault in a row of `COLUMNS`; one that this version does not understand is the error that says so.

    How a perimeter holds it no row tells.
    """
    id = parse_id(row.get("id"), _SUBJECT)
    subject = f"vault {id}"
    properties: Json = {
        "networkAcls": row.get("acls"),
        "publicNetworkAccess": row.get("access"),
        "privateEndpointConnections": row.get("connections"),
    }
    try:
        firewall, connections = shared_firewall(properties, subject), parse_connections(properties, subject)
    except (AzureAnswer, UnknownValue) as error:
        return id, error
    tags, is_odd = parse_tags(row.get("tags"))
    return id, Vault(id, firewall, Perimeter.UNKNOWN, connections, tags, is_indexed=True, has_odd_tags=is_odd)


def parse_id(text: object, subject: str) -> VaultId:
    """The vault that an answer is about; vaults are all that was asked for."""
    try:
        id = parse_vault(text) if isinstance(text, str) else None
    except BadIdentifier:
        id = None
    if not isinstance(id, VaultId):
        raise AzureAnswer(subject, f"{text!r} where the id of a vault was expected")
    return id


def shared_firewall(properties: Json, subject: str) -> Firewall:
    """The firewall among the `properties` of a vault. Equal ones are one and the same: most vaults of a fleet have one
    of a few, and whatever is worked out for it is worked out once."""
    written = {name: properties.get(name) for name in ("networkAcls", "publicNetworkAccess")}
    try:
        return _parse(json.dumps(written))
    except (AzureAnswer, UnknownValue):
        return parse_firewall(properties, subject)  # the same error, about this vault


@lru_cache(maxsize=1024)
def _parse(written: str) -> Firewall:
    return parse_firewall(json.loads(written), "")

"""Resources whose ids are known, as Resource Manager shows them now, and what becomes of those that it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from netcfg.azure.arm import ResourceManager
from netcfg.core.errors import (
    AzureAnswer,
    MachinesUndescribed,
    NetcfgError,
    NotInAzure,
    SubscriptionNotInAzure,
)
from netcfg.core.wire import Json

SIDE_BY_SIDE = 16

Shown = Json | NetcfgError | None
Read = TypeVar("Read")


def resources(arm: ResourceManager, noun: str, ids: Sequence[str], api_version: str) -> dict[str, Shown]:
    """The resources, by id: `None` for one that is gone, or why it could not be read.

    One whose subscription nobody knows is not gone: it may be in another tenant.
    """

    def get(id: str) -> Shown:
        try:
            return arm.get(id, api_version, f"{noun} {id}")
        except SubscriptionNotInAzure as error:
            return error
        except NotInAzure:
            return None
        except NetcfgError as error:
            return error

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return dict(zip(ids, pool.map(get, ids), strict=True))


def described(parse: Callable[[Json, str], Read], shown: Json, id: str) -> Read | MachinesUndescribed:
    """What `parse` makes of a resource; what it can make nothing of is the error of that resource alone."""
    try:
        return parse(shown, id)
    except AzureAnswer as error:
        return MachinesUndescribed(id, error.found)

"""The subscriptions that the sign-in sees, and a look into each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from netcfg.azure.arm import ResourceManager
from netcfg.core.errors import (
    AzureAnswer,
    AzureRefused,
    NetcfgError,
    NotInAzure,
    PermissionMissing,
    ProviderNotRegistered,
    Throttled,
    TooManySubscriptions,
)

VERSION = "2022-12-01"
VAULTS_VERSION = "2023-07-01"
VAULTS = "Microsoft.KeyVault/vaults"
# A list of vaults may hold those of a group only, for whom a role is on that group. Deleted vaults are of the
# subscription and of no group, so whoever may list them has a role on the whole of it.
DELETED_VAULTS = "Microsoft.KeyVault/deletedVaults"

SIDE_BY_SIDE = 8

ALL = "every subscription"  # where it is not known which there are

# What Azure may answer in place of a list; who has no network, or is not signed in, gets no answer to anything.
NO_ANSWER = (AzureAnswer, AzureRefused, NotInAzure, PermissionMissing, Throttled, TooManySubscriptions)

Found = TypeVar("Found")
Place = TypeVar("Place")


@dataclass(frozen=True)
class Subscription:
    """A subscription, by the name that its owner gave it; two may have the same."""

    id: str
    name: str

    def __str__(self) -> str:
        return self.name


def visible(arm: ResourceManager) -> list[Subscription]:
    """Every subscription in which the one who is signed in has some role, if only on one resource."""
    listed = arm.items("/subscriptions", VERSION, "subscriptions")
    return [
        Subscription(id, str(each.get("displayName") or id))
        for each in listed
        if (id := str(each.get("subscriptionId") or ""))
    ]


def look(subscriptions: Sequence[Subscription], ask: Callable[[Subscription], Found]) -> list[Found | None]:
    """What `ask` finds in each of them, `None` where nobody lets us look; some are asked side by side."""

    def looked(subscription: Subscription) -> Found | None:
        try:
            return ask(subscription)
        except (AzureRefused, NotInAzure, PermissionMissing):
            return None

    return side_by_side(subscriptions, looked)


def side_by_side(places: Sequence[Place], ask: Callable[[Place], Found], most: int = SIDE_BY_SIDE) -> list[Found]:
    """What `ask` says about each of them, in their order; at most so many are asked at the same time."""
    with ThreadPoolExecutor(most) as pool:
        return list(pool.map(ask, places))


def without_all_vaults(arm: ResourceManager) -> tuple[str, ...]:
    """The subscriptions that are seen, but not all vaults in them: a role on a part of one shows only that part.

    Resource Graph leaves out what may not be read without a word, so something of the whole subscription is asked for.
    Whatever keeps such a list from us, its vaults are not seen; that is told, and never an error of the run.
    """
    return without_all(arm, DELETED_VAULTS, VAULTS_VERSION)


def without_all(arm: ResourceManager, kind: str, version: str) -> tuple[str, ...]:
    """The same of resources of another type."""
    try:
        seen = visible(arm)
    except NO_ANSWER:
        return (ALL,)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        blind = pool.map(lambda each: _is_blind(arm, each, kind, version), seen)
        return tuple(sorted(str(each) for each, is_blind in zip(seen, blind, strict=True) if is_blind))


def _is_blind(arm: ResourceManager, subscription: Subscription, kind: str, version: str) -> bool:
    """Whether there may be resources of the type in it that are not seen."""
    path = f"/subscriptions/{subscription.id}/providers/{kind}"
    try:
        arm.get(path, version, f"{kind} of {subscription}", {"$top": "1"})
    except ProviderNotRegistered:
        return False  # nobody can have made one there
    except NetcfgError:
        return True
    return False

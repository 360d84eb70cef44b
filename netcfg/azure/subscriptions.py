"""The subscriptions that the sign-in sees, and a look into each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from netcfg.azure.arm import Json, ResourceManager
from netcfg.core.errors import AzureRefused, NotInAzure, PermissionMissing

VERSION = "2022-12-01"
VAULTS_VERSION = "2023-07-01"

SIDE_BY_SIDE = 8

Found = TypeVar("Found")


@dataclass(frozen=True)
class Subscription:
    """A subscription, by the name that its owner gave it; two may have the same."""

    id: str
    name: str

    def __str__(self) -> str:
        return self.name


def visible(arm: ResourceManager) -> list[Subscription]:
    """Every subscription in which the one who is signed in has some role, if only on one resource."""
    listed = arm.items("/subscriptions", VERSION, "the subscriptions")
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

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(looked, subscriptions))


def without_all_vaults(arm: ResourceManager) -> tuple[str, ...]:
    """The subscriptions that are seen, but not all vaults in them: a role on a part of one shows only that part.

    Resource Graph leaves out what may not be read without a word, so the list of a whole subscription is asked for.
    """

    def ask(subscription: Subscription) -> Json:
        path = f"/subscriptions/{subscription.id}/providers/Microsoft.KeyVault/vaults"
        return arm.get(path, VAULTS_VERSION, f"the vaults of {subscription}", {"$top": "1"})

    seen = visible(arm)
    looked = look(seen, ask)
    return tuple(sorted(str(each) for each, found in zip(seen, looked, strict=True) if found is None))

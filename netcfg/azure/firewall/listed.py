"""Vaults as Resource Manager lists them: subscription by subscription, and as they are at that moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netcfg.azure import subscriptions
from netcfg.azure.arm import ResourceManager
from netcfg.azure.firewall.connections import parse_connections
from netcfg.azure.firewall.holders import Holders, readers
from netcfg.azure.firewall.indexed import Answers, Reader, parse_id, read_all, settled, shared_firewall
from netcfg.azure.firewall.tags import parse_tags
from netcfg.core.errors import AzureAnswer, NetcfgError, UnknownValue
from netcfg.core.resources import Vault, VaultId
from netcfg.core.rules import Perimeter
from netcfg.core.wire import Json, an_object

VERSION = "2026-05-15"  # that of azure-mgmt-keyvault 14.1, which reads a single vault
PAGE = "1000"


def listed(arm: ResourceManager, vaults: Sequence[VaultId | str], reader: Reader) -> Answers:
    """All of the vaults. Those that no list shows are asked for by `reader`, which tells why: they may be out of sight,
    or elsewhere.

    Nobody knows where a vault is that is given by its name, so every subscription is asked for its list then.
    """
    with readers() as pool:
        holders = Holders(arm, pool, is_consistent=True)
        visible = pool.submit(lambda: [each.id.lower() for each in subscriptions.visible(arm)])
        places = {each.subscription for each in vaults if isinstance(each, VaultId)}
        lists = [pool.submit(_list, arm, each) for each in sorted(places)]
        everywhere = set(visible.result())
        holders.look_into(sorted(everywhere | places))
        if any(isinstance(each, str) for each in vaults):
            lists += [pool.submit(_list, arm, each) for each in sorted(everywhere - places)]
        found = {id: vault for each in lists for id, vault in each.result()}
        by_name = {id.name: vault for id, vault in found.items()}  # which is unique
        keys = {each: by_name.get(each.lower()) if isinstance(each, str) else found.get(each) for each in vaults}
        seen: Answers = {key: each for key, each in keys.items() if each is not None}
        late = pool.submit(read_all, [each for each in vaults if each not in seen], reader)
        return {**settled(seen, holders), **late.result()}


def rows(arm: ResourceManager, scope: str) -> Iterator[Json]:
    """The vaults of a subscription, or of a resource group, as Resource Manager lists them."""
    path = f"{scope}/providers/Microsoft.KeyVault/vaults"
    return arm.items(path, VERSION, f"the vaults of {scope}", {"$top": PAGE})


def _list(arm: ResourceManager, subscription: str) -> list[tuple[VaultId, Vault | NetcfgError]]:
    """The vaults of a subscription. Where the list cannot be had, none: each vault is then asked for by itself."""
    try:
        return [parse_listed(each) for each in rows(arm, f"/subscriptions/{subscription}")]
    except NetcfgError:
        return []


def parse_listed(found: Json) -> tuple[VaultId, Vault | NetcfgError]:
    """The vault in a row of such a list; one that this version does not understand is the error that says so."""
    id = parse_id(found.get("id"), "a list of vaults")
    subject = f"vault {id}"
    try:
        properties = an_object(found.get("properties"), subject)
        firewall, connections = shared_firewall(properties, subject), parse_connections(properties, subject)
    except (AzureAnswer, UnknownValue) as error:
        return id, error
    tags, is_odd = parse_tags(found.get("tags"))
    return id, Vault(id, firewall, Perimeter.UNKNOWN, connections, tags, has_odd_tags=is_odd)

"""What becomes of a resource when the operation that changed it has ended, by the operation's kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from netcfg.sandbox.ids import Document
from netcfg.sandbox.keyvault import connections, contents
from netcfg.sandbox.manager import operations
from netcfg.sandbox.manager.operations import Ending, new_etag
from netcfg.sandbox.network import endpoint_policies, private_dns, private_endpoints, zone_groups, zone_links

if TYPE_CHECKING:
    from netcfg.sandbox.store import Store


def settle(store: Store) -> None:
    """What takes time in Azure goes on by the clock, also while no sandbox runs: end what has come to its end."""
    with store.reading() as state:
        due = operations.due(state)
    if due:
        with store.edit() as state:
            operations.settle(state, ENDINGS)


def _end_network(state: Document, key: str) -> None:
    """What was being deleted is gone, the rest has succeeded, and the network has one new ETag with all its subnets."""
    network = state["virtualNetworks"].get(key)
    if network is None:
        return
    if network["properties"]["provisioningState"] == "Deleting":
        del state["virtualNetworks"][key]
        return
    subnets = network["properties"]["subnets"]
    kept = [each for each in subnets if each["properties"]["provisioningState"] != "Deleting"]
    for each in kept:
        each["properties"]["provisioningState"] = "Succeeded"
        for endpoint in each["properties"].get("serviceEndpoints", []):
            endpoint["provisioningState"] = "Succeeded"
    network["properties"] |= {"subnets": kept, "provisioningState": "Succeeded"}
    network["etag"] = new_etag()


def _end_vault(state: Document, key: str) -> None:
    """A new vault's name is in the DNS now; only then does its address end with a slash, and in lower case."""
    vault = state["vaults"].get(key)
    if vault is not None:
        vault["properties"] |= {"provisioningState": "Succeeded", "vaultUri": f"https://{key}.vault.azure.net/"}


def _end_purge(state: Document, key: str) -> None:
    """With all that was in it: the next vault of the name is an empty one."""
    for section in ("deletedVaults", *contents.SECTIONS):
        state[section].pop(key, None)


ENDINGS: Mapping[str, Ending] = {
    "network": _end_network,
    "vault": _end_vault,
    "policy": endpoint_policies.end_policy,
    "purge": _end_purge,
    "endpoint": private_endpoints.end_endpoint,
    "group": zone_groups.end_group,
    "zone": private_dns.end_zone,
    "link": zone_links.end_link,
    "connection": connections.end_connection,
}

"""Managed DevOps Pools: which of them serve an organization, and where their machines are seen."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Address

from netcfg.azure import graph
from netcfg.azure.agents.scale_sets import subnet_id
from netcfg.azure.agents.shown import Shown, described, resources
from netcfg.azure.arm import ResourceManager
from netcfg.core.agents import CHANGING, ManagedPool, Whereabouts, names_organization
from netcfg.core.declared import parse_wanted
from netcfg.core.errors import AzureAnswer, BadRange, MachinesUndescribed
from netcfg.core.wire import Json, an_object

_API_VERSION = "2025-01-21"
_QUERY = (
    "resources | where type =~ 'microsoft.devopsinfrastructure/pools' | project id, name, properties | order by id asc"
)
_ID = re.compile(
    r"/subscriptions/[\w-]+/resourceGroups/[\w().-]*[\w()-]/providers/Microsoft\.DevOpsInfrastructure/pools/[\w.-]*[\w-]",
    re.IGNORECASE,
)


def find(arm: ResourceManager, organization: str) -> tuple[ManagedPool, ...]:
    """Those that say they serve the organization, of all that may be read, as Resource Manager shows each of them now.

    Resource Graph only finds them: it lags behind, and their addresses may be somebody else's by now.
    """
    rows = {str(row.get("id")): row for row in graph.rows(arm, _QUERY)}
    claims = {id: name for id, row in rows.items() if (name := claimed(row, organization))}
    shown = resources(arm, "Managed DevOps Pool", [id for id in claims if _ID.fullmatch(id)], _API_VERSION)
    pools = (_now(id, name, shown, organization) for id, name in claims.items())
    return tuple(each for each in pools if each)


def _now(id: str, name: str, shown: dict[str, Shown], organization: str) -> ManagedPool | None:
    """What is found as `name`, as it is now, `None` if it serves the organization no more."""
    if id not in shown:
        return ManagedPool(name, id, MachinesUndescribed(id, "an id that no Managed DevOps Pool has"))
    found = shown[id]
    if not isinstance(found, dict):
        return ManagedPool(name, id, found)
    return parse(found, id, organization)


def parse(pool: Json, id: str, organization: str) -> ManagedPool | None:
    """The pool as the organization knows it, `None` if it is none of its."""
    name = claimed(pool, organization)
    if name is None:
        return None
    found = ManagedPool(name, id, described(whereabouts, pool["properties"], id))
    return replace(found, state=str(pool["properties"].get("provisioningState")))


def claimed(pool: Json, organization: str) -> str | None:
    """The name that the organization knows the pool by, `None` if it is none of its.

    What names no organization in a way that can be read names none, and is nobody's business here: Azure DevOps lists
    its pools itself, so a pool of ours that is overlooked is one of which nothing is known.
    """
    profile = _an_object(_an_object(pool.get("properties")).get("organizationProfile"))
    if str(profile.get("kind")).lower() != "azuredevops":
        return None
    organizations = profile.get("organizations")
    for each in map(_an_object, organizations if isinstance(organizations, list) else ()):
        url = each.get("url")
        if isinstance(url, str) and names_organization(url, organization):
            # The organization's own alias comes first, then that of the pool, then the pool's name:
            # https://learn.microsoft.com/azure/devops/managed-devops-pools/configure-security
            return str(each.get("alias") or profile.get("alias") or pool.get("name"))
    return None


def whereabouts(properties: Json, id: str) -> Whereabouts:
    """Where its machines are, by its network profile, which was beside the fabric once and is inside it now.

    Addresses may be fewer or more than they are to be, while the pool is being changed. Those that are there are its
    own, so they count, and are not all there is.
    """
    fabric = an_object(properties.get("fabricProfile") or {}, id)
    network = an_object(fabric.get("networkProfile") or properties.get("networkProfile") or {}, id)
    # Microsoft's own texts differ in how they write `staticIpAddressCount`.
    values = {name.lower(): value for name, value in network.items()}
    subnets = (subnet_id(values["subnetid"], id),) if values.get("subnetid") else ()
    addresses = _addresses(values.get("ipaddresses"), id)
    wanted = values.get("staticipaddresscount")
    if wanted is not None and not isinstance(wanted, int):
        raise AzureAnswer(id, f"{wanted!r} where a number of addresses was expected")
    if wanted is not None and wanted != len(addresses):
        unknown = (
            f"it is to have {wanted} static addresses and has {len(addresses)}: Azure is changing it, so look later"
        )
        return Whereabouts(subnets, addresses, unknown)
    return Whereabouts(subnets, addresses, "" if subnets or addresses else CHANGING)


def _addresses(value: object, id: str) -> tuple[IPv4Address, ...]:
    if value is not None and not isinstance(value, list):
        raise AzureAnswer(id, f"{type(value).__name__} where a list of addresses was expected")
    return tuple(sorted({_address(each, id) for each in value or ()}))


def _address(text: object, id: str) -> IPv4Address:
    """An address that a vault can take; a private one would be an error of Azure's answer."""
    try:
        return parse_wanted(str(IPv4Address(str(text)))).network_address
    except (BadRange, ValueError) as error:
        raise AzureAnswer(id, f"{text!r} where a public IPv4 address was expected") from error


def _an_object(value: object) -> Json:
    """An object, else an empty one: for parts whose absence and whose oddness mean the same."""
    return value if isinstance(value, dict) else {}

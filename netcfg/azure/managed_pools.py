"""Managed DevOps Pools: which of them serve an organization, and where their machines are seen."""

from __future__ import annotations

from ipaddress import IPv4Address

from netcfg.azure import graph
from netcfg.azure.arm import Json, ResourceManager, an_object, objects
from netcfg.azure.scale_sets import subnet_id
from netcfg.core.agents import CHANGING, ManagedPool, Whereabouts, names_organization
from netcfg.core.declared import parse_wanted
from netcfg.core.errors import AzureAnswer, BadRange

_QUERY = (
    "resources | where type =~ 'microsoft.devopsinfrastructure/pools' | project id, name, properties | order by id asc"
)


def find(arm: ResourceManager, organization: str) -> tuple[ManagedPool, ...]:
    """Those that serve the organization, of all that may be read."""
    return tuple(pool for row in graph.rows(arm, _QUERY) if (pool := parse(row, organization)))


def parse(row: Json, organization: str) -> ManagedPool | None:
    """The pool as the organization knows it, `None` if it is none of its."""
    id = str(row.get("id"))
    properties = an_object(row.get("properties"), id)
    profile = an_object(properties.get("organizationProfile") or {}, id)
    if str(profile.get("kind")).lower() != "azuredevops":
        return None
    for each in objects(profile.get("organizations"), id):
        url = each.get("url")
        if not isinstance(url, str):
            raise AzureAnswer(id, f"{url!r} where the address of an organization was expected")
        if names_organization(url, organization):
            # The organization's own alias comes first, then that of the pool, then the pool's name:
            # https://learn.microsoft.com/azure/devops/managed-devops-pools/configure-security
            name = each.get("alias") or profile.get("alias") or row.get("name")
            return ManagedPool(str(name), id, whereabouts(properties, id))
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

"""Virtual networks in Azure, read whole: one request shows all their subnets."""

from __future__ import annotations

from collections.abc import Mapping

from netcfg.azure.arm import ResourceManager
from netcfg.core.wire import Json, an_object, objects

# What azure-mgmt-network 33.1 writes subnets with. Read and write must be of one version, and of a new one: a property
# that the version of the read does not know would be missing from the write, and gone.
VERSION = "2026-03-01"


def subnets(arm: ResourceManager, network: str) -> Mapping[str, Json]:
    """The subnets of the virtual network with that id, by their names in lower case."""
    subject = f"virtual network {network}"
    return subnets_of(an_object(arm.get(network, VERSION, subject).get("properties"), subject).get("subnets"), subject)


def subnets_of(listed: object, subject: str) -> Mapping[str, Json]:
    """The subnets in the `properties.subnets` of a virtual network, by their names in lower case."""
    return {str(each.get("name")).lower(): each for each in objects(listed, subject)}

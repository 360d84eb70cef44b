"""Resource ids: put together, taken apart, and compared as Azure does, without regard to case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# What every room of the sandbox reads and writes: JSON documents, not types.
Document = dict[str, Any]

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = SUBSCRIPTION + "/resourceGroups/{group}"
VAULT = GROUP + "/providers/Microsoft.KeyVault/vaults/{vault}"
NETWORK = GROUP + "/providers/Microsoft.Network/virtualNetworks/{network}"
SUBNET = NETWORK + "/subnets/{subnet}"
ENDPOINT = GROUP + "/providers/Microsoft.Network/privateEndpoints/{endpoint}"
ZONE = GROUP + "/providers/Microsoft.Network/privateDnsZones/{zone}"

_SUBNET = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.Network/virtualNetworks/(?P<network>[^/]+)/subnets/(?P<subnet>[^/]+)",
    re.IGNORECASE,
)


def subnet_parts(subnet_id: str) -> Mapping[str, str] | None:
    """The `subscription`, `group`, `network` and `subnet` that a subnet's id names, or None if it is no subnet's id."""
    match = _SUBNET.fullmatch(subnet_id)
    return match.groupdict() if match else None


def network_key(subnet_id: str) -> str:
    """The id of a subnet's virtual network, in lower case, as the state keeps networks."""
    return subnet_id.lower().partition("/subnets/")[0]


def zone_key(link_id: str) -> str:
    """The id of the private DNS zone of a link, in lower case, as the state keeps zones."""
    return link_id.lower().partition("/virtualnetworklinks/")[0]


def name(resource_id: str) -> str:
    """The last segment of `resource_id`."""
    return resource_id.rpartition("/")[2]


def part(resource_id: str, kind: str) -> str:
    """The segment of `resource_id` that follows `kind`: the name of its subscription, its resource group, …"""
    segments = resource_id.split("/")
    lowered = [segment.lower() for segment in segments]
    return segments[lowered.index(kind.lower()) + 1]


def within(resource_id: str, scope: str) -> bool:
    """Whether `resource_id` is `scope` or lies beneath it."""
    return (resource_id.lower() + "/").startswith(scope.lower().rstrip("/") + "/")

"""Public addresses and prefixes as Resource Graph shows them, and the references that lead to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from netcfg.core.rules import parse_network
from netcfg.core.wire import Json, an_object, objects

Seen = Mapping[str, Json]  # properties by id in lower case; what is missing cannot be seen, or is gone


@dataclass(frozen=True)
class Found:
    """Addresses, and why there may be others."""

    networks: frozenset[IPv4Network] = frozenset()
    unknown: tuple[str, ...] = ()


def together(parts: Iterable[Found]) -> Found:
    """Everything that was found, each doubt once."""
    found = list(parts)
    networks = frozenset(network for each in found for network in each.networks)
    return Found(networks, tuple(dict.fromkeys(doubt for each in found for doubt in each.unknown)))


def address(id: str, seen: Seen) -> Found:
    """The public address or prefix of this id. Vaults know no IPv6, so one of that family is no way to them."""
    name = last_part(id)
    if id not in seen:
        return Found(unknown=(f"the public address {name} cannot be seen",))
    if str(seen[id].get("publicIPAddressVersion")).lower() == "ipv6":
        return Found()
    network = parse_network(str(seen[id].get("ipAddress") or seen[id].get("ipPrefix")))
    return Found(frozenset({network})) if network else Found(unknown=(f"{name} has no address yet",))


def reference(properties: Json, name: str) -> str | None:
    """The id, in lower case, of the resource that a property names."""
    named = properties.get(name)
    id = an_object(named, name).get("id") if named else None
    return str(id).rstrip("/").lower() if id else None


def references(properties: Json, name: str) -> list[str]:
    """The ids, in lower case, of all resources that a property names."""
    return [str(each["id"]).rstrip("/").lower() for each in objects(properties.get(name), name) if each.get("id")]


def last_part(id: str) -> str:
    """What people call a resource."""
    return id.rpartition("/")[2]

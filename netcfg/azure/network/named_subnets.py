"""Subnets known by resource group, virtual network and name only: in which subscription they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netcfg.azure import graph, subscriptions
from netcfg.azure.arm import ResourceManager
from netcfg.azure.network import networks
from netcfg.core.errors import (
    AmbiguousSubnet,
    AzureAnswer,
    AzureRefused,
    BadIdentifier,
    NoSuchSubnet,
    NotInAzure,
    PermissionMissing,
    SubnetNotVisible,
)
from netcfg.core.resources import SubnetId, SubnetName, parse_subnet


def find(arm: ResourceManager, names: Sequence[SubnetName]) -> tuple[SubnetId, ...]:
    """The subnets that `names` stand for; one that stands for none, or for several, is an error.

    Resource Graph answers for all of them at once, but may lag, so a name of which it does not know exactly one is
    looked for in every subscription before anybody is told so.
    """
    indexed = _ask_graph(arm, names) if names else []
    unsure = [name for name in names if len(_meant(name, indexed)) != 1]
    seen = subscriptions.visible(arm) if unsure else []
    looked = subscriptions.look(seen, lambda each: list(_search(arm, each.id, unsure)))
    listed = [subnet for found in looked for subnet in found or ()]
    return tuple(
        _one(name, listed, len(seen), looked.count(None)) if name in unsure else _meant(name, indexed)[0]
        for name in names
    )


def _meant(name: SubnetName, subnets: Iterable[SubnetId]) -> list[SubnetId]:
    return sorted({each for each in subnets if name.names(each)}, key=str)


def _one(name: SubnetName, listed: Sequence[SubnetId], subscriptions: int, unread: int) -> SubnetId:
    """The only subnet that `name` stands for."""
    found = _meant(name, listed)
    if len(found) > 1:
        raise AmbiguousSubnet(str(name), map(str, found))
    if found:
        return found[0]
    beside = [each for each in listed if (each.resource_group, each.network) == (name.resource_group, name.network)]
    if beside:
        raise NoSuchSubnet(str(name), name.name, [each.name for each in beside])
    raise SubnetNotVisible(str(name), subscriptions, unread)


def _ask_graph(arm: ResourceManager, names: Iterable[SubnetName]) -> list[SubnetId]:
    """The subnets of the networks that are meant, as far as Resource Graph knows them."""
    groups, meant = {each.resource_group for each in names}, {each.network for each in names}
    query = (
        "resources | where type =~ 'microsoft.network/virtualnetworks' "
        f"| where name in~ ({graph.listed(sorted(meant))}) | where resourceGroup in~ ({graph.listed(sorted(groups))}) "
        "| project id, subnets = properties.subnets | order by id asc"
    )
    try:
        rows = list(graph.rows(arm, query))
    except (AzureRefused, PermissionMissing):
        return []  # it refuses those who see no subscription; the search says that better
    return [
        _subnet(str(row.get("id")), name)
        for row in rows
        for name in networks.subnets_of(row.get("subnets"), "Resource Graph")
    ]


def _search(arm: ResourceManager, subscription: str, names: Iterable[SubnetName]) -> Iterator[SubnetId]:
    """The subnets of the networks that are meant, in one subscription, as Resource Manager shows them."""
    meant: dict[str, list[SubnetName]] = {}
    for name in names:
        group = f"/subscriptions/{subscription}/resourceGroups/{name.resource_group}"
        meant.setdefault(f"{group}/providers/Microsoft.Network/virtualNetworks/{name.network}", []).append(name)
    for network, wanted in meant.items():
        try:
            yield from (_subnet(network, each) for each in networks.subnets(arm, network))
        except NotInAzure:
            continue
        except PermissionMissing:
            yield from _ask_for_each(arm, network, wanted)


def _ask_for_each(arm: ResourceManager, network: str, names: Iterable[SubnetName]) -> Iterator[SubnetId]:
    """Those that are there in a network whose subnets may be read, but not the network itself."""
    for name in names:
        subnet = _subnet(network, name.name)
        try:
            arm.get(str(subnet), networks.VERSION, f"subnet {subnet}")
        except NotInAzure:
            continue
        yield subnet


def _subnet(network: str, name: str) -> SubnetId:
    try:
        return parse_subnet(f"{network}/subnets/{name}")
    except BadIdentifier as error:
        raise AzureAnswer("Resource Graph", f"{network!r} where the id of a virtual network was expected") from error

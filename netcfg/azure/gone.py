"""Dead rules: which subnets that rules of vaults name are not there any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor

from netcfg.azure import graph
from netcfg.azure.arm import ResourceManager, objects
from netcfg.core.errors import NetcfgError, NotInAzure, SubnetsGone, SubscriptionNotInAzure
from netcfg.core.resources import SubnetId, as_subnet
from netcfg.core.rules import Firewall, VirtualNetworkRule

SUBNET_VERSION = "2024-05-01"  # any will do: whether it is there is all that is asked

SIDE_BY_SIDE = 8


def missing(arm: ResourceManager, subnets: Collection[SubnetId]) -> frozenset[SubnetId]:
    """Those that are certainly gone.

    Resource Graph shows in one answer what is there; of what it does not show Resource Manager is asked, because the
    index lags, and leaves out what may not be read.
    """
    doubtful = sorted(set(subnets) - _indexed(arm, subnets), key=str)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        gone = pool.map(lambda each: _is_gone(arm, each), doubtful)
        return frozenset(subnet for subnet, is_gone in zip(doubtful, gone, strict=True) if is_gone)


def name_rules(arm: ResourceManager, refusal: SubnetsGone, sent: Firewall) -> SubnetsGone:
    """The same refusal with every rule named whose subnet is gone: Azure stops at the first, in words of its own."""
    rules = sent.rule_set.virtual_network_rules
    named = {subnet for rule in rules if (subnet := as_subnet(rule.subnet))}
    gone = {str(each) for each in missing(arm, named)}
    dead = [str(rule) for rule in rules if str(rule) in gone or _is_meant(rule, refusal.resource)]
    return SubnetsGone(refusal.subject, refusal.resource, dead, request_id=refusal.request_id)


def _indexed(arm: ResourceManager, subnets: Iterable[SubnetId]) -> set[SubnetId]:
    """The subnets that Resource Graph shows, inside their networks; none where it does not answer."""
    wanted = {each.text: each for each in subnets}
    networks = sorted({each.network_id for each in wanted.values()})
    found: set[SubnetId] = set()
    try:
        for start in range(0, len(networks), graph.PAGE):
            listed = graph.listed(networks[start : start + graph.PAGE])
            query = f"resources | where id in~ ({listed}) | project id, subnets = properties.subnets | order by id asc"
            for row in graph.rows(arm, query):
                ids = (str(each.get("id")).lower() for each in objects(row.get("subnets"), "a virtual network"))
                found |= {wanted[id] for id in ids if id in wanted}
    except NetcfgError:
        return found
    return found


def _is_gone(arm: ResourceManager, subnet: SubnetId) -> bool:
    """Whether Resource Manager says that there is no such subnet, group or network.

    Everything else leaves it open, and nothing is removed for that: a subscription that it does not find may be another
    tenant's, and an answer that fails to come says nothing.
    """
    try:
        arm.get(str(subnet), SUBNET_VERSION, f"subnet {subnet}")
    except SubscriptionNotInAzure:
        return False
    except NotInAzure:
        return True
    except NetcfgError:
        return False
    return False


def _is_meant(rule: VirtualNetworkRule, resource: str) -> bool:
    """Whether a rule is about the subnet, or a subnet of the network, that a refusal names by the end of its id."""
    return bool(resource) and (rule.key.endswith(resource) or f"{resource}/subnets/" in rule.key)

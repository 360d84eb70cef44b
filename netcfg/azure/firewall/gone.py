"""Dead rules: which subnets that rules of vaults name are not there any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum

from netcfg.azure import graph
from netcfg.azure.arm import ResourceManager
from netcfg.core.errors import NetcfgError, NotInAzure, SubnetsGone, SubscriptionNotInAzure
from netcfg.core.resources import SubnetId, as_subnet
from netcfg.core.rules import Firewall, VirtualNetworkRule
from netcfg.core.wire import objects

SUBNET_VERSION = "2024-05-01"  # any will do: whether it is there is all that is asked

SIDE_BY_SIDE = 8


class _Presence(Enum):
    """What Resource Manager says of a subnet."""

    THERE = "there"
    GONE = "gone"
    UNKNOWN = "unknown"


def missing(arm: ResourceManager, subnets: Collection[SubnetId]) -> frozenset[SubnetId]:
    """Those that are certainly gone.

    Resource Graph shows in one answer what is there; of what it does not show Resource Manager is asked, because the
    index lags, and leaves out what may not be read.
    """
    looked = _look(arm, set(subnets) - _indexed(arm, subnets))
    return frozenset(subnet for subnet, presence in looked.items() if presence is _Presence.GONE)


def name_rules(arm: ResourceManager, refusal: SubnetsGone, sent: Firewall) -> SubnetsGone:
    """The same refusal with every rule named whose subnet is gone: Azure stops at the first, in words of its own.

    Those words may fit the rules of several subscriptions, so they decide only about what nobody could look up.
    """
    rules = sent.rule_set.virtual_network_rules
    named = {subnet: rule for rule in rules if (subnet := as_subnet(rule.subnet))}
    meant = {rule for rule in rules if _is_meant(rule, refusal.resource)}
    sure = {each for each in _indexed(arm, named) if named[each] not in meant}  # the index may lag behind the refusal
    looked = _look(arm, set(named) - sure) | dict.fromkeys(sure, _Presence.THERE)
    known = {str(subnet): presence for subnet, presence in looked.items()}
    dead = [str(rule) for rule in rules if _is_dead(known.get(str(rule)), is_meant=rule in meant)]
    return SubnetsGone(refusal.subject, refusal.resource, dead, request_id=refusal.request_id)


def _is_dead(presence: _Presence | None, *, is_meant: bool) -> bool:
    return presence is _Presence.GONE or (presence is not _Presence.THERE and is_meant)


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


def _look(arm: ResourceManager, subnets: Iterable[SubnetId]) -> dict[SubnetId, _Presence]:
    """What Resource Manager says of each, asked side by side."""
    asked = sorted(subnets, key=str)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return dict(zip(asked, pool.map(lambda each: _presence(arm, each), asked), strict=True))


def _presence(arm: ResourceManager, subnet: SubnetId) -> _Presence:
    """Gone is only what Resource Manager says is not there: no such subnet, group or network.

    Everything else leaves it open, and nothing is removed for that: a subscription that it does not find may be another
    tenant's, and an answer that fails to come says nothing.
    """
    try:
        arm.get(str(subnet), SUBNET_VERSION, f"subnet {subnet}")
    except SubscriptionNotInAzure:
        return _Presence.UNKNOWN
    except NotInAzure:
        return _Presence.GONE
    except NetcfgError:
        return _Presence.UNKNOWN
    return _Presence.THERE


def _is_meant(rule: VirtualNetworkRule, resource: str) -> bool:
    """Whether a rule is about the subnet, or a subnet of the network, that a refusal names by the end of its id."""
    return bool(resource) and (rule.key.endswith(resource) or f"{resource}/subnets/" in rule.key)

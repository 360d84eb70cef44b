"""Which rules are ours: no rule of a vault carries a name, so each is judged by what is known of its addresses."""

from __future__ import annotations

from datetime import date
from enum import Enum
from ipaddress import IPv4Network

from netcfg.core.intent import Intent
from netcfg.core.ranges import Resolution
from netcfg.core.rules import IpRule, Rule


class Standing(Enum):
    """What a rule is to us; the first that fits, in this order."""

    PUBLISHED = "published"
    DECLARED = "declared"
    TEMPORARY = "temporary"
    EXPIRED = "expired"
    ELSEWHERE = "elsewhere"
    RETIRED = "retired"
    FOREIGN = "foreign"


def judge(rule: Rule, intent: Intent, resolution: Resolution, today: date) -> Standing:
    """The standing of a rule. What cannot be read, and what nobody explains, is foreign: somebody else's."""
    if not isinstance(rule, IpRule):
        return Standing.DECLARED if str(rule) in map(str, intent.subnets) else Standing.FOREIGN
    if rule.network is None:
        return Standing.FOREIGN
    return _judge_network(rule.network, intent, resolution, today)


def _judge_network(network: IPv4Network, intent: Intent, resolution: Resolution, today: date) -> Standing:
    declared = [each for each in intent.allow if each.network == network]
    if resolution.wanted_around(network):
        return Standing.PUBLISHED
    if any(not each.is_expired(today) for each in declared):
        return Standing.DECLARED
    if declared:
        return Standing.EXPIRED
    if resolution.elsewhere_around(network):
        return Standing.ELSEWHERE
    if any(network == each.network for each in resolution.retired):
        return Standing.RETIRED
    return Standing.FOREIGN

"""Rules that could go without anybody noticing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.declared import BROAD
from netcfg.core.desired import declaration_of
from netcfg.core.findings import Severity
from netcfg.core.ranges import covers
from netcfg.core.rules import IpRule
from netcfg.core.standing import Standing
from netcfg.core.words import listed

REDUNDANT_RULE = Check(
    "redundant-rule",
    Severity.NOTE,
    "A rule lets in nobody whom other rules do not let in already",
    "It harms nobody and takes one of 1,000 places; and whoever reads the list wonders what it is for. Usually it is a "
    "single address out of a range that was let in whole later. Only rules that are published or declared for good "
    "count as the others, none broader than /16; and of two that cover each other one is named, so that all that are "
    "named can go at once and no address is lost.",
    "Remove it; or the declaration, where it was declared.",
    "Where the wider rule is known to go soon and the narrow one is meant to stay.",
    example="40.74.28.17/32",
)

CHECKS = (REDUNDANT_RULE,)


def find(case: Case) -> Iterator[Found]:
    """The narrowest first: what is found no longer counts for those that follow."""
    kept = [each for each in case.rules if isinstance(each, IpRule) and each.network and not case.leaves(each)]
    lasting = {each: network for each in kept if (network := each.network) and _lasts(case, each, network)}
    for rule in sorted(kept, key=_by_breadth):
        if rule.network and _may_go(case, rule, rule.network):
            others = [network for each, network in lasting.items() if each != rule]
            if covers(others, rule.network):
                lasting.pop(rule, None)
                yield _found(case, rule, rule.network, others)


def _by_breadth(rule: IpRule) -> tuple[int, IpRule]:
    return -(rule.network.prefixlen if rule.network else 0), rule


def _lasts(case: Case, rule: IpRule, network: IPv4Network) -> bool:
    """Whether a rule will be there tomorrow: ours, and without an end."""
    standing = case.seen.desired.reasons[rule].standing
    if network.prefixlen < BROAD or standing not in (Standing.PUBLISHED, Standing.DECLARED):
        return False
    if standing is Standing.PUBLISHED:
        return True
    return declaration_of(network, case.seen.intent, case.seen.today).until is None


def _may_go(case: Case, rule: IpRule, network: IPv4Network) -> bool:
    """A range exactly as it is published is as it should be; of a stranger's rule more is said elsewhere."""
    standing = case.seen.desired.reasons[rule].standing
    is_exact = any(each.network == network for each in case.seen.resolution.wanted)
    return standing in (Standing.PUBLISHED, Standing.DECLARED) and not is_exact and network.prefixlen >= BROAD


def _found(case: Case, rule: IpRule, network: IPv4Network, others: Iterable[IPv4Network]) -> Found:
    around = listed(sorted(each for each in others if each.overlaps(network)))
    message = f"{rule} lets in nobody whom {around} does not let in already"
    if any(each.network == network and not each.is_expired(case.seen.today) for each in case.seen.intent.allow):
        return REDUNDANT_RULE.found(
            rule, f"{message}: its declaration can go, and the rule then", case.explain(REDUNDANT_RULE.id)
        )
    return REDUNDANT_RULE.found(rule, message, case.with_option("--remove", str(rule)))

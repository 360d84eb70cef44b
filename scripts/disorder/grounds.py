"""What one run may do to the vault: what it is for, what was accepted, and what it may take out.

All of it is worked out here from the words of the schedule, and nothing from netcfg: who shares its eyes shares its
mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Network, collapse_addresses
from typing import Any

Document = dict[str, Any]

PREFIX = "netcfg-exec-"
BROAD = 16  # a rule that is broader covers nothing

_TAG = re.compile(r"([0-9.]+/32) until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)( kept)?")


@dataclass(frozen=True)
class Grounds:
    """The grounds of one run.

    `wanted` and `subnets` are to be let in, `going` may go, and `gone` is promised to be gone. `own` is the address
    that the run lets in for a while and takes out again, which `has_let_in` is about, and `marks` are the names of its
    tags, each of which is over `within` that time.
    `settings` are what the default action or public access was, each with what it may become. `restored` are rules, and
    `restored_tags` tags, that a run which `is_undoing` brings back; `respelt` may come back in the letters of before. A
    run that `only_looks` writes nothing, and one that `records` tells of every write before.
    """

    verb: str
    wanted: frozenset[str] = frozenset()
    subnets: frozenset[str] = frozenset()
    going: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    own: str = ""
    has_let_in: bool = False
    marks: frozenset[str] = frozenset()
    within: timedelta = timedelta()
    settings: frozenset[tuple[str, str]] = frozenset()
    is_undoing: bool = False
    restored: frozenset[str] = frozenset()
    restored_tags: frozenset[str] = frozenset()
    respelt: frozenset[str] = frozenset()
    may_open: bool = False
    may_enable: bool = False
    only_looks: bool = False
    enables: bool = False
    records: bool = False

    def may_go(self, tags: Mapping[str, str], now: datetime) -> frozenset[str]:
        """The addresses whose rules may go from a vault with these tags. Its own may, once it has come in by this run,
        unless somebody else stays by the same rule."""
        over = overdue(tags, now)
        held = {each.network for each in marks(tags) if each.key not in self.marks and each.network not in over}
        own = {self.own} if self.own and self.has_let_in and self.own not in held else set()
        return self.going | over | own

    def may_keep(self, network: str) -> bool:
        """Whether the tag of a run may come to say that the rule of `network` is not that run's own, or the opposite:
        somebody declares it, or comes by it anew, or it is undone that somebody did."""
        return self.is_undoing or network in self.wanted or network == self.own


@dataclass(frozen=True)
class Mark:
    """A tag of a run of `exec`, as somebody else reads it."""

    key: str
    network: str
    until: datetime
    is_kept: bool

    def is_over(self, now: datetime) -> bool:
        return now > self.until


def marks(tags: Mapping[str, str]) -> list[Mark]:
    found = []
    for key, value in tags.items():
        match = _TAG.fullmatch(value) if key.lower().startswith(PREFIX) else None
        if match:
            until = datetime.strptime(match[2], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            found.append(Mark(key, match[1], until, bool(match[3])))
    return found


def overdue(tags: Mapping[str, str], now: datetime) -> frozenset[str]:
    """The addresses that were let in for a while that is over, and that nobody else holds."""
    found = marks(tags)
    held = {each.network for each in found if each.is_kept or not each.is_over(now)}
    return frozenset(each.network for each in found if each.is_over(now)) - held


def acls(vault: Document) -> Document:
    found: Document = vault["properties"].get("networkAcls") or {}
    return found


def ip_rules(vault: Document) -> list[str]:
    """IP rules by what they mean: a bare address is a /32, and bits beyond the prefix say nothing."""
    return [meaning(each["value"]) for each in acls(vault).get("ipRules", [])]


def network_rules(vault: Document) -> list[str]:
    return [each["id"].lower() for each in acls(vault).get("virtualNetworkRules", [])]


def is_open(vault: Document) -> bool:
    return is_enabled(vault) and default_action(vault) == "Allow"


def is_enabled(vault: Document) -> bool:
    return bool(vault["properties"].get("publicNetworkAccess", "Enabled") == "Enabled")


def access(vault: Document) -> str:
    return "Enabled" if is_enabled(vault) else "Disabled"


def default_action(vault: Document) -> str:
    return str(acls(vault).get("defaultAction", "Allow"))


def bypass(vault: Document) -> str:
    return str(acls(vault).get("bypass", "AzureServices"))


@lru_cache(4096)
def meaning(value: str) -> str:
    found = network(value)
    return str(found) if found else value


@lru_cache(4096)
def network(value: str) -> IPv4Network | None:
    try:
        return IPv4Network(value, strict=False)
    except ValueError:
        return None


def covers(rules: Iterable[str], wanted: str) -> bool:
    """Whether every address of `wanted` is in the union of the rules."""
    target = network(wanted)
    if target is None:
        return wanted in rules
    found = [each for rule in rules if (each := network(rule))]
    return any(target.subnet_of(each) for each in found) or any(
        target.subnet_of(each) for each in collapse_addresses(found)
    )

"""Temporary rules: whom `netcfg exec` lets in, which a tag on the vault remembers until it is over.

A rule of a vault carries no name and no end, and whoever let a machine in may be killed before he takes it out again.
So each run writes a tag beside its rule, in the same request, which says which address and until when; anybody who
finds it later can put things right. https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network

from netcfg.core.moment import IN_UTC
from netcfg.core.resources import Tags
from netcfg.core.rules import parse_network

PREFIX = "netcfg-exec-"
KEPT = "kept"

_KEY = re.compile(rf"{PREFIX}[0-9a-f]{{8}}", re.IGNORECASE | re.ASCII)  # as a run makes it
_VALUE = re.compile(r"(?P<address>[0-9.]+/32) until (?P<until>[0-9TZ:-]{20})(?P<kept> kept)?", re.ASCII)


@dataclass(frozen=True, order=True)
class TemporaryRule:
    """The tag `key` of one run: it let `network` in, and means to have taken it out by `until`, in UTC.

    One that `is_kept` was declared by somebody meanwhile: its rule is not the run's any more, only the tag is.
    """

    key: str
    network: IPv4Network
    until: datetime
    is_kept: bool = False

    def is_overdue(self, now: datetime) -> bool:
        return now > self.until

    @property
    def value(self) -> str:
        """The tag's text, which `temporary_rules` reads."""
        return f"{self.network} until {self.until.astimezone(UTC):{IN_UTC}}{f' {KEPT}' if self.is_kept else ''}"


def is_ours(name: str) -> bool:
    """Whether a tag looks like a run's; Azure's tags are the same whatever their case."""
    return name.lower().startswith(PREFIX)


def temporary_rules(tags: Tags) -> tuple[TemporaryRule, ...]:
    """What runs have written, in order of their keys. What cannot be read is left out, and is nobody's to remove."""
    return tuple(sorted(rule for name, value in tags if is_ours(name) and (rule := _parse(name, value))))


def unreadable(tags: Tags) -> tuple[str, ...]:
    """The tags, as `name=value`, that look like a run's and say nothing that can be understood."""
    return tuple(sorted(f"{name}={value}" for name, value in tags if is_ours(name) and _parse(name, value) is None))


def borrowed(rules: Iterable[TemporaryRule]) -> frozenset[IPv4Network]:
    """The networks that are let in for runs alone. Where one of their tags says that somebody has declared a network,
    its rule is there to stay, whatever the others say."""
    runs = tuple(rules)
    return frozenset(each.network for each in runs) - {each.network for each in runs if each.is_kept}


def holding(rules: Iterable[TemporaryRule], network: IPv4Network | None, now: datetime) -> TemporaryRule | None:
    """The run that `network` is let in for the longest, if there is one that is not over."""
    running = [each for each in rules if each.network == network and not each.is_kept and not each.is_overdue(now)]
    return max(running, key=lambda each: each.until, default=None)


def edited(tags: Tags, edits: Mapping[str, str | None]) -> Tags:
    """The tags with some of them set to another value, added at their end, or taken out where the value is `None`."""
    kept = [(name, edits.get(name, value)) for name, value in tags]
    names = {name for name, _ in tags}
    added = [(name, value) for name, value in edits.items() if name not in names]
    return tuple((name, value) for name, value in [*kept, *added] if value is not None)


def differences_of_tags(sent: Tags, found: Tags) -> tuple[str, ...]:
    """In words, how the tags of runs differ from those that were meant; empty when they are equal. Those of others may
    change at any time, and mean nothing to us."""
    wanted, seen = ({name: value for name, value in tags if is_ours(name)} for tags in (sent, found))
    return (
        *(f"the tag {name} is missing" for name in sorted(wanted.keys() - seen.keys())),
        *(f"the tag {name} is there" for name in sorted(seen.keys() - wanted.keys())),
        *(f"the tag {name} is another" for name in sorted(wanted) if name in seen and seen[name] != wanted[name]),
    )


def _parse(key: str, value: str) -> TemporaryRule | None:
    match = _VALUE.fullmatch(value) if _KEY.fullmatch(key) else None
    network = parse_network(match["address"]) if match else None
    if match is None or network is None:
        return None
    try:
        until = datetime.strptime(match["until"], IN_UTC).replace(tzinfo=UTC)
    except ValueError:
        return None
    return TemporaryRule(key, network, until, match["kept"] is not None)

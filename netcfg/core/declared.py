"""Ranges that somebody asks for by name, with a reason: the only rules beside the published ones that are added."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network

from netcfg.core.errors import BadDate, BadDeclaration, BadRange
from netcfg.core.rules import parse_network

BROADEST = 8
BROAD = 16  # a broader range needs its guard accepted, and a rule broader than it covers nothing

# Not `is_global`: it looks at both ends of a network only, and its answer for some blocks differs between versions
# of Python. From the IANA special-purpose registry, plus Azure's own 168.63.129.16 (not a public source either).
NOT_PUBLIC = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/3",
    )
)  # fmt: skip


_LIKE_AN_END = re.compile(r"=|until|[0-9]{4}-[0-9]{2}", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Declaration:
    """A range that is wanted, why, and until which day (inclusive, in UTC)."""

    network: IPv4Network
    reason: str
    until: date | None = None

    def is_expired(self, today: date) -> bool:
        return self.until is not None and today > self.until

    def __str__(self) -> str:
        """Why, and how long: `head office until 2027-01-31`."""
        return f"{self.reason} until {self.until}" if self.until else self.reason


def parse_wanted(text: str) -> IPv4Network:
    """A public IPv4 range that may be asked for; a bare address is a /32, host bits and private blocks are errors."""
    network = parse_network(text.strip())
    if network is None:
        raise BadRange(text, _why_not(text.strip()))
    if network.prefixlen < BROADEST:
        raise BadRange(text, f"it is broader than /{BROADEST}; name the ranges that are really needed")
    for block in NOT_PUBLIC:
        if network.overlaps(block):
            raise BadRange(
                text, f"it holds addresses of {block}, which are not public; a vault sees public addresses only"
            )
    return network


def _why_not(text: str) -> str:
    try:
        whole = IPv4Network(text, strict=False)
    except ValueError:
        return "it is not an IPv4 address or range, and a vault takes no other"
    return f"it has bits set beyond its prefix; write {whole} if the whole range is meant"


def parse_day(text: str) -> date:
    """A day as 2027-01-31; `fromisoformat` alone would take 20270131 and 2027-W04-7 as well."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadDate(text) from None
    if day.isoformat() != text:
        raise BadDate(text)
    return day


def parse_declaration(text: str) -> Declaration:
    """`CIDR=reason` or `CIDR=reason;until=2027-01-31`, as `--allow` takes it."""
    value, _, rest = text.partition("=")
    reason, semicolon, last = rest.rpartition(";")
    ends = bool(semicolon) and last.strip().startswith("until=")
    if not ends:
        reason = rest
    if not reason.strip():
        raise BadDeclaration(text, "it has no reason, and a rule in a vault cannot carry one")
    # A misspelt end would make a rule for ever out of one that was meant to go.
    if strange := next((each for each in reason.split(";")[1:] if _LIKE_AN_END.search(each)), None):
        raise BadDeclaration(text, f"{strange!r} looks like an end, but only ';until=' and a day is one, and only once")
    return Declaration(parse_wanted(value), reason.strip(), parse_day(last.strip()[6:]) if ends else None)

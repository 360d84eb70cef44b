"""The firewall of a vault: its rules, its default action, and whether the public network reaches it at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property, lru_cache
from ipaddress import IPv4Network
from typing import TypeVar

from netcfg.core.errors import UnknownValue

# Key Vault network security, edition of 2026-06-16: at most 1,000 IPv4 rules and 200 virtual network rules.
IP_RULE_LIMIT = 1000
VIRTUAL_NETWORK_RULE_LIMIT = 200

MANY = 1 << 16  # the vaults of a fleet have the same few rules, over and over

_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}(/[0-9]{1,2})?")


class DefaultAction(Enum):
    """What happens to a caller whom no rule names."""

    ALLOW = "Allow"
    DENY = "Deny"


class Bypass(Enum):
    """Whether trusted services pass; Azure DevOps is not one of them."""

    AZURE_SERVICES = "AzureServices"
    NONE = "None"


class PublicAccess(Enum):
    """Whether rules are asked at all: with any value but `Enabled` they are stored and do nothing."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"
    SECURED_BY_PERIMETER = "SecuredByPerimeter"


class Perimeter(Enum):
    """How a network security perimeter holds the vault, as `accessMode` of its association says."""

    NONE = "none"
    LEARNING = "Learning"
    ENFORCED = "Enforced"
    UNKNOWN = "unknown"


Value = TypeVar("Value", bound=Enum)


def parse_value(kind: type[Value], text: object, subject: str) -> Value:
    """The member of `kind` that Azure wrote as `text`, whatever its case; an unknown one is an error."""
    for member in kind:
        if isinstance(text, str) and text.lower() == member.value.lower():
            return member
    raise UnknownValue(subject, text, [member.value for member in kind])


@lru_cache(maxsize=MANY)
def parse_network(text: str) -> IPv4Network | None:
    """The network that `text` stands for; a bare address is a /32.

    `None` for everything else, host bits beyond the prefix among it: what Azure makes of those is not known.
    """
    if not _ADDRESS.fullmatch(text):
        return None  # IPv4Network would take 1.2.3.0/255.255.255.0 and 1.2.3.0/0.0.0.255 as well
    try:
        return IPv4Network(text)
    except ValueError:
        return None


@dataclass(frozen=True, order=True)
class IpRule:
    """An address range that is let in.

    `value` is kept as Azure wrote it, and sent back so. Two rules are equal when they admit the same addresses:
    `1.2.3.4` is `1.2.3.4/32`. A value that cannot be parsed admits nobody that we know, and equals only itself.
    """

    key: tuple[int, int, int, str] = field(init=False, repr=False)
    value: str = field(compare=False)
    found: str = field(default="", compare=False, repr=False)  # the JSON object as Azure gave it

    def __post_init__(self) -> None:
        network = self.network
        key = (0, int(network.network_address), network.prefixlen, "") if network else (1, 0, 0, self.value)
        object.__setattr__(self, "key", key)

    @cached_property
    def network(self) -> IPv4Network | None:
        return parse_network(self.value)

    def __str__(self) -> str:
        return str(self.network or self.value)


@dataclass(frozen=True, order=True)
class VirtualNetworkRule:
    """A subnet that is let in, by its resource id; ids are the same whatever their case."""

    key: str = field(init=False, repr=False)
    subnet: str = field(compare=False)
    found: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.subnet.rstrip("/").lower())

    def __str__(self) -> str:
        return self.key


Rule = IpRule | VirtualNetworkRule


@dataclass(frozen=True)
class NetworkRuleSet:
    """`networkAcls` of a vault. A vault that was never given one is open to all networks."""

    bypass: Bypass = Bypass.AZURE_SERVICES
    default_action: DefaultAction = DefaultAction.ALLOW
    ip_rules: tuple[IpRule, ...] = ()
    virtual_network_rules: tuple[VirtualNetworkRule, ...] = ()
    unknown: str = field(default="", repr=False)  # JSON of the properties that this version does not know

    def __eq__(self, other: object) -> bool:
        """Rules are a set: neither their order nor a repetition means anything to Azure."""
        return isinstance(other, NetworkRuleSet) and self._meaning() == other._meaning()

    def __hash__(self) -> int:
        return hash(self._meaning())

    def _meaning(self) -> tuple[object, ...]:
        return (
            self.bypass,
            self.default_action,
            frozenset(self.ip_rules),
            frozenset(self.virtual_network_rules),
            self.unknown,
        )

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (*self.ip_rules, *self.virtual_network_rules)


@dataclass(frozen=True)
class Firewall:
    """Everything of a vault that decides who reaches it over the public network."""

    public_access: PublicAccess
    rule_set: NetworkRuleSet

    @cached_property
    def spelling(self) -> tuple[object, ...]:
        """What it says, letter by letter: equal firewalls may be written in several ways, and go back as found."""
        rules = self.rule_set
        ip_rules = tuple((each.value, each.found) for each in rules.ip_rules)
        subnets = tuple((each.subnet, each.found) for each in rules.virtual_network_rules)
        return self.public_access, rules.bypass, rules.default_action, ip_rules, subnets, rules.unknown

    @cached_property
    def fingerprint(self) -> int:
        """The hash of its spelling, which takes longer to find out than everything else that a table does with it."""
        return hash(self.spelling)

    @property
    def is_open(self) -> bool:
        """Whether every network gets in: the rules are asked, and let everybody pass."""
        return self.public_access is PublicAccess.ENABLED and self.rule_set.default_action is DefaultAction.ALLOW

    @property
    def hides_rules(self) -> bool:
        """Whether there may be rules that Azure did not show: public access is Disabled, and it showed none."""
        return self.public_access is PublicAccess.DISABLED and not self.rule_set.rules

    def with_rules(self, **changes: object) -> Firewall:
        """The same firewall with some fields of its rule set changed."""
        return replace(self, rule_set=replace(self.rule_set, **changes))  # type: ignore[arg-type]

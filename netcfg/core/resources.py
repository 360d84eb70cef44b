"""What lies in Azure: vaults and subnets, and the ids that name them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from netcfg.core.approval import Connection
from netcfg.core.errors import BadIdentifier
from netcfg.core.rules import Firewall, Perimeter

Tags = tuple[tuple[str, str], ...]

_VAULT_NAME = re.compile(r"[a-z][a-z0-9-]{1,22}[a-z0-9]", re.IGNORECASE | re.ASCII)
# What resource groups and networks may be named: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
_NAME = re.compile(r"(?!\.{1,2}\Z)[\w().-]{1,90}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[^/]+"  # an id is a path, along which a token is sent: no step of it leads back
_ID = re.compile(
    rf"/subscriptions/(?P<subscription>{_SEGMENT})/resourceGroups/(?P<group>{_SEGMENT})"
    rf"/providers/(?P<type>[^/]+/[^/]+)/(?P<name>{_SEGMENT})(?:/subnets/(?P<subnet>{_SEGMENT}))?/?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class VaultId:
    """The resource id of a vault. Ids are the same whatever their case; `text` is kept as it was found."""

    text: str = field(compare=False)
    subscription: str
    resource_group: str
    name: str

    def __post_init__(self) -> None:
        for each in ("subscription", "resource_group", "name"):
            object.__setattr__(self, each, getattr(self, each).lower())

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class SubnetId:
    """The resource id of a subnet, wholly in lower case, as Key Vault keeps it."""

    text: str
    subscription: str
    resource_group: str
    network: str
    name: str

    @property
    def network_id(self) -> str:
        """The id of the virtual network, within which one write at a time is possible."""
        return self.text.rpartition("/subnets/")[0]

    @property
    def short(self) -> str:
        """Enough for a person who knows the place: `vnet-agents/builds`."""
        return f"{self.network}/{self.name}"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, order=True)
class SubnetName:
    """A subnet as people name it, `resource-group/vnet/subnet`; more than one subscription may have such a one."""

    resource_group: str
    network: str
    name: str

    def __post_init__(self) -> None:
        for each in ("resource_group", "network", "name"):
            object.__setattr__(self, each, getattr(self, each).lower())

    def names(self, subnet: SubnetId) -> bool:
        """Whether `subnet` is one that is meant."""
        return (subnet.resource_group, subnet.network, subnet.name) == (self.resource_group, self.network, self.name)

    def __str__(self) -> str:
        return f"{self.resource_group}/{self.network}/{self.name}"


@dataclass(frozen=True)
class Vault:
    """A vault as Azure Resource Manager showed it; one that `is_indexed` as Resource Graph's index did, which lags.

    `tags` are in the order in which Azure shows them. `is_role_based` is whether roles decide who reads its secrets,
    and not access policies, where that was read; with `has_odd_tags` there are tags beside them that are no text.
    """

    id: VaultId
    firewall: Firewall
    perimeter: Perimeter = Perimeter.NONE
    connections: tuple[Connection, ...] = ()
    tags: Tags = ()
    is_indexed: bool = field(default=False, compare=False)
    has_odd_tags: bool = field(default=False, compare=False)
    is_role_based: bool | None = field(default=None, compare=False)

    @cached_property
    def name(self) -> str:
        return self.id.text.rpartition("/")[2]


@dataclass(frozen=True)
class Subnet:
    """A subnet, and whether its machines reach vaults by the service endpoint, from their private addresses."""

    id: SubnetId
    has_endpoint: bool


def parse_vault(text: str) -> VaultId | str:
    """A vault's id, or its name when only that was given; anything else is an error."""
    match = _ID.fullmatch(text) if text.isprintable() else None
    if match and match["type"].lower() == "microsoft.keyvault/vaults" and not match["subnet"]:
        return VaultId(text.rstrip("/"), match["subscription"], match["group"], match["name"])
    if not _VAULT_NAME.fullmatch(text):
        raise BadIdentifier(text, "a vault: give its name (3 to 24 letters, digits and hyphens) or its resource id")
    return text


def parse_subscription(text: str) -> str:
    """A subscription's id, in lower case; its name is not enough, because two may have the same."""
    if not _GUID.fullmatch(text):
        raise BadIdentifier(text, "the id of a subscription, like 00000000-0000-0000-0000-000000000000")
    return text.lower()


def parse_resource_group(text: str) -> str:
    """A resource group's name, in lower case."""
    if not _NAME.fullmatch(text):
        raise BadIdentifier(text, "the name of a resource group: up to 90 letters, digits, and . _ - ( )")
    return text.lower()


def parse_subnet_or_name(text: str) -> SubnetId | SubnetName:
    """A subnet's id, or its name as `resource-group/vnet/subnet`; anything else is an error."""
    return as_subnet_name(text) or parse_subnet(text)


def as_subnet_name(text: str) -> SubnetName | None:
    """The name of a subnet, as `resource-group/vnet/subnet`; `None` for what is not one."""
    parts = text.split("/")
    return SubnetName(*parts) if len(parts) == 3 and all(_NAME.fullmatch(each) for each in parts) else None


def as_subnet(text: str) -> SubnetId | None:
    """The subnet that a rule names; `None` for what is not a subnet's id, and is kept as it was found."""
    try:
        return parse_subnet(text)
    except BadIdentifier:
        return None


def parse_subnet(text: str) -> SubnetId:
    """A subnet's id; anything else is an error."""
    match = _ID.fullmatch(text) if text.isprintable() else None
    if not match or match["type"].lower() != "microsoft.network/virtualnetworks" or not match["subnet"]:
        raise BadIdentifier(
            text,
            "a subnet: give its name as resource-group/vnet/subnet, or its resource id, "
            "/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/…/subnets/…",
        )
    parts = (match[each].lower() for each in ("subscription", "group", "name", "subnet"))
    return SubnetId(text.rstrip("/").lower(), *parts)

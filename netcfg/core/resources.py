"""What lies in Azure: vaults and subnets, and the ids that name them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from netcfg.core.errors import BadIdentifier
from netcfg.core.rules import Firewall, Perimeter

_VAULT_NAME = re.compile(r"[a-z][a-z0-9-]{1,22}[a-z0-9]", re.IGNORECASE | re.ASCII)
_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/(?P<type>[^/]+/[^/]+)/(?P<name>[^/]+)"
    r"(?:/subnets/(?P<subnet>[^/]+))?/?",
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


@dataclass(frozen=True)
class Vault:
    """A vault as Azure Resource Manager showed it."""

    id: VaultId
    firewall: Firewall
    perimeter: Perimeter = Perimeter.NONE

    @property
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


def parse_subnet(text: str) -> SubnetId:
    """A subnet's id; anything else is an error."""
    match = _ID.fullmatch(text) if text.isprintable() else None
    if not match or match["type"].lower() != "microsoft.network/virtualnetworks" or not match["subnet"]:
        raise BadIdentifier(
            text,
            "a subnet: give its resource id, "
            "/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/…/subnets/…",
        )
    parts = (match[each].lower() for each in ("subscription", "group", "name", "subnet"))
    return SubnetId(text.rstrip("/").lower(), *parts)

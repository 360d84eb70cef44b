"""Verification: what an attempt to read a vault from here saw, and what that proves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from netcfg.core.approval import Approval
from netcfg.core.resources import Vault

# RFC 1918 and RFC 4193.
_ENDPOINTS = tuple(ip_network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))


class Resolution(Enum):
    """What the name of a vault is here."""

    PRIVATE = "private"
    PUBLIC = "public"
    HIDDEN = "hidden"  # it points into a private DNS zone that this network answers for, and there is no record
    ABSENT = "absent"
    FAILED = "failed"


class Obstacle(Enum):
    """What keeps a vault from being read."""

    FIREWALL = "firewall"
    PUBLIC_ACCESS = "public-access"
    PERIMETER = "perimeter"
    PERMISSION = "permission"
    NO_VAULT = "no-vault"
    DNS = "dns"
    TLS = "tls"
    SIGN_IN = "sign-in"
    NETWORK = "network"
    ANSWER = "answer"
    CONNECTION = "service-connection"  # the one by which Azure DevOps signs in to Azure
    DEVOPS = "azure-devops"


class Fault(Enum):
    """What kept an answer from coming."""

    UNTRUSTED = "untrusted"
    WRONG_HOST = "wrong host"
    OUTDATED = "outdated"
    NO_TLS = "no TLS"
    PROXY = "proxy"
    CONNECTION = "connection"
    SIGN_IN = "sign-in"


class Hope(Enum):
    """Whether waiting may help."""

    NONE = "none"
    RETRY = "retry"  # something passed by; a few more tries tell
    CHANGE = "change"  # a change that Azure has taken may not be effective yet
    PERHAPS = "perhaps"  # the same, where nobody sees whether there was one


@dataclass(frozen=True)
class Lookup:
    """How the name of the vault resolves on this machine. `alias` is the name in a private zone that it points to."""

    resolution: Resolution
    addresses: tuple[str, ...] = ()
    alias: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Answer:
    """What the vault said, or somebody in its place; `has_names` is whether that was a page of secret names."""

    status: int
    code: str = ""
    inner: str = ""
    message: str = ""
    has_names: bool = False
    is_authenticated: bool = True
    wait: float | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class Failure:
    """Why there was no answer."""

    fault: Fault
    reason: str


@dataclass(frozen=True)
class Bearer:
    """Whom the token names, and `told` for a person. `home` was signed in to, where the vault asked for another."""

    tenant: str | None = None
    object_id: str | None = None
    home: str | None = None
    told: str = ""


@dataclass(frozen=True)
class Observation:
    """One look at a vault. Nobody was asked (`said` is `None`) where its name has no address."""

    vault: str
    host: str
    zone: str
    lookup: Lookup
    said: Answer | Failure | None
    address: str = ""
    proxy: str = ""
    bearer: Bearer | None = None

    @property
    def is_private(self) -> bool:
        """Whether the connection went to an address that a private endpoint can have."""
        return not self.proxy and may_be_endpoint(self.address)

    @property
    def stand_in(self) -> str:
        """The address, if it is neither public nor a private endpoint's nor this machine: somebody is in between."""
        is_elsewhere = self.address and not self.proxy and self.lookup.resolution is Resolution.PRIVATE
        return self.address if is_elsewhere and not (self.is_private or is_this_machine(self.address)) else ""


@dataclass(frozen=True)
class Known:
    """What Azure Resource Manager shows of the vault, and its private endpoints by name."""

    vault: Vault

    @property
    def approved(self) -> tuple[str, ...]:
        found = (each for each in self.vault.connections if each.approval is Approval.APPROVED)
        return tuple(sorted(each.endpoint.name for each in found))

    @property
    def unapproved(self) -> tuple[str, ...]:
        found = (each for each in self.vault.connections if each.approval is not Approval.APPROVED)
        return tuple(sorted(f"{each.endpoint.name} ({each.approval.value})" for each in found))


@dataclass(frozen=True)
class Client:
    """As whom the vault sees this machine, as far as its refusal tells."""

    address: str | None = None
    subnet: str | None = None

    @property
    def public(self) -> IPv4Address | None:
        """The address, if a rule can admit it."""
        address = parse_address(self.address or "")
        return address if isinstance(address, IPv4Address) and address.is_global else None

    def __str__(self) -> str:
        network = re.search(r"/virtualnetworks/([^/]+)/subnets/([^/]+)", self.subnet or "", re.IGNORECASE)
        where = f" in the subnet {network[1]}/{network[2]}" if network else ""
        return f"{self.address or 'an address that it does not tell'}{where}"


@dataclass(frozen=True)
class Remedy:
    """What to do next: in words, and the commands that do it, each of which can be pasted as it stands."""

    words: str
    commands: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.words}: {'; '.join(self.commands)}" if self.commands else self.words


# `az keyvault set-policy` sets the list that it is given (azure-cli, command_modules/keyvault/custom.py).
REPLACES = "az keyvault set-policy replaces the list that the identity has, so name what is in it already too"


@dataclass(frozen=True)
class Verification:
    """What a look proves. The vault is open to this machine (`open`), is not, or nobody can tell (`None`)."""

    seen: Observation
    open: bool | None
    obstacle: Obstacle | None
    message: str
    remedy: Remedy | None = None
    client: Client = field(default_factory=Client)
    hope: Hope = Hope.NONE
    notes: tuple[str, ...] = ()

    @property
    def fix(self) -> str | None:
        """What to do next, in one sentence."""
        return str(self.remedy) if self.remedy else None

    @property
    def status(self) -> int:
        """0 if nothing is in the way, 4 if something certainly is, 1 if that could not be determined."""
        if self.obstacle is None:
            return 0
        # A missing permission is certain, even where the code does not prove that the network is open.
        return 1 if self.open is None and self.obstacle is not Obstacle.PERMISSION else 4

    @property
    def wait(self) -> float:
        """How many seconds the vault asked to be left alone."""
        return (self.seen.said.wait or 0.0) if isinstance(self.seen.said, Answer) else 0.0


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that `text` is, `None` for anything else."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def may_be_endpoint(text: str) -> bool:
    """Whether `text` is an address of the kind that networks give to private endpoints.

    Proxies that make addresses up take them from 198.18.0.0/15, overlay networks from 100.64.0.0/10. A virtual network
    may have the latter too, and then nothing tells the two apart.
    """
    found = parse_address(text)
    return found is not None and any(found in each for each in _ENDPOINTS)


def is_this_machine(text: str) -> bool:
    """Whether `text` is an address that leads back here."""
    found = parse_address(text)
    return found is not None and (found.is_loopback or found.is_unspecified)

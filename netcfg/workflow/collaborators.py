"""What the verbs need from outside; each room that talks to somebody fulfils one of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from netcfg.core.errors import NetcfgError
from netcfg.core.geography import Organization
from netcfg.core.ranges import Catalogue, Edition
from netcfg.core.resources import Subnet, SubnetId, Vault, VaultId
from netcfg.core.rules import Firewall


class Vaults(Protocol):
    """The vaults that the credential may see."""

    def find(self, names: Sequence[str]) -> Mapping[str, VaultId | NetcfgError]:
        """The ids of vaults known by name only; a name that stands for none maps to the error that says so."""

    def read(self, vault: VaultId) -> Vault:
        """The vault as Azure Resource Manager shows it now, with how a perimeter holds it."""

    def write(self, vault: Vault, after: Firewall, *, ignore_missing_endpoint: bool = False) -> None:
        """Replace the firewall of a vault in one request, which is tried once.

        `vault` is the vault as just read. A conflict, throttling or broken connection is `WriteUnsettled`: whether the
        write happened is then unknown, and somebody has to look.
        """


class Subnets(Protocol):
    """The subnets that agents run in."""

    def read(self, subnet: SubnetId) -> Subnet:
        """The subnet as Azure shows it now."""

    def expect_writes(self) -> None:
        """A hint, of no consequence, that `enable_endpoint` will follow soon."""

    def enable_endpoint(self, subnet: SubnetId) -> None:
        """Add the service endpoint for vaults and change nothing else; nothing happens when it is there already.

        Waits until Azure has done it. One call at a time for the subnets of one virtual network.
        """


class Organizations(Protocol):
    """Azure DevOps organizations."""

    def look_up(self, organization: str) -> Organization:
        """The organization with what is known of its geography; none at all is an error."""


class Place(Protocol):
    """Somewhere an edition is published, or lies; `is_live` is whether being there means being published now."""

    name: str
    is_live: bool

    def fetch(self) -> Edition:
        """The edition that is published there now; one that the place says has not changed is the one we have."""

    def keep(self, edition: Edition) -> None:
        """Remember what was just fetched, as `edition`, for later runs on this machine."""


class Progress(Protocol):
    """Somebody who watches."""

    def step(self, what: str) -> None:
        """Say what is being done now, as in `reading kv-payments`."""

    def rest(self) -> None:
        """Nothing is being done until the next step: whoever speaks now has the screen to himself."""


@dataclass(frozen=True)
class Surroundings:
    """Everything outside that a verb works with."""

    vaults: Vaults
    subnets: Subnets
    organizations: Organizations
    catalogue: Catalogue
    today: date
    progress: Progress
    sleep: Callable[[float], None]

"""An Azure of a few lines that keeps what it is sent, and lets a test do something before each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from netcfg.core.errors import NetcfgError
from netcfg.core.geography import Evidence, Organization, Witness
from netcfg.core.resources import Subnet, SubnetId, Vault, VaultId
from netcfg.core.rules import Firewall
from netcfg.sources import bundled
from netcfg.workflow.collaborators import Surroundings
from tests.strategies import EUROPE, TODAY


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Azure:
    """Vaults and subnets in memory. `before` and `after` are called with the number and the words of each call."""

    vaults: dict[VaultId, Vault]
    endpoints: dict[SubnetId, bool] = field(default_factory=dict)
    before: Callable[[int, str], None] = lambda number, what: None
    after: Callable[[int, str], None] = lambda number, what: None
    calls: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)

    def find(self, names: Sequence[str]) -> Mapping[str, VaultId | NetcfgError]:
        return {name: next(id for id in self.vaults if id.name == name) for name in names}

    def read(self, id: VaultId) -> Vault:
        self._call(f"read {id.name}")
        if id.name in self.unreadable:
            raise NetcfgError("not yours")
        return self.vaults[id]

    def write(self, vault: Vault, after: Firewall, *, ignore_missing_endpoint: bool = False) -> None:
        number = self._call(f"write {vault.id.name}{' early' if ignore_missing_endpoint else ''}")
        self.vaults[vault.id] = replace(self.vaults[vault.id], firewall=after)
        self.after(number, self.calls[number])

    def enable_endpoint(self, id: SubnetId) -> None:
        number = self._call(f"enable {id.name}")
        self.endpoints[id] = True
        self.after(number, self.calls[number])

    def _call(self, what: str) -> int:
        self.calls.append(what)
        self.before(len(self.calls) - 1, what)
        return len(self.calls) - 1


@dataclass
class Subnets:
    azure: Azure

    def read(self, id: SubnetId) -> Subnet:
        return Subnet(id, self.azure.endpoints[id])

    def expect_writes(self) -> None:
        pass

    def enable_endpoint(self, id: SubnetId) -> None:
        self.azure.enable_endpoint(id)


class Contoso:
    def look_up(self, organization: str) -> Organization:
        return Organization(organization, (Evidence(Witness.COLLECTION, "preferredGeography", "EU", EUROPE),))


class Nobody:
    def step(self, what: str) -> None:
        pass

    def rest(self) -> None:
        pass


def around(azure: Azure, today: date = TODAY) -> Surroundings:
    return Surroundings(
        azure,
        Subnets(azure),
        Contoso(),
        bundled.catalogue(),
        today,
        Nobody(),
        lambda seconds: azure.slept.append(seconds),
    )

"""An Azure of a few lines that keeps what it is sent, and lets a test do something before each call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Event
from typing import Any, NoReturn, cast

from netcfg.core.agents import AgentPool
from netcfg.core.approval import Approval
from netcfg.core.discovery import Library
from netcfg.core.errors import NetcfgError, NotInAzure, WriteNotBegun
from netcfg.core.geography import Evidence, Organization, Witness
from netcfg.core.intent import Intent
from netcfg.core.private import NOTHING_PRIVATE, Landscape, NewEndpoint, NewPiece, NewRecord, OldPiece
from netcfg.core.resources import Subnet, SubnetId, SubnetName, Tags, Vault, VaultId
from netcfg.core.rules import Firewall
from netcfg.core.switchover import Exit, Survey
from netcfg.core.target import Target
from netcfg.sources import bundled
from netcfg.workflow.collaborators import Linking, Surroundings
from tests.landscapes import follow, recorded
from tests.strategies import EUROPE, TODAY


def targets(vaults: Iterable[VaultId], intent: Intent) -> list[Target]:
    return [Target(each, intent) for each in vaults]


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
    private: Private | None = None

    def find(self, names: Sequence[str]) -> Mapping[str, VaultId | NetcfgError]:
        return {name: next(id for id in self.vaults if id.name == name) for name in names}

    def show(self, vaults: Sequence[VaultId | str]) -> Mapping[VaultId | str, Vault | NetcfgError]:
        found = {each: next(one for id, one in self.vaults.items() if each in (id, id.name)) for each in vaults}
        return {key: replace(each, is_indexed=True) for key, each in found.items()}

    def listed(self, vaults: Sequence[VaultId | str]) -> Mapping[VaultId | str, Vault | NetcfgError]:
        return {key: replace(each, is_indexed=False) for key, each in self.show(vaults).items()}

    def read(self, id: VaultId) -> Vault:
        self._call(f"read {id.name}")
        if id.name in self.unreadable:
            raise NetcfgError("not yours")
        return self.vaults[id]

    def read_back(self, vault: Vault) -> Vault:
        return replace(self.read(vault.id), perimeter=vault.perimeter)

    def turn(self, id: VaultId) -> AbstractContextManager[None]:
        del id
        return nullcontext()

    def write(
        self, vault: Vault, after: Firewall, *, ignore_missing_endpoint: bool = False, tags: Tags | None = None
    ) -> None:
        number = self._call(f"write {vault.id.name}{' early' if ignore_missing_endpoint else ''}")
        self.vaults[vault.id] = replace(
            self.vaults[vault.id], firewall=after, tags=vault.tags if tags is None else tags
        )
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
    stopped: bool = False

    def find(self, names: Sequence[SubnetName]) -> tuple[SubnetId, ...]:
        return tuple(each for each in self.azure.endpoints if any(name.names(each) for name in names))

    def read(self, subnets: Sequence[SubnetId]) -> tuple[Subnet, ...]:
        return tuple(Subnet(id, self.azure.endpoints[id]) for id in subnets)

    def missing(self, subnets: Collection[SubnetId]) -> frozenset[SubnetId]:
        return frozenset(set(subnets) - set(self.azure.endpoints))

    def expect_writes(self) -> None:
        pass

    def enable_endpoint(self, id: SubnetId) -> None:
        if self.stopped:
            raise WriteNotBegun(f"subnet {id}")
        self.azure.enable_endpoint(id)

    def stop(self) -> None:
        self.stopped = True

    def lacking(self, subnets: Sequence[SubnetId]) -> frozenset[SubnetId]:
        return frozenset(each for each in subnets if not self.azure.endpoints.get(each))


class Nowhere:
    """By which addresses agents leave is not known, and no organization has any."""

    def survey(self, subnets: Sequence[SubnetId]) -> Survey:
        return Survey(tuple(Exit(each, unknown=("nobody can see it",)) for each in subnets))

    def pools(self, organization: str) -> tuple[AgentPool, ...]:
        return ()

    def linked(self, organization: str) -> Library:
        return Library()


@dataclass
class Private:
    """Everything private, in memory. `approves` is whether whoever makes an endpoint may approve it as well."""

    azure: Azure
    seen: Landscape = NOTHING_PRIVATE
    approves: bool = True

    def look(self, vaults: Sequence[Vault], intent: Intent) -> Landscape:
        del intent
        self.azure._call("look")
        return replace(self.seen, companions=frozenset(each.id.name for each in vaults))

    def forget(self) -> None:
        pass

    def add(self, piece: NewPiece) -> bool:
        number = self.azure._call(f"add {type(piece).__name__} {piece.id.name}")
        if isinstance(piece, NewRecord) and self.seen.endpoint(piece.id.parent) is None:
            raise NotInAzure("private endpoint", "nobody made it")
        before = self.seen
        self._follow(piece, self._vault(piece))
        self.azure.after(number, self.azure.calls[number])
        return self.seen is not before

    def approve(self) -> None:
        """What owners do; Azure writes the records of zone groups then."""
        for id, vault in list(self.azure.vaults.items()):
            approved = tuple(replace(each, approval=Approval.APPROVED) for each in vault.connections)
            self.azure.vaults[id] = replace(vault, connections=approved)
        for found in self.seen.endpoints:
            for zone in found.zone_group.zones if found.zone_group else ():
                self.seen = recorded(self.seen, found, zone)

    def remove(self, piece: OldPiece) -> None:
        number = self.azure._call(f"remove {piece.kind.value} {piece.id.name}")
        self._follow(piece, self._vault(piece))
        self.azure.after(number, self.azure.calls[number])

    def _vault(self, piece: NewPiece | OldPiece) -> Vault:
        """The vault that the piece is of: the endpoint's, or the record's; a zone and a link are of nobody."""
        found = self.seen.endpoint(piece.id) or self.seen.endpoint(piece.id.parent)
        name = piece.vault.name if isinstance(piece, NewEndpoint) else found.vault.name if found else None
        return next(each for id, each in self.azure.vaults.items() if name in (None, id.name))

    def _follow(self, piece: NewPiece | OldPiece, vault: Vault) -> None:
        there = {each.id for each in (*self.seen.zones, *self.seen.endpoints)}
        there |= {link.id for zone in self.seen.zones for link in zone.links}
        groups = [each.zone_group for each in self.seen.endpoints if each.zone_group]
        there |= {
            each.id
            for each in groups
            if any(zone.record_of(vault.name) for zone in self.seen.zones if zone.id in each.zones)
        }
        if isinstance(piece, OldPiece) or piece.id not in there:
            self.seen, self.azure.vaults[vault.id] = follow(self.seen, vault, piece, approves=self.approves)


class Contoso:
    def look_up(self, organization: str) -> Organization:
        return Organization(organization, (Evidence(Witness.COLLECTION, "preferredGeography", "EU", EUROPE),))

    def expect(self, organization: str) -> None:
        pass


class Unasked:
    """Nobody asks what has to do with variable groups."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"{name} was asked for")


UNLINKED = Linking(*cast("tuple[Any, Any, Any, Any, Any]", [Unasked()] * 5))


class Nobody:
    def step(self, what: str) -> None:
        pass

    def tell(self, what: str) -> None:
        pass

    def count(self, what: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        return nullcontext(lambda: None)

    def rest(self) -> None:
        pass


class Stop(Event):
    """Nobody waits: how long somebody would have is kept."""

    def __init__(self, slept: list[float]) -> None:
        super().__init__()
        self._slept = slept

    def wait(self, timeout: float | None = None) -> bool:
        self._slept.append(timeout or 0.0)
        return self.is_set()


def around(azure: Azure, today: date = TODAY) -> Surroundings:
    return Surroundings(
        azure,
        Subnets(azure),
        Nowhere(),
        azure.private or Private(azure),
        Contoso(),
        Nowhere(),
        Nowhere(),
        UNLINKED,
        bundled.catalogue(),
        today,
        Nobody(),
        lambda seconds: azure.slept.append(seconds),
        stop=Stop(azure.slept),
    )

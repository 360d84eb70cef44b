"""What the verbs need from outside; each room that talks to somebody fulfils one of these."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from threading import Event
from typing import Protocol

from netcfg.core.agents import AgentPool
from netcfg.core.discovery import Library
from netcfg.core.errors import Interrupted, NetcfgError
from netcfg.core.geography import Organization
from netcfg.core.intent import Intent
from netcfg.core.linking.groups import Mapping as SecretMapping
from netcfg.core.linking.groups import Project, ServiceConnection, VariableGroup
from netcfg.core.linking.relay import Relayed
from netcfg.core.linking.secrets import Secret
from netcfg.core.moment import Moment
from netcfg.core.outcome import Result
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.private import Landscape, NewPiece, OldPiece
from netcfg.core.ranges import Catalogue, Edition
from netcfg.core.record import Deed, Fate, Meant, Record, Recorded, Unread
from netcfg.core.resources import Subnet, SubnetId, SubnetName, Tags, Vault, VaultId
from netcfg.core.rules import Firewall
from netcfg.core.switchover import Survey
from netcfg.core.target import Selected, Selection
from netcfg.core.verification import Known, Observation

PARALLEL = 16


class Vaults(Protocol):
    """The vaults that the credential may see."""

    def show(self, vaults: Sequence[VaultId | str]) -> Mapping[VaultId | str, Vault | NetcfgError]:
        """Many vaults, by id or name, as Resource Graph's index shows them, which lags; what it does not show is asked
        of Resource Manager itself. One that is nowhere maps to the error that says so."""

    def listed(self, vaults: Sequence[VaultId | str]) -> Mapping[VaultId | str, Vault | NetcfgError]:
        """The same, as Resource Manager itself lists the vaults of their subscriptions."""

    def find(self, names: Sequence[str]) -> Mapping[str, VaultId | NetcfgError]:
        """The ids of vaults known by name only; a name that stands for none maps to the error that says so."""

    def select(self, selection: Selection, *, is_consistent: bool = False) -> Selected:
        """The vaults that a selection means, and every place it names that the sign-in does not see whole; by an index
        that lags, unless it is to be `is_consistent`."""

    def read(self, vault: VaultId) -> Vault:
        """The vault as Azure Resource Manager shows it now, with how a perimeter holds it."""

    def read_back(self, vault: Vault) -> Vault:
        """A vault that was read before, as Azure Resource Manager shows it now, but for how a perimeter holds it."""

    def turn(self, vault: VaultId) -> AbstractContextManager[None]:
        """A block in which Azure takes a write to the vault, which would else have to wait between the last look at it
        and the write. Begins once it does, or at once when somebody wants us to end."""

    def write(
        self, vault: Vault, after: Firewall, *, ignore_missing_endpoint: bool = False, tags: Tags | None = None
    ) -> None:
        """Replace the firewall of a vault, and its tags where others are given, in one request, which is tried once.

        `vault` is the vault as just read. A conflict, throttling or broken connection is `WriteUnsettled`: whether the
        write happened is then unknown, and somebody has to look.
        """


class Subnets(Protocol):
    """The subnets that agents run in."""

    def find(self, names: Sequence[SubnetName]) -> tuple[SubnetId, ...]:
        """The subnets that people named; a name that stands for none, or for several, is an error."""

    def read(self, subnets: Sequence[SubnetId]) -> tuple[Subnet, ...]:
        """Subnets of one virtual network as Azure shows them now; one that is not there is an error."""

    def missing(self, subnets: Collection[SubnetId]) -> frozenset[SubnetId]:
        """Those that are certainly gone. What may not be seen is not gone."""

    def expect_writes(self) -> None:
        """A hint, of no consequence, that `enable_endpoint` will follow soon."""

    def enable_endpoint(self, subnet: SubnetId) -> None:
        """Add the service endpoint for vaults and change nothing else; nothing happens when it is there already.

        Waits until Azure says that it has done it, which `lacking` proves. One call at a time for the subnets of one
        virtual network; where that is busy for too long, `NetworkBusy`.
        """

    def lacking(self, subnets: Sequence[SubnetId]) -> frozenset[SubnetId]:
        """Those of one virtual network whose endpoint is not there, once nobody is at work on it any more."""

    def stop(self) -> None:
        """No write begins any more, and nobody waits to begin one; those under way come to their end."""


class Neighbourhood(Protocol):
    """Who else depends on the public addresses of a subnet."""

    def survey(self, subnets: Sequence[SubnetId]) -> Survey:
        """By which public addresses their machines leave today, and every vault that can be seen.

        What cannot be known is said in the survey; it is no error, because a guard asks about it.
        """


class PrivateLinks(Protocol):
    """Private endpoints, and the private DNS that leads to them."""

    def look(self, vaults: Sequence[Vault], intent: Intent) -> Landscape:
        """Everything that decides about the private way in to `vaults`; a network that cannot be read is an error."""

    def forget(self) -> None:
        """Let the next look see everything anew, however lately the last one was."""

    def add(self, piece: NewPiece) -> bool:
        """Make the piece, and wait until Azure has; one that is there as it should be is left as it is.

        Whether this call made it, as far as can be known: what was not there right before it counts.
        """

    def remove(self, piece: OldPiece) -> None:
        """Remove the piece, and wait until Azure has; nothing happens when it is gone."""


class Agents(Protocol):
    """The agents of Azure DevOps organizations."""

    def pools(self, organization: str) -> tuple[AgentPool, ...]:
        """Every agent pool of the organization, with what is known of its network.

        A scale set or a managed pool that is there and may not be read is an error: its subnets are unknown, not none.
        """


class VariableGroups(Protocol):
    """The variable groups of Azure DevOps organizations."""

    def linked(self, organization: str) -> Library:
        """The groups that take their values from a vault, and the projects that could not be read. Where none could,
        that is an error."""

    def every(self, project: Project) -> tuple[VariableGroup, ...]:
        """All groups that the project shows, whatever their type, those of others that are shared with it too."""

    def read(self, group: VariableGroup) -> VariableGroup:
        """The group as it is now; one that is gone is an error."""

    def create(
        self, project: Project, name: str, vault: str, connection: ServiceConnection, mappings: Sequence[SecretMapping]
    ) -> VariableGroup:
        """Make a group that is linked to the vault, and give it back as Azure DevOps shows it. Tried once."""

    def update(self, group: VariableGroup, mappings: Sequence[SecretMapping]) -> VariableGroup:
        """Give the group, as just read, these mappings; all else of it is sent back as it was found. Tried once."""


class Projects(Protocol):
    """The projects of Azure DevOps organizations."""

    def every(self, organization: str) -> tuple[Project, ...]:
        """Those that the sign-in may see."""

    def find(self, organization: str, project: str) -> Project:
        """The project of that name or id; none is an error."""


class ServiceConnections(Protocol):
    """The service connections of projects."""

    def every(self, project: Project) -> tuple[ServiceConnection, ...]:
        """All that the project may use, of whatever type."""

    def find(self, project: Project, connection: str) -> ServiceConnection:
        """The connection to Azure of that name or id; none, one of another type or one that cannot be used is an
        error."""


class Proxy(Protocol):
    """Azure DevOps asking a vault by a service connection, from its own addresses."""

    def may_list(self, connection: ServiceConnection, vault: str) -> Relayed:
        """What the vault of that name says to a look at the name of one secret."""

    def may_get(self, connection: ServiceConnection, vault: str) -> Relayed:
        """What it says to a look at a secret that is not there: `notFound` to who may look."""

    def secrets(self, connection: ServiceConnection, vault: str) -> tuple[Secret, ...] | Relayed:
        """All secrets of the vault, over all pages; or the first answer that was a refusal."""


class Holdings(Protocol):
    """What vaults hold, as Azure Resource Manager lists it, whatever their firewalls say. Values are not in it."""

    def secrets(self, vault: VaultId) -> tuple[Secret, ...]:
        """All secrets. What may not be seen is an error."""

    def keys(self, vault: VaultId) -> frozenset[str]:
        """The names of all keys, in lower case, those of certificates too."""


class Grants(Protocol):
    """Who may read the secrets of a vault."""

    def allow(self, vault: Vault, object_id: str, tenant: str) -> bool:
        """Let the identity get and list secrets: by the role Key Vault Secrets User on this vault alone, or by an
        access policy that takes nothing from anybody, as the vault is set to. Whether anything was written for it:
        nothing is where it may already."""


class Organizations(Protocol):
    """Azure DevOps organizations."""

    def look_up(self, organization: str) -> Organization:
        """The organization with what is known of its geography; none at all is an error."""

    def expect(self, organization: str) -> None:
        """A hint, of no consequence, that this organization will be looked up soon."""


class Place(Protocol):
    """Somewhere an edition is published, or lies; `is_live` is whether being there means being published now."""

    name: str
    is_live: bool

    def fetch(self) -> Edition:
        """The edition that is published there now; one that the place says has not changed is the one we have."""

    def keep(self, edition: Edition) -> None:
        """Remember what was just fetched, as `edition`, for later runs on this machine."""


class Secrets(Protocol):
    """The data plane of vaults, over the network of this machine."""

    def look(self, vault: str) -> Observation:
        """One look at the secret names of the vault of that name. Whatever goes wrong is part of what was seen."""


class KnownVaults(Protocol):
    """What Azure Resource Manager knows of a vault that cannot be read from here."""

    def known(self, vault: VaultId | str) -> Known:
        """The vault with its private endpoints. What may not be seen is an error."""


class Progress(Protocol):
    """Somebody who watches."""

    def step(self, what: str) -> None:
        """Say what is being done now, as in `reading kv-payments`."""

    def tell(self, what: str) -> None:
        """Say something that stays, as in `selected by netcfg.yaml:14: kv-orders`."""

    def count(self, what: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        """While the block lasts, `total` things are done, as in `reading 800 vaults`; what it gives is called once for
        each that is, from any thread."""

    def rest(self) -> None:
        """Nothing is being done until the next step: whoever speaks now has the screen to himself."""


class Journal(Protocol):
    """What one run writes down of what it does. `name` is what to give to `netcfg rollback`, empty where nothing is
    written down."""

    @property
    def name(self) -> str: ...

    def doing(self, deed: Deed) -> None:
        """Something is about to be done. It can be read even after a power failure once this returns; what cannot be
        written down is an error, and must not be done."""

    def did(self, deed: Deed, fate: Fate, why: str = "") -> None:
        """What became of it. This is never an error: it is done, whether it can be told or not."""

    def verified(self, vault: VaultId) -> None:
        """Azure showed what was sent."""

    def end(self, result: Result) -> None:
        """How the run ended, vault by vault. Never an error either."""


class Records(Protocol):
    """What earlier runs on this machine have written down."""

    def begin(self, planned: PlanSet, plans: Sequence[Plan], meant: Mapping[VaultId, Meant], undoes: str) -> Journal:
        """Write down what is about to be done to the vaults of `plans`, and what they are now, before anything is."""

    def last(self, vault: VaultId) -> Recorded | Unread | None:
        """What the last run that wrote this vault says was declared for it; nothing where none is known. A record that
        cannot be read may be that one."""

    def since(self, record: Record) -> Sequence[Record | Unread]:
        """The later runs that wrote any of the vaults of `record`, oldest first, and the records that may be of such
        runs and cannot be read."""


class Unrecorded:
    """Nobody writes anything down, and nothing is known of earlier runs."""

    name = ""

    def begin(self, planned: PlanSet, plans: Sequence[Plan], meant: Mapping[VaultId, Meant], undoes: str) -> Journal:
        del planned, plans, meant, undoes
        return self

    def last(self, vault: VaultId) -> Recorded | Unread | None:
        del vault
        return None

    def since(self, record: Record) -> Sequence[Record | Unread]:
        del record
        return ()

    def doing(self, deed: Deed) -> None:
        pass

    def did(self, deed: Deed, fate: Fate, why: str = "") -> None:
        pass

    def verified(self, vault: VaultId) -> None:
        pass

    def end(self, result: Result) -> None:
        pass


UNRECORDED = Unrecorded()


@dataclass(frozen=True)
class Linking:
    """What it takes to link a vault to a variable group: who is asked for what beside the groups themselves."""

    projects: Projects
    connections: ServiceConnections
    proxy: Proxy
    holdings: Holdings
    grants: Grants


@dataclass(frozen=True)
class Surroundings:
    """Everything outside that a verb works with.

    `stop` is set when somebody wants us to end: what is under way is finished, and nothing new begins. `parallel` is
    how many vaults are written at the same time. `started` is when the run began, in UTC, `clock` counts seconds from
    anywhere, and `program` is what the commands of next steps begin with. `records` are those of earlier runs, and
    `journal` is this one's, once it has begun to write.

    What is done in a block of `finishing` ends something that has begun: it goes on when the time of the run is over,
    and its `pause` is a wait also once `stop` is set, of as many seconds as `pausing` has then.
    `ended` says why nothing new begins once `stop` is set, and `ahead` how far this machine's clock leads Azure's.
    """

    vaults: Vaults
    subnets: Subnets
    neighbourhood: Neighbourhood
    private: PrivateLinks
    organizations: Organizations
    agents: Agents
    groups: VariableGroups
    linking: Linking
    catalogue: Catalogue
    today: date
    progress: Progress
    sleep: Callable[[float], None]
    clock: Callable[[], float] = time.monotonic
    started: datetime | None = None
    program: str = "netcfg"
    stop: Event = field(default_factory=Event)
    parallel: int = PARALLEL
    aside: Callable[[], AbstractContextManager[None]] = nullcontext
    finishing: Callable[[], AbstractContextManager[None]] = nullcontext
    pausing: Callable[[float, Event], object] = lambda seconds, stop: stop.wait(seconds)
    ended: Callable[[], NetcfgError] = Interrupted
    ahead: Callable[[], timedelta | None] = lambda: None
    records: Records = UNRECORDED
    journal: Journal = UNRECORDED

    def pause(self, seconds: float) -> None:
        """Wait so long before something is asked again, less where somebody wants us to end."""
        self.pausing(seconds, self.stop)

    def now(self) -> datetime:
        """The time that decides what is over, the same for the whole run; else the day has just begun."""
        return self.started or datetime.combine(self.today, time_of_day.min, UTC)

    def moment(self) -> Moment:
        """The same beside Azure's clock, which is known once Azure has answered something, and then stays."""
        return Moment(self.today, self.now(), self.ahead())

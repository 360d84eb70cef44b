"""Who came to a vault, as its audit log has it, and what a plan does to each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Network, ip_network

from netcfg.core.errors import NotAnAddress, TooManyCallers
from netcfg.core.served import Network
from netcfg.core.words import counted

MOST_CALLERS = 100_000  # of one log; a plan beside which more stand is read by nobody
MOST_NAMES = 32  # operations, and applications, that are kept of one caller


class Way(Enum):
    """How a caller came, as far as the log says; by an address where it says nothing."""

    ADDRESS = "address"
    SUBNET = "subnet"  # by its service endpoint
    PRIVATE_ENDPOINT = "private-endpoint"
    TRUSTED_SERVICE = "trusted-service"


@dataclass(frozen=True)
class Origin:
    """Where a caller came from. `through` is the subnet's or the private endpoint's id in lower case, or the service's
    name; empty where the log does not name it.

    It `is_told` where the log itself says which way it was: without that a private address may be of any subnet. That
    makes no other caller of it: logs say it of some requests and not of others.
    """

    network: Network
    way: Way = Way.ADDRESS
    through: str = ""
    is_told: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if self.way is not Way.TRUSTED_SERVICE:
            object.__setattr__(self, "through", self.through.rstrip("/").lower())

    @property
    def address(self) -> str:
        return str(self.network.network_address)


class Aside(Enum):
    """Why a request tells nothing of who gets in by the firewall."""

    CONTROL_PLANE = "control-plane"  # it went to Resource Manager, which no vault's firewall guards
    UNSIGNED = "unsigned"  # it brought no valid token: every client begins so, and so does who scans the internet
    NO_ADDRESS = "no-address"
    UNREADABLE = "unreadable"  # its address is none


@dataclass(frozen=True)
class Request:
    """One record of a log: who asked what of which vault, and when; `aside` where that tells nothing of callers.

    It `is_refused` where the firewall did that, and `is_forbidden` where it was answered 403 and nobody says by whom.

    The `application` is the id of a program or a service. Names and object ids of people are never read: nobody needs
    them to decide about a rule.
    """

    vault: str
    operation: str
    time: datetime | None
    origin: Origin | None
    application: str = ""
    is_refused: bool = False
    is_forbidden: bool = False
    aside: Aside | None = None
    found: str = ""  # the address as the log has it, where it could not be read


@dataclass(frozen=True)
class Caller:
    """Everybody who came from one place by one way; those whom the firewall refused are told apart.

    It `is_forbidden` where all that it ever got is 403, be that from the firewall or for lack of a permission.
    """

    origin: Origin
    operations: tuple[tuple[str, int], ...]
    requests: int
    last_seen: datetime | None
    applications: tuple[str, ...] = ()
    is_refused: bool = False
    is_forbidden: bool = False


@dataclass(frozen=True)
class VaultLog:
    """What a log has of one vault; `unreadable` is the first address that is none."""

    callers: tuple[Caller, ...] = ()
    first: datetime | None = None
    last: datetime | None = None
    aside: Mapping[Aside, int] = field(default_factory=dict)
    unreadable: str = ""

    @property
    def requests(self) -> int:
        """How many requests tell something of callers."""
        return sum(each.requests for each in self.callers)


@dataclass(frozen=True)
class CallerLog:
    """A log, by the names of vaults in lower case; `name` is its file's, and `notes` say what it lacks.

    A name is enough: in the whole cloud one vault at a time has it, and whoever called an earlier one of that name
    calls this one now.
    """

    name: str
    vaults: Mapping[str, VaultLog]
    notes: tuple[str, ...] = ()

    def of(self, vault: str) -> VaultLog | None:
        return self.vaults.get(vault.lower())


class Fate(Enum):
    """What a plan does to a caller, the worst first."""

    CUT_OFF = "cut-off"  # gets in now, and no longer once the plan is followed
    UNKNOWN = "unknown"
    IN = "in"
    OUT = "out"  # loses nothing: does not get in now either, or was refused at the time


@dataclass(frozen=True)
class Judged:
    """A caller, what becomes of it and why; `rule` is the one that lets it in then, where a rule does."""

    caller: Caller
    fate: Fate
    message: str
    rule: str = ""


@dataclass(frozen=True)
class Callers:
    """What a log says of a vault, held against a plan: `None` for a log that has no record of it. What the log lacks
    as a whole is said of no vault."""

    name: str
    log: VaultLog | None
    judged: tuple[Judged, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, fate: Fate) -> tuple[Judged, ...]:
        """Those of one fate whom the firewall let in at the time."""
        return tuple(each for each in self.judged if each.fate is fate and not each.caller.is_refused)

    @property
    def refused(self) -> tuple[Judged, ...]:
        """Those whom the firewall refused at the time: no plan cuts them off."""
        return tuple(each for each in self.judged if each.caller.is_refused)


def parse_caller(text: str) -> Network:
    """The address of a caller: some logs add its port, and write IPv4 as a part of IPv6."""
    stripped = text.strip()
    head, colon, port = stripped.rpartition(":")
    if colon and port.isascii() and port.isdecimal() and (head.count(".") == 3 or head.endswith("]")):
        stripped = head
    if stripped.startswith("[") and stripped.endswith("]"):
        stripped = stripped[1:-1]
    try:
        if "/" in stripped or "%" in stripped:
            raise ValueError(text)
        network = ip_network(stripped)
    except ValueError:
        raise NotAnAddress(text) from None
    mapped = None if isinstance(network, IPv4Network) else network.network_address.ipv4_mapped
    return IPv4Network(mapped) if mapped else network


class _Met:
    """One caller while a log is read."""

    __slots__ = ("applications", "is_forbidden", "is_told", "last", "operations", "requests")

    def __init__(self) -> None:
        self.operations: Counter[str] = Counter()
        self.applications: set[str] = set()
        self.last: datetime | None = None
        self.requests = 0
        self.is_told = self.is_forbidden = True

    def add(self, request: Request, origin: Origin) -> None:
        self.requests += 1
        self.is_told = self.is_told and origin.is_told
        self.is_forbidden = self.is_forbidden and request.is_forbidden
        known = request.operation in self.operations or len(self.operations) < MOST_NAMES
        self.operations[request.operation if known else "others"] += 1
        if request.application and len(self.applications) < MOST_NAMES:
            self.applications.add(request.application)
        self.last = _later(self.last, request.time)

    def caller(self, origin: Origin, *, is_refused: bool) -> Caller:
        return Caller(
            origin if origin.is_told == self.is_told else replace(origin, is_told=self.is_told),
            _ranked(self.operations),
            self.requests,
            self.last,
            tuple(sorted(self.applications)),
            is_refused,
            self.is_forbidden,
        )


class _Visited:
    """One vault while a log is read."""

    def __init__(self) -> None:
        self.met: dict[tuple[Origin, bool], _Met] = {}
        self.aside: Counter[Aside] = Counter()
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.unreadable = ""

    def add(self, request: Request) -> bool:
        """Whether it is a caller that was not met before."""
        if request.time is not None:
            self.first = request.time if self.first is None else min(self.first, request.time)
            self.last = _later(self.last, request.time)
        if request.aside or request.origin is None:
            self.aside[request.aside or Aside.NO_ADDRESS] += 1
            self.unreadable = self.unreadable or request.found
            return False
        key = request.origin, request.is_refused
        is_new = key not in self.met
        self.met.setdefault(key, _Met()).add(request, request.origin)
        return is_new

    def log(self) -> VaultLog:
        found = (met.caller(origin, is_refused=is_refused) for (origin, is_refused), met in self.met.items())
        return VaultLog(tuple(sorted(found, key=_place)), self.first, self.last, dict(self.aside), self.unreadable)


def gather(requests: Iterable[Request]) -> Mapping[str, VaultLog]:
    """The callers of every vault of a log, which may be longer than any memory: only callers are kept."""
    visited: dict[str, _Visited] = {}
    number = 0
    for each in requests:
        number += visited.setdefault(each.vault.lower(), _Visited()).add(each)
        if number > MOST_CALLERS:
            raise TooManyCallers(MOST_CALLERS)
    return {vault: found.log() for vault, found in sorted(visited.items())}


def left_out(log: VaultLog) -> Iterator[str]:
    """In sentences, the requests that tell nothing of who gets in by the firewall."""
    reasons = {
        Aside.CONTROL_PLANE: "went to Resource Manager (VaultGet and the like), which no vault's firewall guards",
        Aside.UNSIGNED: "brought no valid token; every client begins so, and so does everybody who scans the internet",
        Aside.NO_ADDRESS: "had no address in the log: whose that was is not known",
        Aside.UNREADABLE: f"had an address that cannot be read, the first one {log.unreadable!r}: whose that was is "
        "not known",
    }
    for aside, why in reasons.items():
        if number := log.aside.get(aside, 0):
            yield f"{counted(number, 'request')} left out: {'it' if number == 1 else 'they'} {why}"


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other


def _ranked(operations: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(operations.items(), key=lambda each: (-each[1], each[0])))


def _place(caller: Caller) -> tuple[int, int, int, str, str, bool]:
    """The most requests first, then by address."""
    origin = caller.origin
    address = origin.network.network_address
    return -caller.requests, address.version, int(address), origin.way.value, origin.through, caller.is_refused

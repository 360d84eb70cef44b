"""Records: what a run did, written down while it was done, so that it can be told and undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from netcfg.core.approval import PieceId
from netcfg.core.private import PieceKind
from netcfg.core.ranges import Policy
from netcfg.core.resources import SubnetId, Tags, Vault, VaultId
from netcfg.core.rules import Firewall

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Writing:
    """One request that replaces the firewall of a vault, as it was `found` right before, and its tags."""

    found: Vault
    after: Firewall
    tags: Tags


@dataclass(frozen=True)
class EnablingEndpoint:
    """The service endpoint for vaults, on a subnet."""

    subnet: SubnetId


@dataclass(frozen=True)
class Making:
    """A piece of the private way in to a vault that is made."""

    vault: VaultId
    kind: PieceKind
    piece: PieceId


@dataclass(frozen=True)
class Removing:
    """A piece of the private way in to a vault that goes."""

    vault: VaultId
    kind: PieceKind
    piece: PieceId


Deed = Writing | EnablingEndpoint | Making | Removing


class Fate(Enum):
    """What became of something that was begun. `OPEN` is what nobody wrote down any more: the run ended before."""

    DONE = "done"
    UNSETTLED = "unsettled"  # whether it happened is not known
    REFUSED = "refused"  # it did not happen
    OPEN = "open"

    @property
    def may_have_happened(self) -> bool:
        return self is not Fate.REFUSED


@dataclass(frozen=True)
class Bearer:
    """Whom the access token named. It was read and not believed: only Azure can check it. `claims` are what it said of
    him, `why` is why nothing is known where nothing is."""

    credential: str = UNKNOWN
    claims: tuple[tuple[str, str], ...] = ()
    why: str = ""

    @property
    def name(self) -> str:
        """The name that a person would know him by, else the best there is."""
        said = dict(self.claims)
        return next((said[each] for each in NAMING if each in said), UNKNOWN)


NAMING = ("upn", "unique_name", "preferred_username", "appid", "azp", "oid")
CLAIMS = ("oid", "appid", "azp", "tid", "upn", "unique_name", "preferred_username", "idtyp")


@dataclass(frozen=True)
class Where:
    """Which Azure a run spoke to; the sandbox's is make-believe."""

    cloud: str = "public"
    resource_manager: str | None = None
    is_sandbox: bool = False

    def __str__(self) -> str:
        return "the sandbox" if self.is_sandbox else self.resource_manager or f"the {self.cloud} cloud"


@dataclass(frozen=True)
class Write:
    """One request that was sent, or was about to be: `found` is what the vault held right before, `sent` what it was to
    hold. The tags are those of `netcfg exec` alone."""

    found: Firewall
    sent: Firewall
    found_tags: Tags = ()
    sent_tags: Tags = ()
    fate: Fate = Fate.OPEN


@dataclass(frozen=True)
class Later:
    """What a later run did to the same vault, and the rules that it was asked for by name."""

    run: str
    writes: tuple[Write, ...]
    declared: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Did:
    """Anything else that was begun, in words for `kind` and `what`."""

    kind: str
    what: str
    fate: Fate = Fate.OPEN
    error: str = ""
    vault: str | None = None


@dataclass(frozen=True)
class Meant:
    """What a plan rested on, as far as the judgement of its undoing needs it."""

    geographies: tuple[str, ...] = ()
    policy: Policy = Policy.UNION
    canary: bool = False
    subnets: tuple[SubnetId, ...] = ()


@dataclass(frozen=True)
class Entry:
    """What a record says of one vault.

    `changes` counts those of its plan by their action, `declared` are the rules that were asked for by name, each with
    the reason. `ending` is `None` where the run did not live to write it down; `writes` are in their order.
    """

    vault: VaultId
    changes: Mapping[str, int] = field(default_factory=dict)
    declared: tuple[tuple[str, str], ...] = ()
    before: Firewall | None = None
    meant: Meant = Meant()
    writes: tuple[Write, ...] = ()
    ending: str | None = None
    is_verified: bool = False
    is_touched: bool = False
    error: str = ""

    @property
    def name(self) -> str:
        return self.vault.text.rpartition("/")[2]

    @property
    def fate(self) -> str:
        """How it ended, or as far as it is known where nobody wrote that down."""
        if self.ending:
            return f"{self.ending}, in part" if self.is_touched and self.ending != "done" else self.ending
        if not self.writes:
            return "not begun"
        match self.writes[-1].fate:
            case Fate.DONE:
                return "written"
            case Fate.REFUSED:
                return "not written"
            case _:
                return "may be written"


@dataclass(frozen=True)
class Record:
    """One run that wrote. `command` is what was run, `undoes` the record that it undid, if it did.

    `is_begun` is whether it came as far as its first write; `status` is what it ended with, `None` where it did not end
    by itself; `is_torn` is whether its last line was not finished.
    """

    run: str
    path: str
    command: str
    when: datetime
    who: Bearer
    where: Where
    version: str
    entries: tuple[Entry, ...]
    undoes: str = ""
    editions: tuple[tuple[str, str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    acceptances: tuple[str, ...] = ()
    deeds: tuple[Did, ...] = ()
    is_begun: bool = False
    is_torn: bool = False
    status: int | None = None

    @property
    def outcome(self) -> str:
        """How the run ended, in a few words."""
        if not self.is_begun:
            return "ended before its first write"
        counts = Counter(each.fate for each in self.entries)
        if len(self.entries) == 1:
            told = self.entries[0].fate
        else:
            told = ", ".join(f"{number:,} {fate}" for fate, number in sorted(counts.items()))
        return told if self.status is not None else f"did not end: {told}"

    @property
    def changes(self) -> Mapping[str, int]:
        total: Counter[str] = Counter()
        for each in self.entries:
            total.update(each.changes)
        return total

    def of(self, vault: VaultId | str) -> Entry | None:
        """What it says of a vault, by id or by name."""
        return next((each for each in self.entries if is_of(each.vault, vault)), None)


def is_of(id: VaultId, vault: VaultId | str) -> bool:
    """Whether a vault is the one that somebody means by its id or name."""
    return id == vault if isinstance(vault, VaultId) else id.name == vault.lower()


@dataclass(frozen=True)
class Unread:
    """A record that cannot be read, and why. `vaults` are those that it is about; where there are none it may be about
    any."""

    path: str
    why: str
    vaults: frozenset[VaultId] = frozenset()

    def may_be_about(self, vault: VaultId) -> bool:
        return not self.vaults or vault in self.vaults


@dataclass(frozen=True)
class Recorded:
    """What the last record of a vault says that was declared for it, each rule with its reason."""

    run: str
    when: datetime
    declared: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class History:
    """The records that were asked for, newest first; `more` is how many older ones were not looked at."""

    folder: str
    records: tuple[Record, ...]
    unread: tuple[Unread, ...] = ()
    more: int = 0
    is_one: bool = False

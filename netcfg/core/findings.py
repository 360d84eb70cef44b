"""What a check finds in a vault: one sentence that stands alone, how bad it is, and the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from fnmatch import fnmatchcase

from netcfg.core.resources import VaultId
from netcfg.core.rules import parse_network
from netcfg.core.target import Location


@dataclass(frozen=True)
class VaultName:
    """A vault of which no more than its name is known, as variable groups have it; the case does not count."""

    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name.lower())

    @property
    def text(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, order=True)
class GroupName:
    """A variable group as a finding names it: `payments/payments-secrets`. Its id is unique in an organization."""

    project: str
    name: str
    id: int

    def __str__(self) -> str:
        return f"{self.project}/{self.name}"


class Severity(Enum):
    """How bad it is, worst first. An error is what an apply would change, and what no apply can mend."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    def is_at_least(self, other: Severity) -> bool:
        """Whether it is as bad as `other`, or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


@dataclass(frozen=True)
class Waiver:
    """A finding that somebody lives with, why, and until which day (inclusive, in UTC); no end is for ever.

    `vault` and `subject` are patterns as a shell has them, whatever their case; a subject that is an address means the
    same however it is written.
    """

    rule: str
    reason: str
    vault: str = "*"
    subject: str = "*"
    until: date | None = None
    where: Location | None = None

    def is_expired(self, today: date) -> bool:
        return self.until is not None and today > self.until

    def holds(self, finding: Finding) -> bool:
        """Whether it is about this finding, be it expired or not."""
        return finding.rule == self.rule and self.is_of(finding.vault) and self._is_about(finding.subject)

    def is_of(self, vault: VaultId | VaultName | None) -> bool:
        """Whether it is about findings in this vault; none has the name of nothing."""
        return fnmatchcase(vault.name if vault else "", self.vault.lower())

    def _is_about(self, subject: str) -> bool:
        network = parse_network(self.subject)
        is_same = network is not None and network == parse_network(subject)
        return is_same or fnmatchcase(subject.lower(), self.subject.lower())

    def __str__(self) -> str:
        """What it waives: `foreign-rule of kv-payments, 191.10.19.7/32`."""
        whom = "" if self.vault == "*" else f" of {self.vault}"
        return f"{self.rule}{whom}" + ("" if self.subject == "*" else f", {self.subject}")


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be.

    `vault` is `None` for what is about the run, a waiver say. `where` is the line of the configuration that chose the
    vault, or that is at fault; `None` where there is no configuration. `waived` is the waiver that holds for it, and
    `group` the variable group that it is about, if it is about one.
    """

    rule: str
    severity: Severity
    vault: VaultId | VaultName | None
    subject: str
    message: str
    fix: str
    where: Location | None = None
    waived: Waiver | None = None
    group: GroupName | None = None

    @property
    def order(self) -> tuple[int, str, str, str, str]:
        """The worst first, then by vault, rule and subject."""
        vault = self.vault.text.lower() if self.vault else ""
        return list(Severity).index(self.severity), vault, self.rule, self.subject, self.message

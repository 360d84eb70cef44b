"""The report of a check: every vault that was looked at, what was found, what is waived, and what cannot be known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from netcfg.core.findings import Finding, Severity
from netcfg.core.geography import Geography, Organization
from netcfg.core.guards import Circumstances
from netcfg.core.plan import Undetermined
from netcfg.core.ranges import Resolution
from netcfg.core.resources import Vault, VaultId


@dataclass(frozen=True)
class Inspection:
    """A vault that could be read, everything that decides about it, and what was found."""

    seen: Circumstances
    findings: tuple[Finding, ...] = ()

    @property
    def vault(self) -> Vault:
        return self.seen.vault

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding that nobody waived."""
        return worst(self.findings)


class Inspected(Protocol):
    """Something that was looked at."""

    @property
    def findings(self) -> tuple[Finding, ...]: ...


class Judged:
    """What a check came to, whatever it looked at, and what follows from its findings."""

    inspections: Sequence[Inspected]
    general: tuple[Finding, ...]
    undetermined: tuple[Undetermined, ...]
    fail_on: Severity | None

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All of them, the worst first, those that are waived too."""
        found = [each for inspection in self.inspections for each in inspection.findings]
        return tuple(sorted((*found, *self.general), key=lambda each: each.order))

    @property
    def counts(self) -> Mapping[Severity, int]:
        """How many findings there are of each severity that nobody waived."""
        return count(self.findings)

    @property
    def waived(self) -> int:
        return sum(each.waived is not None for each in self.findings)

    @property
    def fails(self) -> bool:
        """Whether anything was found that is as bad as `fail_on`, and not waived."""
        return are_bad(self.findings, self.fail_on)

    @property
    def status(self) -> int:
        """The exit status: 1 nothing was read, 7 something could not be, 4 it fails, 0 compliant."""
        if self.undetermined:
            return 7 if self.inspections else 1
        return 4 if self.fails else 0


@dataclass(frozen=True)
class Report(Judged):
    """What a check came to.

    `inspections` are by the vault's id. `general` are findings about no vault. A vault of which something could not be
    read is among `undetermined`, even when it is inspected too. `fail_on` is the least severity that makes the check
    fail, `None` that nothing does.
    """

    given: tuple[Geography, ...]
    organizations: tuple[Organization, ...]
    resolution: Resolution
    inspections: tuple[Inspection, ...]
    general: tuple[Finding, ...] = ()
    undetermined: tuple[Undetermined, ...] = ()
    fail_on: Severity | None = Severity.ERROR
    selected: tuple[str, ...] = ()

    @property
    def vaults(self) -> tuple[VaultId, ...]:
        return tuple(each.vault.id for each in self.inspections)


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The severity of the worst of them that nobody waived."""
    there = {each.severity for each in _open(findings)}
    return next((each for each in Severity if each in there), None)


def count(findings: Iterable[Finding]) -> Mapping[Severity, int]:
    """How many there are of each severity that nobody waived."""
    found = Counter(each.severity for each in _open(findings))
    return {each: found[each] for each in Severity}


def are_bad(findings: Iterable[Finding], least: Severity | None) -> bool:
    """Whether any of them is as bad as `least`, and not waived."""
    return least is not None and any(each.severity.is_at_least(least) for each in _open(findings))


def _open(findings: Iterable[Finding]) -> list[Finding]:
    return [each for each in findings if each.waived is None]

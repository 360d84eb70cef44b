"""What a check is: what people should know about one rule of compliance; and what a check looks at."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network

from netcfg.core.findings import Severity
from netcfg.core.guards import Circumstances
from netcfg.core.outbound import OutboundEdition
from netcfg.core.rules import Rule, VirtualNetworkRule


@dataclass(frozen=True)
class Case:
    """What the checks look at, and how to change it.

    `command` is the apply of this vault, with all that is meant for it, and `program` what any other command begins
    with, as they can be pasted into a shell. `outbound` are the addresses at which Azure DevOps is reached, the oldest
    first.
    """

    seen: Circumstances
    command: str
    program: str = "netcfg"
    outbound: tuple[OutboundEdition, ...] = ()

    @cached_property
    def apply(self) -> str:
        """The command that brings this vault to what is meant.

        Azure refuses every write of a rule whose subnet is gone, so those have to go along.
        """
        names = {each.text for each in self.seen.gone}
        dead = [rule.key for rule in self.rules if isinstance(rule, VirtualNetworkRule) and rule.key in names]
        staying = [word for key in dead if VirtualNetworkRule(key) in self.remaining for word in ("--remove", key)]
        return f"{self.command} {shlex.join(staying)}" if staying else self.command

    def with_option(self, *words: str) -> str:
        """The same command with more options, whatever is in them."""
        return f"{self.apply} {shlex.join(words)}"

    def az(self, *words: str) -> str:
        """A command of the Azure CLI about this vault, for what netcfg does not touch."""
        id = self.seen.vault.id
        where = ("--name", self.seen.vault.name, "--resource-group", id.resource_group)
        return f"az keyvault {shlex.join([*words, *where, '--subscription', id.subscription])}"

    def explain(self, rule: str) -> str:
        """The command that tells what to do, where no command can do it."""
        return f"{self.program} check --explain {rule}"

    @cached_property
    def remaining(self) -> frozenset[Rule]:
        """The rules that the vault has after an apply."""
        return frozenset(self.seen.after.rule_set.rules)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that the vault has, each once; none where a plan would not touch rules."""
        return tuple(dict.fromkeys(self.seen.before.rule_set.rules)) if self.seen.plans_rules else ()

    @cached_property
    def arriving(self) -> tuple[Rule, ...]:
        """The rules that the vault lacks; none where Azure may have kept to itself that they are there."""
        there = frozenset(self.seen.before.rule_set.rules)
        return (
            () if self.seen.hides_rules else tuple(each for each in self.seen.after.rule_set.rules if each not in there)
        )

    @cached_property
    def reached_at(self) -> tuple[IPv4Network, ...]:
        """Every range at which Azure DevOps is, or once was, reached."""
        found = {network for each in self.outbound for _, network in each.ranges if isinstance(network, IPv4Network)}
        return tuple(sorted(found))

    def leaves(self, rule: Rule) -> bool:
        """Whether an apply would remove the rule."""
        return rule not in self.remaining


@dataclass(frozen=True)
class Check:
    """A rule of compliance, in words: `title` is a phrase of one line, the others are paragraphs for whoever asks.

    `severity` is how bad its findings mostly are. `why` says what breaks and who notices, `mending` what to do, and
    `waiving` when living with it is right. `example` is a subject as its findings have it, for a waiver to name; there
    is none where no waiver holds. What is not about one vault alone `is_general`.
    """

    id: str
    severity: Severity
    title: str
    why: str
    mending: str
    waiving: str
    example: str = ""
    is_general: bool = False

    def found(self, subject: object, message: str, fix: str, severity: Severity | None = None) -> Found:
        """That it was found; as bad as the check says, unless that is said."""
        return Found(self, str(subject), message, fix, severity or self.severity)


@dataclass(frozen=True)
class Found:
    """One thing that a check found: what it is about, a sentence that stands alone, and what mends it."""

    check: Check
    subject: str
    message: str
    fix: str
    severity: Severity

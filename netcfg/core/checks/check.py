"""What a check is: what people should know about one rule of compliance; and what a check looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from netcfg.core.checks.command import Blank, Command, Word
from netcfg.core.findings import Severity
from netcfg.core.guards import Circumstances
from netcfg.core.itself import Itself
from netcfg.core.outbound import OutboundEdition
from netcfg.core.private import NOTHING_PRIVATE
from netcfg.core.rules import PublicAccess, Rule, VirtualNetworkRule

_KEEP = "--keep-default-action"


@dataclass(frozen=True)
class Case:
    """What the checks look at, and how to change it.

    `words` are the apply of this vault, with all that is meant for it, and `program` what every command begins with, as
    it can be pasted into a shell. `outbound` are the addresses at which Azure DevOps is reached, the oldest first.
    """

    seen: Circumstances
    words: tuple[str, ...]
    program: str = "netcfg"
    outbound: tuple[OutboundEdition, ...] = ()

    @cached_property
    def likeness(self) -> tuple[object, ...] | None:
        """What the checks look at, the vault's name aside: where it is the same, they find the same.

        `None` where they may look at more: who comes by private endpoints is a matter of this vault and no other.
        """
        seen = self.seen
        if seen.vault.connections or seen.landscape is not NOTHING_PRIVATE or Blank.NAME not in self._words:
            return None
        values = (seen.desired, seen.intent, seen.resolution, seen.organizations, seen.survey, self.outbound)
        said = (seen.vault.firewall.spelling, seen.vault.perimeter, seen.today, seen.gone, self._words, self.program)
        return (*map(Itself, values), *said, seen.is_unused)

    @cached_property
    def _words(self) -> tuple[Word, ...]:
        """The words with a blank for the vault's name, where that comes right after the verb."""
        verb, *rest = self.words
        return (verb, Blank.NAME, *rest[1:]) if rest[:1] == [self.seen.vault.name] else self.words

    @cached_property
    def apply(self) -> Command:
        """The command that brings this vault's firewall to what is meant."""
        return self.with_option()

    def with_option(self, *words: str) -> Command:
        """The same command with more options, whatever is in them.

        Rules do nothing while public access is Disabled, so where nobody said what is meant it goes on with them; which
        contradicts what keeps the default action, be it typed, and then it is left out, or in a file.
        """
        if not self.is_undecided:
            return self._apply(self._words, words)
        typed = tuple(each for each in self._words if each != _KEEP)
        if self.seen.intent.keep_default_action and typed == self._words:
            return self.explain("public-access-disabled")
        return self._apply(typed, ("--public-access", "enabled", *words))

    def apply_privately(self, *words: str) -> Command:
        """The same for the private way in, which opens no other one where nobody said what is meant."""
        meant = ("--public-access", "disabled") if self.is_undecided else ()
        return self._apply(self._words, (*meant, *words))

    def _apply(self, typed: tuple[Word, ...], more: tuple[str, ...]) -> Command:
        """Azure refuses every write of a rule whose subnet is gone, so those have to go along; and an apply leaves
        everything as it is while the private endpoint waits for its approval, so that comes first."""
        names = {each.text for each in self.seen.gone}
        dead = [rule.key for rule in self.rules if isinstance(rule, VirtualNetworkRule) and rule.key in names]
        staying = [word for key in dead if VirtualNetworkRule(key) in self.remaining for word in ("--remove", key)]
        way = self.seen.desired.way
        first = f"{way.owners.command} && " if way.waits and way.owners else ""
        return Command(f"{first}{self.program}", (*typed, *staying, *more))

    def az(self, *words: str) -> Command:
        """A command of the Azure CLI about this vault, for what netcfg does not touch."""
        where = ("--name", Blank.NAME, "--resource-group", Blank.GROUP, "--subscription", Blank.SUBSCRIPTION)
        return Command("az keyvault", (*words, *where))

    def ask(self, *words: str) -> Command:
        """A command of ours that changes nothing in Azure."""
        return Command(self.program, words)

    def explain(self, rule: str) -> Command:
        """The command that tells what to do, where no command can do it."""
        return self.ask("check", "--explain", rule)

    @cached_property
    def is_shut(self) -> bool:
        """Whether public access is Disabled and that is not what is meant: no rule is asked then."""
        is_meant = self.seen.intent.public_access is PublicAccess.DISABLED
        return self.seen.before.public_access is PublicAccess.DISABLED and not is_meant

    @cached_property
    def is_undecided(self) -> bool:
        """Whether public access is Disabled and nobody said whether that is meant, so that no apply is let through."""
        return self.is_shut and self.seen.intent.public_access is None

    @cached_property
    def remaining(self) -> frozenset[Rule]:
        """The rules that the vault has after an apply."""
        return frozenset(self.seen.after.rule_set.rules)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that the vault has, each once; none where a plan would not touch rules."""
        return tuple(dict.fromkeys(self.seen.before.rule_set.rules)) if self.seen.plans_rules else ()

    @cached_property
    def admitting(self) -> tuple[Rule, ...]:
        """The rules by which somebody gets in, and still does after an apply."""
        return () if self.is_shut else tuple(each for each in self.rules if not self.leaves(each))

    def leaves(self, rule: Rule) -> bool:
        """Whether an apply would remove the rule."""
        return rule not in self.remaining


@dataclass(frozen=True)
class Check:
    """A rule of compliance, in words: `title` is a phrase of one line, the others are paragraphs for whoever asks.

    `severity` is how bad its findings mostly are. `why` says what breaks and who notices, `mending` what to do, and
    `waiving` when living with it is right. `example` is a subject as its findings have it, for a waiver to name; there
    is none where no waiver holds. What is not about one vault alone `is_general`; what `netcfg group check` looks for,
    and `netcfg check` does not, `is_of_groups`.
    """

    id: str
    severity: Severity
    title: str
    why: str
    mending: str
    waiving: str
    example: str = ""
    is_general: bool = False
    is_of_groups: bool = False

    def found(self, subject: object, message: str, fix: Command, severity: Severity | None = None) -> Found:
        """That it was found; as bad as the check says, unless that is said."""
        return Found(self, str(subject), message, fix, severity or self.severity)


@dataclass(frozen=True)
class Found:
    """One thing that a check found: what it is about, a sentence that stands alone, and what mends it."""

    check: Check
    subject: str
    message: str
    fix: Command
    severity: Severity

    @property
    def order(self) -> tuple[int, bool, str, str, str]:
        """The worst first, then what is about no vault alone, then by rule and subject: as `Finding` has it."""
        is_of_the_vault = not self.check.is_general
        return list(Severity).index(self.severity), is_of_the_vault, self.check.id, self.subject, self.message

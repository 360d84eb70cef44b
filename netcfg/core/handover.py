"""The desired rules of vaults that other code owns: what can be handed to it, and what must not be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from netcfg.core.errors import NetcfgError, RulesHidden, RulesIdle, VaultWithheld
from netcfg.core.plan import Kind, Plan, PlanSet
from netcfg.core.rules import PublicAccess
from netcfg.core.words import counted, listed

# The pieces of a plan that no rule set holds.
_ELSEWHERE = frozenset(Kind) - {Kind.IP_RULE, Kind.VIRTUAL_NETWORK_RULE, Kind.DEFAULT_ACTION, Kind.PUBLIC_ACCESS}


@dataclass(frozen=True)
class Handover:
    """Plans whose rules somebody else's code is to apply.

    That code asks no guard, so what a guard refuses is withheld. So is a vault whose rules Azure does not show: an
    empty list, handed over as what is desired, would take away rules that nobody has seen.
    """

    planned: PlanSet

    @property
    def given(self) -> PlanSet:
        """What is handed over, alone; nothing is said of a vault that is not."""
        plans = tuple(each for each in self.planned.plans if each.vault.id not in self._reasons)
        return replace(self.planned, plans=plans, undetermined=())

    @property
    def withheld(self) -> tuple[NetcfgError, ...]:
        """Why each of the others is not."""
        return (*self._reasons.values(), *(each.error for each in self.planned.undetermined))

    @property
    def absent(self) -> tuple[str, ...]:
        """The vaults that are not, by their names, or as they were asked for where they could not be read."""
        refused = (each.vault.name for each in self.planned.plans if each.vault.id in self._reasons)
        return (*refused, *(each.vault for each in self.planned.undetermined))

    @property
    def reasons(self) -> tuple[tuple[str, NetcfgError], ...]:
        """Both, side by side."""
        return tuple(zip(self.absent, self.withheld, strict=True))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What whoever applies the rules must know, because no rule says it."""
        return tuple(f"{plan.vault.name}: {text}" for plan in self.given.plans for text in _remarks(plan))

    @property
    def status(self) -> int:
        """The exit status: 1 nothing could be read, 7 something could not, 5 a guard refused one, 0 all are given."""
        unread = self.planned.undetermined or any(each.status == 1 for each in self._reasons.values())
        if unread:
            handled = self.given.plans or any(each.status == 5 for each in self._reasons.values())
            return 7 if handled else 1
        return 5 if self._reasons else 0

    @cached_property
    def _reasons(self) -> dict[object, NetcfgError]:
        """By the vault's id, why a plan is not handed over."""
        several = self.planned.asks_which or len(self.planned.plans) + len(self.planned.undetermined) > 1
        return {each.vault.id: why for each in self.planned.plans if (why := _why_not(each, several))}


def _why_not(plan: Plan, several: bool) -> NetcfgError | None:
    if plan.refusals:
        named = f"={plan.vault.name}" if several else ""
        is_hopeless = not all(each.can_be_accepted for each in plan.refusals)
        options = [] if is_hopeless else [f"--accept {each.id}{named}" for each in plan.refusals]
        return VaultWithheld(plan.vault.name, [(each.id, each.message) for each in plan.refusals], options)
    if plan.after.public_access is PublicAccess.SECURED_BY_PERIMETER:
        return RulesIdle(plan.vault.name)
    if plan.after.public_access is PublicAccess.DISABLED and not plan.after.rule_set.rules:
        return RulesHidden(plan.vault.name)
    return None


def _remarks(plan: Plan) -> Iterator[str]:
    rules = plan.after.rule_set
    if plan.desired.endpoints:
        names = listed(each.short for each in plan.desired.endpoints)
        yield f"no code of a vault enables the service endpoint Microsoft.KeyVault, and Azure wants it on {names} first"
    private = [each for each in plan.changes if each.kind in _ELSEWHERE - {Kind.SERVICE_ENDPOINT}]
    if private:
        number = counted(len(private), "change")
        yield f"private endpoints, their zones and links are not exported ({number}); apply makes them"
    unread = [each.value for each in rules.ip_rules if each.network is None]
    if unread:
        yield f"exported as found, though other tools may refuse what cannot be read: {listed(map(repr, unread))}"
    if rules.unknown:
        yield "networkAcls has a property that this version does not know; terraform and tfvars leave it out"
    own = sorted({name for each in rules.rules if each.found for name in json.loads(each.found)} - {"id", "value"})
    if own:
        yield f"terraform and tfvars leave out what rules have beside what they admit: {listed(own)}"

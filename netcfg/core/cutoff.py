"""Whom a plan cuts off of those who came: each caller of a log, held against the vault as it is and as it will be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network, ip_network

from netcfg.core.admission import Gate, Moment, as_planned, at_present
from netcfg.core.approval import Approval
from netcfg.core.around import Around
from netcfg.core.callers import (
    Caller,
    CallerLog,
    Callers,
    Fate,
    Judged,
    Origin,
    VaultLog,
    Way,
    left_out,
)
from netcfg.core.declared import NOT_PUBLIC
from netcfg.core.desired import Desired, is_enforced
from netcfg.core.entrance import Judge, Outlook, Verdict, doubted, without_rules
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.private import PieceKind
from netcfg.core.resources import Vault, as_subnet
from netcfg.core.rules import Bypass, Rule, VirtualNetworkRule
from netcfg.core.served import is_within

# What Azure gives out within networks, of either family; a vault sees it only where no public address stands between.
_UNIQUE_LOCAL = ip_network("fc00::/7")


def with_callers(plans: PlanSet, log: CallerLog) -> PlanSet:
    """The same plans, each with what becomes of its vault's callers."""
    judged = (replace(each, callers=judge(log, each.vault, each.desired)) for each in plans.plans)
    return replace(plans, plans=tuple(judged))


def judge(log: CallerLog, vault: Vault, desired: Desired) -> Callers:
    """What a plan does to everybody whom the log has met at this vault; nothing is known where it has met nobody."""
    found = log.of(vault.name)
    if found is None:
        unknown = f"no record of {vault.name} in {log.name}: nothing is known of its callers"
        return Callers(log.name, None, (), (unknown, *log.notes))
    view = _View(vault, desired)
    judged = tuple(map(view.judge, found.callers))
    order = list(Fate)
    ordered = tuple(sorted(judged, key=lambda each: order.index(each.fate)))
    return Callers(log.name, found, ordered, (*_notes(vault, found, ordered), *left_out(found), *log.notes))


class _View:
    """A vault as it is and as a plan leaves it, for many callers."""

    def __init__(self, vault: Vault, desired: Desired) -> None:
        self._vault = vault
        self._before = _Door(vault, at_present(vault, desired), frozenset())
        leaving = {each.id.key for each in desired.way.removals if each.kind is PieceKind.ENDPOINT}
        self._after = _Door(vault, as_planned(vault, desired), frozenset(leaving))

    def judge(self, caller: Caller) -> Judged:
        before, _ = self._before.outlook(caller.origin)
        after, rule = self._after.outlook(caller.origin)
        match after.verdict:
            case Verdict.IN:
                fate = Fate.IN
            case Verdict.UNKNOWN:
                fate = Fate.UNKNOWN
            case _ if caller.is_refused:  # it lost nothing: no plan cuts off whom nobody let in
                fate = Fate.OUT
            case _ if before.verdict is Verdict.OUT:
                return Judged(caller, Fate.OUT, f"does not get in now either: {after.message}")
            case _:
                fate = Fate.CUT_OFF
        return Judged(caller, fate, after.message, str(rule) if rule else "")


class _Door:
    """One moment of a vault, with the private endpoints that are gone by then."""

    def __init__(self, vault: Vault, moment: Moment, gone: frozenset[str]) -> None:
        self._vault, self._moment = vault, moment
        approved = [each.endpoint for each in vault.connections if each.approval is Approval.APPROVED]
        self._endpoints = {each.key: each.name for each in approved if each.key not in gone}
        named = [(rule.network, rule) for rule in moment.firewall.rule_set.ip_rules if rule.network]
        self._rules = Around(named)

    def outlook(self, origin: Origin) -> tuple[Outlook, Rule | None]:
        """Whether somebody gets in who comes from there, and by which rule."""
        match origin.way:
            case Way.PRIVATE_ENDPOINT:
                return self._privately(origin), None
            case Way.TRUSTED_SERVICE if self._moment.firewall.rule_set.bypass is Bypass.AZURE_SERVICES:
                if self._moment.gate is not Gate.PERIMETER:
                    name = f", {origin.through}," if origin.through else ""
                    return _in(Judge.RULES, f"bypass lets trusted Azure services{name} in"), None
        hidden = self._hidden(origin) if _is_hidden(origin) else None
        whole = hidden or without_rules(self._moment)
        if whole:
            return doubted(self._vault, whole), None
        found, rule = self._by_subnet(origin) if origin.way is Way.SUBNET else self._by_address(origin)
        return doubted(self._vault, found), rule

    def _privately(self, origin: Origin) -> Outlook:
        if not origin.through:
            if self._endpoints:
                return _in(Judge.PRIVATE_ENDPOINT, "comes by a private endpoint, which no rule closes")
            return Outlook(Verdict.OUT, Judge.PRIVATE_ENDPOINT, "comes by a private endpoint, and there is none left")
        name = self._endpoints.get(origin.through.rstrip("/").lower())
        if name:
            return _in(Judge.PRIVATE_ENDPOINT, f"comes by the private endpoint {name}, which no rule closes")
        said = f"comes by the private endpoint {origin.through.rstrip('/').rpartition('/')[2]}, which is none of them"
        return Outlook(Verdict.OUT, Judge.PRIVATE_ENDPOINT, said)

    def _hidden(self, origin: Origin) -> Outlook | None:
        """Somebody whose address is private, and of whom the log does not say from which network he comes."""
        if self._moment.gate is Gate.OPEN or self._moment.gate is Gate.PERIMETER:
            return None
        rules = self._moment.firewall.rule_set.virtual_network_rules if self._moment.gate is Gate.RULES else ()
        if not rules and not self._endpoints:
            return (
                None
                if self._moment.gate is Gate.CLOSED
                else _out(
                    f"{origin.address} is not public, and neither a subnet's rule nor a private endpoint leads in"
                )
            )
        ways = [*(["a subnet that has a rule"] if rules else []), *(["a private endpoint"] if self._endpoints else [])]
        said = f"{origin.address} is not public, and the log does not say whether it comes from {' or by '.join(ways)}"
        return Outlook(Verdict.UNKNOWN, Judge.RULES, said)

    def _by_subnet(self, origin: Origin) -> tuple[Outlook, Rule | None]:
        subnet = as_subnet(origin.through)
        rule = VirtualNetworkRule(origin.through)
        name = subnet.short if subnet else origin.through
        if rule in self._moment.dead:
            return _out(f"comes from the subnet {name}, which is gone"), None
        if rule in self._moment.rules:
            return _in(Judge.RULES, f"the rule of the subnet {name} admits it"), rule
        return _out(f"comes from the subnet {name} by its service endpoint, and no rule names that"), None

    def _by_address(self, origin: Origin) -> tuple[Outlook, Rule | None]:
        network = origin.network
        if not isinstance(network, IPv4Network):
            return _out("its address is IPv6, and a vault takes rules for IPv4 only"), None
        rule = self._rules.first(network)
        if rule is None or not self._moment.admits_network(network):
            return _out("no rule names it, and the default action is Deny"), None
        return _in(Judge.RULES, f"{rule} admits it"), rule


def _is_hidden(origin: Origin) -> bool:
    """Whether no vault sees the address but from within: the log must then say which way it came, and does not."""
    if origin.way is not Way.ADDRESS:
        return False
    return any(is_within(origin.network, each) for each in (*NOT_PUBLIC, _UNIQUE_LOCAL))


def _in(judge: Judge, message: str) -> Outlook:
    return Outlook(Verdict.IN, judge, message)


def _out(message: str) -> Outlook:
    return Outlook(Verdict.OUT, Judge.RULES, message)


def _notes(vault: Vault, log: VaultLog, judged: tuple[Judged, ...]) -> Iterator[str]:
    """What a reader may take for certain and is not."""
    if not log.callers:
        yield "no request in the log tells who gets in by the firewall: nothing is known of its callers"
    lost = [each for each in judged if each.fate is Fate.CUT_OFF and not each.caller.origin.is_told]
    bypass = vault.firewall.rule_set.bypass is Bypass.AZURE_SERVICES and not is_enforced(vault)
    if lost and bypass:
        yield (
            "the log does not say how some of them came: one that is a trusted Azure service passes by bypass, "
            "whatever the rules are"
        )


def cut_off(plan: Plan) -> tuple[Judged, ...]:
    """Those whom the plan cuts off, as far as a log was given."""
    return plan.callers.of(Fate.CUT_OFF) if plan.callers else ()

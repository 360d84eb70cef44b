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
from netcfg.core.entrance import (
    HIDDEN,
    Judge,
    Outlook,
    Verdict,
    by_rules,
    by_service_endpoint,
    doubted,
    unnamed,
    without_rules,
)
from netcfg.core.plan import Plan, PlanSet
from netcfg.core.resources import Vault
from netcfg.core.rules import Bypass, Rule, VirtualNetworkRule
from netcfg.core.served import is_within
from netcfg.core.standing import Standing
from netcfg.core.words import listed

# What Azure gives out within networks, of either family; a vault sees it only where no public address stands between.
_UNIQUE_LOCAL = ip_network("fc00::/7")


def with_callers(plans: PlanSet, log: CallerLog) -> PlanSet:
    """The same plans, each with what becomes of its vault's callers."""
    judged = (replace(each, callers=judge(log, each.vault, each.desired)) for each in plans.plans)
    return replace(plans, plans=tuple(judged), callers=log)


def judge(log: CallerLog, vault: Vault, desired: Desired) -> Callers:
    """What a plan does to everybody whom the log has met at this vault; nothing is known where it has met nobody."""
    found = log.of(vault.name)
    if found is None:
        return Callers(
            log.name, None, (), (f"no record of {vault.name} in {log.name}: nothing is known of its callers",)
        )
    view = _View(vault, desired)
    judged = tuple(map(view.judge, found.callers))
    order = list(Fate)
    ordered = tuple(sorted(judged, key=lambda each: order.index(each.fate)))
    return Callers(log.name, found, ordered, (*_notes(vault, found, ordered), *left_out(found)))


class _View:
    """A vault as it is and as a plan leaves it, for many callers."""

    def __init__(self, vault: Vault, desired: Desired) -> None:
        self._before = _Door(vault, desired, at_present(vault, desired), frozenset())
        self._after = _Door(vault, desired, as_planned(vault, desired), desired.way.leaving)

    def judge(self, caller: Caller) -> Judged:
        before, _ = self._before.outlook(caller.origin)
        after, rule = self._after.outlook(caller.origin)
        said = after.message
        match after.verdict:
            case Verdict.IN:
                fate = Fate.IN
            case Verdict.UNKNOWN:
                fate = Fate.UNKNOWN
            case _ if caller.is_refused:  # it lost nothing: no plan cuts off whom nobody let in
                fate = Fate.OUT
            case _ if before.verdict is Verdict.OUT:
                fate, said = Fate.OUT, f"does not get in now either: {said}"
            case _:
                fate = Fate.CUT_OFF
        if caller.is_forbidden:
            said = f"{said}; answered 403 only, by the firewall or for lack of a permission"
        return Judged(caller, fate, said, str(rule) if rule else "")


class _Door:
    """One moment of a vault, with the private endpoints that are gone by then."""

    def __init__(self, vault: Vault, desired: Desired, moment: Moment, leaving: frozenset[str]) -> None:
        self._vault, self._desired, self._moment = vault, desired, moment
        approved = [each.endpoint for each in vault.connections if each.approval is Approval.APPROVED]
        self._staying = {each.key: each.name for each in approved if each.key not in leaving}
        self._leaving = {each.key: each.name for each in approved if each.key in leaving}
        named = [(rule.network, rule) for rule in moment.firewall.rule_set.ip_rules if rule.network]
        self._rules = Around(named)

    def outlook(self, origin: Origin) -> tuple[Outlook, Rule | None]:
        """Whether somebody gets in who comes from there, and by which rule."""
        if origin.way is Way.PRIVATE_ENDPOINT:
            return self._privately(origin), None
        bypass = self._moment.firewall.rule_set.bypass is Bypass.AZURE_SERVICES
        passes = origin.way is Way.TRUSTED_SERVICE and bypass and self._moment.gate is not Gate.PERIMETER
        if passes and origin.is_told:
            name = f", {origin.through}," if origin.through else ""
            return doubted(self._vault, by_rules(Verdict.IN, f"bypass lets trusted Azure services{name} in")), None
        found, rule = self._openly(origin)
        if passes and found.verdict is Verdict.OUT:
            doubt = "it came by a public address, and the log calls it a trusted Azure service without naming one"
            return by_rules(Verdict.UNKNOWN, f"{doubt}: unless bypass lets it in, {found.message}"), None
        return found, rule

    def _openly(self, origin: Origin) -> tuple[Outlook, Rule | None]:
        """Somebody who comes over the public network, or from a subnet by its service endpoint."""
        whole, rule = without_rules(self._moment), None
        if _is_hidden(origin):
            found = self._hidden(origin, whole)
        elif whole:
            found = whole
        elif origin.way is Way.SUBNET:
            found, rule = self._by_subnet(origin)
        else:
            found, rule = self._by_address(origin)
        return doubted(self._vault, found), rule

    def _privately(self, origin: Origin) -> Outlook:
        """Somebody who comes by a private endpoint: no rule closes it, and where it is gone he comes as others do."""
        key = origin.through
        stays, goes = bool(self._staying), bool(self._leaving)
        if key:
            stays, goes = key in self._staying, key in self._leaving
        name = f" {self._staying.get(key) or self._leaving.get(key) or key.rpartition('/')[2]}" if key else ""
        if stays and goes:
            going, staying = (listed(sorted(each.values())) for each in (self._leaving, self._staying))
            said = f"comes by a private endpoint, and the log does not say by which: {going} goes, {staying} stays"
            return Outlook(Verdict.UNKNOWN, Judge.PRIVATE_ENDPOINT, said)
        if stays:
            said = f"comes by {f'the private endpoint{name}' if key else 'a private endpoint'}, which no rule closes"
            return Outlook(Verdict.IN, Judge.PRIVATE_ENDPOINT, said)
        whole = without_rules(self._moment)
        if whole and (whole.verdict is Verdict.IN or not goes):
            return doubted(self._vault, whole)
        if goes:
            return Outlook(Verdict.OUT, Judge.PRIVATE_ENDPOINT, f"its private endpoint{name} goes")
        said = f"its private endpoint{name} is gone; from which public address it comes now is not known"
        return by_rules(Verdict.UNKNOWN, said)

    def _hidden(self, origin: Origin, whole: Outlook | None) -> Outlook:
        """Somebody whose address is private, and of whom the log does not say from which network he comes."""
        rule_set = self._moment.firewall.rule_set
        if origin.is_told:
            if whole or not rule_set.ip_rules:
                return whole or by_rules(Verdict.OUT, f"{HIDDEN}, and there is none for the one it came by")
            said = "the log has a private address for it, and says that it came by a public one, which is not known"
            return by_rules(Verdict.UNKNOWN, said)
        subnets = () if whole else rule_set.virtual_network_rules
        ways = [*(["a subnet that has a rule"] if subnets else []), *(["a private endpoint"] if self._staying else [])]
        if whole and (whole.verdict is not Verdict.OUT or not ways):
            return whole
        if not ways:
            return by_rules(Verdict.OUT, f"{HIDDEN}, and neither a subnet's rule nor a private endpoint leads in")
        said = f"{HIDDEN}; the log does not say whether it comes from {' or by '.join(ways)}"
        return by_rules(Verdict.UNKNOWN, said)

    def _by_subnet(self, origin: Origin) -> tuple[Outlook, Rule | None]:
        if origin.through:
            rule = VirtualNetworkRule(origin.through)
            found = by_service_endpoint(rule, self._moment)
            return found, rule if found.verdict is Verdict.IN else None
        if set(self._moment.firewall.rule_set.virtual_network_rules) <= self._moment.dead:
            return by_rules(Verdict.OUT, "comes from a subnet by its service endpoint, and no subnet has a rule"), None
        said = "comes from a subnet by its service endpoint, and the log does not say from which"
        return by_rules(Verdict.UNKNOWN, said), None

    def _by_address(self, origin: Origin) -> tuple[Outlook, Rule | None]:
        network = origin.network
        rule = self._rules.first(network) if isinstance(network, IPv4Network) else None
        if rule is None:
            return unnamed(network, self._moment), None
        reason = self._desired.asked.get(rule) or self._desired.reasons[rule]
        is_meant = reason.standing in (Standing.DECLARED, Standing.TEMPORARY)  # then it says for whom, and until when
        return by_rules(Verdict.IN, f"{rule} admits it{f': {reason.text}' if is_meant else ''}"), rule


def _is_hidden(origin: Origin) -> bool:
    """Whether no vault sees the address but from within: the log must then say which way it came, and does not."""
    if origin.way is not Way.ADDRESS:
        return False
    return any(is_within(origin.network, each) for each in (*NOT_PUBLIC, _UNIQUE_LOCAL))


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

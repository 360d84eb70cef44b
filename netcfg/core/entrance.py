"""An entrance: whether an address or a subnet gets in to a vault, by which rules, and what a plan changes about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Network, IPv6Network

from netcfg.core.admission import Gate, Moment, as_planned, at_present
from netcfg.core.approval import Approval
from netcfg.core.attribution import Answer, Attribution
from netcfg.core.declared import BROAD, parse_wanted
from netcfg.core.desired import Desired, Reason, is_enforced
from netcfg.core.errors import BadRange
from netcfg.core.messages.explanation import geographies
from netcfg.core.plan import Action
from netcfg.core.private import network_of
from netcfg.core.resources import SubnetId, Vault
from netcfg.core.rules import Bypass, IpRule, Perimeter, PublicAccess, Rule, VirtualNetworkRule
from netcfg.core.served import Network
from netcfg.core.shell import quote
from netcfg.core.words import listed

HIDDEN = "it is not a public address, so no IP rule admits it"


class Verdict(Enum):
    """Whether somebody gets in."""

    IN = "in"
    PARTLY = "partly"  # a part of the range does
    OUT = "out"
    UNKNOWN = "unknown"  # what decides could not be read, or lies outside of the vault's firewall


class Judge(Enum):
    """Who decides that."""

    RULES = "rules"
    DEFAULT_ACTION = "default-action"
    PUBLIC_ACCESS = "public-access"
    PERIMETER = "perimeter"
    PRIVATE_ENDPOINT = "private-endpoint"


@dataclass(frozen=True)
class Outlook:
    """How somebody stands at one time, who decides that, and why."""

    verdict: Verdict
    judge: Judge
    message: str


@dataclass(frozen=True)
class Ground:
    """A rule that names an address, the whole of a range or a part of it; `action` is what a plan does to it."""

    rule: Rule
    reason: Reason
    action: Action | None = None
    is_whole: bool = True

    @property
    def is_broad(self) -> bool:
        """Whether it is so broad that it was not meant for anybody in particular."""
        return isinstance(self.rule, IpRule) and self.rule.network is not None and self.rule.network.prefixlen < BROAD


@dataclass(frozen=True)
class Entrance:
    """The answer about one address, range or subnet. `planned` is missing where no plan can be drawn."""

    vault: Vault
    asked: Network | SubnetId
    now: Outlook
    planned: Outlook | None
    grounds: tuple[Ground, ...]
    whose: Attribution | None = None
    refusals: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """A vault beside what it should be, and what is known of who asks.

    `has_plan` is whether somebody said what it should be; else only the reasons of the rules that are there count.
    `refusals` are the guards that stop the plan. `has_endpoint` is whether a subnet has the service endpoint, if that
    could be read. `apply` and `explain` are those commands for this vault, as they would be typed.
    """

    vault: Vault
    desired: Desired
    has_plan: bool
    refusals: tuple[str, ...] = ()
    whose: Attribution | None = None
    has_endpoint: bool | None = None
    apply: str = "netcfg apply VAULT"
    explain: str = "netcfg explain VAULT"


def of_network(network: Network, seen: Seen) -> Entrance:
    """Whether an address, or all of a range, gets in."""
    before, after = at_present(seen.vault, seen.desired), as_planned(seen.vault, seen.desired)
    found = _Address(network, seen)
    grounds = tuple(_grounds(seen, found.named))
    now, planned = found.outlook(before), found.outlook(after) if seen.has_plan else None
    return _advised(Entrance(seen.vault, network, now, planned, grounds, seen.whose, seen.refusals), seen)


def of_subnet(subnet: SubnetId, seen: Seen) -> Entrance:
    """Whether the machines of a subnet get in, by their subnet."""
    desired, rule = seen.desired, VirtualNetworkRule(subnet.text)
    before, after = at_present(seen.vault, desired), as_planned(seen.vault, desired)
    comes, will_come = (network_of(subnet) in found for found in (desired.way.before, desired.way.after))
    later = True if subnet in desired.endpoints else seen.has_endpoint
    now = _Machines(subnet, seen.has_endpoint, comes, seen).outlook(before)
    planned = _Machines(subnet, later, will_come, seen).outlook(after) if seen.has_plan else None
    grounds = tuple(_grounds(seen, lambda each: True if each == rule else None))
    return _advised(Entrance(seen.vault, subnet, now, planned, grounds, None, seen.refusals), seen)


def _advised(entrance: Entrance, seen: Seen) -> Entrance:
    stepping = replace(entrance, next=tuple(_steps(entrance, seen)))
    return replace(stepping, notes=tuple(_notes(stepping, seen)))


class _Address:
    """An address or a range that stands before the vault."""

    def __init__(self, network: Network, seen: Seen) -> None:
        self._network, self._seen = network, seen

    def named(self, rule: Rule) -> bool | None:
        """Whether the rule names all of it; `False` for a part, `None` for nothing of it."""
        found = rule.network if isinstance(rule, IpRule) else None
        if not found or not isinstance(self._network, IPv4Network) or not found.overlaps(self._network):
            return None
        return self._network.subnet_of(found)

    def outlook(self, moment: Moment) -> Outlook:
        return doubted(self._seen.vault, without_rules(moment) or self._by_rules(moment))

    def _by_rules(self, moment: Moment) -> Outlook:
        network = self._network
        if isinstance(network, IPv6Network):
            return unnamed(network, moment)
        if self._seen.whose and self._seen.whose.special:
            return self._hidden(moment)
        held = moment.admits_network(network)
        rules = [rule for rule in moment.firewall.rule_set.ip_rules if self.named(rule) is not None]
        if held:
            whole = [str(each) for each in rules if self.named(each)]
            how = f"{whole[0]} admits it" if len(whole) == 1 else f"{len(whole)} rules admit it, each by itself"
            return by_rules(Verdict.IN, how if whole else f"{len(rules)} rules together admit all of it")
        if held is False:
            return by_rules(Verdict.PARTLY, "rules admit a part of it only, and the default action is Deny")
        return unnamed(network, moment)

    def _hidden(self, moment: Moment) -> Outlook:
        """An address that no vault sees as it is."""
        if not moment.firewall.rule_set.virtual_network_rules:
            return by_rules(
                Verdict.OUT, f"{HIDDEN}, and no subnet has a rule; a vault sees the public address behind it"
            )
        return by_rules(
            Verdict.UNKNOWN,
            f"{HIDDEN}; it gets in if it is in a subnet that has a rule and the service endpoint, else a vault sees "
            "the public address behind it",
        )


class _Machines:
    """The machines of a subnet."""

    def __init__(self, subnet: SubnetId, has_endpoint: bool | None, comes_privately: bool, seen: Seen) -> None:
        self._rule = VirtualNetworkRule(subnet.text)
        self._has_endpoint, self._comes_privately, self._seen = has_endpoint, comes_privately, seen

    def outlook(self, moment: Moment) -> Outlook:
        if self._comes_privately:
            said = "a private endpoint leads in, whatever the rules are"
            return Outlook(Verdict.IN, Judge.PRIVATE_ENDPOINT, said)
        return doubted(self._seen.vault, without_rules(moment) or self._by_rules(moment))

    def _by_rules(self, moment: Moment) -> Outlook:
        if self._has_endpoint or self._rule in moment.dead:
            return by_service_endpoint(self._rule, moment)
        has_rule = self._rule in moment.rules
        if self._has_endpoint is None:
            doubt = "whether it has the service endpoint could not be read"
            if has_rule:
                return by_rules(Verdict.UNKNOWN, f"a rule names it, and {doubt}, without which that does nothing")
            return self._publicly(moment, f"no rule names it, and {doubt}")
        rule = "its rule does nothing" if has_rule else "no rule names it"
        return self._publicly(moment, f"{rule}: it has no service endpoint Microsoft.KeyVault")

    def _publicly(self, moment: Moment, said: str) -> Outlook:
        if not moment.firewall.rule_set.ip_rules:
            return by_rules(Verdict.OUT, said)
        way = "its machines may get in by the public address at which they leave, if one of the IP rules names that"
        return by_rules(Verdict.UNKNOWN, f"{said}; {way}")


def by_rules(verdict: Verdict, message: str) -> Outlook:
    """What the rules say of somebody."""
    return Outlook(verdict, Judge.RULES, message)


def unnamed(network: Network, moment: Moment) -> Outlook:
    """An address that no rule is known to name: one that cannot be read may do so, and nobody knows what Azure takes
    it for."""
    if isinstance(network, IPv6Network):
        return by_rules(Verdict.OUT, "it is IPv6, and a vault takes rules for IPv4 only: no rule can ever admit it")
    if moment.illegible:
        said = f"no rule is known to name it, and {listed(map(repr, moment.illegible))} cannot be read"
        return by_rules(Verdict.UNKNOWN, said)
    return by_rules(Verdict.OUT, "no rule names it, and the default action is Deny")


def by_service_endpoint(rule: VirtualNetworkRule, moment: Moment) -> Outlook:
    """The machines of a subnet that has the service endpoint, by the rule that is there for it, or is not."""
    if rule in moment.dead:
        return by_rules(Verdict.OUT, "its rule is there, and the subnet itself is gone")
    if rule in moment.rules:
        return by_rules(Verdict.IN, "a virtual network rule admits it, and it has the service endpoint")
    said = "its machines come from their private addresses, which no IP rule admits"
    return by_rules(Verdict.OUT, f"no rule names it; it has the service endpoint, so {said}")


def without_rules(moment: Moment) -> Outlook | None:
    """What holds for everybody, where the rules are not asked."""
    match moment.gate:
        case Gate.OPEN:
            said = "the default action is Allow: every network gets in, whatever the rules say"
            return Outlook(Verdict.IN, Judge.DEFAULT_ACTION, said)
        case Gate.CLOSED:
            said = "public access is Disabled: the rules are not asked, and only private endpoints lead in"
            return Outlook(Verdict.OUT, Judge.PUBLIC_ACCESS, said)
        case Gate.PERIMETER:
            said = "a network security perimeter decides alone, and its access rules are not read; rules do nothing"
            return Outlook(Verdict.UNKNOWN, Judge.PERIMETER, said)
        case Gate.RULES:
            return None


def doubted(vault: Vault, found: Outlook) -> Outlook:
    """The same, unless somebody else may decide, and nobody could read whether that is so or whom he lets in.

    A perimeter in Learning mode lets in whom its own rules name, beside those whom the vault's rules name:
    https://learn.microsoft.com/azure/private-link/network-security-perimeter-transition
    """
    if is_enforced(vault):
        return found
    if vault.perimeter is Perimeter.LEARNING and found.verdict in (Verdict.OUT, Verdict.PARTLY):
        said = "a network security perimeter in Learning mode may admit it, and its access rules are not read; without "
        message = f"{said}them: {found.verdict.value}, for {found.message}"
    elif vault.perimeter is Perimeter.UNKNOWN:
        said = "whether a network security perimeter decides could not be read; if none does: "
        message = f"{said}{found.verdict.value}, for {found.message}"
    else:
        return found
    return replace(found, verdict=Verdict.UNKNOWN, judge=Judge.PERIMETER, message=message)


def _grounds(seen: Seen, named: Callable[[Rule], bool | None]) -> Iterator[Ground]:
    """The rules that name it, the broadest first."""
    before = set(seen.vault.firewall.rule_set.rules)
    after = set(seen.desired.after.rule_set.rules) if seen.has_plan else before
    found: list[Ground] = []
    for rule in before | after:
        whole = named(rule)
        if whole is not None:
            action = None if rule in before and rule in after else Action.ADD if rule in after else Action.REMOVE
            found.append(Ground(rule, seen.desired.reasons[rule], action, whole))
    yield from sorted(found, key=lambda each: (_breadth(each.rule), each.rule.key))


def _breadth(rule: Rule) -> int:
    return rule.network.prefixlen if isinstance(rule, IpRule) and rule.network else 0


def _steps(entrance: Entrance, seen: Seen) -> Iterator[str]:
    """What lets it in, or keeps it in; what the plan does by itself comes first."""
    is_in, then, vault = entrance.now.verdict is Verdict.IN, entrance.planned or entrance.now, entrance.vault
    learns = vault.perimeter is Perimeter.LEARNING and not is_enforced(vault)
    if (entrance.now.judge is Judge.PERIMETER and not learns) or (is_in and then.verdict is Verdict.IN):
        return
    if then.verdict is Verdict.IN:
        yield seen.apply
    elif entrance.now.judge is Judge.PUBLIC_ACCESS or (learns and _is_closed(vault)):
        yield f"{seen.apply} --public-access enabled"
    else:
        yield from _wider(entrance, seen)


def _is_closed(vault: Vault) -> bool:
    return vault.firewall.public_access is not PublicAccess.ENABLED


def _wider(entrance: Entrance, seen: Seen) -> Iterator[str]:
    """What has to be asked for beside what the plan does."""
    asked, whose = entrance.asked, entrance.whose
    if isinstance(asked, SubnetId):
        yield f"{seen.apply} --subnet {quote(str(asked))}"
    elif not isinstance(asked, IPv4Network):
        return
    elif whose and whose.special:
        yield f"{seen.explain} RESOURCE-GROUP/VNET/SUBNET"
    elif whose and whose.answer is Answer.INBOUND and geographies(whose):
        yield f"{seen.apply} --organization ORG" if seen.has_plan else seen.apply
    elif _may_be_allowed(asked):
        yield f"{seen.apply} --allow '{asked}=REASON'"


def _may_be_allowed(network: IPv4Network) -> bool:
    try:
        parse_wanted(str(network))
    except BadRange:
        return False
    return True


def _notes(entrance: Entrance, seen: Seen) -> Iterator[str]:
    """What else decides, or may: nobody looks here who comes by private endpoints that nobody asked about."""
    vault = entrance.vault
    if not seen.has_plan:
        yield (
            "no organization and no geography was given, so that nobody knows what a plan would change; rules of every "
            "geography count as published"
        )
    elif entrance.planned and seen.refusals and entrance.planned != entrance.now:
        yield f"that plan is refused by {', '.join(seen.refusals)} until it is accepted"
    if seen.has_plan and entrance.whose and any(each.endswith(" --organization ORG") for each in entrance.next):
        places = " and ".join(each.name for each in geographies(entrance.whose))
        yield f"it is published for {places}: ORG would be an organization that lives there"
    endpoints = [each.endpoint.name for each in vault.connections if each.approval is Approval.APPROVED]
    if endpoints and entrance.now.judge is not Judge.PRIVATE_ENDPOINT:
        yield f"who comes by the private endpoint {' or '.join(sorted(endpoints))} gets in, whatever the rules are"
    is_let_in = entrance.now.verdict in (Verdict.IN, Verdict.PARTLY)
    if vault.firewall.rule_set.bypass is Bypass.AZURE_SERVICES and not is_let_in and not is_enforced(vault):
        yield "bypass lets trusted Azure services in from anywhere; Azure DevOps is none of them"
    if vault.perimeter is Perimeter.LEARNING and not is_enforced(vault):
        yield "a network security perimeter in Learning mode holds this vault: once it is Enforced, rules do nothing"
    broad = [str(each.rule) for each in _staying(entrance.grounds) if each.is_broad]
    if broad and entrance.now.judge is Judge.RULES:
        yield f"{' and '.join(broad)} is so broad that it admits this among millions of others, which nobody meant"


def _staying(grounds: Iterable[Ground]) -> Iterator[Ground]:
    return (each for each in grounds if each.action is not Action.ADD)

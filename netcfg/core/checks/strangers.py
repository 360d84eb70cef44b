"""Rules that nobody asked for, or asks for any more; each rule has its most telling finding, and only that one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Network

from netcfg.core.checks import removal, temporary
from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.checks.command import Command
from netcfg.core.checks.declared import EXPIRED_RULE
from netcfg.core.declared import BROAD
from netcfg.core.errors import BadIdentifier
from netcfg.core.findings import Severity
from netcfg.core.intent import parse_removal
from netcfg.core.ranges import PublishedRange
from netcfg.core.resources import as_subnet
from netcfg.core.rules import IpRule, Rule
from netcfg.core.standing import Standing

UNREADABLE_RULE = Check(
    "unreadable-rule",
    Severity.ERROR,
    "A rule cannot be read, so nobody knows whom it lets in",
    "Vaults hold values that no documentation allows: ranges in quotes, addresses with bits beyond their prefix, ids "
    "of things that are no subnet. Whether Azure lets anybody in by them is not known, and a review that counts "
    "ranges passes over them. netcfg sends them back exactly as they were found.",
    "Find out what was meant, declare that with `allow`, and take this one out with `--remove` and the value as it is "
    "shown.",
    "Where the owner of the rule refuses to have it touched, and says why.",
    example="'191.10.4.0/24'",
)

DEAD_SUBNET_RULE = Check(
    "dead-subnet-rule",
    Severity.WARNING,
    "A rule names a subnet that is gone",
    "Rules are written all at once, and Azure refuses to write one whose subnet is not there: so nobody can change "
    "anything else in this vault's firewall, be it urgent or not, until the dead rule is taken out. It lets in nobody "
    "today; but ids are names, and whoever makes a subnet of that name in a network of that name gets in.",
    "Remove it: nobody can come by it. The commands that mend this vault's other findings take it along.",
    "While the subnet is being made anew under the same name, until the day on which it should be there.",
    example="*/subnets/agents",
)

BROAD_RANGE = Check(
    "broad-range",
    Severity.ERROR,
    f"A rule is broader than /{BROAD}",
    "More than 65,536 addresses get in by one rule, most of them somebody else's: clouds give addresses of such ranges "
    "to whoever asks. Such a rule makes a vault pass every check that only asks whether there are rules. For the "
    "ranges of Azure DevOps it does not count. One that was declared is a note, for somebody gave a reason.",
    "Find out who needs it, declare the ranges that are really theirs with `allow`, and remove the broad one. Where it "
    "was declared, narrow the declaration.",
    "Where a provider cannot say which addresses it uses: better declare the range, with the reason, which makes it a "
    "note.",
    example="191.0.0.0/8",
)

RETIRED_RANGE = Check(
    "retired-range",
    Severity.WARNING,
    "A range that Azure DevOps came from once, and does not any more",
    "Microsoft published this range and took it back. Its addresses go to other customers of Azure in time, and those "
    "get in then. For the days of the grace it is a warning, because publications were wrong before; after that it is "
    "an error, and `apply` removes it.",
    "Wait for the end of the grace, or take it out at once with `--remove`.",
    "Where pipelines were seen to come from it still; with an end date, and a look at the vault's audit log by then.",
    example="172.199.233.80/28",
)

OUTBOUND_RANGE = Check(
    "outbound-range",
    Severity.WARNING,
    "A range at which Azure DevOps is reached, not one that it comes from",
    "The documentation lists the addresses that a company's own firewall must let out, so that people and agents reach "
    "Azure DevOps, on the same page as those that a vault must let in. In a vault the former do nothing: no request "
    "comes from there. Whoever put it here thinks that Azure DevOps gets in by it.",
    "Remove it. The ranges that are needed are among the other findings, or there already.",
    "There is no reason to, except that nobody may change the vault until a certain day.",
    example="150.171.22.0/24",
)

ELSEWHERE_RANGE = Check(
    "elsewhere-range",
    Severity.WARNING,
    "A range of Azure DevOps that is not wanted here",
    "It is published, but for a geography in which none of the organizations lives that use this vault, for a region "
    "that belongs to none, or by the publisher that `--ranges` leaves out. By it come the organizations of other "
    "customers. It is an error where the vault is exclusive.",
    "Remove it; or, where an organization that lives there does use the vault, name it with `--organization`.",
    "Where an organization moved there or from there a short while ago, until the move is over.",
    example="51.104.26.0/24",
)

FOREIGN_RULE = Check(
    "foreign-rule",
    Severity.WARNING,
    "A rule that nobody explains",
    "It is neither published nor declared. Vaults keep no names with rules, so whether it is the head office, a "
    "partner who left, or a door that somebody opened one night cannot be told. It stays, because taking away what "
    "somebody else needs is worse. It is an error where the vault is exclusive.",
    "Find out whose it is: the vault's activity log says who added it. Then declare it, `--allow 'CIDR=reason'` for a "
    "range and `--subnet` for agents, or remove it.",
    "Where its owner is known but keeps it by other means, Terraform say: the reason then says who, and where. Give it "
    "an end, so that somebody asks again.",
    example="191.10.20.7/32",
)

CHECKS = (
    UNREADABLE_RULE,
    DEAD_SUBNET_RULE,
    BROAD_RANGE,
    RETIRED_RANGE,
    OUTBOUND_RANGE,
    ELSEWHERE_RANGE,
    FOREIGN_RULE,
)


def find(case: Case) -> Iterator[Found]:
    for rule in case.rules:
        found = next(filter(None, (kind(case, rule) for kind in _KINDS)), None)
        if found:
            yield found


def _unreadable(case: Case, rule: Rule) -> Found | None:
    if isinstance(rule, IpRule):
        if rule.network is not None:
            return None
        return UNREADABLE_RULE.found(
            _visible(case, rule),
            f"whom {rule.value!r} lets in cannot be known: it is not an address or range that a vault takes",
            _removal_of_unreadable(case, rule),
        )
    if as_subnet(rule.subnet):
        return None
    return UNREADABLE_RULE.found(
        rule,
        f"whom {rule.subnet!r} lets in cannot be known: it is not the id of a subnet",
        _removal_of_unreadable(case, rule),
    )


def _visible(case: Case, rule: IpRule) -> str:
    """A blank value in quotes, and in as many as no other value of the vault is written in."""
    subject, others = rule.value, set(map(str, case.rules))
    while not subject.strip() or (subject != rule.value and subject in others):
        subject = repr(subject)
    return subject


def _removal_of_unreadable(case: Case, rule: Rule) -> Command:
    """Every write sends all rules, and what Azure makes of the others of this kind is not known: they go at once."""
    if case.leaves(rule) or not _can_be_named(rule):
        return _removal(case, rule)
    staying = [each for each in case.rules if not case.leaves(each) and _is_unreadable(each) and _can_be_named(each)]
    return case.with_option(*(word for each in staying for word in ("--remove", str(each))))


def _is_unreadable(rule: Rule) -> bool:
    return rule.network is None if isinstance(rule, IpRule) else as_subnet(rule.subnet) is None


def _expired(case: Case, rule: Rule) -> Found | None:
    reason = case.seen.desired.reasons[rule]
    if reason.standing is not Standing.EXPIRED:
        return None
    return EXPIRED_RULE.found(rule, f"{rule} was declared ({reason.text}), and is there still", case.apply)


def _dead_subnet(case: Case, rule: Rule) -> Found | None:
    if isinstance(rule, IpRule) or rule.key not in {each.text for each in case.seen.gone}:
        return None
    return DEAD_SUBNET_RULE.found(
        rule,
        f"{_short(rule)} is gone: as long as its rule is there, Azure refuses every change of the others",
        case.apply,
        _severity(case, rule),
    )


def _broad(case: Case, rule: Rule) -> Found | None:
    standing, network = case.seen.desired.reasons[rule].standing, _network(rule)
    if network is None or network.prefixlen >= BROAD or standing is Standing.PUBLISHED:
        return None
    many = f"{rule} lets in {network.num_addresses:,} addresses, more than a /{BROAD} has"
    if standing is Standing.DECLARED:
        said = case.seen.desired.reasons[rule].text
        return BROAD_RANGE.found(rule, f"{many}; it was declared: {said}", case.explain(BROAD_RANGE.id), Severity.NOTE)
    return BROAD_RANGE.found(rule, f"{many}, and nobody declared it", _removal(case, rule))


def _retired(case: Case, rule: Rule) -> Found | None:
    if case.seen.desired.reasons[rule].standing is not Standing.RETIRED:
        return None
    retired = next(each for each in case.seen.resolution.retired if each.network == _network(rule))
    message = f"Azure DevOps does not come from {rule} any more: no edition has it since {retired.since}"
    if case.leaves(rule):
        return RETIRED_RANGE.found(rule, message, case.apply, Severity.ERROR)
    days = case.seen.intent.grace.days
    return RETIRED_RANGE.found(rule, f"{message}; it stays for a grace of {days} days", _removal(case, rule))


def _outbound(case: Case, rule: Rule) -> Found | None:
    network = _network(rule)
    if network is None or case.seen.desired.reasons[rule].standing not in (Standing.ELSEWHERE, Standing.FOREIGN):
        return None
    if not any(each.holds(network) for each in case.outbound):
        return None
    return OUTBOUND_RANGE.found(
        rule,
        f"Azure DevOps is reached at {rule} and never comes from there, so the rule does nothing for it",
        _removal(case, rule),
        _severity(case, rule),
    )


def _elsewhere(case: Case, rule: Rule) -> Found | None:
    network = _network(rule)
    if network is None or case.seen.desired.reasons[rule].standing is not Standing.ELSEWHERE:
        return None
    source = case.seen.resolution.elsewhere_around(network)
    if source is None:
        return None
    return ELSEWHERE_RANGE.found(
        rule,
        f"{rule} is a range of Azure DevOps, but {_whose(case, source)}",
        _removal(case, rule),
        _severity(case, rule),
    )


def _foreign(case: Case, rule: Rule) -> Found | None:
    if case.seen.desired.reasons[rule].standing is not Standing.FOREIGN:
        return None
    what = str(rule) if isinstance(rule, IpRule) else f"the subnet {_short(rule)}"
    return FOREIGN_RULE.found(
        rule,
        f"nobody says whose {what} is: it is neither published nor declared",
        _removal(case, rule),
        _severity(case, rule),
    )


_KINDS: tuple[Callable[[Case, Rule], Found | None], ...] = (
    removal.of_rule,
    _unreadable,
    temporary.of_rule,
    _expired,
    _dead_subnet,
    _broad,
    _retired,
    _outbound,
    _elsewhere,
    _foreign,
)


def _network(rule: Rule) -> IPv4Network | None:
    return rule.network if isinstance(rule, IpRule) else None


def _severity(case: Case, rule: Rule) -> Severity:
    """A rule that stays needs somebody's decision; one that an apply would remove is not as it should be."""
    return Severity.ERROR if case.leaves(rule) else Severity.WARNING


def _removal(case: Case, rule: Rule) -> Command:
    """What takes the rule out: an apply where that does so anyhow, or can be told to."""
    if case.leaves(rule):
        return case.apply
    if _can_be_named(rule):
        return case.with_option("--remove", str(rule))
    option = "--ip-address" if isinstance(rule, IpRule) else "--subnet"
    return case.az("network-rule", "remove", option, str(rule))


def _can_be_named(rule: Rule) -> bool:
    """Whether `--remove` and the value as it is shown mean this rule, and not something else that looks so."""
    try:
        return parse_removal(str(rule)) == rule
    except BadIdentifier:
        return False


def _short(rule: Rule) -> str:
    subnet = as_subnet(str(rule))
    return f"{subnet.short} in {subnet.resource_group}" if subnet else str(rule)


def _whose(case: Case, source: PublishedRange) -> str:
    """Why a published range is not among those that are wanted."""
    region, chosen = source.region, case.seen.resolution.geographies
    if region.geography is None:
        return f"of {region.name}, which belongs to no geography of Azure DevOps"
    if region.geography not in chosen:
        return f"for {region.geography}, where nobody lives who uses this vault"
    if region.is_canary and not case.seen.resolution.includes_canary:
        return f"of {region.name}, a canary region, which counts with --include-canary-regions only"
    names = " and ".join(each.value for each in source.publishers)
    return f"only the {names} has it, which --ranges {case.seen.resolution.policy.value} leaves out"

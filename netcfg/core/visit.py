"""Visits: a machine that is let in while a command runs, and what is to be left of that afterwards.

Whoever comes second to an address shares its rule, and whoever leaves last takes it out: the tags say who is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv4Network

from netcfg.core.errors import (
    NetcfgError,
    PerimeterUnread,
    PublicAccessOff,
    SecuredByPerimeter,
    TooManyRules,
    TooManyTags,
)
from netcfg.core.resources import Tags, Vault
from netcfg.core.rules import IP_RULE_LIMIT, DefaultAction, Firewall, IpRule, Perimeter, PublicAccess
from netcfg.core.temporary import TemporaryRule, borrowed, edited, temporary_rules, unreadable

TAG_LIMIT = 50  # https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations


@dataclass(frozen=True)
class State:
    """What a visit changes of a vault, and changes together."""

    firewall: Firewall
    tags: Tags


def state_of(vault: Vault) -> State:
    return State(vault.firewall, vault.tags)


def obstacle(vault: Vault) -> NetcfgError | None:
    """Why no rule lets anybody in; `None` where rules are asked. What cannot be seen is in the way too."""
    if vault.perimeter is Perimeter.UNKNOWN:
        return PerimeterUnread(vault.name)
    access = vault.firewall.public_access
    if vault.perimeter is Perimeter.ENFORCED or access is PublicAccess.SECURED_BY_PERIMETER:
        return SecuredByPerimeter(vault.name)
    return PublicAccessOff(vault.name) if access is PublicAccess.DISABLED else None


def is_open(vault: Vault) -> bool:
    """Whether every network gets in, so that nobody has to be let in."""
    return vault.firewall.rule_set.default_action is DefaultAction.ALLOW


def admitting(vault: Vault, network: IPv4Network) -> IpRule | None:
    """The rule that lets `network` in for longer than any visit: one that no run has added, or that was declared."""
    lent = borrowed(temporary_rules(vault.tags))
    return next(
        (
            each
            for each in vault.firewall.rule_set.ip_rules
            if each.network and network.subnet_of(each.network) and each.network not in lent
        ),
        None,
    )


def begin(vault: Vault, visit: TemporaryRule, now: datetime) -> State:
    """The vault with the visitor let in, by the rule of others who are there where there is one.

    What is overdue goes with the same write: it may be the very rule, which then has somebody to take it out again.
    """
    tidy = tidied(vault, now)
    rules = tidy.firewall.rule_set.ip_rules
    edits: dict[str, str | None] = {visit.key: visit.value}
    if not any(each.network == visit.network for each in rules):  # others' rule may just have gone as overdue
        rules = (*rules, IpRule(str(visit.network)))
        # The rule that somebody had declared is gone; this one is the runs' again, and the last of them takes it out.
        stale = (each for each in temporary_rules(tidy.tags) if each.is_kept and each.network == visit.network)
        edits |= {each.key: replace(each, is_kept=False).value for each in stale}
    tags = edited(tidy.tags, edits)
    if len(rules) > IP_RULE_LIMIT:
        raise TooManyRules(vault.name, "IP rules", len(rules), IP_RULE_LIMIT)
    if len(tags) > TAG_LIMIT:
        raise TooManyTags(vault.name, len(tags) - 1, TAG_LIMIT)
    return State(tidy.firewall.with_rules(ip_rules=rules), tags)


def has_begun(vault: Vault, visit: TemporaryRule) -> bool:
    """Whether the vault remembers the visitor."""
    return any(name.lower() == visit.key.lower() for name, _ in vault.tags)


def has_rule(vault: Vault, visit: TemporaryRule) -> bool:
    """Whether the vault has the visitor's rule, whosever it is."""
    return any(each.network == visit.network for each in vault.firewall.rule_set.ip_rules)


def end(vault: Vault, visit: TemporaryRule, now: datetime, *, was_in: bool) -> State:
    """The vault without the visitor. The rule stays for others who are there, and where it was declared meanwhile.

    Of one who `was_in` for certain it goes also where somebody has taken the tag, which Terraform does with tags that
    it does not know. Of one of whom that is not known it goes with the tag alone: it may be somebody else's. So it may
    be where the visit is overdue, for then it was somebody cleaning up who took the tag, and what is left was declared.
    """
    is_mine = has_begun(vault, visit) or (was_in and not visit.is_overdue(now))
    return _without(vault, now, visit if is_mine else None)


def tidied(vault: Vault, now: datetime) -> State:
    """The vault without what runs that are over have left behind."""
    return _without(vault, now)


@dataclass(frozen=True, order=True)
class Leftover:
    """What a run left behind that should be over: its tag, and its rule where `has_rule`, which goes with it."""

    rule: TemporaryRule
    has_rule: bool


def leftovers(vault: Vault, now: datetime) -> tuple[Leftover, ...]:
    """What is overdue, in order of the tags' names. A rule that others share or that was declared is left where it is,
    and so is what somebody has taken out already."""
    there = {each.network for each in vault.firewall.rule_set.ip_rules}
    stays = {each.network for each in tidied(vault, now).firewall.rule_set.ip_rules}
    overdue = (each for each in temporary_rules(vault.tags) if each.is_overdue(now))
    return tuple(Leftover(each, each.network in there - stays) for each in overdue)


def illegible(vault: Vault) -> tuple[str, ...]:
    """Tags that look like those of runs and cannot be read, which nobody here removes."""
    return unreadable(vault.tags)


def _without(vault: Vault, now: datetime, visit: TemporaryRule | None = None) -> State:
    runs = temporary_rules(vault.tags)
    mine = visit.key.lower() if visit else ""  # names of tags are the same whatever their case
    over = [each for each in runs if each.is_overdue(now) or each.key.lower() == mine]
    staying = {each.network for each in runs if each not in over}
    mine_too = (*runs, visit) if visit else runs  # our rule may be there without our tag
    going = ({each.network for each in over} | ({visit.network} if visit else set())) & borrowed(mine_too) - staying
    rules = vault.firewall.rule_set.ip_rules
    left = tuple(each for each in rules if each.network is None or each.network not in going)
    # A tag of ours that somebody has made unreadable is ours still.
    names = {each.key for each in over} | {name for name, _ in vault.tags if name.lower() == mine}
    firewall = vault.firewall if left == rules else vault.firewall.with_rules(ip_rules=left)
    return State(firewall, edited(vault.tags, dict.fromkeys(names)))

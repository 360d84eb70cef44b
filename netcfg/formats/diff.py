"""A plan as the rows of a diff: one for each change and one for each rule that stays."""

from __future__ import annotations

from typing import assert_never

from netcfg.core.desired import Reason
from netcfg.core.errors import BadIdentifier
from netcfg.core.geography import Region
from netcfg.core.plan import Action, Change, Kind, Plan
from netcfg.core.ranges import Publisher
from netcfg.core.resources import SubnetId, VaultId, parse_subnet
from netcfg.core.rules import IpRule, Rule
from netcfg.core.standing import Standing
from netcfg.formats import pieces
from netcfg.formats.page import Row

MARKS = {Action.ADD: "+", Action.REMOVE: "-", Action.SET: "~"}


def changes(plan: Plan) -> list[Row]:
    """What would change, in the order of the plan."""
    return [_change(each, plan.vault.id) for each in plan.changes]


def kept(plan: Plan) -> list[Row]:
    """What stays; the rules of somebody else say so."""
    return [_kept(rule, reason, plan.vault.id) for rule, reason in plan.kept]


def publishers(names: tuple[Publisher, ...]) -> str:
    """`table`, `service tag`, or both in as little room as one."""
    return "table + tag" if len(names) > 1 else " ".join(each.value.replace("-", " ") for each in names)


def place(region: Region | None) -> str:
    """A region with its geography, where it has one."""
    if region is None:
        return ""
    name = f"{region.name} (inferred)" if region.is_inferred else region.name
    return f"{region.geography} · {name}" if region.geography else name


def _change(change: Change, vault: VaultId) -> Row:
    mark, style = MARKS[change.action], change.action.value
    cells: tuple[str, ...]
    match change.kind:
        case Kind.IP_RULE:
            subject, cells = change.value, whose(change.reason)
        case Kind.VIRTUAL_NETWORK_RULE:
            subject, cells = _subnet(change.value, vault, whose(change.reason))
        case Kind.SERVICE_ENDPOINT:
            subject, cells = _subnet(str(change.subnet), vault, (f"service endpoint {change.value}",))
        case Kind.PUBLIC_ACCESS | Kind.DEFAULT_ACTION:
            subject = "public access" if change.kind is Kind.PUBLIC_ACCESS else "default action"
            cells = (f"{change.was} → {change.value}",)
        case Kind.PRIVATE_ENDPOINT | Kind.PRIVATE_DNS_ZONE | Kind.PRIVATE_DNS_ZONE_GROUP | Kind.VIRTUAL_NETWORK_LINK:
            subject, cells = pieces.told(change, vault)
        case Kind.TAG:
            subject, cells = change.value, ("tag", change.reason.text if change.reason else "")
        case _:
            assert_never(change.kind)
    return Row(mark, subject, cells, style)


def _kept(rule: Rule, reason: Reason, vault: VaultId) -> Row:
    theirs = reason.standing in (Standing.FOREIGN, Standing.ELSEWHERE)
    return Row(" ", *subject(rule, reason, vault), "" if theirs else "quiet")


def subject(rule: Rule, reason: Reason, vault: VaultId) -> tuple[str, tuple[str, ...]]:
    """What a rule is called in a row, and what is said of it."""
    cells = whose(reason)
    return (str(rule), cells) if isinstance(rule, IpRule) else _subnet(str(rule), vault, cells)


def whose(reason: Reason | None) -> tuple[str, ...]:
    """Whose rule it is, who publishes it, and what else is known of it."""
    if reason is None:
        return ()
    match reason.standing:
        case Standing.PUBLISHED:
            return f"Azure DevOps · {place(reason.region)}", publishers(reason.publishers), reason.text
        case Standing.ELSEWHERE | Standing.RETIRED:
            return f"{reason.standing.value} · {place(reason.region)}", publishers(reason.publishers), reason.text
        case Standing.DECLARED | Standing.TEMPORARY | Standing.EXPIRED:
            return (f"{reason.standing.value}: {reason.text}",)
        case Standing.FOREIGN:
            why = reason.text or "somebody else's, kept"
            return (f"{reason.standing.value}: {why}",)
        case _:
            assert_never(reason.standing)


def _subnet(text: str, vault: VaultId, cells: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """A subnet as network/subnet, with its resource group, and its subscription where that is not the vault's.

    What is no subnet of a virtual network (a classic one, say) is shown whole.
    """
    try:
        subnet = parse_subnet(text)
    except BadIdentifier:
        return text, cells
    first, *others = cells or ("",)
    what, semicolon, remedy = first.partition("; ")
    return subnet.short, (f"{what}, in {_location(subnet, vault)}{semicolon}{remedy}", *others)


def _location(subnet: SubnetId, vault: VaultId) -> str:
    abroad = f" of subscription {subnet.subscription}" if subnet.subscription != vault.subscription else ""
    return subnet.resource_group + abroad

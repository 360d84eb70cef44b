"""The rules of a vault in the order of an export, and `networkAcls` as Resource Manager takes it."""

from __future__ import annotations

import json
from string import ascii_lowercase, ascii_uppercase
from typing import Any
from urllib.parse import quote

from netcfg.core.plan import Plan
from netcfg.core.rules import Firewall, IpRule, Rule, VirtualNetworkRule
from netcfg.formats import diff
from netcfg.formats.harmless import line

Object = dict[str, Any]

API_VERSION = "2023-07-01"

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def ip_rules(plan: Plan) -> list[IpRule]:
    """By address, each once: whatever order and repetitions Azure had, two exports print the same."""
    return sorted(set(plan.after.rule_set.ip_rules))


def virtual_network_rules(plan: Plan) -> list[VirtualNetworkRule]:
    return sorted(set(plan.after.rule_set.virtual_network_rules))


def whose(plan: Plan, rule: Rule) -> str:
    """Whose rule it is, in the words of a plan, for a comment at its side."""
    return line("  ".join(filter(None, diff.whose(plan.desired.reasons[rule]))))


def properties(plan: Plan) -> Object:
    """Of a vault's `properties` those that decide who gets in, in the words of Resource Manager."""
    return {"publicNetworkAccess": plan.after.public_access.value, "networkAcls": network_acls(plan)}


def patch(plan: Plan) -> Object:
    """The body that makes a vault so; public access is sent only where it changes, because policies watch it."""
    changes = plan.after.public_access is not plan.before.public_access
    return {"properties": properties(plan) if changes else {"networkAcls": network_acls(plan)}}


def network_acls(plan: Plan) -> Object:
    """The rule set whole, both lists included, because a list that is left out may keep what it had.

    A rule that was there is sent back as Azure wrote it, with what this version does not know.
    """
    rules = plan.after.rule_set
    return {
        **(json.loads(rules.unknown) if rules.unknown else {}),
        "bypass": rules.bypass.value,
        "defaultAction": rules.default_action.value,
        "ipRules": [_ip_rule(each) for each in ip_rules(plan)],
        "virtualNetworkRules": [
            json.loads(each.found) if each.found else {"id": each.subnet} for each in virtual_network_rules(plan)
        ],
    }


def _ip_rule(rule: IpRule) -> Object:
    found: Object = json.loads(rule.found) if rule.found else {"value": rule.value}
    return found if rule.network is None else found | {"value": str(rule)}


def known(plan: Plan) -> list[str]:
    """The words of a vault as it was and as it should be: a script that finds others there leaves the vault alone."""
    return sorted(_words(plan.before) | _words(plan.after))


def _words(firewall: Firewall) -> set[str]:
    """Everything that a firewall consists of, in lower case as far as a shell knows how."""
    rules = firewall.rule_set
    frame = (firewall.public_access.value, rules.default_action.value, rules.bypass.value)
    addresses = (text for each in rules.ip_rules for text in (each.value, str(each)))
    found = (*frame, *addresses, *(each.subnet for each in rules.virtual_network_rules))
    return {each.translate(_LOWER) for each in found}


def write(document: object) -> str:
    """JSON of ASCII in which no runner finds a command; it can stand between quotes that take everything as it is."""
    return json.dumps(document, indent=2, ensure_ascii=True).replace("##", r"\u0023\u0023").replace("\x7f", r"\u007f")


def url(plan: Plan) -> str:
    """Where the vault is in any cloud, percent-encoded: in it nothing means anything to a shell or a runner."""
    path = quote(plan.vault.id.text, safe="/()", errors="surrogatepass")
    return f"{path}?api-version={API_VERSION}"

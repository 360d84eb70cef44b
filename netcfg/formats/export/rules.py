"""The rules of a vault in the order of an export, and `networkAcls` as Resource Manager takes it."""

from __future__ import annotations

import json
import re
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
_BARE = re.compile(r"[0-9]+(\.[0-9]+){3}")


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


def phrases(firewall: Firewall) -> list[str]:
    """Everything that a firewall consists of, a phrase for each part: two vaults with the same phrases let in the same.

    A script makes the same of what it finds, so they are no cleverer than a shell: lower case as far as that knows how,
    a bare address as a /32. Nothing else decides who gets in, of what Azure is known to have.
    """
    rules = firewall.rule_set
    found = (
        f"public access {firewall.public_access.value}",
        f"default action {rules.default_action.value}",
        f"bypass {rules.bypass.value}",
        *(f"ip rule {_with_prefix(str(each))}" for each in rules.ip_rules),
        *(f"subnet {each.subnet.rstrip('/')}" for each in rules.virtual_network_rules),
        *(f"property {name}" for name in (json.loads(rules.unknown) if rules.unknown else {})),
    )
    return sorted({each.translate(_LOWER) for each in found})


def _with_prefix(address: str) -> str:
    return f"{address}/32" if _BARE.fullmatch(address) else address


def write(document: object) -> str:
    """JSON of ASCII in which no runner finds a command; it can stand between quotes that take everything as it is."""
    return _harmless(json.dumps(document, indent=2, ensure_ascii=True))


def write_compact(document: object) -> str:
    """The same in one line: a request takes no more than a few hundred kilobytes."""
    return _harmless(json.dumps(document, ensure_ascii=True, separators=(",", ":")))


def _harmless(written: str) -> str:
    return written.replace("##", r"\u0023\u0023").replace("\x7f", r"\u007f")


def url(plan: Plan) -> str:
    """Where the vault is in any cloud, percent-encoded: in it nothing means anything to a shell or a runner."""
    path = quote(plan.vault.id.text, safe="/()", errors="surrogatepass")
    return f"{path}?api-version={API_VERSION}"

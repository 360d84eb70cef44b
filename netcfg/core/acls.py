"""`networkAcls` as JSON: what Azure writes becomes a firewall, and the firewall becomes what is sent back."""

from __future__ import annotations

import json
from functools import lru_cache

from netcfg.core.rules import (
    Bypass,
    DefaultAction,
    Firewall,
    IpRule,
    NetworkRuleSet,
    PublicAccess,
    Rule,
    VirtualNetworkRule,
    parse_value,
)
from netcfg.core.wire import Json, an_object, canonical, objects

_KNOWN = frozenset({"bypass", "defaultAction", "ipRules", "virtualNetworkRules"})


def parse_firewall(properties: Json, vault: str) -> Firewall:
    """The firewall among the `properties` of a vault. A vault that was never given rules is open to all networks.

    Public access that is not mentioned is enabled: versions of the API before 2020 did not know it. So is the bypass,
    whose default the reference gives; the default action has none there, and is not guessed. Vaults of which Azure
    writes the same share one firewall, which is most of a fleet.
    """
    access = _given(properties, "publicNetworkAccess", PublicAccess.ENABLED.value)
    return _parse_written(_Written(access, properties.get("networkAcls"), vault))


class _Written:
    """What Azure writes of a vault's firewall; which vault that is counts for what is said of a mistake alone."""

    __slots__ = ("_key", "access", "acls", "vault")

    def __init__(self, access: object, acls: object, vault: str) -> None:
        self.access, self.acls, self.vault = access, acls, vault
        self._key = canonical([access, acls])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Written) and other._key == self._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=1 << 12)
def _parse_written(written: _Written) -> Firewall:
    vault, acls = written.vault, written.acls
    return Firewall(
        parse_value(PublicAccess, written.access, f"publicNetworkAccess of {vault}"),
        NetworkRuleSet() if acls is None else _parse_rule_set(an_object(acls, vault), vault),
    )


def _parse_rule_set(acls: Json, vault: str) -> NetworkRuleSet:
    bypass = _given(acls, "bypass", Bypass.AZURE_SERVICES.value)
    ip_rules = objects(acls.get("ipRules"), vault)
    subnets = objects(acls.get("virtualNetworkRules"), vault)
    unknown = {name: value for name, value in acls.items() if name not in _KNOWN}
    return NetworkRuleSet(
        parse_value(Bypass, bypass, f"bypass of {vault}"),
        parse_value(DefaultAction, acls.get("defaultAction"), f"defaultAction of {vault}"),
        tuple(IpRule(_text(each, "value"), canonical(each)) for each in ip_rules),
        tuple(VirtualNetworkRule(_text(each, "id"), canonical(each)) for each in subnets),
        canonical(unknown) if unknown else "",
    )


def write_firewall(firewall: Firewall) -> Json:
    """The properties of a vault that say `firewall`, letter by letter as it was found; `parse_firewall` reads them."""
    return {"publicNetworkAccess": firewall.public_access.value, "networkAcls": write_rule_set(firewall.rule_set)}


def write_rule_set(rules: NetworkRuleSet) -> Json:
    """`networkAcls` whole, both lists included. A rule that was found is written as it was, and unknown properties
    with it."""
    return {
        **(json.loads(rules.unknown) if rules.unknown else {}),
        "bypass": rules.bypass.value,
        "defaultAction": rules.default_action.value,
        "ipRules": [json.loads(letters(each)) for each in rules.ip_rules],
        "virtualNetworkRules": [json.loads(letters(each)) for each in rules.virtual_network_rules],
    }


def letters(rule: Rule) -> str:
    """The object that a rule is written as, which is the one that it was found as."""
    return rule.found or canonical({"value": rule.value} if isinstance(rule, IpRule) else {"id": rule.subnet})


def _given(found: Json, name: str, default: str) -> object:
    """The value of a property; null is as good as absent, and not the text `None`, which is a bypass."""
    value = found.get(name)
    return default if value is None else value


def _text(rule: Json, name: str) -> str:
    """What a rule is about. One that cannot be read is kept and sent back, so it is no error here."""
    value = rule.get(name)
    return value if isinstance(value, str) else canonical(value)

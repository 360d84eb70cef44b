"""The one request that changes a vault: its firewall, and its tags where these change too."""

from __future__ import annotations

from netcfg.core.acls import write_rule_set
from netcfg.core.resources import Tags, Vault
from netcfg.core.rules import Firewall
from netcfg.core.temporary import borrowed, temporary_rules
from netcfg.core.wire import Json


def patch(vault: Vault, after: Firewall, tags: Tags, *, ignore_missing_endpoint: bool) -> Json:
    """The body that makes `after` the firewall of `vault`, as it was just read, and `tags` its tags.

    `networkAcls` is whole, both lists included, because a list that is left out may keep what it had
    (azure-sdk-for-net#41355), and so are tags. Public access and tags are sent only if they change: policies watch
    them.
    """
    rules = write_rule_set(after.rule_set)
    if ignore_missing_endpoint:
        # Azure does not return this property, so a rule that was found cannot say whether it was added with it.
        rules["virtualNetworkRules"] = [
            {**each, "ignoreMissingVnetServiceEndpoint": True} for each in rules["virtualNetworkRules"]
        ]
    properties: Json = {"networkAcls": rules}
    if after.public_access is not vault.firewall.public_access:
        properties["publicNetworkAccess"] = after.public_access.value
    # With a temporary rule goes its tag, changed or not: if the run ended since our last look, we bring back both, and
    # whoever looks next knows whose rule it is.
    sends_tags = tags != vault.tags or (_lends(after, tags) and not vault.has_odd_tags)
    return {"properties": properties, **({"tags": dict(tags)} if sends_tags else {})}


def _lends(after: Firewall, tags: Tags) -> bool:
    """Whether a rule is sent that is there for runs alone."""
    lent = borrowed(temporary_rules(tags))
    return any(each.network in lent for each in after.rule_set.ip_rules)

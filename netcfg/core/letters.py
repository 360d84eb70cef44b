"""A vault letter by letter: whether it is still the one that a plan was made for and saved."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from enum import Enum

from netcfg.core.resources import Tags, Vault
from netcfg.core.rules import Firewall, IpRule, Rule
from netcfg.core.temporary import differences_of_tags, is_ours


def exactly(vault: Vault) -> Vault:
    """The vault without what no plan rests on: the tags of others."""
    tags: Tags = tuple(each for each in vault.tags if is_ours(each[0]))
    return Vault(vault.id, vault.firewall, vault.perimeter, tags=tags)


def moved_since(recorded: Vault, found: Vault) -> tuple[str, ...]:
    """In words, how a vault differs from the one that a plan was made for, letter by letter; empty when it does not.

    The order of rules means nothing to Azure, and the tags of others nothing to us.
    """
    was, now = recorded.firewall, found.firewall
    pairs: list[tuple[str, Enum, Enum]] = [
        ("public access", was.public_access, now.public_access),
        ("default action", was.rule_set.default_action, now.rule_set.default_action),
        ("bypass", was.rule_set.bypass, now.rule_set.bypass),
        ("perimeter", recorded.perimeter, found.perimeter),
    ]
    said = [f"the {name} is now {new.value}, and was {old.value}" for name, old, new in pairs if old is not new]
    said += _rules_moved(was, now)
    if was.rule_set.unknown != now.rule_set.unknown:
        said.append("a property that this version does not know is another now")
    return (*said, *differences_of_tags(recorded.tags, found.tags))


def _rules_moved(was: Firewall, now: Firewall) -> Iterator[str]:
    old, new = Counter(map(_letters, was.rule_set.rules)), Counter(map(_letters, now.rule_set.rules))
    before, after = (dict.fromkeys(each.rule_set.rules) for each in (was, now))
    yield from (f"the rule {rule} appeared" for rule in after if rule not in before)
    yield from (f"the rule {rule} is gone" for rule in before if rule not in after)
    otherwise = {rule for rule, _ in ((old - new) + (new - old)) if rule in before and rule in after}
    yield from (f"the rule {rule} is written otherwise" for rule in before if rule in otherwise)


def _letters(rule: Rule) -> tuple[Rule, str]:
    words = {"value": rule.value} if isinstance(rule, IpRule) else {"id": rule.subnet}
    return rule, rule.found or json.dumps(words)

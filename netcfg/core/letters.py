"""A vault letter by letter: whether it is still the one that a plan was made for and saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import Enum

from netcfg.core.acls import letters
from netcfg.core.resources import Tags, Vault
from netcfg.core.rules import Firewall, Rule
from netcfg.core.temporary import differences_of_tags, is_ours


def exactly(vault: Vault) -> Vault:
    """The vault without what no plan rests on: the tags of others."""
    tags: Tags = tuple(each for each in vault.tags if is_ours(each[0]))
    return Vault(vault.id, vault.firewall, vault.perimeter, tags=tags)


def moved_since(recorded: Vault, found: Vault) -> tuple[str, ...]:
    """In words, how a vault differs from the one that a plan was made for, letter by letter; empty when it does not.

    The order of rules means nothing to Azure, and the tags of others nothing to us.
    """
    return (
        *frame_differences(recorded.firewall, found.firewall),
        *_differences([("perimeter", recorded.perimeter, found.perimeter)]),
        *_rules_moved(recorded.firewall, found.firewall),
        *differences_of_tags(recorded.tags, found.tags),
    )


def frame_differences(one: Firewall, other: Firewall) -> list[str]:
    """In words, how the other firewall differs in everything but its rules."""
    pairs: list[tuple[str, Enum, Enum]] = [
        ("public access", one.public_access, other.public_access),
        ("default action", one.rule_set.default_action, other.rule_set.default_action),
        ("bypass", one.rule_set.bypass, other.rule_set.bypass),
    ]
    unknown = one.rule_set.unknown != other.rule_set.unknown
    return [*_differences(pairs), *(["a property that this version does not know differs"] if unknown else [])]


def _differences(pairs: list[tuple[str, Enum, Enum]]) -> list[str]:
    return [f"{name} is {new.value} instead of {old.value}" for name, old, new in pairs if old is not new]


def _rules_moved(was: Firewall, now: Firewall) -> Iterator[str]:
    old, new = Counter(map(_letters, was.rule_set.rules)), Counter(map(_letters, now.rule_set.rules))
    before, after = (dict.fromkeys(each.rule_set.rules) for each in (was, now))
    yield from (f"the rule {rule} appeared" for rule in after if rule not in before)
    yield from (f"the rule {rule} is gone" for rule in before if rule not in after)
    otherwise = {rule for rule, _ in ((old - new) + (new - old)) if rule in before and rule in after}
    yield from (f"the rule {rule} is written otherwise" for rule in before if rule in otherwise)


def _letters(rule: Rule) -> tuple[Rule, str]:
    return rule, letters(rule)

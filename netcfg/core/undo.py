"""Undoing: what a run changed in a vault goes back, and what anybody else changed since stays and is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

from netcfg.core.record import Write
from netcfg.core.resources import Tags
from netcfg.core.rules import Firewall, IpRule, Rule, VirtualNetworkRule

Value = TypeVar("Value", bound=Enum)
AnyRule = TypeVar("AnyRule", IpRule, VirtualNetworkRule)


@dataclass(frozen=True)
class Undone:
    """A vault as it should be once a run's writes are undone.

    `removed` are the rules that the run had added and that are still there, `restored` those that it had taken. `tags`
    are the tags of runs of `netcfg exec` that change, as a plan has them. `notes` name what somebody else has changed.
    """

    after: Firewall
    removed: tuple[Rule, ...]
    restored: tuple[Rule, ...]
    tags: Mapping[str, str | None]
    notes: tuple[str, ...]


def undo(writes: Sequence[Write], now: Firewall, tags: Tags) -> Undone:
    """Undo the writes of one run, the last one first.

    Each goes back by what it changed itself, from what its own last look had found: a write that never happened, or was
    repeated, changes nothing here. Where the vault is as a write left it, what that write had found comes back to the
    letter.
    """
    after, foreign = now, dict(tags)
    happened = [each for each in writes if each.fate.may_have_happened]
    for each in reversed(happened):
        after = _without(each, after)
        foreign = _tags_without(each, foreign)
    before, current = set(now.rule_set.rules), set(after.rule_set.rules)
    removed = tuple(each for each in now.rule_set.rules if each not in current)
    restored = tuple(each for each in after.rule_set.rules if each not in before)
    known = dict(tags)
    edits = {name: foreign.get(name) for name in known | foreign if known.get(name) != foreign.get(name)}
    return Undone(after, removed, restored, edits, tuple(_changed_since(happened, now)))


def _without(write: Write, now: Firewall) -> Firewall:
    """The firewall without what one write changed in it."""
    if now == write.sent:
        return write.found
    found, sent, rules = write.found.rule_set, write.sent.rule_set, now.rule_set
    return Firewall(
        _back(write.found.public_access, write.sent.public_access, now.public_access),
        replace(
            rules,
            bypass=_back(found.bypass, sent.bypass, rules.bypass),
            default_action=_back(found.default_action, sent.default_action, rules.default_action),
            ip_rules=_rules_back(found.ip_rules, sent.ip_rules, rules.ip_rules),
            virtual_network_rules=_rules_back(
                found.virtual_network_rules, sent.virtual_network_rules, rules.virtual_network_rules
            ),
        ),
    )


def _back(found: Value, sent: Value, now: Value) -> Value:
    """A value that a write had changed goes back, unless somebody else has changed it since."""
    return found if now is sent else now


def _rules_back(found: Sequence[AnyRule], sent: Sequence[AnyRule], now: Sequence[AnyRule]) -> tuple[AnyRule, ...]:
    """The rules without those that a write added, and with those that it took, where they were."""
    old, new, there = set(found), set(sent), set(now)
    taken, added = old - new, new - old
    if there >= taken and not there & added:
        return tuple(now)
    places: dict[AnyRule, list[AnyRule]] = {each: [] for each in found if each in there or each in taken}
    for each in now:
        if each in old or each not in added:
            places.setdefault(each, []).append(each)
    for each in found:
        if each in taken - there:
            places[each].append(each)
    return tuple(each for group in places.values() for each in group)


def _tags_without(write: Write, now: Mapping[str, str]) -> dict[str, str]:
    """The tags, with those of runs of `netcfg exec` set back that the write had changed and nobody has since."""
    found, sent, after = dict(write.found_tags), dict(write.sent_tags), dict(now)
    for name in found | sent:
        if found.get(name) != sent.get(name) and now.get(name) == sent.get(name):
            after.pop(name, None)
            after |= {name: found[name]} if name in found else {}
    return after


def _changed_since(writes: Sequence[Write], now: Firewall) -> Iterator[str]:
    """What somebody else did since, of which nothing is undone."""
    if not writes:
        return
    first, last = writes[0].found, writes[-1].sent
    known = {rule for each in writes for state in (each.found, each.sent) for rule in state.rule_set.rules}
    there = set(now.rule_set.rules)
    for rule in dict.fromkeys(each for each in now.rule_set.rules if each not in known):
        yield f"kept: {rule} was added since"
    for rule in dict.fromkeys(each for each in last.rule_set.rules if each not in there):
        if rule in first.rule_set.rules:
            yield f"not brought back: {rule} was taken out since, and not by this run"
    for name, found, sent, shown in (
        ("public access", first.public_access, last.public_access, now.public_access),
        (
            "the default action",
            first.rule_set.default_action,
            last.rule_set.default_action,
            now.rule_set.default_action,
        ),
        ("the bypass", first.rule_set.bypass, last.rule_set.bypass, now.rule_set.bypass),
    ):
        if shown not in (found, sent) or (found is sent and shown is not sent):
            yield f"kept: {name} was changed since to {shown.value}"

"""Undoing: what a run changed in a vault goes back, and what anybody else changed since stays and is named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from netcfg.core.desired import Reason
from netcfg.core.record import Fate, Later, Write
from netcfg.core.resources import Tags
from netcfg.core.rules import Firewall, IpRule, NetworkRuleSet, Rule, VirtualNetworkRule
from netcfg.core.standing import Standing
from netcfg.core.temporary import TemporaryRule, is_ours, temporary_rules
from netcfg.core.words import listed

AnyRule = TypeVar("AnyRule", IpRule, VirtualNetworkRule)


@dataclass(frozen=True)
class Undone:
    """A vault as it should be once a run's writes are undone.

    `removed` are the rules that go, `restored` those that come back, and `hidden` those that Azure does not show and
    that the record takes to be there. `over` are those of the removed that `netcfg exec` had let in and nobody holds
    any more. `tags` are the tags of its runs that change, as a plan has them, each with its reason in `reasons`.
    `notes` name what is not undone.
    """

    after: Firewall
    removed: tuple[Rule, ...]
    restored: tuple[Rule, ...]
    hidden: tuple[Rule, ...]
    over: frozenset[Rule]
    tags: Mapping[str, str | None]
    reasons: Mapping[str, Reason]
    notes: tuple[str, ...]


def undo(
    writes: Sequence[Write],
    now: Firewall,
    tags: Tags,
    later: Sequence[Later] = (),
    moment: datetime | None = None,
    gone: Collection[str] = (),
) -> Undone:
    """Undo the writes of one run: each rule, value and tag is as it would be if nobody but that run had not been there.

    `later` are the runs that wrote the vault since, oldest first: without them what they did to the same end would look
    like this run's. `moment` decides what is overdue, `gone` are subnets that are not there any more. Where nothing
    else was changed, what the run had found comes back to the letter.
    """
    walk = _walked(writes, now, tags, later)
    notes = [*_kept(walk)]
    shown, base = walk.shown, walk.base
    if shown is not now:
        notes.append(
            "public access is Disabled, and Azure shows no rules: those that were there last, by the record, are taken "
            "to be there still"
        )
    for rule in [each for each in _rules(base) if isinstance(each, VirtualNetworkRule) and str(each) in gone]:
        if rule not in shown.rule_set.virtual_network_rules:
            del base[rule]
            notes.append(f"not brought back: {rule}, as its subnet is gone")
    over = _end_what_is_over(walk, moment)
    notes += (
        f"not brought back: {rule}, which netcfg exec was to take out by {until:%Y-%m-%d %H:%M} UTC"
        for rule, until in over.items()
        if rule not in now.rule_set.rules
    )
    _keep_what_comes_back(walk)
    after = _built(walk)
    before, believed, current = (set(each.rule_set.rules) for each in (now, shown, after))
    edits, reasons = _tag_edits(walk, over)
    return Undone(
        after,
        tuple(each for each in now.rule_set.rules if each not in current),
        tuple(each for each in after.rule_set.rules if each not in believed),
        tuple(each for each in after.rule_set.rules if each in believed and each not in before),
        frozenset(over),
        edits,
        reasons,
        tuple(notes),
    )


# --- one walk over everything that happened -----------------------------------------------------------------------

ACCESS, ACTION, BYPASS = FRAME = ("public access", "the default action", "the bypass")


@dataclass(frozen=True)
class _Tag:
    name: str


_Key = Rule | _Tag | str
_State = dict[_Key, Any]  # what is not in it is not there


@dataclass
class _Walk:
    """Everything that was seen and done, from the first look of the run that is undone until now.

    `base` is the vault as it would be without that run, `others` who else decided something about it: a later run, or
    nobody knows who where that is empty. `touched` is what the run changed. `doubtful` is what it may have changed, in
    a write of which nobody knows; it is taken to have happened where more of it was seen than of its contrary.
    """

    writes: Sequence[Write]
    base: _State
    first: _State
    there: _State
    shown: Firewall
    now: _State = field(default_factory=dict)
    others: dict[_Key, str] = field(default_factory=dict)
    touched: set[_Key] = field(default_factory=set)
    doubtful: set[_Key] = field(default_factory=set)

    def see(self, found: Firewall, tags: Tags) -> None:
        """What is not as it was left was changed by somebody of whom nothing is known."""
        self.shown = _believed(found, self.shown)
        self.decide(_state(self.shown, tags), "")

    def decide(self, now: _State, who: str) -> None:
        """Somebody else changes what is there."""
        for key in _differences(self.there, now):
            _set(self.base, key, now.get(key))
            self.others[key] = who
            if who:
                self.doubtful.discard(key)
        self.there = now


def _walked(writes: Sequence[Write], now: Firewall, tags: Tags, later: Sequence[Later]) -> _Walk:
    runs = [("", writes, frozenset[str]()), *((each.run, each.writes, each.declared) for each in later)]
    looks = [(each.found, each.found_tags) for _, done, _ in runs for each in done] + [(now, tags)]
    found = _state(*looks[0])
    walk = _Walk(writes, dict(found), found, found, looks[0][0])
    for run, done, declared in runs:
        for write in done:
            walk.see(*looks.pop(0))
            sent = _state(write.sent, write.sent_tags)
            if not _happened(write, *looks[0]):
                if write.fate.may_have_happened and not run:
                    seen = _state(*looks[0])
                    walk.doubtful |= {
                        each for each in _differences(walk.there, sent) if seen.get(each) == sent.get(each)
                    }
                continue
            if run:
                walk.decide(sent, run)
            else:
                walk.touched |= _differences(walk.there, sent)
                walk.there = sent
            walk.shown = write.sent
        for rule in _rules(walk.there):
            if str(rule) in declared and rule not in walk.base:
                walk.base[rule], walk.others[rule] = True, run
    walk.see(*looks[0])
    walk.now = walk.there
    return walk


def _happened(write: Write, next_found: Firewall, next_tags: Tags) -> bool:
    """Whether a write happened. Where nobody was told, the next look shows it: a firewall is written whole, so that
    takes the fewest changes of others that explain what is seen; in doubt it did not, and nothing is undone."""
    if write.fate not in (Fate.OPEN, Fate.UNSETTLED):
        return write.fate is Fate.DONE
    found, sent = _state(write.found, write.found_tags), _state(write.sent, write.sent_tags)
    seen = _state(next_found, next_tags)
    changed = _differences(found, sent)
    if next_found.hides_rules:
        changed = {each for each in changed if each == ACCESS or isinstance(each, _Tag)}
    done = [each for each in changed if seen.get(each) == sent.get(each)]
    return len(done) > len([each for each in changed if seen.get(each) == found.get(each)])


def _believed(found: Firewall, last: Firewall) -> Firewall:
    """What a vault holds, as far as Azure shows it, and else as it was last."""
    if not found.hides_rules or not last.rule_set.rules:
        return found
    if found.rule_set == NetworkRuleSet():
        return Firewall(found.public_access, last.rule_set)
    rules = last.rule_set
    return found.with_rules(ip_rules=rules.ip_rules, virtual_network_rules=rules.virtual_network_rules)


def _state(firewall: Firewall, tags: Tags) -> _State:
    rules = firewall.rule_set
    return {
        ACCESS: firewall.public_access,
        ACTION: rules.default_action,
        BYPASS: rules.bypass,
        **dict.fromkeys(rules.rules, True),
        **{_Tag(name): value for name, value in tags if is_ours(name)},
    }


def _differences(one: _State, other: _State) -> set[_Key]:
    return {each for each in one.keys() | other.keys() if one.get(each) != other.get(each)}


def _set(state: _State, key: _Key, value: object) -> None:
    if value is None:
        state.pop(key, None)
    else:
        state[key] = value


def _rules(state: _State) -> list[Rule]:
    return [each for each in state if isinstance(each, IpRule | VirtualNetworkRule)]


def _runs(state: _State, rule: Rule) -> list[TemporaryRule]:
    """The runs of `netcfg exec` that have let in what a rule lets in."""
    tags = tuple((each.name, value) for each, value in state.items() if isinstance(each, _Tag))
    network = rule.network if isinstance(rule, IpRule) else None
    return [each for each in temporary_rules(tags) if each.network == network]


# --- what follows from it -----------------------------------------------------------------------------------------


def _kept(walk: _Walk) -> Iterator[str]:
    """What is not undone, as somebody else has decided about it since."""
    added = [each for each in _rules(walk.base) if each not in walk.first]
    taken = [each for each in _rules(walk.first) if each not in walk.base]
    for rule in added:
        if rule in walk.doubtful:
            yield f"kept: {rule} is there, and whether that run added it is not known"
        elif not walk.others[rule]:
            yield f"kept: {rule} was added since"
    for rule in taken:
        if rule in walk.doubtful:
            yield f"not brought back: {rule} is gone, and whether that run took it is not known"
        elif not walk.others[rule]:
            yield f"not brought back: {rule} was taken out since, and not by this run"
    for run in dict.fromkeys(filter(None, walk.others.values())):
        if mine := [each for each in added if walk.others[each] == run]:
            yield f"kept: {listed(mine)}, added or asked for since by {run}"
        if mine := [each for each in taken if walk.others[each] == run]:
            yield f"not brought back: {listed(mine)}, taken out since by {run}"
    for name in FRAME:
        value = walk.base[name]
        if value is walk.first[name]:
            continue
        if name in walk.doubtful:
            yield f"kept: {name} is {value.value}, and whether that run changed it is not known"
        else:
            by = f" by {walk.others[name]}" if walk.others[name] else ""
            yield f"kept: {name} was changed since to {value.value}{by}"


def _end_what_is_over(walk: _Walk, moment: datetime | None) -> dict[Rule, datetime]:
    """Take out what a run of `netcfg exec` alone had let in, and this run had let stay or taken: once that run is over
    nobody would ever take it out. Gives these rules, each with the time by which it was to go."""
    base, over = walk.base, dict[Rule, datetime]()

    def is_over(each: TemporaryRule) -> bool:
        return not each.is_kept and moment is not None and each.is_overdue(moment)

    for rule in _rules(base):
        before, left = _runs(walk.first, rule), _runs(base, rule)
        changed = not walk.touched.isdisjoint({rule, *(_Tag(each.key) for each in before)})
        if not before or any(each.is_kept for each in before) or not changed or rule in walk.others:
            continue
        if all(map(is_over, left)):
            over[rule] = max(each.until for each in before)
            del base[rule]
            for each in left:
                del base[_Tag(each.key)]
    tags = tuple((each.name, value) for each, value in base.items() if isinstance(each, _Tag))
    for each in temporary_rules(tags):
        if _Tag(each.key) not in walk.now and is_over(each):
            del base[_Tag(each.key)]
    return over


def _keep_what_comes_back(walk: _Walk) -> None:
    """Tell the runs of `netcfg exec` that let in meanwhile what this run had taken: the rule is not their own."""
    for rule in _rules(walk.first):
        before = _runs(walk.first, rule)
        if rule in walk.touched and rule in walk.base and (not before or any(each.is_kept for each in before)):
            for each in _runs(walk.base, rule):
                walk.base[_Tag(each.key)] = replace(each, is_kept=True).value


def _tag_edits(walk: _Walk, over: Mapping[Rule, datetime]) -> tuple[dict[str, str | None], dict[str, Reason]]:
    edits, reasons = dict[str, str | None](), dict[str, Reason]()
    for tag in _differences(walk.now, walk.base):
        if isinstance(tag, _Tag):
            edits[tag.name] = walk.base.get(tag)
            reasons[tag.name] = _why(tag, walk, over)
    return edits, reasons


def _why(tag: _Tag, walk: _Walk, over: Mapping[Rule, datetime]) -> Reason:
    value = walk.base.get(tag)
    if value is None:
        ended = any(each.key == tag.name for rule in over for each in _runs(walk.now, rule))
        return Reason(Standing.EXPIRED, "the run of netcfg exec is over" if ended else "written by that run")
    if tag not in walk.now:
        return Reason(Standing.TEMPORARY, "taken out by that run")
    if tag in walk.touched:
        return Reason(Standing.TEMPORARY, "that run had let its rule stay, which then goes when netcfg exec ends")
    return Reason(Standing.DECLARED, "its rule was there before that run took it, so it stays when netcfg exec ends")


def _built(walk: _Walk) -> Firewall:
    """The firewall of `base`, in the order and the letters of what was found."""
    base, rules = walk.base, walk.shown.rule_set
    found = [each.found.rule_set for each in walk.writes]
    after = Firewall(
        base[ACCESS],
        replace(
            rules,
            bypass=base[BYPASS],
            default_action=base[ACTION],
            ip_rules=_in_place([each.ip_rules for each in found], rules.ip_rules, base),
            virtual_network_rules=_in_place(
                [each.virtual_network_rules for each in found], rules.virtual_network_rules, base
            ),
        ),
    )
    first = walk.writes[0].found if walk.writes else after
    return first if after == first else after


def _in_place(
    found: Sequence[Iterable[AnyRule]], now: Sequence[AnyRule], wanted: Collection[_Key]
) -> tuple[AnyRule, ...]:
    """The rules that are wanted: those that come back where they were, and as they were written."""
    there = set(now)
    if there == {each for rules in (now, *found) for each in rules if each in wanted}:
        return tuple(now)
    places: dict[AnyRule, list[AnyRule]] = {each: [] for rules in found for each in rules if each in wanted}
    for each in now:
        if each in wanted:
            places.setdefault(each, []).append(each)
    for rules in found:
        back = {each for each, group in places.items() if not group}
        for each in rules:
            if each in back:
                places[each].append(each)
    return tuple(each for group in places.values() for each in group)

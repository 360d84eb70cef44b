"""For the comment on a pull request: a plan, its result or a change of editions in GitHub's Markdown.

Azure DevOps reads it as well. Rules stand in blocks of code, names in spans of code, and of everything else no
character is left that means anything to Markdown or HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from netcfg.core.callers import Callers
from netcfg.core.comparison import Comparison
from netcfg.core.geography import Geography
from netcfg.core.guards import Guard
from netcfg.core.linking.grouping import GroupOutcome, GroupResult
from netcfg.core.linking.library import LibraryReport
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet, Undetermined
from netcfg.core.reading import Reading
from netcfg.core.report import Report
from netcfg.core.setup import SetupPlan, SetupResult
from netcfg.core.words import listed
from netcfg.formats import alike, callers, comparison, diff, order, phrases
from netcfg.formats import grouping as grouped
from netcfg.formats import setup as told_setup
from netcfg.formats import verification as verified
from netcfg.formats.alike import Alike, Ended
from netcfg.formats.harmless import code, fence, prose
from netcfg.formats.page import Page, Row
from netcfg.formats.report import markdown as report_markdown

MANY = 10  # kept rules beyond this are folded
MOST = 20  # groups of vaults that are told in full
UNBOUNDED = Page(width=100_000)  # a block of code scrolls sideways, and a line that wraps is no diff any more


def plan(plans: PlanSet) -> str:
    """What would change and why: the summary first, then a section for each vault, or for those that are alike."""
    several = phrases.are_several(plans)
    shared = phrases.shared_notes(plans)
    is_fleet = len(plans.plans) > alike.FEW
    each_alone = (block for each in order.plans(plans.plans) for block in _vault(each, several, shared))
    blocks = [
        [f"## netcfg plan: {prose(phrases.summary(plans))}"],
        [prose(f"{audience} · {phrases.basis(plans.resolution)}")] if (audience := phrases.audience(plans)) else [],
        [*_items(phrases.provenance(plans)), *_notes(shared)],
        *(_fleet(plans, shared) if is_fleet else each_alone),
        *(_callers_of_many(plans) if is_fleet else [_notes(plans.callers.notes)] if plans.callers else []),
        *_undetermined(plans.undetermined),
    ]
    return _join(blocks)


def result(outcome: Result) -> str:
    """What was done, and what was not and why: the summary first, then a section for each vault.

    Of many vaults there is a table of how they ended, and a section for each thing that somebody has to look at.
    """
    several = phrases.are_several(outcome.planned)
    is_fleet = len(outcome.outcomes) > alike.FEW
    each_alone = (block for each in order.outcomes(outcome.outcomes) for block in _outcome(each, several))
    blocks = [
        [f"## netcfg apply: {prose(phrases.conclusion(outcome))}"],
        [f"**{prose(phrases.resumption(outcome))}**"] if outcome.is_interrupted else [],
        [f"Recorded; what undoes it: {code(outcome.undo)}"] if outcome.undo else [],
        _items(phrases.provenance(outcome.planned)),
        *(_endings(outcome) if is_fleet else each_alone),
        *_undetermined(outcome.planned.undetermined),
    ]
    return _join(blocks)


def report(found: Report, limit: int | None = None) -> str:
    """What is not as it should be and what mends it: the answer first, then a section for each vault."""
    return report_markdown.markdown(found, limit)


def library(found: LibraryReport, limit: int | None = None) -> str:
    """What does not fit between variable groups and their vaults. Where it would be longer than `limit`, it is cut."""
    return report_markdown.library(found, limit)


def setup(planned: SetupPlan) -> str:
    """What all of a setup would change, step by step."""
    return told_setup.markdown(planned)


def setup_result(found: SetupResult) -> str:
    """What became of each step of a setup."""
    return told_setup.result_markdown(found)


def grouping(found: GroupResult) -> str:
    """What became of each variable group of a link or a refresh."""
    again = f"**{prose(phrases.INTERRUPTED)}**"
    left = [f"- {prose(each.what)}: {prose(str(each.error))}" for each in found.planned.undetermined]
    blocks = [
        [f"## netcfg group: {prose(grouped.conclusion(found))}"],
        [again] if found.is_interrupted else [],
        *(block for each in found.outcomes for block in _variable_group(each, found)),
        *([["### Undetermined"], ["Nothing is planned for these."], left] if left else []),
    ]
    return _join(blocks)


def verification(found: Reading) -> str:
    """What reading a vault proves: the answer, and the next step."""
    blocks = []
    for each in found.found:
        name, headline = verified.headline(each)
        commands = each.remedy.commands if each.remedy else ()
        blocks += [
            [f"## netcfg verify: {prose(f'{name} {headline}')}"],
            [prose(each.message)],
            [f"- next: {prose(each.remedy.words)}"] if each.remedy else [],
            fence(list(map(UNBOUNDED.show, commands)), "text") if commands else [],
            _notes(each.notes),
        ]
    return _join(blocks)


def _variable_group(outcome: GroupOutcome, found: GroupResult) -> list[list[str]]:
    group = outcome.plan
    is_shown = outcome.ending not in (Ending.UNCHANGED, Ending.STALE)
    vault = group.vault if found.planned.asks_which else ""
    return [
        [f"### {code(group.name)}"],
        [prose(f"of {group.project.name}, linked to {group.vault}: {grouped.ending(outcome)}")],
        [f"- {prose(str(outcome.error))}"] if outcome.error else [],
        [_stop(each, grouped.acceptance(each, vault)) for each in group.refusals],
        _diff([grouped.row(each) for each in group.changes]) if is_shown else [],
        _notes(group.notes),
    ]


def comparisons(compared: Iterable[Comparison]) -> str:
    """What changed between editions, as one table of numbers and one diff for each pair."""
    blocks = [["## netcfg ranges diff"], *(block for each in compared for block in _comparison(each))]
    return _join(blocks)


def _comparison(compared: Comparison) -> list[list[str]]:
    places = comparison.changed(compared)
    numbers = [f"| {prose(comparison.name(each))} | {_numbers(compared, each)} |" for each in places]
    diffs = [(comparison.name(each), comparison.rows(compared, each)) for each in places]
    lines = [
        line
        for name, rows in diffs
        if rows
        for line in [UNBOUNDED.show(f"# {name}"), *UNBOUNDED.listing(_marked(rows))]
    ]
    return [
        [f"### {prose(comparison.title(compared))}"],
        [prose(comparison.tally(compared))],
        _notes(comparison.notes(compared)),
        ["| geography | before → after |", "|---|---|", *numbers] if numbers else [],
        fence(lines, "diff") if lines else [],
    ]


def _numbers(compared: Comparison, place: Geography | None) -> str:
    return prose(comparison.growth(comparison.within(compared, place)))


def _vault(plan: Plan, several: bool, shared: list[str]) -> list[list[str]]:
    kept = diff.kept(plan)
    in_view = [] if len(kept) > MANY or plan.is_empty else kept
    folded = [] if in_view else kept
    accepted = [f"- accepted: {code(each.id)}: {prose(each.message)}" for each in plan.guards if each.accepted]
    return [
        [f"### {code(plan.vault.name)}"],
        [prose(f"in {plan.vault.id.resource_group}: {phrases.tally([plan], phrases.FUTURE)}")],
        _refusals(plan, several),
        _diff([*diff.changes(plan), *in_view]),
        _folded(folded),
        accepted + _notes(note for note in plan.desired.notes if note not in shared),
        *(_callers(plan.callers) if plan.callers else []),
    ]


def _callers(found: Callers) -> list[list[str]]:
    """Who came, and who of them is cut off."""
    heading = f"**{prose(callers.headline(found.name, [found.log]))}**"
    return [[heading], _by_fate(callers.groups(found)), _notes(found.notes)]


def _by_fate(groups: Iterable[callers.Group]) -> list[str]:
    lines: list[str] = []
    for group in groups:
        lines += [UNBOUNDED.show(f"# {each}") for each in (group.title, group.shared) if each]
        lines += [*UNBOUNDED.listing(group.rows), *([group.rest] if group.rest else [])]
    return fence(lines, "text") if lines else []


def _callers_of_many(plans: PlanSet) -> Iterator[list[str]]:
    """The same for many vaults: those first of whose callers one is cut off, or cannot be told."""
    found = callers.fleet(plans)
    if found is None:
        return
    yield ["### Callers"]
    yield [prose(found.headline)]
    yield _notes(found.notes)
    for plan, told in found.told:
        yield [f"#### {code(plan.vault.name)}"]
        yield _by_fate(callers.groups(told, callers.MOST_OF_MANY))
        yield _notes(told.notes)
    yield fence(UNBOUNDED.listing(found.rows), "text") if found.rows else []


def _fleet(plans: PlanSet, shared: list[str]) -> Iterator[list[str]]:
    """Many vaults: those that are refused first, then the most numerous; what is like nothing else as it always is."""
    groups, refused = alike.plans(plans.plans, shared), alike.refused(plans.plans)
    busy = [each for each in groups if not each.is_idle]
    for each in busy[:MOST]:
        one, *others = each.plans
        yield from _group(each, refused) if others else _vault(replace(one, callers=None), True, shared)
    yield from _more(busy[MOST:])
    for each in groups:
        if each.is_idle:
            yield [f"### {phrases.count(len(each.plans), 'vault')}: nothing to change"]
            yield [_names(each.names)]
    if len(busy) < len(plans.plans):
        yield [prose(phrases.WHOLE)]


def _group(group: Alike, refused: Mapping[str, Sequence[str]]) -> list[list[str]]:
    stays = alike.kept(group.plans)
    words = alike.sketch(group.first) + (f"; {stays}" if stays else "")
    number = phrases.count(len(group.plans), "vault")
    names = group.names
    refusals = [_stop(each, alike.acceptance(each, names, refused[each.id]), names) for each in group.refusals]
    accepted = [f"- accepted: {code(each.id)}: {prose(each.message)}" for each in group.guards if each.accepted]
    return [
        [f"### {prose(f'{number}: {words}')}"],
        [_names(names)],
        [prose(group.legend)] if group.legend else [],
        [f"**{phrases.refusal(group.refusals)}**", "", *refusals] if refusals else [],
        _diff(alike.gathered(group)),
        accepted + _notes(group.notes),
    ]


def _more(groups: Sequence[Alike]) -> list[list[str]]:
    """A line each for the groups beyond those that are told in full."""
    if not groups:
        return []
    number = sum(len(each.plans) for each in groups)
    return [[f"### {phrases.count(number, 'more vault')}"], [_in_short(each) for each in groups]]


def _in_short(group: Alike) -> str:
    refusal = f"REFUSED by {phrases.guard_names(group.refusals)}; " if group.refusals else ""
    return f"- {_names(group.names)}: {prose(refusal + alike.sketch(group.first))}"


def _endings(outcome: Result) -> Iterator[list[str]]:
    """Many vaults: how many ended how, whatever did not end well, and then what was changed."""
    ended = order.outcomes(outcome.outcomes)
    refused = alike.refused(each.plan for each in ended if each.ending is Ending.REFUSED)
    counts = Counter(each.ending for each in ended)
    rows = [f"| {each.value.replace('-', ' ')} | {counts[each]:,} |" for each in Ending if counts[each]]
    rows += [f"| {prose(words)} | {len(same):,} |" for words, same in alike.proven(ended)]
    yield ["| outcome | vaults |", "|---|--:|", *rows]
    odd = alike.outcomes(ended)
    for each in odd[:MOST]:
        yield from _ended(each, refused)
    if rest := odd[MOST:]:
        yield [f"### {phrases.count(sum(len(each.names) for each in rest), 'more vault')}"]
        yield [f"- {_names(each.names)}: {prose(_ended_in_short(each))}" for each in rest]
    done = alike.plans(
        [each.plan for each in ended if each.ending is Ending.DONE], phrases.shared_notes(outcome.planned)
    )
    for group in done[:MOST]:
        title = f"{phrases.count(len(group.plans), 'vault')} done: {alike.sketch(group.first)}"
        yield [f"### {prose(title)}"]
        yield [_names(group.names)]
        yield _diff(alike.gathered(group))
    yield from _more(done[MOST:])
    if unchanged := [each.plan.vault.name for each in ended if each.ending is Ending.UNCHANGED]:
        yield [f"### {phrases.count(len(unchanged), 'vault')} unchanged"]
        yield [_names(unchanged)]
    yield [prose(phrases.WHOLE)]


def _ended(group: Ended, refused: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """What kept the same thing from being done well in one vault or in several."""
    names = group.names
    how = phrases.how(group.ending, group.guards, touched=group.touched, verified=group.verified)
    return [
        [f"### {phrases.count(len(names), 'vault')}" if len(names) > 1 else f"### {code(names[0])}"],
        [prose(how)],
        [_names(names)] if len(names) > 1 else [],
        [prose(group.legend)] if group.legend else [],
        [_stop(each, alike.acceptance(each, names, refused[each.id]), names) for each in group.guards],
        [f"- {prose(each)}" for each in (group.error, group.proof) if each],
        _commands(group.commands),
    ]


def _ended_in_short(group: Ended) -> str:
    how = phrases.how(group.ending, group.guards, touched=group.touched, verified=group.verified)
    return "; ".join(filter(None, [how, group.error, group.proof, group.legend]))


def _commands(found: Iterable[str]) -> list[str]:
    return [f"- {code(each)}" for each in found]


def _names(names: Iterable[str]) -> str:
    return code(listed(names))


def _outcome(outcome: Outcome, several: bool) -> list[list[str]]:
    return [
        [f"### {code(outcome.plan.vault.name)}"],
        [prose(phrases.ending(outcome))],
        _refusals(outcome.plan, several) if outcome.ending is Ending.REFUSED else [],
        [f"- {prose(str(outcome.error))}"] if outcome.error else [],
        [f"- {prose(read)}"] if (read := phrases.reading(outcome)) else [],
        _commands(phrases.commands(outcome.proof)),
        _diff(diff.changes(outcome.plan)) if outcome.ending is Ending.DONE else [],
    ]


def _refusals(plan: Plan, several: bool) -> list[str]:
    if not plan.refusals:
        return []
    stops = [_stop(each, phrases.acceptance(each, plan, several=several)) for each in plan.refusals]
    return [f"**{phrases.refusal(plan.refusals)}**", "", *stops]


def _stop(guard: Guard, option: str, names: Sequence[str] = ()) -> str:
    how = f"accept with {code(option)}{alike.for_each(option, names)}" if option else "cannot be accepted"
    return f"- {code(guard.id)}: {prose(guard.message)} — {how}"


def _diff(rows: list[Row]) -> list[str]:
    """The rows as a block that is shown in colour; a changed line is marked as `diff` knows it, with `!`."""
    return fence(UNBOUNDED.listing(_marked(rows)), "diff") if rows else []


def _marked(rows: Iterable[Row]) -> list[Row]:
    return [Row("!" if row.mark == "~" else row.mark, row.subject, row.cells) for row in rows]


def _folded(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    summary = f"<details><summary>{phrases.count(len(rows), 'rule')} kept</summary>"
    return [summary, "", *fence(UNBOUNDED.listing(rows), "text"), "", "</details>"]


def _items(sentences: Iterable[str]) -> list[str]:
    return [f"- {prose(each)}" for each in sentences]


def _notes(notes: Iterable[str]) -> list[str]:
    return [f"- note: {prose(each)}" for each in notes]


def _undetermined(vaults: Iterable[Undetermined]) -> list[list[str]]:
    lines = []
    for each in alike.undetermined(vaults):
        number = f"{each.number}, " if each.number else ""
        lines.append(f"- {number}{_names(each.names)}: {prose(each.reason)}")
    return [["### Undetermined"], ["Nothing is known of these."], lines] if lines else []


def _join(blocks: Iterable[list[str]]) -> str:
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"

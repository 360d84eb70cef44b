"""For the comment on a pull request: a plan, its result or a change of editions in GitHub's Markdown.

Azure DevOps reads it as well. Rules stand in blocks of code, names in spans of code, and of everything else no
character is left that means anything to Markdown or HTML.
"""

from __future__ import annotations

from collections.abc import Iterable

from netcfg.core.comparison import Comparison
from netcfg.core.geography import Geography
from netcfg.core.guards import Guard
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet, Undetermined
from netcfg.core.report import Report
from netcfg.formats import comparison, diff, order, phrases
from netcfg.formats.harmless import code, fence, prose
from netcfg.formats.page import Page, Row
from netcfg.formats.report import markdown as report_markdown

MANY = 10  # kept rules beyond this are folded
UNBOUNDED = Page(width=100_000)  # a block of code scrolls sideways, and a line that wraps is no diff any more


def plan(plans: PlanSet) -> str:
    """What would change and why: the summary first, then a section for each vault."""
    several = phrases.are_several(plans)
    shared = phrases.shared_notes(plans)
    blocks = [
        [f"## netcfg plan: {prose(phrases.summary(plans))}"],
        [prose(f"{phrases.audience(plans)} · {phrases.basis(plans.resolution)}")],
        _notes(shared),
        *(block for each in order.plans(plans.plans) for block in _vault(each, several, shared)),
        *_undetermined(plans.undetermined),
    ]
    return _join(blocks)


def result(outcome: Result) -> str:
    """What was done, and what was not and why: the summary first, then a section for each vault."""
    several = phrases.are_several(outcome.planned)
    ordered = order.outcomes(outcome.outcomes)
    blocks = [
        [f"## netcfg apply: {prose(phrases.conclusion(outcome))}"],
        *(block for each in ordered for block in _outcome(each, several)),
        *_undetermined(outcome.planned.undetermined),
    ]
    return _join(blocks)


def report(found: Report, limit: int | None = None) -> str:
    """What is not as it should be and what mends it: the answer first, then a section for each vault."""
    return report_markdown.markdown(found, limit)


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
    ]


def _outcome(outcome: Outcome, several: bool) -> list[list[str]]:
    return [
        [f"### {code(outcome.plan.vault.name)}"],
        [prose(phrases.ending(outcome))],
        _refusals(outcome.plan, several) if outcome.ending is Ending.REFUSED else [],
        [f"- {prose(str(outcome.error))}"] if outcome.error else [],
        _diff(diff.changes(outcome.plan)) if outcome.ending is Ending.DONE else [],
    ]


def _refusals(plan: Plan, several: bool) -> list[str]:
    if not plan.refusals:
        return []
    return [f"**{phrases.refusal(plan)}**", "", *(_refusal(each, plan, several) for each in plan.refusals)]


def _refusal(guard: Guard, plan: Plan, several: bool) -> str:
    option = phrases.acceptance(guard, plan, several=several)
    how = f"accept with {code(option)}" if option else "cannot be accepted"
    return f"- {code(guard.id)}: {prose(guard.message)} — {how}"


def _diff(rows: list[Row]) -> list[str]:
    """The rows as a block that is shown in colour; a changed line is marked as `diff` knows it, with `!`."""
    return fence(UNBOUNDED.listing(_marked(rows)), "diff") if rows else []


def _marked(rows: list[Row]) -> list[Row]:
    return [Row("!" if row.mark == "~" else row.mark, row.subject, row.cells) for row in rows]


def _folded(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    summary = f"<details><summary>{phrases.count(len(rows), 'rule')} kept</summary>"
    return [summary, "", *fence(UNBOUNDED.listing(rows), "text"), "", "</details>"]


def _notes(notes: Iterable[str]) -> list[str]:
    return [f"- note: {prose(each)}" for each in notes]


def _undetermined(vaults: Iterable[Undetermined]) -> list[list[str]]:
    ordered = order.undetermined(vaults)
    lines = [f"- {code(phrases.vault_name(each.vault))}: {prose(str(each.error))}" for each in ordered]
    return [["### Undetermined"], ["Nothing is known of these vaults."], lines] if lines else []


def _join(blocks: Iterable[list[str]]) -> str:
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"

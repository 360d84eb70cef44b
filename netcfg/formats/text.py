"""For people at a terminal: a plan that looks like a diff, what became of it, and the facts it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import collapse_addresses
from itertools import groupby

from netcfg.core.attribution import Attribution
from netcfg.core.callers import Callers
from netcfg.core.comparison import Comparison
from netcfg.core.geography import Organization
from netcfg.core.guards import Guard
from netcfg.core.linking.library import LibraryReport
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet, Undetermined
from netcfg.core.ranges import PublishedRange, Resolution
from netcfg.core.refresh import Judgement, Refreshed
from netcfg.core.report import Report
from netcfg.core.setup import SetupPlan, SetupResult
from netcfg.core.words import listed
from netcfg.formats import alike, callers, comparison, diff, order, phrases
from netcfg.formats import attribution as attributed
from netcfg.formats import setup as told_setup
from netcfg.formats.alike import Alike, Ended
from netcfg.formats.page import Page, Row
from netcfg.formats.report import groups as report_groups
from netcfg.formats.report import text as report_text

INDENT = "  "
MOST = 20  # groups of vaults that are told in full; nobody reads more on a terminal
MARKS = {
    Ending.DONE: ("+", "add"),
    Ending.UNCHANGED: (" ", "quiet"),
    Ending.REFUSED: ("!", "refused"),
    Ending.STALE: ("!", "refused"),
    Ending.FAILED: ("!", "refused"),
    Ending.NOT_REACHED: (" ", "quiet"),
}


def plan(plans: PlanSet, page: Page) -> str:
    """What would change and why, a block for each vault, or for those that are alike; the last line is the summary."""
    several = phrases.are_several(plans)
    shared = phrases.shared_notes(plans)
    is_fleet = len(plans.plans) > alike.FEW
    each_alone = (_vault(each, page, several, shared) for each in order.plans(plans.plans))
    blocks = [
        _header(plans, page),
        *(_fleet(plans, page, shared) if is_fleet else each_alone),
        [*page.paragraph("every vault", "quiet"), *_notes(shared, page)] if shared else [],
        *(_callers_of_many(plans, page) if is_fleet else [_of_the_log(plans, page)]),
        _undetermined(plans.undetermined, page),
        page.paragraph(phrases.summary(plans), "refused" if plans.is_refused else "title"),
    ]
    return _join(blocks)


def result(outcome: Result, page: Page, *, after_plan: bool = False) -> str:
    """What was done, a block for each vault; `after_plan` is for readers who have just seen it.

    Of many vaults there is a table of how they ended, and a block for each thing that somebody has to look at.
    """
    several = phrases.are_several(outcome.planned)
    is_fleet = len(outcome.outcomes) > alike.FEW
    each_alone = (_outcome(each, page, several, after_plan) for each in order.outcomes(outcome.outcomes))
    blocks = [
        [] if after_plan else _provenance(outcome.planned, page),
        *(_endings(outcome, page, after_plan) if is_fleet else each_alone),
        [] if after_plan else _undetermined(outcome.planned.undetermined, page),
        page.steps("recorded; what undoes it", [outcome.undo]) if outcome.undo else [],
        [*page.paragraph(phrases.conclusion(outcome), "title"), *page.paragraph(phrases.resumption(outcome), "refused")]
        if outcome.is_interrupted
        else page.paragraph(phrases.conclusion(outcome), "title"),
    ]
    return _join(blocks)


def report(found: Report, page: Page) -> str:
    """What is not as it should be and what mends it, a block for each vault; the last line is the answer."""
    return report_text.text(found, page)


def library(found: LibraryReport, page: Page) -> str:
    """What does not fit between variable groups and their vaults; the last line is the answer."""
    return report_groups.text(found, page)


def setup(planned: SetupPlan, page: Page) -> str:
    """What all of it would change, step by step."""
    return told_setup.text(planned, page)


def setup_result(found: SetupResult, page: Page) -> str:
    """What became of each step."""
    return told_setup.result_text(found, page)


def geography(organizations: Iterable[Organization], page: Page) -> str:
    """Where organizations live, and every piece of evidence for it."""
    blocks = []
    for each in order.organizations(organizations):
        title = f"{each.name} → {each.geography} ({each.geography.id})"
        rows = [Row(" ", one.witness.value, (f"{one.field} {one.text!r}", str(one.geography))) for one in each.evidence]
        doubt = ["inferred: only the sign-in page hints at it; give --geography to be sure"] if each.is_inferred else []
        blocks.append([*page.paragraph(title, "title"), *page.listing(rows), *_notes(doubt, page)])
    return _join(blocks)


def ranges(resolution: Resolution, page: Page) -> str:
    """The published ranges by geography and region, with everybody who publishes them."""
    blocks = [page.paragraph(phrases.basis(resolution), "title")]
    for place, members in groupby(order.ranges(resolution.wanted), key=lambda each: each.geography):
        rows = [Row(" ", str(each.network), (_region(each), diff.publishers(each.publishers))) for each in members]
        blocks.append([*page.paragraph(f"{place} ({place.id})" if place else "", "title"), *page.listing(rows)])
    blocks.append(page.paragraph(_extent(resolution), "title"))
    return _join(blocks)


def refreshed(found: Refreshed, page: Page) -> str:
    """What came of a refresh: a line for each place, and everything that must be said."""
    rows = [_judged(each, found.checked_only) for each in found.judgements]
    rows += [Row("!", each.place, (str(each.error),), "refused") for each in found.failures]
    guards = [
        Row("!", each.id, (each.message, f"accept with --accept {each.id}"), "refused")
        for judgement in found.judgements
        for each in judgement.refusals
    ]
    refusal = page.paragraph("REFUSED: not kept until each of these is accepted", "refused") if guards else []
    return _join([page.listing(rows), [*refusal, *page.listing(guards)], _notes(found.notes, page)])


def _judged(judgement: Judgement, checked_only: bool) -> Row:
    words, style = phrases.news(judgement, checked_only=checked_only)
    found, mark = judgement.edition, {"add": "+", "refused": "!"}.get(style, " ")
    edition = f"{found.change_number} of {found.day}" if found.change_number else str(found.day)
    return Row(mark, found.publisher.value.replace("-", " "), (edition, words), style)


def comparisons(compared: Iterable[Comparison], page: Page) -> str:
    """What changed between editions, a block for each geography of which something did."""
    blocks: list[list[str]] = []
    for each in compared:
        blocks.append([*page.paragraph(comparison.title(each), "title"), *_notes(comparison.notes(each), page)])
        for place in comparison.changed(each):
            numbers = comparison.growth(comparison.within(each, place))
            lines = page.listing(comparison.rows(each, place))
            blocks.append([*page.heading(comparison.name(place), numbers), *lines])
        blocks.append(page.paragraph(comparison.tally(each), "title"))
    return _join(blocks)


def attribution(found: Attribution, page: Page) -> str:
    """Whose an address is, who says so, and what follows from it."""
    headline, *advice = attributed.explanation(found)
    lines = [line for each in advice for line in page.paragraph(each, others=INDENT)]
    return _join([page.paragraph(headline, "title"), page.listing(attributed.rows(found)), lines])


def _header(plans: PlanSet, page: Page) -> list[str]:
    """Whom it serves and what it rests on, in one line where that fits."""
    audience, basis = phrases.audience(plans), phrases.basis(plans.resolution)
    if not audience:  # what goes back to what it was serves nobody, and rests on no range
        return _provenance(plans, page)
    together = page.paragraph(f"{audience} · {basis}")
    lines = together if len(together) == 1 else [*page.paragraph(audience), *page.paragraph(basis)]
    return [*lines, *_provenance(plans, page)]


def _provenance(plans: PlanSet, page: Page) -> list[str]:
    """What was selected, and whose word the states of the vaults are."""
    return [line for each in phrases.provenance(plans) for line in page.paragraph(each, "quiet", others=INDENT)]


def _fleet(plans: PlanSet, page: Page, shared: list[str]) -> Iterator[list[str]]:
    """Many vaults: those that are refused first, then the most numerous; what is like nothing else as it always is."""
    groups, refused = alike.plans(plans.plans, shared), alike.refused(plans.plans)
    busy = [each for each in groups if not each.is_idle]
    for each in busy[:MOST]:
        one, *others = each.plans
        yield _group(each, page, refused) if others else _vault(replace(one, callers=None), page, True, shared)
    yield _more(busy[MOST:], page)
    yield from (_idle(each.names, page) for each in groups if each.is_idle)
    if len(busy) < len(plans.plans):
        yield page.paragraph(phrases.WHOLE, "quiet", others=INDENT)


def _group(group: Alike, page: Page, refused: Mapping[str, Sequence[str]]) -> list[str]:
    stays = alike.kept(group.plans)
    words = alike.sketch(group.first) + (f"; {stays}" if stays else "")
    names = group.names
    return [
        *page.heading(f"{phrases.count(len(group.plans), 'vault')}:", words),
        *_named(names, group.legend, page),
        *page.listing(alike.gathered(group)),
        *_apart(_stops(group.guards, page, lambda guard: alike.acceptance(guard, names, refused[guard.id]), names)),
        *_apart(_notes(group.notes, page)),
    ]


def _named(names: Sequence[str], legend: str, page: Page) -> list[str]:
    """The first of a group by name, and what stands for each of them in what is said below."""
    return [line for each in (listed(names), legend) if each for line in page.paragraph(each, "quiet", INDENT, INDENT)]


def _more(groups: Sequence[Alike], page: Page) -> list[str]:
    """A line each for the groups beyond those that are told in full."""
    if not groups:
        return []
    title = f"{phrases.count(sum(len(each.plans) for each in groups), 'more vault')}: netcfg plan VAULT tells all of it"
    return [*page.paragraph(title, "title"), *page.listing(map(_in_short, groups))]


def _in_short(group: Alike) -> Row:
    is_one = len(group.plans) == 1
    subject = group.names[0] if is_one else phrases.count(len(group.plans), "vault")
    refusal = [f"REFUSED by {phrases.guard_names(group.refusals)}"] if group.refusals else []
    mark, style = ("!", "refused") if group.refusals else ("~", "set")
    return Row(mark, subject, (*refusal, alike.sketch(group.first), *([] if is_one else [listed(group.names)])), style)


def _idle(names: list[str], page: Page) -> list[str]:
    title = f"{phrases.count(len(names), 'vault')}: nothing to change in {listed(names)}"
    return page.paragraph(title, "quiet", others=INDENT)


def _endings(outcome: Result, page: Page, after_plan: bool) -> Iterator[list[str]]:
    """Many vaults: how many ended how, what was changed unless that was just said, and whatever did not end well."""
    ended = order.outcomes(outcome.outcomes)
    shared = phrases.shared_notes(outcome.planned)
    refused = alike.refused(each.plan for each in ended if each.ending is Ending.REFUSED)
    rows = []
    for ending in Ending:
        names = [each.plan.vault.name for each in ended if each.ending is ending]
        if names:
            mark, style = MARKS[ending]
            rows.append(
                Row(
                    mark,
                    ending.value.replace("-", " "),
                    (f"{phrases.count(len(names), 'vault')}: {listed(names)}",),
                    style,
                )
            )
    yield page.listing(rows)
    yield page.listing(_proven(outcome.outcomes))
    done = alike.plans([each.plan for each in ended if each.ending is Ending.DONE and not after_plan], shared)
    yield from (_written(each, page) for each in done[:MOST])
    yield _written_too(done[MOST:], page)
    odd = alike.outcomes(ended)
    yield from (_ended(each, page, refused, after_plan) for each in odd[:MOST])
    yield _ended_too(odd[MOST:], page)
    yield page.paragraph(phrases.WHOLE, "quiet", others=INDENT)


def _proven(outcomes: Iterable[Outcome]) -> Iterator[Row]:
    for words, same in alike.proven(outcomes):
        names = listed(each.plan.vault.name for each in same)
        is_well = all(each.proof and not each.proof.obstacle for each in same)
        is_idle = all(each.unasked and not each.unasked.is_lost for each in same)
        mark, style = ("+", "add") if is_well else (" ", "quiet") if is_idle else ("!", "refused")
        yield Row(mark, words, (f"{phrases.count(len(same), 'vault')}: {names}",), style)


def _written(group: Alike, page: Page) -> list[str]:
    title = f"{phrases.count(len(group.plans), 'vault')}:"
    names = page.paragraph(listed(group.names), "quiet", first=INDENT, others=INDENT)
    return [
        *page.heading(title, f"done: {alike.sketch(group.first)}", "add"),
        *names,
        *page.listing(alike.gathered(group)),
    ]


def _written_too(groups: Sequence[Alike], page: Page) -> list[str]:
    """A line each for the groups beyond those that are told in full."""
    title = f"{phrases.count(sum(len(each.plans) for each in groups), 'more vault')} done"
    return [*page.paragraph(title, "title"), *page.listing(map(_in_short, groups))] if groups else []


def _ended(group: Ended, page: Page, refused: Mapping[str, Sequence[str]], after_plan: bool) -> list[str]:
    """What kept the same thing from being done well in one vault or in several; a plan has told its refusals."""
    names = group.names
    title = f"{phrases.count(len(names), 'vault')}:" if len(names) > 1 else names[0]
    how = phrases.how(group.ending, group.guards, touched=group.touched, verified=group.verified)
    is_told = after_plan and group.ending is Ending.REFUSED
    guards = () if is_told else group.guards
    return [
        *page.heading(title, f"{how}; see above" if is_told else how, MARKS[group.ending][1]),
        *(_named(names, "" if is_told else group.legend, page) if len(names) > 1 else []),
        *page.listing(_stop(each, alike.acceptance(each, names, refused[each.id]), names) for each in guards),
        *(page.paragraph(group.error, first=INDENT, others=INDENT) if group.error else []),
        *(page.steps(group.proof, group.commands, INDENT) if group.proof else []),
    ]


def _ended_too(groups: Sequence[Ended], page: Page) -> list[str]:
    """A line each for the groups beyond those that are told in full."""
    if not groups:
        return []
    title = f"{phrases.count(sum(len(each.names) for each in groups), 'more vault')} to look at"
    return [*page.paragraph(title, "title"), *page.listing(map(_ended_in_short, groups))]


def _ended_in_short(group: Ended) -> Row:
    names = group.names
    subject = names[0] if len(names) == 1 else phrases.count(len(names), "vault")
    how = phrases.how(group.ending, group.guards, touched=group.touched, verified=group.verified)
    mark, style = MARKS[group.ending]
    told = [listed(names)] if len(names) > 1 else []
    return Row(mark, subject, (how, *told, group.error, group.proof, group.legend), style)


def _vault(plan: Plan, page: Page, several: bool, shared: list[str]) -> list[str]:
    """One vault. Where there are several, one that needs nothing shows no rules."""
    rules = [] if several and plan.is_empty else diff.kept(plan)
    own = [note for note in plan.desired.notes if note not in shared]
    tally = f" · {phrases.tally([plan], phrases.FUTURE)}" if several or plan.is_empty else ""
    return [
        *page.heading(plan.vault.name, f"in {plan.vault.id.resource_group}{tally}"),
        *page.listing([*diff.changes(plan), *rules]),
        *_apart(_guards(plan, page, several)),
        *_apart(_notes(own, page)),
        *_apart(_callers(plan.callers, page)),
    ]


def _callers(found: Callers | None, page: Page) -> list[str]:
    """Who came, and who of them is cut off, where a log was given."""
    if found is None:
        return []
    lines = page.paragraph(callers.headline(found.name, [found.log]), "title", others=INDENT)
    return [*lines, *_by_fate(callers.groups(found), page), *_notes(found.notes, page)]


def _by_fate(groups: Iterable[callers.Group], page: Page) -> Iterator[str]:
    for group in groups:
        yield from page.paragraph(group.title, group.style)
        if group.shared:
            yield from page.paragraph(group.shared, "quiet", INDENT, INDENT)
        yield from page.listing(group.rows)
        if group.rest:
            yield from page.paragraph(group.rest, "quiet", INDENT, INDENT)


def _callers_of_many(plans: PlanSet, page: Page) -> Iterator[list[str]]:
    """The same for many vaults: those first of whose callers one is cut off, or cannot be told."""
    found = callers.fleet(plans)
    if found is None:
        return
    yield [*page.paragraph(found.headline, "title", others=INDENT), *_notes(found.notes, page)]
    for plan, told in found.told:
        shown = _by_fate(callers.groups(told, callers.MOST_OF_MANY), page)
        yield [*page.paragraph(plan.vault.name, "title"), *shown, *_notes(told.notes, page)]
    yield page.listing(found.rows)


def _of_the_log(plans: PlanSet, page: Page) -> list[str]:
    """What the log lacks, whichever vault it is held against."""
    if plans.callers is None or not plans.callers.notes:
        return []
    return [*page.paragraph(f"the log {plans.callers.name}", "quiet"), *_notes(plans.callers.notes, page)]


def _apart(lines: list[str]) -> list[str]:
    return ["", *lines] if lines else []


def _guards(plan: Plan, page: Page, several: bool) -> list[str]:
    return _stops(plan.guards, page, lambda guard: phrases.acceptance(guard, plan, several=several))


def _stops(guards: Iterable[Guard], page: Page, option: Callable[[Guard], str], names: Sequence[str] = ()) -> list[str]:
    """The guards that refuse one vault, or all of these, each with the option that accepts it, and those that were
    accepted."""
    found = list(guards)
    refusing = [_stop(each, option(each), names) for each in found if not each.accepted]
    accepted = [Row(" ", each.id, (each.message,), "quiet") for each in found if each.accepted]
    lines = []
    if refusing:
        lines += page.paragraph(phrases.refusal(found), "refused")
        lines += page.listing(refusing)
    if accepted:
        lines += [*([""] if refusing else []), *page.paragraph("accepted", "quiet"), *page.listing(accepted)]
    return lines


def _stop(guard: Guard, option: str, names: Sequence[str] = ()) -> Row:
    how = f"accept with {option}{alike.for_each(option, names)}" if option else "cannot be accepted"
    return Row("!", guard.id, (guard.message, how), "refused")


def _notes(notes: Iterable[str], page: Page) -> list[str]:
    return [line for note in notes for line in page.paragraph(f"note: {note}", "quiet", others=INDENT)]


def _undetermined(vaults: Iterable[Undetermined], page: Page) -> list[str]:
    rows = []
    for each in alike.undetermined(vaults):
        several = [listed(each.names)] if each.number else []
        rows.append(Row("?", each.number or each.names[0], (each.reason, *several), "set"))
    return [*page.paragraph("undetermined: nothing is known of these", "title"), *page.listing(rows)] if rows else []


def _outcome(outcome: Outcome, page: Page, several: bool, after_plan: bool) -> list[str]:
    lines = page.heading(outcome.plan.vault.name, phrases.ending(outcome), MARKS[outcome.ending][1])
    if outcome.ending is Ending.DONE and not after_plan:
        lines += page.listing(diff.changes(outcome.plan))
    if outcome.ending is Ending.REFUSED and not after_plan:
        options = ((each, phrases.acceptance(each, outcome.plan, several=several)) for each in outcome.plan.refusals)
        lines += page.listing(_stop(each, option) for each, option in options)
    lines += page.paragraph(str(outcome.error), first=INDENT, others=INDENT) if outcome.error else []
    read = phrases.reading(outcome)
    return lines + (page.steps(read, phrases.commands(outcome.proof), INDENT) if read else [])


def _region(each: PublishedRange) -> str:
    return f"{each.region.name} (inferred)" if each.region.is_inferred else each.region.name


def _extent(resolution: Resolution) -> str:
    """How much it is, and what was left out."""
    networks = [each.network for each in resolution.wanted]
    addresses = sum(each.num_addresses for each in collapse_addresses(networks))
    left_out = [
        phrases.count(resolution.ipv6, "IPv6 range") if resolution.ipv6 else "",
        f"{phrases.count(resolution.outside, 'range')} for regions of no geography" if resolution.outside else "",
    ]
    text = f"{phrases.count(len(networks), 'range')}, {phrases.count(addresses, 'address', 'es')}"
    return text + (f"; left out: {' and '.join(filter(None, left_out))}" if any(left_out) else "")


def _join(blocks: Iterable[list[str]]) -> str:
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"

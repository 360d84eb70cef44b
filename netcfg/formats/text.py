"""For people at a terminal: a plan that looks like a diff, what became of it, and the facts it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import collapse_addresses
from itertools import groupby

from netcfg.core.attribution import Attribution
from netcfg.core.comparison import Comparison
from netcfg.core.geography import Organization
from netcfg.core.guards import Guard
from netcfg.core.outcome import Ending, Outcome, Result
from netcfg.core.plan import Plan, PlanSet, Undetermined
from netcfg.core.ranges import PublishedRange, Resolution
from netcfg.core.refresh import Judgement, Refreshed
from netcfg.core.report import Report
from netcfg.formats import attribution as attributed
from netcfg.formats import comparison, diff, order, phrases
from netcfg.formats.page import Page, Row
from netcfg.formats.report import text as report_text

INDENT = "  "


def plan(plans: PlanSet, page: Page) -> str:
    """What would change and why, a block for each vault; the last line is the summary."""
    several = phrases.are_several(plans)
    shared = phrases.shared_notes(plans)
    blocks = [
        _header(plans, page),
        *(_vault(each, page, several, shared) for each in order.plans(plans.plans)),
        [*page.paragraph("every vault", "quiet"), *_notes(shared, page)] if shared else [],
        _undetermined(plans.undetermined, page),
        page.paragraph(phrases.summary(plans), "refused" if plans.is_refused else "title"),
    ]
    return _join(blocks)


def result(outcome: Result, page: Page, *, after_plan: bool = False) -> str:
    """What was done, a block for each vault; `after_plan` is for readers who have just seen it."""
    several = phrases.are_several(outcome.planned)
    ordered = order.outcomes(outcome.outcomes)
    blocks = [
        *(_outcome(each, page, several, after_plan) for each in ordered),
        [] if after_plan else _undetermined(outcome.planned.undetermined, page),
        page.paragraph(phrases.conclusion(outcome), "title"),
    ]
    return _join(blocks)


def report(found: Report, page: Page) -> str:
    """What is not as it should be and what mends it, a block for each vault; the last line is the answer."""
    return report_text.text(found, page)


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
    together = page.paragraph(f"{audience} · {basis}")
    return together if len(together) == 1 else [*page.paragraph(audience), *page.paragraph(basis)]


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
    ]


def _apart(lines: list[str]) -> list[str]:
    return ["", *lines] if lines else []


def _guards(plan: Plan, page: Page, several: bool) -> list[str]:
    refusing = [_guard(each, plan, several) for each in plan.refusals]
    accepted = [Row(" ", each.id, (each.message,), "quiet") for each in plan.guards if each.accepted]
    lines = []
    if refusing:
        lines += page.paragraph(phrases.refusal(plan), "refused")
        lines += page.listing(refusing)
    if accepted:
        lines += [*([""] if refusing else []), *page.paragraph("accepted", "quiet"), *page.listing(accepted)]
    return lines


def _guard(guard: Guard, plan: Plan, several: bool) -> Row:
    option = phrases.acceptance(guard, plan, several=several)
    return Row("!", guard.id, (guard.message, f"accept with {option}" if option else "cannot be accepted"), "refused")


def _notes(notes: Iterable[str], page: Page) -> list[str]:
    return [line for note in notes for line in page.paragraph(f"note: {note}", "quiet", others=INDENT)]


def _undetermined(vaults: Iterable[Undetermined], page: Page) -> list[str]:
    rows = [Row("?", phrases.vault_name(each.vault), (str(each.error),), "set") for each in order.undetermined(vaults)]
    return [*page.paragraph("undetermined: nothing is known of these", "title"), *page.listing(rows)] if rows else []


def _outcome(outcome: Outcome, page: Page, several: bool, after_plan: bool) -> list[str]:
    styles = {Ending.DONE: "add", Ending.REFUSED: "refused", Ending.STALE: "refused", Ending.FAILED: "refused"}
    lines = page.heading(outcome.plan.vault.name, phrases.ending(outcome), styles.get(outcome.ending, "quiet"))
    if outcome.ending is Ending.DONE and not after_plan:
        lines += page.listing(diff.changes(outcome.plan))
    if outcome.ending is Ending.REFUSED and not after_plan:
        lines += page.listing(_guard(each, outcome.plan, several) for each in outcome.plan.refusals)
    return lines + (page.paragraph(str(outcome.error), first=INDENT, others=INDENT) if outcome.error else [])


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

"""What a page says of one vault: the picture of who gets in, and below it what was found or what would change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netcfg.core.admission import callers_now, callers_planned
from netcfg.core.findings import Severity
from netcfg.core.guards import Guard
from netcfg.core.outcome import Ending, Outcome
from netcfg.core.plan import Action, Plan
from netcfg.core.report import Inspection
from netcfg.formats import callers, diff, phrases
from netcfg.formats.html.cards import Card, Remedy, cards, common, remedy
from netcfg.formats.html.picture import Picture, draw
from netcfg.formats.page import Row
from netcfg.formats.report import findings

TONES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.NOTE: "note", None: "good"}
NOW, CHANGES = "Who gets in now", "Changes"
SIGNS = {"bad": "✕", "warn": "!", "note": "i", "good": "✓", "plain": "~"}


@dataclass(frozen=True)
class Stop:
    """A guard that fires, and the option that accepts it, which is empty where nothing does."""

    id: str
    message: str
    accepted: bool
    option: str


@dataclass(frozen=True)
class Visitors:
    """Who came, by what becomes of them."""

    heading: str
    groups: tuple[callers.Group, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    """Which picture is drawn, of the plan or of the vault as it was, and what stands above it and above the changes."""

    is_planned: bool
    heading: str
    title: str


@dataclass(frozen=True)
class Section:
    """One vault. `tone` is how it stands at a glance, `word` says so, and `standing` at length; `numbers` are counts.

    `doubt` is what could not be read of a vault that could be looked at otherwise.
    """

    name: str
    group: str
    tone: str
    word: str
    standing: str
    numbers: tuple[int, ...]
    picture: Picture
    heading: str
    notes: tuple[str, ...]
    cards: tuple[Card, ...] = ()
    stops: tuple[Stop, ...] = ()
    rows: tuple[Row, ...] = ()
    kept: tuple[Row, ...] = ()
    doubt: str = ""
    title: str = "Findings"
    is_plan: bool = False
    callers: Visitors | None = None

    @property
    def remedy(self) -> Remedy | None:
        return remedy(self.cards)

    @property
    def base(self) -> str:
        """What most commands begin with, to be said once: the remedy, where the others only add an option to it."""
        found = self.remedy
        return found.fix if found else common(self.cards)

    @property
    def sign(self) -> str:
        return SIGNS[self.tone]


def inspected(inspection: Inspection, doubts: Iterable[str], notes: Iterable[str]) -> Section:
    """A vault that was checked. It is not good while anything that decides could not be read."""
    doubt, found = "; ".join(doubts), inspection.findings
    tone = TONES[inspection.worst]
    counts = [sum(each.severity is severity and not each.waived for each in found) for severity in Severity]
    return Section(
        inspection.vault.name,
        inspection.vault.id.resource_group,
        "warn" if doubt and tone != "bad" else tone,
        "undetermined" if doubt else inspection.worst.value if inspection.worst else "nothing found",
        f"undetermined; {findings.tally(found)}" if doubt else findings.tally(found),
        (*counts, sum(each.waived is not None for each in found)),
        draw(callers_now(inspection.vault, inspection.seen.desired)),
        NOW,
        tuple(notes),
        cards=cards(found),
        doubt=doubt,
    )


def planned(plan: Plan, notes: Iterable[str], *, several: bool) -> Section:
    """A vault for which a plan was drawn."""
    tone = "bad" if plan.refusals else "plain" if plan.changes else "good"
    standing = phrases.tally([plan], phrases.FUTURE)
    if plan.refusals:
        standing = f"REFUSED by {phrases.guard_names(plan.refusals)}; {standing}"
    word = "refused" if plan.refusals else "changes" if plan.changes else "no change"
    return _drawn(plan, notes, tone, word, standing, Scene(True, "Who gets in, and what changes", CHANGES), several)


def applied(outcome: Outcome, notes: Iterable[str], *, several: bool) -> Section:
    """A vault that a plan was applied to, or not."""
    is_done = outcome.ending is Ending.UNCHANGED or (outcome.ending is Ending.DONE and outcome.verified)
    proof, error = outcome.proof, str(outcome.error) if outcome.error else ""
    read = phrases.proof(proof) if proof else phrases.reading(outcome)
    if outcome.is_unproved:
        is_done, error = False, read
    told = [*notes, read] if read and not outcome.is_unproved else notes
    tone = "warn" if is_done and proof and proof.obstacle else "good" if is_done else "bad"
    word = outcome.ending.value.replace("-", " ")
    return _drawn(outcome.plan, told, tone, word, phrases.ending(outcome), _scene(outcome), several, error)


def _scene(outcome: Outcome) -> Scene:
    """What is true now: the plan where it was written, and otherwise the vault as it was when somebody last looked."""
    match outcome.ending:
        case Ending.DONE if not outcome.verified:
            return Scene(True, "Who gets in, if Azure keeps what was sent", "Changes, not verified")
        case Ending.DONE:
            return Scene(True, "Who gets in, and what changed", CHANGES)
        case Ending.UNCHANGED:
            return Scene(True, NOW, CHANGES)
        case _ if outcome.touched:
            return Scene(False, "Who got in before: something was written, look again", "Changes, planned")
        case Ending.STALE:
            return Scene(False, "Who got in when this was planned: it has moved since", "Changes, planned, not written")
        case _:
            return Scene(False, NOW, "Changes, planned, not written")


def _drawn(
    plan: Plan, notes: Iterable[str], tone: str, word: str, standing: str, scene: Scene, several: bool, doubt: str = ""
) -> Section:
    shown = callers_planned if scene.is_planned else callers_now
    return Section(
        plan.vault.name,
        plan.vault.id.resource_group,
        tone,
        word,
        standing,
        (*(sum(each.action is action for each in plan.changes) for action in Action), len(plan.kept)),
        draw(shown(plan.vault, plan.desired)),
        scene.heading,
        tuple(notes),
        stops=tuple(_stop(each, plan, several=several) for each in plan.guards),
        rows=tuple(diff.changes(plan)),
        kept=tuple(diff.kept(plan)),
        doubt=doubt,
        title=scene.title,
        is_plan=True,
        callers=_visitors(plan),
    )


def _visitors(plan: Plan) -> Visitors | None:
    """Who came, where a log was given."""
    found = plan.callers
    if found is None:
        return None
    return Visitors(callers.headline(found.name, [found.log]), tuple(callers.groups(found)), found.notes)


def _stop(guard: Guard, plan: Plan, *, several: bool) -> Stop:
    option = "" if guard.accepted else phrases.acceptance(guard, plan, several=several)
    return Stop(guard.id, guard.message, guard.accepted, option)

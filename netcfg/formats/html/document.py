"""One page that needs nothing else: no network, no font, no script of anybody else's.

Jinja escapes everything that is not written in the templates, and before that every string is made harmless as for any
other format: a page on stdout passes through the log of a pipeline too. The browser is told to run our script and our
style by their digests and to fetch nothing, so that a name from Azure stays a name.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from netcfg.core.findings import Severity
from netcfg.core.outcome import Ending, Result
from netcfg.core.plan import Action, Plan, PlanSet, Undetermined
from netcfg.core.ranges import Edition
from netcfg.core.report import Report
from netcfg.formats import order, phrases
from netcfg.formats.harmless import line
from netcfg.formats.html import vault
from netcfg.formats.html.cards import Card, cards
from netcfg.formats.html.vault import Section
from netcfg.formats.report import findings

FEW = 5  # vaults that are shown one below the other; where there are more, a table leads to each

_DOUBTFUL = re.compile(r"[^ -~·→×✕\u2212…]|##|::")  # but for the signs of our own


@dataclass(frozen=True)
class Tile:
    """A number that can be read from across a room."""

    number: int
    label: str
    tone: str = ""


@dataclass(frozen=True)
class Unknown:
    """A vault of which nothing can be said, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Page:
    """Everything that is on a page; `columns` are the headings of the numbers in its table of vaults."""

    kind: str
    tone: str
    verdict: str
    lead: str
    homes: tuple[str, ...]
    editions: tuple[str, ...]
    tiles: tuple[Tile, ...]
    columns: tuple[str, ...]
    sections: tuple[Section, ...]
    unknown: tuple[Unknown, ...] = ()
    general: tuple[Card, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        return vault.SIGNS[self.tone]

    @property
    def is_at_fault(self) -> bool:
        """Whether an error is about no vault: then it comes before them all, and after them otherwise."""
        return any(each.severity == Severity.ERROR.value for each in self.general)

    @property
    def is_fleet(self) -> bool:
        return len(self.sections) + len(self.unknown) > FEW

    @property
    def rules(self) -> list[str]:
        """The rules that anything was found for, to choose from."""
        found = {each.rule for section in self.sections for each in section.cards}
        return sorted(found | {each.rule for each in self.general})


def plan(plans: PlanSet) -> str:
    """What would change, and who gets in then."""
    ordered, shared = order.plans(plans.plans), phrases.shared_notes(plans)
    several = phrases.are_several(plans)
    is_bad = plans.is_refused or (plans.undetermined and not plans.plans)
    tone = "bad" if is_bad else "warn" if plans.undetermined else "plain"
    own = {id(each): [note for note in each.desired.notes if note not in shared] for each in ordered}
    return _render(
        Page(
            "netcfg plan",
            "good" if tone == "plain" and not plans.changes else tone,
            phrases.summary(plans),
            "",
            _homes(plans),
            _editions(plans.resolution.editions, None),
            (
                *_changes(plans.plans, phrases.FUTURE),
                _refused(sum(bool(each.refusals) for each in plans.plans)),
                *_lost(plans.undetermined),
            ),
            ("add", "remove", "change", "keep"),
            tuple(vault.planned(each, own[id(each)], several=several) for each in ordered),
            _unknown(plans.undetermined),
            notes=(*shared, *(plans.callers.notes if plans.callers else ())),
            provenance=tuple(phrases.provenance(plans)),
        )
    )


def result(done: Result) -> str:
    """What was changed, what was not and why, and who gets in."""
    planned = done.planned
    shared, several = phrases.shared_notes(planned), phrases.are_several(planned)
    return _render(
        Page(
            "netcfg apply",
            "good" if done.status == 0 else "bad",
            phrases.conclusion(done),
            phrases.resumption(done),
            _homes(planned),
            _editions(planned.resolution.editions, None),
            (
                *_changes([each.plan for each in done.outcomes if each.ending is Ending.DONE], phrases.PAST),
                _refused(sum(each.ending is Ending.REFUSED for each in done.outcomes)),
                *_lost(planned.undetermined),
            ),
            ("add", "remove", "change", "keep"),
            tuple(
                vault.applied(each, [one for one in each.plan.desired.notes if one not in shared], several=several)
                for each in order.outcomes(done.outcomes)
            ),
            _unknown(planned.undetermined),
            notes=tuple(shared),
            provenance=tuple(phrases.provenance(planned)),
        )
    )


def report(checked: Report) -> str:
    """What is not as it should be, the worst first, with the picture of who gets in to each vault."""
    ranks = [*Severity, None]
    ordered = sorted(order.inspections(checked.inspections), key=lambda each: ranks.index(each.worst))
    doubts: dict[str, list[str]] = {}
    for each in order.undetermined(checked.undetermined):
        doubts.setdefault(each.vault.lower(), []).append(str(each.error))
    ids = {str(each.vault.id).lower() for each in ordered}
    lost = tuple(each for each in checked.undetermined if each.vault.lower() not in ids)
    today = ordered[0].seen.today if ordered else None
    is_bad = checked.fails or (checked.undetermined and not ordered)
    tone = "bad" if is_bad else "warn" if checked.undetermined else "good" if ordered else "plain"
    shades = zip(Severity, ("bad", "warn", "note"), strict=True)
    found = checked.counts
    counts = ((found[each], each.value, shade) for each, shade in shades)
    tiles = [Tile(n, noun if n == 1 else f"{noun}s", shade if n else "") for n, noun, shade in counts]
    return _render(
        Page(
            "netcfg check",
            tone,
            findings.verdict(checked),
            findings.summary(checked),
            _homes(checked),
            _editions(checked.resolution.editions, today),
            (*tiles, Tile(checked.waived, "waived"), *_lost(checked.undetermined)),
            ("errors", "warnings", "notes", "waived"),
            tuple(vault.inspected(each, doubts.get(str(each.vault.id).lower(), ()), ()) for each in ordered),
            _unknown(lost),
            cards(findings.general(checked), places=True),
            provenance=tuple(phrases.provenance(checked)),
        )
    )


def _homes(run: PlanSet | Report) -> tuple[str, ...]:
    """The organizations and where they live, or the geographies that were given instead."""
    told = [phrases.home(each) for each in order.organizations(run.organizations)]
    return (*told, *(f"given: {each.name}" for each in run.given))


def _editions(editions: Sequence[Edition], today: date | None) -> tuple[str, ...]:
    """The editions that the ranges come from; how old they are is said where the day is known."""
    said = []
    for each in editions:
        age = (today - each.confirmed).days if today else -1  # a day to come was told by a clock that is wrong
        ago = f" ({phrases.count(age, 'day')} ago)" if age > 0 else " (today)" if age == 0 else ""
        said.append(f"{each.publisher.value.replace('-', ' ')} {each.day}, confirmed {each.confirmed}{ago}")
    return tuple(said)


def _changes(plans: Iterable[Plan], words: Mapping[Action, str]) -> Iterable[Tile]:
    counts = Counter(each.action for plan in plans for each in plan.changes)
    tones = {Action.ADD: "good", Action.REMOVE: "bad", Action.SET: "note"}
    return [Tile(counts[each], word, tones[each] if counts[each] else "") for each, word in words.items()]


def _refused(number: int) -> Tile:
    return Tile(number, "refused", "bad" if number else "")


def _lost(undetermined: Sequence[Undetermined]) -> list[Tile]:
    vaults = {each.vault.lower() for each in undetermined}  # each once, however much of it could not be read
    return [Tile(len(vaults), "undetermined", "warn")] if vaults else []


def _unknown(undetermined: Iterable[Undetermined]) -> tuple[Unknown, ...]:
    return tuple(Unknown(phrases.vault_name(each.vault), str(each.error)) for each in order.undetermined(undetermined))


def _render(page: Page) -> str:
    style, script = _asset("style.css"), _asset("script.js")
    digests = {"style": _digest(style), "script": _digest(script)}
    return environment().get_template("page.jinja").render(page=page, style=style, script=script, digests=digests)


@cache
def environment() -> Environment:
    """The templates, with which every value becomes harmless."""
    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        loader=PackageLoader("netcfg.formats.html", ""),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _harmless(value: object) -> object:
    """What any value becomes before it is escaped; nearly all are plain, and a fleet's page has many thousands."""
    if not isinstance(value, str) or hasattr(value, "__html__"):  # a number, or what is markup already
        return value
    return line(value) if _DOUBTFUL.search(value) else value


@cache
def _asset(name: str) -> str:
    """A file beside the templates, as it is: it is ours, and its digest is what lets it run."""
    return resources.files("netcfg.formats.html").joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()

"""The picture of one vault: a lane for each of those who get in, should get in, or are kept out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from netcfg.core.admission import Caller, Entry, Party, State
from netcfg.formats.phrases import count

LANE, HEADING, MARGIN = 44, 26, 8  # heights, in the picture's own units
LINES_APART = 13
NAME = 31  # characters that have room in front of the line

_STRANGE = (Party.EXPIRED, Party.RETIRED, Party.ELSEWHERE, Party.FOREIGN)
_NOUNS = {Party.AZURE_DEVOPS: "range", Party.AGENTS: "subnet", Party.PRIVATE_ENDPOINT: "endpoint"}
_WORDS = {
    State.IN: "",
    State.PARTLY: " in part only",
    State.MISSING: " missing",
    State.ADDED: " added",
    State.REMOVED: " removed",
    State.IDLE: " without effect",
    State.WAITING: " waiting for approval",
    State.OUT: " leading nowhere",
}
_SIGNS = {State.MISSING: "✕ ", State.PARTLY: "✕ ", State.ADDED: "+ ", State.REMOVED: "\u2212 "}


@dataclass(frozen=True)
class Said:
    """A part of what is said of a lane, in the style of its state."""

    text: str
    style: str


@dataclass(frozen=True)
class Fact:
    """A row of the table beside the picture: a state, and the names of all that are in it."""

    state: str
    style: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Lane:
    """One caller: its name, what is said of it, and a line for each state. Heights count from the picture's top."""

    top: int
    title: str
    said: tuple[Said, ...]
    lines: tuple[tuple[str, int], ...]
    facts: tuple[Fact, ...]
    geography: str = ""
    heading: int | None = None  # where the geography is written, above the first of its lanes

    @property
    def place(self) -> str:
        return f"Azure DevOps, {self.geography}, {self.title}" if self.geography else self.title

    @property
    def text(self) -> str:
        return f"{self.place}: {', '.join(each.text for each in self.said)}"


@dataclass(frozen=True)
class Picture:
    """All lanes of a vault, and how high they are together."""

    lanes: tuple[Lane, ...]
    height: int
    is_open: bool = False  # to every network

    @property
    def middle(self) -> int:
        return self.height // 2

    @property
    def text(self) -> str:
        """What a person hears who cannot see it."""
        return ". ".join(each.text for each in self.lanes) + "."


def draw(callers: Iterable[Caller]) -> Picture:
    """The lanes from top to bottom; regions stand below the name of their geography."""
    lanes: list[Lane] = []
    top, last, is_open = MARGIN, "", False
    for each in callers:
        geography = each.region.geography.name if each.region and each.region.geography else ""
        heading = top if geography and geography != last else None
        top += HEADING if heading is not None else 0
        lanes.append(Lane(top, _title(each), tuple(_said(each)), _lines(each, top), _facts(each), geography, heading))
        top, last = top + LANE, geography
        is_open = is_open or "everybody" in dict(lanes[-1].lines)
    return Picture(tuple(lanes), top + MARGIN, is_open)


def _title(caller: Caller) -> str:
    if caller.region:
        return f"{caller.region.name} (inferred)" if caller.region.is_inferred else caller.region.name
    name = caller.party.value
    return name[0].upper() + name[1:]


def _lines(caller: Caller, top: int) -> tuple[tuple[str, int], ...]:
    """The lines by the name of their symbol, one below the other where there are several; a perimeter calls nobody."""
    states = caller.states if caller.party is not Party.PERIMETER else ()
    first = top + LANE // 2 - LINES_APART * (len(states) - 1) // 2
    return tuple((_symbol(caller.party, state), first + LINES_APART * at) for at, state in enumerate(states))


def _symbol(party: Party, state: State) -> str:
    if party is Party.EVERYBODY and state in (State.IN, State.ADDED):
        return "everybody"
    return "strange" if party in _STRANGE and state is State.IN else state.value


def style(party: Party, state: State) -> str:
    """Missing and removed are red, added is green; what nobody explains stands out."""
    if party is Party.EVERYBODY and state in (State.IN, State.ADDED):
        return "bad"
    styles = {State.PARTLY: "bad", State.MISSING: "bad", State.REMOVED: "bad", State.ADDED: "good"}
    return styles.get(state) or ("warn" if party in _STRANGE and state is State.IN else "")


def _said(caller: Caller) -> Iterator[Said]:
    match caller.party:
        case Party.EVERYBODY:
            yield from (Said(_everybody(each), style(caller.party, each.state)) for each in caller.entries)
        case Party.TRUSTED_SERVICES:
            yield Said("get in by the bypass", "")
        case Party.PERIMETER:
            yield from (Said(clip(f"{each.name}: {each.text}", NAME), "") for each in caller.entries)
        case _:
            yield from (Said(_count(caller, each), style(caller.party, each)) for each in caller.states)


def _everybody(entry: Entry) -> str:
    match entry.state:
        case State.IN:
            return "✕ EVERY NETWORK GETS IN"
        case State.ADDED:
            return "✕ EVERY NETWORK IS LET IN"
        case State.REMOVED:
            return "\u2212 shut out"
        case _:
            return f"refused: {entry.text.partition(':')[0]}"


def _count(caller: Caller, state: State) -> str:
    """`3 of 5 ranges`, `✕ 1 missing`, `+ 191.10.18.0/28`: one alone is named, where it is alone in its lane."""
    names = caller.names(state)
    sign, word = _SIGNS.get(state, ""), _WORDS[state]
    noun = _NOUNS.get(caller.party, "rule")
    if caller.party is Party.AZURE_DEVOPS and state is State.IN:
        if {State.ADDED, State.REMOVED} & set(caller.states):
            return f"{len(names)} kept"
        return f"{len(names)} of {count(len(caller.entries), noun)}"
    if len(caller.states) > 1:
        return f"{sign}{len(names)}{word}" if word else count(len(names), noun)
    if len(names) == 1:
        return f"{sign}{clip(names[0], NAME - len(sign + word))}{word}"
    return f"{sign}{count(len(names), noun)}{word}"


def _facts(caller: Caller) -> tuple[Fact, ...]:
    words = {State.IN: "gets in", State.OUT: "refused" if caller.party is Party.EVERYBODY else "leads nowhere"}
    return tuple(
        Fact(
            "" if caller.party is Party.PERIMETER else words.get(state) or _WORDS[state].strip(),
            style(caller.party, state),
            tuple(_named(each) for each in caller.entries if each.state is state),
        )
        for state in caller.states
    )


def _named(entry: Entry) -> str:
    return f"{entry.name} ({entry.text})" if entry.text else entry.name


def clip(text: str, room: int) -> str:
    """As much of the text as has room: a picture cannot wrap, and the table has the whole."""
    return text if len(text) <= room else f"{text[: room - 1]}…"

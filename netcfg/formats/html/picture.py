"""The picture of one vault: a lane for each of those who get in, should get in, or are kept out.

What stands in front of an arrow never reaches it: a picture cannot wrap by itself, so every text is measured as the
widest of the usual fonts would draw it, and broken into lines that fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from netcfg.core.admission import Caller, Entry, Party, State
from netcfg.formats.phrases import count

# In the picture's own units, of which its width has 360.
WALL = 296
MARGIN, HEADING, TITLE, LINE, APART = 6, 24, 20, 18, 10
FONT = 14.6  # of 360; where a telephone leaves 300 px for them, still 12 px
ROOM, WHOLE = 226 / FONT, (WALL - 8) / FONT  # in front of an arrow, and where there is none, in widths of an "em"

_BROAD = (Party.BROAD, Party.EVERYBODY)
_STRANGE = (Party.EXPIRED, Party.RETIRED, Party.ELSEWHERE, Party.FOREIGN)
_NOUNS = {Party.AZURE_DEVOPS: "range", Party.AGENTS: "subnet", Party.PRIVATE_ENDPOINT: "endpoint"}
_WORDS = {
    State.IN: "",
    State.PARTLY: "in part only",
    State.BROADLY: "only by a rule broader than /16",
    State.ANYWAY: "(gets in as everybody does)",
    State.UNNAMED: "no rule (gets in as everybody does)",
    State.MISSING: "missing",
    State.ADDED: "added",
    State.REMOVED: "removed",
    State.IDLE: "without effect",
    State.WRITTEN: "written, without effect",
    State.DROPPED: "removed, was without effect",
    State.WAITING: "waiting for approval",
    State.OUT: "leading nowhere",
    State.UNKNOWN: "not read",
}
_SIGNS = {
    State.PARTLY: "✕ ",
    State.BROADLY: "! ",
    State.MISSING: "✕ ",
    State.ADDED: "+ ",
    State.REMOVED: "\u2212 ",
    State.WRITTEN: "+ ",
    State.DROPPED: "\u2212 ",
    State.UNKNOWN: "? ",
}
_SYMBOLS = {
    State.BROADLY: "strange",
    State.UNNAMED: "anyway",
}
_STYLES = {
    State.PARTLY: "bad",
    State.BROADLY: "warn",
    State.MISSING: "bad",
    State.ADDED: "good",
    State.REMOVED: "bad",
}


@dataclass(frozen=True)
class Said:
    """What is said of a lane in one state: its lines, where the first stands, and the arrow that belongs to it."""

    lines: tuple[str, ...]
    style: str
    symbol: str
    top: int = 0
    is_doubtful: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    @property
    def middle(self) -> int:
        """Where its arrow is: beside the first line."""
        return self.top + LINE // 2 + 1


@dataclass(frozen=True)
class Fact:
    """A row of the table beside the picture: a state, and the names of all that are in it."""

    state: str
    style: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Lane:
    """One caller: its name, and what is said of it. Heights count from the picture's top."""

    top: int
    title: str
    said: tuple[Said, ...]
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
        bottom = top + TITLE
        said: list[Said] = []
        for one in _said(each):
            said.append(replace(one, top=bottom))
            bottom += LINE * len(one.lines)
        lanes.append(Lane(top, _title(each), tuple(said), _facts(each), geography, heading))
        top, last = bottom + APART, geography
        is_open = is_open or (each.party is Party.EVERYBODY and _is_bad(each.party, each.entries[0].state))
    return Picture(tuple(lanes), top - APART + MARGIN, is_open)


def _title(caller: Caller) -> str:
    if caller.region:
        return f"{caller.region.name} (inferred)" if caller.region.is_inferred else caller.region.name
    name = caller.party.value
    return name[0].upper() + name[1:]


def _is_bad(party: Party, state: State) -> bool:
    """Whether it is everybody, or nearly, who gets in."""
    return party in _BROAD and state in (State.IN, State.ADDED)


def _symbol(party: Party, state: State) -> str:
    if _is_bad(party, state):
        return "everybody"
    if party is Party.PERIMETER:
        return ""
    return "strange" if party in _STRANGE and state is State.IN else _SYMBOLS.get(state, state.value)


def style(party: Party, state: State) -> str:
    """Missing and removed are red, added is green; what nobody explains stands out."""
    if _is_bad(party, state):
        return "bad"
    return _STYLES.get(state) or ("warn" if party in _STRANGE and state is State.IN else "")


def _said(caller: Caller) -> Iterator[Said]:
    for state in caller.states:
        text, room = _text(caller, state), WHOLE if caller.party is Party.PERIMETER else ROOM
        is_doubtful = caller.is_doubtful and caller.party is not Party.PERIMETER
        doubt = "? " if is_doubtful else ""
        look = style(caller.party, state)
        lines = wrap(doubt + text, room, is_bold=bool(look))
        yield Said(lines, look, _symbol(caller.party, state), is_doubtful=is_doubtful)


def _text(caller: Caller, state: State) -> str:
    entry = next(each for each in caller.entries if each.state is state)
    match caller.party:
        case Party.EVERYBODY:
            return _everybody(entry)
        case Party.TRUSTED_SERVICES:
            return "get in by the bypass"
        case Party.PERIMETER:
            return f"{entry.name}: {entry.text}"
        case Party.BROAD if _is_bad(caller.party, state):
            sign = "+ " if state is State.ADDED else "✕ "
            first, *others = sorted(caller.names(state), key=_breadth)
            return f"{sign}{first}: {_reach(first)}" + (f", and {count(len(others), 'more rule')}" if others else "")
        case _:
            return _count(caller, state)


def _everybody(entry: Entry) -> str:
    match entry.state:
        case State.IN:
            return "✕ EVERY NETWORK GETS IN"
        case State.ADDED:
            return "✕ EVERY NETWORK IS LET IN"
        case State.REMOVED:
            return "\u2212 shut out"
        case State.UNKNOWN:
            return "? the perimeter decides"
        case _:
            return f"refused: {entry.text.partition(':')[0]}"


def _breadth(network: str) -> int:
    return int(network.rpartition("/")[2])


def _reach(network: str) -> str:
    """How much of the internet a very broad rule lets in."""
    prefix = _breadth(network)
    return f"1 in {2**prefix} of all addresses" if prefix else "everybody"


def _count(caller: Caller, state: State) -> str:
    """`3 of 5 ranges`, `✕ 1 missing`, `+ 191.10.18.0/28 added`: one alone is named, if alone in its lane and short."""
    names = caller.names(state)
    sign, word = _SIGNS.get(state, ""), _WORDS[state]
    noun = _NOUNS.get(caller.party, "rule")
    if len(names) > 1 and state in (State.ANYWAY, State.UNNAMED):
        word = word.replace("gets", "get")
    if caller.party is Party.AZURE_DEVOPS and state is State.IN:
        if {State.ADDED, State.REMOVED} & set(caller.states):
            return f"{len(names)} kept"
        return f"{len(names)} of {count(len(caller.entries), noun)}"
    if len(caller.states) > 1 and word:
        return f"{sign}{len(names)}{_joined(word)}"
    if len(caller.states) == 1 and len(names) == 1 and width(sign + names[0]) <= ROOM - width("? "):
        return f"{sign}{names[0]}{_joined(word)}"
    return f"{sign}{count(len(names), noun)}{_joined(word)}"


def _joined(word: str) -> str:
    return (", " if word.startswith("no ") else " ") + word if word else ""


def _facts(caller: Caller) -> tuple[Fact, ...]:
    words = {State.IN: "gets in", State.OUT: "refused" if caller.party is Party.EVERYBODY else "leads nowhere"}
    doubt = "? " if caller.is_doubtful and caller.party is not Party.PERIMETER else ""
    return tuple(
        Fact(
            "" if caller.party is Party.PERIMETER else doubt + (words.get(state) or _WORDS[state]),
            style(caller.party, state),
            tuple(_named(each) for each in caller.entries if each.state is state),
        )
        for state in caller.states
    )


def _named(entry: Entry) -> str:
    return f"{entry.name} ({entry.text})" if entry.text else entry.name


# How wide DejaVu Sans Bold draws a letter, in thousandths of an "em": of the fonts that browsers choose for us none is
# wider.
_WIDTHS = {
    letter: wide
    for letters, wide in (
        (" ", 349), ("iIjl.,:;|'", 400), ("()[]/!", 458), ("-ft", 479), ("rsz\"", 596), ("ckvxyae?", 716),
        ("ELFJST", 725), ("bdghnopqu0123456789_*{}`\\", 717), ("ABCKPVXYZ$", 775), ("DHNRU~+=<>#\u2212", 839),
        ("GOQ", 851), ("Mw", 1000), ("m", 1043), ("W@%&^", 1104), ("✕…·", 1000),
    )
    for letter in letters
}  # fmt: skip
_LIGHT = 0.94  # of that for letters that are not bold
_ALONE = ("", "+", "\u2212", "✕", "!", "?")  # what no line ends with
_NARROWEST = 6  # nothing is gained by lines that are shorter
_UNUSUAL = 20_000  # a letter of a script that we have not measured may be of any width: what has one does not fit


def width(text: str, *, is_bold: bool = True) -> float:
    """How wide the text is at most, in widths of an "em"."""
    return sum(_WIDTHS.get(each, _UNUSUAL) for each in text) * (1 if is_bold else _LIGHT) / 1000


@lru_cache(4096)
def wrap(text: str, room: float, *, is_bold: bool = True) -> tuple[str, ...]:
    """The text in lines that have room, few and about as long as each other; a word that is longer stands alone."""
    lines = _broken(text, room, is_bold=is_bold)
    while len(lines) > 1 and room > _NARROWEST:
        room -= 0.5
        shorter = _broken(text, room, is_bold=is_bold)
        if len(shorter) > len(lines):
            break
        if max(map(width, shorter)) < max(map(width, lines)) - 1:
            lines = shorter
    return lines


def _broken(text: str, room: float, *, is_bold: bool) -> tuple[str, ...]:
    first, *words = text.split(" ")
    lines = [first]
    for word in words:
        longer = f"{lines[-1]} {word}"
        if lines[-1] in _ALONE or width(longer, is_bold=is_bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)

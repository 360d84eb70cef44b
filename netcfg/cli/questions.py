"""Questions on stderr, one at a time, for somebody at a terminal. Who answers wrong is told why, and asked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from netcfg.cli import terminal
from netcfg.core.errors import (
    BadAnswer,
    BadGroupName,
    BadIdentifier,
    BadOrganization,
    DigitsForName,
    GroupThere,
    NetcfgError,
    NoGroupName,
)

Value = TypeVar("Value")
Errors = tuple[type[NetcfgError], ...]

# What is no answer, whatever is there.
TYPED: Errors = (BadAnswer, BadGroupName, BadIdentifier, BadOrganization, DigitsForName, GroupThere, NoGroupName)


@dataclass(frozen=True)
class Option(Generic[Value]):
    """One of several answers: `name` may be typed instead of its number, `words` say more of it."""

    name: str
    value: Value
    words: str = ""


def answer(question: str, parse: Callable[[str], Value], default: str = "", wrong: Errors = ()) -> Value:
    """What somebody answers, as `parse` takes it; nothing typed is the `default`.

    `wrong` are the errors that another answer may mend, beside those about what was typed. Any other ends the run:
    nobody types his way past a network that is down, or a sign-in that is refused.
    """
    while True:
        said = terminal.ask(f"{question} [{default}]" if default else question) or default
        try:
            return parse(said)
        except (*TYPED, *wrong) as error:
            terminal.remark(f"  {error}")


def pick(question: str, options: Sequence[Option[Value]], default: int | None = None) -> Value:
    """The value of the option that somebody picks, by its number or its name. `default` is an index; of a single option
    it is that one."""
    chosen = 0 if len(options) == 1 else default
    terminal.remark("")
    terminal.remark(f"{question}:")
    width = max(len(each.name) for each in options)
    for number, each in enumerate(options, 1):
        terminal.remark(f"  {number:>2}  {each.name:<{width}}  {each.words}".rstrip())

    def parse(text: str) -> Value:
        if text.isdecimal() and 1 <= int(text) <= len(options):
            return options[int(text) - 1].value
        same = [each for each in options if each.name == text] or [
            each for each in options if each.name.casefold() == text.casefold()
        ]
        if len(same) != 1:
            numbers = "1" if len(options) == 1 else f"a number from 1 to {len(options)}"
            raise BadAnswer(text, f"{numbers}, or one of the names")
        return same[0].value

    return answer("Number or name", parse, "" if chosen is None else str(chosen + 1))


def words(text: str, expected: str) -> tuple[str, ...]:
    """What somebody listed, with commas or blanks in between; nothing at all is no answer."""
    found = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if not found:
        raise BadAnswer(text, expected)
    return found

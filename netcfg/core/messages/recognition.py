"""Recognition: the sign that counts in a text, and the message of which it is a part."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from netcfg.core.messages.boundaries import Boundaries
from netcfg.core.messages.signs import HOST, Beside, Sign

MOST = 100  # places of one sign that are looked at: of words that anybody says a log may be full
_NEAR = 500

_NAMED = re.compile(r"vault:[a-z][a-z0-9-]{1,22}[a-z0-9];location=|keyvault'[a-z0-9-]{3,24};location=")
_SHOWN = re.compile(rf"{HOST}|azurekeyvault|-azkeyvault|azkeyvaultsecret|keyvaulterror|keyvault\.baseclient")
_MANAGER = re.compile(rf"{_SHOWN.pattern}|management\.azure\.com|microsoft\.(?:keyvault|network)/")
# The issuer of a token is told in the messages of vaults, too.
_ELSEWHERE = re.compile(rf"://(?!{HOST})(?!sts\.windows\.net|management\.azure\.com)")


@dataclass(frozen=True)
class Recognised:
    """A sign, where it stands, and from where to where the message goes.

    `vault` is where the sign itself has the vault's name, if it has.
    """

    sign: Sign
    start: int
    end: int
    first: int
    last: int
    vault: tuple[int, int] = (0, 0)


def recognise(
    signs: Iterable[Sign], lowered: str, boundaries: Boundaries, start: int = 0, end: int | None = None
) -> Recognised | None:
    """The first of `signs` that is in a text without blanks, in lower case, from `start` to `end`."""
    part = (start, len(lowered) if end is None else end)
    return next((found for each in signs if (found := _found(each, lowered, boundaries, part))), None)


def _found(sign: Sign, lowered: str, boundaries: Boundaries, part: tuple[int, int]) -> Recognised | None:
    for each in islice(sign.regex.finditer(lowered, *part), MOST):
        first, last = boundaries.around(each.start(), each.end())
        if sign.beside is Beside.NOTHING or _is_beside(sign.beside, lowered, each, (first, last)):
            vault = each.span(each.lastindex) if each.lastindex else (0, 0)
            return Recognised(sign, each.start(), each.end(), first, last, vault)
    return None


def _is_beside(beside: Beside, lowered: str, found: re.Match[str], message: tuple[int, int]) -> bool:
    """Whether the same message shows that it is a vault's; it does not where another address is nearer."""
    first, last = max(message[0], found.start() - _NEAR), min(message[1], found.end() + _NEAR)
    if _NAMED.search(lowered, first, last):
        return True
    if beside is Beside.NAME:
        return False
    shown = _distance(_MANAGER if beside is Beside.AZURE else _SHOWN, lowered, found, (first, last))
    elsewhere = _distance(_ELSEWHERE, lowered, found, (first, last))
    return shown is not None and (elsewhere is None or shown <= elsewhere)


def _distance(pattern: re.Pattern[str], lowered: str, found: re.Match[str], within: tuple[int, int]) -> int | None:
    gaps = (
        max(each.start() - found.end(), found.start() - each.end(), 0) for each in pattern.finditer(lowered, *within)
    )
    return min(gaps, default=None)

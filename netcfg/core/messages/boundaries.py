"""Boundaries: where in a text one message ends and the next begins, so that no two are taken for one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from netcfg.core.messages.pasted import Pasted

REACH = 4000  # characters around a sign, which is more than any one message has
_QUOTING = 1000  # characters from where a message begins to the words of who is quoted in it

# All but the lines are searched in a text without blanks, in lower case.
_LINES = re.compile(r"^ ?(?:(?:error|fatal|warning|denied):|error (?:from server|response from)|npm err!)", re.I | re.M)
_HEADS = re.compile(
    r"failedtoqueryserviceconnectionapi"
    r'|(?P<body>(?P<quoted>responsefromserver:.?)?\{?"error":(?=\{))'
    r"|(?<![0-9a-z])\((?:forbidden|unauthorized|(?:linked)?authorizationfailed|conflicterror|resourcenotfound"
    r"|(?:secret|vault)notfound)\)"
)
_OPENINGS = re.compile(
    r"(?:requestwasnotallowedbynsprulesandthe)?clientaddress[0-9a-f.:()]{0,48}(?:isnot|isn't)authorized"
    r"|publicnetworkaccessisdisabled"
    r"|caller(?:isnot|isn't)authorizedtoperformaction"
    r"|theuser,grouporapplication'"
    r"|theclient'[^']{1,120}'(?:withobjectid|does|has)"
    r"|aconflictoccurredthatprevented"
    r"|operationonvirtualnetworkcouldnotbeperformed"
    r"|theresource'microsoft\.|thescope'/|asecretwith\(name/id\)"
    r"|aadsts[0-9]{4,7}:|akv100[0-9]{2}:|tf4[0-9]{5}:"
)
# What stands right before an opening and belongs to it, as in `Code="Forbidden" Message="Client address …`.
_CODE = re.compile(
    r"(?:(?<![a-z0-9=;-])(?:code[\"'=:]{1,3})?[a-z]{4,40}[\"',:.]{1,4}(?:(?:error)?message[\"'=:]{1,4})?|authorizationfailed)$"
)
_BRACES = re.compile(r"[{}]")
# With a quote before the colon it is within a body, which may go on behind it.
_INNER = re.compile(r"innererror[:=]\{[^{}]{0,400}\}")


class Boundaries:
    """The messages of a text. A quoted answer belongs to who quotes it."""

    def __init__(self, pasted: Pasted) -> None:
        self._end = len(pasted.tight)
        self._cuts = sorted({0, self._end, *_cuts(pasted)})

    def around(self, start: int, end: int) -> tuple[int, int]:
        """Where the message begins and ends of which the part from `start` to `end` is."""
        at = bisect_right(self._cuts, start)
        first = self._cuts[at - 1]
        after = bisect_right(self._cuts, max(start, end - 1))
        last = self._cuts[after] if after < len(self._cuts) else self._end
        return max(first, start - REACH), min(last, end + REACH)


def _cuts(pasted: Pasted) -> Iterator[int]:
    lowered = pasted.lowered
    heads = {each.start(): each for each in _HEADS.finditer(lowered)}
    lines = set(_lines(pasted))
    openings = {each.start() for each in _OPENINGS.finditer(lowered)}
    starts = sorted({*heads, *lines})
    quoting = -_QUOTING - 1  # where the message began whose own words are still to come
    ended = 0  # where the last body did
    for place in sorted({*starts, *openings}):
        head = heads.get(place)
        if head and head["quoted"] and place - quoting <= _QUOTING:
            pass  # it goes on with what was said to it
        elif head or place in lines:
            yield place
            quoting = place
        elif place - quoting <= _QUOTING and not quoting < ended <= place:
            quoting = -_QUOTING - 1
        else:
            code = _CODE.search(lowered, max(ended, place - 80), place)
            yield code.start() if code else place
        if head and head["body"]:
            after = bisect_right(starts, place)
            ended = _end_of_body(lowered, head.end(), starts[after] if after < len(starts) else len(lowered))
            yield ended
    yield from (each.end() for each in _INNER.finditer(lowered))


def _end_of_body(lowered: str, start: int, limit: int) -> int:
    """Where what begins with a brace ends, or where something else begins: it may have been cut off."""
    depth = 0
    for each in _BRACES.finditer(lowered, start, limit):
        depth += 1 if each[0] == "{" else -1
        if depth == 0:
            return each.end()
    return limit


def _lines(pasted: Pasted) -> Iterator[int]:
    """The places in the text without blanks of lines with which a message begins."""
    place = seen = 0
    for each in _LINES.finditer(pasted.text):
        place += len("".join(pasted.text[seen : each.start()].split()))
        seen = each.start()
        yield place

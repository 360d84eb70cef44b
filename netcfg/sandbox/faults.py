"""Misbehaviour on a seeded die: what a busy cloud does to one request in a hundred, on purpose and repeatably."""

from __future__ import annotations

import random
from collections.abc import Mapping

from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.manager import conflicts
from netcfg.sandbox.manager.provider import another_operation

KNOWN = {
    "throttle": "429 that says in Retry-After when to come back",
    "throttle-bare": "429 that does not say when",
    "conflict": "a write meets another one: ConflictError of a vault, AnotherOperationInProgress of a network",
    "error": "500, 502 or 503",
    "drop-before": "the connection is closed before anything happened",
    "drop-after": "the connection is closed when all has happened",
    "truncate": "the answer breaks off in the middle",
    "delay": "the answer comes half a second late",
}
_DELAY = 0.5


class Die:
    """Draws the faults of each request, in the order in which requests come; the same seed gives the same ones."""

    def __init__(self, faults: str, seed: int) -> None:
        self._odds = parse(faults)
        self._random = random.Random(seed)  # noqa: S311 - a die, not a secret

    def roll(self) -> frozenset[str]:
        """The faults of one request. Every fault is drawn every time, so one does not change when others come."""
        drawn = {name: self._random.random() for name in KNOWN if name in self._odds}
        return frozenset(name for name, value in drawn.items() if value < self._odds[name])


def parse(faults: str) -> dict[str, float]:
    """`throttle=0.1,delay=0.5` as odds; a name that does not exist is an error that lists those that do."""
    odds = {}
    for each in filter(None, (part.strip() for part in faults.split(","))):
        name, _, value = each.partition("=")
        if name not in KNOWN:
            raise ValueError(f"unknown fault {name!r}; known are {', '.join(KNOWN)}")
        try:
            odds[name] = float(value)
        except ValueError:
            raise ValueError(f"the odds of fault {name!r} are {value!r}; a number from 0 to 1 is expected") from None
        if not 0 <= odds[name] <= 1:
            raise ValueError(f"the odds of fault {name!r} are {value}; a number from 0 to 1 is expected")
    return odds


def delay(drawn: frozenset[str]) -> float:
    """Seconds by which the answer is late."""
    return _DELAY if "delay" in drawn else 0.0


def instead(drawn: frozenset[str], method: str, path: str, retry_after: Mapping[str, str]) -> Answer | None:
    """What is answered in place of doing anything, if anything."""
    if "throttle" in drawn:
        return _throttled(retry_after)
    if "throttle-bare" in drawn:
        return _throttled({})
    if "error" in drawn:
        return _broken(path)
    if "conflict" in drawn and method in ("PUT", "PATCH", "DELETE"):
        return _contended(path, retry_after)
    return None


def _throttled(headers: Mapping[str, str]) -> Answer:
    message = "The request is being throttled as the limit has been reached for operation type. Please try again later."
    return Refusal(429, "TooManyRequests", message, gateway=True, headers=headers).answer


def _broken(path: str) -> Answer:
    """Which one is a matter of the path, so that a seed's run reads the same twice."""
    status, code = ((500, "InternalServerError"), (502, "BadGateway"), (503, "ServiceUnavailable"))[len(path) % 3]
    return Refusal(status, code, "The service is unable to process the request. Please retry.").answer


def _contended(path: str, retry_after: Mapping[str, str]) -> Answer | None:
    lowered = path.lower()
    if "/vaults/" in lowered:
        return conflicts.refusal(path.split("/")[lowered.split("/").index("vaults") + 1]).answer
    if "/virtualnetworks/" in lowered or "/privateendpoints/" in lowered:
        return another_operation("/".join(path.split("/")[:9]), dict(retry_after)).answer
    return None

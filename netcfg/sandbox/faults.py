"""Misbehaviour on a seeded die: what a busy cloud does to one request in a hundred, on purpose and repeatably."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Set

from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.manager import conflicts
from netcfg.sandbox.manager.provider import another_operation

KNOWN = {
    "throttle": "429 that says in Retry-After when to come back",
    "throttle-bare": "429 that does not say when",
    "conflict": "a write meets another one: ConflictError of a vault, AnotherOperationInProgress of a network",
    "error": "500, 502 or 503, by the length of the path",
    "error-500": "500 InternalServerError",
    "error-502": "502 BadGateway",
    "error-503": "503 ServiceUnavailable",
    "drop-before": "the connection is closed before anything happened",
    "drop-after": "the connection is closed when all has happened",
    "truncate": "the answer breaks off in the middle",
    "cut": "the answer is its first half, and says that this is all",
    "delay": "the answer comes half a second late",
}
_BROKEN = ("error", "error-500", "error-502", "error-503")
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
        check([name])
        try:
            odds[name] = float(value)
        except ValueError:
            raise ValueError(f"the odds of fault {name!r} are {value!r}; a number from 0 to 1 is expected") from None
        if not 0 <= odds[name] <= 1:
            raise ValueError(f"the odds of fault {name!r} are {value}; a number from 0 to 1 is expected")
    return odds


def check(names: Iterable[str]) -> None:
    """A fault that does not exist is a `ValueError` that lists those that do."""
    for name in names:
        if name not in KNOWN:
            raise ValueError(f"unknown fault {name!r}; known are {', '.join(KNOWN)}")


def delay(drawn: Set[str]) -> float:
    """Seconds by which the answer is late."""
    return _DELAY if "delay" in drawn else 0.0


def instead(drawn: Set[str], method: str, path: str, retry_after: Mapping[str, str]) -> Answer | None:
    """What is answered in place of doing anything, if anything."""
    if "throttle" in drawn:
        return _throttled(retry_after)
    if "throttle-bare" in drawn:
        return _throttled({})
    if broken := next((name for name in _BROKEN if name in drawn), None):
        return _broken(broken, path)
    if "conflict" in drawn and method in ("PUT", "PATCH", "DELETE"):
        return _contended(path, retry_after)
    return None


def _throttled(headers: Mapping[str, str]) -> Answer:
    message = "The request is being throttled as the limit has been reached for operation type. Please try again later."
    return Refusal(429, "TooManyRequests", message, gateway=True, headers=headers).answer


def _broken(fault: str, path: str) -> Answer:
    """Which one `error` is, is a matter of the path, so that a seed's run reads the same twice."""
    kinds = {"error-500": (500, "InternalServerError"), "error-502": (502, "BadGateway")}
    kinds["error-503"] = (503, "ServiceUnavailable")
    status, code = kinds[_BROKEN[1 + len(path) % 3] if fault == "error" else fault]
    return Refusal(status, code, "The service is unable to process the request. Please retry.").answer


def _contended(path: str, retry_after: Mapping[str, str]) -> Answer | None:
    lowered = path.lower()
    if "/vaults/" in lowered:
        return conflicts.refusal(path.split("/")[lowered.split("/").index("vaults") + 1]).answer
    if "/virtualnetworks/" in lowered or "/privateendpoints/" in lowered:
        return another_operation("/".join(path.split("/")[:9]), dict(retry_after)).answer
    return None

"""How many requests a caller has left, as Resource Manager's headers say it.

Since 2024 a token bucket per subscription, caller and kind of operation: 250 reads refilled by 25 a second, 200 writes
and 200 deletes by 10, and fifteen times that for the subscription as a whole. The first answer says 249 and 3749.
https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

from __future__ import annotations

import time
from collections.abc import Callable

_BUCKETS = {"reads": (250, 25), "writes": (200, 10), "deletes": (200, 10)}
_GLOBAL = 15
_QUERIES, _WINDOW = 15, 5
_KINDS = {"GET": "reads", "DELETE": "deletes"}


class Allowance:
    """Counts down and refills; it informs and never refuses, because a 429 is the business of `faults`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: dict[tuple[str, str], tuple[float, float]] = {}

    def headers(self, method: str, subscription: str) -> dict[str, str]:
        """The headers of the next answer to `method` in `subscription` (empty for the tenant)."""
        kind = _KINDS.get(method, "writes")
        size, refill = _BUCKETS[kind]
        scope = f"subscription-{{}}{kind}" if subscription else f"tenant-{{}}{kind}"
        return {
            f"x-ms-ratelimit-remaining-{scope.format('')}": self._take((subscription, kind), size, refill),
            f"x-ms-ratelimit-remaining-{scope.format('global-')}": self._take(
                (subscription, f"global-{kind}"), size * _GLOBAL, refill * _GLOBAL
            ),
        }

    def queries(self) -> dict[str, str]:
        """The headers of Resource Graph: fifteen queries in five seconds."""
        left = self._take(("", "queries"), _QUERIES, _QUERIES / _WINDOW)
        return {"x-ms-user-quota-remaining": left, "x-ms-user-quota-resets-after": f"00:00:0{_WINDOW}"}

    def _take(self, bucket: tuple[str, str], size: int, refill: float) -> str:
        now = self._clock()
        left, since = self._left.get(bucket, (float(size), now))
        left = max(0.0, min(float(size), left + (now - since) * refill) - 1)
        self._left[bucket] = (left, now)
        return str(int(left))

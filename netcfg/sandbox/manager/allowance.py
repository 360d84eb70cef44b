"""How many requests a caller has left, as Resource Manager's headers say it; and no, where a world throttles.

Since 2024 a token bucket per subscription, caller and kind of operation: 250 reads refilled by 25 a second, 200 writes
and 200 deletes by 10, and fifteen times that for the subscription as a whole. The first answer says 249 and 3749.
https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling

Resource Graph counts by itself: fifteen queries of a caller within five seconds, which then begin anew.
https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests

As in Azure every place that answers counts for itself: two servers on one folder have two allowances.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from netcfg.sandbox.answer import Refusal

# Size, and what comes back in a second; of queries the number, and the seconds that it is for.
_BUCKETS: Mapping[str, Sequence[float]] = {
    "reads": (250, 25),
    "writes": (200, 10),
    "deletes": (200, 10),
    "queries": (15, 5),
}
_GLOBAL = 15
_KINDS = {"GET": "reads", "DELETE": "deletes"}
_NONE: Mapping[str, Sequence[float]] = {}


@dataclass(frozen=True)
class Taken:
    """One request taken from an allowance: what the headers say of it, and in how many seconds there is one again.

    `wait` is 0 for who had one left.
    """

    headers: Mapping[str, str]
    wait: float = 0


class Allowance:
    """Counts down and refills; what it means that nothing is left is for others to say."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: dict[tuple[str, str, str], tuple[float, float]] = {}

    def take(
        self, method: str, subscription: str = "", caller: str = "", buckets: Mapping[str, Sequence[float]] = _NONE
    ) -> Taken:
        """A request by `method` in `subscription` (empty for the tenant); `buckets` where they are not Azure's."""
        kind = _KINDS.get(method, "writes")
        size, refill = {**_BUCKETS, **buckets}[kind]
        own = self._take((subscription, caller, kind), size, refill)
        whole = self._take((subscription, "", f"global-{kind}"), size * _GLOBAL, refill * _GLOBAL)
        scope = f"x-ms-ratelimit-remaining-{'subscription' if subscription else 'tenant'}"
        headers = {f"{scope}-{kind}": str(int(own[0])), f"{scope}-global-{kind}": str(int(whole[0]))}
        return Taken(headers, max(own[1], whole[1]))

    def query(self, caller: str = "", buckets: Mapping[str, Sequence[float]] = _NONE) -> Taken:
        """A query of Resource Graph."""
        most, window = {**_BUCKETS, **buckets}["queries"]
        now, bucket = self._clock(), ("", caller, "queries")
        left, begun = self._left.get(bucket, (float(most), now))
        if now - begun >= window:
            left, begun = float(most), now
        self._left[bucket] = (max(0.0, left - 1), begun)
        after = window - (now - begun)
        headers = {"x-ms-user-quota-remaining": str(int(max(0.0, left - 1)))}
        headers["x-ms-user-quota-resets-after"] = f"00:00:{math.ceil(after):02}"
        return Taken(headers, 0 if left >= 1 else after)

    def _take(self, bucket: tuple[str, str, str], size: float, refill: float) -> tuple[float, float]:
        """What is left, and the seconds until there is one again for who found none."""
        now = self._clock()
        left, since = self._left.get(bucket, (float(size), now))
        left = min(float(size), left + (now - since) * refill)
        is_refused = left < 1
        self._left[bucket] = (left if is_refused else left - 1, now)
        return (left, (1 - left) / refill) if is_refused else (left - 1, 0)


def throttled(kind: str, subscription: str, caller: str, taken: Taken, least: float) -> Refusal:
    """Resource Manager's words, as quoted in public logs of 2026. `least` seconds to wait may be a fraction in a world
    that is in a hurry; from one on they are whole, as in Azure."""
    seconds = max(taken.wait, least)
    after = f"{math.ceil(seconds) if least >= 1 else math.ceil(seconds * 1000) / 1000:g}"
    message = (
        f"Number of '{kind}' requests for subscription '{subscription}' actor '{caller}' exceeded. Please try again "
        f"after '{after}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for "
        "additional information."
    )
    headers = {**taken.headers, "retry-after": after}
    return Refusal(429, "SubscriptionRequestsThrottled", message, gateway=True, headers=headers)


def rate_limited(taken: Taken) -> Refusal:
    """Resource Graph's words (azure-cli-extensions#3325). When to ask again stands in the quota's own header: in
    `Retry-After` nobody has seen it."""
    message = (
        "Client application has been throttled and should not attempt to repeat the request until an amount of time "
        "has elapsed. Please see https://aka.ms/resourcegraph-throttling for help."
    )
    more = {"details": [{"code": "RateLimiting", "message": message}]}
    outside = "Please provide below info when asking for support."
    return Refusal(429, "RateLimiting", outside, headers=taken.headers, more=more)

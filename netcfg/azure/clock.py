"""Azure's clock, which each of its answers shows: who wonders what is over need not rely on this machine's alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from netcfg.web.http import time_in

OURS = "x-ms-request-id"  # an answer without it is a proxy's, with the proxy's time


class AzuresClock:
    """How far this machine, whose time `now` tells, is ahead of Azure; without `now` nobody wants to know.

    The first answer decides for the whole run, so that nothing expires between a plan and its writing.
    """

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self._now = now
        self.ahead: timedelta | None = None

    def hear(self, headers: Mapping[str, str]) -> None:
        """Take note of an answer that has just come."""
        if self._now is None or self.ahead is not None or OURS not in headers:
            return
        shown = time_in(headers)
        self.ahead = self._now() - shown if shown else None

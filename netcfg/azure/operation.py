"""Long-running operations: awaited as the SDK awaits them, without its last look at the resource.

That look costs one request for each subnet; one look at the virtual network proves them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azure.core.polling.base_polling import LocationPolling, StatusCheckPolling
from azure.mgmt.core.polling.arm_polling import (
    ARMPolling,
    AzureAsyncOperationPolling,
    BodyContentPolling,
)

from netcfg.web.deadline import Deadline


class _Unseen(AzureAsyncOperationPolling[Any, Any]):
    """The operation that a header names; its end is all that is asked for."""

    def get_final_get_url(self, pipeline_response: Any) -> None:  # noqa: ARG002
        return None


class _ToTheEnd(ARMPolling):
    """Azure is at work, so it is awaited also when the time of the run is over."""

    def __init__(self, interval: float, algorithms: Sequence[Any], deadline: Deadline) -> None:
        super().__init__(interval, algorithms)
        self._deadline = deadline

    def run(self) -> None:
        """Await it, in a thread of the SDK's."""
        with self._deadline.finishing():
            super().run()


def awaited(interval: float, deadline: Deadline) -> ARMPolling:
    """The SDK's way to await an operation, in its order; it looks every `interval` seconds where Azure names none."""
    order = [_Unseen(), LocationPolling(), BodyContentPolling(), StatusCheckPolling()]
    return _ToTheEnd(interval, order, deadline)

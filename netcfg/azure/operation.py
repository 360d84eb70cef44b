"""Long-running operations: awaited as the SDK awaits them, without its last look at the resource.

That look costs one request for each subnet; one look at the virtual network proves them all.
"""

from __future__ import annotations

from typing import Any

from azure.core.polling.base_polling import LocationPolling, StatusCheckPolling
from azure.mgmt.core.polling.arm_polling import (
    ARMPolling,
    AzureAsyncOperationPolling,
    BodyContentPolling,
)


class _Unseen(AzureAsyncOperationPolling[Any, Any]):
    """The operation that a header names; its end is all that is asked for."""

    def get_final_get_url(self, pipeline_response: Any) -> None:  # noqa: ARG002
        return None


def awaited(interval: float) -> ARMPolling:
    """The SDK's way to await an operation, in its order; it looks every `interval` seconds where Azure names none."""
    return ARMPolling(interval, [_Unseen(), LocationPolling(), BodyContentPolling(), StatusCheckPolling()])

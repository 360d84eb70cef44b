"""Azure Resource Manager: lets a request in, has it handled on the state, and adds its headers to the answer."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

from netcfg.sandbox import clock
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Operation, Request
from netcfg.sandbox.manager import conflicts, endings, login, meanwhile
from netcfg.sandbox.manager.allowance import Allowance, rate_limited, throttled
from netcfg.sandbox.manager.gate import admit
from netcfg.sandbox.store import Store

# What is on every answer, as Microsoft's recordings show it.
_HEADERS = {
    "cache-control": "no-cache",
    "pragma": "no-cache",
    "expires": "-1",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
}


class ResourceManager:
    """Serves operations on the state in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._allowance = Allowance()

    async def serve(self, operation: Operation, request: Request) -> Answer:
        """The answer to `request`, with all the headers of Resource Manager."""
        left: dict[str, str] = {}
        try:
            left = self._count(operation, request)
            answer = await self._perform(operation, request)
        except Refusal as refusal:
            answer = refusal.answer
        asked = str(uuid.uuid4())
        identified = {
            "x-ms-request-id": asked,
            "x-ms-correlation-request-id": request.headers.get("x-ms-correlation-request-id", asked),
            "x-ms-routing-request-id": f"SANDBOX:{asked}",
        }
        return replace(answer, headers=_HEADERS | identified | left | dict(answer.headers))

    def _count(self, operation: Operation, request: Request) -> dict[str, str]:
        """The headers that say how much is left; a refusal where nothing is, in a world that throttles."""
        with self._store.reading() as state:
            principal = login.principal_of(state, request.headers.get("authorization"))
            settings = state["settings"]
        caller = principal["objectId"] if principal else ""
        subscription, buckets = request.names.get("subscription", "").lower(), settings["buckets"]
        taken = self._allowance.take(request.method, subscription, caller, buckets)
        if taken.wait and settings["throttling"]:
            kind = {"GET": "read", "DELETE": "delete"}.get(request.method, "write")
            raise throttled(kind, subscription, caller, taken, settings["retryAfter"])
        if not operation.action.startswith("Microsoft.ResourceGraph/"):
            return dict(taken.headers)
        if not settings["throttling"]:
            # Whoever heeds the headers would wait for what is never refused: here every window has just begun.
            return {**taken.headers, **Allowance().query(caller, buckets).headers}
        query = self._allowance.query(caller, buckets)
        if query.wait:
            raise rate_limited(query)
        return {**taken.headers, **query.headers}

    async def _perform(self, operation: Operation, request: Request) -> Answer:
        endings.settle(self._store)
        if not operation.writes:
            with self._store.reading() as state:
                return _rendered(operation.handle(admit(operation, request, state)))
        with self._store.reading() as state:
            seconds = state["settings"]["writeSeconds"]
        if operation.claims is None or not seconds:  # what takes no time meets nobody
            return self._write(operation, request)
        with self._store.edit() as state:
            claimed = operation.claims(admit(operation, request, state))
            conflicts.claim(state, claimed, request.names["vault"])
        try:
            await clock.pause(seconds)
            return self._write(operation, request)
        finally:
            with self._store.edit() as state:
                conflicts.release(state, claimed)

    def _write(self, operation: Operation, request: Request) -> Answer:
        with self._store.edit() as state:
            answer = _rendered(operation.handle(admit(operation, request, state)))
            if operation.claims is not None:
                meanwhile.written(state)
            return answer


def _rendered(answer: Answer) -> Answer:
    """The body as text, made while the state holds still."""
    if answer.body is None:
        return answer
    typed = {"content-type": "application/json; charset=utf-8"} | dict(answer.headers)
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body, ensure_ascii=False)
    return replace(answer, body=body, headers=typed)

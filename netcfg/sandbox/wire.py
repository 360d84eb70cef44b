"""The wire between client and emulator: latency, faults, a test's hooks, and the list of what was served."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from netcfg.sandbox import faults
from netcfg.sandbox.answer import Answer, Dropped

Hook = Callable[[int, str, str], None]
_QUIET = ("/metadata/", "/login.microsoftonline.com/", "/msi/")  # where these misbehave, clients just give up
_CHUNK = 65_536
_LOG = logging.getLogger(__name__)


class Wire:
    """Everything that comes and goes; `before` and `after` may raise to drop the connection."""

    def __init__(
        self, app: ASGIApp, die: faults.Die, latency: float, retry_after: Callable[[], Mapping[str, str]]
    ) -> None:
        self.requests: list[tuple[str, str, int]] = []
        self.before: Hook | None = None
        self.after: Hook | None = None
        self.hang_up: Callable[[tuple[str, int]], None] = lambda _peer: None
        self._app = app
        self._die = die
        self._latency = latency
        self._retry_after = retry_after
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; one that was dropped is listed with status 0."""
        number, method, path = next(self._numbers), scope["method"], scope["path"]
        drawn = frozenset() if path.startswith(_QUIET) else self._die.roll()
        await asyncio.sleep(self._latency + faults.delay(drawn))
        try:
            start, body = await self._answered(number, drawn, scope, receive)
        except Dropped:
            self.requests.append((method, path, 0))
            await self._drop(scope)
            return
        # Listed before it is sent: a client that has the answer finds its request here.
        self.requests.append((method, path, start["status"]))
        padding = start.pop("padding", 0)
        await send(start)
        if "truncate" in drawn and len(body) > 1:
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await self._drop(scope)
            return
        await send({"type": "http.response.body", "body": body, "more_body": padding > 0})
        for left in range(padding, 0, -_CHUNK):
            blanks = b" " * min(left, _CHUNK)
            await send({"type": "http.response.body", "body": blanks, "more_body": left > _CHUNK})
            await asyncio.sleep(0)  # so that the server notices a client that has had enough

    async def _answered(
        self, number: int, drawn: frozenset[str], scope: Scope, receive: Receive
    ) -> tuple[Message, bytes]:
        method, path = scope["method"], scope["path"]
        await _call(self.before, number, method, path)
        if "drop-before" in drawn:
            raise Dropped
        instead = faults.instead(drawn, method, path, self._retry_after())
        answered = await self._collected(scope, receive) if instead is None else _message(instead)
        await _call(self.after, number, method, path)
        if "drop-after" in drawn:
            raise Dropped
        return answered

    async def _collected(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """The whole answer, held back: what is done is done before a byte of it leaves."""
        start: Message = {}
        body = b""

        async def keep(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")

        try:
            await self._app(scope, receive, keep)
        except Dropped:
            raise
        except Exception:  # noqa: BLE001 - the connection goes on, whatever went wrong
            # A mistake of the emulator must look like one, and not like a fault on purpose.
            _LOG.exception("the sandbox failed on %s %s", scope["method"], scope["path"])
            return _message(Answer({"error": {"code": "SandboxFailed", "message": "see the sandbox's log"}}, 500))
        return start, body

    async def _drop(self, scope: Scope) -> None:
        self.hang_up(scope["client"])
        await asyncio.sleep(0)  # on its next turn the server notices that there is nobody left to answer


async def _call(hook: Hook | None, number: int, method: str, path: str) -> None:
    """In a thread, because a hook may itself ask the sandbox."""
    if hook is None:
        return
    try:
        await asyncio.to_thread(hook, number, method, path)
    except Exception as reason:
        raise Dropped from reason


def _message(answer: Answer) -> tuple[Message, bytes]:
    body = json.dumps(answer.body).encode()
    headers = {**answer.headers, "content-type": "application/json; charset=utf-8", "content-length": str(len(body))}
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": answer.status, "headers": encoded}, body

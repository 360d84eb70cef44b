"""The wire between client and emulator: latency, faults, a test's hooks, and the list of what was served."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from netcfg.sandbox import faults
from netcfg.sandbox.answer import Answer, Dropped

Hook = Callable[[int, str, str], None]
_QUIET = ("/metadata/", "/login.microsoftonline.com/", "/msi/")  # where these misbehave, clients just give up
_CHUNK = 65_536
_LOG = logging.getLogger(__name__)


@dataclass
class Visit:
    """One request, and what goes wrong with it: drawn from the die, or forced."""

    number: int
    method: str
    path: str
    faults: set[str] = field(default_factory=set)


@dataclass
class Reply:
    """The whole of an answer, held back: what is done is done before a byte of it leaves.

    So many blanks as `padding` says come after the body, one by one every `pace` seconds where there is one. What
    `is_broken` ends early, and its length says so.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    padding: int = 0
    pace: float = 0
    is_broken: bool = False


_VISIT: contextvars.ContextVar[Visit | None] = contextvars.ContextVar("the visit whose hook runs", default=None)


class Wire:
    """Everything that comes and goes; `before` and `after` may raise to drop the connection."""

    def __init__(
        self,
        app: ASGIApp,
        die: faults.Die,
        latency: float,
        retry_after: Callable[[], Mapping[str, str]],
        http_date: Callable[[], str],
    ) -> None:
        self.requests: list[tuple[str, str, int]] = []
        self.before: Hook | None = None
        self.after: Hook | None = None
        self.hang_up: Callable[[tuple[str, int]], None] = lambda _peer: None
        self._app = app
        self._die = die
        self._latency = latency
        self._retry_after = retry_after
        self._http_date = http_date
        self._numbers = itertools.count(1)
        self._forced: set[str] = set()

    def force(self, *names: str) -> None:
        """Let these faults happen to the request whose hook is running; where none is, to the next one."""
        faults.check(names)
        visit = _VISIT.get()
        (self._forced if visit is None else visit.faults).update(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; one that was dropped is listed with status 0."""
        visit = self.visit(scope["method"], scope["path"])
        try:
            reply = await self._reply(visit, scope, receive)
        except Dropped:
            self.dropped(visit)
            await self._drop(scope)
            return
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        if reply.is_broken:
            await send({"type": "http.response.body", "body": reply.body, "more_body": True})
            await self._drop(scope)
            return
        await send({"type": "http.response.body", "body": reply.body, "more_body": reply.padding > 0})
        chunk = 1 if reply.pace else _CHUNK
        for left in range(reply.padding, 0, -chunk):
            blanks = b" " * min(left, chunk)
            await asyncio.sleep(reply.pace)  # if only so that the server notices a client that has had enough
            await send({"type": "http.response.body", "body": blanks, "more_body": left > chunk})

    async def _reply(self, visit: Visit, scope: Scope, receive: Receive) -> Reply:
        """A hook runs in a thread, because it may itself ask the sandbox."""
        if self.before is not None:
            await asyncio.to_thread(self.enter, visit)
        await asyncio.sleep(self.late(visit))
        reply = self.instead(visit) or await self.ask(scope, receive)
        if self.after is not None:
            await asyncio.to_thread(self.leave, visit)
        return self.finish(visit, reply)

    def visit(self, method: str, path: str) -> Visit:
        """The next request, with the faults that are drawn for it."""
        drawn = set() if path.startswith(_QUIET) else set(self._die.roll())
        forced, self._forced = self._forced, set()
        return Visit(next(self._numbers), method, path, drawn | forced)

    def enter(self, visit: Visit) -> None:
        """Before anything is done."""
        _call(self.before, visit)

    def late(self, visit: Visit) -> float:
        """By how many seconds the answer is late."""
        return self._latency + faults.delay(visit.faults)

    def instead(self, visit: Visit) -> Reply | None:
        """What is answered in place of doing anything, if anything."""
        if "drop-before" in visit.faults:
            raise Dropped
        answer = faults.instead(visit.faults, visit.method, visit.path, self._retry_after())
        return None if answer is None else _reply(answer)

    async def ask(self, scope: Scope, receive: Receive) -> Reply:
        """What the application answers."""
        reply = Reply(500, [], b"")

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status, reply.headers = message["status"], list(message["headers"])
                reply.padding, reply.pace = message.get("padding", 0), message.get("pace", 0)
            else:
                reply.body += message.get("body", b"")

        try:
            await self._app(scope, receive, keep)
        except Dropped:
            raise
        except Exception:  # noqa: BLE001 - the connection goes on, whatever went wrong
            # A mistake of the emulator must look like one, and not like a fault on purpose.
            _LOG.exception("the sandbox failed on %s %s", scope["method"], scope["path"])
            return _reply(Answer({"error": {"code": "SandboxFailed", "message": "see the sandbox's log"}}, 500))
        return reply

    def leave(self, visit: Visit) -> None:
        """When all is done, and nothing of the answer has left."""
        _call(self.after, visit)

    def finish(self, visit: Visit, reply: Reply) -> Reply:
        """The answer as it leaves; listed before it is sent: a client that has it finds its request here."""
        if "drop-after" in visit.faults:
            raise Dropped
        self.requests.append((visit.method, visit.path, reply.status))
        reply.headers.append((b"date", self._http_date().encode()))
        if len(reply.body) > 1 and visit.faults & {"truncate", "cut"}:
            reply.body = reply.body[: len(reply.body) // 2]
            reply.is_broken = "truncate" in visit.faults
            if not reply.is_broken:
                reply.headers = _with_length(reply.headers, len(reply.body))
        return reply

    def dropped(self, visit: Visit) -> None:
        """There was no answer."""
        self.requests.append((visit.method, visit.path, 0))

    async def _drop(self, scope: Scope) -> None:
        self.hang_up(scope["client"])
        await asyncio.sleep(0)  # on its next turn the server notices that there is nobody left to answer


def _call(hook: Hook | None, visit: Visit) -> None:
    if hook is None:
        return
    token = _VISIT.set(visit)
    try:
        hook(visit.number, visit.method, visit.path)
    except Exception as reason:
        raise Dropped from reason
    finally:
        _VISIT.reset(token)


def _reply(answer: Answer) -> Reply:
    body = json.dumps(answer.body).encode()
    headers = {**answer.headers, "content-type": "application/json; charset=utf-8", "content-length": str(len(body))}
    return Reply(answer.status, [(name.encode(), value.encode()) for name, value in headers.items()], body)


def _with_length(headers: list[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    others = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return [*others, (b"content-length", str(length).encode())]

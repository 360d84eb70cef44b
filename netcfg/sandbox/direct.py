"""Requests without a socket: the same wire and the same rooms, asked by a function that answers in the same thread."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import unquote

from starlette.types import Message, Scope

from netcfg.sandbox.answer import Dropped
from netcfg.sandbox.wire import Reply, Wire


def answer(
    wire: Wire, method: str, target: str, headers: Mapping[str, str], content: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (names in lower case) and body of the answer to a request for `target`, a path with its query.

    A connection that is dropped raises `Dropped`; of an answer that breaks off there is less than its `content-length`
    says. Hooks run in the caller's thread, and may ask the sandbox themselves; what they raise that is no `Exception`
    goes through to the caller, as if the process had been killed there.
    """
    path, _, query = target.partition("?")
    visit = wire.visit(method, unquote(path))
    try:
        wire.enter(visit)
        if late := wire.late(visit):
            time.sleep(late)
        reply = wire.instead(visit) or _asked(wire, _scope(method, path, query, headers, len(content)), content)
        wire.leave(visit)
        reply = wire.finish(visit, reply)
    except Dropped:
        wire.dropped(visit)
        raise
    shown = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reply.headers}
    return reply.status, shown, reply.body + b" " * reply.padding


def _scope(method: str, path: str, query: str, headers: Mapping[str, str], length: int) -> Scope:
    sent = [(name.lower().encode("latin-1"), str(value).encode("latin-1")) for name, value in headers.items()]
    if not any(name == b"content-length" for name, _ in sent):
        sent.append((b"content-length", str(length).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": sent,
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
    }


def _asked(wire: Wire, scope: Scope, content: bytes) -> Reply:
    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    # Nothing in it waits for anything but `pause`, which needs no event loop; one for each thread would have to be
    # closed by somebody.
    asking = wire.ask(scope, receive)
    try:
        asking.send(None)
    except StopIteration as done:
        reply: Reply = done.value
        return reply
    asking.close()
    raise RuntimeError("the sandbox waits for something, and is asked without an event loop")

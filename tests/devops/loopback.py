"""A server on this machine that gives the answers it was told to, in turn, and remembers who asked what."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from types import MappingProxyType

from tests.pace import PATIENCE


@dataclass(frozen=True)
class Reply:
    """With `missing`, the connection ends that many bytes before the end that was promised."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    missing: int = 0


def shows(document: object) -> Reply:
    return Reply(body=json.dumps(document).encode())


def redirects(location: str) -> Reply:
    return Reply(302, b"<html></html>", (("Location", location), ("Content-Type", "text/html")))


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: Message
    body: bytes


@dataclass
class Loopback:
    url: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def loopback(
    *replies: Reply, tls: SSLContext | None = None, elsewhere: Mapping[str, Sequence[Reply]] = MappingProxyType({})
) -> Iterator[Loopback]:
    """The last reply is given again and again; `elsewhere` are those to paths that hold a text."""
    others = {part: list(each) for part, each in elsewhere.items()}
    main = list(replies)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.asked.append(Asked(self.command, self.path, self.headers, body))
            waiting = next((each for part, each in others.items() if part in self.path), main)
            reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            self.send_response(reply.status)
            for name, value in (*reply.headers, ("Content-Length", str(len(reply.body) + reply.missing))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        listener.socket = tls.wrap_socket(listener.socket, server_side=True)
        listener.handle_error = lambda *_: None  # a client that hangs up during the handshake is what is tested
    server = Loopback(f"{'https' if tls else 'http'}://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join(PATIENCE)
        listener.server_close()

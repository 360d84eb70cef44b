"""A Resource Manager that answers what a test says, in order, for what the sandbox would never answer."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from tests.pace import PATIENCE


@dataclass(frozen=True)
class Answer:
    """One answer. `cut` leaves out the end of the body; status 0 closes the connection without a word."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    type: str = "application/json; charset=utf-8"
    cut: int = 0

    def bytes(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


def graphed(*rows: Any, total: int | None = None, token: str = "") -> Answer:
    """A page of Resource Graph, of which `token` leads to the next, out of `total` rows."""
    counts = {"count": len(rows), "totalRecords": len(rows) if total is None else total}
    more = {"$skipToken": token} if token else {}
    return Answer({**counts, "data": list(rows), "resultTruncated": "false", **more})


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Script:
    """What is still to be answered, and what was asked. The last answer is given for ever.

    `by` are answers by a part of what is asked, where several things are asked side by side.
    """

    answers: list[Answer]
    by: Mapping[str, Answer] = field(default_factory=dict)
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def next(self, asked: Asked) -> Answer:
        with self.lock:
            self.asked.append(asked)
            for part, answer in self.by.items():
                if part in asked.path:
                    return answer
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def scripted(*answers: Answer, by: Mapping[str, Answer] | None = None) -> Iterator[Script]:
    script = Script(list(answers), by or {})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            sent = self.rfile.read(length)
            asked = Asked(self.command, self.path, dict(self.headers), json.loads(sent) if sent else None)
            answer = script.next(asked)
            if not answer.status:
                self.close_connection = True
                return
            body = answer.bytes()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) - answer.cut])
            self.close_connection = bool(answer.cut)

        do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield script
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()


def refusal(status: int, code: str, message: str, headers: dict[str, str] | None = None, **more: Any) -> Answer:
    return Answer({"error": {"code": code, "message": message, **more}}, status, headers or {})

"""A proxy on this machine that notes which hosts it is asked for, and refuses every one in its own way."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

REFUSED = "403 Forbidden"
SIGN_IN = "407 Proxy Authentication Required"


@dataclass
class Proxy:
    """`asked` are the hosts, and `signed` what signed the requests, as it was typed."""

    port: int
    asked: list[str] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)

    def url(self, user: str = "") -> str:
        return f"http://{user}127.0.0.1:{self.port}"


@contextmanager
def proxy(answer: str = REFUSED) -> Iterator[Proxy]:
    """It answers every CONNECT with `answer`; nothing is asked of the network behind it."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    found = Proxy(listener.getsockname()[1])

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            lines = connection.recv(65_536).decode("latin-1").split("\r\n")
            found.asked.append(lines[0].split()[1])
            for each in lines:
                if each.lower().startswith("proxy-authorization: basic "):
                    found.signed.append(base64.b64decode(each.split()[2]).decode())
            connection.sendall(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())

    def listen() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield found
    finally:
        listener.close()

"""A server on this machine that takes every connection and never comes to an end, each in its own way."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

DROP = 0.02  # seconds between two bytes


def silent(_: socket.socket, over: threading.Event) -> None:
    """Not a byte."""
    over.wait()


def endless_headers(connection: socket.socket, over: threading.Event) -> None:
    """An answer that begins, and headers that never end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _drip(connection, over)


def endless_body(connection: socket.socket, over: threading.Event) -> None:
    """Good headers, and a body that comes in drops, far too slowly for its length."""
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\nx-ms-request-id: 1\r\n\r\n"
    )
    _drip(connection, over)


def steady(connection: socket.socket, over: threading.Event) -> None:
    """A whole answer, of twenty bytes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n")
    for _ in range(20):
        over.wait(DROP)
        connection.sendall(b"x")


WAYS = (silent, endless_headers, endless_body)


def _drip(connection: socket.socket, over: threading.Event) -> None:
    while not over.wait(DROP):
        connection.sendall(b"x")


@contextmanager
def slow(way: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """The server's address; `way` is what it does with whoever connects."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65_536)
            way(connection, over)

    def listen() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.close()

"""Real servers on loopback that answer as badly as a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Talk = Callable[[socket.socket], None]


@dataclass
class Listening:
    """A server: `port`, and how many connections came."""

    port: int
    came: list[tuple[str, int]] = field(default_factory=list)


@contextmanager
def listening(talk: Talk) -> Iterator[Listening]:
    """Every connection is given to `talk`, in a thread of its own, and closed afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Listening(server.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    connection, address = server.accept()
                except OSError:
                    return
                found.came.append(address)
                threading.Thread(target=_talk, args=(talk, connection), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield found
        finally:
            server.shutdown(socket.SHUT_RDWR)


def _talk(talk: Talk, connection: socket.socket) -> None:
    with connection, suppress(OSError):
        talk(connection)


def request_of(connection: socket.socket) -> bytes:
    """A request's head, and whatever came with it."""
    head = b""
    while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
        head += more
    return head


def answering(body: bytes, *headers: str, status: str = "200 OK") -> Talk:
    """One answer to each request of one connection."""

    def talk(connection: socket.socket) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
        request_of(connection)
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return talk

"""Looking up, checking and connecting in one place: the address that was checked is the one that is connected to.

A name is looked up once for each connection, by the rules of the client itself (the name arrives here as it will be
asked for in TLS), so neither another spelling nor an answer that changes (DNS rebinding) leads elsewhere.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

import httpcore2

from kontobro.net.addresses import NetworkPolicy, PrivateAddress, literal
from kontobro.net.deadline import seconds_left

T = TypeVar("T")
Options = Iterable[Any]

MOST_TRIED: Final = 4
"""Addresses of a name that are tried one after the other."""


class PinnedBackend(httpcore2.NetworkBackend):
    """Connects by a policy. `keep`: an address once found stays for all connections (a proxy's)."""

    def __init__(self, inner: httpcore2.NetworkBackend, policy: NetworkPolicy, *, keep: bool = False) -> None:
        self._inner, self._policy = inner, policy
        self._kept: dict[tuple[str, int], Sequence[str]] | None = {} if keep else None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Options | None = None,
    ) -> httpcore2.NetworkStream:
        fault: Exception = httpcore2.ConnectError("the name has no address")
        for address in self._addresses(host, port, timeout)[:MOST_TRIED]:
            left = remaining(timeout, httpcore2.ConnectTimeout)
            try:
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                fault = error
            else:
                return TimedStream(stream)
        raise fault

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Options | None = None
    ) -> httpcore2.NetworkStream:
        raise httpcore2.ConnectError("no client of ours uses a Unix socket")

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)

    def _addresses(self, host: str, port: int, timeout: float | None) -> Sequence[str]:
        """All addresses of the host, each permitted. Raises PrivateAddress when one is not."""
        if self._kept is not None and (host, port) in self._kept:
            return self._kept[host, port]
        bare = literal(host)
        found = [bare] if bare else self._looked_up(host, port, timeout)
        if not all(map(self._policy.permits, found)):
            raise PrivateAddress(host)
        if self._kept is not None and found:
            self._kept[host, port] = found
        return found

    def _looked_up(self, host: str, port: int, timeout: float | None) -> Sequence[str]:
        """In a thread of its own: a resolver has timeouts of its own, far beyond ours."""
        answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(list(self._policy.resolve(host, port)))
            except Exception as error:  # noqa: BLE001 - it is raised below, in the thread that asked
                answers.put(error)

        threading.Thread(target=ask, name="kontobro-dns", daemon=True).start()
        try:
            found = answers.get(timeout=remaining(timeout, httpcore2.ConnectTimeout))
        except queue.Empty:
            raise httpcore2.ConnectTimeout("looking up the name took too long") from None
        if isinstance(found, OSError | UnicodeError):
            raise httpcore2.ConnectError("the name is unknown") from found
        if isinstance(found, Exception):
            raise found
        return list(dict.fromkeys(found))


def connected(host: str, port: int, policy: NetworkPolicy, seconds: float) -> socket.socket:
    """A socket for what is not HTTP, by the same rule. Raises PrivateAddress, ConnectionError, TimeoutError."""
    try:
        stream = PinnedBackend(httpcore2.SyncBackend(), policy).connect_tcp(host, port, seconds)
    except httpcore2.ConnectTimeout as error:
        raise TimeoutError(str(error)) from error
    except httpcore2.ConnectError as error:
        raise ConnectionError(str(error)) from error
    found = stream.get_extra_info("socket")
    if not isinstance(found, socket.socket):
        raise TypeError("a stream of ours is a socket")
    return found


class TimedStream(httpcore2.NetworkStream):
    """A connection of which no read, write or handshake continues beyond the call's own end."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, remaining(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # in pieces: one write of a large body is many sends, and each would have the whole timeout
        for start in range(0, len(buffer), _PIECE):
            piece = buffer[start : start + _PIECE]
            self._inner.write(piece, remaining(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = remaining(timeout, httpcore2.ConnectTimeout)
        return TimedStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


_PIECE: Final = 64 * 1024


def remaining(timeout: float | None, fault: type[Exception]) -> float | None:
    """Seconds for one step: its own timeout, or less when the call ends earlier. Raises `fault` when it is over."""
    left = seconds_left()
    if left is None:
        return timeout
    if left <= 0:
        raise fault("the call took too long")
    return left if timeout is None else min(timeout, left)

"""Opening a client: bounded in bytes and time, connected only to what its policy permits."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import httpx2
from httpx2._utils import get_environment_proxies  # how httpx2 itself reads HTTPS_PROXY and NO_PROXY; no public name

from kontobro.net.addresses import ANYWHERE, NetworkPolicy, PrivateAddress, literal
from kontobro.net.backend import PinnedBackend
from kontobro.net.deadline import Monotonic, seconds_left, time_limit
from kontobro.net.limits import AnswerTooLarge, Limits, MethodRefused, read_bounded

MOST_BYTES: Final = "kontobro.most_bytes"
"""A request's extension: the most bytes of its answer, where it is not the client's usual."""

KEPT: Final = 5.0
"""Seconds that httpx2 keeps an unused connection open, where nothing else is asked for."""

MOST_OF_A_REFUSAL: Final = 1024 * 1024


@cache
def trusted() -> ssl.SSLContext:
    """Whom we trust, read once a process: a service opens clients all day, and reading takes 20 ms of CPU each time."""
    return httpx2.create_ssl_context()


def open_client(
    limits: Limits,
    policy: NetworkPolicy = ANYWHERE,
    *,
    transport: httpx2.BaseTransport | None = None,
    trust_env: bool = True,
    keep: float = KEPT,
    **options: Any,
) -> httpx2.Client:
    """A client whose every answer is read whole, within `limits`. `options` are httpx2.Client's own.

    `transport` stands in for the network. With `trust_env` the environment's proxies are used: then names are looked
    up by the proxy, and the policy sees only addresses that are written out. A connection that is not used is kept open
    for `keep` seconds.
    """
    options["headers"] = {"Accept-Encoding": "gzip", **(options.get("headers") or {})}
    if transport is not None:
        checked = LiteralsChecked(transport, policy)
        return httpx2.Client(transport=BoundedTransport(checked, limits), trust_env=False, **options)
    proxies = get_environment_proxies() if trust_env else {}
    mounts = {pattern: _proxied(proxy, limits, policy, keep) if proxy else None for pattern, proxy in proxies.items()}
    direct = BoundedTransport(_pinned(policy, keep), limits)
    return httpx2.Client(transport=direct, mounts=mounts, trust_env=False, **options)


def proxies_in_use() -> list[str]:
    """The environment's proxies, as addresses without their passwords."""
    urls = (httpx2.URL(proxy) for proxy in get_environment_proxies().values() if proxy)
    return sorted({f"{url.scheme}://{url.netloc.decode()}" for url in urls})


def _pinned(policy: NetworkPolicy, keep: float) -> httpx2.HTTPTransport:
    return _with_backend(httpx2.HTTPTransport(verify=trusted(), limits=_pool(keep)), policy, keep=False)


def _pool(keep: float) -> httpx2.Limits:
    """httpx2's own numbers, for so many seconds."""
    return httpx2.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=keep)


def _proxied(proxy: str, limits: Limits, policy: NetworkPolicy, keep: float) -> httpx2.BaseTransport:
    """The operator named the proxy: any address may be its own, and the first one found stays."""
    open_way = httpx2.HTTPTransport(verify=trusted(), limits=_pool(keep), proxy=proxy)
    through = _with_backend(open_way, NetworkPolicy(resolve=policy.resolve), keep=True)
    return BoundedTransport(LiteralsChecked(through, policy), limits)


def _with_backend(transport: httpx2.HTTPTransport, policy: NetworkPolicy, *, keep: bool) -> httpx2.HTTPTransport:
    """httpx2 has no public way to give its pool a backend. Should a later one name it otherwise, this fails loudly."""
    pool = transport._pool
    pool._network_backend = PinnedBackend(pool._network_backend, policy, keep=keep)
    return transport


class BoundedTransport(httpx2.BaseTransport):
    """Reads each answer whole, within its limits, before anybody sees it: decompressed, and no longer than allowed.

    A request whose method its limits leave out never leaves: no proxy, redirect or repeat goes past this.
    """

    def __init__(self, inner: httpx2.BaseTransport, limits: Limits, clock: Monotonic = time.monotonic) -> None:
        self._inner, self._limits, self._clock = inner, limits, clock

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._limits.methods is not None and request.method not in self._limits.methods:
            raise MethodRefused(request.method)
        with time_limit(self._limits.seconds, self._clock):
            left = max(seconds_left(self._clock) or 0.0, 0.001)
            steps = request.extensions.get("timeout", {})
            waits = {step: left if usual is None else min(usual, left) for step, usual in steps.items()}
            request.extensions = {**request.extensions, "timeout": waits}
            answer = self._inner.handle_request(request)
            try:
                content = self._read(answer, request) if answer.is_success else self._read_refusal(answer)
            finally:
                answer.close()
        headers = [pair for pair in answer.headers.raw if pair[0].lower() not in _OF_THE_WAY]
        return httpx2.Response(answer.status_code, headers=headers, content=content, extensions=answer.extensions)

    def close(self) -> None:
        self._inner.close()

    def _read_refusal(self, answer: httpx2.Response) -> bytes:
        """Of a refusal the status counts: a page around it that is too large, or garbled, is left out."""
        coding = answer.headers.get("content-encoding", "").strip().lower()
        try:
            return read_bounded(self._in_time(answer), coding, MOST_OF_A_REFUSAL)
        except httpx2.DecodingError:
            return b""

    def _read(self, answer: httpx2.Response, request: httpx2.Request) -> bytes:
        most = request.extensions.get(MOST_BYTES, self._limits.most_bytes)
        announced = answer.headers.get("content-length", "")
        coding = answer.headers.get("content-encoding", "").strip().lower()
        if request.method == "HEAD":
            return b""
        if not coding and announced.isascii() and announced.isdecimal() and int(announced) > most:
            raise AnswerTooLarge(most)
        return read_bounded(self._in_time(answer), coding, most)

    def _in_time(self, answer: httpx2.Response) -> Iterator[bytes]:
        if not isinstance(answer.stream, httpx2.SyncByteStream):
            raise TypeError("a client of ours is synchronous")
        for chunk in answer.stream:
            yield chunk
            if (seconds_left(self._clock) or 0.0) <= 0:
                raise httpx2.ReadTimeout("the answer took too long")


class LiteralsChecked(httpx2.BaseTransport):
    """Before what looks names up itself, a proxy: addresses that are written out are checked all the same."""

    def __init__(self, inner: httpx2.BaseTransport, policy: NetworkPolicy) -> None:
        self._inner, self._policy = inner, policy

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        address = "127.0.0.1" if host.rstrip(".") == "localhost" else literal(host)
        if address and not self._policy.permits(address):
            raise PrivateAddress(host)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


_OF_THE_WAY: Final = frozenset([b"content-encoding", b"content-length", b"transfer-encoding"])
"""Headers that told how the bytes came: they have been read."""

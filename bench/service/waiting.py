"""Seconds spent waiting for someone else's answer, measured where the requests leave: at the transport."""

from __future__ import annotations

import threading
import time
from collections import Counter

import httpx2


class Waiting(httpx2.BaseTransport):
    """A transport that counts. `seconds`: wall time in which at least one request was under way, its body included.

    `by_path`, the last two parts of it, tells for what.
    """

    def __init__(self) -> None:
        self._inner = httpx2.HTTPTransport()
        self._lock = threading.Lock()
        self._under_way = 0
        self._since = 0.0
        self.seconds = 0.0
        self.by_path: Counter[str] = Counter()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        began = self._begin()
        try:
            answer = self._inner.handle_request(request)
            body = b"".join(answer.iter_raw())  # whoever reads it next reads it from memory: a socket gives it once
            answer.close()
            return httpx2.Response(answer.status_code, headers=answer.headers, stream=httpx2.ByteStream(body))
        finally:
            self._end("/".join(request.url.path.split("/")[-2:]), began)

    def close(self) -> None:
        self._inner.close()

    def _begin(self) -> float:
        with self._lock:
            now = time.perf_counter()
            if not self._under_way:
                self._since = now
            self._under_way += 1
            return now

    def _end(self, path: str, began: float) -> None:
        with self._lock:
            now = time.perf_counter()
            self._under_way -= 1
            self.by_path[path] += now - began  # type: ignore[assignment]
            if not self._under_way:
                self.seconds += now - self._since

"""gunicorn's worker whose sockets are waitress': requests are read whole by one loop before a thread sees them.

With gunicorn's own threads eight unfinished requests are eight threads, and no page is served. waitress reads heads and
bodies, and sends answers, in its loop: a slow client costs a socket and no thread. gunicorn stays what it is good at:
processes, signals, reload.
"""

from __future__ import annotations

import logging
import os
import re
import resource
import time
from typing import Any, Final

from gunicorn.workers.base import Worker
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer, create_server

LARGEST_BODY: Final = 1_100_000
"""Bytes: what Django takes of a form (`DATA_UPLOAD_MAX_MEMORY_SIZE`), and its wrapping."""
LARGEST_HEAD: Final = 32_768
WHOLE: Final = 60.0
"""Seconds within which a request has to be there whole, however it trickles."""
REST: Final = 30
"""Seconds that a connection may rest."""
MOST_SOCKETS: Final = 1000
TICK: Final = 0.5
SPARE: Final = 6
"""Seconds of gunicorn's patience that are left for what runs at the process's end."""


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Refuses what waitress' own expressions (3.0.2) would read for minutes, in the loop that serves everyone."""

    def parse_header(self, header_plus: bytes) -> None:
        if not _QUICK.match(header_plus) or _SLOW.search(header_plus):
            raise ParsingError("The head of the request is not one that a browser sends")
        try:
            super().parse_header(header_plus)
        except ValueError:  # of an address such as http://[
            raise ParsingError("The address can't be read") from None


_QUICK: Final = re.compile(rb"[A-Z]+ [^\s]+(?: HTTP/[0-9]\.[0-9])?[ \t]*\r\n")
"""A first line in one way: waitress tries every end of `scheme://host` when there is no match at all."""
_SLOW: Final = re.compile(rb"[ \t]{64}|\r\n[ \t]|\r\nContent-Length:[^\r]{30}", re.IGNORECASE)
"""Blanks in a row (each is tried as the value's begin), folded lines, which may hold them (obsolete: RFC 9112, 5.2),
and a length that no body has."""


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that knows since when its request is unfinished (a moment of `time.time`)."""

    parser_class = Parser
    unfinished_since: float | None = None

    def received(self, data: bytes) -> bool:
        went_on = bool(super().received(data))
        if self.request is None:
            self.unfinished_since = None
        elif self.unfinished_since is None:
            self.unfinished_since = time.time()
        return went_on

    @property
    def works(self) -> bool:
        """Whether a request is being answered, or an answer sent."""
        return bool(self.requests or self.total_outbufs_len)


class Buffered(Worker):  # type: ignore[misc]  # gunicorn has no types
    """Serves gunicorn's listening sockets until it is told to stop, then ends what it has begun."""

    def run(self) -> None:
        logging.getLogger("waitress").setLevel(logging.ERROR)  # a queue that is longer than the threads is no news
        self._map: dict[int, Any] = {}
        self._room = min(MOST_SOCKETS, _files() // 3)
        server = create_server(self.wsgi, map=self._map, **self._adjustments())
        for one in self._servers():
            one.channel_class = Channel
        while self.alive and self.ppid == os.getppid():
            self._turn(server)
            close_overdue(self._channels(), time.time(), len(self._map) - self._room)
        if self.alive:  # gunicorn's master was killed: whoever is started after it needs the port and the locks now
            os._exit(1)
        self._end(server)

    def _adjustments(self) -> dict[str, Any]:
        return {
            "sockets": [listener.sock for listener in self.sockets],
            "threads": self.cfg.threads,
            "clear_untrusted_proxy_headers": False,  # ours to judge: `behind_proxy`, and who may read the metrics
            "connection_limit": self._room + 100,
            "channel_timeout": REST,
            "cleanup_interval": 5,
            "max_request_header_size": LARGEST_HEAD,
            "max_request_body_size": LARGEST_BODY,
            "outbuf_high_watermark": 1 << 30,  # an answer goes to a file rather than keep a thread
            "log_socket_errors": False,
            "ident": "",
        }

    def _turn(self, server: Any) -> None:
        self.notify()
        server.asyncore.loop(timeout=TICK, use_poll=True, map=self._map, count=1)

    def _servers(self) -> list[Any]:
        return [one for one in self._map.values() if isinstance(one, BaseWSGIServer)]

    def _channels(self) -> list[Channel]:
        return [one for one in self._map.values() if isinstance(one, Channel)]

    def _end(self, server: Any) -> None:
        """Take no more, answer what came whole, as long as gunicorn waits."""
        for one in self._servers():
            one.asyncore.dispatcher.close(one)
        until = time.monotonic() + max(0, self.cfg.graceful_timeout - SPARE)
        while any(channel.works for channel in self._channels()) and time.monotonic() < until:
            self._turn(server)
        server.task_dispatcher.shutdown(timeout=1)


def close_overdue(channels: list[Channel], now: float, over: int) -> None:
    """Close connections whose request is not there whole in time; and of too many (`over`) those that wait longest."""
    late = [one for one in channels if one.unfinished_since is not None and one.unfinished_since < now - WHOLE]
    waiting = sorted((one for one in channels if not one.works), key=lambda one: one.unfinished_since or now)
    for channel in (*late, *waiting[: max(0, over)]):
        channel.will_close = True


def _files() -> int:
    """How many files this process may open: raised to what the machine allows it, within reason."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return 4096 if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted

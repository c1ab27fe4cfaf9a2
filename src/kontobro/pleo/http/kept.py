"""A way to Pleo whose connections stay open: many companies' clients call over it, one short call each."""

from __future__ import annotations

from typing import Final

import httpx2

from kontobro.net.client import open_client
from kontobro.pleo.http.environments import is_local
from kontobro.pleo.http.files import no_cookies
from kontobro.pleo.http.opening import LIMITS

KEEP: Final = 60.0
"""Seconds that an unused connection stays open: a handshake costs more than the call that it is for."""


class KeptConnections(httpx2.BaseTransport):
    """A transport for `Ways`. Use from any thread. A client that is closed leaves it open; `end` closes it."""

    def __init__(self) -> None:
        self._clients = {
            local: open_client(LIMITS, trust_env=not local, keep=KEEP, cookies=no_cookies()) for local in (False, True)
        }

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._clients[is_local(str(request.url))].send(request)

    def end(self) -> None:
        for client in self._clients.values():
            client.close()

"""The service's pages behind a real HTTP server in a thread, so that Pleo in a box can reach them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application
from django.db import connections

from kontobro.service.config import config


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each request, which leaves no connection to the database behind."""

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            connections.close_all()


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the service has its own log."""


@contextmanager
def serve_pages() -> Iterator[str]:
    """Serve the site that is open; its address."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), server_class=Server, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def open_to_pleo() -> Iterator[str]:
    """Serve the site that is open; the configuration gives this address to Pleo as ours."""
    with serve_pages() as url:
        os.environ["KONTOBRO_PUBLIC_URL"] = url
        config.cache_clear()
        try:
            yield url
        finally:
            del os.environ["KONTOBRO_PUBLIC_URL"]
            config.cache_clear()


def wait_for(true: Callable[[], object], seconds: float = 20) -> None:
    """Until it is true. The bound is for a test that fails: it says nothing of speed."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:.0f} s"
        time.sleep(0.01)

"""The pages behind a real socket: what arrives there is read by a real HTTP server, as in production."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application


class Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def live() -> Iterator[str]:
    """The address of the pages, served for as long as the block runs."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), Silent, ipv6=False)
    server.daemon_threads = False  # so that closing waits for what is still being answered
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

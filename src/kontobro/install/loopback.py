"""The browser's way back to a command line: one request on a fixed loopback port.

For sandbox and staging only: Pleo registers redirects exactly and takes http for localhost in development
alone (`pleo/rules.md` §5.2).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from kontobro.core.errors import LoginFailed, Misconfigured, shown
from kontobro.core.words import told
from kontobro.install.authorisation import InvalidScope

PORT = 8765
REDIRECT_URI = f"http://localhost:{PORT}/callback"
"""Register exactly this one with the client."""

_PAGE = "<!doctype html><meta charset=utf-8><title>Kontobro</title><p>{}</p><p>You can close this page.</p>"


@dataclass(slots=True)
class Answer:
    """What the browser brought back. `code` is a secret until it is exchanged."""

    code: str | None = field(default=None, repr=False)
    fault: str | None = None
    error: str | None = None

    @property
    def complete(self) -> bool:
        return self.code is not None or self.fault is not None


class Loopback:
    """A listener that waits for the redirect that carries our `state`; anything else is turned away."""

    def __init__(self, server: HTTPServer, answer: Answer) -> None:
        self._server = server
        self._answer = answer

    def wait(self, seconds: float) -> str:
        """The authorisation code. Raises LoginFailed when Pleo or the person refused, or no one came.

        InvalidScope when Pleo does not know a scope that was asked for.
        """
        deadline = time.monotonic() + seconds
        while not self._answer.complete and (left := deadline - time.monotonic()) > 0:
            self._server.timeout = left
            self._server.handle_request()
        if self._answer.code is None:
            reason = shown(self._answer.fault or "", 200) or f"no answer from the browser within {int(seconds)} s"
            kind = InvalidScope if self._answer.error == "invalid_scope" else LoginFailed
            raise kind(f"Pleo did not authorise: {reason}.", "Run kontobro connect again and allow the access.")
        return self._answer.code


@contextmanager
def listening(state: str) -> Iterator[Loopback]:
    """Listen on the fixed port. Raises Misconfigured when it is taken."""
    answer = Answer()
    try:
        server = HTTPServer(("127.0.0.1", PORT), _receiver(state, answer))
    except OSError as error:
        raise Misconfigured(*told("port_in_use", port=str(PORT))) from error
    with server:
        yield Loopback(server, answer)


def read_redirect(path: str, state: str) -> Answer:
    """What a redirect says: a code, a refusal, or nothing that concerns us (another path, another state)."""
    parts = urlsplit(path)
    fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
    ours = hmac.compare_digest(fields.get("state", "").encode(), state.encode())
    if parts.path != urlsplit(REDIRECT_URI).path or not ours:
        return Answer()
    if "code" in fields:
        return Answer(code=fields["code"])
    fault = fields.get("error_description") or fields.get("error") or "no code was returned"
    return Answer(fault=fault, error=fields.get("error"))


def _said(found: Answer) -> str:
    if found.code:
        return "Access granted. Return to Kontobro."
    return "Access was not granted." if found.complete else "This is not the page that Kontobro is waiting for."


def _receiver(state: str, answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Receiver(BaseHTTPRequestHandler):
        timeout = 10  # seconds for one request: a silent connection must not hold the port

        def do_GET(self) -> None:
            found = read_redirect(self.path, state)
            answer.code, answer.fault, answer.error = found.code, found.fault, found.error
            body = _PAGE.format(_said(found)).encode()
            self.send_response(200 if found.complete else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # the base class's own name
            """Nothing: the path carries the code."""

    return Receiver

"""Serving a sandbox on loopback: in a thread for tests and demos, in the foreground for people."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from pleo_sandbox.app import create_app
from pleo_sandbox.demo.load import SERVICE_REDIRECT, DemoSandbox, Integration, demo_sandbox
from pleo_sandbox.errors import ResponseLost
from pleo_sandbox.state.sandbox import Sandbox

START_SECONDS = 10.0
STOP_SECONDS = 10.0

__all__ = ["DemoSandbox", "create_app", "demo_sandbox", "main", "serve"]


class DroppingProtocol(H11Protocol):
    """HTTP that hangs up when the sandbox loses a response, before a byte of an answer is sent."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app = self.app

        async def dropping(scope: Any, receive: Any, send: Any) -> None:
            try:
                await app(scope, receive, send)
            except ResponseLost:
                transport.abort()
                while (await receive())["type"] != "http.disconnect":
                    continue

        self.app = dropping


def _config(sandbox: Sandbox, log_level: str, hosts: Collection[str]) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(sandbox, hosts),
        http=DroppingProtocol,
        ws="none",
        lifespan="off",
        log_config=None,  # the host's logging is the host's
        log_level=log_level,
        access_log=False,
        date_header=False,  # the sandbox's clock is its own, and moves
        timeout_graceful_shutdown=1,
    )


class PromptServer(uvicorn.Server):
    """For a thread: ends as soon as it is told to. uvicorn's own looks ten times a second, then waits a tenth more."""

    _asked_to_end: asyncio.Event | None = None
    _loop: asyncio.AbstractEventLoop

    def stop(self) -> None:
        """From any thread."""
        self.should_exit = True
        if self._asked_to_end is not None:
            with suppress(RuntimeError):  # it has ended on its own
                self._loop.call_soon_threadsafe(self._asked_to_end.set)

    async def main_loop(self) -> None:
        self._loop, self._asked_to_end = asyncio.get_running_loop(), asyncio.Event()
        if not await self.on_tick(0):
            await self._asked_to_end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 - sets, which tell no one
                    await asyncio.sleep(0.002)
        for task in self.server_state.tasks:
            task.cancel()


def _listen(host: str, port: int) -> socket.socket:
    """A listener whose connections send at once: asyncio leaves Nagle's delay on for a socket that it is handed."""
    listener = socket.create_server((host, port))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


@contextmanager
def serve(sandbox: Sandbox, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve in a thread while the block runs: gives the base URL. Port 0 takes a free one."""
    listener = _listen(host, port)
    server = PromptServer(_config(sandbox, "critical", (host,)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="pleo-sandbox", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.stop()
        thread.join(STOP_SECONDS)
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    end = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise RuntimeError(f"the sandbox did not start within {START_SECONDS:.0f} s")
        time.sleep(0.005)


def main(arguments: list[str] | None = None) -> int:
    """`python -m pleo_sandbox --port N`: the demo company in the foreground until Ctrl-C."""
    options = _options(arguments)
    redirects = tuple(options.redirect_uri or [SERVICE_REDIRECT])
    sandbox = demo_sandbox(Integration(options.start_url, options.settings_url, redirects))
    if options.press_export:
        sandbox.press_export(sandbox.company_id)
    try:
        listener = _listen(options.host, options.port)
    except OSError as error:
        raise SystemExit(f"Can't listen on {options.host}:{options.port}: {error.strerror}.") from None
    with listener:
        url = f"http://{options.host}:{listener.getsockname()[1]}"
        sys.stdout.write(_credentials(sandbox, url) if options.json else _greeting(sandbox, url))
        sys.stdout.flush()
        server = uvicorn.Server(_config(sandbox, "warning", (options.host, *options.allow_host)))
        if options.stop_on_eof:
            threading.Thread(target=_stop_on_eof, args=(server,), name="stop-on-eof", daemon=True).start()
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    known = Integration()
    parser = argparse.ArgumentParser(prog="pleo_sandbox", description="Pleo in a box, with a demo company")
    parser.add_argument("--port", type=int, default=8764, help="0 for any free port (default: 8764)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="a host name that leads here; repeatable"
    )
    parser.add_argument("--press-export", action="store_true", help="start with an export job of all queued expenses")
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead of the greeting")
    parser.add_argument("--stop-on-eof", action="store_true", help="stop when standard input closes")
    parser.add_argument(
        "--start-url", default=known.start_url, help="address that Connect opens (default: %(default)s)"
    )
    parser.add_argument(
        "--settings-url", default=known.settings_url, help="address that Settings opens (default: %(default)s)"
    )
    parser.add_argument("--redirect-uri", action="append", help=f"also registered; repeatable ({SERVICE_REDIRECT})")
    return parser.parse_args(arguments)


def _stop_on_eof(server: uvicorn.Server) -> None:
    """End with the process that started us, however it ends: then its end of the pipe closes."""
    while os.read(sys.stdin.fileno(), 4096):
        continue
    server.should_exit = True


def _credentials(sandbox: DemoSandbox, url: str) -> str:
    """Where things are, as one line of JSON for the program that started us."""
    from pleo_sandbox.demo.company import SECOND_BATCH

    facts = {
        "url": url,
        "company_id": sandbox.company_id,
        "api_key": sandbox.api_key,
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "redirect_uri": sandbox.redirect_uri,
        "redirect_uris": list(sandbox.client.redirect_uris),
        "start_url": sandbox.client.start_url,
        "settings_url": sandbox.client.settings_url,
        "second_batch": SECOND_BATCH,
    }
    return json.dumps(facts) + "\n"


def _greeting(sandbox: DemoSandbox, url: str) -> str:
    """Where things are. The keys are made again at each start and worth nothing elsewhere."""
    return f"""Pleo in a box
  API            {url}
  authorize      {url}/oauth/authorize
  token          {url}/oauth/token
  company        {sandbox.company_id}
  API key        {sandbox.api_key}
  OAuth client   {sandbox.client_id}
  OAuth secret   {sandbox.client_secret}
  redirects      {" ".join(sandbox.client.redirect_uris)}
  pages          {url}/
  Connect        {sandbox.client.start_url}
  state          {url}/_control/state
  press Export   curl -d '{{"company_id": "{sandbox.company_id}"}}' {url}/_control/press_export
"""

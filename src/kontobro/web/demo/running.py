"""The demo's Pleo-in-a-box: one process, which ends with this one."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from importlib.util import find_spec

from kontobro.service.config import ServiceConfig
from kontobro.service.demo.sandbox_process import SandboxProcess, running_sandbox

NEEDED = ("starlette", "uvicorn", "jinja2", "python_multipart", "beancount")
"""What Pleo-in-a-box and the demo's ledger need, by the names under which they are imported."""


def is_offered(config: ServiceConfig) -> bool:
    """On one's own machine, in one process, with the parts installed."""
    alone = config.local and not config.database_url.get_secret_value()
    return alone and all(find_spec(module) is not None for module in NEEDED)


class DemoPleo:
    """It, while it runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened = ExitStack()
        self._running: SandboxProcess | None = None

    @property
    def url(self) -> str:
        """Where its pages are; empty while it does not run."""
        running = self._running
        process = running.process if running else None
        return running.url if running and process and process.poll() is None else ""

    def start(self, service: str) -> SandboxProcess:
        """A new one, with an export that waits; one that runs is ended. `service`: where its links to us lead."""
        self.stop()
        links = (f"--start-url={service}/connect/pleo/start", f"--settings-url={service}/connect/pleo/settings")
        with self._lock:
            self._running = self._opened.enter_context(running_sandbox(0, "--press-export", *links))
            return self._running

    def stop(self) -> None:
        with self._lock:
            self._opened.close()
            self._running = None


demo_pleo = DemoPleo()

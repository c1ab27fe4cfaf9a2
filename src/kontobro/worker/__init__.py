"""The worker: DBOS behind the Runner port. Only here is DBOS imported, and only when something is opened.

A web process that asks imports `open_client_runner`; a process that works, `run_worker` or `start_in_process`. Where
neither is installed, as inside an accounting system, `kontobro.worker.pieces` can be imported all the same.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kontobro.worker.asking import ClientRunner, open_client_runner
    from kontobro.worker.serving import Worker, run_worker, start_in_process

_ROOMS = {
    "ClientRunner": "asking",
    "open_client_runner": "asking",
    "Worker": "serving",
    "run_worker": "serving",
    "start_in_process": "serving",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


__all__ = ["ClientRunner", "Worker", "open_client_runner", "run_worker", "start_in_process"]

"""The worker: DBOS behind the Runner port. Only here is DBOS imported, and only when something is opened.

A web process that asks imports `open_client_runner`; a process that works, `run_worker` or `start_in_process`.
"""

from __future__ import annotations

from kontobro.worker.asking import ClientRunner, open_client_runner
from kontobro.worker.serving import Worker, run_worker, start_in_process

__all__ = ["ClientRunner", "Worker", "open_client_runner", "run_worker", "start_in_process"]

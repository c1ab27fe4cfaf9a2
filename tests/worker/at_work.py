"""A worker as a process of its own, configured by its environment; it ends with the test that hired it."""

from __future__ import annotations

import logging
import signal

from kontobro.service.config import read_config
from kontobro.worker.serving import run_worker

LONGEST = 240
"""Seconds that a worker may live: one that hangs is ended."""

if __name__ == "__main__":
    signal.alarm(LONGEST)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s %(message)s")
    run_worker(read_config())

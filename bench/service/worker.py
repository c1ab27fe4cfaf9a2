"""A worker of the benchmark: begins when it is told to on standard input, and says so when it is ready."""

from __future__ import annotations

import signal
import sys

from kontobro.service.config import read_config
from kontobro.worker.serving import run_worker

if __name__ == "__main__":
    signal.alarm(1200)
    sys.stdin.readline()
    run_worker(read_config())

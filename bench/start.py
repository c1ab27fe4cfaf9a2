"""How long a person waits for `kontobro --help`."""

from __future__ import annotations

import subprocess
import sys
import time

from bench.result import Result

ROUNDS = 7


def measure() -> list[Result]:
    """The fastest of ROUNDS starts: whatever else the machine does can only add."""
    command = [sys.executable, "-m", "kontobro.cli", "--help"]
    seconds = min(_timed(command) for _ in range(ROUNDS))
    return [Result("help_seconds", seconds, 0.4, "s", f"fastest of {ROUNDS}")]


def _timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - began

"""How long a person waits for `kontobro --help`."""

from __future__ import annotations

import subprocess
import sys
import time

from bench.result import Result

ROUNDS = 7


def measure() -> list[Result]:
    """The median of ROUNDS starts, the first one (cold) left out."""
    command = [sys.executable, "-m", "kontobro.cli", "--help"]
    seconds = sorted(_timed(command) for _ in range(ROUNDS + 1))[:ROUNDS]
    return [Result("help_seconds", seconds[ROUNDS // 2], 0.4, "s", f"median of {ROUNDS}")]


def _timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - began

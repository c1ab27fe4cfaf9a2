"""How long a person waits for `kontobro --help`, beside what every such program waits for: its parser's import."""

from __future__ import annotations

import resource
import subprocess
import sys

from bench.result import Result

ROUNDS = 7
HELP = [sys.executable, "-m", "kontobro.cli", "--help"]
REFERENCE = [sys.executable, "-c", "import typer"]
LIMIT = 7.0


def measure() -> list[Result]:
    """The least CPU of ROUNDS starts of each, in turns: whatever else the machine does can only add."""
    helped, reference = [], []
    for _ in range(ROUNDS):
        reference.append(_cpu(REFERENCE))
        helped.append(_cpu(HELP))
    note = f"{min(helped):.2f} and {min(reference):.2f} s of CPU, the least of {ROUNDS}"
    return [Result("help_ratio", min(helped) / min(reference), LIMIT, "times `import typer`", note)]


def _cpu(command: list[str]) -> float:
    """CPU seconds of a whole process: on a busy machine the time until it ends says more of the others."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

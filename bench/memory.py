"""Peak memory of a whole job with the Beancount connector, each size in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import books
from bench.pleo import MockPleo
from bench.result import Result
from kontobro.erp.registry import load_connector

SMALL, LARGE = 1_000, 50_000


def measure() -> list[Result]:
    small, large = (_in_a_process(items) for items in (SMALL, LARGE))
    note = f"{large:.0f} MB at {LARGE:,} items, {small:.0f} MB at {SMALL:,}"
    return [
        Result("memory_growth", large / small, 1.3, f"times {SMALL:,} items", note),
        Result("memory_peak", large, 200, "MB", f"{LARGE:,} items"),
    ]


def _in_a_process(items: int) -> float:
    command = [sys.executable, "-m", "bench.memory", str(items)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _peak(items: int) -> float:
    """Export `items` items into a fresh ledger; the peak of this process' resident memory in MB."""
    with TemporaryDirectory() as folder:
        connector = load_connector("beancount", {"ledger": str(books.beancount_ledger(Path(folder)))})
        books.exported(Path(folder), MockPleo(items), connector)
    return high_water()


def high_water() -> float:
    """MB. Linux's own mark of this program: `ru_maxrss` also holds what the process was before it became this one."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    print(_peak(int(sys.argv[1])))

"""How long the server takes for each page, with 100,000 bookings and 500 connections in one organisation.

`python -m bench.web [--rounds N]`, a part of `make bench-service`: on SQLite and on PostgreSQL, each in a process of
its own, through all of Django's layers but the network.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.fernet import Fernet

from bench.result import Result

LIMIT = 100
"""Milliseconds."""

Times = Mapping[str, tuple[float, float, float]]
"""Of each page, in milliseconds: the median, the 95th percentile, and our process's own CPU time."""


def measure(rounds: int) -> list[Result]:
    from bench.service import postgres

    results = []
    with ExitStack() as stack:
        for name, url in (("sqlite", ""), ("postgresql", stack.enter_context(postgres()))):
            home = stack.enter_context(TemporaryDirectory())
            results += [
                Result(f"page_{page}_{name}_p95", high, LIMIT, "ms", f"median {middle:.0f} ms, CPU {cpu:.0f} ms")
                for page, (middle, high, cpu) in _asked_apart(home, url, rounds).items()
            ]
    return results


def _asked_apart(home: str, database_url: str, rounds: int) -> Times:
    """Measure in a process of its own: Django is set up once in each."""
    given = {"HOME": home, "DATABASE_URL": database_url, "KEY": Fernet.generate_key().decode()}
    environment = os.environ | {f"KONTOBRO_{name}": value for name, value in given.items()}
    command = [sys.executable, "-m", "bench.web", "--inside", "--rounds", str(rounds)]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, timeout=600)
    times: dict[str, tuple[float, float, float]] = json.loads(done.stdout)
    return times


# ------------------------------------------------------------------------------------------------ inside


def inside(rounds: int) -> Times:
    """Fill the configured database and ask each page so many times."""
    from kontobro.web.start import set_up

    set_up()
    from bench.web_town import pages, town

    with town() as there:
        return {name: _timed(there.browser, path, rounds) for name, path in pages(there).items()}


def _timed(browser: Any, path: str, rounds: int) -> tuple[float, float, float]:
    _ask(browser, path)
    busy = time.process_time()
    seconds = sorted(_clocked(lambda: _ask(browser, path)) for _ in range(rounds))
    busy = (time.process_time() - busy) / rounds
    return 1000 * seconds[rounds // 2], 1000 * seconds[min(rounds - 1, int(0.95 * rounds))], 1000 * busy


def _clocked(ask: Callable[[], None]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def _ask(browser: Any, path: str) -> None:
    answer = browser.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.web", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        json.dump(inside(options.rounds), sys.stdout)
        return 0
    from bench.__main__ import show, write

    results = measure(options.rounds)
    show(results)
    print("load of the machine:", Path("/proc/loadavg").read_text().split()[0])
    write(results)
    return 0 if all(result.kept for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())

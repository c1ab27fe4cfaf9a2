"""How long /healthz takes beside slow clients: `python -m bench.service.slow_clients [SOCKETS]`.

Serves a home of its own.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx2

from tests.service.test_slow_clients import BODY, HEAD, READER, served, slow_client

ROUNDS = 20


def slowest(port: int) -> float:
    """Milliseconds of the slowest of some answers."""
    took = []
    for _ in range(ROUNDS):
        began = perf_counter()
        httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=60).raise_for_status()
        took.append((perf_counter() - began) * 1000)
    return max(took)


def main(sockets: int) -> None:
    with TemporaryDirectory() as folder, served(Path(folder) / "home") as (port, _):
        print(f"none: {slowest(port):.0f} ms")
        for name, sent in (("heads", HEAD), ("bodies", BODY), ("readers", READER)):
            with ExitStack() as clients:
                for _ in range(sockets):
                    clients.enter_context(slow_client(port, sent))
                print(f"{sockets} unfinished {name}: slowest of {ROUNDS} answers {slowest(port):.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)

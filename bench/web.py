"""The pages of a partner's service: server time of each, on SQLite and on PostgreSQL.

`python -m bench.web [--rounds N] [--database sqlite|postgresql] [--bookings N] [--connections N] [--firm N]`;
`make bench-web` measures both, with 100,000 bookings and 500 connections in one organisation. `--firm`: so many of the
connections are the organisation's whose pages are asked for. Each page is asked in turns.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.fernet import Fernet

from bench.__main__ import show, write
from bench.result import Result
from bench.service.__main__ import postgres

LIMIT = 100.0
"""Milliseconds."""

ROUNDS = 40

BOOKINGS, CONNECTIONS = 100_000, 500
"""The size whose figures are kept."""

ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Size:
    bookings: int
    connections: int
    firm: int
    """Connections of the organisation whose pages are asked for."""

    @property
    def name(self) -> str:
        """What the figures of another size than the usual one are marked with."""
        return "" if self == USUAL else f"_{self.bookings}_of_{self.connections}_firm_{self.firm}"


USUAL = Size(BOOKINGS, CONNECTIONS, CONNECTIONS)


@dataclass(slots=True)
class Times:
    """Seconds of each round: by the clock, and of this process alone (not of PostgreSQL's)."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def measure(database: str, url: str, home: Path, rounds: int, size: Size) -> list[Result]:
    """One process has one database: Django is set up once."""
    os.environ |= {"KONTOBRO_HOME": str(home), "KONTOBRO_DATABASE_URL": url}
    os.environ["KONTOBRO_KEY"] = Fernet.generate_key().decode()
    os.environ["KONTOBRO_SECRET_KEY"] = Fernet.generate_key().decode()
    from kontobro.web.server.start import set_up

    set_up()
    from kontobro.service.app import open_service_app
    from kontobro.service.config import config
    from kontobro.web.server.start import begin, migrate
    from tests.support.big_site import crowd, pages, signed_in
    from tests.support.site import AskedFor, Site

    opened = open_service_app(config())
    migrate(opened)
    site = Site(opened, AskedFor())
    begin(opened, site.runner)
    now = dt.datetime.now(dt.UTC)  # the overview tells of the last 30 days
    organisation, _ = crowd(site, size.connections, size.bookings, now, size.firm)
    browser, found = signed_in(site, organisation), pages(organisation, now)
    times = {name: Times() for name in found}
    for name, address in list(found.items()) * (rounds + 1):
        begun, used = time.perf_counter(), time.process_time()
        answer = browser.get(address)
        times[name].wall.append(1000 * (time.perf_counter() - begun))
        times[name].cpu.append(1000 * (time.process_time() - used))
        assert answer.status_code == 200, (address, answer.status_code)
    opened.close()
    return [result_of(f"web_{database}{size.name} {name}", one) for name, one in times.items()]


def result_of(name: str, times: Times) -> Result:
    """The 95th percentile counts; the first of all, which loads the templates, does not."""
    p95 = statistics.quantiles(times.wall[1:], n=20, method="inclusive")[-1]
    p50, cpu = statistics.median(times.wall[1:]), statistics.median(times.cpu[1:])
    return Result(name, p95, LIMIT, "ms", f"p50 {p50:.1f} ms; CPU {cpu:.1f} ms")


def one_of(options: argparse.Namespace) -> int:
    """Measure on one database."""
    size = Size(options.bookings, options.connections, min(options.firm or options.connections, options.connections))
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory()))
        url = stack.enter_context(postgres()) if options.database == "postgresql" else ""
        results = measure(options.database, url, home, options.rounds, size)
    show(results)
    if options.rounds == ROUNDS:
        write(results)
    return 0 if all(result.kept for result in results) else 1


def both(given: list[str]) -> int:
    """Each in a process of its own, one after the other; 1 where one keeps not to its limits."""
    command = [sys.executable, "-m", "bench.web", *given, "--database"]
    return max([subprocess.run([*command, engine], check=False).returncode for engine in ENGINES])


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.web", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--database", choices=ENGINES)
    parser.add_argument("--bookings", type=int, default=BOOKINGS)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--firm", type=int, default=0)
    options = parser.parse_args()
    return one_of(options) if options.database else both(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

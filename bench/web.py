"""The pages of a partner's service: server time of each, on SQLite and on PostgreSQL.

`python -m bench.web [--rounds N] [--database postgresql]`; `make bench-web` measures both.
100,000 bookings, 500 connections in one organisation. Each page is asked in turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.fernet import Fernet

from bench.__main__ import show, write
from bench.result import Result
from bench.service.__main__ import postgres

LIMIT = 100.0
"""Milliseconds."""

ROUNDS = 40


def measure(database: str, url: str, home: Path, rounds: int) -> list[Result]:
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
    organisation, _ = crowd(site)
    browser, found = signed_in(site, organisation), pages(organisation)
    seconds: dict[str, list[float]] = {name: [] for name in found}
    for name, address in list(found.items()) * (rounds + 1):
        begun = time.perf_counter()
        answer = browser.get(address)
        seconds[name].append(time.perf_counter() - begun)
        assert answer.status_code == 200, (address, answer.status_code)
    opened.close()
    return [result_of(database, name, [1000 * one for one in times[1:]]) for name, times in seconds.items()]


def result_of(database: str, name: str, times: list[float]) -> Result:
    """The 95th percentile counts; the first of all, which loads the templates, does not."""
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
    return Result(f"web_{database} {name}", p95, LIMIT, "ms", f"p50 {statistics.median(times):.1f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.web", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory()))
        url = stack.enter_context(postgres()) if options.database == "postgresql" else ""
        results = measure(options.database, url, home, options.rounds)
    show(results)
    if options.rounds == ROUNDS:
        write(results)
    return 0 if all(result.kept for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())

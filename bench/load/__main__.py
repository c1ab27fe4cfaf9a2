"""The service with thousands of companies: idle, draining a queue of exports, and over a longer time.

`python -m bench.load [idle drain soak] [--companies N] [--exports N] [--items N] [--minutes N]`; `make bench-load`.
Counts CPU, not seconds, so that a busy machine measures the same. Exits with 1 where a limit is not kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from bench.__main__ import show, write
from bench.load import drain, idle, soak
from bench.result import Result

USUAL = {"companies": idle.COMPANIES, "exports": drain.EXPORTS, "items": drain.ITEMS, "minutes": soak.MINUTES}
CASES: dict[str, Callable[[argparse.Namespace], list[Result]]] = {
    "idle": lambda given: idle.measure(given.companies),
    "drain": lambda given: drain.measure(given.exports, given.items),
    "soak": lambda given: soak.measure(given.minutes),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"some of {', '.join(CASES)}; all when none is named")
    for name, usual in USUAL.items():
        parser.add_argument(f"--{name}", type=type(usual), default=usual, metavar="N")
    given = parser.parse_args()
    if unknown := sorted({*given.cases} - {*CASES}):
        parser.error(f"There is no case {', '.join(unknown)}; there are {', '.join(CASES)}.")
    results = [result for name in given.cases or CASES for result in CASES[name](given)]
    show(results)
    if all(getattr(given, name) == usual for name, usual in USUAL.items()):
        write(results)
    return 0 if all(result.kept for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())

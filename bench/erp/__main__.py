"""`python -m bench.erp [NAME ...] [--items N]` measures real accounting systems; `make bench-erp` all of them.

Only a run at full size is written into `bench/results.json`. Exits 1 when a limit is not kept, 75 when none of the
systems is installed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

from bench.__main__ import show, write
from bench.erp import (
    inside_odoo as erp_inside_odoo,
)
from bench.erp import (
    inside_tryton as erp_inside_tryton,
)
from bench.erp import (
    odoo as erp_odoo,
)
from bench.erp import (
    tryton as erp_tryton,
)
from bench.erp.pleo import ITEMS
from bench.result import Result
from tests.erp_real.odoo import installation as odoo
from tests.erp_real.tryton import installation as tryton


@dataclass(frozen=True, slots=True)
class Case:
    """`measure` takes the number of items. `absent`: what to say where the system is not installed."""

    measure: Callable[[int], list[Result]]
    installed: Callable[[], bool]
    absent: str


CASES = {
    "odoo": Case(erp_odoo.measure, odoo.installed, odoo.ABSENT),
    "tryton": Case(erp_tryton.measure, tryton.installed, tryton.ABSENT),
    "addon_odoo": Case(erp_inside_odoo.measure, odoo.installed, odoo.ABSENT),
    "addon_tryton": Case(erp_inside_tryton.measure, tryton.installed, tryton.ABSENT),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.erp", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CASES))
    parser.add_argument("--items", type=int, default=ITEMS)
    options = parser.parse_args(arguments)
    results = list[Result]()
    for name in options.names or CASES:
        case = CASES[name]
        if case.installed():
            results += case.measure(options.items)
        else:
            print(f"{name} was not measured. {case.absent}", file=sys.stderr)
    if not results:
        return 75
    show(results)
    if options.items == ITEMS:
        write(results)
    return 0 if all(result.kept for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

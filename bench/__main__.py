"""`python -m bench [NAME ...]`: measure, print a table, write `bench/results.json`. Exit 1 when a limit is not kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import calls, cpu, first_load, memory, plan, start
from bench.documents import sealing
from bench.result import Result

RESULTS = Path(__file__).with_name("results.json")
CASES: dict[str, Callable[[], list[Result]]] = {
    "calls": calls.measure,
    "cpu": cpu.measure,
    "memory": memory.measure,
    "documents": sealing.measure,
    "first_load": first_load.measure,
    "plan": plan.measure,
    "start": start.measure,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in CASES]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(CASES)}.", file=sys.stderr)
        return 2
    console = Console(stderr=True)
    results: list[Result] = []
    for name in names or CASES:
        with console.status(f"measuring {name} …"):
            results += CASES[name]()
    show(results)
    write(results)
    return 0 if all(result.kept for result in results) else 1


def show(results: list[Result]) -> None:
    table = Table("what", "measured", "limit", "", "unit", "how", box=None, pad_edge=False)
    for result in results:
        verdict = "ok" if result.kept else "BELOW" if result.at_least else "ABOVE"
        table.add_row(result.name, f"{result.value:,.2f}", f"{result.limit:,.2f}", verdict, result.unit, result.note)
    Console(width=max(Console().width, 120)).print(table)


def write(results: list[Result]) -> None:
    """Keep the figures; a run of some benchmarks leaves the others' as they were."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for result in results:
        known[result.name] = {"value": round(result.value, 3), "limit": round(result.limit, 3), "unit": result.unit}
    RESULTS.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How cost grows as work grows: one job of more items, after more bookings, into a larger ledger.

`python -m bench.scale [CASE ...] [--largest N]`; `make bench-scale`. Prints CPU of an item and peak memory at each
size, writes `bench/scale/curves.csv` and `curves.svg`, and exits with 1 where the largest costs too many times what
the smallest does.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.__main__ import show, write
from bench.result import Result
from bench.scale.cases import Figures
from bench.scale.picture import draw

SIZES = {
    "items": (1_000, 10_000, 100_000),
    "history": (10_000, 100_000, 1_000_000),
    "ledger": (1_000, 10_000, 100_000, 500_000),
    "booked": (1_000, 10_000, 100_000),
    "edited": (1_000, 10_000, 100_000, 500_000),
}

CPU, MEMORY = 1.3, 1.5
CURVES = Path(__file__).with_name("curves.csv")
PICTURE = Path(__file__).with_name("curves.svg")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"some of {', '.join(SIZES)}; all when none is named")
    parser.add_argument("--largest", type=int, default=max(max(sizes) for sizes in SIZES.values()), metavar="N")
    given = parser.parse_args()
    unknown = sorted({*given.cases} - {*SIZES})
    if unknown:
        parser.error(f"There is no case {', '.join(unknown)}; there are {', '.join(SIZES)}.")
    curves = {name: _curve(name, given.largest) for name in given.cases or SIZES}
    results = [result for name, curve in curves.items() for result in growth(name, curve)]
    show(results)
    write(results)
    known = _known() | curves
    _save([figures for curve in known.values() for figures in curve])
    draw(known, (CPU, MEMORY), PICTURE)
    return 0 if all(result.kept for result in results) else 1


def _curve(name: str, largest: int) -> list[Figures]:
    """The figures of each size, the smallest first; each is said as soon as it is there."""
    curve: list[Figures] = []
    for size in SIZES[name]:
        if size <= largest or not curve:
            figures = _measured(name, size)
            told = f"{name} {size:,}: {figures.each:,.0f} µs of CPU an item, {figures.memory:,.0f} MB at most"
            print(told, file=sys.stderr, flush=True)
            curve.append(figures)
    return curve


def _measured(name: str, size: int) -> Figures:
    """One process makes what is there before, and another one does the job: it has the memory of the job alone."""
    with TemporaryDirectory() as folder:
        for step in ("prepare", "measure"):
            command = [sys.executable, "-m", "bench.scale.cases", step, name, str(size), folder]
            said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return Figures(*said)


def growth(name: str, curve: Sequence[Figures]) -> list[Result]:
    """What the largest costs as a multiple of the smallest."""
    small, large = curve[0], curve[-1]
    sizes = f"{large.size:,} beside {small.size:,}"
    each = f"{sizes}: {large.each:,.0f} and {small.each:,.0f} µs an item"
    peak = f"{sizes}: {large.memory:,.0f} and {small.memory:,.0f} MB"
    return [
        Result(f"scale_{name}_cpu", large.each / small.each, CPU, "times", each),
        Result(f"scale_{name}_memory", large.memory / small.memory, MEMORY, "times", peak),
    ]


def _known() -> dict[str, list[Figures]]:
    """The curves of earlier runs: a run of some cases leaves the others as they were."""
    curves: dict[str, list[Figures]] = {}
    with suppress(FileNotFoundError), CURVES.open(newline="") as file:
        for row in csv.DictReader(file):
            cpu, peak = float(row["cpu_seconds"]), float(row["peak_megabytes"])
            one = Figures(row["case"], int(row["size"]), int(row["items"]), cpu, peak)
            curves.setdefault(one.case, []).append(one)
    return curves


def _save(figures: Sequence[Figures]) -> None:
    with CURVES.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["case", "size", "items", "cpu_seconds", "cpu_microseconds_an_item", "peak_megabytes"])
        for one in figures:
            rows.writerow([one.case, one.size, one.items, f"{one.cpu:.3f}", f"{one.each:.1f}", f"{one.memory:.1f}"])


if __name__ == "__main__":
    sys.exit(main())

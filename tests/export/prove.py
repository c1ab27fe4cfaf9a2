"""The kill proof as a table that a person can read: `make prove`, or `python -m tests.export.prove [CONNECTOR ...]`.

It is `kontobro.testing.export`, as `ExportContract` and `kontobro prove` have it, over a company of each system that
can be had on this machine alone: a whole run names its boundaries, then a real process is killed with `kill -9` at each
of them, the export is run again (once with our history kept, once with it deleted), and both sides are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module, util
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import Any, get_args

from rich import box
from rich.console import Console
from rich.table import Table

from kontobro.erp.registry import Registry
from kontobro.testing.connector.books import Books
from kontobro.testing.export.proof import ExportProof, History, Verdict, export_proof
from tests.erp_real.proved import missing_odoo, missing_tryton

PROJECT = Path(__file__).resolve().parents[2]
HLEDGER = PROJECT / "connectors" / "kontobro-hledger"


@dataclass(frozen=True, slots=True)
class System:
    """A system that a company can be made of in an empty folder. `books`: the function that makes it, `module:function`
    or `file.py:function`, or one that opens it for a block; `missing`: says what has to be installed, if anything."""

    words: str
    books: str
    missing: Callable[[], str] = str


def no_command(name: str) -> str:
    return "" if shutil.which(name) else f"{name} is not installed"


SYSTEMS = {
    "beancount": System(
        "a Beancount ledger, which refuses a second entry under one reference", "tests.connectors.conftest:books_in"
    ),
    "searchable": System(
        "a system that doubles what is written twice, and can only be searched", "tests.support.plain_erp:books_in"
    ),
    "hledger": System(
        "an hledger journal, by a connector in a package of its own",
        f"{HLEDGER / 'tests' / 'conftest.py'}:books_in",
        partial(no_command, "hledger"),
    ),
    "odoo": System("a real Odoo, over its API", "tests.erp_real.proved:odoo_books", missing_odoo),
    "tryton": System("a real Tryton, over its API", "tests.erp_real.proved:tryton_books", missing_tryton),
}
USUAL = ("beancount", "searchable")


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill, and what is wrong after the next run."""

    system: str
    boundary: str
    history: History
    wrong: tuple[str, ...]


def books_of(system: str) -> Callable[[Path], Books | AbstractContextManager[Books]]:
    """What makes a company of it, or opens one."""
    place, _, function = SYSTEMS[system].books.rpartition(":")
    if not place.endswith(".py"):
        return getattr(import_module(place), function)  # type: ignore[no-any-return]
    sys.path.insert(0, str(Path(place).parent.parent))
    spec = util.spec_from_file_location(f"proof_of_{system}", place)
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, function)  # type: ignore[no-any-return]


@contextmanager
def proof_of(system: str) -> Iterator[ExportProof]:
    """A proof over a company of its own, gone afterwards."""
    with ExitStack() as stack:
        made = books_of(system)(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        books = made if isinstance(made, Books) else stack.enter_context(made)
        yield stack.enter_context(export_proof(books))


def boundaries(system: str) -> Sequence[str]:
    with proof_of(system) as proof:
        return proof.boundaries()


def kills(system: str, cases: Sequence[tuple[str, History]]) -> list[Kill]:
    """These cases, one after the other."""
    with proof_of(system) as proof:
        return [_kill(system, proof.kill(*case)) for case in cases]


def _kill(system: str, verdict: Verdict) -> Kill:
    return Kill(system, verdict.boundary, verdict.history, verdict.wrong)


def prove(system: str, only: str, pool: ProcessPoolExecutor) -> list[Kill]:
    """Every boundary whose name holds `only`, in their order, shared among the processors."""
    cases = [(name, history) for name in boundaries(system) if only in name for history in get_args(History)]
    shares = os.cpu_count() or 1
    done = [pool.submit(kills, system, cases[first::shares]) for first in range(min(shares, len(cases)))]
    found = [kill for one in done for kill in one.result()]
    return sorted(found, key=lambda kill: cases.index((kill.boundary, kill.history)))


def summary(found: Sequence[Kill]) -> dict[str, Any]:
    return {
        "boundaries": len({(kill.system, kill.boundary) for kill in found}),
        "processes_killed": len(found),
        "whole": sum(not kill.wrong for kill in found),
        "proven": bool(found) and not any(kill.wrong for kill in found),
    }


def print_tables(console: Console, found: Sequence[Kill]) -> None:
    """A row a boundary, a column a history; then the sum."""
    for system, rows in groupby(found, key=lambda kill: kill.system):
        table = Table(title=f"Booked into {SYSTEMS[system].words}", title_justify="left", box=box.SIMPLE_HEAD)
        for heading in ("killed", "run again", "history deleted, run again"):
            table.add_column(heading)
        for boundary, both in groupby(rows, key=lambda kill: kill.boundary):
            table.add_row(boundary, *map(outcome, both))
        console.print(table)
    counts = summary(found)
    console.print(
        f"{counts['boundaries']} boundaries, {counts['processes_killed']} processes killed with kill -9: "
        f"whole after the next run {counts['whole']}.",
        style="bold green" if counts["proven"] else "bold red",
    )


def outcome(kill: Kill) -> str:
    """Whole, or what is wrong instead."""
    return f"[red]✗ {'; '.join(kill.wrong)}[/]" if kill.wrong else "[green]✓ whole[/]"


def listed() -> Iterator[str]:
    """Every registered connector, and each other system, with how it is proved."""
    for name in dict.fromkeys([*SYSTEMS, *Registry().names()]):
        if name not in SYSTEMS:
            yield f"{name}: kontobro prove --erp {name} --books MODULE:FUNCTION, over a company of yours"
        elif missing := SYSTEMS[name].missing():
            yield f"{name}: {missing}"
        else:
            yield f"{name}: make prove ERP={name}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="prove", description="Kill the exporter everywhere; compare both sides.")
    parser.add_argument("systems", nargs="*", default=USUAL, metavar="SYSTEM", help="which ones; see --list")
    parser.add_argument("--list", action="store_true", help="every connector, and how it is proved")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--only", default="", metavar="TEXT", help="boundaries whose name holds this, as erp.book")
    options = parser.parse_args(arguments)
    if options.list:
        sys.stdout.writelines(f"{line}\n" for line in listed())
        return 0
    for name in options.systems:
        if name not in SYSTEMS or SYSTEMS[name].missing():
            parser.error("it can't be proved here. These are:\n  " + "\n  ".join(listed()))
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        found = [kill for name in options.systems for kill in prove(name, options.only, pool)]
    if not found:
        parser.error(f"no boundary's name holds {options.only!r}")
    if options.json:
        shape = {"summary": summary(found), "kills": [asdict(kill) for kill in found]}
        sys.stdout.write(json.dumps(shape, indent=1) + "\n")
    else:
        print_tables(Console(), found)
    return 0 if summary(found)["proven"] else 1


if __name__ == "__main__":
    sys.exit(main())

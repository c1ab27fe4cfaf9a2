"""`python -m bench.suite [WORD ...]`: plant each fault (whose name holds a word), say what the suite catches.

Exit 1 when it catches less than it has to, when a fault that is called equivalent is caught, or when the suite finds
fault with a reference that has none.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.__main__ import show, write
from bench.result import Result
from bench.suite.planted import Fault, Seen, faults, reference, run

LIMIT = 0.95
LEAST = 60
WORKERS = os.cpu_count() or 1
FORK = multiprocessing.get_context("fork")


def main(words: Sequence[str]) -> int:
    chosen = [one for one in faults() if not words or any(word in one.name for word in words)]
    sound = [Fault(where, "", "", "") for where in dict.fromkeys(one.where for one in chosen)]
    outcomes = []
    for fault, found in together([*sound, *chosen]):
        if fault.name:
            print(f"{fault.where:7} {fault.name:75} {told(fault, found)}", flush=True)
            outcomes.append((fault, found))
        elif found.failed or found.broken or not found.passed:
            wrong = ", ".join([*found.failed, *found.broken])
            print(f"The reference {fault.where} has an error of its own: {wrong}", file=sys.stderr)
            return 1
    return judged(outcomes, whole=not words)


def together(planted: Sequence[Fault]) -> Iterator[tuple[Fault, Seen]]:
    """A run for each, some at once."""
    with ThreadPoolExecutor(WORKERS) as pool:
        yield from zip(planted, pool.map(in_a_process, planted), strict=True)


def in_a_process(fault: Fault) -> Seen:
    """A run in a process forked from this one, which has all loaded. No pool: its processes may have no children."""
    receiving, sending = FORK.Pipe(duplex=False)
    process = FORK.Process(target=lambda: sending.send(tried(fault)))
    process.start()
    sending.close()
    try:
        return receiving.recv()
    except EOFError:  # it said why on its standard error
        return Seen(broken=["its process"])
    finally:
        process.join()


def tried(fault: Fault) -> Seen:
    """The suite against a reference with this fault; without one, where it has no name."""
    files = reference(fault.where)
    memory = Path("/dev/shm")  # the reference is a SQLite file: a disk would only make it slow
    folder = Path(tempfile.mkdtemp(prefix="bench-suite-", dir=memory if memory.is_dir() else None))
    try:
        return run(fault.planted(files) if fault.name else files, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def told(fault: Fault, found: Seen) -> str:
    if found.failed:
        return f"caught by {found.failed[0]}"
    if found.broken:
        return f"BROKEN: {found.broken[0]}"
    return f"survives: {fault.equivalent}" if fault.equivalent else "SURVIVES"


def judged(outcomes: Sequence[tuple[Fault, Seen]], *, whole: bool) -> int:
    """The figure, and whether all is as it has to be."""
    caught = sum(bool(found.failed) for _, found in outcomes)
    wrong = [fault for fault, found in outcomes if found.broken or (found.failed and fault.equivalent)]
    unexplained = [fault for fault, found in outcomes if not found.failed and not fault.equivalent]
    share = caught / len(outcomes)
    note = f"{caught} of {len(outcomes)} planted bugs; {len(unexplained)} survive without a reason"
    result = Result("suite_caught", share, LIMIT, "share", note, at_least=True)
    show([result])
    if whole:
        write([result])
    return 1 if wrong or not result.kept or (whole and len(outcomes) < LEAST) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Loads a ledger in a process of its own, whose memory goes with it and whose time is bounded.

A ledger is code: its plugins run here. A large one takes ten seconds and 350 MB for 50,000 entries.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from kontobro.core.errors import Misconfigured, Timeout, shown
from kontobro.core.words import told
from kontobro.erp.beancount.load.ledger import Fault, faults_with, trial_of
from kontobro.erp.beancount.load.masters import LedgerMasters, load

LIMIT = 600
"""Seconds that loading may take."""


def load_apart(ledger: Path) -> LedgerMasters:
    """Like `masters.load`."""
    answer = _ask(ledger, "load")
    if isinstance(answer, LedgerMasters):
        return answer
    message, remedy, job_failure = answer
    raise Misconfigured(message, remedy, job_failure)


def faults_apart(ledger: Path, candidate: Path | None) -> tuple[Fault, ...]:
    """Like `ledger.faults_with`."""
    found: tuple[Fault, ...] = _ask(ledger, "faults", *([str(candidate)] if candidate else []))
    return found


Run = Callable[[Path, Sequence[str]], tuple[int, bytes, bytes]]
"""Has a process of its own do `main` with this ledger and these words: its exit status, its answer, what it said.
None of it is left when this returns or raises; after LIMIT seconds it raises `subprocess.TimeoutExpired`."""


def run_interpreter(ledger: Path, words: Sequence[str]) -> tuple[int, bytes, bytes]:
    """`Run` by a new interpreter: a quarter of a second before anything is loaded."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    child = subprocess.Popen(  # noqa: S603  (our own module, by our own interpreter)
        [sys.executable, "-m", __name__, str(ledger), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        answer, said = child.communicate(timeout=LIMIT)
    finally:
        _end(child, ledger)
    return child.returncode, answer, said


_run: list[Run] = [run_interpreter]


def use(run: Run) -> None:
    """Get processes from elsewhere from now on: from one that has everything loaded, for example."""
    _run[:] = [run]


def _ask(ledger: Path, *words: str):  # type: ignore[no-untyped-def]  # what the child answered
    try:
        status, answer, said = _run[0](ledger, words)
    except subprocess.TimeoutExpired:
        raise Timeout(*told("beancount_slow", ledger=ledger.name, minutes=LIMIT // 60)) from None
    if status:
        last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Misconfigured(
            *told("beancount_stopped", ledger=ledger.name, last=shown(last, 200)),
            "invalid_configuration",
        )
    return pickle.loads(answer)  # noqa: S301  (our own child wrote it)


def _end(child: subprocess.Popen[bytes], ledger: Path) -> None:
    """End the child and whatever a plugin started in it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    trial_of(ledger, child.pid).unlink(missing_ok=True)


def main() -> None:
    """Do what the command line asks; write the answer, pickled, to what was standard output."""
    gc.disable()  # it ends before there is garbage to speak of; looking for it is an eighth of a load
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("out of time"))  # the one who asked may have been killed
    signal.alarm(LIMIT + 5)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a plugin may print
    ledger = Path(sys.argv[1])
    try:
        answer: object = load(ledger) if sys.argv[2] == "load" else faults_with(ledger, _candidate())
    except Misconfigured as fault:
        answer = (fault.message, fault.remedy, fault.job_failure)
    pickle.dump(answer, answers)
    answers.close()


def _candidate() -> Path | None:
    return Path(sys.argv[3]) if len(sys.argv) > 3 else None


if __name__ == "__main__":
    main()

"""Reads the master data again when the bookkeeper's files change, and only then.

Loading checks the whole ledger, our bookings too: 50,000 entries take ten seconds and 350 MB. So a large
ledger is loaded by a process of its own, whose memory goes with it, and our own writes load nothing again.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

from kontobro.core.errors import Misconfigured
from kontobro.erp.beancount.folder import VENDORS, Folder
from kontobro.erp.beancount.masters import Masters, load

APART_FROM = 2_000_000
"""Bytes of bookings from which the ledger is loaded by another process."""


class MasterFile:
    """The master data of one ledger. Raises Misconfigured when it is missing or does not load."""

    def __init__(self, ledger: Path, folder: Folder) -> None:
        self._ledger = ledger
        self._folder = folder
        self._masters: Masters | None = None
        self._stamp: tuple[tuple[str, int, int], ...] = ()

    def read(self) -> Masters:
        if self._masters is None or self._stamp != self._look(self._masters):
            self._require()
            masters = self._load()
            if str(self._folder.header) not in masters.files:
                raise Misconfigured(
                    f"{self._ledger.name} does not include the folder that Kontobro books in.",
                    'Add the line: include "bookings/*.beancount"',
                )
            self._masters, self._stamp = masters, self._look(masters)
        return self._masters

    def _require(self) -> None:
        if not self._ledger.is_file():
            raise Misconfigured(f"There is no ledger at {self._ledger}.", "Set `ledger` to the path of its main file.")
        self._folder.prepare()

    def _load(self) -> Masters:
        size = sum(size for _, _, size in self._folder.batches().values())
        return load(self._ledger) if size < APART_FROM else load_apart(self._ledger)

    def _look(self, masters: Masters) -> tuple[tuple[str, int, int], ...]:
        """Name, modification time and size of each file that is not ours, and of our vendors."""
        files = (Path(file) for file in masters.files)
        theirs = (file for file in files if file.parent != self._folder.bookings)
        return tuple(_stamp(file) for file in (*theirs, self._folder.bookings / VENDORS))


def _stamp(file: Path) -> tuple[str, int, int]:
    try:
        stat = file.stat()
    except FileNotFoundError:
        return str(file), 0, 0
    return str(file), stat.st_mtime_ns, stat.st_size


def load_apart(ledger: Path) -> Masters:
    """Like `load`, in another process."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(  # noqa: S603  (our own module, by our own interpreter)
        [sys.executable, "-m", __name__, str(ledger)], capture_output=True, env=environment, check=False, timeout=600
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:].decode("utf-8", "replace"))
    answer = pickle.loads(done.stdout)  # noqa: S301  (our own child wrote it)
    if isinstance(answer, Masters):
        return answer
    message, remedy, job_failure = answer
    raise Misconfigured(message, remedy, job_failure)


def main() -> None:
    """Load the ledger named on the command line; write the masters, or the fault, to standard output."""
    try:
        answer: object = load(Path(sys.argv[1]))
    except Misconfigured as fault:
        answer = (fault.message, fault.remedy, fault.job_failure)
    sys.stdout.buffer.write(pickle.dumps(answer))


if __name__ == "__main__":
    main()

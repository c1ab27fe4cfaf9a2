"""Reads the master data again when the bookkeeper's files change, and only then.

Loading checks the whole ledger, our bookings too: 50,000 entries take ten seconds and 350 MB. So a large
ledger is loaded by a process of its own, whose memory goes with it, and our own writes load nothing again.
"""

from __future__ import annotations

import glob
from pathlib import Path

from kontobro.core.errors import Misconfigured
from kontobro.core.words import told
from kontobro.erp.beancount.files.folder import GONE, VENDORS, Folder
from kontobro.erp.beancount.files.swap import Stamp, stamp_of
from kontobro.erp.beancount.load.apart import load_apart
from kontobro.erp.beancount.load.ledger import is_larger
from kontobro.erp.beancount.load.masters import LedgerMasters, load

APART_FROM = 2_000_000
"""Bytes of the ledger from which the ledger is loaded by another process."""


class MasterFile:
    """The master data of one ledger. Raises Misconfigured when it is missing or does not load."""

    def __init__(self, ledger: Path, folder: Folder) -> None:
        self._ledger = ledger
        self._folder = folder
        self._masters: LedgerMasters | None = None
        self._stamps: dict[str, Stamp] = {}

    def read(self) -> LedgerMasters:
        if self._masters is None or self._stamps != self._theirs(self._masters):
            self._require()
            masters = self._load()
            if str(self._folder.header) not in masters.files:
                raise Misconfigured(*told("ledger_lacks_include", ledger=self._ledger.name))
            self._masters, self._stamps = masters, self._theirs(masters)
        return self._masters

    def _require(self) -> None:
        if not self._ledger.is_file():
            raise Misconfigured(*told("ledger_missing", ledger=str(self._ledger)))
        self._folder.prepare()

    def _load(self) -> LedgerMasters:
        return load_apart(self._ledger) if is_larger(self._ledger, APART_FROM) else load(self._ledger)

    def stamps(self) -> dict[str, Stamp]:
        """What the disk says of every file of the ledger; ours by their names alone."""
        return self._look(self.read()) | self._folder.batches()

    def _theirs(self, masters: LedgerMasters) -> dict[str, Stamp]:
        """Of each file that is not ours, and of our vendors."""
        return self._look(masters) | {VENDORS: _stamp(self._folder.bookings / VENDORS)}

    def _look(self, masters: LedgerMasters) -> dict[str, Stamp]:
        """Of each file that is not ours, new ones that an include pattern matches among them."""
        # as Beancount itself matches them
        matched = (file for one in masters.patterns for file in glob.glob(one, recursive=True))  # noqa: PTH207
        files = (Path(file) for file in dict.fromkeys((*masters.files, *matched)))
        return {str(file): _stamp(file) for file in files if file.parent != self._folder.bookings}


def _stamp(file: Path) -> Stamp:
    try:
        return stamp_of(file.stat())
    except FileNotFoundError:
        return GONE

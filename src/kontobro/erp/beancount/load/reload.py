"""Reads the master data again when the bookkeeper's files change, and only then.

Loading checks the whole ledger, our bookings too: 50,000 entries take ten seconds and 350 MB. So a large
ledger is loaded by a process of its own, whose memory goes with it, our own writes load nothing again, and an index
beside the ledger knows what the last load said (`index.py`).
"""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from kontobro.core.errors import Misconfigured
from kontobro.core.words import told
from kontobro.erp.beancount.files.folder import VENDORS, Folder, is_batch
from kontobro.erp.beancount.files.swap import GONE, Stamp, digest_at, digest_of, stamp_at
from kontobro.erp.beancount.load.apart import load_apart
from kontobro.erp.beancount.load.beforehand import State
from kontobro.erp.beancount.load.index import Index
from kontobro.erp.beancount.load.ledger import is_larger
from kontobro.erp.beancount.load.masters import LedgerMasters, load
from kontobro.erp.beancount.load.outline import Outline

APART_FROM = 2_000_000
"""Bytes of the ledger from which the ledger is loaded by another process."""


class MasterFile:
    """The master data of one ledger. Raises Misconfigured when it is missing or does not load."""

    def __init__(self, ledger: Path, folder: Folder) -> None:
        self._ledger = ledger
        self._folder = folder
        self._bookings = str(folder.bookings)
        self._index = Index(ledger)
        self._masters: LedgerMasters | None = None
        self._stamps: dict[str, Stamp] = {}
        self._known: dict[str, State] = {}
        """Each file as it was when Beancount had nothing against the ledger, or as we left it without harm."""

    def read(self) -> LedgerMasters:
        if self._masters is None or self._stamps != self._theirs(self._masters):
            self._require()
            self._masters = self._recalled() or self._loaded()
        return self._masters

    def outline(self) -> Outline | None:
        """What new entries may be tried against instead of the whole ledger. None where that is not known to be in
        order: someone else changed a file of it."""
        outline = self.read().outline
        is_known = outline is not None and self.stamps() == {file: stamp for file, (stamp, _) in self._known.items()}
        return outline if is_known else None

    def follow(self, name: str, before: bytes | None, after: bytes) -> None:
        """We gave a batch file this content, by which nothing else in the ledger breaks. `before` None: it is new."""
        if self._masters is None or self._masters.outline is None:
            return
        known = self._known.get(name)
        was, now = None if before is None else digest_of(before), digest_of(after)
        if was == (known[1] if known else None):
            self._known[name] = self._folder.ours[name], now
            self._index.follow(str(self._path_of(name)), was, now)

    def _require(self) -> None:
        if not self._ledger.is_file():
            raise Misconfigured(*told("ledger_missing", ledger=str(self._ledger)))
        self._folder.prepare()

    def _recalled(self) -> LedgerMasters | None:
        """What the index says, if no file is other than it knows."""
        found = self._index.recall()
        if found is None:
            return None
        masters, digests = found
        before = self._look(masters) | self._folder.batches()
        states = {name: (stamp, digest_at(self._path_of(name))) for name, stamp in before.items()}
        if {str(self._path_of(name)): digest for name, (_, digest) in states.items()} != digests:
            return None
        self._known, self._stamps = states, self._of_theirs(before)
        return masters

    def _loaded(self) -> LedgerMasters:
        """What Beancount says."""
        masters = load_apart(self._ledger) if is_larger(self._ledger, APART_FROM) else load(self._ledger)
        if str(self._folder.header) not in masters.files:
            raise Misconfigured(*told("ledger_lacks_include", ledger=self._ledger.name))
        self._known = {self._name_of(file): state for file, state in (masters.states or {}).items()}
        if masters.states:
            self._stamps = self._of_theirs({file: stamp for file, (stamp, _) in self._known.items()})
        else:  # a file that changed meanwhile is read again
            self._stamps = self._theirs(masters) if masters.states == {} else {}
        self._index.keep(masters)
        return masters

    def _of_theirs(self, stamps: Mapping[str, Stamp]) -> dict[str, Stamp]:
        """As `_theirs`, of what was seen before."""
        return {VENDORS: GONE} | {name: stamp for name, stamp in stamps.items() if name == VENDORS or os.sep in name}

    def _name_of(self, file: str) -> str:
        """A file as `stamps` names it: ours by its name alone."""
        return file.rpartition(os.sep)[2] if _is_ours(file, self._bookings) else file

    def _path_of(self, name: str) -> Path:
        return self._folder.bookings / name  # which is the name itself, where that is a whole path

    def stamps(self) -> dict[str, Stamp]:
        """What the disk says of every file of the ledger; ours by their names alone."""
        return self._look(self.read()) | self._folder.batches()

    def _theirs(self, masters: LedgerMasters) -> dict[str, Stamp]:
        """Of each file that is not ours, and of our vendors."""
        return self._look(masters) | {VENDORS: stamp_at(self._folder.bookings / VENDORS)}

    def _look(self, masters: LedgerMasters) -> dict[str, Stamp]:
        """Of each file that is not ours, new ones that an include pattern matches among them."""
        # as Beancount itself matches them
        matched = (file for one in masters.patterns for file in glob.glob(one, recursive=True))  # noqa: PTH207
        more = (file for file in matched if not _is_ours(file, self._bookings))
        files = dict.fromkeys((*_others(masters.files, self._bookings), *more))
        return {file: stamp_at(file) for file in files}


def _is_ours(file: str, bookings: str) -> bool:
    folder, _, name = file.rpartition(os.sep)
    return folder == bookings and is_batch(name)


@lru_cache(maxsize=4)
def _others(files: tuple[str, ...], bookings: str) -> tuple[str, ...]:
    """Those that are not ours. It is asked several times a batch of the same ledger, where thousands are ours."""
    return tuple(file for file in files if not _is_ours(file, bookings))

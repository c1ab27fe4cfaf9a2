"""Where each entry is: a small index over the batch files, kept fresh by what the disk says of each file.

The index holds a hash of each key and knows only the file. What it finds is
always read again from the file, so that a stale or colliding key can never invent an entry.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Collection, Mapping

from kontobro.erp.beancount.files.folder import Folder
from kontobro.erp.beancount.files.swap import Stamp
from kontobro.erp.beancount.syntax.blocks import Block, Key, LedgerEntry, blocks_with, keys_in, parse


class Shelf:
    """The batch files of one ledger, searchable by key. Safe to use from several threads."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._stats: dict[str, Stamp] = {}
        self._keys: dict[str, array[int]] = {}
        """The hashes of each file's keys."""
        self._files: dict[int, str | tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def booked(
        self, keys: Collection[Key], changed: Mapping[str, bytes] | None = None, *, fresh: bool = True
    ) -> list[LedgerEntry]:
        """The entries that hold any of the keys, in the order of the files.

        `changed` are texts not yet on disk. Without `fresh` the disk is not looked over for new files: for a
        caller who has just looked under the lock, or looks again when he finds nothing.
        """
        if not keys:
            return []
        wanted = frozenset(keys)
        blocks: list[Block] = []
        for file in self._files_with(wanted, fresh):
            text = (changed or {}).get(file)
            blocks += blocks_with(file, self._folder.text(file) if text is None else text, wanted)
        return parse(blocks)

    def _files_with(self, keys: Collection[Key], fresh: bool) -> list[str]:
        with self._lock:
            if fresh:
                self._refresh()
            files: set[str] = set()
            for key in keys:
                files.update(_each(self._files.get(hash(key), ())))
        return sorted(files)

    def _refresh(self) -> None:
        """Read the files that are new or changed since last time, forget those that are gone."""
        now = self._folder.batches()
        if now == self._stats:
            return
        for file in [file for file, stat in self._stats.items() if now.get(file) != stat]:
            self._forget(file)
        for file, stat in now.items():
            if file not in self._stats:
                self._learn(file, stat)

    def _learn(self, file: str, stat: Stamp) -> None:
        hashes = set(map(hash, keys_in(self._folder.text(file))))
        for one in hashes:
            known = self._files.setdefault(one, file)
            if known is not file:
                self._files[one] = (*_each(known), file)
        self._keys[file] = array("q", hashes)
        self._stats[file] = stat

    def _forget(self, file: str) -> None:
        hashes = self._keys.pop(file)
        del self._stats[file]
        for one in hashes:
            left = tuple(other for other in _each(self._files.pop(one)) if other != file)
            if left:
                self._files[one] = left[0] if len(left) == 1 else left


def _each(files: str | tuple[str, ...]) -> tuple[str, ...]:
    return (files,) if isinstance(files, str) else files

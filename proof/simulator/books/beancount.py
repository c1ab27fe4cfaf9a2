"""A Beancount ledger in a folder, as the product writes it: a person is someone with an editor.

Beancount loads it in this process: an interpreter of its own for each look would take most of the time.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from beancount.core.data import Transaction

from kontobro.core.model.journal import Booking, Reference
from kontobro.core.ports import Capabilities
from kontobro.erp.beancount.connector import CAPABILITIES, BeancountConnector
from kontobro.erp.beancount.load import apart
from kontobro.erp.beancount.load.ledger import faults_with
from kontobro.erp.beancount.load.masters import load
from kontobro.testing.connector.shown import Shown
from tests.connectors.conftest import LedgerFiles, ledger_in


class BeancountBooks:
    """`Held` in a ledger of its own. Each process has a connector of its own to it, as it would."""

    capabilities: Capabilities = CAPABILITIES

    def __init__(self, folder: Path) -> None:
        apart.use(load_here)
        folder.mkdir()
        self._path = ledger_in(folder)
        self._files = LedgerFiles(self._path)
        self._own = BeancountConnector(self._path)
        self._seen: tuple[object, list[Transaction]] = (None, [])
        self.touched: set[Reference] = set()
        self.voided: set[Reference] = set()
        self.revived: set[Reference] = set()
        self.unknown: set[Reference] = set()
        self._edited: dict[Reference, object] = {}

    def connector(self) -> BeancountConnector:
        return BeancountConnector(self._path)

    def doubles(self) -> Mapping[Reference, int]:
        counts = Counter(_reference(one) for one in self._entries() if one.meta.get("void") is not True)
        return {reference: count - 1 for reference, count in counts.items() if count > 1}

    def references(self) -> Sequence[Reference]:
        return sorted({_reference(one) for one in self._entries()})

    def status(self, reference: Reference) -> str:
        statuses = {_status(one) for one in self._under(reference)}
        return next((one for one in ("posted", "draft", "void") if one in statuses), "")

    def shows(self, reference: Reference) -> Shown:
        return self._files.shows(reference)

    def booking(self, reference: Reference) -> Booking:
        return self._own.find([reference])[reference]

    def receipts(self, reference: Reference) -> Sequence[str]:
        return self._files.receipts(reference)

    def undone(self) -> Sequence[Reference]:
        return [one for one, day in self._edited.items() if self._day(one) != day]

    def void_by_hand(self, reference: Reference) -> None:
        self.touched.add(reference)
        self.voided.add(reference)
        self._edited.pop(reference, None)
        self._files.void(reference)

    def delete_by_hand(self, reference: Reference) -> None:
        self.touched.add(reference)
        self._edited.pop(reference, None)
        self._files.delete(reference)

    def post_by_hand(self, reference: Reference) -> None:
        day = self._day(reference)
        self._files.edit(reference, f"{day} !", f"{day} *")

    def edit_by_hand(self, reference: Reference, size: float) -> None:
        """An editor may change anything: here it is the day, by one to three."""
        self.touched.add(reference)
        day, status = self._day(reference), self.status(reference)
        assert day
        later = day + timedelta(days=1 + int(size * 3))
        for flag in "!*":
            self._files.edit(reference, f"{day} {flag}", f"{later} {flag}")
        if status == "posted":
            self._edited[reference] = later

    def _day(self, reference: Reference):  # type: ignore[no-untyped-def]  # Beancount says Any
        return next((one.date for one in self._under(reference) if _status(one) != "void"), None)

    def _under(self, reference: Reference) -> list[Transaction]:
        return [one for one in self._entries() if _reference(one) == reference]

    def _entries(self) -> list[Transaction]:
        """As Beancount reads the ledger; read once for each state of its files."""
        state = [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in self._files.batches]
        if self._seen[0] != state:
            self._seen = (state, self._files.entries())
        return self._seen[1]


def load_here(ledger: Path, words: Sequence[str]) -> tuple[int, bytes, bytes]:
    """In place of `apart.run_interpreter`: the same answer, from this process."""
    if words[0] == "load":
        return 0, pickle.dumps(load(ledger)), b""
    return 0, pickle.dumps(faults_with(ledger, Path(words[1]) if len(words) > 1 else None)), b""


def _reference(entry: Transaction) -> Reference:
    return Reference(entry.meta["kontobro"])


def _status(entry: Transaction) -> str:
    if entry.meta.get("void") is True:
        return "void"
    return "posted" if entry.flag == "*" else "draft"

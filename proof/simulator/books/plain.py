"""The file that real exporters book into where `make prove` wants a reference that is only searchable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from kontobro.core.model.journal import Booking, Reference
from kontobro.core.ports import Capabilities, Connector
from kontobro.testing.connector.shown import Shown
from tests.support.plain_erp import PlainBookkeeper, PlainErp, books_in


class PlainBooks:
    """`Held` in a file. No person works in it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        books = books_in(folder)
        assert books.elsewhere
        self._connect = books.elsewhere
        self._plain = PlainErp(folder, ())
        self.touched: set[Reference] = set()
        self.voided: set[Reference] = set()
        self.revived: set[Reference] = set()
        self.unknown: set[Reference] = set()

    @property
    def capabilities(self) -> Capabilities:
        return self._connect().capabilities

    def connector(self) -> Connector:
        return self._connect()

    def doubles(self) -> Mapping[Reference, int]:
        counts = Counter(Reference(line["reference"]) for line in self._plain.lines())
        return {reference: count - 1 for reference, count in counts.items() if count > 1}

    def references(self) -> Sequence[Reference]:
        return sorted({Reference(line["reference"]) for line in self._plain.lines()})

    def status(self, reference: Reference) -> str:
        return "posted" if reference in self.references() else ""

    def shows(self, reference: Reference) -> Shown | None:
        return None

    def booking(self, reference: Reference) -> Booking:
        return self._connect().find([reference])[reference]

    def receipts(self, reference: Reference) -> Sequence[str]:
        return PlainBookkeeper(self._plain).receipts(reference)

    def undone(self) -> Sequence[Reference]:
        return ()

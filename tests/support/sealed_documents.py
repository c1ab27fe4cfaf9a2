"""Many sealed documents in a store, without an export: one voucher each, unless more are asked for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from kontobro.core.documents import NewDocument, SealedVoucher
from kontobro.core.model.journal import Booking, Reference
from kontobro.core.ports import DocumentFile, DocumentStore

NOON = dt.datetime(2026, 9, 28, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 9, 28)


def seal_documents(
    store: DocumentStore, connection_id: str, numbers: range = range(1, 2), vouchers: int = 1, name: str = "d"
) -> None:
    """Sealed at once, with a small file each; none of them is delivered. Their vouchers are numbered from 1."""
    new = [
        NewDocument(number=number, group="2026-09", moment=NOON, first=DAY, last=DAY, vouchers=vouchers)
        for number in numbers
    ]
    store.begin_documents(connection_id, "job-1", new)
    for number in numbers:
        file = DocumentFile(name=f"{name}{number}.csv", media_type="text/csv", content=[b"rows"])
        store.keep_file(connection_id, number, file)
    made = [voucher(number, at, vouchers, numbers.start) for number in numbers for at in range(vouchers)]
    store.seal_documents(connection_id, list(numbers), made)


def voucher(document: int, at: int, of: int, first: int = 1) -> SealedVoucher:
    number = (document - first) * of + at + 1
    booking = Booking(
        reference=Reference(f"entry-{number}"),
        id=f"{document}-{number}",
        number=f"{document}/A{number}",
        status="handed_over",
        date=DAY,
        currency="DKK",
        total=Decimal("12.50"),
        tax=Decimal("2.50"),
        line_sums={"4000": Decimal("12.50"), "1930": Decimal("-12.50")},
        dimension_sums={},
        tax_code_sums=None,
        receipts=frozenset(),
        fingerprint="f" * 32,
    )
    return SealedVoucher(document=document, series="A", year="2026", number=number, booking=booking)

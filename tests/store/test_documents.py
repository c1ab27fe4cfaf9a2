"""Documents in the store: sealed once, numbered without a gap, never changed; on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from kontobro.core.documents import LastNumbers, NewDocument, SealedVoucher
from kontobro.core.errors import ImpossibleMove
from kontobro.core.master_files import KeptMasters, MastersRead
from kontobro.core.model.journal import Booking, Reference
from kontobro.core.ports import DocumentFile
from tests.support.store_contract.case import connection

if TYPE_CHECKING:
    from kontobro.store import DjangoStore

NOON = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 28)
ID = connection().id


def new(number: int, vouchers: int = 1) -> NewDocument:
    return NewDocument(number=number, group="2026-11", moment=NOON, first=DAY, last=DAY, vouchers=vouchers)


def booking(reference: str) -> Booking:
    return Booking(
        reference=Reference(reference),
        id=f"1-A-{reference}",
        number="1/A1",
        status="handed_over",
        date=DAY,
        currency="DKK",
        total=Decimal("12.50"),
        tax=Decimal("2.50"),
        line_sums={"4000": Decimal("10.00"), "2640": Decimal("2.50"), "1930": Decimal("-12.50")},
        dimension_sums={("4000", "1", "100"): Decimal("10.00")},
        tax_code_sums=None,
        receipts=frozenset({"ab"}),
        fingerprint="f" * 32,
    )


def voucher(reference: str, number: int, document: int = 1, series: str = "A") -> SealedVoucher:
    return SealedVoucher(document=document, series=series, year="2026", number=number, booking=booking(reference))


def sealed(store: DjangoStore, number: int, vouchers: Sequence[SealedVoucher], content: bytes = b"rows") -> None:
    store.begin_documents(ID, "job-1", [new(number, len(vouchers))])
    store.keep_file(ID, number, DocumentFile(name=f"d{number}.csv", media_type="text/csv", content=[content]))
    store.seal_documents(ID, [number], vouchers)


@pytest.fixture
def books(any_store: DjangoStore) -> DjangoStore:
    any_store.save_connection(connection())
    return any_store


def test_a_sealed_document_says_what_was_kept_of_it(books: DjangoStore) -> None:
    sealed(books, 1, [replace(voucher("one", 1), vendor="V7"), voucher("two", 2)])
    (row,) = books.documents(ID)
    assert (row.number, row.state, row.vouchers, row.moment, row.job_id) == (1, "sealed", 2, NOON, "job-1")
    assert [(file.name, file.size) for file in row.files] == [("d1.csv", 4)]
    assert b"".join(books.pieces(ID, 1, "d1.csv")) == b"rows"
    found = books.sealed(ID, [Reference("one"), Reference("three")])
    assert found == {"one": replace(voucher("one", 1), vendor="V7")}
    assert list(books.vouchers(ID, 1)) == [replace(voucher("one", 1), vendor="V7"), voucher("two", 2)]
    assert books.last_numbers(ID).document == 1
    assert books.last_numbers(ID).vouchers == {("A", "2026"): 2}
    assert books.known_vendors(ID) == {"V7"}


def test_what_was_only_rendered_is_gone_with_the_next_run_and_took_no_number(books: DjangoStore) -> None:
    books.begin_documents(ID, "job-1", [new(1)])
    books.keep_file(ID, 1, DocumentFile(name="d1.csv", media_type="text/csv", content=[b"half"]))
    assert books.last_numbers(ID).document == 0
    assert books.documents(ID) == []
    sealed(books, 1, [voucher("one", 1)])
    assert b"".join(books.pieces(ID, 1, "d1.csv")) == b"rows"


@pytest.mark.parametrize(
    "vouchers",
    [
        [voucher("two", 3, 2)],
        [voucher("two", 1, 2)],
        [voucher("two", 2, 2), voucher("three", 2, 2)],
        [voucher("one", 2, 2)],
    ],
    ids=["gap", "used", "twice", "the reference is in document 1"],
)
def test_numbers_and_references_are_given_once_all_or_none(books: DjangoStore, vouchers: list[SealedVoucher]) -> None:
    sealed(books, 1, [voucher("one", 1)])
    with pytest.raises(ImpossibleMove):
        sealed(books, 2, vouchers)
    assert [row.number for row in books.documents(ID)] == [1]
    assert books.last_numbers(ID).vouchers == {("A", "2026"): 1}


def test_documents_follow_each_other(books: DjangoStore) -> None:
    with pytest.raises(ImpossibleMove):
        sealed(books, 2, [voucher("one", 1, 2)])
    sealed(books, 1, [voucher("one", 1)])
    with pytest.raises(ImpossibleMove):
        books.seal_documents(ID, [1], [])


def test_a_document_is_delivered_imported_and_then_never_released(books: DjangoStore) -> None:
    sealed(books, 1, [voucher("one", 1)])
    with pytest.raises(ImpossibleMove):
        books.note_delivery(ID, 1, "delivered", NOON)
    assert not books.mark_imported(ID, 1, NOON)
    books.note_delivery(ID, 1, "delivering", NOON)
    books.note_delivery(ID, 1, "delivered", NOON, "a folder")
    books.mark_imported(ID, 1, NOON)
    (row,) = books.documents(ID, states=["delivered"])
    assert (row.place, row.delivered_at, row.imported_at) == ("a folder", NOON, NOON)
    with pytest.raises(ImpossibleMove):
        books.release(ID, 1, "rejected", NOON)


def test_what_was_imported_did_arrive_whoever_says_so_first(books: DjangoStore) -> None:
    """Found by a seed: two exporters came upon the same mark, and the second broke."""
    sealed(books, 1, [voucher("one", 1)])
    for state in ("delivering", "unsure"):
        books.note_delivery(ID, 1, state, NOON, "a folder")
    assert [books.mark_imported(ID, 1, NOON) for _ in range(2)] == [True, True]
    (row,) = books.documents(ID)
    assert (row.state, row.place, row.delivered_at, row.imported_at) == ("delivered", "a folder", NOON, NOON)


def test_a_released_document_frees_its_references_and_keeps_its_numbers(books: DjangoStore) -> None:
    sealed(books, 1, [voucher("one", 1)])
    books.release(ID, 1, "wrong accounts", NOON)
    assert books.sealed(ID, [Reference("one")]) == {}
    assert {r: one.document for r, one in books.released(ID, [Reference("one")]).items()} == {"one": 1}
    with pytest.raises(ImpossibleMove):
        sealed(books, 2, [voucher("one", 1, 2)])
    sealed(books, 2, [voucher("one", 2, 2)])
    assert books.sealed(ID, [Reference("one")])["one"].document == 2


def test_the_database_itself_keeps_what_is_sealed(books: DjangoStore) -> None:
    sealed(books, 1, [voucher("one", 1)])
    for statement in (
        "UPDATE kontobro_document SET moment = '2030-01-01T00:00:00+00:00'",
        "UPDATE kontobro_documentfile SET sha256 = 'other'",
        "UPDATE kontobro_voucher SET number = 7",
        "UPDATE kontobro_series SET last = 0",
        "UPDATE kontobro_document SET state = 'rendering'",
    ):
        with pytest.raises(ImpossibleMove), books.tables.writing() as session:
            session.run(statement)


def test_bytes_go_after_the_retention_of_what_is_imported(books: DjangoStore) -> None:
    sealed(books, 1, [voucher("one", 1)])
    sealed(books, 2, [voucher("two", 2, 2)])
    for number in (1, 2):
        books.note_delivery(ID, number, "delivering", NOON)
        books.note_delivery(ID, number, "delivered", NOON)
    books.mark_imported(ID, 1, NOON)
    assert books.forget_bytes(ID, NOON) == 0
    assert books.forget_bytes(ID, NOON + dt.timedelta(days=1)) == 1
    assert [(row.number, row.kept) for row in books.documents(ID)] == [(1, False), (2, True)]
    assert list(books.pieces(ID, 1, "d1.csv")) == []
    assert b"".join(books.pieces(ID, 2, "d2.csv")) == b"rows"


def test_large_files_are_kept_in_pieces(books: DjangoStore) -> None:
    content = bytes(range(256)) * 10_000
    sealed(books, 1, [voucher("one", 1)], content)
    pieces = list(books.pieces(ID, 1, "d1.csv"))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) == 1024 * 1024


def test_a_restored_document_goes_on_with_its_numbers(books: DjangoStore) -> None:
    sealed(books, 1, [voucher("one", 1)])
    (row,) = [replace(row, state="delivered") for row in books.documents(ID)]
    other = replace(connection(), id="other", company_id="other")
    books.save_connection(other)
    books.restore_document("other", row, [voucher("one", 1)])
    books.restore_document("other", row, [voucher("one", 1)])
    assert [(one.number, one.state, one.kept) for one in books.documents("other")] == [(1, "delivered", False)]
    assert books.last_numbers("other").vouchers == {("A", "2026"): 1}
    assert set(books.sealed("other", [Reference("one")])) == {"one"}


def begun(store: DjangoStore, connection_id: str, number: int) -> None:
    """A run that was killed before it sealed the document of that number."""
    store.begin_documents(connection_id, "job-0", [new(number)])
    store.keep_file(connection_id, number, DocumentFile(name="half.csv", media_type="text/csv", content=[b"half"]))


def test_what_a_killed_run_rendered_is_no_document(books: DjangoStore) -> None:
    begun(books, ID, 1)
    assert (books.document(ID, 1), books.last_numbers(ID).document) == (None, 0)


def test_it_keeps_no_document_from_its_number(books: DjangoStore) -> None:
    """Found by a seed: an old copy of the history was put back, whose run was killed while it rendered."""
    sealed(books, 1, [voucher("one", 1)])
    (row,) = [replace(row, state="delivered") for row in books.documents(ID)]
    books.save_connection(replace(connection(), id="other", company_id="other"))
    begun(books, "other", 1)
    books.restore_document("other", row, [voucher("one", 1)])
    assert [(one.number, one.state, one.kept) for one in books.documents("other")] == [(1, "delivered", False)]


def test_nor_a_person_from_saying_what_was_last(books: DjangoStore) -> None:
    begun(books, ID, 1)
    books.confirm_last(ID, LastNumbers(2, {("A", "2026"): 7}), NOON)
    assert [(one.number, one.state) for one in books.documents(ID)] == [(1, "delivered"), (2, "delivered")]
    assert books.last_numbers(ID).vouchers == {("A", "2026"): 7}


def test_documents_go_with_their_connection(books: DjangoStore) -> None:
    sealed(books, 1, [voucher("one", 1)])
    books.save_connection(replace(connection(), status="disconnected"))
    books.delete_connection(ID)
    with books.tables.reading() as session:
        for table in ("document", "documentfile", "documentpiece", "voucher", "series"):
            assert session.select(f"SELECT count(*) AS number FROM kontobro_{table}")[0].number == 0


def test_the_last_numbers_outlive_their_connection(books: DjangoStore) -> None:
    """Of the highest of all that were deleted, by Pleo company and accounting system."""
    there = connection()
    assert books.kept_numbers(there.company_id, there.erp) == LastNumbers()
    for numbers in (3, 1):
        books.save_connection(there)
        for number in range(1, numbers + 1):
            sealed(books, number, [voucher(f"r{number}", number, number)])
        books.begin_documents(ID, "job-1", [new(numbers + 1)])
        books.save_connection(replace(there, status="disconnected"))
        books.delete_connection(ID)
    assert books.kept_numbers(there.company_id, there.erp) == LastNumbers(3, {("A", "2026"): 3})
    assert books.kept_numbers("another", there.erp) == books.kept_numbers(there.company_id, "x") == LastNumbers()


def test_marks_are_looked_up_by_number_and_a_conflict_by_itself(books: DjangoStore) -> None:
    """However many documents there are, no more are read than marks that are new."""
    for number in range(1, 6):
        sealed(books, number, [voucher(f"r{number}", number, number)])
    for number in (2, 3, 4):
        books.note_delivery(ID, number, "delivering", NOON)
        books.note_delivery(ID, number, "delivered", NOON)
    books.mark_imported(ID, 2, NOON)
    books.release(ID, 3, "rejected", NOON)
    assert [row.number for row in books.unmarked(ID, [1, 2, 3, 4, 9])] == [3, 4]
    assert [row.number for row in books.unmarked(ID, [4])] == [4]
    assert books.conflict(ID) is None
    books.mark_imported(ID, 3, NOON)
    assert books.conflict(ID) == 3
    assert books.conflict("other") is None


# -------------------------------------------------------------------------------------------------- master data


def masters(accounts: int) -> MastersRead:
    return MastersRead("kontenplan.csv", f"{accounts:064x}", (("accounts", accounts), ("vendors", 31)))


def test_which_master_data_were_read_is_kept_and_goes_with_its_connection(books: DjangoStore) -> None:
    assert books.masters(ID) is None
    books.note_masters(ID, masters(412), NOON)
    books.note_sync(ID, "accounts", "in_step", "d", NOON + dt.timedelta(hours=1))
    later = NOON + dt.timedelta(hours=2)
    books.note_masters(ID, masters(200), later)
    kept = books.masters(ID)
    assert kept == KeptMasters(read=masters(200), read_at=later, changed_at=later, had=masters(412).counts)
    books.save_connection(replace(connection(), status="disconnected"))
    books.delete_connection(ID)
    assert books.masters(ID) is None


def test_master_data_of_a_connection_that_is_not_stored_yet_are_not_kept(books: DjangoStore) -> None:
    books.note_masters("another", masters(412), NOON)
    assert books.masters("another") is None

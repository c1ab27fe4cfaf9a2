"""What is Beancount's own: a ledger that people edit, that Fava opens, and that must always load."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

import pytest
from fava.beans.funcs import hash_entry
from fava.core import FavaLedger

from kontobro.core.errors import Conflict, Misconfigured, Problem, Timeout
from kontobro.core.model.journal import Booking, Reference
from kontobro.core.model.masterdata import DimensionValue, Period, TaxCode, Vendor
from kontobro.erp.beancount.connector import BeancountConnector
from kontobro.erp.beancount.files.folder import Folder
from kontobro.erp.beancount.files.shelf import Shelf
from kontobro.erp.beancount.syntax.blocks import Key
from kontobro.testing.connector.entries import (
    PDF,
    Chart,
    a_bill,
    a_journal,
    a_payment,
    a_receipt,
    a_taxed_journal,
    an_invoice_journal,
)

CHART = Chart()


@pytest.fixture
def connector(ledger) -> BeancountConnector:
    return BeancountConnector(ledger)


def booked(connector, *entries) -> list[Booking]:
    answers = list(connector.post(connector.book(entries)))
    assert all(isinstance(answer, Booking) for answer in answers), answers
    return answers


# ------------------------------------------------------------------------------ a bookkeeper's own hand


def test_what_a_bookkeeper_changed_by_hand_is_what_is_found(connector, files):
    entry = a_journal(CHART)
    booked(connector, entry)
    files.edit(entry.reference, "99.00", "88.00")
    files.edit(entry.reference, "Expenses:Office", "Liabilities:Payable")
    files.edit(entry.reference, "2026-10-03", "2026-10-04")
    booking = connector.find([entry.reference])[entry.reference]
    assert (booking.total, booking.date) == (Decimal(88), dt.date(2026, 10, 4))
    assert booking.line_sums == {"Liabilities:Payable": Decimal(88), "Assets:Pleo:DKK": Decimal(-88)}


def test_an_amount_left_to_beancount_is_filled_in(connector, files):
    entry = a_journal(CHART)
    booked(connector, entry)
    files.edit(entry.reference, "-99.00 DKK", "")
    assert connector.find([entry.reference])[entry.reference].line_sums["Assets:Pleo:DKK"] == Decimal(-99)


def test_posting_and_attaching_keep_what_a_bookkeeper_wrote(connector, files):
    entry = a_journal(CHART)
    (draft,) = connector.book([entry])
    files.edit(entry.reference, "Printer ink", "Toner for the office")
    files.edit(entry.reference, '    role: "wallet"', '    role: "wallet"\n    ; asked Anna\n    why: "her own words"')
    connector.attach(draft, [a_receipt()])
    connector.post([draft])
    transaction = files.entry(entry.reference)
    assert transaction.narration == "Toner for the office · Anna Berg"
    assert transaction.postings[1].meta["why"] == "her own words"
    assert "; asked Anna" in files.batches[1].read_text()


def test_an_entry_posted_by_hand_is_posted(connector, files):
    entry = a_journal(CHART)
    connector.book([entry])
    files.edit(entry.reference, "2026-10-03 !", "2026-10-03 *")
    assert connector.find([entry.reference])[entry.reference].status == "posted"


def test_an_entry_that_can_not_be_read_is_named_by_file_and_line(connector, files):
    entry = a_journal(CHART)
    connector.book([a_journal(CHART)])
    connector.book([entry])
    files.edit(entry.reference, "99.00 DKK", "99,oo DKK")
    with pytest.raises(Misconfigured, match=r"bookings/000002.beancount:\d+"):
        connector.find([entry.reference])


def test_a_receipt_removed_by_hand_is_attached_again(connector, files, ledger):
    entry = a_journal(CHART)
    (booking,) = connector.book([entry])
    connector.attach(booking, [a_receipt()])
    (document,) = (ledger.parent / "documents").rglob("*.pdf")
    document.unlink()
    assert connector.find([entry.reference])[entry.reference].receipts == frozenset()
    connector.attach(booking, [a_receipt()])
    assert document.read_bytes() == PDF
    assert files.receipts(entry.reference) == [a_receipt().sha256]


def test_attaching_to_an_entry_that_was_deleted_is_for_a_person(connector, files):
    entry = a_journal(CHART)
    (booking,) = connector.book([entry])
    files.delete(entry.reference)
    with pytest.raises(Conflict, match="no longer in the ledger"):
        connector.attach(booking, [a_receipt()])


# ----------------------------------------------------------------------------------- bills and payments


def test_a_settled_payment_shares_its_bills_link(connector, files):
    bill = a_bill(CHART)
    payment = a_payment(CHART, bill.key)
    booked(connector, payment)
    booked(connector, bill)
    links = files.entry(payment.reference).links
    assert links == {f"kontobro-{payment.reference}", f"kontobro-{bill.reference}"}
    assert files.entry(bill.reference).links <= links


def test_a_part_payment_says_so(connector, files):
    bill = a_bill(CHART, "120.00")
    payment = a_payment(CHART, bill.key, "50.00")
    booked(connector, bill, payment)
    assert files.entry(payment.reference).meta["settled-note"] == "50.00 of the bill's 120.00 DKK"


def test_a_bill_posted_by_hand_is_settled_when_its_payment_is_posted_again(connector, files):
    bill = a_bill(CHART)
    connector.book([bill])
    (payment,) = booked(connector, a_payment(CHART, bill.key))
    files.edit(bill.reference, "2026-10-03 !", "2026-10-03 *")
    assert [booking.settled for booking in connector.post([payment])] == [True]


def test_a_bill_that_another_process_booked_meanwhile_is_settled(connector, files, ledger):
    bill = a_bill(CHART)
    (payment,) = connector.book([a_payment(CHART, bill.key)])
    BeancountConnector(ledger).book([bill])
    files.edit(bill.reference, "2026-10-03 !", "2026-10-03 *")
    assert [booking.settled for booking in connector.post([payment])] == [True]


def test_a_voided_bill_settles_nothing(connector, files):
    bill = a_bill(CHART)
    booked(connector, bill)
    files.void(bill.reference)
    assert booked(connector, a_payment(CHART, bill.key))[0].settled is False
    assert connector.find([bill.key]) == {}


def test_an_invoice_number_with_a_line_break_is_still_found(connector):
    bill = a_bill(CHART, number="INV\n7\\")
    booked(connector, bill)
    assert connector.find([bill.key])[bill.key].reference == bill.reference


# -------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"journal": "SALES"}, "journal_unknown"),
        ({"currency": "dkk"}, "currency_invalid"),
        ({"currency": "EUR"}, "account_currency"),
        ({"payee": "x" * 1001}, "text_too_long"),
        ({"vendor": "V404"}, "vendor_unknown"),
        ({"reference": Reference("two\nlines")}, "reference_invalid"),
        ({"date": dt.date(2027, 1, 1)}, "period_closed"),
        ({"lines": ()}, "unbalanced"),
    ],
)
def test_every_refusal_has_a_code_and_leaves_nothing(connector, files, change, code):
    entry = replace(a_journal(CHART), **change)
    (answer,) = connector.book([entry])
    assert isinstance(answer, Problem)
    assert answer.code == code
    assert files.entries() == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"account": "Expenses:Old"}, "account_closed"),
        ({"account": "Expenses:Last"}, "account_closed"),
        ({"amount": Decimal("NaN")}, "amount_invalid"),
        ({"tax_code": "I99"}, "tax_code_unknown"),
        ({"dimensions": (("COST", "200"),)}, "dimension_value_unknown"),
        ({"dimensions": (("PROJECT", "100"),)}, "dimension_value_unknown"),
        ({"vendor": "V404"}, "vendor_unknown"),
    ],
)
def test_every_refusal_of_a_line_has_a_code(connector, change, code):
    entry = a_journal(CHART)
    bad = replace(entry, lines=(replace(entry.lines[0], **change), *entry.lines[1:]))
    ((problem,),) = connector.validate([bad])
    assert problem.code == code
    assert problem.remedy


def test_a_writer_waits_for_another_only_so_long(ledger):
    with Folder(ledger).writing(), pytest.raises(Timeout, match="Another program"), Folder(ledger, 0.05).writing():
        pass


# ------------------------------------------------------------------------------------------ files, Fava


def test_batches_are_files_that_sort_and_never_collide(connector, files):
    for _ in range(3):
        connector.book([a_journal(CHART), a_journal(CHART)])
    assert [path.name for path in files.batches] == [f"{n:06}.beancount" for n in range(4)]
    assert len(files.entries()) == 6


def test_a_batch_whose_drafts_are_all_withdrawn_leaves_no_file(connector, files):
    connector.withdraw(connector.book([a_journal(CHART), a_journal(CHART)]))
    assert [path.name for path in files.batches] == ["000000.beancount"]


def test_withdrawing_one_draft_takes_its_documents_and_nothing_else(connector, files):
    entries = [a_journal(CHART) for _ in range(3)]
    bookings = connector.book(entries)
    for booking in bookings:
        connector.attach(booking, [a_receipt(), a_receipt(PDF + b"2")])
    connector.withdraw([bookings[1]])
    assert [entry.meta["kontobro"] for entry in files.entries()] == [entries[0].reference, entries[2].reference]
    assert files.batches[1].read_text().count(" document ") == 4


def test_links_name_the_file_or_fava(connector, ledger):
    entry = a_journal(CHART)
    (booking,) = connector.book([entry])
    assert booking.url.startswith("file://")
    assert booking.url.endswith("/bookings/000001.beancount#L1")
    (same,) = BeancountConnector(ledger, fava="http://localhost:5000/fjord/").book([entry])
    assert unquote(same.url) == f"http://localhost:5000/fjord/journal/?filter=^kontobro-{entry.reference}"


def test_fava_opens_the_ledger_and_its_receipts(connector, ledger):
    entry, bill = a_taxed_journal(CHART), a_bill(CHART)
    for booking in booked(connector, entry, bill):
        connector.attach(booking, [a_receipt()])
    fava = FavaLedger(str(ledger))
    assert fava.errors == []
    shown = [e for e in fava.all_entries_by_type.Transaction if e.meta["kontobro"] == entry.reference]
    filtered = fava.get_filtered(filter=f"^kontobro-{entry.reference}").entries
    assert [type(e).__name__ for e in filtered] == ["Transaction", "Document"]
    assert fava.statement_path(hash_entry(shown[0]), "document-1").endswith(".pdf")


# ------------------------------------------------------------------------------------------------ speed


class CountingFolder(Folder):
    """Notes which files are read."""

    def __init__(self, ledger) -> None:
        super().__init__(ledger)
        self.read: list[str] = []

    def text(self, name: str) -> bytes:
        self.read.append(name)
        return super().text(name)


def test_a_search_reads_only_files_that_are_new_changed_or_hold_the_entry(connector, ledger):
    folder = CountingFolder(ledger)
    shelf = Shelf(folder)
    entries = [a_journal(CHART) for _ in range(4)]
    for entry in entries:
        connector.book([entry])
    key = Key.of("kontobro", entries[2].reference)
    shelf.booked([key])
    assert folder.read == [*(f"{n:06}.beancount" for n in range(5)), "000003.beancount"]
    folder.read.clear()
    connector.post(connector.book(entries[1:2]))
    (booked,) = shelf.booked([key])
    assert booked.meta("kontobro") == entries[2].reference
    assert folder.read == ["000002.beancount", "000003.beancount"]


def test_a_payment_in_another_currency_leaves_its_bill_open(connector):
    """In a ledger two currencies never cancel out; the key's own currency weighs least."""
    bill = a_bill(CHART, currency="EUR")
    booked(connector, bill)
    assert booked(connector, a_payment(CHART, replace(bill.key, currency="DKK")))[0].settled is False
    assert connector.find([bill.key])[bill.key].open == 120
    assert booked(connector, a_payment(CHART, replace(bill.key, currency="DKK"), currency="EUR"))[0].settled is True


def test_what_was_paid_too_much_stays_the_payments_own(connector):
    bill = a_bill(CHART)
    booked(connector, bill)
    assert booked(connector, a_payment(CHART, bill.key, "130.00"))[0].settled is True
    assert connector.find([bill.key])[bill.key].open == 0
    back = a_payment(CHART, bill.key, "130.00", returned=True)
    assert booked(connector, back)[0].settled is True
    assert connector.find([bill.key])[bill.key].open == 120


# ------------------------------------------------------------------------------------------------- docs


def test_the_ledger_in_the_docs_is_one_that_works(tmp_path):
    page = (Path(__file__).parents[2] / "docs/connectors/beancount.md").read_text()
    ledger = tmp_path / "main.beancount"
    ledger.write_text(page.split("```beancount\n")[1].split("```")[0])
    connector = BeancountConnector(ledger)
    assert connector.check().id == "fjord-bro"
    assert [len(list(connector.read(kind))) for kind in (TaxCode, DimensionValue, Vendor, Period)] == [2, 2, 1, 2]


def test_every_metadata_key_is_in_the_docs(connector, files):
    page = (Path(__file__).parents[2] / "docs/connectors/beancount.md").read_text()
    day = CHART.open_day
    bill = a_bill(
        CHART, due_date=day, service_period=(day, day), supplier_amount=(Decimal(1), "USD"), notes=("n",), url="u"
    )
    payment = a_payment(CHART, bill.key, "50.00", reconciled_entries=("r",), reconciliation_id="i")
    journal = replace(a_taxed_journal(CHART), journal="PLEO", vendor="V100", vendor_name="Staples", attendees=("Bo",))
    invoice = an_invoice_journal(CHART)
    others = [a_payment(CHART, bill.reference, received=True), a_payment(CHART, bill.key, returned=True)]
    bookings = booked(connector, bill, payment, journal, invoice, *others)
    connector.attach(bookings[0], [a_receipt()])
    metas = [e.meta for e in files.entries()] + [p.meta for e in files.entries() for p in e.postings]
    keys = {key for meta in metas for key in meta if not key.startswith("__")} - {"filename", "lineno"}
    assert len(keys) == 33
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []

"""What becomes of an entry: pairs, tax by key or as lines, numbers, dates, cost centres."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from kontobro.core.errors import Note
from kontobro.core.model.journal import (
    Entry,
    EntryLine,
    InvoiceKey,
    JournalEntry,
    dimension_sums,
    line_sums,
    reference_of,
)
from kontobro.erp.files.datev.target import DatevTarget
from kontobro.testing.connector.entries import (
    a_bill,
    a_journal,
    a_payment,
    a_receipt,
    a_reverse_journal,
    a_taxed_bill,
    a_taxed_journal,
    an_invoice_journal,
)
from kontobro.testing.document.papers import Papers
from tests.erp.files.datev.company import CHART, READER, a_target, some_papers
from tests.erp.files.datev.reader import ReadEntry, read_files


def one(papers: Papers, entry: Entry) -> ReadEntry:
    """The entry as it is read back; it may have notes, and no problems."""
    assert papers.refusals(entry) == []
    ((_, files),) = papers.documents(entry)
    (read,) = read_files(READER, files)
    assert (read.amounts, read.dimensions) == (line_sums(entry), dimension_sums(entry))
    return read


def codes(target: DatevTarget, entry: Entry) -> list[tuple[str, str, bool]]:
    """Code, form and whether it is a note."""
    (found,) = target.validate([entry])
    return [(problem.code, problem.form, isinstance(problem, Note)) for problem in found]


def test_a_key_is_on_the_gross_amount(tmp_path: Path) -> None:
    read = one(some_papers(tmp_path), a_taxed_journal(CHART))
    ((amount, side, *_),) = read.rows
    assert (amount, side, read.rows[0][6], read.rows[0][7], read.rows[0][8]) == ("99,00", "S", "6815", "1810", "9")


def test_tax_that_datev_would_round_otherwise_is_lines_or_refused(tmp_path: Path) -> None:
    entry = a_taxed_journal(CHART, "79.21", "19.79")
    read = one(some_papers(tmp_path), entry)
    assert [(row[0], row[6], row[8]) for row in read.rows] == [("79,21", "6815", ""), ("19,79", "1406", "")]
    assert codes(a_target(tmp_path), entry) == [("document_tax", "lines", True)]
    assert codes(a_target(tmp_path, tax="keys_only"), entry) == [("document_tax", "", False)]
    assert codes(a_target(tmp_path, tax="lines"), entry) == []


def test_each_row_is_rounded_by_itself(tmp_path: Path) -> None:
    """0.03 and 0.03 of 25 % have 0.01 tax each; together 0.06 would have 0.01."""
    entry = a_taxed_journal(CHART, "0.04", "0.02")
    first, *rest = entry.lines
    half = replace(first, amount=Decimal("0.02"), tax_amount=Decimal("0.01"))
    entry = replace(entry, lines=(half, half, *rest))
    assert [row[8] for row in one(some_papers(tmp_path), entry).rows] == ["9", "9"]


@pytest.mark.parametrize(("code", "form"), [("I07", "lines"), ("I25", None)])
def test_a_code_without_key_is_lines(tmp_path: Path, code: str, form: str | None) -> None:
    entry = a_taxed_journal(CHART)
    entry = replace(entry, lines=tuple(replace(line, tax_code=code if line.tax_code else None) for line in entry.lines))
    assert [found[1] for found in codes(a_target(tmp_path), entry)] == ([form] if form else [])
    assert len(one(some_papers(tmp_path), entry).rows) == (2 if form else 1)


def test_pleos_own_tax_account_is_kept(tmp_path: Path) -> None:
    """A key would book on the tax code's."""
    entry = a_taxed_journal(replace(CHART, input_tax="1407"))
    assert [(row[6], row[8]) for row in one(some_papers(tmp_path), entry).rows] == [("6815", ""), ("1407", "")]


def test_reverse_charge_is_one_row_with_its_fields(tmp_path: Path) -> None:
    (row,) = one(some_papers(tmp_path), a_reverse_journal(CHART)).rows
    assert (row[0], row[8], row[42], row[43]) == ("80,00", "94", "1", "25")
    rows = one(some_papers(tmp_path, tax="lines"), a_reverse_journal(CHART)).rows
    assert [(row[0], row[1], row[6]) for row in rows] == [
        ("80,00", "S", "6815"),
        ("20,00", "S", "1406"),
        ("20,00", "H", "3806"),
    ]


def test_an_automatic_account_has_no_key(tmp_path: Path) -> None:
    (row,) = one(some_papers(tmp_path), a_taxed_journal(replace(CHART, expense="5400"))).rows
    assert (row[0], row[6], row[8]) == ("99,00", "5400", "")


@pytest.mark.parametrize("account", ["5400", "5425"])
def test_an_automatic_account_without_its_tax_is_told_so(tmp_path: Path, account: str) -> None:
    (row,) = one(some_papers(tmp_path), a_journal(replace(CHART, expense=account))).rows
    assert (row[0], row[6], row[8]) == ("99,00", account, "40")


def test_an_automatic_account_with_another_tax_has_lines(tmp_path: Path) -> None:
    entry = a_taxed_journal(replace(CHART, expense="5425"))
    rows = one(some_papers(tmp_path), entry).rows
    assert [(row[6], row[8]) for row in rows] == [("5425", "40"), ("1406", "")]


def test_a_bill_begins_with_the_vendors_account_and_its_payment_has_its_number(tmp_path: Path) -> None:
    papers = some_papers(tmp_path)
    bill = a_taxed_bill(CHART, number="RE 2026/0815", due_date=dt.date(2026, 11, 2))
    (row,) = one(papers, bill).rows
    assert (row[0], row[1], row[6], row[7], row[8]) == ("99,00", "H", "70001", "6815", "9")
    assert (row[10], row[116]) == ("RE2026/0815", "02112026")
    payment = a_payment(CHART, InvoiceKey("V100", "RE 2026/0815", "DKK"), "99.00")
    paid = one(papers, payment).rows[0]
    assert (paid[1], paid[6], paid[7], paid[10], paid[116]) == ("S", "70001", "1810", "RE2026/0815", "")
    own = one(papers, a_payment(CHART, bill.reference, "99.00", number="RE 2026/0815")).rows[0]
    assert own[10] == "RE2026/0815"


def test_an_invoice_in_the_journal_has_its_number_too(tmp_path: Path) -> None:
    read = one(some_papers(tmp_path, document_number="voucher"), an_invoice_journal(CHART, number="RE-5"))
    assert (read.number, read.rows[0][6]) == ("RE-5", "70001")


def test_a_bill_without_a_number_and_its_payment_have_the_expenses_id(tmp_path: Path) -> None:
    bill = a_bill(CHART, number="")
    payment = a_payment(CHART, bill.reference, reference=reference_of(bill.reference, payment=True))
    papers = some_papers(tmp_path)
    assert one(papers, bill).number == one(papers, payment).number == bill.reference
    assert one(papers, payment).reference == f"{bill.reference}/pay"


def test_a_due_date_is_only_on_rows_with_a_vendors_account(tmp_path: Path) -> None:
    assert one(some_papers(tmp_path), a_journal(CHART, due_date=dt.date(2026, 11, 2))).rows[0][116] == ""


@pytest.mark.parametrize(("setting", "belegfeld"), [("reference", None), ("invoice", "RE-17"), ("voucher", "P2026-1")])
def test_belegfeld_1_is_what_the_setting_says(tmp_path: Path, setting: str, belegfeld: str | None) -> None:
    entry = a_journal(CHART, number="RE-17")
    read = one(some_papers(tmp_path, document_number=setting), entry)
    assert read.number == (belegfeld or entry.reference)
    assert read.reference == entry.reference
    assert read.extras.get("Rechnungsnummer") == (None if setting == "invoice" else "RE-17")


def test_belegfeld_1_keeps_the_last_characters_and_says_so(tmp_path: Path) -> None:
    bill = a_bill(CHART, number="x" * 30 + "Ä" + "1234567890")
    read = one(some_papers(tmp_path), bill)
    assert read.number == "x" * 25 + "A1234567890"
    assert read.extras["Rechnungsnummer"] == bill.number
    assert codes(a_target(tmp_path), bill) == [("document_letters", "", True)]


def test_two_numbers_that_become_one_are_refused(tmp_path: Path) -> None:
    bills = [a_bill(CHART, number=number) for number in ("RE#17", "RE17", "re 17", "18")]
    answers = a_target(tmp_path).validate(bills)
    problems = [[one.code for one in found if not isinstance(one, Note)] for found in answers]
    assert problems == [[], ["document_number_same"], ["document_number_same"], []]


def test_a_number_without_a_character_that_belegfeld_1_has_is_refused(tmp_path: Path) -> None:
    assert codes(a_target(tmp_path), a_bill(CHART, number="((!))")) == [("document_letters", "code", False)]


def test_cost_centres_and_other_dimensions(tmp_path: Path) -> None:
    dimensions = (("COST", "100"), ("PROJECT", "P1"))
    entry = a_taxed_journal(replace(CHART, dimensions=dimensions))
    (row,) = one(some_papers(tmp_path), entry).rows
    assert (row[36], row[37], row[49], row[50]) == ("100", "", "PROJECT", "P1")
    (row,) = one_of(some_papers(tmp_path, kost2="PROJECT"), entry)
    assert (row[36], row[37], row[49]) == ("100", "P1", "")


def one_of(papers: Papers, entry: Entry) -> list[list[str]]:
    ((_, files),) = papers.documents(entry)
    (read,) = read_files(READER, files)
    return read.rows


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"kost_length": "2"}, "document_too_long"), ({"kost1": "CAR"}, "document_letters"), ({}, None)],
)
def test_a_cost_centre_that_datev_would_reject_is_refused(
    tmp_path: Path, options: dict[str, str], problem: str | None
) -> None:
    dimensions = (("COST", "100"), ("CAR", "M-AB 12"))
    found = codes(a_target(tmp_path, **options), a_taxed_journal(replace(CHART, dimensions=dimensions)))
    assert [code for code, *_ in found] == ([problem] if problem else [])


def test_an_entry_of_many_accounts_goes_over_the_clearing_account(tmp_path: Path) -> None:
    lines = tuple(
        EntryLine(account=account, amount=Decimal(amount), role="expense")
        for account, amount in (("6815", "10.00"), ("6640", "5.00"), ("6837", "-12.00"), ("0420", "-3.00"))
    )
    entry = a_journal(CHART, lines=lines)
    assert codes(a_target(tmp_path), entry) == [("document_pairs", "", False)]
    rows = one(some_papers(tmp_path, clearing_account="1370"), entry).rows
    assert {row[7] for row in rows} == {"1370"}


def test_lines_of_nothing_are_left_out_and_nothing_at_all_is_refused(tmp_path: Path) -> None:
    entry = a_journal(CHART)
    nothing = EntryLine(account="6640", amount=Decimal(0), role="expense")
    assert len(one(some_papers(tmp_path), replace(entry, lines=(*entry.lines, nothing))).rows) == 1
    empty = replace(entry, lines=tuple(replace(line, amount=Decimal("0.00")) for line in entry.lines))
    assert codes(a_target(tmp_path), empty) == [("document_pairs", "empty", False)]


def test_an_account_against_itself_is_refused(tmp_path: Path) -> None:
    entry = a_journal(CHART)
    lines = (replace(entry.lines[0], account="1810"), entry.lines[1])
    assert codes(a_target(tmp_path), replace(entry, lines=lines)) == [("document_account", "", False)]


@pytest.mark.parametrize("account", ["123"])
def test_an_account_number_of_another_length_is_refused(tmp_path: Path, account: str) -> None:
    found = codes(a_target(tmp_path), a_journal(replace(CHART, expense=account)))
    assert found == [("document_account", "", False)]


def test_another_currency_has_rate_and_base(tmp_path: Path) -> None:
    (row,) = one(some_papers(tmp_path), a_journal(CHART, "12.34", "EUR")).rows
    assert row[:6] == ["12,34", "S", "EUR", "0,134", "92,09", "DKK"]
    november = a_journal(CHART, "12.34", "EUR", date=dt.date(2026, 11, 3))
    assert one(some_papers(tmp_path), november).rows[0][3:5] == ["0,125", "98,72"]
    found = codes(a_target(tmp_path, rates=""), a_journal(CHART, "12.34", "EUR"))
    assert found == [("document_currency", "", False)]


def test_the_service_date_is_the_last_day_where_it_is_asked_for(tmp_path: Path) -> None:
    entry = a_journal(CHART, service_period=(dt.date(2026, 9, 1), dt.date(2026, 9, 30)))
    assert one(some_papers(tmp_path), entry).rows[0][114:116] == ["", ""]
    read = one(some_papers(tmp_path, service_date="yes"), entry)
    assert read.rows[0][114:116] == ["30092026", "03102026"]
    assert read.extras["Leistungszeitraum"] == "2026-09-01 - 2026-09-30"


def test_a_long_text_is_shortened_visibly_and_whole_elsewhere(tmp_path: Path) -> None:
    entry = a_journal(CHART, payee="Łódź Papier", text="ein langer Text; " * 30)
    read = one(some_papers(tmp_path), entry)
    text = read.rows[0][13]
    assert len(text) == 60
    assert text.endswith("…")
    assert read.extras["Text"] == "Lódz Papier " + " ".join(["ein langer Text;"] * 30)
    assert {code for code, *_ in codes(a_target(tmp_path), entry)} == {"document_letters", "document_shortened"}
    assert codes(a_target(tmp_path, long_texts="refuse"), entry)[0] == ("document_too_long", "", False)


def test_a_list_that_no_additional_information_holds_is_refused(tmp_path: Path) -> None:
    entry = a_journal(CHART, attendees=tuple(f"Person {n} of a long name" for n in range(400)))
    assert codes(a_target(tmp_path), entry) == [("document_too_long", "", False)]


def test_further_facts_are_in_additional_information(tmp_path: Path) -> None:
    entry = a_journal(
        CHART,
        attendees=("Anna Berg", "Jörg"),
        supplier_amount=(Decimal("12.30"), "USD"),
        url="https://app.pleo.io/x?a=1;b",
        document_date=dt.date(2026, 9, 30),
    )
    extras = one(some_papers(tmp_path), entry).extras
    assert extras == {
        "Pleo-ID": entry.reference,
        "Rechnungsdatum": "2026-09-30",
        "Originalbetrag": "12.30 USD",
        "Teilnehmer": "Anna Berg; Jörg",
        "Link": "https://app.pleo.io/x?a=1;b",
    }


def test_a_link_is_the_same_in_every_export_and_another_for_other_receipts(tmp_path: Path) -> None:
    papers, entry = some_papers(tmp_path), a_journal(CHART)
    assert isinstance(entry, JournalEntry)

    def link(content: bytes) -> str:
        ((_, files),) = papers.documents(entry, receipts=[a_receipt(content)])
        return next(iter(read_files(READER, files))).rows[0][19]

    assert link(b"%PDF-1") == link(b"%PDF-1")
    assert link(b"%PDF-1") != link(b"%PDF-2")
    assert link(b"%PDF-1").startswith('BEDI "')


def test_belegfeld_1_is_what_a_bill_its_payment_and_its_credit_note_are_matched_by(tmp_path: Path) -> None:
    """The export refuses what `clashes`, over all of a job and earlier documents."""
    target = a_target(tmp_path)
    bill = target.place(a_bill(CHART, number="RE-1")).matched
    assert bill
    others = [
        a_bill(CHART, number="RE-1"),
        a_payment(CHART, InvoiceKey("V100", "RE-1", "DKK")),
        a_bill(CHART, number="RE-1", credit_note=True),
        a_payment(CHART, InvoiceKey("V100", "RE(-1", "DKK")),
    ]
    clashes = [number and bill.clashes(number) for number in (target.place(each).matched for each in others)]
    assert clashes == [True, False, False, True]
    assert target.place(a_journal(CHART)).matched is None

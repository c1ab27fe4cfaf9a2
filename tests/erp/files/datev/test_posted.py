"""A Buchungsstapel as DATEV exports it, beside what was sealed: found, missing, different, booked twice."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from kontobro.core.documents import SealedVoucher
from kontobro.core.errors import Misconfigured
from kontobro.core.model.journal import Entry, InvoiceKey, line_sums
from kontobro.core.tieout.journal import JournalTieOut, tie_to_journal
from kontobro.erp.files.common.posted import read_posted
from kontobro.export.documents.books import booking_of
from kontobro.testing.connector.entries import (
    a_bill,
    a_journal,
    a_payment,
    a_reverse_journal,
    a_taxed_bill,
    a_taxed_journal,
)
from tests.erp.files.datev.company import CHART, a_target, some_papers
from tests.erp.files.datev.reader import of_kind

Rows = list[list[str]]
ID = 47
"""The place of Zusatzinformation 1."""


def sealed(*entries: Entry) -> list[SealedVoucher]:
    return [
        SealedVoucher(
            document=1, series="P", year="2026", number=at, booking=booking_of(entry, [], 1, "P", at), vendor=""
        )
        for at, entry in enumerate(entries, 1)
    ]


def exported(folder: Path, *entries: Entry, changed: Callable[[Rows], Iterable[list[str]]] = iter) -> Path:
    """What DATEV exports of a batch that was imported, in its own way of writing; `changed` before that."""
    ((_, files),) = some_papers(folder).documents(*entries)
    (content,) = of_kind(files, "EXTF_Buchungsstapel")
    lines = list(csv.reader(io.StringIO(content.decode("cp1252"), newline=""), delimiter=";"))
    rows = list(changed(lines[2:]))
    for row in rows:
        row[6:8] = (number.lstrip("0") for number in row[6:8])
        row[9] = row[9].lstrip("0")
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows([["DTVF", *lines[0][1:]], lines[1], *rows])
    path = folder / "journal.csv"
    path.write_bytes(text.getvalue().encode("cp1252"))
    return path


def compared(folder: Path, path: Path, *entries: Entry) -> JournalTieOut:
    return tie_to_journal(sealed(*entries), read_posted(path, a_target(folder).posted))


def all_kinds() -> list[Entry]:
    bill = a_taxed_bill(CHART, number="R-2026-1")
    return [
        a_journal(CHART),
        a_taxed_journal(CHART),
        a_reverse_journal(CHART),
        bill,
        a_payment(CHART, InvoiceKey("V100", "R-2026-1", "DKK"), "99.00"),
        a_bill(CHART, credit_note=True),
    ]


def test_what_the_mapping_turned_is_found_to_the_cent(tmp_path: Path) -> None:
    entries = all_kinds()
    path = exported(tmp_path, *entries)
    posted = {entry.text: entry.amounts for entry in read_posted(path, a_target(tmp_path).posted)}
    assert posted == {entry.reference: line_sums(entry) for entry in entries}
    result = compared(tmp_path, path, *entries)
    assert (len(result.found), result.is_equal) == (6, True)


def test_without_zusatzinformation_belegfeld_1_day_and_amounts_decide(tmp_path: Path) -> None:
    """A bill and its payment share Belegfeld 1, and may share the day."""

    def without(rows: Rows) -> Rows:
        return [[*row[:ID], *[""] * 40, *row[ID + 40 :]] for row in rows]

    entries = all_kinds()
    path = exported(tmp_path, *entries, changed=without)
    assert compared(tmp_path, path, *entries).is_equal
    posted = read_posted(path, a_target(tmp_path).posted)
    assert [entry.references for entry in posted[:2]] == [{entry.reference} for entry in entries[:2]]


def test_what_is_missing_changed_or_imported_twice_is_said(tmp_path: Path) -> None:
    entries = [a_taxed_journal(CHART), a_journal(CHART), a_taxed_bill(CHART), a_journal(CHART, "12.00")]

    def changed(rows: Rows) -> Rows:
        first, _, twice, cheaper = rows
        cheaper[0] = "11,99"
        return [first, twice, [*twice], cheaper]

    result = compared(tmp_path, exported(tmp_path, *entries, changed=changed), *entries)
    named = {entry.reference: at for at, entry in enumerate(entries)}
    assert [named[one.booking.reference] for one in result.found] == [0]
    assert [named[one.booking.reference] for one in result.missing] == [1]
    assert [named[one.booking.reference] for one in result.doubled] == [2]
    assert [named[one.voucher.booking.reference] for one in result.different] == [3]


def test_a_reversal_takes_the_entry_back_and_another_account_differs(tmp_path: Path) -> None:
    entries = [a_journal(CHART), a_taxed_journal(CHART)]

    def changed(rows: Rows) -> Rows:
        rows[1][7] = "1811"
        reversal = [*rows[0]]
        reversal[117] = "1"
        return [*rows, reversal]

    result = compared(tmp_path, exported(tmp_path, *entries, changed=changed), *entries)
    assert len(result.different) == 2
    assert result.different[0].posted.amounts == {}


def test_the_tax_of_an_automatic_account_is_worked_out(tmp_path: Path) -> None:
    entry = a_taxed_journal(CHART)
    (expense, *others) = entry.lines
    moved = a_taxed_journal(CHART, lines=(replace(expense, account="5400"), *others))
    path = exported(tmp_path, moved)
    (posted,) = read_posted(path, a_target(tmp_path).posted)
    assert posted.amounts == line_sums(moved)
    assert posted.amounts["1406"] == Decimal("19.80")
    assert posted.date == moved.date


def test_entries_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    """With keys that are none of ours, and accounts that the master data do not have."""

    def others(rows: Rows) -> Rows:
        other = [*rows[0][:ID], *[""] * 40, *rows[0][ID + 40 :]]
        other[6:9], other[10] = ["8400", "10001", "103"], "RE 7"
        return [*rows, other]

    entry = a_journal(CHART)
    assert compared(tmp_path, exported(tmp_path, entry, changed=others), entry).is_equal


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (0, "12.50", "row 3, field 1: Umsatz"),
        (1, "X", "row 3, field 2: Soll/Haben-Kennzeichen"),
        (6, "", "row 3, field 7: Konto"),
        (9, "3102", "row 3, field 10: Belegdatum"),
        (9, "0101", "row 3, field 10: Belegdatum"),
    ],
)
def test_a_damaged_row_is_named(tmp_path: Path, place: int, value: str, said: str) -> None:
    def damaged(rows: Rows) -> Rows:
        rows[0][place] = value
        return rows

    with pytest.raises(Misconfigured, match=said):
        read_posted(exported(tmp_path, a_journal(CHART), changed=damaged), a_target(tmp_path).posted)


def test_another_clients_file_and_other_files_are_refused(tmp_path: Path) -> None:
    path = exported(tmp_path, a_journal(CHART, date=dt.date(2026, 10, 1)))
    with pytest.raises(Misconfigured, match='Mandantennummer "55003" is not the connection\'s, 7'):
        read_posted(path, a_target(tmp_path, client="7").posted)
    with pytest.raises(Misconfigured, match="is in DATEV's format, and this connection's documents are not"):
        read_posted(path)
    path.write_text('"EXTF";700;16;"Debitoren/Kreditoren";5\r\n')
    with pytest.raises(Misconfigured, match="its header says Debitoren/Kreditoren"):
        read_posted(path, a_target(tmp_path).posted)

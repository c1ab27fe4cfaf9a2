"""Entries as rows for Odoo, and what is there as bookings: pure, by example and by property."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.model.journal import InvoiceKey, Reference
from kontobro.core.model.masterdata import Company, Journal, TaxCode
from kontobro.erp.kit.masters import Book
from kontobro.erp.odoo.booked import BookedMove, booked_of
from kontobro.erp.odoo.entries import (
    BILL_COLUMNS,
    ENTRY_COLUMNS,
    Writing,
    columns_of,
    external_id,
    origin_of,
    reference_in,
    rows_of,
)
from kontobro.erp.odoo.masters import Snapshot, Tax
from kontobro.testing.connector.entries import (
    Chart,
    a_bill,
    a_journal,
    a_payment,
    a_reverse_journal,
    a_taxed_journal,
    an_invoice_journal,
)

CHART = Chart()


def a_tax(code: str, type_: str, *, included: bool = False) -> Tax:
    tax = TaxCode(code, code, code, Decimal("0.25"), type_, "in", "out" if type_ == "reverse" else None)  # type: ignore[arg-type]
    return Tax(code=tax, included=included, computes=True, signs={})


MASTERS = Snapshot(
    company=Company("1", "Fjord & Bro ApS", "DKK"),
    accounts={},
    taxes={"I25": a_tax("I25", "inclusive"), "R25": a_tax("R25", "reverse")},
    values={},
    books=[Book(Journal("8", "BILL", "Purchases"), "purchase"), Book(Journal("9", "MISC", "Miscellaneous"), "general")],
    currencies={"DKK": 10, "EUR": 126, "JPY": 25, "KWD": 94},
)
WRITING = Writing(masters=MASTERS, rates={"EUR": Decimal("0.13534")})


def cells(entry, writing: Writing = WRITING) -> list[dict[str, str]]:
    """The rows of an entry by column name."""
    rows = rows_of(entry, writing)
    assert {len(row) for row in rows} == {len(columns_of(entry))}
    return [dict(zip(columns_of(entry), row, strict=True)) for row in rows]


def test_only_the_first_row_carries_the_head() -> None:
    first, *others = cells(a_journal(CHART))
    assert first["move_type"] == "entry"
    head = [name for name in ENTRY_COLUMNS if not name.startswith("line_ids/")]
    assert all(not row[name] for row in others for name in head)
    assert all(any(row.values()) for row in others), "an empty row would end the entry"


def test_odoo_computes_the_tax_itself() -> None:
    rows = cells(a_taxed_journal(CHART))
    assert [row["line_ids/balance"] for row in rows] == ["79.20", "-99.00"]
    assert [row["line_ids/tax_ids/.id"] for row in rows] == ["I25", ""]
    assert len(cells(a_reverse_journal(CHART))) == 2


def test_a_tax_line_that_odoo_would_not_make_is_sent() -> None:
    unknown = replace(WRITING, masters=replace(MASTERS, taxes={}))
    assert [row["line_ids/balance"] for row in cells(a_taxed_journal(CHART), unknown)] == ["79.20", "19.80", "-99.00"]


def test_a_bill_sends_what_was_bought_and_a_credit_note_too() -> None:
    for sign, kind in ((False, "in_invoice"), (True, "in_refund")):
        (row,) = cells(a_bill(CHART, credit_note=sign))
        assert (row["move_type"], row["invoice_line_ids/price_unit"]) == (kind, "120.00")
        assert row["journal_id/.id"] == "8"
    assert set(BILL_COLUMNS) > {"invoice_date", "invoice_date_due", "currency_id/.id"}


def test_the_settings_journal_is_used_where_it_fits() -> None:
    assert cells(a_journal(CHART, journal="8"))[0]["journal_id/.id"] == "8"
    assert cells(a_bill(CHART, journal="9"))[0]["journal_id/.id"] == "8", "a bill needs a purchase journal"


@given(
    net=st.decimals("0.01", "99999.99", places=2),
    rate=st.decimals("0.0001", "9999", places=6),
    reverse=st.booleans(),
)
def test_entries_in_another_currency_balance_with_the_tax_that_odoo_adds(
    net: Decimal, rate: Decimal, reverse: bool
) -> None:
    tax = (net / 4).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    entry = a_taxed_journal(CHART, str(net), str(tax), "EUR")
    if reverse:
        lines = tuple(replace(line, tax_code="R25") for line in entry.lines if line.role != "tax")
        entry = replace(entry, lines=(lines[0], replace(lines[1], amount=-net)))
    rows = cells(entry, replace(WRITING, rates={"EUR": rate}))
    balances = [Decimal(row["line_ids/balance"]) for row in rows]
    added = Decimal(0) if reverse else (balances[0] / 4).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert sum(balances) + added == 0
    assert abs(balances[0] - net / rate) <= Decimal("0.005")
    assert {row["line_ids/currency_id/.id"] for row in rows} == {"126"}


@given(st.text(min_size=1))
def test_external_ids_hold_one_dot_and_never_meet(reference: str) -> None:
    first, second = external_id(Reference(reference)), external_id(Reference(reference), 2)
    assert first.count(".") == second.count(".") == 1
    assert first.isascii()
    assert first != second
    assert external_id(Reference(reference + "x")) != first


@pytest.mark.parametrize("reference", ["3f2c", "3f2c/pay"])
def test_a_reference_is_read_back_from_the_origin(reference: str) -> None:
    assert reference_in(origin_of(Reference(reference))) == reference


def stood(entry) -> BookedMove:
    """An entry's document as Odoo would give it back, as far as its note goes."""
    row = cells(entry)[0]
    move = {"id": 1, "state": "posted", "move_type": row["move_type"], "reversal_move_ids": []}
    (booked,) = booked_of([move | {"narration": row["narration"], "invoice_origin": row["invoice_origin"]}], [], [], {})
    return booked


@given(st.text(max_size=40), st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_facts_survive_any_text(note: str, number: str, vendor: str) -> None:
    key = InvoiceKey(vendor, number, "DKK")
    payment = a_payment(CHART, key, notes=(note, "kontobro fingerprint=0"), returned=True)
    booked = stood(payment)
    assert (booked.settles, booked.is_returned) == (key, True)
    assert booked.facts["fingerprint"] == payment.fingerprint


def test_a_payment_of_the_same_item_names_its_bill_by_reference() -> None:
    assert stood(a_payment(CHART, Reference("3f2c"))).settles == "3f2c"
    assert stood(a_journal(CHART)).settles is None


def test_a_note_that_a_bookkeeper_rewrote_has_no_facts() -> None:
    booked = stood(a_journal(CHART))
    assert BookedMove({**booked.move, "narration": "<p>seen</p>"}, []).facts == {}
    assert BookedMove({**booked.move, "narration": False}, []).facts == {}


def test_an_invoice_that_is_a_journal_entry_keeps_number_and_days_in_title_note_and_line() -> None:
    number = "RG-" + "2026/0000000000-" * 8 + "LAST"
    guests = tuple(f"Gæst Nummer {n:02} Andersen" for n in range(1, 60))
    first, second = cells(an_invoice_journal(CHART, number=number, attendees=guests))
    assert number in first["ref"]
    assert f"Invoice: {number}, of {CHART.open_day}, due {CHART.open_day}" in first["narration"]
    assert [one for one in guests if one not in first["narration"]] == []
    assert (first["line_ids/date_maturity"], second["line_ids/date_maturity"]) == ("", CHART.open_day.isoformat())

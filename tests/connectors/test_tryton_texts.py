"""What a move's description tells in Tryton, which has no fields for it: number, amount and days, and every guest."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kontobro.erp.tryton.entries import description_of, invoice_in
from kontobro.testing.connector.entries import Chart, a_bill, a_journal, a_payment, an_invoice_journal

CHART = Chart()
DAY = CHART.open_day


def test_an_invoice_that_is_a_move_keeps_number_amount_and_days() -> None:
    number = "RG-" + "2026/0000000000-" * 8 + "LAST"
    text = description_of(an_invoice_journal(CHART, number=number, payee="x" * 900, text="y" * 900))
    assert text.endswith(f"Invoice {number} (120.00 DKK), of {DAY}, due {DAY}")
    assert invoice_in(text) == (number, Decimal("120.00"), "DKK")


def test_a_payment_tells_its_invoice_and_is_none() -> None:
    text = description_of(a_payment(CHART, None, number="F-1", document_date=DAY))
    assert text.endswith(f"For invoice F-1, of {DAY}")
    assert invoice_in(text) is None
    assert invoice_in(description_of(a_bill(CHART))) is None
    assert invoice_in(description_of(a_journal(CHART))) is None


def test_every_attendee_is_named() -> None:
    guests = tuple(f"Gæst Nummer {n:02} Andersen" for n in range(1, 60))
    text = description_of(a_journal(CHART, attendees=guests, notes=("n" * 2_000,)))
    assert [one for one in guests if one not in text] == []


@given(st.text(st.characters(categories=["L", "N", "P", "Sc", "Sm"]), min_size=1, max_size=40))
def test_whatever_number_is_read_back(number: str) -> None:
    found = invoice_in(description_of(an_invoice_journal(CHART, number=number)))
    assert found == (number.replace("·", "-"), Decimal("120.00"), "DKK")

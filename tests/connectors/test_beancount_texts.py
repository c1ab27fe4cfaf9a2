"""Whatever is in a text, an entry is found under its own keys, and the ledger loads."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kontobro.core.model.journal import Booking, Reference
from kontobro.erp.beancount.connector import BeancountConnector
from kontobro.testing.connector.entries import Chart, a_bill, a_payment, a_receipt
from tests.support.examples import examples

from .conftest import LEDGER, LedgerFiles

CHART = Chart()
ATTACKS = st.sampled_from(
    [
        '"\n  kontobro: "other',
        '\\"\r\n2026-10-03 * "x" ""\r\n  kontobro: "other"',
        "\\",
        '"',
        '" ^kontobro-other',
        "2026-10-03 document Assets:Pleo:DKK",
    ]
)
texts = st.text(max_size=30) | ATTACKS | st.builds(str.__add__, st.text(max_size=5), ATTACKS)


@settings(max_examples=examples(40), deadline=None)
@given(payee=texts, text=texts, number=texts.filter(bool))
def test_no_text_can_break_out_of_its_entry(payee, text, number):
    with tempfile.TemporaryDirectory() as folder:
        files = LedgerFiles(Path(folder) / "main.beancount")
        files.ledger.write_text(LEDGER)
        connector = BeancountConnector(files.ledger)
        bill = a_bill(CHART, payee=payee, text=text, notes=(text,), number=number)
        payment = a_payment(CHART, bill.key, payee=text, text=payee)
        bookings = [answer for answer in connector.book([bill, payment]) if isinstance(answer, Booking)]
        for booking in bookings:
            connector.attach(booking, [a_receipt()])
        settled = connector.post(bookings)[1]
        assert isinstance(settled, Booking)
        assert settled.settled is True
        assert connector.find([bill.key])[bill.key].reference == bill.reference
        assert connector.find([Reference("other")]) == {}
        assert [entry.meta["kontobro"] for entry in files.entries()] == [bill.reference, payment.reference]

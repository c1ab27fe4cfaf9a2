"""An entry in Beancount notation, read back by Beancount's own parser."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from beancount.parser import parser
from hypothesis import given, settings
from hypothesis import strategies as st

from kontobro.core.model.journal import Bill, Entry, EntryLine, InvoiceKey, JournalEntry, Payment, Reference
from kontobro.erp.beancount.syntax.render import number, one_line, render_entry
from tests.support.examples import examples

PURCHASE = JournalEntry(
    reference=Reference("0f1a-22"),
    date=dt.date(2026, 10, 3),
    currency="DKK",
    payee="Staples",
    text="Printer ink · Anna Berg",
    fingerprint="ab12",
    item_type="card_purchase",
    reconciliation_id="R1",
    url="https://app.pleo.io/e/1",
    journal="PLEO",
    lines=(
        EntryLine(
            account="Expenses:Office-Supplies",
            amount=Decimal("79.20"),
            role="expense",
            tax_code="I25",
            tax_amount=Decimal("19.80"),
            dimensions=(("COST", "100"), ("PROJECT", "P1")),
        ),
        EntryLine(account="Assets:VAT:Input", amount=Decimal("19.8"), role="tax", tax_code="I25"),
        EntryLine(account="Assets:Pleo:DKK", amount=Decimal(-99), role="wallet"),
    ),
)

PURCHASE_TEXT = """\
2026-10-03 * "Staples" "Printer ink · Anna Berg" ^kontobro-0f1a-22
  kontobro: "0f1a-22"
  kind: "journal"
  item-type: "card_purchase"
  fingerprint: "ab12"
  reconciliation-id: "R1"
  pleo: "https://app.pleo.io/e/1"
  journal: "PLEO"
  Expenses:Office-Supplies   79.20 DKK
    role: "expense"
    tax-code: "I25"
    tax-amount: 19.80 DKK
    dimensions: "COST=100; PROJECT=P1"
  Assets:VAT:Input           19.80 DKK
    role: "tax"
    tax-code: "I25"
  Assets:Pleo:DKK           -99.00 DKK
    role: "wallet"
"""


def parsed(entry: Entry, *, posted: bool = True):
    entries, errors, _ = parser.parse_string(render_entry(entry, posted=posted))
    assert not errors
    (transaction,) = entries
    return transaction


def a_payment(**changes) -> Payment:
    fields = {
        "reference": Reference("p/pay"),
        "date": dt.date(2026, 10, 3),
        "currency": "JPY",
        "fingerprint": "f",
        "lines": PURCHASE.lines[2:],
    }
    return Payment(**{**fields, **changes})


def test_a_purchase_reads_well():
    assert render_entry(PURCHASE, posted=True) == PURCHASE_TEXT


def test_a_draft_has_the_flag_of_beancount_for_it():
    assert parsed(PURCHASE, posted=False).flag == "!"
    assert parsed(PURCHASE, posted=True).flag == "*"


def test_a_bill_keeps_its_number_and_dates():
    bill = Bill(
        reference=Reference("b"),
        date=dt.date(2026, 10, 3),
        currency="EUR",
        fingerprint="f",
        number='INV "7"',
        document_date=dt.date(2026, 9, 30),
        due_date=dt.date(2026, 10, 30),
        credit_note=True,
        service_period=(dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
        supplier_amount=(Decimal("1.5"), "KWD"),
        notes=("first", "second"),
        lines=PURCHASE.lines,
    )
    meta = parsed(bill).meta
    assert (meta["kind"], meta["bill-number"], meta["due-date"]) == ("credit-note", 'INV "7"', dt.date(2026, 10, 30))
    assert str(meta["supplier-amount"]) == "1.500 KWD"
    assert (meta["service-to"], meta["note-2"]) == (dt.date(2026, 12, 31), "second")


def test_a_payment_names_its_bill_either_way():
    by_key = parsed(a_payment(settles=InvoiceKey("V1", "7", "JPY"), returned=True)).meta
    assert (by_key["settles-vendor"], by_key["settles-bill"], by_key["settles-currency"]) == ("V1", "7", "JPY")
    assert by_key["returned"] is True
    by_reference = parsed(a_payment(settles=Reference("p"), received=True))
    assert (by_reference.meta["settles"], by_reference.meta["received"]) == ("p", True)
    assert by_reference.links == {"kontobro-p"}


def test_numbers_have_the_digits_of_their_currency_and_lose_none():
    assert number(Decimal(99), "DKK") == "99.00"
    assert number(Decimal(1500), "JPY") == "1500"
    assert number(Decimal("-1.5"), "KWD") == "-1.500"
    assert number(Decimal("0.12345"), "DKK") == "0.12345"
    assert number(Decimal("1E+3"), "DKK") == "1000.00"


texts = st.text(max_size=60) | st.text(alphabet='"\\\n;^# 😀👩‍💻\tøn', max_size=60)


@settings(max_examples=examples(150), deadline=None)
@given(payee=texts, text=texts, note=texts, reference=st.text(min_size=1, max_size=40))
def test_every_text_comes_back_from_the_parser(payee, text, note, reference):
    entry = JournalEntry(
        reference=Reference(reference),
        date=PURCHASE.date,
        currency="DKK",
        fingerprint="f",
        payee=payee,
        text=text,
        notes=(note,),
        lines=PURCHASE.lines,
    )
    transaction = parsed(entry)
    assert (transaction.payee or "", transaction.narration or "") == (one_line(payee), one_line(text))
    assert (transaction.meta["note-1"], transaction.meta["kontobro"]) == (one_line(note), one_line(reference))


@settings(max_examples=examples(100), deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**14), max_value=10**14))
def test_every_amount_comes_back_exact(amount):
    entry = JournalEntry(
        reference=Reference("r"),
        date=PURCHASE.date,
        currency="KWD",
        fingerprint="f",
        lines=(EntryLine(account="Assets:Pleo:KWD", amount=amount, role="wallet"),),
    )
    assert parsed(entry).postings[0].units.number == amount

"""Refunds with a tax that has an account of its own for credit notes: on the accounts that Tryton itself takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from kontobro.core.model.journal import Booking, Entry, EntryLine, line_sums
from kontobro.core.model.masterdata import TaxCode
from kontobro.erp.tryton.calls import Row
from kontobro.erp.tryton.connector import TrytonConnector
from kontobro.testing.connector.entries import Chart, a_bill, a_taxed_journal
from tests.erp_real.tryton.installation import Company, TrytonBookkeeper, connect

pytestmark = pytest.mark.tryton


@dataclass(frozen=True)
class Apart:
    """A company whose taxes have their refunds apart; `inclusive` and `reverse` are its two taxes."""

    connector: TrytonConnector
    inclusive: TaxCode
    reverse: TaxCode


@pytest.fixture(scope="module")
def apart(company: Company, chart: Chart) -> Apart:
    """Input tax of a quarter, and reverse charge, each account of it another one."""
    api = company.api("admin")
    (like,) = api.rows("account.account", [["code", "=", "6.3.6"]], ["type", "parent"])
    head = {"company": 1, "type": like["type"], "parent": like["parent"]}
    new = [
        head | {"code": code, "name": code}
        for code in ("REFUND-IN", "RC-IN", "RC-OUT", "RC-REFUND-IN", "RC-REFUND-OUT")
    ]
    refund, *sides = api.write("model.account.account.create", new)
    (old,) = api.rows("account.tax", [["name", "=", "I25"]], ["group", "invoice_account"])

    def part(name: str, rate: str, account: int, refunds: int) -> Row:
        own = {"type": "percentage", "rate": Decimal(rate), "invoice_account": account, "credit_note_account": refunds}
        return {"name": name, "description": name, "group": old["group"], "company": 1, **own}

    rc_in, rc_out, rc_refund_in, rc_refund_out = sides
    whole = {"name": "RC", "description": "RC", "group": old["group"], "company": 1, "type": "none"}
    parts = [part("RC in", "0.25", rc_in, rc_refund_in), part("RC out", "-0.25", rc_out, rc_refund_out)]
    inclusive, reverse = api.write(
        "model.account.tax.create",
        [part("I25R", "0.25", old["invoice_account"], refund), whole | {"childs": [["create", parts]]}],
    )
    connector = connect(company.url, company.database)
    codes = {code.id: code for code in connector.read(TaxCode)}
    assert codes[str(inclusive)].ingoing_account == chart.input_tax
    return Apart(connector, codes[str(inclusive)], codes[str(reverse)])


def accounts_of(code: TaxCode, amount: Decimal) -> tuple[str | None, str | None]:
    """As the posting rules take them of a line with this amount."""
    if amount < 0:
        return code.refund_ingoing_account, code.refund_outgoing_account
    return code.ingoing_account, code.outgoing_account


def taxed(chart: Chart, code: TaxCode, *nets: str) -> list[EntryLine]:
    """Expense and tax for each amount; a quarter of it is the tax."""
    lines = []
    for net in map(Decimal, nets):
        tax = net / 4
        ingoing, outgoing = accounts_of(code, net)
        lines += [
            EntryLine(account=chart.expense, amount=net, role="expense", tax_code=code.id, tax_amount=tax),
            EntryLine(account=ingoing or "", amount=tax, role="tax", tax_code=code.id),
        ]
        if code.type == "reverse":
            lines.append(EntryLine(account=outgoing or "", amount=-tax, role="reverse_tax", tax_code=code.id))
    return lines


def a_document(chart: Chart, code: TaxCode, *nets: str) -> Entry:
    """A bill, or a credit note where it is below zero."""
    lines = taxed(chart, code, *nets)
    total = sum((line.amount for line in lines), Decimal(0))
    owed = EntryLine(account=chart.payable, amount=-total, role="payable", vendor=chart.vendor)
    return a_bill(chart, lines=(*lines, owed), credit_note=total < 0)


def posted(connector: TrytonConnector, entry: Entry) -> Booking:
    (draft,) = connector.book([entry])
    assert isinstance(draft, Booking), draft
    assert (draft.line_sums, draft.tax) == (line_sums(entry), entry.tax)  # what the engine compares before posting
    (booking,) = connector.post([draft])
    assert isinstance(booking, Booking), booking
    return booking


def by_hand(bookkeeper: TrytonBookkeeper, entry: Entry, number: str) -> Mapping[str, Decimal]:
    """Account and amount of the same invoice, of which a person only typed the lines: Tryton finds the tax."""
    (invoice,) = bookkeeper.invoices(
        entry.reference, "party", "invoice_address", "currency", "account", "journal", "invoice_date", "accounting_date"
    )
    head = {key: value for key, value in invoice.items() if key not in ("id", "state")}
    lines = [
        {
            "type": "line",
            "currency": invoice["currency"],
            "account": int(line.account),
            "quantity": -1 if line.amount < 0 else 1,
            "unit_price": abs(line.amount),
            "taxes": [["add", [int(line.tax_code or 0)]]],
            "taxes_deductible_rate": Decimal(1),
        }
        for line in entry.lines
        if line.role == "expense"
    ]
    values = head | {"type": "in", "company": 1, "reference": number, "lines": [["create", lines]]}
    ids = bookkeeper.api.write("model.account.invoice.create", [values])
    bookkeeper.api.write("model.account.invoice.post", ids)
    domain = [["move.origin", "=", f"account.invoice,{ids[0]}"]]
    found: dict[str, Decimal] = {}
    for row in bookkeeper.api.rows("account.move.line", domain, ["account", "debit", "credit"]):
        account = str(row["account"])
        found[account] = found.get(account, Decimal(0)) + row["debit"] - row["credit"]
    return found


NETS = [("80.00",), ("-80.00",), ("80.00", "-20.00"), ("-80.00", "20.00")]
IDS = ["bill", "credit_note", "bill_with_refund", "credit_note_with_purchase"]


def test_the_accounts_for_credit_notes_are_read(apart: Apart) -> None:
    for code in (apart.inclusive, apart.reverse):
        assert code.refund_by_line
        assert code.refund_ingoing_account not in (None, code.ingoing_account)
    assert apart.inclusive.refund_outgoing_account is None
    assert apart.reverse.refund_outgoing_account not in (None, apart.reverse.outgoing_account)


@pytest.mark.parametrize("kind", ["inclusive", "reverse"])
@pytest.mark.parametrize("nets", NETS, ids=IDS)
def test_an_invoice_has_its_tax_where_trytons_own_has_it(
    apart: Apart, chart: Chart, bookkeeper: TrytonBookkeeper, kind: str, nets: tuple[str, ...]
) -> None:
    entry = a_document(chart, getattr(apart, kind), *nets)
    booking = posted(apart.connector, entry)
    assert booking.line_sums == line_sums(entry)
    assert len(bookkeeper.invoices(entry.reference)) == 1
    assert by_hand(bookkeeper, entry, f"{entry.reference}-by-hand") == booking.line_sums


@pytest.mark.parametrize("kind", ["inclusive", "reverse"])
@pytest.mark.parametrize("nets", NETS, ids=IDS)
def test_a_journal_entry_has_each_line_s_tax_on_its_own_account(
    apart: Apart, chart: Chart, kind: str, nets: tuple[str, ...]
) -> None:
    lines = taxed(chart, getattr(apart, kind), *nets)
    total = sum((line.amount for line in lines), Decimal(0))
    wallet = EntryLine(account=chart.wallets["DKK"], amount=-total, role="wallet")
    entry = replace(a_taxed_journal(chart), lines=(*lines, wallet))
    booking = posted(apart.connector, entry)
    assert (booking.line_sums, booking.tax) == (line_sums(entry), entry.tax)


def test_a_refund_on_the_account_of_purchases_is_seen_by_the_read_back(apart: Apart, chart: Chart) -> None:
    """As Kontobro booked it before: no invoice of Tryton's has it so."""
    code = replace(apart.inclusive, refund_ingoing_account=apart.inclusive.ingoing_account)
    entry = a_document(chart, code, "-80.00")
    (draft,) = apart.connector.book([entry])
    assert isinstance(draft, Booking)
    assert draft.line_sums != line_sums(entry)

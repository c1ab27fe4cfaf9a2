"""What happens to a real Odoo on an ordinary bad day: it restarts in a call, rights are taken, bills come twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import httpx2
import pytest

from kontobro.core.errors import KontobroError, NotAllowed, Problem, Uncertain, Unreachable
from kontobro.core.model.journal import Booking, Entry, InvoiceKey
from kontobro.erp.odoo.api import Api, open_http
from kontobro.erp.odoo.connector import OdooConnector
from kontobro.export.book.compare import differences
from kontobro.testing.connector.entries import Chart, a_bill, a_journal, a_payment, a_taxed_bill, a_taxed_journal
from tests.erp_real.odoo.installation import Company, OdooBookkeeper, OdooServer, key_of

pytestmark = pytest.mark.odoo


@pytest.fixture
def connector(company: Company) -> OdooConnector:
    return company.connector()


@pytest.fixture
def chart(company: Company) -> Chart:
    return company.chart()


def post(connector: OdooConnector, *entries: Entry) -> list[Booking]:
    bookings = [answer for answer in connector.book(entries) if isinstance(answer, Booking)]
    posted = [answer for answer in connector.post(bookings) if isinstance(answer, Booking)]
    assert len(posted) == len(entries)
    return posted


# ---------------------------------------------------------------------------------- restarted in a call


@pytest.mark.parametrize("call", ["load", "action_post"])
def test_restarted_while_a_call_is_under_way_everything_stands_once(
    company: Company, odoo_server: OdooServer, bookkeeper: OdooBookkeeper, chart: Chart, call: str
) -> None:
    """Whatever became of that call: whoever looks and continues has everything once, posted."""
    left = threading.Event()
    connector = tell_when_sent(company, call, left.set)
    entries = [a_taxed_journal(chart, f"{n}.00", f"{n * 25 / 100:.2f}") for n in range(4, 44)]

    def book_and_post() -> None:
        with suppress(Uncertain, Unreachable):
            connector.post([answer for answer in connector.book(entries) if isinstance(answer, Booking)])

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(book_and_post)
        assert left.wait(120), f"{call} was never sent"
        odoo_server.restart()
        going.result(120)
    again = company.connector()
    entry_counts = again.find([entry.reference for entry in entries])
    again.book([entry for entry in entries if entry.reference not in entry_counts])
    found = again.find([entry.reference for entry in entries])
    again.post(list(found.values()))
    final = again.find([entry.reference for entry in entries])
    assert [final[entry.reference].status for entry in entries] == ["posted"] * len(entries)
    assert [differences(entry, final[entry.reference]) for entry in entries] == [[]] * len(entries)
    assert {bookkeeper.count(entry.reference) for entry in entries} == {1}


def tell_when_sent(company: Company, call: str, tell: Callable[[], object]) -> OdooConnector:
    """A connector that tells when it begins that call."""
    http = open_http(company.url, company.database, key_of("accountant"))

    def sending(request: httpx2.Request) -> None:
        if request.url.path.endswith(f"/{call}"):
            tell()

    http.event_hooks["request"].append(sending)
    return OdooConnector(Api(http, 1), company.url)


def test_while_odoo_is_away_it_is_unreachable_and_nothing_is_in_doubt(
    company: Company, odoo_server: OdooServer, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    entry = a_journal(chart)
    http = open_http(company.url, company.database, key_of("accountant"))
    connector = OdooConnector(Api(http, 1, sleep=lambda seconds: None), company.url)
    odoo_server.stop()
    try:
        with pytest.raises(Unreachable):
            connector.book([entry])
    finally:
        odoo_server.start()
    assert bookkeeper.count(entry.reference) == 0
    assert isinstance(connector.book([entry])[0], Booking)


# ----------------------------------------------------------------------------------- rights taken away


def test_rights_taken_away_meanwhile_are_named_and_nothing_is_booked(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    entry = a_journal(chart)
    connector.check()
    (user,) = bookkeeper.api.rows("res.users", [["login", "=", "accountant"]], ["group_ids"], names=False)
    (basic,) = bookkeeper.api.rows(
        "ir.model.data", [["module", "=", "base"], ["name", "=", "group_user"]], ["res_id"], names=False
    )
    bookkeeper.api.write("res.users", "write", ids=[user["id"]], vals={"group_ids": [[6, 0, [basic["res_id"]]]]})
    with pytest.raises(NotAllowed) as fault:
        connector.check()
    assert "account.group_account_invoice" in fault.value.message
    with pytest.raises(KontobroError) as refused:
        connector.book([entry])
    assert isinstance(refused.value, NotAllowed)
    assert bookkeeper.count(entry.reference) == 0


# ---------------------------------------------------------------------------------- bills and payments


def test_two_bills_under_one_number_take_a_payment_each(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    """Odoo lets a vendor's number exist twice: a payment settles the one that is still owed, and only one."""
    first = a_bill(chart, number="TWICE-1")
    second = a_bill(chart, number="TWICE-1")
    post(connector, first, second)
    key = need(first.key)
    assert [post(connector, a_payment(chart, key))[0].settled for _ in range(2)] == [True, True]
    assert [owed(bookkeeper, bill) for bill in (first, second)] == [0, 0]
    assert post(connector, a_payment(chart, key))[0].settled is False


def test_a_payment_settles_only_what_it_pays(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    """Too little leaves the rest owed; too much leaves money of the vendor's."""
    part, over = a_bill(chart, "120.00"), a_bill(chart, "120.00")
    little, much = a_payment(chart, part.key, "50.00"), a_payment(chart, over.key, "150.00")
    assert [booking.settled for booking in post(connector, part, over, little, much)] == [None, None, True, True]
    assert [owed(bookkeeper, bill) for bill in (part, over)] == [Decimal(70), 0]


def owed(bookkeeper: OdooBookkeeper, bill: Entry) -> Decimal:
    (move,) = bookkeeper.moves(bill.reference, "amount_residual")
    return Decimal(move["amount_residual"])


def need(key: InvoiceKey | None) -> InvoiceKey:
    assert key
    return key


# --------------------------------------------------------------------------------- currencies and taxes


@pytest.mark.parametrize(
    ("currency", "net", "tax"),
    [("JPY", "1000", "250"), ("JPY", "1001", "251"), ("KWD", "12.344", "3.086"), ("KWD", "12.344", "3.087")],
)
@pytest.mark.parametrize("make", [a_taxed_journal, a_taxed_bill], ids=["journal", "bill"])
def test_taxes_of_currencies_without_and_with_three_decimals_are_exact(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart, make, currency: str, net: str, tax: str
) -> None:
    entry = make(chart, net, tax, currency=currency)
    (booking,) = post(connector, entry)
    assert differences(entry, booking) == []
    assert sum(bookkeeper.in_base(entry.reference).values()) == 0


def test_a_currency_without_a_rate_is_refused(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    """Odoo would take it one to one: 100 NOK as 100 DKK."""
    rows = bookkeeper.api.rows("res.currency", [["name", "=", "NOK"]], ["name"], active_test=False)
    bookkeeper.api.write("res.currency", "write", ids=[row["id"] for row in rows], vals={"active": True})
    (account,) = bookkeeper.api.write(
        "account.account", "create", vals_list=[{"code": "98767", "name": "Wallet", "account_type": "asset_cash"}]
    )
    expense, wallet = a_journal(chart).lines
    entry = replace(a_journal(chart), currency="NOK", lines=(expense, replace(wallet, account=str(account))))
    (answer,) = connector.book([entry])
    assert isinstance(answer, Problem)
    assert answer.code == "currency_rate_missing"
    assert bookkeeper.count(entry.reference) == 0


def test_a_tax_of_nothing_reports_its_base(connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart) -> None:
    """Zero-rated: no tax line, but the purchase is in the VAT return."""
    (tax,) = bookkeeper.api.write(
        "account.tax",
        "create",
        vals_list=[{"name": "Zero", "type_tax_use": "purchase", "amount_type": "percent", "amount": 0}],
    )
    for make in (a_taxed_journal, a_taxed_bill):
        entry = make(chart, "99.00", "0.00")
        lines = [line for line in entry.lines if line.role != "tax"]
        lines = [replace(line, tax_code=str(tax)) if line.tax_code else line for line in lines]
        entry = replace(entry, lines=tuple(lines))
        (booking,) = post(connector, entry)
        assert differences(entry, booking) == []
        assert [line["tax_ids"] for line in bookkeeper.lines(entry.reference, "tax_ids") if line["tax_ids"]] == [[tax]]

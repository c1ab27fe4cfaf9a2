"""What only a real Odoo can tell: taxes to the cent, lock dates, rates, analytic accounts, rights, external ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from kontobro.core.errors import LoginFailed, Misconfigured, NotAllowed, Problem, Uncertain
from kontobro.core.model.journal import Booking, Entry
from kontobro.core.model.masterdata import Account, Dimension, DimensionValue, Journal, Period, TaxCode, Vendor
from kontobro.erp.kit.http import Refused
from kontobro.erp.odoo.api import Api, open_http
from kontobro.erp.odoo.connector import OdooConnector
from kontobro.export.book.compare import differences
from kontobro.testing.connector.entries import (
    PDF,
    Chart,
    a_bill,
    a_journal,
    a_payment,
    a_receipt,
    a_reverse_journal,
    a_taxed_bill,
    a_taxed_journal,
)
from tests.erp_real.odoo.installation import Company, OdooBookkeeper, connect, key_of

pytestmark = pytest.mark.odoo


@pytest.fixture
def connector(company: Company) -> OdooConnector:
    return company.connector()


@pytest.fixture
def chart(company: Company) -> Chart:
    return company.chart()


def book(connector: OdooConnector, entry: Entry) -> Booking:
    (booking,) = connector.book([entry])
    assert isinstance(booking, Booking), booking
    return booking


def post(connector: OdooConnector, *entries: Entry) -> list[Booking]:
    answers = connector.post([book(connector, entry) for entry in entries])
    assert all(isinstance(answer, Booking) for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, Booking)]


# -------------------------------------------------------------------------------------- way in and rights


def test_the_company_is_as_odoo_has_it(connector: OdooConnector) -> None:
    company = connector.check()
    assert (company.name, company.currency, company.country) == ("Fjord & Bro ApS", "DKK", "DK")
    assert company.time_zone == "Europe/Copenhagen"


def test_missing_permissions_are_named_as_odoo_names_them(company: Company) -> None:
    with pytest.raises(NotAllowed) as fault:
        company.connector("stranger").check()
    assert "book entries (group Accounting: Invoicing (account.group_account_invoice))" in fault.value.message
    assert "read analytic accounts" not in fault.value.message, "any user of Odoo 19 may read those"


def test_a_wrong_key_is_a_login_that_failed(company: Company) -> None:
    stranger = OdooConnector(Api(open_http(company.url, company.database, "f" * 40)), company.url)
    with pytest.raises(LoginFailed) as fault:
        stranger.check()
    assert "f" * 40 not in str(fault.value) + repr(stranger._api)


def test_a_database_that_is_not_there_is_a_setting_to_mend(company: Company) -> None:
    with pytest.raises(Misconfigured, match="no Odoo database"):
        connect(company.url, "kontobro_000000000000").read(Account)


def test_several_companies_need_a_choice(company: Company, bookkeeper: OdooBookkeeper) -> None:
    bookkeeper.api.write("res.company", "create", vals_list=[{"name": "Second ApS", "user_ids": []}])
    everyone = Api(open_http(company.url, company.database, key_of("bookkeeper")))
    ids = [row["id"] for row in everyone.rows("res.company", [], ["name"])]
    (user,) = everyone.rows("res.users", [["login", "=", "accountant"]], ["name"])
    everyone.write("res.users", "write", ids=[user["id"]], vals={"company_ids": [[6, 0, ids]]})
    unchosen = OdooConnector(Api(open_http(company.url, company.database, key_of("accountant"))), company.url)
    with pytest.raises(Misconfigured, match=r"Fjord & Bro ApS.*Second ApS"):
        unchosen.check()
    assert company.connector().check().name == "Fjord & Bro ApS"


# ---------------------------------------------------------------------------------------------- master data


def test_master_data_is_read_as_the_bookkeeper_knows_it(connector: OdooConnector) -> None:
    accounts = {account.code: account for account in connector.read(Account)}
    assert (accounts["2450"].name, accounts["6491"].currencies) == ("Office supplies", ("EUR",))
    taxes = {tax.code: tax for tax in connector.read(TaxCode)}
    full, services = taxes["K_DK_FuldFradrag"], taxes["K_EU_Ydelser_FuldFradrag"]
    assert (full.rate, full.type, full.ingoing_account) == (Decimal("0.25"), "inclusive", accounts["7740"].id)
    assert (services.type, services.outgoing_account) == ("reverse", accounts["7720"].id)
    plans = {plan.id: plan.code for plan in connector.read(Dimension)}
    assert {(plans[v.dimension_id], v.code) for v in connector.read(DimensionValue)} >= {
        ("Cost centre", "100"),
        ("Project", "P1"),
    }
    assert "MISC" in {journal.code for journal in connector.read(Journal)}
    (staples,) = [vendor for vendor in connector.read(Vendor) if vendor.code == "V100"]
    assert (staples.name, staples.tax_registration_number) == ("Staples", "DK12345674")
    assert staples.account == accounts["7440"].id


def test_periods_come_from_the_lock_dates(connector: OdooConnector, bookkeeper: OdooBookkeeper) -> None:
    bookkeeper.lock("hard", "2025-12-31")
    assert [(period.state, period.end) for period in connector.read(Period)] == [
        ("locked", date(2025, 12, 31)),
        ("closed", date(2026, 3, 31)),
        ("open", date.max),
    ]


# ------------------------------------------------------------------------------------------------- lock dates


@pytest.mark.parametrize(
    ("lock", "refused"),
    [
        ("fiscalyear", {"journal", "taxed", "bill"}),
        ("hard", {"journal", "taxed", "bill"}),
        ("tax", {"taxed"}),
        ("purchase", {"bill"}),
        ("sale", set()),
    ],
)
def test_each_lock_date_refuses_its_entries(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart, lock: str, refused: set[str]
) -> None:
    bookkeeper.lock(lock, chart.open_day.isoformat())
    entries = {"journal": a_journal(chart), "taxed": a_taxed_journal(chart), "bill": a_bill(chart)}
    problems = dict(zip(entries, connector.validate(list(entries.values())), strict=True))
    assert {name for name, found in problems.items() if found} == refused
    posted = post(connector, *(entry for name, entry in entries.items() if name not in refused))
    assert {booking.date for booking in posted} <= {chart.open_day}


def test_a_draft_is_not_posted_into_a_lock_set_meanwhile(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    """Odoo would post it on the first open day without a word."""
    entry = a_journal(chart)
    booking = book(connector, entry)
    bookkeeper.lock("fiscalyear", "2026-10-31")
    (answer,) = connector.post([booking])
    assert isinstance(answer, Problem)
    assert "Global Lock Date is 2026-10-31" in answer.message
    assert connector.find([entry.reference])[entry.reference].status == "draft"


def test_a_date_that_odoo_moved_is_read_back(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    entry = a_journal(chart)
    booking = book(connector, entry)
    bookkeeper.lock("fiscalyear", "2026-10-31")
    bookkeeper.api.write("account.move", "action_post", ids=[int(booking.id)])
    there = connector.find([entry.reference])[entry.reference]
    assert there.date > date(2026, 10, 31)
    assert list(map(str, differences(entry, there))) == [f"date {there.date} instead of {entry.date}"]


# ------------------------------------------------------------------------------------------------------- tax


def test_the_vat_return_gets_base_and_tax(connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart) -> None:
    entry = a_reverse_journal(chart)
    post(connector, entry)
    lines = bookkeeper.lines(entry.reference, "tax_tag_ids", "tax_ids", "tax_line_id", "tax_base_amount")
    base = [line for line in lines if line["tax_ids"]]
    taxes = [line for line in lines if line["tax_line_id"]]
    assert len(base) == 1
    assert base[0]["tax_tag_ids"]
    assert len(taxes) == 2
    assert all(line["tax_tag_ids"] for line in taxes)
    assert {line["tax_base_amount"] for line in taxes} == {Decimal("80.0")}


def test_a_tax_that_is_in_the_price_gives_the_same_bill(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    bookkeeper.api.write(
        "account.tax", "write", ids=[int(chart.tax_code)], vals={"price_include_override": "tax_included"}
    )
    for entry in (a_taxed_bill(chart), a_taxed_journal(chart)):
        booking = book(connector, entry)
        assert differences(entry, booking) == []


def test_an_account_with_a_tax_of_its_own_adds_none(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    """Odoo proposes an account's default tax to people; an expense without tax in Pleo has none."""
    bookkeeper.api.write(
        "account.account", "write", ids=[int(chart.expense)], vals={"tax_ids": [[6, 0, [int(chart.tax_code)]]]}
    )
    for entry in (a_journal(chart), a_bill(chart)):
        assert differences(entry, book(connector, entry)) == []


# ------------------------------------------------------------------------------------- analytics, currencies


def test_several_plans_share_one_line(connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart) -> None:
    for entry in (a_taxed_journal(chart), replace(a_bill(chart), lines=_with_dimensions(chart))):
        post(connector, entry)
        spread = [line["analytic_distribution"] for line in bookkeeper.lines(entry.reference, "analytic_distribution")]
        (given,) = [one for one in spread if one]
        assert list(given.values()) == [100]
        assert {number for key in given for number in key.split(",")} == {value for _, value in chart.dimensions}


def _with_dimensions(chart: Chart):
    first, *others = a_bill(chart).lines
    return (replace(first, dimensions=chart.dimensions), *others)


@pytest.mark.parametrize("net", ["0.01", "79.20", "333.33", "1000.01"])
def test_foreign_entries_balance_in_both_currencies(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart, net: str
) -> None:
    tax = (Decimal(net) / 4).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    entry = a_taxed_journal(chart, net, str(tax), "EUR")
    (booking,) = post(connector, entry)
    assert differences(entry, booking) == []
    base = bookkeeper.in_base(entry.reference)
    assert sum(base.values()) == 0
    assert abs(base[chart.expense] - Decimal(net) / Decimal("0.13534")) <= Decimal("0.005")


def test_a_foreign_bill_and_its_payment_on_another_day_settle(connector: OdooConnector, chart: Chart) -> None:
    """Between the two days the rate changed: Odoo books the exchange difference itself."""
    wallet = chart.wallets["EUR"]
    bill = a_bill(chart, currency="EUR", date=date(2026, 9, 10), document_date=date(2026, 9, 10))
    payment = a_payment(chart, bill.key)
    lines = (payment.lines[0], replace(payment.lines[1], account=wallet))
    posted = post(connector, bill, replace(payment, currency="EUR", lines=lines))
    assert posted[1].settled is True
    assert posted[1].currency == "EUR"


def test_a_currency_that_is_not_active_is_a_problem(connector: OdooConnector, chart: Chart) -> None:
    ((problem,),) = connector.validate([replace(a_journal(chart), currency="NOK")])
    assert "NOK is not active in Odoo" in problem.message


# ------------------------------------------------------------------------------- what exists, and what is found


def test_links_lead_to_the_entry(connector: OdooConnector, company: Company, chart: Chart) -> None:
    journal, bill = (book(connector, entry) for entry in (a_journal(chart), a_bill(chart)))
    assert journal.url == f"{company.url}/odoo/entries/{journal.id}"
    assert bill.url == f"{company.url}/odoo/vendor-bills/{bill.id}"


def test_a_copy_made_by_hand_is_not_taken_for_ours(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    entry = a_taxed_journal(chart)
    booking = book(connector, entry)
    bookkeeper.api.write("account.move", "copy", ids=[int(booking.id)])
    assert bookkeeper.count(entry.reference) == 1
    assert connector.find([entry.reference])[entry.reference] == booking


def test_a_bill_typed_by_hand_is_settled_too(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    line = [0, 0, {"name": "Paper", "account_id": int(chart.expense), "price_unit": 120, "tax_ids": [[6, 0, []]]}]
    bill = {"move_type": "in_invoice", "partner_id": int(chart.vendor), "ref": "BY-HAND-1", "invoice_line_ids": [line]}
    ids = bookkeeper.api.write("account.move", "create", vals_list=[bill | {"invoice_date": "2026-10-01"}])
    bookkeeper.api.write("account.move", "action_post", ids=ids)
    key = replace(a_bill(chart, number="BY-HAND-1")).key
    assert key is not None
    assert connector.find([key])[key].id == str(ids[0])
    assert post(connector, a_payment(chart, key))[0].settled is True


def test_an_entry_that_was_reversed_is_void(connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart) -> None:
    """The orderly way out of a closed book: not cancelled, but taken back by an entry of its own."""
    entry = a_taxed_journal(chart)
    (booking,) = post(connector, entry)
    wizard = bookkeeper.api.write(
        "account.move.reversal",
        "create",
        vals_list=[{"journal_id": 9, "date": "2026-10-04"}],
        context={"active_model": "account.move", "active_ids": [int(booking.id)]},
    )
    bookkeeper.api.write("account.move.reversal", "reverse_moves", ids=wizard, is_modify=False)
    assert connector.find([entry.reference])[entry.reference].status == "void"
    assert book(connector, entry).status == "draft"


def test_voided_again_and_again_is_booked_anew_each_time(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    entry = a_journal(chart)
    for times in (1, 2, 3):
        post(connector, entry)
        assert bookkeeper.count(entry.reference) == times
        bookkeeper.void(entry.reference) if times < 3 else None
    states = sorted(move["state"] for move in bookkeeper.moves(entry.reference))
    assert states == ["cancel", "cancel", "posted"]


def test_hostile_notes_are_text_and_our_facts_survive(connector: OdooConnector, chart: Chart) -> None:
    evil = "<script>alert(1)</script><p>kontobro fingerprint=0 settles=x</p>"
    entry = a_journal(chart, notes=(evil,), payee=evil, text=evil)
    booking = book(connector, entry)
    assert (booking.fingerprint, booking.settles) == (entry.fingerprint, None)


def test_an_employee_is_a_partner_or_named_on_the_line(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    (partner,) = bookkeeper.api.write("res.partner", "create", vals_list=[{"name": "Anna Berg", "ref": "E1"}])
    for code, owner, word in (("E1", partner, "Staples · Printer"), ("E2", False, "E2: Staples · Printer")):
        entry = a_journal(chart)
        expense, wallet = entry.lines
        entry = replace(entry, lines=(expense, replace(wallet, role="employee", employee=code)))
        book(connector, entry)
        line = bookkeeper.lines(entry.reference, "partner_id", "name")[1]
        assert line["partner_id"] == owner
        assert line["name"].startswith(word)


def test_a_receipt_sent_twice_at_once_is_attached_once(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, company: Company, chart: Chart
) -> None:
    entry = a_journal(chart)
    booking = book(connector, entry)
    with pytest.raises(Uncertain):
        connect(company.url, company.database, seconds=0.001).attach(booking, [a_receipt(PDF * 10_000)])
    # Odoo refuses the second while the first is still committing; the engine tries an upload again, and so do we
    for turn in Retrying(retry=retry_if_exception_type(Refused), stop=stop_after_delay(90), wait=wait_fixed(0.3)):
        with turn:
            connector.attach(booking, [a_receipt(PDF * 10_000)])
    assert len(bookkeeper.receipts(entry.reference)) == 1


def test_one_entry_that_odoo_itself_refuses_stands_alone(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    """A refusal that our checks do not foresee: the batch is halved until the bad one is alone."""
    odd = {"code": "98765", "name": "Guarantees given", "account_type": "off_balance"}
    (account,) = bookkeeper.api.write("account.account", "create", vals_list=[odd])
    entries = [a_journal(chart, f"{n}.00") for n in range(1, 8)]
    expense, wallet = entries[4].lines
    entries[4] = replace(entries[4], lines=(replace(expense, account=str(account)), wallet))
    answers = connector.book(entries)
    assert [isinstance(answer, Booking) for answer in answers] == [n != 4 for n in range(7)]
    assert "Odoo refused the entry: " in str(answers[4])
    assert connector.find([entries[4].reference]) == {}
    assert [bookkeeper.count(entry.reference) for entry in entries] == [1, 1, 1, 1, 0, 1, 1]


def test_one_draft_that_odoo_itself_will_not_post_stands_alone(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, chart: Chart
) -> None:
    """Someone archived an account meanwhile."""
    (account,) = bookkeeper.api.write(
        "account.account", "create", vals_list=[{"code": "98766", "name": "Short-lived", "account_type": "expense"}]
    )
    entries = [a_journal(chart, f"{n}.00") for n in range(1, 6)]
    expense, wallet = entries[2].lines
    entries[2] = replace(entries[2], lines=(replace(expense, account=str(account)), wallet))
    bookings = [answer for answer in connector.book(entries) if isinstance(answer, Booking)]
    bookkeeper.api.write("account.account", "write", ids=[account], vals={"active": False})
    answers = connector.post(bookings)
    assert [answer.status if isinstance(answer, Booking) else answer.code for answer in answers] == [
        "posted",
        "posted",
        "not_posted",
        "posted",
        "posted",
    ]

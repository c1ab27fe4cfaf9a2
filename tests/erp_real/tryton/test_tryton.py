"""What only a real Tryton can tell, beside the contract of all connectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

import pytest

from erp_lab.places import free_port, sql
from kontobro.core.errors import LoginFailed, Misconfigured, NotAllowed, Problem, Uncertain, Unreachable
from kontobro.core.model.journal import Booking, EntryLine, JournalEntry
from kontobro.core.model.masterdata import (
    Account,
    Dimension,
    DimensionValue,
    Employee,
    Journal,
    Period,
    TaxCode,
    Vendor,
    within,
)
from kontobro.erp.tryton.api import Api, open_http
from kontobro.erp.tryton.connector import SETTLE_AFTER, TrytonConnector, from_options
from kontobro.testing.connector.entries import (
    Chart,
    a_bill,
    a_journal,
    a_payment,
    a_receipt,
    a_reverse_journal,
    a_taxed_journal,
)
from kontobro.testing.connector.faults import in_processes
from tests.erp_real.tryton.installation import Company, TrytonBookkeeper, connect, password_of

pytestmark = pytest.mark.tryton


def posted(connector: TrytonConnector, *entries: JournalEntry) -> list[Booking]:
    answers = connector.post([one for one in connector.book(entries) if isinstance(one, Booking)])
    found = [one for one in answers if isinstance(one, Booking)]
    assert len(found) == len(entries)
    return found


# ------------------------------------------------------------------------------------------- what it reads


def test_master_data_are_those_of_the_company(connector: TrytonConnector) -> None:
    company = connector.check()
    assert (company.name, company.currency, company.time_zone) == ("Fjord & Bro ApS", "DKK", "Europe/Copenhagen")
    accounts = {account.code: account for account in connector.read(Account)}
    assert accounts["6491"].currencies == ("EUR",)
    taxes = {code.code: (code.rate, code.type) for code in connector.read(TaxCode) if code.active}
    assert taxes == {"I25": (Decimal("0.25"), "inclusive"), "IV25": (Decimal("0.25"), "reverse")}
    roots = {root.id: root.code for root in connector.read(Dimension)}
    active = [value for value in connector.read(DimensionValue) if value.active]
    values = sorted((roots[value.dimension_id], value.code) for value in active)
    assert values == [("COST", "100"), ("COST", "200"), ("PROJECT", "P1"), ("PROJECT", "P2")]
    assert [employee.code for employee in connector.read(Employee)] == ["E1"]
    assert {journal.code for journal in connector.read(Journal)} >= {"EXP", "MISC"}
    vendor = next(vendor for vendor in connector.read(Vendor) if vendor.code == "V100")
    assert vendor.account == accounts["2.1.1"].id


def test_an_account_is_open_from_its_start_to_its_end(company: Company, bookkeeper: TrytonBookkeeper) -> None:
    """Both days are within, for us as for Tryton, which refuses lines of the days around."""
    api, span = bookkeeper.api, (date(2026, 9, 1), date(2026, 9, 30))
    (like,) = api.rows("account.account", [["code", "=", "6490"]], ["type", "company"])
    vals = {"type": like["type"], "company": like["company"], "code": "SEPT", "name": "September only"}
    (made,) = api.write("model.account.account.create", [vals | {"start_date": span[0], "end_date": span[1]}])
    connector, chart = company.connector(), company.chart()
    connector.check()
    found = {account.id: account for account in connector.read(Account)}
    assert (found[str(made)].opened, found[str(made)].closed) == span
    assert (found[chart.expense].opened, found[chart.expense].closed) == (None, None)
    days = (date(2026, 8, 31), *span, date(2026, 10, 1))
    assert [within(found[str(made)], day) for day in days] == [False, True, True, False]
    entries = [a_journal(chart, date=day) for day in days]
    moved = [replace(one, lines=(replace(one.lines[0], account=str(made)), *one.lines[1:])) for one in entries]
    assert [type(answer) for answer in connector.book(moved)] == [Problem, Booking, Booking, Problem]


def test_periods_are_locked_closed_or_open(connector: TrytonConnector) -> None:
    periods = sorted(connector.read(Period), key=lambda period: period.start)
    assert [period.state for period in periods[:4]] == ["locked", "closed", "closed", "open"]
    assert len(periods) == 12


@pytest.mark.parametrize("day", [date(2026, 1, 9), date(2026, 3, 31), date(2027, 1, 1)], ids=str)
def test_no_entry_goes_outside_an_open_period(connector: TrytonConnector, chart: Chart, day: date) -> None:
    ((problem,),) = connector.validate([a_journal(chart, date=day)])
    assert problem.code == "period_closed"
    assert str(day) in problem.message


def test_a_period_closed_in_the_meantime_refuses_the_entry(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    entry = a_journal(chart, date=date(2026, 8, 5))
    assert connector.validate([entry]) == [[]]
    bookkeeper.period("2026-08", "close")
    (answer,) = connector.book([entry])
    assert isinstance(answer, Problem)
    assert bookkeeper.count(entry.reference) == 0


# -------------------------------------------------------------------------------------------- what it books


def test_people_find_payee_text_and_notes_in_the_description(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    entry = a_journal(chart, payee="Staples", text="Printer ink", notes=("Paid twice, one came back.",))
    (booking,) = connector.book([entry])
    (move,) = bookkeeper.moves(entry.reference, "description")
    assert move["description"] == "Staples · Printer ink · Paid twice, one came back."
    assert isinstance(booking, Booking)
    assert booking.url == f"{connector.link}/account.move/{booking.id}"


def test_tax_stands_in_tryton_s_own_records(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    entry = a_taxed_journal(chart)
    posted(connector, entry)
    assert tax_lines(bookkeeper, entry) == {("base", "I25"): Decimal("79.20"), ("tax", "I25"): Decimal("19.80")}


def test_reverse_charge_has_base_and_tax_on_both_sides(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    entry = a_reverse_journal(chart)
    posted(connector, entry)
    assert tax_lines(bookkeeper, entry) == {
        ("base", "IV25 in"): Decimal(80),
        ("base", "IV25 out"): Decimal(80),
        ("tax", "IV25 in"): Decimal(20),
        ("tax", "IV25 out"): Decimal(-20),
    }


def tax_lines(bookkeeper: TrytonBookkeeper, entry: JournalEntry) -> Mapping[tuple[str, str], Decimal]:
    (move,) = bookkeeper.moves(entry.reference)
    rows = bookkeeper.api.rows(
        "account.tax.line", [["move_line.move", "=", move["id"]]], ["type", "tax.name", "amount"]
    )
    return {(row["type"], row["tax."]["name"]): row["amount"] for row in rows}


def test_every_root_has_the_whole_line(connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper) -> None:
    entry = a_taxed_journal(chart)
    posted(connector, entry)
    (move,) = bookkeeper.moves(entry.reference)
    domain = [["move_line.move", "=", move["id"]]]
    rows = list(bookkeeper.api.rows("analytic_account.line", domain, ["account", "debit", "date"]))
    assert {str(row["account"]) for row in rows} == {value for _, value in chart.dimensions}
    assert {(row["debit"], row["date"]) for row in rows} == {(Decimal("79.20"), entry.date)}


def test_two_values_of_one_root_are_a_problem(connector: TrytonConnector, chart: Chart) -> None:
    root = chart.dimensions[0][0]
    values = [value for value in connector.read(DimensionValue) if value.dimension_id == root and value.active]
    entry = a_journal(chart)
    line = replace(entry.lines[0], dimensions=tuple((value.dimension_id, value.id) for value in values))
    ((problem,),) = connector.validate([replace(entry, lines=(line, entry.lines[1]))])
    assert problem.code == "dimension_twice"


def test_what_an_employee_is_owed_stands_on_the_employee(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    (employee,) = connector.read(Employee)
    entry = out_of_pocket(connector, chart, employee.id)
    posted(connector, entry)
    lines = bookkeeper.lines(entry.reference, "party.code")
    assert [line["party."]["code"] for line in lines if line.get("party.")] == ["E1"]


def test_an_employee_whom_tryton_does_not_know_is_a_problem(connector: TrytonConnector, chart: Chart) -> None:
    ((problem,),) = connector.validate([out_of_pocket(connector, chart, "E99")])
    assert (problem.code, problem.value) == ("party_missing", "E99")


def out_of_pocket(connector: TrytonConnector, chart: Chart, employee: str) -> JournalEntry:
    owed = next(account.id for account in connector.read(Account) if account.code == "7795")
    entry = a_journal(chart)
    line = EntryLine(account=owed, amount=Decimal(-99), role="employee", employee=employee)
    return replace(entry, lines=(entry.lines[0], line))


def test_a_wallet_takes_its_own_currency_only(connector: TrytonConnector, chart: Chart) -> None:
    entry = a_journal(chart, currency="EUR")
    wrong = replace(entry.lines[1], account=chart.wallets["USD"])
    ((problem,),) = connector.validate([replace(entry, lines=(entry.lines[0], wrong))])
    assert problem.code == "account_currency"


def test_a_journal_is_chosen_or_unknown(connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper) -> None:
    expense = next(journal.id for journal in connector.read(Journal) if journal.code == "EXP")
    entry, strange = a_journal(chart, journal=expense), a_journal(chart, journal="99999")
    connector.book([entry])
    assert [move["journal"] for move in bookkeeper.moves(entry.reference, "journal")] == [int(expense)]
    ((problem,),) = connector.validate([strange])
    assert problem.code == "journal_unknown"


def test_tryton_itself_refuses_what_it_can_t_take_and_the_others_stand(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    """A journal closed for the period: nothing that we look at before."""
    stock = next(journal.id for journal in connector.read(Journal) if journal.code == "STO")
    day = date(2026, 12, 5)
    first = a_journal(chart, journal=stock, date=day)
    posted(connector, first)
    closed = list(bookkeeper.api.rows("account.journal.period", [["journal", "=", int(stock)]], ["state"]))
    bookkeeper.api.write("model.account.journal.period.close", [row["id"] for row in closed])
    entries = [a_journal(chart, date=day), a_journal(chart, journal=stock, date=day), a_journal(chart)]
    answers = connector.book(entries)
    assert [type(answer) for answer in answers] == [Booking, Problem, Booking]
    assert [bookkeeper.count(entry.reference) for entry in entries] == [1, 0, 1]


# -------------------------------------------------------------------------------------------- what it settles


def test_a_part_payment_waits_until_the_rest_is_paid(connector: TrytonConnector, chart: Chart) -> None:
    bill = a_bill(chart, "120.00")
    first, rest = a_payment(chart, bill.key, "50.00"), a_payment(chart, bill.key, "70.00")
    book_and_post(connector, bill, first)
    assert connector.find([first.reference])[first.reference].settled is False
    book_and_post(connector, rest)
    found = connector.find([first.reference, rest.reference])
    assert [booking.settled for booking in found.values()] == [True, True]


def test_a_difference_of_exchange_rates_is_booked_by_tryton(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    day = date(2026, 9, 30)
    bill = in_euro(a_bill(chart, "100.00", date=day, document_date=day), chart)
    payment = in_euro(a_payment(chart, bill.key, "100.00", date=date(2026, 10, 3)), chart)
    before = bookkeeper.api.read("model.account.move.search_count", [["journal.code", "=", "EXC"]])
    book_and_post(connector, bill, payment)
    assert connector.find([payment.reference])[payment.reference].settled is True
    assert bookkeeper.api.read("model.account.move.search_count", [["journal.code", "=", "EXC"]]) == before + 1


def in_euro(entry: JournalEntry, chart: Chart) -> JournalEntry:
    swap = {chart.wallets["DKK"]: chart.wallets["EUR"]}
    lines = tuple(replace(line, account=swap.get(line.account, line.account)) for line in entry.lines)
    changes = {"currency": "EUR", "lines": lines}
    settles = getattr(entry, "settles", None)
    return replace(entry, **changes, **({"settles": replace(settles, currency="EUR")} if settles else {}))


def book_and_post(connector: TrytonConnector, *entries: JournalEntry) -> None:
    answers = connector.book(entries)
    assert all(isinstance(answer, Booking) for answer in answers), answers
    assert all(isinstance(answer, Booking) for answer in connector.post(answers))  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------- the way there


def test_a_session_that_ended_is_made_anew_and_nothing_twice(
    postgres: int, company: Company, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    """Tryton ends a session on its own after minutes of rest."""
    ours = company.connector()
    sql(postgres, "delete from ir_session", company.database)
    entry = a_journal(chart)
    assert isinstance(ours.book([entry])[0], Booking)
    assert bookkeeper.count(entry.reference) == 1


def book_elsewhere(url: str, database: str, entries: list[JournalEntry]) -> bool:
    try:
        connect(url, database).book(entries)
    except Uncertain:
        return False
    return True


def test_two_processes_at_once_never_leave_two(
    company: Company, connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    entries = [a_journal(chart, f"{n}.00") for n in range(1, 11)]
    in_processes(partial(book_elsewhere, company.url, company.database, entries), 2)
    assert all(bookkeeper.count(entry.reference) <= 1 for entry in entries)
    connector.book(entries)
    assert [bookkeeper.count(entry.reference) for entry in entries] == [1] * 10


def test_a_receipt_of_a_megabyte_arrives_whole(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    receipt = a_receipt(b"%PDF-1.4\n" + bytes(range(256)) * 4096)
    entry = a_journal(chart)
    (booking,) = connector.book([entry])
    assert isinstance(booking, Booking)
    connector.attach(booking, [receipt])
    domain = [["resource", "=", f"account.move,{booking.id}"]]
    (row,) = bookkeeper.api.rows("ir.attachment", domain, ["data", "type"])
    assert row["data"] == receipt.content


def test_posting_reads_no_lines_again_where_nothing_is_settled(company: Company, chart: Chart) -> None:
    """They are as they were; what posting changes and what was attached meanwhile is told as it is."""
    http, asked = open_http(company.url), list[bytes]()
    http.event_hooks["request"].append(lambda request: asked.append(request.content))
    connector = TrytonConnector(Api(http, company.database, "accountant", password_of("accountant"), 1), company.url)
    entries = [a_taxed_journal(chart), a_journal(chart)]
    drafts = [one for one in connector.book(entries) if isinstance(one, Booking)]
    connector.attach(drafts[0], [a_receipt()])
    asked.clear()
    answers = connector.post(drafts)
    assert asked
    assert not [content for content in asked if b"lines.account" in content]
    found = connector.find([entry.reference for entry in entries])
    assert list(answers) == [found[entry.reference] for entry in entries]
    assert [(one.status, len(one.receipts)) for one in found.values()] == [("posted", 1), ("posted", 0)]


def test_a_draft_that_is_gone_is_told_so_among_those_that_are_posted(
    connector: TrytonConnector, chart: Chart, bookkeeper: TrytonBookkeeper
) -> None:
    entries = [a_journal(chart), a_journal(chart)]
    drafts = [one for one in connector.book(entries) if isinstance(one, Booking)]
    bookkeeper.delete(entries[0].reference)
    gone, fine = connector.post(drafts)
    assert isinstance(gone, Problem)
    assert gone.code == "booking_gone"
    assert isinstance(fine, Booking)
    assert fine.status == "posted"


def test_a_stranger_is_told_the_groups_by_tryton_s_names(company: Company) -> None:
    with pytest.raises(NotAllowed, match=r"book entries \(group Accounting \(account\.group_account\)\)"):
        company.connector("stranger").check()


def test_a_wrong_password_is_told_and_never_shown(company: Company) -> None:
    api = Api(open_http(company.url), company.database, "accountant", "not-the-password")
    with pytest.raises(LoginFailed) as fault:
        api.read("model.res.user.get_preferences", True)
    assert "not-the-password" not in f"{fault.value!r} {fault.value} {api!r}"


def test_a_company_that_the_user_does_not_work_in_is_told(company: Company) -> None:
    ours = Api(open_http(company.url), company.database, "accountant", password_of("accountant"), 77)
    with pytest.raises(NotAllowed, match="company 77"):
        TrytonConnector(ours, company.url).check()


def test_nothing_listens_there() -> None:
    api = Api(open_http(f"http://127.0.0.1:{free_port()}"), "x", "x", "x", sleep=lambda seconds: None)
    with pytest.raises(Unreachable):
        TrytonConnector(api, "x").check()


GOOD = {"url": "https://tryton.example.com", "database": "books", "user": "kontobro"}


def test_options_make_a_connector_whose_patience_can_be_set() -> None:
    usual = from_options(GOOD, {"password": "secret"}.get)
    assert usual.capabilities.settle_after.total_seconds() == SETTLE_AFTER
    assert usual.link == "https://tryton.example.com/#/books/model"
    patient = from_options(GOOD | {"settle_after": "900"}, {"password": "secret"}.get)
    assert patient.capabilities.settle_after.total_seconds() == 900


@pytest.mark.parametrize(
    ("changes", "secrets"),
    [
        ({"url": "http://tryton.example.com"}, {"password": "x"}),
        ({"url": "ftp://127.0.0.1"}, {"password": "x"}),
        ({"database": ""}, {"password": "x"}),
        ({"user": ""}, {"password": "x"}),
        ({"company": "one"}, {"password": "x"}),
        ({}, {}),
    ],
)
def test_an_option_that_can_t_be_is_told(changes: dict[str, str], secrets: dict[str, str]) -> None:
    with pytest.raises(Misconfigured) as fault:
        from_options(GOOD | changes, secrets.get)
    assert fault.value.remedy

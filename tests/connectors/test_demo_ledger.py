"""The demo's ledger is a ledger, and it has what the demo company's good items need and what its bad ones miss."""

from __future__ import annotations

import dataclasses
import datetime as dt
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from beancount import loader
from beancount.core import data, inventory

import kontobro
from kontobro.core.model.settings import RowOverride, Settings
from pleo_sandbox.demo.company import TO_FIX, demo_company
from pleo_sandbox.model import Json

DEMO = Path(kontobro.__file__).parent / "erp" / "beancount" / "demo"
LEDGER = DEMO / "ledger.beancount"

COMPANY = demo_company()
GOOD = [expense.item for expense in COMPANY.expenses if expense.id not in TO_FIX]
BAD = {TO_FIX[expense.id]: expense.item for expense in COMPANY.expenses if expense.id in TO_FIX}


class Books:
    """The ledger's master data, read with Beancount itself."""

    def __init__(self) -> None:
        self.entries, self.errors, self.options = loader.load_file(str(LEDGER))
        self.opens = {e.account: e for e in self.entries if isinstance(e, data.Open)}
        self.closed = {e.account for e in self.entries if isinstance(e, data.Close)}
        self.codes = {e.meta["code"]: account for account, e in self.opens.items() if account not in self.closed}

    def custom(self, kind: str) -> list[tuple[tuple[Any, ...], data.Custom]]:
        found = [e for e in self.entries if isinstance(e, data.Custom) and e.type == kind]
        return [(tuple(value.value for value in e.values), e) for e in found if e.meta.get("active") is not False]

    def account(self, written: Json) -> str | None:
        """The account behind Pleo's: identifier, else code."""
        if written["identifier"]:
            return written["identifier"] if written["identifier"] in self.codes.values() else None
        return self.codes.get(written["code"])

    def takes(self, account: str, currency: str) -> bool:
        currencies = self.opens[account].currencies
        return not currencies or currency in currencies

    def vendor(self, written: Json) -> str | None:
        """The vendor behind Pleo's, in the order of the posting rules: external id, code, tax number."""
        vendors = self.custom("vendor")
        ids = {values[0] for values, _ in vendors}
        taxes = {e.meta["tax-number"]: values[0] for values, e in vendors if "tax-number" in e.meta}
        for key in (written.get("externalId"), written.get("code")):
            if key in ids:
                return str(key)
        return taxes.get(written.get("taxRegistrationNumber"))


@pytest.fixture(scope="module")
def books() -> Books:
    return Books()


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return tomllib.loads((DEMO / "settings.toml").read_text(encoding="utf-8"))


def lines(items: list[Json]) -> list[tuple[Json, Json]]:
    return [(item, line) for item in items for line in item["accountingEntryLines"]]


def test_bean_check_accepts_it() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "beancount.scripts.check", LEDGER], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_it_names_its_company(books: Books) -> None:
    ((values, company),) = books.custom("company")
    assert (books.errors, values) == ([], (COMPANY.name,))
    assert company.meta["currency"] == COMPANY.currency == books.options["operating_currency"][0]
    assert company.meta["country"] == COMPANY.country
    assert ZoneInfo(company.meta["time-zone"])


def test_every_account_has_a_code_of_its_own_and_a_name(books: Books) -> None:
    codes = [e.meta["code"] for e in books.opens.values()]
    assert len(set(codes)) == len(codes)
    assert all(e.meta["name"] for e in books.opens.values())
    assert books.closed == {"Expenses:Telefax"}


def test_opening_balances_stand(books: Books) -> None:
    total = inventory.Inventory()
    for entry in books.entries:
        for posting in entry.postings if isinstance(entry, data.Transaction) else ():
            total.add_position(posting)
    assert total.is_empty()
    assert len([e for e in books.entries if isinstance(e, data.Balance)]) >= 3


def test_the_books_have_the_accounts_of_the_good_items_in_their_currency(books: Books) -> None:
    for item, line in lines(GOOD):
        currency = item["amount"]["inWalletCurrency"]["currency"]
        for written in (line["account"], item["contraAccount"]):
            if written:
                account = books.account(written)
                assert account, written
                assert books.takes(account, currency)


def test_good_lines_without_an_account_are_movements_or_have_one_by_the_settings(settings: dict[str, Any]) -> None:
    named = {row["type"] for row in settings["rows"] if "line_account" in row}
    movements = set(
        """invoice_payment direct_reimbursement external_reimbursement personal_spend atm_withdrawal wallet_topup
        wallet_unload""".split()
    )
    assert {item["type"] for item, line in lines(GOOD) if line["account"] is None} <= movements | named


def test_the_books_have_the_tax_codes_of_the_good_items(books: Books) -> None:
    codes = {values[0]: (values, e.meta) for values, e in books.custom("tax-code")}
    for _, line in lines(GOOD):
        if tax := line["tax"]:
            (_, _, rate, kind), meta = codes[tax["code"]]
            assert (float(rate), kind) == (tax["rate"], tax["type"])
            assert (meta.get("ingoing"), meta.get("outgoing")) == (
                tax.get("ingoingTaxAccount"),
                tax.get("outgoingTaxAccount"),
            )
    used = {meta[side] for _, meta in codes.values() for side in ("ingoing", "outgoing") if side in meta}
    assert used <= set(books.codes.values())


def test_the_books_have_the_tags_of_the_good_items(books: Books, settings: dict[str, Any]) -> None:
    dimensions = {values[0] for values, _ in books.custom("dimension")}
    known = {values[:2] for values, _ in books.custom("dimension-value")}
    unmapped = set()
    for _, line in lines(GOOD):
        for tag in line["tags"] or []:
            dimension = settings["dimensions"].get(tag["groupCode"], tag["groupCode"])
            if dimension not in dimensions:
                unmapped.add(dimension)
            else:
                assert (dimension, tag["code"]) in known
    # One group is meant to have no dimension: its tag goes to the description.
    assert unmapped == {"EVENT"}


def test_the_books_have_the_vendors_and_employees_of_the_good_items(books: Books) -> None:
    employees = {values[0] for values, _ in books.custom("employee")}
    accounts = {values[0]: e.meta.get("account") for values, e in books.custom("vendor")}
    for item in GOOD:
        assert item["user"] is None or item["user"]["code"] in employees
        if item["vendor"]:
            vendor = books.vendor(item["vendor"])
            assert vendor, item["vendor"]
            account = accounts[vendor]
            assert account is None or account in books.codes.values()


def test_vendors_with_an_account_of_their_own_are_paid_in_its_currency(books: Books) -> None:
    accounts = {values[0]: e.meta["account"] for values, e in books.custom("vendor") if "account" in e.meta}
    for item in GOOD:
        vendor = books.vendor(item["vendor"]) if item["vendor"] else None
        if vendor in accounts:
            assert books.takes(accounts[vendor], item["amount"]["inWalletCurrency"]["currency"])


def test_card_invoices_find_their_vendor_by_their_supplier(books: Books) -> None:
    payable = [i for i in GOOD if i["type"] == "card_invoice" and i["bookkeeping"] == {"method": "accounts_payable"}]
    vendors = books.custom("vendor")
    keys = {values[0] for values, _ in vendors} | {
        e.meta[k] for _, e in vendors for k in ("number", "tax-number") if k in e.meta
    }
    assert payable
    for item in payable:
        assert {item["supplier"]["code"], item["supplier"]["account"], item["supplier"]["taxIdentifier"]} & keys


def test_what_the_bad_items_name_is_not_there(books: Books) -> None:
    def only_line(reason: str) -> Json:
        (line,) = BAD[reason]["accountingEntryLines"]
        return line

    assert only_line("missing_configuration")["account"] is None
    assert books.account(only_line("account_unknown")["account"]) is None
    (tag,) = only_line("tag_unknown")["tags"]
    assert (tag["groupCode"], tag["code"]) not in {values[:2] for values, _ in books.custom("dimension-value")}
    assert only_line("tax_code_unknown")["tax"]["code"] not in {values[0] for values, _ in books.custom("tax-code")}
    assert books.vendor(BAD["vendor_unknown"]["vendor"]) is None


def test_periods_are_open_for_the_good_items_and_closed_for_the_late_one(books: Books) -> None:
    periods = [(e.date, *values) for values, e in books.custom("period")]

    def state(item: Json) -> str:
        moment = dt.datetime.fromisoformat(item["date"])
        day = moment.astimezone(ZoneInfo("Europe/Copenhagen")).date() if moment.time() != dt.time(0) else moment.date()
        (found,) = [kind for first, last, kind in periods if first <= day <= last]
        return str(found)

    assert {state(item) for item in GOOD} == {"open"}
    assert state(BAD["accounting_system_validation_failure"]) == "closed"


def test_settings_are_fields_of_settings_and_their_accounts_are_in_the_books(
    books: Books, settings: dict[str, Any]
) -> None:
    rows = tuple(RowOverride(**row) for row in settings["rows"])
    chosen = Settings(**settings | {"rows": rows})
    named = [chosen.out_of_pocket, chosen.contra, chosen.external_reimbursement, chosen.accounts_payable]
    named += [*chosen.wallets.values(), *(row.line_account for row in rows)]
    assert set(named) <= set(books.codes)
    assert chosen.journal in {values[0] for values, _ in books.custom("journal")}
    assert set(chosen.wallets) == set(COMPANY.contra_accounts)
    assert {field.name for field in dataclasses.fields(chosen)} >= set(settings)
    for currency, contra in COMPANY.contra_accounts.items():
        assert books.account(contra) == books.codes[chosen.wallets[currency]]

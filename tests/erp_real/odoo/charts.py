"""Companies over the charts of other countries: clones of `erp_lab/odoo.sh charts`, and expenses for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from erp_lab.places import cloned, sql
from kontobro.core.model.export import ExportItem
from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import Company, TaxCode
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import Settings
from kontobro.core.rules.post import post_item
from kontobro.erp.odoo.api import Api, open_http
from kontobro.erp.odoo.connector import OdooConnector
from kontobro.export.job.masters import load_masters
from kontobro.testing.factories import a_line, a_tax, a_vendor, an_invoice, an_item
from tests.erp_real.odoo.installation import TEMPLATE, OdooServer, key_of

TODAY = date(2026, 11, 12)
VENDOR = "V200"
WALLET = "999990"
LACKING = "needs a database over this country's chart: `erp_lab/odoo.sh charts` makes it"

EXPENSES = {"de": "4980", "fr": "606300", "es": "629000", "be": "612000", "uk": "500100"}
"""An expense account of each chart, as the chart has it; the first one of type expense where it has not."""


@dataclass(frozen=True)
class Abroad:
    """One database's second company, which its users work in."""

    server: OdooServer
    database: str
    country: str

    @property
    def number(self) -> int:
        """The company's id: the only one that its users see."""
        connector = OdooConnector(self._api("accountant", None), self.server.url)
        return int(connector.check().id)

    def _api(self, user: str, company: int | None) -> Api:
        return Api(open_http(self.server.url, self.database, key_of(user)), company)

    def api(self, user: str = "bookkeeper") -> Api:
        return self._api(user, self.number)

    def connector(self, user: str = "accountant") -> OdooConnector:
        return OdooConnector(self._api(user, None), self.server.url)


@dataclass(frozen=True)
class Office:
    """What is booked with: the company's own masters, read by the connector, and settings by their codes."""

    connector: OdooConnector
    api: Api
    company: Company
    masters: Masters
    settings: Settings
    expense: str

    def entries_for(self, item: ExportItem) -> tuple[Entry, ...]:
        posted = post_item(item, self.settings, self.masters, TODAY)
        assert not posted.problems, posted.problems
        return posted.entries

    def again(self) -> Office:
        """The same with the masters as they are now."""
        return replace(self, masters=load_masters(self.connector, self.company))

    def set_company(self, **vals: object) -> None:
        self.api.write("res.company", "write", ids=[int(self.company.id)], vals=vals)

    def codes(self) -> list[TaxCode]:
        """The tax codes that are sent to Pleo."""
        return [code for code in self.masters.tax_codes.by_id.values() if code.active and not code.unsupported]

    def an_expense(
        self, code: TaxCode, type_: str = "card_purchase", minor: int = 11900, number: int = 0
    ) -> ExportItem:
        """One with the tax that its rate gives, as Pleo computes it."""
        currency = self.company.currency
        share = code.rate if code.type == "reverse" else code.rate / (1 + code.rate)
        tax = int((minor * share).quantize(Decimal(1), ROUND_HALF_UP))
        given = a_tax(tax, code.code, code.type, str(code.rate), currency)
        line = a_line(minor, self.expense, tax=given, currency=currency)
        entry_id = f"00000000-0000-4000-8000-{number:012d}"
        if type_ == "card_purchase":
            return an_item(type_, [line], entry_id=entry_id)
        vendor = a_vendor(VENDOR, "Papier", default_currency=currency)
        invoice = an_invoice(f"F-{number}")
        return an_item(type_, [line], entry_id=entry_id, vendor=vendor, invoice=invoice, method="accounts_payable")


def office_of(abroad: Abroad) -> Office:
    connector = abroad.connector()
    company = connector.check()
    masters = load_masters(connector, company)
    api = abroad.api()
    owed = api.rows("account.account", [["account_type", "=", "liability_payable"]], ["code"])
    settings = Settings(wallet=WALLET, out_of_pocket=WALLET, contra=WALLET, accounts_payable=next(owed)["code"])
    expenses = [row["code"] for row in api.rows("account.account", [["account_type", "=", "expense"]], ["code"])]
    wanted = EXPENSES[abroad.country]
    return Office(connector, api, company, masters, settings, wanted if wanted in expenses else expenses[0])


def exists(port: int, country: str) -> bool:
    return bool(sql(port, f"select 1 from pg_database where datname = '{TEMPLATE}_{country}'"))


@contextmanager
def abroad(port: int, server: OdooServer, country: str) -> Iterator[Abroad]:
    with cloned(port, f"{TEMPLATE}_{country}") as name:
        yield Abroad(server, name, country)

"""Odoo's master data as the core's.

account.account -> Account · account.tax (purchase) -> TaxCode · account.analytic.plan (root) -> Dimension ·
account.analytic.account -> DimensionValue · res.partner -> Vendor · account.journal -> Journal · lock dates -> Period
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar, cast

from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Journal,
    MasterRecord,
    Period,
    TaxCode,
    TaxType,
    Vendor,
)
from kontobro.erp.kit.masters import Cached
from kontobro.erp.odoo.api import PAGE, Api, Domain, Row
from kontobro.erp.odoo.names import pleo_id_in

R = TypeVar("R", bound=MasterRecord)

KINDS: Final = frozenset([Company, Account, TaxCode, Dimension, DimensionValue, Vendor, Journal, Period])

SELLS: Final = ("|", ["supplier_rank", ">", 0], ["is_company", "=", True])
"""Partners that are vendors: companies, and whoever sent a bill before."""

LOCKS: Final = {
    "hard": "user_hard_lock_date",
    "fiscalyear": "user_fiscalyear_lock_date",
    "tax": "user_tax_lock_date",
    "sale": "user_sale_lock_date",
    "purchase": "user_purchase_lock_date",
}
"""The locks as they hold for the key's user: exceptions that were granted are taken into account by Odoo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """A tax code with what Odoo needs besides. `signs`: repartition line id -> +1 input tax, -1 reverse charge.

    `computes`: Odoo posts tax lines for it. `included`: a price on a bill is with this tax.
    """

    code: TaxCode
    included: bool
    computes: bool
    signs: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Book:
    """A journal and its type: purchase for bills, general for entries."""

    journal: Journal
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the checks and the rows need, by id."""

    company: Company
    accounts: Mapping[str, Account]
    taxes: Mapping[str, Tax]
    values: Mapping[str, DimensionValue]
    books: Sequence[Book]
    currencies: Mapping[str, int]
    """Active currencies: code -> id."""
    unrated: Collection[str] = ()
    """Those among them without any rate: Odoo would take them one to one with the company's."""

    @property
    def signs(self) -> Mapping[int, int]:
        return {line: sign for tax in self.taxes.values() for line, sign in tax.signs.items()}

    def tax_code(self, id: str) -> TaxCode | None:
        return self.taxes[id].code if id in self.taxes else None

    def book_of(self, type_: str, wanted: str | None) -> Book | None:
        """The journal asked for if it is of that type, else the first one of it; entries go to any asked for."""
        asked = next((book for book in self.books if book.journal.id == wanted), None)
        if asked and (type_ == "general" or asked.type == type_):
            return asked
        return next((book for book in self.books if book.type == type_), None)


class Masters:
    """The company's master data, read over the API. `snapshot` is kept for a while."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.snapshot = Cached(self._snapshot)

    def all(self, kind: type[R]) -> Iterable[R]:
        """Every record of a kind, as it is now."""
        return cast(Iterable[R], list(_READERS[kind](self)))

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            company=next(iter(self.companies())),
            accounts={account.id: account for account in self.accounts()},
            taxes={tax.code.id: tax for tax in self.taxes()},
            values={value.id: value for value in self.values()},
            books=list(self.books()),
            currencies=self._currencies([["active", "=", True]]),
            unrated=set(self._currencies([["active", "=", True], ["rate_ids", "=", False]])),
        )

    def locks(self) -> Mapping[str, date]:
        """The last locked day of each lock that is set, as of now."""
        (row,) = self._api.rows("res.company", [["id", "=", self._api.company]], list(LOCKS.values()))
        days = {name: _day(row[field]) for name, field in LOCKS.items()}
        return {name: day for name, day in days.items() if day}

    def rates(self, day: date) -> Mapping[str, Decimal]:
        """What one unit of the company's currency is in each active one, on a day, by Odoo's own rates."""
        rows = self._api.rows("res.currency", [["active", "=", True]], ["name", "rate"], date=day.isoformat())
        return {row["name"]: Decimal(row["rate"]) for row in rows}

    def vendors(self, domain: Domain) -> Iterator[Vendor]:
        """These partners, archived ones included; without Pleo's ids."""
        return (_vendor(row) for row in self._rows("res.partner", domain, _VENDOR, active_test=False))

    def known_vendors(self, domain: Domain) -> Iterator[Vendor]:
        """These partners, those that were born in Pleo with Pleo's id: it stands in their external id."""
        found = list(self.vendors(domain))
        for page in (found[first : first + PAGE] for first in range(0, len(found), PAGE)):
            born = self._born([int(vendor.id) for vendor in page])
            yield from (replace(vendor, pleo_id=born.get(vendor.id)) for vendor in page)

    def companies(self) -> Iterator[Company]:
        domain = [["id", "=", self._api.company]] if self._api.company else []
        rows = self._rows("res.company", domain, ["name", "currency_id", "country_code", "partner_id"])
        for row in rows:
            yield Company(
                str(row["id"]), row["name"], row["currency_id"][1], self._time_zone(row), row["country_code"] or None
            )

    def accounts(self) -> Iterator[Account]:
        rows = self._rows("account.account", [], ["code", "name", "active", "currency_id"], active_test=False)
        for row in rows:
            currency = row["currency_id"]
            currencies = (currency[1],) if currency else ()
            yield Account(str(row["id"]), row["code"] or "", row["name"], row["active"], currencies)

    def taxes(self) -> Iterator[Tax]:
        fields = ["name", "amount", "amount_type", "price_include", "active", "description"]
        parts: dict[int, list[Row]] = {}
        lines = ["tax_id", "document_type", "repartition_type", "factor_percent", "account_id"]
        for line in self._rows("account.tax.repartition.line", [["repartition_type", "=", "tax"]], lines):
            parts.setdefault(line["tax_id"][0], []).append(line)
        for row in self._rows("account.tax", [["type_tax_use", "=", "purchase"]], fields, active_test=False):
            yield _tax(row, parts.get(row["id"], []))

    def plans(self) -> Iterator[Dimension]:
        for row in self._rows("account.analytic.plan", [["parent_id", "=", False]]):
            yield Dimension(str(row["id"]), row["name"], row["name"])

    def values(self) -> Iterator[DimensionValue]:
        rows = self._rows("account.analytic.account", [], ["name", "code", "root_plan_id", "active"], active_test=False)
        for row in rows:
            code = row["code"] or row["name"]
            yield DimensionValue(str(row["id"]), str(row["root_plan_id"][0]), code, row["name"], row["active"])

    def books(self) -> Iterator[Book]:
        rows = list(self._rows("account.journal", [], ["name", "code", "type", "sequence"]))
        for row in sorted(rows, key=lambda row: (row["sequence"], row["id"])):
            yield Book(Journal(str(row["id"]), row["code"], row["name"]), row["type"])

    def periods(self) -> Iterator[Period]:
        """Hard lock, lock of everything, and what is open after. Tax and purchase locks hold for some entries only."""
        locks = self.locks()
        day = date.min
        for name, state in (("hard", "locked"), ("fiscalyear", "closed")):
            end = locks.get(name)
            if end and end >= day:
                yield Period(name, day, end, cast(Any, state))
                day = end + timedelta(days=1)
        yield Period("open", day, date.max, "open")

    def _currencies(self, domain: Domain) -> dict[str, int]:
        return {row["name"]: row["id"] for row in self._rows("res.currency", domain)}

    def _born(self, partners: Sequence[int]) -> dict[str, str]:
        """Partner id -> Pleo's id. Of two partners that a person merged the older one's."""
        born: dict[str, str] = {}
        for row in self._api.read("res.partner", "get_metadata", ids=partners):
            ids = (pleo_id_in(known["xmlid"], self._api.company) for known in row["xmlids"])
            born |= {str(row["id"]): pleo_id for pleo_id in ids if pleo_id and str(row["id"]) not in born}
        return born

    def _time_zone(self, row: Row) -> str | None:
        (partner,) = self._rows("res.partner", [["id", "=", row["partner_id"][0]]], ["tz"], active_test=False)
        return partner["tz"] or None

    def _rows(self, model: str, domain: Domain, fields: Sequence[str] = ("name",), **context: Any) -> Iterator[Row]:
        return self._api.rows(model, domain, fields, **context)


_READERS: Final[Mapping[type, Callable[[Masters], Iterable[MasterRecord]]]] = {
    Company: Masters.companies,
    Account: Masters.accounts,
    TaxCode: lambda masters: (tax.code for tax in masters.taxes()),
    Dimension: Masters.plans,
    DimensionValue: Masters.values,
    Vendor: lambda masters: masters.known_vendors(SELLS),
    Journal: lambda masters: (book.journal for book in masters.books()),
    Period: Masters.periods,
}

_VENDOR: Final = (
    "name ref vat company_registry country_code property_account_payable_id active".split()  # no currency: Odoo's
)


def _vendor(row: Row) -> Vendor:
    account = row["property_account_payable_id"]
    return Vendor(
        id=str(row["id"]),
        code=row["ref"] or "",
        name=row["name"] or "",
        account=str(account[0]) if account else None,
        registration_number=row["company_registry"] or None,
        tax_registration_number=row["vat"] or None,
        country=row["country_code"] or None,
        active=row["active"],
    )


def _tax(row: Row, lines: Sequence[Row]) -> Tax:
    """Odoo's tax: its lines of +100 % are input tax, those of -100 % the output side of reverse charge.

    A part without an account falls on the expense itself: it is not deductible.
    """
    ingoing = _account(lines, 1)
    outgoing = _account(lines, -1)
    kind: TaxType = "reverse" if any(line["factor_percent"] < 0 for line in lines) else "inclusive"
    code = TaxCode(
        id=str(row["id"]),
        code=row["name"],
        name=_plain(row["description"] or "") or row["name"],
        rate=(Decimal(row["amount"]) / 100).normalize(),
        type=kind,
        ingoing_account=ingoing,
        outgoing_account=outgoing if kind == "reverse" else None,
        active=row["active"] and row["amount_type"] == "percent",
    )
    signs = {line["id"]: 1 if line["factor_percent"] >= 0 else -1 for line in lines}
    return Tax(code=code, included=bool(row["price_include"]), computes=bool(row["amount"]), signs=signs)


def _account(lines: Sequence[Row], sign: int) -> str | None:
    found = (
        line["account_id"]
        for line in lines
        if line["document_type"] == "invoice" and line["factor_percent"] * sign > 0 and line["account_id"]
    )
    account = next(found, None)
    return str(account[0]) if account else None


def _plain(markup: str) -> str:
    """Odoo's description is a piece of HTML: its words."""
    text, inside = [], False
    for character in markup:
        inside = character == "<" or (inside and character != ">")
        text.append(" " if inside or character == ">" else character)
    return " ".join("".join(text).split())


def _day(given: str | bool) -> date | None:
    """A lock's day. Odoo writes the year 1 (as 1-01-01) where there is none."""
    if not given:
        return None
    year, month, day = (int(part) for part in str(given).split("-"))
    return date(year, month, day) if year > 1 else None

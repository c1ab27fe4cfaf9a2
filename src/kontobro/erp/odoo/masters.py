"""Odoo's master data as the core's.

account.account -> Account · account.tax (purchase) -> TaxCode · account.analytic.plan (root) -> Dimension ·
account.analytic.account -> DimensionValue · res.partner -> Vendor · account.journal -> Journal · lock dates -> Period
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar, cast

from kontobro.core.model.masterdata import (
    Account,
    AccountType,
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
from kontobro.core.words import Phrase
from kontobro.erp.kit.masters import Book, Cached
from kontobro.erp.odoo.api import PAGE, Api, Domain, Row
from kontobro.erp.odoo.names import pleo_id_in

R = TypeVar("R", bound=MasterRecord)

KINDS: Final = frozenset([Company, Account, TaxCode, Dimension, DimensionValue, Vendor, Journal, Period])

SELLS: Final = ("|", ["supplier_rank", ">", 0], ["is_company", "=", True])
"""Partners that are vendors: companies, and whoever sent a bill before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """A tax code with what Odoo needs besides. `signs`: repartition line id -> +1 input tax, -1 reverse charge, 0 the
    part that is not deductible.

    `computes`: Odoo posts tax lines for it. `included`: a price on a bill is with this tax.
    """

    code: TaxCode
    included: bool
    computes: bool
    signs: Mapping[int, int]


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


class OdooMasters:
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
        locks = self._api.names().locks
        fields = [field for fields in locks.values() for field in fields]
        (row,) = self._api.rows("res.company", [["id", "=", self._api.company]], fields)
        days = {name: [day for field in fields if (day := _day(row[field]))] for name, fields in locks.items()}
        return {name: max(found) for name, found in days.items() if found}

    def rates(self, day: date) -> Mapping[str, Decimal]:
        """What one unit of the company's currency is in each active one, on a day, by Odoo's own rates."""
        rows = self._api.rows("res.currency", [["active", "=", True]], ["name", "rate"], date=day.isoformat())
        return {row["name"]: Decimal(row["rate"]) for row in rows}

    def vendors(self, domain: Domain) -> Iterator[Vendor]:
        """These partners, archived ones included; without Pleo's ids."""
        return (_vendor(row) for row in self._rows("res.partner", domain, _VENDOR, active_test=False))

    def known_vendors(self, domain: Domain) -> Iterator[Vendor]:
        """These partners, those that were born in Pleo with Pleo's id: it is in their external id."""
        found = list(self.vendors(domain))
        for page in (found[first : first + PAGE] for first in range(0, len(found), PAGE)):
            born = self._born([int(vendor.id) for vendor in page])
            yield from (replace(vendor, pleo_id=born.get(vendor.id)) for vendor in page)

    def companies(self) -> Iterator[Company]:
        domain = [["id", "=", self._api.company]] if self._api.company else []
        rows = self._rows("res.company", domain, ["name", "currency_id", "country_code", "partner_id"])
        for row in rows:
            own = self._own_partner(row)
            payable = own["property_account_payable_id"]
            yield Company(
                str(row["id"]),
                row["name"],
                row["currency_id"][1],
                own["tz"] or None,
                row["country_code"] or None,
                payable=str(payable[0]) if payable else None,
                through=self._api.through,
            )

    def accounts(self) -> Iterator[Account]:
        blocked = self._api.names().blocked
        fields = ["code", "name", blocked or "active", "currency_id", "account_type"]
        for row in self._rows("account.account", [], fields, active_test=False):
            currency = row["currency_id"]
            currencies = (currency[1],) if currency else ()
            owed = row["account_type"] in _OWED
            active = not row[blocked] if blocked else row["active"]
            type_ = _TYPES.get(row["account_type"].partition("_")[0])
            yield Account(str(row["id"]), row["code"] or "", row["name"], active, currencies, owed=owed, type=type_)

    def taxes(self) -> Iterator[Tax]:
        """Odoo tells taxes of one name apart by their scope, goods or services: so do their codes."""
        parts: dict[int, list[Row]] = {}
        lines = ["tax_id", "document_type", "repartition_type", "factor_percent", "account_id"]
        for line in self._rows("account.tax.repartition.line", [["repartition_type", "=", "tax"]], lines):
            parts.setdefault(line["tax_id"][0], []).append(line)
        rows = list(self._rows("account.tax", [["type_tax_use", "=", "purchase"]], _TAX, active_test=False))
        known = Counter(row["name"] for row in rows if row["active"])
        for row in rows:
            scope = _SCOPES.get(row["tax_scope"]) if known[row["name"]] > 1 else None
            yield tax_from(row, parts.get(row["id"], []), f"{row['name']} ({scope})" if scope else row["name"])

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

    def _own_partner(self, row: Row) -> Row:
        """The company as a partner: its time zone, and the payable account that every partner begins with."""
        fields = ["tz", "property_account_payable_id"]
        (partner,) = self._rows("res.partner", [["id", "=", row["partner_id"][0]]], fields, active_test=False)
        return partner

    def _rows(self, model: str, domain: Domain, fields: Sequence[str] = ("name",), **context: Any) -> Iterator[Row]:
        return self._api.rows(model, domain, fields, **context)


_OWED: Final = frozenset(["liability_payable", "asset_receivable"])
"""Types of accounts that make tax on payment wait, on whatever entry they are."""

_TYPES: Final[Mapping[str, AccountType]] = {
    "asset": "asset",
    "liability": "liability",
    "equity": "equity",
    "income": "income",
    "expense": "expense",
}
"""How Odoo's types of accounts begin. Off-balance accounts have none."""

_TAX: Final = (
    "name amount amount_type price_include active description tax_scope tax_exigibility "
    "cash_basis_transition_account_id".split()
)
_SCOPES: Final = {"consu": "goods", "service": "services"}

_READERS: Final[Mapping[type, Callable[[OdooMasters], Iterable[MasterRecord]]]] = {
    Company: OdooMasters.companies,
    Account: OdooMasters.accounts,
    TaxCode: lambda masters: (tax.code for tax in masters.taxes()),
    Dimension: OdooMasters.plans,
    DimensionValue: OdooMasters.values,
    Vendor: lambda masters: masters.known_vendors(SELLS),
    Journal: lambda masters: (book.journal for book in masters.books()),
    Period: OdooMasters.periods,
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


def tax_from(row: Row, lines: Sequence[Row], code: str) -> Tax:
    """Odoo's tax, from its row and its repartition lines: those above 0 % are input tax, those of -100 % the output
    side of reverse charge. A part without an account falls on the expense itself: it is not deductible."""
    signs = {line["id"]: _sign(line) for line in lines}
    parts, refunds = ([line for line in lines if line["document_type"] == kind] for kind in ("invoice", "refund"))
    kind: TaxType = "reverse" if any(signs[line["id"]] < 0 for line in parts) else "inclusive"
    waits = row["cash_basis_transition_account_id"] if row["tax_exigibility"] == "on_payment" else None
    found = TaxCode(
        id=str(row["id"]),
        code=code,
        name=_plain(row["description"] or "") or row["name"],
        rate=(Decimal(row["amount"]) / 100).normalize(),
        type=kind,
        ingoing_account=_account(parts, signs, 1),
        outgoing_account=_account(parts, signs, -1),
        active=row["active"],
        deductible=_share(parts, signs, 1) if row["amount"] else Decimal(1),
        until_paid=str(waits[0]) if waits else None,
        refund_ingoing_account=_account(refunds, signs, 1),
        refund_outgoing_account=_account(refunds, signs, -1),
        unsupported=_unsupported(row, parts, signs),
    )
    return Tax(code=found, included=bool(row["price_include"]), computes=bool(row["amount"]), signs=signs)


def _sign(part: Row) -> int:
    if part["factor_percent"] < 0:
        return -1
    return 1 if part["account_id"] else 0


def _account(parts: Sequence[Row], signs: Mapping[int, int], sign: int) -> str | None:
    found = (part["account_id"] for part in parts if signs[part["id"]] == sign and part["account_id"])
    account = next(found, None)
    return str(account[0]) if account else None


def _share(parts: Sequence[Row], signs: Mapping[int, int], *wanted: int) -> Decimal:
    """What these parts come to, a fraction."""
    found = (Decimal(part["factor_percent"]) for part in parts if signs[part["id"]] in wanted)
    return sum(found, Decimal(0)) / 100


def _unsupported(row: Row, parts: Sequence[Row], signs: Mapping[int, int]) -> Phrase | None:
    """Why Pleo's one amount of tax can't be booked with this tax; None when it can."""
    if row["amount_type"] == "group":
        return Phrase("tax_of_group")
    if row["amount_type"] != "percent":
        return Phrase("tax_not_percent")
    if row["amount"] < 0:
        return Phrase("tax_withheld")
    if row["amount"] and not _is_one_tax(parts, signs):
        return Phrase("tax_parts_unusual")
    partly = any(signs[part["id"]] == 0 for part in parts)
    return Phrase("tax_partly_on_payment") if partly and row["tax_exigibility"] == "on_payment" else None


def _is_one_tax(parts: Sequence[Row], signs: Mapping[int, int]) -> bool:
    """All of it once, in reverse charge also with the other sign; each side on one account."""
    accounts = {sign: {part["account_id"][0] for part in parts if _has(part, signs, sign)} for sign in (1, -1)}
    whole = _share(parts, signs, 0, 1) == 1 and _share(parts, signs, -1) in (0, -1)
    return whole and len(accounts[1]) <= 1 and len(accounts[-1]) == -_share(parts, signs, -1)


def _has(part: Row, signs: Mapping[int, int], sign: int) -> bool:
    return signs[part["id"]] == sign and bool(part["account_id"])


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

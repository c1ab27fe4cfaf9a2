"""Tryton's master data as the core's.

account.account (with a type) -> Account · account.tax (purchase) -> TaxCode · root analytic account -> Dimension ·
analytic account -> DimensionValue · party.party -> Vendor · company.employee -> Employee · account.journal -> Journal ·
account.period (standard) -> Period
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar, cast

from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    Journal,
    MasterRecord,
    Period,
    TaxCode,
    Vendor,
)
from kontobro.erp.kit.masters import Book, Cached
from kontobro.erp.tryton.calls import Calls, Domain, Row

R = TypeVar("R", bound=MasterRecord)

KINDS: Final = frozenset([Company, Account, TaxCode, Dimension, DimensionValue, Vendor, Employee, Journal, Period])

ANY: Final = ["active", "in", [True, False]]

BORN: Final = "pleo:"
"""How an identifier without a type begins that holds Pleo's id of the vendor that the party was created for."""


@dataclass(frozen=True, slots=True)
class Posting:
    """An account with what Tryton needs besides: lines with a party always, or never; `billed`: invoices take it."""

    account: Account
    party_required: bool
    payable: bool
    billed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """A tax code with the ids of its parts: the input side, and in reverse charge the output side."""

    code: TaxCode
    input: int
    output: int | None

    def accounts(self, *, refund: bool) -> tuple[str | None, str | None]:
        """Of the input and of the output side: of purchases, or of refunds."""
        code = self.code
        if refund:
            return code.refund_ingoing_account, code.refund_outgoing_account
        return code.ingoing_account, code.outgoing_account


@dataclass(frozen=True, slots=True)
class Currency:
    id: int
    code: str
    digits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the checks and the entries need, by id; currencies by code, employees' parties by employee and code."""

    company: Company
    accounts: Mapping[str, Posting]
    taxes: Mapping[str, Tax]
    values: Mapping[str, DimensionValue]
    books: Sequence[Book]
    currencies: Mapping[str, Currency]
    employees: Mapping[str, str]

    def account(self, id: str) -> Account | None:
        return self.accounts[id].account if id in self.accounts else None

    def tax_code(self, id: str) -> TaxCode | None:
        return self.taxes[id].code if id in self.taxes else None

    def book_of(self, wanted: str | None) -> Book | None:
        """The journal asked for, else the first one for expenses."""
        if wanted:
            return next((book for book in self.books if book.journal.id == wanted), None)
        return next((book for book in self.books if book.type == "expense"), None)

    def invoice_book(self, wanted: str | None) -> Book | None:
        """The journal of an invoice: the one asked for, when it is one for expenses, else the first such."""
        book = self.book_of(wanted)
        return book if book and book.type == "expense" else self.book_of(None)

    @property
    def tax_codes(self) -> Mapping[int, str]:
        """The tax code that a tax is, or is a part of."""
        return {
            part: tax.code.id
            for tax in self.taxes.values()
            for part in (int(tax.code.id), tax.input, tax.output)
            if part is not None
        }

    @property
    def output_taxes(self) -> frozenset[int]:
        """The taxes that are the output side of reverse charge."""
        return frozenset(tax.output for tax in self.taxes.values() if tax.output)


class TrytonMasters:
    """The company's master data, read over the API. `snapshot` is kept for a while."""

    def __init__(self, api: Calls) -> None:
        self._api = api
        self.snapshot = Cached(self._snapshot)

    def all(self, kind: type[R]) -> Iterable[R]:
        """Every record of a kind, as it is now."""
        return cast(Iterable[R], list(_READERS[kind](self)))

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            company=next(iter(self.companies())),
            accounts={posting.account.id: posting for posting in self.postings()},
            taxes={tax.code.id: tax for tax in self.taxes()},
            values={value.id: value for value in self.values()},
            books=list(self.books()),
            currencies={currency.code: currency for currency in self.currencies()},
            employees=_parties(self._employees()),
        )

    def rates(self, day: date) -> Mapping[str, Decimal]:
        """What one unit of Tryton's base currency is in each currency on a day; without those that have no rate."""
        rows = self._api.rows("currency.currency", [], ["code", "rate"], date=day)
        return {row["code"]: row["rate"] for row in rows if row["rate"]}

    def companies(self) -> Iterator[Company]:
        fields = ["party.name", "currency.code", "timezone"]
        for row in self._api.rows("company.company", [["id", "=", self._api.company]], fields):
            yield Company(str(row["id"]), row["party."]["name"], row["currency."]["code"], row["timezone"] or None)

    def postings(self) -> Iterator[Posting]:
        """Accounts that take lines: those with a type. A closed one takes none any more."""
        fields = "code name closed start_date end_date second_currency.code party_required"
        fields += " type.payable type.expense type.debt"
        for row in self._rows("account.account", [["type", "!=", None]], fields.split()):
            currency = row.get("second_currency.")
            account = Account(
                id=str(row["id"]),
                code=row["code"] or "",
                name=row["name"],
                active=not row["closed"],
                currencies=(currency["code"],) if currency else (),
                opened=row["start_date"],
                closed=row["end_date"],
            )
            type_ = row["type."]
            billed = bool(type_["expense"] or type_["debt"])
            yield Posting(account, bool(row["party_required"]), bool(type_["payable"]), billed)

    def taxes(self) -> Iterator[Tax]:
        fields = "name description rate type group.kind active start_date end_date invoice_account credit_note_account"
        fields += " childs.rate childs.invoice_account childs.credit_note_account"
        for row in self._rows("account.tax", [["parent", "=", None], ANY], fields.split()):
            group = row.get("group.")
            if group is None or group["kind"] in ("purchase", "both"):
                yield _tax(row)

    def roots(self) -> Iterator[Dimension]:
        for row in self._rows("analytic_account.account", [["type", "=", "root"], ANY], ["code", "name", "active"]):
            yield Dimension(str(row["id"]), row["code"] or row["name"], row["name"], row["active"])

    def values(self) -> Iterator[DimensionValue]:
        fields = ["code", "name", "root", "active"]
        for row in self._rows("analytic_account.account", [["type", "=", "normal"], ANY], fields):
            code = row["code"] or row["name"]
            yield DimensionValue(str(row["id"]), str(row["root"]), code, row["name"], row["active"])

    def vendors(self, domain: Domain = ()) -> Iterator[Vendor]:
        """Every party: Tryton does not say who sells."""
        fields = ["name", "code", "active", "tax_identifier.code", "account_payable"]
        return (_vendor(row) for row in self._api.rows("party.party", [ANY, *domain], fields))

    def known_vendors(self) -> Iterator[Vendor]:
        """Every party, those that were born in Pleo with its id."""
        born: dict[str, str] = {}
        for pleo_id, party in self.born().items():
            born.setdefault(str(party), pleo_id)
        return (replace(vendor, pleo_id=born.get(vendor.id)) for vendor in self.vendors())

    def born(self, pleo_ids: Iterable[str] | None = None) -> dict[str, int]:
        """The party of each vendor born in Pleo, or of these. A copy of a party has its identifiers too: the older
        counts. When a person replaces one party by another, Tryton gives its identifiers to the other."""
        named: Domain = ["code", "like", f"{BORN}%"]
        if pleo_ids is not None:
            named = ["code", "in", [f"{BORN}{pleo_id}" for pleo_id in pleo_ids]]
        found: dict[str, int] = {}
        for row in self._api.rows("party.identifier", [["type", "=", None], named, ANY], ["code", "party"]):
            found.setdefault(row["code"].removeprefix(BORN), row["party"])
        return found

    def addresses(self, parties: Sequence[int]) -> Mapping[str, int]:
        """Where an invoice of each party comes from: the address marked for invoices, else the first."""
        found: dict[str, int] = {}
        rows = list(self._api.rows("party.address", [["party", "in", list(parties)]], ["party", "invoice"]))
        for row in sorted(rows, key=lambda row: not row["invoice"]):
            found.setdefault(str(row["party"]), row["id"])
        return found

    def employees(self) -> Iterator[Employee]:
        for row in self._employees():
            party = row["party."]
            yield Employee(str(row["id"]), party["code"] or "", party["name"] or "")

    def books(self) -> Iterator[Book]:
        for row in self._api.rows("account.journal", [], ["code", "name", "type"]):
            yield Book(Journal(str(row["id"]), row["code"] or "", row["name"]), row["type"])

    def periods(self) -> Iterator[Period]:
        """Months, usually. Periods of adjustment lie over them and are left out."""
        domain = [["type", "=", "standard"]]
        for row in self._rows("account.period", domain, ["start_date", "end_date", "state"]):
            yield Period(str(row["id"]), row["start_date"], row["end_date"], row["state"])

    def currencies(self) -> Iterator[Currency]:
        for row in self._api.rows("currency.currency", [], ["code", "digits"]):
            yield Currency(row["id"], row["code"], row["digits"])

    def _employees(self) -> list[Row]:
        """Who left, too: by the context, since employees of Tryton 7.0 have no field `active`."""
        return list(self._rows("company.employee", [], ["party.code", "party.name"], active_test=False))

    def _rows(self, model: str, domain: Domain, fields: Sequence[str], **context: Any) -> Iterator[Row]:
        """Records of the company."""
        return self._api.rows(model, [["company", "=", self._api.company], *domain], fields, **context)


_READERS: Final[Mapping[type, Callable[[TrytonMasters], Iterable[MasterRecord]]]] = {
    Company: TrytonMasters.companies,
    Account: lambda masters: (posting.account for posting in masters.postings()),
    TaxCode: lambda masters: (tax.code for tax in masters.taxes()),
    Dimension: TrytonMasters.roots,
    DimensionValue: TrytonMasters.values,
    Vendor: TrytonMasters.known_vendors,
    Employee: TrytonMasters.employees,
    Journal: lambda masters: (book.journal for book in masters.books()),
    Period: TrytonMasters.periods,
}


def _parties(employees: Iterable[Row]) -> dict[str, str]:
    """Whose balance it is: by the employee's id, and by the code that Pleo knows."""
    found: dict[str, str] = {}
    for row in employees:
        party = row["party."]
        found.setdefault(party["code"] or "", str(party["id"]))
        found[str(row["id"])] = str(party["id"])
    return found


def _vendor(row: Row) -> Vendor:
    account, identifier = row["account_payable"], row.get("tax_identifier.")
    return Vendor(
        id=str(row["id"]),
        code=row["code"] or "",
        name=row["name"] or "",
        account=str(account) if account else None,
        tax_registration_number=identifier["code"] if identifier else None,
        active=row["active"],
    )


def _tax(row: Row) -> Tax:
    """Tryton's tax: one of a rate is input tax; one of two parts, the second with a rate below zero, reverse charge."""
    parts = row["childs."] or [row]
    ingoing = next((part for part in parts if (part["rate"] or 0) >= 0), parts[0])
    outgoing = next((part for part in parts if (part["rate"] or 0) < 0), None)
    code = TaxCode(
        id=str(row["id"]),
        code=row["name"],
        name=row["description"] or row["name"],
        rate=Decimal(ingoing["rate"] or 0),
        type="reverse" if outgoing else "inclusive",
        ingoing_account=_account(ingoing),
        outgoing_account=_account(outgoing),
        active=bool(row["active"]) and (bool(row["childs."]) or row["type"] == "percentage"),
        opened=row["start_date"],
        closed=row["end_date"],
        refund_ingoing_account=_account(ingoing, "credit_note_account"),
        refund_outgoing_account=_account(outgoing, "credit_note_account"),
        refund_by_line=True,
    )
    return Tax(code=code, input=ingoing["id"], output=outgoing["id"] if outgoing else None)


def _account(part: Row | None, field: str = "invoice_account") -> str | None:
    return str(part[field]) if part and part[field] else None

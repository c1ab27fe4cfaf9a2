"""Data points: what a column can name in braces. Those of Pleo's own template have Pleo's names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from kontobro.core.model.journal import EntryLine, InvoiceKey, Payment
from kontobro.core.model.masterdata import Account, Company, Employee, TaxCode, Vendor
from kontobro.core.model.money import exact_sum
from kontobro.core.words import Phrase, phrase
from kontobro.erp.files.template.book import Book
from kontobro.erp.files.template.rows import NOTHING, Row, kind_of

PointKind = Literal["text", "code", "amount", "number", "date"]
"""`code`: a text that is written to the letter or refused. `amount` is money, `number` a count or a rate."""

Value = str | Decimal | int | date | None


@dataclass(frozen=True, slots=True)
class Point:
    name: str
    kind: PointKind
    read: Callable[[Row], Value]


def _line_account(row: Row) -> str:
    return row.line.account if row.line else ""


def _account_code(book: Book, id: str) -> str:
    known = book.accounts.get(id)
    return known.code if known and known.code else id


def _account_name(book: Book, id: str) -> str:
    known = book.accounts.get(id)
    return known.name if known else ""


def _tax(row: Row) -> TaxCode | None:
    return row.book.tax_codes.get(row.line.tax_code or "") if row.line else None


def _tax_code(row: Row) -> str:
    known = _tax(row)
    return known.code if known and known.code else (row.line.tax_code or "" if row.line else "")


def _vendor_id(row: Row) -> str:
    return (row.line.vendor if row.line else None) or row.entry.vendor or ""


def _vendor(row: Row) -> Vendor | None:
    return row.book.vendors.get(_vendor_id(row))


def _of_vendor(name: str) -> Callable[[Row], Value]:
    def read(row: Row) -> Value:
        vendor = _vendor(row)
        found = getattr(vendor, name) if vendor else None
        return found if isinstance(found, str) else ""

    return read


def _vendor_code(row: Row) -> str:
    vendor = _vendor(row)
    return vendor.code if vendor and vendor.code else _vendor_id(row)


def _vendor_name(row: Row) -> str:
    vendor = _vendor(row)
    return vendor.name if vendor else row.entry.vendor_name or ""


def _employee_id(row: Row) -> str:
    lines: Iterable[EntryLine] = (row.line, *row.entry.lines) if row.line else row.entry.lines
    return next((line.employee for line in lines if line.employee), "")


def _employee(row: Row) -> Employee | None:
    return row.book.employees.get(_employee_id(row))


def _employee_code(row: Row) -> str:
    known = _employee(row)
    return known.code if known and known.code else _employee_id(row)


def _employee_name(row: Row) -> str:
    known = _employee(row)
    return known.name if known else ""


def _side(row: Row) -> str:
    return "" if not row.amount else "D" if row.amount > 0 else "C"


def _debit_account(row: Row) -> str:
    return _account_code(row.book, _line_account(row) if row.amount > 0 else row.contra)


def _credit_account(row: Row) -> str:
    return _account_code(row.book, _line_account(row) if row.amount < 0 else row.contra)


def _settles(row: Row) -> str:
    settled = row.entry.settles if isinstance(row.entry, Payment) else None
    return settled.number if isinstance(settled, InvoiceKey) else settled or ""


def _description(row: Row) -> str:
    return (row.line.text if row.line else "") or row.entry.text or row.entry.payee


def _period(at: int) -> Callable[[Row], Value]:
    return lambda row: row.entry.service_period[at] if row.entry.service_period else None


def _journal_name(row: Row) -> str:
    known = row.book.journals.get(row.entry.journal or "")
    return known.name if known else ""


_TEXTS: Final[Mapping[str, Callable[[Row], Value]]] = {
    "company": lambda row: row.book.company.name,
    "account_name": lambda row: _account_name(row.book, _line_account(row)),
    "category_name": lambda row: _account_name(row.book, _line_account(row)),
    "contra_account_name": lambda row: _account_name(row.book, row.contra),
    "payee": lambda row: row.entry.payee,
    "merchant_name": lambda row: row.entry.payee,
    "note": lambda row: row.entry.text,
    "line_text": lambda row: row.line.text if row.line else "",
    "description": _description,
    "attendees": lambda row: ", ".join(row.entry.attendees),
    "booking_notes": lambda row: " ".join(row.entry.notes),
    "expense_type": lambda row: row.entry.item_type,
    "kind": lambda row: kind_of(row.entry),
    "role": lambda row: row.line.role if row.line else "",
    "expense_url": lambda row: row.entry.url or "",
    "vendor_name": _vendor_name,
    "employee_name": _employee_name,
    "tax_name": lambda row: known.name if (known := _tax(row)) else "",
    "tax_type": lambda row: known.type if (known := _tax(row)) else "",
    "journal_name": _journal_name,
    "receipt_originals": lambda row: ", ".join(receipt.original for receipt in row.voucher.receipts),
}

_CODES: Final[Mapping[str, Callable[[Row], Value]]] = {
    "reference": lambda row: row.entry.reference,
    "expense_id": lambda row: row.entry.reference.removesuffix("/pay"),
    "receipt_number": lambda row: row.entry.reconciliation_id,
    "fingerprint": lambda row: row.entry.fingerprint,
    "account_number": lambda row: _account_code(row.book, _line_account(row)),
    "contra_account": lambda row: _account_code(row.book, row.contra),
    "debit_account": _debit_account,
    "credit_account": _credit_account,
    "credit_debit_indicator": _side,
    "currency": lambda row: row.entry.currency,
    "foreign_currency": lambda row: row.entry.currency if row.entry.currency != row.book.company.currency else "",
    "company_currency": lambda row: row.book.company.currency,
    "invoice_number": lambda row: row.entry.number,
    "settles": _settles,
    "tax_code": _tax_code,
    "vendor_code": _vendor_code,
    "vendor_account": _of_vendor("account"),
    "vendor_number": _of_vendor("number"),
    "vendor_registration_number": _of_vendor("registration_number"),
    "vendor_tax_number": _of_vendor("tax_registration_number"),
    "vendor_country": _of_vendor("country"),
    "employee_code": _employee_code,
    "journal_code": lambda row: row.book.series(row.entry),
    "series": lambda row: row.voucher.series,
    "fiscal_year": lambda row: row.voucher.year,
    "supplier_currency": lambda row: row.entry.supplier_amount[1] if row.entry.supplier_amount else "",
    "receipt_file": lambda row: row.voucher.receipts[0].name if row.voucher.receipts else "",
    "receipt_files": lambda row: " ".join(receipt.name for receipt in row.voucher.receipts),
}

_DATES: Final[Mapping[str, Callable[[Row], Value]]] = {
    "date": lambda row: row.entry.date,
    "invoice_date": lambda row: row.entry.document_date,
    "invoice_due_date": lambda row: row.entry.due_date,
    "service_start": _period(0),
    "service_end": _period(1),
    "sealed_date": lambda row: row.head.moment.date() if row.head else row.entry.date,
}

_NUMBERS: Final[Mapping[str, Callable[[Row], Value]]] = {
    "voucher_number": lambda row: row.voucher.number,
    "document_number": lambda row: row.head.number if row.head else 99_999,
    "row_number": lambda row: row.at,
    "line_number": lambda row: row.number,
    "receipt_count": lambda row: len(row.voucher.receipts),
    "tax_rate": lambda row: known.rate if (known := _tax(row)) else None,
    "tax_percent": lambda row: known.rate.scaleb(2) if (known := _tax(row)) else None,
}


def _absolute(read: Callable[[Row], Decimal]) -> Callable[[Row], Value]:
    return lambda row: read(row).copy_abs()


def _negated(read: Callable[[Row], Decimal]) -> Callable[[Row], Value]:
    return lambda row: read(row).copy_negate() if read(row) else NOTHING


_SIGNED: Final[Mapping[str, Callable[[Row], Decimal]]] = {
    "amount": lambda row: row.amount,
    "net_amount": lambda row: row.share.net if row.share else NOTHING,
    "tax_amount": lambda row: row.share.tax if row.share else NOTHING,
    "gross_amount": lambda row: exact_sum((row.share.net, row.share.tax)) if row.share else NOTHING,
}

_AMOUNTS: Final[Mapping[str, Callable[[Row], Value]]] = {
    **_SIGNED,
    **{f"absolute_{name}": _absolute(read) for name, read in _SIGNED.items()},
    **{f"negated_{name}": _negated(read) for name, read in _SIGNED.items()},
    "debit": lambda row: row.amount if row.amount > 0 else None,
    "credit": lambda row: row.amount.copy_negate() if row.amount < 0 else None,
    "total": lambda row: row.entry.total,
    "supplier_amount": lambda row: row.entry.supplier_amount[0] if row.entry.supplier_amount else None,
}

_BY_KIND: Final[Mapping[PointKind, Mapping[str, Callable[[Row], Value]]]] = {
    "text": _TEXTS,
    "code": _CODES,
    "date": _DATES,
    "number": _NUMBERS,
    "amount": _AMOUNTS,
}
POINTS: Final[Mapping[str, Point]] = {
    name: Point(name, kind, read) for kind, points in _BY_KIND.items() for name, read in points.items()
}

PREFIXES: Final[Mapping[str, str]] = {
    "dimension": "the value's code in a dimension; dimension.#1 is the first of the master data",
    "dimension_name": "the value's name",
    "dimension_title": "the dimension's name, where the row has a value of it",
    "account_column": "a further column of the account in the master data",
    "tax_column": "a further column of the tax code",
    "vendor_column": "a further column of the vendor",
    "employee_column": "a further column of the employee",
    "company_column": "a further column of the company",
}
"""Data points that name something: `{dimension.COST}`."""

NOT_FROM_PLEO: Final = frozenset(
    "balance employee_email user_email team_name team_code payment_status review_status review_note reviewer_name "
    "receipt_urls reimbursement_date".split()
)
"""What Pleo's own template has, and no export job says."""


class UnknownPoint(LookupError):
    """No such data point. `remedy` says what exists."""

    def __init__(self, name: str, remedy: Phrase) -> None:
        super().__init__(name)
        self.name, self.remedy = name, remedy


def point_named(name: str, book: Book) -> Point:
    """Raises UnknownPoint."""
    if name in POINTS:
        return POINTS[name]
    prefix, dot, rest = name.partition(".")
    if dot and rest and prefix in PREFIXES:
        return _of_master(name, prefix, rest, book)
    if name in NOT_FROM_PLEO:
        raise UnknownPoint(name, phrase("template_point_unsaid"))
    known = (*sorted(POINTS), *(f"{prefix}.…" for prefix in PREFIXES))
    raise UnknownPoint(name, phrase("template_points", names=known))


def _of_master(name: str, prefix: str, rest: str, book: Book) -> Point:
    if prefix.startswith("dimension"):
        return _of_dimension(name, prefix, _dimension_called(rest, book), book)
    columns: Mapping[str, tuple[type, Callable[[Row], str]]] = {
        "account_column": (Account, _line_account),
        "tax_column": (TaxCode, lambda row: (row.line.tax_code if row.line else "") or ""),
        "vendor_column": (Vendor, _vendor_id),
        "employee_column": (Employee, _employee_id),
        "company_column": (Company, lambda row: ""),
    }
    kind, id_of = columns[prefix]
    return Point(name, "code", lambda row: row.book.masters.said(kind, id_of(row), rest))


def _dimension_called(rest: str, book: Book) -> str:
    """A dimension's id, by its code or id, or by its place: `#1`. One that the master data lack is taken as it is."""
    if rest.startswith("#") and rest[1:].isdecimal():
        at = int(rest[1:4])
        return list(book.dimensions)[at - 1] if 0 < at <= len(book.dimensions) else ""
    known = {record.code: id for id, record in book.dimensions.items() if record.code}
    if rest not in known and rest not in book.dimensions and book.dimensions:
        raise UnknownPoint(f"dimension.{rest}", phrase("masters_dimensions", names=tuple(known)))
    return known.get(rest, rest)


def _of_dimension(name: str, prefix: str, dimension: str, book: Book) -> Point:
    def value_of(row: Row) -> str:
        return next((value for id, value in row.line.dimensions if id == dimension), "") if row.line else ""

    def read(row: Row) -> str:
        value = value_of(row)
        known = book.values.get((dimension, value))
        if prefix == "dimension_title":
            record = book.dimensions.get(dimension)
            return (record.name if record else dimension) if value else ""
        if prefix == "dimension_name":
            return known.name if known else value
        return known.code if known and known.code else value

    return Point(name, "code" if prefix == "dimension" else "text", read)


def dimension_of(name: str, book: Book) -> str:
    """The id of the dimension that a data point keeps; empty for one that keeps none."""
    prefix, _, rest = name.partition(".")
    return _dimension_called(rest, book) if prefix in ("dimension", "dimension_name") and rest else ""

"""Every reason why a template can't hold an entry, each with its remedy; and what is only worth saying. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from kontobro.core.errors import Note, Problem, shown
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import TaxCode
from kontobro.core.model.money import EXPONENTS
from kontobro.core.ports import Voucher
from kontobro.erp.files.template.book import Book
from kontobro.erp.files.template.columns.cells import Cell, Cells, Change, Refused
from kontobro.erp.files.template.layout import Layout
from kontobro.erp.files.template.rows import (
    NotFolded,
    Row,
    Share,
    can_pair,
    entry_row,
    kind_of,
    rows_of,
    shares_of,
)
from kontobro.erp.kit import checks
from kontobro.erp.kit.texts import whole

DIGITS: Final = {"csv": 27, "xlsx": 15}
"""Of an amount: what readers count with; a number in Excel has 15."""

FIRST_DAY: Final = date(1900, 3, 1)
"""Excel has no day before 1900, and one too many in its February."""

LARGEST_NUMBER: Final = 999_999
"""A voucher's number before it has one: what fits with it fits with all."""

STATED: Final = frozenset(
    f"{sign}{name}" for sign in ("", "absolute_", "negated_") for name in ("tax_amount",)
) | frozenset(["gross_amount", "net_amount"])
"""Data points by which the file itself says the tax of a row."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What entries are checked with. `noting` are the same columns, which write into `changes`."""

    layout: Layout
    cells: Cells
    noting: Cells
    changes: list[Change]
    book: Book

    @classmethod
    def of(cls, layout: Layout, cells: Cells, book: Book) -> Checked:
        changes: list[Change] = []
        return cls(layout, cells, cells.noting(changes), changes, book)

    @property
    def system(self) -> str:
        return self.layout.name

    @property
    def is_xlsx(self) -> bool:
        return self.layout.file.format == "xlsx"


def problems_of(entry: Entry, checked: Checked) -> list[Problem]:
    """All problems and notes of one entry; the same one is said once."""
    book, system = checked.book, checked.system
    return checks.distinct(
        checks.check_reference(entry, system, whole),
        _currency(entry, checked),
        checks.first_of(
            checks.check_digits(entry, system, DIGITS["xlsx" if checked.is_xlsx else "csv"], book.accounts.get),
            checks.check_balance(entry),
        ),
        checks.check_accounts(entry, system, book.accounts.get) if book.accounts else (),
        checks.check_period(entry, system, book.periods) if book.periods else (),
        checks.check_dimensions(entry, system, lambda *key: book.values.get(key)) if book.values else (),
        checks.check_vendors(entry, system, book.vendors.get) if book.vendors else (),
        checks.check_tax_codes(entry, system, book.tax_codes.get) if book.tax_codes else (),
        checks.check_journal(entry, system, book.journals) if book.journals else (),
        _day(entry, checked),
        _dimensions(entry, checked),
        checks.first_of(_shape(entry, checked), _rows(entry, checked)),
    )


def _currency(entry: Entry, checked: Checked) -> Iterator[Problem]:
    own = checked.book.company.currency
    if entry.currency not in EXPONENTS:
        yield problem("currency_invalid", "currency", entry.currency, system=checked.system)
    elif checked.layout.rows.currencies == "company" and entry.currency != own:
        yield problem("document_currency", "currency", entry.currency, system=checked.system, currencies=own)


def _day(entry: Entry, checked: Checked) -> Iterator[Problem]:
    days = [entry.date, entry.document_date, entry.due_date, *(entry.service_period or ())]
    for day in days:
        if day and checked.is_xlsx and day < FIRST_DAY:
            yield problem("period_closed.no_period", "date", day, system=checked.system, day=day)


def _dimensions(entry: Entry, checked: Checked) -> Iterator[Problem]:
    """A template with columns for dimensions has one for each that is used; one without says so (`not_kept`)."""
    kept = checked.cells.dimensions
    for dimension in dict.fromkeys(id for line in entry.lines for id, _ in line.dimensions):
        if kept and dimension not in kept:
            yield problem("document_setting.column", "dimension", dimension, system=checked.system, setting="template")


def _shape(entry: Entry, checked: Checked) -> Iterator[Problem]:
    """What rows can't be made of at all."""
    rows, system, kind = checked.layout.rows, checked.system, kind_of(entry)
    if kind not in rows.kinds:
        yield problem("document_kind", "type", kind, system=system, kinds=", ".join(rows.kinds))
    if not can_pair(entry, rows):
        yield problem("document_pairs", "lines", entry.item_type or kind, system=system, setting="clearing")
    try:
        shares = shares_of(entry, rows)
    except NotFolded as fault:
        yield problem("document_tax.folded", "tax_code", fault.code or entry.item_type, system=system)
        return
    if entry.lines and not any(share.amount for share in shares):
        yield problem("document_pairs.empty", "lines", Decimal(0), system=system)
    if rows.tax != "lines" and not checked.cells.points & STATED:
        yield from _computed(entry, shares, checked)


def _computed(entry: Entry, shares: Iterable[Share], checked: Checked) -> Iterator[Problem]:
    """Where the system computes the tax from the code alone, it has to come to what Pleo states."""
    unit = Decimal(1).scaleb(-EXPONENTS.get(entry.currency, 2))
    for share in shares:
        code = checked.book.tax_codes.get(share.line.tax_code or "")
        if share.line.role != "expense" or code is None or code.type == "reverse":
            continue
        expected = expected_tax(share, code)
        if expected is None or abs(expected - share.tax) > unit:
            tax, currency = share.tax, entry.currency
            yield problem(
                "document_tax.computed", "tax_code", code.code, system=checked.system, tax=tax, currency=currency
            )


def expected_tax(share: Share, code: TaxCode) -> Decimal | None:
    """What the rate makes of the net amount; None where a part of the tax may not be deducted."""
    return share.net * code.rate if code.deductible == 1 else None


def _rows(entry: Entry, checked: Checked) -> Iterator[Problem]:
    """Each column of each row, as it will be written."""
    book, rows = checked.book, checked.layout.rows
    voucher = Voucher(
        entry=entry, series=book.series(entry), year=book.year(entry).name, number=LARGEST_NUMBER, receipts=()
    )
    checked.changes.clear()
    cells = checked.noting
    whole_entry = rows.per in ("entry", "entry_and_lines")
    if whole_entry:
        yield from _refused(entry_row(voucher, rows, book), cells.columns, checked)
    for row in rows_of(voucher, rows, book):
        yield from _refused(row, cells.line_columns if whole_entry else cells.columns, checked)
    for change in checked.changes:
        yield _note(change, checked.system)


def _refused(row: Row, cells: Iterable[Cell], checked: Checked) -> Iterator[Problem]:
    for cell in cells:
        try:
            if checked.is_xlsx:
                cell.typed(row)
            else:
                cell.text(row)
        except Refused as fault:
            yield _problem(fault, row.entry, checked.system)


def _problem(fault: Refused, entry: Entry, system: str) -> Problem:
    column, value = shown(fault.column), fault.value
    match fault.rule:
        case "longest":
            where = f"{system}, {column}"
            return problem("document_too_long", column, value, system=where, most=fault.limit or 0)
        case "decimals":
            amount, currency = Decimal(value), entry.currency
            return problem("amount_invalid.decimals", column, value, amount=amount, currency=currency, system=system)
        case "empty":
            return problem("document_column.empty", column, value, system=system, column=column)
        case "lookup":
            return problem("document_column", column, value, system=system, column=column)
    return problem("document_letters.code", column, value, system=f"{system}, {column}")


def _note(change: Change, system: str) -> Note:
    where = f"{system}, {change.column}"
    if change.longest is None:
        made = problem("document_letters", change.column, change.given, system=where, written=change.written)
    else:
        made = problem("document_cut", change.column, change.given, system=where, written=change.written)
    return Note.of(made.code, made.field, made.value, made.reason, made.facts)

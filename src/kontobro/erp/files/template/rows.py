"""The rows of an entry: by line, by debit/credit pair, or one for all; tax on its own lines or folded in. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kontobro.core.model.journal import Bill, Entry, EntryLine, Payment, money_line
from kontobro.core.model.money import exact_sum
from kontobro.core.ports import DocumentHead, Voucher
from kontobro.erp.files.template.book import Book
from kontobro.erp.files.template.layout import Kind, Rows

NOTHING = Decimal(0)


class NotFolded(ValueError):
    """The tax of a code can't be put on the lines that have it. `code` is the tax code's id."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Share:
    """A line with the tax that is folded into it. `amount` is what a row books: net or gross, as the template says."""

    line: EntryLine
    net: Decimal
    tax: Decimal
    amount: Decimal


@dataclass(slots=True)
class Row:
    """One row and what it is of. `share` is None in the row of an entry without a money line, `head` until a document
    is rendered. `number` counts the rows of its entry, `at` those of its document, both from 1."""

    book: Book
    voucher: Voucher
    share: Share | None
    contra: str
    number: int = 1
    at: int = 1
    head: DocumentHead | None = None

    @property
    def entry(self) -> Entry:
        return self.voucher.entry

    @property
    def line(self) -> EntryLine | None:
        return self.share.line if self.share else None

    @property
    def amount(self) -> Decimal:
        return self.share.amount if self.share else NOTHING


def kind_of(entry: Entry) -> Kind:
    if isinstance(entry, Bill):
        return "credit_note" if entry.credit_note else "bill"
    return "payment" if isinstance(entry, Payment) else "journal"


def shares_of(entry: Entry, rows: Rows) -> list[Share]:
    """The lines that rows are made of, those without an amount left out. Raises NotFolded."""
    if rows.tax == "lines":
        shares = [Share(line, line.amount, line.tax_amount or NOTHING, line.amount) for line in entry.lines]
    else:
        taxes = folded_taxes(entry)
        shares = [
            _folded(line, taxes.get(at, NOTHING), rows)
            for at, line in enumerate(entry.lines)
            if line.role not in ("tax", "reverse_tax")
        ]
    return [share for share in shares if share.net or share.tax]


def _folded(line: EntryLine, tax: Decimal, rows: Rows) -> Share:
    amount = exact_sum((line.amount, tax)) if rows.tax == "code_on_gross" else line.amount
    return Share(line, line.amount, tax, amount)


def folded_taxes(entry: Entry) -> dict[int, Decimal]:
    """The tax of each expense line, by its position: the tax lines of each code, shared as Pleo states it.

    Both sides of reverse charge cancel out. Raises NotFolded where the tax lines are not what the lines state.
    """
    posted: dict[str, Decimal] = {}
    based: dict[str, list[int]] = {}
    for at, line in enumerate(entry.lines):
        code = line.tax_code or ""
        if line.role in ("tax", "reverse_tax"):
            posted[code] = exact_sum((posted.get(code, NOTHING), line.amount))
        elif line.role == "expense" and code:
            based.setdefault(code, []).append(at)
    taxes: dict[int, Decimal] = {}
    for code, tax in posted.items():
        if tax:
            taxes |= _shared(code, tax, based.get(code, []), entry.lines)
    return taxes


def _shared(code: str, tax: Decimal, based: Sequence[int], lines: Sequence[EntryLine]) -> dict[int, Decimal]:
    if len(based) == 1:
        return {based[0]: tax}
    stated = {at: lines[at].tax_amount or NOTHING for at in based}
    if not code or exact_sum(stated.values()) != tax:
        raise NotFolded(code)
    return stated


def rows_of(voucher: Voucher, rows: Rows, book: Book, head: DocumentHead | None = None) -> Iterator[Row]:
    """The rows of the lines. Raises NotFolded."""
    entry = voucher.entry
    shares, money = shares_of(entry, rows), money_line(entry)
    contra = money.account if money else rows.clearing or ""
    number = 0
    for share in shares:
        if share.line is money and (rows.per == "pair" or rows.lines == "without_money"):
            continue
        number += 1
        other = _contra(share, shares) if share.line is money else contra
        yield Row(book, voucher, share, other, number, number, head)


def _contra(money: Share, shares: Sequence[Share]) -> str:
    """The other side of the money line, where there is only one account."""
    others = {share.line.account for share in shares if share is not money}
    return others.pop() if len(others) == 1 else ""


def entry_row(voucher: Voucher, rows: Rows, book: Book, head: DocumentHead | None = None) -> Row:
    """The row of a whole entry: of its money line, where it has one."""
    shares, money = shares_of(voucher.entry, rows), money_line(voucher.entry)
    share = next((each for each in shares if each.line is money), None)
    return Row(book, voucher, share, _contra(share, shares) if share else "", 1, 1, head)


def can_pair(entry: Entry, rows: Rows) -> bool:
    return rows.per != "pair" or bool(rows.clearing) or money_line(entry) is not None

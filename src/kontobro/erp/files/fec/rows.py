"""An entry as rows of the 18 columns of article A47 A-1. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from kontobro.core.model.journal import Entry, EntryLine, entry_id_of, money_line
from kontobro.core.ports import Voucher
from kontobro.erp.files.common.letters import line_of, spelled
from kontobro.erp.files.fec.book import Book
from kontobro.erp.files.fec.options import FecOptions
from kontobro.erp.kit.texts import supplier_text

COLUMNS: Final = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)
SHORT_ID: Final = 16
"""Characters of Pleo's ID that stand for the document where it has no number: importers take 17."""


def written(text: str, options: FecOptions) -> str:
    """A text as the file has it: one line, no separator of either kind, in the encoding's letters."""
    return _written(text, options.encoding)


@lru_cache(maxsize=4_096)
def _written(text: str, encoding: str) -> str:
    line = line_of(text)
    now = spelled(line, encoding).replace("|", " ")
    return now if now == line else line_of(now)


def entry_text(entry: Entry, book: Book, options: FecOptions) -> str:
    """`payee: text` and what has no column of its own, before it is written; never empty."""
    parts = [": ".join(filter(None, (entry.payee, entry.text)))]
    if entry.service_period:
        parts.append("-".join(f"{day:%Y%m%d}" for day in entry.service_period))
    parts.append(supplier_text(entry))
    return line_of(" ".join(filter(None, parts))) or book.journal(entry, options)[1]


def line_text(entry: Entry, line: EntryLine, book: Book, options: FecOptions) -> str:
    """The line's own text, else the entry's; tax lines name their tax code, which has no column."""
    text = line_of(line.text) or entry_text(entry, book, options)
    if line.role in ("tax", "reverse_tax") and line.tax_code:
        code = book.tax_codes.get(line.tax_code)
        return f"{text} ({code.name or code.code})" if code else f"{text} ({line.tax_code})"
    return text


def piece_of(entry: Entry) -> str:
    """The invoice's number, else a short form of Pleo's ID: a bill and its payment are of one piece."""
    return line_of(entry.number) or entry_id_of(entry.reference).replace("-", "")[:SHORT_ID]


def number_of(voucher: Voucher, year: str, options: FecOptions) -> str:
    """`PLE-2026-000001`: gapless in its journal and year; or Pleo's ID, where the program gives numbers itself."""
    return f"{voucher.series}-{year}-{voucher.number:06d}" if options.own_numbers else voucher.entry.reference


def rows_of(
    voucher: Voucher, book: Book, options: FecOptions, validated: date, letters: dict[str, tuple[str, date]]
) -> Iterator[bytes]:
    """The rows of one voucher, each with its line end. `letters`: code and day of a lettered line, by its account.

    A line of nothing has no row: the format knows none.
    """
    entry = voucher.entry
    journal, name = book.journal(entry, options)
    number = number_of(voucher, short_year(book, entry.date, options), options)
    day, piece = f"{entry.date:%Y%m%d}", written(piece_of(entry), options)
    piece_day = f"{entry.document_date or entry.date:%Y%m%d}"
    begin = (journal, written(name, options), number, day)
    for line in entry.lines:
        if not line.amount:
            continue
        letter = letters.get(line.account) if line.role == "payable" else None
        fields = (
            *begin,
            line.account,
            *(written(text, options) for text in (book.account_name(line.account), *book.party(entry, line))),
            piece,
            piece_day,
            written(line_text(entry, line, book, options), options),
            decimal(line.amount if line.amount > 0 else _ZERO),
            decimal(line.amount.copy_negate() if line.amount < 0 else _ZERO),
            letter[0] if letter else "",
            f"{letter[1]:%Y%m%d}" if letter else "",
            f"{validated:%Y%m%d}",
            *_foreign(entry, line),
        )
        yield f"{options.separator.join(fields)}\r\n".encode(options.encoding)


_ZERO: Final = Decimal(0)


def short_year(book: Book, day: date, options: FecOptions) -> str:
    """`2026`, or `202706` for the year that ends in June 2027."""
    year = book.year(day, options)
    return year.name if len(year.name) == 4 else f"{year.end:%Y%m}"


def decimal(amount: Decimal) -> str:
    """Two decimals after a comma."""
    return f"{amount:.2f}".replace(".", ",")


def _foreign(entry: Entry, line: EntryLine) -> tuple[str, str]:
    """What the supplier asked for in another currency, signed as the line: on the line that takes the whole amount,
    and on its only opposite. A part of it would be a guess."""
    money = money_line(entry)
    if entry.supplier_amount is None or money is None or money.amount.copy_abs() != entry.total:
        return "", ""
    amount, currency = entry.supplier_amount
    if currency == entry.currency or not (line is money or len([one for one in entry.lines if one.amount]) == 2):
        return "", ""
    return decimal(amount.copy_abs() if line.amount > 0 else amount.copy_abs().copy_negate()), currency

"""A list as CSV or XLSX: all rows of its filter, read and sent a few at a time.

CSV is for programs: the same names and codes for every reader. A workbook is for a person, in their language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import BinaryIO, TypeVar

from django.http import FileResponse, Http404, StreamingHttpResponse

from kontobro.core.model.connection import Connection
from kontobro.export.tieout.sheets import Book, Cell, csv_lines, xlsx_book
from kontobro.web.lists.heads import head_of, heads_of, in_words
from kontobro.web.site.download import XLSX, Held, made_file
from kontobro.web.tenancy import Member

Row = Sequence[Cell]
T = TypeVar("T")

BOTH = ("company", "company in the accounting system")
"""The columns of whose row it is: its name at Pleo, then that of its books."""


def both_of(connection: Connection) -> tuple[str, str]:
    """The cells of BOTH."""
    return connection.pleo_name, connection.books_name


def file_of(
    member: Member, form: str, name: str, columns: Sequence[str], rows: Callable[[], Iterable[Row]]
) -> StreamingHttpResponse | FileResponse:
    """The rows in that form, `csv` or `xlsx`. Raises what reading the first row raises, before a file begins."""
    if form == "csv":
        return as_csv(member, name, columns, rows)
    if form == "xlsx":
        return as_xlsx(member, name, lambda book: _fill(book, name, columns, rows()))
    raise Http404


def as_csv(
    member: Member, name: str, columns: Sequence[str], rows: Callable[[], Iterable[Row]]
) -> StreamingHttpResponse:
    """ISO days, a dot before the decimals, no cell that a program would run."""
    held = Held(member)
    try:
        with held.in_time():
            begun = _begun(iter(rows()))
    except BaseException:
        held.close()
        raise
    held.content = _encoded(csv_lines(columns, begun))
    answer = StreamingHttpResponse(held, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def as_xlsx(member: Member, name: str, fill: Callable[[Book], None]) -> FileResponse:
    """A workbook that `fill` writes."""

    def make(file: BinaryIO) -> None:
        with xlsx_book(file) as book:
            fill(book)

    return made_file(member, f"{name}.xlsx", XLSX, make)


def _fill(book: Book, name: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    sheet = book.sheet(head_of(name), heads_of(columns))
    for row in rows:
        sheet.add(in_words(row))


def _begun(rows: Iterator[T]) -> Iterator[T]:
    """The same, with the first of them read: what can't be had is told on a page, and no file begins."""
    first = list(islice(rows, 1))
    return chain(first, rows)


def _encoded(lines: Iterator[str]) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"  # so that spreadsheets read UTF-8
    for line in lines:
        yield line.encode()

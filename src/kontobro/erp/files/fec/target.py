"""FEC-shaped files as a document target: five methods. Only `open_target` reads files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from typing import Final

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import Account, Company
from kontobro.core.ports import Capabilities, DocumentFile, DocumentHead, Place, R, ReceiptRules, Vouchers
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.masters import company_of, masters_of
from kontobro.erp.files.common.pieces import in_pieces, receipt_files
from kontobro.erp.files.fec.book import Book, book_of
from kontobro.erp.files.fec.checks import problems_of
from kontobro.erp.files.fec.describe import description
from kontobro.erp.files.fec.lettering import Lettering
from kontobro.erp.files.fec.options import FecOptions, options_from
from kontobro.erp.files.fec.rows import COLUMNS, rows_of

RECEIPTS: Final = ReceiptRules(
    media_types=frozenset(["application/pdf", "image/jpeg", "image/png"]), max_bytes=30 * 1024 * 1024
)


def open_target(options: Mapping[str, str]) -> FecTarget:
    """The files of one company. Raises Misconfigured for options and master data that can't be used."""
    return FecTarget(options_from(options), lambda: masters_of(options), options)


class FecTarget:
    """`masters` is called when they are first needed, and again by `check`."""

    max_rows: int | None = None

    def __init__(self, settings: FecOptions, masters: Callable[[], MasterFile], options: Mapping[str, str]) -> None:
        self._settings, self._read_masters, self._options = settings, masters, options

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            kinds=frozenset([Account, *(kind for kind, records in self._masters.records.items() if records)]),
            bills=True,
            drafts=False,
            receipts=RECEIPTS,
            batch_size=None,
            reference="enforced",
            keeps_fingerprint=True,
            not_kept=frozenset(["dimensions", "tax_codes", "due_dates"]),
        )

    @cached_property
    def _masters(self) -> MasterFile:
        return self._read_masters()

    @cached_property
    def _book(self) -> Book:
        company = company_of(self._masters, self._options, "EUR")
        zone, country = company.time_zone or "Europe/Paris", company.country or "FR"
        return book_of(self._masters, replace(company, time_zone=zone, country=country))

    def check(self) -> Company:
        for name in ("_masters", "_book"):
            self.__dict__.pop(name, None)
        return self._book.company

    def read(self, kind: type[R]) -> Iterable[R]:
        return self._masters.read(kind)

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        return [problems_of(entry, self._book, self._settings) for entry in entries]

    def place(self, entry: Entry) -> Place:
        """A file a fiscal year; numbers are gapless in each of its journals."""
        year = self._book.year(entry.date, self._settings)
        journal, _ = self._book.journal(entry, self._settings)
        return Place(group=year.days, series=journal, year=year.name, rows=len(entry.lines))

    def render(self, head: DocumentHead, vouchers: Vouchers) -> Iterable[DocumentFile]:
        year = self._book.year(head.first, self._settings)
        name = f"{head.number:04d}/{self._settings.siren}FEC{year.end:%Y%m%d}"
        content = in_pieces(self._rows(head, vouchers))
        yield DocumentFile(name=f"{name}.txt", media_type="text/plain", content=content)
        described = description(head, year, len(vouchers), self._settings)
        yield DocumentFile(name=f"{name}-description.txt", media_type="text/plain", content=described)
        yield from receipt_files(f"{head.number:04d}", vouchers)

    def _rows(self, head: DocumentHead, vouchers: Vouchers) -> Iterator[bytes]:
        yield (self._settings.separator.join(COLUMNS) + "\r\n").encode()
        with closing(Lettering(vouchers, head.number)) as letters:
            for voucher in vouchers:
                lettered = letters.of(voucher.entry)
                yield from rows_of(voucher, self._book, self._settings, head.moment.date(), lettered)

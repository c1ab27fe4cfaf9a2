"""SIE files as a document target: five methods. Only `open_target` reads files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from kontobro import __version__
from kontobro.core.errors import Problem
from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import Account, Company
from kontobro.core.ports import (
    Capabilities,
    DocumentFile,
    DocumentHead,
    Place,
    R,
    ReceiptRules,
    Voucher,
    Vouchers,
)
from kontobro.core.ports.connector import Fact
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.masters import company_of, masters_of
from kontobro.erp.files.common.pieces import in_pieces, receipt_files
from kontobro.erp.files.sie.book import Book, book_of
from kontobro.erp.files.sie.checks import problems_of
from kontobro.erp.files.sie.options import VENDOR, SieOptions, options_from, organisation_number
from kontobro.erp.files.sie.records import Records, amount, text
from kontobro.erp.files.sie.vouchers import SieObject, lines_of, voucher_text

RECEIPTS: Final = ReceiptRules(
    media_types=frozenset(["application/pdf", "image/jpeg", "image/png"]), max_bytes=30 * 1024 * 1024
)


def open_target(options: Mapping[str, str]) -> SieTarget:
    """The files of one company. Raises Misconfigured for options and master data that can't be used."""
    settings = options_from(options)
    return SieTarget(settings, lambda: masters_of(options), options)


class SieTarget:
    """`masters` is called when they are first needed, and again by `check`."""

    max_rows: int | None = None

    def __init__(self, settings: SieOptions, masters: Callable[[], MasterFile], options: Mapping[str, str]) -> None:
        self._settings, self._read_masters, self._options = settings, masters, options

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            kinds=frozenset([Account, *(kind for kind, records in self._masters.records.items() if records)]),
            bills=bool(self._settings.objects),
            drafts=False,
            receipts=RECEIPTS,
            batch_size=None,
            reference="enforced",
            keeps_fingerprint=True,
            not_kept=_not_kept(self._settings),
        )

    @cached_property
    def _masters(self) -> MasterFile:
        return self._read_masters()

    @cached_property
    def _book(self) -> Book:
        company = company_of(self._masters, self._options, "SEK")
        company = replace(company, time_zone=company.time_zone or "Europe/Stockholm", country=company.country or "SE")
        return book_of(self._masters, company, self._settings)

    def check(self) -> Company:
        for name in ("_masters", "_book"):
            self.__dict__.pop(name, None)
        return self._book.company

    def read(self, kind: type[R]) -> Iterable[R]:
        return self._masters.read(kind)

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        return [problems_of(entry, self._book, self._settings) for entry in entries]

    def place(self, entry: Entry) -> Place:
        """A file a fiscal year (or month) and currency; currencies that are not the books' come last."""
        year = self._book.year(entry.date, self._settings)
        time = f"{entry.date:%Y-%m}" if self._settings.by_month else year.days
        series = self._book.series(entry, self._settings)
        rows = len(entry.lines)
        return Place(group=f"{year.days} {time} {entry.currency}", series=series, year=year.name, rows=rows)

    def render(self, head: DocumentHead, vouchers: Vouchers) -> Iterable[DocumentFile]:
        currency = head.group.rpartition(" ")[2]
        name = f"pleo-{head.number:04d}-{head.first:%Y%m%d}-{head.last:%Y%m%d}-{currency}"
        content = in_pieces(self._records(head, vouchers, currency))
        yield DocumentFile(name=f"{name}.si", media_type="text/plain", content=content)
        yield from receipt_files(name, vouchers)

    def _records(self, head: DocumentHead, vouchers: Vouchers, currency: str) -> Iterator[bytes]:
        records = Records()
        yield records.made("#FLAGGA", "0")
        if self._settings.ksumma:
            yield records.made("#KSUMMA")
        records.sum = 0
        yield from self._heading(records, head, currency)
        yield from self._declared(records, vouchers)
        day = f"{head.moment:%Y%m%d}"
        for voucher in vouchers:
            yield from self._voucher(records, voucher, day)
        if self._settings.ksumma:
            yield records.made("#KSUMMA", str(records.sum))

    def _heading(self, records: Records, head: DocumentHead, currency: str) -> Iterator[bytes]:
        year = self._book.year(head.first, self._settings)
        made = records.made
        yield made("#PROGRAM", text("Kontobro"), text(__version__))
        yield made("#FORMAT", "PC8")
        yield made("#GEN", f"{head.moment:%Y%m%d}", text("Kontobro"))
        yield made("#SIETYP", "4")
        yield made("#PROSA", text(f"Pleo {head.number}: {head.first} - {head.last}"))
        if number := self._settings.organisation_number or organisation_number(self._book.company.id):
            yield made("#ORGNR", number)
        yield made("#FNAMN", text(self._book.company.name))
        yield made("#RAR", "0", f"{year.start:%Y%m%d}", f"{year.end:%Y%m%d}")
        yield made("#VALUTA", currency)

    def _declared(self, records: Records, vouchers: Vouchers) -> Iterator[bytes]:
        """Accounts, dimensions and objects that the vouchers use."""
        used = _Used()
        for voucher in vouchers:
            used.take(voucher.entry, self._book, self._settings)
        for account in sorted(used.accounts):
            known = self._book.accounts.get(account)
            yield records.made("#KONTO", account, text(known.name if known and known.name else account))
        for dimension in sorted({dimension for dimension, _ in used.objects}):
            yield records.made("#DIM", str(dimension), text(_dimension_name(dimension, self._book)))
        for (dimension, number), name in sorted(used.objects.items()):
            yield records.made("#OBJEKT", str(dimension), text(number), text(name))

    def _voucher(self, records: Records, voucher: Voucher, day: str) -> Iterator[bytes]:
        entry = voucher.entry
        number = str(voucher.number) if self._settings.own_numbers else ""
        words = text(voucher_text(entry, self._settings))
        yield records.made(
            "#VER", text(voucher.series), text(number), f"{entry.date:%Y%m%d}", words, day, text("Kontobro")
        )
        yield b"{\r\n"
        for line in lines_of(entry, self._book, self._settings):
            more = (text(""), text(line.text)) if line.text else ()
            yield records.made("#TRANS", line.account, line.objects, amount(line.amount), *more)
        yield b"}\r\n"


@dataclass(slots=True)
class _Used:
    accounts: set[str] = field(default_factory=set)
    objects: dict[tuple[int, str], str] = field(default_factory=dict)

    def take(self, entry: Entry, book: Book, settings: SieOptions) -> None:
        for line in lines_of(entry, book, settings):
            self.accounts.add(line.account)
            for one in line.objects:
                self.object(one)

    def object(self, one: SieObject) -> None:
        self.objects.setdefault((one.dimension, one.number), one.name)


RESERVED: Final[Mapping[int, str]] = {7: "Anställd", 9: "Leverantör", 10: "Faktura"}


def _dimension_name(number: int, book: Book) -> str:
    return book.dimension_name(number) if number in book.numbers.values() else RESERVED[number]


def _not_kept(settings: SieOptions) -> frozenset[Fact]:
    missing: frozenset[Fact] = frozenset(["tax_codes", "document_dates", "due_dates"])
    return missing if VENDOR in settings.objects else missing | {"vendors"}

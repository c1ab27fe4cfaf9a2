"""DATEV as a document target: a batch of postings for each month, with new vendors and receipts beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from kontobro.core.errors import Problem
from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Employee,
    Period,
    TaxCode,
    Vendor,
)
from kontobro.core.ports import Capabilities, DocumentFile, DocumentHead, Place, R, Vouchers
from kontobro.core.tieout.journal import PostedEntry
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.masters import company_of, masters_of
from kontobro.erp.files.datev.books import Books, books_of
from kontobro.erp.files.datev.checks import collisions, matched_number, problems_of
from kontobro.erp.files.datev.lines import encoded, posting_lines
from kontobro.erp.files.datev.package import RECEIPTS, package_content, packages
from kontobro.erp.files.datev.posted import posted_of
from kontobro.erp.files.datev.rows import rows_of
from kontobro.erp.files.datev.setup import Setup, read_setup
from kontobro.erp.files.datev.vendors import new_vendors, vendor_lines

MOST_ROWS: Final = 99_999
SERIES: Final = "P"
CSV: Final = "text/csv; charset=windows-1252"


def from_options(options: Mapping[str, str]) -> DatevTarget:
    """The target of a connection's options (`CONNECTOR`). Raises Misconfigured for one that DATEV would not take."""
    return DatevTarget(read_setup(options), options)


class DatevTarget:
    """One client of a tax adviser. Master data are read when they are first needed, and again by `check`."""

    capabilities = Capabilities(
        kinds=frozenset([Account, TaxCode, Dimension, DimensionValue, Vendor, Employee, Period]),
        bills=True,
        drafts=False,
        receipts=RECEIPTS,
        batch_size=None,
        reference="enforced",
        keeps_fingerprint=True,
    )
    max_rows: int | None = MOST_ROWS

    def __init__(self, setup: Setup, options: Mapping[str, str]) -> None:
        self._setup = setup
        self._options = options

    @cached_property
    def _masters(self) -> MasterFile:
        return masters_of(self._options)

    @cached_property
    def _books(self) -> Books:
        company = company_of(self._masters, self._options, "EUR")
        company = replace(company, time_zone=company.time_zone or "Europe/Berlin", country=company.country or "DE")
        return books_of(self._masters, self._setup, company)

    def check(self) -> Company:
        for name in ("_masters", "_books"):
            self.__dict__.pop(name, None)
        return self._books.company

    def read(self, kind: type[R]) -> Iterable[R]:
        """Accounts are with those that only vendors have, vendors with their accounts."""
        books = self._books
        changed: Mapping[type, Iterable[object]] = {
            Account: books.accounts.values(),
            Vendor: books.vendors.values(),
            Company: [books.company],
        }
        return [record for record in changed.get(kind, self._masters.read(kind)) if isinstance(record, kind)]

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        same = collisions(entries, self._books)
        return [
            [*problems_of(entry, self._books), *([same[at]] if at in same else [])] for at, entry in enumerate(entries)
        ]

    def place(self, entry: Entry) -> Place:
        """A batch may not cross a fiscal year, and DATEV recommends a month."""
        month, year = f"{entry.date:%Y-%m}", self._books.year(entry.date)
        group = month if year.start <= entry.date.replace(day=1) else f"{month}-2"  # a year may begin within a month
        return Place(
            group=group,
            series=SERIES,
            year=year.name,
            rows=len(rows_of(entry, self._books)),
            matched=matched_number(entry, self._books),
        )

    def render(self, head: DocumentHead, vouchers: Vouchers) -> Iterator[DocumentFile]:
        """The batch, then vendors that are new in it, then its receipts."""
        books, name = self._books, f"{head.group}_{head.number:05d}"
        lines = posting_lines(head, vouchers, books)
        yield DocumentFile(name=f"EXTF_Buchungsstapel_{name}.csv", media_type=CSV, content=encoded(lines))
        if vendors := new_vendors(head, vouchers, books):
            lines = vendor_lines(head, vendors, books)
            yield DocumentFile(name=f"EXTF_Kreditoren_{name}.csv", media_type=CSV, content=encoded(lines))
        for at, span in enumerate(packages(vouchers), 1):
            content = package_content(head, vouchers, span, self._setup.receipts_version)
            yield DocumentFile(name=f"Belege_{name}_{at}.zip", media_type="application/zip", content=content)

    def posted(self, content: bytes, name: str) -> list[PostedEntry]:
        """The entries of a Buchungsstapel that DATEV exported, for the tie-out. Raises Misconfigured."""
        return posted_of(content, name, self._books)

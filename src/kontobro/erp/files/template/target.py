"""Files by a template as a document target: five methods. Only `open_csv` and `open_xlsx` read files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from kontobro.core.errors import Problem
from kontobro.core.model.findings import problem
from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import Account, Company
from kontobro.core.ports import Capabilities, DocumentFile, DocumentHead, Place, R, Voucher, Vouchers
from kontobro.core.ports.connector import Fact
from kontobro.core.words import phrase
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.common.masters import company_of, masters_of
from kontobro.erp.files.common.receipts import receipts_zip
from kontobro.erp.files.common.years import first_month
from kontobro.erp.files.template.book import Book, book_of
from kontobro.erp.files.template.checks import Checked, problems_of
from kontobro.erp.files.template.columns.cells import Cells, cells_of
from kontobro.erp.files.template.columns.needed import lacking
from kontobro.erp.files.template.layout import MOST_ROWS, Format, Layout, read_layout, wrong
from kontobro.erp.files.template.own.texts import chosen_text
from kontobro.erp.files.template.records import require_records
from kontobro.erp.files.template.rows import rows_of
from kontobro.erp.files.template.tables import Document, csv_pieces, xlsx_pieces
from kontobro.erp.kit.receipts import RECEIPTS

XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def open_csv(options: Mapping[str, str]) -> TemplateTarget:
    """CSV files of one company. Raises Misconfigured for a template that can't be used."""
    return TemplateTarget(chosen_layout(options, "csv"), options)


def open_xlsx(options: Mapping[str, str]) -> TemplateTarget:
    """Excel files of one company. Raises as `open_csv`."""
    return TemplateTarget(chosen_layout(options, "xlsx"), options)


def chosen_layout(options: Mapping[str, str], format: Format) -> Layout:
    """The template that the options name, in that format. Raises Misconfigured for one that can't be used, and for one
    whose rows are no postings."""
    text, called = chosen_text(options)
    layout = read_layout(text, called)
    for what, remedy in lacking(layout):
        raise wrong(called, what, remedy)
    return in_format(layout, format, called)


def in_format(layout: Layout, format: Format, called: str) -> Layout:
    """The template as CSV or as Excel file. Raises Misconfigured where it is for the other alone."""
    stated = layout.file.format
    if stated not in (None, format):
        what = phrase("template_format", stated=str(stated), format=format)
        raise wrong(called, what, phrase("template_format_choose", format=format))
    file = msgspec.structs.replace(layout.file, format=format)
    return msgspec.structs.replace(layout, file=file)


class TemplateTarget:
    """`masters` are read when they are first needed, and again by `check`."""

    def __init__(self, layout: Layout, options: Mapping[str, str], masters: MasterFile | None = None) -> None:
        self.layout, self._options, self._given = layout, options, masters
        require_records(layout, layout.name)

    @property
    def max_rows(self) -> int | None:
        own = self.layout.file.max_rows
        return min(own or MOST_ROWS, MOST_ROWS) if self.layout.file.format == "xlsx" else own

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            kinds=frozenset([Account, *(kind for kind, records in self._masters.records.items() if records)]),
            bills=self.layout.rows.bills,
            drafts=False,
            receipts=RECEIPTS if self.layout.file.receipts else None,
            batch_size=None,
            reference="enforced",
            keeps_fingerprint=True,
            not_kept=frozenset(_not_kept(self.cells)),
        )

    @cached_property
    def _masters(self) -> MasterFile:
        return masters_of(self._options) if self._given is None else self._given

    @cached_property
    def book(self) -> Book:
        company = company_of(self._masters, self._options)
        month = first_month(self._options.get("fiscal_year_start", "").strip())
        return book_of(self._masters, company, month, self._options.get("series", "").strip())

    @cached_property
    def cells(self) -> Cells:
        return cells_of(self.layout, self.book, self.layout.name)

    @cached_property
    def _checked(self) -> Checked:
        return Checked.of(self.layout, self.cells, self.book)

    def check(self) -> Company:
        for name in ("_masters", "book", "cells", "_checked"):
            self.__dict__.pop(name, None)
        _ = self.cells
        return self.book.company

    def read(self, kind: type[R]) -> Iterable[R]:
        return self._masters.read(kind)

    def validate(self, entries: Sequence[Entry]) -> Sequence[list[Problem]]:
        return [self._problems(entry) for entry in entries]

    def _problems(self, entry: Entry) -> list[Problem]:
        found = problems_of(entry, self._checked)
        most = self.max_rows
        if not found and most is not None and self._rows(entry) > most:
            return [problem_of_rows(entry, self.layout.name, most)]
        return found

    def _rows(self, entry: Entry) -> int:
        rows = self.layout.rows
        if rows.per == "entry":
            return 1
        voucher = Voucher(entry=entry, series="", year="", number=1)
        lines = sum(1 for _ in rows_of(voucher, rows, self.book))
        return lines + (rows.per == "entry_and_lines")

    def place(self, entry: Entry) -> Place:
        """By month, journal, currency or entry, as the template says; one document for all otherwise."""
        year, series = self.book.year(entry), self.book.series(entry)
        parts = {
            "month": f"{entry.date:%Y-%m}",
            "journal": series,
            "currency": entry.currency,
            "entry": f"{entry.date:%Y-%m-%d} {entry.reference}",
        }
        group = " ".join(parts[name] for name in parts if name in self.layout.file.one_file_per)
        return Place(group=group, series=series, year=year.name, rows=self._rows(entry))

    def render(self, head: DocumentHead, vouchers: Vouchers) -> Iterable[DocumentFile]:
        document = Document(self.layout, self.cells, self.book, head, vouchers)
        name = f"pleo-{head.number:05d}-{_slug(head)}"
        if self.layout.file.format == "xlsx":
            yield DocumentFile(name=f"{name}.xlsx", media_type=XLSX_TYPE, content=xlsx_pieces(document))
        elif self.layout.file.lines_apart:
            for part in ("entries", "lines"):
                yield DocumentFile(name=f"{name}-{part}.csv", media_type="text/csv", content=csv_pieces(document, part))
        else:
            yield DocumentFile(name=f"{name}.csv", media_type="text/csv", content=csv_pieces(document))
        if self.layout.file.receipts:
            yield from receipts_zip(f"{name}-receipts.zip", head, vouchers)


def problem_of_rows(entry: Entry, system: str, most: int) -> Problem:
    """An entry is never cut in two."""
    return problem("document_rows", "lines", entry.reference, system=system, most=most)


def _slug(head: DocumentHead) -> str:
    """The days, and what a document's entries share, as it may be in a file's name."""
    group = re.sub(r"[^A-Za-z0-9]+", "-", head.group, flags=re.ASCII).strip("-")[:40].strip("-")
    return f"{head.first:%Y%m%d}-{head.last:%Y%m%d}{f'-{group}' if group else ''}"


_KEPT: Final[Mapping[Fact, tuple[str, ...]]] = {
    "dimensions": ("dimension.", "dimension_name."),
    "tax_codes": ("tax_code", "tax_name", "tax_column."),
    "vendors": ("vendor_code", "vendor_name", "vendor_number", "vendor_account", "vendor_column."),
    "document_dates": ("invoice_date",),
    "due_dates": ("invoice_due_date",),
    "payees": ("payee", "merchant_name", "description"),
    "texts": ("note", "line_text", "description"),
}


def _not_kept(cells: Cells) -> Iterator[Fact]:
    """Facts that no column names."""
    for fact, names in _KEPT.items():
        if not any(point.startswith(names) for point in cells.points):
            yield fact

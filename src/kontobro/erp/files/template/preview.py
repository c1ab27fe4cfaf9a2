"""What a template would write, as rows for people; and all that is wrong with one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import groupby

from kontobro.core.errors import Misconfigured, parted
from kontobro.core.model.journal import Entry
from kontobro.core.model.masterdata import Company
from kontobro.core.ports import DocumentHead, Place, Voucher
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.files.template.book import book_of
from kontobro.erp.files.template.columns.cells import Around, compiled
from kontobro.erp.files.template.columns.needed import lacking
from kontobro.erp.files.template.layout import Format, Layout, faults, parsed, read_layout, wrong
from kontobro.erp.files.template.records import Totals, require_records, titles_of
from kontobro.erp.files.template.sample import MASTERS
from kontobro.erp.files.template.tables import Document, cells_per_row
from kontobro.erp.files.template.target import TemplateTarget, in_format


@dataclass(frozen=True, slots=True)
class PreviewedFile:
    name: str
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Previewed:
    """The files of entries, without header and footer records. `problems` are of entries that would be refused, and
    are in no file; `notes` are of those that are."""

    files: tuple[PreviewedFile, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        files = [
            {"name": file.name, "rows": [dict(zip(file.titles, row, strict=False)) for row in file.rows]}
            for file in self.files
        ]
        return {"files": files, "problems": list(self.problems), "notes": list(self.notes)}


def faults_of(text: str | bytes, called: str, masters: MasterFile | None = None) -> list[Misconfigured]:
    """All that is wrong with a template. Without master data, dimensions are a small company's."""
    try:
        layout = parsed(text, called)
    except Misconfigured as fault:
        return [fault]
    found = [wrong(called, what, remedy) for what, remedy in faults(layout)]
    found = found or list(_compiling(layout, called, masters))  # a name that is misspelled is what is missing, too
    return found or [wrong(called, what, remedy) for what, remedy in lacking(layout)]


def faults_for(text: str, called: str, format: Format, masters: MasterFile | None = None) -> list[Misconfigured]:
    """All that is wrong with a template for files of that format."""
    if found := faults_of(text, called, masters):
        return found
    try:
        in_format(read_layout(text, called), format, called)
    except Misconfigured as fault:
        return [fault]
    return []


def _compiling(layout: Layout, called: str, masters: MasterFile | None) -> Iterator[Misconfigured]:
    known = masters or MASTERS
    company = next(iter(known.read(Company)), Company(id="", name="", currency=""))
    around = Around(layout.file, book_of(known, company), called)
    for columns in (layout.columns, layout.line_columns):
        for number, column in enumerate(columns, 1):
            try:
                list(compiled(column, number, around))
            except Misconfigured as fault:
                yield fault
    try:
        require_records(layout, called)
    except Misconfigured as fault:
        yield fault


def previewed(
    text: str | bytes,
    called: str,
    entries: Sequence[Entry],
    masters: MasterFile | None = None,
    options: Mapping[str, str] | None = None,
) -> Previewed:
    """The rows of these entries. Raises Misconfigured for a template that can't be used."""
    layout = read_layout(text, called)
    layout = in_format(layout, layout.file.format or "csv", called)
    target = TemplateTarget(layout, options or {}, masters or MASTERS)
    good, problems, notes = [], [], []
    for entry, found in zip(entries, target.validate(entries), strict=True):
        refused, told = parted(found)
        problems += [f"{entry.payee or entry.reference}: {problem}" for problem in refused]
        notes += told
        if not refused:
            good.append(entry)
    files = [file for document in _documents(target, good) for file in _files(document)]
    return Previewed(tuple(files), tuple(dict.fromkeys(problems)), tuple(dict.fromkeys(notes)))


class _Vouchers(tuple[Voucher, ...]):
    """All in memory: a preview has few."""


def _documents(target: TemplateTarget, entries: Iterable[Entry]) -> Iterator[Document]:
    """Sorted and numbered as the export does it."""
    placed = sorted(((target.place(entry), entry) for entry in entries), key=lambda one: (one[0].group, one[1].date))
    numbers: dict[tuple[str, str], int] = {}
    for number, (group, some) in enumerate(groupby(placed, key=lambda one: one[0].group), 1):
        vouchers = _Vouchers(_voucher(entry, place, numbers) for place, entry in some)
        first, last = vouchers[0].entry.date, vouchers[-1].entry.date
        head = DocumentHead(
            number=number,
            group=group,
            moment=datetime.combine(last, time(12), UTC),
            company=target.book.company,
            first=first,
            last=last,
        )
        yield Document(target.layout, target.cells, target.book, head, vouchers)


def _voucher(entry: Entry, place: Place, numbers: dict[tuple[str, str], int]) -> Voucher:
    key = (place.series, place.year)
    numbers[key] = numbers.get(key, 0) + 1
    return Voucher(entry=entry, series=place.series, year=place.year, number=numbers[key])


def _files(document: Document) -> Iterator[PreviewedFile]:
    parts = ("entries", "lines") if document.layout.file.lines_apart else ("all",)
    for part in parts:
        titles = tuple(titles_of(document.layout, document.cells, lines=part == "lines"))
        groups = cells_per_row(document, Totals(), part)
        rows = tuple(tuple(cell.text(row) for row, cells in group for cell in cells) for group in groups)
        width = max([len(titles), *map(len, rows)])
        name = f"{document.head.number} {document.head.group} {part if part != 'all' else ''}".strip()
        padded = tuple(row + ("",) * (width - len(row)) for row in rows)
        yield PreviewedFile(name, titles + ("",) * (width - len(titles)), padded)

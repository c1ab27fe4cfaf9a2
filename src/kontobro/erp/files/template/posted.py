"""An accounting system's journal in a CSV file of a template's layout, for the tie-out. Pure."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from kontobro.core.model.journal import summed
from kontobro.core.tieout.journal import PostedEntry
from kontobro.core.words import phrase
from kontobro.erp.files.template.layout import Layout, wrong
from kontobro.erp.files.template.read_back import ReadRow, read_back


def posted_of(layout: Layout, content: bytes, called: str = "") -> list[PostedEntry]:
    """The entries of the file: rows of one reference, else of one voucher number, are one. Raises Misconfigured where
    the template says neither, or no date."""
    called = called or layout.name
    groups: dict[str, list[ReadRow]] = defaultdict(list)
    for row in read_back(layout, content, called):
        name = row.reference or row.values.get("voucher_number", "")
        if not name:
            raise wrong(called, phrase("posted_nameless", row=str(row.row)), phrase("posted_template_columns"))
        groups[name].append(row)
    if not groups:
        raise wrong(called, phrase("posted_empty"), phrase("posted_export_days"))
    return [
        PostedEntry(
            name=name,
            date=_day(rows, called),
            amounts=summed((row.account, row.amount) for row in rows),
            text=_words(rows),
        )
        for name, rows in groups.items()
    ]


def _words(rows: list[ReadRow]) -> str:
    """The reference, where the template has a column for it: a link beside it names the expense, not the entry."""
    return rows[0].reference or " ".join(text for row in rows for text in row.values.values())


def _day(rows: list[ReadRow], called: str) -> date:
    found = next((row.date for row in rows if row.date), None)
    if found is None:
        raise wrong(called, phrase("posted_dateless", row=str(rows[0].row)), phrase("posted_template_date"))
    return found
